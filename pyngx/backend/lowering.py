"""What lowering expressions rests on: the function under construction and where variables live.

`Lowering` declares what the classes above it call of each other; `pyngx.backend.exprs` has it all.
"""

from __future__ import annotations

from pyngx.backend import cnodes as c
from pyngx.backend import integers
from pyngx.backend.emitter import Emitter, Ref, Variables
from pyngx.backend.unit import c_type
from pyngx.flow.walk import expressions
from pyngx.tree import (
    CallHelper,
    Const,
    Expr,
    Walrus,
)
from pyngx.types import (
    Bytes,
    Optional,
    Str,
    Type,
    is_integer,
)


def is_string(type_: Type) -> bool:
    """Whether values of the type are ``ngx_str_t``."""
    inner = type_.inner if isinstance(type_, Optional) else type_
    return isinstance(inner, Bytes | Str)


def has_effects(expr: Expr) -> bool:
    """Whether evaluating may change what another operand reads."""
    return any(isinstance(e, Walrus | CallHelper) for e in expressions(expr))


def memcmp(data: c.Expr, literal: bytes) -> c.Expr:
    """``ngx_memcmp(data, "…", len)``."""
    return c.Call("ngx_memcmp", (data, c.Str(literal), c.Int(str(len(literal)))))


def data_of(expr: Const) -> bytes:
    """The bytes of a constant."""
    if isinstance(expr.value, str):
        return expr.value.encode()
    assert isinstance(expr.value, bytes)
    return expr.value


class Lowering:
    """The state of lowering one function."""

    def __init__(self, out: Emitter, variables: Variables) -> None:
        self.out = out
        self.vars = variables

    def signed(self, expr: Expr) -> c.Expr:
        """An integer as an ``ngx_int_t``."""
        value = self.value(expr)
        return c.Cast("ngx_int_t", value) if integers.is_unsigned(expr) else value

    def operands(self, exprs: tuple[Expr, ...], *, signed: bool = True) -> list[c.Expr]:
        """Integers or pointers, evaluated from left to right."""
        found: list[c.Expr] = []
        for i, expr in enumerate(exprs):
            value = self.signed(expr) if signed and is_integer(expr.type) else self.value(expr)
            later = any(has_effects(e) for e in exprs[i + 1 :])
            if later and not isinstance(expr, Const):
                ctype, stars = c_type(self.out.unit, expr.type)
                temp = self.out.temp(ctype, stars, "saved")
                self.out.assign(temp, value)
                value = temp
            found.append(value)
        return found

    def store(self, target: c.Expr, value: Expr) -> None:
        """Assign an expression of any type to a C place."""
        if is_string(value.type):
            self.string_into(Ref(target), value)
        else:
            self.out.assign(target, self.value(value))

    def _named(self, value: c.Expr, expr: Expr) -> c.Expr:
        """A value that is used twice."""
        if isinstance(value, c.Name | c.Int):
            return value
        temp = self.out.temp("ngx_int_t", 0, "m")
        self.out.assign(temp, value)
        return temp

    def value(self, expr: Expr) -> c.Expr:
        """The C of an integer, a bool, or a pointer."""
        raise NotImplementedError

    def cond(self, expr: Expr) -> c.Expr:
        """The C of a condition."""
        raise NotImplementedError

    def string(self, expr: Expr, hint: str = "text") -> Ref:
        """Where a byte string lies; one that is computed is put into a temporary."""
        raise NotImplementedError

    def string_into(self, target: Ref, expr: Expr) -> None:
        """Store a byte string, computed or not, in ``target``."""
        raise NotImplementedError
