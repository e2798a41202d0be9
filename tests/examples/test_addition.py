"""nginx's own addition module in pyngx: what nginx's public tests do not judge, or judge weakly."""

from __future__ import annotations

import pytest

from tests.examples import Built
from tests.examples.stock import sanitized, stand_in
from tests.harness import client
from tests.harness.builds import Target
from tests.harness.case import LARGE, PAGE, Case, pieces_of
from tests.harness.memory import ALLOWED, MEGABYTE, Repeated, peak_memory
from tests.harness.nginx import Nginx
from tests.harness.roads.neighbours import with_bodies_added
from tests.harness.site import reply, site
from tests.harness.upstream import Reply, cuts

BEFORE = b"<before>"
AFTER = b"<after>"
PARTS = """
    location = /before { default_type text/html; return 200 "<before>"; }
    location = /after { default_type text/html; return 200 "<after>"; }
"""
CONF = "add_before_body /before; add_after_body /after;"


def wrapped(body: bytes) -> bytes:
    return BEFORE + body + AFTER


def case_of(built: Built, *names: str, conf: str = CONF) -> Case:
    """Both additions, in a server that has the locations of them."""
    return Case(
        built.binary,
        modules=built.modules("addition", *names),
        env=built.env,
        conf=f"{conf} addition_types *;",
        expected=wrapped,
        length="cleared",
        after_gunzip=True,
        encoded=True,
        subrequests=False,
    )


@pytest.fixture(scope="module")
def built(nginx_target: Target) -> Built:
    """addition in an nginx that has none, but its own sub_filter."""
    return stand_in(nginx_target, "addition")


@pytest.fixture(scope="module")
def both(nginx_target: Target) -> Built:
    """addition and sub in an nginx that has neither."""
    return stand_in(nginx_target, "sub", "addition")


def test_order_for_each_cut(built: Built) -> None:
    """Before, the body however it is cut, after; from a file and from an upstream."""
    body = b"<p>body</p>"
    case = case_of(built)
    ways = [(body,), *cuts(body)]
    routes = {f"/{n}": reply(case, *way) for n, way in enumerate(ways)}
    with site(case, routes=routes, files={"body": body}, locations=PARTS) as at:
        paths = ["/body"]
        paths += [f"/{road}/{n}" for road in ("unbuffered", "buffered") for n in range(len(ways))]
        for path, response in zip(paths, client.keep_alive(at.nginx.port, paths), strict=True):
            assert response.complete and response.body == wrapped(body), (path, response.body)


def test_added_bodies_that_come_late_and_are_long(built: Built) -> None:
    """Subrequests to an upstream that answers in pieces: nothing is lost or mixed up, for a slow
    client and a fast one."""
    html = ("Content-Type", "text/html")
    first, last = LARGE[:70_000], LARGE[70_000:150_000]
    routes = {
        "/first": Reply(pieces_of(first, 5000), headers=(html,), framing="chunked", delay=0.01),
        "/last": Reply(pieces_of(last, 7000), headers=(html,), framing="chunked", delay=0.01),
        "/body": Reply(pieces_of(LARGE, 3000), headers=(html,), framing="chunked"),
    }
    own = "location /up/ { proxy_pass {upstream}/; proxy_buffering off; }"
    case = case_of(built, conf="add_before_body /up/first; add_after_body /up/last;")
    wanted = first + LARGE + last
    with site(case, routes=routes, files={"body": LARGE}, locations=own, listen="sndbuf=4k") as at:
        for path in ("/body", "/unbuffered/body", "/buffered/body"):
            assert at.get(path).body == wanted, path
            with client.Connection(at.nginx.port, rcvbuf=4096) as connection:
                connection.send(path)
                assert connection.receive(rate=400_000).body == wanted, path


@pytest.mark.parametrize("fast", (True, False))
def test_held_by_a_filter_behind(nginx_target: Target, fast: bool) -> None:
    """What sub_filter holds of the body, nginx's own or that in pyngx, comes before what is added,
    also where the client is slow: for each module in pyngx and the other one."""
    body = b"foo " * 12_000 + b"XXfo"
    wanted = BEFORE + body.replace(b"foo", b"<replaced>") + AFTER
    rules = "sub_filter foo <replaced>; sub_filter fog x; sub_filter_once off;"
    own = PARTS + "location /held/ { proxy_pass {upstream}/; proxy_buffering off; "
    own += f"{CONF} {rules} }} location /file/ {{ alias {{root}}/; {CONF} {rules} }}"
    names = (("sub",), ("addition",), ("sub", "addition"))
    for chosen in names:
        one = stand_in(nginx_target, *chosen)
        case = Case(one.binary, modules=one.modules(*chosen), content_type="text/html")
        routes = {
            f"/{size}": reply(case, *pieces_of(body, size)) for size in (997, 8192, len(body))
        }
        with site(
            case, routes=routes, files={"body": body}, locations=own, listen="sndbuf=4k"
        ) as at:
            for path in ("/file/body", *(f"/held{route}" for route in routes)):
                with client.Connection(at.nginx.port, rcvbuf=4096) as connection:
                    connection.send(path)
                    rate = None if fast else 3_000_000
                    assert connection.receive(rate=rate).body == wanted, (chosen, path)


