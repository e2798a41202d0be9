"""From one type to another: joining the types of two values, storing a value in a place."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import NoReturn

from pyngx.check import hints
from pyngx.check.context import Refused, Reporter
from pyngx.check.floats import refuse_total
from pyngx.check.literals import as_value
from pyngx.tree import (
    BufBytes,
    Const,
    Convert,
    Expr,
    Item,
    ListMake,
    Local,
    PartBytes,
    StateField,
    TableList,
    TupleOf,
    Wrap,
)
from pyngx.types import (
    BIT,
    BYTE,
    Bool,
    Bytes,
    Enum,
    Error,
    Float,
    Int,
    List,
    NoneType,
    Optional,
    Part,
    Str,
    Struct,
    Total,
    Tuple,
    Type,
    describe,
    is_integer,
    joined,
    range_of,
)

BUF = Struct("ngx_buf_t")
PART = Part()


def as_bytes(value: Expr) -> Expr:
    """A buffer or a part of the body where bytes are wanted, and what is made of a constant of
    module level; any other value as it is."""
    if value.type == BUF:
        return BufBytes(value.span, Bytes(), value)
    if value.type == PART:
        return PartBytes(value.span, Bytes(), value)
    return as_value(value)


def as_text(value: Expr) -> Expr:
    """What ``str`` gives of an exception; any other value as it is."""
    return replace(value, type=Str()) if isinstance(value.type, Error) else value


def common(report: Reporter, node: ast.AST, a: Type, b: Type) -> Type:
    """Like `joined`, refusing what has no common type."""
    found = joined(a, b)
    if found is None:
        report.refuse(
            "PNX110",
            node,
            f"one value of two types: '{describe(a)}' and '{describe(b)}'",
            help=hints.of_one_name(a, b),
        )
    return found


def store(report: Reporter, node: ast.AST, value: Expr, to: Type, what: str) -> Expr:
    """``value`` as it is stored in a place of type ``to``; ``what`` names the place.

    An integer keeps a range check if it may not fit.
    """
    value = as_value(value)
    if value.type == to and not isinstance(to, Int):
        return value
    match to, value.type:
        case Total(), Float():
            return Convert(value.span, to, value, False)
        case Total(), _ if isinstance(value, Const) and value.value == 0:
            return Const(value.span, to, -0.0)
        case (Int() | Bool() | Enum(), source) if is_integer(source):
            return _store_integer(report, node, value, to, what)
        case Float(), source if is_integer(source):
            refuse_int(report, node, value, what)
        case Optional(inner), NoneType():
            return Const(value.span, Optional(inner), None)
        case Optional(inner), source if not isinstance(source, Optional):
            stored = store(report, node, value, inner, what)
            return Wrap(value.span, to, stored)
        case Bytes(), source if source in (BUF, PART):
            return as_bytes(value)
        case List(item), List(NoneType()):
            return replace(value, type=to)
        case List(), List() if isinstance(value, TableList):
            return replace(value, type=to)
        case List(item), List() if isinstance(value, ListMake):
            items = tuple(store(report, node, i, item, f"an item of {what}") for i in value.items)
            return ListMake(value.span, to, items)
        case Tuple(wanted, cls), Tuple(given, own) if len(wanted) == len(given) and (
            cls is own or (cls is None and not value.type.is_object)
        ):
            return _store_tuple(report, node, value, to, what)
        case _:
            pass
    if isinstance(value.type, Optional | NoneType) and not isinstance(to, Optional | NoneType):
        may_be_none(report, value, what)
    if isinstance(value.type, Total):
        refuse_total(report, node)
    report.refuse(
        "PNX111",
        node,
        f"{what} is '{describe(to)}', but the value is '{describe(value.type)}'",
        label=f"this is '{describe(value.type)}'",
        help=_store_help(value.type, to),
    )


def refuse_int(report: Reporter, node: ast.AST, value: Expr, what: str) -> NoReturn:
    """Refuse an integer where a float is wanted: CPython would keep it."""
    report.refuse(
        "PNX220",
        node,
        f"{what} is 'float', but the value is '{describe(value.type)}'",
        label="CPython keeps this an int",
        notes=("an int in the place of a float shows as '3', where a float shows as '3.0'",),
        help=whole_help(node, value),
    )


def whole_help(node: ast.AST, value: Expr) -> str:
    """How an integer is made a float."""
    if isinstance(node, ast.Constant) and isinstance(value, Const):
        return f"write {value.value!r}.0"
    return f"write float({ast.unparse(node)})" if isinstance(node, ast.expr) else "use float()"


def store_byte(report: Reporter, node: ast.AST, value: Expr, what: str) -> Expr:
    """An integer where bytes want one of theirs: any other is a ValueError, as in Python."""
    stored = store(report, node, value, Int("u_char", BYTE), what)
    if isinstance(stored, Convert) and stored.checked:
        said = "byte must be in range(0, 256)"
        return replace(stored, exception="ValueError", message=said)
    return stored


def _store_tuple(report: Reporter, node: ast.AST, value: Expr, to: Tuple, what: str) -> Expr:
    """A tuple item by item: each may be wrapped, or checked for its range."""
    assert isinstance(value.type, Tuple)
    if isinstance(value, TupleOf):
        items = value.items
    elif isinstance(value, Local | StateField | Item):
        items = tuple(
            Item(value.span, type_, value, i, range=range_of(type_))
            for i, type_ in enumerate(value.type.items)
        )
    elif value.type.items == to.items:
        return replace(value, type=to)
    else:
        report.refuse(
            "PNX111",
            node,
            f"{what} is '{describe(to)}', but the value is '{describe(value.type)}'",
            help="assign it to a variable first, and its items one by one",
        )
    stored = tuple(
        store(report, node, item, type_, f"item {i} of {what}")
        for i, (item, type_) in enumerate(zip(items, to.items, strict=True))
    )
    return TupleOf(value.span, to, stored)


def may_be_none(report: Reporter, value: Expr, what: str) -> NoReturn:
    """Refuse a value because it may be None."""
    always = isinstance(value.type, NoneType)
    report.diags.error(
        "PNX117",
        value.span,
        f"{what} is None here" if always else f"{what} may be None here",
        label=f"this is '{describe(value.type)}'",
        help=hints.without_none(report, value, what),
    )
    raise Refused


def _store_integer(report: Reporter, node: ast.AST, value: Expr, to: Type, what: str) -> Expr:
    limits = range_of(to)
    if isinstance(to, Enum) and value.type != to:
        report.refuse(
            "PNX112",
            node,
            f"{what} is '{describe(to)}', but the value is '{describe(value.type)}'",
            help=f"use a member of {describe(to)}",
        )
    if isinstance(to, Bool) and not isinstance(value.type, Bool) and value.range != BIT:
        if isinstance(value, Const) and value.value in (0, 1):
            return Const(value.span, to, bool(value.value), range=value.range)
        report.refuse(
            "PNX111",
            node,
            f"{what} is 'bool', but the value is '{describe(value.type)}'",
            help="compare it, as in 'x != 0', or use bool(x)",
        )
    if value.range.hi < limits.lo or value.range.lo > limits.hi:
        report.refuse(
            "PNX113",
            node,
            f"{what} is '{describe(to)}', which this value never fits",
            label=f"from {value.range.lo} to {value.range.hi}",
            notes=(f"'{describe(to)}' holds {limits.lo} to {limits.hi}",),
            help="raise the limit with a wider type, or reduce the value first",
        )
    if value.type == to and value.range.within(limits):
        return value
    checked = not value.range.within(limits)
    joined = limits if checked else value.range
    return Convert(value.span, to, value, checked, range=joined)


def _store_help(source: Type, to: Type) -> str:
    if isinstance(source, Error):
        return "str(e) is the text of an exception e"
    if isinstance(source, Str) and isinstance(to, Bytes):
        return 'write b"…" for bytes'
    if isinstance(source, Bytes) and isinstance(to, Str):
        return "write the text without the b"
    inner = to.inner if isinstance(to, Optional) else to
    if isinstance(source, Float) and is_integer(inner):
        return "int(x) cuts off what is behind the point, round(x) rounds"
    if isinstance(source, Float) and isinstance(inner, Bytes):
        return 'format it: b"%.2f" % value'
    if is_integer(source) and isinstance(inner, Bytes):
        return 'format it: b"%d" % value'
    if isinstance(source, Bytes) and is_integer(to):
        return "int(b) reads a number from bytes"
    return "give an integer" if is_integer(to) else f"give a value of type '{describe(to)}'"
