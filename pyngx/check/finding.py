"""Where a key is among constants: a number, text, a tuple of them, or the key of a dict in a dict.

The keys are sorted, and one is found by halving. The parts of a tuple are found one by one; the
places where they are make a number, which is found among those that have a value.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence

from pyngx.check import hints, tables
from pyngx.check.base import Base
from pyngx.check.coerce import as_bytes
from pyngx.check.constants import constant, integer
from pyngx.check.literals import as_value
from pyngx.check.tuples import item_of
from pyngx.tree import Compare, Conditional, Const, Expr, Logic, TableFind
from pyngx.types import BIT, INT, Bool, Bytes, Range, Str, Tuple, Type, describe, is_integer


def find(
    ex: Base, node: ast.AST, table: Mapping[object, object], key_node: ast.expr, *, checked: bool
) -> tuple[TableFind, tuple[object, ...]]:
    """The place of a key in a dict, -1 if it has none (``checked``: a KeyError); and the values in
    the order of the places."""
    type_ = tables.item_type(ex, node, tuple(table), "the keys of a table")
    if isinstance(type_, Tuple) and not type_.is_object:
        return _find_tuple(ex, node, table, key_node, checked=checked)
    keys, place = _place(ex, node, table, type_, ex.expr(key_node), key_node, checked=checked)
    return place, tuple(table[k] for k in keys)


def _place(
    ex: Base,
    node: ast.AST,
    known: Iterable[object],
    type_: Type,
    key: Expr,
    key_node: ast.expr,
    *,
    checked: bool,
) -> tuple[list[object], TableFind]:
    """Some keys in their order, and the place of a value among them."""
    if not (isinstance(type_, Bytes | Str) or is_integer(type_)):
        ex.report.refuse(
            "PNX105",
            node,
            "the keys of a table are bytes, str, integers and tuples of these, "
            f"but there is '{describe(type_)}'",
            help="keep what else there is in a table of its own",
        )
    key = as_bytes(key)
    ex.no_none(key, "the key")
    same = is_integer(key.type) if is_integer(type_) else key.type == type_
    if not same:
        ex.report.refuse(
            "PNX109",
            key_node,
            f"the keys are '{describe(type_)}', but this is '{describe(key.type)}'",
            help="bytes and str are never equal, as in Python",
        )
    keys = sorted(known, key=_order)
    limits = Range(0 if checked else -1, max(len(keys) - 1, 0))
    plain = tuple(_plain(k) for k in keys)
    place = TableFind(ex.report.span(node), INT, plain, key, checked, range=limits)
    return keys, place


def _find_tuple(
    ex: Base, node: ast.AST, table: Mapping[object, object], key_node: ast.expr, *, checked: bool
) -> tuple[TableFind, tuple[object, ...]]:
    """The place of a tuple: of each of its parts, and of these numbers."""
    rows = {key: value for key, value in table.items() if isinstance(key, tuple)}
    size = len(next(iter(rows)))
    key = as_value(ex.expr(key_node))
    if not isinstance(key.type, Tuple) or len(key.type.items) != size:
        ex.report.refuse(
            "PNX109",
            key_node,
            f"the keys are tuples of {size}, but this is '{describe(key.type)}'",
            help="write the parts in brackets: TABLE[a, b]",
        )
    first, again = ex.once(key, "key")
    places, orders = [], []
    for i in range(size):
        known = {row[i] for row in rows}
        type_ = tables.item_type(ex, node, tuple(known), "the keys of a table")
        part = item_of(first if i == 0 else again, i)
        order, place = _place(ex, node, known, type_, part, key_node, checked=False)
        places.append(place)
        orders.append(order)
    numbers = {
        tuple(order.index(part) for order, part in zip(orders, row, strict=True)): value
        for row, value in rows.items()
    }
    return among(ex, node, places, [len(order) for order in orders], numbers, checked=checked)


def among(
    ex: Base,
    node: ast.AST,
    places: Sequence[Expr],
    sizes: Sequence[int],
    numbers: Mapping[tuple[int, ...], object],
    *,
    checked: bool,
) -> tuple[TableFind, tuple[object, ...]]:
    """The place of several places, each of which may be -1, among those that have a value."""
    span = ex.report.span(node)
    zero, none = (integer(ex.report, node, n, ex.mod.model) for n in (0, -1))
    missing: list[Expr] = []
    number: Expr | None = None
    for place, size in zip(places, sizes, strict=True):
        first, again = ex.once(place, "place")
        missing.append(Compare(span, Bool(), "<", first, zero, range=BIT))
        if number is None:
            number = again
            continue
        width = integer(ex.report, node, size, ex.mod.model)
        number = ex.arith(node, "+", ex.arith(node, "*", number, width), again)
    assert number is not None
    by_number = {}
    for parts, value in numbers.items():
        found = 0
        for part, size in zip(parts, sizes, strict=True):
            found = found * size + part
        by_number[found] = value
    cond = Logic(span, Bool(), "or", tuple(missing), range=BIT)
    key = Conditional(span, INT, cond, none, number, range=Range(-1, number.range.hi))
    ordered = tuple(sorted(by_number))
    limits = Range(0 if checked else -1, max(len(ordered) - 1, 0))
    place = TableFind(span, INT, ordered, key, checked, range=limits)
    return place, tuple(by_number[n] for n in ordered)


def chosen(
    ex: Base, node: ast.expr, key_node: ast.expr, *, checked: bool
) -> tuple[TableFind, tuple[object, ...]] | None:
    """What `find` says of a key in a dict that is itself looked up: ``TABLE[a][b]``; None for any
    other expression."""
    outer = ex.compile_time(node.value) if isinstance(node, ast.Subscript) else None
    if not isinstance(outer, dict) or not outer or not isinstance(node, ast.Subscript):
        return None
    if not all(isinstance(inner, dict) for inner in outer.values()):
        return None
    type_ = tables.item_type(ex, node, tuple(outer), "the keys of a table")
    order, place = _place(ex, node, outer, type_, ex.expr(node.slice), node.slice, checked=True)
    known = {key: None for inner in outer.values() for key in inner}
    type_ = tables.item_type(ex, node, tuple(known), "the keys of a table")
    inner_order, inner_place = _place(
        ex, key_node, known, type_, ex.expr(key_node), key_node, checked=False
    )
    numbers: dict[tuple[int, ...], object] = {
        (i, inner_order.index(key)): value
        for i, name in enumerate(order)
        for key, value in outer[name].items()
    }
    sizes = [len(order), len(inner_order)]
    return among(ex, node, [place, inner_place], sizes, numbers, checked=checked)


def subscript(ex: Base, node: ast.Subscript, values: object) -> Expr:
    """``TABLE[index]`` and ``DICT[key]`` of a constant of module level."""
    match values:
        case dict() if values:
            key = ex.expr(node.slice)
            if isinstance(key, Const) and key.value in values:
                return constant(ex.report, node, values[key.value], ex.mod.model)
            place, ordered = find(ex, node, values, node.slice, checked=True)
            return tables.item(ex, node, ordered, place, checked=False)
        case tuple() | list() if values and not isinstance(node.slice, ast.Slice):
            index = ex.need_int(node.slice, "an index")
            if isinstance(index, Const) and isinstance(index.value, int):
                if -len(values) <= index.value < len(values):
                    return constant(ex.report, node, values[index.value], ex.mod.model)
            return tables.item(ex, node, values, index, checked=True)
        case _:
            ex.report.refuse(
                "PNX105",
                node,
                f"this '{type(values).__name__}' of module level is not looked up",
                help=hints.of_lookup(node),
            )


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
