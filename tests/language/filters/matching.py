"""Lists searched, compared and unpacked; tuples indexed; patterns of sequences and classes."""

from dataclasses import dataclass
from typing import NamedTuple

from pyngx import variable
from pyngx.ngx import ngx_http_request_t


def number(value: bytes | None) -> int:
    return int(value) if value else 0


@variable("searched")
def searched(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    parts = s.split(b",")
    n = parts.count(b"a")
    if b"c" in parts:
        n += parts.index(b"c")
        parts.remove(b"c")
    more = parts * 2 + [b"x"] * 3
    nums = [len(p) for p in parts]
    nums.append(1)
    nums.remove(1)
    same = (parts == [b"a"], parts < [b"b", b"c"], nums == [1, 2], nums != [], nums >= [1, 2])
    return b"%d %d %d" % (n, len(more), nums.count(1)) + b" %d %d %d %d %d" % same


@variable("counted")
def counted(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    n = number(r.arg(b"a"))
    counts = [0] * 256
    for c in s:
        counts[c] += 1
    values = [1, 2, 3] * (n % 5)
    at = values.index(n)
    return b"%d %d %d" % (max(counts), at, len(values))


@variable("indexed")
def indexed(r: ngx_http_request_t) -> bytes:
    n = number(r.arg(b"a"))
    t = (1, 2, 3)
    total = 0
    for x in t:
        total += x
    words = (b"x", r.arg(b"s") or b"", b"z")
    out = b""
    for w in words:
        out += w
    a, b = words[1:]
    return b"%d %d %s %s %s" % (total, t[n % 3], out, words[n % 5], a) + b


@variable("removed")
def removed(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    parts = s.split(b",")
    parts.remove(s)
    return b"%d" % len(parts)


@variable("starred")
def starred(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    parts = s.split(b",")
    first, *rest = parts
    more = [b"x", *parts, b"y"]
    return first + b"%d" % len(rest) + b",".join(more)


@variable("two_parts")
def two_parts(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    parts = s.split(b",")
    a, b = parts
    return a + b


@variable("list_patterns")
def list_patterns(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    match s.split(b","):
        case []:
            return b"none"
        case [one]:
            return b"one " + one
        case [b"a", second]:
            return b"a then " + second
        case [first, *rest]:
            return b"%s and %d" % (first, len(rest))
    return b""


@variable("tuple_patterns")
def tuple_patterns(r: ngx_http_request_t) -> bytes:
    n = number(r.arg(b"a"))
    pair = (n, b"x")
    match pair:
        case (0, _):
            return b"zero"
        case (k, v) if k > 3:
            return b"%d %s" % (k, v)
        case (k, b"y" | b"x"):
            return b"x or y"
        case _:
            return b"other"


@dataclass
class Point:
    x: int
    y: int


@variable("object_patterns")
def object_patterns(r: ngx_http_request_t) -> bytes:
    n = number(r.arg(b"a"))
    p = Point(n, 3)
    match p:
        case Point(x=0):
            return b"zero"
        case Point(x=x, y=3):
            return b"%d" % x
    return b""


class Pair(NamedTuple):
    a: int
    b: bytes


@variable("class_patterns")
def class_patterns(r: ngx_http_request_t) -> bytes:
    n = number(r.arg(b"a"))
    s = r.arg(b"s") or b""
    value = r.arg(b"t")
    p = Pair(n, s)
    out = b""
    match p:
        case Pair(1, b"a"):
            out = b"one a"
        case Pair(k, b=b""):
            out = b"empty %d" % k
        case (k, text) if k < 0:
            out = b"negative " + text
        case Pair():
            out = b"any"
    match value:
        case None:
            out += b" none"
        case bytes(b):
            out += b" " + b
    a, *_ = p
    *front, last = s.split(b",")
    head, *mid, tail = [n, 5, 6, 7]
    return out + b"%d %d" % (a, len(front)) + last + b"%d %d %d" % (head, sum(mid), tail)


@variable("star_patterns")
def star_patterns(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    parts = s.split(b",")
    match parts:
        case [b"a" | b"b" as first, *_, last] if last != b"x":
            return first + last
        case [*_, b"c"]:
            return b"ends in c"
        case [(b"12" | b"13"), *rest]:
            rest.append(b"z")
            return b"".join(rest)
        case x:
            return b"%d" % len(x)


@variable("three_parts")
def three_parts(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    try:
        a, b, c = s.split(b",")
    except ValueError:
        a, b, c = s, b"", b""
    x, y = sorted([a, b])
    return a + b + c + x + y
