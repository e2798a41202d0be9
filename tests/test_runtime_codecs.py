"""Encodings and numbers as bytes: the runtime beside CPython, on generated arguments."""

from __future__ import annotations

import base64
import binascii
import html
import urllib.parse
from ctypes import byref, c_int64
from html.entities import html5
from typing import Any

import pytest

from tests.harness.builds import REPOSITORY
from tests.html_tables import FILES
from tests.test_runtime_calls import BUSY, MAX, OK, ROUNDS, Runtime, Text, runtime, text
from tests.test_runtime_strings import given, word
from tests.test_runtime_text import outcome

__all__ = ["runtime"]

ENCODINGS = ("utf-8", "ascii", "latin-1")
ERRORS = ("strict", "replace", "ignore")
EDGES = (
    b"a\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xe1\xec\xed\xee\xef\xf0\xf1\xf3\xf4\xf5\xff"
)
NUMBERS = (0, 1, -1, 127, 128, -128, -129, 255, 256, 2**31, 2**32, 2**55, -(2**55), MAX, -MAX - 1)


def written(runtime: Runtime, name: str, *arguments: Any) -> Any:
    """The bytes that the runtime gives; its status if that is another than NGX_OK."""
    result = Text()
    status = runtime.call(name, runtime.pool, *arguments, byref(result))
    return result.value if status == OK else status


