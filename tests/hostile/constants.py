"""Constants that could end a C literal, or change behind the C preprocessor's back."""

from pyngx import LocConf, directive, header_filter
from pyngx.ngx import ngx_http_request_t, ngx_int_t, ngx_str_t

QUOTES = b'"; exit(1); "\''
CONTROL = b"a\0b\nc\rd\te\x7f\xff"
TRIGRAPHS = b"??/??=??(%s%n"
HEX_RUNS_ON = b"\x01f\x02e\0009"
FORMAT = "%s%n%p ü 日本"


class Conf(LocConf):
    text: ngx_str_t = directive("constants_text", default=b'"\\\0\n??/')


@header_filter
def header(r: ngx_http_request_t, conf: Conf) -> ngx_int_t:
    size = len(QUOTES) + len(CONTROL) + len(TRIGRAPHS) + len(HEX_RUNS_ON)
    r.headers_out["X-Quotes"] = QUOTES
    r.headers_out["X-Trigraphs"] = TRIGRAPHS
    r.headers_out["X-Size"] = b"%d" % size
    r.headers_out["X-Format"] = FORMAT
    return 0
