"""``sum`` of floats, which is more than additions: what the Python that compiles makes of it.

From 3.12 on CPython keeps what each addition loses (Neumaier's compensation), and adds it at the
end. A sum that begins with the int 0 is that 0 if nothing is added, else a float: a `Total`.
"""

from __future__ import annotations

import ast
from typing import Protocol

from pyngx.check.context import Refused, Reporter
from pyngx.check.floats import as_float
from pyngx.check.kinds import Widened
from pyngx.frontend.spelling import SumEnd, Summed, SumStart
from pyngx.ops.table import TABLE
from pyngx.tree import Arith, Assign, Const, Expr, Local, Op, Stmt, Var
from pyngx.types import Bytes, Float, Int, Str, Total, Type, is_integer, is_number

COMPENSATED = sum([1e16, 1.0, -1e16]) == 1.0
"""Whether ``sum`` keeps what additions of floats lose."""

ALSO_INTEGERS = sum([1e16, 1, -1e16]) == 1.0
"""Whether it does so when it adds an integer to a float."""


class Checker(Protocol):
    """What a sum needs of the checker of its function."""

    report: Reporter
    vars: dict[str, Var]
    wide: dict[str, Type]
    lost: dict[str, Var]

    def expr(self, node: ast.expr) -> Expr: ...
    def once(self, value: Expr, hint: str) -> tuple[Expr, Expr]: ...
    def hidden(self, hint: str, type_: Type) -> Var: ...
    def augmented(self, node: ast.AugAssign) -> Stmt: ...
    def assign_name(
        self, node: ast.stmt, target: ast.Name, value: Expr, value_node: ast.expr
    ) -> Stmt: ...


def start(ex: Checker, node: SumStart) -> tuple[Stmt, ...]:
    """``total = start``."""
    target = _target(node.targets[0])
    first = ex.expr(node.value)
    if isinstance(first.type, Str | Bytes):
        empty = '""' if isinstance(first.type, Str) else 'b""'
        ex.report.refuse(
            "PNX134", node.value, "sum() adds no texts", help=f"write {empty}.join(values)"
        )
    stmt = ex.assign_name(node, target, first, node.value)
    ex.lost.pop(target.id, None)
    if not (COMPENSATED and isinstance(ex.vars[target.id].type, Float | Total)):
        return (stmt,)
    span = ex.report.span(node)
    ex.lost[target.id] = lost = ex.hidden("lost", Float())
    return stmt, Assign(span, lost, Const(span, Float(), 0.0))


def add(ex: Checker, node: Summed) -> tuple[Stmt, ...]:
    """``total += x``."""
    target = _target(node.target)
    var = ex.vars.get(target.id)
    if var is None:  # the start is refused
        raise Refused
    item = ex.expr(node.value)
    if isinstance(var.type, Int) and isinstance(item.type, Float) and node.from_zero:
        ex.wide[target.id] = Total()
        raise Widened
    if not (isinstance(var.type, Float | Total) and is_number(item.type)):
        return (ex.augmented(node),)
    span = ex.report.span(node)
    total, lost = as_float(Local(span, var.type, var)), ex.lost.get(target.id)
    stmts: list[Stmt] = []
    if lost is not None and (ALSO_INTEGERS or not is_integer(item.type)):
        item, again = ex.once(as_float(item), "item")
        more = Op(span, Float(), TABLE["float.lost"], (total, item))
        old = Local(span, Float(), lost)
        stmts.append(Assign(span, lost, Arith(span, Float(), "+", old, more)))
        item = again
    value = Arith(span, Float(), "+", total, as_float(item))
    return (*stmts, ex.assign_name(node, target, value, node.value))


def end(ex: Checker, node: SumEnd) -> tuple[Stmt, ...]:
    """What additions have lost is added."""
    lost = ex.lost.get(node.total)
    if lost is None:
        return ()
    span = ex.report.span(node)
    var = ex.vars[node.total]
    operands = (Local(span, var.type, var), Local(span, Float(), lost))
    return (Assign(span, var, Op(span, var.type, TABLE["float.summed"], operands)),)


def _target(node: ast.expr) -> ast.Name:
    assert isinstance(node, ast.Name)
    return node
