"""Errors that helpers raise and callers take, each function beside CPython."""

import binascii
import logging

from pyngx import variable
from pyngx.ngx import ngx_http_request_t

log = logging.getLogger(__name__)


class Refusal(Exception):
    """An error of the file's own."""


class Odd(Refusal, ValueError):
    """One that is taken as either."""


def number(text: bytes | None) -> int:
    return int(text or b"0")


def share(n: int, d: int) -> int:
    if n == 13:
        raise Odd(f"thirteen of {d}")
    return n // d


def first(text: bytes) -> int:
    if text.startswith(b"x"):
        raise Refusal("an x")
    return text[0]


def both(text: bytes, n: int, d: int) -> bytes:
    """A helper that calls helpers, with a ``finally`` on the way."""
    found = b"?"
    try:
        found = b"%d" % share(n, d)
        return found + b"%d" % first(text)
    finally:
        found += b"!"
        share(1, d or 1)


def guarded(text: bytes, d: int) -> int:
    """One that takes some of what it is given, and raises something else."""
    try:
        return share(first(text), d)
    except Refusal as refusal:
        raise KeyError("guarded") from refusal
    except ZeroDivisionError:
        return first(text[1:])


def find(text: bytes, what: bytes) -> bytes | None:
    if not what:
        return None
    at = text.index(what)
    return text[at + len(what) :] or None


def pair(text: bytes) -> tuple[bytes, int]:
    return text[:1], text[1]


def flag(n: int) -> bool:
    return share(6, n) > 1


def check(n: int) -> None:
    assert n != 5, f"five {n}"
    if n > 40:
        raise OverflowError


def words(text: bytes) -> list[bytes]:
    if not text:
        raise LookupError("no words")
    return text.split(b"b")


def harmless(n: int) -> int:
    return n & 7


@variable("taken")
def taken(r: ngx_http_request_t) -> str:
    try:
        n = share(number(r.arg(b"a")), number(r.arg(b"b")))
    except ZeroDivisionError:
        return "zero"
    except Odd as e:
        return f"odd: {e}"
    except (ValueError, OverflowError):
        return "value"
    return f"{n} {harmless(n)}"


@variable("partly")
def partly(r: ngx_http_request_t) -> bytes:
    """What no ``except`` takes ends the request, at the line where it was raised."""
    text = r.arg(b"s") or b""
    try:
        return b"%d" % guarded(text, number(r.arg(b"b")))
    except KeyError:
        return b"key"


@variable("through")
def through(r: ngx_http_request_t) -> bytes:
    text = r.arg(b"s") or b""
    out = b""
    try:
        out = both(text, number(r.arg(b"a")), number(r.arg(b"b")))
    except ArithmeticError:
        out += b"arithmetic"
    except LookupError:
        out += b"lookup"
    except Refusal as e:
        out += str(e).encode()
    else:
        out += b"."
    return out


@variable("untaken")
def untaken(r: ngx_http_request_t) -> bytes:
    return both(r.arg(b"s") or b"", number(r.arg(b"a")), number(r.arg(b"b")))


@variable("outer")
def outer(r: ngx_http_request_t) -> bytes:
    """Handlers further out, with a ``finally`` between."""
    out = b""
    for i in range(3):
        try:
            try:
                out += b"%d" % share(number(r.arg(b"a")), number(r.arg(b"b")) - i)
                try:
                    out += b"<%d>" % first((r.arg(b"s") or b"")[i:])
                except Refusal:
                    out += b"refused"
                    if i == 1:
                        break
                    continue
            except IndexError:
                out += b"end"
            finally:
                out += b" f"
        except ZeroDivisionError:
            out += b"zero"
    return out


@variable("again")
def again(r: ngx_http_request_t) -> bytes:
    """``raise`` alone, to a handler further out or to the end."""
    out = b""
    try:
        try:
            out += b"%d" % share(number(r.arg(b"a")), number(r.arg(b"b")))
        except (ArithmeticError, Odd) as e:
            out += b"[" + str(e).encode() + b"]"
            raise
        except ValueError:
            out += b"value"
            raise
    except ZeroDivisionError:
        out += b"zero"
    except Odd as e:
        out += b"odd " + str(e).encode()
    return out


@variable("named")
def named(r: ngx_http_request_t) -> bytes:
    """The outer exception is raised again from inside another handler."""
    try:
        return b"%d" % share(number(r.arg(b"a")), number(r.arg(b"b")))
    except ArithmeticError as problem:
        try:
            return b"%d" % first(r.arg(b"s") or b"")
        except Refusal as e:
            return f"{problem}; {e}".encode()
        except LookupError:
            raise problem from None


@variable("own")
def own(r: ngx_http_request_t) -> str:
    """What the function raises itself, with computed messages."""
    s = r.arg(b"s") or b""
    out = ""
    try:
        if len(s) == 1:
            raise Refusal(f"{len(s)} byte")
        if len(s) == 2:
            raise Odd("two" if s == b"ab" else "other two")
        if len(s) == 3:
            raise ValueError(len(s))
        if len(s) == 4:
            raise KeyError("four")
        if len(s) == 5:
            raise LookupError
        if len(s) == 6:
            raise binascii.Error("six")
        check(len(s))
    except KeyError as e:
        out = f"key {e}"
    except (LookupError, Refusal) as e:
        out = "one " + str(e)
    except ValueError as e:
        out = "%s!" % e  # noqa: UP031
    return out


