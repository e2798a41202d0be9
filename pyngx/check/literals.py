"""Values of module level that are made of parts: their types, and what C makes tables from.

A tuple is a tuple and a list a list; an object of a dataclass or a named tuple is what its class
says. A tuple whose like has another length elsewhere in a table counts as a list.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable
from dataclasses import replace

from pyngx.check.annotations import UnknownAnnotation, from_annotation
from pyngx.headers import NginxModel
from pyngx.source import Span
from pyngx.tree import Const, Expr, TableList, TupleOf, Wrap
from pyngx.types import (
    INT,
    INT64_MAX,
    INT64_MIN,
    Bool,
    Bytes,
    Constant,
    Enum,
    Float,
    Int,
    List,
    NoneType,
    Optional,
    Range,
    Str,
    TableValue,
    Tuple,
    Type,
    is_integer,
    joined,
)

Typed = tuple[Type, TableValue]


def typed(value: object, model: NginxModel) -> Typed | None:
    """The type of a value, and its parts; None if it is none of the language's, or is a module, a
    dict or the like, which has no form at run time."""
    match value:
        case None:
            return NoneType(), None
        case bool():
            return Bool(), int(value)
        case enum.IntEnum() | enum.IntFlag():
            return (Enum(type(value)), int(value)) if _fits(int(value)) else None
        case int():
            return (INT, value) if _fits(value) else None
        case float():
            return Float(), float(value)
        case bytes():
            return Bytes(), value
        case str():
            return (Str(), value) if value.isprintable() or _encodes(value) else None
        case list():
            return _list(value, model)
        case _ if isinstance(value, type):
            return None
        case _ if dataclasses.is_dataclass(value) or hasattr(type(value), "_fields"):
            return _object(value, model)
        case tuple() if value:
            parts = [typed(item, model) for item in value]
            found = [part for part in parts if part is not None]
            if len(found) < len(parts):
                return None
            return Tuple(tuple(t for t, _ in found)), tuple(v for _, v in found)
        case tuple():
            return List(NoneType()), ()
        case _:
            return None


def common(types: Iterable[Type]) -> Type | None:
    """The type of what has each of some types; None if there is none."""
    found: Type | None = None
    for type_ in types:
        if found is None:
            found = type_
            continue
        both = joined(found, type_)
        if both is None:
            one, two = _as_list(found), _as_list(type_)
            both = None if one is None or two is None else joined(one, two)
        if both is None:
            return None
        found = both
    return found


def _as_list(type_: Type) -> Type | None:
    """A tuple, all of whose items are of one type, as a list."""
    if isinstance(type_, Tuple) and type_.cls is None:
        item = common(type_.items)
        return None if item is None else List(item)
    return type_ if isinstance(type_, List) else None


def _list(values: list[object], model: NginxModel) -> Typed | None:
    parts = [typed(item, model) for item in values]
    found = [part for part in parts if part is not None]
    item = common(type_ for type_, _ in found) if found else NoneType()
    if item is None or len(found) < len(parts):
        return None
    return List(item), tuple(value for _, value in found)


def _object(value: object, model: NginxModel) -> Typed | None:
    try:
        type_ = from_annotation(type(value), model)
    except UnknownAnnotation:
        return None
    assert isinstance(type_, Tuple)
    parts = []
    for name, wanted in zip(type_.names, type_.items, strict=True):
        found = typed(getattr(value, name), model)
        if found is None or joined(found[0], wanted) != wanted:
            return None
        parts.append(found[1])
    return type_, tuple(parts)


def _fits(value: int) -> bool:
    return INT64_MIN <= value <= INT64_MAX


def _encodes(value: str) -> bool:
    return not any(0xD800 <= ord(char) < 0xE000 for char in value)


def as_value(value: Expr) -> Expr:
    """A constant of module level that is made of parts, as the value that it is at run time; any
    other value as it is."""
    if isinstance(value, Const) and isinstance(value.type, Constant) and value.type.typed:
        type_, parts = value.type.typed
        if isinstance(type_, Tuple | List):
            found = expression(value.span, type_, parts)
            return replace(found, shared=True) if isinstance(found, TupleOf) else found
    return value


def expression(span: Span, type_: Type, value: TableValue) -> Expr:
    """The expression of a part."""
    match type_:
        case Optional(inner):
            if value is None:
                return Const(span, type_, None)
            return Wrap(span, type_, expression(span, inner, value))
        case Tuple(items):
            assert isinstance(value, tuple)
            parts = zip(items, value, strict=True)
            return TupleOf(span, type_, tuple(expression(span, t, v) for t, v in parts))
        case List():
            assert isinstance(value, tuple)
            return TableList(span, type_, value)
        case Bool():
            return Const(span, type_, bool(value), range=Range(bool(value), bool(value)))
        case Int() | Enum():
            assert isinstance(value, int)
            return Const(span, type_, value, range=Range(value, value))
        case _:
            assert not isinstance(value, tuple)
            return Const(span, type_, value)


def numbers(type_: Type, values: Iterable[TableValue]) -> Range | None:
    """The smallest and the largest of some numbers."""
    found = [v for v in values if isinstance(v, int)] if is_integer(type_) else []
    return Range(min(found), max(found)) if found else None
