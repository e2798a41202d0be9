"""What the runtime knows of Unicode beside CPython: all characters, and words of some of them."""

from __future__ import annotations

import unicodedata
from ctypes import byref, c_int64
from pathlib import Path

import pytest

from tests.harness.builds import REPOSITORY
from tests.test_runtime_calls import BUSY, DECLINED, MAX, OK, ROUNDS, Runtime, Text, runtime, text
from tests.test_runtime_strings import given, made
from tests.unicode_tables import CHARACTERS, FILES

__all__ = ["runtime"]

LETTERS = "aAzZ1 \xdf\u01c4\u01c5\u01c6\u0130\u0131\u0149\u03c3\u03c2\u03a3\u0301\xad'."
LETTERS += "\ufb01\u1fb3\u02b0\u0663\xb2\xbd\u2177\U00010400\U0001d7d8\u200b\u65e5"
RUNTIME = REPOSITORY / "runtime"
VERSION = unicodedata.unidata_version
KNOWN = (RUNTIME / "uniclass.c").read_text().partition("Of Unicode ")[2].partition(",")[0]
"""The version of Unicode that the tables are of; another Python may know another one."""


def known() -> list[str]:
    """The characters that this Python and the tables may be asked about."""
    if VERSION == KNOWN:
        return CHARACTERS
    return [c for c in CHARACTERS if unicodedata.ucd_3_2_0.category(c) != "Cn"]


def test_the_tables_are_those_of_the_script(tmp_path: Path) -> None:
    if VERSION == KNOWN:
        for name, made_anew in FILES.items():
            assert (RUNTIME / name).read_text() == made_anew(), "run python -m tests.unicode_tables"


CASES = ["lower", "upper", "title", "capitalize", "swapcase", "casefold"]
TESTS = [
    "isalpha",
    "isalnum",
    "isdecimal",
    "isdigit",
    "isnumeric",
    "isprintable",
    "isidentifier",
    "islower",
    "isupper",
    "istitle",
]


@pytest.mark.parametrize("name", CASES)
def test_cases(name: str, runtime: Runtime) -> None:
    """Of all characters, each a word by itself, and of words."""
    all_of_them = known()
    for i in range(0, len(all_of_them), 5000):
        s = "\n".join(all_of_them[i : i + 5000])
        s = s if name != "capitalize" else s[2:]
        assert made(runtime, f"str_{name}", given(s)) == getattr(s, name)(), i
    for _ in range(ROUNDS):
        s = "".join(runtime.random.choices(LETTERS, k=runtime.random.randint(0, 7)))
        assert made(runtime, f"str_{name}", given(s)) == getattr(s, name)(), s


@pytest.mark.parametrize("name", TESTS)
def test_predicates(name: str, runtime: Runtime) -> None:
    function = getattr(runtime.library, f"call_str_{name}")
    operand = Text()
    for s in known():
        held = s.encode()
        operand = text(held)
        assert bool(function(byref(operand))) == getattr(s, name)(), hex(ord(s))
        if name == "isidentifier":
            held = b"a" + held
            operand = text(held)
            assert bool(function(byref(operand))) == ("a" + s).isidentifier(), hex(ord(s))
    for _ in range(ROUNDS):
        s = "".join(runtime.random.choices(LETTERS, k=runtime.random.randint(0, 4)))
        assert bool(function(given(s))) == getattr(s, name)(), s


def test_int(runtime: Runtime) -> None:
    spaces = ("", " ", "\u2003", "\x1c", "\x85", "\u200b")
    digits = "0129" * 4 + "_x" + "\u0663\u0664" + "\U0001d7d8²aF"
    for _ in range(4 * ROUNDS):
        pick = runtime.random.choice
        size = pick((1, 2, 4, 18, 20))
        s = pick(spaces) + pick(("", "-", "+", "0x")) + "".join(pick(digits) for _ in range(size))
        s += pick(spaces)
        base = pick((10, 10, 16, 2, 36))
        value = c_int64()
        status = runtime.call("str_int", given(s), base, byref(value))
        try:
            wanted = int(s, base)
        except ValueError:
            assert status == DECLINED, (s, base)
            continue
        fits = -MAX - 1 <= wanted <= MAX
        assert status == (OK if fits else BUSY), (s, base)
        assert not fits or value.value == wanted, (s, base)
    value = c_int64()
    assert runtime.call("str_int", given("\u0660" * 4300), 10, byref(value)) == OK
    assert runtime.call("str_int", given("\u0660" * 4301), 10, byref(value)) == DECLINED
    assert runtime.call("str_int", given("\u0660" * 9000), 10, byref(value)) == DECLINED
