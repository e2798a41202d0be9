"""Calls of functions of the author's, among them the methods of classes.

A method is a helper whose first parameter has the type of its class. Of a class that inherits it,
it is a helper of its own, for there it works on other fields.
"""

from __future__ import annotations

import ast
import inspect
import os
from types import FunctionType

from pyngx.check.base import Base, path
from pyngx.check.coerce import store
from pyngx.check.helpers import given_count, helper_function
from pyngx.tree import CallHelper, Expr
from pyngx.types import Ctx, Enum, Optional, Struct, Tuple, range_of


def is_authors(ex: Base, function: object) -> bool:
    """Whether a function stands in the filter's file or in a local module."""
    if not isinstance(function, FunctionType) or function.__module__.startswith("pyngx."):
        return False
    own = {os.path.realpath(s.path) for s in ex.mod.module.sources}
    return os.path.realpath(function.__code__.co_filename) in own


def _of(ex: Base, cls: type, name: str) -> tuple[FunctionType, str, bool] | None:
    """The function behind a name of a class, what its first parameter is, and whether it is a
    property; None if it is none of the author's."""
    found = inspect.getattr_static(cls, name, None)
    kind, function = "self", found
    match found:
        case staticmethod():
            kind, function = "", found.__func__
        case classmethod():
            kind, function = "cls", found.__func__
        case property():
            function = found.fget
        case _:
            pass
    if not (isinstance(function, FunctionType) and is_authors(ex, function)):
        return None
    key = (function, cls)
    if key not in ex.mod.methods:
        own = FunctionType(function.__code__, function.__globals__, function.__name__)
        own.__annotations__, own.__qualname__ = function.__annotations__, function.__qualname__
        own.__module__ = function.__module__
        ex.mod.methods[key] = own
        ex.mod.owners[own] = (cls, kind)
    return ex.mod.methods[key], kind, isinstance(found, property)


def methods_of(cls: type) -> tuple[str, ...]:
    """The names of a class that are functions, for suggestions."""
    names = [n for n in dir(cls) if not n.startswith("_")]
    return tuple(n for n in names if callable(inspect.getattr_static(cls, n, None)))


def method_call(ex: Base, node: ast.Call, func: ast.Attribute, value: Expr) -> Expr | None:
    """``point.norm()``; None if the object has no such method of the author's."""
    if not isinstance(value.type, Tuple | Enum) or value.type.cls is None:
        return None
    found = _of(ex, value.type.cls, func.attr)
    if found is None:
        return None
    function, kind, is_property = found
    if is_property:
        ex.report.refuse(
            "PNX130",
            func,
            f"'{func.attr}' is a property, not a method",
            help="leave the parentheses out",
        )
    return helper_call(ex, node, function, value if kind == "self" else None)


def class_call(ex: Base, node: ast.Call, func: ast.Attribute) -> Expr | None:
    """``Point.parse(b"1,2")``; None if it is no method of a class of the author's."""
    cls = ex.compile_time(func.value)
    found = _of(ex, cls, func.attr) if isinstance(cls, type) else None
    return None if found is None or found[2] else helper_call(ex, node, found[0])


def of_property(ex: Base, node: ast.Attribute, value: Expr) -> Expr | None:
    """``point.norm`` of a property; None if it is none."""
    assert isinstance(value.type, Tuple | Enum)
    found = None if value.type.cls is None else _of(ex, value.type.cls, node.attr)
    if found is None or not found[2]:
        return None
    call = ast.copy_location(ast.Call(node, [], []), node)
    return helper_call(ex, call, found[0], value)


def helper_call(
    ex: Base, node: ast.Call, function: FunctionType, first: Expr | None = None
) -> Expr:
    """A call of a function of the author's; ``first``: the object whose method it is."""
    if hasattr(function, "__pyngx__"):
        ex.report.refuse(
            "PNX137",
            node,
            f"'{function.__name__}' is a filter or a variable: nginx calls it",
            help="move what is shared into a function without a decorator",
        )
    helper = helper_function(ex.mod, function, ex.report, node)
    name = function.__name__
    params = helper.params if first is None else helper.params[1:]
    values: dict[str, ast.expr] = dict(zip([p.name for p in params], node.args, strict=False))
    for keyword in node.keywords:
        if keyword.arg is None or keyword.arg in values:
            ex.report.refuse(
                "PNX133",
                keyword,
                f"{name}() is given an argument twice",
                help="leave out one of the two",
            )
        values[keyword.arg] = keyword.value
    known = [p.name for p in params]
    extra = [k for k in values if k not in known]
    if extra or len(node.args) > len(known):
        ex.report.refuse(
            "PNX133",
            node,
            (
                f"{name}() takes {len(known)} argument{'s' * (len(known) != 1)}, "
                f"but {given_count(len(node.args))} given"
                if not extra
                else f"{name}() has no argument '{extra[0]}'"
            ),
            help=f"write {name}({', '.join(known)})",
        )
    args = [] if first is None else [first]
    for param in params:
        if param.name not in values:
            ex.report.refuse(
                "PNX133",
                node,
                f"the argument '{param.name}' of {name}() is missing",
                help=f"write {name}({', '.join(known)})",
            )
        value_node = values[param.name]
        value = ex.expr(value_node)
        args.append(store(ex.report, value_node, value, param.type, f"the argument '{param.name}'"))
    given = [values[param.name] for param in params]
    if first is not None and isinstance(node.func, ast.Attribute):
        given.append(node.func.value)
    _forget(ex, args, given)
    return CallHelper(
        ex.report.span(node),
        helper.result,
        ex.mod.helper_names[function],
        tuple(args),
        range=range_of(helper.result),
    )


def _forget(ex: Base, args: list[Expr], nodes: list[ast.expr]) -> None:
    """What the function may have changed: the state if it has that, and the objects given."""
    state = any(isinstance(arg.type, Ctx | Struct | Optional) for arg in args)
    paths = frozenset(found for found in map(path, nodes) if found is not None)
    ex.facts = ex.facts.forget(paths | (ex.state_roots if state else frozenset()))
