"""Loops that wait for room, and control flow that becomes jumps between states."""

from __future__ import annotations

from collections.abc import Callable

from pyngx.backend import cnodes as c
from pyngx.backend import integers
from pyngx.backend.conds import negated
from pyngx.backend.states import Inlined, Jumps, States
from pyngx.backend.unit import c_type
from pyngx.flow.suspension import suspends, waits_for_room
from pyngx.flow.walk import statements
from pyngx.tree import (
    Block,
    Const,
    ForBytes,
    ForList,
    ForRange,
    If,
    Inline,
    LeaveInline,
    While,
)
from pyngx.types import List


class Waiting(States):
    """Lowers what is suspended for want of room."""

    def _while_waiting(self, stmt: While) -> None:
        if suspends_within(stmt.body):
            head = self._resume_here("while")
            end = self._unique(f"{head}_end")
            if waits_for_room(stmt):
                self._room()
            if not endless(stmt):
                with self.out.looping(), self.out.temporaries():
                    cond = self.cond(stmt.cond)
                    with self.out.block() as leave:
                        self._jump(end)
                    self.out.emit(c.If(negated(cond), tuple(leave), line=self.out.line))
            self._jumping_body(stmt.body, head, end)
            return
        self._resume_here("while")
        line = self.out.line
        self.loops.append(None)
        with self.out.looping(), self.out.block() as body:
            self._room()
            if not endless(stmt):
                with self.out.temporaries():
                    cond = self.cond(stmt.cond)
                    self.out.emit(c.If(negated(cond), (c.Break(),), line=line))
            self.statements(stmt.body)
        self.loops.pop()
        self.out.emit(c.For(None, None, None, tuple(body), line=line))

    def _items_waiting(self, stmt: ForBytes | ForList) -> None:
        """A loop over bytes or a list: what is iterated and the position live in the context."""
        position = self._keep("next")
        with self.out.temporaries():
            over, item = self._iterated(stmt, position)
            self.out.assign(position, c.Int("0"))
        head = self._resume_here("items")
        advance = c.ExprStmt(c.Postfix(position, "++"))
        self._counted(stmt.body, head, over, item, advance)

    def _counted(
        self, block: Block, head: str, over: c.Expr, take: Callable[[], None], advance: c.Stmt
    ) -> None:
        """The rounds of a loop whose position is kept: room, the test for its end, the item."""
        line = self.out.line
        if suspends_within(block):
            end = self._unique(f"{head}_end")
            self._room()
            with self.out.block() as leave:
                self._jump(end)
            self.out.emit(c.If(over, tuple(leave), line=line))
            take()
            self.out.emit(advance)
            self._jumping_body(block, head, end)
            return
        self.loops.append(None)
        with self.out.looping(), self.out.block() as body:
            self._room()
            self.out.emit(c.If(over, (c.Break(),), line=line))
            take()
            self.out.emit(advance)
            self.out.blank()
            self.statements(block)
        self.loops.pop()
        self.out.emit(c.For(None, None, None, tuple(body), line=line))

    def _iterated(
        self, stmt: ForBytes | ForList, position: c.Expr
    ) -> tuple[c.Expr, Callable[[], None]]:
        """Evaluate what is iterated; the test for its end, and what fetches the item."""
        if isinstance(stmt, ForBytes):
            data = self._keep("bytes", "ngx_str_t")
            storage = self._keep("storage", "ngx_str_t")
            source = self.string(stmt.value, "text")
            pool = c.Arrow(self.out.r, "pool")
            addresses = (c.Unary("&", data), c.Unary("&", storage), source.address)
            keep = c.Call("ngx_http_pyngx_keep", (pool, *addresses))
            self.out.leave_if(c.Binary("!=", keep, c.Name("NGX_OK")))
            byte = c.Index(c.Member(data, "data"), position)
            over = c.Binary(">=", position, c.Cast("ngx_int_t", c.Member(data, "len")))
            return over, lambda: self.set_loop_variable(stmt.var, byte)
        array = self._keep("list", "ngx_array_t", 1)
        self.out.assign(array, self.value(stmt.value))
        over = c.Binary(">=", position, c.Cast("ngx_int_t", c.Arrow(array, "nelts")))
        return over, lambda: self._item(stmt, array, position)

    def _item(self, stmt: ForList, array: c.Expr, position: c.Expr) -> None:
        assert isinstance(stmt.value.type, List)
        ctype, _ = c_type(self.out.unit, stmt.value.type.item)
        with self.out.temporaries():
            items = self.out.temp(ctype, 1, "items")
            self.out.assign(items, c.Arrow(array, "elts"))
            self.take_item(stmt, c.Index(items, position))

    def _range_waiting(self, stmt: ForRange) -> None:
        step = stmt.step
        assert isinstance(step, Const) and isinstance(step.value, int)
        counter, stop = self._keep("next"), self._keep("stop")
        with self.out.temporaries():
            start_value, stop_value = self.operands((stmt.start, stmt.stop))
            self.out.assign(counter, start_value)
            self.out.assign(stop, stop_value)
        head = self._resume_here("range")
        over = c.Binary(">=" if step.value > 0 else "<=", counter, stop)
        advance = c.ExprStmt(c.Assign(counter, integers.literal(step.value), "+="))

        def take() -> None:
            self.set_loop_variable(stmt.var, counter)

        self._counted(stmt.body, head, over, take, advance)

    def _jumping_if(self, stmt: If) -> None:
        end = self._unique("endif")
        orelse = self._unique("else") if stmt.orelse else end
        with self.out.temporaries():
            cond = self.cond(stmt.cond)
            with self.out.block() as leave:
                self._jump(orelse)
            self.out.emit(c.If(negated(cond), tuple(leave), line=self.out.line))
        self.sequence(stmt.then)
        if stmt.orelse:
            self._jump(end)
            self._open(orelse)
            self.sequence(stmt.orelse)
        self.out.blank()
        self._set_state(end)
        self._open(end)

    def _jumping_body(self, body: Block, head: str, end: str) -> None:
        self.loops.append(Jumps(head, end))
        with self.out.looping():
            self.sequence(body)
        self.loops.pop()
        self._jump(head)
        self._open(end)

    def _in_place(self, stmt: Inline) -> None:
        end = self._unique("done")
        self.inlines.append(Inlined(end, len(self.loops)))
        self.sequence(stmt.body)
        self.inlines.pop()
        if any(isinstance(s, LeaveInline) for s in statements(stmt.body)):
            self.out.blank()
            self._set_state(end)
            self._open(end)

    def _leave_inline(self) -> None:
        """To the end of the generator in place, also from inside a loop of C's."""
        inlined = self.inlines[-1]
        if any(loop is None for loop in self.loops[inlined.loops :]):
            self.jumps = self.again = True
            self._set_state(inlined.end)
            self.out.emit(c.Goto("again", line=self.out.line))
        else:
            self._jump(inlined.end)


def endless(stmt: While) -> bool:
    """Whether a loop has no condition."""
    return isinstance(stmt.cond, Const) and stmt.cond.value is True


def suspends_within(block: Block) -> bool:
    """Whether the generator can be suspended in a block."""
    return any(suspends(s) for s in block)