def test_headers(built: Built) -> None:
    """The length and ranges go, the ETag turns weak, the date stays; HEAD has the same."""
    with site(case_of(built), files={"p": PAGE}, locations=PARTS) as at:
        plain = at.get("/plain/p")
        for method in ("GET", "HEAD"):
            response = at.get("/p", method=method)
            assert response.body == (wrapped(PAGE) if method == "GET" else b"")
            assert response.header("Content-Length") is None
            assert response.header("Accept-Ranges") is None
            assert response.header("ETag") == f"W/{plain.header('ETag')}"
            assert response.header("Last-Modified") == plain.header("Last-Modified")
        ranged = at.get("/p", headers=[("Range", "bytes=0-3")])
        assert ranged.status == 200 and ranged.body == wrapped(PAGE)


def test_what_passes(built: Built) -> None:
    """Other statuses, other types, and requests without an addition keep everything."""
    case = Case(built.binary, modules=built.modules("addition"), content_type="text/plain")
    own = PARTS + """
        location = /202 { add_after_body /after; default_type text/html; return 202 "x"; }
        location /css/ { alias {root}/; add_after_body /after; addition_types text/css; }
        location /typed/ { alias {root}/; add_after_body /after; addition_types text/plain; }
        location /html/ { alias {root}/; add_after_body /after; }
        location /empty/ { alias {root}/; add_after_body ""; addition_types *; }
    """
    with site(case, files={"p": PAGE}, locations=own) as at:
        assert at.get("/typed/p").body == PAGE + AFTER
        response = at.get("/202")
        assert (response.status, response.body) == (202, b"x")
        for path in ("/css/p", "/html/p", "/empty/p"):
            response = at.get(path)
            assert response.body == PAGE and response.header("Content-Length") == str(len(PAGE))
            assert (response.header("ETag") or "").startswith('"'), path


def test_inherited_and_in_included_pages(built: Built) -> None:
    """Both directives are inherited each on its own; a subrequest gets no addition."""
    server = "add_before_body /before; add_after_body /after; addition_types *; ssi_types *;"
    own = PARTS + "location /in/ { alias {root}/; ssi on; add_after_body ''; }"
    files = {"page": b'[<!--#include virtual="/part" -->]', "part": b"part"}
    with Nginx(
        built.binary, modules=built.modules("addition"), server=server, locations=own, files=files
    ) as nginx:
        assert client.request(nginx.port, "/part").body == wrapped(b"part")
        assert client.request(nginx.port, "/in/page").body == BEFORE + b"[part]"


def test_body_of_the_request(built: Built) -> None:
    """The subrequests can read the request's body too, as with nginx's own module."""
    routes = {"/page": Reply((b"page",)), "/added": Reply((b"added",))}
    case = case_of(built, conf="add_after_body /up/added;")
    own = "location /up/ { proxy_pass {upstream}/; proxy_set_body $request_body; }"
    with site(case, routes=routes, locations=own) as at:
        assert at.get("/buffered/page").body == b"pageadded"


def test_missing_addition(built: Built) -> None:
    """A location that fails adds its error page, and the response goes on."""
    case = case_of(built, conf="add_before_body /none; add_after_body /after;")
    with site(case, files={"p": PAGE}, locations=PARTS, server="log_not_found off;") as at:
        response = at.get("/p")
        assert response.complete and response.body.endswith(PAGE + AFTER)
        assert b"404 Not Found" in response.body


def test_all_in_pyngx(both: Built) -> None:
    """Both modules at once: what is added is replaced in as well, as with nginx's own."""
    case = Case(both.binary, modules=both.modules("sub", "addition"))
    with_bodies_added(case)
    own = PARTS + f"location /all/ {{ alias {{root}}/; {CONF} addition_types *; }}"
    server = "sub_filter '<' '('; sub_filter '>' ')'; sub_filter_types *; sub_filter_once off;"
    with site(case, files={"p": PAGE}, locations=own, server=server) as at:
        assert at.get("/all/p").body == wrapped(PAGE).replace(b"<", b"(").replace(b">", b")")


def test_memory(built: Built) -> None:
    """256 MB to a client that reads nothing, and many small flushed pieces: memory stays."""
    size = 256 * MEGABYTE
    html = (("Content-Type", "text/html"),)
    routes = {
        "/big": Reply(Repeated(bytes(65536), size // 65536), headers=html, length=size),
        "/few": Reply(Repeated(b"piece", 2000), headers=html, framing="chunked"),
        "/many": Reply(Repeated(b"piece", 50_000), headers=html, framing="chunked"),
    }
    with site(case_of(built), routes=routes, files={"page": PAGE}, locations=PARTS) as at:
        at.nginx.sparse_file("big", size)
        for path in ("/big", "/unbuffered/big", "/buffered/big"):
            client.hang_up(at.nginx.port, path, 100_000)
            with (
                peak_memory(at.nginx) as growth,
                client.Connection(at.nginx.port, rcvbuf=4096) as connection,
            ):
                connection.send(path)
                at.nginx.rests(within=0.4)
                assert growth() < ALLOWED, path
        assert at.get("/unbuffered/few").body == wrapped(b"piece" * 2000)
        with peak_memory(at.nginx) as growth:
            assert at.get("/unbuffered/many").body == wrapped(b"piece" * 50_000)
            assert growth() < ALLOWED


def test_sanitized(packaged: Target) -> None:
    """The same with each access to memory checked, both modules in one binary."""
    one = sanitized(packaged, "sub", "addition")
    for check in (
        test_order_for_each_cut,
        test_added_bodies_that_come_late_and_are_long,
        test_headers,
        test_what_passes,
        test_inherited_and_in_included_pages,
        test_missing_addition,
        test_all_in_pyngx,
    ):
        check(one)
