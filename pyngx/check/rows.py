"""A call of a row of the operations table: its arguments, from Python's to the typed ones."""

from __future__ import annotations

import ast
import inspect
import time
from collections.abc import Collection, Sequence
from functools import cache
from importlib import import_module

from pyngx.check.bytevalues import byte_of, of_bytes
from pyngx.check.coerce import as_bytes, store
from pyngx.check.context import nearest
from pyngx.check.helpers import given_count
from pyngx.check.operators import Operators
from pyngx.ops.floats import LIBRARY
from pyngx.ops.library import ROWS
from pyngx.ops.registry import Default, Row
from pyngx.ops.table import TABLE
from pyngx.tree import Const, Expr, Op
from pyngx.types import (
    HASH,
    INT,
    Bool,
    Bytes,
    Float,
    List,
    NoneType,
    Optional,
    Range,
    Str,
    Tuple,
    Type,
    is_integer,
    range_of,
)

_RESULTS: dict[str, Type] = {
    "bytes": Bytes(),
    "bytes?": Optional(Bytes()),
    "int": INT,
    "bool": Bool(),
    "float": Float(),
    "str": Str(),
    "none": NoneType(),
    "strings": List(Bytes()),
    "texts": List(Str()),
    "hash": HASH,
}


def arity(ex: Operators, node: ast.Call, name: str, least: int, most: int) -> None:
    """Refuse a call with arguments by name, or with too few or too many."""
    if node.keywords:
        ex.report.refuse(
            "PNX133",
            node.keywords[0],
            f"{name}() takes no keyword arguments here",
            help="give the arguments by position",
        )
    if not least <= len(node.args) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        ex.report.refuse(
            "PNX133",
            node,
            f"{name}() takes {wanted} argument{'s' * (wanted != '1')}, "
            f"but {given_count(len(node.args))} given",
            help="give each of them" if len(node.args) < least else "leave out what is too many",
        )


def row_call(ex: Operators, node: ast.Call, row: Row, receiver: tuple[Expr, ...] = ()) -> Expr:
    """A call of a row with the arguments of ``node`` after the receiver."""
    names = row.param_names[len(receiver) :]
    types = row.param_types[len(receiver) :]
    given: dict[str, ast.expr] = dict(zip(names, node.args, strict=False))
    method = row.spoken.rpartition(".")[2]
    if len(node.args) > len(names):
        ex.report.refuse(
            "PNX133",
            node,
            f"{method}() takes at most {len(names)} argument{'s' * (len(names) != 1)}, "
            f"but {given_count(len(node.args))} given",
            help="leave out what is too many",
        )
    by_name = _by_name(row)
    only = names[len(_by_place(row)) :] if row in ROWS else ()
    if len(node.args) > len(names) - len(only):
        ex.report.refuse(
            "PNX133",
            node.args[len(names) - len(only)],
            f"the argument '{only[0]}' of {method}() is given by name",
            help=f"write {only[0]}=…",
        )
    for keyword in node.keywords:
        if keyword.arg not in names or keyword.arg in given or keyword.arg not in by_name:
            ex.report.refuse(
                "PNX133",
                keyword,
                f"{method}() has no argument '{keyword.arg}' to give by name",
                help=_named_help(keyword.arg or "", names, by_name),
            )
        given[keyword.arg] = keyword.value
    args = list(receiver)
    for name, type_ in zip(names, types, strict=True):
        args.append(_argument(ex, node, row, name, type_, given.get(name)))
    if row.mutates == "headers":
        ex.facts = ex.facts.forget(ex.state_roots)
    limits = row.range if row.result == "int" else range_of(_RESULTS.get(row.result, INT))
    result = _RESULTS.get(row.result)
    if result is None:
        result = List(Tuple((Bytes(), Bytes())))
    return Op(ex.report.span(node), result, row, tuple(args), range=limits)


def whole_seconds(ex: Operators, node: ast.expr) -> Expr | None:
    """``time.time()`` where whole seconds are wanted; None if it is not that."""
    match node:
        case ast.Call(func=func, args=[], keywords=[]) if ex.compile_time(func) is time.time:
            row = TABLE["int(time.time)"]
            return Op(ex.report.span(node), INT, row, (), range=row.range)
        case _:
            return None


