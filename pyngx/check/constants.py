"""Module-level values as constants.

What a function reads from module level is the value that was there after the import.
"""

from __future__ import annotations

import ast
import enum
import logging
from typing import NoReturn

from pyngx.check.context import Reporter
from pyngx.check.literals import typed
from pyngx.headers import NginxModel
from pyngx.source import Span
from pyngx.tree import Const, Expr
from pyngx.types import (
    INT,
    INT64_MAX,
    INT64_MIN,
    Bool,
    Bytes,
    Constant,
    Enum,
    Float,
    Logger,
    NoneType,
    Range,
    Str,
)


def constant(
    report: Reporter, node: ast.AST, value: object, model: NginxModel, name: str = ""
) -> Expr:
    """The expression for a Python value; ``name`` is how the author wrote it."""
    span = report.span(node)
    match value:
        case bool():
            return Const(span, Bool(), value, range=Range(int(value), int(value)))
        case enum.IntEnum() | enum.IntFlag():
            if not INT64_MIN <= int(value) <= INT64_MAX:
                _too_large(report, node, int(value))
            return _enum(span, value)
        case enum.Enum() if not isinstance(value, int | str):
            report.refuse(
                "PNX343",
                node,
                f"'{type(value).__name__}' is an enum whose members are no numbers",
                help="derive the class from enum.IntEnum, or enum.IntFlag for flags",
            )
        case int():
            return integer(report, node, value, model, name)
        case bytes():
            return Const(span, Bytes(), value)
        case str():
            encodable(report, node, value)
            return Const(span, Str(), value)
        case None:
            return Const(span, NoneType(), None)
        case logging.Logger():
            return Const(span, Logger(), None)
        case float():
            return Const(span, Float(), float(value))
        case complex():
            report.refuse(
                "PNX052",
                node,
                "complex numbers are not in the language",
                label=f"this is {value!r}",
                help="keep the two parts in a float each",
            )
        case _:
            return Const(span, Constant(value, typed(value, model)), None)


def integer(
    report: Reporter, node: ast.AST, value: int, model: NginxModel, name: str = ""
) -> Const:
    """An integer constant; it keeps nginx's name for it."""
    if not INT64_MIN <= value <= INT64_MAX:
        _too_large(report, node, value)
    known = name.rpartition(".")[2]
    c_name = known if known.startswith("NGX_") and model.constant(known) == value else ""
    return Const(report.span(node), INT, value, c_name, range=Range(value, value))


def _too_large(report: Reporter, node: ast.AST, value: int) -> NoReturn:
    words = str(value) if abs(value) < 10**40 else "this number"
    report.refuse(
        "PNX115",
        node,
        f"{words} does not fit in the 64 bits of an integer",
        help="the language's integers go from -2**63 to 2**63 - 1",
    )


def encodable(report: Reporter, node: ast.AST, text: str) -> None:
    """Refuse text that UTF-8 does not have."""
    try:
        text.encode()
    except UnicodeEncodeError:
        report.refuse(
            "PNX123",
            node,
            "this text has half of a surrogate pair in it, which UTF-8 does not have",
            help='write the character itself, or bytes: b"\\xff"',
        )


def _enum(span: Span, value: enum.IntEnum | enum.IntFlag) -> Const:
    return Const(span, Enum(type(value)), int(value), range=Range(int(value), int(value)))
