"""Lists to C: nginx's arrays, made in the memory of the request."""

from __future__ import annotations

from pyngx.backend import cnodes as c
from pyngx.backend.compounds import CompoundLowering
from pyngx.backend.conds import negated
from pyngx.backend.unit import c_type
from pyngx.tree import ListMake, ListOf, ListPop, PushItem, SetItem
from pyngx.types import List, NoneType, Tuple, Type


class ListLowering(CompoundLowering):
    """Lowers lists that a function makes."""

    def _item_type(self, type_: Type) -> tuple[str, int]:
        """The C type of the items; of an empty list that nothing is put into, any."""
        assert isinstance(type_, List)
        if isinstance(type_.item, NoneType):
            return ("ngx_int_t", 0)
        return c_type(self.out.unit, type_.item)

    def list_made(self, expr: ListMake) -> c.Expr:
        """``[a, b]``."""
        out = self.out
        ctype, _ = self._item_type(expr.type)
        found = out.temp("ngx_array_t", 1, "made")
        size = c.Int(str(max(len(expr.items), 4)))
        out.assign(found, c.Call("ngx_array_create", (out.pool, size, c.SizeOf(ctype))))
        out.leave_if(c.Binary("==", found, c.Name("NULL")))
        for item in expr.items:
            slot = out.temp(ctype, 1, "item")
            out.assign(slot, c.Call("ngx_array_push", (found,)))
            out.leave_if(c.Binary("==", slot, c.Name("NULL")))
            self.store(c.Unary("*", slot), item)
        return found

    def push_item(self, stmt: PushItem) -> None:
        """``values.append(x)``: the value first, for it may change the list."""
        out = self.out
        ctype, stars = self._item_type(stmt.list.type)
        args = [self.kept(stmt.list, (stmt.value,), signed=False)]
        if stmt.index is not None:
            args.append(self.kept(stmt.index, (stmt.value,)))
        value = out.temp(ctype, stars, "new")
        self.store(value, stmt.value)
        slot = out.temp(ctype, 1, "item")
        name = "ngx_array_push" if stmt.index is None else "ngx_http_pyngx_list_insert"
        out.assign(slot, c.Call(name, tuple(args)))
        out.leave_if(c.Binary("==", slot, c.Name("NULL")))
        out.assign(c.Unary("*", slot), value)

    def set_item(self, stmt: SetItem) -> None:
        """``values[i] = x``: the value, the list, the index, as Python evaluates them."""
        out = self.out
        ctype, stars = self._item_type(stmt.list.type)
        value = out.temp(ctype, stars, "new")
        self.store(value, stmt.value)
        array = self.value(stmt.list)
        index = out.temp("ngx_int_t", 0, "i")
        out.assign(index, self.signed(stmt.index))
        length = c.Cast("ngx_int_t", c.Arrow(array, "nelts"))
        fix = c.ExprStmt(c.Assign(index, length, "+="), line=out.line)
        out.emit(c.If(c.Binary("<", index, c.Int("0")), (fix,)))
        low = c.Binary("<", index, c.Int("0"))
        bad = c.Binary("||", low, c.Binary(">=", index, length))
        out.fail_if(bad, stmt.span, "IndexError", "list assignment index out of range")
        items = c.Cast(f"{ctype} *", c.Arrow(array, "elts"))
        out.assign(c.Index(items, index), value)

    def list_pop(self, expr: ListPop) -> c.Expr:
        """``values.pop(i)``."""
        out = self.out
        array, index = self.operands((expr.value, expr.index))
        ctype, stars = self._item_type(expr.value.type)
        found = out.temp(ctype, stars, "popped")
        call = c.Call("ngx_http_pyngx_list_pop", (array, index, c.Unary("&", found)))
        failed = c.Binary("!=", call, c.Name("NGX_OK"))
        out.fail_if(failed, expr.span, "IndexError", "pop index out of range")
        return found

    def list_of(self, expr: ListOf) -> c.Expr:
        """A new array, filled from another one."""
        out = self.out
        source_type, item_type = expr.source.type, expr.item.type
        assert isinstance(source_type, List)
        source = out.temp("ngx_array_t", 1, "source")
        out.assign(source, self.value(expr.source))
        found = out.temp("ngx_array_t", 1, "made")
        ctype, _ = c_type(out.unit, item_type)
        size = c.Call("ngx_max", (c.Arrow(source, "nelts"), c.Int("1")))
        create = c.Call("ngx_array_create", (out.pool, size, c.SizeOf(ctype)))
        out.assign(found, create)
        out.leave_if(c.Binary("==", found, c.Name("NULL")))
        items_type, _ = c_type(out.unit, source_type.item)
        items = out.temp(items_type, 1, "items")
        out.assign(items, c.Arrow(source, "elts"))
        counter = out.temp("ngx_uint_t", 0, "k")
        with out.block() as body:
            self._comprehension(expr, c.Index(items, counter), found, ctype)
        init = c.Assign(counter, c.Int("0"))
        test = c.Binary("<", counter, c.Arrow(source, "nelts"))
        step = c.Postfix(counter, "++")
        out.emit(c.For(init, test, step, tuple(body), line=out.line))
        return found

    def _comprehension(self, expr: ListOf, item: c.Expr, found: c.Expr, ctype: str) -> None:
        assert isinstance(expr.source.type, List)
        source = expr.source.type.item
        if isinstance(source, Tuple) and len(expr.vars) > 1:
            for var, name in zip(expr.vars, self.out.unit.member_names(source), strict=True):
                if var in self.vars.places:
                    self.out.assign(self.vars.places[var], c.Member(item, name))
        else:
            place = self.vars.places.get(expr.vars[0])
            if place is not None:
                self.out.assign(place, item)
        self.out.blank()
        for cond in expr.conds:
            skip = (c.Continue(line=self.out.line),)
            self.out.emit(c.If(negated(self.cond(cond)), skip, line=self.out.line))
        slot = self.out.temp(ctype, 1, "item")
        self.out.assign(slot, c.Call("ngx_array_push", (found,)))
        self.out.leave_if(c.Binary("==", slot, c.Name("NULL")))
        self.store(c.Unary("*", slot), expr.item)
