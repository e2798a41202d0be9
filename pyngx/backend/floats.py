"""Float expressions in C: literals, and the operators that C does not have.

What a processor computes with a ``double`` is what CPython computes; only a product is rounded by
a function of its own, because compilers may add to one before it is rounded.
"""

from __future__ import annotations

import math

from pyngx.backend import cnodes as c
from pyngx.ops.registry import said

_CALLS = {
    "*": "ngx_http_pyngx_float_mul",
    "//": "ngx_http_pyngx_math_floordiv",
    "%": "ngx_http_pyngx_math_mod",
}

ZERO_DIVISION = {
    "/": said(lambda: 1.0 / 0),
    "//": said(lambda: 1.0 // 0),
    "%": said(lambda: 1.0 % 0),
}
"""What CPython says of a divisor that is zero, by operator."""


def float_call(op: str) -> str | None:
    """The function that does what an operator says; None if C has the operator."""
    return _CALLS.get(op)


def float_literal(value: float) -> c.Expr:
    """A constant: the shortest text that compilers read as this number."""
    if math.copysign(1, value) < 0 and not math.isnan(value):
        return c.Unary("-", float_literal(-value))
    if math.isnan(value):
        return c.Call("__builtin_nan", (c.Str(b""),))
    if math.isinf(value):
        return c.Call("__builtin_inf", ())
    return c.Raw(repr(value))


def from_total(value: c.Expr) -> c.Expr:
    """A sum of floats as a float: 0.0 for the int 0, which is -0.0."""
    return c.Binary("+", value, c.Raw("0.0"))


def minus(value: c.Expr) -> c.Expr:
    """Whether a float is less than zero, or -0.0."""
    return c.Call("__builtin_signbit", (value,))
