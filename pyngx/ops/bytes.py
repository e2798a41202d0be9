"""Operations of ``bytes``; rows only."""

from __future__ import annotations

from pyngx.ops.registry import Failure, Form, Passes, Row
from pyngx.types import INT64_MAX, LENGTH, Range

_M = "ngx_http_pyngx_message_"
_P = "ngx_http_pyngx_bytes_"
_INDEX = Range(-1, LENGTH.hi)
_ENDS = (("start", 0), ("end", INT64_MAX))


def _search(name: str, range_: Range) -> Row:
    return Row(
        f"bytes.{name}",
        ("s: bytes", "sub: byte", "start: int", "end: int"),
        "int",
        _P + name,
        Form.VALUE,
        defaults=_ENDS,
        range=range_,
    )


def _affix(name: str) -> Row:
    return Row(
        f"bytes.{name}",
        ("s: bytes", "affix: bytes", "start: int", "end: int"),
        "bool",
        _P + name,
        Form.VALUE,
        defaults=_ENDS,
    )


def _predicate(name: str) -> Row:
    return Row(f"bytes.{name}", ("s: bytes",), "bool", _P + name, Form.VALUE)


def _case(name: str) -> Row:
    return Row(
        f"bytes.{name}",
        ("s: bytes",),
        "bytes",
        _P + name,
        Form.OUT,
        Passes.POOL,
        allocates=True,
    )


def _strip(name: str) -> Row:
    return Row(
        f"bytes.{name}",
        ("s: bytes", "chars: bytes?"),
        "bytes",
        _P + name,
        Form.VIEW,
        defaults=(("chars", 0),),
    )


def _remove(name: str) -> Row:
    return Row(
        f"bytes.{name}",
        ("s: bytes", "affix: bytes"),
        "bytes",
        _P + name,
        Form.VIEW,
    )


ROWS = (
    _search("find", _INDEX),
    _search("rfind", _INDEX),
    _search("count", LENGTH),
    _affix("startswith"),
    _affix("endswith"),
    _predicate("isdigit"),
    _predicate("isalpha"),
    _predicate("isalnum"),
    _predicate("isspace"),
    _predicate("islower"),
    _predicate("isupper"),
    _case("lower"),
    _case("upper"),
    _strip("strip"),
    _strip("lstrip"),
    _strip("rstrip"),
    _remove("removeprefix"),
    _remove("removesuffix"),
    Row(
        "bytes.replace",
        ("s: bytes", "old: bytes", "new: bytes", "count: int"),
        "bytes",
        _P + "replace",
        Form.OUT,
        Passes.POOL,
        defaults=(("count", -1),),
        allocates=True,
    ),
    Row("operator.in_byte", ("s: bytes", "byte: int"), "bool", _P + "contains_byte", Form.VALUE),
    Row("operator.in", ("s: bytes", "sub: bytes"), "bool", _P + "contains", Form.VALUE),
    Row("operator.eq", ("a: bytes", "b: bytes"), "bool", _P + "eq", Form.VALUE),
    Row("operator.cmp", ("a: bytes", "b: bytes"), "int", _P + "cmp", Form.VALUE),
    Row(
        "operator.repeat",
        ("s: bytes", "n: int"),
        "bytes",
        _P + "repeat",
        Form.OUT,
        Passes.POOL,
        allocates=True,
        failures=(Failure("NGX_DECLINED", "OverflowError", "repeated bytes are too long"),),
    ),
    Row(
        "operator.zeros",
        ("n: int",),
        "bytes",
        _P + "zeros",
        Form.OUT,
        Passes.POOL,
        allocates=True,
        failures=(Failure("NGX_DECLINED", "ValueError", "negative count"),),
    ),
    Row(
        "operator.slice",
        ("s: bytes", "start: int", "stop: int"),
        "bytes",
        _P + "slice",
        Form.VIEW,
    ),
    Row(
        "operator.slice_step",
        ("s: bytes", "start: int", "stop: int", "step: int"),
        "bytes",
        _P + "slice_step",
        Form.OUT,
        Passes.POOL,
        allocates=True,
    ),
    Row(
        "operator.slice_by",
        ("s: bytes", "start: int", "stop: int", "step: int", "left_out: int"),
        "bytes",
        _P + "slice_by",
        Form.OUT,
        Passes.POOL,
        allocates=True,
        failures=(Failure("NGX_DECLINED", "ValueError", "slice step cannot be zero"),),
    ),
    Row(
        "operator.bytes_of_list",
        ("values: list",),
        "bytes",
        _P + "of_list",
        Form.OUT,
        Passes.POOL,
        allocates=True,
        failures=(Failure("NGX_DECLINED", "ValueError", "bytes must be in range(0, 256)"),),
    ),
    Row(
        "int.parse_base",
        ("s: bytes", "base: int"),
        "int",
        _P + "int_base",
        Form.OUT,
        failures=(
            Failure("NGX_DECLINED", "ValueError", "invalid literal for int()", _M + "int_base"),
            Failure("NGX_BUSY", "OverflowError", "integer does not fit in 64 bits"),
        ),
    ),
    Row(
        "int.parse",
        ("s: bytes",),
        "int",
        _P + "int",
        Form.OUT,
        failures=(
            Failure("NGX_DECLINED", "ValueError", "invalid literal for int()", _M + "int"),
            Failure("NGX_BUSY", "OverflowError", "integer does not fit in 64 bits"),
        ),
    ),
)
