"""Tuples as values: results, locals, fields of the context, comparison, unpacking."""

from typing import NamedTuple

from pyngx import RequestCtx, variable
from pyngx.ngx import ngx_http_request_t, off_t


class Span(NamedTuple):
    start: int
    text: bytes


class Ctx(RequestCtx):
    pair: tuple[int, bytes] = (7, b"seven")
    last: tuple[off_t, int] | None = None
    span: Span = Span(0, b"")


def number(value: bytes | None) -> int:
    return int(value) if value else 0


def split_at(data: bytes, at: bytes) -> tuple[bytes, int]:
    """What is before a separator, and where that is."""
    place = data.find(at)
    if place < 0:
        return data, -1
    return data[:place], place


def bounds(a: int, b: int) -> tuple[int, int]:
    return (a, b) if a < b else (b, a)


def maybe(a: int) -> tuple[int, bytes] | None:
    if a < 0:
        return None
    return a // 2, b"%d" % a


def swapped(pair: tuple[int, int]) -> tuple[int, int]:
    a, b = pair
    return b, a


def widest(span: Span, other: Span) -> Span:
    return span if len(span.text) >= len(other.text) else other


def nested(a: int, s: bytes) -> tuple[tuple[int, bytes], bool]:
    return (a // 3, s[1:]), a > 2


def divided(a: int, b: int) -> tuple[int, int]:
    return a // b, a % b


@variable("results")
def results(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    head, place = split_at(s, r.arg(b"t") or b"b")
    return b"%s %d" % (head, place)


@variable("whole")
def whole(r: ngx_http_request_t) -> bytes:
    pair = split_at(r.arg(b"s") or b"", b"b")
    return b"%s %d %d %d" % (pair[0], pair[1], pair[-1], len(pair))


@variable("swap")
def swap(r: ngx_http_request_t) -> bytes:
    a, b = number(r.arg(b"a")), number(r.arg(b"b"))
    p = bounds(a, b)
    p = swapped(p)
    p = (p[1], p[0])
    x, y = p
    x, y = y, x
    return b"%d %d %d %d" % (p[0], p[1], x, y)


@variable("order")
def order(r: ngx_http_request_t) -> bytes:
    a, b = number(r.arg(b"a")), number(r.arg(b"b"))
    s, t = r.arg(b"s") or b"", r.arg(b"t") or b""
    p, q = (a, s), (b, t)
    return b"%d%d%d%d%d%d%d%d" % (
        p < q,
        p <= q,
        p > q,
        p >= q,
        p == q,
        p != q,
        (a, s, b) < (b, s),
        bounds(a, b) == (a, b),
    )


@variable("optional")
def optional(r: ngx_http_request_t) -> bytes:
    found = maybe(number(r.arg(b"a")))
    if found is None:
        return b"none"
    half, text = found
    return b"%d %s %s" % (half, text, found[1])


@variable("optionals")
def optionals(r: ngx_http_request_t) -> bytes:
    found = None
    if number(r.arg(b"a")) > 1:
        found = (number(r.arg(b"b")), r.arg(b"s"))
    if not found:
        return b"nothing"
    return b"%d %s" % (found[0], found[1] or b"-")


@variable("named")
def named(r: ngx_http_request_t) -> bytes:
    one = Span(number(r.arg(b"a")), r.arg(b"s") or b"")
    other = Span(start=number(r.arg(b"b")), text=r.arg(b"t") or b"")
    best = widest(one, other)
    start, text = best
    return b"%d %s %d %d" % (best.start, best.text, start == one.start, text == other.text)


@variable("nest")
def nest(r: ngx_http_request_t) -> bytes:
    t = r.arg(b"t") or b""
    (a, s), flag = nested(number(r.arg(b"a")), r.arg(b"s") or b"")
    out = b""
    for i, (c, d) in enumerate(zip(s, t, strict=False)):
        out += b"%d:%d<%d " % (i, c, d)
    return b"%d %s %d %s" % (a, s, flag, out)


@variable("state")
def state(r: ngx_http_request_t, ctx: Ctx) -> bytes:
    before = ctx.pair
    ctx.pair = (ctx.pair[0] + number(r.arg(b"a")) % 100, r.arg(b"s") or b"")
    number_, text = ctx.pair
    unset = ctx.last is None
    last = bounds(number(r.arg(b"b")) & 0xFFFF, 12)
    ctx.last = last
    ctx.span = Span(len(text), before[1])
    ctx.pair = (ctx.pair[0], ctx.pair[1] + b"!")
    a, b = ctx.last
    return b"%d %s %d %d %d %s %s %s" % (
        number_,
        text,
        unset,
        a,
        b,
        before[1],
        ctx.span.text,
        ctx.pair[1],
    )


@variable("fails")
def fails(r: ngx_http_request_t) -> bytes:
    a, b = number(r.arg(b"a")), number(r.arg(b"b"))
    pair = (1, 2)
    try:
        pair = (a + 1, a // b)
    except ZeroDivisionError:
        pair = swapped(pair)
    return b"%d %d" % pair


@variable("raised")
def raised(r: ngx_http_request_t) -> bytes:
    q, rest = divided(number(r.arg(b"a")), number(r.arg(b"b")))
    return b"%d %d" % (q, rest)


@variable("members")
def members(r: ngx_http_request_t) -> bytes:
    a, b = number(r.arg(b"a")), number(r.arg(b"b"))
    three = (a, b, 5)
    return b"%d %d %d" % (5 in three, a in three, 6 in three)


@variable("looped")
def looped(r: ngx_http_request_t) -> bytes:
    best = (0, b"")
    previous, current = 0, 1
    for name in (r.arg(b"s") or b"").split(b"b"):
        previous, current = current, previous + current
        if (len(name), name) > best:
            best = (len(name), name)
    return b"%d %s %d" % (best[0], best[1], current)
