"""Parts of Python's tree that the compiler makes where it spells a construct out."""

from __future__ import annotations

import ast
import enum
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

_FRESH = "_pyngx_fresh"
_PATTERN = "_pyngx_pattern"
_KEYED = "_pyngx_keyed"
_FILLING = "_pyngx_filling"

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


def filling(call: ast.Call) -> ast.Call:
    """``made.append(x)`` of a list that is made here, and that nothing else sees yet."""
    setattr(call, _FILLING, True)
    return call


def is_filling(node: ast.AST) -> bool:
    """Whether `filling` has marked the call."""
    return hasattr(node, _FILLING)


def fresh(name: str, place: ast.AST) -> ast.expr:
    """A name that is read once, of a list that has no other name."""
    node = load(name, place)
    setattr(node, _FRESH, True)
    return node


def is_fresh(node: ast.expr) -> bool:
    """Whether `fresh` has made the name."""
    return hasattr(node, _FRESH)


def keyed(call: ast.Call) -> ast.expr:
    """``sorted(values, keys, …)``: the values in the order of keys that are lists of their own."""
    setattr(call, _KEYED, True)
    return call


def is_keyed(call: ast.Call) -> bool:
    """Whether `keyed` has made the call."""
    return hasattr(call, _KEYED)


def of_pattern(call: ast.Call) -> ast.expr:
    """``len(value)`` of a value that a pattern of items is for."""
    setattr(call, _PATTERN, True)
    return call


def is_of_pattern(call: ast.Call) -> bool:
    """Whether `of_pattern` has marked the call."""
    return hasattr(call, _PATTERN)


class SumStart(ast.Assign):
    """``total = start``, the start of a ``sum``."""


class Summed(ast.AugAssign):
    """``total += x`` in the place of a ``sum``; ``from_zero``: that has no other start."""

    from_zero: bool = False


class SumEnd(ast.Pass):
    """What stands behind the loop of a ``sum``; ``total`` is its name."""

    total: str = ""


def summed(
    total: str, given: ast.expr, begin: ast.expr, place: ast.AST
) -> tuple[ast.stmt, ast.stmt, ast.stmt]:
    """The three statements of a sum: its start, what each round adds, and its end."""
    name = at(ast.Name(total, ast.Store()), place)
    start = SumStart([name], begin)
    add = Summed(name, ast.Add(), given)
    add.from_zero = isinstance(begin, ast.Constant) and repr(begin.value) == "0"
    end = SumEnd()
    end.total = total
    return at(start, begin), at(add, place), at(end, place)


class LastCase(ast.If):
    """The last ``case`` of a ``match`` that has one for each member of an enum, ``members``: what
    is one of them needs no test here."""

    members: type[enum.IntEnum] | None = None


def assign(name: str, value: ast.expr) -> ast.stmt:
    """``name = value``, at the place of the value."""
    return at(ast.Assign([at(ast.Name(name, ast.Store()), value)], value), value)


def negated(node: ast.expr) -> ast.expr:
    """``not node``."""
    return at(ast.UnaryOp(ast.Not(), node), node)


def each_round(
    stmt: ast.While, test: ast.expr, before: list[ast.stmt], new: Callable[[str], str]
) -> list[ast.stmt]:
    """A ``while`` loop with something to do before its test, at the start of each round; ``new``
    gives a name that is free."""
    place, leave = stmt.test, [at(ast.Break(), stmt.test)]
    around: list[ast.stmt] = [stmt]
    if stmt.orelse:
        ended = new("ended")
        leave.insert(0, assign(ended, at(ast.Constant(True), place)))
        around.insert(0, assign(ended, at(ast.Constant(False), place)))
        around.append(at(ast.If(load(ended, place), stmt.orelse, []), place))
    stmt.test, stmt.orelse = at(ast.Constant(True), place), []
    stmt.body[:0] = [*before, at(ast.If(negated(test), leave, []), place)]
    return around


def places(node: ast.expr) -> Iterator[tuple[Callable[[ast.expr], None], ast.expr]]:
    """The operands of an expression in the order of their evaluation, each with what puts another
    in its place. A method is no value: its object is."""
    for name, value in ast.iter_fields(node):
        for number, part in enumerate(value if isinstance(value, list) else [value]):
            method = name == "func" and isinstance(part, ast.Attribute)
            if method or isinstance(part, ast.keyword | ast.FormattedValue):
                yield partial(setattr, part, "value"), part.value
            elif isinstance(part, ast.expr) and isinstance(value, list):
                yield partial(value.__setitem__, number), part
            elif isinstance(part, ast.expr):
                yield partial(setattr, node, name), part
