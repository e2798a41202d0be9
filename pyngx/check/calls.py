"""Calls: builtins, methods (a row of the operations table each), helpers, nginx's functions."""

from __future__ import annotations

import ast
import dataclasses
import enum
import logging
from collections.abc import Callable
from types import FunctionType
from typing import NoReturn

from pyngx.check import hints
from pyngx.check.affixes import several
from pyngx.check.charsets import recoded
from pyngx.check.coerce import as_bytes
from pyngx.check.constants import integer
from pyngx.check.context import nearest
from pyngx.check.conversions import (
    character,
    to_bytes,
    to_int,
    to_str,
    type_test,
)
from pyngx.check.enums import member
from pyngx.check.library import hash_method, library_function, library_method
from pyngx.check.lists import CHANGING, copy_of, need_list, sorted_of
from pyngx.check.literals import as_value
from pyngx.check.lookups import get
from pyngx.check.methods import class_call, helper_call, is_authors, method_call, methods_of
from pyngx.check.numbers import absolute, extreme, to_float, to_round
from pyngx.check.numerals import digits, of_class
from pyngx.check.numerals import to_bytes as to_bytes_of
from pyngx.check.objects import made, replaced
from pyngx.check.operators import Operators
from pyngx.check.pieces import PARTITIONS, pieces
from pyngx.check.rows import arity, row_call
from pyngx.check.structs import struct_call
from pyngx.check.templates import template
from pyngx.check.translating import translated
from pyngx.diagnostics import Label
from pyngx.frontend.spelling import is_of_pattern
from pyngx.ngx import NgxFunction, ngx_chain_t, ngx_http_next_body_filter
from pyngx.ops.table import TABLE
from pyngx.tree import (
    Const,
    Expr,
    Format,
    Local,
    MimeMatch,
    NewChain,
    Op,
    Piece,
    SendChain,
)
from pyngx.types import (
    BIT,
    HASH,
    INT,
    Body,
    Bool,
    Bytes,
    ComplexValue,
    Conf,
    Constant,
    Ctx,
    Enum,
    Headers,
    List,
    MimeTypes,
    Optional,
    OutChain,
    Part,
    Str,
    Struct,
    Tuple,
    Type,
    Variables,
    describe,
    is_integer,
)


def call(ex: Operators, node: ast.Call) -> Expr:
    """The typed call."""
    if isinstance(node.func, ast.Attribute):
        if isinstance(ex.compile_time(node.func.value), logging.Logger):
            _statement(ex, node)
        looked_up = get(ex, node, node.func) or class_call(ex, node, node.func)
        if looked_up is not None:
            return looked_up
        whole = ex.compile_time(node.func.value)
        if isinstance(whole, tuple | list) and node.func.attr in ("index", "count"):
            values = need_list(ex, node.func.value, "what is searched")
            return ex.search(node, node.func, values, of_tuple=isinstance(whole, tuple))
        found = ex.compile_time(node.func)
        if found is None or _is_method_of_constant(ex, node.func):
            return _method(ex, node, node.func)
        return _function(ex, node, found, ast.unparse(node.func))
    if isinstance(node.func, ast.Name):
        if node.func.id in ex.local_names:
            ex.report.refuse(
                "PNX130",
                node.func,
                f"'{node.func.id}' is a local variable, which cannot be called",
                help="call a function of module level by its own name",
            )
        return _function(ex, node, ex.global_value(node.func), node.func.id)
    ex.report.refuse(
        "PNX130",
        node.func,
        "only a function called by its name is compiled",
        help="call a function of module level by its own name",
    )


def _statement(ex: Operators, node: ast.Call) -> NoReturn:
    ex.report.refuse(
        "PNX135",
        node,
        f"{ast.unparse(node.func)}() has no value",
        help="let the call stand as a statement of its own",
    )


def _is_method_of_constant(ex: Operators, func: ast.Attribute) -> bool:
    """``CONSTANT.find(…)``: a method of a module-level value, not a function of a module."""
    value = ex.compile_time(func.value)
    of_object = not isinstance(value, type) and (
        dataclasses.is_dataclass(value) or hasattr(type(value), "_fields")
    )
    return of_object or isinstance(value, bytes | str | enum.Enum)


