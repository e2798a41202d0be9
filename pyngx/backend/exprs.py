"""Expressions to C: the value of each, with the statements that have to come before it.

Evaluation order is Python's. What C would leave open is made explicit: a call or a check becomes a
statement of its own, and an operand that such a statement could change is kept in a temporary.
"""

from __future__ import annotations

from typing import assert_never

from pyngx.backend import cnodes as c
from pyngx.backend import integers
from pyngx.backend.emitter import Emitter, Ref, Variables
from pyngx.backend.format import format_into
from pyngx.backend.unit import c_type
from pyngx.diagnostics import InternalError
from pyngx.flow.walk import expressions
from pyngx.ops.registry import Form, Passes
from pyngx.tree import (
    Arith,
    BufBytes,
    ByteAt,
    CallHelper,
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
    Local,
    Logic,
    MimeMatch,
    NewChain,
    Not,
    Op,
    SendChain,
    StateField,
    Truth,
    Unwrap,
    Walrus,
    Wrap,
)
from pyngx.types import (
    INT64_MAX,
    Bool,
    Bytes,
    Int,
    List,
    Optional,
    Str,
    Struct,
    Tuple,
    Type,
    is_integer,
    range_of,
)


def is_string(type_: Type) -> bool:
    """Whether values of the type are ``ngx_str_t``."""
    inner = type_.inner if isinstance(type_, Optional) else type_
    return isinstance(inner, Bytes | Str)


def has_effects(expr: Expr) -> bool:
    """Whether evaluating may change what another operand reads."""
    return any(isinstance(e, Walrus | CallHelper) for e in expressions(expr))


