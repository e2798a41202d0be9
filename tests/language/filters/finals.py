"""``finally`` on the way of an error that nothing takes, and of one that an ``except`` takes."""

import logging

from pyngx import RequestCtx, header_filter
from pyngx.ngx import ngx_http_request_t

log = logging.getLogger(__name__)


class Ctx(RequestCtx):
    steps: int = 0


def part(text: bytes | None) -> int:
    return int(text or b"1")


@header_filter
def header(r: ngx_http_request_t, ctx: Ctx) -> None:
    n = 0
    try:
        try:
            n = part(r.arg(b"a"))
            n //= part(r.arg(b"b"))
            assert n < 100, "large"
        finally:
            ctx.steps += 1
            log.warning("inner %d", n)
    finally:
        log.warning("outer %d", ctx.steps)
    try:
        try:
            n += int(r.arg(b"c") or b"1")
        finally:
            ctx.steps += 1
    except ValueError:
        n = -ctx.steps
    r.headers_out["X-N"] = b"%d" % n
