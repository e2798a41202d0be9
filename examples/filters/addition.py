"""nginx's own addition module: the output of other locations before and after the response.

All its directives, under their own names; nginx must be built without its own one.
"""

from pyngx import (
    Body,
    LocConf,
    MimeTypes,
    Stream,
    body_filter,
    directive,
    header_filter,
    module,
    subrequest,
)
from pyngx.ngx import (
    NGX_DECLINED,
    NGX_HTTP_OK,
    NGX_OK,
    ngx_http_request_t,
    ngx_int_t,
    ngx_str_t,
)

module(name="addition", after="gunzip")


class Conf(LocConf):
    """What is added, and to what."""

    before: ngx_str_t = directive("add_before_body", default=b"")
    after: ngx_str_t = directive("add_after_body", default=b"")
    types: MimeTypes = directive("addition_types", default=[b"text/html"])


@header_filter
def header(r: ngx_http_request_t, conf: Conf) -> ngx_int_t:
    if r.headers_out.status != NGX_HTTP_OK or not r.is_main:
        return NGX_DECLINED
    if not (conf.before or conf.after) or not conf.types.matches(r):
        return NGX_DECLINED
    r.preserve_body = 1  # of the request: the subrequests get it too
    return NGX_OK


@body_filter
def body(body: Body, conf: Conf) -> Stream:
    if conf.before:
        yield subrequest(conf.before)
    yield from body
    if conf.after:
        yield subrequest(conf.after)
