"""What a filter file imports, as CPython sees it, and as a type checker does."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import Any

import pytest

from pyngx import (
    Body,
    BodyFilter,
    ConfError,
    HeaderFilter,
    LocConf,
    MimeTypes,
    RequestCtx,
    Subrequest,
    Variable,
    body_filter,
    directive,
    header_filter,
    ngx,
    subrequest,
    variable,
)
from pyngx.build.locate import find_target
from pyngx.headers import NginxModel, load_model


@pytest.fixture(scope="module", autouse=True)
def model() -> NginxModel:
    model = load_model(find_target())
    ngx.use(model)
    return model


class Conf(LocConf):
    enable: ngx.ngx_flag_t = directive("enable", default=False)
    types: MimeTypes = directive("types", default=[b"text/html"])
    names: list[ngx.ngx_str_t] = directive("names", default=[])
    buffers: ngx.ngx_bufs_t = directive("buffers", default=(4, 8192))
    text: ngx.ngx_http_complex_value_t = directive("text", default=b"a $one ${two}$three")
    limit: ngx.size_t | None = directive("limit", default=None)
    bare: ngx.ngx_msec_t = directive("bare")


class Ctx(RequestCtx):
    count: ngx.off_t = 0
    last: bytes = b""


class Request:
    """The little of a request that these tests need."""

    def __init__(self, **values: bytes) -> None:
        self.variables = {"one": b"1", "two": b"2", "three": None}
        self.headers_out = {"Content-Type": values.get("content_type")}


def test_configuration_and_state_hold_their_defaults() -> None:
    conf, ctx = Conf(), Ctx()
    assert conf.enable is False and conf.limit is None and conf.bare == 0
    assert conf.buffers == (4, 8192) and conf.buffers.size == 8192
    assert (ctx.count, ctx.last) == (0, b"")
    assert Conf(enable=True).enable is True
    with pytest.raises(TypeError, match="Conf has no field 'enabel'"):
        Conf(enabel=True)


def test_instances_share_nothing() -> None:
    first, second = Conf(), Conf()
    first.names.append(b"x")
    assert second.names == [] and Conf().names == []


@pytest.mark.parametrize(
    ("content_type", "matches"),
    [(b"text/html", True), (b"Text/HTML; charset=x", True), (b"text/plain", False), (b"", False)],
)
def test_mime_types(content_type: bytes, matches: bool) -> None:
    r: Any = Request(content_type=content_type)
    assert Conf().types.matches(r) is matches
    assert MimeTypes(["*"]).matches(r) is bool(content_type)


def test_a_complex_value_is_evaluated() -> None:
    r: Any = Request()
    assert Conf().text.value(r) == b"a 1 2"


def test_decorators_mark_and_change_nothing() -> None:
    def plain() -> int:
        return 3

    def mark(decorator: Any) -> object:
        def function() -> int:
            return 3

        assert decorator(function) is function and function() == 3
        return function.__pyngx__

    assert mark(header_filter) == HeaderFilter()
    assert mark(body_filter) == BodyFilter(encoded=False, partial=False)
    assert mark(body_filter(encoded=True)) == BodyFilter(encoded=True, partial=False)
    assert mark(variable("name")) == Variable("name")
    header_filter(plain)
    with pytest.raises(TypeError, match="two roles"):
        body_filter(plain)
    with pytest.raises(TypeError, match="name of the variable"):
        variable(plain)  # type: ignore[arg-type]
    assert subrequest(b"/x") == Subrequest(b"/x", b"")
    assert issubclass(ConfError, Exception)
    with pytest.raises(TypeError):
        Body()  # type: ignore[abstract]


def test_scalars_are_told_apart_at_run_time() -> None:
    hints = typing.get_type_hints(Conf)
    assert hints["enable"] is ngx.ngx_flag_t and hints["enable"] is not bool
    assert hints["limit"] == ngx.size_t | None != ngx.off_t | None
    assert hints["names"] == list[ngx.ngx_str_t]
    assert ngx.off_t(b"5") == 5 and isinstance(5, ngx.off_t) and not isinstance(b"", ngx.off_t)
    assert repr(ngx.off_t) == "off_t"


def test_names_of_the_headers(model: NginxModel) -> None:
    assert ngx.NGX_DECLINED == -5 and ngx.NGX_HTTP_OK == 200
    assert model.version.encode() == ngx.NGINX_VERSION
    element: Any = ngx.ngx_table_elt_t
    again: Any = ngx.ngx_table_elt_t
    assert element is again and element.c_name == "ngx_table_elt_t"
    assert issubclass(element, ngx.NgxStruct)
    assert isinstance(ngx.in_port_t, ngx.CScalar)
    with pytest.raises(RuntimeError, match="ngx_palloc"):
        getattr(ngx, "ngx_palloc")(None, 1)  # noqa: B009
    with pytest.raises(AttributeError, match="has no 'ngx_bfu_t'; did you mean 'ngx_buf_t'"):
        getattr(ngx, "ngx_bfu_t")  # noqa: B009


def test_a_chain_of_the_filters_own() -> None:
    chain = ngx.ngx_chain_t()
    chain.append(b"a")
    chain.append(b"b")
    assert list(chain) == [b"a", b"b"]
    r: Any = Request()
    with pytest.raises(RuntimeError, match="no next filter"):
        ngx.ngx_http_next_body_filter(r, chain)


TYPED = """\
from pyngx import Body, LocConf, MimeTypes, RequestCtx, Stream, body_filter, directive
from pyngx import header_filter, variable
from pyngx.ngx import NGX_DECLINED, NGX_OK, ngx_chain_t, ngx_flag_t, ngx_http_next_body_filter
from pyngx.ngx import ngx_http_request_t, ngx_int_t, ngx_str_t, ngx_table_elt_t, off_t


