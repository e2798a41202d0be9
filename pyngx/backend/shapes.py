"""What an expression will look like in C, asked before it is lowered."""

from __future__ import annotations

from pyngx.backend import cnodes as c
from pyngx.backend import integers
from pyngx.backend.emitter import Variables
from pyngx.backend.floats import float_call
from pyngx.flow.walk import expressions
from pyngx.ops.registry import Form
from pyngx.tree import (
    Arith,
    BufBytes,
    ByteAt,
    CallHelper,
    Conditional,
    Convert,
    Expr,
    Format,
    ItemAt,
    ListMake,
    ListPop,
    Local,
    Logic,
    Op,
    TableFind,
    TableItem,
    TupleOf,
    Walrus,
)
from pyngx.types import Bool, Float, is_integer

_BY_STATEMENTS = (
    CallHelper,
    Walrus,
    Format,
    ByteAt,
    ItemAt,
    BufBytes,
    TableItem,
    TableFind,
    TupleOf,
    ListMake,
    ListPop,
)
"""Expressions that become statements whatever is in them."""


def augmentation(target: c.Expr, value: Expr, variables: Variables) -> tuple[str, Expr] | None:
    """``x = x + y`` where nothing is checked, as ``x += y``."""
    if not isinstance(value, Arith) or value.right is None or value.overflows:
        return None
    if isinstance(value.type, Float) and float_call(value.op):
        return None
    if value.op not in integers.SIMPLE or value.divides_by_zero or value.negative_shift:
        return None
    left = value.left
    if isinstance(left, Local) and variables.places[left.var] == target:
        if not needs_statements(value.right):
            return value.op, value.right
    return None


def augmented(target: c.Expr, operand: c.Expr, op: str) -> c.Expr:
    """``target op= operand``."""
    if operand == c.Int("1") and op in "+-":
        return c.Postfix(target, op * 2)
    return c.Assign(target, operand, op + "=")


def needs_statements(expr: Expr) -> bool:
    """Whether evaluating an operand emits statements: asked before it is lowered."""
    for inner in expressions(expr):
        match inner:
            case Op(row=row) if row.form is not Form.VALUE or row.result != "bool":
                return True
            case (
                CallHelper()
                | Walrus()
                | Format()
                | ByteAt()
                | ItemAt()
                | BufBytes()
                | (TableItem() | TableFind() | TupleOf() | ListMake() | ListPop())
            ):
                return True
            case Arith(overflows=overflows, divides_by_zero=zero, negative_shift=negative):
                if overflows or zero or negative:
                    return True
            case Convert(checked=True):
                return True
            case Conditional() if not is_integer(inner.type):
                return True
            case Logic() if not isinstance(inner.type, Bool):
                return True
            case _:
                continue
    return False
