"""``partition`` and ``rpartition``: three views, unpacked, one of them taken, or all as a tuple."""

from __future__ import annotations

import ast
from dataclasses import replace

from pyngx.check.coerce import as_bytes
from pyngx.check.operators import Operators
from pyngx.check.rows import row_call
from pyngx.ops.table import TABLE
from pyngx.tree import Expr, Op, TupleOf
from pyngx.types import Bytes, Part, Str, Struct, Tuple

PARTITIONS = ("partition", "rpartition")
PIECES = 3


def partition(ex: Operators, node: ast.expr) -> tuple[ast.Call, Expr, str] | None:
    """The call, its typed receiver and its method, if ``node`` partitions bytes or a str;
    else None."""
    match node:
        case ast.Call(func=ast.Attribute(value=value, attr=method)) if method in PARTITIONS:
            if ex.compile_time(node.func) is not None and not isinstance(
                ex.compile_time(value), bytes | str
            ):
                return None
            receiver = ex.expr(value)
            if isinstance(receiver.type, Bytes | Str | Part | Struct):
                return node, as_bytes(receiver), method
    return None


def piece(ex: Operators, call: ast.Call, receiver: Expr, method: str, index: int) -> Expr:
    """One of the three."""
    row = TABLE[f"{_owner(receiver)}.{method}[{index}]"]
    return row_call(ex, call, row, (receiver,))


def pieces(ex: Operators, call: ast.Call, receiver: Expr, method: str) -> Expr:
    """All of them as a tuple; the operands are evaluated once."""
    first = piece(ex, call, as_bytes(receiver), method, 0)
    assert isinstance(first, Op)
    once = [ex.once(arg, "whole") for arg in first.args]
    items = [replace(first, args=tuple(a for a, _ in once))]
    for index in range(1, PIECES):
        row = TABLE[f"{_owner(receiver)}.{method}[{index}]"]
        items.append(replace(first, row=row, args=tuple(b for _, b in once), sure=True))
    return TupleOf(ex.report.span(call), Tuple((first.type,) * PIECES), tuple(items))


def _owner(receiver: Expr) -> str:
    return "str" if isinstance(receiver.type, Str) else "bytes"
