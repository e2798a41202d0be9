"""Formatted values: ``b"…" % …``, ``"…" % …``, the arguments of ``log.…``.

The format is a constant; it is parsed here into `Piece`s, whose types are checked, so that no
formatting is interpreted at run time.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import replace

from pyngx.check.coerce import as_bytes, as_text, may_be_none
from pyngx.check.context import Reporter
from pyngx.check.floats import as_float, refuse_total
from pyngx.ops.table import TABLE
from pyngx.tree import Conditional, Const, Convert, Expr, Op, Piece
from pyngx.types import (
    BYTE,
    INT,
    Bool,
    Bytes,
    Enum,
    Float,
    Int,
    NoneType,
    Optional,
    Range,
    Str,
    Total,
    Type,
    describe,
    is_integer,
    is_number,
)

_SPEC = re.compile(
    rb"%(?:\((?P<name>[^)]*)\))?(?P<flags>[-+ #0]*)(?P<width>\*|\d+)?(?:\.(?P<precision>\*|\d*))?"
    rb"[hlL]?(?P<conversion>.)?",
    re.DOTALL,
)
_INTEGER = "dxXoc"
_FLOAT = "eEfFgG"
ASCII = Range(0, 127)
_SAME = {"i": "d", "u": "d"}


LARGEST = 2**31 - 1
"""The largest width and precision: that of CPython's precisions."""


def too_large(*figures: bytes | str | None) -> bool:
    """Whether a width or a precision, as it is written, is more than `LARGEST`."""
    return any(int(figure or 0) > LARGEST for figure in figures)


def percent(
    report: Reporter,
    node: ast.AST,
    template: Const,
    values: Sequence[tuple[ast.expr, Expr]],
    *,
    text: bool,
    logged: bool = False,
) -> tuple[Piece, ...]:
    """The pieces of ``template % values``; ``text``: the template is a ``str``, in which ``%s``
    takes numbers too; ``logged``: ``%s`` takes bytes as well, which nginx writes as they are."""
    data = template.value.encode() if isinstance(template.value, str) else template.value
    assert isinstance(data, bytes)
    pieces: list[Piece] = []
    rest = list(values)
    literal = b""
    pos = 0
    for match in _SPEC.finditer(data):
        literal += data[pos : match.start()]
        pos = match.end()
        if match["conversion"] == b"%":
            literal += b"%"
            continue
        if not rest:
            _mismatch(report, node, data, len(values))
        value_node, value = rest.pop(0)
        if literal:
            pieces.append(Piece(literal))
            literal = b""
        if logged and isinstance(value.type, Bytes) and match["conversion"] == b"s":
            value = replace(value, type=Str())
        pieces.append(_spec(report, node, match, value_node, value, text))
    literal += data[pos:]
    if literal:
        pieces.append(Piece(literal))
    if rest:
        _mismatch(report, node, data, len(values))
    return tuple(pieces)


def _mismatch(report: Reporter, node: ast.AST, data: bytes, given: int) -> None:
    wanted = sum(m["conversion"] != b"%" for m in _SPEC.finditer(data))
    report.refuse(
        "PNX120",
        node,
        f"the format takes {wanted} value{'s' * (wanted != 1)}, but {given} are given",
        help="one value for each '%d' or '%s'; write '%%' for a percent sign",
    )


def _spec(
    report: Reporter,
    node: ast.AST,
    match: re.Match[bytes],
    value_node: ast.expr,
    value: Expr,
    text: bool,
) -> Piece:
    conversion = (match["conversion"] or b"").decode("latin-1")
    conversion = _SAME.get(conversion, conversion)
    if match["name"] is not None or b"*" in (match["width"] or b"") + (match["precision"] or b""):
        report.refuse(
            "PNX121",
            node,
            f"'{match[0].decode('latin-1')}' is not compiled",
            help="give the values in a tuple, in order, and widths as numbers",
        )
    if too_large(match["width"], match["precision"]):
        report.refuse(
            "PNX121",
            node,
            f"the width or precision of '{match[0].decode('latin-1')}' is too large",
            help=f"they are {LARGEST} at most",
        )
    if conversion == "b" and not text:
        conversion = "s"
    if conversion in ("r", "a") and text and is_number(value.type):
        conversion = "s"
    if conversion == "a" or conversion == "r":
        if isinstance(value.type, Bytes):
            value, conversion = shown_bytes(value, text), "s"
    if conversion == "s" and text:
        value = shown_bool(value)
    if conversion not in "s" + _INTEGER + _FLOAT or not conversion:
        report.refuse(
            "PNX121",
            node,
            f"'{match[0].decode('latin-1')}' is not compiled",
            help="the conversions are %d %i %u %x %X %o %c %e %f %g %s %b %r and %%",
        )
    flags = match["flags"].decode()
    width = int(match["width"] or 0)
    precision = -1 if match["precision"] is None else int(match["precision"] or 0)
    if isinstance(value.type, Total) and (conversion in _FLOAT or conversion in "diu"):
        value = as_float(value)
    if isinstance(value.type, Total):
        refuse_total(report, value_node)
    if conversion in _FLOAT or isinstance(value.type, Float):
        return _float(report, node, value_node, value, match, text)
    if conversion in _INTEGER:
        if not is_integer(value.type):
            _wrong(report, value_node, value.type, f"%{conversion}", "an integer")
        if conversion == "c":
            value = character(report, value_node, value, text)
        return Piece(b"", value, conversion, flags, width, precision)
    if is_integer(value.type) and text and not isinstance(value.type, Enum):
        return Piece(b"", value, "d", flags.replace("0", ""), width)
    return Piece(b"", _string(report, value_node, value, text), "s", flags, width, precision)


