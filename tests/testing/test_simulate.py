"""A response under CPython: body, headers, errors, log and configuration; beside a real nginx."""

from __future__ import annotations

import itertools
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from pyngx.testing import ConfRefused, every_cut, simulate
from tests.examples import models
from tests.harness import client
from tests.harness.builds import EXAMPLES, REPOSITORY, Target
from tests.harness.nginx import Nginx
from tests.language import test_directives as directives
from tests.language.serving import build

LANGUAGE = REPOSITORY / "tests" / "language" / "filters"
MAPPED = LANGUAGE / "mapped.py"
OWN = ("date", "server", "connection", "transfer-encoding")
"""Headers that nginx writes by itself."""
TYPE = (("Content-Type", "text/html"),)


def test_footer() -> None:
    """The length is corrected, the ETag turns weak, ranges go."""
    headers = (*TYPE, ("ETag", '"v"'), ("Accept-Ranges", "bytes"))
    path = EXAMPLES / "footer.py"
    response = simulate(path, body=b"<p>", headers=headers, conf='footer on; footer_text "!";')
    assert (response.status, response.body, response.complete) == (200, b"<p>!", True)
    assert response.header("Content-Length") == "4"
    assert response.header("ETag") == 'W/"v"'
    assert response.header("Accept-Ranges") is None
    for more in ({"conf": ""}, {"status": 404}, {"headers": {"Content-Type": "text/css"}}):
        kept = simulate(path, **{"body": b"<p>", "conf": "footer on;", **more})  # type: ignore[arg-type]
        assert (kept.body, kept.header("Content-Length")) == (b"<p>", "3")
    head = simulate(path, body=b"<p>", conf="footer on; footer_text ab;", method="HEAD")
    assert (head.body, head.header("Content-Length")) == (b"", "5")
    encoded = simulate(
        path, body=b"<p>", conf="footer on;", headers=(*TYPE, ("Content-Encoding", "x"))
    )
    assert encoded.body == b"<p>"


LENGTH = """
from pyngx import Body, Stream, body_filter, header_filter
from pyngx.ngx import ngx_http_request_t


@header_filter
def header(r: ngx_http_request_t) -> None:
    r.headers_out.content_length_n = 3


@body_filter
def body(body: Body) -> Stream:
    yield from body
"""


@pytest.mark.parametrize(("body", "complete"), [(b"ab", False), (b"abc", True), (b"abcd", False)])
def test_a_length_that_is_wrong(body: bytes, complete: bool, tmp_path: Path) -> None:
    """What the filter says of the length has to be true of what it sends."""
    path = tmp_path / "lengths.py"
    path.write_text(LENGTH)
    assert simulate(path, body=body).complete is complete


@pytest.mark.parametrize("option", ["", "(partial=True)"])
def test_a_part_of_a_page(option: str, tmp_path: Path) -> None:
    """It is edited only if the filter says that it can."""
    path = tmp_path / "parts.py"
    path.write_text(
        "from pyngx import Body, Stream, body_filter\n\n\n"
        f"@body_filter{option}\n"
        "def body(body: Body) -> Stream:\n    yield from body\n    yield b'!'\n"
    )
    assert simulate(path, body=b"ab").body == b"ab!"
    assert simulate(path, body=b"ab", status=206).body == (b"ab!" if option else b"ab")


def test_fields_of_structures(tmp_path: Path) -> None:
    """A request has every field that a filter may read, as nginx sets it before a response."""
    path = tmp_path / "fields.py"
    path.write_text("""
import time

from pyngx import header_filter
from pyngx.ngx import ngx_http_request_t


@header_filter
def header(r: ngx_http_request_t) -> None:
    fields = r.headers_out
    number = r.connection.requests + r.internal + r.http_connection.ssl + r.error_page
    fields["X-Number"] = b"%d %d" % (number, r.http_version)
    fields["X-None"] = b"%d" % (r.upstream is None and r.parent is None and not r.connection.ssl)
    fields["X-Name"] = r.connection.addr_text + r.http_protocol
    fields["X-Young"] = b"%d" % (abs(int(time.time()) - r.start_sec) < 60)
""")
    response = simulate(path, body=b"x")
    shown = [response.header(f"X-{name}") for name in ("Number", "None", "Name", "Young")]
    assert (response.errors, shown) == ((), ["1 1001", "1", "HTTP/1.1", "1"])
    path.write_text(path.read_text().replace("r.internal", "r.intrenal"))
    (error,) = simulate(path, body=b"x").errors
    assert (error.error, "'intrenal'" in error.message) == ("AttributeError", True)


