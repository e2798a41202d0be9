"""nginx's own types and constants, under nginx's own names.

``from pyngx.ngx import NGX_OK, ngx_http_request_t`` works in both lives of a filter file. What a
name means comes from the headers of the *target* nginx: the compiler activates its model with
`use`; a file imported by plain CPython takes the nginx found on the machine.

=====================  =============================================================
name                   object at run time
=====================  =============================================================
scalar (``off_t``)     a class made by `CScalar`: annotation, converter, isinstance
struct                 a subclass of `NgxStruct`, one per name, always the same
constant               its value, ``int`` or ``bytes``
function               an `NgxFunction`, which only a compiled filter can call
=====================  =============================================================

Type checkers see ``_nginx.pyi``, which is generated from the headers: structures with the fields
that the language has, and the scalars as aliases of ``int``, ``bool`` and ``bytes``; the compiler
tells them apart because at run time they are classes of their own. Rejected: ``typing.NewType``,
with which ``conf.size = 5`` would be a type error; subclasses of ``int``, whose arithmetic would be
``int`` again after one step and which ``bool`` does not allow.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol


class Model(Protocol):
    """What this module asks of the model of nginx's headers."""

    def constant(self, name: str, /) -> int | bytes | None: ...

    def struct(self, name: str, /) -> object | None: ...

    def type(self, name: str, /) -> object | None: ...

    def function(self, name: str, /) -> object | None: ...

    def names(self) -> Iterable[str]: ...


class CScalar(type):
    """The class of nginx's scalar types: ``off_t`` is a class whose ``python`` is ``int``.

    Calling it converts (``off_t(b"5")`` is the ``int`` 5), ``isinstance(5, off_t)`` holds, and
    ``off_t | None`` and ``list[off_t]`` are ordinary annotations.
    """

    python: type

    def __new__(cls, name: str, python: type) -> CScalar:
        return super().__new__(cls, name, (), {"python": python, "__module__": __name__})

    def __init__(cls, name: str, python: type) -> None:
        super().__init__(name, (), {})

    def __call__(cls, *args: Any) -> Any:
        return cls.python(*args)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.python)

    def __repr__(cls) -> str:
        return cls.__name__


class NgxStruct:
    """A pointer to an nginx struct; ``c_name`` is the struct's name in C."""

    c_name = ""


class NgxFunction:
    """A function of nginx's, known by name; there is nothing to call without nginx."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __repr__(self) -> str:
        return f"<nginx function {self.__name__}>"

    def __call__(self, *args: object) -> Any:
        raise RuntimeError(f"{self.__name__}() can be called in a compiled filter only")


class ngx_bufs_t(NamedTuple):
    """A number of buffers and the size of each in bytes, as in ``output_buffers 4 8k``."""

    num: int
    size: int


_VARIABLE = re.compile(rb"\$(?:\{(\w+)\}|(\w+))")


class ngx_http_complex_value_t:
    """Text with ``$variables`` in it, evaluated for each request."""

    def __init__(self, text: bytes | str) -> None:
        self.text = text.encode() if isinstance(text, str) else text

    def __repr__(self) -> str:
        return f"ngx_http_complex_value_t({self.text!r})"

    def __bool__(self) -> bool:
        """Whether there is any text; with variables it may still have an empty value."""
        return bool(self.text)

    def value(self, r: ngx_http_request_t) -> bytes:
        """The text with the request's variables in place; a missing one is empty, as in nginx."""

        def variable(match: re.Match[bytes]) -> bytes:
            name = (match[1] or match[2]).decode()
            return r.variables[name] or b""

        return _VARIABLE.sub(variable, self.text)

    __call__ = value


if TYPE_CHECKING:
    from pyngx._nginx import *  # noqa: F403
    from pyngx._nginx import ngx_buf_t as ngx_buf_t
    from pyngx._nginx import ngx_http_request_t as ngx_http_request_t
else:
    int8_t = CScalar("int8_t", int)
    int16_t = CScalar("int16_t", int)
    int32_t = CScalar("int32_t", int)
    int64_t = CScalar("int64_t", int)
    uint8_t = CScalar("uint8_t", int)
    uint16_t = CScalar("uint16_t", int)
    uint32_t = CScalar("uint32_t", int)
    uint64_t = CScalar("uint64_t", int)
    ngx_int_t = CScalar("ngx_int_t", int)
    ngx_uint_t = CScalar("ngx_uint_t", int)
    ngx_msec_t = CScalar("ngx_msec_t", int)
    off_t = CScalar("off_t", int)
    size_t = CScalar("size_t", int)
    ssize_t = CScalar("ssize_t", int)
    time_t = CScalar("time_t", int)
    u_char = CScalar("u_char", int)
    ngx_flag_t = CScalar("ngx_flag_t", bool)
    ngx_str_t = CScalar("ngx_str_t", bytes)

    class ngx_buf_t(NgxStruct):
        """A buffer of the response."""

        c_name = "ngx_buf_t"

    class ngx_http_request_t(NgxStruct):
        """A request."""

        c_name = "ngx_http_request_t"