class ExprLowering:
    """Lowers the expressions of one function."""

    def __init__(self, out: Emitter, variables: Variables) -> None:
        self.out = out
        self.vars = variables

    # Values that are not byte strings

    def value(self, expr: Expr) -> c.Expr:
        """The C of an integer, a bool, or a pointer."""
        match expr:
            case Const():
                return self._const(expr)
            case Local(var=var):
                return self.vars.places[var]
            case Field():
                return self._field(expr)
            case StateField(obj=obj, name=name):
                return c.Arrow(self.value(obj), name)
            case Item(obj=obj, index=index):
                assert isinstance(obj.type, Tuple)
                return c.Arrow(self.value(obj), self.out.unit.tuple_fields(obj.type)[index])
            case Arith():
                return self._arith(expr)
            case Compare() | Chained() | IsNone() | Truth() | Not() | MimeMatch():
                return self.cond(expr)
            case Logic():
                return self.cond(expr) if isinstance(expr.type, Bool) else self._or_value(expr)
            case Conditional():
                return self._conditional(expr)
            case Unwrap(value=value) | Wrap(value=value):
                return self.value(value)
            case Walrus(var=var, value=value):
                self.store(self.vars.places[var], value)
                return self.vars.places[var]
            case Op():
                return self._op_value(expr)
            case CallHelper():
                return self._helper_value(expr)
            case Convert():
                return self._convert(expr)
            case Length():
                return self._length(expr)
            case ByteAt():
                return self._byte_at(expr)
            case ItemAt():
                return self._item_at(expr)
            case SendChain() | NewChain() | BufBytes() | Format():
                raise InternalError(f"{type(expr).__name__} has no value here", expr.span)
            case _:
                raise InternalError(f"no C for {type(expr).__name__}", expr.span)

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

    def _const(self, expr: Const) -> c.Expr:
        if expr.value is None:
            if isinstance(expr.type, Optional) and is_integer(expr.type.inner):
                return c.Name("NGX_CONF_UNSET")
            return c.Name("NULL")
        return integers.const(expr)

    def _field(self, expr: Field) -> c.Expr:
        obj = self.value(expr.obj)
        if isinstance(expr.obj, Field) and expr.obj.embedded:
            return c.Member(obj, expr.name)
        return c.Arrow(obj, expr.name)

    def store(self, target: c.Expr, value: Expr) -> None:
        """Assign an expression of any type to a C place."""
        if is_string(value.type):
            self.string_into(Ref(target), value)
        else:
            self.out.assign(target, self.value(value))

    # Integers

    def _arith(self, expr: Arith) -> c.Expr:
        if expr.right is None:
            return self._unary(expr)
        left, right = self.operands((expr.left, expr.right))
        if expr.divides_by_zero:
            right = self._named(right, expr.right)
            what = "integer division or modulo by zero"
            self.out.fail_if(
                c.Binary("==", right, c.Int("0")), expr.span, "ZeroDivisionError", what
            )
        if expr.negative_shift:
            right = self._named(right, expr.right)
            what = "negative shift count" if expr.op != "**" else "negative exponent"
            self.out.fail_if(c.Binary("<", right, c.Int("0")), expr.span, "ValueError", what)
        if expr.op in integers.SIMPLE and not expr.overflows:
            return c.Binary(integers.SIMPLE[expr.op], left, right)
        if expr.op in integers.OVERFLOWING:
            result = self.out.temp("ngx_int_t", 0, "n")
            name = f"__builtin_{integers.OVERFLOWING[expr.op]}_overflow"
            self._overflow(c.Call(name, (left, right, c.Unary("&", result))), expr)
            return result
        if expr.op in ("//", "%"):
            return self._division(expr, left, right)
        if expr.op in ("<<", ">>") and integers.c_shift(expr):
            return c.Binary(expr.op, left, right)
        return self._runtime_arith(expr, left, right)

    def _named(self, value: c.Expr, expr: Expr) -> c.Expr:
        """A value that is used twice."""
        if isinstance(value, c.Name | c.Int):
            return value
        temp = self.out.temp("ngx_int_t", 0, "m")
        self.out.assign(temp, value)
        return temp

    def _unary(self, expr: Arith) -> c.Expr:
        value = self.signed(expr.left)
        if expr.op == "+":
            return value
        if expr.overflows:
            result = self.out.temp("ngx_int_t", 0, "n")
            call = c.Call("__builtin_sub_overflow", (c.Int("0"), value, c.Unary("&", result)))
            self._overflow(call, expr)
            return result
        return c.Unary(expr.op, value)

    def _overflow(self, cond: c.Expr, expr: Expr) -> None:
        what = "integer does not fit in 64 bits"
        self.out.fail_if(cond, expr.span, "OverflowError", what)

    def _division(self, expr: Arith, left: c.Expr, right: c.Expr) -> c.Expr:
        if integers.c_division(expr):
            return c.Binary("/" if expr.op == "//" else "%", left, right)
        if expr.overflows:
            right = self._named(right, expr)
            left = self._named(left, expr)
            minus_one = c.Binary("==", right, c.Int("-1"))
            least = c.Binary("==", left, integers.literal(-(2**63)))
            self._overflow(c.Binary("&&", minus_one, least), expr)
        name = "floordiv" if expr.op == "//" else "floormod"
        return c.Call(f"ngx_http_pyngx_{name}", (left, right))

    def _runtime_arith(self, expr: Arith, left: c.Expr, right: c.Expr) -> c.Expr:
        name = {"**": "pow", "<<": "lshift", ">>": "rshift"}[expr.op]
        if expr.op == ">>":
            return c.Call("ngx_http_pyngx_rshift", (left, right))
        result = self.out.temp("ngx_int_t", 0, "n")
        call = c.Call(f"ngx_http_pyngx_{name}", (left, right, c.Unary("&", result)))
        self._overflow(c.Binary("!=", call, c.Name("NGX_OK")), expr)
        return result

    def _convert(self, expr: Convert) -> c.Expr:
        value = self.value(expr.value)
        if expr.checked:
            value = self._named(value, expr.value)
            limits = range_of(expr.type)
            tests = []
            if expr.value.range.lo < limits.lo:
                tests.append(c.Binary("<", value, integers.literal(limits.lo)))
            if expr.value.range.hi > limits.hi:
                tests.append(c.Binary(">", value, integers.literal(limits.hi)))
            cond = tests[0] if len(tests) == 1 else c.Binary("||", tests[0], tests[1])
            self.out.fail_if(cond, expr.span, "OverflowError", "value out of range")
        if isinstance(expr.type, Int) and isinstance(expr.value.type, Int):
            if integers.is_unsigned(expr.value) and not integers.unsigned64(expr.type):
                return c.Cast(expr.type.c, value)
        return value

    def _length(self, expr: Length) -> c.Expr:
        inner = expr.value.type
        if isinstance(inner, Struct):
            return c.Call("ngx_buf_size", (self.value(expr.value),))
        if isinstance(inner, List):
            return c.Arrow(self.value(expr.value), "nelts")
        return self.string(expr.value).len

    def _byte_at(self, expr: ByteAt) -> c.Expr:
        data = self.string(expr.value, "s")
        if isinstance(expr.index, Const):
            assert isinstance(expr.index.value, int)
            index = expr.index.value
            if index >= 0:
                bad = c.Binary("<=", data.len, integers.literal(index))
                place: c.Expr = integers.literal(index)
            else:
                bad = c.Binary("<", data.len, integers.literal(-index))
                place = c.Binary("-", data.len, integers.literal(-index))
        else:
            found = self.out.temp("ngx_int_t", 0, "i")
            self.out.assign(found, self.signed(expr.index))
            length = c.Cast("ngx_int_t", data.len)
            if expr.index.range.lo < 0:
                fix = c.ExprStmt(c.Assign(found, length, "+="), line=self.out.line)
                self.out.emit(c.If(c.Binary("<", found, c.Int("0")), (fix,)))
                low = c.Binary("<", found, c.Int("0"))
                bad = c.Binary("||", low, c.Binary(">=", found, length))
            else:
                bad = c.Binary(">=", found, length)
            place = found
        self.out.fail_if(bad, expr.span, "IndexError", "index out of range")
        return c.Index(data.data, place)

    def _item_at(self, expr: ItemAt) -> c.Expr:
        array = self.value(expr.value)
        found = self.out.temp("ngx_int_t", 0, "i")
        self.out.assign(found, self.signed(expr.index))
        length = c.Cast("ngx_int_t", c.Arrow(array, "nelts"))
        if expr.index.range.lo < 0:
            fix = c.ExprStmt(c.Assign(found, length, "+="), line=self.out.line)
            self.out.emit(c.If(c.Binary("<", found, c.Int("0")), (fix,)))
        low = c.Binary("<", found, c.Int("0"))
        bad = c.Binary("||", low, c.Binary(">=", found, length))
        self.out.fail_if(bad, expr.span, "IndexError", "list index out of range")
        ctype, _ = c_type(self.out.unit, expr.type)
        items = c.Cast(f"{ctype} *", c.Arrow(array, "elts"))
        item = c.Index(items, found)
        return c.Unary("&", item) if isinstance(expr.type, Tuple) else item

    # Truth

    def cond(self, expr: Expr) -> c.Expr:
        """The C of a condition."""
        match expr:
            case Compare():
                return self._compare(expr)
            case Chained():
                return self._chained(expr)
            case IsNone(value=value, negate=negate):
                return self._is_none(value, "!=" if negate else "==")
            case Truth(value=value):
                return self._truth(value)
            case Not(value=value):
                return negated(self.cond(value))
            case Logic() if isinstance(expr.type, Bool):
                return self._logic(expr)
            case MimeMatch(types=types, request=request):
                return self._mime(types, request)
            case _:
                return self.value(expr)

    def _compare(self, expr: Compare) -> c.Expr:
        if is_string(expr.left.type):
            return self._compare_strings(expr)
        if not is_integer(expr.left.type):
            left, right = self.operands((expr.left, expr.right), signed=False)
            return c.Binary(expr.op, left, right)
        both = integers.is_unsigned(expr.left), integers.is_unsigned(expr.right)
        plain = both[0] == both[1] or (
            (both[0] and integers.never_negative(expr.right))
            or (both[1] and integers.never_negative(expr.left))
        )
        left, right = self.operands((expr.left, expr.right), signed=not plain)
        return c.Binary(expr.op, left, right)

    def _compare_strings(self, expr: Compare) -> c.Expr:
        if isinstance(expr.left, Const) and not isinstance(expr.right, Const):
            flipped = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(expr.op, expr.op)
            return self._compare_strings(
                Compare(expr.span, expr.type, flipped, expr.right, expr.left)
            )
        left = self.string(expr.left, "left")
        if isinstance(expr.right, Const) and expr.op in ("==", "!="):
            return self._equals_constant(expr, left, data_of(expr.right))
        right = self.string(expr.right, "right")
        if expr.op not in ("==", "!="):
            order = c.Call("ngx_http_pyngx_bytes_cmp", (left.address, right.address))
            return c.Binary(expr.op, order, c.Int("0"))
        equal: c.Expr = c.Binary("==", left.len, right.len)
        optional = [isinstance(e.type, Optional) for e in (expr.left, expr.right)]
        if any(optional):
            none = [c.Binary("==", s.data, c.Name("NULL")) for s in (left, right)]
            equal = c.Binary("&&", equal, c.Binary("==", none[0], none[1]))
        same = c.Call("ngx_memcmp", (left.data, right.data, left.len))
        equal = c.Binary("&&", equal, c.Binary("==", same, c.Int("0")))
        return equal if expr.op == "==" else negated(equal)

    def _equals_constant(self, expr: Compare, left: Ref, data: bytes) -> c.Expr:
        if not data:
            equal: c.Expr = c.Binary("==", left.len, c.Int("0"))
            if isinstance(expr.left.type, Optional):
                there = c.Binary("!=", left.data, c.Name("NULL"))
                equal = c.Binary("&&", there, equal)
            return equal if expr.op == "==" else negated(equal)
        op, joint = ("==", "&&") if expr.op == "==" else ("!=", "||")
        length = c.Binary(op, left.len, c.Int(str(len(data))))
        return c.Binary(joint, length, c.Binary(op, memcmp(left.data, data), c.Int("0")))

    def _chained(self, expr: Chained) -> c.Expr:
        values = [self._named_chain(v) for v in expr.operands]
        tests = [
            c.Binary(op, a, b) for op, a, b in zip(expr.ops, values[:-1], values[1:], strict=True)
        ]
        result: c.Expr = tests[0]
        for test in tests[1:]:
            result = c.Binary("&&", result, test)
        return result

    def _named_chain(self, expr: Expr) -> c.Expr:
        value = self.signed(expr)
        if isinstance(expr, Local | Const | StateField | Field):
            return value
        temp = self.out.temp("ngx_int_t", 0, "n")
        self.out.assign(temp, value)
        return temp

    def _is_none(self, value: Expr, op: str) -> c.Expr:
        if is_string(value.type):
            return c.Binary(op, self.string(value, "value").data, c.Name("NULL"))
        if isinstance(value.type, Optional) and is_integer(value.type.inner):
            return c.Binary(op, self.value(value), self._unset(value.type.inner))
        return c.Binary(op, self.value(value), c.Name("NULL"))

    def _unset(self, inner: Type) -> c.Expr:
        names = {"size_t": "SIZE", "ngx_uint_t": "UINT", "ngx_msec_t": "MSEC"}
        suffix = names.get(inner.c, "") if isinstance(inner, Int) else ""
        return c.Name(f"NGX_CONF_UNSET_{suffix}" if suffix else "NGX_CONF_UNSET")

    def _truth(self, value: Expr) -> c.Expr:
        if is_string(value.type):
            return self.string(value, "value").len
        if isinstance(value.type, List):
            return c.Arrow(self.value(value), "nelts")
        if isinstance(value.type, Struct) and value.type.name == "ngx_buf_t":
            return c.Binary(">", c.Call("ngx_buf_size", (self.value(value),)), c.Int("0"))
        if isinstance(value.type, Optional) and isinstance(value.type.inner, List):
            array = self.value(value)
            return c.Binary("&&", array, c.Arrow(array, "nelts"))
        if isinstance(value.type, Optional) and is_integer(value.type.inner):
            number = self.value(value)
            there = c.Binary("!=", number, self._unset(value.type.inner))
            return c.Binary("&&", there, c.Binary("!=", number, c.Int("0")))
        return self.value(value)

    def _logic(self, expr: Logic) -> c.Expr:
        """``and``/``or`` of bools: C's own, or ``if`` where an operand needs statements."""
        op = "&&" if expr.op == "and" else "||"
        result = self.cond(expr.values[0])
        for i, operand in enumerate(expr.values[1:], 1):
            with self.out.block() as before:
                value = self.cond(operand)
                if before:
                    rest = Logic(expr.span, expr.type, expr.op, expr.values[i:])
                    return self._logic_with_statements(expr.op, result, rest)
            result = c.Binary(op, result, value)
        return result

    def _logic_with_statements(self, op: str, first: c.Expr, rest: Logic) -> c.Expr:
        flag = self.out.temp("ngx_flag_t", 0, "cond")
        self.out.assign(flag, truth_value(first))
        with self.out.block() as then:
            value = self._logic(rest) if len(rest.values) > 1 else self.cond(rest.values[0])
            self.out.assign(flag, truth_value(value))
        test: c.Expr = flag if op == "and" else c.Unary("!", flag)
        self.out.emit(c.If(test, tuple(then), line=self.out.line))
        return flag

    def _mime(self, types: Expr, request: Expr) -> c.Expr:
        assert isinstance(types, StateField)
        hash_ = c.Arrow(self.value(types.obj), f"{types.name}")
        call = c.Call("ngx_http_test_content_type", (self.value(request), c.Unary("&", hash_)))
        return c.Binary("!=", call, c.Name("NULL"))

    # Values that are chosen

    def _or_value(self, expr: Logic) -> c.Expr:
        ctype, stars = c_type(self.out.unit, expr.type)
        result = self.out.temp(ctype, stars, "value")
        self._or_into(expr.values, lambda e: self.out.assign(result, self.value(e)), result)
        return result

    def _or_into(self, values: tuple[Expr, ...], store: object, test: c.Expr) -> None:
        assert callable(store)
        store(values[0])
        if len(values) == 1:
            return
        with self.out.block() as inner:
            self._or_into(values[1:], store, test)
        self.out.emit(c.If(negated(test), tuple(inner), line=self.out.line))

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

    # Byte strings

    def string(self, expr: Expr, hint: str = "text") -> Ref:
        """Where a byte string lies; one that is computed is put into a temporary."""
        match expr:
            case Local(var=var):
                return self.vars.ref(var)
            case StateField() | Field() | Item():
                return Ref(self.value(expr))
            case ItemAt():
                return Ref(self.value(expr))
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
        return isinstance(expr, Field)

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
                self._or_into(values, lambda e: self.string_into(target, e), target.len)
            case Conditional(cond=cond, then=then, orelse=orelse):
                test = self.cond(cond)
                with self.out.block() as first:
                    self.string_into(target, then)
                with self.out.block() as second:
                    self.string_into(target, orelse)
                self.out.emit(c.If(test, tuple(first), tuple(second), line=self.out.line))
            case Walrus(var=var, value=value):
                self.string_into(self.vars.ref(var), value)
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
            case _:
                self.out.assign(target.value, self.string(expr).value)

    def _buf_bytes(self, target: Ref, buf: Expr) -> None:
        pointer = self.value(buf)
        pos, last = c.Arrow(pointer, "pos"), c.Arrow(pointer, "last")
        self.out.assign(target.data, pos)
        self.out.assign(target.len, c.Binary("-", last, pos))

    # Rows and helpers

    def _arguments(self, expr: Op) -> list[c.Expr]:
        """The operands of a row's call, each in the form that the C wants."""
        found: list[c.Expr] = []
        for name, kind, arg in zip(
            expr.row.param_names, expr.row.param_types, expr.args, strict=True
        ):
            if kind == "int":
                found.append(self.signed(arg))
            elif kind == "complex":
                found.append(self.value(arg))
            elif kind == "bytes?" and isinstance(arg, Const) and arg.value is None:
                found.append(c.Name("NULL"))
            else:
                found.append(self.string(arg, name).address)
        return found

    def _leading(self, expr: Op) -> list[c.Expr]:
        match expr.row.passes:
            case Passes.NOTHING:
                return []
            case Passes.POOL:
                return [self.out.pool]
            case Passes.REQUEST:
                return [self.out.r]
            case _ as never:
                assert_never(never)

    def _op_value(self, expr: Op) -> c.Expr:
        """A row whose result is an integer, a bool or a list."""
        inline = self._inline(expr)
        if inline is not None:
            return inline
        args = [*self._leading(expr), *self._arguments(expr)]
        if expr.row.form is Form.VALUE:
            return c.Call(expr.row.c, tuple(args))
        ctype, stars = c_type(self.out.unit, expr.type)
        result = self.out.temp(ctype, stars, "list" if stars else "n")
        self._checked(expr, [*args, c.Unary("&", result)])
        return result

    def _string_op(self, target: Ref, expr: Op) -> None:
        args = [*self._leading(expr), *self._arguments(expr), target.address]
        if expr.row.form is Form.VIEW:
            self.out.call(expr.row.c, *args)
        else:
            self._checked(expr, args)

    def effect(self, expr: Op) -> None:
        """A row for its effect, or one whose result is not used."""
        if expr.row.form is Form.EFFECT:
            self._checked(expr, [*self._leading(expr), *self._arguments(expr)])
        elif is_string(expr.type):
            self.string(expr)
        else:
            self._op_value(expr)

    def _checked(self, expr: Op, args: list[c.Expr]) -> None:
        """A call that returns a status; each failure is an exception of its own."""
        call = c.Call(expr.row.c, tuple(args))
        if not expr.row.failures:
            self.out.leave_if(c.Binary("!=", call, c.Name("NGX_OK")))
            return
        rc = self.out.temp("ngx_int_t", 0, "rc")
        self.out.assign(rc, call)
        for failure in expr.row.failures:
            status = c.Binary("==", rc, c.Name(failure.status))
            self.out.fail_if(status, expr.span, failure.exception, failure.message)
        self.out.leave_if(c.Binary("!=", rc, c.Name("NGX_OK")))

    def _inline(self, expr: Op) -> c.Expr | None:
        """Rows that read better, and run faster, without a call."""
        if expr.row.name not in ("bytes.startswith", "bytes.endswith"):
            return None
        subject, affix, start, end = expr.args
        whole = isinstance(start, Const) and start.value == 0 and isinstance(end, Const)
        if not (whole and end == expr.args[3] and isinstance(affix, Const)):
            return None
        if end.value != INT64_MAX:
            return None
        data = data_of(affix)
        s = self.string(subject, "s")
        size = c.Int(str(len(data)))
        if not data:
            return c.Int("1")
        long_enough = c.Binary(">=", s.len, size)
        place = s.data
        if expr.row.name == "bytes.endswith":
            place = c.Binary("-", c.Binary("+", s.data, s.len), size)
        same = c.Binary("==", memcmp(place, data), c.Int("0"))
        return c.Binary("&&", long_enough, same)

    def _helper_value(self, expr: CallHelper) -> c.Expr:
        signature = self.out.unit.helpers[expr.helper]
        if not signature.returns_through_pointer:
            return self._call_helper(expr, None)
        ctype, stars = c_type(self.out.unit, expr.type)
        result = self.out.temp(ctype, stars, "result")
        self._call_helper(expr, c.Unary("&", result))
        return result

    def _call_helper(self, expr: CallHelper, result: c.Expr | None) -> c.Expr:
        """The call; with ``result`` (a pointer) or a status it is emitted as a statement."""
        signature = self.out.unit.helpers[expr.helper]
        args: list[c.Expr] = []
        request = Struct("ngx_http_request_t")
        if signature.wants_request and not any(a.type == request for a in expr.args):
            args.append(self.out.r)
        for arg in expr.args:
            if is_string(arg.type):
                args.append(self.string(arg, "arg").address)
            elif is_integer(arg.type):
                args.append(self.value(arg))
            else:
                args.append(self.value(arg))
        if result is not None:
            args.append(result)
        call = c.Call(signature.c_name, tuple(args))
        if signature.fails:
            self.out.leave_if(c.Binary("!=", call, c.Name("NGX_OK")))
            return call
        if result is not None:
            self.out.emit(c.ExprStmt(call, line=self.out.line))
        return call

    def call_for_effect(self, expr: CallHelper) -> None:
        """A helper as a statement."""
        signature = self.out.unit.helpers[expr.helper]
        if signature.returns_through_pointer:
            if is_string(expr.type):
                self.string(expr, "unused")
            else:
                self._helper_value(expr)
            return
        call = self._call_helper(expr, None)
        if not signature.fails:
            value = call
            if not isinstance(expr.type, type(None)) and is_integer(expr.type):
                value = c.Cast("void", call)  # type: ignore[assignment]
            self.out.emit(c.ExprStmt(value, line=self.out.line))


