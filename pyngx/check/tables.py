"""Constants of module level as tables: sequences that are indexed and iterated, dicts that are
looked up.

In C a table is a static array. The keys of a dict are sorted, so that a key is found by halving.
"""

from __future__ import annotations

import ast
import enum
from collections.abc import Sequence

from pyngx.check.base import Base
from pyngx.check.constants import constant
from pyngx.check.literals import common, numbers, typed
from pyngx.tree import Const, Expr, TableItem
from pyngx.types import INT, Constant, Range, Type, describe, range_of

_OUT_OF_RANGE: dict[type, str] = {
    tuple: "tuple index out of range",
    list: "list index out of range",
    range: "range object index out of range",
    str: "string index out of range",
}


def item_type(ex: Base, node: ast.AST, values: Sequence[object], what: str) -> Type:
    """The one type of the values of a table; ``what`` names them."""
    types = []
    for value in values:
        found = typed(value, ex.mod.model)
        if found is None:
            ex.report.refuse(
                "PNX105",
                node,
                f"{what} are bytes, str, integers and tuples and lists of them, "
                f"but there is '{describe(constant(ex.report, node, value, ex.mod.model).type)}'",
                help="keep what else there is in a table of its own",
            )
        types.append(found[0])
    joined = common(types) if types else INT
    if joined is None:
        one = types[0]
        other = next(type_ for type_ in types if common((one, type_)) is None)
        ex.report.refuse(
            "PNX105",
            node,
            f"{what} are of two types: '{describe(one)}' and '{describe(other)}'",
            help="keep them in a table each",
        )
    return joined


def item(
    ex: Base, node: ast.AST, values: Sequence[object], index: Expr, *, checked: bool
) -> TableItem:
    """``values[index]``; not ``checked``: the index is in range."""
    type_ = item_type(ex, node, values, "the items of a table")
    parts = [typed(value, ex.mod.model) for value in values]
    plain = tuple(part[1] for part in parts if part is not None)
    limits = numbers(type_, plain) or range_of(type_)
    checked = checked and not index.range.within(Range(0, len(plain) - 1))
    span, said = ex.report.span(node), _OUT_OF_RANGE.get(type(values), "index out of range")
    return TableItem(span, type_, plain, index, checked, range=limits, message=said)


def rows(ex: Base, node: ast.expr) -> Sequence[object] | None:
    """The items of a constant that a loop goes over: of a tuple or list, of a dict and its
    methods, or of a constant tuple written in place; None for anything else."""
    match node:
        case ast.Call(func=ast.Attribute(value=owner, attr="items" | "keys" | "values"), args=[]):
            found = ex.compile_time(owner)
            if isinstance(found, dict):
                assert isinstance(node.func, ast.Attribute)
                return tuple(getattr(found, node.func.attr)())
            return None
        case ast.Tuple(elts=elts) | ast.List(elts=elts):
            values = [ex.expr(e) for e in elts]
            if not all(isinstance(v, Const) for v in values):
                return None
            return tuple(v.value for v in values if isinstance(v, Const))
        case ast.Name() | ast.Attribute() | ast.Subscript():
            if isinstance(node, ast.Name) and node.id in ex.local_names:
                return None
            known = ex.compile_time(node)
            value = constant(ex.report, node, known, ex.mod.model) if known is not None else None
            if value is not None and isinstance(value.type, Constant):
                if isinstance(known, tuple | list):
                    return tuple(known)
                if isinstance(known, dict | range):
                    return tuple(known)
                if isinstance(known, type) and issubclass(known, enum.Enum):
                    return tuple(known)
            return None
        case _:
            return None
