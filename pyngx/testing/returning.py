"""At which line a function returned: what an error about its result speaks of."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType


@contextmanager
def returns(code: CodeType) -> Iterator[list[int]]:
    """While the block runs, the lines of the ``return`` statements by which ``code`` is left."""
    lines: list[int] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "return" and frame.f_code is code:
            lines.append(_line(code, frame.f_lasti, frame.f_lineno))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield lines
    finally:
        sys.setprofile(before)


def _line(code: CodeType, last: int, line: int) -> int:
    """CPython says the last line of a ``finally`` that ran; each ``return`` has a copy of it
    behind itself, so that the first line before the copy is the one of the ``return``."""
    finals = _finals(code)
    if not any(line in final for final in finals):
        return line
    starts = [found[0] for found in code.co_positions()]
    for found in reversed(starts[: last // 2]):
        if found is not None and not any(found in final for final in finals):
            return found
    return line


def _finals(code: CodeType) -> list[range]:
    """The lines of the ``finally`` blocks of a file."""
    tree = ast.parse(Path(code.co_filename).read_bytes())
    return [
        range(node.finalbody[0].lineno, (node.finalbody[-1].end_lineno or 0) + 1)
        for node in ast.walk(tree)
        if isinstance(node, ast.Try) and node.finalbody
    ]
