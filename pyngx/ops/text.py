"""More operations of ``bytes``: case, padding, translation, pieces; rows only."""

from __future__ import annotations

from pyngx.ops.registry import Default, Failure, Form, Passes, Row, said
from pyngx.types import INT64_MAX, LENGTH

_P = "ngx_http_pyngx_bytes_"
_M = "ngx_http_pyngx_message_"
TOO_LARGE = said(lambda: b"".expandtabs(INT64_MAX))
"""Of an integer that C's ``int`` does not hold."""
_EMPTY = (Failure("NGX_DECLINED", "ValueError", "empty separator"),)


def _built(
    name: str,
    params: tuple[str, ...] = (),
    *,
    defaults: tuple[tuple[str, Default], ...] = (),
    failures: tuple[Failure, ...] = (),
    result: str = "bytes",
    c: str = "",
) -> Row:
    return Row(
        f"bytes.{name}",
        ("s: bytes", *params),
        result,
        _P + (c or name),
        Form.OUT,
        Passes.POOL,
        defaults=defaults,
        failures=failures,
        allocates=True,
    )


def _position(name: str) -> Row:
    return Row(
        f"bytes.{name}",
        ("s: bytes", "sub: byte", "start: int", "end: int"),
        "int",
        _P + name,
        Form.OUT,
        defaults=(("start", 0), ("end", INT64_MAX)),
        failures=(Failure("NGX_DECLINED", "ValueError", "subsection not found"),),
        range=LENGTH,
    )


def _padded(name: str) -> Row:
    words = said(lambda: getattr(b"", name)(1, b""))
    return _built(
        name,
        ("width: int", "fillchar: bytes"),
        defaults=(("fillchar", b" "),),
        failures=(Failure("NGX_DECLINED", "TypeError", words),),
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
        "operator.bytes_repr",
        ("s: bytes",),
        "str",
        "ngx_http_pyngx_bytes_repr",
        Form.OUT,
        Passes.POOL,
        allocates=True,
    ),
    Row(
        "bytes.expandtabs",
        ("s: bytes", "tabsize: int"),
        "bytes",
        "ngx_http_pyngx_expandtabs",
        Form.OUT,
        Passes.POOL,
        defaults=(("tabsize", 8),),
        failures=(Failure("NGX_DECLINED", "OverflowError", TOO_LARGE),),
        allocates=True,
        constant="0",
    ),
    _built(
        "translate",
        ("table: bytes?", "delete: bytes"),
        defaults=(("delete", b""),),
        failures=(Failure("NGX_DECLINED", "ValueError", said(lambda: b"".translate(b""))),),
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
        ("s: bytes",),
        "str",
        _P + "decode",
        Form.VIEW,
        failures=(
            Failure("NGX_DECLINED", "UnicodeDecodeError", "these bytes are not UTF-8", _M + "utf8"),
        ),
    ),
    Row(
        "bytes.decode[encoding]",
        ("s: bytes", "encoding: int", "errors: int"),
        "str",
        "ngx_http_pyngx_decode",
        Form.OUT,
        Passes.POOL,
        failures=(
            Failure(
                "NGX_DECLINED", "UnicodeDecodeError", "a byte is not in the encoding", _M + "decode"
            ),
        ),
        allocates=True,
    ),
    _built(
        "hex[sep]",
        ("sep: text", "bytes_per_sep: int"),
        c="hex_apart",
        defaults=(("bytes_per_sep", 1),),
        failures=(
            Failure("NGX_DECLINED", "ValueError", "sep must be length 1.", _M + "sep"),
            Failure("NGX_BUSY", "OverflowError", TOO_LARGE),
        ),
        result="str",
    ),
    Row(
        "bytes.fromhex",
        ("string: str",),
        "bytes",
        _P + "fromhex",
        Form.OUT,
        Passes.POOL,
        failures=(Failure("NGX_DECLINED", "ValueError", "not hexadecimal", _M + "fromhex"),),
        allocates=True,
    ),
    Row(
        "int.from_bytes",
        ("bytes: bytes", "little: bool", "signed: bool"),
        "int",
        "ngx_http_pyngx_int_from_bytes",
        Form.OUT,
        failures=(Failure("NGX_DECLINED", "OverflowError", "integer does not fit in 64 bits"),),
    ),
    Row(
        "int.to_bytes",
        ("n: int", "length: int", "little: bool", "signed: bool"),
        "bytes",
        "ngx_http_pyngx_int_to_bytes",
        Form.OUT,
        Passes.POOL,
        failures=(
            Failure("NGX_DECLINED", "OverflowError", "int too big to convert", _M + "to_bytes"),
            Failure("NGX_BUSY", "ValueError", "length argument must be non-negative"),
        ),
        allocates=True,
    ),
)
