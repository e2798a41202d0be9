"""The closed list of types of the language.

A type says what a value *is*; how it is stored in C is `pyngx.backend`'s business. Integers are
one type in expressions (Python's ``int``); `Int` carries the C type only where a value is stored
(a field, an annotated local), because there its range is checked.
"""

from __future__ import annotations

import enum
import typing
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, TypeAlias

INT64_MIN = -(2**63)
INT64_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Range:
    """The values that an integer expression can have, both ends included."""

    lo: int
    hi: int

    @property
    def fits_int64(self) -> bool:
        """Whether no value can overflow the language's 64-bit integers."""
        return self.lo >= INT64_MIN and self.hi <= INT64_MAX

    def within(self, other: Range) -> bool:
        """Whether every value of this range is in the other."""
        return other.lo <= self.lo and self.hi <= other.hi

    def join(self, other: Range) -> Range:
        """The smallest range that has both."""
        return Range(min(self.lo, other.lo), max(self.hi, other.hi))

    def meet(self, other: Range) -> Range:
        """The values in both; this range if there are none (the place is not reached then)."""
        lo, hi = max(self.lo, other.lo), min(self.hi, other.hi)
        return Range(lo, hi) if lo <= hi else self

    def clamp(self) -> Range:
        """What remains after an overflow check."""
        return Range(max(self.lo, INT64_MIN), min(self.hi, INT64_MAX))


def unfit(limits: Range) -> str:
    """What is said of an integer that does not fit where it is stored."""
    return f"the value is not from {limits.lo} to {limits.hi}"


FULL = Range(INT64_MIN, INT64_MAX)
LENGTH = Range(0, 2**47)  # of anything that lies in the address space, or of a file
BYTE = Range(0, 255)
BIT = Range(0, 1)
EXACT = Range(-(2**53), 2**53)  # the integers that a ``double`` has, one and all


TableValue: TypeAlias = "int | float | bytes | str | tuple[TableValue, ...] | None"
"""What a table of constants holds."""


@dataclass(frozen=True, slots=True)
class Int:
    """An integer kept in a C type; ``Int()`` is Python's ``int``, an ``ngx_int_t``."""

    c: str = "ngx_int_t"
    range: Range = FULL


@dataclass(frozen=True, slots=True)
class Enum:
    """An ``enum.IntEnum`` or ``enum.IntFlag`` of the file."""

    cls: type[enum.Enum]

    @property
    def range(self) -> Range:
        """From the smallest to the largest member (for flags: of any combination)."""
        values = [int(m.value) for m in self.cls]
        if issubclass(self.cls, enum.Flag):
            return Range(0, sum({v for v in values if v > 0}))
        return Range(min(values), max(values))


@dataclass(frozen=True, slots=True)
class Bool:
    """``bool``, an ``ngx_flag_t``; with ``bit`` a C bit-field of one bit."""


@dataclass(frozen=True, slots=True)
class Float:
    """``float``, a ``double``."""


@dataclass(frozen=True, slots=True)
class Total:
    """What ``sum`` of floats without a start gives: a float, or the int 0 if nothing was added. A
    ``double``, in which -0.0 stands for that 0: no sum that begins with 0 is -0.0."""


@dataclass(frozen=True, slots=True)
class Bytes:
    """``bytes``, an ``ngx_str_t``."""


@dataclass(frozen=True, slots=True)
class Str:
    """``str``, an ``ngx_str_t`` that holds UTF-8."""


@dataclass(frozen=True, slots=True)
class NoneType:
    """The type of ``None``."""


@dataclass(frozen=True, slots=True)
class Optional:
    """``X | None``: a NULL pointer, or a string whose ``data`` is NULL."""

    inner: Type


@dataclass(frozen=True, slots=True)
class Struct:
    """A pointer to an nginx structure, by its typedef name."""

    name: str


