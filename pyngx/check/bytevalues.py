"""Single bytes that are written as integers."""

from __future__ import annotations

import ast

from pyngx.check.base import Base
from pyngx.tree import Const, Convert, Expr, Format, Piece
from pyngx.types import BYTE, Bytes, Int


def byte(ex: Base, node: ast.expr) -> Piece:
    """An integer as a byte, which it must be: a `ValueError` if it is not."""
    said = "bytes must be in range(0, 256)"
    return byte_of(ex, node, ex.need_int(node, "a byte"), said)


def byte_of(
    ex: Base, node: ast.expr, value: Expr, said: str = "byte must be in range(0, 256)"
) -> Piece:
    """The same of a value that is checked already; ``said``: what Python says if it is none."""
    if not value.range.within(BYTE):
        if value.range.lo > BYTE.hi or value.range.hi < BYTE.lo:
            ex.report.refuse(
                "PNX113",
                node,
                "a byte is 0 to 255, which this value never is",
                help="write n & 255",
            )
        value = Convert(
            value.span,
            Int("u_char", BYTE),
            value,
            True,
            exception="ValueError",
            message=said,
            range=BYTE,
        )
    return Piece(value=value, conversion="c")


def of_bytes(ex: Base, node: ast.expr, pieces: tuple[Piece, ...]) -> Expr:
    """Bytes of these one after the other."""
    span = ex.report.span(node)
    values = [p.value.value for p in pieces if isinstance(p.value, Const)]
    numbers = [v for v in values if isinstance(v, int)]
    if len(numbers) == len(pieces):
        return Const(span, Bytes(), bytes(numbers))
    return Format(span, Bytes(), pieces)
