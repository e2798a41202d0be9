"""Names that mean something in C, to nginx, or to the generated code."""

from pyngx import LocConf, RequestCtx, directive, header_filter, variable
from pyngx.ngx import ngx_http_request_t, ngx_int_t, off_t


class switch(LocConf):
    default: ngx_int_t = directive("keywords_default", default=1)
    register: ngx_int_t = directive("keywords_register", default=2)


class struct(RequestCtx):
    volatile: off_t = 0
    NULL: off_t = 0


def printf(void: int, char: int) -> int:
    typedef = void + char
    errno = typedef * 2
    return errno + typedef


def ngx_http_send_header(goto: int) -> int:
    return goto + 1


@header_filter
def main(extern: ngx_http_request_t, union: switch, static: struct) -> ngx_int_t:
    int64_t = printf(union.default, union.register)
    r = ngx_http_send_header(int64_t)
    static.volatile = r
    static.NULL = static.volatile
    return 0


@variable("keywords")
def sizeof(inline: struct | None) -> bytes | None:
    return None if inline is None else b"%d" % inline.volatile
