"""Expressions to C: the value of each, with the statements that have to come before it.

Evaluation order is Python's. What C would leave open is made explicit: a call or a check becomes a
statement of its own, and an operand that such a statement could change is kept in a temporary.
"""

from __future__ import annotations

from collections.abc import Callable

from pyngx.backend import cnodes as c
from pyngx.backend import integers
from pyngx.backend.conds import negated, truth_value
from pyngx.backend.emitter import Ref
from pyngx.backend.floats import float_literal
from pyngx.backend.format import format_into
from pyngx.backend.lists import ListLowering
from pyngx.backend.lowering import data_of, member, owned_by_context
from pyngx.backend.unit import c_type
from pyngx.diagnostics import InternalError
from pyngx.tree import (
    Arith,
    BufBytes,
    ByteAt,
    CallHelper,
    Caught,
    Chained,
    Compare,
    Conditional,
    Const,
    Convert,
    Expr,
    Field,
    Format,
    IsNone,
    Item,
    ItemAt,
    Length,
    ListMake,
    ListPop,
    Local,
    Logic,
    MimeMatch,
    NewChain,
    Not,
    Op,
    PartBytes,
    SendChain,
    StateField,
    TableFind,
    TableItem,
    TableList,
    Truth,
    Unwrap,
    Walrus,
    Wrap,
)
from pyngx.types import (
    Bool,
    Bufs,
    Bytes,
    Enum,
    List,
    Optional,
    Part,
    Str,
    is_compound,
    is_integer,
)


