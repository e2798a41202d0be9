"""Assignment to fields of objects.

An object lies where its name does: in a local, a field of the context, an item of a list. Assigning
a field is storing the object there anew, with one other item; what a function has got from its
caller is changed where the caller has it. That no other name sees another object than CPython's
is for `pyngx.flow.sharing` to prove.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from dataclasses import replace

from pyngx.check.base import path
from pyngx.check.coerce import store
from pyngx.check.context import nearest
from pyngx.check.tuples import is_plain, item_of
from pyngx.check.unpacking import Unpacking
from pyngx.frontend.names import attribute
from pyngx.tree import (
    Assign,
    AssignField,
    CallHelper,
    Const,
    Expr,
    Item,
    ItemAt,
    ListPop,
    Local,
    Piece,
    SetItem,
    SetMember,
    StateField,
    Stmt,
    TupleOf,
    Unwrap,
    Wrap,
)
from pyngx.types import Ctx, List, NoneType, Optional, Tuple, describe


class Changes(Unpacking):
    """Checks assignments to fields of objects."""

    def fixed_target(self, node: ast.stmt, target: ast.Attribute) -> ast.Attribute:
        """A field that is assigned, of an object whose place is computed once."""
        owner = self._fixed(node, target.value)
        return ast.copy_location(ast.Attribute(owner, target.attr, target.ctx), target)

    def _fixed(self, node: ast.stmt, owner: ast.expr) -> ast.expr:
        """The object whose field is assigned, with indices that are computed in hidden
        variables: the place is needed twice."""
        match owner:
            case ast.Attribute(value=value, attr=attr):
                inner = self._fixed(node, value)
                return ast.copy_location(ast.Attribute(inner, attr, ast.Load()), owner)
            case ast.Subscript(value=value, slice=index) if not isinstance(
                index, ast.Name | ast.Constant | ast.Slice
            ):
                listed = self._fixed(node, value)
                if not isinstance(self.expr(listed).type, List):
                    return owner
                number = self.need_int(index, "a list index")
                name, stmt = self.hidden_name(node, number, index)
                self.pending.append(stmt)
                return ast.copy_location(ast.Subscript(listed, name, ast.Load()), owner)
            case _:
                return owner

    def change_object(
        self, node: ast.stmt, target: ast.Attribute, owner: Expr, value: Expr, value_node: ast.expr
    ) -> Stmt:
        """``point.x = value``."""
        type_ = owner.type
        assert isinstance(type_, Tuple)
        self._changeable(target, type_)
        at = type_.names.index(target.attr)
        what = f"'{ast.unparse(target)}'"
        stored = store(self.report, value_node, value, type_.items[at], what)
        if not is_plain(stored) and not isinstance(owner, Local):
            name, stmt = self.hidden_name(node, stored, value_node)
            self.pending.append(stmt)
            stored = store(self.report, value_node, self.plain(name), type_.items[at], what)
        found = self._put(node, target, owner, at, stored)
        where = path(target)
        if where is not None:
            self.facts = self.facts.forget(frozenset({where}))
            present = self.facts.present - {where}
            if not isinstance(value.type, Optional | NoneType):
                present |= {where}
            self.facts = replace(self.facts, present=present)
        return found

    def same_place(self, node: ast.AugAssign, owner: Expr, value: Expr) -> None:
        """``points[i].x += value``: Python has the object before it computes the value, which
        therefore leaves the list as it is."""
        if isinstance(_root(owner), Local) and not _in_list(owner):
            return
        for expr in _within(value):
            given = expr.args if isinstance(expr, CallHelper) else ()
            if isinstance(expr, ListPop) or any(isinstance(a.type, List | Ctx) for a in given):
                self.report.refuse(
                    "PNX344",
                    node.value,
                    "this may change the list, or the place, whose object is assigned",
                    label="Python has taken the object before this",
                    help=f"compute it first: new = {ast.unparse(node.value)}",
                )

    def _changeable(self, target: ast.Attribute, type_: Tuple) -> None:
        cls, owner = type_.cls, ast.unparse(target.value)
        if cls is None or target.attr not in type_.names:
            self.report.refuse(
                "PNX103",
                target,
                f"'{describe(type_)}' has no field '{target.attr}'",
                help=nearest(target.attr, type_.names if cls else ())
                or "a tuple has no fields: make a new one",
            )
        if not type_.is_object:
            self.report.refuse(
                "PNX193",
                target,
                f"'{describe(type_)}' is a tuple, whose items are not assigned",
                help=f"make a new one: {owner} = {owner}._replace({target.attr}=…)",
            )
        if attribute(attribute(cls, "__dataclass_params__"), "frozen"):
            self.report.refuse(
                "PNX193",
                target,
                f"'{describe(type_)}' is frozen, so its fields are not assigned",
                help=f"leave 'frozen=True' out, or make a new one: {owner} = "
                f"replace({owner}, {target.attr}=…), from dataclasses",
            )

    def _put(self, node: ast.stmt, target: ast.expr, owner: Expr, at: int, value: Expr) -> Stmt:
        """The statement that gives the object at a place a new item."""
        span, type_ = self.report.span(node), owner.type
        assert isinstance(type_, Tuple)
        root = _root(owner)
        if isinstance(root, Local) and root.var.parameter:
            if self.stores.get(root.var.name, 0) > 1:
                self.report.refuse(
                    "PNX193",
                    target,
                    f"a field of '{root.var.name}' is assigned, and '{root.var.name}' itself too",
                    label="the caller's object, or another one?",
                    help="give the other object a name of its own",
                )
            return SetMember(span, Item(span, type_.items[at], owner, at), value)
        if isinstance(owner, ItemAt):
            name, stmt = self.hidden_name(node, owner, target)
            self.pending.append(stmt)
            new = self._new(self.expr(name), at, value)
            return SetItem(span, owner.value, owner.index, new)
        return self._store(node, target, owner, self._new(owner, at, value))

    def _new(self, owner: Expr, at: int, value: Expr) -> TupleOf:
        assert isinstance(owner.type, Tuple)
        items = [item_of(owner, i) for i in range(len(owner.type.items))]
        items[at] = value
        return TupleOf(owner.span, owner.type, tuple(items), at)

    def _store(self, node: ast.stmt, target: ast.expr, owner: Expr, new: Expr) -> Stmt:
        span = self.report.span(node)
        match owner:
            case Local(var=var):
                return Assign(span, var, new)
            case StateField(obj=obj) if isinstance(obj.type, Ctx):
                return AssignField(span, owner, new)
            case Unwrap(value=value):
                return self._store(node, target, value, Wrap(span, value.type, new))
            case Item(obj=obj, index=index):
                return self._put(node, target, obj, index, new)
            case _:
                self.report.refuse(
                    "PNX193",
                    target,
                    "a field of an object that is computed is assigned",
                    label="nobody else has this object" if not isinstance(owner, Const) else "",
                    help="assign it to a variable first",
                )


def _within(node: Expr | Piece) -> Iterator[Expr]:
    """An expression and all that are in it."""
    if isinstance(node, Expr):
        yield node
    for part in dataclasses.fields(node):
        found = getattr(node, part.name)
        for inner in found if isinstance(found, tuple) else (found,):
            if isinstance(inner, Expr | Piece):
                yield from _within(inner)


def _in_list(owner: Expr) -> bool:
    """Whether an object is an item of a list, or is in one."""
    match owner:
        case ItemAt():
            return True
        case Item(obj=inner) | Unwrap(value=inner):
            return _in_list(inner)
        case _:
            return False


def _root(owner: Expr) -> Expr:
    """Where an object lies that may be in other ones."""
    match owner:
        case Item(obj=inner) | Unwrap(value=inner) | ItemAt(value=inner):
            return _root(inner)
        case _:
            return owner
