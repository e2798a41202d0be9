"""Add a script to each HTML page, under a Content-Security-Policy that lets only this one run.

``inject_script`` names the script; its element is put before the first ``</head>``, with a nonce
that is new for each request (``$request_id``) and stands in the policy too: the application's own
one, if that has a ``script-src``, or else the one that is added. To try it::

    location / {
        inject_script /js/consent.js;
        proxy_pass http://127.0.0.1:8080;
    }
"""

from pyngx import (
    Body,
    LocConf,
    MimeTypes,
    RequestCtx,
    Stream,
    body_filter,
    directive,
    header_filter,
)
from pyngx.ngx import (
    NGX_DECLINED,
    NGX_HTTP_OK,
    NGX_OK,
    ngx_http_request_t,
    ngx_int_t,
    ngx_str_t,
)

POLICY = "Content-Security-Policy"
SOURCES = b"script-src "


class Conf(LocConf):
    script: ngx_str_t | None = directive("inject_script", default=None)
    types: MimeTypes = directive("inject_types", default=[b"text/html"])


class Ctx(RequestCtx):
    nonce: bytes = b""


def allowing(policy: bytes | None, nonce: bytes) -> bytes:
    """The policy, with this nonce among the sources of scripts."""
    source = b"'nonce-%s'" % nonce
    if policy is None:
        return SOURCES + source
    at = policy.find(SOURCES)
    if at == -1:
        return policy + b"; " + SOURCES + source
    end = at + len(SOURCES)
    return policy[:end] + source + b" " + policy[end:]


@header_filter
def header(r: ngx_http_request_t, conf: Conf, ctx: Ctx) -> ngx_int_t:
    if conf.script is None or r.headers_out.status != NGX_HTTP_OK or not conf.types.matches(r):
        return NGX_DECLINED
    ctx.nonce = r.variables["request_id"] or b""
    r.headers_out[POLICY] = allowing(r.headers_out[POLICY], ctx.nonce)
    return NGX_OK


@body_filter
def body(body: Body, conf: Conf, ctx: Ctx) -> Stream:
    for part in body.scan(b"</head>", ignore_case=True):
        if part.matched:
            yield b'<script nonce="'
            yield ctx.nonce
            yield b'" src="'
            yield conf.script or b""
            yield b'"></script>'
            yield part
            break
        yield part
    yield from body
