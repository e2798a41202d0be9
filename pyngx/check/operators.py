"""Operators: arithmetic with its checks, comparison, membership."""

from __future__ import annotations

import ast
import enum
import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pyngx.check import finding, floats, hints, ranges
from pyngx.check.access import Access
from pyngx.check.base import Cond, path
from pyngx.check.coerce import as_bytes, store_byte
from pyngx.check.constants import constant, integer
from pyngx.check.context import Reporter
from pyngx.check.formatting import measured, percent
from pyngx.check.lists import Lists
from pyngx.check.optionals import equality
from pyngx.check.scope import assigned_if
from pyngx.check.tuples import Tuples, is_plain, item_of
from pyngx.ops.table import TABLE
from pyngx.tree import (
    Arith,
    Chained,
    Compare,
    Const,
    Expr,
    Format,
    IsNone,
    Length,
    Local,
    Logic,
    Not,
    Op,
    Piece,
    Truth,
    Walrus,
)
from pyngx.types import (
    BIT,
    INT,
    Bool,
    Bytes,
    ComplexValue,
    Constant,
    Ctx,
    Enum,
    Float,
    Headers,
    List,
    NoneType,
    Optional,
    Part,
    Range,
    Str,
    Struct,
    Total,
    Tuple,
    Type,
    describe,
    is_integer,
    is_number,
)

_ARITH = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
}
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_COMPARE = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


