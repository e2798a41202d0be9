"""A header filter whose result is computed."""

from enum import IntEnum

from pyngx import RequestCtx, header_filter
from pyngx.ngx import NGX_DECLINED, NGX_HTTP_FORBIDDEN, NGX_OK, ngx_http_request_t, ngx_int_t


class Ctx(RequestCtx):
    steps: int = 0


class Answer(IntEnum):
    FINE = 0
    GONE = 410


def decided(n: int) -> int:
    return n - 1


@header_filter
def header(r: ngx_http_request_t, ctx: Ctx) -> ngx_int_t:
    n = int(r.arg(b"n") or b"0")
    if r.arg(b"page"):
        return 400 + (n & 63)
    if r.arg(b"answer"):
        answer = Answer.GONE if n else Answer.FINE
        return answer
    try:
        if r.arg(b"kept"):
            return n  # of several lines
        r.headers_out["X-N"] = b"%d" % n
    except ValueError:
        return NGX_HTTP_FORBIDDEN
    finally:
        ctx.steps += 1
        r.headers_out["X-Steps"] = b"%d" % ctx.steps
    if n == 7:
        return NGX_OK if r.arg(b"ok") else NGX_DECLINED
    if n == 8:
        return n == 8
    return decided(n)
