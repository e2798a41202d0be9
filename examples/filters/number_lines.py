"""Number the lines of a text, as ``cat -n`` does, and count them at the end.

``number_lines on`` does it to responses of the types in ``number_lines_types`` (default
``text/plain``). A line longer than 8 KiB counts as several. To try it::

    location /numbered/ {
        alias /usr/share/common-licenses/;
        default_type text/plain;
        number_lines on;
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


class Conf(LocConf):
    enable: ngx_flag_t = directive("number_lines", default=False)
    types: MimeTypes = directive("number_lines_types", default=[b"text/plain"])


@header_filter
def header(r: ngx_http_request_t, conf: Conf) -> ngx_int_t:
    if not conf.enable or r.headers_out.status != NGX_HTTP_OK or not conf.types.matches(r):
        return NGX_DECLINED
    return NGX_OK


@body_filter
def number_lines(body: Body) -> Stream:
    n = 0
    for line in body.lines(8192):
        n += 1
        yield b"%6d  " % n
        yield line
    yield f"-- {n} lines\n"
