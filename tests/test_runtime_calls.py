"""The pure functions of the runtime beside CPython, on generated arguments."""

from __future__ import annotations

import random
from ctypes import (
    CDLL,
    Structure,
    addressof,
    byref,
    c_int64,
    c_size_t,
    c_void_p,
    create_string_buffer,
    string_at,
)
from pathlib import Path
from typing import Any

import pytest

from pyngx.backend.runtime import FAMILIES
from tests.harness.builds import target
from tests.runtime import ENGINE, build_calls

NOT_PURE = {"chain", "headers", "request", "fields", "math", "state", "list", "order", "error"}
NOT_PURE |= {"conf", "directive", *ENGINE}
"""The files whose functions want a request, or more of nginx than the library has."""

PURE = tuple(f for f in FAMILIES if f == "search" or f not in NOT_PURE)
ROUNDS = 3000
MAX = 0x7FFF_FFFF_FFFF_FFFF
OK, BUSY, DONE, DECLINED = 0, -3, -4, -5
BOUNDS: tuple[int, ...] = (*range(-11, 12), 0, MAX, -MAX)
ALPHABET = b"aabbA Z09_-+\t\r\n\v\f\x00\x1c\x85\xff"
NUMBERS = (0, 1, -1, 2, -2, 3, 7, 10, -10, 62, 63, 64, 2**31, -(2**31), 2**32, MAX, -MAX, -MAX - 1)


class Text(Structure):
    """``ngx_str_t``."""

    _fields_ = (("len", c_size_t), ("data", c_void_p))
    held: object

    @property
    def value(self) -> bytes:
        assert self.data is not None
        return string_at(self.data, self.len)


class Runtime:
    """The library, a pool of nginx's for what it builds, and random arguments."""

    def __init__(self, path: Path) -> None:
        self.library = CDLL(str(path))
        self.library.ngx_create_pool.restype = c_void_p
        self.log = create_string_buffer(512)  # an ngx_log_t of level 0: silent
        self.pool = c_void_p(self.library.ngx_create_pool(c_size_t(4096), self.log))
        self.random = random.Random(1)

    def call(self, name: str, *arguments: Any) -> int:
        function = getattr(self.library, f"call_{name}")
        function.restype = c_int64
        given = [c_int64(a) if isinstance(a, int) else a for a in arguments]
        result: int = function(*given)
        return result

    def data(self, most: int = 9) -> bytes:
        size = self.random.randint(0, most)
        return bytes(
            self.random.choice(ALPHABET[: self.random.choice((2, 4, 20))]) for _ in range(size)
        )

    def bound(self) -> int:
        return self.random.choice(BOUNDS)

    def number(self) -> int:
        if self.random.random() < 0.5:
            return self.random.choice(NUMBERS)
        most = (1 << self.random.randint(1, 63)) - 1
        return self.random.randint(-most - 1, most)


def text(value: bytes) -> Text:
    """An ``ngx_str_t`` over a copy of these bytes."""
    held = create_string_buffer(value, max(len(value), 1))
    result = Text(len(value), addressof(held))
    result.held = held
    return result


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    output = tmp_path_factory.mktemp("calls")
    return Runtime(build_calls(PURE, target("1.26.3"), output))