def _function(ex: Operators, node: ast.Call, found: object, name: str) -> Expr:
    if found is ngx_http_next_body_filter:
        return _send(ex, node)
    if found is ngx_chain_t:
        arity(ex, node, name, 0, 0)
        _new_chain(ex, node)
        return NewChain(ex.report.span(node), OutChain())
    builtin = next((made for known, made in _BUILTINS.items() if known is found), None)
    if builtin is not None:
        return builtin(ex, node)
    method = of_class(found)
    if method is not None:
        return method(ex, node)
    of_library = library_function(ex, node, found) or struct_call(ex, node, found)
    if of_library is not None:
        return of_library
    if isinstance(found, FunctionType) and is_authors(ex, found):
        return helper_call(ex, node, found)
    if isinstance(found, NgxFunction):
        ex.report.refuse(
            "PNX131",
            node,
            f"nginx's function '{name}' cannot be called from a filter",
            help="use Python: r.headers_out for headers, yield for the body, log for messages",
        )
    if found is dataclasses.replace:
        return replaced(ex, node)
    if isinstance(found, type) and (hasattr(found, "_fields") or dataclasses.is_dataclass(found)):
        return made(ex, node, found)
    if isinstance(found, type) and issubclass(found, enum.IntEnum | enum.IntFlag):
        return member(ex, node, found)
    if isinstance(found, type) and issubclass(found, BaseException):
        ex.report.refuse(
            "PNX132",
            node,
            "an exception is made in a 'raise' only",
            help=f"write 'raise {name}(…)'",
        )
    ex.report.refuse(
        "PNX132",
        node,
        f"'{name}' is not compiled by this version",
        help=hints.of_call(name, found, [getattr(b, "__name__", "") for b in _BUILTINS]),
    )


def _in_chain_form(ex: Operators) -> bool:
    """Whether the function is a body filter that works on chains."""
    generator = any(isinstance(n, ast.Yield | ast.YieldFrom) for n in ast.walk(ex.function.node))
    return ex.function.function is _body_function(ex) and not generator


def _body_function(ex: Operators) -> FunctionType | None:
    source = ex.mod.module.body_filter
    return None if source is None else source.function


def _new_chain(ex: Operators, node: ast.Call) -> None:
    """One outgoing chain a function, made where it gets its name."""
    if not _in_chain_form(ex):
        ex.report.refuse(
            "PNX157",
            node,
            "an outgoing chain is made in a body filter in chain form only",
            help="write a function that @body_filter marks and that takes an ngx_chain_t",
        )
    made = [
        statement.value
        for statement in ast.walk(ex.function.node)
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        and isinstance(statement.value, ast.Call)
        and isinstance(statement.value.func, ast.Name | ast.Attribute)
        and ex.compile_time(statement.value.func) is ngx_chain_t
    ]
    if not any(call is node for call in made):
        ex.report.refuse(
            "PNX157",
            node,
            "an outgoing chain is given a name where it is made",
            help="write 'out = ngx_chain_t()'",
        )
    if node is not made[0]:
        ex.report.refuse(
            "PNX157",
            node,
            "a function makes one outgoing chain, this is the second",
            secondary=[Label(ex.report.span(made[0]), "the first is made here")],
            help="append everything to the first",
        )


# Builtins


def _len(ex: Operators, node: ast.Call) -> Expr:
    arity(ex, node, "len", 1, 1)
    value = ex.expr(node.args[0])
    if is_of_pattern(node) and not isinstance(as_bytes(value).type, List | Tuple):
        ex.report.refuse(
            "PNX175",
            node,
            f"a pattern of items fits lists and tuples, but this is '{describe(value.type)}'",
            help="match the value itself, or what split() gives of it",
        )
    return ex.length(node, value)


def _bool(ex: Operators, node: ast.Call) -> Expr:
    arity(ex, node, "bool", 1, 1)
    return ex.cond(node.args[0]).expr


def _ord(ex: Operators, node: ast.Call) -> Expr:
    arity(ex, node, "ord", 1, 1)
    value = ex.expr(node.args[0])
    if isinstance(value, Const) and isinstance(value.value, bytes | str) and len(value.value) == 1:
        return integer(ex.report, node, ord(value.value), ex.mod.model)
    if isinstance(value.type, Str):
        row = TABLE["operator.ord"]
        return Op(ex.report.span(node), INT, row, (value,), range=row.range)
    ex.report.refuse(
        "PNX134", node, "ord() takes a str of one character", help="b[0] is a number already"
    )


