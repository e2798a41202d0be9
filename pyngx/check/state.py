"""Configuration and context classes: their fields, with what each may be."""

from __future__ import annotations

import ast
import dataclasses
import enum
import math
from collections.abc import Sequence
from types import FunctionType
from typing import Any

from pyngx import NO_DEFAULT, Directive
from pyngx import MimeTypes as MimeTypesClass
from pyngx.check.annotations import UnknownAnnotation, from_annotation, parts
from pyngx.check.context import ModuleContext, Refused, Reporter
from pyngx.check.function import check_function
from pyngx.check.kinds import Kind
from pyngx.frontend.load import ClassSource, FunctionSource, name_span
from pyngx.frontend.names import shown
from pyngx.ngx import ngx_http_complex_value_t
from pyngx.program import ConfClass, CtxClass, CtxField, DirectiveField
from pyngx.tree import (
    Function,
)
from pyngx.types import (
    INT,
    Bool,
    Bufs,
    Bytes,
    ComplexValue,
    Conf,
    Enum,
    Float,
    Int,
    List,
    MimeTypes,
    Optional,
    Place,
    Str,
    Tuple,
    Type,
    describe,
)

_CONTEXTS = {
    Place.LOC: ("http", "server", "location"),
    Place.SRV: ("http", "server"),
    Place.MAIN: ("http",),
}
_ALL_CONTEXTS = ("http", "server", "location", "if")
_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def conf_class(mod: ModuleContext, place: Place, source: ClassSource) -> ConfClass:
    """The configuration class with its directives; ``validate`` is checked later, by
    `validate_method`, when the class is known to the functions."""
    report = Reporter(source.source, mod.diags)
    fields = []
    for node in source.node.body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name)):
                try:
                    fields.append(_directive(mod, report, place, source, node, name))
                except Refused:
                    continue
            case ast.FunctionDef(name="validate") | ast.Pass():
                continue
            case ast.Expr(value=ast.Constant()):
                continue
            case _:
                report.error(
                    "PNX300",
                    node,
                    f"only directives and 'validate' stand in {source.name}",
                    help=_outside(node, source, "conf")
                    or "write 'name: type = directive(\"name\", default=…)'",
                )
    return ConfClass(place, source.name, _words(source), tuple(fields), None)


def _outside(node: ast.stmt, source: ClassSource, parameter: str) -> str:
    """What to write instead of a method, at module level."""
    if not isinstance(node, ast.FunctionDef):
        return ""
    others = [arg.arg for arg in node.args.args[1:]]
    given = ", ".join((f"{parameter}: {source.name}", *others))
    return f"put a function beside the class: 'def {node.name}({given})'"


def validate_method(mod: ModuleContext, place: Place, source: ClassSource) -> Function | None:
    """The typed ``validate`` of a configuration class, if it has one."""
    for node in source.node.body:
        if isinstance(node, ast.FunctionDef) and node.name == "validate":
            function = source.cls.__dict__.get("validate")
            if not isinstance(function, FunctionType) or len(node.args.args) != 1:
                mod.diags.error(
                    "PNX164",
                    name_span(source.source, node),
                    "validate() is a method with one parameter, self",
                    help="write 'def validate(self) -> None:', without a decorator",
                )
                return None
            found = FunctionSource(
                "validate",
                node,
                source.source,
                function.__globals__,
                function,
                source.comments,
            )
            return check_function(mod, found, Kind.VALIDATE, Conf(place))
    return None


def _directive(
    mod: ModuleContext,
    report: Reporter,
    place: Place,
    source: ClassSource,
    node: ast.AnnAssign,
    name: str,
) -> DirectiveField:
    declared = source.cls.__dict__.get(name)
    if not isinstance(declared, Directive):
        report.refuse(
            "PNX301",
            node,
            f"'{name}' is not a directive",
            help=f'write {name}: {ast.unparse(node.annotation)} = directive("{name}", '
            f"default={ast.unparse(node.value) if node.value else '…'}); "
            "what changes per request belongs into a RequestCtx",
        )
    type_ = _annotated_type(mod, report, source, node, name)
    _check_name(report, node, declared)
    _check_type(report, node, type_)
    default = _default(report, node, type_, declared.default)
    low, high = _bounds(report, node, type_, declared)
    contexts = _contexts(report, node, place, declared.context)
    if isinstance(default, int | float) and not isinstance(default, bool):
        if (low is not None and default < low) or (high is not None and default > high):
            report.error(
                "PNX306",
                _argument(node, "default", 1),
                f"the default {default} is outside of min and max",
                help="give a default between them",
            )
    return DirectiveField(
        name,
        declared.name,
        type_,
        default,
        contexts,
        low,
        high,
        report.span(node),
        _comments(source, node),
    )


