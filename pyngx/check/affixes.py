"""``startswith`` and ``endswith`` of several."""

from __future__ import annotations

import ast

from pyngx.check.coerce import as_bytes
from pyngx.check.operators import Operators
from pyngx.check.rows import row_call
from pyngx.ops.table import TABLE
from pyngx.tree import Const, Expr, Logic
from pyngx.types import BIT, Bool, Range, Str


def several(ex: Operators, node: ast.Call, func: ast.Attribute) -> Expr | None:
    """``data.endswith((a, b))``: one test after the other; None if no tuple is given."""
    given, *others = node.args
    parts: list[ast.expr]
    known = ex.compile_time(given)
    if isinstance(given, ast.Tuple):
        parts = given.elts
    elif isinstance(known, tuple) and all(isinstance(part, bytes | str) for part in known):
        parts = [ast.copy_location(ast.Constant(part), given) for part in known]
    else:
        return None
    if not all(isinstance(part, ast.Constant | ast.Name) for part in (*parts, *others)):
        ex.report.refuse(
            "PNX241",
            given,
            f"what {func.attr}() is given several of are constants and names",
            help="assign what is computed to a variable first",
        )
    span = ex.report.span(node)
    first, again = ex.once(ex.expr(func.value), "text")
    tests = []
    for i, part in enumerate(parts):
        one = ast.copy_location(ast.Call(func, [part, *others], []), node)
        receiver = as_bytes(again if i else first)
        kind = "str" if isinstance(receiver.type, Str) else "bytes"
        ex.need(part, receiver.type, f"what {func.attr}() looks for")
        tests.append(row_call(ex, one, TABLE[f"{kind}.{func.attr}"], (receiver,)))
    if not tests:
        return Const(span, Bool(), False, range=Range(0, 0))
    return tests[0] if len(tests) == 1 else Logic(span, Bool(), "or", tuple(tests), range=BIT)
