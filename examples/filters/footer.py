"""Append a text to every HTML page.

::

    location / {
        footer on;
        footer_text "<!-- Served by nginx -->";
        footer_types text/html text/plain;
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
    ngx_str_t,
)


class Conf(LocConf):
    enable: ngx_flag_t = directive("footer", default=False)
    text: ngx_str_t = directive("footer_text", default=b"<!-- Served by nginx -->")
    types: MimeTypes = directive("footer_types", default=[b"text/html"])


@header_filter
def header(r: ngx_http_request_t, conf: Conf) -> ngx_int_t:
    if not conf.enable or r.headers_out.status != NGX_HTTP_OK or not conf.types.matches(r):
        return NGX_DECLINED  # not ours: the body passes untouched
    return NGX_OK


@body_filter
def body(body: Body, conf: Conf) -> Stream:
    yield from body
    yield conf.text
