"""What a body filter does to the body, as far as the response's header is concerned.

From this the compiler decides about ``Content-Length``, ranges, ``ETag`` and about buffers in
memory, so that the author need not. The analysis proves; what it cannot prove counts as changed.

==========  ==================================================================
``SAME``    every buffer goes on as it is, once, and nothing is added
``ADDED``   so it does, and constants or configuration values stand around it
``OTHER``   anything else
==========  ==================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from pyngx.flow.walk import all_expressions, expressions, statements
from pyngx.program import BodyFilter, BodyForm, Program
from pyngx.source import Span
from pyngx.tree import (
    Append,
    Assign,
    AssignField,
    Block,
    Break,
    BufBytes,
    Const,
    Continue,
    Expr,
    ForBody,
    ForLines,
    ForScan,
    If,
    Inline,
    LeaveInline,
    Local,
    NewChain,
    Op,
    PartBytes,
    Raise,
    RaiseAgain,
    ReadInto,
    Return,
    SendChain,
    SetByte,
    SetBytes,
    StateField,
    Stmt,
    Var,
    Walrus,
    Yield,
    YieldRest,
    YieldSubrequest,
)
from pyngx.types import Bytes, Conf, Str


class Change(Enum):
    """The kinds of change; see the module's docstring."""

    SAME = auto()
    ADDED = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Text:
    """A constant or configuration value that is added once."""

    value: Expr


@dataclass(frozen=True, slots=True)
class Choice:
    """Texts that are added if a condition on the configuration holds."""

    cond: Expr
    then: tuple[Added, ...]
    orelse: tuple[Added, ...]


Added = Text | Choice


@dataclass(frozen=True, slots=True)
class Effect:
    """``in_memory``, ``changed`` and ``writes`` (bytes of a buffer are overwritten, its length
    stays) are the places that made it so, None if it is not so."""

    change: Change
    added: tuple[Added, ...] = ()
    in_memory: Span | None = None
    changed: Span | None = None
    writes: Span | None = None

    @property
    def edits(self) -> bool:
        """Whether the bytes of the body change in any way."""
        return self.change is not Change.SAME or self.writes is not None


_LOOKING = (ReadInto, ForLines, ForScan, SetByte, SetBytes)
_FLOW = (Yield, YieldRest, YieldSubrequest, ForBody, ReadInto, ForLines, ForScan, LeaveInline)
"""Statements that send or read."""


class _Unknown(Exception):
    """The change cannot be proven harmless; the place that says so."""

    def __init__(self, span: Span) -> None:
        super().__init__()
        self.span = span


def effect(program: Program, body: BodyFilter) -> Effect:
    """Analyse the body filter of a program."""
    block = body.function.body
    looking = [e.span for e in all_expressions(block) if isinstance(e, BufBytes | PartBytes)]
    looking += [s.span for s in statements(block) if isinstance(s, _LOOKING)]
    in_memory = min(looking, key=lambda s: (s.line, s.col), default=None)
    writes = next((s.span for s in statements(block) if isinstance(s, SetByte | SetBytes)), None)
    try:
        added = (
            _chain(body.function.body)
            if body.form is BodyForm.CHAIN
            else _Stream().function(body.function.body)
        )
    except _Unknown as unknown:
        return Effect(Change.OTHER, (), in_memory, unknown.span, writes)
    change = Change.ADDED if added else Change.SAME
    return Effect(change, added, in_memory, None, writes)


def sets_length(program: Program) -> Span | None:
    """Where the author's header filter sets or removes the length itself."""
    if program.header is None:
        return None
    for stmt in statements(program.header.body):
        if isinstance(stmt, AssignField) and stmt.target.name == "content_length_n":
            return stmt.span
        for expr in expressions(stmt):
            if isinstance(expr, Op) and expr.row.mutates == "headers":
                name = expr.args[0]
                if isinstance(name, Const) and isinstance(name.value, bytes | str):
                    text = (
                        name.value if isinstance(name.value, str) else name.value.decode("latin-1")
                    )
                    if text.lower() == "content-length":
                        return expr.span
    return None


def _chain(body: Block) -> tuple[Added, ...]:
    """A chain-form filter leaves the body alone if it sends what came in, and nothing else."""
    sent = False
    for stmt in statements(body):
        if isinstance(stmt, Append):
            raise _Unknown(stmt.span)
        for expr in expressions(stmt):
            if isinstance(expr, NewChain):
                raise _Unknown(expr.span)
            sent = sent or isinstance(expr, SendChain)
        if isinstance(stmt, Return) and not isinstance(stmt.value, SendChain):
            raise _Unknown(stmt.span)
    if not sent and body:
        raise _Unknown(body[-1].span)
    return ()


