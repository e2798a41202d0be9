"""Take the white space out of JSON, except inside of strings.

``json_minify on`` does it to responses of the types in ``json_minify_types`` (default
``application/json``). What is kept is not copied: it is sent from where it stands. To try it::

    location /api/ {
        json_minify on;
        json_minify_types application/json application/ld+json;
        proxy_pass http://127.0.0.1:8080;
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

QUOTE = ord('"')
BACKSLASH = ord("\\")
BLANKS = tuple(b" \t\r\n")


class Conf(LocConf):
    enable: ngx_flag_t = directive("json_minify", default=False)
    types: MimeTypes = directive("json_minify_types", default=[b"application/json"])


@header_filter
def header(r: ngx_http_request_t, conf: Conf) -> ngx_int_t:
    if not conf.enable or r.headers_out.status != NGX_HTTP_OK or not conf.types.matches(r):
        return NGX_DECLINED
    return NGX_OK


@body_filter
def body(body: Body) -> Stream:
    quoted = False  # inside of a string
    escaped = False  # behind a backslash in it
    for buf in body:
        start = 0  # of what is to be sent
        for i in range(len(buf)):
            c = buf[i]
            if quoted:
                if escaped:
                    escaped = False
                elif c == BACKSLASH:
                    escaped = True
                elif c == QUOTE:
                    quoted = False
            elif c == QUOTE:
                quoted = True
            elif c in BLANKS:
                if start < i:
                    yield buf[start:i]
                start = i + 1
        if start < len(buf):
            yield buf[start:]
