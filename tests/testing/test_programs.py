"""Programs as authors write them, in both lives: each was once not the same, or not compiled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pyngx.testing import Response, simulate
from pyngx.testing.lives.compare import differences
from pyngx.testing.lives.served import Served, Session

STATUS = """
from pyngx import header_filter
from pyngx.ngx import NGX_DECLINED, ngx_http_request_t, ngx_int_t


@header_filter
def header(r: ngx_http_request_t) -> ngx_int_t:
    wanted = r.arg(b"s")
    return NGX_DECLINED if wanted is None else int(wanted)
"""
REDIRECT = """
from pyngx import header_filter
from pyngx.ngx import NGX_DECLINED, NGX_HTTP_MOVED_PERMANENTLY, ngx_http_request_t, ngx_int_t


@header_filter
def header(r: ngx_http_request_t) -> ngx_int_t:
    place = r.arg(b"to")
    if place is None:
        return NGX_DECLINED
    r.headers_out["Location"] = place
    r.headers_out.status = NGX_HTTP_MOVED_PERMANENTLY
    return NGX_DECLINED
"""
LONGEST = """
from pyngx import Body, RequestCtx, Stream, body_filter, variable
from pyngx.ngx import ngx_uint_t, off_t, size_t, uint8_t


class Ctx(RequestCtx):
    longest: size_t = 0
    least: ngx_uint_t = 1000
    total: off_t = 0
    small: uint8_t = 0


@body_filter
def body(body: Body, ctx: Ctx) -> Stream:
    for line in body.lines(64):
        ctx.longest = max(ctx.longest, len(line))
        ctx.least = min(len(line), ctx.least)
        ctx.total = max(ctx.total, len(line), ctx.longest)
        ctx.small = max(ctx.small, len(line) % 7, 2)
        yield line


@variable("longest")
def longest(ctx: Ctx | None) -> bytes | None:
    if ctx is None:
        return None
    return b"%d %d %d %d" % (ctx.longest, ctx.least, ctx.total, ctx.small)
"""


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """The servers of this module."""
    found = Session(False)
    yield found
    found.close()


@pytest.fixture
def both(session: Session, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A program's response in both lives, which must be the same."""
    folder = tmp_path_factory.mktemp("programs")

    def run(text: str, **given: Any) -> Response:
        path = folder / "program.py"
        if not path.exists():
            path.write_text(text)
        one, other = (Served(life, session, [".*"])(path, **given) for life in ("cpython", "nginx"))
        assert list(differences(one, other)) == [], given
        return one

    return run


def test_pages_of_statuses(both: Any) -> None:
    """nginx's page of a status, with nginx's words, or none."""
    for status in (201, 204, *range(300, 318), *range(400, 432), 444, *range(490, 512), 599):
        for method in ("GET", "HEAD"):
            both(STATUS, args=f"s={status}", method=method, body=b"x")
    assert b"<h1>503 Service Temporarily Unavailable</h1>" in both(STATUS, args="s=503").body


def test_places_of_this_server(both: Any, tmp_path: Path) -> None:
    """nginx makes a ``Location`` absolute that a filter has set; an upstream's it leaves alone."""
    host = {"Host": "Example.ORG:8080"}
    found = both(REDIRECT, args="to=/page/", request_headers=host)
    assert found.header("Location") == "http://example.org/page/"
    for args in ("to=http://a/", "to=page", "to=//b/c"):
        both(REDIRECT, args=args, request_headers=host)
    given: dict[str, Any] = {"headers": {"Location": "/elsewhere"}, "status": 302}
    assert both(REDIRECT, **given).header("Location") == "/elsewhere"
    both(REDIRECT, args="to=/page", **given)
    path = tmp_path / "redirect.py"
    path.write_text(REDIRECT)
    assert simulate(path, **given).header("Location") == "http://localhost/elsewhere"


def test_a_status_without_a_body(both: Any) -> None:
    """Another status does not bring back the body that a 304 has not got."""
    assert both(REDIRECT, status=304, body=b"x", args="to=http://a/").body == b""


def test_lengths_beside_fields(both: Any) -> None:
    """``max`` and ``min`` of fields without a sign and of lengths."""
    found = both(LONGEST, body=b"one\nthree\n\nlast")
    assert found.variables["longest"] == b"6 1 6 6"


