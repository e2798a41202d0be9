"""``partition`` and ``rpartition``: three views, unpacked, or one of them taken."""

from __future__ import annotations

import ast

from pyngx.check.coerce import as_bytes
from pyngx.check.operators import Operators
from pyngx.check.rows import row_call
from pyngx.ops.table import TABLE
from pyngx.tree import Expr
from pyngx.types import Bytes, Part, Str, Struct

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
    owner = "str" if isinstance(receiver.type, Str) else "bytes"
    return row_call(ex, call, TABLE[f"{owner}.{method}[{index}]"], (receiver,))
