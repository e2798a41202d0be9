"""Stores of bytes, and loops over bytes as C compilers vectorise them: `pyngx.flow.byteloops`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from pyngx.backend import cnodes as c
from pyngx.backend.exprs import ExprLowering
from pyngx.flow.byteloops import addition, counted, indexed_buffers, same_place
from pyngx.tree import (
    Block,
    ForBytes,
    ForRange,
    If,
    Local,
    SetByte,
    SetBytes,
    Stmt,
    Var,
)


class ByteLoops(ExprLowering):
    """Lowers stores of bytes, and what stands around a loop over bytes."""

    read: frozenset[Var]

    @abstractmethod
    def stmt(self, stmt: Stmt) -> None:
        """Lower one statement."""

    def set_byte(self, stmt: SetByte) -> None:
        """``buf[i] = x``."""
        buf = self.value(stmt.buf)
        pos: c.Expr = c.Arrow(buf, "pos")
        last = c.Arrow(buf, "last")
        if isinstance(stmt.buf, Local):
            pos = self.vars.positions.get(stmt.buf.var, pos)
        index: c.Expr = self.signed(stmt.index)
        if stmt.checked:
            found = self.out.temp("ngx_int_t", 0, "i")
            self.out.assign(found, index)
            length = c.Binary("-", last, pos)
            if stmt.index.range.lo < 0:
                fix = c.ExprStmt(c.Assign(found, length, "+="), line=self.out.line)
                self.out.emit(c.If(c.Binary("<", found, c.Int("0")), (fix,)))
            low = c.Binary("<", found, c.Int("0"))
            high = c.Binary(">=", found, length)
            bad = high if stmt.index.range.lo >= 0 else c.Binary("||", low, high)
            self.out.fail_if(bad, stmt.span, "IndexError", "index out of range")
            index = found
        self.out.assign(c.Index(pos, index), self.value(stmt.value))

    def set_bytes(self, stmt: SetBytes) -> None:
        """``buf[:] = value``."""
        buf = self.value(stmt.buf)
        value = self.string(stmt.value, "content")
        pos, last = c.Arrow(buf, "pos"), c.Arrow(buf, "last")
        length = c.Cast("size_t", c.Binary("-", last, pos))
        what = "the length of a buffer cannot change"
        self.out.fail_if(c.Binary("!=", value.len, length), stmt.span, "ValueError", what)
        self.out.call("ngx_memmove", pos, value.data, value.len)

    def store_either(self, stmt: If) -> bool:
        """``if cond: buf[i] = x`` in a loop over bytes, as a store of either value; False if it is
        none."""
        store = same_place(stmt) if self.vars.positions else None
        if store is None:
            return False
        place = c.Index(self._position(store), self.signed(store.index))
        self.out.assign(place, self._either(stmt, place))
        return True

    def _position(self, store: SetByte) -> c.Expr:
        assert isinstance(store.buf, Local)
        return self.vars.positions.get(store.buf.var, c.Arrow(self.value(store.buf), "pos"))

    def _either(self, stmt: If, place: c.Expr) -> c.Expr:
        cond = self.cond(stmt.cond)
        values = [place, place]
        for i, block in enumerate((stmt.then, stmt.orelse)):
            for inner in block:
                if isinstance(inner, If):
                    values[i] = self._either(inner, place)
                elif isinstance(inner, SetByte):
                    values[i] = self.value(inner.value)
        return c.Ternary(cond, *values)

    @contextmanager
    def tight(self, stmt: ForRange | ForBytes) -> Iterator[Block]:
        """What a loop over bytes needs in locals, for a store of a byte may change any memory:
        where its buffers begin, and what it counts. Gives the body to lower."""
        outer = dict(self.vars.positions)
        for buf in indexed_buffers(stmt.body):
            if isinstance(buf, Local) and buf.var not in outer:
                pos = self.out.temp("u_char", 1, "pos")
                self.out.assign(pos, c.Arrow(self.value(buf), "pos"))
                self.vars.positions[buf.var] = pos
        body, counters = (stmt.body, ()) if self.out.handlers else counted(stmt)
        for counter in counters:
            sum_ = self.out.temp("ngx_int_t", 0, counter.local.name)
            self.vars.places[counter.local] = sum_
            self.read |= {counter.local}
            self.out.assign(sum_, c.Int("0"))
        yield body
        self.vars.positions = outer
        for counter in counters:
            self.stmt(addition(counter))