@pytest.mark.parametrize("encoding", range(3))
@pytest.mark.parametrize("errors", range(3))
def test_decode(encoding: int, errors: int, runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        data = bytes(runtime.random.choices(EDGES, k=runtime.random.randint(0, 6)))
        wanted = outcome(data.decode, ENCODINGS[encoding], ERRORS[errors])
        got = written(runtime, "decode", byref(text(data)), encoding, errors)
        assert got == (wanted.encode() if isinstance(wanted, str) else -5), data


@pytest.mark.parametrize("encoding", range(3))
@pytest.mark.parametrize("errors", range(3))
def test_encode(encoding: int, errors: int, runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        s = word(runtime) + runtime.random.choice(("", "\x7f", "\x80", "\xff", "\u0100"))
        wanted = outcome(s.encode, ENCODINGS[encoding], ERRORS[errors])
        got = written(runtime, "encode", given(s), encoding, errors)
        assert got == (wanted if isinstance(wanted, bytes) else -5), s


def test_unquote(runtime: Runtime) -> None:
    for _ in range(4 * ROUNDS):
        parts = ("%", "%2", "%41", "%e2", "%82", "%ac", "%C3", "%bc", "%ff", "+", "ü", "日", "a")
        s = "".join(runtime.random.choices(parts, k=runtime.random.randint(0, 6)))
        assert written(runtime, "unquote_text", given(s)) == urllib.parse.unquote(s).encode(), s
        wanted = urllib.parse.unquote_plus(s).encode()
        assert written(runtime, "unquote_plus", given(s)) == wanted, s
        data = s.encode("latin-1", "replace")
        wanted = urllib.parse.unquote(data).encode()
        assert written(runtime, "unquote_text", byref(text(data))) == wanted, data


@pytest.mark.parametrize("name", ["b16", "b32"])
def test_bases(name: str, runtime: Runtime) -> None:
    encode, decode = getattr(base64, f"{name}encode"), getattr(base64, f"{name}decode")
    for _ in range(ROUNDS):
        data = runtime.random.randbytes(runtime.random.randint(0, 12))
        assert written(runtime, f"{name}encode", byref(text(data))) == encode(data), data
        code = encode(data)
        if runtime.random.random() < 0.7:
            code = bytes(runtime.random.choices(b"ABab01278=", k=runtime.random.choice((2, 8))))
            code = code.rstrip(b"=").ljust(8, b"=") if runtime.random.random() < 0.7 else code
        for fold in (0, 1):
            wanted = outcome(decode, code, bool(fold))
            got = written(runtime, f"{name}decode", byref(text(code)), fold)
            assert got == (wanted if isinstance(wanted, bytes) else -5), (code, fold)


def test_base64_of_binascii(runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        data = runtime.data()
        for line in (0, 1):
            wanted = binascii.b2a_base64(data, newline=bool(line))
            assert written(runtime, "b2a_base64", byref(text(data)), line) == wanted, data


def test_hex(runtime: Runtime) -> None:
    groups = (0, 1, -1, 2, -2, 3, -3, 4, 100, 2**31 - 1, -(2**31), 2**31, MAX)
    for _ in range(ROUNDS):
        data, group = runtime.data(), runtime.random.choice(groups)
        sep = runtime.random.choice((":", " ", "\x00", "", "ab", "ü"))
        wanted = outcome(data.hex, sep, group)
        got = written(runtime, "bytes_hex_apart", byref(text(data)), given(sep), group)
        failed = {ValueError: -5, OverflowError: BUSY}
        assert got == (wanted.encode() if isinstance(wanted, str) else failed[wanted])
        code = "".join(runtime.random.choices("0aF g\t\n\x1cü", (9, 9, 9, 4, 1, 1, 1, 1, 1), k=6))
        wanted = outcome(bytes.fromhex, code)
        got = written(runtime, "bytes_fromhex", given(code))
        assert got == (wanted if isinstance(wanted, bytes) else -5), code


def test_html_unescape(runtime: Runtime) -> None:
    """All names, alone, without their end and with more behind them; numbers; what is neither."""
    names = sorted(html5)
    for name in names:
        for s in (f"&{name}", f"a&{name[:-1]}", f"&{name}x;&", f"&{name.swapcase()}", f"&&{name}#"):
            wanted = html.unescape(s).encode()
            assert written(runtime, "html_unescape", given(s)) == wanted, s
    numbers = [*range(300), *range(0xD7F0, 0xE010, 16), 0xFDD0, 0xFFFE, 0xFFFF, 0x1FFFE, 0x10FFFF]
    for n in [*numbers, 0x110000, 2**32, 2**64 + 65]:
        for s in (f"&#{n};", f"&#x{n:x}", f"&#X{n:X}b;", f"&#{n}z", f"&#0{n};;"):
            assert written(runtime, "html_unescape", given(s)) == html.unescape(s).encode(), s
    assert written(runtime, "html_unescape", given("&#" + "1" * 4301)) == -5
    parts = (
        "&",
        "#",
        "x",
        "X",
        ";",
        " ",
        "\t",
        "\r",
        "ü",
        "amp",
        "not",
        "in",
        "lt",
        "1",
        "65",
        "日" * 31,
    )
    for _ in range(4 * ROUNDS):
        s = "".join(runtime.random.choices(parts, k=runtime.random.randint(0, 8)))
        assert written(runtime, "html_unescape", given(s)) == html.unescape(s).encode(), s


def test_the_names_are_those_of_the_script() -> None:
    for name, made in FILES.items():
        assert (
            REPOSITORY / "runtime" / name
        ).read_text() == made(), "run python -m tests.html_tables"


def test_numbers_as_bytes(runtime: Runtime) -> None:
    for _ in range(2 * ROUNDS):
        n = runtime.random.choice((runtime.number(), *NUMBERS))
        length = runtime.random.choice((-MAX, -1, *range(11)))
        little, signed = runtime.random.choice((0, 1)), runtime.random.choice((0, 1))
        order: Any = "little" if little else "big"
        try:
            wanted: Any = n.to_bytes(length, order, signed=bool(signed))
        except (OverflowError, ValueError) as error:
            wanted = BUSY if isinstance(error, ValueError) else -5
        got = written(runtime, "int_to_bytes", n, length, little, signed)
        assert got == wanted, (n, length, order, signed)
        data = runtime.random.choice((b"", b"\x00", b"\xff")) * runtime.random.randint(0, 3)
        data += runtime.random.randbytes(runtime.random.randint(0, 9))
        data = data[::-1] if little else data
        value = c_int64()
        status = runtime.call("int_from_bytes", byref(text(data)), little, signed, byref(value))
        number = int.from_bytes(data, order, signed=bool(signed))
        fits = -MAX - 1 <= number <= MAX
        assert status == (OK if fits else -5), (data, order, signed)
        assert not fits or value.value == number, (data, order, signed)
