"""Take the blanks at both ends of each line out of a page.

``trim on`` does it to responses of the types in ``trim_types`` (default ``text/html``). Inside of
``<pre>`` blanks are seen: leave it off where pages have that. To try it::

    location / {
        trim on;
        trim_types text/html text/css;
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
)

LIMIT = 8192  # a longer line comes in pieces
BLANKS = b" \t\r"


class Conf(LocConf):
    enable: ngx_flag_t = directive("trim", default=False)
    types: MimeTypes = directive("trim_types", default=[b"text/html"])


@header_filter
def header(r: ngx_http_request_t, conf: Conf) -> ngx_int_t:
    if not conf.enable or r.headers_out.status != NGX_HTTP_OK or not conf.types.matches(r):
        return NGX_DECLINED
    return NGX_OK


@body_filter
def body(body: Body) -> Stream:
    leading = True  # nothing but blanks in this line so far
    for piece in body.lines(LIMIT):
        text = piece.removesuffix(b"\n")
        ended = len(text) < LIMIT
        if leading:
            text = text.lstrip(BLANKS)
        if ended:
            text = text.rstrip(BLANKS)
        yield text
        if piece.endswith(b"\n"):
            yield b"\n"
        leading = ended or (leading and not text)
