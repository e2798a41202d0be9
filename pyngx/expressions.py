"""The expressions of the typed tree, and the variables that they name; see `pyngx.tree`."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyngx.ops.registry import Row
from pyngx.source import Span
from pyngx.types import FULL, Range, TableValue, Type


@dataclass(frozen=True, slots=True)
class Var:
    """A local variable or a parameter; ``name`` is the author's. ``scope`` tells the locals of a
    generator that is used in another one from those around them. One of a ``single`` value is the
    compiler's own, for a value that is evaluated once and used twice: no read comes before a write.
    """

    name: str
    type: Type
    parameter: bool = False
    scope: int = 0
    single: bool = False


@dataclass(frozen=True, slots=True)
class Expr:
    """What every expression has. ``range`` speaks of integers only."""

    span: Span
    type: Type
    range: Range = field(default=FULL, kw_only=True)


@dataclass(frozen=True, slots=True)
class Const(Expr):
    """A literal, or a module-level value: int, bool, float, bytes, str or None. ``name`` is the
    dotted name under which the author or nginx knows it, if C may use that name too."""

    value: int | bool | float | bytes | str | None
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
    """``(a, b)``: its items, evaluated in order. An object whose field number ``changed`` is
    assigned is stored where it lies, as a new one with the old other items; ``shared``: a value of
    module level, which everybody sees."""

    items: tuple[Expr, ...]
    changed: int | None = None
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Arith(Expr):
    """Arithmetic with Python's results: ``+ - * // % ** << >> & | ^`` and unary ``- ~`` (``right``
    is None) of integers, ``+ - * / // %`` and ``-`` of floats, ``/`` of integers too large for
    these. ``overflows``: the 64-bit check stays; ``divides_by_zero`` likewise."""

    op: str
    left: Expr
    right: Expr | None
    overflows: bool = False
    divides_by_zero: bool = False
    negative_shift: bool = False
    by_zero: str = ""
    """What Python says of a divisor that is zero, where that is not its word for the operator."""


@dataclass(frozen=True, slots=True)
class Compare(Expr):
    """``== != < <= > >=`` of two numbers, two byte strings, or two texts. An integer stands beside
    a float only if a ``double`` may not have it."""

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


def changed_item(value: Expr) -> tuple[int, Expr] | None:
    """Which member of a changed object is new, and its value; None if the value is none."""
    match value:
        case Wrap(value=inner) if changed_item(inner) is not None:
            return 1, inner
        case TupleOf(items=items, changed=int(at)):
            return at, items[at]
        case _:
            return None


def new_item(value: Expr) -> Expr:
    """What is new in a changed object, however deep in it; of another value it is the whole."""
    while (change := changed_item(value)) is not None:
        _, value = change
    return value


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
    """A row of the operations table applied to its arguments (the receiver is the first).
    ``sure``: what it refuses has been refused before."""

    row: Row
    args: tuple[Expr, ...]
    sure: bool = field(default=False, kw_only=True)


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
    """``list[i]``; ``checked``: the index may be out of range, of a list or of what ``kind``
    says."""

    value: Expr
    index: Expr
    checked: bool
    kind: str = "list"


@dataclass(frozen=True, slots=True)
class TableItem(Expr):
    """``values[index]`` of a constant sequence; ``checked``: the index may be out of range, and
    then ``message`` is what Python says."""

    values: tuple[TableValue, ...]
    index: Expr
    checked: bool
    message: str = field(default="", kw_only=True)


@dataclass(frozen=True, slots=True)
class TableFind(Expr):
    """The place of a key among sorted constants, -1 if it is none of them; ``checked``: that is an
    error, in whose message ``{key}`` at the start is the key's ``repr``."""

    keys: tuple[int | bytes | str, ...]
    key: Expr
    checked: bool
    exception: str = "KeyError"
    message: str = "{key}"


@dataclass(frozen=True, slots=True)
class TableList(Expr):
    """A list of constants, which nobody changes."""

    values: tuple[TableValue, ...]


@dataclass(frozen=True, slots=True)
class BufBytes(Expr):
    """A buffer where bytes are wanted: ``pos`` to ``last`` of its memory."""

    buf: Expr


@dataclass(frozen=True, slots=True)
class PartBytes(Expr):
    """A part of ``scan`` where bytes are wanted."""

    part: Expr


@dataclass(frozen=True, slots=True)
class ListMake(Expr):
    """``[a, b]``: a new list."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class ListPop(Expr):
    """``list.pop(index)``."""

    value: Expr
    index: Expr


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
class Caught(Expr):
    """The message of the exception that an ``except`` has taken, at the start of its block."""


@dataclass(frozen=True, slots=True)
class Convert(Expr):
    """An integer checked against the range of the type that stores it, or made a float."""

    value: Expr
    checked: bool
    exception: str = field(default="OverflowError", kw_only=True)
    message: str = field(default="", kw_only=True)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a formatted value: literal bytes, or a value with its conversion.

    ``conversion`` is one of ``s d x X o b c`` of ``%`` formatting; of a float ``d e E f F g G``,
    the ``%`` of format specifications, and ``r`` for what ``str`` gives, ``n`` for that with a
    precision. ``flags``, ``width`` and ``precision`` are as there, with ``^`` and ``,`` or ``_``.
    """

    literal: bytes = b""
    value: Expr | None = None
    conversion: str = "s"
    flags: str = ""
    width: int = 0
    precision: int = -1
    fill: str = ""  # of ASCII; nothing for a space, or a zero after the sign


@dataclass(frozen=True, slots=True)
class Format(Expr):
    """``b"…" % …`` or an f-string."""

    pieces: tuple[Piece, ...]
