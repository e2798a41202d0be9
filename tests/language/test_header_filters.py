"""What header filters do to headers, status and the page, in a real nginx."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import client
from tests.harness.builds import Target
from tests.harness.client import Response
from tests.harness.nginx import Nginx
from tests.language.serving import build

FILTER = Path(__file__).with_name("filters") / "mapped.py"
TYPED = '''"""Give responses of some types another type."""

from pyngx import LocConf, MimeTypes, directive, header_filter
from pyngx.ngx import ngx_http_request_t


class Conf(LocConf):
    types: MimeTypes = directive("typed", default=[b"text/x-none"])


@header_filter
def header(r: ngx_http_request_t, conf: Conf) -> None:
    if conf.types.matches(r):
        r.headers_out["Content-Type"] = b"text/x-mine"
'''
PAGE = b"<p>page</p>"
SPECIAL = (
    "Content-Type",
    "ETag",
    "Last-Modified",
    "Location",
    "Server",
    "Date",
    "Expires",
    "Cache-Control",
    "Link",
    "Set-Cookie",
    "Vary",
    "X-Name",
    "Refresh",
    "WWW-Authenticate",
)
MANY = ("Cache-Control", "Link", "Set-Cookie", "Vary", "X-Name", "WWW-Authenticate")


@pytest.fixture(scope="module")
def nginx(packaged: Target, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """An nginx with the filter in ``/`` and in places that replace its page."""
    module = build([FILTER], packaged, tmp_path_factory.mktemp("headers"))[0]
    with Nginx(
        packaged.binary,
        modules=[module],
        log_level="debug",
        server="""set $h_set none;
        add_header X-Set $h_set always; add_header X-Ctx $h_ctx always;""",
        locations="""
        location / { h_on on; }
        location /off/ { alias {root}/; }
        location /custom/ { h_on on; alias {root}/; error_page 403 /denied.html; }
        location /named/ { h_on on; alias {root}/; error_page 403 = @denied; }
        location @denied { return 200 "named\n"; }
        location = /denied.html { h_on on; }
        location /ssi/ { ssi on; alias {root}/; default_type text/html; }
        """,
        files={
            "page.html": PAGE,
            "denied.html": b"custom denied",
            "whole.html": b'[<!--# include virtual="/page.html?act=forbid" -->]',
            "twice.html": b'[<!--# include virtual="/page.html?act=ok" -->]',
        },
        allow=("mapped.py:", "plain error", "No such file"),
    ) as running:
        yield running


def get(nginx: Nginx, query: str, path: str = "/page.html", **more: object) -> Response:
    """One response."""
    return client.request(nginx.port, f"{path}?{query}", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SPECIAL)
def test_set(nginx: Nginx, name: str) -> None:
    """Setting twice leaves one header with the last value."""
    response = get(nginx, f"act=set&name={name}&value=v")
    assert response.all(name) == ("v2",)
    if name not in ("Date", "Server", "Last-Modified"):
        assert f"{name.lower()}=v2;" in (response.header("X-Shown") or "").lower()
    assert response.body == PAGE


@pytest.mark.parametrize("name", MANY)
def test_add(nginx: Nginx, name: str) -> None:
    """Added headers stand side by side, and setting replaces them all."""
    assert get(nginx, f"act=add&name={name}&value=v").all(name) == (
        "v",
        "v2",
    )
    assert get(nginx, f"act=addset&name={name}&value=v").all(name) == ("last",)


@pytest.mark.parametrize("name", [n for n in SPECIAL if n not in ("Server", "Date")])
def test_del(nginx: Nginx, name: str) -> None:
    """A header that is deleted is not there; one that was never there does not fail."""
    assert get(nginx, f"act=del&name={name}&value=v").all(name) == ()


@pytest.mark.parametrize("act", ["split", "splitname", "computed", "nul"])
def test_no_splitting(nginx: Nginx, act: str) -> None:
    """A value or name that could end the header ends the request instead."""
    before = nginx.error_log().count("mapped.py:")
    response = get(nginx, f"act={act}")
    assert response.status == 500
    assert response.header("X-Evil") is None
    assert nginx.error_log().count("mapped.py:") == before + 1
    assert "ValueError" in nginx.error_log()


def test_reading(nginx: Nginx) -> None:
    """The request's headers, cookies, variables and fields."""
    headers = (("X-In", "one"), ("X-Many", "1"), ("x-many", "2"), ("Cookie", "a=b; c=d"))
    response = get(nginx, "act=ok", headers=headers)
    assert response.header("X-Info") == (
        "in:one,1,2 yes host cookie=d uri=/page.html/page.htmlact=ok missing main"
    )


