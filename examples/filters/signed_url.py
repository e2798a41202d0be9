"""Let only those in whose URL is signed, and only until the signature ends.

The application signs ``expires`` and the path with a secret, by HMAC-SHA256, and writes both into
the URL: ``/film.mp4?expires=1893456000&sign=BASE64URL``. ``signed_url_key`` may be given twice, so
that a secret can be changed without locking anyone out; ``signed_url_skew`` forgives clocks. To
try it::

    location /media/ {
        signed_url_key "new secret" "old secret";
        signed_url_address on;     # the signature holds for one address
    }

Refused are: no or a wrong signature with 403, one that has ended with 410. Whoever was let in gets
``Cache-Control: private`` with the time that is left.
"""

import base64
import hashlib
import hmac
import logging
import time

from pyngx import LocConf, RequestCtx, directive, header_filter, variable
from pyngx.ngx import (
    NGX_HTTP_FORBIDDEN,
    NGX_HTTP_NOT_FOUND,
    NGX_OK,
    ngx_flag_t,
    ngx_http_request_t,
    ngx_int_t,
    time_t,
)

GONE = 410
log = logging.getLogger(__name__)


class Conf(LocConf):
    keys: list[bytes] = directive("signed_url_key", default=[])
    address: ngx_flag_t = directive("signed_url_address", default=False)
    skew: time_t = directive("signed_url_skew", default=5, min=0, max=300)


class Ctx(RequestCtx):
    why: bytes = b"none"


def signature(key: bytes, message: bytes) -> bytes:
    """What the application wrote behind ``sign=``."""
    digest = hmac.new(key, message, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=")


def is_signed(message: bytes, sign: bytes, conf: Conf) -> bool:
    """Whether one of the keys made this signature."""
    return any(hmac.compare_digest(signature(key, message), sign) for key in conf.keys)


@header_filter
def header(r: ngx_http_request_t, conf: Conf, ctx: Ctx) -> ngx_int_t:
    if not conf.keys or not r.is_main or r.headers_out.status == NGX_HTTP_NOT_FOUND:
        return NGX_OK

    expires = r.arg(b"expires")
    sign = r.arg(b"sign")
    if not expires or not sign:
        ctx.why = b"unsigned"
        return NGX_HTTP_FORBIDDEN
    try:
        until = int(expires)
    except ValueError:
        ctx.why = b"expires"
        return NGX_HTTP_FORBIDDEN

    message = b"%d\n%s" % (until, r.uri)
    if conf.address:
        message += b"\n" + (r.variables["remote_addr"] or b"")
    if not is_signed(message, sign, conf):
        ctx.why = b"signature"
        log.warning("wrong signature for %s", r.uri)
        return NGX_HTTP_FORBIDDEN

    left = until - int(time.time())
    if left + conf.skew < 0:
        ctx.why = b"expired"
        return GONE
    ctx.why = b"ok"
    r.headers_out["Cache-Control"] = b"private, max-age=%d" % max(left, 0)
    return NGX_OK


@variable("signed_url")
def signed_url(ctx: Ctx | None) -> bytes:
    return b"-" if ctx is None else ctx.why
