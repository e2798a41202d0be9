"""Arithmetic of floats: Python's, with integers converted where Python converts them.

Nothing else is converted: an ``int`` that stands where a ``float`` is wanted stays one in CPython,
and shows as ``3`` where a float shows as ``3.0``.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any, NoReturn

from pyngx.check.context import Reporter
from pyngx.ops.registry import said
from pyngx.ops.table import TABLE
from pyngx.tree import Arith, Const, Convert, Expr, Op
from pyngx.types import EXACT, Float, Total, describe, is_integer

_FOLDED: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}


_BY_ZERO = said(lambda: 1 / 0)


def as_float(value: Expr) -> Expr:
    """A number as a float."""
    if isinstance(value.type, Float):
        return value
    if isinstance(value, Const):
        assert isinstance(value.value, int)
        return Const(value.span, Float(), float(value.value))
    return Convert(value.span, Float(), value, False)


def is_exact(value: Expr) -> bool:
    """Whether a float has the value of a number, whatever that is."""
    if isinstance(value, Const) and isinstance(value.value, int):
        return int(float(value.value)) == value.value
    return isinstance(value.type, Float | Total) or value.range.within(EXACT)


def binary(report: Reporter, node: ast.AST, op: str, left: Expr, right: Expr) -> Expr:
    """``left op right`` of two numbers, one of them a float, or ``/`` of two integers."""
    if op not in _FOLDED:
        report.refuse(
            "PNX107",
            node,
            f"no '{op}' between '{describe(left.type)}' and '{describe(right.type)}'",
            help="bits are those of integers: int(x) cuts off what is behind the point",
        )
    if Total() in (left.type, right.type) and Float() not in (left.type, right.type) and op != "/":
        refuse_total(report, node)
    if isinstance(left, Const) and isinstance(right, Const):
        return _folded(report, node, op, left, right)
    words = "" if Float() in (left.type, right.type) else _BY_ZERO
    zero = right.range.lo <= 0 <= right.range.hi
    if isinstance(right, Const):
        zero = right.value == 0
        if zero and op in ("/", "//", "%"):
            report.refuse("PNX108", node, "division by zero", help="divide by another number")
    span = report.span(node)
    whole = is_integer(left.type) and is_integer(right.type)
    if not whole or (is_exact(left) and is_exact(right)):
        left, right = as_float(left), as_float(right)
    if op == "**":
        return Op(span, Float(), TABLE["operator.float_pow"], (left, right))
    divides = op in ("/", "//", "%") and zero
    return Arith(span, Float(), op, left, right, divides_by_zero=divides, by_zero=words)


def _folded(report: Reporter, node: ast.AST, op: str, left: Const, right: Const) -> Const:
    try:
        value = _FOLDED[op](left.value, right.value)
    except (ZeroDivisionError, OverflowError) as error:
        report.refuse("PNX108", node, str(error), help="write a value that there is")
    if isinstance(value, complex):
        report.refuse(
            "PNX108",
            node,
            "a root of a negative number is a complex one",
            help="write a value that is a float",
        )
    return Const(report.span(node), Float(), float(value))


def refuse_total(report: Reporter, node: ast.AST) -> NoReturn:
    """Refuse a sum of floats where the 0 of no floats would show that it is an int."""
    report.refuse(
        "PNX311",
        node,
        "a sum of floats without a start is the int 0, not 0.0, if nothing is added",
        help="write sum(values, 0.0)",
    )


def unary(report: Reporter, node: ast.AST, op: str, value: Expr) -> Expr:
    """``-x`` and ``+x``."""
    if op == "~":
        report.refuse(
            "PNX107",
            node,
            "no '~' of a 'float'",
            help="bits are those of integers: int(x) cuts off what is behind the point",
        )
    if op == "+":
        return value
    if isinstance(value, Const):
        assert isinstance(value.value, float)
        return Const(report.span(node), Float(), -value.value)
    return Arith(report.span(node), Float(), "-", value, None)
