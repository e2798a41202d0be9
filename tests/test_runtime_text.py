"""The runtime of the rows of `pyngx.ops.text` beside CPython, on generated arguments."""

from __future__ import annotations

from ctypes import Structure, addressof, byref, c_int64, c_size_t, c_void_p, sizeof
from typing import Any

import pytest

from tests.test_runtime_calls import DECLINED, MAX, OK, ROUNDS, Runtime, Text, runtime, text

__all__ = ["runtime"]

LINES = (b"", b"\n", b"\r\n", b"a\rb", b"\n\r", b"a\r\n\r\nb\n", b"a\x0bb\x0c\x1c\x85", b"a\r")
SPACES = (b" a  b ", b"\t\n", b"a b c", b"  a", b"a  ", b"\x1ca\x0bb\x00 c")
WIDTHS = (-MAX, -1, 0, 1, 2, 3, 8, 9, 10, 11, 40)


class Array(Structure):
    """``ngx_array_t``."""

    _fields_ = (
        ("elts", c_void_p),
        ("nelts", c_size_t),
        ("size", c_size_t),
        ("nalloc", c_size_t),
        ("pool", c_void_p),
    )


def listed(found: c_void_p) -> list[bytes]:
    """The byte strings of an array."""
    assert found.value is not None
    array = Array.from_address(found.value)
    assert array.size == sizeof(Text)
    parts = (Text * array.nelts).from_address(array.elts) if array.nelts else ()
    return [part.value for part in parts]


def outcome(function: Any, *arguments: Any) -> Any:
    """What Python gives; the exception's class if it raises."""
    try:
        return function(*arguments)
    except Exception as error:
        return type(error)


def built(runtime: Runtime, name: str, *arguments: Any, memory: bool = True) -> bytes | None:
    """What the runtime gives; None if it declines."""
    result = Text()
    pool = (runtime.pool,) if memory else ()
    status = runtime.call(f"bytes_{name}", *pool, *arguments, byref(result))
    assert status in (OK, DECLINED)
    return result.value if status == OK else None


def pieces(runtime: Runtime, name: str, *arguments: Any) -> list[bytes] | None:
    """The list that the runtime gives; None if it declines."""
    result = c_void_p()
    status = runtime.call(f"bytes_{name}", runtime.pool, *arguments, byref(result))
    assert status in (OK, DECLINED)
    return listed(result) if status == OK else None


