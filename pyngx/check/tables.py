"""Constants of module level as tables: sequences that are indexed and iterated, dicts that are
looked up.

In C a table is a static array. The keys of a dict are sorted, so that a key is found by halving.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from pyngx.check import hints
from pyngx.check.base import Base
from pyngx.check.coerce import join
from pyngx.check.constants import constant
from pyngx.tree import Const, Expr, TableFind, TableItem
from pyngx.types import INT, Bytes, Constant, Int, Range, Str, Type, describe, is_integer


def item_type(ex: Base, node: ast.AST, values: Sequence[object], what: str) -> Type:
    """The one type of the values of a table; ``what`` names them."""
    found: Type | None = None
    for value in values:
        type_ = constant(ex.report, node, value, ex.mod.model).type
        if not (isinstance(type_, Bytes | Str) or is_integer(type_)):
            ex.report.refuse(
                "PNX105",
                node,
                f"{what} are bytes, str or integers, but there is '{describe(type_)}'",
                help="keep what else there is in a table of its own",
            )
        joined = type_ if found is None else join(found, type_)
        if joined is None:
            assert found is not None
            ex.report.refuse(
                "PNX105",
                node,
                f"{what} are of two types: '{describe(found)}' and '{describe(type_)}'",
                help="keep them in a table each",
            )
        found = joined
    return INT if found is None or isinstance(found, Int) else found


def item(
    ex: Base, node: ast.AST, values: Sequence[object], index: Expr, *, checked: bool
) -> TableItem:
    """``values[index]``; not ``checked``: the index is in range."""
    type_ = item_type(ex, node, values, "the items of a table")
    limits = Range(0, 0)
    plain = tuple(_plain(v) for v in values)
    numbers = [v for v in plain if isinstance(v, int)]
    if numbers:
        limits = Range(min(numbers), max(numbers))
    return TableItem(ex.report.span(node), type_, plain, index, checked, range=limits)


def find(
    ex: Base, node: ast.AST, table: Mapping[object, object], key_node: ast.expr, *, checked: bool
) -> tuple[TableFind, tuple[object, ...]]:
    """The place of a key in a dict, -1 if it has none (``checked``: a KeyError); and the values in
    the order of the places."""
    keys = sorted(table, key=_order)
    type_ = item_type(ex, node, keys, "the keys of a table")
    key = ex.need_bytes(key_node, "the key", text=True) if not is_integer(type_) else None
    key = key or ex.need_int(key_node, "the key")
    if not is_integer(type_) and key.type != type_:
        ex.report.refuse(
            "PNX109",
            key_node,
            f"the keys are '{describe(type_)}', but this is '{describe(key.type)}'",
            help="bytes and str are never equal, as in Python",
        )
    limits = Range(0 if checked else -1, max(len(keys) - 1, 0))
    plain = tuple(_plain(k) for k in keys)
    place = TableFind(ex.report.span(node), INT, plain, key, checked, range=limits)
    return place, tuple(table[k] for k in keys)


def subscript(ex: Base, node: ast.Subscript, values: object) -> Expr:
    """``TABLE[index]`` and ``DICT[key]`` of a constant of module level."""
    match values:
        case dict() if values:
            key = ex.expr(node.slice)
            if isinstance(key, Const) and key.value in values:
                return constant(ex.report, node, values[key.value], ex.mod.model)
            place, ordered = find(ex, node, values, node.slice, checked=True)
            return item(ex, node, ordered, place, checked=False)
        case tuple() | list() if values and not isinstance(node.slice, ast.Slice):
            index = ex.need_int(node.slice, "an index")
            if isinstance(index, Const) and isinstance(index.value, int):
                if -len(values) <= index.value < len(values):
                    return constant(ex.report, node, values[index.value], ex.mod.model)
            return item(ex, node, values, index, checked=True)
        case _:
            ex.report.refuse(
                "PNX105",
                node,
                f"this '{type(values).__name__}' of module level is not looked up",
                help=hints.of_lookup(node),
            )


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
        case ast.Name() | ast.Attribute():
            if isinstance(node, ast.Name) and node.id in ex.local_names:
                return None
            known = ex.compile_time(node)
            value = constant(ex.report, node, known, ex.mod.model) if known is not None else None
            if value is not None and isinstance(value.type, Constant):
                if isinstance(known, tuple | list):
                    return tuple(known)
                if isinstance(known, dict | range):
                    return tuple(known)
            return None
        case _:
            return None


def _plain(value: object) -> int | bytes | str:
    """A value as a table has it."""
    if isinstance(value, int):
        return int(value)
    assert isinstance(value, bytes | str)
    return value


def _order(key: object) -> tuple[int, bytes]:
    """Numbers by value, text by length and then by its bytes: the order of the lookup in C."""
    if isinstance(key, int):
        return (int(key), b"")
    data = key.encode() if isinstance(key, str) else key
    return (len(data), data) if isinstance(data, bytes) else (0, b"")
