"""Annotations: from the object that CPython sees to a type of the language."""

from __future__ import annotations

import dataclasses
import enum
import os
import types as python_types
import typing
from collections.abc import Iterator

from pyngx import Body as BodyClass
from pyngx import LocConf, MainConf, RequestCtx, SrvConf
from pyngx import MimeTypes as MimeTypesClass
from pyngx.headers import CType, NginxModel
from pyngx.ngx import CScalar, NgxStruct, ngx_bufs_t, ngx_http_complex_value_t
from pyngx.types import (
    BIT,
    INT,
    INT64_MAX,
    INT64_MIN,
    Body,
    Bool,
    Bufs,
    Bytes,
    ComplexValue,
    Conf,
    Ctx,
    Enum,
    Float,
    Headers,
    Int,
    List,
    MimeTypes,
    NoneType,
    Optional,
    Place,
    Range,
    Str,
    Struct,
    Tuple,
    Type,
    describe,
    hints_of,
)

HEADERS = {"ngx_http_headers_in_t": Headers("in"), "ngx_http_headers_out_t": Headers("out")}


class UnknownAnnotation(Exception):
    """An annotation that says no type of the language; the text is the reason."""


def integer_range(ctype: CType, bits: int | None = None) -> Range:
    """The values of a C integer type. An unsigned type of 64 bits counts as holding what a signed
    one can: no length, number or time in nginx is larger, and Python's ``int`` of the language
    has 64 bits with the sign."""
    if bits is not None:
        return BIT if bits == 1 else Range(0, 2**bits - 1)
    width = ctype.size * 8
    if ctype.signed:
        return Range(-(2 ** (width - 1)), 2 ** (width - 1) - 1)
    return Range(0, min(2**width - 1, INT64_MAX))


def scalar(name: str, model: NginxModel) -> Type:
    """The type of an annotation such as ``off_t``."""
    if name == "ngx_str_t":
        return Bytes()
    if name == "ngx_flag_t":
        return Bool()
    if name == "ngx_int_t":
        return INT
    ctype = model.type(name)
    if ctype is None or ctype.kind != "int":
        raise UnknownAnnotation(f"nginx {model.version} has no integer type '{name}'")
    return Int(name, integer_range(ctype))


def from_annotation(hint: object, model: NginxModel) -> Type:
    """The type that an evaluated annotation says.

    Raises:
        UnknownAnnotation: it is none of the language's.
    """
    if hint is None or hint is type(None):
        return NoneType()
    if isinstance(hint, CScalar):
        return scalar(hint.__name__, model)
    if isinstance(hint, python_types.UnionType) or typing.get_origin(hint) is typing.Union:
        return _union(hint, model)
    origin = typing.get_origin(hint)
    if origin is list:
        (item,) = typing.get_args(hint)
        return List(from_annotation(item, model))
    if origin is tuple:
        return _tuple(typing.get_args(hint), None, model)
    if (
        isinstance(hint, type)
        and hint not in _EXACT
        and issubclass(hint, tuple)
        and hasattr(hint, "_fields")
    ):
        _no_special_methods(hint)
        hints = hints_of(hint)
        return _tuple(tuple(hints.get(name) for name in hint._fields), hint, model)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _dataclass(hint, model)
    if isinstance(hint, type):
        return _class(hint)
    raise UnknownAnnotation("it is not a type of the language")


_OF_PYTHON = (
    "/dataclasses.py",
    "/reprlib.py",
    "/collections/__init__.py",
    "/typing.py",
    "/enum.py",
)
"""The files that the methods of named tuples and dataclasses come from."""


def _no_special_methods(cls: type) -> None:
    """Refuse a class that says itself how its objects are made, compared or true."""
    for name, value in vars(cls).items():
        code = getattr(value, "__code__", None)
        if name.startswith("__") and code is not None and os.path.exists(code.co_filename):
            if not code.co_filename.endswith(_OF_PYTHON):
                raise UnknownAnnotation(f"a class with {name}() is not compiled")


def _dataclass(cls: type, model: NginxModel) -> Tuple:
    """A dataclass that is fields only: what its author's methods do is not known."""
    own = [base for base in cls.__mro__ if base is not object]
    for base in own:
        _no_special_methods(base)
    if not all(dataclasses.is_dataclass(base) for base in own):
        raise UnknownAnnotation("a dataclass has no other base than dataclasses")
    if not all(f.init and f.compare for f in dataclasses.fields(cls)):
        raise UnknownAnnotation("init=False and compare=False are not compiled")
    if cls in _open:
        raise UnknownAnnotation(
            "an object does not hold one of its own kind: it would have no end in C"
        )
    hints = hints_of(cls)
    _open.append(cls)
    try:
        return _tuple(tuple(hints[f.name] for f in dataclasses.fields(cls)), cls, model)
    finally:
        _open.pop()


_open: list[type] = []
"""The dataclasses whose fields are being looked at."""


def _tuple(args: tuple[object, ...], cls: type | None, model: NginxModel) -> Tuple:
    """A tuple of some length, each of whose items can be stored."""
    if Ellipsis in args or not args:
        what = "a tuple" if cls is None else cls.__name__
        raise UnknownAnnotation(f"{what} has a fixed number of items, at least one")
    items = tuple(from_annotation(a, model) for a in args)
    for item in items:
        inner = item.inner if isinstance(item, Optional) else item
        if not isinstance(inner, Int | Bool | Float | Enum | Bytes | Str | Tuple | ComplexValue):
            what = "a tuple" if cls is None or issubclass(cls, tuple) else "an object"
            raise UnknownAnnotation(f"{what} does not hold '{describe(item)}' in this version")
    return Tuple(items, cls)


def _union(hint: object, model: NginxModel) -> Type:
    args = typing.get_args(hint)
    rest = [a for a in args if a is not type(None)]
    if len(rest) != 1 or len(args) != 2:
        raise UnknownAnnotation("the only union is 'X | None'")
    return Optional(from_annotation(rest[0], model))


_EXACT: dict[object, Type] = {
    int: INT,
    bool: Bool(),
    float: Float(),
    bytes: Bytes(),
    str: Str(),
    BodyClass: Body(),
    MimeTypesClass: MimeTypes(),
    ngx_bufs_t: Bufs(),
    ngx_http_complex_value_t: ComplexValue(),
}


def _class(cls: type) -> Type:
    if cls in _EXACT:
        return _EXACT[cls]
    bases: tuple[tuple[type, Type], ...] = (
        (LocConf, Conf(Place.LOC)),
        (SrvConf, Conf(Place.SRV)),
        (MainConf, Conf(Place.MAIN)),
        (RequestCtx, Ctx()),
    )
    for base, type_ in bases:
        if issubclass(cls, base):
            return type_
    if issubclass(cls, enum.IntEnum | enum.IntFlag):
        values = [int(member) for member in cls]
        if not values or min(values) < INT64_MIN or max(values) > INT64_MAX:
            raise UnknownAnnotation("an enum has members, of at most 64 bits each")
        _no_special_methods(cls)
        return Enum(cls)
    if issubclass(cls, NgxStruct):
        return HEADERS.get(cls.c_name, Struct(cls.c_name))
    raise UnknownAnnotation(f"'{cls.__name__}' is not a type of the language")


def parts(type_: Type) -> Iterator[Type]:
    """The type and all types in it."""
    yield type_
    match type_:
        case Optional(inner) | List(inner):
            yield from parts(inner)
        case Tuple(items):
            for item in items:
                yield from parts(item)
        case _:
            return
