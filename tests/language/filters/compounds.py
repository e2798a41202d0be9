"""Tuples as values: results, locals, fields of the context, comparison, unpacking."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from pyngx import RequestCtx, variable
from pyngx.ngx import ngx_http_request_t, off_t


class Span(NamedTuple):
    start: int
    text: bytes


@dataclass
class Point:
    x: int
    y: int = 4


@dataclass(frozen=True, order=True)
class Cookie:
    name: bytes
    value: bytes | None = None
    age: int = -1


class Ctx(RequestCtx):
    pair: tuple[int, bytes] = (7, b"seven")
    three: tuple[bytes, bytes, bytes] = (b"1", b"2", b"3")
    last: tuple[off_t, int] | None = None
    span: Span = Span(0, b"")
    cookie: Cookie = Cookie(b"first", None, 3)


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


def evens(n: int) -> list[int]:
    found: list[int] = []
    for i in range(n):
        if i % 2 == 0:
            found.append(i * i)
    return found


def total(values: list[int]) -> int:
    result = 0
    for value in values:
        result += value
    return result


def words(data: bytes) -> list[tuple[int, bytes]]:
    found = []
    for word in data.split(b"b"):
        found.append((len(word), word))
    return found


@variable("appended")
def appended(r: ngx_http_request_t) -> bytes:
    parts = []
    for byte in r.arg(b"s") or b"":
        parts.append(b"%d" % byte)
    parts.append(r.arg(b"t") or b"-")
    parts.insert(number(r.arg(b"a")) % 7 - 3, b"in")
    parts[0] = parts[0] + b"!"
    parts[-1] += b"?"
    return b",".join(parts) + b" %d" % len(parts)


@variable("popped")
def popped(r: ngx_http_request_t) -> bytes:
    values = [3, 1, 2, number(r.arg(b"b"))]
    last = values.pop()
    first = values.pop(0)
    values += [last, 7]
    values.extend(values)
    del values[1]
    other = values.pop(number(r.arg(b"a")))
    return b"%d %d %d %d %d" % (last, first, other, len(values), total(values[:4]) % 1000)


@variable("ordered")
def ordered(r: ngx_http_request_t) -> bytes:
    s, t = r.arg(b"s") or b"", r.arg(b"t") or b""
    names = [s, t, b"m", s[1:]]
    out = b",".join(sorted(names)) + b"|" + b",".join(sorted(names, reverse=True))
    names.sort()
    names.reverse()
    numbers = [number(r.arg(b"a")), number(r.arg(b"b")), 4, -4]
    numbers.sort(reverse=True)
    for n in sorted(numbers):
        out += b" %d" % n
    for n in numbers:
        out += b" %d" % n
    return out + names[0] + b"%d%d%d" % (4 in numbers, 5 in numbers, s in names[1:])


@variable("sliced")
def sliced(r: ngx_http_request_t) -> bytes:
    a, b = number(r.arg(b"a")), number(r.arg(b"b"))
    values = evens(12)
    out = b""
    for n in (total(values[a:b]), len(values[a:]), len(values[:b]), total(values[:] + evens(3))):
        out += b"%d " % n
    copy = list(values)
    copy.clear()
    return out + b"%d %d" % (len(copy), len(values))


@variable("emptied")
def emptied(r: ngx_http_request_t) -> bytes:
    stack = []
    deepest = 0
    for byte in r.arg(b"s") or b"":
        if byte == 98:
            stack.clear()
        else:
            stack.append((byte, len(stack)))
        deepest = max(deepest, len(stack))
    if not stack:
        return b"empty %d" % deepest
    byte, depth = stack[-1]
    stack[0], stack[-1] = stack[-1], stack[0]
    same = stack
    stack.append((1, 2))
    return b"%d %d %d %d %d" % (byte, depth, deepest, stack[0][0], len(same))


@variable("growing")
def growing(r: ngx_http_request_t) -> bytes:
    values = [1, number(r.arg(b"a")) & 7]
    for value in values:
        if len(values) < 50 and value < 20:
            values.append(value + 3)
    out = b""
    for i, value in enumerate(reversed(values)):
        out += b"%d:%d " % (i, value)
    return out


@variable("pairs")
def pairs(r: ngx_http_request_t) -> bytes:
    out = b""
    for length, word in words(r.arg(b"s") or b""):
        out += b"%d=%s;" % (length, word)
    for (length, word), n in zip(words(r.arg(b"t") or b""), [5, 6, 7], strict=False):
        out += b"%d%s%d," % (length, word, n)
    return out


@variable("beyond")
def beyond(r: ngx_http_request_t) -> bytes:
    values = [b"x", b"y", b"z"]
    values[number(r.arg(b"a"))] = b"new"
    return b"".join(values) + values[number(r.arg(b"b"))]


@variable("counted")
def counted(r: ngx_http_request_t) -> bytes:
    counts = [0, 0, 0]
    for byte in r.arg(b"s") or b"":
        counts[byte % 3 - 1] += byte
    counts[number(r.arg(b"a")) // 2] -= 1
    return b"%d %d %d" % (counts[0], counts[1], counts[2])


def assigning(pair: tuple[int, bytes], ctx: Ctx) -> bytes:
    ctx.pair = (3, b"another")
    return b"%d %s" % pair


@variable("passed")
def passed(r: ngx_http_request_t, ctx: Ctx) -> bytes:
    ctx.pair = (number(r.arg(b"a")) & 0xFF, r.arg(b"s") or b"seven")
    return assigning(ctx.pair, ctx) + b" %d %s" % ctx.pair


@variable("turned")
def turned(r: ngx_http_request_t, ctx: Ctx) -> bytes:
    ctx.three = (r.arg(b"s") or b"-", r.arg(b"t") or b"+", b"const")
    first = ctx.three[0]
    pair = (ctx.three[1], ctx.three[0])
    ctx.three = (ctx.three[2], ctx.three[0], ctx.three[1])
    ctx.three = (b"!" + ctx.three[1], first, ctx.three[0])
    ctx.three = (ctx.three[1], ctx.three[0], b"xyz")
    return b"|".join((first, pair[0], pair[1], ctx.three[0], ctx.three[1], ctx.three[2]))


@variable("drained")
def drained(r: ngx_http_request_t) -> bytes:
    values = [1, 2, 3]
    out = b""
    while values:
        out += b"%d" % values.pop(0)
    try:
        values.pop()
    except IndexError:
        out += b"!"
    return out


def parse_cookie(data: bytes) -> Cookie | None:
    name, equals, value = data.partition(b"b")
    if not equals:
        return None
    return Cookie(name, value, age=len(value))


def moved(p: Point, by: int) -> Point:
    return replace(p, x=p.x + by % 10)


@variable("objects")
def objects(r: ngx_http_request_t) -> bytes:
    p = Point(number(r.arg(b"b")) % 100)
    q = p
    p = moved(p, number(r.arg(b"a")))
    points = [p, q, Point(y=1, x=2)]
    out = b""
    for point in points:
        out += b"%d:%d " % (point.x, point.y)
    return out + b"%d %d" % (p == q, q == Point(0))


@variable("cookies")
def cookies(r: ngx_http_request_t) -> bytes:
    cookie = parse_cookie(r.arg(b"s") or b"")
    if cookie is None:
        return b"none"
    other = Cookie(r.arg(b"t") or b"")
    return b"%s %s %d %d" % (cookie.name, cookie.value or b"-", cookie.age, cookie != other)


@variable("placed")
def placed(r: ngx_http_request_t, ctx: Ctx) -> bytes:
    before = ctx.cookie
    ctx.cookie = Cookie(r.arg(b"s") or b"", r.arg(b"t"), number(r.arg(b"a")) & 0xFF)
    ctx.cookie = replace(ctx.cookie, age=ctx.cookie.age + 1)
    after = ctx.cookie
    return b"%s %d %s %s %d" % (before.name, before.age, after.name, after.value or b"", after.age)


@variable("pieces")
def pieces(r: ngx_http_request_t) -> bytes:
    whole = r.arg(b"s") or b""
    sep = r.arg(b"t") or b"b"
    parts = whole.upper().lower().rpartition(sep)
    same = whole.partition(sep) == parts
    return b"%s/%s/%s/%d" % (parts[2], parts[1], parts[0], same)


@variable("numbers_as_bytes")
def numbers_as_bytes(r: ngx_http_request_t) -> bytes:
    shift = number(r.arg(b"a")) % 7
    rotated = bytes(c + shift for c in r.arg(b"s") or b"")
    values = [number(r.arg(b"b")) % 400, 65]
    return rotated + bytes([c ^ 1 for c in rotated]) + bytes(shift) + bytes(values).hex().encode()


@variable("sums")
def sums(r: ngx_http_request_t) -> bytes:
    """Tuples one after the other; what is computed is computed once, the first one first."""
    a, s = number(r.arg(b"a")), r.arg(b"s") or b""
    pair = (a, s)
    longer = pair + (7,)
    longest = split_at(s, b"b") + pair + bounds(a, 5)
    head, place, again, text, low, high = longest
    return b"%d %s %d|%s %d %d %s %d %d" % (
        longer[0],
        longer[1],
        longer[2],
        head,
        place,
        again,
        text,
        low,
        high,
    )
