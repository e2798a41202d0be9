"""Exceptions in log messages."""

import logging

from pyngx import header_filter
from pyngx.ngx import NGX_DECLINED, ngx_http_request_t, ngx_int_t

log = logging.getLogger(__name__)


def part(n: int, d: int) -> int:
    if n == 8:
        raise KeyError("eight")
    if n < 0:
        raise ValueError(f"reported: {n} is negative")
    assert n < 20, f"{n} is large"
    return 100 // (n * d)


@header_filter
def header(r: ngx_http_request_t) -> ngx_int_t:
    n = int(r.arg(b"n") or b"0")
    d = int(r.arg(b"d") or b"1")
    try:
        n = part(n, d)
    except KeyError as e:
        log.warning("reported: %s", e)
        return NGX_DECLINED
    except ZeroDivisionError as e:
        log.error(f"reported: {e} at {n}")
        if d == 0:
            raise
        n = -1
    except ValueError as e:
        log.warning("%s", e)
        raise LookupError(f"{e}!") from e
    r.headers_out["X-N"] = b"%d" % n
    return NGX_DECLINED