@dataclass(frozen=True, slots=True)
class Headers:
    """``r.headers_in`` or ``r.headers_out``: a mapping, and a C structure with fields."""

    direction: str  # "in" or "out"


@dataclass(frozen=True, slots=True)
class Variables:
    """``r.variables``."""


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a response, as a generator reads it."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the body that ``scan`` gives: bytes with ``matched`` and ``index``."""


@dataclass(frozen=True, slots=True)
class OutChain:
    """The chain that a chain-form filter builds with ``ngx_chain_t()``."""


@dataclass(frozen=True, slots=True)
class List:
    """``list[T]``, an ``ngx_array_t``."""

    item: Type


@dataclass(frozen=True, slots=True)
class Tuple:
    """A tuple of fixed length, a structure; ``cls``: the author's `typing.NamedTuple`, or the
    dataclass whose objects these are: they never change, so that nothing tells them from tuples."""

    items: tuple[Type, ...]
    cls: type | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the items; those of a plain tuple are made up."""
        found: tuple[str, ...] = getattr(self.cls, "_fields", ())
        if self.is_object and self.cls is not None and is_dataclass(self.cls):
            found = tuple(f.name for f in fields(self.cls))
        return found or tuple(f"item{i}" for i in range(len(self.items)))

    @property
    def is_object(self) -> bool:
        """Whether the author's class is a dataclass, whose objects are no tuples in Python."""
        return self.cls is not None and not issubclass(self.cls, tuple)


@dataclass(frozen=True, slots=True)
class MimeTypes:
    """A set of MIME types, nginx's ``*_types`` directives."""


@dataclass(frozen=True, slots=True)
class ComplexValue:
    """``ngx_http_complex_value_t``: text with ``$variables``."""


@dataclass(frozen=True, slots=True)
class Bufs:
    """``ngx_bufs_t``: a number and a size."""


class Place(enum.StrEnum):
    """The level of configuration that a class of directives belongs to."""

    LOC = "loc"
    SRV = "srv"
    MAIN = "main"


@dataclass(frozen=True, slots=True)
class Conf:
    """The file's LocConf, SrvConf or MainConf subclass."""

    place: Place


@dataclass(frozen=True, slots=True)
class Ctx:
    """The file's RequestCtx subclass."""


@dataclass(frozen=True, slots=True)
class Error:
    """The exception that ``except … as e`` names; it is kept as its message, a ``Str``."""


@dataclass(frozen=True, slots=True)
class Logger:
    """``logging.getLogger(__name__)`` of module level."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A module-level object that has no run-time form of its own (a dict, a class, a module);
    only what is computed from it at compile time can be used."""

    value: object = field(compare=False, hash=False)
    typed: tuple[Type, TableValue] | None = field(default=None, compare=False, hash=False)
    """The type and the parts of one that can be made at run time."""


Type: TypeAlias = (
    Int
    | Enum
    | Bool
    | Float
    | Total
    | Bytes
    | Str
    | NoneType
    | Optional
    | Struct
    | Headers
    | Variables
    | Body
    | Part
    | OutChain
    | List
    | Tuple
    | MimeTypes
    | ComplexValue
    | Bufs
    | Conf
    | Ctx
    | Error
    | Logger
    | Constant
)

INT = Int()
HASH = Struct("ngx_http_pyngx_hash_t")
"""What ``hashlib.sha256()`` and its like make: the runtime's, behind a pointer as nginx's are."""


def hints_of(thing: object) -> dict[str, Any]:
    """The annotations of a class or of a function, evaluated. ``int`` is Python's, also in a file
    that runs with the integers of the language in its place."""
    return typing.get_type_hints(thing, localns={"int": int})


