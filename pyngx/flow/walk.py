"""Walking the typed tree: the parts of expressions and statements.

Nodes are dataclasses whose fields hold other nodes, alone or in tuples; everything here follows
from that, so that a new node needs no edit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from pyngx.tree import (
    Arith,
    Assign,
    Block,
    Caught,
    Const,
    Expr,
    Inline,
    Local,
    Piece,
    Stmt,
    Var,
    Walrus,
    Yield,
)

_names_by_class: dict[type, tuple[str, ...]] = {}


def _field_names(node: Expr | Stmt | Piece) -> tuple[str, ...]:
    cls = type(node)
    if cls not in _names_by_class:
        _names_by_class[cls] = tuple(f.name for f in fields(node))
    return _names_by_class[cls]


def _values(node: Expr | Stmt | Piece) -> Iterator[object]:
    for name in _field_names(node):
        value = getattr(node, name)
        if isinstance(value, tuple):
            yield from value
        else:
            yield value


def children(node: Expr | Stmt | Piece) -> Iterator[Expr]:
    """The expressions directly in a node (of a statement: not those of its blocks)."""
    for value in _values(node):
        if isinstance(value, Expr):
            yield value
        elif isinstance(value, Piece):
            yield from children(value)


def expressions(node: Expr | Stmt | Piece) -> Iterator[Expr]:
    """All expressions in a node, outer before inner (of a statement: not those of its blocks)."""
    if isinstance(node, Expr):
        yield node
    for child in children(node):
        yield from expressions(child)


def blocks(stmt: Stmt) -> Iterator[Block]:
    """The blocks of a statement."""
    for name in _field_names(stmt):
        value = getattr(stmt, name)
        if isinstance(value, tuple) and value and isinstance(value[0], Stmt):
            yield value


def statements(block: Block) -> Iterator[Stmt]:
    """All statements of a block, also those in blocks of theirs, in order."""
    for stmt in block:
        yield stmt
        for inner in blocks(stmt):
            yield from statements(inner)


def all_expressions(block: Block) -> Iterator[Expr]:
    """All expressions of a block."""
    for stmt in statements(block):
        yield from expressions(stmt)


def assigned_variables(block: Block) -> frozenset[Var]:
    """The variables that a block gives values to, loops' own not included."""
    walrus = {e.var for e in all_expressions(block) if isinstance(e, Walrus)}
    return frozenset(walrus | {s.var for s in statements(block) if isinstance(s, Assign)})


def read_variables(block: Block) -> frozenset[Var]:
    """The variables whose value is asked for somewhere; others need no place in C.

    ``n &= 1`` asks for ``n`` only if something else does. What a generator reads of its parameters
    is read of what they stand for.
    """
    idle = [s for s in statements(block) if isinstance(s, Assign) and cannot_matter(s.value)]
    found = {id(stmt) for stmt in idle}
    read: set[Var] = set()
    for stmt in statements(block):
        if id(stmt) not in found:
            read |= _variables(stmt)
    while more := [stmt for stmt in idle if stmt.var in read and not _variables(stmt) <= read]:
        for stmt in more:
            read |= _variables(stmt)
    aliases = [pair for s in statements(block) if isinstance(s, Inline) for pair in s.aliases]
    while given := {var for param, var in aliases if param in read} - read:
        read |= given
    return frozenset(read)


def _variables(stmt: Stmt) -> set[Var]:
    return {e.var for e in expressions(stmt) if isinstance(e, Local | Walrus)}


def cannot_matter(value: Expr) -> bool:
    """Whether nothing is left of a value that is not used: it cannot fail and does nothing."""
    for expr in expressions(value):
        if isinstance(expr, Arith):
            if expr.overflows or expr.divides_by_zero or expr.negative_shift:
                return False
        elif not isinstance(expr, Local | Const | Caught):
            return False
    return True


def values_asked_for(block: Block) -> frozenset[Var]:
    """The variables that something else than their own ``yield`` asks for."""
    return frozenset(
        expr.var
        for stmt in statements(block)
        for child in children(stmt)
        for expr in expressions(child)
        if isinstance(expr, Local) and not (isinstance(stmt, Yield) and child is expr)
    )