def memcmp(data: c.Expr, literal: bytes) -> c.Expr:
    """``ngx_memcmp(data, "…", len)``."""
    return c.Call("ngx_memcmp", (data, c.Str(literal), c.Int(str(len(literal)))))


def data_of(expr: Const) -> bytes:
    """The bytes of a constant."""
    if isinstance(expr.value, str):
        return expr.value.encode()
    assert isinstance(expr.value, bytes)
    return expr.value


_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


def negated(cond: c.Expr) -> c.Expr:
    """The opposite of a condition."""
    match cond:
        case c.Unary("!", operand):
            return operand
        case c.Binary(op, left, right) if op in _OPPOSITE:
            return c.Binary(_OPPOSITE[op], left, right)
        case c.Binary("&&", left, right):
            return c.Binary("||", negated(left), negated(right))
        case c.Binary("||", left, right):
            return c.Binary("&&", negated(left), negated(right))
        case c.Member() | c.Arrow() if cond.name in ("len", "nelts"):
            return c.Binary("==", cond, c.Int("0"))
        case _:
            return c.Unary("!", cond)


def truth_value(cond: c.Expr) -> c.Expr:
    """A condition as the 0 or 1 that a flag holds."""
    match cond:
        case c.Binary(op, _, _) if op in (*_OPPOSITE, "&&", "||"):
            return cond
        case c.Unary("!", _) | c.Int():
            return cond
        case c.Name():
            return c.Binary("!=", cond, c.Int("0"))
        case _:
            return c.Binary("!=", cond, c.Int("0"))
