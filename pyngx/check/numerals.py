"""Numbers as bytes and digits: ``int.from_bytes``, ``n.to_bytes``, ``hex``, ``bytes.fromhex``."""

from __future__ import annotations

import ast
from collections.abc import Callable
from types import BuiltinMethodType
from typing import Any

from pyngx.check.operators import Operators
from pyngx.ops.table import TABLE
from pyngx.tree import Const, Expr, Format, Op, Piece
from pyngx.types import INT, Bool, Bytes, Range, Str

_ORDERS = ("big", "little")
Made = Callable[[Operators, ast.Call], Expr]


def of_class(found: object) -> Made | None:
    """What compiles a method of a class, as ``int.from_bytes``; None if it is another function.

    Each time that such a method is looked up it is a new object, but these are equal; of another
    kind of object the comparison could be the author's."""
    if not isinstance(found, BuiltinMethodType):
        return None
    return next((made for known, made in _OF_CLASSES if known == found), None)


def _arguments(
    ex: Operators, node: ast.Call, names: tuple[str, ...], by_name: tuple[str, ...]
) -> dict[str, ast.expr]:
    """The arguments by their names; those in ``by_name`` are not given by position."""
    if len(node.args) > len(names):
        ex.report.refuse(
            "PNX133",
            node,
            f"at most {len(names)} arguments are given by position here",
            help=f"write {by_name[0]}=…" if by_name else "leave out what is too many",
        )
    given = dict(zip(names, node.args, strict=False))
    for keyword in node.keywords:
        if keyword.arg in given or keyword.arg not in names + by_name:
            ex.report.refuse(
                "PNX133",
                keyword,
                f"there is no argument '{keyword.arg}' to give here",
                help=f"the arguments are {', '.join(names + by_name)}",
            )
        assert keyword.arg is not None
        given[keyword.arg] = keyword.value
    return given


def _order_and_sign(ex: Operators, given: dict[str, ast.expr]) -> tuple[Expr, Expr]:
    """Whether the last byte is the highest, and whether there is a sign."""
    found = []
    for name in ("byteorder", "signed"):
        node = given.get(name)
        value: Expr | None = None if node is None else ex.expr(node)
        if node is None or value is None:
            found.append(_bool(ex, False))
        elif name == "signed":
            found.append(ex.cond(node).expr)
        elif isinstance(value, Const) and value.value in _ORDERS:
            found.append(_bool(ex, value.value == "little"))
        else:
            ex.report.refuse(
                "PNX134",
                node,
                "the order of the bytes is a constant, 'big' or 'little'",
                help="write it in place",
            )
    return found[0], found[1]


def _bool(ex: Operators, value: bool) -> Expr:
    span = ex.report.span(ex.function.node)
    return Const(span, Bool(), value, range=Range(value, value))


def from_bytes(ex: Operators, node: ast.Call) -> Expr:
    """``int.from_bytes(data, "big", signed=False)``."""
    given = _arguments(ex, node, ("bytes", "byteorder"), ("signed",))
    if "bytes" not in given:
        ex.report.refuse("PNX133", node, "the bytes are missing", help="int.from_bytes(data)")
    data = ex.need_bytes(given["bytes"], "the argument of int.from_bytes()")
    row = TABLE["int.from_bytes"]
    return Op(ex.report.span(node), INT, row, (data, *_order_and_sign(ex, given)))


def to_bytes(ex: Operators, node: ast.Call, number: Expr) -> Expr:
    """``n.to_bytes(length, "big", signed=False)``."""
    given = _arguments(ex, node, ("length", "byteorder"), ("signed",))
    length: Expr = Const(ex.report.span(node), INT, 1, range=Range(1, 1))
    if "length" in given:
        length = ex.need_int(given["length"], "the length")
    row = TABLE["int.to_bytes"]
    operands = (number, length, *_order_and_sign(ex, given))
    return Op(ex.report.span(node), Bytes(), row, operands)


def _fromhex(ex: Operators, node: ast.Call) -> Expr:
    given = _arguments(ex, node, ("string",), ())
    if node.keywords or "string" not in given:
        ex.report.refuse(
            "PNX133", node, "fromhex() takes one text, by position", help="bytes.fromhex(text)"
        )
    text = ex.need(given["string"], Str(), "the argument of bytes.fromhex()")
    return Op(ex.report.span(node), Bytes(), TABLE["bytes.fromhex"], (text,))


def digits(conversion: str) -> Made:
    """``hex(n)`` and ``oct(n)``: what ``"%#x" % n`` is."""

    def build(ex: Operators, node: ast.Call) -> Expr:
        name = {"x": "hex", "o": "oct"}[conversion]
        if node.keywords or len(node.args) != 1:
            ex.report.refuse("PNX133", node, f"{name}() takes one integer", help=f"write {name}(n)")
        value = ex.need_int(node.args[0], f"the argument of {name}()")
        piece = Piece(value=value, conversion=conversion, flags="#")
        return Format(ex.report.span(node), Str(), (piece,))

    return build


_OF_CLASSES: tuple[tuple[Any, Made], ...] = (
    (int.from_bytes, from_bytes),
    (bytes.fromhex, _fromhex),
)
