"""Builtins that make a value of one type from another, or ask for the type."""

from __future__ import annotations

import ast
from dataclasses import replace

from pyngx.check.base import Cond, path
from pyngx.check.bytevalues import byte, of_bytes
from pyngx.check.charsets import recoded
from pyngx.check.coerce import as_text, store
from pyngx.check.floats import as_float, refuse_total
from pyngx.check.operators import Operators
from pyngx.check.rows import whole_seconds
from pyngx.ops.registry import said
from pyngx.ops.table import TABLE
from pyngx.tree import Arith, Assign, Const, Convert, Expr, Format, IsNone, Local, Op, Piece, Stmt
from pyngx.types import (
    BIT,
    INT,
    Bool,
    Bytes,
    Constant,
    Enum,
    Float,
    Int,
    List,
    NoneType,
    Optional,
    Range,
    Str,
    Total,
    Tuple,
    Type,
    describe,
    is_integer,
)

_ASCII = Range(0, 127)


def _arguments(ex: Operators, node: ast.Call, name: str, least: int, most: int) -> None:
    if node.keywords or not least <= len(node.args) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        ex.report.refuse(
            "PNX133",
            node.keywords[0] if node.keywords else node,
            f"{name}() takes {wanted} argument{'s' * (wanted != '1')} here, by position",
            help="give each of them, and no other",
        )


def to_int(ex: Operators, node: ast.Call) -> Expr:
    """``int(x)`` and ``int(text, base)``."""
    _arguments(ex, node, "int", 1, 2)
    span = ex.report.span(node)
    if len(node.args) == 2:
        data = ex.need_bytes(node.args[0], "the text of int()", text=True)
        base = ex.need_int(node.args[1], "the base of int()")
        if not isinstance(base, Const) or base.value not in range(2, 37):
            ex.report.refuse(
                "PNX134",
                node.args[1],
                "the base of int() is a constant from 2 to 36",
                help="write 'int(text, 16)'",
            )
        name = "int.parse_text" if isinstance(data.type, Str) else "int.parse_base"
        return Op(span, INT, TABLE[name], (data, base))
    seconds = whole_seconds(ex, node.args[0])
    if seconds is not None:
        return seconds
    value = ex.expr(node.args[0])
    if is_integer(value.type):
        return Convert(value.span, INT, value, False, range=value.range)
    if isinstance(value.type, Float | Total):
        return Op(span, INT, TABLE["float.to_int"], (as_float(value),))
    data = ex.bytes_of(node.args[0], value, "the argument of int()", text=True)
    if isinstance(data.type, Str):
        ten = Const(span, INT, 10, range=Range(10, 10))
        return Op(span, INT, TABLE["int.parse_text"], (data, ten))
    return Op(span, INT, TABLE["int.parse"], (data,))


def to_str(ex: Operators, node: ast.Call) -> Expr:
    """``str(n)``, ``str(text)``, which is the text, and ``str(data, "ascii")``."""
    _arguments(ex, node, "str", 1, 3)
    if len(node.args) > 1:
        data = ex.need_bytes(node.args[0], "what is decoded")
        return recoded(ex, node, data, node.args[1:])
    value = as_text(ex.expr(node.args[0]))
    if isinstance(value.type, Str):
        return value
    if isinstance(value.type, Float):
        return Format(ex.report.span(node), Str(), (Piece(value=value, conversion="r"),))
    if isinstance(value.type, Total):
        refuse_total(ex.report, node.args[0])
    if not isinstance(value.type, Int):
        ex.no_none(value, "the argument of str()")
        ex.report.refuse(
            "PNX134",
            node.args[0],
            f"str() takes a number or a str here, not '{describe(value.type)}'",
            help="'data.decode()' is the text of bytes",
        )
    return Format(ex.report.span(node), Str(), (Piece(value=value, conversion="d"),))


def to_bytes(ex: Operators, node: ast.Call) -> Expr:
    """``bytes(buf)``, ``bytes((1, 2))`` and ``bytes(text, "ascii")``."""
    _arguments(ex, node, "bytes", 1, 3)
    if len(node.args) > 1:
        text = ex.expr(node.args[0])
        if not isinstance(text.type, Str):
            ex.no_none(text, "the text")
            ex.report.refuse(
                "PNX111",
                node.args[0],
                f"the text is a str, but this is '{describe(text.type)}'",
                help="bytes need no encoding",
            )
        return recoded(ex, node, text, node.args[1:])
    match node.args[0]:
        case ast.Tuple(elts=elts) | ast.List(elts=elts):
            pieces = tuple(byte(ex, e) for e in elts)
            return of_bytes(ex, node, pieces)
        case given:
            value = ex.expr(given)
            if isinstance(value.type, List) and is_integer(value.type.item):
                return Op(ex.report.span(node), Bytes(), TABLE["operator.bytes_of_list"], (value,))
            if is_integer(value.type):
                return Op(ex.report.span(node), Bytes(), TABLE["operator.zeros"], (value,))
            return ex.bytes_of(given, value, "the argument of bytes()")


