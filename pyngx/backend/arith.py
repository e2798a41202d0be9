"""Integer expressions to C, with the checks that the checker left in."""

from __future__ import annotations

from functools import partial

from pyngx.backend import cnodes as c
from pyngx.backend import integers
from pyngx.backend.emitter import Ref
from pyngx.backend.floats import ZERO_DIVISION, float_call, from_total, minus
from pyngx.backend.lowering import Lowering
from pyngx.backend.unit import c_type
from pyngx.flow.byteloops import buffer_of, wide
from pyngx.ops.registry import said
from pyngx.tree import (
    Arith,
    BufBytes,
    ByteAt,
    Const,
    Convert,
    Expr,
    ItemAt,
    Length,
    Local,
    TableFind,
    TableItem,
)
from pyngx.types import (
    BYTE,
    INT,
    INT64_MIN,
    Bytes,
    Float,
    Int,
    List,
    Range,
    Struct,
    Total,
    is_integer,
    range_of,
    unfit,
)

_BY_ZERO = {"/": said(lambda: 1 / 0), "//": said(lambda: 1 // 0), "%": said(lambda: 1 % 0)}
_INT = Range(-(2**31), 2**31 - 1)


class ArithLowering(Lowering):
    """Lowers arithmetic, conversions and indices."""

    def _arith(self, expr: Arith) -> c.Expr:
        if isinstance(expr.type, Float):
            return self._float_arith(expr)
        if expr.right is None:
            return self._unary(expr)
        left, right = self.operands((expr.left, expr.right))
        small = frozenset(self.vars.bytes)
        if not expr.range.within(_INT) and not (wide(expr.left, small) or wide(expr.right, small)):
            left = c.Cast("ngx_int_t", left)  # C computes with bytes in 32 bits
        if expr.divides_by_zero:
            right = self._named(right, expr.right)
            what = _BY_ZERO[expr.op]
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

    def _float_arith(self, expr: Arith) -> c.Expr:
        if expr.right is None:
            return c.Unary(expr.op, self.value(expr.left))
        plain = [_total(e) or e for e in (expr.left, expr.right)]
        left, right = self.operands((plain[0], plain[1]))
        if expr.divides_by_zero:
            right = self._named(right, expr.right)
            zero = c.Binary("==", right, c.Int("0"))
            totals = _total(expr.left) or _total(expr.right)
            if totals and expr.by_zero:
                left = self._named(left, expr.left)
                self._zero_of_totals(expr, left, right)
            what = "" if totals else expr.by_zero
            what = what or ZERO_DIVISION[expr.op]
            self.out.fail_if(zero, expr.span, "ZeroDivisionError", what)
        left, right = (
            from_total(v) if _total(e) else v for v, e in ((left, expr.left), (right, expr.right))
        )
        if is_integer(expr.left.type):
            return c.Call("ngx_http_pyngx_float_truediv", (left, right))
        call = float_call(expr.op)
        return c.Call(call, (left, right)) if call else c.Binary(expr.op, left, right)

    def _zero_of_totals(self, expr: Arith, left: c.Expr, right: c.Expr) -> None:
        """A division of sums of floats that are the int 0 fails in the words of integers."""
        whole = c.Binary("==", right, c.Int("0"))
        if expr.right is not None and _total(expr.right):
            whole = c.Binary("&&", whole, minus(right))
        if _total(expr.left):
            nothing = c.Binary("&&", c.Binary("==", left, c.Int("0")), minus(left))
            whole = c.Binary("&&", whole, nothing)
        self.out.fail_if(whole, expr.span, "ZeroDivisionError", expr.by_zero)

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
        if isinstance(expr.value.type, Total):
            return from_total(self.value(expr.value))
        if isinstance(expr.type, Total):
            return self.value(expr.value)
        if isinstance(expr.type, Float):
            return c.Cast("double", self.signed(expr.value))
        value = self.value(expr.value)
        limits = range_of(expr.type)
        byte = isinstance(expr.value, Local) and expr.value.var in self.vars.bytes
        if expr.checked and not (byte and BYTE.within(limits)):
            value = self._named(value, expr.value)
            tests = []
            if expr.value.range.lo < limits.lo:
                tests.append(c.Binary("<", value, integers.literal(limits.lo)))
            if expr.value.range.hi > limits.hi:
                tests.append(c.Binary(">", value, integers.literal(limits.hi)))
            cond = tests[0] if len(tests) == 1 else c.Binary("||", tests[0], tests[1])
            self.out.fail_if(cond, expr.span, expr.exception, expr.message or unfit(limits))
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
        data, length = self._bytes_of(expr.value)
        if not expr.checked:
            return c.Index(data, self.signed(expr.index))
        if isinstance(expr.index, Const) and expr.index.range.lo > INT64_MIN:
            index = expr.index.range.lo
            if index >= 0:
                bad = c.Binary("<=" if index else "==", length, integers.literal(index))
                place: c.Expr = integers.literal(index)
            else:
                bad = c.Binary("<", length, integers.literal(-index))
                place = c.Binary("-", length, integers.literal(-index))
        else:
            found = self.out.temp("ngx_int_t", 0, "i")
            self.out.assign(found, self.signed(expr.index))
            length = c.Cast("ngx_int_t", length)
            if expr.index.range.lo < 0:
                fix = c.ExprStmt(c.Assign(found, length, "+="), line=self.out.line)
                self.out.emit(c.If(c.Binary("<", found, c.Int("0")), (fix,)))
                low = c.Binary("<", found, c.Int("0"))
                bad = c.Binary("||", low, c.Binary(">=", found, length))
            else:
                bad = c.Binary(">=", found, length)
            place = found
        self.out.fail_if(bad, expr.span, "IndexError", "index out of range")
        return c.Index(data, place)

    def _bytes_of(self, expr: Expr) -> tuple[c.Expr, c.Expr]:
        """The first byte and the length of a byte string, or of a buffer's memory."""
        if isinstance(expr, BufBytes):
            buf = self.value(expr.buf)
            pos: c.Expr = c.Arrow(buf, "pos")
            local = buffer_of(expr)
            if local is not None:
                pos = self.vars.positions.get(local.var, pos)
            return pos, c.Binary("-", c.Arrow(buf, "last"), pos)
        data = self.string(expr, "s")
        return data.data, data.len

    def _item_at(self, expr: ItemAt) -> c.Expr:
        array = self.value(expr.value)
        if not expr.checked:
            return self._element(expr, array, self.signed(expr.index))
        message = f"{expr.kind} index out of range"
        if isinstance(expr.index, Const) and expr.index.range.lo >= 0:
            place = integers.literal(expr.index.range.lo)
            short = c.Binary("<=" if expr.index.range.lo else "==", c.Arrow(array, "nelts"), place)
            self.out.fail_if(short, expr.span, "IndexError", message)
            return self._element(expr, array, place)
        found = self.out.temp("ngx_int_t", 0, "i")
        self.out.assign(found, self.signed(expr.index))
        length = c.Cast("ngx_int_t", c.Arrow(array, "nelts"))
        if expr.index.range.lo < 0:
            fix = c.ExprStmt(c.Assign(found, length, "+="), line=self.out.line)
            self.out.emit(c.If(c.Binary("<", found, c.Int("0")), (fix,)))
        low = c.Binary("<", found, c.Int("0"))
        bad = c.Binary("||", low, c.Binary(">=", found, length))
        self.out.fail_if(bad, expr.span, "IndexError", message)
        return self._element(expr, array, found)

    def table_item(self, expr: TableItem) -> c.Expr:
        """An item of a static array."""
        array = c.Name(self.out.unit.table(expr.type, expr.values))
        if not expr.checked:
            return c.Index(array, self.signed(expr.index))
        found = self.out.temp("ngx_int_t", 0, "i")
        self.out.assign(found, self.signed(expr.index))
        length = integers.literal(len(expr.values))
        if expr.index.range.lo < 0:
            fix = c.ExprStmt(c.Assign(found, length, "+="), line=self.out.line)
            self.out.emit(c.If(c.Binary("<", found, c.Int("0")), (fix,)))
        low = c.Binary("<", found, c.Int("0"))
        bad = c.Binary("||", low, c.Binary(">=", found, length))
        self.out.fail_if(bad, expr.span, "IndexError", expr.message)
        return c.Index(array, found)

    def _table_find(self, expr: TableFind) -> c.Expr:
        key_type = INT if is_integer(expr.key.type) else expr.key.type
        array = c.Name(self.out.unit.table(key_type, expr.keys))
        count = integers.literal(len(expr.keys))
        if is_integer(expr.key.type):
            key, name = self.signed(expr.key), "lookup"
        else:
            key, name = self.string(expr.key, "key").address, "bytes_lookup"
        call = c.Call(f"ngx_http_pyngx_{name}", (array, count, key))
        found = self.out.temp("ngx_int_t", 0, "place")
        self.out.assign(found, call)
        if expr.checked:
            missing = c.Binary("<", found, c.Int("0"))
            head, marked, rest = expr.message.partition("{key}")
            speaks = bool(marked) and not head
            compute = partial(self._key, expr.key, key, rest) if speaks else None
            said = rest if speaks else expr.message
            self.out.fail_if(missing, expr.span, expr.exception, said, compute)
        return found

    def _key(self, expr: Expr, key: c.Expr, rest: str) -> Ref:
        """What Python says of a key that is not there: its ``repr``, and the rest."""
        made = Ref(self.out.temp("ngx_str_t", 0, "message"))
        name, args = "number", [key]
        if not is_integer(expr.type):
            name, args = "key", [key, c.Int(str(int(isinstance(expr.type, Bytes))))]
        last = (c.Str(rest.encode()), made.address)
        call = c.Call(f"ngx_http_pyngx_message_{name}", (self.out.pool, *args, *last))
        self.out.leave_if(c.Binary("!=", call, c.Name("NGX_OK")))
        self.out.blank()
        return made

    def _element(self, expr: ItemAt, array: c.Expr, index: c.Expr) -> c.Expr:
        ctype, _ = c_type(self.out.unit, expr.type)
        items = c.Cast(f"{ctype} *", c.Arrow(array, "elts"))
        return c.Index(items, index)


def _total(expr: Expr) -> Expr | None:
    """The sum of floats that is converted."""
    match expr:
        case Convert(value=value) if isinstance(value.type, Total):
            return value
        case _:
            return None
