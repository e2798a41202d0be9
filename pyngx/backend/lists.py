"""Lists to C: nginx's arrays, made in the memory of the request."""

from __future__ import annotations

from pyngx.backend import cnodes as c
from pyngx.backend.compounds import CompoundLowering
from pyngx.backend.unit import c_type
from pyngx.tree import Const, Expr, ListMake, ListPop, PushItem, SetItem, StateField
from pyngx.types import Ctx, List, NoneType, Type, text_leaves


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
        self._own_item(stmt.list, stmt.value, args[0], value)
        slot = out.temp(ctype, 1, "item")
        name = "ngx_array_push" if stmt.index is None else "ngx_http_pyngx_list_insert"
        out.assign(slot, c.Call(name, tuple(args)))
        out.leave_if(c.Binary("==", slot, c.Name("NULL")))
        out.assign(c.Unary("*", slot), value)

    def _own_item(self, owner: Expr, value: Expr, array: c.Expr, place: c.Expr) -> None:
        """Of a list of the context: copies of the bytes of a new item, in the list's own pool."""
        if not (isinstance(owner, StateField) and isinstance(owner.obj.type, Ctx)):
            return
        if isinstance(value, Const):
            return
        for leaf in text_leaves(value.type):
            address = c.Unary("&", self.leaf(value, place, leaf))
            keep = c.Call("ngx_http_pyngx_list_keep", (array, address))
            self.out.leave_if(c.Binary("!=", keep, c.Name("NGX_OK")))

    def set_item(self, stmt: SetItem) -> None:
        """``values[i] = x``: the value, the list, the index, as Python evaluates them."""
        out = self.out
        ctype, stars = self._item_type(stmt.list.type)
        value = out.temp(ctype, stars, "new")
        self.store(value, stmt.value)
        array = self.value(stmt.list)
        self._own_item(stmt.list, stmt.value, array, value)
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
