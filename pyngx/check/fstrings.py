"""f-strings: each value with its format specification.

A specification is ``[[fill]align][sign][#][0][width][grouping][.precision][type]``; which parts a
value takes depends on its type. All of it is known when the file is compiled.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from pyngx.check.coerce import as_bytes, as_text, may_be_none
from pyngx.check.constants import encodable
from pyngx.check.context import Reporter
from pyngx.check.floats import as_float, refuse_total
from pyngx.check.formatting import (
    LARGEST,
    character,
    padded,
    shown_bool,
    shown_bytes,
    too_large,
)
from pyngx.tree import Expr, Format, Piece
from pyngx.types import (
    Bool,
    Bytes,
    Float,
    NoneType,
    Optional,
    Str,
    Total,
    describe,
    is_integer,
    is_number,
)

_SPEC = re.compile(
    r"(?:(?P<fill>[^{}])?(?P<align>[<>=^]))?(?P<sign>[-+ ])?(?P<alt>#)?(?P<zero>0)?"
    r"(?P<width>[0-9]+)?(?P<group>[,_])?(?:\.(?P<precision>[0-9]+))?(?P<type>[a-zA-Z%])?$",
    re.DOTALL,
)
_INTEGER = "bcdoxX"
_FLOAT = "eEfFgG%"
_ALIGN = {"<": "-", "^": "^", "=": "0", ">": ">"}


@dataclass(frozen=True)
class Spec:
    """A format specification, with what it leaves out filled in."""

    fill: str
    align: str
    sign: str
    alternate: bool
    zero: bool
    width: int
    group: str
    precision: int
    type: str

    @property
    def flags(self) -> str:
        """The parts that become flags of a number's `Piece`."""
        flags = _ALIGN.get(self.align, "0" if self.zero else "") + self.sign.replace("-", "")
        return flags.replace(">", "") + "#" * self.alternate + self.group

    @property
    def filling(self) -> str:
        """The character that fills; nothing for what the flags say."""
        return self.fill or ("0" if self.zero else " " if self.align == "=" else "")

    @property
    def zeros_inside(self) -> bool:
        """Whether zeros fill after the sign, where Python groups them too."""
        return self.filling == "0" and self.align in ("", "=") and (self.zero or bool(self.align))


def parse(spec: str) -> Spec | None:
    """The parts of a specification; None if it is none."""
    found = _SPEC.match(spec)
    if found is None:
        return None
    return Spec(
        found["fill"] or "",
        found["align"] or "",
        found["sign"] or "",
        found["alt"] is not None,
        found["zero"] is not None,
        int(found["width"] or 0),
        found["group"] or "",
        -1 if found["precision"] is None else int(found["precision"]),
        found["type"] or "",
    )


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


def _formatted(report: Reporter, node: ast.FormattedValue, value: Expr) -> Piece:
    text = ""
    match node.format_spec:
        case None:
            pass
        case ast.JoinedStr(values=[]):
            pass
        case ast.JoinedStr(values=[ast.Constant(value=str(text))]):
            pass
        case _:
            report.refuse(
                "PNX121",
                node,
                "a computed format specification is not compiled",
                help="write the width as a number",
            )
    if too_large(*re.findall("[0-9]+", text)):
        report.refuse(
            "PNX121",
            node,
            f"the width or precision of ':{text}' is too large",
            help=f"they are {LARGEST} at most",
        )
    value = _converted(report, node, as_text(as_bytes(value)))
    if isinstance(value.type, Bool) and not text:
        value = shown_bool(value)
    spec = parse(text)
    if isinstance(value.type, Total):
        if spec is None or spec.type not in tuple(_FLOAT):
            refuse_total(report, node.value)
        value = as_float(value)
    number = is_number(value.type)
    if spec is not None and spec.fill == "\0":
        _refuse(report, node, text, "the fill is any character but NUL")
    if spec is None or not (number or isinstance(value.type, Str)):
        _unformatted(report, node, value, text)
    if isinstance(value.type, Str):
        return _text(report, node, value, spec, text)
    if isinstance(value.type, Float) or spec.type in tuple(_FLOAT):
        return _float(report, node, as_float(value), spec, text)
    return _integer(report, node, value, spec, text)