def _float(
    report: Reporter,
    node: ast.AST,
    value_node: ast.expr,
    value: Expr,
    match: re.Match[bytes],
    text: bool,
) -> Piece:
    """A float, or an integer where a float is asked for."""
    conversion = match["conversion"].decode("latin-1")
    flags = match["flags"].decode()
    width = int(match["width"] or 0)
    precision = -1 if match["precision"] is None else int(match["precision"] or 0)
    if conversion in _FLOAT:
        if not is_number(value.type):
            _wrong(report, value_node, value.type, f"%{conversion}", "a number")
        return Piece(b"", as_float(value), conversion, flags, width, precision)
    if conversion in "diu" and precision < 0:
        whole = Op(value.span, Float(), TABLE["operator.whole"], (value,))
        return Piece(b"", whole, "d", flags.replace("#", ""), width)
    if conversion in "sr" and text and precision < 0:
        return Piece(b"", value, "r", "-" if "-" in flags else "", width)
    if conversion in "sbr":
        _wrong(report, value_node, value.type, f"%{conversion}", "bytes")
    report.refuse(
        "PNX121",
        node,
        f"'{match[0].decode('latin-1')}' of a float is not compiled",
        help="the conversions of a float are %e %f %g %d, and %s in a str",
    )


def character(report: Reporter, node: ast.expr, value: Expr, text: bool) -> Expr:
    """The operand of ``%c``: a byte in ``bytes``; in a ``str`` only what is one byte there."""
    if value.range.within(ASCII if text else BYTE):
        return value
    if text:
        report.refuse(
            "PNX121",
            node,
            "'c' in a str is compiled for 0 to 127 only",
            help="write 'n & 127', or format bytes",
        )
    said = "%c arg not in range(256)"
    return Convert(value.span, Int("u_char", BYTE), value, True, range=BYTE, message=said)


def _string(report: Reporter, node: ast.expr, value: Expr, text: bool) -> Expr:
    value = as_text(as_bytes(value))
    wanted = "str or an integer" if text else "bytes"
    if isinstance(value.type, Optional | NoneType):
        may_be_none(report, value, "a value for %s")
    if isinstance(value.type, Str if text else Bytes):
        return value
    _wrong(report, node, value.type, "%s", wanted)
    raise AssertionError


def _wrong(report: Reporter, node: ast.AST, given: Type, spec: str, wanted: str) -> None:
    help_ = f"give {wanted}"
    if isinstance(given, Int):
        help_ = "%d prints an integer"
    if isinstance(given, Bytes | Str):
        help_ = 'bytes are formatted into b"…" with %s, str into "…"'
    report.refuse(
        "PNX122",
        node,
        f"'{spec}' takes {wanted}, but this is '{describe(given)}'",
        help=help_,
    )


def measured(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Pieces of a ``str``, whose widths and precisions count characters and not bytes."""
    return tuple(
        (
            piece
            if piece.value is None or not isinstance(piece.value.type, Str)
            else Piece(b"", padded(piece.value, piece), "s")
        )
        for piece in pieces
    )


def shown_bool(value: Expr) -> Expr:
    """``True`` or ``False``, as Python writes a bool; any other value as it is."""
    if not isinstance(value.type, Bool):
        return value
    yes, no = (Const(value.span, Str(), word) for word in ("True", "False"))
    return Conditional(value.span, Str(), value, yes, no)


def shown_bytes(value: Expr, text: bool) -> Expr:
    """``b'…'``, as Python writes bytes."""
    type_ = Str() if text else Bytes()
    return Op(value.span, type_, TABLE["operator.bytes_repr"], (value,))


def padded(value: Expr, piece: Piece, fill: str = " ") -> Expr:
    """The text as long as a piece says: cut first, then filled up."""
    span = value.span
    if piece.precision >= 0:
        bounds = tuple(Const(span, INT, n, range=Range(n, n)) for n in (0, piece.precision))
        value = Op(span, Str(), TABLE["operator.text_slice"], (value, *bounds))
    if piece.width:
        side = {"-": "str.ljust", "^": "operator.text_center"}
        row = TABLE[side.get(piece.flags, "str.rjust")]
        width = Const(span, INT, piece.width, range=Range(piece.width, piece.width))
        value = Op(span, Str(), row, (value, width, Const(span, Str(), fill)))
    return value


def message(
    report: Reporter,
    node: ast.AST,
    template: Const,
    values: Sequence[tuple[ast.expr, Expr]],
) -> tuple[Piece, ...]:
    """The pieces of a log or exception message: ``%s`` takes bytes, str and integers alike."""
    given = [(n, as_text(as_bytes(v))) for n, v in values]
    return percent(report, node, template, given, text=True, logged=True)
