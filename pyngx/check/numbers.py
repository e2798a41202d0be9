"""Builtins that take numbers of both kinds: ``abs``, ``min``, ``max``, ``round``, ``float``."""

from __future__ import annotations

import ast
from collections.abc import Callable

from pyngx.check.coerce import whole_help
from pyngx.check.constants import integer
from pyngx.check.floats import as_float
from pyngx.check.operators import Operators
from pyngx.check.rows import arity
from pyngx.ops.table import TABLE
from pyngx.tree import Conditional, Const, Convert, Expr, Op
from pyngx.types import INT, Float, Int, Range, Str, Total, is_integer, is_number

ROUNDED = ("math.floor", "math.ceil", "math.trunc")
"""Functions that give an integer as it is."""


def to_float(ex: Operators, node: ast.Call) -> Expr:
    """``float(x)`` of a number, or of text."""
    arity(ex, node, "float", 0, 1)
    if not node.args:
        return Const(ex.report.span(node), Float(), 0.0)
    value = ex.expr(node.args[0])
    if is_number(value.type) or isinstance(value.type, Total):
        return as_float(value)
    data = ex.bytes_of(node.args[0], value, "the argument of float()", text=True)
    name = "float.parse_text" if isinstance(data.type, Str) else "float.parse"
    return Op(ex.report.span(node), Float(), TABLE[name], (data,))


def to_round(ex: Operators, node: ast.Call) -> Expr:
    """``round(x)``, an integer, and ``round(x, digits)``, a float."""
    arity(ex, node, "round", 1, 2)
    span = ex.report.span(node)
    value = ex.number(node.args[0], "the argument of round()", total=len(node.args) == 1)
    if len(node.args) == 1:
        if is_integer(value.type):
            return Convert(value.span, INT, value, False, range=value.range)
        row = TABLE["float.round"]
        return Op(span, INT, row, (value,), range=row.range)
    digits = ex.need_int(node.args[1], "the digits of round()")
    if is_integer(value.type):
        ex.report.refuse(
            "PNX134",
            node,
            "round() of an integer takes no digits in this version",
            help="an integer has none behind the point: write n // 100 * 100 for hundreds",
        )
    return Op(span, Float(), TABLE["float.round(2)"], (value, digits))


def rounded(ex: Operators, node: ast.Call, name: str) -> Expr:
    """``math.floor(x)`` and its like; of an integer it is the integer."""
    arity(ex, node, name, 1, 1)
    value = ex.number(node.args[0], f"the argument of {name}()", total=True)
    if is_integer(value.type):
        return Convert(value.span, INT, value, False, range=value.range)
    return Op(ex.report.span(node), INT, TABLE[name], (value,))


def absolute(ex: Operators, node: ast.Call) -> Expr:
    """``abs(x)``."""
    arity(ex, node, "abs", 1, 1)
    number = ex.number(node.args[0], "the argument of abs()")
    span = ex.report.span(node)
    if isinstance(number.type, Float):
        return Op(span, Float(), TABLE["float.abs"], (number,))
    if number.range.lo >= 0:
        return number
    first, again = ex.once(number, "number")
    zero = integer(ex.report, node, 0, ex.mod.model)
    minus = ex.arith(node, "-", zero, again)
    negative = ex.compare(node, "<", first, zero)
    limits = Range(0, max(abs(first.range.lo), abs(first.range.hi)))
    return Conditional(span, INT, negative, minus, again, range=limits.clamp())


def extreme(name: str) -> Callable[[Operators, ast.Call], Expr]:
    """``min(a, b)`` or ``max(a, b)``."""
    op, first = ("<=", min) if name == "min" else (">=", max)

    def build(ex: Operators, node: ast.Call) -> Expr:
        arity(ex, node, name, 2, 8)
        what = f"an argument of {name}()"
        values = [ex.number(a, what) for a in node.args]
        span = ex.report.span(node)
        if any(isinstance(v.type, Float) for v in values):
            return _of_floats(ex, node, name, values)
        result = values[0]
        for value in values[1:]:
            if isinstance(result, Const) and isinstance(value, Const):
                if isinstance(result.type, Int) and isinstance(value.type, Int):
                    result = first((result, value), key=lambda v: v.range.lo)
                    continue
            a, a_again = ex.once(result, name + "imum")
            b, b_again = ex.once(value, "other")
            limits = Range(first(a.range.lo, b.range.lo), first(a.range.hi, b.range.hi))
            cond = ex.compare(node, op, a, b)
            result = Conditional(span, INT, cond, a_again, b_again, range=limits)
        return result

    return build


def _of_floats(ex: Operators, node: ast.Call, name: str, values: list[Expr]) -> Expr:
    for value, arg in zip(values, node.args, strict=True):
        if isinstance(value.type, Int) or is_integer(value.type):
            ex.report.refuse(
                "PNX220",
                arg,
                f"{name}() of floats gives this int as it is, if it gives that one",
                notes=("CPython converts neither: the result would be an int or a float",),
                help=whole_help(arg, value),
            )
    result = values[0]
    for value in values[1:]:
        result = Op(ex.report.span(node), Float(), TABLE[f"float.{name}"], (result, value))
    return result
