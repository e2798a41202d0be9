"""Conditions to C: comparisons, None, truth, and and or."""

from __future__ import annotations

from pyngx.backend import cnodes as c
from pyngx.backend import integers
from pyngx.backend.arith import ArithLowering
from pyngx.backend.emitter import Ref
from pyngx.backend.lowering import data_of, has_effects, is_string, member, memcmp
from pyngx.tree import (
    Chained,
    Compare,
    Const,
    Expr,
    Field,
    IsNone,
    Local,
    Logic,
    MimeMatch,
    Not,
    StateField,
    Truth,
)
from pyngx.types import (
    INT64_MIN,
    Bool,
    ComplexValue,
    Float,
    Int,
    List,
    Optional,
    Struct,
    Type,
    is_compound,
    is_integer,
)

_MIRRORED = {"==": "==", "!=": "!=", "<": ">", ">=": "<=", ">": "<", "<=": ">="}
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


def negated(cond: c.Expr) -> c.Expr:
    """The opposite of a condition."""
    match cond:
        case c.Unary("!", operand):
            return operand
        case c.Binary(op, left, right) if op in _OPPOSITE and (cond.total or op in ("==", "!=")):
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


def _tested(value: c.Expr) -> c.Expr:
    """A number as a condition; compilers suspect a product or a choice that is one."""
    match value:
        case c.Ternary() | c.Binary("*" | "<<", _, _):
            return c.Binary("!=", value, c.Int("0"))
        case _:
            return value


def _held(type_: Type) -> Type:
    """The type of a value that is not None."""
    return type_.inner if isinstance(type_, Optional) else type_


def _unsigned_or_none(expr: Expr) -> bool:
    return isinstance(expr.type, Optional) and (
        isinstance(expr.type.inner, Int) and integers.unsigned64(expr.type.inner)
    )


def _compared(op: str, left: c.Expr, right: c.Expr) -> c.Expr:
    """A comparison; what compilers would call pointless becomes its result. Operands are without
    effects, or differ."""
    if left == right:
        return c.Int("1" if op in ("==", "<=", ">=") else "0")
    for value, number, less in ((left, right, "<"), (right, left, ">")):
        if _is_condition(value) and isinstance(number, c.Int) and number.text not in ("0", "1"):
            below = not number.text.startswith("-")
            true = op == "!=" or (op.startswith(less) if below else op[0] in {"<", ">"} - {less})
            return c.Int("1" if true else "0")
        if op in ("==", "!=") and _bits_differ(value, number):
            return c.Int("1" if op == "!=" else "0")
    return c.Binary(op, left, right)


def _bits_differ(value: c.Expr, number: c.Expr) -> bool:
    """Whether a masked value cannot be the number, for bits that the mask takes or sets."""
    if not isinstance(value, c.Binary) or value.op not in ("&", "|"):
        return False
    wanted = _number(number)
    for mask in (_number(value.left), _number(value.right)):
        if mask is not None and wanted is not None:
            return bool(wanted & ~mask if value.op == "&" else mask & ~wanted)
    return False


def _number(expr: c.Expr) -> int | None:
    if isinstance(expr, c.Int) and expr.text.lstrip("-").isdigit():
        return int(expr.text)
    return None


def _is_condition(value: c.Expr) -> bool:
    match value:
        case c.Binary(op, _, _):
            return op in (*_OPPOSITE, "&&", "||")
        case c.Unary("!", _):
            return True
        case _:
            return False


def _is_zero(expr: Expr) -> bool:
    return isinstance(expr, Const) and expr.value == 0


def _calls(value: c.Expr) -> bool:
    """Whether a C expression should not be written twice: it calls a function."""
    return not isinstance(value, c.Name | c.Int | c.Arrow | c.Member | c.Index)


