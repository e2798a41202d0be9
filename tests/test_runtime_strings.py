"""The runtime of the rows of `pyngx.ops.strings` beside CPython, on generated arguments."""

from __future__ import annotations

from ctypes import byref, c_int64, c_void_p
from typing import Any

import pytest

from tests.test_runtime_calls import DECLINED, MAX, OK, ROUNDS, Runtime, Text, runtime, text
from tests.test_runtime_text import listed, outcome

__all__ = ["runtime"]

SPACES = "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000"
NO_SPACES = "\x00\x08\x1b\x7f\x84\u180e\u1fff\u200b\u200d\u2027\u202a\u2060\ufeff"
LETTERS = "aabü日😀\t \n-+" + SPACES
WIDTHS = (-MAX, -1, 0, 1, 2, 3, 8, 9, 10, 11, 40)


def word(runtime: Runtime, most: int = 9) -> str:
    """A text of few different characters, which take one to four bytes."""
    size = runtime.random.randint(0, most)
    alphabet = LETTERS[: runtime.random.choice((2, 6, len(LETTERS)))]
    return "".join(runtime.random.choice(alphabet) for _ in range(size))


def given(value: str) -> Any:
    """The operand for a text."""
    return byref(text(value.encode()))


def made(runtime: Runtime, name: str, *arguments: Any, memory: bool = True) -> str | None:
    """What the runtime gives; None if it declines."""
    result = Text()
    pool = (runtime.pool,) if memory else ()
    status = runtime.call(name, *pool, *arguments, byref(result))
    assert status in (OK, DECLINED)
    return result.value.decode() if status == OK else None


def viewed(runtime: Runtime, name: str, held: Text, *arguments: Any) -> str:
    """The view that a function without a status stores."""
    result = Text()
    runtime.call(name, byref(held), *arguments, byref(result))
    return result.value.decode()


@pytest.mark.parametrize("name", ["find", "rfind", "count", "startswith", "endswith"])
def test_search(name: str, runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        s, sub = word(runtime), word(runtime, 2)
        start, end = runtime.bound(), runtime.bound()
        if runtime.random.random() < 0.3:
            start, end = 0, MAX
        result = runtime.call(f"str_{name}", given(s), given(sub), start, end)
        assert result == getattr(s, name)(sub, start, end), (s, sub, start, end)


def test_characters(runtime: Runtime) -> None:
    for s in ["", "日", "\U0010ffff", *(word(runtime) for _ in range(ROUNDS))]:
        assert runtime.call("str_len", given(s)) == len(s)
        found = c_void_p()
        assert runtime.call("str_list", runtime.pool, given(s), byref(found)) == OK
        assert [c.decode() for c in listed(found)] == list(s)
        for i in (-MAX, -len(s) - 1, -len(s), -1, 0, 1, len(s) - 1, len(s), MAX):
            wanted = outcome(s.__getitem__, i)
            held = text(s.encode())
            got = made(runtime, "str_item", byref(held), i, memory=False)
            assert got == (None if wanted is IndexError else wanted), (s, i)
        value = c_int64()
        status = runtime.call("str_ord", given(s), byref(value))
        assert (value.value if status == OK else TypeError) == outcome(ord, s), s
    for n in (*range(0x300), 0x7FF, 0x800, 0xFFFF, 0x10000, 0x10FFFF):
        value = c_int64()
        assert runtime.call("str_ord", given(chr(n)), byref(value)) == OK
        assert value.value == n


def test_space(runtime: Runtime) -> None:
    for s in ["", *SPACES, *NO_SPACES, *(word(runtime, 3) for _ in range(ROUNDS))]:
        assert bool(runtime.call("str_isspace", given(s))) == s.isspace(), repr(s)


@pytest.mark.parametrize("name", ["strip", "lstrip", "rstrip"])
def test_strip(name: str, runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        s, chars = word(runtime), word(runtime, 3)
        held = text(s.encode())
        got = viewed(runtime, f"str_{name}", held, given(chars))
        assert got == getattr(s, name)(chars), (s, chars)
        assert viewed(runtime, f"str_{name}", held, None) == getattr(s, name)(), s


def test_slice(runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        s, start, stop = word(runtime), runtime.bound(), runtime.bound()
        held = text(s.encode())
        assert viewed(runtime, "str_slice", held, start, stop) == s[start:stop], (s, start, stop)
        step = runtime.random.choice((1, 2, 3, -1, -2, -3, 100, MAX, -MAX))
        got = made(runtime, "str_slice_step", byref(held), start, stop, step)
        assert got == s[start:stop:step], (s, start, stop, step)


@pytest.mark.parametrize("name", ["ljust", "rjust", "center"])
def test_padding(name: str, runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        s, width = word(runtime, 12), runtime.random.choice(WIDTHS)
        fill = runtime.random.choice((" ", "\x00", "ü", "😀", "", "ab"))
        wanted = outcome(getattr(s, name), width, fill)
        got = made(runtime, f"str_{name}", given(s), width, given(fill))
        assert got == (None if wanted is TypeError else wanted), (s, width, fill)


def test_numbers_and_tabs(runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        s = runtime.random.choice(("", "-", "+", "--", "ü")) + word(runtime, 6)
        width = runtime.random.choice(WIDTHS)
        assert made(runtime, "str_zfill", given(s), width) == s.zfill(width), (s, width)
        assert made(runtime, "expandtabs", 1, given(s), 4) == s.expandtabs(4), s


@pytest.mark.parametrize("name", ["split", "rsplit"])
def test_split(name: str, runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        s, most = word(runtime, 12), runtime.random.choice((-2, -1, 0, 1, 2, 3, MAX))
        for sep in (None, word(runtime, 2)):
            wanted = outcome(getattr(s, name), sep, most)
            found = c_void_p()
            separator = byref(Text()) if sep is None else given(sep)
            status = runtime.call(
                f"str_{name}", runtime.pool, given(s), separator, most, byref(found)
            )
            got = [p.decode() for p in listed(found)] if status == OK else ValueError
            assert got == wanted, (s, sep, most)


def test_splitlines(runtime: Runtime) -> None:
    for s in ["a\r\nb\n\rc\x1dd\x1fe\x85f\u2028", *(word(runtime, 12) for _ in range(ROUNDS))]:
        for keep in (0, 1):
            found = c_void_p()
            status = runtime.call("str_splitlines", runtime.pool, given(s), keep, byref(found))
            assert status == OK
            assert [line.decode() for line in listed(found)] == s.splitlines(bool(keep)), s


def test_replace(runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        s, old, new = word(runtime), word(runtime, 2), word(runtime, 3)
        n = runtime.random.randint(-2, 11)
        got = made(runtime, "str_replace", given(s), given(old), given(new), n)
        assert got == s.replace(old, new, n), (s, old, new, n)


def test_bytes_that_are_no_text(runtime: Runtime) -> None:
    """Text of a configuration may be no UTF-8: nothing is read or written outside of it."""
    for _ in range(ROUNDS):
        data = bytes(runtime.random.choices(b"a\x80\xbf\xc3\xf0\xff ", k=7))
        held = text(data)
        result = Text()
        runtime.call("str_strip", byref(held), None, byref(result))
        assert result.value in data
        runtime.call("str_slice", byref(held), runtime.bound(), runtime.bound(), byref(result))
        assert result.value in data
        status = runtime.call(
            "str_slice_step", runtime.pool, byref(held), MAX, -MAX, -1, byref(result)
        )
        assert status == OK and set(result.value) <= set(data)