OPTIONAL = """
from enum import IntEnum, IntFlag

from pyngx import ConfError, LocConf, MainConf, directive, header_filter
from pyngx.ngx import (
    ngx_flag_t,
    ngx_http_request_t,
    ngx_msec_t,
    ngx_uint_t,
    off_t,
    size_t,
)


class Kind(IntEnum):
    page = 0
    asset = 1
    api = 2


class Opt(IntFlag):
    a = 1
    b = 2


class Main(MainConf):
    mode: Kind | None = directive("o_mode", default=None)


class Conf(LocConf):
    kind: Kind | None = directive("o_kind", default=None)
    on: ngx_flag_t | None = directive("o_on", default=None)
    opts: Opt | None = directive("o_opts", default=None)
    most: size_t | None = directive("o_most", default=None)
    least: ngx_uint_t | None = directive("o_least", default=None)
    wait: ngx_msec_t | None = directive("o_wait", default=None)
    off: off_t | None = directive("o_off", default=None)

    def validate(self) -> None:
        if self.kind is Kind.api and self.on is None:
            raise ConfError("o_kind api wants o_on")


def shown(kind: Kind | None) -> str:
    return "none" if kind is None else kind.name


def pick(conf: Conf, main: Main) -> Kind | None:
    if conf.kind is not None:
        return conf.kind
    return main.mode


def first(conf: Conf) -> ngx_uint_t | None:
    return conf.least


@header_filter
def header(r: ngx_http_request_t, conf: Conf, main: Main) -> None:
    h = r.headers_out
    found = pick(conf, main)
    h["X-Kinds"] = f"{shown(conf.kind)} {shown(found)} {found == Kind.asset} {found is Kind.page}"
    h["X-Same"] = f"{conf.kind == main.mode} {conf.kind != main.mode} {found != Kind.api}"
    h["X-On"] = "unset" if conf.on is None else ("on" if conf.on else "off")
    if not conf.on:
        h["X-Not-On"] = b"1"
    if conf.opts is not None:
        h["X-Opts"] = f"{int(conf.opts)} {Opt.b in conf.opts}"
    if conf.most is not None and len(r.uri) > conf.most:
        h["X-Long"] = b"%d" % (len(r.uri) - conf.most)
    if conf.wait is not None and conf.most is not None and conf.wait != conf.most:
        h["X-Diff"] = b"%d" % (conf.wait - conf.most)
    if conf.off is not None and conf.off < h.content_length_n:
        h["X-Off"] = b"1"
    one = first(conf)
    if one is not None and one == conf.wait:
        h["X-Max"] = b"%d" % max(one, len(r.uri))
    if found is not None and found != len(r.args):
        h["X-Args"] = b"1"
    h["X-N"] = b"%d" % (conf.least or len(r.uri))
"""
READS = """
import logging

from pyngx import header_filter
from pyngx.ngx import ngx_http_request_t

log = logging.getLogger(__name__)


@header_filter
def header(r: ngx_http_request_t) -> None:
    log.warning("%s and %r", r.args, r.args)
    posted = r.headers_in.content_length_n
    r.headers_out["X-Posted"] = f"{posted} {r.headers_in.server.decode()}"
    r.headers_out["X-A"] = r.variables.get("arg_a") or b"none"
"""


def test_directives_that_may_be_unset(both: Any) -> None:
    """Enums, flags and numbers without a sign, beside None, numbers and one another."""
    for conf, http in (
        ("", ""),
        ("o_kind page;", ""),
        ("", "o_mode page;"),
        ("o_kind asset; o_opts a b; o_on off;", "o_mode asset; o_most 2;"),
        ("o_kind api; o_on on; o_wait 5; o_least 5000; o_off 1;", "o_mode page; o_most 3;"),
        ("o_least 0; o_wait 0ms;", "o_kind asset; o_opts b;"),
    ):
        both(OPTIONAL, conf=conf, http=http, uri="/path", body=b"page")
    found = both(OPTIONAL, conf="o_kind page;").header("X-Same")
    assert found == "False True True"


def test_fields_and_log(both: Any) -> None:
    """Bytes in a message with ``%r``, the length of what was posted, and ``variables.get``."""
    found = both(READS, args="a=1", request_headers={"Host": "Ex.org:1"})
    assert found.header("X-Posted") == "-1 ex.org"
    assert found.header("X-A") == "1"
    assert found.log[0].getMessage() == "a=1 and b'a=1'"
