"""The runtime's floats beside CPython: the text of any double; what is read, rounded, divided."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from ctypes import addressof, byref, c_char, c_double, c_int64, c_void_p

import pytest

from tests.test_runtime_calls import BUSY, DECLINED, DONE, OK, Runtime, text
from tests.test_runtime_calls import runtime as runtime

ROUNDS = 5000
LEFT, SIGN, SPACE, ALT, ZERO, CENTER, COMMA, UNDER = (1 << i for i in range(8))
EDGES = (
    *(0.0, 0.5, 1.0, 1.5, 2.5, 0.1, 0.125, 2.675, 99.995, 1e15, 1e16, 1e17, 123456.789, 5e-324),
    *(2.2250738585072014e-308, 1.7976931348623157e308, math.inf, 9007199254740993.0, 1e22, 1e23),
    *(2.0**63, 2.0**63 - 1024, 0.0001, 0.00001, 9.5, 0.95, 999999.5, 9.999999999999999e22),
)


def floats(runtime: Runtime, rounds: int = ROUNDS) -> Iterator[float]:
    """Edges, powers of two and their neighbours, and doubles of random bits."""
    yield from EDGES
    yield from (-x for x in EDGES)
    yield math.nan
    for exponent in range(-1074, 1024):
        power = math.ldexp(1, exponent)
        yield from (power, math.nextafter(power, 0), math.nextafter(power, math.inf))
    for i in range(rounds):
        bits = runtime.random.getrandbits(64)
        x: float = struct.unpack("<d", bits.to_bytes(8, "little"))[0]
        yield x
        yield round(runtime.random.uniform(-1e6, 1e6), i % 9)
        yield math.ldexp(runtime.random.getrandbits(53), i % 130 - 65)


def written(runtime: Runtime, x: float, flags: int, width: int, precision: int, kind: str) -> str:
    """The text of a float."""
    buffer = (c_char * (width + max(precision, 0) + 600))()
    function = runtime.library.call_format_float
    function.restype = c_void_p
    end = function(
        buffer, c_double(x), c_int64(flags), c_int64(width), c_int64(precision), c_int64(ord(kind))
    )
    return bytes(buffer)[: end - addressof(buffer)].decode()


def test_the_shortest_text(runtime: Runtime) -> None:
    """What ``repr`` gives, of every power of two and of thousands of others."""
    for x in floats(runtime):
        assert written(runtime, x, 0, 0, -1, "r") == repr(x)


def test_percent_formats(runtime: Runtime) -> None:
    """``%`` formatting with all of its flags."""
    named = {"-": LEFT, "+": SIGN, " ": SPACE, "#": ALT, "0": ZERO}
    for x in floats(runtime, ROUNDS // 4):
        flags = [f for f in named if runtime.random.random() < 0.25]
        kind = runtime.random.choice("eEfFgG")
        width = runtime.random.choice((0, 0, 7, 20))
        precision = runtime.random.choice((-1, 0, 1, 2, 3, 17, 30))
        bits = sum(named[f] for f in flags)
        template = f"%{''.join(flags)}{width or ''}{'' if precision < 0 else f'.{precision}'}{kind}"
        assert written(runtime, x, bits, width, precision, kind) == template % x, (template, x)


def test_specifications(runtime: Runtime) -> None:
    """Format specifications: alignment, groups, percent, and none of the kinds."""
    for x in floats(runtime, ROUNDS // 4):
        align, bits = runtime.random.choice((("", 0), ("<", LEFT), ("^", CENTER), (">", 0)))
        sign, flag = runtime.random.choice((("", 0), ("+", SIGN), (" ", SPACE)))
        group, more = runtime.random.choice((("", 0), (",", COMMA), ("_", UNDER)))
        width = runtime.random.choice((0, 9, 30, 31))
        precision = runtime.random.choice((-1, 0, 1, 3, 16, 17, 25))
        kind = runtime.random.choice(("", "", "e", "f", "g", "%"))
        spec = f"{align if width else ''}{sign}{width or ''}{group}"
        spec += ("" if precision < 0 else f".{precision}") + kind
        plain = "r" if precision < 0 else "n"
        found = written(runtime, x, bits | flag | more, width, precision, kind or plain)
        assert found == format(x, spec), (spec, x)


def test_what_is_read(runtime: Runtime) -> None:
    """``float(text)``: of the texts that are written, and of others made of their characters."""
    for x in floats(runtime, 3000):
        for form in (repr(x), f"{x:.25e}", f"{x:g}"):
            assert _read(runtime, form.encode()) == (OK, float(form)) or x != x
    for _ in range(ROUNDS):
        data = bytes(runtime.random.choice(b"01259..__eE+- \tinfa") for _ in range(6))
        try:
            wanted = (OK, float(data))
        except ValueError:
            wanted = (DECLINED, 0.0)
        assert _read(runtime, data) == wanted or wanted[1] != wanted[1], data


def _read(runtime: Runtime, data: bytes) -> tuple[int, float]:
    result = c_double(0.0)
    rc = runtime.call("float_parse", byref(text(data)), byref(result))
    return rc, result.value


def test_what_is_rounded(runtime: Runtime) -> None:
    """``int``, ``round``, ``math.floor`` and ``math.ceil``, and ``round`` with digits."""
    makers: dict[str, Callable[[float], int]] = {
        "trunc": int,
        "round": round,
        "floor": math.floor,
        "ceil": math.ceil,
    }
    for x in floats(runtime, ROUNDS // 4):
        for name, make in makers.items():
            result = c_int64(0)
            function = getattr(runtime.library, f"call_float_{name}")
            rc = c_int64(function(c_double(x), byref(result))).value & 0xFFFFFFFF
            rc -= (rc & 0x80000000) * 2
            try:
                wanted = make(x)
                status = OK if -(2**63) <= wanted < 2**63 else BUSY
            except ValueError:
                status = DECLINED
            except OverflowError:  # of infinity, which has words of its own
                status = DONE
            assert rc == status and (rc != OK or result.value == wanted), (name, x)
        digits = runtime.random.choice((*range(-4, 9), 20, 322, 324, -22, -300, -308, -309, 10**18))
        rounded = c_double(0.0)
        function = runtime.library.call_float_round_to
        rc = function(c_double(x), c_int64(digits), byref(rounded))
        try:
            assert rc == OK and repr(rounded.value) == repr(round(x, digits)), (x, digits)
        except OverflowError:
            assert rc == BUSY, (x, digits)


def test_integers_are_divided_and_compared(runtime: Runtime) -> None:
    """``a / b`` is rounded once; an integer is compared as it is."""
    divide, compare = runtime.library.call_float_truediv, runtime.library.call_float_cmp
    divide.restype = c_double
    compare.restype = c_int64
    for _ in range(ROUNDS):
        a, b = runtime.number(), runtime.number() or 1
        assert repr(divide(c_int64(a), c_int64(b))) == repr(a / b), (a, b)
        x = float(a) if runtime.random.random() < 0.8 else runtime.random.uniform(-1e19, 1e19)
        x = runtime.random.choice((x, math.nextafter(x, 0), math.nextafter(x, math.inf)))
        n = runtime.random.choice((a, max(a - 1, -(2**63)), b))
        order = compare(c_double(x), c_int64(n), c_int64(1))
        assert (order < 0, order == 0, order > 0) == (x < n, x == n, x > n), (x, n)
    assert compare(c_double(math.nan), c_int64(0), c_int64(-1)) == -1


@pytest.mark.parametrize("value", [math.inf, -math.inf, 1e300, -1e19, 123.75, -0.5, -0.0])
def test_whole_numbers(runtime: Runtime, value: float) -> None:
    """``"%d" % x``, exact however large."""
    result = c_double(0.0)
    function = runtime.library.call_float_whole
    rc = function(c_double(value), byref(result))
    if math.isinf(value):
        assert rc == BUSY
    else:
        assert rc == OK
        assert written(runtime, result.value, 0, 0, -1, "d") == str(int(value))
