"""What examples for bodies and the counter do, in each way of building them, in each nginx."""

from __future__ import annotations

import gzip

import pytest

from tests.examples.serving import FILES, HTML, PROXY, TEXT, Examples
from tests.harness import client
from tests.harness.case import LARGE, PAGE
from tests.harness.client import Response
from tests.harness.nginx import Nginx, wait_for
from tests.harness.upstream import Reply

# footer


def _has_footer(response: Response, body: bytes, text: bytes) -> None:
    assert response.status == 200 and response.body == body + text
    length = response.header("Content-Length")
    assert length is None or length == str(len(body + text))


def test_footer_types(examples_as: Examples) -> None:
    places = """
        location / { footer on; }
        location /more/ { alias {root}/; footer on; footer_types text/plain text/css; }
        location /any/ { alias {root}/; footer on; footer_types *; }
        location /up/ { footer on; %s }
    """
    charset = ("Content-Type", "text/HTML; charset=utf-8")
    routes = {
        "/charset": Reply((PAGE,), headers=(charset,)),
        "/json": Reply((b"{}",), headers=(("Content-Type", "application/json"),)),
        "/untyped": Reply((PAGE,), headers=()),
    }
    with examples_as.serve("footer", locations=places % PROXY, routes=routes) as at:
        wanted = {
            "/page.html": TEXT,
            "/page.txt": b"",
            "/page.css": b"",
            "/more/page.html": b"",
            "/more/page.txt": TEXT,
            "/more/page.css": TEXT,
            "/any/page.css": TEXT,
            "/up/charset": TEXT,
            "/up/json": b"",
            "/up/untyped": b"",
        }
        for path, text in wanted.items():
            name = path.rsplit("/", 1)[1]
            body = FILES.get(name) or b"".join(routes[f"/{name}"].pieces)
            _has_footer(at.get(path), body, text)


def test_footer_is_inherited(examples_as: Examples) -> None:
    http = 'footer on; footer_text "http";'
    server = 'footer_text "server";'
    places = """
        location / { }
        location /off/ { alias {root}/; footer off; }
        location /own/ {
            alias {root}/;
            footer_text "own";
            location /own/nested/ { alias {root}/; }
        }
        location /none/ { alias {root}/; footer_text ""; }
    """
    with examples_as.serve("footer", http=http, server=server, locations=places) as at:
        for path, text in (
            ("/page.html", b"server"),
            ("/off/page.html", b""),
            ("/own/page.html", b"own"),
            ("/own/nested/page.html", b"own"),
            ("/none/page.html", b""),
        ):
            _has_footer(at.get(path), PAGE, text)
    with examples_as.serve("footer", http=http) as at:
        _has_footer(at.get("/page.html"), PAGE, b"http")
    with examples_as.serve("footer", server="footer on;") as at:
        _has_footer(at.get("/page.html"), PAGE, TEXT)
    with examples_as.serve("footer") as at:
        _has_footer(at.get("/page.html"), PAGE, b"")


def test_footer_length(examples_as: Examples) -> None:
    """Exact wherever nginx knows the length, also for HEAD; ranges and strong ETags go."""
    places = f"location / {{ footer on; }} location /up/ {{ footer on; {PROXY} }}"
    etag = ("ETag", '"v1"')
    routes = {
        "/sized": Reply((PAGE,), headers=(HTML, etag, ("Accept-Ranges", "bytes"))),
        "/chunked": Reply((PAGE[:5], PAGE[5:]), framing="chunked"),
        "/gone": Reply((PAGE,), status=404),
    }
    total = str(len(PAGE + TEXT))
    with examples_as.serve("footer", locations=places, routes=routes) as at:
        for path in ("/page.html", "/up/sized"):
            got, head = at.get(path), at.get(path, method="HEAD")
            assert got.body == PAGE + TEXT and head.body == b""
            for response in (got, head):
                assert response.all("Content-Length") == (total,)
                assert response.header("Accept-Ranges") is None
                assert (response.header("ETag") or "").startswith("W/")
        chunked = at.get("/up/chunked")
        assert chunked.body == PAGE + TEXT and chunked.header("Content-Length") is None
        assert at.get("/up/gone").body == PAGE
        ranged = at.get("/page.html", ("Range", "bytes=0-3"))
        assert ranged.status == 200 and ranged.body == PAGE + TEXT


def test_footer_ends_a_part_for_the_filters_behind_it(examples_as: Examples) -> None:
    """``sub_filter`` holds what may begin a match until the part of the subrequest has ended."""
    places = """
        location / { footer on; footer_text "text ab"; sub_filter abc x; }
        location /ssi/ { alias {root}/; ssi on; }
    """
    with examples_as.serve("footer", locations=places) as at:
        at.nginx.write_file("all.html", b'A<!--#include virtual="/page.html" -->B')
        assert at.get("/page.html").body == PAGE + b"text ab"
        assert at.get("/ssi/all.html").body == b"A" + PAGE + b"text abB"


def test_footer_refuses_wrong_values(examples_as: Examples) -> None:
    said = examples_as.refusal("footer", http="footer maybe;")
    assert 'invalid value "maybe" in "footer" directive, it must be "on" or "off"' in said
    assert '"footer_text" directive is duplicate' in examples_as.refusal(
        "footer", http="footer_text a; footer_text b;"
    )


# prefix


