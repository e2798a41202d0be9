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

from collections.abc import Callable
from dataclasses import dataclass

from pyngx.backend import cnodes as c
from pyngx.backend import integers
from pyngx.backend.conds import negated
from pyngx.backend.emitter import Emitter, Ref, Variables
from pyngx.backend.format import format_to_stream
from pyngx.backend.lowering import is_string
from pyngx.backend.stmts import StmtLowering
from pyngx.backend.unit import c_type
from pyngx.flow.lifetimes import Memory
from pyngx.flow.liveness import Liveness
from pyngx.flow.suspension import suspends, waits_for_room
from pyngx.flow.walk import statements
from pyngx.tree import (
    Assign,
    Block,
    Break,
    Const,
    Continue,
    Expr,
    ForBody,
    ForBytes,
    ForLines,
    ForList,
    Format,
    ForRange,
    ForScan,
    Function,
    If,
    Inline,
    LeaveInline,
    Local,
    ReadInto,
    Return,
    Stmt,
    Var,
    While,
    Yield,
    YieldRest,
    YieldSubrequest,
)
from pyngx.types import List

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


@dataclass(frozen=True)
class _Inlined:
    """A generator in place: where its ``return`` leads, and the loops around it."""

    end: str
    loops: int


class GeneratorLowering(StmtLowering):
    """Lowers the body filter of the stream form."""

    def __init__(
        self,
        out: Emitter,
        variables: Variables,
        function: Function,
        live: Liveness,
        memory: Memory,
    ) -> None:
        super().__init__(out, variables, function, live)
        self.states: list[_State] = []
        self.jumps = False
        self.loops: list[_Jumps | None] = []
        self.hidden: list[c.Decl] = []
        self.again = False
        self.inlines: list[_Inlined] = []
        self.scans: dict[int, tuple[c.Expr, c.Expr]] = {}
        self.memory = memory
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
        if self.again:
            return (c.For(None, None, None, (c.Label("again"), switch)),)
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
            case _:
                raise AssertionError("the checker refuses other statements that suspend")

    # Reads

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
        place = self.out.temp("ngx_str_t", 0, "bytes") if owned else self.vars.places[var]
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

    def _own(self, var: Var, source: Ref) -> None:
        """Copy bytes into a variable's own storage in the context."""
        place = self.vars.places[var]
        assert isinstance(place, c.Arrow)
        size = c.Arrow(place.obj, f"{place.name}_size")
        pool = c.Arrow(self.out.r, "pool")
        addresses = (c.Unary("&", place), c.Unary("&", size), source.address)
        call = c.Call("ngx_http_pyngx_keep", (pool, *addresses))
        self.out.leave_if(c.Binary("!=", call, c.Name("NGX_OK")))

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
        if _suspends_within(stmt.body):
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

    def _jumping_body(self, body: Block, head: str, end: str) -> None:
        self.loops.append(_Jumps(head, end))
        with self.out.looping():
            self.sequence(body)
        self.loops.pop()
        self._jump(head)
        self._open(end)

    # Loops that wait for room

    def _room(self) -> None:
        """Wait for room in a loop that yields and does not read."""
        call = c.Call("ngx_http_pyngx_stream_room", (STREAM,))
        full = c.Binary("!=", call, c.Name("NGX_OK"))
        self.out.emit(c.If(full, (c.Return(c.Name("NGX_AGAIN")),), line=self.out.line))

    def _while_waiting(self, stmt: While) -> None:
        if _suspends_within(stmt.body):
            head = self._resume_here("while")
            end = self._unique(f"{head}_end")
            if waits_for_room(stmt):
                self._room()
            if not _endless(stmt):
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
            if not _endless(stmt):
                with self.out.temporaries():
                    cond = self.cond(stmt.cond)
                    self.out.emit(c.If(negated(cond), (c.Break(),), line=line))
            self.statements(stmt.body)
        self.loops.pop()
        self.out.emit(c.For(None, None, None, tuple(body), line=line))

    def _keep(self, name: str, ctype: str = "ngx_int_t", stars: int = 0) -> c.Expr:
        """A hidden variable in the context."""
        unique = f"{name}{len(self.hidden) + 1}"
        self.hidden.append(c.Decl(ctype, stars, unique))
        return c.Arrow(c.Name("ctx"), unique)

    def _items_waiting(self, stmt: ForBytes | ForList) -> None:
        """A loop over bytes or a list: what is iterated and the position live in the context."""
        position = self._keep("next")
        with self.out.temporaries():
            over, item = self._iterated(stmt, position)
            self.out.assign(position, c.Int("0"))
        head = self._resume_here("items")
        advance = c.ExprStmt(c.Postfix(position, "++"))
        line = self.out.line
        if _suspends_within(stmt.body):
            end = self._unique(f"{head}_end")
            self._room()
            with self.out.block() as leave:
                self._jump(end)
            self.out.emit(c.If(over, tuple(leave), line=line))
            item()
            self.out.emit(advance)
            self._jumping_body(stmt.body, head, end)
            return
        self.loops.append(None)
        with self.out.looping(), self.out.block() as body:
            self._room()
            self.out.emit(c.If(over, (c.Break(),), line=line))
            item()
            self.out.emit(advance)
            self.out.blank()
            self.statements(stmt.body)
        self.loops.pop()
        self.out.emit(c.For(None, None, None, tuple(body), line=line))

    def _iterated(
        self, stmt: ForBytes | ForList, position: c.Expr
    ) -> tuple[c.Expr, Callable[[], None]]:
        """Evaluate what is iterated; the test for its end, and what fetches the item."""
        if isinstance(stmt, ForBytes):
            data = self._keep("bytes", "ngx_str_t")
            size = self._keep("size", "size_t")
            source = self.string(stmt.value, "text")
            pool = c.Arrow(self.out.r, "pool")
            addresses = (c.Unary("&", data), c.Unary("&", size), source.address)
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
        with self.out.looping(), self.out.block() as body:
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

    def _in_place(self, stmt: Inline) -> None:
        end = self._unique("done")
        self.inlines.append(_Inlined(end, len(self.loops)))
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

    # Leaving

    def stmt(self, stmt: Stmt) -> None:
        """What sends; ``break`` and ``continue`` of a loop that became states are jumps."""
        match stmt:
            case Assign(var=var, value=value) if var in self.memory.owned:
                self._own(var, self.string(value, "value"))
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

    # Sending

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
    if not (_endless(stmt) and stmt.body and isinstance(stmt.body[0], ReadInto)):
        return False
    return not _suspends_within(stmt.body[1:])


def _endless(stmt: While) -> bool:
    return isinstance(stmt.cond, Const) and stmt.cond.value is True


def _suspends_within(block: Block) -> bool:
    return any(suspends(s) for s in block)
