"""What a function may do where nginx calls it, when a helper does it.

Headers are written before they are sent: not by a body filter, nor by a variable. Nothing is logged
for a request before there is one: not by ``validate``. The checker refuses what such a function
does itself; this finds what it does through a helper.
"""

from __future__ import annotations

from pyngx.diagnostics import Diagnostics, Label
from pyngx.flow.walk import expressions, statements
from pyngx.source import Span
from pyngx.tree import AssignField, CallHelper, Field, Function, Log, Op, Program, Stmt
from pyngx.types import Headers


def helpers_in_place(program: Program, diags: Diagnostics) -> None:
    """Report calls of helpers from where they cannot do what they do."""
    writers: dict[str, Span] = {}
    loggers: dict[str, Span] = {}
    for helper in program.helpers:
        found = _writes(helper, writers)
        if found is not None:
            writers[helper.name] = found
        found = _logs(helper, loggers)
        if found is not None:
            loggers[helper.name] = found
    for conf in program.confs:
        if conf.validate is not None:
            _early(conf.validate, loggers, diags)
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


def _logs(helper: Function, loggers: dict[str, Span]) -> Span | None:
    """The first place where a helper logs, itself or through another one."""
    for stmt in statements(helper.body):
        if isinstance(stmt, Log):
            return stmt.span
        for expr in expressions(stmt):
            if isinstance(expr, CallHelper) and expr.helper in loggers:
                return loggers[expr.helper]
    return None


def _early(validate: Function, loggers: dict[str, Span], diags: Diagnostics) -> None:
    for stmt in statements(validate.body):
        for expr in expressions(stmt):
            if isinstance(expr, CallHelper) and expr.helper in loggers:
                diags.error(
                    "PNX147",
                    expr.span,
                    f"{expr.helper}() logs, but there is no request to log for in validate()",
                    secondary=[Label(loggers[expr.helper], "it logs here")],
                    help='raise ConfError("…") stops nginx with a message',
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