_BUILTINS: dict[object, Callable[[Operators, ast.Call], Expr]] = {
    len: _len,
    bool: _bool,
    int: to_int,
    str: to_str,
    chr: character,
    float: to_float,
    round: to_round,
    abs: absolute,
    min: extreme("min"),
    max: extreme("max"),
    ord: _ord,
    hex: digits("x"),
    oct: digits("o"),
    bytes: to_bytes,
    list: copy_of,
    sorted: sorted_of,
    isinstance: lambda ex, node: type_test(ex, node).expr,
}


# Methods


_OF_BYTES = frozenset(
    m for m in TABLE.methods("bytes") if TABLE.get(f"bytes.{m}") and m != "fromhex"
)


def _method(ex: Operators, node: ast.Call, func: ast.Attribute) -> Expr:
    digest = library_method(ex, node, func)
    if digest is not None:
        return digest
    if func.attr in ("startswith", "endswith") and node.args:
        tests = several(ex, node, func)
        if tests is not None:
            return tests
    value = ex.expr(func.value)
    if isinstance(value.type, Constant):
        value = as_value(value)
    if isinstance(value.type, Tuple) and func.attr == "_replace" and not value.type.is_object:
        return replaced(ex, node, value)
    of_object = method_call(ex, node, func, value)
    if of_object is not None:
        return of_object
    match value.type:
        case List() if func.attr == "pop":
            return ex.pop(node, func, value)
        case List() if func.attr in ("count", "index"):
            return ex.search(node, func, value)
        case List() if func.attr in CHANGING:
            _statement(ex, node)
        case Bytes() | Str() if func.attr == "join" and isinstance(value, Const):
            return _join(ex, node, value)
        case Str() if func.attr == "format":
            return template(ex, node, value)
        case Bytes() | Part() | Struct("ngx_buf_t") if func.attr == "decode":
            return recoded(ex, node, as_bytes(value), node.args)
        case Bytes() | Part() | Struct("ngx_buf_t") if func.attr in _OF_BYTES:
            part = "[sep]" if func.attr == "hex" and (node.args or node.keywords) else ""
            return row_call(ex, node, TABLE[f"bytes.{func.attr}{part}"], (as_bytes(value),))
        case Struct() if value.type == HASH:
            return hash_method(ex, node, func, value)
        case Struct("ngx_http_request_t") if TABLE.get(f"request.{func.attr}"):
            return row_call(ex, node, TABLE[f"request.{func.attr}"])
        case Headers(direction):
            return _header_method(ex, node, func, direction)
        case Variables() if func.attr == "get":
            return row_call(ex, node, TABLE["variables.get"])
        case MimeTypes() if func.attr == "matches":
            arity(ex, node, "matches", 1, 1)
            request = ex.need(node.args[0], Struct("ngx_http_request_t"), "the argument")
            return MimeMatch(ex.report.span(node), Bool(), value, request, range=BIT)
        case ComplexValue() if func.attr == "value":
            return _complex_value(ex, node, value)
        case Conf() | Ctx():
            field = ex.attribute_of(func, value)
            if isinstance(field.type, ComplexValue):
                return _complex_value(ex, node, field)
            ex.report.refuse(
                "PNX130",
                func,
                f"'{func.attr}' is a field, not a method",
                help="leave the parentheses out",
            )
        case OutChain() if func.attr == "append":
            _statement(ex, node)
        case OutChain():
            ex.report.refuse(
                "PNX103",
                func,
                f"an outgoing chain has no method '{func.attr}'",
                help="it has append()",
            )
        case Body():
            return ex.read(node, func.attr)
        case Optional():
            ex.need_bytes(func.value, f"'{ast.unparse(func.value)}'")
        case Str() if func.attr == "encode":
            return recoded(ex, node, value, node.args)
        case t if is_integer(t) and func.attr == "to_bytes":
            return to_bytes_of(ex, node, value)
        case Str() if func.attr == "translate":
            return translated(ex, node, value)
        case Str() if TABLE.get(f"str.{func.attr}"):
            return row_call(ex, node, TABLE[f"str.{func.attr}"], (value,))
        case Bytes() | Str() | Part() | Struct("ngx_buf_t") if func.attr in PARTITIONS:
            return pieces(ex, node, value, func.attr)
        case _:
            pass
    ex.report.refuse(
        "PNX103",
        func,
        f"'{describe(value.type)}' has no method '{func.attr}'",
        help=nearest(func.attr, _known_methods(value.type))
        or "only bytes, the request, its headers and variables have methods",
        notes=_later(value.type, func.attr),
    )


