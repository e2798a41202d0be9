"""What a filter file imports.

The decorators leave the function as it is and mark it; the configuration classes make instances
that hold the defaults. The compiler reads the marks, so importing a filter file needs no nginx
server, and the functions can be called from a test like any other.
"""

from __future__ import annotations

import copy
import dataclasses
import sys
import typing
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, overload

from pyngx.ngx import (
    CScalar,
    ngx_buf_t,
    ngx_bufs_t,
    ngx_http_complex_value_t,
    ngx_http_request_t,
)
from pyngx.types import hints_of

if TYPE_CHECKING:
    import re

__all__ = [
    "Body",
    "ConfError",
    "LocConf",
    "MainConf",
    "MimeTypes",
    "RequestCtx",
    "SrvConf",
    "Stream",
    "body_filter",
    "directive",
    "header_filter",
    "module",
    "subrequest",
    "variable",
]

_F = TypeVar("_F", bound=Callable[..., Any])
_HeaderFilter = TypeVar("_HeaderFilter", bound=Callable[..., int | None])
_BodyFilter = TypeVar("_BodyFilter", bound=Callable[..., "Stream | int"])
_Variable = TypeVar("_Variable", bound=Callable[..., bytes | str | None])
_T = TypeVar("_T")


class ConfError(Exception):
    """Raised by ``validate``: nginx stops with this message at the line of the configuration."""


# The marks that the decorators leave, read by the compiler and by the CPython life.


@dataclass(frozen=True)
class HeaderFilter:
    """The mark of the file's header filter."""


@dataclass(frozen=True)
class BodyFilter:
    """The mark of the file's body filter: whether it also takes encoded bodies (a response with a
    ``Content-Encoding``) and partial ones (206)."""

    encoded: bool = False
    partial: bool = False


@dataclass(frozen=True)
class Variable:
    """The mark of the function that gives ``$name``, or each variable that a directive names."""

    name: str | Directive


@dataclass(frozen=True)
class ModuleOptions:
    """What ``module(...)`` said, and the line where; all None for a file that does not call it."""

    name: str | None = None
    after: str | None = None
    before: str | None = None
    line: int | None = None


def module(name: str | None = None, *, after: str | None = None, before: str | None = None) -> None:
    """Name the module, or its place: after or before one of nginx's own filters."""
    caller = sys._getframe(1)
    if "__pyngx_module__" in caller.f_globals:
        raise ValueError("module() is called twice in one file")
    options = ModuleOptions(name, after, before, caller.f_lineno)
    caller.f_globals["__pyngx_module__"] = options


def _mark(function: _F, mark: HeaderFilter | BodyFilter | Variable, what: str) -> _F:
    """Attach the mark; a function has one role."""
    if not isinstance(function, FunctionType):
        raise TypeError(f"@{what} stands before a plain function, not {type(function).__name__}")
    if hasattr(function, "__pyngx__"):
        raise TypeError(f"{function.__name__}() has two roles; @{what} is the second")
    function.__dict__["__pyngx__"] = mark
    return function


def header_filter(function: _HeaderFilter) -> _HeaderFilter:
    """This function sees, and may change, the header of each response."""
    return _mark(function, HeaderFilter(), "header_filter")


@overload
def body_filter(function: _BodyFilter, /) -> _BodyFilter: ...


@overload
def body_filter(
    *, encoded: bool = False, partial: bool = False
) -> Callable[[_BodyFilter], _BodyFilter]: ...


def body_filter(function: Any = None, /, *, encoded: bool = False, partial: bool = False) -> Any:
    """This function sees, and may change, the body of each response."""
    if function is not None:
        return _mark(function, BodyFilter(), "body_filter")
    return lambda marked: _mark(marked, BodyFilter(encoded, partial), "body_filter")