@variable("chained")
def chained(r: ngx_http_request_t) -> str:
    try:
        return f"{number(r.arg(b's'))}"
    except ValueError as e:
        if r.arg(b"a") == b"1":
            raise Refusal("no number") from e
        if r.arg(b"a") == b"0":
            raise Refusal(f"no number {number(r.arg(b'b'))}") from None
        raise LookupError(number(r.arg(b"a"))) from e


@variable("kinds")
def kinds(r: ngx_http_request_t) -> str:
    """Results of every type, from helpers that may raise."""
    s = r.arg(b"s") or b""
    out = ""
    try:
        rest = find(s, r.arg(b"t") or b"")
        out += "none" if rest is None else f"{len(rest)}"
        one, two = pair(s)
        out += f"{len(one)} {two}"
        if flag(number(r.arg(b"b"))):
            out += " flag"
        check(number(r.arg(b"a")))
        for word in words(s):
            out += f" {len(word)}"
    except ZeroDivisionError:
        out += "zero"
    except AssertionError as e:
        out += f"assert {e}"
    except (ValueError, LookupError):
        out += "?"
    return out


@variable("unbound")
def unbound(r: ngx_http_request_t) -> bytes:
    """One name in several handlers; what is kept of it."""
    text = ""
    kept = ""
    for i in range(3):
        try:
            text += f"{share(12, number(r.arg(b'a')) - i)}"
        except ZeroDivisionError as e:
            kept = str(e) + str(i)
        except Exception as e:
            kept = str(e)
    try:
        text += f"{number(r.arg(b's'))}"
    except ValueError:
        text += "value"
    return f"{text} {kept}".encode()


@variable("everything")
def everything(r: ngx_http_request_t) -> bytes:
    out = b""
    for text in (b"1", b"x", b"", b"7x"):
        try:
            out += b"%d" % share(first(text), number(r.arg(b"b")))
        except BaseException as e:
            out += b"(" + str(e).encode() + b")"
    try:
        out += b"%d" % number(r.arg(b"s"))
    except:  # noqa: E722
        out += b"bare"
    return out


@variable("in_conditions")
def in_conditions(r: ngx_http_request_t) -> bytes:
    a = number(r.arg(b"a"))
    b = number(r.arg(b"b"))
    try:
        if (a > 0 and share(a, b) > 1) or (b > 5 and flag(a)):
            return b"yes"
        n = (share(a, 3) if b else share(b, a)) & 31
        while n < 50 and share(100, n):
            n += 17
        return b"%d" % n
    except (ArithmeticError, Odd) as e:
        return b"no " + str(e).encode()


ROWS = (5, 7, 9)
NAMES = {b"a": 1, b"it's": 2}
CODES = {1: b"one"}


def message(n: int, s: bytes, t: bytes) -> int:
    """A way to fail for each number, its message that of CPython."""
    if n == 0:
        return int(s) + int(t)
    if n == 1:
        return n // len(s) + 5 % len(t)
    if n == 2:
        return s[len(t)]
    if n == 5:
        return ROWS[len(s)]
    if n == 6:
        return NAMES[s + t]
    if n == 7:
        return len(CODES[len(s)])
    if n == 12:
        return len(s.decode() + t.decode())
    if n == 13:
        return s.index(t) + len(t.split(s))
    if n == 27:
        return len(bytes((len(s) * 100, len(t))))
    if n == 97:
        return len(b"%c" % (len(s) * 100))
    if n == 300:
        return int(s, 16) + int(t.decode(), 3)
    if n == -9:
        return [1, 2, 3][len(s)]
    if n == -1:
        return 1 << (len(s) - 3)
    return n * n


@variable("messages")
def messages(r: ngx_http_request_t) -> str:
    s = r.arg(b"s") or b""
    t = r.arg(b"t") or b""
    out = ""
    for text, other in ((s, t), (t, s), (s + b"'", t), (s + t, b"'" + chr(34).encode())):
        try:
            out += f"{message(number(r.arg(b'a')), text, other)} "
        except Exception as e:
            out += f"{e} "
    return out


@variable("logged")
def logged(r: ngx_http_request_t) -> str:
    """The same, in the log."""
    return f"{message(number(r.arg(b'a')), r.arg(b's') or b'', r.arg(b't') or b'')}"


def counted(name: bytes, r: ngx_http_request_t, more: int) -> int:
    return int(r.arg(name) or b"") + more


@variable("requests_last")
def requests_last(r: ngx_http_request_t) -> str:
    """A helper that raises, whose request is not its first parameter."""
    try:
        return f"{counted(b'a', r, 10) + counted(b's', r, 16)}"
    except ValueError as e:
        return f"{e}"
