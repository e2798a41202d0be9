"""More operations of ``bytes``: case, padding, translation, pieces; rows only."""

from __future__ import annotations

from pyngx.ops.registry import Default, Failure, Form, Passes, Row
from pyngx.types import INT64_MAX, LENGTH

_P = "ngx_http_pyngx_bytes_"
_EMPTY = (Failure("NGX_DECLINED", "ValueError", "empty separator"),)
_FILL = (Failure("NGX_DECLINED", "TypeError", "the fill is not one byte"),)


def _built(
    name: str,
    params: tuple[str, ...] = (),
    *,
    defaults: tuple[tuple[str, Default], ...] = (),
    failures: tuple[Failure, ...] = (),
    result: str = "bytes",
) -> Row:
    return Row(
        f"bytes.{name}",
        ("s: bytes", *params),
        result,
        _P + name,
        Form.OUT,
        Passes.POOL,
        defaults=defaults,
        failures=failures,
        allocates=True,
    )


def _position(name: str) -> Row:
    return Row(
        f"bytes.{name}",
        ("s: bytes", "sub: bytes", "start: int", "end: int"),
        "int",
        _P + name,
        Form.OUT,
        defaults=(("start", 0), ("end", INT64_MAX)),
        failures=(Failure("NGX_DECLINED", "ValueError", "subsection not found"),),
        range=LENGTH,
    )


def _padded(name: str) -> Row:
    return _built(
        name,
        ("width: int", "fillchar: bytes"),
        defaults=(("fillchar", b" "),),
        failures=_FILL,
    )


def _list(
    name: str,
    params: tuple[str, ...],
    defaults: tuple[tuple[str, Default], ...],
    failures: tuple[Failure, ...] = (),
) -> Row:
    return Row(
        f"bytes.{name}",
        ("s: bytes", *params),
        "strings",
        _P + name,
        Form.OUT,
        Passes.POOL,
        defaults=defaults,
        failures=failures,
        allocates=True,
    )


def _piece(name: str, c: str) -> Row:
    return Row(
        f"bytes.{name}",
        ("s: bytes", "sep: bytes"),
        "bytes",
        _P + c,
        Form.VIEW,
        failures=_EMPTY,
    )


ROWS = (
    _position("index"),
    _position("rindex"),
    Row("bytes.isascii", ("s: bytes",), "bool", _P + "isascii", Form.VALUE),
    Row("bytes.istitle", ("s: bytes",), "bool", _P + "istitle", Form.VALUE),
    _built("title"),
    _built("capitalize"),
    _built("swapcase"),
    _padded("ljust"),
    _padded("rjust"),
    _padded("center"),
    _built("zfill", ("width: int",)),
    Row(
        "bytes.expandtabs",
        ("s: bytes", "tabsize: int"),
        "bytes",
        "ngx_http_pyngx_expandtabs",
        Form.OUT,
        Passes.POOL,
        defaults=(("tabsize", 8),),
        failures=(Failure("NGX_DECLINED", "OverflowError", "the tab size is too large"),),
        allocates=True,
        constant="0",
    ),
    _built(
        "translate",
        ("table: bytes?", "delete: bytes"),
        defaults=(("delete", b""),),
        failures=(
            Failure("NGX_DECLINED", "ValueError", "translation table must be 256 bytes long"),
        ),
    ),
    _built("hex", result="str"),
    _list("split", ("sep: bytes?", "maxsplit: int"), (("sep", 0), ("maxsplit", -1)), _EMPTY),
    _list("rsplit", ("sep: bytes?", "maxsplit: int"), (("sep", 0), ("maxsplit", -1)), _EMPTY),
    _list("splitlines", ("keepends: bool",), (("keepends", 0),)),
    Row(
        "operator.in_list",
        ("item: bytes", "values: strings"),
        "bool",
        _P + "in_list",
        Form.VALUE,
    ),
    _built("join", ("iterable: strings",)),
    _piece("partition[0]", "before"),
    _piece("partition[1]", "at"),
    _piece("partition[2]", "behind"),
    _piece("rpartition[0]", "rbefore"),
    _piece("rpartition[1]", "at"),
    _piece("rpartition[2]", "rbehind"),
    Row(
        "bytes.decode",
        ("s: bytes", "encoding: utf8"),
        "str",
        _P + "decode",
        Form.VIEW,
        defaults=(("encoding", b"utf-8"),),
        failures=(Failure("NGX_DECLINED", "UnicodeDecodeError", "these bytes are not UTF-8"),),
    ),
)
