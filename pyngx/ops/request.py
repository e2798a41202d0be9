"""Operations of the request, its headers and variables; rows only."""

from __future__ import annotations

from pyngx.ops.registry import Failure, Form, Passes, Row

_P = "ngx_http_pyngx_"
_INVALID = (
    Failure(
        "NGX_DECLINED",
        "ValueError",
        "header cannot be set: CR, LF or NUL in it, or a name that nginx keeps for itself",
    ),
)


def _reader(direction: str) -> tuple[Row, ...]:
    c = f"{_P}header_{direction}_"
    mapping = f"headers_{direction}."
    return (
        Row(
            mapping + "get",
            ("name: text",),
            "bytes?",
            c + "get",
            Form.OUT,
            Passes.REQUEST,
        ),
        Row(
            mapping + "get_all",
            ("name: text",),
            "strings",
            c + "all",
            Form.OUT,
            Passes.REQUEST,
            allocates=True,
        ),
        Row(mapping + "items", (), "pairs", c + "items", Form.OUT, Passes.REQUEST, allocates=True),
    )


def _writer(name: str, params: tuple[str, ...]) -> Row:
    return Row(
        f"headers_out.{name}",
        params,
        "none",
        f"{_P}header_out_{name}",
        Form.EFFECT,
        Passes.REQUEST,
        failures=_INVALID,
        mutates="headers",
        headers_only=True,
    )


ROWS = (
    *_reader("in"),
    *_reader("out"),
    _writer("set", ("name: text", "value: text")),
    _writer("add", ("name: text", "value: text")),
    Row(
        "headers_out.del",
        ("name: text",),
        "none",
        _P + "header_out_del",
        Form.EFFECT,
        Passes.REQUEST,
        mutates="headers",
        headers_only=True,
    ),
    Row(
        "request.arg",
        ("name: text",),
        "bytes?",
        _P + "arg",
        Form.OUT,
        Passes.REQUEST,
    ),
    Row(
        "request.cookie",
        ("name: text",),
        "bytes?",
        _P + "cookie",
        Form.OUT,
        Passes.REQUEST,
    ),
    Row(
        "variables.get",
        ("name: text",),
        "bytes?",
        _P + "variable_get",
        Form.OUT,
        Passes.REQUEST,
    ),
    Row(
        "variables.set",
        ("name: text", "value: text"),
        "none",
        _P + "variable_set",
        Form.EFFECT,
        Passes.REQUEST,
        failures=(
            Failure("NGX_DECLINED", "ValueError", "nginx does not allow to set this variable"),
        ),
    ),
    Row(
        "complex.value",
        ("complex: complex",),
        "bytes",
        "ngx_http_complex_value",
        Form.OUT,
        Passes.REQUEST,
        allocates=True,
    ),
)
