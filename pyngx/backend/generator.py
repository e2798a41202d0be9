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

from pyngx.backend import cnodes as c
from pyngx.backend.calls import never_empty
from pyngx.backend.emitter import Ref
from pyngx.backend.format import format_to_stream
from pyngx.backend.lowering import is_string
from pyngx.backend.states import STREAM
from pyngx.backend.waiting import Waiting, endless, suspends_within
from pyngx.flow.suspension import suspends
from pyngx.flow.walk import expressions
from pyngx.tree import (
    Assign,
    Block,
    Break,
    Continue,
    Expr,
    Finally,
    ForBody,
    ForBytes,
    ForLines,
    ForList,
    Format,
    ForRange,
    ForScan,
    If,
    Inline,
    LeaveFinally,
    LeaveInline,
    Local,
    ReadInto,
    Return,
    Stmt,
    Try,
    Var,
    While,
    Yield,
    YieldRest,
    YieldSubrequest,
)
from pyngx.types import List, is_compound


class GeneratorLowering(Waiting):
    """Lowers the body filter of the stream form."""

    def sequence(self, block: Block) -> None:
        """Statements some of which may suspend."""
        previous: Stmt | None = None
        around = list(self.out.handlers)
        for stmt in block:
            if isinstance(stmt, LeaveFinally):
                self.out.leave_finally()
                continue
            if suspends(stmt):
                self._suspending(stmt, previous)
            else:
                self.prologue(stmt, previous)
                with self.out.temporaries():
                    self.stmt(stmt)
            previous = stmt
        self.out.handlers = around

    def _suspending(self, stmt: Stmt, previous: Stmt | None) -> None:
        self.out.at(stmt.span)
        match stmt:
            case YieldRest():
                self._resume_here("rest")
                self.prologue(stmt, None)
                self._rest()
            case ReadInto():
                self._resume_here("read")
                self.prologue(stmt, None)
                with self.out.temporaries():
                    self._fetch(self._call(stmt.method, stmt.bound), stmt.var, ())
            case ForBody() | ForLines() | ForScan():
                self._reading_loop(stmt, previous)
            case While() if _reads_first(stmt):
                self._resume_here("read")
                self.prologue(stmt, None)
                self._while_reading(stmt)
            case While():
                self.prologue(stmt, previous)
                self._while_waiting(stmt)
            case ForRange():
                self.prologue(stmt, previous)
                self._range_waiting(stmt)
            case ForBytes() | ForList():
                self.prologue(stmt, previous)
                self._items_waiting(stmt)
            case If():
                self.prologue(stmt, previous)
                self._jumping_if(stmt)
            case Inline():
                self.prologue(stmt, previous)
                self._in_place(stmt)
            case Try():
                self.prologue(stmt, previous)
                self.try_(stmt, self.sequence)
            case Finally():
                self.prologue(stmt, previous)
                self.finally_(stmt, self.sequence)
            case _:
                raise AssertionError("the checker refuses other statements that suspend")

    def _rest(self) -> None:
        with self.out.temporaries():
            rc = self.out.temp("ngx_int_t", 0, "rc")
            self.out.assign(rc, c.Call("ngx_http_pyngx_stream_rest", (self.out.r, STREAM)))
            unfinished = c.Binary("!=", rc, c.Name("NGX_DONE"))
            self.out.emit(c.If(unfinished, (c.Return(rc),), line=self.out.line))

    def _call(self, method: str, bound: Expr) -> tuple[str, tuple[c.Expr, ...]]:
        return f"ngx_http_pyngx_stream_{method}", (self.signed(bound),)

    def _fetch(
        self, call: tuple[str, tuple[c.Expr, ...]], var: Var, at_end: tuple[c.Stmt, ...]
    ) -> None:
        """Read bytes into a variable; an empty read is the end."""
        name, args = call
        owned = var in self.memory.owned
        place = None if owned else self.vars.places.get(var)
        if place is None:
            place = self.out.temp("ngx_str_t", 0, "bytes")
        rc = self.out.temp("ngx_int_t", 0, "rc")
        whole = (self.out.r, STREAM, *args, c.Unary("&", place))
        self.out.assign(rc, c.Call(name, whole))
        failed = c.Binary("!=", rc, c.Name("NGX_OK"))
        self.out.emit(c.If(failed, (c.Return(rc),), line=self.out.line))
        if at_end:
            empty = c.Binary("==", c.Member(place, "len"), c.Int("0"))
            self.out.emit(c.If(empty, at_end, line=self.out.line))
        if owned:
            self._own(var, Ref(place))

    def _next(self, stmt: ForBody | ForLines | ForScan, leave: tuple[c.Stmt, ...]) -> None:
        """The head of a reading loop: the next item, or ``leave`` at the end."""
        match stmt:
            case ForLines():
                self._fetch(self._call("readline", stmt.bound), stmt.var, leave)
            case ForBody() | ForScan():
                args: tuple[c.Expr, ...] = (self.out.r, STREAM)
                name = "next"
                if isinstance(stmt, ForScan):
                    name = "scan"
                    scan, part = self.scans[id(stmt)]
                    args = (*args, c.Unary("&", scan), c.Unary("&", part))
                rc = self.out.temp("ngx_int_t", 0, "rc")
                self.out.assign(rc, c.Call(f"ngx_http_pyngx_stream_{name}", args))
                line = self.out.line
                self.out.emit(c.If(c.Binary("==", rc, c.Name("NGX_DONE")), leave, line=line))
                failed = c.Binary("!=", rc, c.Name("NGX_OK"))
                self.out.emit(c.If(failed, (c.Return(rc),), line=line))
                current = c.Arrow(STREAM, "buf")
                if isinstance(stmt, ForBody) and self.vars.places[stmt.var] != current:
                    self.set_loop_variable(stmt.var, current)
                    self.out.blank()

    def _reading_loop(self, stmt: ForBody | ForLines | ForScan, previous: Stmt | None) -> None:
        name = {ForBody: "read", ForLines: "lines", ForScan: "scan"}[type(stmt)]
        if isinstance(stmt, ForScan):
            self.prologue(stmt, previous)
            self._start_scan(stmt)
        if suspends_within(stmt.body):
            if not isinstance(stmt, ForScan):
                self.prologue(stmt, previous)
            head = self._resume_here(name)
            end = self._unique(f"{head}_end")
            with self.out.temporaries():
                with self.out.block() as leave:
                    self._jump(end)
                self._next(stmt, tuple(leave))
            self._jumping_body(stmt.body, head, end)
            return
        self._resume_here(name)
        if not isinstance(stmt, ForScan):
            self.prologue(stmt, None)
        line = self.out.line
        self.loops.append(None)
        with self.out.looping(), self.out.block() as body:
            with self.out.temporaries():
                self._next(stmt, (c.Break(),))
            self.statements(stmt.body)
        self.loops.pop()
        self.out.emit(c.For(None, None, None, tuple(body), line=line))

    def _while_reading(self, stmt: While) -> None:
        """``while chunk := body.read(n):``, with no other suspension: a loop of C's own."""
        line = self.out.line
        first = stmt.body[0]
        assert isinstance(first, ReadInto)
        self.loops.append(None)
        with self.out.looping(), self.out.block() as body:
            with self.out.temporaries():
                self._fetch(self._call(first.method, first.bound), first.var, ())
            self.statements(stmt.body[1:])
        self.loops.pop()
        self.out.emit(c.For(None, None, None, tuple(body), line=line))

    def _start_scan(self, stmt: ForScan) -> None:
        """Prepare a scan: its literals and state, in the context."""
        scan = self._keep("scan", "ngx_http_pyngx_scan_t")
        part = self._keep("part", "ngx_http_pyngx_part_t")
        self.scans[id(stmt)] = (scan, part)
        self.vars.places[stmt.var] = part
        with self.out.temporaries():
            literals, count = self._scan_literals(stmt.literals)
            call = c.Call(
                "ngx_http_pyngx_scan_init",
                (
                    self.out.r,
                    STREAM,
                    c.Unary("&", scan),
                    literals,
                    count,
                    c.Int(str(int(stmt.ignore_case))),
                    self.signed(stmt.limit),
                ),
            )
            if all(map(never_empty, stmt.literals)):
                self.out.leave_if(c.Binary("!=", call, c.Name("NGX_OK")))
                return
            rc = self.out.temp("ngx_int_t", 0, "rc")
            self.out.assign(rc, call)
            empty = c.Binary("==", rc, c.Name("NGX_DECLINED"))
            self.out.fail_if(empty, stmt.span, "ValueError", "an empty literal to scan for")
            self.out.leave_if(c.Binary("!=", rc, c.Name("NGX_OK")))

    def _scan_literals(self, literals: tuple[Expr, ...]) -> tuple[c.Expr, c.Expr]:
        if len(literals) == 1 and isinstance(literals[0].type, List):
            array = self.value(literals[0])
            return c.Arrow(array, "elts"), c.Arrow(array, "nelts")
        if len(literals) == 1:
            return self.string(literals[0], "literal").address, c.Int("1")
        name = self.out.names.claim("literals")
        self.out.decls.append(c.Decl("ngx_str_t", 0, name, array=str(len(literals))))
        for i, literal in enumerate(literals):
            self.string_into(Ref(c.Index(c.Name(name), c.Int(str(i)))), literal)
        return c.Name(name), c.Int(str(len(literals)))

    def reused(self, expr: Expr) -> bool:
        """A variable that owns its storage uses it again, as a field of the context does."""
        parts = expressions(expr)
        owned = any(isinstance(e, Local) and e.var in self.memory.owned for e in parts)
        return owned or super().reused(expr)

    def set_named(self, var: Var, value: Expr) -> None:
        """A variable that owns its storage gets a copy."""
        if var in self.memory.owned:
            self._own_value(var, value)
        else:
            super().set_named(var, value)

    def _own_value(self, var: Var, value: Expr) -> None:
        """Copy a value whose bytes a variable owns."""
        if is_compound(value.type):
            self.keep_compound(self.vars.places[var], value)
        else:
            self._own(var, self.string(value, "value"))

    def stmt(self, stmt: Stmt) -> None:
        """What sends; ``break`` and ``continue`` of a loop that became states are jumps."""
        match stmt:
            case Assign(var=var, value=value) if var in self.memory.owned:
                self._own_value(var, value)
            case Yield():
                self._yield(stmt)
            case YieldSubrequest(uri=uri, args=args):
                found = (self.string(uri, "uri").address, self.string(args, "args").address)
                call = c.Call("ngx_http_pyngx_stream_subrequest", (self.out.r, STREAM, *found))
                self.out.leave_if(c.Binary("!=", call, c.Name("NGX_OK")))
            case Break() if self.loops and self.loops[-1] is not None:
                self._jump(self.loops[-1].end)
            case Continue() if self.loops and self.loops[-1] is not None:
                self._jump(self.loops[-1].head)
            case While() | ForRange() | ForBytes() | ForList():
                self.loops.append(None)
                super().stmt(stmt)
                self.loops.pop()
            case LeaveInline():
                self._leave_inline()
            case Return():
                self.out.emit(c.Return(c.Name("NGX_OK"), line=self.out.line))
            case _:
                super().stmt(stmt)

    def _yield(self, stmt: Yield) -> None:
        """A buffer that is not needed any more goes on itself; what lasts is pointed at; what is
        formatted is written where it is sent from; the rest is viewed or copied."""
        value = stmt.value
        if not is_string(value.type):
            assert isinstance(value, Local) and self.liveness is not None
            needed = value.var in self.liveness.live_after(stmt)
            name = "view" if needed else "pass"
            call = c.Call(f"ngx_http_pyngx_stream_{name}", (self.out.r, STREAM))
        elif isinstance(value, Format) and any(p.value is not None for p in value.pieces):
            format_to_stream(self, value.pieces)
            return
        else:
            lasts = self.memory.lasts(value, self.out.loops > 0)
            arg = self.string(value, "text").address
            name = "text" if lasts else "write"
            call = c.Call(f"ngx_http_pyngx_stream_{name}", (self.out.r, STREAM, arg))
        self.out.leave_if(c.Binary("!=", call, c.Name("NGX_OK")))


def _reads_first(stmt: While) -> bool:
    """Whether a loop reads in each round, first of all, and is not suspended otherwise."""
    if not (endless(stmt) and stmt.body and isinstance(stmt.body[0], ReadInto)):
        return False
    return not suspends_within(stmt.body[1:])
