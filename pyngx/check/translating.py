"""``str.translate`` with a table of module level: what each character becomes is known when the
file is compiled."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from pyngx.check.constants import constant
from pyngx.check.operators import Operators
from pyngx.check.rows import arity
from pyngx.ops.table import TABLE
from pyngx.tree import Const, Expr, Op, TableList
from pyngx.types import List, Str, Type


def translated(ex: Operators, node: ast.Call, value: Expr) -> Expr:
    """``value.translate(TABLE)``; ``TABLE`` is a dict, as ``str.maketrans`` makes them."""
    arity(ex, node, "translate", 1, 1)
    table = _table(ex, node.args[0])
    becomes: dict[str, str] = {}
    for code, text in table.items():
        if 0 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF:
            becomes[chr(code)] = _text(ex, node.args[0], text)
    span = ex.report.span(node.args[0])
    type_: Type = List(Str())
    chars = sorted(becomes, key=lambda char: (len(char.encode()), char))
    operands = (
        TableList(span, type_, tuple(chars)),
        TableList(span, type_, tuple(becomes[char] for char in chars)),
    )
    return Op(ex.report.span(node), Str(), TABLE["str.translate"], (value, *operands))


def _table(ex: Operators, node: ast.expr) -> Mapping[int, object]:
    match node:
        case ast.Call(func=func, args=args, keywords=[]) if (
            ex.compile_time(func) == str.maketrans and args
        ):
            values = [ex.expr(arg) for arg in args]
            texts = [v.value for v in values if isinstance(v, Const) and isinstance(v.value, str)]
            if len(texts) == len(args) and len(texts) in (2, 3) and len(texts[0]) == len(texts[1]):
                return dict(str.maketrans(*texts).items())
        case _:
            found = ex.compile_time(node)
            if isinstance(found, Mapping):
                return {code: text for code, text in found.items() if isinstance(code, int)}
    ex.report.refuse(
        "PNX134",
        node,
        "the table of translate() is a dict of module level",
        help='make it there: TABLE = str.maketrans("äö", "ao")',
    )


def _text(ex: Operators, node: ast.expr, becomes: object) -> str:
    """What a character becomes: a character by its number, text, or nothing."""
    if becomes is None:
        return ""
    text = chr(becomes) if isinstance(becomes, int) and 0 <= becomes <= 0x10FFFF else becomes
    if not isinstance(text, str):
        ex.report.refuse(
            "PNX134",
            node,
            f"a character becomes text, the number of a character, or None, but here {becomes!r}",
            help="correct the table",
        )
    constant(ex.report, node, text, ex.mod.model)
    return text
