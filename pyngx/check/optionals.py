"""Comparison of integers of which one may be None."""

from __future__ import annotations

from pyngx.check.tuples import is_plain
from pyngx.source import Span
from pyngx.tree import Compare, Expr, IsNone, Logic, Unwrap
from pyngx.types import BIT, Bool, Optional, is_integer, range_of


def equality(span: Span, op: str, left: Expr, right: Expr) -> Expr | None:
    """``==`` and ``!=`` taken apart into tests of None and a comparison of numbers, because what
    stands for None in C depends on the type; None if that is not needed or not possible."""
    values = (left, right)
    optional = [value for value in values if _is_optional(value)]
    if op not in ("==", "!=") or not optional or not all(map(is_plain, values)):
        return None
    if not all(is_integer(_number(value).type) for value in values):
        return None
    there = [IsNone(span, Bool(), value, True, range=BIT) for value in optional]
    same = Compare(span, Bool(), "==", _number(left), _number(right), range=BIT)
    equal = Logic(span, Bool(), "and", (*there, same), range=BIT)
    if op == "==" and len(optional) == 1:
        return equal
    if len(optional) == 1:
        gone = IsNone(span, Bool(), optional[0], False, range=BIT)
        return Logic(span, Bool(), "or", (gone, _different(span, left, right)), range=BIT)
    none = [IsNone(span, Bool(), value, False, range=BIT) for value in optional]
    if op == "==":
        both = Logic(span, Bool(), "and", tuple(none), range=BIT)
        return Logic(span, Bool(), "or", (both, equal), range=BIT)
    one = Compare(span, Bool(), "!=", none[0], none[1], range=BIT)
    apart = Logic(span, Bool(), "and", (*there, _different(span, left, right)), range=BIT)
    return Logic(span, Bool(), "or", (one, apart), range=BIT)


def _different(span: Span, left: Expr, right: Expr) -> Expr:
    return Compare(span, Bool(), "!=", _number(left), _number(right), range=BIT)


def _is_optional(value: Expr) -> bool:
    return isinstance(value.type, Optional) and is_integer(value.type.inner)


def _number(value: Expr) -> Expr:
    """The integer that is there if the value is not None."""
    if not isinstance(value.type, Optional):
        return value
    inner = value.type.inner
    return Unwrap(value.span, inner, value, range=range_of(inner))
