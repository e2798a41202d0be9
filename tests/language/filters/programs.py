"""Statements: loops, branches, helpers, narrowing, state, constants of module level."""

import base64
import enum
import re
from hashlib import md5

import shared
from shared import clip

from pyngx import RequestCtx, variable
from pyngx.ngx import ngx_http_request_t, off_t, size_t, uint8_t

SALT = md5(b"salt").hexdigest().encode()[:8]
ENCODED = base64.b64encode(b"constant of a library")
PRIMES = frozenset(n for n in range(2, 50) if all(n % d for d in range(2, n)))
NAME = re.sub("[^a-z]", "", "a-b-c")
EMPTY = b""
ODD = b'quote" back\\slash \x00\xff %s ??/'

SIZES = {b"a": 3, b"abc": -7, b"": 12, b"xyz": 2**40, b"\xff\x80": 5}
NAMES = {97: b"small a", 98: b"b\0b", -9: b"", 2**40: b"large", 0: b"zero"}
WORDS = ("first", "s\u00e9cond", "")
PAIRS = ((b"ab", 3), (b"", -1), (b"a", 255))
NUMBERS = [5, -6, 7, 2**62]
FLAGS = (True, False, True)


class Color(enum.IntEnum):
    RED = 1
    GREEN = 2
    BLUE = 4


class Mode(enum.IntFlag):
    READ = 1
    WRITE = 2
    RUN = 4


class Ctx(RequestCtx):
    count: off_t = 5
    small: uint8_t = 250
    flag: bool = True
    data: bytes = b"start"
    maybe: bytes | None = None
    text: str = "txt"
    color: Color = Color.GREEN
    mode: Mode = Mode.READ


def number(value: bytes | None) -> int:
    if value is None or not value:
        return 0
    return int(value)


def nothing(ctx: Ctx) -> None:
    ctx.count += 100


def bump(ctx: Ctx) -> int:
    ctx.count += 1
    return ctx.count


def rename(ctx: Ctx, data: bytes) -> bytes:
    old = ctx.data
    ctx.data = data
    return old


def find(data: bytes, byte: int) -> int | None:
    for i in range(len(data)):
        if data[i] == byte:
            return i - 1
    return None


def flag_of(n: int) -> bool | None:
    if n < 0:
        return None
    return n > 2


def trim(data: bytes) -> bytes:
    while data and data[0] == 97:
        data = data[1:]
    if not data:
        data = b"trimmed"
    return data


def down(n: int, by: int) -> int:
    n -= by
    n *= 2
    return n


def optional(value: bytes | None) -> bytes | None:
    if not value:
        return None
    return value + b"!"


def early(n: int) -> bytes:
    if n < 0:
        return b"negative"
    elif n == 0:
        return b"zero"
    if n % 2:
        return b"odd"
    return b"even"


def swap_case(data: bytes) -> bytes:
    out = b""
    for c in data:
        if 97 <= c <= 122:
            out += b"%c" % (c - 32)
        elif 65 <= c <= 90:
            out += b"%c" % (c + 32)
        else:
            out += b"%c" % c
    return out


def fails(n: int) -> None:
    if 10 // n > 3:
        return
    n += 1


@variable("while_loop")
def while_loop(r: ngx_http_request_t) -> bytes:
    n = number(r.arg(b"a"))
    steps = 0
    while n != 1 and steps < 50:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return b"%d:%d" % (n, steps)


@variable("ranges")
def ranges(r: ngx_http_request_t) -> bytes:
    a, b = number(r.arg(b"a")), number(r.arg(b"b"))
    if abs(a) > 1000 or abs(b) > 1000:
        return b"large"
    out = b""
    i = 77
    for i in range(a, b):
        out += b"%d," % i
    out += b"%d;" % i
    for i in range(b, a, -2):
        out += b"%d," % i
    for i in range(10, 0, -3):
        i += 1
        out += b"%d " % i
    for j in range(a):
        if j == 3:
            continue
        if j == 6:
            break
        out += b"<%d>" % j
    for _ in range(3):
        out += b"."
    return out + b"%d" % i


@variable("moving_bounds")
def moving_bounds(r: ngx_http_request_t) -> bytes:
    n = number(r.arg(b"a")) % 7
    out = b""
    for i in range(n):
        n -= 1
        out += b"%d/%d " % (i, n)
    return out