def _check_name(report: Reporter, node: ast.AST, declared: Directive) -> None:
    name = declared.name
    if not isinstance(name, str) or not set(name) <= _NAME or not name or name[0].isdigit():
        report.refuse(
            "PNX302",
            _argument(node, "name", 0),
            f"{shown(name)} cannot be the name of a directive",
            help="use letters, digits and '_', and no digit first",
        )


def _argument(node: ast.AST, name: str, position: int) -> ast.AST:
    """The argument of ``directive(…)`` in a statement or decorator, else the whole."""
    for call in ast.walk(node):
        if not isinstance(call, ast.Call) or not ast.unparse(call.func).endswith("directive"):
            continue
        for keyword in call.keywords:
            if keyword.arg == name:
                return keyword.value
        return call.args[position] if -1 < position < len(call.args) else call
    return node


def variable_contexts(
    mod: ModuleContext, declared: Directive, source: FunctionSource
) -> tuple[str, ...]:
    """Where the directive of ``@variable(directive(name))`` may stand."""
    report = Reporter(source.source, mod.diags)
    node = source.node.decorator_list[0]
    try:
        _check_name(report, node, declared)
        return _contexts(report, node, Place.LOC, declared.context)
    except Refused:
        return _CONTEXTS[Place.LOC]


def _comments(source: ClassSource, node: ast.stmt) -> tuple[str, ...]:
    return source.comments.all(node)


def _words(source: ClassSource) -> str | None:
    """The comments of a class and its docstring; comments of fields and methods are their own."""
    node = source.node
    others = [n for n in node.body if not isinstance(n, ast.AnnAssign | ast.FunctionDef)]
    comments = [line for n in (node, *others) for line in source.comments.all(n)]
    return "\n\n".join(filter(None, ["\n".join(comments), ast.get_docstring(node)])) or None


def _annotated_type(
    mod: ModuleContext, report: Reporter, source: ClassSource, node: ast.AnnAssign, name: str
) -> Type:
    try:
        return from_annotation(source.hints[name], mod.model)
    except UnknownAnnotation as exc:
        report.refuse(
            "PNX161",
            node.annotation,
            f"'{ast.unparse(node.annotation)}': {exc}",
            help="the types are those of pyngx.ngx, int, bool, bytes, str, list[…] and enums",
        )


def _check_type(report: Reporter, node: ast.AnnAssign, type_: Type) -> None:
    inner = type_.inner if isinstance(type_, Optional) else type_
    match inner:
        case Bool() | Bytes() | Str() | Bufs() | Enum() | MimeTypes() | ComplexValue():
            if isinstance(type_, Optional) and isinstance(inner, Bufs | MimeTypes):
                report.refuse(
                    "PNX303",
                    node.annotation,
                    f"'{describe(type_)}' cannot be unset",
                    help="give it a default",
                )
            return
        case Int() | Float():
            return
        case List(Bytes() | Str() | Int() | Float()):
            return
        case List(Tuple(items)) if items and all(
            isinstance(i, Bytes | Str | Int | Float | ComplexValue) for i in items
        ):
            if len(items) <= 7:
                return
        case _:
            pass
    report.refuse(
        "PNX303",
        node.annotation,
        f"a directive cannot be of type '{describe(type_)}'",
        help="flags, numbers, sizes, times, bytes, enums, MimeTypes, complex values, "
        "lists of bytes, numbers or tuples of them, and any of these | None",
    )


def _default(report: Reporter, node: ast.AnnAssign, type_: Type, default: object) -> object:
    if default is NO_DEFAULT:
        if isinstance(type_, Optional):
            return None
        if isinstance(type_, List):
            return ()
        report.refuse(
            "PNX304",
            _argument(node, "default", 1),
            "the directive has no default",
            help="add default=…, or annotate 'X | None' for a value that may be unset",
        )
    if default is None and isinstance(type_, Optional):
        return None
    inner = type_.inner if isinstance(type_, Optional) else type_
    if isinstance(default, ngx_http_complex_value_t):
        default = default.text
    fits = _fits(inner, default)
    if not fits:
        report.refuse(
            "PNX305",
            _default_node(node),
            f"the default {shown(default)} is not of type '{describe(type_)}'",
            help=_default_help(inner, default),
        )
    if isinstance(inner, ComplexValue) and isinstance(default, str):
        return default.encode()
    if isinstance(default, list | set | frozenset | MimeTypesClass):
        values = default.types if isinstance(default, MimeTypesClass) else default
        return tuple(values)
    return default