class Operators(Access, Tuples, Lists):
    """Checks operators."""

    def truth(self, node: ast.expr, value: Expr) -> Expr:
        """The truth of a value that is not a bool."""
        inner = value.type.inner if isinstance(value.type, Optional) else value.type
        if isinstance(value.type, NoneType):
            return Const(value.span, Bool(), False, range=Range(0, 0))
        if isinstance(value, Const) and isinstance(value.value, int | float | bytes | str):
            truth = bool(value.value)
            return Const(value.span, Bool(), truth, range=Range(truth, truth))
        if isinstance(value.type, Tuple) and is_plain(value):
            return Const(value.span, Bool(), True, range=Range(1, 1))
        if isinstance(value.type, Ctx):
            return Const(value.span, Bool(), True, range=Range(1, 1))
        if isinstance(inner, Ctx):
            return IsNone(value.span, Bool(), value, True, range=BIT)
        if is_number(inner) or isinstance(
            inner, Struct | List | Bytes | Str | Tuple | ComplexValue | Total
        ):
            return Truth(value.span, Bool(), value, range=BIT)
        self.report.refuse(
            "PNX116",
            node,
            f"'{describe(value.type)}' has no truth value",
            help="test a part of it: a field, a length, or 'name in headers'",
        )

    def _unary(self, node: ast.UnaryOp) -> Expr:
        op = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}[type(node.op)]
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number))):
                # -2**63 is a number of the language, 2**63 is not
                return integer(self.report, node, -number, self.mod.model)
        value = self.number(node.operand, f"the operand of '{op}'")
        if isinstance(value.type, Float):
            return floats.unary(self.report, node, op, value)
        if op == "~" and isinstance(value.type, Enum) and issubclass(value.type.cls, enum.IntFlag):
            every = integer(self.report, node, int(~value.type.cls(0)), self.mod.model)
            return replace(self.arith(node, "^", value, every), type=value.type)
        if isinstance(value, Const):
            assert isinstance(value.value, int)
            result = {"-": -value.value, "+": +value.value, "~": ~value.value}[op]
            return integer(self.report, node, result, self.mod.model)
        result_range = ranges.unary(op, value.range)
        return Arith(
            self.report.span(node),
            INT,
            op,
            value,
            None,
            overflows=not result_range.fits_int64,
            range=result_range.clamp(),
        )

    def _bin_op(self, node: ast.BinOp) -> Expr:
        op = _ARITH.get(type(node.op))
        if op is None:
            self.report.refuse("PNX107", node, "'@' is not compiled")
        left = self.expr(node.left)
        if op == "%" and isinstance(left, Const) and isinstance(left.value, bytes | str):
            return self._percent(node, left)
        right = self.expr(node.right)
        return self.binary(node, op, left, right)

    def binary(self, node: ast.AST, op: str, left: Expr, right: Expr) -> Expr:
        """``left op right`` of numbers, or ``+`` and ``*`` of bytes."""
        if all(is_number(v.type) or isinstance(v.type, Total) for v in (left, right)):
            if op == "/" or any(isinstance(v.type, Float | Total) for v in (left, right)):
                return floats.binary(self.report, node, op, left, right)
            found = self.arith(node, op, left, right)
            both = left.type if left.type == right.type and op in ("&", "|", "^") else None
            if isinstance(both, Enum) and issubclass(both.cls, enum.IntFlag):
                return replace(found, type=both)
            return found
        span = self.report.span(node)
        left, right = as_bytes(left), as_bytes(right)
        match op, left.type, right.type:
            case "+", Tuple(), Tuple() if not (left.type.is_object or right.type.is_object):
                return self.joined_tuples(node, left, right)
            case "+", Bytes(), Bytes():
                if isinstance(left, Const) and isinstance(right, Const):
                    assert isinstance(left.value, bytes) and isinstance(right.value, bytes)
                    return Const(span, Bytes(), left.value + right.value)
                return Format(span, Bytes(), (*_joined(left), *_joined(right)))
            case "+", List() as one, List() as two if one == two:
                return Op(span, one, TABLE["operator.list_concat"], (left, right))
            case "*", List() as one, t if is_integer(t):
                return Op(span, one, TABLE["operator.list_repeat"], (left, right))
            case "*", t, List() as one if is_integer(t):
                return Op(span, one, TABLE["operator.list_repeat"], (right, left))
            case "+", Str(), Str():
                return Format(span, Str(), (*_joined(left), *_joined(right)))
            case "*", Bytes(), t if is_integer(t):
                return Op(span, Bytes(), TABLE["operator.repeat"], (left, right))
            case "*", t, Bytes() if is_integer(t):
                return Op(span, Bytes(), TABLE["operator.repeat"], (right, left))
            case "*", Str(), t if is_integer(t):
                return Op(span, Str(), TABLE["operator.text_repeat"], (left, right))
            case "*", t, Str() if is_integer(t):
                return Op(span, Str(), TABLE["operator.text_repeat"], (right, left))
            case "%", Bytes() | Str(), _:
                self.report.refuse(
                    "PNX120", node, "the format must be a constant", help="write it in place"
                )
            case _:
                self.no_none(left, "the left operand")
                self.no_none(right, "the right operand")
                self.report.refuse(
                    "PNX107",
                    node,
                    f"no '{op}' between '{describe(left.type)}' and '{describe(right.type)}'",
                    help=hints.of_two(left.type, right.type),
                )

    def arith(self, node: ast.AST, op: str, left: Expr, right: Expr) -> Expr:
        """Integer arithmetic, with the checks that can fail."""
        zero = op in ("//", "%") and right.range.lo <= 0 <= right.range.hi
        negative = op in ("<<", ">>", "**") and right.range.lo < 0
        if isinstance(left, Const) and isinstance(right, Const) and not (zero or negative):
            assert isinstance(left.value, int) and isinstance(right.value, int)
            named = op == "|" and left.c_name and right.c_name  # flags are read by their names
            if not named and ((op != "**" and op != "<<") or right.value <= 64):
                value = _fold(op, left.value, right.value)
                return integer(self.report, node, value, self.mod.model)
        if isinstance(right, Const) and right.value == 0 and op in ("//", "%"):
            self.report.refuse("PNX108", node, "division by zero", help="divide by another number")
        if isinstance(right, Const) and negative:
            what = "a negative power is not an integer" if op == "**" else "negative shift count"
            self.report.refuse("PNX108", node, what, help="give a count of 0 or more")
        result = ranges.binary(op, left.range, right.range)
        return Arith(
            self.report.span(node),
            INT,
            op,
            left,
            right,
            overflows=not result.fits_int64,
            divides_by_zero=zero,
            negative_shift=negative,
            range=result.clamp(),
        )

    def _percent(self, node: ast.BinOp, template: Const) -> Expr:
        values = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
        checked = [(v, self.expr(v)) for v in values]
        whole, pair = checked[0] if checked else (node.right, template)
        if len(checked) == 1 and isinstance(pair.type, Tuple) and not pair.type.is_object:
            first, again = self.once(pair, "values")
            assert isinstance(pair.type, Tuple)
            count = len(pair.type.items)
            checked = [(whole, item_of(again if i else first, i)) for i in range(count)]
        text = isinstance(template.value, str)
        pieces = percent(self.report, node, template, checked, text=text)
        pieces = measured(pieces) if text else pieces
        return Format(self.report.span(node), Str() if text else Bytes(), pieces)

    def identity(self, node: ast.Compare, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Cond:
        """``is`` and ``is not``: of None, and of a bool."""
        negate = isinstance(op, ast.IsNot)
        if isinstance(right, ast.Constant) and isinstance(right.value, bool):
            return self._is_bool(node, left, right.value != negate)
        member = self.compile_time(right)
        if isinstance(member, enum.Enum):
            value = self.expr(left)
            inner = value.type.inner if isinstance(value.type, Optional) else value.type
            if isinstance(inner, Enum) and inner.cls is type(member):
                same = "!=" if negate else "=="
                return Cond(self.compare(node, same, value, self.expr(right)))
        if not (isinstance(right, ast.Constant) and right.value is None):
            self.report.refuse(
                "PNX119",
                node,
                f"'is{' not' * negate}' compares with None only",
                help=f"use '{'!=' if negate else '=='}'",
            )
        value = self.plain(left)
        where = path(left)
        if isinstance(value.type, NoneType):
            return Cond(Const(value.span, Bool(), not negate))
        if not isinstance(value.type, Optional):
            self.report.refuse(
                "PNX119",
                node,
                f"this is '{describe(value.type)}', which is never None",
                help="leave the test out",
            )
        known = frozenset({where} if where else ())
        expr = IsNone(self.report.span(node), Bool(), value, negate, range=BIT)
        return Cond(expr, known, frozenset()) if negate else Cond(expr, frozenset(), known)

    def _is_bool(self, node: ast.Compare, left: ast.expr, wanted: bool) -> Cond:
        """``is True`` and its like: of a bool its truth, of anything else never."""
        value = self.plain(left)
        if not isinstance(value.type, Bool):
            self.report.refuse(
                "PNX119",
                node,
                f"this is '{describe(value.type)}', which is never True or False itself",
                help="use '=='",
            )
        return Cond(value if wanted else Not(value.span, Bool(), value, range=BIT))

    def _compare(self, node: ast.Compare) -> Expr:
        span = self.report.span(node)
        if len(node.ops) == 1:
            return self._compare_two(node, node.left, node.ops[0], node.comparators[0])
        ops = []
        for op in node.ops:
            if type(op) not in _COMPARE:
                self.report.refuse(
                    "PNX109",
                    node,
                    "a chain is made of == != < <= > >=",
                    help="write two comparisons with 'and' between them",
                )
            ops.append(_COMPARE[type(op)])
        operand_nodes = [node.left, *node.comparators]
        before = self.facts.assigned
        operands = []
        for i, operand in enumerate(operand_nodes):
            self.sometimes += i > 1
            what = "an operand of a comparison chain"
            operands.append(self.number(operand, what, total=True))
            self.sometimes -= i > 1
        # the later operands are reached only if the chain holds up to them
        self.facts = replace(self.facts, assigned=before | assigned_if(node))
        if any(isinstance(operand.type, Float) for operand in operands):
            return self._float_chain(node, ops, operands)
        return Chained(span, Bool(), tuple(operands), tuple(ops), range=BIT)

    def _float_chain(self, node: ast.Compare, ops: list[str], operands: list[Expr]) -> Expr:
        """``a < b < c`` as ``a < b and b < c``, each evaluated once."""
        left, *others = operands
        tests = []
        for op, operand in zip(ops, others, strict=True):
            first, again = (operand, operand) if operand is others[-1] else self.once(operand, "n")
            tests.append(self.compare(node, op, left, first))
            left = again
        return Logic(self.report.span(node), Bool(), "and", tuple(tests), range=BIT)

    def _compare_two(
        self, node: ast.Compare, left_node: ast.expr, op: ast.cmpop, right_node: ast.expr
    ) -> Expr:
        span = self.report.span(node)
        match op:
            case ast.Is() | ast.IsNot():
                return self.identity(node, left_node, op, right_node).expr
            case ast.In():
                return self._in(node, left_node, right_node)
            case ast.NotIn():
                return Not(span, Bool(), self._in(node, left_node, right_node), range=BIT)
            case _:
                left, right = self.expr(left_node), self.expr(right_node)
                return self.compare(node, _COMPARE[type(op)], left, right)

    def compare(self, node: ast.AST, op: str, left: Expr, right: Expr) -> Expr:
        """A comparison of two values of one kind."""
        span = self.report.span(node)
        left, right = as_bytes(left), as_bytes(right)
        if isinstance(left.type, Tuple) and isinstance(right.type, Tuple):
            return self.compare_tuples(node, op, left, right)
        if isinstance(left.type, List) and isinstance(right.type, List):
            return self.compare_lists(node, op, left, right)
        kinds = _kind(left.type), _kind(right.type)
        if "float" in kinds and set(kinds) <= {"int", "float"}:
            return self._compare_floats(node, op, left, right)
        if kinds[0] != kinds[1] or kinds[0] == "":
            if "none" in kinds:
                self.report.refuse(
                    "PNX119", node, "None is compared with 'is'", help="write 'x is None'"
                )
            self.report.refuse(
                "PNX109",
                node,
                f"'{describe(left.type)}' and '{describe(right.type)}' do not compare",
                help=hints.compared(left, right),
            )
        optional = isinstance(left.type, Optional) or isinstance(right.type, Optional)
        if optional and op not in ("==", "!="):
            self.no_none(left, "the left operand")
            self.no_none(right, "the right operand")
        if isinstance(left, Const) and isinstance(right, Const):
            value = _compare_constants(op, left.value, right.value)
            return Const(span, Bool(), value, range=Range(value, value))
        if isinstance(left, Local) and isinstance(right, Local) and left.var == right.var:
            value = _compare_constants(op, 0, 0)
            return Const(span, Bool(), value, range=Range(value, value))
        apart = equality(span, op, left, right)
        return apart or Compare(span, Bool(), op, left, right, range=BIT)

    def _compare_floats(self, node: ast.AST, op: str, left: Expr, right: Expr) -> Expr:
        """Python compares the numbers themselves: an integer that no float has stays one."""
        span = self.report.span(node)
        self.no_none(left, "the left operand")
        self.no_none(right, "the right operand")
        if isinstance(left, Const) and isinstance(right, Const):
            value = _compare_constants(op, left.value, right.value)
            return Const(span, Bool(), value, range=Range(value, value))
        left, right = (floats.as_float(v) if floats.is_exact(v) else v for v in (left, right))
        return Compare(span, Bool(), op, left, right, range=BIT)

    def _in(self, node: ast.Compare, left_node: ast.expr, right_node: ast.expr) -> Expr:
        span = self.report.span(node)
        items: list[Expr] | None = None
        nested = finding.chosen(self, right_node, left_node, checked=False)
        if nested is not None:
            zero = Const(span, INT, 0, range=Range(0, 0))
            return Compare(span, Bool(), ">=", nested[0], zero, range=BIT)
        if isinstance(right_node, ast.Call) and self.compile_time(right_node.func) is range:
            return self._in_range(node, left_node, right_node)
        if isinstance(right_node, ast.Tuple | ast.List | ast.Set):
            items = [self.expr(e) for e in right_node.elts]
        else:
            right = self.expr(right_node)
            match right.type:
                case Headers(direction):
                    name = self.need_bytes(left_node, "a header name", text=True)
                    row = TABLE[f"headers_{direction}.get"]
                    found = Op(span, Optional(Bytes()), row, (name,))
                    return IsNone(span, Bool(), found, True, range=BIT)
                case Bytes() | Part() | Struct("ngx_buf_t"):
                    return self._in_bytes(node, left_node, right)
                case Str():
                    text = self.need(left_node, Str(), "what is looked for in a str")
                    return Op(span, Bool(), TABLE["operator.in_text"], (right, text), range=BIT)
                case Constant(dict() as table) if table:
                    place, _ = finding.find(self, node, table, left_node, checked=False)
                    zero = Const(span, INT, 0, range=Range(0, 0))
                    return Compare(span, Bool(), ">=", place, zero, range=BIT)
                case Tuple(types) if is_plain(right) and not right.type.is_object:
                    items = [item_of(right, i) for i in range(len(types))]
                case List():
                    return self.contains(node, left_node, right)
                case Enum(cls) if issubclass(cls, enum.IntFlag):
                    return self._has_flag(node, left_node, right)
                case Constant(tuple() | list() | frozenset() | set() as values):
                    ordered = (
                        sorted(values, key=repr) if isinstance(values, set | frozenset) else values
                    )
                    items = [constant(self.report, right_node, v, self.mod.model) for v in ordered]
                case _:
                    self.no_none(right, "the right operand")
                    self.report.refuse(
                        "PNX109",
                        right_node,
                        f"'in' does not work on '{describe(right.type)}'",
                        help="it works on bytes, str, headers, and several values: x in (1, 2)",
                    )
        for item in items:
            if not is_plain(item):
                self.report.refuse(
                    "PNX109",
                    right_node,
                    "the values after 'in' are names and constants in this version",
                    help="assign what is computed to a variable first",
                )
        first, again = self.once(self.expr(left_node), "wanted")
        if isinstance(first.type, Float):
            _no_identity(self.report, right_node, items)
        if not items:
            return Const(span, Bool(), False, range=Range(0, 0))
        compared = tuple(
            self.compare(node, "==", again if i else first, item) for i, item in enumerate(items)
        )
        return compared[0] if len(compared) == 1 else Logic(span, Bool(), "or", compared, range=BIT)

    def _in_range(self, node: ast.Compare, left_node: ast.expr, call: ast.Call) -> Expr:
        """``x in range(start, stop)``, as comparisons."""
        left = self.need_int(left_node, "what is looked for in a range")
        bounds = [self.need_int(arg, "a bound of range()") for arg in call.args]
        plain = [is_plain(b.value if isinstance(b, Length) else b) for b in bounds]
        if call.keywords or not 1 <= len(bounds) <= 2 or not all(plain):
            self.report.refuse(
                "PNX109",
                call,
                "a range after 'in' has two bounds, names or constants, in this version",
                help="compare: start <= x < stop",
            )
        start = bounds[0] if len(bounds) == 2 else integer(self.report, call, 0, self.mod.model)
        first, again = self.once(left, "wanted")
        tests = (self.compare(node, ">=", first, start), self.compare(node, "<", again, bounds[-1]))
        return Logic(self.report.span(node), Bool(), "and", tests, range=BIT)

    def _has_flag(self, node: ast.Compare, left_node: ast.expr, flags: Expr) -> Expr:
        """``Flags.A in flags``."""
        left = self.expr(left_node)
        if left.type != flags.type:
            self.report.refuse(
                "PNX109",
                node,
                f"what is looked for among flags is one of them, not '{describe(left.type)}'",
                help=f"write '{describe(flags.type)}.NAME in flags'",
            )
        first, again = self.once(left, "wanted")
        return self.compare(node, "==", self.arith(node, "&", first, flags), again)

    def once(self, value: Expr, hint: str) -> tuple[Expr, Expr]:
        """A value that is written several times and evaluated once: what stands for it where it is
        evaluated first, and after that. A variable that the author does not see keeps it."""
        if is_plain(value):
            return value, value
        type_ = INT if is_integer(value.type) else value.type
        if as_bytes(value) is not value:
            value, type_ = as_bytes(value), Bytes()
        var = self.hidden(hint, type_, single=True)
        first = Walrus(value.span, type_, var, value, range=value.range)
        return first, Local(value.span, type_, var, range=value.range)

    def _in_bytes(self, node: ast.Compare, left_node: ast.expr, right: Expr) -> Expr:
        data = as_bytes(right)
        byte = self.expr(left_node)
        if is_integer(byte.type):
            value = store_byte(self.report, left_node, byte, "a byte that is looked for")
            row = TABLE["operator.in_byte"]
            return Op(self.report.span(node), Bool(), row, (data, value), range=BIT)
        needle = self.need_bytes(left_node, "what is looked for in bytes")
        row = TABLE["operator.in"]
        return Op(self.report.span(node), Bool(), row, (data, needle), range=BIT)


def _joined(value: Expr) -> tuple[Piece, ...]:
    """An operand of ``+``, as pieces of what is written once: no sum of two is made for a third."""
    match value:
        case Const(value=bytes(literal)):
            return (Piece(literal=literal),)
        case Const(value=str(text)):
            return (Piece(literal=text.encode()),)
        case Format(pieces=pieces):
            return pieces
        case _:
            return (Piece(value=value),)


def _no_identity(report: Reporter, node: ast.AST, items: list[Expr]) -> None:
    """Refuse a search for a float among what may be nan: ``in`` finds the very object too, which
    only CPython has."""
    for item in items:
        if not isinstance(item, Const) or item.value != item.value:
            report.refuse(
                "PNX221",
                node,
                "a float is looked for among constants only, of which none is nan",
                notes=("'in' finds an object that is the same, and nan is not equal to itself",),
                help="write comparisons: x == a or x == b",
            )


def _fold(op: str, a: int, b: int) -> int:
    match op:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "//":
            return a // b
        case "%":
            return a % b
        case "**":
            return int(a**b)
        case "<<":
            return a << b
        case ">>":
            return a >> b
        case "&":
            return a & b
        case "|":
            return a | b
        case _:
            return a ^ b


def _compare_constants(op: str, a: Any, b: Any) -> bool:
    """Compare two constants of one kind, as Python does."""
    return bool(_OPERATORS[op](a, b))


def _kind(type_: Type) -> str:
    """What compares with what."""
    match type_:
        case Optional(inner):
            return _kind(inner)
        case Bytes():
            return "bytes"
        case Str():
            return "str"
        case Struct(name):
            return name
        case NoneType():
            return "none"
        case Float() | Total():
            return "float"
        case _ if is_integer(type_):
            return "int"
        case _:
            return ""
