"""``pyngx/_nginx.pyi``: nginx's names as type checkers see them, made from the headers.

``python -m tests.stubs`` (``make stubs``) writes it; a test fails if it is not what this makes. The
names and fields are those of every nginx that the tests compile for, so that a filter for any of
them has no false alarm; what the target at hand does not have is told by ``pyngx check``.

The types of fields are those of the language (`pyngx.check.fields`): a field that has no face there
has none here, and one that belongs to nginx is a property that cannot be set.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator
from functools import cache

import black

from pyngx.build.locate import find_target
from pyngx.check.annotations import HEADERS
from pyngx.check.fields import REQUEST_FLAGS, face, field_names
from pyngx.headers import NginxModel, load_model
from pyngx.types import Bytes, Headers, Optional, Struct, Type, describe
from tests.harness.builds import REPOSITORY, target

PAGE = REPOSITORY / "pyngx" / "_nginx.pyi"

VERSIONS = ("packaged", "1.26.3")

HEAD = '''\
"""nginx's constants, types and structures for type checkers: generated, see ``make stubs``."""

from typing import Final, TypeAlias, overload

from pyngx.ngx import ngx_bufs_t as ngx_bufs_t
from pyngx.ngx import ngx_chain_t as ngx_chain_t
from pyngx.ngx import ngx_http_complex_value_t as ngx_http_complex_value_t

_Text: TypeAlias = bytes | str

class _Mapping:
    """What ``r.headers_in`` and ``r.headers_out`` have in common: names match without case."""

    def __getitem__(self, name: _Text, /) -> bytes | None: ...
    def __contains__(self, name: _Text, /) -> bool: ...
    def get(self, name: _Text, /) -> bytes | None: ...
    def get_all(self, name: _Text, /) -> list[bytes]: ...
    def items(self) -> list[tuple[bytes, bytes]]: ...

class _Variables:
    """``r.variables``: nginx's variables, and those of modules."""

    def __getitem__(self, name: _Text, /) -> bytes | None: ...
    def __setitem__(self, name: _Text, value: _Text, /) -> None: ...
    def get(self, name: _Text, /) -> bytes | None: ...