class Conf(LocConf):
    enable: ngx_flag_t = directive("footer", default=False)
    text: ngx_str_t | None = directive("footer_text", default=None)
    types: MimeTypes = directive("footer_types", default=[b"text/html"])


class Ctx(RequestCtx):
    count: off_t = 0


@header_filter
def header(r: ngx_http_request_t, conf: Conf, ctx: Ctx) -> ngx_int_t:
    if not conf.enable or not conf.types.matches(r):
        return NGX_DECLINED
    ctx.count += 1
    return NGX_OK


@body_filter(encoded=True)
def body(body: Body, conf: Conf) -> Stream:
    for buf in body:
        if buf.last_buf or len(buf) > 3:
            buf[0] = 1
        yield buf[1:]
    for part in body.scan([b"a", b"b"]):
        yield part if part.matched else part.upper()
    yield from body
    if conf.text:
        yield conf.text


@body_filter
def prefix(r: ngx_http_request_t, chain: ngx_chain_t) -> ngx_int_t:
    out = ngx_chain_t()
    for buf in chain:
        out.append(b"foo")
        out.append(buf)
    return ngx_http_next_body_filter(r, out)


@variable("counter")
def counter(ctx: Ctx | None) -> bytes | None:
    return None if ctx is None else b"%d" % ctx.count


def helper(h: ngx_table_elt_t) -> bytes:
    wrong: int = header(1, 2, 3)
    return b"x"
"""


def test_a_filter_file_is_accepted_by_mypy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mypy import api

    repository = Path(__file__).parent.parent
    monkeypatch.setenv("MYPYPATH", str(repository))
    (tmp_path / "typed.py").write_text(TYPED)
    out, err, _ = api.run(
        [
            "--strict",
            f"--cache-dir={repository / '.mypy_cache'}",
            "--config-file=",
            "--follow-imports=silent",
            str(tmp_path / "typed.py"),
        ]
    )
    wrong = TYPED[: TYPED.index("header(1, 2, 3)")].count("\n") + 1
    errors = [line for line in out.splitlines() if ": error:" in line]
    assert err == "" and len(errors) == 3, out
    assert all(f"typed.py:{wrong}: error: Argument" in line for line in errors), out
