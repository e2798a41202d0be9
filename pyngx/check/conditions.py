"""What a condition says of the integers in it: ``if 97 <= b <= 122:`` bounds ``b`` inside."""

from __future__ import annotations

from dataclasses import fields

from pyngx.tree import Arith, Chained, Compare, Const, Expr, Local, Logic, Not, Piece, Walrus
from pyngx.types import INT64_MAX, INT64_MIN, Int, Range, is_integer

_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


def implied(expr: Expr, holds: bool) -> dict[str, Range]:
    """The ranges of integer locals where ``expr`` holds, or where it does not. Nothing is said of
    a local that the condition itself assigns."""
    assigned = _assigned(expr)
    found = _implied(expr, holds)
    return {name: limits for name, limits in found.items() if name not in assigned}


def origin(value: Expr) -> tuple[str, int] | None:
    """The local of which a value is one with bits set, and these: ``c | 0x20``. It is at most the
    value, and at least the value without the bits."""
    match value:
        case Arith(op="|", left=Local(var=var) as left, right=Const(value=int() as bits)):
            return (var.name, int(bits)) if left.range.lo >= 0 and bits >= 0 else None
        case _:
            return None


def _assigned(node: object) -> set[str]:
    """The locals that are assigned by ``:=`` in an expression."""
    found = {node.var.name} if isinstance(node, Walrus) else set()
    if isinstance(node, Expr | Piece):
        for field in fields(node):
            value = getattr(node, field.name)
            for item in value if isinstance(value, tuple) else (value,):
                found |= _assigned(item)
    return found


def _implied(expr: Expr, holds: bool) -> dict[str, Range]:
    match expr:
        case Not(value=value):
            return _implied(value, not holds)
        case Logic(op=op, values=values) if (op == "and") is holds:
            return _all(*(_implied(v, holds) for v in values))
        case Chained(operands=operands, ops=ops) if holds:
            pairs = zip(operands[:-1], ops, operands[1:], strict=True)
            return _all(*(_compared(a, op, b) for a, op, b in pairs))
        case Compare(op=op, left=left, right=right):
            return _compared(left, op if holds else _OPPOSITE[op], right)
        case _:
            return {}


def _all(*parts: dict[str, Range]) -> dict[str, Range]:
    found: dict[str, Range] = {}
    for part in parts:
        for name, limits in part.items():
            found[name] = found[name].meet(limits) if name in found else limits
    return found


def _compared(left: Expr, op: str, right: Expr) -> dict[str, Range]:
    if not (is_integer(left.type) and is_integer(right.type)):
        return {}
    found: dict[str, Range] = {}
    if isinstance(left, Local) and isinstance(left.type, Int):
        found[left.var.name] = _bounded(op, right.range)
    if isinstance(right, Local) and isinstance(right.type, Int):
        found[right.var.name] = _bounded(_MIRRORED[op], left.range)
    return found


def _bounded(op: str, other: Range) -> Range:
    match op:
        case "==":
            return other
        case "<":
            return Range(INT64_MIN, max(INT64_MIN, other.hi - 1))
        case "<=":
            return Range(INT64_MIN, other.hi)
        case ">":
            return Range(min(INT64_MAX, other.lo + 1), INT64_MAX)
        case ">=":
            return Range(other.lo, INT64_MAX)
        case _:
            return Range(INT64_MIN, INT64_MAX)
