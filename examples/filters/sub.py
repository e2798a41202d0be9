"""nginx's own sub_filter module: replaces strings in the response.

All its directives, under their own names; nginx must be built without its own one. A response that
is only a part (206), or is encoded, passes untouched, where nginx's module edits it.
"""

from pyngx import (
    Body,
    ConfError,
    LocConf,
    MimeTypes,
    Stream,
    body_filter,
    directive,
    header_filter,
    module,
)
from pyngx.ngx import (
    NGX_DECLINED,
    NGX_HTTP_PARTIAL_CONTENT,
    NGX_OK,
    ngx_flag_t,
    ngx_http_complex_value_t,
    ngx_http_request_t,
    ngx_int_t,
)

module(name="sub", after="addition")

MAX_PATTERNS = 255


class Conf(LocConf):
    """What is replaced, and where."""

    pairs: list[tuple[ngx_http_complex_value_t, ngx_http_complex_value_t]] = directive("sub_filter")
    once: ngx_flag_t = directive("sub_filter_once", default=True)
    last_modified: ngx_flag_t = directive("sub_filter_last_modified", default=False)
    types: MimeTypes = directive("sub_filter_types", default=[b"text/html"])

    def validate(self) -> None:
        if len(self.pairs) > MAX_PATTERNS:
            raise ConfError("number of search patterns exceeds 255")
        for pattern, _ in self.pairs:
            if not pattern:
                raise ConfError("empty search pattern")


@header_filter
def header(r: ngx_http_request_t, conf: Conf) -> ngx_int_t:
    if not conf.pairs or r.headers_out.content_length_n == 0 or not conf.types.matches(r):
        return NGX_DECLINED
    if r.headers_out.status == NGX_HTTP_PARTIAL_CONTENT or r.headers_out["Content-Encoding"]:
        return NGX_DECLINED
    if not [pattern.value(r) for pattern, _ in conf.pairs if pattern.value(r)]:
        return NGX_DECLINED
    if r.is_main and not conf.last_modified:
        # both change with the replacements; an ETag that is kept turns weak by itself
        del r.headers_out["Last-Modified"]
        del r.headers_out["ETag"]
    return NGX_OK


@body_filter
def body(r: ngx_http_request_t, body: Body, conf: Conf) -> Stream:
    patterns = [pattern.value(r) for pattern, _ in conf.pairs if pattern.value(r)]
    texts = [text.value(r) for pattern, text in conf.pairs if pattern.value(r)]
    limit = 4096
    for pattern in patterns:
        if len(pattern) > limit:
            limit = len(pattern)
    while patterns:
        found = -1
        for part in body.scan(patterns, limit, ignore_case=True):
            if not part.matched:
                yield part
            else:
                yield texts[part.index]
                if conf.once:
                    found = part.index
                    break
        if found < 0:
            return
        # each is replaced once: go on with the others
        del patterns[found]
        del texts[found]
    yield from body
