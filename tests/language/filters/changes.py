"""Fields of dataclasses that are assigned: in locals, lists, the context, by methods."""

from dataclasses import dataclass, replace

from pyngx import RequestCtx, variable
from pyngx.ngx import ngx_http_request_t


@dataclass
class Point:
    x: int
    y: int = 0
    name: bytes = b""

    def bump(self, n: int) -> None:
        self.x = self.x % 1000 + n
        self.y = self.x * 2

    def next(self) -> int:
        self.x += 1
        return self.x

    def rename(self, name: bytes) -> None:
        self.name = name + b"!"


@dataclass
class Line:
    start: Point
    end: Point
    label: bytes | None = None

    def shift(self) -> None:
        self.start.bump(1)
        self.end.x -= 1


class Ctx(RequestCtx):
    here: Point = Point(0)
    points: list[Point]
    best: Point | None = None


def number(value: bytes | None) -> int:
    return int(value) if value else 0


def shown(points: list[Point]) -> bytes:
    return b" ".join(b"%d,%d,%s" % (p.x, p.y, p.name) for p in points)


def scale(points: list[Point], k: int) -> None:
    for p in points:
        p.x *= k % 7
        if p.x > 100:
            p.bump(-1)


def worst(points: list[Point]) -> int:
    return min((p.x for p in points), default=0)


@variable("single")
def single(r: ngx_http_request_t) -> bytes:
    p = Point(number(r.arg(b"a")) % 100, 1)
    p.x += 10
    p.y = p.x - 1
    p.name = b"n" + (r.arg(b"s") or b"")
    p.name += b"m" + p.name[1:]
    p.bump(3)
    n = p.x + p.next() * p.x
    p.rename(b"r")
    q = replace(p, y=5)
    q.x = -1
    return b"%d %d %s %d %d" % (p.x, p.y, p.name, n, q.x)


@variable("nested")
def nested(r: ngx_http_request_t) -> bytes:
    line = Line(Point(number(r.arg(b"a")) % 100), Point(1, 1))
    line.start.x += 77
    line.end.bump(4)
    line.shift()
    if line.label is None:
        line.label = r.arg(b"t")
    if line.label is not None:
        line.label += b"el"
    end = replace(line.end)
    line.end.x = 0
    return b"%d %d %d %s %d" % (line.start.x, line.start.y, end.x, line.label or b"-", line.end.x)


@variable("listed")
def listed(r: ngx_http_request_t) -> bytes:
    points = [Point(i, i * 2) for i in range(4)]
    for p in points:
        p.x += 1
        p.name = b"p%d" % p.x
        if p.x > 2:
            p.bump(10)
    scale(points, number(r.arg(b"a")) % 50)
    points[1].y = 8
    points[number(r.arg(b"b")) % 4].next()
    points[len(r.arg(b"s") or b"") - 1].rename(r.arg(b"t") or b"t")
    for i, p in enumerate(points):
        p.y += i
    current = Point(100)
    for i in range(3):
        current.x += i
        points.append(current)
        current = Point(i)
    points[0], points[2] = replace(points[2], y=7), Point(7)
    points[1].x, points[1].y = points[1].y, points[1].x
    last = points.pop()
    last.x += 1000
    points[0].next()
    best = points[0]
    for p in points:
        if p.x > best.x:
            best = p
    return b"[%s] %d %s %d" % (shown(points), worst(points), best.name, last.x)


@variable("kept")
def kept(r: ngx_http_request_t, ctx: Ctx) -> bytes:
    """Only the objects of a context that was made for this."""
    ctx.here.x += 1
    ctx.here.name = (r.arg(b"s") or b"") + b"h"
    ctx.here.bump(2)
    ctx.points.append(Point(1, 2, r.arg(b"t") or b"one"))
    ctx.points[0].name += b"two" + ctx.here.name
    ctx.points[-1].y -= 5
    if number(r.arg(b"a")) > 5:
        ctx.best = Point(9)
    if ctx.best is None:
        return ctx.here.name
    ctx.best.y = 4
    ctx.best.name = b"b%d" % ctx.best.next()
    text = b"%s %d" % (ctx.best.name, ctx.best.x)
    for p in ctx.points:
        p.bump(3)
    return b"%d %s %s" % (ctx.here.x, text, shown(ctx.points))


@variable("failing")
def failing(r: ngx_http_request_t) -> bytes:
    """What is assigned before an error is assigned, and nothing after it."""
    p = Point(1)
    try:
        p.y = 3
        p.x = int(r.arg(b"s") or b"")
        p.y = 4
        p.name = b"%d" % (10 // number(r.arg(b"b")))
    except ValueError:
        p.name = b"value"
    except ZeroDivisionError:
        p.y += 10
    return b"%d %d %s" % (p.x, p.y, p.name)
