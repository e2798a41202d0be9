"""``struct``: bytes laid out by a constant format, which is read here and not at run time.

What is packed is formatted byte by byte; what is unpacked is a tuple of views and numbers of the
bytes, whose length is looked at once.
"""

from __future__ import annotations

import ast
import re
import struct
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass

from pyngx.check.bytevalues import of_bytes
from pyngx.check.constants import integer
from pyngx.check.operators import Operators
from pyngx.check.tuples import is_plain
from pyngx.ops.registry import said
from pyngx.ops.table import TABLE
from pyngx.tree import Compare, Const, Convert, Expr, Op, Piece, TupleOf
from pyngx.types import BIT, INT, Bool, Bytes, Int, Range, Tuple

_TOKEN = re.compile(r"\s*(\d*)([a-zA-Z?])")
_NUMBERS = "bBhHiIlLqQnN"
_FUNCTIONS = (struct.pack, struct.unpack, struct.unpack_from, struct.calcsize)
MOST = 64
"""Values of one format: each of them is code of its own."""


@dataclass(frozen=True)
class Slot:
    """A value of a format: its letter, its place, its size in bytes."""

    letter: str
    offset: int
    size: int

    @property
    def range(self) -> Range:
        """The values of an integer."""
        bits = 8 * self.size
        if self.letter.islower():
            return Range(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        return Range(0, 2**bits - 1)


@dataclass(frozen=True)
class Layout:
    """A format: its values, its size, the letter of its order, and whether that is the lowest
    byte of a number first."""

    slots: tuple[Slot, ...]
    size: int
    order: str
    little: bool


def struct_call(ex: Operators, node: ast.Call, found: object) -> Expr | None:
    """A call of a function of ``struct``, or of a method of a ``struct.Struct`` of module level;
    None if ``found`` is neither."""
    args = list(node.args)
    owner = found.__self__ if isinstance(found, types.BuiltinFunctionType) else None
    if isinstance(owner, struct.Struct):
        name = getattr(found, "__name__", "")
        text: object = owner.format
    elif any(found is function for function in _FUNCTIONS):
        name = getattr(found, "__name__", "")
        value = ex.expr(args.pop(0)) if args else None
        text = value.value if isinstance(value, Const) else None
    else:
        return None
    layout = _layout(ex, node, text)
    match name:
        case "calcsize" if not args and not node.keywords:
            return integer(ex.report, node, layout.size, ex.mod.model)
        case "pack" if not node.keywords:
            return _pack(ex, node, layout, args)
        case "unpack" if len(args) == 1 and not node.keywords:
            return _unpack(ex, node, layout, _whole(ex, node, layout, args[0]))
        case "unpack_from" if args:
            return _unpack(ex, node, layout, _part(ex, node, layout, args))
        case _:
            ex.report.refuse(
                "PNX133",
                node,
                f"{name}() is not called like this in a filter",
                help="struct.pack(format, …), struct.unpack(format, data) and "
                "struct.unpack_from(format, data, offset) are compiled",
            )


def _layout(ex: Operators, node: ast.Call, text: object) -> Layout:
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    if not isinstance(text, str):
        ex.report.refuse(
            "PNX230",
            node,
            "the format is a constant",
            help='write it in place, as in struct.unpack(">IH", data)',
        )
    try:
        size = struct.calcsize(text)
    except struct.error as error:
        ex.report.refuse(
            "PNX230", node, f"this is no format: {error}", help="see the formats of Python's struct"
        )
    order = text[0] if text[:1] in "@=<>!" and text else "@"
    slots = tuple(_slots(text, order))
    wrong = sorted({s.letter for s in slots} - set(_NUMBERS + "s?c"))
    if wrong or len(slots) > MOST:
        ex.report.refuse(
            "PNX230",
            node,
            f"'{wrong[0]}' is not compiled" if wrong else f"a format of {len(slots)} values",
            help=f"integers, '?', 'c', 's' and 'x' are compiled, {MOST} values at most",
        )
    return Layout(slots, size, order, order == "<" or (order in "@=" and sys.byteorder == "little"))


def _slots(text: str, order: str) -> Iterator[Slot]:
    """The values of a format. Each is where the format before it, with it, ends."""
    done = order
    for count, letter in _TOKEN.findall(text.lstrip("@=<>!")):
        if letter in "sx":
            done += count + letter
            if letter == "s":
                size = int(count or 1)
                yield Slot(letter, struct.calcsize(done) - size, size)
            continue
        size = struct.calcsize(order + letter)
        if count == "0":
            done += count + letter
        for _ in range(int(count or 1)):
            done += letter
            yield Slot(letter, struct.calcsize(done) - size, size)


def _number(ex: Operators, value: int) -> Const:
    span = ex.report.span(ex.function.node)
    return Const(span, INT, value, range=Range(value, value))


def _bool(ex: Operators, value: bool) -> Const:
    span = ex.report.span(ex.function.node)
    return Const(span, Bool(), value, range=Range(value, value))


# Unpacking


def _whole(ex: Operators, node: ast.Call, layout: Layout, given: ast.expr) -> Expr:
    data = ex.need_bytes(given, "what is unpacked")
    row = TABLE["struct.unpack"]
    return Op(ex.report.span(node), Bytes(), row, (data, _number(ex, layout.size)))


def _part(ex: Operators, node: ast.Call, layout: Layout, args: list[ast.expr]) -> Expr:
    """The bytes from an offset on."""
    offsets = [*args[1:], *(k.value for k in node.keywords if k.arg == "offset")]
    if len(offsets) > 1 or len(args) + len(node.keywords) > 2:
        ex.report.refuse(
            "PNX133",
            node,
            "unpack_from() takes the bytes and an offset",
            help="write struct.unpack_from(format, data, offset)",
        )
    data = ex.need_bytes(args[0], "what is unpacked")
    offset = ex.need_int(offsets[0], "the offset") if offsets else _number(ex, 0)
    row = TABLE["struct.unpack_from"]
    return Op(ex.report.span(node), Bytes(), row, (data, offset, _number(ex, layout.size)))


def _unpack(ex: Operators, node: ast.Call, layout: Layout, data: Expr) -> Expr:
    span = ex.report.span(node)
    if not layout.slots:
        ex.report.refuse(
            "PNX230", node, "this format has no values", help="give it one, as in 'xxI'"
        )
    source, again = ex.once(data, "packed")
    items: list[Expr] = []
    for slot in layout.slots:
        items.append(_value(ex, node, layout, slot, source))
        source = again
    return TupleOf(span, Tuple(tuple(item.type for item in items)), tuple(items))


def _value(ex: Operators, node: ast.Call, layout: Layout, slot: Slot, data: Expr) -> Expr:
    span = ex.report.span(node)
    if slot.letter in "sc":
        ends = _number(ex, slot.offset), _number(ex, slot.offset + slot.size)
        return Op(span, Bytes(), TABLE["operator.slice"], (data, *ends))
    signed = slot.letter.islower()
    row = TABLE["struct.unpack[Q]" if slot.range.hi > 2**63 else "struct.unpack[I]"]
    operands = (data, _number(ex, slot.offset), _number(ex, slot.size))
    flags = _bool(ex, layout.little), _bool(ex, signed)
    number = Op(span, INT, row, (*operands, *flags), range=slot.range.clamp())
    if slot.letter == "?":
        return Compare(span, Bool(), "!=", number, _number(ex, 0), range=BIT)
    return number


# Packing


def _pack(ex: Operators, node: ast.Call, layout: Layout, args: list[ast.expr]) -> Expr:
    if len(args) != len(layout.slots):
        ex.report.refuse(
            "PNX133",
            node,
            f"the format takes {len(layout.slots)} values, but {len(args)} are given",
            help="one value for each",
        )
    pieces: list[Piece] = []
    at = 0
    for slot, given in zip(layout.slots, args, strict=True):
        pieces += _padding(slot.offset - at)
        pieces += _packed(ex, layout, slot, given)
        at = slot.offset + slot.size
    return of_bytes(ex, node, tuple(pieces + _padding(layout.size - at)))


def _padding(size: int) -> list[Piece]:
    return [Piece(bytes(size))] if size else []


def _limited(value: Expr, limits: Range, form: str, wrong: int) -> Expr:
    """A value that is checked on the side of one that the format does not take."""
    lowest = limits.lo if wrong < limits.lo else value.range.lo
    highest = limits.hi if wrong > limits.hi else value.range.hi
    kept = Range(lowest, highest)
    if value.range.within(kept):
        return value
    message = said(lambda: struct.pack(form, wrong))
    limited = Int("ngx_int_t", kept)
    return Convert(
        value.span, limited, value, True, exception="struct.error", message=message, range=kept
    )


def _packed(ex: Operators, layout: Layout, slot: Slot, given: ast.expr) -> list[Piece]:
    """The pieces of one value."""
    span = ex.report.span(given)
    match slot.letter:
        case "s":
            data = ex.need_bytes(given, "a value for 's'")
            operands = (data, _number(ex, slot.size))
            return [Piece(value=Op(span, Bytes(), TABLE["struct.pack[s]"], operands))]
        case "c":
            data = ex.need_bytes(given, "a value for 'c'")
            return [Piece(value=Op(span, Bytes(), TABLE["struct.pack[c]"], (data,)))]
        case "?":
            return [Piece(value=ex.cond(given).expr, conversion="c")]
    value = ex.need_int(given, f"a value for '{slot.letter}'")
    limits = slot.range.clamp()
    for wrong in (slot.range.lo - 1, slot.range.hi + 1):
        value = _limited(value, limits, layout.order + slot.letter, wrong)
    number, again = (value, value) if is_plain(value) else ex.once(value, "number")
    pieces = []
    places = range(slot.size)
    for place in places if layout.little else reversed(places):
        shifted = ex.arith(given, ">>", number, _number(ex, 8 * place)) if place else number
        byte = ex.arith(given, "&", shifted, _number(ex, 255))
        pieces.append(Piece(value=byte, conversion="c"))
        number = again
    return pieces
