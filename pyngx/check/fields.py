"""The fields of nginx's structures, with the face that Python sees.

Which fields there are and what types they have comes from the headers; this module owns only what
C does not say: which pointers are never NULL, and which fields a filter may write.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyngx.check.annotations import HEADERS, integer_range
from pyngx.headers import CType, NginxModel
from pyngx.types import BIT, Bool, Bytes, Float, Int, Optional, Struct, Type

NEVER_NULL = frozenset(
    {
        ("ngx_http_request_t", "connection"),
        ("ngx_http_request_t", "main"),
        ("ngx_http_request_t", "pool"),
        ("ngx_http_request_t", "http_connection"),
        ("ngx_connection_t", "read"),
        ("ngx_connection_t", "write"),
        ("ngx_connection_t", "pool"),
        ("ngx_connection_t", "log"),
        ("ngx_connection_t", "listening"),
        ("ngx_chain_t", "buf"),
    }
)
"""Pointers that nginx sets before any filter runs."""

REQUEST_FLAGS = frozenset(
    {
        "allow_ranges",
        "single_range",
        "filter_need_in_memory",
        "filter_need_temporary",
        "main_filter_need_in_memory",
        "subrequest_in_memory",
        "disable_not_modified",
        "preserve_body",
    }
)
"""The request's flags that belong to filters."""

IN_MEMORY_FIELDS = frozenset({"pos", "last", "start", "end"})


@dataclass(frozen=True, slots=True)
class Face:
    """A field as Python sees it; ``refusal`` says why it cannot be read."""

    type: Type | None
    embedded: bool = False
    bits: int | None = None
    refusal: str = ""


def face(struct: str, name: str, model: NginxModel) -> Face | None:
    """The face of a field; None if the structure has none of that name."""
    definition = model.struct(struct)
    if definition is None or name not in definition.fields:
        return None
    found = definition.fields[name]
    return _face_of(struct, name, found.type, found.bits, model)


def _face_of(struct: str, name: str, ctype: CType, bits: int | None, model: NginxModel) -> Face:
    match ctype.kind:
        case "int" | "enum":
            if ctype.name == "ngx_flag_t" and bits is None:
                return Face(Bool())
            limits = integer_range(ctype, bits)
            c = "ngx_int_t" if bits is not None and limits is not BIT else ctype.name
            return Face(Int("ngx_uint_t" if limits == BIT else c, limits), bits=bits)
        case "record":
            return _record(ctype, model)
        case "pointer":
            return _pointer(struct, name, ctype, model)
        case "float" if ctype.name == "double":
            return Face(Float())
        case "float":
            return Face(None, refusal=f"'{ctype.name}' has no face in Python, 'double' has")
        case "array":
            return Face(None, refusal="a C array inside a structure has no face in Python")
        case "function" | "void":
            return Face(None, refusal="it is not a value")


def _record(ctype: CType, model: NginxModel) -> Face:
    if ctype.name == "ngx_str_t":
        return Face(Bytes())
    if ctype.name in HEADERS:
        return Face(HEADERS[ctype.name], embedded=True)
    if model.struct(ctype.name) is not None:
        return Face(Struct(ctype.name), embedded=True)
    return Face(None, refusal=f"'{ctype.name}' is not a structure that the headers name")


def _pointer(struct: str, name: str, ctype: CType, model: NginxModel) -> Face:
    target = ctype.target
    if target is None or target.kind == "void":
        return Face(None, refusal="a 'void *' has no type that Python could see")
    if target.kind == "function":
        return Face(None, refusal="calling through a pointer is not in the language")
    if target.kind == "record" and target.name != "ngx_str_t":
        if model.struct(target.name) is None:
            return Face(None, refusal=f"nginx's headers do not define '{target.name}'")
        pointee: Type = HEADERS.get(target.name, Struct(target.name))
        if (struct, name) in NEVER_NULL:
            return Face(pointee)
        return Face(Optional(pointee))
    if name in IN_MEMORY_FIELDS and struct == "ngx_buf_t":
        return Face(None, refusal="a raw pointer; the buffer itself behaves as bytes")
    return Face(None, refusal=f"a '{ctype.name}' carries no length")


def field_names(struct: str, model: NginxModel) -> tuple[str, ...]:
    """The fields of a structure, for suggestions."""
    definition = model.struct(struct)
    return () if definition is None else tuple(definition.fields)
