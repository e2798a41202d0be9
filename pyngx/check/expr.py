"""Expressions: from Python's tree to the typed one.

`Expressions` knows the names of one function. Conditions are checked by `cond`, which also says
what is known of optional values when they hold and when they do not.
"""

from __future__ import annotations

import ast
import builtins
import enum
from dataclasses import dataclass

from pyngx.check import ranges
from pyngx.check.calls import call
from pyngx.check.coerce import BUF, common, store
from pyngx.check.constants import constant, integer
from pyngx.check.context import ModuleContext, Refused, Reporter, suggestion
from pyngx.check.fields import face, field_names
from pyngx.check.formatting import fstring, percent
from pyngx.check.scope import Facts
from pyngx.frontend.load import FunctionSource
from pyngx.ops.table import TABLE
from pyngx.tree import (
    Arith,
    BufBytes,
    ByteAt,
    Chained,
    Compare,
    Conditional,
    Const,
    Expr,
    Field,
    Format,
    IsNone,
    Item,
    ItemAt,
    Length,
    Local,
    Logic,
    Not,
    Op,
    StateField,
    Truth,
    Unwrap,
    Var,
    Walrus,
)
from pyngx.types import (
    BIT,
    BYTE,
    FULL,
    INT,
    INT64_MAX,
    LENGTH,
    Bool,
    Bytes,
    Conf,
    Constant,
    Ctx,
    Headers,
    List,
    NoneType,
    Optional,
    Range,
    Str,
    Struct,
    Tuple,
    Type,
    Variables,
    describe,
    is_integer,
    range_of,
)

_ARITH = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
}
_COMPARE = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


@dataclass(frozen=True)
class Cond:
    """A condition, with the paths that are not None if it holds (``yes``) or not (``no``)."""

    expr: Expr
    yes: frozenset[str] = frozenset()
    no: frozenset[str] = frozenset()