class ngx_chain_t(NgxStruct):
    """A chain of buffers: what a filter of the chain form takes in and passes on."""

    c_name = "ngx_chain_t"
    buf: ngx_buf_t
    next: ngx_chain_t | None

    def __init__(self) -> None:
        self._links: list[Any] = []  # buffers, and data of which nginx makes some

    def append(self, data: ngx_buf_t | bytes | str) -> None:
        """Add a buffer, or a new buffer that holds ``data``, to the end."""
        self._links.append(data)

    def __iter__(self) -> Iterator[ngx_buf_t]:
        return iter(self._links)


next_body_filter: ContextVar[Callable[[ngx_chain_t], int]] = ContextVar("next_body_filter")
"""What takes the chains of a filter that runs under CPython."""


def ngx_http_next_body_filter(r: ngx_http_request_t, chain: ngx_chain_t) -> int:
    """Pass ``chain`` to the next body filter; its result is this filter's."""
    send = next_body_filter.get(None)
    if send is None:
        raise RuntimeError("ngx_http_next_body_filter() has no next filter outside a response")
    return send(chain)


_active: Model | None = None
_made: dict[str, object] = {}
_structs: dict[str, type] = {
    "ngx_buf_t": ngx_buf_t,
    "ngx_chain_t": ngx_chain_t,
    "ngx_http_request_t": ngx_http_request_t,
}


def use(model: Model) -> None:
    """Make ``model`` the nginx whose names this module gives; classes made before stay the same."""
    global _active
    _active = model


def active_model() -> Model:
    """The model in use; without `use`, the one of the nginx that is installed here.

    Raises:
        ImportError: there is none, or its headers cannot be read.
    """
    if _active is None:
        from pyngx.build.locate import BuildError, find_target
        from pyngx.headers import HeadersError, load_model

        try:
            use(load_model(find_target()))
        except (BuildError, HeadersError) as exc:
            raise ImportError(f"pyngx.ngx needs nginx's headers: {exc}") from exc
    assert _active is not None
    return _active


def version(model: Model) -> str:
    """``nginx 1.22.1`` of the model, for messages."""
    number = model.constant("NGINX_VERSION")
    return f"nginx {number.decode()}" if isinstance(number, bytes) else "this nginx"


def lookup(name: str, model: Model) -> object | None:
    """The object for ``name``: of this module or of the model; None if neither has it."""
    if name in PUBLIC:
        found: object = globals()[name]
        return found
    value = model.constant(name)
    if value is not None:
        return value
    if name in _structs:
        return _structs[name]
    if model.struct(name) is not None:
        members = {"c_name": name, "__module__": __name__, "__doc__": f"nginx's ``{name}``."}
        return _structs.setdefault(name, type(name, (NgxStruct,), members))
    if model.function(name) is not None:
        return _made.setdefault(name, NgxFunction(name))
    python = _SCALAR_KINDS.get(getattr(model.type(name), "kind", ""))
    return None if python is None else _made.setdefault(name, CScalar(name, python))


def explain_missing(name: str, model: Model) -> tuple[str, str]:
    """The message for a name that is not there, and the nearest one that is (or ``""``)."""
    names = {*PUBLIC, *model.names()}
    folded = {candidate.lower(): candidate for candidate in sorted(names)}
    near = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.75)
    return f"{version(model)} has no '{name}'", folded[near[0]] if near else ""


_SCALAR_KINDS: dict[str, type] = {"int": int, "enum": int, "float": float}

PUBLIC = frozenset(
    name
    for name, value in globals().items()
    if name.startswith("ngx_") or isinstance(value, CScalar)
)
"""The names of nginx's that this module defines itself, whatever the headers say."""


if not TYPE_CHECKING:  # type checkers would take any name for one of nginx's

    def __getattr__(name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        model = active_model()
        found = lookup(name, model)
        if found is None:
            message, near = explain_missing(name, model)
            raise AttributeError(message + (f"; did you mean '{near}'?" if near else ""))
        return found
