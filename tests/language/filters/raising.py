"""Exceptions, ``finally``, and ``and`` and ``or`` as values, in each other and in loops."""

from dataclasses import dataclass
from enum import IntEnum

from pyngx import RequestCtx, variable
from pyngx.ngx import ngx_http_request_t

CODES = {1: b"one", 2: b"two"}
NAMES = {b"a": 1, b"b": 2}


class Color(IntEnum):
    RED = 1
    BLUE = 2


class Own(Exception):
    """Own."""


class Sub(Own, KeyError):
    """Sub."""


class Ctx(RequestCtx):
    n: int = 0
    text: bytes = b""
    maybe: bytes | None = None


@dataclass
class Point:
    x: int
    y: int


def num(v: bytes | None) -> int:
    return int(v or b"0")


def div(a: int, b: int) -> int:
    try:
        return a // b
    except ZeroDivisionError:
        return -1
    finally:
        if a == 5:
            raise Own(f"five {b}")


def maybe(n: int) -> bytes | None:
    return (n and b"%d" % n) or None


def pair(n: int) -> tuple[int, bytes]:
    assert n != 3, "three"
    return n, (n and b"x" * (n & 7)) or b"none"


@variable("a1")
def a1(r: ngx_http_request_t) -> str:
    a, b = num(r.arg(b"a")), num(r.arg(b"b"))
    out = ""
    for i in range(4):
        try:
            out += f"{div(a + i, b - i)},"
        except Own as e:
            out += f"<{e}>"
            continue
        else:
            if i == 2 and b:
                break
        finally:
            out += "f"
    else:
        out += "else"
    return out


@variable("a2")
def a2(r: ngx_http_request_t) -> str:
    a, b = num(r.arg(b"a")), num(r.arg(b"b"))
    s = r.arg(b"s") or b""
    try:
        x = (a and s[a]) or (b and s[b])
        return f"{x}"
    except IndexError as e:
        return (a and f"{e}") or "zero"


@variable("a3")
def a3(r: ngx_http_request_t) -> str:
    a = num(r.arg(b"a"))
    try:
        try:
            if a > 0:
                raise Sub("sub")
            raise Own("own")
        except KeyError as e:
            return f"key {e}"
        finally:
            a += 1
    except Own as e:
        return f"own {e} {a}"


