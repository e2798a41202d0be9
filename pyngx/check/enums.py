"""Enums: members by value and by name, and what is asked of a member that is known at run time."""

from __future__ import annotations

import ast
import enum

from pyngx.check import finding, tables
from pyngx.check.base import Base
from pyngx.check.constants import constant
from pyngx.tree import Const, Convert, Expr, TableFind, TableItem
from pyngx.types import INT, Enum, Range, Str


def is_enum(found: object) -> bool:
    """Whether an object is an enum class of the language."""
    return isinstance(found, type) and issubclass(found, enum.IntEnum | enum.IntFlag)


def member(ex: Base, node: ast.Call, cls: type[enum.IntEnum | enum.IntFlag]) -> Expr:
    """``Color(n)``: a ValueError if no member has the value."""
    name = cls.__name__
    if len(node.args) != 1 or node.keywords:
        ex.report.refuse(
            "PNX133", node, f"{name}() takes a number", help=f"write {name}(1), or a member"
        )
    value = ex.need_int(node.args[0], f"the argument of {name}()")
    type_ = Enum(cls)
    if issubclass(cls, enum.IntFlag):
        if not value.range.within(type_.range):
            ex.report.refuse(
                "PNX240",
                node,
                f"{name}() is given a number that may have other flags in it",
                label=f"from {value.range.lo} to {value.range.hi}",
                help=f"take the flags that there are: {name}(n & {type_.range.hi})",
            )
        return Convert(ex.report.span(node), type_, value, False, range=value.range)
    span = ex.report.span(node)
    values = sorted({int(found) for found in cls})
    if isinstance(value, Const) and isinstance(value.value, int) and value.value in values:
        return constant(ex.report, node, cls(value.value), ex.mod.model)
    message = f"{{key}} is not a valid {name}"
    place = TableFind(
        span,
        INT,
        tuple(values),
        value,
        True,
        "ValueError",
        message,
        range=Range(0, len(values) - 1),
    )
    limits = Range(values[0], values[-1])
    return TableItem(span, type_, tuple(values), place, False, range=limits)


def by_name(ex: Base, node: ast.Subscript, cls: type[enum.Enum]) -> Expr:
    """``Color["RED"]`` and ``Color[name]``."""
    members: dict[object, object] = dict(cls.__members__.items())
    key = ex.expr(node.slice)
    if isinstance(key, Const) and key.value in members:
        return constant(ex.report, node, members[str(key.value)], ex.mod.model)
    place, ordered = finding.find(ex, node, members, node.slice, checked=True)
    return tables.item(ex, node, ordered, place, checked=False)


def of_member(ex: Base, node: ast.Attribute, value: Expr) -> Expr:
    """``color.value`` and ``color.name``."""
    assert isinstance(value.type, Enum)
    cls, span = value.type.cls, ex.report.span(node)
    if node.attr == "value":
        return Convert(span, INT, value, False, range=value.range)
    flags = issubclass(cls, enum.Flag)
    if node.attr != "name" or flags:
        ex.report.refuse(
            "PNX103",
            node,
            f"'{cls.__name__}' has no attribute '{node.attr}' in a filter",
            help=(
                "several flags have one name together: test each of them"
                if flags and node.attr == "name"
                else "a member has 'name' and 'value'"
            ),
        )
    names = dict(sorted((int(found.value), found.name) for found in cls))
    place = TableFind(span, INT, tuple(names), value, False, range=Range(0, len(names) - 1))
    return TableItem(span, Str(), tuple(names.values()), place, False)