def test_prefix(examples_as: Examples) -> None:
    places = """
        location / { prefix foo; }
        location /none/ { alias {root}/; }
        location /up/ { prefix "<>"; proxy_buffering off; %s }
    """
    pieces = (b"one ", b"two ", b"three")
    routes = {
        "/": Reply(pieces, framing="chunked", delay=0.02),
        "/empty": Reply(),
        "/same": Reply(status=304, headers=(("ETag", '"v1"'),)),
    }
    with examples_as.serve("prefix", locations=places % PROXY, routes=routes) as at:
        page = at.get("/page.html")
        assert page.body == b"foo" + PAGE and page.header("Content-Length") is None
        assert at.get("/none/page.html").body == PAGE
        received = at.get("/up/").body
        assert received.replace(b"<>", b"") == b"".join(pieces)
        assert 1 <= received.count(b"<>") <= len(pieces)
        assert at.get("/up/empty").body == b""
        same = at.get("/up/same", ("If-None-Match", '"v1"'))
        assert same.status == 304 and same.header("ETag") == '"v1"'


def test_prefix_before_each_piece(examples_as: Examples) -> None:
    """The pieces of a response that nginx cuts itself: output buffers of a file."""
    places = "location / { prefix foo; sendfile off; output_buffers 2 1000; aio off; }"
    with examples_as.serve("prefix", locations=places) as here:
        pieces = [LARGE[at : at + 1000] for at in range(0, len(LARGE), 1000)]
        assert here.get("/large.html").body == b"".join(b"foo" + piece for piece in pieces)


# counter


COUNTED = "log_format counted '$uri $status $counter'; log_subrequest on;"
COUNTED_LOG = "access_log {root}/../logs/counted.log counted;"


def _counted(nginx: Nginx, lines: int) -> list[str]:
    """The lines of the counting log, once all are there."""
    path = nginx.prefix / "logs" / "counted.log"
    wait_for(
        "the lines of the log",
        lambda: path.exists() and len(path.read_text().splitlines()) >= lines,
    )
    return path.read_text().splitlines()


def test_counter(examples_as: Examples) -> None:
    packed = gzip.compress(LARGE, mtime=0)
    places = f"""
        location / {{ }}
        location /sendfile/ {{ alias {{root}}/; sendfile on; }}
        location /gzip/ {{ alias {{root}}/; gzip on; gzip_min_length 0; }}
        location /up/ {{ {PROXY} }}
        location /204 {{ return 204; }}
        location /text {{ return 200 "some text"; }}
        location /refused {{ deny all; }}
    """
    encoded = (HTML, ("Content-Encoding", "gzip"))
    routes = {
        "/chunked": Reply((PAGE[:9], PAGE[9:]), framing="chunked"),
        "/gz": Reply((packed,), headers=encoded),
    }
    asked: list[tuple[str, tuple[tuple[str, str], ...], str, str]] = [
        ("/page.html", (), "GET", f"200 {len(PAGE)}"),
        ("/large.html", (), "GET", f"200 {len(LARGE)}"),
        ("/sendfile/large.html", (), "GET", f"200 {len(LARGE)}"),
        ("/gzip/large.html", (("Accept-Encoding", "gzip"),), "GET", f"200 {len(LARGE)}"),
        ("/up/chunked", (), "GET", f"200 {len(PAGE)}"),
        ("/up/gz", (), "GET", f"200 {len(packed)}"),
        ("/text", (), "GET", "200 9"),
        ("/page.html", (), "HEAD", "200 0"),
        ("/204", (), "GET", "204 -"),
    ]
    with examples_as.serve(
        "counter", http=COUNTED, server=COUNTED_LOG, locations=places, routes=routes
    ) as at:
        for path, headers, method, _ in asked:
            response = at.get(path, *headers, method=method)
            if path == "/large.html":
                assert response.all("Content-Length") == (str(len(LARGE)),)
                assert response.header("Accept-Ranges") == "bytes"
        lines = _counted(at.nginx, len(asked))
        assert lines == [f"{path} {wanted}" for path, _, _, wanted in asked]


def test_counter_of_subrequests(examples_as: Examples) -> None:
    """Each subrequest counts for itself, and has its own line."""
    page = b'A<!--#include virtual="/large.html" -->B<!--#include virtual="/page.html" -->'
    places = "location / { } location /ssi/ { alias {root}/; ssi on; ssi_types *; }"
    with examples_as.serve("counter", http=COUNTED, server=COUNTED_LOG, locations=places) as at:
        at.nginx.write_file("all.html", page)
        assert at.get("/ssi/all.html").body == b"A" + LARGE + b"B" + PAGE
        assert sorted(_counted(at.nginx, 3)) == sorted(
            [
                f"/large.html 200 {len(LARGE)}",
                f"/page.html 200 {len(PAGE)}",
                f"/ssi/all.html 200 {len(page)}",
            ]
        )


# All that see bodies


@pytest.mark.parametrize("name", ("footer", "prefix", "counter"))
def test_what_was_flushed_arrives(name: str, examples_as: Examples) -> None:
    """The upstream is silent after its first piece: the client has it, for nothing is held."""
    own = {"footer": "footer on;", "prefix": "prefix foo;"}
    places = f"location / {{ {own.get(name, '')} proxy_buffering off; {PROXY} }}"
    routes = {"/": Reply((b"first", b"never"), framing="chunked", die_after=1, hang=True)}
    with (
        examples_as.serve(name, locations=places, routes=routes) as at,
        client.Connection(at.nginx.port) as connection,
    ):
        connection.send("/")
        connection.read_until(b"first")
