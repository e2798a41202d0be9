"""Lists that a function makes: displays, methods, items, slices.

A list is an array behind a pointer, as Python's is an object behind a name: two names for one list
see the same items. Only a list that the function has made itself is changed; one of the
configuration is everybody's, and one that is a parameter may be that.
"""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Sequence
from typing import NoReturn

from pyngx.check import tables
from pyngx.check.base import Base
from pyngx.check.coerce import as_bytes, common, store
from pyngx.check.literals import common as common_type
from pyngx.check.literals import typed
from pyngx.check.tuples import is_plain, item_of
from pyngx.frontend.spelling import is_fresh, is_keyed
from pyngx.ops.table import TABLE
from pyngx.tree import Const, Eval, Expr, ListMake, ListPop, Op, PushItem, SetItem, Stmt, TableList
from pyngx.types import (
    BIT,
    INT,
    INT64_MAX,
    Bool,
    Bytes,
    Ctx,
    Enum,
    Float,
    Int,
    List,
    NoneType,
    Range,
    Str,
    Tuple,
    Type,
    describe,
    is_integer,
    range_of,
)

CHANGING = ("remove", "append", "insert", "pop", "extend", "clear", "reverse", "sort")
_FROM = ("operator.list_of_bytes", "operator.characters")
"""The rows that make a list of something else."""
_CHANGE_HELP = "make a list of your own: values = list(…)"


def list_of(ex: Base, node: ast.List | ast.Tuple) -> Expr:
    """``[a, b]``: a new list, all of whose items have one type."""
    values = [as_bytes(ex.expr(element)) for element in node.elts]
    return list_made(ex, node, values, node.elts)


def list_made(ex: Base, node: ast.expr, values: Sequence[Expr], places: Sequence[ast.expr]) -> Expr:
    """A new list of some values, at places that messages point at."""
    type_: Type = NoneType()
    for i, value in enumerate(values):
        own = INT if isinstance(value.type, Int) else value.type
        type_ = common(ex.report, node, type_, own) if i else own
    if values:
        check_item(ex, node, type_)
    items = tuple(
        store(ex.report, element, value, type_, "an item")
        for element, value in zip(places, values, strict=True)
    )
    return ListMake(ex.report.span(node), List(type_), items)


def check_item(ex: Base, node: ast.AST, type_: Type) -> None:
    """Refuse what a list does not hold."""
    if not isinstance(type_, Int | Bool | Float | Enum | Bytes | Str | Tuple):
        ex.report.refuse(
            "PNX191",
            node,
            f"a list of '{describe(type_)}' is not made by this version",
            help=(
                "a row may be a tuple, or the bytes that are split where the row is needed"
                if isinstance(type_, List)
                else "numbers, bytes, str and tuples of them stand in lists"
            ),
        )


def slice_of(ex: Base, node: ast.AST, value: Expr, lower: Expr, upper: Expr) -> Expr:
    """``values[lower:upper]``, a new list."""
    return Op(ex.report.span(node), value.type, TABLE["operator.list_slice"], (value, lower, upper))


def characters(ex: Base, node: ast.AST, text: Expr) -> Expr:
    """``list(text)``: a list of the characters, each a text."""
    return Op(ex.report.span(node), List(Str()), TABLE["operator.characters"], (text,))


def copy_of(ex: Base, node: ast.Call) -> Expr:
    """``list(values)``."""
    if not node.args:
        return ListMake(ex.report.span(node), List(NoneType()), ())
    value = need_list(ex, node.args[0], "the argument of list()")
    if isinstance(value, ListMake) or (isinstance(value, Op) and value.row.name in _FROM):
        return value
    span = ex.report.span(node)
    zero = Const(span, INT, 0, range=Range(0, 0))
    end = Const(span, INT, INT64_MAX, range=Range(INT64_MAX, INT64_MAX))
    return slice_of(ex, node, value, zero, end)


def need_list(ex: Base, node: ast.expr, what: str) -> Expr:
    """The expression, which must be a list."""
    if isinstance(node, ast.Tuple):
        return list_of(ex, node)
    rows = tables.rows(ex, node)
    if rows is not None:
        return _of_constants(ex, node, rows)
    value = listed(ex, node, ex.expr(node))
    if not isinstance(value.type, List):
        ex.no_none(value, what)
        ex.report.refuse(
            "PNX111",
            node,
            f"{what} is a list, but this is '{describe(value.type)}'",
            help="write the items in brackets: [a, b]",
        )
    return value


