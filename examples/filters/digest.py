"""Append a digest of a small text to it: the FNV-1a hash that caches and load balancers use.

To say something about the whole body, all of it must be held; so much is held as ``digest_max``
says and no more: a longer body passes as it is. ``digest on`` does it to the types in
``digest_types`` (default ``text/plain``). To try it::

    location /notes/ {
        digest on;
        digest_max 64k;  # the default
    }
"""

from pyngx import Body, LocConf, MimeTypes, Stream, body_filter, directive, header_filter
from pyngx.ngx import (
    NGX_DECLINED,
    NGX_HTTP_OK,
    NGX_OK,
    ngx_flag_t,
    ngx_http_request_t,
    ngx_int_t,
    size_t,
)

BASIS = 0x811C9DC5
PRIME = 0x01000193


class Conf(LocConf):
    enable: ngx_flag_t = directive("digest", default=False)
    max: size_t = directive("digest_max", default=64 * 1024, min=1, max=1024 * 1024)
    types: MimeTypes = directive("digest_types", default=[b"text/plain"])


@header_filter
def header(r: ngx_http_request_t, conf: Conf) -> ngx_int_t:
    if not conf.enable or r.headers_out.status != NGX_HTTP_OK or not conf.types.matches(r):
        return NGX_DECLINED
    return NGX_OK


def fnv1a(data: bytes) -> int:
    """The 32-bit FNV-1a hash."""
    total = BASIS
    for byte in data:
        total = (total ^ byte) * PRIME & 0xFFFFFFFF
    return total


@body_filter
def body(body: Body, conf: Conf) -> Stream:
    data = body.read(conf.max)
    yield data
    if len(data) < conf.max:  # that was all
        yield b"-- fnv1a %08x\n" % fnv1a(data)
        return
    yield from body