@variable("a4")
def a4(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    out = []
    for w in s.split(b"b"):
        try:
            out.append((w and CODES[int(w)]) or b"-")
        except (KeyError, ValueError) as e:
            out.append(str(e).encode())
    return b"|".join(out)


@variable("a5")
def a5(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    try:
        return b",".join([b"%d" % NAMES[s[i : i + 1]] for i in range(len(s))])
    except KeyError as e:
        return b"no " + str(e).encode() + ((r.arg(b"t") and b"t") or b"")


@variable("a6")
def a6(r: ngx_http_request_t) -> bytes:
    a, b = num(r.arg(b"a")), num(r.arg(b"b"))
    n = 0
    while True:
        n += 1
        try:
            if n > 5:
                break
            if a // (b - n) > 1 and n < 3:
                continue
            assert a != n, "stop"
        except ZeroDivisionError:
            n += 2
        except AssertionError as e:
            return str(e).encode()
        finally:
            a ^= 1
    return b"%d %d" % (n, a)


@variable("a7")
def a7(r: ngx_http_request_t, ctx: Ctx) -> bytes:
    a = num(r.arg(b"a"))
    try:
        ctx.text = (maybe(a) or b"") + b"!"
        ctx.maybe = maybe(a)
        ctx.n = (a and len(ctx.text)) or 7
        if (ctx.maybe and int(ctx.maybe) > 2) or ctx.n == 7:
            raise Own((ctx.maybe and "m") or "n")
    except Own as e:
        ctx.text += str(e).encode()
    return ctx.text + (ctx.maybe or b"none") + b"%d" % ctx.n


@variable("a8")
def a8(r: ngx_http_request_t) -> str:
    a, b = num(r.arg(b"a")), num(r.arg(b"b"))
    try:
        n, w = (a and pair(b)) or (0, b"zero")
        m, v = (b and pair(a)) or pair(1)
        return f"{n} {len(w)} {m} {len(v)}"
    except AssertionError as e:
        return str(e)


@variable("a9")
def a9(r: ngx_http_request_t) -> str:
    a, b = num(r.arg(b"a")), num(r.arg(b"b"))
    c = a > b
    d = a or b > 1
    e = (c and a) or 0
    f = (a > b) or (b > 1)
    g = c if a else b > 1
    return f"{c} {e} {f} {g} {a and b} {not a or not b} {bool(d)}"


@variable("b1")
def b1(r: ngx_http_request_t) -> str:
    s = r.arg(b"s") or b""
    a = num(r.arg(b"a"))
    try:
        c = Color(a)
        return c.name
    except ValueError as e:
        if len(s) > 1:
            raise
        return str(e)


@variable("b2")
def b2(r: ngx_http_request_t) -> str:
    a, b = num(r.arg(b"a")), num(r.arg(b"b"))
    p = Point(a, b)
    try:
        p.x = p.x // p.y
        p.y += p.x
    except ZeroDivisionError:
        p.x = 9
        p.y = 9
    finally:
        p.y ^= 1
    return f"{p.x} {p.y}"


@variable("b3")
def b3(r: ngx_http_request_t) -> bytes:
    """The value of a return is computed before the finally."""
    a = num(r.arg(b"a"))
    out = b"x"
    try:
        return out + b"%d" % (10 // a)
    except ZeroDivisionError as e:
        return out + str(e).encode()
    finally:
        out = b"changed"
        a = 99


@variable("b4")
def b4(r: ngx_http_request_t) -> bytes:
    a, b = num(r.arg(b"a")), num(r.arg(b"b"))
    values = [a, b, a - b]
    try:
        values.remove(7)
        values.insert(0, 10 // b)
    except ValueError:
        values.append(-7)
    except ZeroDivisionError:
        values.clear()
    total = sum(v for v in values if (v and v % 2) or v > 5)
    return b"%d %d" % (total, len(values))


@variable("b5")
def b5(r: ngx_http_request_t) -> str:
    s = r.arg(b"s") or b""
    try:
        return "ok " + s.decode()
    except UnicodeDecodeError as e:
        return f"{e!s:.30}"
    except ValueError:
        return "value"


@variable("b6")
def b6(r: ngx_http_request_t) -> bytes:
    a, b = num(r.arg(b"a")), num(r.arg(b"b"))
    try:
        if (a and 10 // b > 1 and (x := a * b) and x > 3) or b == 1:
            return b"yes"
        return b"no"
    except ZeroDivisionError:
        return b"zero"


@variable("b7")
def b7(r: ngx_http_request_t) -> bytes:
    a, b = num(r.arg(b"a")), num(r.arg(b"b"))
    out = b""
    for i in range(3):
        for j in range(3):
            try:
                if i == a and j == b:
                    raise Own("here")
                out += b"%d" % (i // (j - b))
            except Own:
                break
            except ZeroDivisionError:
                out += b"z"
            finally:
                out += b"."
        else:
            out += b"E"
    return out


@variable("b8")
def b8(r: ngx_http_request_t) -> str:
    a = num(r.arg(b"a"))
    try:
        try:
            return f"{10 // a}"
        finally:
            try:
                num(b"x")
            except ValueError:
                a += 5
    except ZeroDivisionError as e:
        return f"{e} {a}"


@variable("b9")
def b9(r: ngx_http_request_t) -> str:
    a = num(r.arg(b"a"))
    try:
        try:
            n = 10 // a
        except ZeroDivisionError:
            n = int(r.arg(b"s") or b"")
        else:
            n = [1, 2, 3][n]
        finally:
            a = -a
    except (IndexError, ValueError) as e:
        return f"{e}{a}"
    return f"{n} {a}"


@variable("c1")
def c1(r: ngx_http_request_t) -> str:
    s = r.arg(b"s")
    n = s is not None and len(s) > 1 and s[0] == s[1]
    m = s is None or len(s) == 0 or s[0]
    k = (s and s[0]) or 0
    return f"{n} {m and 1} {k or 0}"


@variable("c2")
def c2(r: ngx_http_request_t) -> bytes:
    a, b = num(r.arg(b"a")), num(r.arg(b"b"))
    match (a, b):
        case (0, _):
            v = (b and b"zero") or b"both"
        case (x, y) if x > y and y:
            v = b"%d" % (x // y)
        case _:
            v = maybe(a) or maybe(b) or b"none"
    return v


@variable("c3")
def c3(r: ngx_http_request_t) -> str:
    a = num(r.arg(b"a"))
    words = ["a", "b", "c"]
    try:
        assert a in (0, 1, 2) or (a > 4 and a < 9), (a and "range") or "none"
        return words[a]
    except AssertionError as e:
        return f"A{e}"
    except LookupError as e:
        return f"L{e}"


@variable("c4")
def c4(r: ngx_http_request_t) -> bytes:
    s, t = r.arg(b"s") or b"", r.arg(b"t") or b""
    best = max((w for w in s.split(b"a") if w and t), default=b"") or ((s < t and s) or t) or b"?"
    some = (any(w and w in t for w in s.split(b"b")) and b"any") or b"not"
    every = (all(c > 96 or c == 37 for c in s) and len(s) > 1 and b"all") or b"few"
    return best + some + every


@variable("c5")
def c5(r: ngx_http_request_t) -> str:
    a, b = num(r.arg(b"a")), num(r.arg(b"b"))
    f = (a and a / 2) or (b and 1.5) or 0.25
    try:
        g = (f and 1 / (f - 0.5)) or f
        return f"{f} {g}"
    except ZeroDivisionError as e:
        return f"{e}"


@variable("c6")
def c6(r: ngx_http_request_t) -> bytes:
    try:
        return inner(r.arg(b"s") or b"", 3)
    except RecursionError:
        return b"deep"
    except Own as e:
        return str(e).encode()


def inner(s: bytes, n: int) -> bytes:
    out = b""
    for c in s:
        try:
            out += leaf(c, n)
        except ValueError as e:
            out += b"(" + str(e).encode() + b")"
            if n > 5:
                raise
        n += 1
    return out


def leaf(c: int, n: int) -> bytes:
    if c == 98 and n > 3:
        raise Own(f"b at {n}")
    if c == 97:
        raise ValueError(n)
    return (c > 100 and b"big") or b"%c" % c


@variable("c7")
def c7(r: ngx_http_request_t) -> str:
    a, b = num(r.arg(b"a")), num(r.arg(b"b"))
    x = 0
    try:
        x = a
        x = 10 // b
        x = 100
    except ZeroDivisionError:
        pass
    y = (x and b) or a
    return f"{x} {y}"


@variable("c8")
def c8(r: ngx_http_request_t) -> bytes:
    t = r.arg(b"t") or b""
    a = num(r.arg(b"a"))
    text = b""
    try:
        for i, c in enumerate(t):
            text += (c == 97 and b"A") or (i % 2 and b"%c" % c) or b"_"
            if i > a:
                if c == 98:
                    raise StopIteration
                raise IndexError(i)
    except StopIteration as e:
        text += b"stop" + str(e).encode()
    except IndexError as e:
        text += b"index" + str(e).encode()
    return text


@variable("d1")
def d1(r: ngx_http_request_t) -> str:
    """What fails in a ``finally`` that a jump runs is not taken by its own ``try``."""
    a, b = num(r.arg(b"a")), num(r.arg(b"b"))
    n = 0
    out = ""
    for i in range(3):
        try:
            try:
                if i == a:
                    continue
                if i == b:
                    break
                out += f"{10 // (i + a)}"
            except ZeroDivisionError:
                out += "own"
            finally:
                n += 1
                out += f"{12 // (i - b)},"
        except ZeroDivisionError as e:
            out += f"<{e}>"
    return f"{out} {n}"


@variable("d2")
def d2(r: ngx_http_request_t) -> str:
    a, b = num(r.arg(b"a")), num(r.arg(b"b"))
    steps = [a]
    try:
        return returning(steps, a, b)
    except Own as e:
        return f"own {e} {len(steps)}"
    except ZeroDivisionError as e:
        return f"{e} {len(steps)}"


def returning(values: list[int], a: int, b: int) -> str:
    out = ""
    n = 0
    try:
        try:
            return f"{values[0]}"
        except (ZeroDivisionError, Own):
            out += "inner"
        finally:
            n += 1
            if a == 2:
                raise Own(f"two {n}")
            n = n // b
    except ZeroDivisionError:
        out += "outer"
    finally:
        n += 10
        if a == 5:
            raise Own(f"five {n}")
    return f"{out} {n}"
