"""Send a response as base64 text, for clients that can take nothing else.

``base64_body on`` does it; the ``Content-Type`` becomes ``text/plain`` and a known
``Content-Length`` the new one. To try it::

    location /icons/ {
        base64_body on;
    }
"""

from pyngx import Body, LocConf, Stream, body_filter, directive, header_filter
from pyngx.ngx import (
    NGX_DECLINED,
    NGX_HTTP_OK,
    NGX_OK,
    ngx_flag_t,
    ngx_http_request_t,
    ngx_int_t,
)

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


class Conf(LocConf):
    enable: ngx_flag_t = directive("base64_body", default=False)


@header_filter
def header(r: ngx_http_request_t, conf: Conf) -> ngx_int_t:
    if not conf.enable or r.headers_out.status != NGX_HTTP_OK:
        return NGX_DECLINED
    if "Content-Encoding" in r.headers_out:
        return NGX_DECLINED  # who decodes the base64 would not undo the other one
    r.headers_out["Content-Type"] = b"text/plain"
    size = r.headers_out.content_length_n
    if size > 0:
        r.headers_out.content_length_n = (size + 2) // 3 * 4
    return NGX_OK


@body_filter
def body(body: Body) -> Stream:
    while chunk := body.read(3):
        a = chunk[0]
        b = chunk[1] if len(chunk) > 1 else 0
        c = chunk[2] if len(chunk) > 2 else 0
        first, second = ALPHABET[a >> 2], ALPHABET[(a & 3) << 4 | b >> 4]
        third = ALPHABET[(b & 15) << 2 | c >> 6] if len(chunk) > 1 else ord("=")
        fourth = ALPHABET[c & 63] if len(chunk) > 2 else ord("=")
        yield b"%c%c%c%c" % (first, second, third, fourth)