class ExprLowering(ListLowering):
    """Lowers the expressions of one function."""

    def value(self, expr: Expr) -> c.Expr:
        """The C of an integer, a bool, or a pointer; of a compound value its place."""
        if is_compound(expr.type):
            return self.place(expr)
        match expr:
            case Const():
                return self._const(expr)
            case Local(var=var):
                return self.vars.places[var]
            case Field():
                return self._field(expr)
            case StateField():
                return self._state_field(expr)
            case Item():
                return self.item(expr)
            case Arith():
                return self._arith(expr)
            case Truth():
                return truth_value(self.cond(expr))
            case Compare() | Chained() | IsNone() | Not() | MimeMatch():
                return self.cond(expr)
            case Logic():
                return self.cond(expr) if isinstance(expr.type, Bool) else self._or_value(expr)
            case Conditional():
                return self._conditional(expr)
            case Unwrap(value=value) if is_compound(value.type):
                return member(self.place(value), "value")
            case Unwrap(value=value):
                return self.stored(value) if is_integer(expr.type) else self.value(value)
            case Wrap(value=value):
                return self.value(value)
            case Walrus(var=var, value=value):
                self.set_named(var, value)
                return self.vars.places[var]
            case Op():
                return self._op_value(expr)
            case CallHelper():
                return self._helper_value(expr)
            case Convert():
                return self._convert(expr)
            case Length():
                return self._length(expr)
            case ListMake():
                return self.list_made(expr)
            case ListPop():
                return self.list_pop(expr)
            case ByteAt():
                return self._byte_at(expr)
            case ItemAt():
                return self._item_at(expr)
            case TableItem():
                return self.table_item(expr)
            case TableList(values=values):
                assert isinstance(expr.type, List)
                return c.Unary("&", c.Name(self.out.unit.constant_list(expr.type, values)))
            case TableFind():
                return self._table_find(expr)
            case SendChain() | NewChain() | BufBytes() | Format():
                raise InternalError(f"{type(expr).__name__} has no value here", expr.span)
            case _:
                raise InternalError(f"no C for {type(expr).__name__}", expr.span)

    def _const(self, expr: Const) -> c.Expr:
        if expr.value is None:
            if isinstance(expr.type, Optional) and is_integer(expr.type.inner):
                return self.none_of(expr)
            return c.Name("NULL")
        if isinstance(expr.value, float):
            return float_literal(expr.value)
        return integers.const(expr)

    def _field(self, expr: Field) -> c.Expr:
        obj = self.value(expr.obj)
        embedded = isinstance(expr.obj, Field) and expr.obj.embedded
        if embedded or isinstance(expr.obj.type, Part | Bufs):
            return c.Member(obj, expr.name)
        return c.Arrow(obj, expr.name)

    def _state_field(self, expr: StateField) -> c.Expr:
        field = self.state(expr)
        if not (isinstance(expr.type, Optional) and is_integer(expr.type.inner)):
            return field
        unset = self.none_of(expr)
        none = self.none_of(Const(expr.span, expr.type, None))
        if unset == none:
            return field
        known = c.Cast("ngx_int_t", field) if isinstance(expr.type.inner, Enum) else field
        return c.Ternary(c.Binary("==", field, unset), none, known)

    def _or_value(self, expr: Logic) -> c.Expr:
        ctype, stars = c_type(self.out.unit, expr.type)
        result = self.out.temp(ctype, stars, "value")

        def store(value: Expr) -> None:
            if is_compound(value.type):  # an optional float: what is none counts as 0
                there = self.place(value)
                found = c.Ternary(member(there, "present"), member(there, "value"), c.Int("0"))
                self.out.assign(result, found)
            else:
                self.out.assign(result, self.value(value))

        def false(value: Expr) -> c.Expr:
            if isinstance(value.type, Optional) and is_integer(value.type.inner):
                unset = self.none_of(Const(value.span, value.type, None))
                if ctype == "ngx_int_t" and isinstance(unset, c.Name):
                    unset = c.Cast(ctype, unset)
                none = c.Binary("==", result, unset)
                return c.Binary("||", none, c.Binary("==", result, c.Int("0")))
            return negated(result)

        self._or_into(expr.values, store, false)
        return result

    def _or_into(
        self,
        values: tuple[Expr, ...],
        store: Callable[[Expr], None],
        false: Callable[[Expr], c.Expr],
    ) -> None:
        store(values[0])
        if len(values) == 1:
            return
        with self.out.block() as inner:
            self._or_into(values[1:], store, false)
        self.out.emit(c.If(false(values[0]), tuple(inner), line=self.out.line))

    def _conditional(self, expr: Conditional) -> c.Expr:
        cond = self.cond(expr.cond)
        with self.out.block() as then:
            a = self.value(expr.then)
        with self.out.block() as orelse:
            b = self.value(expr.orelse)
        if not then and not orelse:
            if is_integer(expr.type):
                signs = integers.is_unsigned(expr.then), integers.is_unsigned(expr.orelse)
                a = c.Cast("ngx_int_t", a) if signs[0] else a
                b = c.Cast("ngx_int_t", b) if signs[1] else b
            return c.Ternary(cond, a, b)
        ctype, stars = c_type(self.out.unit, expr.type)
        result = self.out.temp(ctype, stars, "value")
        then.append(c.ExprStmt(c.Assign(result, a), line=self.out.line))
        orelse.append(c.ExprStmt(c.Assign(result, b), line=self.out.line))
        self.out.emit(c.If(cond, tuple(then), tuple(orelse), line=self.out.line))
        return result

    def string(self, expr: Expr, hint: str = "text") -> Ref:
        """Where a byte string lies; one that is computed is put into a temporary."""
        match expr:
            case Local(var=var):
                return self.vars.ref(var)
            case StateField() | Field() | Item():
                return Ref(self.value(expr))
            case ItemAt() | TableItem() | ListPop():
                return Ref(self.value(expr))
            case PartBytes(part=part):
                return Ref(c.Member(self.value(part), "bytes"))
            case Caught():
                return Ref(self.caught())
            case Unwrap(value=value):
                return self.string(value, hint)
            case Wrap(value=value) if not self._may_be_null(value):
                return self.string(value, hint)
            case _:
                temp = Ref(self.out.temp("ngx_str_t", 0, hint))
                self.string_into(temp, expr)
                return temp

    def _may_be_null(self, expr: Expr) -> bool:
        """Whether an empty string may have no data, which would say None."""
        return isinstance(expr, Field) or (
            isinstance(expr, StateField) and isinstance(expr.type, Bytes | Str)
        )

    def string_into(self, target: Ref, expr: Expr) -> None:
        """Store a byte string, computed or not, in ``target``."""
        match expr:
            case Const(value=None):
                self.out.call("ngx_str_null", target.address)
            case Const():
                self.out.call("ngx_str_set", target.address, c.Str(data_of(expr)))
            case Op():
                self._string_op(target, expr)
            case CallHelper():
                self._call_helper(expr, target.address)
            case Format(pieces=pieces):
                format_into(self, target, pieces)
            case BufBytes(buf=buf):
                self._buf_bytes(target, buf)
            case Logic(values=values):
                self._or_into(
                    values, lambda e: self.string_into(target, e), lambda _: negated(target.len)
                )
            case Conditional(cond=cond, then=then, orelse=orelse):
                test = self.cond(cond)
                with self.out.block() as first:
                    self.string_into(target, then)
                with self.out.block() as second:
                    self.string_into(target, orelse)
                self.out.emit(c.If(test, tuple(first), tuple(second), line=self.out.line))
            case Walrus(var=var, value=value):
                self.set_named(var, value)
                self.out.assign(target.value, self.vars.ref(var).value)
            case Wrap(value=value):
                self.string_into(target, value)
                if self._may_be_null(value):
                    empty = c.Cast("u_char *", c.Str(b""))
                    fix = c.ExprStmt(c.Assign(target.data, empty), line=self.out.line)
                    null = c.Binary("==", target.data, c.Name("NULL"))
                    self.out.emit(c.If(null, (fix,), line=self.out.line))
            case Unwrap(value=value):
                self.string_into(target, value)
            case StateField() | Item() if self.copies_state and owned_by_context(expr):
                self.snapshot(target, self.string(expr))
            case _:
                self.out.assign(target.value, self.string(expr).value)

    def _buf_bytes(self, target: Ref, buf: Expr) -> None:
        pointer = self.value(buf)
        pos, last = c.Arrow(pointer, "pos"), c.Arrow(pointer, "last")
        self.out.assign(target.data, pos)
        self.out.assign(target.len, c.Binary("-", last, pos))