def _default_node(node: ast.AnnAssign) -> ast.AST:
    """Where the default of a directive, or of a field of the context, is written."""
    found = _argument(node, "default", 1)
    return found if found is not node else node.value or node


def _default_help(type_: Type, default: object) -> str:
    match type_, default:
        case _, None:
            return f"annotate '{describe(type_)} | None' for a value that may be unset"
        case MimeTypes(), bytes() | str():
            return f"write a list: [{default!r}]"
        case Bytes(), str():
            return f"write b{default!r}" if default.isascii() else "encode it: '…'.encode()"
        case Str(), bytes():
            return "write the text without the b"
        case Str(), str():
            return "write characters that UTF-8 has"
        case Bool(), _:
            return "write True or False"
        case Int(), int():
            return f"'{describe(type_)}' holds {type_.range.lo} to {type_.range.hi}"
        case Int(), _:
            return "write a number: 8 * 1024 for 8k, 10 * 1000 for 10s in milliseconds"
        case Float(), _:
            return "write a number with a point: 0.0 for 0"
        case Bufs(), _:
            return "write a number and a size: (4, 8192)"
        case Enum(cls), _:
            return f"write a member: {cls.__name__}.{next(iter(cls)).name}"
        case _:
            return f"write a value of type '{describe(type_)}'"


def _is_utf8(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _fits(type_: Type, default: object) -> bool:
    match type_:
        case Bool():
            return isinstance(default, bool)
        case Int(_, limits):
            return (
                isinstance(default, int)
                and not isinstance(default, bool)
                and limits.lo <= default <= limits.hi
            )
        case Float():
            return isinstance(default, float)
        case Bytes():
            return isinstance(default, bytes)
        case Str():
            return isinstance(default, str) and _is_utf8(default)
        case ComplexValue():
            return isinstance(default, bytes) or (isinstance(default, str) and _is_utf8(default))
        case Enum(cls):
            return isinstance(default, cls) or (
                issubclass(cls, enum.IntFlag) and isinstance(default, int)
            )
        case Bufs():
            return (
                isinstance(default, tuple)
                and len(default) == 2
                and all(isinstance(v, int) and v > 0 for v in default)
            )
        case MimeTypes():
            values = getattr(default, "types", default)
            return isinstance(values, list | tuple) and all(
                isinstance(v, bytes | str) for v in values
            )
        case List(item):
            return isinstance(default, list | tuple) and all(_fits(item, v) for v in default)
        case Optional(part):
            return default is None or _fits(part, default)
        case Tuple(items, cls) if type_.is_object:
            return type(default) is cls and _fits(Tuple(items), _fields_of(type_, default))
        case Tuple(items, cls):
            return (
                isinstance(default, cls or tuple)
                and isinstance(default, tuple)
                and len(default) == len(items)
                and all(_fits(i, v) for i, v in zip(items, default, strict=True))
            )
        case _:
            return False


def _bounds(
    report: Reporter, node: ast.AnnAssign, type_: Type, declared: Directive
) -> tuple[int | float | None, int | float | None]:
    inner = type_.inner if isinstance(type_, Optional) else type_
    bounds = (declared.min, declared.max)
    if declared.min is None and declared.max is None:
        return (None, None)
    given = [b for b in bounds if b is not None]
    if not all(_is_bound(inner, b) for b in given):
        report.refuse(
            "PNX306",
            _argument(node, "max" if bounds[0] is None else "min", -1),
            "min and max are numbers of the directive's own type",
            help="check other values in validate()",
        )
    low, high = bounds
    if low is not None and high is not None and low > high:
        report.refuse(
            "PNX306",
            _argument(node, "min", -1),
            f"min {low} is more than max {high}",
            help=f"exchange them: min={high}, max={low}",
        )
    number = float if isinstance(inner, Float) else int
    return (None if low is None else number(low), None if high is None else number(high))


def _is_bound(type_: Type, bound: object) -> bool:
    match type_:
        case Int(_, limits):
            return isinstance(bound, int) and limits.lo <= bound <= limits.hi
        case Float():
            return isinstance(bound, int | float) and math.isfinite(bound)
        case _:
            return False


def _contexts(
    report: Reporter, node: ast.AST, place: Place, given: str | Sequence[str] | None
) -> tuple[str, ...]:
    if given is None:
        return _CONTEXTS[place]
    names: list[Any] = list(given) if isinstance(given, list | tuple) else [given]
    allowed = _ALL_CONTEXTS if place is Place.LOC else _CONTEXTS[place]
    for name in names:
        if not isinstance(name, str) or name not in allowed:
            report.refuse(
                "PNX307",
                _argument(node, "context", -1),
                f"{shown(name)} is not a place for a directive of a {place.value.capitalize()}Conf",
                help=f"places are: {', '.join(allowed)}",
            )
    if not names:
        report.refuse(
            "PNX307",
            _argument(node, "context", -1),
            "the directive may stand nowhere",
            help=f"name at least one of: {', '.join(allowed)}",
        )
    return tuple(names)


def ctx_class(mod: ModuleContext, source: ClassSource) -> CtxClass:
    """The request context with its fields."""
    report = Reporter(source.source, mod.diags)
    fields: dict[str, CtxField] = {}
    for node in source.node.body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name)):
                try:
                    fields[name] = _ctx_field(mod, report, source, node, name)
                except Refused:
                    continue
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                continue
            case _:
                report.error(
                    "PNX300",
                    node,
                    f"only annotated fields stand in {source.name}",
                    help=_outside(node, source, "ctx") or "write 'name: type = default'",
                )
    return CtxClass(source.name, _words(source), tuple(fields.values()))


