"""Compound values: tuples, and optional ones, as structures of the module's own.

They are passed to helpers by pointer, and stored by assignment: nobody but their owner changes
them, so that a copy is as good as Python's reference.
"""

from __future__ import annotations

from abc import abstractmethod

from pyngx.backend import cnodes as c
from pyngx.backend.calls import CallLowering
from pyngx.backend.emitter import Ref
from pyngx.backend.lowering import address, is_string, member, owned_by_context
from pyngx.backend.unit import c_type
from pyngx.flow.origins import shuffles
from pyngx.tree import (
    CallHelper,
    Conditional,
    Const,
    Expr,
    Item,
    ItemAt,
    ListPop,
    Local,
    StateField,
    TableItem,
    TupleOf,
    Unwrap,
    Walrus,
    Wrap,
    changed_item,
)
from pyngx.types import Conf, NoneType, Tuple, is_compound, members, text_leaves


class CompoundLowering(CallLowering):
    """Lowers compound values."""

    def place(self, expr: Expr) -> c.Expr:
        """Where a compound value lies; one that is computed is put into a temporary."""
        match expr:
            case Local(var=var):
                return self.vars.places[var]
            case StateField() if isinstance(expr.obj.type, Conf):
                return self._configured(expr)
            case StateField():
                return self.state(expr)
            case Item():
                return self.item(expr)
            case ItemAt():
                return self._item_at(expr)
            case TableItem():
                return self.table_item(expr)
            case ListPop():
                return self.list_pop(expr)
            case Unwrap(value=value) if is_compound(value.type):
                return member(self.place(value), "value")
            case _:
                ctype, stars = c_type(self.out.unit, expr.type)
                temp = self.out.temp(ctype, stars, "made")
                self.compound_into(temp, expr)
                return temp

    def _configured(self, expr: StateField) -> c.Expr:
        """An optional float of the configuration, where nan says None: no directive gives it."""
        field = self.state(expr)
        temp = self.out.temp(self._ctype(expr), 0, "given")
        self.out.assign(member(temp, "present"), c.Binary("==", field, field))
        self.out.assign(member(temp, "value"), field)
        return temp

    @abstractmethod
    def list_pop(self, expr: ListPop) -> c.Expr:
        """The item that is taken out of a list."""

    def item(self, expr: Item) -> c.Expr:
        """An item of a tuple."""
        assert isinstance(expr.obj.type, Tuple)
        names = self.out.unit.member_names(expr.obj.type)
        return member(self.place(expr.obj), names[expr.index])

    def compound_into(self, target: c.Expr, expr: Expr) -> None:
        """Store a compound value, computed or not, in ``target``, which it does not read."""
        match expr:
            case TupleOf(items=items):
                assert isinstance(expr.type, Tuple)
                for name, item in zip(self.out.unit.member_names(expr.type), items, strict=True):
                    if not isinstance(item.type, NoneType):
                        self.store(member(target, name), item)
            case Const(value=None):
                self.out.call("ngx_memzero", address(target), c.SizeOf(self._ctype(expr)))
            case Wrap(value=value):
                self.out.assign(member(target, "present"), c.Int("1"))
                self.store(member(target, "value"), value)
            case CallHelper():
                if self.out.unit.helpers[expr.helper].fails:
                    # gcc does not see that a helper which succeeds has set all members
                    ctype, _ = c_type(self.out.unit, expr.type)
                    self.out.call("ngx_memzero", address(target), c.SizeOf(ctype))
                self._call_helper(expr, address(target))
            case Conditional(cond=cond, then=then, orelse=orelse):
                test = self.cond(cond)
                with self.out.block() as first:
                    self.compound_into(target, then)
                with self.out.block() as second:
                    self.compound_into(target, orelse)
                self.out.emit(c.If(test, tuple(first), tuple(second), line=self.out.line))
            case Walrus(var=var, value=value):
                self.set_named(var, value)
                self.out.assign(target, self.vars.places[var])
            case _:
                source = self.place(expr)
                self.out.assign(target, source)
                if self.copies_state and owned_by_context(expr):
                    for path in text_leaves(expr.type):
                        old, new = self.leaf(expr, source, path), self.leaf(expr, target, path)
                        self.snapshot(Ref(new), Ref(old))

    def _ctype(self, expr: Expr) -> str:
        return c_type(self.out.unit, expr.type)[0]

    def leaf(self, expr: Expr, place: c.Expr, path: tuple[str, ...]) -> c.Expr:
        """A member of a member …, by the names of the types."""
        type_ = expr.type
        for name in path:
            parts = members(type_)
            index = [n for n, _ in parts].index(name)
            place = member(place, self.out.unit.member_names(type_)[index])
            type_ = parts[index][1]
        return place

    def change_into(self, target: c.Expr, expr: Expr) -> None:
        """Store a changed object where it lies: one of its items is new."""
        _, place, item = self._change(target, expr)
        if is_string(item.type) or is_compound(item.type):
            ctype, stars = c_type(self.out.unit, item.type)
            temp = self.out.temp(ctype, stars, "new")
            self.store(temp, item)
            self.out.assign(place, temp)
        else:
            self.store(place, item)

    def _change(self, place: c.Expr, expr: Expr) -> tuple[tuple[str, ...], c.Expr, Expr]:
        """The names of the members that lead to the new item of an object, its place, and it."""
        names: tuple[str, ...] = ()
        while (change := changed_item(expr)) is not None:
            at, new = change
            names += (members(expr.type)[at][0],)
            place = member(place, self.out.unit.member_names(expr.type)[at])
            expr = new
        return names, place, expr

    def _keep_change(self, whole: c.Arrow, expr: Expr) -> None:
        """Likewise in a place that owns the bytes in it."""
        path, place, item = self._change(whole, expr)
        leaves = text_leaves(item.type)
        if not leaves:
            self.change_into(whole, expr)
            return
        ctype, stars = c_type(self.out.unit, item.type)
        temp = self.out.temp(ctype, stars, "new")
        self.store(temp, item)
        for leaf in leaves:
            storage = c.Arrow(whole.obj, "_".join((whole.name, *path, *leaf, "storage")))
            old, new = self.leaf(item, place, leaf), self.leaf(item, temp, leaf)
            args = (c.Arrow(self.out.r, "pool"), address(old), address(storage), address(new))
            call = c.Call("ngx_http_pyngx_keep", args)
            self.out.leave_if(c.Binary("!=", call, c.Name("NGX_OK")))
            self.out.assign(new, old)
        self.out.assign(place, temp)

    def keep_compound(self, place: c.Expr, expr: Expr) -> None:
        """Store a compound value in a field of the context that owns the bytes in it."""
        assert isinstance(place, c.Arrow)
        if changed_item(expr) is not None:
            self._keep_change(place, expr)
            return
        source = self.place(expr)
        if source == place:
            return
        made = self.out.temp(self._ctype(expr), 0, "kept")
        self.out.assign(made, source)
        if shuffles(expr):
            for path in text_leaves(expr.type):
                leaf = self.leaf(expr, made, path)
                bytes_ = self.out.temp("ngx_str_t", 0, "bytes")
                self.out.assign(bytes_, leaf)
                self.snapshot(Ref(leaf), Ref(bytes_))
        pool = c.Arrow(self.out.r, "pool")
        for path in text_leaves(expr.type):
            storage = c.Arrow(place.obj, "_".join((place.name, *path, "storage")))
            old, new = self.leaf(expr, place, path), self.leaf(expr, made, path)
            args = (pool, address(old), address(storage), address(new))
            call = c.Call("ngx_http_pyngx_keep", args)
            self.out.leave_if(c.Binary("!=", call, c.Name("NGX_OK")))
            self.out.assign(new, old)
        self.out.assign(place, made)
