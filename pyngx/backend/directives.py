"""What is known of directives by their types."""

from __future__ import annotations

from dataclasses import dataclass

from pyngx.backend import cnodes as c
from pyngx.program import DirectiveField
from pyngx.types import (
    Int,
    Optional,
    Type,
)


@dataclass(frozen=True)
class Number:
    """How a C integer type is parsed and merged: suffixes of nginx's own names."""

    slot: str
    unset: str
    merge: str


NUMBERS = {
    "ngx_int_t": Number("num", "NGX_CONF_UNSET", "value"),
    "ngx_uint_t": Number("num", "NGX_CONF_UNSET_UINT", "uint_value"),
    "size_t": Number("size", "NGX_CONF_UNSET_SIZE", "size_value"),
    "off_t": Number("off", "NGX_CONF_UNSET", "off_value"),
    "time_t": Number("sec", "NGX_CONF_UNSET", "sec_value"),
    "ngx_msec_t": Number("msec", "NGX_CONF_UNSET_MSEC", "msec_value"),
}


CF = c.Param("ngx_conf_t", 1, "cf")


def inner(field: DirectiveField) -> Type:
    """The type of a directive without ``| None``."""
    return field.type.inner if isinstance(field.type, Optional) else field.type


def number(type_: Type) -> Number | None:
    """How a number is parsed; small types are parsed as ``ngx_int_t`` within bounds."""
    if isinstance(type_, Int):
        return NUMBERS.get(type_.c, NUMBERS["ngx_int_t"])
    return None
