"""Locals that nothing reads: a C compiler warns of them, and nginx is built with ``-Werror``.

Python has variables that are only assigned, and code that the checker finds unreachable; what was
declared for these is not in the way of a build.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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


def _mentioned(node: object) -> Iterator[tuple[str, bool]]:
    """The names in a piece of C, each with whether it is read there."""
    match node:
        case c.Name(name):
            yield name, True
        case c.Raw(text):
            yield from ((name, True) for name in re.findall(r"\w+", text))
        case c.Assign(target=c.Name(name), value=value):
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