def _of_constants(ex: Base, node: ast.expr, rows: Sequence[object]) -> Expr:
    """A list of what a constant of module level has."""
    found = [typed(row, ex.mod.model) for row in rows]
    values = tuple(part[1] for part in found if part is not None)
    item = tables.item_type(ex, node, rows, "the items of a list") if rows else NoneType()
    return TableList(ex.report.span(node), List(item), values)


def listed(ex: Base, node: ast.expr, value: Expr) -> Expr:
    """The list of what bytes or a tuple have; any other value as it is."""
    value = as_bytes(value)
    match value.type:
        case Bytes():
            row = TABLE["operator.list_of_bytes"]
            return Op(ex.report.span(node), List(INT), row, (value,))
        case Str():
            return characters(ex, node, value)
        case Tuple(items) if not value.type.is_object and is_plain(value):
            found = [item_of(value, i) for i in range(len(items))]
            if all(isinstance(i, Const) for i in found):
                values = [i.value for i in found if isinstance(i, Const)]
                plain = [int(v) if isinstance(v, bool) else v for v in values]
                item = common_type(items)
                if item is not None:
                    return TableList(ex.report.span(node), List(item), tuple(plain))
            return list_made(ex, node, found, [node] * len(items))
        case _:
            return value


def _item(value: Expr) -> Type:
    assert isinstance(value.type, List)
    return value.type.item


def sorted_of(ex: Base, node: ast.Call) -> Expr:
    """``sorted(values)``, a new list."""
    if is_keyed(node):
        return _sorted_by(ex, node)
    if len(node.args) != 1:
        ex.report.refuse(
            "PNX133", node, "sorted() takes one list", help="write sorted(values, reverse=True)"
        )
    known = ex.compile_time(node.args[0])
    if isinstance(known, set | frozenset):
        sort_kind(ex, node, tables.item_type(ex, node, tuple(known), "the items of a set"))
        value = _of_constants(ex, node.args[0], sorted(known))
    else:
        value = need_list(ex, node.args[0], "the argument of sorted()")
    row = TABLE[f"operator.list_sorted_{sort_kind(ex, node, _item(value))}"]
    return Op(ex.report.span(node), value.type, row, (value, reverse_of(ex, node)))


def _sorted_by(ex: Base, node: ast.Call) -> Expr:
    """The values in the order of one list of keys after the other: those that are equal in the
    first are told apart by the second."""
    span = ex.report.span(node)
    values, *keys = (need_list(ex, arg, "what is sorted") for arg in node.args)
    reverse = reverse_of(ex, node)
    order: Expr = Op(span, List(INT), TABLE["operator.list_indices"], (values,))
    for given, key in reversed(list(zip(node.args[1:], keys, strict=True))):
        row = TABLE[f"operator.list_order_{sort_kind(ex, given, _item(key))}"]
        order = Op(span, List(INT), row, (order, key, reverse))
    return Op(span, values.type, TABLE["operator.list_pick"], (values, order))


def sort_kind(ex: Base, node: ast.AST, item: Type) -> str:
    """What the rows that sort items of a type are called."""
    if isinstance(item, Bytes | Str):
        return "bytes"
    if isinstance(item, Float):
        return "floats"
    if not (is_integer(item) or isinstance(item, NoneType)):
        ex.report.refuse(
            "PNX191",
            node,
            f"a list of '{describe(item)}' is not sorted by this version",
            help="numbers, bytes and str are: give them as the key: "
            "sorted(pairs, key=lambda p: (p[0], p[1]))",
        )

    return "numbers"


def reverse_of(ex: Base, node: ast.Call) -> Expr:
    """The argument ``reverse`` of a sort, which takes no other."""
    for keyword in node.keywords:
        if keyword.arg != "reverse":
            ex.report.refuse(
                "PNX134",
                keyword,
                f"the argument '{keyword.arg}' of a sort is not compiled by this version",
                help="sort tuples' keys in a list of their own",
            )
        return ex.cond(keyword.value).expr
    return Const(ex.report.span(node), Bool(), False, range=Range(0, 0))