'''

OF_PYNGX = frozenset(
    {"ngx_bufs_t", "ngx_chain_t", "ngx_flag_t", "ngx_http_complex_value_t", "ngx_str_t"}
)
"""What `pyngx.ngx` defines itself, or what is no structure in Python."""

BASES = {
    "ngx_buf_t": "bytes",
    "ngx_http_headers_in_t": "_Mapping",
    "ngx_http_headers_out_t": "_Mapping",
}

EXTRAS = {
    "ngx_buf_t": """\
    @overload
    def __setitem__(self, index: int, value: int, /) -> None: ...
    @overload
    def __setitem__(self, index: slice, value: bytes, /) -> None: ...
""",
    "ngx_http_headers_out_t": """\
    def __setitem__(self, name: _Text, value: _Text, /) -> None: ...
    def __delitem__(self, name: _Text, /) -> None: ...
    def add(self, name: _Text, value: _Text, /) -> None: ...
""",
    "ngx_http_request_t": """\
    @property
    def is_main(self) -> bool: ...
    @property
    def variables(self) -> _Variables: ...
    def arg(self, name: _Text, /) -> bytes | None: ...
    def cookie(self, name: _Text, /) -> bytes | None: ...
""",
}
"""What Python has beside the fields."""


@cache
def models() -> tuple[NginxModel, ...]:
    """What each nginx of the tests declares."""
    found = []
    for name in VERSIONS:
        one = target(name)
        found.append(load_model(find_target(str(one.binary), str(one.source))))
    return tuple(found)


def page() -> str:
    """The text of the stubs."""
    every = models()
    structs = sorted(reachable(every) - OF_PYNGX)
    second = {
        n: first for n in structs if (first := _first_name(n, every)) in structs and first != n
    }
    parts = [HEAD, "\n".join(_scalars(every)) + "\n"]
    parts += [_struct(name, every) for name in structs if name not in second]
    parts.append("".join(f"{name}: TypeAlias = {first}\n" for name, first in second.items()))
    parts.append("\n".join(_constants(every)) + "\n")
    return black.format_str("\n".join(parts), mode=black.Mode(line_length=100, is_pyi=True))


def _scalars(every: Iterable[NginxModel]) -> Iterator[str]:
    """The integer types, of nginx and of C's headers, by their own names."""
    yield "ngx_flag_t: TypeAlias = bool"
    yield "ngx_str_t: TypeAlias = bytes"
    names = {n for model in every for n in model.names() if _is_number(n, model)}
    yield from (f"{n}: TypeAlias = int" for n in sorted(names - OF_PYNGX))


def _is_number(name: str, model: NginxModel) -> bool:
    ctype = model.type(name)
    if ctype is None or name.startswith("_") or name != name.lower():
        return False
    ours = name.startswith("ngx_") or "_" not in name.removesuffix("_t").removeprefix("u_")
    return ctype.kind in ("int", "enum") and (ours or name == "in_port_t")


def reachable(every: Iterable[NginxModel]) -> set[str]:
    """nginx's structures, and those of the system that their fields lead to."""
    todo = {n for m in every for n in m.struct_names() if n.startswith("ngx_") and "." not in n}
    todo = {n for n in todo if any(m.struct(n) for m in every)}
    found: set[str] = set()
    while todo:
        name = todo.pop()
        found.add(name)
        for field in _fields(name, every):
            inner = _type(name, field, every)
            inner = inner.inner if isinstance(inner, Optional) else inner
            if isinstance(inner, Struct) and inner.name not in found:
                todo.add(inner.name)
    return found


def _first_name(struct: str, every: Iterable[NginxModel]) -> str:
    """The first of the names that a structure has."""
    found = (model.struct(struct) for model in every)
    return next(one.name for one in found if one is not None)


def _fields(struct: str, every: Iterable[NginxModel]) -> dict[str, None]:
    """The fields of any of the versions that can be written in Python."""
    names = (n for m in every for n in field_names(struct, m))
    hidden = re.findall(r"def (\w+)", EXTRAS.get(struct, ""))
    return {n: None for n in names if not keyword.iskeyword(n) and n not in hidden}


def _type(struct: str, field: str, every: Iterable[NginxModel]) -> Type | None:
    """The type of a field, in the first version that has it; None if it has no face."""
    found = (face(struct, field, model) for model in every)
    return next((one.type for one in found if one is not None), None)


def _class(struct: str) -> str:
    """The name of a structure's class; what has no name of its own in C is private."""
    words = re.findall(r"[^\W_]+", struct)
    return struct if struct.isidentifier() and struct[0] != "_" else "_c_" + "_".join(words)


def _written(type_: Type) -> str:
    match type_:
        case Optional(inner):
            return f"{_written(inner)} | None"
        case Headers(direction):
            return next(name for name, headers in HEADERS.items() if headers.direction == direction)
        case Struct(name):
            return _class(name)
        case _:
            return "int" if describe(type_) not in ("bool", "bytes", "float") else describe(type_)


def _struct(name: str, every: Iterable[NginxModel]) -> str:
    base = f"({BASES[name]})" if name in BASES else ""
    lines = [line for field in _fields(name, every) for line in _field(name, field, every)]
    body = EXTRAS.get(name, "") + "".join(f"    {line}\n" for line in lines)
    return f"class {_class(name)}{base}:\n{body}" if body else f"class {_class(name)}{base}: ...\n"


def _field(struct: str, field: str, every: Iterable[NginxModel]) -> Iterator[str]:
    type_ = _type(struct, field, every)
    if type_ is None:
        return
    words = _written(type_)
    out = struct == "ngx_http_headers_out_t" and not isinstance(type_, Optional | Struct)
    own = struct == "ngx_http_request_t" and field in REQUEST_FLAGS
    if own or (out and words != "bytes"):
        yield f"{field}: {words}"
        return
    yield "@property"
    yield f"def {field}(self) -> {words}: ..."
    if out and isinstance(type_, Bytes):
        yield f"@{field}.setter"
        yield f"def {field}(self, value: _Text, /) -> None: ..."


def _constants(every: Iterable[NginxModel]) -> Iterator[str]:
    found = {name: model.constant(name) for model in every for name in model.names()}
    for name, value in sorted(found.items()):
        if value is not None and name.isidentifier() and not name.startswith("_"):
            yield f"{name}: Final[{type(value).__name__}]"


if __name__ == "__main__":
    PAGE.write_text(page())