@pytest.mark.parametrize("name", ["index", "rindex"])
def test_position(name: str, runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        s, sub = runtime.data(), runtime.data(2)
        start, end = runtime.bound(), runtime.bound()
        value = c_int64()
        status = runtime.call(
            f"bytes_{name}", byref(text(s)), byref(text(sub)), start, end, byref(value)
        )
        got = value.value if status == OK else ValueError
        assert got == outcome(getattr(s, name), sub, start, end), (s, sub, start, end)


@pytest.mark.parametrize("name", ["isascii", "istitle"])
def test_predicate(name: str, runtime: Runtime) -> None:
    values = [bytes([byte]) for byte in range(256)] + [b"", b"Ab Cd", b"aB", b"A1B a"]
    for s in values + [runtime.data(5) for _ in range(ROUNDS)]:
        assert bool(runtime.call(f"bytes_{name}", byref(text(s)))) == getattr(s, name)(), s


@pytest.mark.parametrize("name", ["title", "capitalize", "swapcase", "hex"])
def test_plain(name: str, runtime: Runtime) -> None:
    for s in [bytes(range(256)), b"", *(runtime.data() for _ in range(ROUNDS))]:
        wanted = getattr(s, name)()
        wanted = wanted.encode() if isinstance(wanted, str) else wanted
        assert built(runtime, name, byref(text(s))) == wanted, s


@pytest.mark.parametrize("name", ["ljust", "rjust", "center"])
def test_padding(name: str, runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        s, width = runtime.data(12), runtime.random.choice(WIDTHS)
        fill = runtime.random.choice((b" ", b"\x00", b"\xff", b"", b"ab"))
        wanted = outcome(getattr(s, name), width, fill)
        got = built(runtime, name, byref(text(s)), width, byref(text(fill)))
        assert got == (None if wanted is TypeError else wanted), (s, width, fill)


def test_zfill(runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        s = runtime.random.choice((b"", b"-", b"+", b"--", b" ")) + runtime.data(6)
        width = runtime.random.choice(WIDTHS)
        assert built(runtime, "zfill", byref(text(s)), width) == s.zfill(width), (s, width)


def test_expandtabs(runtime: Runtime) -> None:
    sizes = (-MAX, -(2**31) - 1, -(2**31), -1, 0, 1, 2, 4, 8, 2**31, MAX)
    for _ in range(ROUNDS):
        s = b"".join(
            runtime.random.choice((b"\t", b"a", b"bc", b"\n", b"\r", b"\xff"))
            for _ in range(runtime.random.randint(0, 9))
        )
        size = runtime.random.choice(sizes)
        wanted = outcome(s.expandtabs, size)
        result = Text()
        status = runtime.call("expandtabs", runtime.pool, 0, byref(text(s)), size, byref(result))
        got = result.value if status == OK else None
        assert got == (None if wanted is OverflowError else wanted), (s, size)


def test_translate(runtime: Runtime) -> None:
    table = bytes(runtime.random.randrange(256) for _ in range(256))
    for _ in range(ROUNDS):
        s, deleted = runtime.data(), runtime.data(2)
        for chosen in (table, None, b"", table[:255], table + b"a"):
            wanted = outcome(s.translate, chosen, deleted)
            given = byref(Text() if chosen is None else text(chosen))
            got = built(runtime, "translate", byref(text(s)), given, byref(text(deleted)))
            assert got == (None if wanted is ValueError else wanted), (s, chosen, deleted)


@pytest.mark.parametrize("name", ["split", "rsplit"])
def test_split(name: str, runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        s = runtime.random.choice((runtime.data(12), *SPACES))
        most = runtime.random.choice((-2, -1, 0, 1, 2, 3, MAX))
        for sep in (None, runtime.data(2)):
            given = Text() if sep is None else text(sep)
            wanted = outcome(getattr(s, name), sep, most)
            got = pieces(runtime, name, byref(text(s)), byref(given), most)
            assert got == (None if wanted is ValueError else wanted), (s, sep, most)
        assert pieces(runtime, name, byref(text(s)), None, -1) == getattr(s, name)()


def test_splitlines(runtime: Runtime) -> None:
    for s in [*LINES, *(runtime.data(12) for _ in range(ROUNDS))]:
        for keep in (0, 1):
            got = pieces(runtime, "splitlines", byref(text(s)), keep)
            assert got == s.splitlines(bool(keep)), (s, keep)


def test_join(runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        parts = [runtime.data(3) for _ in range(runtime.random.randint(0, 4))]
        held = [text(part) for part in parts]
        items = (Text * max(len(held), 1))(*held)
        s = runtime.data(2)
        given = Array(addressof(items), len(parts), sizeof(Text), len(parts), None)
        assert built(runtime, "join", byref(text(s)), byref(given)) == s.join(parts), (s, parts)


def test_partition(runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        s, sep = runtime.data(), runtime.data(2)
        for method, names in (
            ("partition", ("before", "at", "behind")),
            ("rpartition", ("rbefore", "at", "rbehind")),
        ):
            wanted = outcome(getattr(s, method), sep)
            held = text(s), text(sep)
            got = tuple(
                built(runtime, name, byref(held[0]), byref(held[1]), memory=False) for name in names
            )
            assert got == ((None,) * 3 if wanted is ValueError else wanted), (s, sep)


def test_utf8(runtime: Runtime) -> None:
    """All sequences of a few bytes at the edges of what is UTF-8."""
    edges = b"\x00\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf"
    edges += b"\xe0\xe1\xec\xed\xee\xef\xf0\xf1\xf3\xf4\xf5\xff"
    values = [bytes([a, b, c]) for a in edges for b in edges for c in edges]
    values += [bytes(runtime.random.choice(edges[3:]) for _ in range(4)) for _ in range(ROUNDS)]
    values += ["aß日𝄞\U0010ffff".encode() * n for n in range(3)]
    for s in values:
        wanted = outcome(s.decode)
        held = text(s)
        got = built(runtime, "decode", byref(held), memory=False)
        assert got == (None if wanted is UnicodeDecodeError else s), s
