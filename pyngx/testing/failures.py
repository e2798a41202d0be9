"""The exceptions that an error log has when one comes out of a ``finally``.

Where a ``finally`` block fails that an exception has on its way, CPython's traceback shows both,
and so does nginx's log. What an ``except`` has taken is in neither.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path


def on_their_way(error: BaseException) -> list[Exception]:
    """The exceptions in whose ``finally`` this one, or the next of them, was raised, in order."""
    found: list[Exception] = []
    later, earlier = error, error.__context__
    seen = {id(error)}
    while earlier is not None and id(earlier) not in seen:
        seen.add(id(earlier))
        if isinstance(earlier, Exception) and _in_finally(earlier, later):
            found.insert(0, earlier)
            later = earlier
        earlier = earlier.__context__
    return found


def _in_finally(earlier: BaseException, later: BaseException) -> bool:
    """Whether an exception came from a ``finally`` that another one had on its way."""
    lines = {frame: line for frame, _, line in _lines(earlier)}
    for frame, path, line in _lines(later):
        for start, final, end in _finals(path) if frame in lines else ():
            if start <= lines[frame] < final <= line <= end:
                return True
    return False


def _lines(error: BaseException) -> Iterator[tuple[int, str, int]]:
    """The frames of a traceback, by their identity, each with its file and line."""
    at = error.__traceback__
    while at is not None:
        yield id(at.tb_frame), at.tb_frame.f_code.co_filename, at.tb_lineno
        at = at.tb_next


@lru_cache(maxsize=64)
def _finals(path: str) -> tuple[tuple[int, int, int], ...]:
    """The first lines of each ``try`` with a ``finally``, and of that, and its last line."""
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ()
    return tuple(
        (node.lineno, node.finalbody[0].lineno, node.finalbody[-1].end_lineno or 0)
        for node in ast.walk(tree)
        if isinstance(node, ast.Try) and node.finalbody
    )
