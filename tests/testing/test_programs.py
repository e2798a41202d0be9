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
