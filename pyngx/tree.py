"""The typed tree: a program that is valid by construction.

`pyngx.check` makes it, `pyngx.flow` analyses it, `pyngx.backend` turns it into C. Every
expression knows its type and the range of its value; what can fail at run time is said by the
node (`Check`), so that no later pass asks whether something is typed or allowed. Nodes are frozen
and never changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from pyngx.expressions import (
    Arith,
    BufBytes,
    ByteAt,
    CallHelper,
    Caught,
    Chained,
    Compare,
    Conditional,
    Const,
    Convert,
    Expr,
    Field,
    Format,
    IsNone,
    Item,
    ItemAt,
    Length,
    ListMake,
    ListPop,
    Local,
    Logic,
    MimeMatch,
    NewChain,
    Not,
    Op,
    PartBytes,
    Piece,
    SendChain,
    StateField,
    TableFind,
    TableItem,
    TableList,
    Truth,
    TupleOf,
    Unwrap,
    Var,
    Walrus,
    Wrap,
    changed_item,
    new_item,
)
from pyngx.source import Span
from pyngx.types import Type

__all__ = [
    "Append",
    "Arith",
    "Assign",
    "AssignField",
    "Block",
    "Break",
    "BufBytes",
    "ByteAt",
    "CallHelper",
    "Caught",
    "Chained",
    "Compare",
    "Conditional",
    "Const",
    "Continue",
    "Convert",
    "Eval",
    "Expr",
    "Field",
    "Finally",
    "ForBody",
    "ForBytes",
    "ForChain",
    "ForLines",
    "ForList",
    "ForRange",
    "ForScan",
    "Format",
    "Function",
    "Handler",
    "If",
    "Inline",
    "IsNone",
    "Item",
    "ItemAt",
    "LeaveFinally",
    "LeaveInline",
    "Length",
    "ListMake",
    "ListPop",
    "Local",
    "Log",
    "Logic",
    "MimeMatch",
    "NewChain",
    "Not",
    "Nothing",
    "Op",
    "PartBytes",
    "Piece",
    "PushItem",
    "Raise",
    "RaiseAgain",
    "ReadInto",
    "Return",
    "SendChain",
    "SetByte",
    "SetBytes",
    "SetItem",
    "SetMember",
    "StateField",
    "Stmt",
    "TableFind",
    "TableItem",
    "TableList",
    "Truth",
    "Try",
    "TupleOf",
    "Unwrap",
    "Var",
    "Walrus",
    "While",
    "Wrap",
    "Yield",
    "YieldRest",
    "YieldSubrequest",
    "changed_item",
    "new_item",
]


@dataclass(frozen=True, slots=True)
class Stmt:
    """What every statement has: its place and the author's comments."""

    span: Span
    comments: tuple[str, ...] = field(default=(), kw_only=True)
    trailing: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Assign(Stmt):
    """``name = value``."""

    var: Var
    value: Expr


@dataclass(frozen=True, slots=True)
class AssignField(Stmt):
    """Assignment to a field of ``headers_out``, of the request's flags, or of the context."""

    target: Field | StateField
    value: Expr


@dataclass(frozen=True, slots=True)
class Eval(Stmt):
    """An expression for its effect."""

    value: Expr


@dataclass(frozen=True, slots=True)
class Append(Stmt):
    """``out.append(buf)`` or ``out.append(text)`` on the chain that goes out."""

    value: Expr


@dataclass(frozen=True, slots=True)
class PushItem(Stmt):
    """``list.append(value)``, or with an index ``list.insert(index, value)``."""

    list: Expr
    index: Expr | None
    value: Expr


@dataclass(frozen=True, slots=True)
class SetItem(Stmt):
    """``list[index] = value``; the value is evaluated first."""

    list: Expr
    index: Expr
    value: Expr


@dataclass(frozen=True, slots=True)
class SetMember(Stmt):
    """``self.x = value``: a field of an object that the caller has, or of one in it."""

    target: Item
    value: Expr


@dataclass(frozen=True, slots=True)
class Log(Stmt):
    """``log.warning(…)``: a line in the request's error log."""

    level: str  # an NGX_LOG_* name
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Raise(Stmt):
    """``raise X("…")``. In ``validate`` it stops nginx; elsewhere it ends the request unless a
    ``try`` takes it, here or in a caller. ``bases`` are the names of its classes."""

    exception: str
    pieces: tuple[Piece, ...]
    bases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RaiseAgain(Stmt):
    """``raise`` in an ``except``: what was taken goes on, with the place where it was raised.
    ``outer``: it was not taken by the nearest ``except`` but so many further out."""

    outer: int = 0


@dataclass(frozen=True, slots=True)
class Handler(Stmt):
    """``except X:``, with the names of the classes that it takes."""

    names: tuple[str, ...]
    body: Block


