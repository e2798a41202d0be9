"""Sequences that a loop indexes: bytes, lists and constants, each with its length and its items."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pyngx.check import tables
from pyngx.check.assign import Assignments
from pyngx.check.coerce import as_bytes
from pyngx.check.constants import integer
from pyngx.check.lists import CHANGING, characters, list_of
from pyngx.diagnostics import Label
from pyngx.frontend.spelling import is_filling, is_fresh
from pyngx.tree import (
    Assign,
    ByteAt,
    Const,
    Expr,
    ItemAt,
    Length,
    Local,
    Stmt,
    Var,
)
from pyngx.types import (
    BYTE,
    INT,
    LENGTH,
    Bytes,
    List,
    Str,
    Type,
    describe,
    range_of,
)


@dataclass(frozen=True)
class Indexed:
    """Something that a loop indexes: its length, and its item at an index that is in range."""

    length: Expr
    item: Callable[[Expr], Expr]


class Sequences(Assignments):
    """Checks what is gone through by an index."""

    def _sequence(self, loop: ast.For, node: ast.expr) -> tuple[tuple[Stmt, ...], Indexed]:
        """What is indexed while a loop runs: bytes or a list, in a variable of its own, or a
        constant; and the statement that comes before the loop."""
        rows = tables.rows(self, node)
        if rows is not None:
            count = integer(self.report, node, len(rows), self.mod.model)
            return (), Indexed(count, lambda i: tables.item(self, node, rows, i, checked=False))
        stmts, local = self._local_sequence(node, list(self._changes(loop)))
        length = Length(local.span, INT, local, range=LENGTH)
        return stmts, Indexed(length, lambda i: self.item_of(local, i))

    def _local_sequence(
        self, node: ast.expr, changed: list[ast.AST]
    ) -> tuple[tuple[Stmt, ...], Local]:
        value = as_bytes(self.expr(node))
        if isinstance(node, ast.Tuple):
            value = list_of(self, node)
        if isinstance(value.type, Str):
            value = characters(self, node, value)
        copied = isinstance(node, ast.Tuple | ast.Call) or is_fresh(node)
        if isinstance(value.type, List) and changed and not copied:
            self.report.refuse(
                "PNX192",
                node,
                "the loop changes a list while zip() or reversed() goes through one",
                secondary=[Label(self.report.span(changed[0]), "it is changed here")],
                help=f"go through a copy: list({ast.unparse(node)})",
            )
        if not isinstance(value.type, Bytes | List):
            self.no_none(value, "what is iterated")
            self.report.refuse(
                "PNX152",
                node,
                f"'{describe(value.type)}' is not iterated here",
                help="zip() and reversed() take bytes, str and lists",
            )
        if isinstance(value, Local) and self.stores.get(value.var.name) == 1:
            return (), value
        var = self.hidden("sequence", value.type)
        return (Assign(value.span, var, value),), Local(value.span, value.type, var)

    def item_of(self, sequence: Local, index: Expr) -> Expr:
        """An item of a sequence at an index that is in range."""
        if isinstance(sequence.type, List):
            item = sequence.type.item
            return ItemAt(index.span, item, sequence, index, False, range=range_of(item))
        return ByteAt(index.span, INT, sequence, index, False, range=BYTE)

    def _changes(self, loop: ast.For) -> Iterator[ast.AST]:
        """Where the body of a loop may change the length of a list."""
        for stmt in loop.body:
            for node in ast.walk(stmt):
                match node:
                    case ast.Call(func=ast.Attribute(attr=attr)) if attr in CHANGING:
                        if not is_filling(node):
                            yield node
                    case ast.AugAssign(target=ast.Name(id=name)) if name in self.vars:
                        if isinstance(self.vars[name].type, List):
                            yield node
                    case ast.Delete():
                        yield node
                    case _:
                        continue

    def _one_name(self, target: ast.expr) -> ast.Name:
        """The target of a loop that gives one value."""
        if not isinstance(target, ast.Name):
            self.report.refuse(
                "PNX150",
                target,
                "the target of this loop is one name",
                help="write 'for x in …:'",
            )
        return target

    def loop_var(self, node: ast.For, target: ast.expr, type_: Type) -> Var:
        """The variable that a loop sets."""
        value = Const(self.report.span(target), type_, None)
        return self.declare(self._one_name(target), value)

    def _give(self, node: ast.For, target: ast.expr, value: Expr) -> tuple[Stmt, ...]:
        """Give a loop's target its value for this round."""
        if not isinstance(target, ast.Tuple):
            target = self._one_name(target)
        return self.give(node, target, value, target)