def describe(type_: Type) -> str:
    """The type as the author would write it."""
    match type_:
        case Int("ngx_int_t"):
            return "int"
        case Int(c):
            return c
        case Enum(cls):
            return cls.__name__
        case Bool():
            return "bool"
        case Float():
            return "float"
        case Total():
            return "int | float"
        case Bytes():
            return "bytes"
        case Str():
            return "str"
        case NoneType():
            return "None"
        case Optional(inner):
            return f"{describe(inner)} | None"
        case Struct(name) if type_ == HASH:
            return "a hash"
        case Struct(name):
            return name
        case Headers(direction):
            return f"headers_{direction}"
        case Variables():
            return "r.variables"
        case Body():
            return "Body"
        case Part():
            return "a part of body.scan()"
        case OutChain():
            return "ngx_chain_t"
        case List(item):
            return f"list[{describe(item)}]"
        case Tuple(items, cls):
            return cls.__name__ if cls else f"tuple[{', '.join(map(describe, items))}]"
        case MimeTypes():
            return "MimeTypes"
        case ComplexValue():
            return "ngx_http_complex_value_t"
        case Bufs():
            return "ngx_bufs_t"
        case Conf(place):
            return f"{place.value.capitalize()}Conf"
        case Ctx():
            return "RequestCtx"
        case Error():
            return "exception"
        case Logger():
            return "logging.Logger"
        case Constant(value):
            return type(value).__name__


def joined(a: Type, b: Type) -> Type | None:
    """The type that holds values of both; None if there is none."""
    if a == b:
        return a
    if is_integer(a) and is_integer(b):
        return INT
    match a, b:
        case Tuple(xs, cls), Tuple(ys, other) if len(xs) == len(ys) and (
            cls is other or not (a.is_object or b.is_object)
        ):
            items = [joined(x, y) for x, y in zip(xs, ys, strict=True)]
            found = tuple(i for i in items if i is not None)
            return Tuple(found, cls if cls is other else None) if len(found) == len(xs) else None
        case List(NoneType()), List():
            return b
        case List(), List(NoneType()):
            return a
        case NoneType(), Optional():
            return b
        case Optional(), NoneType():
            return a
        case NoneType(), other:
            return Optional(other)
        case other, NoneType():
            return Optional(other)
        case Optional(x), Optional(y):
            inner = joined(x, y)
        case Optional(x), y:
            inner = joined(x, y)
        case x, Optional(y):
            inner = joined(x, y)
        case _:
            return None
    return None if inner is None else Optional(inner)


def members(type_: Type) -> tuple[tuple[str, Type], ...]:
    """The named parts of a compound value; nothing for any other type."""
    match type_:
        case Tuple(items):
            return tuple(zip(type_.names, items, strict=True))
        case Optional(inner) if is_compound(type_):
            return (("present", Bool()), ("value", inner))
        case _:
            return ()


def is_compound(type_: Type) -> bool:
    """Whether values are structures of the module's own, which are copied as a whole. An optional
    float is one: no number is left to stand for None."""
    match type_:
        case Optional(inner):
            return isinstance(inner, Float) or is_compound(inner)
        case _:
            return isinstance(type_, Tuple)


def text_leaves(type_: Type) -> tuple[tuple[str, ...], ...]:
    """The paths of members that lead to bytes and text in a value: ``()`` for the value itself."""
    inner = type_.inner if isinstance(type_, Optional) else type_
    if isinstance(inner, Bytes | Str):
        return ((),)
    return tuple((name, *path) for name, member in members(type_) for path in text_leaves(member))


def is_integer(type_: Type) -> bool:
    """Whether arithmetic works on it (``bool`` is an ``int`` in Python)."""
    return isinstance(type_, Int | Enum | Bool)


def is_number(type_: Type) -> bool:
    """Whether it is an integer or a float."""
    return isinstance(type_, Float) or is_integer(type_)


def range_of(type_: Type) -> Range:
    """The values that a stored integer of this type can have."""
    match type_:
        case Int(_, limits):
            return limits
        case Enum():
            return type_.range
        case Bool():
            return BIT
        case _:
            return FULL
