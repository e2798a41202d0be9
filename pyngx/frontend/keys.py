"""What is called for each item: the ``key`` of a sort, and what ``map`` and ``filter`` are given.

There are no function objects in C, so that such a function is written where it is used: a
``lambda`` by its body, anything else as a call.
"""

from __future__ import annotations

import ast
import builtins
import copy
import operator

from pyngx.frontend.load import FunctionSource
from pyngx.frontend.names import attribute
from pyngx.frontend.spelling import at

_KEYED = ("sorted", "min", "max", "map", "filter")


def lambdas(node: ast.AST) -> frozenset[int]:
    """The ids of the ``lambda`` nodes that are written where they are used."""
    found = set()
    for call in ast.walk(node):
        match call:
            case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords) if name in _KEYED:
                given = [k.value for k in keywords if k.arg == "key"]
                if name in ("map", "filter"):
                    given = args[:1]
            case ast.Call(func=ast.Attribute(attr="sort"), keywords=keywords):
                given = [k.value for k in keywords if k.arg == "key"]
            case _:
                continue
        found |= {id(n) for n in given if isinstance(n, ast.Lambda) and _is_plain(n)}
    return frozenset(found)


def stars(node: ast.AST) -> frozenset[int]:
    """The ids of the ``*`` nodes that are written out: of a list display, or of what is assigned
    to."""
    found = set()
    for inner in ast.walk(node):
        match inner:
            case ast.List(elts=items) | ast.Tuple(elts=items, ctx=ast.Store()):
                found |= {id(item) for item in items if isinstance(item, ast.Starred)}
            case _:
                continue
    return frozenset(found)


def _is_plain(node: ast.Lambda) -> bool:
    """Whether a ``lambda`` has one parameter, without a default."""
    args = node.args
    return len(args.args) == 1 and not (
        args.posonlyargs or args.kwonlyargs or args.vararg or args.kwarg or args.defaults
    )


def applied(function: FunctionSource, called: ast.expr, item: ast.Name) -> ast.expr:
    """The value of a function for an item."""
    match called:
        case ast.Lambda(args=args, body=body) if _is_plain(called):
            holder = ast.Expr(copy.deepcopy(body))
            _Given(args.args[0].arg, item.id).visit(holder)
            return holder.value
        case ast.Attribute(value=ast.Name("bytes" | "str"), attr=method):
            return at(ast.Call(at(ast.Attribute(item, method, ast.Load()), called), [], []), called)
        case ast.Call(func=getter, args=names, keywords=[]) if names:
            target = _target(function, getter)
            if target is operator.itemgetter:
                parts = [at(ast.Subscript(item, name, ast.Load()), called) for name in names]
                return parts[0] if len(parts) == 1 else at(ast.Tuple(parts, ast.Load()), called)
            if target is operator.attrgetter and isinstance(names[0], ast.Constant):
                if len(names) == 1 and isinstance(names[0].value, str):
                    found: ast.expr = item
                    for part in names[0].value.split("."):
                        found = at(ast.Attribute(found, part, ast.Load()), called)
                    return found
        case _:
            pass
    return at(ast.Call(called, [item], []), called)


def _target(function: FunctionSource, node: ast.expr) -> object | None:
    """The object of module level, or builtin, that an expression names."""
    match node:
        case ast.Name(id=name):
            return function.namespace.get(name, getattr(builtins, name, None))
        case ast.Attribute(value=owner, attr=name):
            return attribute(_target(function, owner), name)
        case _:
            return None


class _Given(ast.NodeTransformer):
    """The body of a ``lambda`` with another name for its parameter."""

    def __init__(self, parameter: str, name: str) -> None:
        self.parameter = parameter
        self.name = name

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id != self.parameter:
            return node
        return at(ast.Name(self.name, node.ctx), node)
