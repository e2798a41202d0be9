"""``"{} of {n:>4}".format(a, n=b)``: a constant template, as the f-string that it stands for."""

from __future__ import annotations

import ast
from string import Formatter

from pyngx.check.context import Reporter
from pyngx.check.fstrings import fstring
from pyngx.check.operators import Operators
from pyngx.tree import Const, Expr, Format
from pyngx.types import Str

_SIMPLE = (ast.Name, ast.Constant)


def template(ex: Operators, node: ast.Call, value: Expr) -> Expr:
    """The call of ``format``. Each argument is computed once and in order, as it is in Python."""
    if not isinstance(value, Const) or not isinstance(value.value, str):
        ex.report.refuse(
            "PNX120",
            node,
            "the format must be a constant",
            help="write it as a literal, or at module level",
        )
    given: dict[str, ast.expr] = {str(i): arg for i, arg in enumerate(node.args)}
    given |= {str(k.arg): k.value for k in node.keywords}
    used: list[str] = []
    values: list[ast.expr] = []
    for literal, name, spec, conversion in _fields(ex.report, node, value.value):
        if literal:
            values.append(ast.copy_location(ast.Constant(literal), node))
        if name is None:
            continue
        if name not in given:
            ex.report.refuse(
                "PNX120",
                node,
                f"the format takes a value '{name}', which is not given",
                help="one value for each '{}'; write '{{' for a brace",
            )
        if conversion is not None and conversion not in ("s", "r", "a"):
            ex.report.refuse(
                "PNX121",
                node,
                f"'!{conversion}' of a format is not compiled",
                help="leave the conversion out",
            )
        used.append(name)
        shape = ast.JoinedStr([ast.Constant(spec)]) if spec else None
        field = ast.FormattedValue(given[name], ord(conversion) if conversion else -1, shape)
        values.append(ast.copy_location(field, given[name]))
    for name, arg in given.items():
        if name not in used:
            ex.report.refuse(
                "PNX120", arg, "the format does not use this value", help="leave it out"
            )
    computed = [name for name in used if not isinstance(given[name], _SIMPLE)]
    if computed != [name for name in given if name in computed]:
        ex.report.refuse(
            "PNX121",
            node,
            "the format uses computed values in another order, or twice",
            help="assign them to names first",
        )
    joined = ast.copy_location(ast.JoinedStr(values), node)
    return Format(ex.report.span(node), Str(), fstring(ex.report, joined, ex.expr))


def _fields(
    report: Reporter, node: ast.Call, text: str
) -> list[tuple[str, str | None, str, str | None]]:
    """The pieces of a template: text, the name of the value after it, or its number, what is behind
    the colon, and the conversion."""
    try:
        found = list(Formatter().parse(text))
    except ValueError as error:
        report.refuse("PNX120", node, str(error), help="write '{{' and '}}' for braces")
    fields: list[tuple[str, str | None, str, str | None]] = []
    counted = 0
    kinds = {not name for _, name, _, _ in found if name is not None and not name.isidentifier()}
    for literal, name, spec, conversion in found:
        if name is not None and (set(name) & set(".[") or "{" in (spec or "")):
            report.refuse(
                "PNX121",
                node,
                f"'{{{name}}}' of a format is computed",
                help="a field names a value that is given, and its width is a number",
            )
        if len(kinds) > 1:
            report.refuse(
                "PNX120",
                node,
                "numbered fields and others do not mix",
                help="write '{}' for each, or a number in each",
            )
        if name == "":
            name, counted = str(counted), counted + 1
        elif name is not None and name.isdecimal():
            name = str(int(name))
        fields.append((literal, name, spec or "", conversion))
    return fields