@variable("nested")
def nested(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b"none"
    t = r.arg(b"t") or b""
    out = b""
    for i in range(len(s)):
        for c in t:
            if c == s[i]:
                out += b"[%d%c]" % (i, c)
                break
            if c == 98:
                continue
            out += b"-"
        else_ = i * 2
        if else_ > 6:
            break
        k = 0
        while True:
            k += 1
            if k > i:
                break
            for m in range(k):
                if m == 1:
                    break
                out += b"%d" % m
    return out


@variable("bytes_loop")
def bytes_loop(r: ngx_http_request_t) -> bytes:
    total = 0
    last = 0
    for c in r.arg(b"s") or b"":
        total = total * 31 + c
        total &= 0xFFFFFF
        last = c
    for c in ODD:
        total ^= c
    return b"%d,%d" % (total, last)


@variable("swap")
def swap(r: ngx_http_request_t) -> bytes:
    a, b = number(r.arg(b"a")), number(r.arg(b"b"))
    a, b = b, a
    a_, b_ = 1, 2
    a, b = b, a
    b, a = a, b
    x = y_ = b"" if a else b"n" if b else b"m"
    return b"%d %d %d %d" % (a, b, a_, b_) + x + y_


@variable("rotate")
def rotate(r: ngx_http_request_t) -> bytes:
    x, y, z = r.arg(b"s") or b"x", r.arg(b"t") or b"y", b"z"
    for _ in range(2):
        x, y, z = y, z, x
    n, m = 1, 1
    for _ in range(number(r.arg(b"a")) & 31):
        n, m = m, n + m
    return x + b"|" + y + b"|" + z + b"|%d" % n


@variable("narrow")
def narrow(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s")
    t = r.arg(b"t")
    if s is None:
        return b"no s"
    if not t:
        return b"no t" + s
    if s and t is not None and len(t) > 1 and t[1] == 98:
        return b"both" + s + t
    q = r.arg(b"q") or b"default"
    return s + t + q


@variable("narrow_loop")
def narrow_loop(r: ngx_http_request_t) -> bytes:
    found = None
    for _ in range(3):
        if found is None:
            found = r.arg(b"s")
        else:
            found += b"+"
    if found is not None and found.startswith(b"a"):
        return found
    return b"none" if found is None else b"other" + found


@variable("optional_int")
def optional_int(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    at = find(s, 97)
    other = find(s, 99)
    out = b""
    if at is None:
        out += b"none"
    else:
        out += b"%d" % at
    if at == other:
        out += b"same"
    if not at:
        out += b"falsy"
    if at or other:
        out += b"some"
    n = at or 9
    return out + b" %d %d" % (n, at if at is not None else -5)


@variable("optional_flag")
def optional_flag(r: ngx_http_request_t) -> bytes:
    flag = flag_of(number(r.arg(b"a")))
    if flag is None:
        return b"unknown"
    return b"yes" if flag else b"no"


@variable("maybe_value")
def maybe_value(r: ngx_http_request_t) -> bytes | None:
    value = optional(r.arg(b"s"))
    if value is None:
        return optional(r.arg(b"t"))
    return value


@variable("helpers")
def helpers(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b"aab"
    n = number(r.arg(b"a"))
    return trim(s) + s + b"%d %d " % (down(n % 100, 2), n) + early(n) + swap_case(s)


@variable("other_module")
def other_module(r: ngx_http_request_t) -> bytes:
    n = number(r.arg(b"a"))
    s = r.arg(b"s") or b"default"
    return clip(s, 2) + shared.clip(s, 9) + b"%d %d" % (shared.digits(n), shared.checked(n))


@variable("failing")
def failing(r: ngx_http_request_t) -> bytes:
    fails(number(r.arg(b"a")))
    unused = 3 // number(r.arg(b"b"))  # noqa: F841 - it may fail all the same
    return b"fine"


@variable("constants")
def constants(r: ngx_http_request_t) -> bytes:
    n = number(r.arg(b"a"))
    out = SALT + ENCODED + EMPTY + ODD
    if n in PRIMES:
        out += b"prime"
    if NAME == "abc":
        out += b"abc"
    return out


@variable("enums")
def enums(r: ngx_http_request_t, ctx: Ctx) -> bytes:
    out = b"%d %d " % (ctx.color, ctx.mode)
    if ctx.color == Color.GREEN:
        ctx.color = Color.BLUE
    ctx.mode = Mode.READ | Mode.RUN
    if ctx.mode & Mode.RUN:
        out += b"run"
    if ctx.color in (Color.RED, Color.BLUE):
        out += b"blue%d" % (ctx.color + number(r.arg(b"a")) % 10)
    local = Color.RED
    local = Color.GREEN if ctx.flag else Color.RED
    return out + b"%d" % local


@variable("state")
def state(r: ngx_http_request_t, ctx: Ctx) -> bytes:
    ctx.count = 5
    ctx.data = b"start"
    ctx.text = "txt"
    before = ctx.count + bump(ctx) * 10 + ctx.count * 100
    nothing(ctx)
    ctx.count += bump(ctx)
    out = b"%d %d" % (before, ctx.count)
    kept = ctx.data
    first = ctx.data[:2]
    ctx.data = r.arg(b"s") or b"new"
    out += kept + first + ctx.data
    out += ctx.data + rename(ctx, b"xyz") + ctx.data
    ctx.data += b"++"
    ctx.data = ctx.data[1:]
    ctx.data = ctx.data + ctx.data
    out += ctx.data
    again = rename(ctx, b"1234567890123456789012345678901234567890")
    ctx.data = b"short"
    return out + again + ctx.data


@variable("maybe_state")
def maybe_state(r: ngx_http_request_t, ctx: Ctx) -> bytes:
    ctx.maybe = None
    out = b"none" if ctx.maybe is None else b"some"
    ctx.maybe = r.arg(b"s")
    if ctx.maybe is not None:
        out += b"(" + ctx.maybe + b")"
        ctx.maybe = b""
    if ctx.maybe is None:
        out += b"still"
    elif not ctx.maybe:
        out += b"empty"
    out += ctx.maybe or b"or"
    value: bytes | None = ctx.data
    if value is None:
        return b"wrong"
    return out


@variable("small_types")
def small_types(r: ngx_http_request_t, ctx: Ctx) -> bytes:
    ctx.small = 250
    ctx.small += number(r.arg(b"a")) % 8
    local: uint8_t = 200
    local = ctx.small
    size: size_t = len(r.arg(b"s") or b"")
    size += 1
    size -= 1
    wide = size - 5
    return b"%d %d %d %d" % (ctx.small, local, size, wide)


@variable("text")
def text(r: ngx_http_request_t) -> str:
    n = number(r.arg(b"a"))
    name = "zero"
    if n:
        name = f"{n:04d}"
    return f"<{name}>" + "ü" + name + name


@variable("order")
def order(r: ngx_http_request_t, ctx: Ctx) -> bytes:
    ctx.count = number(r.arg(b"a")) % 1000
    x = ctx.count - bump(ctx)
    y = bump(ctx) - ctx.count
    z = ctx.count + bump(ctx) + ctx.count
    w = bump(ctx) if bump(ctx) % 2 and bump(ctx) else ctx.count
    flag = bump(ctx) > 3 or bump(ctx) > 5
    chain = 0 < bump(ctx) < 5 < bump(ctx)
    return b"%d %d %d %d %d %d %d" % (x, y, z, w, flag, chain, ctx.count)


def guarded(n: int, other: int) -> int:
    if n <= 0:
        n = 3
    if other < 0:
        other = 7
    return 100 // n + 50 % other


@variable("parameters")
def parameters(r: ngx_http_request_t) -> bytes:
    return b"%d" % guarded(number(r.arg(b"a")), number(r.arg(b"b")))


def wrapped(data: bytes, n: int) -> bytes:
    data = b"(%s)" % data
    if (data := data * n) and len(data) > 9:
        data = data[:9] if n > 1 else data + data
    return data


def renamed(data: bytes) -> int:
    return len(data := data + b"12") + len(data)


@variable("in_place")
def in_place(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b"abc"
    n = number(r.arg(b"a")) & 3
    s = b"<%s>" % s
    s = s * n if n else s + s
    s = wrapped(s, n + 1)
    s = s.replace(b"a", s)
    s = s or s + b"none"
    t = b"%s%d" % ((s := s + s), renamed(s))
    t = clip(t, n) + t
    return s + t


@variable("raises")
def raises(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    return b"%d" % (s[number(r.arg(b"a"))] + int(s[:1]))


@variable("long_condition")
def long_condition(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    a = number(r.arg(b"a"))
    if (
        (s.startswith(b"a") and s[1:2] == b"b")
        or (len(s) > 3 and s[3] == 97 and a // (a or 1) == 1)
        or not (a > 0 and s)
    ):
        return b"first"
    elif s and s[0] > 99 and (n := s[0]) and n % 2:
        return b"second%d" % n
    elif (m := s.find(b"c")) > 0:
        return b"third%d" % m
    else:
        return b"fourth%d" % m


@variable("unicode_name")
def größe(r: ngx_http_request_t) -> bytes:
    größe = number(r.arg(b"a"))
    straße = größe // 2
    return b"%d" % straße


@variable("keywords")
def register(r: ngx_http_request_t) -> bytes:
    rc, ctx, cl, conf, out = 1, 2, 3, 4, 5
    linux, unix, NULL, errno, stdin = 6, 7, 8, 9, 10
    s, in_, value, result, name = 11, 12, 13, 14, 15
    int8, u_char, auto, volatile, inline = 16, 17, 18, 19, 20
    n, i, k, p, data, text, left = 21, 22, 23, 24, 25, 26, 27
    ngx_int_t_, NGX_OK, offsetof, true, bool_ = 28, 29, 30, 31, 32
    total = rc + ctx + cl + conf + out + linux + unix + NULL + errno + stdin
    total += s + in_ + value + result + name + int8 + u_char + auto + volatile + inline
    total += n + i + k + p + data + text + left + ngx_int_t_ + NGX_OK + offsetof + true + bool_
    for i in range(number(r.arg(b"a")) % 5):
        for list in b"ab":
            total += list * i
    saved = b"%d" % total
    arg = saved[1:] + saved
    return arg


@variable("caught")
def caught(r: ngx_http_request_t) -> bytes | None:
    """What is raised is taken by the first ``except`` that fits."""
    n = number(r.arg(b"a"))
    d = number(r.arg(b"b"))
    text = r.arg(b"s") or b""
    q = 0
    step = 0
    try:
        step = 1
        q = n // d
        step = 2
        first = text[0]
        step = 3
        if first == 97:
            raise KeyError("an a")
        assert first != 98, "no b"
        n = n * 2
    except ZeroDivisionError:
        q = -1
    except (IndexError, OverflowError):
        q = -2
    except LookupError:
        q = -3
    else:
        step = 4
    return b"%d %d %d" % (n, q, step)


@variable("nested_try")
def nested_try(r: ngx_http_request_t) -> bytes | None:
    """An inner ``try`` that does not fit leaves it to the outer one; ``finally`` runs."""
    total = 0
    for i in range(4):
        try:
            try:
                total += int(r.arg(b"s") or b"7") // (i - 1)
            except ValueError:
                total += 100
                if i == 2:
                    break
            finally:
                total += 1000
        except ArithmeticError:
            total += 10
            continue
        total += 1
    return b"%d" % total


@variable("loop_else")
def loop_else(r: ngx_http_request_t) -> bytes:
    s, t = r.arg(b"s") or b"", r.arg(b"t") or b""
    out = b""
    for c in s:
        if c == 98:
            out += b"b,"
            break
    else:
        out += b"no b,"
    for n in range(number(r.arg(b"a")) & 7):
        for c in t:
            if c % 8 == n:
                break
        else:
            continue
        found = n
        break
    else:
        found = -1
    n = len(s)
    while n:
        n -= 1
        if n == 3:
            break
    else:
        out += b"down,"
    for _ in range(2):
        pass
    else:
        out += b"always"
    return out + b" %d" % found


@variable("loop_else_finally")
def loop_else_finally(r: ngx_http_request_t) -> bytes:
    out = b""
    for c in r.arg(b"s") or b"":
        try:
            if c == 99:
                break
            if c == 98:
                continue
            out += b"%d " % (10 // (c - 97))
        except ZeroDivisionError:
            out += b"zero "
        finally:
            out += b"f "
    else:
        return out + b"whole"
    return out + b"part"


@variable("enumerated")
def enumerated(r: ngx_http_request_t) -> bytes:
    s, t = r.arg(b"s") or b"", r.arg(b"t") or b""
    total = 0
    for i, c in enumerate(s):
        if c == 97:
            continue
        total += i * c
        i = 100
        total += i
    for i, c in enumerate(t + s, 5):
        total = total * 3 + i - c
        total &= 0xFFFFFFF
    for i, _ in enumerate(t, number(r.arg(b"a")) % 2**60):
        total += i % 97
    for at, (x, y) in enumerate(zip(s, t, strict=False), start=1):
        total += at * (x - y)
    return b"%d" % total


@variable("zipped")
def zipped(r: ngx_http_request_t) -> bytes:
    s, t = r.arg(b"s") or b"", r.arg(b"t") or b""
    same = 0
    for x, y in zip(s, t, strict=False):
        if x == y:
            same += 1
        t = b"other"
    for x, y, z in zip(s, t, s + t, strict=False):
        same += x ^ y ^ z
    for _, last in zip(b"abc", s, strict=False):
        same += last
        if last == 97:
            break
    else:
        same += 1000
    return b"%d" % same


@variable("backward")
def backward(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    n, m = number(r.arg(b"a")) % 50, number(r.arg(b"b")) % 50
    total = 0
    for c in reversed(s):
        total = (total * 7 + c) % 1000003
    for c in reversed(s + b"xy"):
        total = (total * 7 + c) % 1000003
    for i in reversed(range(n)):
        total = (total * 7 + i) % 1000003
    for i in reversed(range(m, n)):
        total = (total * 7 + i) % 1000003
    for i in reversed(range(n, m, -1)):
        total = (total * 7 + i) % 1000003
    for i in reversed(range(3, 22, 4)):
        total = (total * 7 + i) % 1000003
    for i in reversed(range(9, 3)):
        total += i
    for i, c in enumerate(reversed(s)):
        total += i * c
    return b"%d" % total


@variable("backward_far")
def backward_far(r: ngx_http_request_t) -> bytes:
    total = 0
    for i in reversed(range(-5, number(r.arg(b"a")) % 2**60)):
        total += i
        if total > 100:
            break
    return b"%d" % total


@variable("constant_loops")
def constant_loops(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    out = b""
    for word in WORDS:
        if word == "":
            continue
        out += b"%d" % (word == "first") + b"."
    for prefix, n in PAIRS:
        if s.startswith(prefix):
            out += b"%d" % n
            break
    else:
        out += b"none"
    for key, value in SIZES.items():
        out += b"%d" % (key in s) + b"%x" % (value & 255)
    for key in SIZES:
        out += b"<" * s.count(key)
    for name in NAMES.values():
        out += name[:1]
    for n in NAMES.keys():  # noqa: SIM118 - keys() is in the language
        out += b"%d" % (n % 10)
    for flag in FLAGS:
        out += b"yes" if flag else b"no"
    for i, n in enumerate(NUMBERS):
        out += b"%d" % (i * (n % 11))
    for n in reversed(NUMBERS):
        out += b"%d" % (n % 9)
    for c, n in zip(s, NUMBERS, strict=False):
        out += b"%d" % (c * (n % 5))
    for c in (97, 98):
        out += b"%d" % s.find(b"%c" % c)
    for text in [b"one", b"two"]:
        out += text
    return out + b"%d%d" % (len(NUMBERS), len(SIZES)) + text


@variable("looked_up")
def looked_up(r: ngx_http_request_t) -> bytes:
    s, n = r.arg(b"s") or b"", number(r.arg(b"a"))
    out = b"%d " % SIZES.get(s, -1) + NAMES.get(n, b"other")
    found = NAMES.get(n)
    if found is not None:
        out += b"there" + found
    size = SIZES.get(s)
    out += b"none" if size is None else b"%d" % size
    if s in SIZES and n not in NAMES:
        out += b"both"
    if n in NAMES or s in SIZES:
        out += b"any"
    return out + b"%d" % (SIZES[b"abc"] + NUMBERS[-1] % 7 + SIZES.get(s + b"bc", n % 5))


@variable("key_error")
def key_error(r: ngx_http_request_t) -> bytes:
    out = b""
    n = number(r.arg(b"a"))
    try:
        out += NAMES[n]
    except KeyError:
        out += b"no name "
    return out + b"%d" % SIZES[r.arg(b"s") or b""]


@variable("index_error")
def index_error(r: ngx_http_request_t) -> bytes:
    n = number(r.arg(b"a"))
    return b"%d" % (NUMBERS[n % 4] % 13) + PAIRS[0][0] + b"%d" % NUMBERS[n]


@variable("divided")
def divided(r: ngx_http_request_t) -> bytes:
    a, b = number(r.arg(b"a")), number(r.arg(b"b"))
    q, m = divmod(a, 7)
    a, b = divmod(a >> 1, b)
    x, y = divmod(-17, -5)
    return b"%d %d %d %d %d %d" % (q, m, a, b, x, y)


@variable("told_apart")
def told_apart(r: ngx_http_request_t) -> bytes:
    s, t = r.arg(b"s"), r.arg(b"t")
    if not isinstance(s, bytes):
        return b"no s"
    if isinstance(t, (bytes, str)) and len(t) > 1:
        return t[1:] + s
    if isinstance(t, str):
        return b"never"
    return s


class Size(enum.IntEnum):
    small = 1
    large = 5


@variable("matched")
def matched(r: ngx_http_request_t) -> bytes:
    a = number(r.arg(b"a"))
    match a:  # a number
        case 0:
            return b"zero"
        case 1 | 2:
            return b"few"
        case -1 | -9:
            return b"less"
        case Size.large | 7 if number(r.arg(b"b")) > 0:
            return b"large"
        case n if n > 100:
            return b"many %d" % n
        case n:
            return b"%d" % (n + 1)


@variable("matched_texts")
def matched_texts(r: ngx_http_request_t) -> bytes:
    found = b""
    match r.arg(b"s"):
        case None:
            return b"none"
        case b"ab" | b"xyz" as which:
            found = which + b"!"
        case other if len(other) > 4:
            found = b"long"
        case _:
            pass
    match r.arg(b"t") or b"", number(r.arg(b"a")) % 3, found == b"":
        case b"", 0, _:
            return b"empty"
        case b"abcabc", n, True:
            return b"abc%d" % n
        case text, 1 | 2, False if text != b"aaa":
            return text + found
        case (text, _, _):
            found += b"else" + text
    return found


def doubled(value: bytes, log: int) -> bytes:
    """Fails for a long value, so that what is evaluated too early is seen."""
    assert len(value) < 6
    return value * 2 if log else value


@variable("decided")
def decided(r: ngx_http_request_t) -> bytes:
    a, b = number(r.arg(b"a")), number(r.arg(b"b"))
    s = r.arg(b"s") or b""
    t = r.arg(b"t")
    result = b""
    if t is not None and any(c in t for c in s):
        result += b"1"
    if a < 0 or all(c != 97 for c in s):
        result += b"2"
    if not any(doubled(x, a)[:1] == b"a" for x in s.split(b"b") if x):
        result += b"3"
    if len(s) < 6 and a > 0 and any(doubled(s, n) == s for n in range(a % 7)) and b > 0:
        result += b"4"
    first = b"many" if any(n * n > a for n in range(5)) else b"few"
    once = s or b"-".join(word for word in (t or b"none").split(b"c"))
    return result + first + once


@variable("reduced")
def reduced(r: ngx_http_request_t) -> bytes:
    a, b = number(r.arg(b"a")), number(r.arg(b"b"))
    s = r.arg(b"s") or b""
    total = sum(c for c in s if c != 98)
    pairs = sum(x * y for x in range(a % 5) for y in range(x) if x != y + 1)
    largest = max((abs(n - b) for n in (a, b, 7)), default=0)
    longest = max((len(w) for w in s.split(b"a") if w != b"bc"), default=-1)
    words = [b"%d%s" % (i, w) for i, w in enumerate(s.split(b"b"))]
    flat = [x + y for x in s.split(b"a") for y in (b"+", b"-") if x]
    counted = list(n * 2 for n in range(len(s)))  # noqa: C400
    return (
        b"%d %d %d %d %d " % (total, pairs, largest, longest, sum(counted))
        + b",".join(words)
        + b"/".join(flat)
    )


@variable("smallest")
def smallest(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    least = min(c for c in s)
    return b"%d %s" % (least, min(s.split(b"b")))
