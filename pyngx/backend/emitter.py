"""The function under construction: its statements, locals, temporaries and ways to fail.

Temporaries are lent for the time of one Python statement and used again by the next one, so that
a function has few of them; they are named after what they hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pyngx.backend import cnodes as c
from pyngx.backend.names import Names
from pyngx.backend.unit import Unit
from pyngx.flow.suspension import goes_on
from pyngx.ops.registry import classes
from pyngx.source import Span
from pyngx.tree import Stmt, Var


@dataclass(frozen=True)
class Failing:
    """What a function does when a run-time error ends it: the log to write to, the statement to
    leave with, and the function that logs."""

    log: c.Expr
    result: c.Expr | None
    conf: bool = False


@dataclass(frozen=True)
class Ref:
    """An ``ngx_str_t`` that lies somewhere: an lvalue, or with ``pointer`` a pointer to it."""

    expr: c.Expr
    pointer: bool = False

    def part(self, name: str) -> c.Expr:
        """``len`` or ``data`` of it."""
        return c.Arrow(self.expr, name) if self.pointer else c.Member(self.expr, name)

    @property
    def len(self) -> c.Expr:
        """Its length, a ``size_t``."""
        return self.part("len")

    @property
    def data(self) -> c.Expr:
        """Its first byte."""
        return self.part("data")

    @property
    def address(self) -> c.Expr:
        """A pointer to it."""
        return self.expr if self.pointer else c.Unary("&", self.expr)

    @property
    def value(self) -> c.Expr:
        """The structure itself."""
        return c.Unary("*", self.expr) if self.pointer else self.expr


@dataclass(frozen=True)
class Around:
    """What stands around statements: an ``except`` with the names of the classes that it takes and
    its label, or a ``finally`` as what emits it, with the label where that is done for an error
    that nothing takes."""

    names: tuple[str, ...] = ()
    label: str = ""
    final: Callable[[], None] | None = None

    def takes(self, bases: tuple[str, ...]) -> bool:
        """Whether it takes an exception, by the names of its classes."""
        return any(name in bases for name in self.names)


@dataclass
class Emitter:
    """Builds the body of one C function."""

    unit: Unit
    names: Names
    failing: Failing
    request: str = "r"
    stmts: list[c.Stmt] = field(default_factory=list)
    decls: list[c.Decl] = field(default_factory=list)
    line: int | None = None
    used_request: bool = False
    used_failing: bool = False
    used_pool: bool = False
    pool_passed: bool = False  # the caller says from which pool
    scratch: bool = False  # loops compute in the engine's scratch memory
    loops: int = 0
    targets: set[str] = field(default_factory=set)  # labels that something jumps to
    handlers: list[Around] = field(default_factory=list)
    _free: dict[tuple[str, int, str], list[str]] = field(default_factory=dict)
    _lent: list[list[tuple[str, int, str, str]]] = field(default_factory=lambda: [[]])

    # Statements

    def emit(self, stmt: c.Stmt) -> None:
        """Append a statement."""
        self.stmts.append(stmt)

    def assign(self, target: c.Expr, value: c.Expr) -> None:
        """Append ``target = value;``, unless that is what it is already."""
        if target == value:
            return
        self.emit(c.ExprStmt(c.Assign(target, value), line=self.line))

    def call(self, name: str, *args: c.Expr) -> None:
        """Append a call for its effect."""
        self.emit(c.ExprStmt(c.Call(name, args), line=self.line))

    def blank(self) -> None:
        """A paragraph break."""
        self.emit(c.Blank())

    @contextmanager
    def block(self) -> Iterator[list[c.Stmt]]:
        """Collect the statements of a nested block."""
        outer, self.stmts = self.stmts, []
        try:
            yield self.stmts
        finally:
            self.stmts = outer

    # Locals and temporaries

    def local(self, ctype: str, stars: int, name: str) -> str:
        """Declare a local; the C name that it got."""
        found = self.names.claim(name)
        self.decls.append(c.Decl(ctype, stars, found))
        return found

    @contextmanager
    def temporaries(self) -> Iterator[None]:
        """Give back, at the end, what was lent inside."""
        self._lent.append([])
        try:
            yield
        finally:
            for ctype, stars, hint, name in self._lent.pop():
                self._free.setdefault((ctype, stars, hint), []).append(name)

    def temp(self, ctype: str, stars: int, hint: str) -> c.Name:
        """A temporary of that type; ``hint`` says what it holds."""
        free = self._free.get((ctype, stars, hint))
        name = free.pop(0) if free else self.local(ctype, stars, hint)
        self._lent[-1].append((ctype, stars, hint, name))
        return c.Name(name)

    # The request, and failing

    @property
    def r(self) -> c.Expr:
        """The request."""
        self.used_request = True
        return c.Name(self.request)

    @property
    def pool(self) -> c.Expr:
        """The pool for what is computed: of the request, in a generator's loops the scratch; of the
        configuration where that is read; of a helper that generators call the one it is given."""
        if self.failing.conf:
            return c.Arrow(c.Name("cf"), "pool")
        if self.pool_passed:
            self.used_pool = True
            return c.Name("pool")
        if not (self.scratch and self.loops):
            return c.Arrow(self.r, "pool")
        pool = self.temp("ngx_pool_t", 1, "pool")
        self.assign(pool, c.Call("ngx_http_pyngx_stream_pool", (self.r, c.Name("s"))))
        self.leave_if(c.Binary("==", pool, c.Name("NULL")))
        self.blank()
        return pool

    @contextmanager
    def looping(self, loop: Stmt | None = None) -> Iterator[None]:
        """What is emitted inside belongs to a loop that goes on as the body does; one that is given
        may be of another kind, and does not count then."""
        counts = loop is None or goes_on(loop)
        self.loops += counts
        try:
            yield
        finally:
            self.loops -= counts

    def at(self, span: Span) -> None:
        """Speak of another line from here on. What comes from another file is spoken of by the
        line that uses it."""
        if span.path in ("", self.unit.program.source.path):
            self.line = span.line

    def leave(self) -> c.Stmt:
        """The ``return`` of a function that failed."""
        self.used_failing = True
        return c.Return(self.failing.result, line=self.line)

    def log_error(
        self, span: Span, exception: str, message: bytes, args: tuple[c.Expr, ...]
    ) -> None:
        """Log a run-time error with its place in the Python file."""
        self.used_failing = True
        place = (
            f"{self.unit.program.source.name if not span.path else _name(span.path)}:{span.line}"
        )
        text = f"{place}: {exception}".replace("%", "%%").encode()
        if message:
            text += b": " + message
        if self.failing.conf:
            self.call(
                "ngx_conf_log_error",
                c.Name("NGX_LOG_EMERG"),
                self.failing.log,
                c.Int("0"),
                c.Str(text),
                *args,
            )
            return
        self.used_request = True
        self.call(
            "ngx_log_error", c.Name("NGX_LOG_ERR"), self.failing.log, c.Int("0"), c.Str(text), *args
        )

    def go_to(self, label: str) -> None:
        """Append ``goto label;``."""
        self.targets.add(label)
        self.emit(c.Goto(label, line=self.line))

    def takes(self, bases: tuple[str, ...]) -> bool:
        """Whether an ``except`` around takes an exception, by the names of its classes."""
        return any(entry.takes(bases) for entry in self.handlers)

    def throw(self, bases: tuple[str, ...]) -> None:
        """Go to the ``except`` that takes an exception, through every ``finally`` on the way."""
        around = self.handlers
        for i in range(len(around) - 1, -1, -1):
            entry = around[i]
            if entry.takes(bases):
                self.go_to(entry.label)
                break
            if entry.final is not None:
                self.handlers = around[:i]
                entry.final()
        self.handlers = around

    def fail_if(self, cond: c.Expr, span: Span, exception: str, message: str) -> None:
        """Raise an exception if a condition holds: to the ``except`` that takes it, or the end of
        the function with an error in the log."""
        bases = classes(exception)
        if self.takes(bases):
            with self.block() as inner:
                self.throw(bases)
            self.emit(c.If(cond, tuple(inner), line=self.line))
            return
        with self.block() as inner:
            self.log_error(span, bases[0], message.replace("%", "%%").encode(), ())
            self.fail()
        self.emit(c.If(cond, tuple(inner), line=self.line))

    def leave_if(self, cond: c.Expr) -> None:
        """End the function, whose callee has logged or memory is out, if a condition holds."""
        with self.block() as inner:
            self.fail()
        self.emit(c.If(cond, tuple(inner), line=self.line))

    def fail(self) -> None:
        """End the function with an error that is in the log, through every ``finally`` around."""
        for entry in reversed(self.handlers):
            if entry.final is not None:
                self.used_failing = True
                self.go_to(entry.label)
                return
        self.emit(self.leave())


def _name(path: str) -> str:
    return path.rpartition("/")[2]


@dataclass
class Variables:
    """Where the variables of a function live in C."""

    places: dict[Var, c.Expr] = field(default_factory=dict)
    pointers: set[Var] = field(default_factory=set)
    bytes: set[Var] = field(default_factory=set)  # declared as u_char
    positions: dict[Var, c.Expr] = field(default_factory=dict)  # of buffers, while a loop runs

    def ref(self, var: Var) -> Ref:
        """A byte string's place."""
        return Ref(self.places[var], var in self.pointers)
