"""Variables for a log that people can read.

``$log_agent`` is the family of the browser, ``$log_device`` what it runs on, ``$log_visitor`` a
name for a client that cannot be turned back into its address (it changes each day), ``$log_kind``
the kind of content, ``$log_path`` the path with its numbers replaced, so that ``/users/17/edit``
and ``/users/18/edit`` are one line of a report, and with ``log_vars_magic on`` ``$log_magic`` the
first bytes of the body in hexadecimal. To try it::

    log_vars_salt "a secret of this site";
    log_format read '$log_visitor $log_agent/$log_device $log_kind $log_path $status';
"""

import hashlib
import time

from pyngx import (
    Body,
    LocConf,
    RequestCtx,
    Stream,
    body_filter,
    directive,
    header_filter,
    variable,
)
from pyngx.ngx import (
    NGX_DECLINED,
    NGX_OK,
    ngx_flag_t,
    ngx_http_request_t,
    ngx_int_t,
    ngx_str_t,
)

DAY = 24 * 3600
MAGIC = 8
AGENTS = (
    (b"edg/", b"edge"),
    (b"opr/", b"opera"),
    (b"firefox/", b"firefox"),
    (b"chrome/", b"chrome"),
    (b"safari/", b"safari"),
    (b"curl/", b"curl"),
    (b"bot", b"bot"),
)
KINDS = {
    b"text/html": b"page",
    b"application/json": b"api",
    b"text/css": b"style",
    b"application/javascript": b"script",
    b"text/javascript": b"script",
}


class Conf(LocConf):
    salt: ngx_str_t = directive("log_vars_salt", default=b"")
    look: ngx_flag_t = directive("log_vars_magic", default=False)


class Ctx(RequestCtx):
    magic: bytes = b""


@header_filter
def header(conf: Conf) -> ngx_int_t:
    return NGX_OK if conf.look else NGX_DECLINED


@body_filter
def body(body: Body, ctx: Ctx) -> Stream:
    first = body.read(MAGIC)
    ctx.magic = first
    yield first
    yield from body


def agent_of(name: bytes) -> bytes:
    """The family of a browser."""
    for token, family in AGENTS:
        if token in name:
            return family
    return b"other"


@variable("log_agent")
def log_agent(r: ngx_http_request_t) -> bytes:
    return agent_of((r.headers_in["User-Agent"] or b"").lower())


@variable("log_device")
def log_device(r: ngx_http_request_t) -> bytes:
    name = (r.headers_in["User-Agent"] or b"").lower()
    if b"mobile" in name or b"android" in name or b"iphone" in name:
        return b"phone"
    return b"tablet" if b"ipad" in name or b"tablet" in name else b"desktop"


@variable("log_visitor")
def log_visitor(r: ngx_http_request_t, conf: Conf) -> bytes:
    address = r.variables["remote_addr"] or b""
    today = int(time.time()) // DAY
    digest = hashlib.sha256(conf.salt + b"%d" % today + address).hexdigest()
    return digest.encode()[:12]


@variable("log_kind")
def log_kind(r: ngx_http_request_t) -> bytes:
    kind = (r.headers_out["Content-Type"] or b"").partition(b";")[0].strip().lower()
    if kind in KINDS:
        return KINDS[kind]
    family, _, _ = kind.partition(b"/")
    return family if family in (b"image", b"video", b"audio", b"font") else b"other"


def general(segment: bytes) -> bytes:
    """A segment of a path, or what stands for it where it is a number or an identifier."""
    if segment.isdigit():
        return b":n"
    plain = segment.replace(b"-", b"")
    if len(plain) >= 16 and all(c in b"0123456789abcdefABCDEF" for c in plain):
        return b":id"
    return segment


@variable("log_path")
def log_path(r: ngx_http_request_t) -> bytes:
    return b"/".join([general(segment) for segment in r.uri.split(b"/")])


@variable("log_magic")
def log_magic(ctx: Ctx | None) -> str:
    return "-" if ctx is None or not ctx.magic else ctx.magic.hex()
