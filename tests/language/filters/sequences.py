"""Comprehensions, loops in steps and in parallel, sorting by keys, lists of what is no list."""

import operator

from pyngx import variable
from pyngx.ngx import ngx_http_request_t


def number(value: bytes | None) -> int:
    return int(value) if value else 0


def first(p: tuple[bytes, int]) -> bytes:
    return p[0]


@variable("by_keys")
def by_keys(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    pairs = [(p, len(p)) for p in s.split(b",")]
    pairs.sort(key=lambda p: (p[1], p[0]), reverse=True)
    other = sorted(pairs, key=first)
    third = sorted(pairs, key=operator.itemgetter(1))
    out = b""
    for a, n in pairs + other + third:
        out += b"%s=%d " % (a, n)
    return out


@variable("by_length")
def by_length(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    parts = s.split(b",")
    words = sorted(parts, key=bytes.lower)
    longest = max(parts, key=len)
    best = min(parts, key=lambda p: (len(p), p), default=b"none")
    best2 = min([p for p in parts if p > b"b"], key=len, default=b"none")
    return longest + b"|" + best + b"|" + best2 + b",".join(words)


@variable("mapped")
def mapped(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    nums = list(map(int, s.split(b",")))
    total = sum(map(len, s.split(b",")))
    upper = b"-".join(map(bytes.upper, s.split(b",")))
    kept = list(filter(None, s.split(b",")))
    for n in map(abs, nums):
        total += n
        if n > 5:
            break
    else:
        total += 100
    return b"%d %d %s %d" % (total, max(nums), upper, len(kept))


@variable("listed")
def listed(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    back = list(reversed(s))
    pairs = list(enumerate(s, start=5))
    codes = list(s)
    codes.append(7)
    ordered = sorted(s)
    both = list(zip(s, b"xyz", strict=False))
    n = [1, 2] + list(range(2, 9, 3))
    t = (3, 1, 2)
    return (
        bytes(back)
        + bytes(ordered)
        + bytes(sorted(t))
        + b"%d %d %d %d" % (len(pairs), len(codes), len(both), len(n))
        + bytes(c ^ 1 for c in s)
    )


@variable("steps")
def steps(r: ngx_http_request_t) -> bytes:
    n = number(r.arg(b"a"))
    m = number(r.arg(b"b"))
    s = b"abcdefghij"
    codes = list(s)
    return (
        b"%s %s %s %s" % (s[::n], s[m::n], s[:m:n], s[m:n:m])
        + bytes(codes[::n])
        + bytes(codes[m::n])
        + bytes(codes[:m:n])
        + bytes(codes[::-1])
        + bytes(codes[1:9:2])
    )


@variable("far_steps")
def far_steps(r: ngx_http_request_t) -> bytes:
    """A counter that would pass the largest and the smallest integer."""
    n = number(r.arg(b"a"))
    out = b""
    rounds = 0
    for i in range(n, 9223372036854775807, 4611686018427387904):
        out += b"%d " % i
    for i in range(n, -9223372036854775808, -4611686018427387905):
        out += b"%d " % i
    for i in range(len(out), -3, -9223372036854775808):
        out += b"%d " % i
    for i in reversed(range(-9223372036854775808, 9223372036854775807, 4611686018427387904)):
        out += b"%d " % i
    for i in range(n, 9223372036854775807, 3):
        out += b"%d " % i
        rounds += 1
        if rounds > 4:
            break
    try:
        rounds = out[-9223372036854775808]
    except IndexError:
        out += b"!"
    return out


@variable("computed_steps")
def computed_steps(r: ngx_http_request_t) -> bytes:
    n = number(r.arg(b"a"))
    m = number(r.arg(b"b"))
    out = b""
    rounds = 0
    for i in range(m, 10, n):
        out += b"%d " % i
        rounds += 1
        if rounds > 20:
            break
    rounds = 0
    for i in reversed(range(0, m % 50, 3)):
        out += b"%d " % i
    for i in reversed(range(m % 100, 10, n)):
        out += b"%d " % i
        rounds += 1
        if rounds > 20:
            break
    return out


@variable("strictly")
def strictly(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    t = r.arg(b"t") or b""
    n = 0
    try:
        for a, b, c in zip(s, t, b"abc", strict=True):
            n += a == b
            if c == 98 and a == 98:
                break
    except ValueError:
        n += 100
    for a, b in zip(s, t, strict=True):
        n += a == b
        if n == 102:
            continue
    else:
        n += 1000
    return b"%d" % n


@variable("emptied")
def emptied(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    parts = s.split(b",")
    n = 0
    while [p for p in parts if p]:
        parts.pop()
        n += 1
        if n == 2:
            break
    else:
        n += 50
    try:
        nums = [int(p) for p in parts]
    except ValueError:
        nums = [0]
    return b"%d %d" % (n, len(nums))


@variable("nested")
def nested(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    pairs = [(c, d) for c in s for d in s if c < d]
    more = [x for x in [y + 1 for y in s] if x > 98]
    more.append(len(pairs))
    more += [c for c in s if c]
    more.extend(c for c in b"xy")
    return b",".join([b"%d" % x for x in more])


@variable("hex_digits")
def hex_digits(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    return b"".join([b"%02x" % c for c in s])


@variable("flipped")
def flipped(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    codes = [c ^ 32 for c in s if c > 50]
    return bytes(codes)


@variable("header_names")
def header_names(r: ngx_http_request_t) -> bytes:
    names = [name.lower() for name, value in r.headers_in.items() if name != b"Host"]
    return b",".join(sorted(names))


TABLE = {b"a": 1, b"b": 2}


@variable("of_table")
def of_table(r: ngx_http_request_t) -> bytes:
    keys = [k for k, v in TABLE.items() if v > 1]
    nums = [v * 2 for v in (1, 2, 3)]
    return b"%d %d" % (len(keys), nums[2])


@variable("in_tests")
def in_tests(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    parts = [p.strip() for p in s.split(b",") if p]
    if [p for p in parts if p == b"a"]:
        return b"yes"
    elif len([p for p in parts if p == b"c"]) > 0:
        return b"c"
    return b"|".join(parts)


@variable("in_pairs")
def in_pairs(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    out = b""
    for i, (a, b) in enumerate(zip(s, s[1:], strict=False)):
        out += b"%d%c%c" % (i, a, b)
    for i, c in enumerate(s, start=1):
        out += b"%d%c" % (i, c)
    for i in reversed(range(0, len(s), 2)):
        out += b"%d" % i
    for i, c in reversed(list(enumerate(s))):
        out += b"%d%c" % (i, c)
    return out