def path(node: ast.expr) -> str | None:
    """The name under which facts about a value are kept; None for a computed value."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.NamedExpr(target=ast.Name(id=name)):
            return name
        case ast.Attribute(value=value, attr=attr):
            base = path(value)
            return None if base is None else f"{base}.{attr}"
        case ast.Subscript(value=value, slice=ast.Constant(value=key)):
            base = path(value)
            return None if base is None else f"{base}[{key!r}]"
        case _:
            return None


class Expressions:
    """Checks the expressions of one function."""

    def __init__(self, mod: ModuleContext, function: FunctionSource) -> None:
        self.mod = mod
        self.function = function
        self.report = Reporter(function.source, mod.diags)
        self.facts = Facts()
        self.vars: dict[str, Var] = {}
        self.local_names: frozenset[str] = frozenset()
        self.stores: dict[str, int] = {}
        self.value_ranges: dict[str, Range] = {}
        self.poisoned: set[str] = set()
        self.state_roots: frozenset[str] = frozenset()

    # Entry points

    def expr(self, node: ast.expr) -> Expr:
        """The typed expression; an optional value that is known not to be None is unwrapped."""
        checked = self._expr(node)
        if isinstance(checked.type, Optional):
            where = path(node)
            if where is not None and where in self.facts.present:
                return Unwrap(checked.span, checked.type.inner, checked)
        return checked

    def cond(self, node: ast.expr) -> Cond:
        """The truth of an expression, with what it tells."""
        match node:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self.cond(operand)
                span = self.report.span(node)
                return Cond(Not(span, Bool(), inner.expr, range=BIT), inner.no, inner.yes)
            case ast.BoolOp():
                return self._bool_op(node)
            case ast.Compare(left=left, ops=[ast.Is() | ast.IsNot() as op], comparators=[right]):
                return self._is(node, left, op, right)
            case _:
                value = self.expr(node)
                if isinstance(value.type, Bool):
                    return Cond(value)
                yes = path(node) if isinstance(value.type, Optional) else None
                return Cond(self.truth(node, value), frozenset({yes} if yes else ()))

    def truth(self, node: ast.expr, value: Expr) -> Expr:
        """The truth of a value that is not a bool."""
        inner = value.type.inner if isinstance(value.type, Optional) else value.type
        if isinstance(value.type, NoneType):
            return Const(value.span, Bool(), False, range=Range(0, 0))
        if isinstance(value, Const) and isinstance(value.value, int | bytes | str):
            truth = bool(value.value)
            return Const(value.span, Bool(), truth, range=Range(truth, truth))
        if isinstance(inner, Struct | List | Bytes | Str) or is_integer(inner):
            return Truth(value.span, Bool(), value, range=BIT)
        self.report.refuse("PNX116", node, f"'{describe(value.type)}' has no truth value")

    def need(self, node: ast.expr, to: Type, what: str) -> Expr:
        """The expression as a value of type ``to``."""
        return store(self.report, node, self.expr(node), to, what)

    def need_int(self, node: ast.expr, what: str) -> Expr:
        """The expression, which must be an integer."""
        value = self.expr(node)
        if not is_integer(value.type):
            self._no_none(node, value, what)
            self.report.refuse(
                "PNX111", node, f"{what} is an integer, but this is '{describe(value.type)}'"
            )
        return value

    def need_bytes(self, node: ast.expr, what: str, *, text: bool = False) -> Expr:
        """The expression, which must be ``bytes`` (a buffer counts), or ``str`` where text is
        taken."""
        value = self.expr(node)
        if value.type == BUF:
            return BufBytes(value.span, Bytes(), value)
        if isinstance(value.type, Bytes) or (text and isinstance(value.type, Str)):
            return value
        self._no_none(node, value, what)
        wanted = "bytes or str" if text else "bytes"
        help_ = 'write b"…" for bytes' if isinstance(value.type, Str) else ""
        if is_integer(value.type) and text:
            help_ = 'format it: b"%d" % value'
        self.report.refuse(
            "PNX111", node, f"{what} is {wanted}, but this is '{describe(value.type)}'", help=help_
        )

    def _no_none(self, node: ast.AST, value: Expr, what: str) -> None:
        if isinstance(value.type, Optional | NoneType):
            self.report.refuse(
                "PNX117",
                node,
                f"{what} may be None here",
                label=f"this is '{describe(value.type)}'",
                help="exclude None first: 'if x is None: …' or 'x or default'",
            )

    # Names

    def name(self, node: ast.Name) -> Expr:
        """A local, or a module-level value."""
        name = node.id
        span = self.report.span(node)
        if name in self.poisoned:
            raise Refused
        if name in self.local_names:
            if name not in self.facts.assigned or name not in self.vars:
                self.report.refuse(
                    "PNX101",
                    node,
                    f"'{name}' may have no value here",
                    help=f"assign '{name}' on every path that leads here",
                )
            var = self.vars[name]
            limits = self.value_ranges.get(name, range_of(var.type))
            return Local(span, var.type, var, range=limits)
        return constant(self.report, node, self.global_value(node), self.mod.model, name)

    def global_value(self, node: ast.Name) -> object:
        """The object that a name of module level or of builtins stands for."""
        name = node.id
        if name in self.function.namespace:
            return self.function.namespace[name]
        if hasattr(builtins, name):
            return getattr(builtins, name)
        known = [*self.local_names, *(n for n in self.function.namespace if n[:2] != "__")]
        self.report.refuse(
            "PNX100", node, f"there is no name '{name}'", help=suggestion(name, known)
        )

    def compile_time(self, node: ast.expr) -> object | None:
        """The object of ``module.attr.attr`` if it is reachable from module level; else None."""
        match node:
            case ast.Name(id=name) if name not in self.local_names:
                if name in self.function.namespace:
                    return self.function.namespace[name]
                return getattr(builtins, name, None)
            case ast.Attribute(value=value, attr=attr):
                base = self.compile_time(value)
                if base is None or isinstance(base, int | bytes | str):
                    return None
                found: object = getattr(base, attr, None)
                return found
            case _:
                return None

    # The expressions by kind

    def _expr(self, node: ast.expr) -> Expr:
        span = self.report.span(node)
        match node:
            case ast.Constant():
                return constant(self.report, node, node.value, self.mod.model)
            case ast.Name():
                return self.name(node)
            case ast.Attribute():
                return self._attribute(node)
            case ast.Subscript():
                return self._subscript(node)
            case ast.BinOp():
                return self._bin_op(node)
            case ast.UnaryOp(op=ast.Not()):
                return self.cond(node).expr
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BoolOp():
                return self._bool_value(node)
            case ast.Compare():
                return self._compare(node)
            case ast.IfExp():
                return self._conditional(node)
            case ast.Call():
                return call(self, node)
            case ast.JoinedStr():
                return Format(span, Str(), fstring(self.report, node, self.expr))
            case ast.NamedExpr():
                return self._walrus(node)
            case _:
                self.report.refuse(
                    "PNX102", node, f"'{type(node).__name__}' is not compiled by this version"
                )

    def _attribute(self, node: ast.Attribute) -> Expr:
        found = self.compile_time(node)
        if found is not None:
            return constant(self.report, node, found, self.mod.model, node.attr)
        value = self.expr(node.value)
        return self.attribute_of(node, value)

    def attribute_of(self, node: ast.Attribute, value: Expr) -> Expr:
        """``value.attr``."""
        span = self.report.span(node)
        match value.type:
            case Struct("ngx_http_request_t") if node.attr == "variables":
                return Field(span, Variables(), value, "variables", "")
            case Struct("ngx_http_request_t") if node.attr == "is_main":
                main = Field(span, Struct("ngx_http_request_t"), value, "main", "pointer")
                return Compare(span, Bool(), "==", value, main, range=BIT)
            case Struct(name):
                return self._struct_field(node, value, name)
            case Headers(direction):
                return self._struct_field(node, value, f"ngx_http_headers_{direction}_t")
            case Conf(place):
                conf = self.mod.confs[place]
                for field in conf.fields:
                    if field.name == node.attr:
                        limits = range_of(field.type)
                        return StateField(span, field.type, value, field.name, range=limits)
                self._no_field(node, conf.name, [f.name for f in conf.fields])
            case Ctx():
                ctx = self.mod.ctx
                assert ctx is not None
                for ctx_field in ctx.fields:
                    if ctx_field.name == node.attr:
                        limits = range_of(ctx_field.type)
                        return StateField(span, ctx_field.type, value, ctx_field.name, range=limits)
                self._no_field(node, ctx.name, [f.name for f in ctx.fields])
            case Optional(inner):
                self._no_none(node.value, value, f"'{ast.unparse(node.value)}'")
            case Constant(obj):
                self.report.refuse(
                    "PNX103",
                    node,
                    f"'{ast.unparse(node.value)}' has no attribute '{node.attr}'",
                    help=suggestion(node.attr, dir(obj)),
                )
            case _:
                pass
        self.report.refuse(
            "PNX103",
            node,
            f"'{describe(value.type)}' has no attribute '{node.attr}'",
            help=suggestion(node.attr, _methods_of(value.type)),
        )

    def _no_field(self, node: ast.Attribute, owner: str, known: list[str]) -> None:
        self.report.refuse(
            "PNX104",
            node,
            f"{owner} has no field '{node.attr}'",
            help=suggestion(node.attr, known) or f"its fields are: {', '.join(known)}",
        )

    def _struct_field(self, node: ast.Attribute, value: Expr, struct: str) -> Expr:
        found = face(struct, node.attr, self.mod.model)
        if found is None:
            names = field_names(struct, self.mod.model)
            self.report.refuse(
                "PNX200",
                node,
                f"{struct} of nginx {self.mod.model.version} has no field '{node.attr}'",
                help=suggestion(node.attr, (*names, *_methods_of(value.type))),
            )
        if found.type is None:
            self.report.refuse(
                "PNX201",
                node,
                f"the field '{node.attr}' of {struct} cannot be used from Python",
                label=found.refusal,
            )
        c_type = found.type.c if hasattr(found.type, "c") else ""
        return Field(
            self.report.span(node),
            found.type,
            value,
            node.attr,
            c_type,
            found.embedded,
            found.bits,
            range=range_of(found.type),
        )

    def _subscript(self, node: ast.Subscript) -> Expr:
        value = self.expr(node.value)
        span = self.report.span(node)
        match value.type:
            case Headers(direction):
                name = self.need_bytes(node.slice, "a header name", text=True)
                row = TABLE[f"headers_{direction}.get"]
                return Op(span, Optional(Bytes()), row, (name,))
            case Variables():
                name = self.need_bytes(node.slice, "a variable name", text=True)
                return Op(span, Optional(Bytes()), TABLE["variables.get"], (name,))
            case Tuple(items):
                return self._tuple_item(node, value, items)
            case List(item):
                index = self.need_int(node.slice, "a list index")
                return ItemAt(span, item, value, index, True, range=range_of(item))
            case Bytes() | Struct("ngx_buf_t"):
                return self._bytes_item(node, value)
            case Str():
                self.report.refuse(
                    "PNX105",
                    node,
                    "indexing and slicing of str is not compiled by this version",
                    help='work on bytes: b"…"',
                )
            case Optional():
                self._no_none(node.value, value, f"'{ast.unparse(node.value)}'")
            case Constant(obj):
                self.report.refuse(
                    "PNX105",
                    node,
                    f"a '{type(obj).__name__}' of module level is not looked up by this version",
                    help="use if/elif, or module-level constants one by one",
                )
            case _:
                pass
        self.report.refuse("PNX105", node, f"'{describe(value.type)}' cannot be subscripted")

    def _tuple_item(self, node: ast.Subscript, value: Expr, items: tuple[Type, ...]) -> Expr:
        index = self.expr(node.slice)
        if not isinstance(index, Const) or not isinstance(index.value, int):
            self.report.refuse("PNX105", node.slice, "a tuple is indexed by a constant")
        if not -len(items) <= index.value < len(items):
            self.report.refuse(
                "PNX106", node.slice, f"the tuple has {len(items)} items", help="indices start at 0"
            )
        position = index.value % len(items)
        type_ = items[position]
        return Item(self.report.span(node), type_, value, position, range=range_of(type_))

    def _bytes_item(self, node: ast.Subscript, value: Expr) -> Expr:
        span = self.report.span(node)
        data = BufBytes(value.span, Bytes(), value) if value.type == BUF else value
        if isinstance(node.slice, ast.Slice):
            lower = self._bound(node.slice.lower, 0)
            upper = self._bound(node.slice.upper, INT64_MAX)
            return Op(span, Bytes(), TABLE["operator.slice"], (data, lower, upper))
        index = self.need_int(node.slice, "an index")
        if isinstance(data, Const) and isinstance(index, Const):
            assert isinstance(data.value, bytes) and isinstance(index.value, int)
            if -len(data.value) <= index.value < len(data.value):
                return integer(self.report, node, data.value[index.value], self.mod.model)
        return ByteAt(span, INT, data, index, True, range=BYTE)

    def _bound(self, node: ast.expr | None, default: int) -> Expr:
        if node is None or (isinstance(node, ast.Constant) and node.value is None):
            return Const(
                self.report.span(self.function.node), INT, default, range=Range(default, default)
            )
        return self.need_int(node, "a slice bound")

    def _unary(self, node: ast.UnaryOp) -> Expr:
        op = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}[type(node.op)]  # type: ignore[index]
        value = self.need_int(node.operand, f"the operand of '{op}'")
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
            self.report.refuse(
                "PNX107",
                node,
                f"'{'/' if isinstance(node.op, ast.Div) else '@'}' is not compiled",
                help="'//' divides integers" if isinstance(node.op, ast.Div) else "",
            )
        left = self.expr(node.left)
        if op == "%" and isinstance(left, Const) and isinstance(left.value, bytes | str):
            return self._percent(node, left)
        right = self.expr(node.right)
        return self.binary(node, op, left, right)

    def binary(self, node: ast.AST, op: str, left: Expr, right: Expr) -> Expr:
        """``left op right`` of integers, or ``+`` and ``*`` of bytes."""
        if is_integer(left.type) and is_integer(right.type):
            return self.arith(node, op, left, right)
        span = self.report.span(node)
        left = BufBytes(left.span, Bytes(), left) if left.type == BUF else left
        right = BufBytes(right.span, Bytes(), right) if right.type == BUF else right
        match op, left.type, right.type:
            case "+", Bytes(), Bytes():
                if isinstance(left, Const) and isinstance(right, Const):
                    assert isinstance(left.value, bytes) and isinstance(right.value, bytes)
                    return Const(span, Bytes(), left.value + right.value)
                return Op(span, Bytes(), TABLE["operator.concat"], (left, right))
            case "+", Str(), Str():
                return Op(span, Str(), TABLE["operator.concat"], (left, right))
            case "*", Bytes(), t if is_integer(t):
                return Op(span, Bytes(), TABLE["operator.repeat"], (left, right))
            case "*", t, Bytes() if is_integer(t):
                return Op(span, Bytes(), TABLE["operator.repeat"], (right, left))
            case "%", Bytes() | Str(), _:
                self.report.refuse(
                    "PNX120", node, "the format must be a constant", help="write it in place"
                )
            case _:
                self._no_none(node, left, "the left operand")
                self._no_none(node, right, "the right operand")
                self.report.refuse(
                    "PNX107",
                    node,
                    f"no '{op}' between '{describe(left.type)}' and '{describe(right.type)}'",
                    help=_mix_help(left.type, right.type),
                )

    def arith(self, node: ast.AST, op: str, left: Expr, right: Expr) -> Expr:
        """Integer arithmetic, with the checks that can fail."""
        zero = op in ("//", "%") and right.range.lo <= 0 <= right.range.hi
        negative = op in ("<<", ">>", "**") and right.range.lo < 0
        if isinstance(left, Const) and isinstance(right, Const) and not (zero or negative):
            assert isinstance(left.value, int) and isinstance(right.value, int)
            if (op != "**" and op != "<<") or right.value <= 64:
                value = _fold(op, left.value, right.value)
                return integer(self.report, node, value, self.mod.model)
        if isinstance(right, Const) and right.value == 0 and op in ("//", "%"):
            self.report.refuse("PNX108", node, "division by zero")
        if isinstance(right, Const) and negative:
            what = "a negative power is not an integer" if op == "**" else "negative shift count"
            self.report.refuse("PNX108", node, what)
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
        text = isinstance(template.value, str)
        pieces = percent(self.report, node, template, checked, text=text)
        return Format(self.report.span(node), Str() if text else Bytes(), pieces)

    # Truth

    def _bool_op(self, node: ast.BoolOp) -> Cond:
        conjunction = isinstance(node.op, ast.And)
        before = self.facts
        conds: list[Cond] = []
        for value in node.values:
            found = self.cond(value)
            conds.append(found)
            self.facts = self.facts.with_present(found.yes if conjunction else found.no)
        # what a later operand assigned holds only if it was reached
        assigned = before.assigned | (self.facts.assigned if len(node.values) == 1 else frozenset())
        first = before.assigned | _walrus_names(node.values[0])
        self.facts = Facts(assigned | first, before.present, before.reachable)
        union = frozenset().union(*(c.yes if conjunction else c.no for c in conds))
        expr = Logic(
            self.report.span(node),
            Bool(),
            "and" if conjunction else "or",
            tuple(c.expr for c in conds),
            range=BIT,
        )
        common_part = frozenset.intersection(*(c.no if conjunction else c.yes for c in conds))
        if conjunction:
            return Cond(expr, union, common_part)
        return Cond(expr, common_part, union)

    def _bool_value(self, node: ast.BoolOp) -> Expr:
        """``and``/``or`` as a value: a bool, or for ``or`` the first operand that is true."""
        saved = self.facts
        values = []
        for value_node in node.values:
            value = self.expr(value_node)
            values.append(value)
            if isinstance(value.type, Optional) and isinstance(node.op, ast.And):
                where = path(value_node)
                self.facts = self.facts.with_present(frozenset({where} if where else ()))
        self.facts = saved
        if all(isinstance(v.type, Bool) for v in values):
            return self.cond(node).expr
        if isinstance(node.op, ast.And):
            self.report.refuse(
                "PNX118",
                node,
                "'and' as a value other than a bool is not compiled by this version",
                help="write 'b if a else …'",
            )
        type_: Type = NoneType()
        for value, value_node in zip(values, node.values, strict=True):
            last = value_node is node.values[-1]
            own = value.type
            if isinstance(own, Optional) and not last:
                own = own.inner
            type_ = own if value is values[0] else common(self.report, node, type_, own)
        operands = []
        for value in values[:-1]:
            operands.append(value)
        operands.append(store(self.report, node.values[-1], values[-1], type_, "the last operand"))
        return Logic(self.report.span(node), type_, "or", tuple(operands), range=_joined(values))

    def _is(self, node: ast.Compare, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Cond:
        negate = isinstance(op, ast.IsNot)
        if not (isinstance(right, ast.Constant) and right.value is None):
            self.report.refuse(
                "PNX119",
                node,
                f"'is{' not' * negate}' compares with None only",
                help=f"use '{'!=' if negate else '=='}'",
            )
        value = self._expr(left)
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

    def _compare(self, node: ast.Compare) -> Expr:
        span = self.report.span(node)
        if len(node.ops) == 1:
            return self._compare_two(node, node.left, node.ops[0], node.comparators[0])
        operand_nodes = [node.left, *node.comparators]
        operands = [self.need_int(n, "an operand of a comparison chain") for n in operand_nodes]
        ops = []
        for op in node.ops:
            if type(op) not in _COMPARE:
                self.report.refuse("PNX109", node, "a chain is made of == != < <= > >=")
            ops.append(_COMPARE[type(op)])
        return Chained(span, Bool(), tuple(operands), tuple(ops), range=BIT)

    def _compare_two(
        self, node: ast.Compare, left_node: ast.expr, op: ast.cmpop, right_node: ast.expr
    ) -> Expr:
        span = self.report.span(node)
        match op:
            case ast.Is() | ast.IsNot():
                return self._is(node, left_node, op, right_node).expr
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
        left = BufBytes(left.span, Bytes(), left) if left.type == BUF else left
        right = BufBytes(right.span, Bytes(), right) if right.type == BUF else right
        kinds = _kind(left.type), _kind(right.type)
        if kinds[0] != kinds[1] or kinds[0] == "":
            if "none" in kinds:
                self.report.refuse(
                    "PNX119", node, "None is compared with 'is'", help="write 'x is None'"
                )
            self.report.refuse(
                "PNX109",
                node,
                f"'{describe(left.type)}' and '{describe(right.type)}' do not compare",
                help=_mix_help(left.type, right.type),
            )
        optional = isinstance(left.type, Optional) or isinstance(right.type, Optional)
        if optional and op not in ("==", "!="):
            self._no_none(node, left, "the left operand")
            self._no_none(node, right, "the right operand")
        if isinstance(left, Const) and isinstance(right, Const):
            value = _compare_constants(op, left.value, right.value)
            return Const(span, Bool(), value, range=Range(value, value))
        return Compare(span, Bool(), op, left, right, range=BIT)

    def _in(self, node: ast.Compare, left_node: ast.expr, right_node: ast.expr) -> Expr:
        span = self.report.span(node)
        items: list[Expr] | None = None
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
                case Bytes() | Struct("ngx_buf_t"):
                    return self._in_bytes(node, left_node, right)
                case Constant(tuple() | list() | frozenset() | set() as values):
                    ordered = (
                        sorted(values, key=repr) if isinstance(values, set | frozenset) else values
                    )
                    items = [constant(self.report, right_node, v, self.mod.model) for v in ordered]
                case _:
                    self._no_none(right_node, right, "the right operand")
                    self.report.refuse(
                        "PNX109", right_node, f"'in' does not work on '{describe(right.type)}'"
                    )
        left = self.expr(left_node)
        if not isinstance(left, Local | StateField | Field | Const):
            self.report.refuse(
                "PNX109",
                left_node,
                "what is looked for among several values must be a name",
                help="assign it to a variable first",
            )
        if not items:
            return Const(span, Bool(), False, range=Range(0, 0))
        compared = tuple(self.compare(node, "==", left, item) for item in items)
        return compared[0] if len(compared) == 1 else Logic(span, Bool(), "or", compared, range=BIT)

    def _in_bytes(self, node: ast.Compare, left_node: ast.expr, right: Expr) -> Expr:
        data = BufBytes(right.span, Bytes(), right) if right.type == BUF else right
        needle = self.need_bytes(left_node, "what is looked for in bytes")
        row = TABLE["operator.in"]
        return Op(self.report.span(node), Bool(), row, (data, needle), range=BIT)

    def _conditional(self, node: ast.IfExp) -> Expr:
        cond = self.cond(node.test)
        saved = self.facts
        self.facts = saved.with_present(cond.yes)
        then = self.expr(node.body)
        self.facts = saved.with_present(cond.no)
        orelse = self.expr(node.orelse)
        self.facts = saved
        type_ = common(self.report, node, then.type, orelse.type)
        return Conditional(
            self.report.span(node),
            type_,
            cond.expr,
            store(self.report, node.body, then, type_, "the first value"),
            store(self.report, node.orelse, orelse, type_, "the second value"),
            range=then.range.join(orelse.range),
        )

    def _walrus(self, node: ast.NamedExpr) -> Expr:
        value = self.expr(node.value)
        var = self.declare(node.target, value)
        stored = store(self.report, node.value, value, var.type, f"'{node.target.id}'")
        self.assigned(node.target.id, value)
        return Walrus(self.report.span(node), var.type, var, stored, range=stored.range)

    # What statements do with names; here because a walrus does it too

    def declare(self, node: ast.Name, value: Expr) -> Var:
        """The variable that is assigned; its type comes from its first value."""
        raise NotImplementedError

    def assigned(self, name: str, value: Expr) -> None:
        """Record that a variable got a value."""
        present = not isinstance(value.type, Optional | NoneType)
        self.facts = self.facts.assign(name, present)

    def length(self, node: ast.AST, value: Expr) -> Expr:
        """``len(value)``."""
        span = self.report.span(node)
        if isinstance(value, Const) and isinstance(value.value, bytes):
            return integer(self.report, node, len(value.value), self.mod.model)
        if isinstance(value.type, Bytes | List) or value.type == BUF:
            return Length(span, INT, value, range=LENGTH)
        self._no_none(node, value, "the value")
        help_ = "encode it first" if isinstance(value.type, Str) else ""
        self.report.refuse(
            "PNX109", node, f"'{describe(value.type)}' has no len() here", help=help_
        )


def _walrus_names(node: ast.expr) -> frozenset[str]:
    return frozenset(n.target.id for n in ast.walk(node) if isinstance(n, ast.NamedExpr))


def _joined(values: list[Expr]) -> Range:
    result = values[0].range
    for value in values[1:]:
        result = result.join(value.range)
    return result if is_integer(values[-1].type) else FULL


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


def _compare_constants(op: str, a: object, b: object) -> bool:
    equal = a == b
    if op in ("==", "!="):
        return equal is (op == "==")
    less = a < b  # type: ignore[operator]
    return {"<": less, "<=": less or equal, ">": not less and not equal, ">=": not less}[op]


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
        case _ if is_integer(type_):
            return "int"
        case _:
            return ""


def _mix_help(a: Type, b: Type) -> str:
    if {_kind(a), _kind(b)} == {"bytes", "str"}:
        return 'bytes and str never mix, as in Python: write b"…" for bytes'
    if {_kind(a), _kind(b)} == {"bytes", "int"}:
        return 'int(b) reads a number from bytes, b"%d" % n writes one'
    return ""


def _methods_of(type_: Type) -> tuple[str, ...]:
    match type_:
        case Bytes() | Struct("ngx_buf_t"):
            return TABLE.methods("bytes")
        case Struct("ngx_http_request_t"):
            return (*TABLE.methods("request"), "variables", "is_main")
        case Headers(direction):
            return TABLE.methods(f"headers_{direction}")
        case _:
            return ()


def enum_member(value: object) -> bool:
    """Whether a module-level object is a member of an integer enum."""
    return isinstance(value, enum.IntEnum | enum.IntFlag)
