"""Integer expressions in C: signedness, checks, Python's results.

Everything is computed in 64 bits with a sign. A ``size_t`` or ``ngx_uint_t`` that meets a signed
value is cast; the checker has proven, or a check makes sure, that the values fit.
"""

from __future__ import annotations

from pyngx.backend import cnodes as c
from pyngx.tree import Arith, Const, Convert, Expr, Field, Length, Local, StateField, Unwrap
from pyngx.types import INT64_MAX, INT64_MIN, Enum, Int, Optional, Range, Type

_UNSIGNED = frozenset({"size_t", "ngx_uint_t", "ngx_msec_t", "uint64_t", "uintptr_t", "u_long"})

SIMPLE = {"+": "+", "-": "-", "*": "*", "&": "&", "|": "|", "^": "^"}
OVERFLOWING = {"+": "add", "-": "sub", "*": "mul"}


def literal(value: int) -> c.Expr:
    """An integer constant."""
    if value == INT64_MAX:
        return c.Name("NGX_MAX_INT_T_VALUE")
    if value == INT64_MIN:
        return c.Binary("-", c.Unary("-", c.Name("NGX_MAX_INT_T_VALUE")), c.Int("1"))
    return c.Int(str(value))


def const(expr: Const) -> c.Expr:
    """A constant: nginx's name for it if there is one."""
    if expr.c_name:
        return c.Name(expr.c_name)
    assert isinstance(expr.value, int)
    return literal(int(expr.value))


def unsigned64(type_: Type) -> bool:
    """Whether a stored value of this type has 64 bits and no sign in C."""
    match type_:
        case Int(name):
            return name in _UNSIGNED
        case Enum():
            return type_.range.lo >= 0
        case _:
            return False


def is_unsigned(expr: Expr) -> bool:
    """Whether the C of an integer expression has an unsigned type of 64 bits."""
    match expr:
        case Field(bits=bits):
            return bits is None and unsigned64(expr.type)
        case Local(var=var):
            return unsigned64(var.type)
        case StateField() | Unwrap(value=StateField()):
            return unsigned64(expr.type)
        case Unwrap(value=Local(var=var)) if isinstance(var.type, Optional):
            return isinstance(var.type.inner, Int) and unsigned64(var.type.inner)
        case Length():
            return True
        case Convert(value=value, checked=False):
            return is_unsigned(value)
        case _:
            return False


def never_negative(expr: Expr) -> bool:
    """Whether a constant may stand beside an unsigned value as it is."""
    return isinstance(expr, Const) and expr.range.lo >= 0


def c_division(expr: Arith) -> bool:
    """Whether C's ``/`` and ``%``, which truncate, give Python's result."""
    assert expr.right is not None
    return expr.left.range.lo >= 0 and expr.right.range.lo >= 0


def c_shift(expr: Arith) -> bool:
    """Whether C's shift is defined and gives Python's result."""
    assert expr.right is not None
    if expr.overflows or not expr.right.range.within(Range(0, 62)):
        return False
    return expr.op == ">>" or expr.left.range.lo >= 0
