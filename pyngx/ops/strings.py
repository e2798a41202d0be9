"""Operations of ``str``; rows only.

A ``str`` is kept in UTF-8, in which a character is never found inside of another one: what looks
for text, joins it or cuts it at text is the operation of bytes. What counts, or says where, counts
characters, and has a function of its own.
"""

from __future__ import annotations

import base64

from pyngx.ops.registry import Default, Failure, Form, Passes, Row, said
from pyngx.ops.text import TOO_LARGE
from pyngx.types import INT64_MAX, LENGTH, Range

_P = "ngx_http_pyngx_str_"
_B = "ngx_http_pyngx_bytes_"
_WHOLE = (("start", 0), ("end", INT64_MAX))
_M = "ngx_http_pyngx_message_"
_EMPTY = (Failure("NGX_DECLINED", "ValueError", "empty separator"),)
_PART = ("start: int", "end: int")


def _search(name: str, range_: Range) -> Row:
    return Row(
        f"str.{name}",
        ("s: str", "sub: str", *_PART),
        "int",
        _P + name,
        Form.VALUE,
        defaults=_WHOLE,
        range=range_,
    )


def _position(name: str) -> Row:
    return Row(
        f"str.{name}",
        ("s: str", "sub: str", *_PART),
        "int",
        _P + name,
        Form.OUT,
        defaults=_WHOLE,
        failures=(Failure("NGX_DECLINED", "ValueError", "substring not found"),),
        range=LENGTH,
    )


def _affix(name: str) -> Row:
    return Row(
        f"str.{name}",
        ("s: str", "affix: str", *_PART),
        "bool",
        _P + name,
        Form.VALUE,
        defaults=_WHOLE,
    )


def _view(
    name: str, params: tuple[str, ...], c: str, defaults: tuple[tuple[str, Default], ...] = ()
) -> Row:
    return Row(f"str.{name}", ("s: str", *params), "str", c, Form.VIEW, defaults=defaults)


def _built(
    name: str,
    params: tuple[str, ...],
    c: str,
    *,
    result: str = "str",
    defaults: tuple[tuple[str, Default], ...] = (),
    failures: tuple[Failure, ...] = (),
    constant: str = "",
) -> Row:
    return Row(
        name,
        ("s: str", *params),
        result,
        c,
        Form.OUT,
        Passes.POOL,
        defaults=defaults,
        failures=failures,
        allocates=True,
        constant=constant,
    )


def _padded(name: str, c: str = "") -> Row:
    return _built(
        name if "." in name else f"str.{name}",
        ("width: int", "fillchar: str"),
        _P + (c or name),
        defaults=(("fillchar", b" "),),
        failures=(Failure("NGX_DECLINED", "TypeError", said(lambda: "".center(1, ""))),),
    )


def _split(name: str) -> Row:
    return _built(
        f"str.{name}",
        ("sep: str?", "maxsplit: int"),
        _P + name,
        result="texts",
        defaults=(("sep", 0), ("maxsplit", -1)),
        failures=_EMPTY,
    )


def _piece(name: str, c: str) -> Row:
    return Row(
        f"str.{name}",
        ("s: str", "sep: str"),
        "str",
        _B + c,
        Form.VIEW,
        failures=_EMPTY,
    )


def _predicate(name: str) -> Row:
    return Row(f"str.{name}", ("s: str",), "bool", _P + name, Form.VALUE)


