"""The states of a resumable function: opening, resuming, jumping, what is kept between them."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, is_dataclass
from dataclasses import fields as dataclass_fields

from pyngx.backend import cnodes as c
from pyngx.backend.emitter import Emitter, Ref, Variables
from pyngx.backend.jumps import State, state_label, threaded
from pyngx.backend.stmts import StmtLowering
from pyngx.flow.lifetimes import Memory
from pyngx.flow.liveness import Liveness
from pyngx.tree import (
    Block,
    Function,
    Var,
)

STREAM = c.Name("s")
STATE = c.Arrow(STREAM, "state")


@dataclass(frozen=True)
class Jumps:
    """Where ``break`` and ``continue`` of a loop lead; None for a loop of C's own."""

    head: str
    end: str


@dataclass(frozen=True)
class Kept:
    """A variable that is kept in the request's context: the line that sets it first, and whether
    it owns a copy of its bytes."""

    name: str
    line: int
    owned: bool


@dataclass(frozen=True)
class Suspensions:
    """Where a generator is suspended: the states with their lines, and what is kept meanwhile."""

    states: tuple[tuple[str, int], ...] = ()
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True)
class Inlined:
    """A generator in place: where its ``return`` leads, and the loops around it."""

    end: str
    loops: int


def _mentions(node: object, name: str) -> bool:
    """Whether a tree of C has a name in it."""
    if isinstance(node, tuple):
        return any(_mentions(item, name) for item in node)
    if isinstance(node, c.Name):
        return node.id == name
    if not is_dataclass(node):
        return False
    return any(_mentions(getattr(node, f.name), name) for f in dataclass_fields(node))


class States(StmtLowering):
    """Cuts a function into states."""

    def __init__(
        self,
        out: Emitter,
        variables: Variables,
        function: Function,
        live: Liveness,
        memory: Memory,
        fields: frozenset[str],
    ) -> None:
        super().__init__(out, variables, function, live)
        self.states: list[State] = []
        self.resumes: list[tuple[str, int]] = []
        self.jumps = False
        self.loops: list[Jumps | None] = []
        self.hidden: list[c.Decl] = []
        self.again = False
        self.inlines: list[Inlined] = []
        self.scans: dict[int, tuple[c.Expr, c.Expr]] = {}
        self.memory = memory
        self.fields = set(fields)  # of the context
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
        self.end_label()
        final = c.Return(c.Name("NGX_OK"))
        if len(self.states) == 1:
            body = self.states[0].body
            if self.jumps:
                return (c.For(None, None, None, (*body, final)),)
            return (*body, final)
        if self.jumps:
            self.states[-1].body.append(final)
        self.states = threaded(self.states, STATE)
        cases = tuple(c.Case((c.Name(s.label),), tuple(s.body)) for s in self.states)
        switch = c.Switch(STATE, cases)
        if self.again:
            return (c.For(None, None, None, (c.Label("again"), switch)),)
        if self.jumps:
            return (c.For(None, None, None, (switch,)),)
        return (switch, final)

    def shared(self, name: str) -> bool:
        """Whether several states use a local. It has its value wherever control can come from,
        but gcc does not follow a jump through ``s->state``."""
        using = [s for s in self.states if any(_mentions(stmt, name) for stmt in s.body)]
        return self.jumps and len(using) > 1

    def state_names(self) -> tuple[str, ...]:
        """The states in order, as the enumeration names them; none if there is one only."""
        return tuple(s.label for s in self.states) if len(self.states) > 1 else ()

    def _label(self, name: str) -> str:
        return state_label(self.prefix, name)

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
        self.states.append(State(self.prefix, name, [], self.out.line))
        self.out.stmts = self.states[-1].body

    def _close(self) -> None:
        while self.out.stmts and isinstance(self.out.stmts[-1], c.Blank):
            self.out.stmts.pop()

    def _resume_here(self, name: str) -> str:
        """From here on the generator can be entered again."""
        found = self._resumable(name)
        if self.out.line is not None:
            self.resumes.append((found, self.out.line))
        return found

    def _resumable(self, name: str) -> str:
        current = self.states[-1]
        if not current.body and current.name == "start":  # which no jump leads to
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

    def _has_left(self) -> bool:
        """Whether what was emitted last leaves the state: nothing behind it is reached."""
        self._close()
        return bool(self.out.stmts) and isinstance(
            self.out.stmts[-1], c.Return | c.Continue | c.Goto
        )

    def _set_state(self, name: str) -> None:
        if not self._has_left():
            self.out.blank()
            self.out.assign(STATE, c.Name(self._label(name)))

    def _jump(self, name: str) -> None:
        if not self._has_left():
            self.jumps = True
            self._set_state(name)
            self.out.emit(c.Continue(line=self.out.line))

    def _keep(self, name: str, ctype: str = "ngx_int_t", stars: int = 0) -> c.Expr:
        """A hidden variable in the context."""
        unique = f"{name}{len(self.hidden) + 1}"
        while unique in self.fields:
            unique += "_"
        self.fields.add(unique)
        self.hidden.append(c.Decl(ctype, stars, unique))
        return c.Arrow(c.Name("ctx"), unique)

    def _room(self) -> None:
        """Wait for room in a loop that yields and does not read."""
        call = c.Call("ngx_http_pyngx_stream_room", (STREAM,))
        full = c.Binary("!=", call, c.Name("NGX_OK"))
        self.out.emit(c.If(full, (c.Return(c.Name("NGX_AGAIN")),), line=self.out.line))

    def _own(self, var: Var, source: Ref) -> None:
        """Copy bytes into a variable's own storage in the context."""
        place = self.vars.places[var]
        assert isinstance(place, c.Arrow)
        storage = c.Arrow(place.obj, f"{place.name}_storage")
        pool = c.Arrow(self.out.r, "pool")
        addresses = (c.Unary("&", place), c.Unary("&", storage), source.address)
        call = c.Call("ngx_http_pyngx_keep", (pool, *addresses))
        self.out.leave_if(c.Binary("!=", call, c.Name("NGX_OK")))

    @abstractmethod
    def sequence(self, block: Block) -> None:
        """Statements some of which may suspend."""
