"""Generators to C: the cut into resumable states.

A generator is suspended where it reads. Before::

    yield b"<"
    for buf in body:
        yield buf
    yield b">"

After: what runs before the read is one state, the read and what follows it another::

    switch (s->state) {

    case brackets_start_state:
        ngx_http_pyngx_stream_text(…)
        s->state = brackets_read_state;

        /* fall through */

    case brackets_read_state:
        for ( ;; ) {
            rc = ngx_http_pyngx_stream_next(r, s);
            …

A loop whose body is not suspended stays a loop: entering it again is going on with it. Only where
a suspension lies deeper, inside an ``if`` or another loop, does control flow become jumps between
states. A generator whose first act is to read needs no state at all.

Variables that are live at a suspension live in the request's context, all others are C locals; the
buffer being read is the engine's ``s->buf``.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyngx.backend import cnodes as c
from pyngx.backend import integers
from pyngx.backend.conds import negated
from pyngx.backend.emitter import Emitter, Variables
from pyngx.backend.stmts import StmtLowering
from pyngx.flow.liveness import Liveness
from pyngx.flow.suspension import suspends
from pyngx.tree import (
    Block,
    Break,
    Const,
    Continue,
    ForBody,
    ForBytes,
    ForList,
    ForRange,
    Function,
    If,
    Return,
    Stmt,
    While,
    YieldRest,
)

STREAM = c.Name("s")


@dataclass
class _State:
    """A state: its name, and what runs from there on."""

    name: str
    body: list[c.Stmt]
    line: int | None


@dataclass(frozen=True)
class _Jumps:
    """Where ``break`` and ``continue`` of a loop lead; None for a loop of C's own."""

    head: str
    end: str


