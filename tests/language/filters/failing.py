"""Errors in ``finally``, on the way of other errors."""

import logging

from pyngx import header_filter
from pyngx.ngx import ngx_http_request_t

log = logging.getLogger(__name__)


def num(v: bytes | None) -> int:
    return int(v or b"0")


def clean(r: ngx_http_request_t) -> int:
    try:
        return num(r.arg(b"a"))
    finally:
        log.info("cleaning %d", 10 // num(r.arg(b"b")))


@header_filter
def header(r: ngx_http_request_t) -> None:
    n = 0
    try:
        try:
            n = num(r.arg(b"w"))
        finally:
            n = 10 // num(r.arg(b"v") or b"1")
    except (ValueError, ZeroDivisionError):
        raise RuntimeError("taken") from None
    try:
        n = num(r.arg(b"x"))
    finally:
        n = 10 // num(r.arg(b"y"))
    try:
        n += clean(r)
    finally:
        if num(r.arg(b"z")) == 3:
            raise ValueError("z")
    r.headers_out["X-N"] = b"%d" % n
