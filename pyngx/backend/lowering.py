"""What lowering expressions rests on: the function under construction and where variables live.

`Lowering` declares what the classes above it call of each other; `pyngx.backend.exprs` has it all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from pyngx.backend import cnodes as c
from pyngx.backend import integers
from pyngx.backend.emitter import Around, Emitter, Ref, Variables
from pyngx.backend.unit import c_type
from pyngx.flow.walk import expressions
from pyngx.tree import (
    CallHelper,
    Conditional,
    Const,
    Expr,
    Format,
    Item,
    Local,
    Op,
    StateField,
    TupleOf,
    Unwrap,
    Var,
    Walrus,
    Wrap,
    changed_item,
)
from pyngx.types import (
    INT,
    INT64_MIN,
    Bytes,
    Ctx,
    Enum,
    Float,
    Int,
    List,
    Optional,
    Str,
    Struct,
    Tuple,
    Type,
    is_compound,
    is_integer,
)


def is_string(type_: Type) -> bool:
    """Whether values of the type are ``ngx_str_t``."""
    inner = type_.inner if isinstance(type_, Optional) else type_
    return isinstance(inner, Bytes | Str)


def has_effects(expr: Expr) -> bool:
    """Whether evaluating may change what another operand reads."""
    return any(isinstance(e, Walrus | CallHelper) for e in expressions(expr))


def writes_state(expr: Expr) -> bool:
    """Whether a helper that is called in an expression may change the context or the request."""
    return any(
        isinstance(e, CallHelper)
        and any(a.type in _STATE or isinstance(a.type, Tuple | List) for a in e.args)
        for e in expressions(expr)
    )


_STATE = (Ctx(), Struct("ngx_http_request_t"))


def memcmp(data: c.Expr, literal: bytes) -> c.Expr:
    """``ngx_memcmp(data, "…", len)``."""
    return c.Call("ngx_memcmp", (data, c.Str(literal), c.Int(str(len(literal)))))


def data_of(expr: Const) -> bytes:
    """The bytes of a constant."""
    if isinstance(expr.value, str):
        return expr.value.encode()
    assert isinstance(expr.value, bytes)
    return expr.value


def member(place: c.Expr, name: str) -> c.Expr:
    """A member of a structure that lies at ``place``."""
    if isinstance(place, c.Unary) and place.op == "*":
        return c.Arrow(place.operand, name)
    return c.Member(place, name)


def address(place: c.Expr) -> c.Expr:
    """A pointer to what lies at ``place``."""
    if isinstance(place, c.Unary) and place.op == "*":
        return place.operand
    return c.Unary("&", place)


def owned_by_context(expr: Expr) -> bool:
    """Whether a byte string is the storage of a context field itself."""
    match expr:
        case Unwrap(value=value) | Wrap(value=value) | Item(obj=value):
            return owned_by_context(value)
        case StateField(obj=obj):
            return isinstance(obj.type, Ctx)
        case _:
            return False


class Lowering(ABC):
    """The state of lowering one function."""

    copies_state = True
    """Whether bytes of a context field that are kept are copied; what runs for each buffer cannot
    take memory, and is refused where it would have to."""

    def __init__(self, out: Emitter, variables: Variables) -> None:
        self.out = out
        self.vars = variables
        self.handling: list[Around] = []  # the ``except`` blocks around

    def signed(self, expr: Expr) -> c.Expr:
        """An integer as an ``ngx_int_t``."""
        value = self.value(expr)
        return c.Cast("ngx_int_t", value) if integers.is_unsigned(expr) else value

    def operands(self, exprs: tuple[Expr, ...], *, signed: bool = True) -> list[c.Expr]:
        """Integers or pointers, evaluated from left to right."""
        return [self.kept(e, exprs[i:], signed=signed) for i, e in enumerate(exprs, 1)]

    def kept(self, expr: Expr, later: tuple[Expr, ...], *, signed: bool = True) -> c.Expr:
        """An integer or pointer that the operands evaluated after it cannot change."""
        value = self.signed(expr) if signed and is_integer(expr.type) else self.value(expr)
        changed = any(has_effects(e) for e in later)
        if writes_state(expr) and not isinstance(value, c.Name):
            # what is evaluated later may read what this writes, and C would not wait for it
            changed = changed or not all(isinstance(e, Const | Local) for e in later)
        if isinstance(expr, Const) or not changed:
            return value
        as_signed = signed and integers.is_unsigned(expr)
        ctype, stars = c_type(self.out.unit, INT if as_signed else expr.type)
        temp = self.out.temp(ctype, stars, "saved")
        self.out.assign(temp, value)
        return temp

    def kept_string(self, expr: Expr, later: tuple[Expr, ...], hint: str) -> Ref:
        """A byte string that the operands evaluated after it cannot change."""
        found = self.string(expr, hint)
        if isinstance(expr, Const) or not any(has_effects(e) for e in later):
            return found
        saved = Ref(self.out.temp("ngx_str_t", 0, "saved"))
        if self.reused(expr):
            self.snapshot(saved, found)
        else:
            self.out.assign(saved.value, found.value)
        return saved

    def reused(self, expr: Expr) -> bool:
        """Whether the storage of a byte string is used again by the next assignment to it."""
        return self.copies_state and owned_by_context(expr)

    def snapshot(self, target: Ref, source: Ref) -> None:
        """Copy the bytes of a context field, whose storage the next assignment uses again."""
        call = c.Call("ngx_http_pyngx_snapshot", (self.out.pool, source.address, target.address))
        self.out.leave_if(c.Binary("!=", call, c.Name("NGX_OK")))

    def stored(self, expr: Expr) -> c.Expr:
        """An optional integer as it is stored; `none_of` says what stands for None there."""
        return self.state(expr) if isinstance(expr, StateField) else self.value(expr)

    def state(self, expr: StateField) -> c.Expr:
        """A field of the configuration or the context."""
        return c.Arrow(self.value(expr.obj), expr.name)

    def none_of(self, expr: Expr) -> c.Expr:
        """What stands for None in the place of an optional integer. Directives are never
        negative, so nginx's "unset" serves there; elsewhere it would be an ordinary -1."""
        assert isinstance(expr.type, Optional)
        inner = expr.type.inner
        names = {"size_t": "SIZE", "ngx_uint_t": "UINT", "ngx_msec_t": "MSEC"}
        suffix = names.get(inner.c, "") if isinstance(inner, Int) else ""
        if suffix:
            return c.Name(f"NGX_CONF_UNSET_{suffix}")
        if isinstance(expr, StateField):
            return c.Name("NGX_CONF_UNSET" + "_UINT" * isinstance(inner, Enum))
        return integers.literal(INT64_MIN)

    def store(self, target: c.Expr, value: Expr) -> None:
        """Assign an expression of any type to a C place."""
        if is_compound(value.type):
            if changed_item(value) is not None and self.holds(target, value):
                self.change_into(target, value)
            elif self._computed_from(value, target) or self.out.handlers:
                self.out.assign(target, self.place(value))
            else:
                self.compound_into(target, value)
        elif not is_string(value.type):
            self.out.assign(target, self.value(value))
        elif self._computed_from(value, target):
            temp = Ref(self.out.temp("ngx_str_t", 0, "result"))
            self.string_into(temp, value)
            self.out.assign(target, temp.value)
        elif isinstance(target, c.Unary) and target.op == "*":
            self.string_into(Ref(target.operand, pointer=True), value)
        else:
            self.string_into(Ref(target), value)

    def holds(self, target: c.Expr, value: Expr) -> bool:
        """Whether a changed object lies where it is stored."""
        return any(
            isinstance(e, Local) and self.vars.places.get(e.var) == target
            for e in expressions(value)
        )

    @abstractmethod
    def change_into(self, target: c.Expr, expr: Expr) -> None:
        """Store a changed object where it lies."""

    def set_named(self, var: Var, value: Expr) -> None:
        """``var := value``."""
        self.store(self.vars.places[var], value)

    def _computed_from(self, value: Expr, target: c.Expr) -> bool:
        """Whether a byte string is computed from what lies where it goes: it would be overwritten
        while it is still read."""
        parts = list(expressions(value))
        reads = any(isinstance(e, Local) and self.vars.places.get(e.var) == target for e in parts)
        computed = Op | Format | CallHelper | Conditional | TupleOf | Item
        return reads and any(isinstance(e, computed) for e in parts)

    def _named(self, value: c.Expr, expr: Expr) -> c.Expr:
        """A value that is used twice."""
        if isinstance(value, c.Name | c.Int):
            return value
        match expr.type:
            case Float():
                temp = self.out.temp("double", 0, "y")
            case Optional(Int()):
                temp = self.out.temp(*c_type(self.out.unit, expr.type), "m")
            case _:
                temp = self.out.temp("ngx_int_t", 0, "m")
        self.out.assign(temp, value)
        return temp

    def caught(self) -> c.Expr:
        """The message of what the ``except`` around has taken."""
        record = self.handling[-1].record
        assert record is not None
        return c.Member(record, "message")

    @abstractmethod
    def value(self, expr: Expr) -> c.Expr:
        """The C of an integer, a bool, or a pointer."""

    @abstractmethod
    def place(self, expr: Expr) -> c.Expr:
        """Where a compound value lies."""

    @abstractmethod
    def compound_into(self, target: c.Expr, expr: Expr) -> None:
        """Store a compound value in ``target``."""

    @abstractmethod
    def cond(self, expr: Expr) -> c.Expr:
        """The C of a condition."""

    @abstractmethod
    def string(self, expr: Expr, hint: str = "text") -> Ref:
        """Where a byte string lies; one that is computed is put into a temporary."""

    @abstractmethod
    def string_into(self, target: Ref, expr: Expr) -> None:
        """Store a byte string, computed or not, in ``target``."""
