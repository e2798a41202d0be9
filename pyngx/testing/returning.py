"""At which line a function returned: what an error about its result speaks of."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType


@dataclass(frozen=True)
class Left:
    """Where a function was left: the instruction, and the line that CPython says."""

    last: int
    line: int


@contextmanager
def returns(code: CodeType) -> Iterator[list[Left]]:
    """While the block runs, the places where ``code`` is left; none while a profiler runs that is
    written in C, for there is one place for a profiler only."""
    places: list[Left] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "return" and frame.f_code is code:
            places.append(Left(frame.f_lasti, frame.f_lineno))

    before = sys.getprofile()
    if before is not None and not callable(before):
        yield places
        return
    sys.setprofile(note)
    try:
        yield places
    finally:
        sys.setprofile(before)


def returned_at(code: CodeType, places: list[Left]) -> int:
    """The line of the ``return`` by which ``code`` was left last; its first line if unknown.

    CPython says the last line of a ``finally`` that ran; each ``return`` has a copy of it
    behind itself, so that the first line before the copy is the one of the ``return``.
    """
    if not places:
        return code.co_firstlineno
    last, line = places[-1].last, places[-1].line
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
