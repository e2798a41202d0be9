"""Lookups in dicts of module level that may find nothing."""

from __future__ import annotations

import ast

from pyngx.check import tables
from pyngx.check.coerce import common, store
from pyngx.check.constants import integer
from pyngx.check.operators import Operators
from pyngx.tree import Compare, Conditional, Const, Expr
from pyngx.types import BIT, Bool, NoneType


def get(ex: Operators, node: ast.Call, func: ast.Attribute) -> Expr | None:
    """``DICT.get(key)`` and ``DICT.get(key, default)`` of a dict of module level; None for any
    other call."""
    table = ex.compile_time(func.value)
    if not isinstance(table, dict) or func.attr != "get":
        return None
    if node.keywords or not 1 <= len(node.args) <= 2 or not table:
        ex.report.refuse(
            "PNX133",
            node,
            "get() of a dict takes a key, and a default" if table else "the dict is empty",
            help="write 'TABLE.get(key, default)'",
        )
    span = ex.report.span(node)
    place, values = tables.find(ex, node, table, node.args[0], checked=False)
    first, again = ex.once(place, "place")
    there = Compare(span, Bool(), ">=", first, integer(ex.report, node, 0, ex.mod.model), range=BIT)
    found: Expr = tables.item(ex, node, values, again, checked=False)
    default: Expr = Const(span, NoneType(), None)
    if len(node.args) == 2:
        default = ex.expr(node.args[1])
    type_ = common(ex.report, node, found.type, default.type)
    limits = found.range.join(default.range)
    default = store(ex.report, node.args[-1], default, type_, "the default")
    found = store(ex.report, node, found, type_, "the value")
    return Conditional(span, type_, there, found, default, range=limits)