def _known_methods(type_: Type) -> tuple[str, ...]:
    match type_:
        case Bytes() | Part() | Struct("ngx_buf_t"):
            return TABLE.methods("bytes")
        case Str():
            return TABLE.methods("str")
        case Struct("ngx_http_request_t"):
            return TABLE.methods("request")
        case MimeTypes():
            return ("matches",)
        case List():
            return CHANGING
        case ComplexValue():
            return ("value",)
        case Tuple(cls=cls) | Enum(cls) if cls is not None:
            return methods_of(cls)
        case _:
            return ()


def _later(type_: Type, method: str) -> tuple[str, ...]:
    for known, class_ in ((Bytes, bytes), (Str, str)):
        if isinstance(type_, known) and hasattr(class_, method):
            return (f"{class_.__name__} has it in Python; this version does not compile it",)
    return ()


def _join(ex: Operators, node: ast.Call, separator: Const) -> Expr:
    """``b"…".join(…)`` of a list, or of a few values written in place."""
    match node:
        case ast.Call(args=[ast.Tuple(elts=items) | ast.List(elts=items)], keywords=[]):
            value = separator.value
            assert isinstance(value, bytes | str)
            between = Piece(literal=value.encode() if isinstance(value, str) else value)
            pieces: list[Piece] = []
            for item in items:
                pieces += [between] if pieces else []
                pieces.append(Piece(value=ex.need(item, separator.type, "an item")))
            return Format(ex.report.span(node), separator.type, tuple(pieces))
        case _:
            owner = "bytes" if isinstance(separator.type, Bytes) else "str"
            return row_call(ex, node, TABLE[f"{owner}.join"], (separator,))


def _header_method(ex: Operators, node: ast.Call, func: ast.Attribute, direction: str) -> Expr:
    mapping = f"headers_{direction}"
    if func.attr == "get" and len(node.args) == 2:
        ex.report.refuse(
            "PNX133", node, "get() takes one argument here", help="write 'h[name] or default'"
        )
    name = {"get_all": "get_all", "items": "items", "get": "get", "add": "add"}.get(func.attr)
    if func.attr in ("add", "add_header") and direction == "in":
        ex.report.refuse(
            "PNX202",
            node,
            "the request's headers belong to nginx and are read-only",
            help="a response header is written through r.headers_out",
        )
    row = TABLE.get(f"{mapping}.{name}") if name else None
    if row is None:
        ex.report.refuse(
            "PNX103",
            func,
            f"{mapping} has no method '{func.attr}'",
            help=nearest(func.attr, ("get", "get_all", "items", "add")),
        )
    return row_call(ex, node, row)


def _complex_value(ex: Operators, node: ast.Call, value: Expr) -> Expr:
    arity(ex, node, "value", 1, 1)
    ex.need(node.args[0], Struct("ngx_http_request_t"), "the argument of value()")
    return Op(ex.report.span(node), Bytes(), TABLE["complex.value"], (value,))


# Helpers and nginx


_CHAIN_HELP = "append what goes on to a chain of your own: out = ngx_chain_t(), out.append(buf)"


def _send(ex: Operators, node: ast.Call) -> Expr:
    returned = any(
        isinstance(statement, ast.Return) and statement.value is node
        for statement in ast.walk(ex.function.node)
    )
    if not returned or not _in_chain_form(ex):
        ex.report.refuse(
            "PNX138",
            node,
            "ngx_http_next_body_filter() stands in a 'return' of a body filter in chain form",
            help="write 'return ngx_http_next_body_filter(r, chain)' in a function that "
            "@body_filter marks and that takes an ngx_chain_t",
        )
    arity(ex, node, "ngx_http_next_body_filter", 2, 2)
    ex.need(node.args[0], Struct("ngx_http_request_t"), "the first argument")
    chain = ex.expr(node.args[1])
    if not (isinstance(chain, Local) and isinstance(chain.type, OutChain | Struct)):
        ex.report.refuse(
            "PNX138",
            node.args[1],
            "what goes on is the chain that came in, or one made by ngx_chain_t()",
            help=_CHAIN_HELP,
        )
    if isinstance(chain.type, Struct) and (
        chain.type.name != "ngx_chain_t" or not chain.var.parameter
    ):
        ex.report.refuse(
            "PNX138",
            node.args[1],
            "only the chain that came in goes on as it is, under its own name",
            help=_CHAIN_HELP,
        )
    return SendChain(ex.report.span(node), INT, chain)
