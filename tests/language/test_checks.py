"""Checks at run time, each at the edge where one that is left out would be seen, beside CPython."""

from __future__ import annotations

import itertools
from pathlib import Path

from tests.harness.builds import Target
from tests.language.serving import Variables

FILTER = Path(__file__).with_name("filters") / "checks.py"
NUMBERS = (0, 1, 3, 4, 7, 63, 64, -1, -7, 255, 256, 300, 2**39 - 1, 2**63 - 1, 1 - 2**63)
TEXTS = (b"", b"a", b"abc", b"abcd", b"abcde", b"\xff\xfe")


def test_checks(packaged: Target, tmp_path: Path) -> None:
    served = Variables(FILTER, packaged, tmp_path)
    inputs = [
        {b"a": b"%d" % a, b"b": b"%d" % b, b"s": s}
        for (a, b), s in zip(
            itertools.product(NUMBERS, NUMBERS), itertools.cycle(TEXTS), strict=False
        )
    ]
    with served.serving() as nginx:
        wrong = served.differences(nginx, inputs)
    assert not wrong, f"{len(wrong)} differences:\n" + "\n".join(wrong[:20])
