"""Liveness: which variables are needed later.

A backward analysis of the structured tree; loops are repeated until nothing changes. What is live
where the generator can be suspended has to be kept in the request's context; and a buffer that is
not live after its ``yield`` may itself go on, without a view.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pyngx.flow.suspension import reads, suspends, waits_for_room
from pyngx.flow.walk import blocks, children, expressions
from pyngx.tree import (
    Assign,
    Block,
    Break,
    Continue,
    Expr,
    Finally,
    ForBody,
    ForBytes,
    ForChain,
    ForLines,
    ForList,
    ForRange,
    ForScan,
    If,
    Inline,
    LeaveInline,
    Local,
    ReadInto,
    Return,
    Stmt,
    Try,
    Var,
    Walrus,
    While,
    YieldRest,
)

Live = frozenset[Var]
NONE: Live = frozenset()


@dataclass
class Liveness:
    """The result: ``after`` gives what is live after a statement (by its identity), ``before`` what
    is live before it, ``kept`` what is live at some point of suspension, ``over_reads`` what is
    live at some read of input. A ``:=`` may not be reached: it ends the life of no variable that
    the author sees."""

    after: dict[int, Live] = field(default_factory=dict)
    before: dict[int, Live] = field(default_factory=dict)
    kept: set[Var] = field(default_factory=set)
    over_reads: set[Var] = field(default_factory=set)

    def live_after(self, stmt: Stmt) -> Live:
        """The variables that are needed after ``stmt``."""
        return self.after[id(stmt)]

    def live_within(self, stmt: Stmt) -> Live:
        """The variables that are needed once the expressions of ``stmt`` itself are evaluated:
        after it, or in its blocks, what it gives values to aside."""
        inside = (self.before.get(id(block[0]), NONE) for block in blocks(stmt))
        return NONE.union(self.after[id(stmt)], *inside) - defines(stmt)


@dataclass(frozen=True)
class _Targets:
    """What is live where ``break``, ``continue``, leaving an `Inline`, and an exception lead to."""

    broken: Live = NONE
    continued: Live = NONE
    left: Live = NONE
    raised: Live = NONE


def liveness(body: Block) -> Liveness:
    """Analyse a function's body."""
    result = Liveness()
    _block(body, NONE, _Targets(), result)
    return result


def _uses(expr: Expr) -> Live:
    return frozenset(e.var for e in expressions(expr) if isinstance(e, Local))


def _single(stmt: Stmt) -> Live:
    """The variables that a statement writes and reads, and none before it."""
    named = (e.var for c in children(stmt) for e in expressions(c) if isinstance(e, Walrus))
    return frozenset(var for var in named if var.single)


def defines(stmt: Stmt) -> Live:
    """The variables that a statement itself sets, its blocks aside."""
    named = {e.var for child in children(stmt) for e in expressions(child) if isinstance(e, Walrus)}
    match stmt:
        case Assign(var=var) | ReadInto(var=var):
            named.add(var)
        case (
            ForRange(var=var)
            | ForBytes(var=var)
            | ForChain(var=var)
            | ForBody(var=var)
            | ForLines(var=var)
            | ForScan(var=var)
        ):
            named.add(var)
        case ForList(vars=names):
            named |= set(names)
        case _:
            pass
    return frozenset(named)


def _block(block: Block, out: Live, targets: _Targets, result: Liveness) -> Live:
    live = out
    for stmt in reversed(block):
        result.after[id(stmt)] = live
        live = (_stmt(stmt, live, targets, result) - _single(stmt)) | targets.raised
        result.before[id(stmt)] = live
    return live


def _stmt(stmt: Stmt, out: Live, targets: _Targets, result: Liveness) -> Live:
    used = frozenset().union(*(_uses(c) for c in children(stmt)), NONE) - _single(stmt)
    match stmt:
        case Assign(var=var):
            return (out - {var}) | used
        case ReadInto(var=var):
            result.kept |= (out - {var}) | used
            result.over_reads |= out - {var}
            return (out - {var}) | used
        case If(then=then, orelse=orelse):
            branches = _block(then, out, targets, result) | _block(orelse, out, targets, result)
            return branches | used
        case While(body=body):
            return _loop(stmt, body, NONE, used, out, targets, result)
        case (
            ForRange(var=var, body=body)
            | ForBytes(var=var, body=body)
            | ForChain(var=var, body=body)
            | ForBody(var=var, body=body)
            | ForLines(var=var, body=body)
            | ForScan(var=var, body=body)
        ):
            return _loop(stmt, body, frozenset({var}), used, out, targets, result) | used
        case ForList(vars=names, body=body):
            return _loop(stmt, body, frozenset(names), used, out, targets, result) | used
        case Break():
            return targets.broken
        case Continue():
            return targets.continued
        case Return():
            return used
        case Try(body=body, handlers=handlers, orelse=orelse):
            caught = NONE.union(*(_block(h.body, out, targets, result) for h in handlers))
            after = _block(orelse, out, targets, result)
            inside = replace(targets, raised=targets.raised | caught)
            return _block(body, after, inside, result) | caught
        case Finally(body=body, final=final):
            last = _block(final, targets.raised, targets, result)
            return _block(body, out, replace(targets, raised=targets.raised | last), result)
        case Inline(body=body):
            return _block(body, out, replace(targets, left=out), result)
        case LeaveInline():
            return targets.left
        case YieldRest():
            result.kept |= out
            result.over_reads |= out
            return out
        case _:
            return out | used


def _loop(
    stmt: Stmt,
    body: Block,
    targets_of_loop: Live,
    used: Live,
    out: Live,
    targets: _Targets,
    result: Liveness,
) -> Live:
    """A loop: ``head`` is what is live where the next round is decided."""
    head = out | (used if isinstance(stmt, While) else NONE)
    while True:
        inner = (
            _block(body, head, _Targets(out, head, targets.left, targets.raised), result)
            - targets_of_loop
        )
        wider = head | inner
        if wider == head:
            break
        head = wider
    if reads(stmt) or waits_for_room(stmt):
        result.kept |= head | (used if reads(stmt) else NONE)
        result.over_reads |= head if reads(stmt) else NONE
        if waits_for_room(stmt):
            result.kept |= targets_of_loop
    elif any(suspends(s) for s in body):
        result.kept |= head | targets_of_loop
    return head
