"""Tuples as values: made, taken apart, compared.

Items are reached one by one, by constant position, so that each keeps its own type; a comparison
becomes one of the items. What is computed is put into a variable first, as Python evaluates a
tuple before it looks at any of its items.
"""

from __future__ import annotations

import ast

from pyngx.check.annotations import parts
from pyngx.check.base import Base
from pyngx.check.coerce import as_bytes, store
from pyngx.tree import (
    Const,
    Expr,
    Field,
    Item,
    Local,
    Logic,
    Not,
    StateField,
    TableItem,
    TableList,
    TupleOf,
    Unwrap,
)
from pyngx.types import (
    BIT,
    INT,
    Bool,
    Bytes,
    Enum,
    Float,
    Int,
    NoneType,
    Optional,
    Range,
    Str,
    Tuple,
    describe,
    range_of,
)


def tuple_of(ex: Base, node: ast.Tuple) -> Expr:
    """``(a, b)`` as a value."""
    if not node.elts:
        ex.report.refuse(
            "PNX190",
            node,
            "an empty tuple is no value in this version",
            help="write None for nothing, or leave it out",
        )
    items = tuple(_kept(ex, element, ex.expr(element)) for element in node.elts)
    types = tuple(item.type for item in items)
    return TupleOf(ex.report.span(node), Tuple(types), items)


def _kept(ex: Base, node: ast.expr, value: Expr) -> Expr:
    """An item as a tuple holds it: integers as Python's, buffers as their bytes."""
    value = as_bytes(value)
    inner = value.type.inner if isinstance(value.type, Optional) else value.type
    if not isinstance(inner, Int | Bool | Float | Enum | Bytes | Str | Tuple | NoneType):
        ex.report.refuse(
            "PNX190",
            node,
            f"a tuple does not hold '{describe(value.type)}' in this version",
            help="give it a variable of its own",
        )
    if isinstance(value.type, Int) and value.type != INT:
        return store(ex.report, node, value, INT, "an item")
    return value


def is_plain(value: Expr) -> bool:
    """Whether a value may be written several times: nothing is computed for it."""
    match value:
        case Local() | StateField() | Field() | Const() | TableList():
            return True
        case TableItem(index=index, checked=False):
            return is_plain(index)
        case Item(obj=inner) | Unwrap(value=inner):
            return is_plain(inner)
        case TupleOf(items=items):
            return all(map(is_plain, items))
        case _:
            return False


def item_of(value: Expr, index: int) -> Expr:
    """The item of a tuple at a position that it has."""
    if isinstance(value, TupleOf):
        return value.items[index]
    assert isinstance(value.type, Tuple)
    type_ = value.type.items[index]
    return Item(value.span, type_, value, index, range=range_of(type_))


class Tuples(Base):
    """Compares and joins tuples, item by item."""

    def joined_tuples(self, node: ast.AST, left: Expr, right: Expr) -> Expr:
        """``pair + (c,)``."""
        items: list[Expr] = []
        for value in (left, right):
            assert isinstance(value.type, Tuple)
            now, again = self.once(value, "pair")
            items += [item_of(again if i else now, i) for i in range(len(value.type.items))]
        return TupleOf(self.report.span(node), Tuple(tuple(i.type for i in items)), tuple(items))

    def compare_tuples(self, node: ast.AST, op: str, left: Expr, right: Expr) -> Expr:
        """``==`` and its like of two tuples, as Python compares them: by the first difference."""
        assert isinstance(left.type, Tuple) and isinstance(right.type, Tuple)
        span = self.report.span(node)
        if Float() in (*parts(left.type), *parts(right.type)):
            self.report.refuse(
                "PNX221",
                node,
                "tuples with floats in them are not compared",
                notes=("items that are the same object count as equal, and nan is not to itself",),
                help="compare their items: a[0] == b[0] and a[1] == b[1]",
            )
        if not _comparable(op, left.type, right.type):
            self.report.refuse(
                "PNX109",
                node,
                f"'{op}' is not defined between '{describe(left.type)}' "
                f"and '{describe(right.type)}'",
                help="compare their fields",
            )
        sizes = len(left.type.items), len(right.type.items)
        if sizes[0] != sizes[1] and op in ("==", "!="):
            self.report.refuse(
                "PNX109",
                node,
                f"a tuple of {sizes[0]} items never equals one of {sizes[1]}",
                help="compare tuples of one length",
            )
        first = [self.once(value, "pair") for value in (left, right)]
        firsts = first[0][0], first[1][0]
        again = first[0][1], first[1][1]
        if op == "!=":
            equal = self._equal(node, firsts, again, 0)
            return Not(span, Bool(), equal, range=BIT)
        if op == "==":
            return self._equal(node, firsts, again, 0)
        return self._ordered(node, op, firsts, again, 0)

    def _equal(
        self, node: ast.AST, now: tuple[Expr, Expr], again: tuple[Expr, Expr], index: int
    ) -> Expr:
        assert isinstance(again[0].type, Tuple)
        tests = []
        for i in range(index, len(again[0].type.items)):
            left, right = now if i == index else again
            tests.append(self.compare(node, "==", item_of(left, i), item_of(right, i)))
        span = self.report.span(node)
        return tests[0] if len(tests) == 1 else Logic(span, Bool(), "and", tuple(tests), range=BIT)

    def _ordered(
        self, node: ast.AST, op: str, now: tuple[Expr, Expr], again: tuple[Expr, Expr], index: int
    ) -> Expr:
        """``a < b or a == b and …``: by the items from ``index`` on."""
        assert isinstance(again[0].type, Tuple) and isinstance(again[1].type, Tuple)
        span = self.report.span(node)
        sizes = len(again[0].type.items), len(again[1].type.items)
        if index == min(sizes):  # all are equal: the shorter one is less
            value = {"<": sizes[0] < sizes[1], "<=": sizes[0] <= sizes[1]}.get(op)
            if value is None:
                value = sizes[0] > sizes[1] if op == ">" else sizes[0] >= sizes[1]
            return Const(span, Bool(), value, range=Range(value, value))
        last = index + 1 == sizes[0] == sizes[1]
        left, right = item_of(now[0], index), item_of(now[1], index)
        if last:
            return self.compare(node, op, left, right)
        decided = self.compare(node, op[0], left, right)
        left, right = item_of(again[0], index), item_of(again[1], index)
        equal = self.compare(node, "==", left, right)
        rest = self._ordered(node, op, again, again, index + 1)
        tail = Logic(span, Bool(), "and", (equal, rest), range=BIT)
        return Logic(span, Bool(), "or", (decided, tail), range=BIT)


def _comparable(op: str, left: Tuple, right: Tuple) -> bool:
    """Whether Python compares two of these by their items: objects of a dataclass only with their
    own kind, as the dataclass says."""
    if not (left.is_object or right.is_object):
        return True
    wanted = "__eq__" if op in ("==", "!=") else "__lt__"
    return left.cls is right.cls and wanted in vars(left.cls)