class _Stream:
    """Follows a generator: has the whole body been passed, and what was added around it?"""

    def __init__(self) -> None:
        self.consumed = False
        self.values: dict[Var, Expr] = {}

    def function(self, body: Block) -> tuple[Added, ...]:
        added = self._top(body)
        if not self.consumed:
            raise _Unknown(body[-1].span)
        return added

    def _top(self, block: Block) -> tuple[Added, ...]:
        """Statements outside of the loop over the body."""
        added: list[Added] = []
        for stmt in block:
            self._forget(stmt)
            match stmt:
                case Assign(var=var, value=value):
                    known = self._known(value)
                    if known is not None:
                        self.values[var] = known
                case Yield():
                    added.append(Text(self._configured(stmt.value, stmt.span)))
                case YieldRest():
                    self.consumed = True
                case ForBody():
                    self._loop(stmt)
                case If():
                    added.extend(self._if(stmt))
                case Inline(body=body):
                    added.extend(self._top(body))
                case Return():
                    raise _Unknown(stmt.span)
                case _:
                    if any(isinstance(s, _FLOW) for s in statements((stmt,))):
                        raise _Unknown(stmt.span)
        return tuple(added)

    def _if(self, stmt: If) -> tuple[Added, ...]:
        inside = list(statements((*stmt.then, *stmt.orelse)))
        if not any(isinstance(s, (*_FLOW, Return)) for s in inside):
            return ()
        cond = self._configured_condition(stmt.cond, stmt.span)
        before, values = self.consumed, dict(self.values)
        then = self._top(stmt.then)
        after_then = self.consumed
        self.consumed, self.values = before, values
        orelse = self._top(stmt.orelse)
        self._forget(stmt)
        if self.consumed != after_then:
            raise _Unknown(stmt.span)
        return (Choice(cond, then, orelse),) if then or orelse else ()

    def _loop(self, stmt: ForBody) -> None:
        """Every round passes the buffer once; a ``break`` leaves the rest to what follows."""
        exits = _rounds(stmt.body, stmt.var, 0)
        for exit_, count in exits:
            if count != 1 or exit_ is Return:
                raise _Unknown(stmt.span)
        if not any(exit_ is Break for exit_, _ in exits):
            self.consumed = True

    def _forget(self, stmt: Stmt) -> None:
        """What a statement, or one in its blocks, may assign is not known after it."""
        for inner in statements((stmt,)):
            assigned = [e.var for e in expressions(inner) if isinstance(e, Walrus)]
            if isinstance(inner, Assign):
                assigned.append(inner.var)
            for var in assigned:
                self.values.pop(var, None)

    def _known(self, value: Expr) -> Expr | None:
        """A text whose length is known when the header is sent."""
        if isinstance(value, Local):
            return self.values.get(value.var)
        return value if _is_configuration(value) and isinstance(value.type, Bytes | Str) else None

    def _configured(self, value: Expr, span: Span) -> Expr:
        """What `_known` says of a text that is sent."""
        known = self._known(value)
        if known is None:
            raise _Unknown(span)
        return known

    def _configured_condition(self, cond: Expr, span: Span) -> Expr:
        for expr in expressions(cond):
            if isinstance(expr, Walrus) or (
                isinstance(expr, Local) and not isinstance(expr.type, Conf)
            ):
                raise _Unknown(span)
            if isinstance(expr, Op) and (expr.row.can_fail or expr.row.allocates):
                raise _Unknown(span)
        return cond


def _is_configuration(value: Expr) -> bool:
    inner = [e for e in expressions(value) if isinstance(e, StateField)]
    if isinstance(value, Const):
        return True
    simple = all(
        isinstance(e, StateField)
        or (isinstance(e, Local) and isinstance(e.type, Conf))
        or type(e).__name__ == "Unwrap"
        for e in expressions(value)
    )
    return simple and bool(inner) and all(isinstance(e.obj.type, Conf) for e in inner)


def _rounds(block: Block, var: Var, count: int) -> set[tuple[type[Stmt], int]]:
    """The ways through a block: how it is left (`Stmt` means at its end), and how often ``var``
    was yielded by then (2 stands for any other number)."""
    if not block:
        return {(Stmt, count)}
    stmt, rest = block[0], block[1:]
    match stmt:
        case Break() | Continue() | Return():
            return {(type(stmt), count)}
        case Raise() | RaiseAgain():
            return set()
        case Yield(value=Local(var=yielded)) if yielded == var:
            return _rounds(rest, var, min(count + 1, 2))
        case _ if isinstance(stmt, _FLOW):
            return {(Stmt, 2)}
        case If(then=then, orelse=orelse):
            found: set[tuple[type[Stmt], int]] = set()
            for branch in (then, orelse):
                for exit_, after in _rounds(branch, var, count):
                    if exit_ is Stmt:
                        found |= _rounds(rest, var, after)
                    else:
                        found.add((exit_, after))
            return found
        case Assign(var=assigned) if assigned == var:
            return {(Stmt, 2)}
        case _:
            inner = list(statements((stmt,)))
            if any(isinstance(s, (*_FLOW, Return)) for s in inner):
                return {(Stmt, 2)}
            return _rounds(rest, var, count)