@pytest.mark.parametrize("name", ["find", "rfind", "count", "startswith", "endswith"])
def test_search(name: str, runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        s, sub = runtime.data(), runtime.data(3)
        start, end = runtime.bound(), runtime.bound()
        if runtime.random.random() < 0.3:
            start, end = 0, MAX
        result = runtime.call(f"bytes_{name}", byref(text(s)), byref(text(sub)), start, end)
        assert result == getattr(s, name)(sub, start, end), (s, sub, start, end)


@pytest.mark.parametrize("name", ["find", "rfind", "count"])
def test_search_in_long_bytes(name: str, runtime: Runtime) -> None:
    """Periodic ones too, in which a plain search compares the same bytes again and again."""
    for round_ in range(ROUNDS):
        unit = runtime.data(7) or b"a"
        sub = (unit * 200)[: runtime.random.choice((2, 7, 33, 64, 200, 700))]
        s = (unit * 6000)[: runtime.random.randint(0, 6000)]
        if round_ % 3:
            sub = runtime.data(2) + sub + runtime.data(2)
        if round_ % 2:
            at = runtime.random.randint(0, len(s))
            s = s[:at] + runtime.data(3) + sub + runtime.data(3) + s[at:]
        start, end = runtime.random.choice(((0, MAX), (3, -3), (len(s) // 2, MAX), (0, 500)))
        result = runtime.call(f"bytes_{name}", byref(text(s)), byref(text(sub)), start, end)
        assert result == getattr(s, name)(sub, start, end), (s, sub, start, end)


@pytest.mark.parametrize("name", ["isdigit", "isalpha", "isalnum", "isspace", "islower", "isupper"])
def test_predicate(name: str, runtime: Runtime) -> None:
    values = [bytes([byte]) for byte in range(256)] + [b""]
    for s in values + [runtime.data(4) for _ in range(ROUNDS)]:
        assert bool(runtime.call(f"bytes_{name}", byref(text(s)))) == getattr(s, name)(), s


def test_lookup(runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        data = sorted({runtime.data(3) for _ in range(9)}, key=lambda k: (len(k), k))
        held = [text(key) for key in data]  # the array has no more than their addresses
        keys = (Text * len(held))(*held)
        for s in (*data, runtime.data(3), b"", b"none of them"):
            place = runtime.call("bytes_lookup", keys, len(data), byref(text(s)))
            assert place == (data.index(s) if s in data else -1), (data, s)
        numbers = sorted({s[0] - 128 for s in data if s})
        array = (c_int64 * len(numbers))(*numbers)
        for n in (*numbers, -129, 0, 300):
            place = runtime.call("lookup", array, len(numbers), n)
            assert place == (numbers.index(n) if n in numbers else -1), (numbers, n)


def test_comparison(runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        a, b = runtime.data(3), runtime.data(3)
        order = runtime.call("bytes_cmp", byref(text(a)), byref(text(b)))
        assert (order > 0) - (order < 0) == (a > b) - (a < b), (a, b)
        assert bool(runtime.call("bytes_eq", byref(text(a)), byref(text(b)))) == (a == b)
        for byte in (*b[:2], 0, 255):
            assert bool(runtime.call("bytes_contains_byte", byref(text(a)), byte)) == (byte in a)
        assert bool(runtime.call("bytes_contains", byref(text(a)), byref(text(b)))) == (b in a)


@pytest.mark.parametrize("name", ["strip", "lstrip", "rstrip", "removeprefix", "removesuffix"])
def test_view(name: str, runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        s, other = text(runtime.data()), runtime.data(3)
        result = Text()
        runtime.call(f"bytes_{name}", byref(s), byref(text(other)), byref(result))
        assert result.value == getattr(s.value, name)(other), (s.value, other)
        if name.endswith("strip"):
            runtime.call(f"bytes_{name}", byref(s), None, byref(result))
            assert result.value == getattr(s.value, name)()
            runtime.call(f"bytes_{name}", byref(s), byref(Text()), byref(result))
            assert result.value == getattr(s.value, name)()


def test_slice(runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        s, start, stop = text(runtime.data()), runtime.bound(), runtime.bound()
        result = Text()
        runtime.call("bytes_slice", byref(s), start, stop, byref(result))
        assert result.value == s.value[start:stop], (s.value, start, stop)


def test_slice_with_a_step(runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        s, start, stop = runtime.data(), runtime.bound(), runtime.bound()
        step = runtime.random.choice((1, 2, 3, -1, -2, -3, 100, MAX, -MAX))
        status, result = _built(runtime, "slice_step", byref(text(s)), start, stop, step)
        assert (status, result) == (OK, s[start:stop:step]), (s, start, stop, step)
    for s in (b"", b"a", b"abcde"):
        status, result = _built(runtime, "slice_step", byref(text(s)), MAX, -MAX, -1)
        assert (status, result) == (OK, s[::-1])
    assert _built(runtime, "slice_step", byref(text(b"a")), 0, MAX, 0)[0] == DECLINED


def test_build(runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        s, a, b = runtime.data(), runtime.data(2), runtime.data(3)
        n = runtime.random.randint(-2, 4)
        given = byref(text(s))
        assert _built(runtime, "lower", given) == (OK, s.lower())
        assert _built(runtime, "upper", given) == (OK, s.upper())
        assert _built(runtime, "concat", given, byref(text(a))) == (OK, s + a)
        assert _built(runtime, "repeat", given, n) == (OK, s * n)
        replaced = _built(runtime, "replace", given, byref(text(a)), byref(text(b)), n)
        assert replaced == (OK, s.replace(a, b, n)), (s, a, b, n)


def test_repeat_that_does_not_fit(runtime: Runtime) -> None:
    assert _built(runtime, "repeat", byref(text(b"ab")), MAX // 2 + 1)[0] == DECLINED
    assert _built(runtime, "repeat", byref(text(b"")), MAX) == (OK, b"")


def test_int(runtime: Runtime) -> None:
    edges = (MAX, MAX + 1, -MAX - 1, -MAX - 2, 10**30, -(10**30))
    written = [str(n).encode() for n in edges] + [b"0" * 4300, b"0" * 4301, b"1" * 4301]
    written += [b"0" * 30 + b"7", b"1__0", b"_1", b"1_", b"-_1", b"+-1", b"- 1", b"1 1", b"1\x00"]
    for _ in range(3 * ROUNDS):
        choice = runtime.random.choice
        body = b"".join(
            choice((b"0", b"1", b"9", b"_")) for _ in range(runtime.random.randint(0, 5))
        )
        written.append(choice((b"", b" ", b"\v\n", b"\x1c")) + choice((b"", b"-", b"+")) + body)
        written[-1] += choice((b"", b"", b" ", b"x", b"\x85"))
    for s in written:
        value = c_int64()
        status = runtime.call("bytes_int", byref(text(s)), byref(value))
        try:
            wanted: int | None = int(s)
        except ValueError:
            wanted = None
        if wanted is None:
            assert status == DECLINED, s
        elif not -MAX - 1 <= wanted <= MAX:
            assert status == BUSY, s
        else:
            assert (status, value.value) == (OK, wanted), s


def test_division(runtime: Runtime) -> None:
    for _ in range(3 * ROUNDS):
        a, b = runtime.number(), runtime.number()
        if b and not (b == -1 and a == -MAX - 1):
            assert runtime.call("floordiv", a, b) == a // b, (a, b)
        if b:
            assert runtime.call("floormod", a, b) == a % b, (a, b)


@pytest.mark.parametrize("name", ["pow", "lshift", "rshift"])
def test_arithmetic(name: str, runtime: Runtime) -> None:
    for _ in range(3 * ROUNDS):
        a, b = runtime.number(), runtime.random.choice((*range(66), 10**6))
        if name == "rshift":
            assert runtime.call(name, a, b) == a >> b, (a, b)
            continue
        if name == "pow" and b == 10**6 and abs(a) > 1:
            fits, wanted = False, 0
        else:
            wanted = a**b if name == "pow" else a << b
            fits = -MAX - 1 <= wanted <= MAX
        value = c_int64()
        status = runtime.call(name, a, b, byref(value))
        assert status == (OK if fits else DECLINED), (a, b)
        if fits:
            assert value.value == wanted, (a, b)


FLAGS = {"-": 1, "+": 2, " ": 4, "#": 8, "0": 16}


def test_format_int(runtime: Runtime) -> None:
    for _ in range(3 * ROUNDS):
        flags, width, precision, spec = _spec(runtime)
        base = runtime.random.choice("doxXc")
        n = runtime.number() & 0xFF if base == "c" else runtime.number()
        wanted = f"%{spec}{base}".encode() % n
        room = create_string_buffer(width + max(precision, 0) + 26)
        end = runtime.call("format_int", room, n, flags, width, precision, ord(base))
        size = end - addressof(room)
        assert size <= len(room)
        assert room.raw[:size] == wanted, (spec, base, n)


def test_format_specification(runtime: Runtime) -> None:
    """What only format specifications have: alignment, fill, groups and binary digits."""
    for _ in range(3 * ROUNDS):
        choice = runtime.random.choice
        align, fill, sign, kind = (
            choice("<>=^"),
            choice(" 0*x"),
            choice(("", "+", " ")),
            choice("dxXob"),
        )
        alternate = choice(("", "#"))
        group = choice(("", "_", "," if kind == "d" else "_"))
        group = "" if fill == "0" and align == "=" else group  # Python groups these zeros too
        width = choice((0, 1, 7, 24, 90))
        n = runtime.number()
        wanted = format(n, f"{fill}{align}{sign}{alternate}{width or ''}{group}{kind}").encode()
        flags = {"<": 1, ">": 0, "=": 16, "^": 32}[align] | ord(fill) << 8
        flags |= FLAGS.get(sign, 0) | FLAGS.get(alternate, 0) | {"": 0, ",": 64, "_": 128}[group]
        room = create_string_buffer(width + (82 if kind == "b" else 34))
        end = runtime.call("format_int", room, n, flags, width, -1, ord(kind))
        assert room.raw[: end - addressof(room)] == wanted, (align, fill, sign, group, kind, n)


def test_format_bytes(runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        flags, width, precision, spec = _spec(runtime)
        s = runtime.data(12)
        wanted = f"%{spec}s".encode() % s
        room = create_string_buffer(max(width, len(s), 1))
        end = runtime.call("format_bytes", room, byref(text(s)), flags, width, precision)
        assert room.raw[: end - addressof(room)] == wanted, (spec, s)


def _spec(runtime: Runtime) -> tuple[int, int, int, str]:
    """Flags, width, precision, and how Python writes them."""
    chosen = [flag for flag in FLAGS if runtime.random.random() < 0.3]
    width = runtime.random.choice((0, 1, 5, 9, 30))
    precision = runtime.random.choice((-1, -1, 0, 1, 4, 25))
    spec = "".join(chosen) + (str(width) if width else "")
    spec += f".{precision}" if precision >= 0 else ""
    return sum(FLAGS[flag] for flag in chosen), width, precision, spec


def _built(runtime: Runtime, name: str, *arguments: object) -> tuple[int, bytes | None]:
    result = Text()
    status = runtime.call(f"bytes_{name}", runtime.pool, *arguments, byref(result))
    return status, result.value if status == OK else None
