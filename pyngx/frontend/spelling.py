"""Parts of Python's tree that the compiler makes where it spells a construct out."""

from __future__ import annotations

import ast
from typing import TypeVar

Made = TypeVar("Made", ast.expr, ast.stmt, ast.Name)


def at(node: Made, place: ast.AST, whole: ast.match_case | None = None) -> Made:
    """The node that was made, at the place of what it stands for; up to the end of a whole
    ``case`` if that is given."""
    ast.copy_location(node, place)
    if whole is not None:
        node.end_lineno = whole.body[-1].end_lineno
        node.end_col_offset = whole.body[-1].end_col_offset
    return node


def load(name: str, place: ast.AST) -> ast.expr:
    """A name that is read."""
    return at(ast.Name(name, ast.Load()), place)


def assign(name: str, value: ast.expr) -> ast.stmt:
    """``name = value``, at the place of the value."""
    return at(ast.Assign([at(ast.Name(name, ast.Store()), value)], value), value)


def negated(node: ast.expr) -> ast.expr:
    """``not node``."""
    return at(ast.UnaryOp(ast.Not(), node), node)