def _default(ex: Operators, node: ast.Call, type_: str, default: Default) -> Expr:
    """The operand that stands for an argument that is left out."""
    span = ex.report.span(node)
    match default:
        case bytes() if type_ == "str":
            return Const(span, Str(), default.decode())
        case bytes():
            return Const(span, Bytes(), default)
        case str():
            row = TABLE[default]
            return Op(span, INT, row, (), range=row.range)
        case _ if type_ == "bytes?":
            return Const(span, Optional(Bytes()), None)
        case _ if type_ == "str?":
            return Const(span, Optional(Str()), None)
        case _ if type_ in ("bool", "true", "false"):
            return Const(span, Bool(), bool(default), range=Range(default, default))
        case _:
            return Const(span, INT, default, range=Range(default, default))


_FIXED: dict[str, tuple[object, ...]] = {
    "true": (True,),
    "false": (False,),
}


def _fixed(ex: Operators, given: ast.expr, type_: str, what: str) -> Expr:
    """An argument that has one value in the language."""
    value = ex.expr(given)
    if not isinstance(value, Const) or value.value not in _FIXED[type_]:
        ex.report.refuse(
            "PNX134",
            given,
            f"{what} is {_FIXED[type_][0]!r} in a filter",
            help="write it so",
        )
    return value


def _byte(ex: Operators, given: ast.expr, what: str) -> Expr:
    """Bytes, or an integer that stands for one of them."""
    value = as_bytes(ex.expr(given))
    if is_integer(value.type):
        return of_bytes(ex, given, (byte_of(ex, given, value),))
    return store(ex.report, given, value, Bytes(), what)


@cache
def _by_place(row: Row) -> tuple[str, ...]:
    """The arguments of a function of the library that Python takes by position."""
    module, _, function = row.spoken.rpartition(".")
    try:
        known = inspect.signature(getattr(import_module(module), function)).parameters.values()
    except ValueError:
        return row.param_names
    return row.param_names[: sum(p.kind is not p.KEYWORD_ONLY for p in known)]


@cache
def _by_name(row: Row) -> frozenset[str]:
    """The arguments that Python takes by name; of what is not Python's, all."""
    module, _, function = row.spoken.rpartition(".")
    owner: object = {"bytes": bytes, "str": str}.get(module)
    if row in ROWS or row in LIBRARY:
        owner = import_module(module)
    if owner is None:
        return frozenset(row.param_names)
    try:
        known = inspect.signature(getattr(owner, function)).parameters.values()
    except ValueError:  # of a C function that does not say: it takes none by name
        return frozenset()
    return frozenset(p.name for p in known if p.kind is not p.POSITIONAL_ONLY)


def _argument(
    ex: Operators, node: ast.Call, row: Row, name: str, type_: str, given: ast.expr | None
) -> Expr:
    method = row.spoken.rpartition(".")[2]
    what = f"the argument '{name}' of {method}()"
    if given is None:
        default = row.default(name)
        if default is None:
            ex.report.refuse(
                "PNX133",
                node,
                f"{what} is missing",
                help=f"give it too: {method}({', '.join(row.param_names[-2:])})",
            )
        return _default(ex, node, type_, default)
    match type_:
        case "int":
            return ex.need_int(given, what)
        case "time":
            return whole_seconds(ex, given) or ex.need_int(given, what)
        case "float":
            return ex.need_float(given, what)
        case "bool":
            return ex.cond(given).expr
        case "str":
            return ex.need(given, Str(), what)
        case "strings":
            return ex.need(given, List(Bytes()), what)
        case "texts":
            return ex.need(given, List(Str()), what)
        case "true" | "false":
            return _fixed(ex, given, type_, what)
        case "text":
            return ex.need_bytes(given, what, text=True)
        case "ascii":
            value = ex.need_bytes(given, what, text=True)
            if isinstance(value.type, Str):
                return Op(value.span, Bytes(), TABLE["operator.ascii_bytes"], (value,))
            return value
        case "byte":
            return _byte(ex, given, what)
        case "bytes?":
            return ex.need(given, Optional(Bytes()), what)
        case "str?":
            return ex.need(given, Optional(Str()), what)
        case _:
            return ex.need_bytes(given, what)


def _named_help(wrong: str, names: Sequence[str], by_name: Collection[str]) -> str:
    """What is done about an argument that is not taken by its name."""
    if wrong in by_name and wrong not in names:
        return "leave it out"
    return nearest(wrong, tuple(by_name)) or "give the arguments by position"
