"""What a function may do where nginx calls it, when a helper does it.

Headers are written before they are sent: not by a body filter, nor by a variable. Before there is
a request nothing is logged for it or taken from its memory: not by ``validate``. The checker
refuses what such a function does itself; this finds what it does through a helper.
"""

from __future__ import annotations

from pyngx.diagnostics import Diagnostics, Label
from pyngx.flow.walk import expressions, statements
from pyngx.ops.registry import Passes
from pyngx.program import Program
from pyngx.source import Span
from pyngx.tree import (
    Arith,
    AssignField,
    ByteAt,
    CallHelper,
    Convert,
    Expr,
    Field,
    Format,
    Function,
    ItemAt,
    Log,
    Op,
    Raise,
    RaiseAgain,
    Stmt,
    TableFind,
    TableItem,
)
from pyngx.types import Headers


def helpers_in_place(program: Program, diags: Diagnostics) -> None:
    """Report calls of helpers from where they cannot do what they do."""
    writers: dict[str, Span] = {}
    asking: dict[str, Span] = {}
    for helper in program.helpers:
        found = _writes(helper, writers)
        if found is not None:
            writers[helper.name] = found
        found = _asks(helper, asking)
        if found is not None:
            asking[helper.name] = found
    for conf in program.confs:
        if conf.validate is not None:
            _early(conf.validate, asking, diags)
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


def _asks(helper: Function, asking: dict[str, Span]) -> Span | None:
    """The first place where a helper needs a request: to log for, or to take memory from."""
    for stmt in statements(helper.body):
        if isinstance(stmt, Log | Raise | RaiseAgain):
            return stmt.span
        for expr in expressions(stmt):
            if isinstance(expr, CallHelper) and expr.helper in asking:
                return asking[expr.helper]
            if _may_fail(expr):
                return expr.span
    return None


def _may_fail(expr: Expr) -> bool:
    match expr:
        case Op(row=row):
            return row.can_fail or row.passes is not Passes.NOTHING
        case ByteAt(checked=checked) | ItemAt(checked=checked) | Convert(checked=checked):
            return checked
        case TableItem(checked=checked) | TableFind(checked=checked):
            return checked
        case Arith():
            return expr.overflows or expr.divides_by_zero or expr.negative_shift
        case _:
            return isinstance(expr, Format)


def _early(validate: Function, asking: dict[str, Span], diags: Diagnostics) -> None:
    for stmt in statements(validate.body):
        for expr in expressions(stmt):
            if isinstance(expr, CallHelper) and expr.helper in asking:
                diags.error(
                    "PNX310",
                    expr.span,
                    f"{expr.helper}() needs a request, and validate() has none",
                    secondary=[
                        Label(asking[expr.helper], "what logs, may fail or makes bytes needs one")
                    ],
                    help="write this step in validate() itself",
                )


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