@dataclass(frozen=True, slots=True)
class Try(Stmt):
    """``try: … except X: … else: …``."""

    body: Block
    handlers: tuple[Handler, ...]
    orelse: Block


@dataclass(frozen=True, slots=True)
class Finally(Stmt):
    """Statements around which a ``finally`` stands, inside a ``try`` with ``except``: ``final`` is
    what an exception does on its way there (the other ways out have it in the tree already)."""

    body: Block
    final: Block


@dataclass(frozen=True, slots=True)
class If(Stmt):
    """``if``; ``elif`` is an `If` alone in ``orelse``."""

    cond: Expr
    then: Block
    orelse: Block


@dataclass(frozen=True, slots=True)
class While(Stmt):
    """``while``."""

    cond: Expr
    body: Block


@dataclass(frozen=True, slots=True)
class ForRange(Stmt):
    """``for name in range(start, stop, step)``."""

    var: Var
    start: Expr
    stop: Expr
    step: Expr
    body: Block


@dataclass(frozen=True, slots=True)
class ForBytes(Stmt):
    """``for byte in b``; ``copied``: in Python these are bytes of their own, not a buffer."""

    var: Var
    value: Expr
    body: Block
    copied: bool


@dataclass(frozen=True, slots=True)
class ForList(Stmt):
    """``for item in list``, or with several variables over tuples; also over headers."""

    vars: tuple[Var, ...]
    value: Expr
    body: Block


@dataclass(frozen=True, slots=True)
class ForChain(Stmt):
    """``for buf in chain``."""

    var: Var
    chain: Expr
    body: Block


@dataclass(frozen=True, slots=True)
class ForBody(Stmt):
    """``for buf in body``: a suspension point."""

    var: Var
    body: Block


@dataclass(frozen=True, slots=True)
class ReadInto(Stmt):
    """``name = body.read(n)`` or ``readline(n)``: a suspension point. The bound is the same when
    the read goes on after a suspension."""

    var: Var
    method: str
    bound: Expr


@dataclass(frozen=True, slots=True)
class ForLines(Stmt):
    """``for line in body.lines(n)``: a suspension point."""

    var: Var
    bound: Expr
    body: Block


@dataclass(frozen=True, slots=True)
class ForScan(Stmt):
    """``for part in body.scan(literals, limit)``: a suspension point. ``literals`` are byte
    strings, or one list of them."""

    var: Var
    literals: tuple[Expr, ...]
    ignore_case: bool
    limit: Expr
    body: Block


@dataclass(frozen=True, slots=True)
class SetByte(Stmt):
    """``buf[i] = x``; ``checked``: the index may be out of range."""

    buf: Expr
    index: Expr
    value: Expr
    checked: bool


@dataclass(frozen=True, slots=True)
class SetBytes(Stmt):
    """``buf[:] = value`` of the same length."""

    buf: Expr
    value: Expr


@dataclass(frozen=True, slots=True)
class Break(Stmt):
    """``break``."""


@dataclass(frozen=True, slots=True)
class Continue(Stmt):
    """``continue``."""


@dataclass(frozen=True, slots=True)
class Return(Stmt):
    """``return``; without a value in generators and procedures."""

    value: Expr | None


@dataclass(frozen=True, slots=True)
class Yield(Stmt):
    """``yield value``: a buffer, or text that outlives the response."""

    value: Expr


@dataclass(frozen=True, slots=True)
class YieldSubrequest(Stmt):
    """``yield subrequest(uri, args)``."""

    uri: Expr
    args: Expr


@dataclass(frozen=True, slots=True)
class YieldRest(Stmt):
    """``yield from body``: a suspension point."""


@dataclass(frozen=True, slots=True)
class Inline(Stmt):
    """``yield from helper(…)``: the generator's statements, in place. ``aliases`` are its
    parameters that stand for a parameter of the filter: request, configuration, context."""

    body: Block
    aliases: tuple[tuple[Var, Var], ...] = ()


@dataclass(frozen=True, slots=True)
class LeaveFinally(Stmt):
    """From here to the end of the block, which a jump out of the innermost `Finally` around ends,
    neither that nor what stands in it is on the way of an exception."""


@dataclass(frozen=True, slots=True)
class LeaveInline(Stmt):
    """``return`` in a generator that stands in another one: on with what follows its `Inline`."""


@dataclass(frozen=True, slots=True)
class Nothing(Stmt):
    """``pass``, or comments that stand alone."""


Block: TypeAlias = tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the author's."""

    name: str
    span: Span
    header: str  # the ``def`` line, as the C comment shows it
    docstring: str | None
    comments: tuple[str, ...]
    params: tuple[Var, ...]
    result: Type
    locals: tuple[Var, ...]
    body: Block