def variable(name: str | Directive) -> Callable[[_Variable], _Variable]:
    """This function gives the value of ``$name``; None means that it has none.

    With ``@variable(directive("set_x"))`` the configuration names the variable: each
    ``set_x $name;`` defines one.
    """
    if isinstance(name, Directive):
        if (name.default, name.min, name.max) != (NO_DEFAULT, None, None):
            raise TypeError("a directive that defines variables has no default, min or max")
    elif not isinstance(name, str):
        raise TypeError('@variable takes the name of the variable: @variable("name")')
    return lambda function: _mark(function, Variable(name), "variable")


# Configuration and state.


class _NoDefault:
    """The type of `NO_DEFAULT`, which stands for a ``directive`` without a default."""

    def __repr__(self) -> str:
        return "NO_DEFAULT"


NO_DEFAULT = _NoDefault()


@dataclass(frozen=True, eq=False)
class Directive:
    """A directive of nginx's configuration, as the class body declares it."""

    name: str
    default: Any = NO_DEFAULT
    context: str | Sequence[str] | None = None
    min: int | float | None = None
    max: int | float | None = None


class MimeTypes:
    """A set of MIME types, as ``gzip_types`` takes them; ``*`` stands for any."""

    def __init__(self, types: Iterable[bytes | str] = ()) -> None:
        self.types = tuple(t.encode() if isinstance(t, str) else t for t in types)

    def __repr__(self) -> str:
        return f"MimeTypes({list(self.types)!r})"

    def matches(self, r: ngx_http_request_t) -> bool:
        """Whether the response's type, without parameters and case, is one of these."""
        content_type: bytes = r.headers_out["Content-Type"] or b""
        bare = content_type.split(b";")[0].strip().lower()
        return bool(bare) and (b"*" in self.types or bare in self.types)


if TYPE_CHECKING:
    # What a default becomes in the field, as a type that is assignable to each of them.

    class _Items(list[_T], MimeTypes): ...

    class _Bytes(bytes, ngx_http_complex_value_t): ...

    class _Text(str, ngx_http_complex_value_t): ...


@overload
def directive(
    name: str,
    *,
    context: str | Sequence[str] | None = ...,
    min: int | float | None = ...,
    max: int | float | None = ...,
) -> Any: ...


@overload
def directive(
    name: str,
    default: bytes,
    *,
    context: str | Sequence[str] | None = ...,
) -> _Bytes: ...


@overload
def directive(
    name: str,
    default: str,
    *,
    context: str | Sequence[str] | None = ...,
) -> _Text: ...


@overload
def directive(
    name: str,
    default: tuple[int, int],
    *,
    context: str | Sequence[str] | None = ...,
) -> Any: ...


@overload
def directive(
    name: str,
    default: list[_T] | tuple[_T, ...],
    *,
    context: str | Sequence[str] | None = ...,
) -> _Items[_T]: ...


@overload
def directive(
    name: str,
    default: _T,
    *,
    context: str | Sequence[str] | None = ...,
    min: int | float | None = ...,
    max: int | float | None = ...,
) -> _T: ...


def directive(
    name: str,
    default: Any = NO_DEFAULT,
    *,
    context: str | Sequence[str] | None = None,
    min: int | float | None = None,
    max: int | float | None = None,
) -> Any:
    """A field that nginx's configuration sets; its annotation says how the text is parsed.

    ``context`` names where it may stand (``"http"``, ``"server"``, ``"location"``, or several);
    ``min`` and ``max`` bound a number.
    """
    return Directive(name, default, context, min, max)


_WRAPPED: dict[object, Callable[[Any], Any]] = {
    MimeTypes: MimeTypes,
    ngx_bufs_t: lambda pair: ngx_bufs_t(*pair),
    ngx_http_complex_value_t: ngx_http_complex_value_t,
}


def _zero(hint: object) -> Any:
    """The value of a field nobody gave one: the empty value of its type, None for ``X | None``."""
    if type(None) in typing.get_args(hint):
        return None
    if isinstance(hint, CScalar):
        return hint.python()
    origin = typing.get_origin(hint) or hint
    if origin is ngx_http_complex_value_t:
        return ngx_http_complex_value_t(b"")
    if origin is ngx_bufs_t:
        return ngx_bufs_t(0, 0)
    return origin() if isinstance(origin, type) else None