class CondLowering(ArithLowering):
    """Lowers conditions."""

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
                return _tested(self.value(expr))

    def _compare(self, expr: Compare) -> c.Expr:
        if is_string(expr.left.type):
            return self._compare_strings(expr)
        if isinstance(expr.left.type, Float) or isinstance(expr.right.type, Float):
            return self._compare_floats(expr)
        if not is_integer(_held(expr.left.type)):
            left, right = self.operands((expr.left, expr.right), signed=False)
            return c.Binary(expr.op, left, right)
        if _held(expr.left.type) != _held(expr.right.type):
            pair = (expr.left, expr.right)
            known = any(map(integers.never_negative, pair))
            if not known and any(map(_unsigned_or_none, pair)):
                return self._compare_optional(expr)
        both = integers.is_unsigned(expr.left), integers.is_unsigned(expr.right)
        plain = both[0] == both[1] or (
            (both[0] and integers.never_negative(expr.right))
            or (both[1] and integers.never_negative(expr.left))
        )
        if expr.op in ("<", ">=", ">", "<=") and (_is_zero(expr.left) or _is_zero(expr.right)):
            plain = plain and not any(both)  # "never negative" is no news to the author
        left, right = self.operands((expr.left, expr.right), signed=not plain)
        one, two = expr.left.range, expr.right.range
        if isinstance(expr.right, Const) and (one.hi < two.lo or one.lo > two.hi):
            less = one.hi < two.lo  # whatever the value is: compilers see that of a byte
            return c.Int("1" if expr.op == "!=" or expr.op[0] == "<>"[not less] else "0")
        return _compared(expr.op, left, right)

    def _compare_optional(self, expr: Compare) -> c.Expr:
        """Numbers of two types, of which one without a sign may be None: that is a number of
        the other, so it becomes one that no value is."""
        pair = (expr.left, expr.right)
        left, right = (
            self._signed_or_none(value, e) if _unsigned_or_none(e) else value
            for value, e in zip(self.operands(pair), pair, strict=True)
        )
        return c.Binary(expr.op, left, right)

    def _signed_or_none(self, value: c.Expr, expr: Expr) -> c.Expr:
        number = value if isinstance(value, c.Name | c.Arrow) else self._named(value, expr)
        none = self.none_of(Const(expr.span, expr.type, None))
        signed = c.Cast("ngx_int_t", number)
        return c.Ternary(c.Binary("==", number, none), integers.literal(INT64_MIN), signed)

    def _compare_floats(self, expr: Compare) -> c.Expr:
        left, right = self.operands((expr.left, expr.right))
        if is_integer(expr.left.type):
            return self._compare_exactly(_MIRRORED[expr.op], right, left)
        if is_integer(expr.right.type):
            return self._compare_exactly(expr.op, left, right)
        return c.Binary(expr.op, left, right, total=False)

    def _compare_exactly(self, op: str, value: c.Expr, number: c.Expr) -> c.Expr:
        """A float and an integer that may have no float: neither is converted."""
        unordered = c.Int("-1" if op in (">", ">=") else "1")
        order = c.Call("ngx_http_pyngx_float_cmp", (value, number, unordered))
        return c.Binary(op, order, c.Int("0"))

    def _compare_strings(self, expr: Compare) -> c.Expr:
        if isinstance(expr.left, Const) and not isinstance(expr.right, Const):
            flipped = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(expr.op, expr.op)
            return self._compare_strings(
                Compare(expr.span, expr.type, flipped, expr.right, expr.left)
            )
        left = self.kept_string(expr.left, (expr.right,), "left")
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
        left = self._named_chain(expr.operands, 0)
        result: c.Expr | None = None
        for i, op in enumerate(expr.ops, 1):
            with self.out.block() as before:
                right = self._named_chain(expr.operands, i)
            test = _compared(op, left, right)
            if result is None:
                self.out.stmts.extend(before)
                result = test
            else:
                result = self._joined("and", result, before, test)
            left = right
        assert result is not None
        return result

    def _named_chain(self, operands: tuple[Expr, ...], at: int) -> c.Expr:
        """An operand, which is compared twice unless it is the first or the last."""
        expr = operands[at]
        value = self.signed(expr)
        later = any(has_effects(e) for e in operands[at + 1 :])
        if isinstance(expr, Const):
            return value
        if not later and (isinstance(expr, Local | StateField | Field) or not _calls(value)):
            return value
        temp = self.out.temp("ngx_int_t", 0, "n")
        self.out.assign(temp, value)
        return temp

    def _is_none(self, value: Expr, op: str) -> c.Expr:
        if is_string(value.type):
            return c.Binary(op, self.string(value, "value").data, c.Name("NULL"))
        if is_compound(value.type):
            there = member(self.place(value), "present")
            return there if op == "!=" else c.Unary("!", there)
        if isinstance(value.type, Optional) and is_integer(value.type.inner):
            return c.Binary(op, self.stored(value), self.none_of(value))
        return c.Binary(op, self.value(value), c.Name("NULL"))

    def _truth(self, value: Expr) -> c.Expr:
        if is_string(value.type):
            return self.string(value, "value").len
        if is_compound(value.type):
            place = self.place(value)
            if not isinstance(value.type, Optional):
                return c.Int("1")
            there = member(place, "present")
            if isinstance(value.type.inner, Float):
                return c.Binary("&&", there, c.Binary("!=", member(place, "value"), c.Int("0")))
            return there
        if isinstance(value.type, List):
            return c.Arrow(self.value(value), "nelts")
        if isinstance(value.type, ComplexValue):
            return c.Member(c.Arrow(self.value(value), "value"), "len")
        if isinstance(value.type, Struct) and value.type.name == "ngx_buf_t":
            return c.Binary(">", c.Call("ngx_buf_size", (self.value(value),)), c.Int("0"))
        if isinstance(value.type, Optional) and isinstance(value.type.inner, List):
            array = self.value(value)
            return c.Binary("&&", array, c.Arrow(array, "nelts"))
        if isinstance(value.type, Optional) and is_integer(value.type.inner):
            number = self.stored(value)
            if not isinstance(number, c.Name | c.Arrow):
                number = self._named(number, value)
            there = c.Binary("!=", number, self.none_of(value))
            return c.Binary("&&", there, c.Binary("!=", number, c.Int("0")))
        return _tested(self.value(value))

    def _logic(self, expr: Logic) -> c.Expr:
        """``and``/``or`` of bools: C's own, or ``if`` where an operand needs statements."""
        result = self.cond(expr.values[0])
        for operand in expr.values[1:]:
            with self.out.block() as before:
                value = self.cond(operand)
            result = self._joined(expr.op, result, before, value)
        return result

    def _joined(self, op: str, first: c.Expr, before: list[c.Stmt], value: c.Expr) -> c.Expr:
        """``first op value``, where the value and the statements before it are evaluated only if
        the first does not decide."""
        if not before:
            return c.Binary("&&" if op == "and" else "||", first, value)
        flag = self.out.temp("ngx_flag_t", 0, "cond")
        self.out.assign(flag, truth_value(first))
        last = c.ExprStmt(c.Assign(flag, truth_value(value)), line=self.out.line)
        test: c.Expr = flag if op == "and" else c.Unary("!", flag)
        self.out.emit(c.If(test, (*before, last), line=self.out.line))
        return flag

    def _mime(self, types: Expr, request: Expr) -> c.Expr:
        assert isinstance(types, StateField)
        hash_ = c.Arrow(self.value(types.obj), f"{types.name}")
        call = c.Call("ngx_http_test_content_type", (self.value(request), c.Unary("&", hash_)))
        return c.Binary("!=", call, c.Name("NULL"))
