"""A short name for the headers or the variables of a request, replaced by what it stands for.

``h = r.headers_out`` gives a name to an object that is part of the request. In C nothing has to
be kept for that: each use of the name becomes a use of what it names.

    h = r.headers_out
    h["X-A"] = b"1"             ->      r.headers_out["X-A"] = b"1"

This holds where the name means that one thing wherever it is read: it is assigned once, as a
statement of its own that is always run, and ``r`` is a parameter that keeps its value. Any other
assignment of such an object stays as it is, and is refused by the checker.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter

from pyngx.frontend.load import FunctionSource

PARTS = frozenset({"headers_in", "headers_out", "variables"})
"""Attributes of a request that are objects of their own in Python, and none in C."""


def spell_out_aliases(function: FunctionSource) -> None:
    """Replace each such name of the function, in place."""
    node = function.node
    parameters = {a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
    bound = _bound(node)
    meant: dict[str, ast.Attribute] = {}
    for place, stmt in enumerate(node.body):
        match stmt:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Attribute(value=ast.Name(id=owner), attr=attr) as value,
            ) if (
                attr in PARTS and owner in parameters - bound.keys()
            ):
                if (
                    bound[name] == 1
                    and name not in parameters
                    and not _read_in(node.body[:place], name)
                ):
                    meant[name] = value
                    nothing = ast.copy_location(ast.Pass(), stmt)
                    node.body[place] = nothing
                    function.comments.hand_over(stmt, nothing)
    if meant:
        _Replace(meant).visit(node)


def _bound(node: ast.FunctionDef) -> Counter[str]:
    """How often each name is bound in the function, in whatever way."""
    names = (n for n in ast.walk(node) if isinstance(n, ast.Name))
    bound = Counter(n.id for n in names if not isinstance(n.ctx, ast.Load))
    handlers = (n for n in ast.walk(node) if isinstance(n, ast.ExceptHandler))
    bound.update(n.name for n in handlers if n.name is not None)
    patterns = (n for n in ast.walk(node) if isinstance(n, ast.MatchAs | ast.MatchStar))
    bound.update(n.name for n in patterns if n.name is not None)
    return bound


def _read_in(block: list[ast.stmt], name: str) -> bool:
    """Whether the name is read in front of its assignment, where Python has no value for it."""
    names = (n for stmt in block for n in ast.walk(stmt) if isinstance(n, ast.Name))
    return any(n.id == name for n in names)


class _Replace(ast.NodeTransformer):
    def __init__(self, meant: dict[str, ast.Attribute]) -> None:
        self.meant = meant

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """The object that the name stands for, at the place of the name."""
        found = self.meant.get(node.id)
        if found is None:
            return node
        made = copy.deepcopy(found)
        for part in ast.walk(made):
            if isinstance(part, ast.expr):
                ast.copy_location(part, node)
        return made
