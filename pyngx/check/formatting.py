"""Formatted values: ``b"…" % …``, ``"…" % …``, f-strings, the arguments of ``log.…``.

The format is a constant; it is parsed here into `Piece`s, whose types are checked, so that no
formatting is interpreted at run time.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from pyngx.check.coerce import as_bytes, as_text, may_be_none
from pyngx.check.constants import encodable
from pyngx.check.context import Reporter
from pyngx.check.floats import as_float
from pyngx.ops.table import TABLE
from pyngx.tree import Const, Convert, Expr, Op, Piece
from pyngx.types import (
    BYTE,
    INT,
    Bytes,
    Enum,
    Float,
    Int,
    NoneType,
    Optional,
    Range,
    Str,
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


def percent(
    report: Reporter,
    node: ast.AST,
    template: Const,
    values: Sequence[tuple[ast.expr, Expr]],
    *,
    text: bool,
) -> tuple[Piece, ...]:
    """The pieces of ``template % values``; ``text``: the template is a ``str``, in which ``%s``
    takes numbers too (always so for log messages)."""
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
    if conversion == "b" and not text:
        conversion = "s"
    if conversion == "r" and text and is_number(value.type):
        conversion = "s"
    if conversion not in "s" + _INTEGER + _FLOAT or not conversion:
        report.refuse(
            "PNX121",
            node,
            f"'{match[0].decode('latin-1')}' is not compiled",
            help="the conversions are %d %i %u %x %X %o %c %e %f %g %s %b and %%",
        )
    flags = match["flags"].decode()
    width = int(match["width"] or 0)
    precision = -1 if match["precision"] is None else int(match["precision"] or 0)
    if conversion in _FLOAT or isinstance(value.type, Float):
        return _float(report, node, value_node, value, match, text)
    if conversion in _INTEGER:
        if not is_integer(value.type):
            _wrong(report, value_node, value.type, f"%{conversion}", "an integer")
        if conversion == "c":
            value = _character(report, value_node, value, text)
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


def _character(report: Reporter, node: ast.expr, value: Expr, text: bool) -> Expr:
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
    return Convert(value.span, Int("u_char", BYTE), value, True, range=BYTE)


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
            else Piece(b"", _padded(piece.value, piece), "s")
        )
        for piece in pieces
    )


def _padded(value: Expr, piece: Piece, fill: str = " ") -> Expr:
    """The text as long as a piece says: cut first, then filled up."""
    span = value.span
    if piece.precision >= 0:
        bounds = tuple(Const(span, INT, n, range=Range(n, n)) for n in (0, piece.precision))
        value = Op(span, Str(), TABLE["operator.text_slice"], (value, *bounds))
    if piece.width:
        row = TABLE["str.ljust" if "-" in piece.flags else "str.rjust"]
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
    pieces: list[Piece] = []
    by_hand = [(n, _loggable(report, n, v)) for n, v in values]
    for piece in percent(report, node, template, by_hand, text=True):
        pieces.append(piece)
    return tuple(pieces)


def _loggable(report: Reporter, node: ast.expr, value: Expr) -> Expr:
    value = as_bytes(value)
    if isinstance(value.type, Bytes):
        return _as_str(value)
    return as_text(value)


def _as_str(value: Expr) -> Expr:
    """Bytes where a log message takes them: nginx writes them as they are."""
    return replace(value, type=Str())


_FLOAT_SPEC = re.compile(
    r"(?P<align>[<>^])?(?P<sign>[-+ ])?(?P<zero>0)?(?P<width>[1-9]\d*)?(?P<group>[,_])?"
    r"(?:\.(?P<precision>\d+))?(?P<conversion>[eEfFgG%])?$"
)
_STR_SPEC = re.compile(
    r"(?:(?P<fill>[^{}])?(?P<align>[<>]))?(?P<width>[1-9]\d*)?(?:\.(?P<precision>\d+))?s?$"
)
_FSPEC = re.compile(r"(?P<zero>0)?(?P<width>[1-9]\d*)?(?P<conversion>[dxXoc])?$")


def fstring(
    report: Reporter, node: ast.JoinedStr, expr: Callable[[ast.expr], Expr]
) -> tuple[Piece, ...]:
    """The pieces of an f-string."""
    pieces: list[Piece] = []
    for part in node.values:
        match part:
            case ast.Constant(value=str(value)):
                encodable(report, part, value)
                pieces.append(Piece(value.encode()))
            case ast.FormattedValue():
                pieces.append(_formatted(report, part, expr(part.value)))
            case _:
                report.refuse(
                    "PNX121",
                    part,
                    "this part of an f-string is not compiled",
                    help="put names and simple expressions between the braces",
                )
    return tuple(pieces)


def _text_piece(report: Reporter, node: ast.FormattedValue, value: Expr, spec: str) -> Piece:
    """A ``str`` in an f-string, cut and filled up as the specification says."""
    found = _STR_SPEC.match(spec)
    if found is None:
        report.refuse(
            "PNX121",
            node,
            f"the format specification '{spec}' is not compiled",
            help="for str: a character that fills, '<' or '>', a width, '.' and a precision",
        )
    precision = int(found["precision"]) if found["precision"] else -1
    flags = "" if found["align"] == ">" else "-"
    shape = Piece(b"", value, "s", flags, int(found["width"] or 0), precision)
    return Piece(b"", _padded(value, shape, found["fill"] or " "), "s")


def _formatted(report: Reporter, node: ast.FormattedValue, value: Expr) -> Piece:
    spec = ""
    if node.format_spec is not None:
        match node.format_spec:
            case ast.JoinedStr(values=[ast.Constant(value=str(text))]):
                spec = text
            case _:
                report.refuse(
                    "PNX121",
                    node,
                    "a computed format specification is not compiled",
                    help="write the width as a number",
                )
    if node.conversion != -1:
        report.refuse(
            "PNX121",
            node,
            f"'!{chr(node.conversion)}' is not compiled",
            help="leave the conversion out",
        )
    value = as_text(value)
    if isinstance(value.type, Float) or (is_integer(value.type) and spec[-1:] in (*_FLOAT, "%")):
        return _formatted_float(report, node, as_float(value), spec)
    match value.type:
        case Optional() | NoneType():
            may_be_none(report, value, "a value of an f-string")
        case Int():
            found = _FSPEC.match(spec)
            if found is None:
                report.refuse(
                    "PNX121",
                    node,
                    f"the format specification '{spec}' is not compiled",
                    help="for integers: a width, with 0 in front for zeros, and one of d x X o c",
                )
            flags = "0" if found["zero"] else ""
            if found["conversion"] == "c":
                value = _character(report, node.value, value, True)
            return Piece(b"", value, found["conversion"] or "d", flags, int(found["width"] or 0))
        case Str():
            return _text_piece(report, node, value, spec)
        case Bytes():
            report.refuse(
                "PNX122",
                node,
                "an f-string shows bytes as \"b'…'\"",
                help='format bytes with b"… %s …" % value',
            )
        case _:
            report.refuse(
                "PNX122",
                node,
                f"'{describe(value.type)}' in an f-string is not compiled",
                help="use a number or a str",
            )


def _formatted_float(report: Reporter, node: ast.FormattedValue, value: Expr, spec: str) -> Piece:
    """``{x:10.2f}``."""
    found = _FLOAT_SPEC.match(spec)
    if found is None or (found["zero"] and (found["align"] or found["group"])):
        report.refuse(
            "PNX121",
            node,
            f"the format specification '{spec}' is not compiled",
            help="for floats: < > ^, a sign, 0, a width, a comma, a precision, one of e f g %",
        )
    flags = {"<": "-", "^": "^"}.get(found["align"] or "", "")
    flags += (found["sign"] or "").replace("-", "") + (found["zero"] or "") + (found["group"] or "")
    precision = -1 if found["precision"] is None else int(found["precision"])
    plain = "r" if precision < 0 else "n"
    return Piece(
        b"", value, found["conversion"] or plain, flags, int(found["width"] or 0), precision
    )
