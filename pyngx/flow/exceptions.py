"""Where exceptions go: out of which helpers to an ``except`` in a caller, and on from there.

Such a helper is told by its caller where to leave what it raises; any other one logs it and ends
the request by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyngx.diagnostics import Diagnostics
from pyngx.flow.suspension import suspends
from pyngx.flow.walk import all_expressions, blocks, children, expressions, statements
from pyngx.program import Program
from pyngx.tree import Block, CallHelper, Handler, RaiseAgain, Stmt, Try


def raises_again(block: Block, outer: int = 0) -> bool:
    """Whether the block of an ``except`` raises again what that has taken."""
    for stmt in block:
        if isinstance(stmt, RaiseAgain) and stmt.outer == outer:
            return True
        if any(raises_again(b, outer + isinstance(stmt, Handler)) for b in blocks(stmt)):
            return True
    return False


def forgotten(program: Program, diags: Diagnostics) -> None:
    """Refuse to raise again what a generator has taken before it was suspended."""
    if program.body is None:
        return
    for stmt in statements(program.body.function.body):
        if isinstance(stmt, Handler) and any(suspends(s) for s in stmt.body):
            if raises_again(stmt.body):
                diags.error(
                    "PNX195",
                    stmt.span,
                    "what is raised again here is forgotten when the body is read meanwhile",
                    help="raise again before reading, or read after the whole 'try'",
                )


def watched(program: Program) -> frozenset[str]:
    """The helpers that are called in a ``try`` with ``except``, and those that these call."""
    found = {name for function in program.functions for name in _in_try(function.body, False)}
    for helper in reversed(program.helpers):  # a helper stands behind those that it calls
        if helper.name in found:
            calls = (e for e in all_expressions(helper.body) if isinstance(e, CallHelper))
            found |= {call.helper for call in calls}
    return frozenset(found)


def _in_try(block: Block, inside: bool) -> Iterator[str]:
    """The helpers that a block calls in a ``try``."""
    for stmt in block:
        if inside:
            yield from _called(stmt)
        for inner in blocks(stmt):
            protected = isinstance(stmt, Try) and inner is stmt.body
            yield from _in_try(inner, inside or protected)


def _called(stmt: Stmt) -> Iterator[str]:
    for child in children(stmt):
        for expr in expressions(child):
            if isinstance(expr, CallHelper):
                yield expr.helper
