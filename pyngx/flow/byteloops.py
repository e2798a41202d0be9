"""Loops over bytes in a shape that C compilers vectorise.

Three things stand in the way of it, and each has its answer here:

* a store of a byte may change any memory, so what a loop counts is counted in a local and added
  to its variable after the loop (`counted`): ``if c == 10: ctx.lines += 1``;
* bytes that are computed in 64 bits are compared in 64 bits: a local that holds bytes only is
  declared as one (`byte_locals`);
* a store under a condition is a jump: it becomes a store of either value (`same_place`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pyngx.flow.walk import all_expressions, children, expressions, statements
from pyngx.tree import (
    Arith,
    Assign,
    AssignField,
    Block,
    ByteAt,
    Chained,
    Compare,
    Conditional,
    Const,
    Convert,
    Expr,
    ForBody,
    ForBytes,
    ForChain,
    ForLines,
    ForList,
    Format,
    ForRange,
    ForScan,
    If,
    Local,
    Log,
    Logic,
    Not,
    Op,
    Raise,
    ReadInto,
    SetByte,
    StateField,
    Stmt,
    TableItem,
    Truth,
    Var,
    Walrus,
    While,
)
from pyngx.types import BYTE, Bool, Ctx, Int, Range

_COMPUTED = (ByteAt, Const, Local, Arith, Conditional, TableItem, Convert)
_AGNOSTIC = (Arith, Compare, Chained, Convert, Conditional, ByteAt, TableItem, Truth)
_PURE = (*_COMPUTED, Compare, Chained, Logic, Not, Truth, StateField)
_SMALL = Range(0, 2**15)
"""What may be added in a round, so that the sum of a whole loop fits."""


def byte_locals(body: Block) -> frozenset[Var]:
    """The locals that a loop sets and that never hold anything but a byte. One that is formatted,
    or compared with what no byte is less or more than, is left as it is."""
    in_loops = {
        var
        for loop in statements(body)
        if isinstance(loop, ForRange | ForBytes | While)
        for stmt in (loop, *statements(loop.body))
        for var in _set(stmt)
    }
    small = frozenset(var for var in in_loops if var.type == Int() and not var.parameter)
    while True:
        rest = small - frozenset(_larger(body, small))
        if rest == small:
            return small
        small = rest


def _set(stmt: Stmt) -> Iterator[Var]:
    match stmt:
        case Assign(var=var) | ForBytes(var=var):
            yield var
        case _:
            return


def _larger(body: Block, small: frozenset[Var]) -> Iterator[Var]:
    """The variables that may have to hold something else."""
    for stmt in statements(body):
        match stmt:
            case Assign(var=var, value=value):
                fits = value.range.within(BYTE) or (isinstance(value, Local) and value.var in small)
                if not (isinstance(value, _COMPUTED) and fits):
                    yield var
            case ForList(vars=names):
                yield from names
            case ForBytes():
                pass
            case ReadInto(var=var):
                yield var
            case ForRange(var=var) | ForChain(var=var) | ForBody(var=var):
                yield var
            case ForLines(var=var) | ForScan(var=var):
                yield var
            case Log(pieces=pieces) | Raise(pieces=pieces):
                yield from (p.value.var for p in pieces if isinstance(p.value, Local))
            case _:
                continue
    for expr in all_expressions(body):
        if not isinstance(expr, _AGNOSTIC):
            yield from (c.var for c in children(expr) if isinstance(c, Local) and _unproven(c))
        match expr:
            case Op():
                yield from (e.var for e in expressions(expr) if isinstance(e, Local))
            case Walrus(var=var):
                yield var
            case Format(pieces=pieces):
                yield from (p.value.var for p in pieces if isinstance(p.value, Local))
            case Arith(negative_shift=True, right=Local(var=var)):
                yield var
            case Compare(left=left, right=right):
                yield from _beyond((left, right))
            case Chained(operands=operands):
                yield from _beyond(operands)
            case _:
                continue


def _unproven(expr: Expr) -> bool:
    """Whether a value may be checked for being a byte's, which compilers call pointless."""
    return not expr.range.within(BYTE)


def _beyond(operands: tuple[Expr, ...]) -> Iterator[Var]:
    if all(not isinstance(o, Const) or o.range.within(Range(1, 254)) for o in operands):
        return
    for operand in operands:
        if isinstance(operand, Local):
            yield operand.var


def indexed_buffers(block: Block) -> tuple[Expr, ...]:
    """The buffers, in variables that a block does not set, whose bytes it reads or writes."""
    found: dict[Var, Expr] = {}
    for stmt in statements(block):
        if isinstance(stmt, SetByte) and isinstance(stmt.buf, Local):
            found.setdefault(stmt.buf.var, stmt.buf)
    for expr in all_expressions(block):
        if isinstance(expr, ByteAt) and (buf := buffer_of(expr.value)) is not None:
            found.setdefault(buf.var, buf)
    return tuple(expr for var, expr in found.items() if not _set_in(block, var))


def _set_in(block: Block, var: Var) -> bool:
    return any(isinstance(s, ForChain | ForBody) and s.var == var for s in statements(block))


def buffer_of(value: Expr) -> Local | None:
    """The variable of the buffer whose bytes an expression is."""
    buf = getattr(value, "buf", None)
    return buf if isinstance(buf, Local) else None


@dataclass(frozen=True)
class Counter:
    """What a loop adds up: the place of the sum, as an expression, and its local in the loop."""

    place: Local | StateField
    local: Var