def test_fields(nginx: Nginx) -> None:
    """Fields and the mapping are two roads to one header."""
    response = get(nginx, "act=fields")
    assert response.all("Content-Type") == ("text/x-mine",)
    assert response.all("X-Type") == ("text/x-mine",)
    assert response.all("Last-Modified") == ("Sun, 09 Sep 2001 01:46:40 GMT",)
    assert response.all("X-Modified") == ("Sun, 09 Sep 2001 01:46:40 GMT",)
    assert response.all("ETag") == ('"mine"',)
    assert response.body == PAGE
    response = get(nginx, "act=status")
    assert (response.status, response.header("X-Status")) == (203, "203")
    assert response.body == PAGE


def test_kept_state(nginx: Nginx) -> None:
    """A header keeps the value that the context's field had."""
    response = get(nginx, "act=kept&name=first")
    assert (response.header("X-Kept"), response.header("X-Kept2")) == ("first", "first")
    assert response.header("X-Ctx") in (None, "1:overwritten by a longer one")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("path", "act", "status", "text"),
    [
        ("/page.html", "forbid", 403, b"403 Forbidden"),
        ("/page.html", "missing", 404, b"404 Not Found"),
        ("/page.html", "fail", 500, b"500 Internal Server Error"),
        ("/custom/page.html", "forbid", 403, b"custom denied"),
        ("/named/page.html", "forbid", 200, b"named"),
        ("/none.html", "forbid", 403, b"403 Forbidden"),
    ],
)
def test_replaced(nginx: Nginx, method: str, path: str, act: str, status: int, text: bytes) -> None:
    """A status replaces the response by its page, once."""
    response = get(nginx, f"act={act}", path, method=method)
    assert response.status == status
    assert response.complete
    if method == "GET":
        assert text in response.body and PAGE not in response.body
        assert response.header("Content-Length") in (None, str(len(response.body)))
    else:
        assert response.body == b""


def test_error(nginx: Nginx) -> None:
    """NGX_ERROR ends the connection, or gives a 500; never the page."""
    with client.Connection(nginx.port) as connection:
        connection.send("/page.html?act=error")
        data = connection.read_some(1000)
    assert PAGE not in data


def test_subrequest(nginx: Nginx) -> None:
    """A part of a page that is refused does not take the page down."""
    response = get(nginx, "", "/ssi/whole.html")
    assert response.status == 200
    assert response.body.startswith(b"[") and response.body.endswith(b"]")
    assert PAGE not in response.body
    assert get(nginx, "", "/ssi/twice.html").body == b"[" + PAGE + b"]"


def test_variables(nginx: Nginx) -> None:
    """A variable that may be set is set; another raises."""
    assert get(nginx, "act=variable&value=mine").header("X-Set") in ("mine", "none")
    before = nginx.error_log().count("ValueError")
    assert get(nginx, "act=badvariable").status == 500
    assert nginx.error_log().count("ValueError") == before + 1
    assert get(nginx, "", "/off/page.html").header("X-Ctx") == "0:"


def test_log(nginx: Nginx) -> None:
    """Each level, and what %s takes."""
    before = len(nginx.error_log())
    assert get(nginx, "act=log&name=n&value=abc").status == 200
    said = nginx.error_log()[before:]
    for line in ("[debug]", "debug n", "[info]", "info abc 3", "[warn]", "warn text%"):
        assert line in said
    assert "[error]" in said and "plain error" in said


@pytest.fixture(scope="module")
def typed(packaged: Target, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("typed")
    path = output / "typed.py"
    path.write_text(TYPED)
    return build([path], packaged, output / "built")[0]


def test_types_are_compared_with_the_one_that_was_set(packaged: Target, typed: Path) -> None:
    """Although the type of before was compared with some already."""
    locations = "location / { typed text/html; charset utf-8; charset_types text/x-mine; }"
    files = {"page.html": PAGE}
    with Nginx(packaged.binary, modules=[typed], locations=locations, files=files) as running:
        response = client.request(running.port, "/page.html")
    assert response.header("Content-Type") == "text/x-mine; charset=utf-8"


def test_types_are_inherited(packaged: Target, typed: Path) -> None:
    """A location has those of the server, unless it says which."""
    with Nginx(
        packaged.binary,
        modules=[typed],
        server="typed text/html;",
        locations="location /none/ { alias {root}/; typed text/x-other; }",
        files={"page.html": PAGE},
    ) as running:
        for path, wanted in (("/page.html", "text/x-mine"), ("/none/page.html", "text/html")):
            assert client.request(running.port, path).header("Content-Type") == wanted