@pytest.mark.parametrize("status", [204, 304])
def test_no_body(status: int) -> None:
    assert simulate(EXAMPLES / "footer.py", status=status, conf="footer on;").body == b""


@pytest.mark.parametrize(
    ("name", "conf", "kind"),
    [
        ("number_lines", "number_lines on;", "text/plain"),
        ("json_minify", "json_minify on;", "application/json"),
        ("hls_tokens", "hls_token token=$arg_t;", "audio/mpegurl"),
    ],
)
def test_cuts(name: str, conf: str, kind: str) -> None:
    """However the body is cut, the examples do what their models say."""
    body = b'#A:URI="x"\n{ "a b":\t1 }\nu?v \n'
    for cuts in every_cut(body):
        response = simulate(
            EXAMPLES / f"{name}.py",
            body=body,
            cuts=cuts,
            conf=conf,
            headers={"Content-Type": kind},
            args="t=a-b_c",
        )
        assert response.body == getattr(models, name)(body), cuts


def test_subrequests() -> None:
    path = EXAMPLES / "addition.py"
    conf = "add_before_body /top; add_after_body /end;"
    answers = {"/top": b"<", "/end": lambda args: b">" + args}
    assert simulate(path, body=b"x", conf=conf, subrequests=answers).body == b"<x>"  # type: ignore[arg-type]
    assert simulate(path, body=b"x", conf=conf, main=False).body == b"x"
    with pytest.raises(LookupError, match="/top"):
        simulate(path, body=b"x", conf=conf)


def test_errors_and_log(caplog: pytest.LogCaptureFixture) -> None:
    """A run-time error ends the request with its place; what is logged is seen by caplog too."""
    failed = simulate(MAPPED, body=b"x", conf="h_on on;", args="act=fail")
    assert failed.status == 500 and b"500 Internal Server Error" in failed.body
    line = MAPPED.read_text().partition("return 10 //")[0].count("\n") + 1
    assert str(failed.errors[0]).startswith(f"mapped.py:{line}: ZeroDivisionError: ")
    with caplog.at_level(logging.DEBUG):
        logged = simulate(MAPPED, body=b"x", conf="h_on on;", args="act=log&name=n")
    assert [r.getMessage() for r in logged.log] == caplog.messages
    assert logged.log[0].getMessage() == "debug b'n'"
    assert logged.variables == {"h_ctx": b"1:n"}