def _field_value(hint: object, value: Any) -> Any:
    """A default as the field holds it: a copy, of the field's own type."""
    if isinstance(value, Directive):
        value = value.default
    if isinstance(value, dataclasses.Field):
        factory = value.default_factory
        value = value.default if factory is dataclasses.MISSING else factory()
    if value is NO_DEFAULT:
        return _zero(hint)
    wrap = next((_WRAPPED[t] for t in (hint, *typing.get_args(hint)) if t in _WRAPPED), None)
    if wrap is None or value is None or isinstance(value, MimeTypes | ngx_http_complex_value_t):
        return copy.deepcopy(value) if dataclasses.is_dataclass(value) else copy.copy(value)
    return wrap(value)


@lru_cache(maxsize=256)
def _hints(cls: type) -> dict[str, Any]:
    return hints_of(cls)


class _Fields:
    """A class with annotated fields; an instance has all of them, with their defaults."""

    def __init__(self, /, **values: Any) -> None:
        kind: Any = type(self)
        hints = _hints(kind)
        for name in values:
            if name not in hints:
                raise TypeError(f"{type(self).__name__} has no field '{name}'")
        for name, hint in hints.items():
            default = getattr(type(self), name, NO_DEFAULT)
            setattr(self, name, _field_value(hint, values.get(name, default)))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({fields})"


class _Conf(_Fields):
    """A class of directives; it may have a ``validate``."""

    if TYPE_CHECKING:

        def validate(self) -> None: ...


class LocConf(_Conf):
    """Base of the configuration that each location has."""


class SrvConf(_Conf):
    """Base of the configuration that each server has."""


class MainConf(_Conf):
    """Base of the configuration that there is once."""


class RequestCtx(_Fields):
    """Base of the state that lives as long as the request."""


# The body.


class Part(bytes):
    """A part of the body that ``scan`` gives: its bytes, and whether they are a match."""

    matched: bool
    index: int  # type: ignore[assignment]
    groups: tuple[bytes | None, ...]

    def __new__(
        cls,
        data: bytes,
        matched: bool = False,
        index: int = 0,
        groups: tuple[bytes | None, ...] = (),
    ) -> Part:
        part = super().__new__(cls, data)
        part.matched, part.index, part.groups = matched, index, groups
        return part

    def group(self, group: int = 0, /) -> bytes | None:
        """What the group matched, None if it took no part; 0 is the whole match."""
        return (bytes(self), *self.groups)[group]


class Body(ABC):
    """The body of a response, read as it arrives."""

    @abstractmethod
    def __iter__(self) -> Iterator[ngx_buf_t]:
        """The data buffers, each of whatever size it has."""

    @abstractmethod
    def read(self, n: int, /) -> bytes:
        """Exactly ``n`` bytes, fewer only at the end, ``b""`` after it."""

    @abstractmethod
    def readline(self, n: int, /) -> bytes:
        """One line with its end, at most ``n`` bytes of it."""

    @abstractmethod
    def lines(self, n: int, /) -> Iterator[bytes]:
        """All lines, as ``readline`` gives them."""

    @abstractmethod
    def scan(
        self,
        pattern: bytes | Sequence[bytes] | re.Pattern[bytes],
        limit: int = 4096,
        *,
        ignore_case: bool = False,
    ) -> Iterator[Part]:
        """The whole body as parts, in order, each with ``matched``; see `Part`."""


@dataclass(frozen=True)
class Subrequest:
    """The output of another location, at the place where it is yielded."""

    uri: bytes
    args: bytes = b""


def subrequest(uri: bytes, args: bytes = b"") -> Subrequest:
    """``yield subrequest(uri, args)`` sends the output of that location at this place."""
    return Subrequest(uri, args)


Stream: TypeAlias = Generator[bytes | str | ngx_buf_t | Subrequest, None, None]
"""What a body filter of the stream form returns: it yields what is sent."""
