"""A body filter whose variable changes the context while the filter runs."""

from dataclasses import dataclass, replace

from pyngx import Body, RequestCtx, Stream, body_filter, variable
from pyngx.ngx import ngx_http_request_t


@dataclass
class Point:
    x: int = 1
    name: bytes = b"point"


class Ctx(RequestCtx):
    p: Point = Point()
    n: int = 0
    text: bytes = b"text"
    items: list[int] = []
    points: list[Point] = []


@variable("stale_bump")
def bump(ctx: Ctx | None) -> bytes | None:
    if ctx is None:
        return None
    ctx.n += 1
    ctx.p.x += 1
    ctx.text = b"changed %d" % ctx.n
    if len(ctx.items) < 100:
        ctx.items.append(ctx.n)
    for q in ctx.points:
        q.x += 10
    return b"bumped"


@variable("stale_seen")
def seen(ctx: Ctx | None) -> bytes:
    return b"seen %d" % ctx.n if ctx is not None else b""


def add(ctx: Ctx, n: int) -> None:
    ctx.items.append(n + 1)


def said(ctx: Ctx) -> bytes:
    ctx.n += 1
    ctx.text = b"said %d" % ctx.n
    return b"%d" % ctx.n


def asked(r: ngx_http_request_t, ctx: Ctx, p: Point) -> int:
    before = p.x
    value = r.variables["stale_bump"] or b""
    return before * 100 + ctx.p.x + len(value) + p.x


@body_filter
def body(r: ngx_http_request_t, body: Body, ctx: Ctx) -> Stream:
    ctx.items.append(0)
    total = 0
    for i in ctx.items:  # a helper lets the list grow
        total = total * 3 % 1000003 + i
        if len(ctx.items) < 50:
            add(ctx, i)
    yield b"%d %d\n" % (total, len(ctx.items))
    for i in ctx.items:  # and so does the variable
        total = total * 3 % 1000003 + i
        r.variables["stale_bump"]
    yield b"%d %d %d\n" % (total, len(ctx.items), ctx.n)
    copy = replace(ctx.p)
    listed = ctx.items
    ctx.points.append(Point(5, b"five"))
    points = ctx.points
    for line in body.lines(16):
        before = ctx.n
        was = b"%s" % ctx.text
        value = r.variables["stale_bump"] or b"-"
        yield b"%d %s %d %s" % (before, value, ctx.n, r.variables["stale_seen"] or b"")
        yield b" %s %s %d %d" % (was, ctx.text, ctx.p.x, copy.x)
        p = ctx.p
        yield b" %d %d" % (p.x, points[0].x)
        yield b" %d %s\n" % (len(listed), line.strip())
    text = b"%s" % ctx.text
    if said(ctx) != b"":
        yield text + b" " + ctx.text + b"\n"
    yield b"%d\n" % asked(r, ctx, copy)
