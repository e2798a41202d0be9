"""Locals that nothing reads: a C compiler warns of them, and nginx is built with ``-Werror``.

Python has variables that are only assigned, and code that the checker finds unreachable; what was
declared for these is not in the way of a build.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass

from pyngx.backend import cnodes as c


def declared(
    decls: tuple[c.Decl, ...], body: tuple[c.Stmt, ...]
) -> tuple[tuple[c.Decl, ...], tuple[c.Stmt, ...]]:
    """The declarations that a function's body needs, and the statements that say of those which
    are only assigned that this is so."""
    found = set(_mentioned(body))
    read = {name for name, reads in found if reads}
    named = {name for name, _ in found}
    kept = tuple(d for d in decls if d.name in named)
    marks: list[c.Stmt] = [
        c.ExprStmt(c.Cast("void", c.Name(d.name))) for d in kept if d.name not in read
    ]
    return kept, ((*marks, c.Blank()) if marks else ())


def mentioned(
    constants: Sequence[c.VariableItem], functions: tuple[c.Function, ...]
) -> list[c.VariableItem]:
    """The constants that functions, or other constants after them, use."""
    named = {name for name, _ in _mentioned(functions)}
    kept: list[c.VariableItem] = []
    for constant in reversed(constants):
        assert isinstance(constant, c.VarDef | c.ArrayDef)
        if constant.name.lstrip("*") in named:
            named |= {name for name, _ in _mentioned((constant,))}
            kept.append(constant)
    return kept[::-1]


def _mentioned(node: object) -> Iterator[tuple[str, bool]]:
    """The names in a piece of C, each with whether it is read there."""
    match node:
        case c.Name(name):
            yield name, True
        case c.Raw(text):
            yield from ((name, True) for name in re.findall(r"\w+", text))
        case c.Assign(target=c.Name(name) | c.Member(c.Name(name)), value=value):
            yield name, False
            yield from _mentioned(value)
        case tuple():
            for part in node:
                yield from _mentioned(part)
        case _ if is_dataclass(node):
            for field in fields(node):
                yield from _mentioned(getattr(node, field.name))
        case _:
            return