ROWS = (
    _search("find", Range(-1, LENGTH.hi)),
    _search("rfind", Range(-1, LENGTH.hi)),
    _search("count", LENGTH),
    _position("index"),
    _position("rindex"),
    _affix("startswith"),
    _affix("endswith"),
    Row("str.isascii", ("s: str",), "bool", _B + "isascii", Form.VALUE),
    _predicate("isspace"),
    _predicate("isalpha"),
    _predicate("isalnum"),
    _predicate("isdecimal"),
    _predicate("isdigit"),
    _predicate("isnumeric"),
    _predicate("isprintable"),
    _predicate("isidentifier"),
    _predicate("islower"),
    _predicate("isupper"),
    _predicate("istitle"),
    _built("str.lower", (), _P + "lower"),
    _built("str.upper", (), _P + "upper"),
    _built("str.title", (), _P + "title"),
    _built("str.capitalize", (), _P + "capitalize"),
    _built("str.swapcase", (), _P + "swapcase"),
    _built("str.casefold", (), _P + "casefold"),
    _built("str.translate", ("chars: texts", "becomes: texts"), _P + "translate"),
    _view("strip", ("chars: str?",), _P + "strip", (("chars", 0),)),
    _view("lstrip", ("chars: str?",), _P + "lstrip", (("chars", 0),)),
    _view("rstrip", ("chars: str?",), _P + "rstrip", (("chars", 0),)),
    _view("removeprefix", ("affix: str",), _B + "removeprefix"),
    _view("removesuffix", ("affix: str",), _B + "removesuffix"),
    _built(
        "str.replace",
        ("old: str", "new: str", "count: int"),
        _P + "replace",
        defaults=(("count", -1),),
    ),
    _padded("ljust"),
    _padded("rjust"),
    _padded("center"),
    _padded("operator.text_center", "middle"),
    _built("str.zfill", ("width: int",), _P + "zfill"),
    _built(
        "str.expandtabs",
        ("tabsize: int",),
        "ngx_http_pyngx_expandtabs",
        defaults=(("tabsize", 8),),
        failures=(Failure("NGX_DECLINED", "OverflowError", TOO_LARGE),),
        constant="1",
    ),
    _split("split"),
    _split("rsplit"),
    _built(
        "str.splitlines",
        ("keepends: bool",),
        _P + "splitlines",
        result="texts",
        defaults=(("keepends", 0),),
    ),
    _built("str.join", ("iterable: texts",), _B + "join"),
    _piece("partition[0]", "before"),
    _piece("partition[1]", "at"),
    _piece("partition[2]", "behind"),
    _piece("rpartition[0]", "rbefore"),
    _piece("rpartition[1]", "at"),
    _piece("rpartition[2]", "rbehind"),
    Row("str.encode", ("s: str",), "bytes", _B + "same", Form.VIEW),
    _built(
        "str.encode[encoding]",
        ("encoding: int", "errors: int"),
        "ngx_http_pyngx_encode",
        result="bytes",
        failures=(
            Failure("NGX_DECLINED", "UnicodeEncodeError", "not in the encoding", _M + "encode"),
        ),
    ),
    Row("operator.text_length", ("s: str",), "int", _P + "len", Form.VALUE, range=LENGTH),
    Row("operator.in_text", ("s: str", "sub: str"), "bool", _B + "contains", Form.VALUE),
    Row(
        "operator.text_item",
        ("s: str", "index: int"),
        "str",
        _P + "item",
        Form.VIEW,
        failures=(Failure("NGX_DECLINED", "IndexError", "string index out of range"),),
    ),
    Row(
        "operator.text_slice",
        ("s: str", "start: int", "stop: int"),
        "str",
        _P + "slice",
        Form.VIEW,
    ),
    _built(
        "operator.text_slice_step",
        ("start: int", "stop: int", "step: int"),
        _P + "slice_step",
    ),
    _built(
        "operator.text_slice_by",
        ("start: int", "stop: int", "step: int", "left_out: int"),
        _P + "slice_by",
        failures=(Failure("NGX_DECLINED", "ValueError", "slice step cannot be zero"),),
    ),
    _built(
        "operator.text_repeat",
        ("n: int",),
        _B + "repeat",
        failures=(Failure("NGX_DECLINED", "OverflowError", said(lambda: "ab" * 2**62)),),
    ),
    _built("operator.characters", (), _P + "list", result="texts"),
    Row(
        "operator.ascii_bytes",
        ("s: str",),
        "bytes",
        _P + "ascii",
        Form.VIEW,
        failures=(Failure("NGX_DECLINED", "ValueError", said(lambda: base64.b64decode("\u00fc"))),),
    ),
    Row(
        "int.parse_text",
        ("s: str", "base: int"),
        "int",
        _P + "int",
        Form.OUT,
        failures=(
            Failure("NGX_DECLINED", "ValueError", "invalid literal for int()", _M + "int_text"),
            Failure("NGX_BUSY", "OverflowError", "integer does not fit in 64 bits"),
        ),
    ),
    Row(
        "operator.ord",
        ("s: str",),
        "int",
        _P + "ord",
        Form.OUT,
        failures=(Failure("NGX_DECLINED", "TypeError", "ord() expected a character", _M + "ord"),),
        range=Range(0, 0x10FFFF),
    ),
)
