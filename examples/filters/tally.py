"""Count what a response sends, for the log and for a quota.

Variables: ``$tally_bytes`` and ``$tally_buffers`` are what passed, ``$tally_largest`` the largest
buffer, ``$tally_rate`` kilobytes a second since the header, ``$tally_class`` the size in words.
``tally_quota`` ends a response that grows over it. To try it::

    log_format tally '$uri $tally_bytes $tally_rate kB/s ($tally_class)';

    location /downloads/ {
        tally on;
        tally_quota 700m;
        access_log logs/tally.log tally;
    }
"""

import logging
import time

from pyngx import (
    Body,
    LocConf,
    RequestCtx,
    Stream,
    body_filter,
    directive,
    header_filter,
    variable,
)
from pyngx.ngx import NGX_DECLINED, NGX_OK, ngx_flag_t, ngx_http_request_t, ngx_int_t, off_t

log = logging.getLogger(__name__)
CLASSES = (
    (10_000, b"small"),
    (1_000_000, b"medium"),
    (100_000_000, b"large"),
)


class Conf(LocConf):
    enable: ngx_flag_t = directive("tally", default=False)
    quota: off_t = directive("tally_quota", default=0, min=0)


class Ctx(RequestCtx):
    bytes_sent: off_t = 0
    buffers: int = 0
    largest: int = 0
    started: int = 0
    over: bool = False


@header_filter
def header(r: ngx_http_request_t, conf: Conf, ctx: Ctx) -> ngx_int_t:
    if not conf.enable or not r.is_main:
        return NGX_DECLINED
    ctx.started = int(time.time())
    return NGX_OK


@body_filter
def body(r: ngx_http_request_t, body: Body, conf: Conf, ctx: Ctx) -> Stream:
    for buf in body:
        ctx.bytes_sent += len(buf)
        ctx.buffers += 1
        ctx.largest = max(ctx.largest, len(buf))
        if conf.quota and ctx.bytes_sent > conf.quota:
            ctx.over = True
            log.warning("%s is over its quota of %d bytes", r.uri, conf.quota)
            raise OverflowError("quota")
        yield buf


def class_of(size: int) -> bytes:
    """A size in words."""
    for limit, name in CLASSES:
        if size < limit:
            return name
    return b"huge"


@variable("tally_bytes")
def tally_bytes(ctx: Ctx | None) -> bytes | None:
    return None if ctx is None else b"%d" % ctx.bytes_sent


@variable("tally_buffers")
def tally_buffers(ctx: Ctx | None) -> bytes | None:
    return None if ctx is None else b"%d" % ctx.buffers


@variable("tally_largest")
def tally_largest(ctx: Ctx | None) -> bytes | None:
    return None if ctx is None else b"%d" % ctx.largest


@variable("tally_class")
def tally_class(ctx: Ctx | None) -> bytes | None:
    if ctx is None:
        return None
    return b"over" if ctx.over else class_of(ctx.bytes_sent)


@variable("tally_rate")
def tally_rate(ctx: Ctx | None) -> str | None:
    if ctx is None or not ctx.started:
        return None
    elapsed = max(int(time.time()) - ctx.started, 1)
    return f"{ctx.bytes_sent // 1000 // elapsed}"
