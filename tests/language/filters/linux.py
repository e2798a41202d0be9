"""Names: fields, classes, functions, directives, locals that mean something elsewhere."""

import enum

from pyngx import (
    Body,
    LocConf,
    MainConf,
    RequestCtx,
    SrvConf,
    Stream,
    body_filter,
    directive,
    header_filter,
    variable,
)
from pyngx.ngx import NGX_OK, ngx_flag_t, ngx_http_request_t, ngx_int_t, ngx_str_t, off_t


class unix(enum.IntEnum):
    linux = 1
    NULL = 2
    register = 3


class main(MainConf):
    in_: ngx_int_t = directive("main", default=1)
    cf: ngx_str_t = directive("cf", default=b"")


class srv(SrvConf):
    rc: ngx_int_t = directive("rc", default=1)
    prev: ngx_int_t = directive("prev", default=1)


class conf(LocConf):
    linux: ngx_flag_t = directive("linux", default=True)
    file: ngx_str_t = directive("file_", default=b"file")
    line: ngx_int_t = directive("line_", default=3)
    conf: ngx_int_t = directive("conf", default=3)
    prev: ngx_int_t = directive("prev_", default=3)
    cf: ngx_int_t = directive("cf_", default=3)
    null: ngx_int_t | None = directive("null", default=None)
    größe: ngx_int_t = directive("groesse", default=3)
    unsigned: unix = directive("unsigned", default=unix.linux)
    static: list[tuple[bytes, int]] = directive("static", default=[])
    self: ngx_str_t = directive("self", default=b"")

    def validate(self) -> None:
        rc = self.line
        log = self.prev
        if rc + log > 1000:
            return


class ctx(RequestCtx):
    stream: off_t = 0
    state: off_t = 0
    replaced: off_t = 0
    ctx: off_t = 0
    s: off_t = 0
    straße: off_t = 0
    data: bytes = b""
    data_size: off_t = 0
    next1: off_t = 0
    long: str = ""


def free(static: int, r: bytes) -> bytes:
    malloc = static
    int = b"%d" % malloc
    return int + r


def ngx_http_linux_header(r: int) -> int:
    return r


def header_filter_(s: bytes) -> bool:
    return s.startswith(b"a")


@header_filter
def header(r: ngx_http_request_t, ctx: ctx, srv: srv, main: main, conf: conf) -> ngx_int_t:
    rc = 1
    value = free(rc, b"x")
    ngx_http_pyngx_concat = rc + ngx_http_linux_header(rc)
    ctx.stream = rc + srv.rc + main.in_ + conf.line + conf.prev
    ctx.data = value
    ctx.straße = conf.größe + ngx_http_pyngx_concat
    if header_filter_(value):
        ctx.s = 1
    for in_, out in conf.static:
        ctx.s += out + len(in_)
    r.headers_out["X-Linux"] = b"%d" % ctx.stream
    return NGX_OK


@body_filter
def filter(body: Body, ctx: ctx, conf: conf) -> Stream:
    s = 0
    rc = 1
    state = 2
    for b in body:
        s += 1
        for i in range(2):
            ctx.state += i
            if ctx.state > 1000:
                yield b"!"
        yield b
        rc += s
        if rc > 10000 and state:
            state = 0
    if s == rc:
        yield conf.file


@variable("linux")
def linux(r: ngx_http_request_t, conf: conf, c: ctx | None) -> bytes | None:
    v = conf.file
    value = v
    data = value + b"%d" % conf.line
    if c is None:
        return None
    null = c.data
    return data + null


@variable("null")
def filter_init(c: conf) -> bytes | None:
    if c.null is None:
        return None
    return b"%d" % c.null
