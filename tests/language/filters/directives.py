"""Every type that a directive may have, and what its value is in the end."""

import enum

from pyngx import ConfError, LocConf, MainConf, MimeTypes, SrvConf, directive, variable
from pyngx.ngx import (
    int32_t,
    ngx_bufs_t,
    ngx_flag_t,
    ngx_http_complex_value_t,
    ngx_http_request_t,
    ngx_int_t,
    ngx_msec_t,
    ngx_str_t,
    ngx_uint_t,
    off_t,
    size_t,
    time_t,
    uint8_t,
    uint16_t,
)


class Level(enum.IntEnum):
    low = 1
    mid = 5
    HIGH = 10


class Parts(enum.IntFlag):
    head = 1
    body = 2
    foot = 4


class Main(MainConf):
    """Once."""

    total: ngx_int_t = directive("d_total", default=7)
    names: list[bytes] = directive("d_names", default=[])


class Srv(SrvConf):
    site: ngx_str_t = directive("d_site", default=b"none")
    depth: ngx_uint_t = directive("d_depth", default=3, min=1, max=9)


class Conf(LocConf):
    flag: ngx_flag_t = directive("d_flag", default=True)
    boolean: bool = directive("d_boolean", default=False)
    number: ngx_int_t = directive("d_number", default=-1)
    plain: int = directive("d_plain", default=10)
    unsigned: ngx_uint_t = directive("d_unsigned", default=2)
    small: uint8_t = directive("d_small", default=3)
    medium: uint16_t = directive("d_medium", default=4, min=2)
    signed32: int32_t = directive("d_signed32", default=5, max=100)
    size: size_t = directive("d_size", default=1024, max=1 << 20)
    offset: off_t = directive("d_offset", default=4096)
    wait: ngx_msec_t = directive("d_wait", default=1500)
    age: time_t = directive("d_age", default=60)
    text: ngx_str_t = directive("d_text", default=b"t\0e\xffxt")
    word: str = directive("d_word", default="wört")
    bufs: ngx_bufs_t = directive("d_bufs", default=(4, 8192))
    level: Level = directive("d_level", default=Level.mid)
    parts: Parts = directive("d_parts", default=Parts.head | Parts.foot)
    types: MimeTypes = directive("d_types", default=[b"text/html"])
    value: ngx_http_complex_value_t = directive("d_value", default=b"uri=$uri")
    other: ngx_http_complex_value_t | None = directive("d_other", default=None)
    words: list[bytes] = directive("d_words", default=[b"one", b"two"])
    numbers: list[int] = directive("d_numbers", default=[])
    pairs: list[tuple[bytes, int]] = directive("d_pair", default=[])
    maybe: ngx_str_t | None = directive("d_maybe", default=None)
    limit: ngx_int_t | None = directive("d_limit", default=None)
    most: size_t | None = directive("d_most", default=None)
    rest: off_t | None = directive("d_rest", default=None)
    pause: ngx_msec_t | None = directive("d_pause", default=None)
    tags: list[bytes] | None = directive("d_tags", default=None)
    only: ngx_int_t = directive("d_only", default=1, context="location")
    inside_if: ngx_str_t = directive("d_if", default=b"-", context=("http", "location", "if"))
    low: ngx_int_t = directive("d_low", default=10)
    high: ngx_int_t = directive("d_high", default=20)

    def validate(self) -> None:
        if self.low > self.high:
            raise ConfError(f"d_low {self.low} is more than d_high {self.high}")
        if self.text == b"bad":
            raise ConfError("d_text may not be bad")
        if self.maybe is not None and len(self.maybe) > 5:
            raise ConfError(f"d_maybe is too long: {len(self.maybe)}")


@variable("d_scalars")
def scalars(conf: Conf, srv: Srv, main: Main) -> bytes:
    return b"%d %d %d %d %d %d %d %d %d %d %d %d|%s|%d|%d|%d|%d|%d %d" % (
        conf.flag,
        conf.boolean,
        conf.number,
        conf.plain,
        conf.unsigned,
        conf.small,
        conf.medium,
        conf.signed32,
        conf.size,
        conf.offset,
        conf.wait,
        conf.age,
        srv.site,
        srv.depth,
        main.total,
        len(main.names),
        conf.only,
        conf.low,
        conf.high,
    )


@variable("d_texts")
def texts(r: ngx_http_request_t, conf: Conf) -> bytes:
    out = conf.text + b"|" + conf.value(r) + b"|"
    if conf.other is not None:
        out += conf.other.value(r)
    out += b"|" + (conf.maybe or b"(none)") + b"|" + conf.inside_if
    if conf.level == Level.HIGH:
        out += b"|high"
    if conf.parts & Parts.body:
        out += b"|body"
    return out + b"|%d %d|%d %d" % (conf.level, conf.parts, conf.bufs.num, conf.bufs.size)


@variable("d_word")
def word(conf: Conf) -> str:
    return conf.word


@variable("d_lists")
def lists(conf: Conf, main: Main) -> bytes:
    out = b""
    for word in conf.words:
        out += word + b","
    out += b"|"
    total = 0
    for n in conf.numbers:
        total += n
    out += b"%d|" % total
    for name, count in conf.pairs:
        out += name + b"=%d;" % count
    for pair in conf.pairs:
        name, count = pair
        out += b"%d" % (count + 1)
    if len(conf.words) > 2:
        out += conf.words[2] + conf.words[-1]
    if conf.tags is None:
        return out + b"|no tags"
    for tag in conf.tags:
        out += b"<" + tag + b">"
    for name in main.names:
        out += name
    return out


@variable("d_optional")
def optional(conf: Conf) -> bytes:
    if conf.limit is None and conf.most is None and conf.rest is None and conf.pause is None:
        return b"none"
    out = b"%d" % (conf.limit or 77)
    if conf.limit is not None:
        out += b" limit %d" % conf.limit
    if conf.most:
        out += b" most %d" % conf.most
    if conf.rest is not None:
        out += b" rest %d" % (conf.rest + 1)
    pause = conf.pause
    if pause is not None and pause > 5:
        out += b" pause %d" % pause
    limit = conf.limit
    out += b" no" if limit is None else b" %d" % limit
    if limit == conf.limit:
        out += b" same"
    if not conf.limit:
        out += b" falsy"
    return out
