"""Expressions: from Python's tree to the typed one.

`Expressions` knows the names of one function. Conditions are checked by `cond`, which also says
what is known of optional values when they hold and when they do not.
"""

from __future__ import annotations

import ast

from pyngx.check.base import path
from pyngx.check.boolean import Booleans
from pyngx.check.calls import call
from pyngx.check.coerce import as_bytes, common, store
from pyngx.check.constants import constant
from pyngx.check.fstrings import fstring
from pyngx.check.lists import list_of
from pyngx.check.pieces import PIECES, partition, piece
from pyngx.check.scope import assigned_if
from pyngx.check.tuples import tuple_of
from pyngx.tree import (
    Assign,
    Conditional,
    Const,
    Expr,
    Format,
    If,
    Local,
    Unwrap,
    Walrus,
)
from pyngx.types import (
    Optional,
    Str,
)

_NOT_SPOKEN: dict[type[ast.expr], tuple[str, str]] = {
    ast.Slice: ("a slice in this place", "slice bytes: data[1:3]"),
}
"""What the expressions are called that reach the end of `plain`, and what to write instead."""


class Expressions(Booleans):
    """Checks the expressions of one function."""

    def expr(self, node: ast.expr) -> Expr:
        """The typed expression; an optional value that is known not to be None is unwrapped."""
        checked = self.plain(node)
        if isinstance(checked.type, Optional):
            where = path(node)
            if where is not None and where in self.facts.present:
                return Unwrap(checked.span, checked.type.inner, checked)
        return checked

    def plain(self, node: ast.expr) -> Expr:
        """An expression as a value."""
        span = self.report.span(node)
        match node:
            case ast.Constant():
                return constant(self.report, node, node.value, self.mod.model)
            case ast.Name():
                return self.name(node)
            case ast.Attribute():
                return self._attribute(node)
            case ast.Subscript():
                found = partition(self, node.value)
                return self._subscript(node) if found is None else self._piece(node, *found)
            case ast.BinOp():
                return self._bin_op(node)
            case ast.UnaryOp(op=ast.Not()):
                return self.cond(node).expr
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BoolOp():
                return self.bool_value(node)
            case ast.Compare():
                return self._compare(node)
            case ast.IfExp():
                return self._conditional(node)
            case ast.Call():
                return call(self, node)
            case ast.JoinedStr():
                return Format(span, Str(), fstring(self.report, node, self.expr))
            case ast.NamedExpr():
                return self._walrus(node)
            case ast.Tuple():
                return tuple_of(self, node)
            case ast.List():
                return list_of(self, node)
            case _:
                what, help_ = _NOT_SPOKEN.get(type(node), (f"'{type(node).__name__}'", ""))
                self.report.refuse(
                    "PNX102",
                    node,
                    f"{what} is not compiled by this version",
                    help=help_ or "write it with operators and calls",
                )

    def _piece(self, node: ast.Subscript, call: ast.Call, receiver: Expr, method: str) -> Expr:
        """``s.partition(c)[0]``."""
        index = self.expr(node.slice)
        if not isinstance(index, Const) or not isinstance(index.value, int):
            self.report.refuse(
                "PNX105", node.slice, "a tuple is indexed by a constant", help="write 0, 1 or 2"
            )
        if not -PIECES <= index.value < PIECES:
            self.report.refuse(
                "PNX106",
                node.slice,
                f"{method}() gives {PIECES} values",
                help=f"the last one is [{PIECES - 1}], for indices start at 0",
            )
        return piece(self, call, receiver, method, index.value % PIECES)

    def _conditional(self, node: ast.IfExp) -> Expr:
        cond = self.cond(node.test)
        saved, outer = self.facts, self.pending
        self.facts = cond.holds(saved).with_assigned(assigned_if(node.test, True))
        self.pending = []
        then = self.expr(node.body)
        first, self.pending = self.pending, []
        self.facts = cond.fails(saved).with_assigned(assigned_if(node.test, False))
        orelse = self.expr(node.orelse)
        second, self.pending = self.pending, outer
        self.facts = saved
        if then.type != orelse.type:
            then, orelse = as_bytes(then), as_bytes(orelse)
        type_ = common(self.report, node, then.type, orelse.type)
        then = store(self.report, node.body, then, type_, "the first value")
        orelse = store(self.report, node.orelse, orelse, type_, "the second value")
        limits = then.range.join(orelse.range)
        span = self.report.span(node)
        if not first and not second:
            return Conditional(span, type_, cond.expr, then, orelse, range=limits)
        var = self.hidden("value", type_)  # each of the two reads what it needs
        blocks = (*first, Assign(span, var, then)), (*second, Assign(span, var, orelse))
        self.pending.append(If(span, cond.expr, *blocks))
        return Local(span, type_, var, range=limits)

    def _walrus(self, node: ast.NamedExpr) -> Expr:
        value = self.expr(node.value)
        before = node.target.id in self.facts.assigned
        var = self.declare(node.target, value)
        stored = store(self.report, node.value, value, var.type, f"'{node.target.id}'")
        self.assigned(node.target.id, value)
        # the read is done first: what the name meant until now may still be needed
        read = None if before else self.take_read(value, var)
        if read is not None:
            self.pending.append(read)
            return Local(self.report.span(node), var.type, var)
        return Walrus(self.report.span(node), var.type, var, stored, range=stored.range)
