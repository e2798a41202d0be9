"""Text and bytes in an encoding: ``decode``, ``encode``, ``bytes(text, encoding)``.

UTF-8 without mistakes is what text is kept in: its bytes are a view. Anything else is written anew.
"""

from __future__ import annotations

import ast
import codecs

from pyngx.check.operators import Operators
from pyngx.ops.table import TABLE
from pyngx.tree import Const, Expr, Op
from pyngx.types import INT, Bytes, Range, Str

_ENCODINGS = {"utf-8": 0, "ascii": 1, "iso8859-1": 2}
_ERRORS = {"strict": 0, "replace": 1, "ignore": 2}


def recoded(ex: Operators, node: ast.Call, value: Expr, given: list[ast.expr]) -> Expr:
    """``value.decode(…)`` of bytes, ``value.encode(…)`` of text; ``given`` are encoding and
    errors, as far as they are said by position."""
    method = "encode" if isinstance(value.type, Str) else "decode"
    nodes = dict(zip(("encoding", "errors"), given, strict=False))
    for keyword in node.keywords:
        if keyword.arg not in ("encoding", "errors") or keyword.arg in nodes:
            ex.report.refuse(
                "PNX133",
                keyword,
                f"{method}() takes an encoding and errors",
                help=f"write {method}('utf-8', errors='replace')",
            )
        nodes[keyword.arg] = keyword.value
    if len(given) > 2:
        ex.report.refuse(
            "PNX133",
            node,
            f"{method}() takes an encoding and errors",
            help="leave out what is too many",
        )
    encoding, errors = _encoding(ex, nodes.get("encoding")), _errors(ex, nodes.get("errors"))
    span = ex.report.span(node)
    result = Bytes() if method == "encode" else Str()
    if isinstance(value, Const) and isinstance(value.value, str):
        name = next(n for n, number in _ENCODINGS.items() if number == encoding)
        kind = next(n for n, number in _ERRORS.items() if number == errors)
        try:
            return Const(span, result, value.value.encode(name, kind))
        except UnicodeEncodeError:
            pass  # at run time it is one too
    owner = "str" if method == "encode" else "bytes"
    plain = encoding == _ENCODINGS["utf-8"] and (method == "encode" or not errors)
    if plain:
        return Op(span, result, TABLE[f"{owner}.{method}"], (value,))
    numbers = tuple(Const(span, INT, n, range=Range(n, n)) for n in (encoding, errors))
    return Op(span, result, TABLE[f"{owner}.{method}[encoding]"], (value, *numbers))


def _encoding(ex: Operators, node: ast.expr | None) -> int:
    if node is None:
        return _ENCODINGS["utf-8"]
    value = ex.expr(node)
    name = value.value if isinstance(value, Const) and isinstance(value.value, str) else ""
    try:
        return _ENCODINGS[codecs.lookup(name).name]
    except LookupError:
        ex.report.refuse(
            "PNX134",
            node,
            "the encoding is 'utf-8', 'ascii' or 'latin-1'",
            help="leave it out for UTF-8",
        )


def _errors(ex: Operators, node: ast.expr | None) -> int:
    if node is None:
        return _ERRORS["strict"]
    value = ex.expr(node)
    name = value.value if isinstance(value, Const) else None
    if name not in _ERRORS:
        ex.report.refuse(
            "PNX134",
            node,
            "errors is 'strict', 'replace' or 'ignore'",
            help="leave it out, then a mistake is an error",
        )
    assert isinstance(name, str)
    return _ERRORS[name]
