"""Lookups in dicts of module level that may find nothing."""

from __future__ import annotations

import ast
from dataclasses import replace

from pyngx.check import finding, tables
from pyngx.check.coerce import as_bytes, common, store
from pyngx.check.constants import integer
from pyngx.check.literals import common as common_type
from pyngx.check.operators import Operators
from pyngx.tree import Compare, Conditional, Const, Expr, TableList
from pyngx.types import BIT, Bool, List, NoneType, Tuple, joined


def get(ex: Operators, node: ast.Call, func: ast.Attribute) -> Expr | None:
    """``DICT.get(key)`` and ``DICT.get(key, default)`` of a dict of module level; None for any
    other call."""
    table = ex.compile_time(func.value)
    nested = None
    if func.attr == "get" and node.args and isinstance(func.value, ast.Subscript):
        nested = finding.chosen(ex, func.value, node.args[0], checked=False)
    if func.attr != "get" or (nested is None and not isinstance(table, dict)):
        return None
    if node.keywords or not 1 <= len(node.args) <= 2 or not (table or nested):
        ex.report.refuse(
            "PNX133",
            node,
            "get() of a dict takes a key, and a default" if table else "the dict is empty",
            help="write 'TABLE.get(key, default)'",
        )
    span = ex.report.span(node)
    if nested is None:
        assert isinstance(table, dict)
        nested = finding.find(ex, node, table, node.args[0], checked=False)
    place, values = nested
    first, again = ex.once(place, "place")
    there = Compare(span, Bool(), ">=", first, integer(ex.report, node, 0, ex.mod.model), range=BIT)
    found: Expr = tables.item(ex, node, values, again, checked=False)
    default: Expr = Const(span, NoneType(), None)
    if len(node.args) == 2:
        default = _default(ex, node.args[1])
    both = (found.type, default.type)
    shared = joined(*both) or common_type(both)
    type_ = shared or common(ex.report, node, *both)
    if isinstance(type_, List) and isinstance(found.type, Tuple):
        found = replace(found, type=type_)
    limits = found.range.join(default.range)
    default = store(ex.report, node.args[-1], default, type_, "the default")
    found = store(ex.report, node, found, type_, "the value")
    return Conditional(span, type_, there, found, default, range=limits)


def _default(ex: Operators, node: ast.expr) -> Expr:
    """The default of `get`; an empty tuple is the list that it is looped over like."""
    if isinstance(node, ast.Tuple) and not node.elts:
        return TableList(ex.report.span(node), List(NoneType()), ())
    return as_bytes(ex.expr(node))