def _ctx_field(
    mod: ModuleContext, report: Reporter, source: ClassSource, node: ast.AnnAssign, name: str
) -> CtxField:
    type_ = _annotated_type(mod, report, source, node, name)
    inner = type_.inner if isinstance(type_, Optional) else type_
    scalar = isinstance(inner, Int | Bool | Enum) and inner is type_
    if isinstance(type_, List):
        return _ctx_list(report, source, node, name, type_)
    if not (scalar or isinstance(inner, Float | Bytes | Str) or _stored_tuple(type_)):
        report.refuse(
            "PNX308",
            node.annotation,
            f"a context field of type '{describe(type_)}' is not compiled by this version",
            help="numbers, flags, enums, bytes, str, tuples and lists of them; "
            "float, bytes or str | None",
        )
    if isinstance(type_, Tuple) and name not in source.cls.__dict__:
        report.refuse(
            "PNX305",
            node,
            "a tuple has no default of its own",
            help=f"write '{name}: {ast.unparse(node.annotation)} = (…)'",
        )
    default = source.cls.__dict__.get(name)
    if name not in source.cls.__dict__:
        zero: dict[type, object] = {Bytes: b"", Str: "", Bool: False, Float: 0.0}
        default = None if inner is not type_ else zero.get(type(type_), 0)
    if isinstance(type_, Enum) and name not in source.cls.__dict__:
        default = next(iter(type_.cls))
    if not (default is None and inner is not type_) and not _fits(inner, default):
        report.refuse(
            "PNX305",
            _default_node(node),
            f"the default {shown(default)} is not of type '{describe(type_)}'",
            help=_default_help(inner, default),
        )
    if isinstance(default, enum.Enum):
        default = int(default.value)
    default = _fields_of(inner, default)
    assert default is None or isinstance(default, int | float | bytes | str | tuple)
    return CtxField(name, type_, default, report.span(node), _comments(source, node))


def _ctx_list(
    report: Reporter, source: ClassSource, node: ast.AnnAssign, name: str, type_: List
) -> CtxField:
    """A list in the context, which every request begins with empty."""
    held = isinstance(type_.item, Bool | Enum | Bytes | Str | Float | Tuple) or type_.item == INT
    if not held or ComplexValue() in parts(type_):
        report.refuse(
            "PNX308",
            node.annotation,
            f"a context field of type '{describe(type_)}' is not compiled by this version",
            help="list[int], and lists of flags, enums, float, bytes, str and tuples of them",
        )
    default = source.cls.__dict__.get(name, [])
    if isinstance(default, dataclasses.Field):
        factory = default.default_factory
        default = [] if factory is list else default
    if default != []:
        report.refuse(
            "PNX305",
            _default_node(node),
            "a list in the context is empty at first",
            help=f"write '{name}: {ast.unparse(node.annotation)} = []', and append to it",
        )
    return CtxField(name, type_, None, report.span(node), _comments(source, node))


def _stored_tuple(type_: Type) -> bool:
    """Whether it is a tuple, also an optional one, that a context can hold."""
    inner = type_.inner if isinstance(type_, Optional) else type_
    return isinstance(inner, Tuple) and ComplexValue() not in parts(inner)


def _fields_of(type_: Type, value: object) -> object:
    """An object of a dataclass as the tuple of its fields, also inside of tuples."""
    if not isinstance(type_, Tuple) or value is None:
        return value
    names = type_.names if type_.is_object else None
    parts_ = [getattr(value, n) for n in names] if names else value
    assert isinstance(parts_, list | tuple)
    return tuple(_fields_of(t, v) for t, v in zip(type_.items, parts_, strict=True))