def character(ex: Operators, node: ast.Call) -> Expr:
    """``chr(n)`` of a constant, or of a number below 128, which is one byte of UTF-8."""
    _arguments(ex, node, "chr", 1, 1)
    value = ex.need_int(node.args[0], "the argument of chr()")
    span = ex.report.span(node)
    if isinstance(value, Const) and isinstance(value.value, int):
        surrogate = 0xD800 <= value.value <= 0xDFFF
        if 0 <= value.value <= 0x10FFFF and not surrogate:
            return Const(span, Str(), chr(value.value))
    if not value.range.within(_ASCII):
        ex.report.refuse(
            "PNX134",
            node.args[0],
            "chr() is compiled for 0 to 127, and for constants",
            help="write 'chr(n & 127)', or make bytes: b\"%c\" % n",
        )
    return Format(span, Str(), (Piece(value=value, conversion="c"),))


def type_test(ex: Operators, node: ast.Call) -> Cond:
    """``isinstance(x, cls)``: known from the types, but for whether an optional value is None."""
    _arguments(ex, node, "isinstance", 2, 2)
    span = ex.report.span(node)
    value = ex.plain(node.args[0])
    where = path(node.args[0])
    given = node.args[1]
    nodes = given.elts if isinstance(given, ast.Tuple) else [given]
    classes = [ex.compile_time(n) for n in nodes]
    optional = isinstance(value.type, Optional) and where not in ex.facts.present
    inner = value.type.inner if isinstance(value.type, Optional) else value.type
    own = _class(inner)
    if own is None or not all(isinstance(c, type) for c in classes):
        ex.report.refuse(
            "PNX134",
            node,
            "isinstance() tells None, numbers, bytes and str apart",
            help="write 'isinstance(x, bytes)' of a value that may be None",
        )
    known = [c for c in classes if isinstance(c, type)]
    matches = any(issubclass(own, c) for c in known)
    none = type(None) in known
    if not optional or matches is none:
        return Cond(Const(span, Bool(), matches, range=Range(matches, matches)))
    present = frozenset({where} if where else ())
    test = IsNone(span, Bool(), value, matches, range=BIT)
    return Cond(test, present) if matches else Cond(test, frozenset(), present)


def _class(type_: Type) -> type | None:
    """Python's class of the values of a type."""
    match type_:
        case Bool():
            return bool
        case Int():
            return int
        case Float():
            return float
        case Enum(cls):
            return cls
        case Bytes():
            return bytes
        case Str():
            return str
        case NoneType():
            return type(None)
        case List():
            return list
        case Tuple(_, cls):
            return cls or tuple
        case Constant(value):
            return type(value)
        case _:
            return None


def divided(ex: Operators, call: ast.Call) -> tuple[list[Stmt], list[Expr]]:
    """The two results of ``divmod(a, b)``, and the statements that keep its operands."""
    if len(call.args) != 2 or call.keywords:
        ex.report.refuse(
            "PNX133",
            call,
            "divmod() takes two numbers, and gives two",
            help="write 'quotient, rest = divmod(a, b)'",
        )
    span = ex.report.span(call)
    stmts: list[Stmt] = []
    operands: list[Expr] = []
    for arg in call.args:
        value = ex.number(arg, "an operand of divmod()")
        if not isinstance(value, Const):
            type_: Type = Float() if isinstance(value.type, Float) else INT
            var = ex.hidden("operand", type_)
            stored = store(ex.report, arg, value, type_, "an operand")
            stmts.append(Assign(span, var, stored))
            value = Local(span, type_, var, range=value.range)
        operands.append(value)
    results = [ex.binary(call, op, operands[0], operands[1]) for op in ("//", "%")]
    if isinstance(results[0], Arith) and isinstance(results[0].type, Float):
        results[0] = replace(results[0], by_zero=said(lambda: divmod(1.0, 0)))
    if isinstance(results[1], Arith):
        results[1] = replace(results[1], divides_by_zero=False)  # the quotient came through
    return stmts, results