def test_the_authors_lines_run() -> None:
    """The code object is the file's own: whatever traces lines sees the author's."""
    seen = set()

    def trace(frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename.endswith("footer.py"):
            seen.add(frame.f_lineno)
        return trace

    sys.settrace(trace)
    try:
        simulate(EXAMPLES / "footer.py", body=b"x", conf="footer on;")
    finally:
        sys.settrace(None)
    lines = (EXAMPLES / "footer.py").read_text().splitlines()
    assert {"    yield from body", "    yield conf.text"} <= {lines[n - 1] for n in seen}


@pytest.mark.parametrize("text", [t for t in directives.REFUSED if not t.startswith("if")])
def test_refused(text: str) -> None:
    """What nginx refuses is refused, with its words."""
    end = "" if text.endswith("}") else ";"
    with pytest.raises(ConfRefused) as refused:
        simulate(directives.FILTER, conf=text + end)
    assert directives.REFUSED[text] in str(refused.value)


def test_refused_elsewhere() -> None:
    for text in ("nothing on;", "d_flag on", "location / { }", "d_site x;"):
        with pytest.raises(ConfRefused, match="in location:1"):
            simulate(directives.FILTER, conf=text)


def test_configured() -> None:
    """Defaults, all types of values, and inheritance, as a compiled filter has them."""
    found = simulate(directives.FILTER, uri="/x").variables
    shown = tuple(found[f"d_{name}"] for name in ("scalars", "texts", "word", "lists", "optional"))
    assert shown == directives.DEFAULTS
    inner = simulate(
        directives.FILTER,
        http="d_number 1; d_plain 1; d_site h; d_total 42;",
        server="d_plain 2; d_depth 9;",
        conf="d_size 1m; d_wait 10s; d_age 1d; d_small 255; d_level HIGH; d_rest 1k;",
    ).variables
    assert inner["d_scalars"] == b"1 0 1 2 2 255 4 5 1048576 4096 10000 86400|h|9|42|0|1|10 20"
    assert inner["d_optional"] == b"77 rest 1025 no same falsy"


@pytest.fixture(scope="module")
def mapped(packaged: Target, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """The header mapping in nginx."""
    (module,) = build([MAPPED], packaged, tmp_path_factory.mktemp("mapped"))
    with Nginx(
        packaged.binary,
        modules=[module],
        server="etag off; server_tokens off; types { } default_type text/html;",
        locations="location / { h_on on; }",
        files={"page": b"page"},
        allow=("mapped.py:", "plain error"),
    ) as nginx:
        yield nginx


NAMES = "Content-Type Last-Modified Location Expires Link Vary X-N WWW-Authenticate Accept-Ranges"
ACTS = ("set", "add", "del", "addset", "split", "splitname", "nul", "status", "kept", "forbid")


@pytest.mark.parametrize(("act", "name"), list(itertools.product((*ACTS, "fail"), NAMES.split())))
def test_headers_beside_nginx(mapped: Nginx, act: str, name: str) -> None:
    """Headers, status and body are nginx's."""
    args = f"act={act}&name={name}&value=vvvvv"
    real = client.request(mapped.port, f"/page?{args}")
    modified = str(client.request(mapped.port, "/page?act=none").header("Last-Modified"))
    headers = (*TYPE, ("Last-Modified", modified), ("Accept-Ranges", "bytes"))
    found = simulate(MAPPED, body=b"page", headers=headers, uri="/page", args=args, conf="h_on on;")
    assert (found.status, found.body) == (real.status, real.body)
    got = sorted((n.lower(), v) for n, v in found.headers if n != "X-Shown")
    assert got == sorted(
        (n.lower(), v) for n, v in real.headers if n.lower() not in (*OWN, "x-shown")
    )


def test_annotations_that_are_text(tmp_path: Path) -> None:
    """``int`` in an annotation is Python's, though the file runs with the language's integers."""
    path = tmp_path / "texts.py"
    path.write_text("""
from __future__ import annotations

from pyngx import LocConf, RequestCtx, directive, header_filter
from pyngx.ngx import ngx_http_request_t


class Conf(LocConf):
    size: int = directive("t_size", default=3)
    sizes: list[int] = directive("t_sizes", default=[1])


class Ctx(RequestCtx):
    count: int = 2**63 - 1


@header_filter
def header(r: ngx_http_request_t, conf: Conf, ctx: Ctx) -> None:
    r.headers_out["X-Size"] = b"%d %d" % (conf.size + int(b"1"), sum(conf.sizes))
    ctx.count += 1
""")
    response = simulate(path, body=b"x", conf="t_size 5; t_sizes 2 3;")
    assert [e.error for e in response.errors] == ["OverflowError"]
    path.write_text(path.read_text().replace("ctx.count += 1", "ctx.count -= 1"))
    response = simulate(path, body=b"x", conf="t_size 5; t_sizes 2 3;")
    assert (response.errors, response.header("X-Size")) == ((), "6 5")
