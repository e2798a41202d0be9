"""Unpacking: a tuple into targets of any kind, each of which may be a tuple of targets again."""

from __future__ import annotations

import ast
from abc import abstractmethod
from dataclasses import replace
from typing import NoReturn

from pyngx.check import hints
from pyngx.check.expr import Expressions
from pyngx.check.lists import list_made, listed
from pyngx.check.literals import as_value
from pyngx.check.pieces import PIECES, piece
from pyngx.check.tuples import is_plain, item_of
from pyngx.ops.registry import classes
from pyngx.ops.table import TABLE
from pyngx.tree import Compare, Const, Expr, If, ItemAt, Length, Op, Piece, Raise, Stmt
from pyngx.types import (
    BIT,
    INT,
    INT64_MAX,
    LENGTH,
    Bool,
    Bytes,
    List,
    Range,
    Str,
    Tuple,
    describe,
    range_of,
)


class Unpacking(Expressions):
    """Checks assignments to several targets at once."""

    @abstractmethod
    def assign(self, node: ast.stmt, target: ast.expr, value_node: ast.expr) -> tuple[Stmt, ...]:
        """``target = value`` for a target of any kind."""

    @abstractmethod
    def assign_name(
        self, node: ast.stmt, target: ast.Name, value: Expr, value_node: ast.expr
    ) -> Stmt:
        """``name = value``."""

    def unpack_value(
        self, node: ast.stmt, targets: list[ast.expr], value: Expr, value_node: ast.expr
    ) -> tuple[Stmt, ...]:
        """The items of a tuple into targets; what is computed is kept in a hidden variable."""
        value = as_value(value)
        if isinstance(value.type, Bytes | Str):
            value = listed(self, value_node, value)
        self.no_none(value, "what is unpacked")
        starred = [i for i, target in enumerate(targets) if isinstance(target, ast.Starred)]
        if isinstance(value.type, List):
            return self._unpack_list(node, targets, value, value_node)
        if starred and isinstance(value.type, Tuple) and not value.type.is_object:
            return self._unpack_around(node, targets, value, value_node)
        if not isinstance(value.type, Tuple) or value.type.is_object:
            self.report.refuse(
                "PNX140",
                value_node,
                f"only tuples and sequences are unpacked, and this is '{describe(value.type)}'",
                help=hints.of_unpacking(value_node, targets),
            )
        if len(targets) != len(value.type.items):
            self.report.refuse(
                "PNX142",
                node,
                f"{len(targets)} targets, but {len(value.type.items)} values",
                help="give each value a target, '_' for one that is not needed",
            )
        stmts: list[Stmt] = []
        if not is_plain(value):
            name, stmt = self.hidden_name(node, value, value_node)
            stmts.append(stmt)
            value = self.expr(name)
        for i, target in enumerate(targets):
            stmts += self.give(node, target, item_of(value, i), target)
        return tuple(stmts)

    def _unpack_list(
        self, node: ast.stmt, targets: list[ast.expr], value: Expr, value_node: ast.expr
    ) -> tuple[Stmt, ...]:
        """``a, b = values`` and ``first, *rest = values``: a ValueError if the lengths differ."""
        span = self.report.span(value_node)
        name, stmt = self.hidden_name(node, value, value_node)
        whole = self.expr(name)
        assert isinstance(whole.type, List)
        item = whole.type.item
        star = next((i for i, t in enumerate(targets) if isinstance(t, ast.Starred)), None)
        wanted = len(targets) - (star is not None)
        length = Length(span, INT, whole, range=LENGTH)

        def test(op: str, words: str, *more: Piece) -> Stmt:
            count = Const(span, INT, wanted, range=Range(wanted, wanted))
            wrong = Compare(span, Bool(), op, length, count, range=BIT)
            piece = Piece(literal=words.encode())
            error = Raise(span, "ValueError", (piece, *more), classes("ValueError"))
            return If(span, wrong, (error,), ())

        least = "" if star is None else "at least "
        given = (Piece(value=length, conversion="d"), Piece(literal=b")"))
        words = f"not enough values to unpack (expected {least}{wanted}, got "
        stmts = [stmt, test("<", words, *given)]
        if star is None:
            stmts.append(test(">", f"too many values to unpack (expected {wanted})"))
        for i, target in enumerate(targets):
            behind = len(targets) - 1 - i
            if isinstance(target, ast.Starred):
                row = TABLE["operator.list_slice"]
                lower = Const(span, INT, i, range=Range(i, i))
                end = INT64_MAX if not behind else -behind
                upper = Const(span, INT, end, range=Range(end, end))
                part: Expr = Op(span, whole.type, row, (whole, lower, upper))
                stmts += self.give(node, target.value, part, target)
                continue
            place: Expr = Const(span, INT, i, range=Range(i, i))
            if star is not None and i > star:
                back = Const(span, INT, behind + 1, range=Range(behind + 1, behind + 1))
                place = self.arith(value_node, "-", length, back)
            part = ItemAt(span, item, whole, place, False, range=range_of(item))
            stmts += self.give(node, target, part, target)
        return tuple(stmts)

    def _unpack_around(
        self, node: ast.stmt, targets: list[ast.expr], value: Expr, value_node: ast.expr
    ) -> tuple[Stmt, ...]:
        """``a, *rest = pair`` of a tuple: what the star gets is a list."""
        assert isinstance(value.type, Tuple)
        count = len(value.type.items)
        stmts: list[Stmt] = []
        if not is_plain(value):
            name, stmt = self.hidden_name(node, value, value_node)
            stmts.append(stmt)
            value = self.expr(name)
        star = next(i for i, t in enumerate(targets) if isinstance(t, ast.Starred))
        if count < len(targets) - 1:
            self.report.refuse(
                "PNX142",
                node,
                f"{len(targets) - 1} targets and more, but {count} values",
                help="give each target a value",
            )
        behind = len(targets) - 1 - star
        for i, target in enumerate(targets):
            if isinstance(target, ast.Starred):
                items = [item_of(value, k) for k in range(star, count - behind)]
                made = list_made(self, target, items, [target] * len(items))
                stmts += self.give(node, target.value, made, target)
            else:
                at = i if i < star else count - len(targets) + i
                stmts += self.give(node, target, item_of(value, at), target)
        return tuple(stmts)

    def give(
        self, node: ast.stmt, target: ast.expr, value: Expr, value_node: ast.expr
    ) -> tuple[Stmt, ...]:
        """A value that is checked already, into a target of any kind."""
        match target:
            case ast.Name():
                return (self.assign_name(node, target, value, value_node),)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                return self.unpack_value(node, targets, value, value_node)
            case _:
                name, stmt = self.hidden_name(node, value, value_node)
                return (stmt, *self.assign(node, target, name))

    def _names_only(self, target: ast.expr) -> NoReturn:
        self.report.refuse(
            "PNX140",
            target,
            "unpacking assigns to names only",
            help="unpack to names, then assign them one by one",
        )

    def _unpack_pieces(
        self,
        node: ast.stmt,
        targets: list[ast.expr],
        call: ast.Call,
        receiver: Expr,
        method: str,
    ) -> tuple[Stmt, ...]:
        """``a, sep, b = s.partition(c)``: the operands once, for the targets may be among them."""
        if len(targets) != PIECES:
            self.report.refuse(
                "PNX142",
                node,
                f"{len(targets)} targets, but {method}() gives {PIECES} values",
                help="give each value a target, '_' for one that is not needed",
            )
        stmts: list[Stmt] = []
        names: list[ast.expr] = []
        if len(call.args) == 1:
            separator: ast.expr = call.args[0]
            operands: list[tuple[str, Expr, ast.expr]] = [("whole", receiver, call)]
            if not isinstance(separator, ast.Constant):
                what = f"the argument 'sep' of {method}()"
                text = isinstance(receiver.type, Str)
                value = (
                    self.need(separator, Str(), what) if text else self.need_bytes(separator, what)
                )
                operands.append(("separator", value, separator))
            for hint, value, value_node in operands:
                while hint in self.stores or hint in self.local_names:
                    hint += "_"
                temp = ast.copy_location(ast.Name(hint, ast.Store()), call)
                stmts.append(self.assign_name(node, temp, value, value_node))
                self.local_names |= {hint}
                names.append(temp)
            again = ast.Call(call.func, names[1:] or [separator], [])
            call = ast.copy_location(again, call)
            receiver = self.expr(names[0])
        for i, target in enumerate(targets):
            if not isinstance(target, ast.Name):
                self._names_only(target)
            value = piece(self, call, receiver, method, i)
            if i and isinstance(value, Op):
                value = replace(value, sure=True)  # the first has looked at the separator
            stmts.append(self.assign_name(node, target, value, target))
        return tuple(stmts)

    def _unpack_places(
        self, node: ast.stmt, targets: list[ast.expr], values: list[ast.expr]
    ) -> tuple[Stmt, ...]:
        """``a[i], b.c = x, y``: all values first, then the targets from left to right."""
        stmts: list[Stmt] = []
        names = []
        for value_node in values:
            name, stmt = self.hidden_name(node, self.expr(value_node), value_node)
            stmts.append(stmt)
            names.append(name)
        for target, name in zip(targets, names, strict=True):
            stmts += self.assign(node, target, name)
        return tuple(stmts)

    def hidden_name(
        self, node: ast.stmt, value: Expr, value_node: ast.expr
    ) -> tuple[ast.Name, Stmt]:
        """A name that the author does not see, and the statement that gives it a value."""
        name = "value"
        while name in self.local_names or name in self.vars:
            name += "_"
        temp = ast.copy_location(ast.Name(name, ast.Store()), value_node)
        stmt = self.assign_name(node, temp, value, value_node)
        self.local_names |= {name}
        return temp, stmt


def as_load(node: ast.expr) -> ast.expr:
    """The target of an augmented assignment, to be read."""
    match node:
        case ast.Name(id=name):
            return ast.copy_location(ast.Name(name, ast.Load()), node)
        case ast.Attribute(value=value, attr=attr):
            return ast.copy_location(ast.Attribute(value, attr, ast.Load()), node)
        case ast.Subscript(value=value, slice=index):
            return ast.copy_location(ast.Subscript(value, index, ast.Load()), node)
        case _:
            return node
