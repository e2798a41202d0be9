"""Unpacking: a tuple into targets of any kind, each of which may be a tuple of targets again."""

from __future__ import annotations

import ast
from typing import NoReturn

from pyngx.check import hints
from pyngx.check.expr import Expressions
from pyngx.check.literals import as_value
from pyngx.check.pieces import PIECES, piece
from pyngx.check.tuples import is_plain, item_of
from pyngx.tree import Expr, Stmt
from pyngx.types import Str, Tuple, describe


class Unpacking(Expressions):
    """Checks assignments to several targets at once."""

    def assign(self, node: ast.stmt, target: ast.expr, value_node: ast.expr) -> tuple[Stmt, ...]:
        """``target = value`` for a target of any kind."""
        raise NotImplementedError

    def assign_name(
        self, node: ast.stmt, target: ast.Name, value: Expr, value_node: ast.expr
    ) -> Stmt:
        """``name = value``."""
        raise NotImplementedError

    def unpack_value(
        self, node: ast.stmt, targets: list[ast.expr], value: Expr, value_node: ast.expr
    ) -> tuple[Stmt, ...]:
        """The items of a tuple into targets; what is computed is kept in a hidden variable."""
        value = as_value(value)
        self.no_none(value, "what is unpacked")
        if not isinstance(value.type, Tuple) or value.type.is_object:
            self.report.refuse(
                "PNX140",
                value_node,
                f"only a tuple is unpacked, and this is '{describe(value.type)}'",
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
