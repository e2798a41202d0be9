"""Turn each letter by thirteen places, in the buffers where the response stands.

No byte moves, so that ``Content-Length``, ``ETag`` and ranges stay, and a part of a response (206)
can be turned as well as the whole. ``rot13 on`` does it to the types in ``rot13_types`` (default
``text/plain``). To try it::

    location /spoilers/ {
        rot13 on;
    }
"""

from pyngx import Body, LocConf, MimeTypes, Stream, body_filter, directive, header_filter
from pyngx.ngx import NGX_DECLINED, NGX_OK, ngx_flag_t, ngx_http_request_t, ngx_int_t

A, Z = ord("a"), ord("z")
LETTERS = 26
CASE = ord("a") - ord("A")  # the bit that a small letter has and its capital has not


class Conf(LocConf):
    enable: ngx_flag_t = directive("rot13", default=False)
    types: MimeTypes = directive("rot13_types", default=[b"text/plain"])


@header_filter
def header(r: ngx_http_request_t, conf: Conf) -> ngx_int_t:
    return NGX_OK if conf.enable and conf.types.matches(r) else NGX_DECLINED


@body_filter(partial=True)
def body(body: Body) -> Stream:
    for buf in body:
        for i in range(len(buf)):
            c = buf[i]
            small = c | CASE
            if A <= small <= Z:
                buf[i] = c + LETTERS // 2 if small < A + LETTERS // 2 else c - LETTERS // 2
        yield buf
