"""The function under construction: its statements, locals, temporaries and ways to fail.

Temporaries are lent for the time of one Python statement and used again by the next one, so that
a function has few of them; they are named after what they hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from typing import TypeAlias

from pyngx.backend import cnodes as c
from pyngx.backend.names import Names
from pyngx.backend.unit import Check, Unit
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
    record: c.Expr | None = None
    """Where the ``except`` finds what it has taken, if it asks."""
    again: bool = False
    """Whether the ``except`` may raise again what it has taken."""

    def takes(self, bases: tuple[str, ...]) -> bool:
        """Whether it takes an exception, by the names of its classes."""
        return any(name in bases for name in self.names)


@dataclass(frozen=True)
class Thrown:
    """An exception where it is raised: the names of its classes, its own first, and its message."""

    bases: tuple[str, ...]
    span: Span
    message: bytes | Ref = b""


Raised: TypeAlias = dict[str, tuple[str, ...]]
"""Exceptions that may come from somewhere: by their names the names of their classes."""

ERROR_TYPE = "ngx_http_pyngx_error_t"


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
    reaching: dict[str, Raised] = field(default_factory=dict)  # by the labels of ``except``
    escaping: Raised = field(default_factory=dict)  # what leaves the function
    error: str = ""  # the parameter through which the caller learns of an exception
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
        text = self._where(span, exception).replace("%", "%%").encode()
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

    def _where(self, span: Span, exception: str) -> str:
        file = self.unit.program.source.name if not span.path else _name(span.path)
        return f"{file}:{span.line}: {exception}"

    def go_to(self, label: str) -> None:
        """Append ``goto label;``."""
        self.targets.add(label)
        self.emit(c.Goto(label, line=self.line))

    def taking(self, bases: tuple[str, ...]) -> int | None:
        """The ``except`` around that takes an exception, by the names of its classes."""
        for i in range(len(self.handlers) - 1, -1, -1):
            if self.handlers[i].takes(bases):
                return i
        return None

    def records(self, bases: tuple[str, ...]) -> bool:
        """Whether somebody asks for the message of an exception: the ``except`` that takes it, or
        a caller."""
        at = self.taking(bases)
        return bool(self.error) if at is None else self.handlers[at].record is not None

    def throw(self, thrown: Thrown) -> None:
        """Raise an exception: to the ``except`` that takes it, to the caller if one there may take
        it, or to the end of the function with an error in the log."""
        name = thrown.bases[0]
        at = self.taking(thrown.bases)
        if at is None:
            self.escaping[name] = thrown.bases
            if self.error:
                self._tell(thrown)
            elif isinstance(thrown.message, Ref):
                self.log_error(thrown.span, name, b"%V", (thrown.message.address,))
            else:
                self.log_error(thrown.span, name, thrown.message.replace(b"%", b"%%"), ())
            self.fail()
            return
        self._record(thrown, self.handlers[at])
        self._go(at, {name: thrown.bases})

    def _record(self, thrown: Thrown, entry: Around) -> None:
        """Tell an ``except`` what it takes, as far as it asks."""
        if entry.record is None:
            return
        if entry.again:
            self.assign(c.Member(entry.record, "kind"), self.unit.error_kind(thrown.bases[0]))
            self.assign(c.Member(entry.record, "where"), self._place(thrown))
        message = c.Member(entry.record, "message")
        if isinstance(thrown.message, Ref):
            self.assign(message, thrown.message.value)
        else:
            self.call("ngx_str_set", c.Unary("&", message), c.Str(thrown.message))

    def _place(self, thrown: Thrown) -> c.Expr:
        return c.Str(self._where(thrown.span, thrown.bases[0]).encode())

    def _tell(self, thrown: Thrown) -> None:
        """Record an exception for the caller, or log it if no caller asks."""
        message = thrown.message
        if isinstance(message, bytes):
            constant, message = message, Ref(self.temp("ngx_str_t", 0, "message"))
            self.call("ngx_str_set", message.address, c.Str(constant))
        kind = self.unit.error_kind(thrown.bases[0])
        where = self._place(thrown)
        self.call("ngx_http_pyngx_raise", self.r, self.own_error, kind, where, message.address)

    @property
    def own_error(self) -> c.Expr:
        """Where the caller looks for an exception, if it does."""
        return c.Name(self.error or "NULL")

    def _go(self, at: int, raised: Raised) -> None:
        """Go to an ``except``, through every ``finally`` on the way."""
        around = self.handlers
        for i in range(len(around) - 1, at, -1):
            final = around[i].final
            if final is not None:
                self.handlers = around[:i]
                final()
        self.handlers = around
        label = around[at].label
        self.reaching.setdefault(label, {}).update(raised)
        self.go_to(label)

    def fail_if(
        self,
        cond: c.Expr,
        span: Span,
        exception: str,
        message: str,
        compute: Callable[[], Ref] | None = None,
    ) -> None:
        """Raise an exception if a condition holds. A message that is to be computed is so where
        somebody reads it; ``message`` is then what is said of all of its kind."""
        self.unit.checks[Check(span, exception, message)] = None
        bases = classes(exception)
        with self.block() as inner, self.temporaries():
            text: bytes | Ref = message.encode()
            if compute is not None:
                read = self.taking(bases) is None or self.records(bases)
                text = compute() if read else b""
            self.throw(Thrown(bases, span, text))
        self.emit(c.If(cond, tuple(inner), line=self.line))

    def leave_finally(self) -> None:
        """Nothing of the innermost ``try`` with ``finally`` around takes an exception any more."""
        at = max(i for i, around in enumerate(self.handlers) if around.final is not None)
        self.handlers = self.handlers[:at]

    def record_for(self, raised: Raised) -> c.Expr | None:
        """Where a call inside a ``try`` leaves what it raises; None if no ``except`` around takes
        any of it."""
        taking = {self.taking(bases) for bases in raised.values()} - {None}
        if not taking:
            return None
        for at in sorted(at for at in taking if at is not None):
            record = self.handlers[at].record
            if record is not None:
                return record
        return self.temp(ERROR_TYPE, 0, "error")

    def pass_on_if(self, cond: c.Expr, record: c.Expr, raised: Raised) -> None:
        """If a call has failed, send what it raised on its way. Nothing is recorded if there was
        no memory."""
        with self.block() as inner:
            self.dispatch(record, raised, certain=False)
        self.emit(c.If(cond, tuple(inner), line=self.line))

    def dispatch(self, record: c.Expr, raised: Raised, *, certain: bool) -> None:
        """Send a recorded exception to the ``except`` that takes its kind, or out of the function;
        ``certain``: there is one."""
        ways: dict[int, Raised] = {}
        rest: Raised = {}
        for name, bases in raised.items():
            at = self.taking(bases)
            (rest if at is None else ways.setdefault(at, {}))[name] = bases
        inward = sorted(ways, reverse=True)
        for at in inward:
            last = at == inward[-1] and not rest
            with self.block() as inner:
                self._hand_over(record, self.handlers[at].record)
                self._go(at, ways[at])
            if last and certain:
                self.stmts.extend(inner)
                return
            test = c.Member(record, "kind") if last else self._is_any(record, ways[at])
            self.emit(c.If(test, tuple(inner), line=self.line))
        if rest:
            self.escaping.update(rest)
            address = c.Unary("&", record)
            self.call("ngx_http_pyngx_raise_again", self.r, self.own_error, address)
        self.fail()

    def _hand_over(self, record: c.Expr, to: c.Expr | None) -> None:
        if to is not None:
            self.assign(to, record)

    def _is_any(self, record: c.Expr, kinds: Raised) -> c.Expr:
        kind = c.Member(record, "kind")
        tests = [c.Binary("==", kind, self.unit.error_kind(name)) for name in kinds]
        return reduce(lambda a, b: c.Binary("||", a, b), tests)

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