def _converted(report: Reporter, node: ast.FormattedValue, value: Expr) -> Expr:
    """``!s`` and ``!r``, where they are the text that the value has anyway, or that of bytes."""
    if node.conversion == -1:
        return value
    wanted = chr(node.conversion)
    if isinstance(value.type, Bytes) and wanted in "ra":
        return shown_bytes(value, True)
    if isinstance(value.type, Str) and wanted == "s":
        return value
    if is_integer(value.type):
        if isinstance(value.type, Bool):
            return shown_bool(value)
        return Format(value.span, Str(), (Piece(value=value, conversion="d"),))
    report.refuse(
        "PNX121",
        node,
        f"'!{wanted}' of '{describe(value.type)}' is not compiled",
        help="leave the conversion out",
    )


def _unformatted(report: Reporter, node: ast.FormattedValue, value: Expr, text: str) -> NoReturn:
    match value.type:
        case Optional() | NoneType():
            may_be_none(report, value, "a value of an f-string")
        case Bytes():
            report.refuse(
                "PNX122",
                node,
                "an f-string shows bytes as \"b'…'\"",
                help='format bytes with b"… %s …" % value, or write {value!r} if that is meant',
            )
        case type_ if not (is_number(type_) or isinstance(type_, Str)):
            report.refuse(
                "PNX122",
                node,
                f"'{describe(type_)}' in an f-string is not compiled",
                help="use a number or a str",
            )
    _refuse(
        report,
        node,
        text,
        "a specification is [[fill]align][sign][#][0][width][,][.precision][type]",
    )


def _refuse(report: Reporter, node: ast.FormattedValue, text: str, help_: str) -> NoReturn:
    report.refuse("PNX121", node, f"the format specification {text!r} is not compiled", help=help_)


def _text(report: Reporter, node: ast.FormattedValue, value: Expr, spec: Spec, text: str) -> Piece:
    """A ``str``, cut and filled up."""
    if spec.sign or spec.alternate or spec.group or spec.align == "=" or spec.type not in ("", "s"):
        _refuse(report, node, text, "for str: a fill, one of < > ^, a width, '.' and a precision")
    flags = {">": "", "^": "^"}.get(spec.align, "-")
    shape = Piece(b"", value, "s", flags, spec.width, spec.precision)
    return Piece(b"", padded(value, shape, spec.filling or " "), "s")


def _integer(
    report: Reporter, node: ast.FormattedValue, value: Expr, spec: Spec, text: str
) -> Piece:
    grouped = bool(spec.group) and (
        spec.zeros_inside or spec.type == "c" or (spec.group == "," and spec.type not in ("", "d"))
    )
    letter = spec.type == "c" and (spec.sign or spec.alternate)
    if spec.type not in ("", *_INTEGER) or spec.precision >= 0 or grouped or letter:
        _refuse(
            report,
            node,
            text,
            "for integers: a fill, one of < > = ^, a sign, #, 0, a width, ',' or '_',"
            " and one of d x X o b c",
        )
    if not spec.filling.isascii():
        _refuse(report, node, text, "fill with a character of ASCII")
    fill = _fill(spec)
    if spec.type == "c":
        value = character(report, node.value, value, True)
        fill = spec.filling or " "
    return Piece(b"", value, spec.type or "d", spec.flags, spec.width, -1, fill)


def _fill(spec: Spec) -> str:
    """What fills where the flags do not say it: zeros after the sign, else spaces."""
    usual = "0" if "0" in spec.flags else " "
    return "" if spec.filling in ("", usual) else spec.filling


def _float(report: Reporter, node: ast.FormattedValue, value: Expr, spec: Spec, text: str) -> Piece:
    if spec.type not in ("", *_FLOAT) or spec.alternate or (spec.zeros_inside and spec.group):
        _refuse(
            report,
            node,
            text,
            "for floats: a fill, one of < > = ^, a sign, 0, a width, ',' or '_', a precision,"
            " one of e f g %",
        )
    if not spec.filling.isascii():
        _refuse(report, node, text, "fill with a character of ASCII")
    plain = "r" if spec.precision < 0 else "n"
    kind = spec.type or plain
    return Piece(b"", value, kind, spec.flags, spec.width, spec.precision, _fill(spec))
