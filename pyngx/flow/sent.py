"""Headers are written before they are sent: not by a body filter, nor by a variable.

The checker refuses what such a function does itself; this finds what it does through a helper.
"""

from __future__ import annotations

from pyngx.diagnostics import Diagnostics, Label
from pyngx.flow.walk import expressions, statements
from pyngx.source import Span
from pyngx.tree import AssignField, CallHelper, Field, Function, Op, Program, Stmt
from pyngx.types import Headers


def sent(program: Program, diags: Diagnostics) -> None:
    """Report calls of helpers that write headers when it is too late."""
    writers: dict[str, Span] = {}
    for helper in program.helpers:
        found = _writes(helper, writers)
        if found is not None:
            writers[helper.name] = found
    if program.body is not None:
        _late(program.body.function, "a body filter", writers, diags)
    for variable in program.variables:
        _late(variable.function, "a variable", writers, diags)


def _writes(helper: Function, writers: dict[str, Span]) -> Span | None:
    """The first place where a helper writes a header, itself or through another one."""
    for stmt in statements(helper.body):
        if _writes_field(stmt):
            return stmt.span
        for expr in expressions(stmt):
            if isinstance(expr, Op) and expr.row.headers_only:
                return expr.span
            if isinstance(expr, CallHelper) and expr.helper in writers:
                return writers[expr.helper]
    return None


def _writes_field(stmt: Stmt) -> bool:
    target = stmt.target if isinstance(stmt, AssignField) else None
    return isinstance(target, Field) and isinstance(target.obj.type, Headers)


def _late(function: Function, what: str, writers: dict[str, Span], diags: Diagnostics) -> None:
    for stmt in statements(function.body):
        for expr in expressions(stmt):
            if isinstance(expr, CallHelper) and expr.helper in writers:
                diags.error(
                    "PNX206",
                    expr.span,
                    f"{expr.helper}() writes headers, which are sent before {what} runs",
                    secondary=[Label(writers[expr.helper], "it writes here")],
                    help="call it in the header filter",
                )