class Lists(Base):
    """Checks what changes a list."""

    @abstractmethod
    def widen_list(self, node: ast.expr, value: Expr, item: Type) -> Expr:
        """The list with items of a type; one that was empty until now gets its type."""

    def own_list(self, node: ast.expr) -> bool:
        """Whether a list was made by this function: one of a directive is everybody's."""
        name = node.id if isinstance(node, ast.Name) else ""
        made = 0
        for inner in ast.walk(self.function.node):
            match inner:
                case ast.Assign(targets=targets, value=value) if is_new(value):
                    made += sum(isinstance(t, ast.Name) and t.id == name for t in targets)
                case ast.AnnAssign(target=ast.Name(id=found), value=value) if (
                    found == name and value is not None and is_new(value)
                ):
                    made += 1
                case ast.AugAssign(target=ast.Name(id=found)) if found == name:
                    made += 1
                case ast.Starred(value=ast.Name(id=found), ctx=ast.Store()) if found == name:
                    made += 1
        return bool(name) and made == self.stores.get(name)

    def change(self, node: ast.expr, owner_node: ast.expr) -> None:
        """Refuse to change a list that others may see."""
        if not (self.of_context(owner_node) or self.own_list(owner_node)):
            self.refuse_change(node)

    def of_context(self, node: ast.expr) -> bool:
        """Whether a list is a field of the request's context."""
        return isinstance(node, ast.Attribute) and isinstance(self.expr(node.value).type, Ctx)

    def refuse_change(self, node: ast.AST) -> NoReturn:
        """Say that a list is not this function's."""
        self.report.refuse(
            "PNX192",
            node,
            "only a list that this function has made, and under its first name, is changed",
            label="others may see this one",
            help=_CHANGE_HELP,
        )

    def list_method(self, node: ast.Call, func: ast.Attribute, owner: Expr) -> Stmt:
        """A method that changes a list, as a statement."""
        assert isinstance(owner.type, List)
        span = self.report.span(node)
        self.change(node, func.value)
        args, method = node.args, func.attr
        counts = {
            "append": 1,
            "insert": 2,
            "extend": 1,
            "clear": 0,
            "reverse": 0,
            "sort": 0,
            "remove": 1,
        }
        if method == "pop":
            return Eval(span, self.pop(node, func, owner))
        if len(args) != counts[method] or (node.keywords and method != "sort"):
            self.report.refuse(
                "PNX133",
                node,
                f"{method}() takes {counts[method]} argument{'s' * (counts[method] != 1)} here",
                help="give the arguments by position",
            )
        match method:
            case "append" | "insert":
                index = self.need_int(args[0], "the index") if method == "insert" else None
                value = as_bytes(self.expr(args[-1]))
                owner = self.widen_list(func.value, owner, value.type)
                assert isinstance(owner.type, List)
                stored = store(self.report, args[-1], value, _item(owner), "the new item")
                return PushItem(span, owner, index, stored)
            case "extend":
                other = need_list(self, args[0], "the argument of extend()")
                return self.extend(node, func.value, owner, other)
            case "remove":
                found = self.search(node, func, owner)
                return Eval(span, found)
            case "sort":
                row = TABLE[f"list.sort_{sort_kind(self, node, _item(owner))}"]
                return Eval(span, Op(span, NoneType(), row, (owner, reverse_of(self, node))))
            case _:
                return Eval(span, Op(span, NoneType(), TABLE[f"list.{method}"], (owner,)))

    def extend(self, node: ast.AST, owner_node: ast.expr, owner: Expr, other: Expr) -> Stmt:
        """``values.extend(other)``."""
        assert isinstance(other.type, List)
        span = self.report.span(node)
        owner = self.widen_list(owner_node, owner, other.type.item)
        other = store(self.report, node, other, owner.type, "what the list is extended by")
        return Eval(span, Op(span, NoneType(), TABLE["list.extend"], (owner, other)))

    def search(
        self, node: ast.Call, func: ast.Attribute, owner: Expr, *, of_tuple: bool = False
    ) -> Expr:
        """``values.index(x)``, ``values.count(x)``, and the removal of a value."""
        assert isinstance(owner.type, List)
        span = self.report.span(node)
        method = func.attr
        if len(node.args) != 1 or node.keywords:
            self.report.refuse(
                "PNX133", node, f"{method}() takes one value here", help=f"write values.{method}(x)"
            )
        item = owner.type.item
        what = f"the argument of {method}()"
        if isinstance(item, Bytes | Str):
            kind, value = "bytes", self.need(node.args[0], item, what)
        elif is_integer(item):
            kind, value = "numbers", self.need_int(node.args[0], what)
        else:
            self.report.refuse(
                "PNX191",
                node,
                f"{method}() does not work on a list of '{describe(item)}' in this version",
                help="compare the items in a loop",
            )
        row = TABLE[f"{'tuple' if of_tuple and method == 'index' else 'list'}.{method}_{kind}"]
        result = NoneType() if method == "remove" else INT
        return Op(span, result, row, (owner, value), range=row.range)

    def compare_lists(self, node: ast.AST, op: str, left: Expr, right: Expr) -> Expr:
        """``==`` and its like of two lists: by the first items that differ."""
        span = self.report.span(node)
        kinds = [_comparable(value) for value in (left, right)]
        empty = [isinstance(_item(value), NoneType) for value in (left, right)]
        if None in kinds or (kinds[0] != kinds[1] and not any(empty)):
            self.report.refuse(
                "PNX109",
                node,
                f"'{describe(left.type)}' and '{describe(right.type)}' do not compare",
                help="lists of numbers do, and lists of bytes and of str",
            )
        kind = "bytes" if kinds[empty[0]] in ("bytes", "str") else "numbers"
        row = TABLE[f"operator.list_cmp_{kind}"]
        found = Op(span, INT, row, (left, right), range=row.range)
        zero = Const(span, INT, 0, range=Range(0, 0))
        return self.compare(node, op, found, zero)

    def pop(self, node: ast.Call, func: ast.Attribute, owner: Expr) -> Expr:
        """``values.pop()`` and ``values.pop(index)``."""
        assert isinstance(owner.type, List)
        self.change(node, func.value)
        span = self.report.span(node)
        if len(node.args) > 1 or node.keywords:
            self.report.refuse(
                "PNX133", node, "pop() takes an index, or nothing", help="write values.pop()"
            )
        index: Expr = Const(span, INT, -1, range=Range(-1, -1))
        if node.args:
            index = self.need_int(node.args[0], "the index")
        item = owner.type.item
        return ListPop(span, item, owner, index, range=range_of(item))

    def set_list_item(
        self, node: ast.stmt, target: ast.Subscript, owner: Expr, value_node: ast.expr
    ) -> Stmt:
        """``values[i] = x``."""
        assert isinstance(owner.type, List)
        self.change(target, target.value)
        if isinstance(target.slice, ast.Slice):
            self.report.refuse(
                "PNX140",
                target,
                "a slice of a list is not assigned to in this version",
                help="assign the items one by one, or make a new list",
            )
        value = as_bytes(self.expr(value_node))
        index = self.need_int(target.slice, "a list index")
        stored = store(self.report, value_node, value, owner.type.item, "the item")
        return SetItem(self.report.span(node), owner, index, stored)

    def contains(self, node: ast.AST, left: ast.expr, right: Expr) -> Expr:
        """``x in values``."""
        assert isinstance(right.type, List)
        span = self.report.span(node)
        if is_integer(right.type.item):
            number = self.need_int(left, "what is looked for in the list")
            return Op(span, Bool(), TABLE["operator.in_numbers"], (number, right), range=BIT)
        if isinstance(right.type.item, Bytes | Str):
            text = self.need(left, right.type.item, "what is looked for in the list")
            return Op(span, Bool(), TABLE["operator.in_list"], (text, right), range=BIT)
        self.report.refuse(
            "PNX191",
            node,
            f"'in' does not work on a list of '{describe(right.type.item)}' in this version",
            help="compare the items in a loop",
        )


def _comparable(value: Expr) -> str | None:
    """What compares with what: the kind of the items of a list."""
    match _item(value):
        case Bytes():
            return "bytes"
        case Str():
            return "str"
        case NoneType():
            return ""
        case item:
            return "int" if is_integer(item) else None


def is_new(node: ast.expr) -> bool:
    """Whether an expression makes a new list, which nothing else knows."""
    return (
        isinstance(node, ast.List | ast.Call | ast.BinOp)
        or is_fresh(node)
        or (isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice))
    )
