"""The header mapping through every road, chosen by an argument of the request."""

import logging

from pyngx import LocConf, RequestCtx, directive, header_filter, variable
from pyngx.ngx import (
    NGX_DECLINED,
    NGX_ERROR,
    NGX_HTTP_FORBIDDEN,
    NGX_HTTP_NOT_FOUND,
    NGX_OK,
    ngx_flag_t,
    ngx_http_request_t,
    ngx_int_t,
)

log = logging.getLogger(__name__)


class Conf(LocConf):
    enable: ngx_flag_t = directive("h_on", default=False)


class Ctx(RequestCtx):
    seen: int = 0
    name: bytes = b""


def shown(r: ngx_http_request_t) -> bytes:
    out = b""
    for name, value in r.headers_out.items():
        if name.lower() not in (b"date", b"server", b"connection", b"last-modified"):
            out += name + b"=" + value + b";"
    return out


@header_filter
def header(r: ngx_http_request_t, conf: Conf, ctx: Ctx) -> ngx_int_t:
    if not conf.enable:
        return NGX_DECLINED
    act = r.arg(b"act") or b""
    name = r.arg(b"name") or b"X-Name"
    value = r.arg(b"value") or b"value"
    h = b""
    fields = r.headers_out  # a short name
    ctx.seen += 1
    ctx.name = name
    if act == b"set":
        r.headers_out[name] = value
        r.headers_out[name] = value + b"2"
    elif act == b"add":
        r.headers_out.add(name, value)
        r.headers_out.add(name, value + b"2")
    elif act == b"del":
        r.headers_out[name] = value
        del r.headers_out[name]
        del r.headers_out["X-Not-There"]
    elif act == b"addset":
        fields.add(name, value)
        fields.add(name, value + b"2")
        fields[name] = b"last"
    elif act == b"split":
        r.headers_out["X-Split"] = b"a\r\nX-Evil: 1"
    elif act == b"splitname":
        r.headers_out[b"X-Na" + b"\nme"] = b"a"
    elif act == b"computed":
        r.headers_out["X-Computed"] = value + b"\r\nX-Evil: 1"
    elif act == b"nul":
        r.headers_out.add("X-Nul", b"a\0b")
    elif act == b"ok":
        h = b"in:" + (r.headers_in["x-in"] or b"none")
        for v in r.headers_in.get_all("X-Many"):
            h += b"," + v
        if "X-In" in r.headers_in and "x-none" not in r.headers_in:
            h += b" yes"
        if r.headers_in["Host"] == b"localhost":
            h += b" host"
        cookie = r.cookie(b"c")
        if cookie is not None:
            h += b" cookie=" + cookie
        h += b" uri=" + (r.variables["uri"] or b"?") + r.uri + r.args
        missing = r.variables["arg_none"]
        h += b" missing" if missing is None else b" " + missing
        h += b" main" if r.is_main else b" sub"
        r.headers_out["X-Info"] = h
    elif act == b"fields":
        r.headers_out["Content-Type"] = b"text/x-first"
        r.headers_out.content_type = b"text/x-mine"
        r.headers_out.last_modified_time = 1000000000
        r.headers_out["ETag"] = b'"mine"'
        r.headers_out["X-Type"] = r.headers_out["content-type"] or b"none"
        r.headers_out["X-Modified"] = r.headers_out["last-modified"] or b"none"
    elif act == b"status":
        r.headers_out.status = 203
        r.headers_out["X-Status"] = b"%d" % r.headers_out.status
    elif act == b"kept":
        r.headers_out["X-Kept"] = ctx.name
        kept = ctx.name
        ctx.name = b"overwritten by a longer one"
        r.headers_out["X-Kept2"] = kept
    elif act == b"forbid":
        return NGX_HTTP_FORBIDDEN
    elif act == b"missing":
        return NGX_HTTP_NOT_FOUND
    elif act == b"error":
        return NGX_ERROR
    elif act == b"fail":
        return 10 // (len(value) - 5)
    elif act == b"variable":
        r.variables["h_set"] = value
    elif act == b"badvariable":
        r.variables["uri"] = value
    elif act == b"log":
        log.debug("debug %s", name)
        log.info("info %s %d", value, len(value))
        log.warning("warn %s%%", "text")
        log.error("plain error")
    r.headers_out["X-Shown"] = shown(r)
    return NGX_OK


@variable("h_ctx")
def from_ctx(ctx: Ctx | None) -> bytes | None:
    if not ctx:
        return None
    return b"%d:%s" % (ctx.seen, ctx.name)