def counted(loop: ForRange | ForBytes) -> tuple[Block, tuple[Counter, ...]]:
    """The loop's body with what it only adds up in locals that begin with 0, and these. Nothing
    can be seen of a sum before the loop has ended: it has no other effects, and does not fail."""
    if not _quiet(loop.body):
        return loop.body, ()
    counters: list[Counter] = []
    for stmt in statements(loop.body):
        place = _added_to(stmt)
        if place is None or any(_same(c.place, place) for c in counters):
            continue
        if _only_added_to(loop.body, place):
            name = place.var.name if isinstance(place, Local) else place.name
            counters.append(Counter(place, Var(f"{name}_added", Int())))
    if not _fails(loop.body, counters):
        return tuple(_rewritten(s, counters) for s in loop.body), tuple(counters)
    return loop.body, ()


def _quiet(body: Block) -> bool:
    return all(isinstance(s, Assign | AssignField | SetByte | If) for s in statements(body))


def _added_to(stmt: Stmt) -> Local | StateField | None:
    """The place of an addition that could overflow, one loop's rounds aside."""
    match stmt:
        case Assign(var=var, value=Arith(op="+", left=Local(var=left) as place, right=Expr() as n)):
            if left == var and n.range.within(_SMALL) and var.type == Int():
                return place
        case AssignField(
            target=StateField(obj=Local(type=Ctx())) as target,
            value=Arith(op="+", left=StateField() as left, right=Expr() as n),
        ):
            if _same(left, target) and n.range.within(_SMALL) and target.type == Int():
                return left
        case _:
            pass
    return None


def _same(a: Expr, b: Expr) -> bool:
    match a, b:
        case Local(var=one), Local(var=other):
            return one == other
        case StateField(obj=Local(var=one), name=name), StateField(obj=Local(var=other)):
            return one == other and name == b.name
        case _:
            return False


def _only_added_to(body: Block, place: Local | StateField) -> bool:
    """Whether each mention of a place in a block is an addition to it."""
    mentions = 0
    for stmt in statements(body):
        added = _added_to(stmt)
        if added is not None and _same(added, place):
            mentions += 1 + isinstance(stmt, AssignField)
        elif isinstance(stmt, Assign) and _same(Local(stmt.span, Int(), stmt.var), place):
            return False
    return mentions == sum(_same(e, place) for e in all_expressions(body))


def _fails(body: Block, counters: list[Counter]) -> bool:
    allowed = {
        id(stmt.value)
        for stmt in statements(body)
        if isinstance(stmt, Assign | AssignField)
        and (place := _added_to(stmt)) is not None
        and any(_same(c.place, place) for c in counters)
    }
    for expr in all_expressions(body):
        match expr:
            case Arith(overflows=a, divides_by_zero=b, negative_shift=d):
                if (a or b or d) and id(expr) not in allowed:
                    return True
            case Convert(checked=True) | ByteAt(checked=True) | TableItem(checked=True):
                return True
            case _ if not isinstance(expr, _PURE) and buffer_type(expr) is None:
                return True
            case _:
                continue
    return any(isinstance(s, SetByte) and s.checked for s in statements(body))


def buffer_type(expr: Expr) -> Expr | None:
    """The expression, if it is a buffer seen as bytes."""
    return expr if buffer_of(expr) is not None else None


def _rewritten(stmt: Stmt, counters: list[Counter]) -> Stmt:
    if isinstance(stmt, If):
        then = tuple(_rewritten(s, counters) for s in stmt.then)
        return replace(stmt, then=then, orelse=tuple(_rewritten(s, counters) for s in stmt.orelse))
    place = _added_to(stmt)
    for counter in counters:
        if place is not None and _same(counter.place, place):
            assert isinstance(stmt, Assign | AssignField) and isinstance(stmt.value, Arith)
            local = Local(stmt.span, Int(), counter.local)
            value = replace(stmt.value, left=local, overflows=False)
            return Assign(
                stmt.span, counter.local, value, comments=stmt.comments, trailing=stmt.trailing
            )
    return stmt


def addition(counter: Counter) -> Stmt:
    """What follows the loop: its sum is added to the variable."""
    span = counter.place.span
    total = Local(span, Int(), counter.local)
    value = Arith(span, Int(), "+", counter.place, total, overflows=True)
    if isinstance(counter.place, Local):
        return Assign(span, counter.place.var, value)
    return AssignField(span, counter.place, value)


def same_place(stmt: If) -> SetByte | None:
    """The store that all branches of an ``if`` are, if they are stores of one byte: where none is
    taken, the byte stays what it is. What may fail in it has no such form."""
    found: SetByte | None = None
    if _fails((stmt,), []):
        return None
    for block in (stmt.then, stmt.orelse):
        if len(block) > 1:
            return None
        for inner in block:
            one = same_place(inner) if isinstance(inner, If) else inner
            if not isinstance(one, SetByte) or one.checked or one.comments or one.trailing:
                return None
            if not (isinstance(one.buf, Local) and isinstance(one.index, Local)):
                return None
            if found is not None and not (
                _same(found.buf, one.buf) and _same(found.index, one.index)
            ):
                return None
            found = one
    return found


def wide(expr: Expr, bytes_: frozenset[Var]) -> bool:
    """Whether the C of an integer has 64 bits; what is computed of bytes alone has 32."""
    match expr:
        case Local(var=var):
            return var not in bytes_
        case ByteAt():
            return False
        case Const(range=found):
            return not found.within(Range(-(2**31), 2**31 - 1))
        case Arith(left=left, right=right):
            return wide(left, bytes_) or (right is not None and wide(right, bytes_))
        case Conditional(then=then, orelse=orelse):
            return wide(then, bytes_) or wide(orelse, bytes_)
        case Convert(value=value):
            return wide(value, bytes_)
        case _:
            return not isinstance(expr.type, Bool) and not any(
                isinstance(e, ByteAt) for e in expressions(expr)
            )
