"""Functions of several statements, beside CPython, over many arguments."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tests.harness.builds import Target
from tests.language.serving import Variables

FILTERS = Path(__file__).with_name("filters")
NUMBERS = (0, 1, -1, 2, 5, 6, 7, -9, 12, 13, 27, 97, 300, 2**40, -(2**63), 2**63 - 1)
TEXTS: tuple[bytes, ...] = (
    b"",
    b"a",
    b"ab",
    b"abcabc",
    b"aaa",
    b"xyz",
    b"1b",
    b"cba",
    b"\xff\x80",
    b"Ab1dE",
)
TEXTS += (b"b,a,,c", b"12,5,-7")


PROGRAMS = (
    "programs",
    "compounds",
    "methods",
    "changes",
    "objects",
    "sequences",
    "tables",
    "matching",
    "errors",
    "raising",
    "hashes",
    "moved",
)


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name: str, packaged: Target, tmp_path: Path) -> None:
    """Every function gives CPython's value, or fails as it does, at the same line."""
    served = Variables(FILTERS / f"{name}.py", packaged, tmp_path)
    texts = list(itertools.product(TEXTS, repeat=2))
    numbers = list(itertools.product(NUMBERS, repeat=2))
    inputs = [
        {b"a": b"%d" % a, b"b": b"%d" % b, b"s": s, b"t": t}
        for (a, b), (s, t) in zip(numbers, itertools.cycle(texts), strict=False)
    ]
    with served.serving() as nginx:
        wrong = served.differences(nginx, [*inputs, {}, {b"s": b"abc"}, {b"t": b"x"}])
    assert not wrong, f"{len(wrong)} differences:\n" + "\n".join(wrong[:40])