class GeneratorLowering(StmtLowering):
    """Lowers the body filter of the stream form."""

    def __init__(
        self,
        out: Emitter,
        variables: Variables,
        function: Function,
        liveness: Liveness,
        fields: frozenset[str],
    ) -> None:
        super().__init__(out, variables, function, liveness)
        self.fields = fields  # of the context
        self.states: list[_State] = []
        self.jumps = False
        self.loops: list[_Jumps | None] = []
        self.hidden: list[str] = []
        self._names: set[str] = set()

    @property
    def prefix(self) -> str:
        """What the names of states begin with."""
        return self.out.unit.program.name

    def lower(self) -> tuple[c.Stmt, ...]:
        """The body of the C function."""
        self._open("start")
        self.sequence(self.function.body)
        self._close()
        final = c.Return(c.Name("NGX_OK"))
        if len(self.states) == 1:
            body = self.states[0].body
            if self.jumps:
                return (c.For(None, None, None, (*body, final)),)
            return (*body, final)
        if self._ends_open():
            self.states[-1].body.append(final)
        cases = tuple(c.Case((c.Name(self._label(s.name)),), tuple(s.body)) for s in self.states)
        switch = c.Switch(c.Arrow(STREAM, "state"), cases)
        if self.jumps:
            return (c.For(None, None, None, (switch,)),)
        return (switch, final)

    def _ends_open(self) -> bool:
        return self.jumps

    def state_names(self) -> tuple[str, ...]:
        """The states in order, as the enumeration names them; none if there is one only."""
        return tuple(self._label(s.name) for s in self.states) if len(self.states) > 1 else ()

    def _label(self, name: str) -> str:
        return f"{self.prefix}_{name}_state"

    # States

    def _unique(self, name: str) -> str:
        found = name
        number = 2
        while found in self._names:
            found = f"{name}{number}"
            number += 1
        self._names.add(found)
        return found

    def _open(self, name: str) -> None:
        """Begin a state."""
        self._names.add(name)
        self.states.append(_State(name, [], self.out.line))
        self.out.stmts = self.states[-1].body

    def _close(self) -> None:
        while self.out.stmts and isinstance(self.out.stmts[-1], c.Blank):
            self.out.stmts.pop()

    def _resume_here(self, name: str) -> str:
        """From here on the generator can be entered again."""
        current = self.states[-1]
        if not current.body and len(self.states) == 1:
            self._names.discard(current.name)
            current.name = self._unique(name)
            return current.name
        if not current.body:
            return current.name
        unique = self._unique(name)
        self.out.blank()
        self._set_state(unique)
        self._open(unique)
        return unique

    def _set_state(self, name: str) -> None:
        self.out.assign(c.Arrow(STREAM, "state"), c.Name(self._label(name)))

    def _jump(self, name: str) -> None:
        self.jumps = True
        self._set_state(name)
        self.out.emit(c.Continue(line=self.out.line))

    # Statements

    def sequence(self, block: Block) -> None:
        """Statements some of which may suspend."""
        previous: Stmt | None = None
        for stmt in block:
            if suspends(stmt):
                self._suspending(stmt, previous)
            else:
                self.prologue(stmt, previous)
                with self.out.temporaries():
                    self.stmt(stmt)
            previous = stmt

    def _suspending(self, stmt: Stmt, previous: Stmt | None) -> None:
        match stmt:
            case YieldRest():
                self._resume_here("rest")
                self.prologue(stmt, None)
                self._read("ngx_http_pyngx_stream_rest", done_only=True)
            case ForBody() if not _suspends_within(stmt.body):
                self._resume_here("read")
                self.prologue(stmt, None)
                self._loop_over_body(stmt)
            case ForBody():
                self.prologue(stmt, previous)
                self._jumping_loop_over_body(stmt)
            case While():
                self.prologue(stmt, previous)
                self._while_waiting(stmt)
            case ForRange():
                self.prologue(stmt, previous)
                self._range_waiting(stmt)
            case If():
                self.prologue(stmt, previous)
                self._jumping_if(stmt)
            case _:
                raise AssertionError("the checker refuses other statements that suspend")

    def _read(self, name: str, *, done_only: bool) -> None:
        """A call that may suspend; what remains is that input is there, or has ended."""
        rc = self.out.temp("ngx_int_t", 0, "rc")
        self.out.assign(rc, c.Call(name, (self.out.r, STREAM)))
        if done_only:
            unfinished = c.Binary("!=", rc, c.Name("NGX_DONE"))
            self.out.emit(c.If(unfinished, (c.Return(rc),), line=self.out.line))

    def _loop_over_body(self, stmt: ForBody) -> None:
        line = self.out.line
        self.loops.append(None)
        with self.out.block() as body, self.out.temporaries():
            rc = self.out.temp("ngx_int_t", 0, "rc")
            call = c.Call("ngx_http_pyngx_stream_next", (self.out.r, STREAM))
            self.out.assign(rc, call)
            self.out.emit(c.If(c.Binary("==", rc, c.Name("NGX_DONE")), (c.Break(),), line=line))
            self.out.emit(c.If(c.Binary("!=", rc, c.Name("NGX_OK")), (c.Return(rc),), line=line))
            self.statements(stmt.body)
        self.loops.pop()
        self.out.emit(c.For(None, None, None, tuple(body), line=line))

    def _jumping_loop_over_body(self, stmt: ForBody) -> None:
        head = self._resume_here("read")
        end = self._unique(f"{head}_end")
        with self.out.temporaries():
            rc = self.out.temp("ngx_int_t", 0, "rc")
            call = c.Call("ngx_http_pyngx_stream_next", (self.out.r, STREAM))
            self.out.assign(rc, call)
            with self.out.block() as leave:
                self._jump(end)
            self.out.emit(c.If(c.Binary("==", rc, c.Name("NGX_DONE")), tuple(leave)))
            self.out.emit(c.If(c.Binary("!=", rc, c.Name("NGX_OK")), (c.Return(rc),)))
        self._jumping_body(stmt.body, head, end)

    def _jumping_body(self, body: Block, head: str, end: str) -> None:
        self.loops.append(_Jumps(head, end))
        self.sequence(body)
        self.loops.pop()
        self._jump(head)
        self._open(end)

    def _room(self) -> None:
        """Wait for room in a loop that yields and does not read."""
        call = c.Call("ngx_http_pyngx_stream_room", (STREAM,))
        full = c.Binary("!=", call, c.Name("NGX_OK"))
        self.out.emit(c.If(full, (c.Return(c.Name("NGX_AGAIN")),), line=self.out.line))

    def _while_waiting(self, stmt: While) -> None:
        if _suspends_within(stmt.body):
            head = self._resume_here("while")
            end = self._unique(f"{head}_end")
            self._room()
            with self.out.temporaries():
                cond = self.cond(stmt.cond)
                with self.out.block() as leave:
                    self._jump(end)
                self.out.emit(c.If(negated(cond), tuple(leave), line=self.out.line))
            self._jumping_body(stmt.body, head, end)
            return
        self._resume_here("while")
        line = self.out.line
        self.loops.append(None)
        with self.out.block() as body:
            self._room()
            with self.out.temporaries():
                cond = self.cond(stmt.cond)
                self.out.emit(c.If(negated(cond), (c.Break(),), line=line))
            self.statements(stmt.body)
        self.loops.pop()
        self.out.emit(c.For(None, None, None, tuple(body), line=line))

    def _keep(self, name: str) -> c.Expr:
        """A hidden variable in the context."""
        number = len(self.hidden) + 1
        while (unique := f"{name}{number}") in {*self.fields, *self.hidden}:
            number += 1
        self.hidden.append(unique)
        return c.Arrow(c.Name("ctx"), unique)

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
        line = self.out.line
        if _suspends_within(stmt.body):
            end = self._unique(f"{head}_end")
            self._room()
            with self.out.block() as leave:
                self._jump(end)
            self.out.emit(c.If(over, tuple(leave), line=line))
            self.set_loop_variable(stmt.var, counter)
            self.out.emit(advance)
            self._jumping_body(stmt.body, head, end)
            return
        self.loops.append(None)
        with self.out.block() as body:
            self._room()
            self.out.emit(c.If(over, (c.Break(),), line=line))
            self.set_loop_variable(stmt.var, counter)
            self.out.emit(advance)
            self.out.blank()
            self.statements(stmt.body)
        self.loops.pop()
        self.out.emit(c.For(None, None, None, tuple(body), line=line))

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

    # Leaving

    def stmt(self, stmt: Stmt) -> None:
        """``break`` and ``continue`` of a loop that became states are jumps."""
        match stmt:
            case Break() if self.loops and self.loops[-1] is not None:
                self._jump(self.loops[-1].end)
            case Continue() if self.loops and self.loops[-1] is not None:
                self._jump(self.loops[-1].head)
            case While() | ForRange() | ForBytes() | ForList():
                self.loops.append(None)
                super().stmt(stmt)
                self.loops.pop()
            case Return():
                self.out.emit(c.Return(c.Name("NGX_OK"), line=self.out.line))
            case _:
                super().stmt(stmt)


def _suspends_within(block: Block) -> bool:
    return any(suspends(s) for s in block)
