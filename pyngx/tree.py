"""The typed tree: a program that is valid by construction.

`pyngx.check` makes it, `pyngx.flow` analyses it, `pyngx.backend` turns it into C. Every
expression knows its type and the range of its value; what can fail at run time is said by the
node (`Check`), so that no later pass asks whether something is typed or allowed. Nodes are frozen
and never changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from pyngx.ops.registry import Row
from pyngx.source import Span
from pyngx.types import FULL, Range, Type


@dataclass(frozen=True, slots=True)
class Var:
    """A local variable or a parameter; ``name`` is the author's. ``scope`` tells the locals of a
    generator that is used in another one from those around them."""

    name: str
    type: Type
    parameter: bool = False
    scope: int = 0


@dataclass(frozen=True, slots=True)
class Expr:
    """What every expression has. ``range`` speaks of integers only."""

    span: Span
    type: Type
    range: Range = field(default=FULL, kw_only=True)


@dataclass(frozen=True, slots=True)
class Const(Expr):
    """A literal, or a module-level value: int, bool, bytes, str or None. ``name`` is the dotted
    name under which the author or nginx knows it, if C may use that name too."""

    value: int | bool | bytes | str | None
    c_name: str = ""


@dataclass(frozen=True, slots=True)
class Local(Expr):
    """The value of a variable."""

    var: Var


@dataclass(frozen=True, slots=True)
class Field(Expr):
    """A field of an nginx structure; ``embedded``: the field is a structure, not a pointer."""

    obj: Expr
    name: str
    c_type: str
    embedded: bool = False
    bits: int | None = None


@dataclass(frozen=True, slots=True)
class StateField(Expr):
    """A field of the file's configuration or request context."""

    obj: Expr
    name: str


@dataclass(frozen=True, slots=True)
class Item(Expr):
    """An item of a tuple, by constant position."""

    obj: Expr
    index: int


@dataclass(frozen=True, slots=True)
class TupleOf(Expr):
    """``(a, b)``: its items, evaluated in order."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Arith(Expr):
    """Integer arithmetic with Python's results: ``+ - * // % ** << >> & | ^`` and unary ``- ~``
    (``right`` is None). ``overflows``: the 64-bit check stays; ``divides_by_zero`` likewise."""

    op: str
    left: Expr
    right: Expr | None
    overflows: bool = False
    divides_by_zero: bool = False
    negative_shift: bool = False


@dataclass(frozen=True, slots=True)
class Compare(Expr):
    """``== != < <= > >=`` of two integers, two byte strings, or two texts."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Chained(Expr):
    """``a < b < c``: each operand evaluated once, and no further than needed."""

    operands: tuple[Expr, ...]
    ops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IsNone(Expr):
    """``x is None``; with ``negate`` ``x is not None``."""

    value: Expr
    negate: bool


@dataclass(frozen=True, slots=True)
class Unwrap(Expr):
    """An optional value where it is known not to be None."""

    value: Expr


@dataclass(frozen=True, slots=True)
class Wrap(Expr):
    """A value where an optional one is wanted."""

    value: Expr


@dataclass(frozen=True, slots=True)
class Truth(Expr):
    """The truth of a value, as ``if`` sees it."""

    value: Expr


@dataclass(frozen=True, slots=True)
class Not(Expr):
    """``not x`` of a bool."""

    value: Expr


@dataclass(frozen=True, slots=True)
class Logic(Expr):
    """``and``/``or``. On bools the result is one; else it is the operand that decided."""

    op: str
    values: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Conditional(Expr):
    """``a if cond else b``."""

    cond: Expr
    then: Expr
    orelse: Expr


@dataclass(frozen=True, slots=True)
class Walrus(Expr):
    """``name := value``."""

    var: Var
    value: Expr


@dataclass(frozen=True, slots=True)
class Op(Expr):
    """A row of the operations table applied to its arguments (the receiver is the first)."""

    row: Row
    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Length(Expr):
    """``len`` of bytes, text, a list, or a buffer."""

    value: Expr


@dataclass(frozen=True, slots=True)
class ByteAt(Expr):
    """``b[i]``; ``checked``: the index may be out of range."""

    value: Expr
    index: Expr
    checked: bool


@dataclass(frozen=True, slots=True)
class ItemAt(Expr):
    """``list[i]``; ``checked``: the index may be out of range."""

    value: Expr
    index: Expr
    checked: bool


@dataclass(frozen=True, slots=True)
class TableItem(Expr):
    """``values[index]`` of a constant sequence; ``checked``: the index may be out of range."""

    values: tuple[int | bytes | str, ...]
    index: Expr
    checked: bool


@dataclass(frozen=True, slots=True)
class TableFind(Expr):
    """The place of a key among sorted constants, -1 if it is none of them; ``checked``: that is a
    KeyError."""

    keys: tuple[int | bytes | str, ...]
    key: Expr
    checked: bool


@dataclass(frozen=True, slots=True)
class BufBytes(Expr):
    """A buffer where bytes are wanted: ``pos`` to ``last`` of its memory."""

    buf: Expr


@dataclass(frozen=True, slots=True)
class PartBytes(Expr):
    """A part of ``scan`` where bytes are wanted."""

    part: Expr


@dataclass(frozen=True, slots=True)
class ListOf(Expr):
    """``[item for … in list if cond]``: a new list."""

    item: Expr
    vars: tuple[Var, ...]
    source: Expr
    conds: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class MimeMatch(Expr):
    """``conf.types.matches(r)``."""

    types: Expr
    request: Expr


@dataclass(frozen=True, slots=True)
class NewChain(Expr):
    """``ngx_chain_t()``: the chain that goes out."""


@dataclass(frozen=True, slots=True)
class SendChain(Expr):
    """``ngx_http_next_body_filter(r, chain)``: the out chain, or the incoming one as it is."""

    chain: Expr


@dataclass(frozen=True, slots=True)
class CallHelper(Expr):
    """A call of a function of the author's."""

    helper: str
    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Convert(Expr):
    """An integer checked against the range of the type that stores it."""

    value: Expr
    checked: bool
    exception: str = field(default="OverflowError", kw_only=True)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a formatted value: literal bytes, or a value with its conversion.

    ``conversion`` is one of ``s d x X o c`` of ``%`` formatting; ``flags``, ``width`` and
    ``precision`` are as there.
    """

    literal: bytes = b""
    value: Expr | None = None
    conversion: str = "s"
    flags: str = ""
    width: int = 0
    precision: int = -1


@dataclass(frozen=True, slots=True)
class Format(Expr):
    """``b"…" % …`` or an f-string."""

    pieces: tuple[Piece, ...]


# Statements


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
class Log(Stmt):
    """``log.warning(…)``: a line in the request's error log."""

    level: str  # an NGX_LOG_* name
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Raise(Stmt):
    """``raise X("…")``. In ``validate`` it stops nginx; elsewhere it ends the request unless a
    ``try`` of the same function takes it. ``bases`` are the names of its classes."""

    exception: str
    pieces: tuple[Piece, ...]
    bases: tuple[str, ...] = ()


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
    """``for byte in b``."""

    var: Var
    value: Expr
    body: Block


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
