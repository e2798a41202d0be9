"""Each protocol, and the responses that have no body or a part of it."""

from __future__ import annotations

from tests.harness import client, http2
from tests.harness.case import LARGE, PAGE, Case, pieces_of
from tests.harness.roads.road import road
from tests.harness.site import reply, site
from tests.harness.upstream import Reply


@road
def head(case: Case) -> None:
    """HEAD of a static file and of an upstream, over each protocol."""
    routes = {"/page": reply(case, PAGE, framing="length")}
    with site(case, routes=routes, files={"page.html": PAGE}) as here:
        for path in ("/page.html", "/unbuffered/page", "/buffered/page"):
            for version in ("1.0", "1.1"):
                response = here.get(path, method="HEAD", version=version)
                case.judge(response, PAGE, method="HEAD", sized=True)
            paths = [path] * 3
            for response in client.keep_alive(here.nginx.port, paths, method="HEAD"):
                case.judge(response, PAGE, method="HEAD", sized=True)
            response = http2.request(here.nginx.http2_port, path, method="HEAD")
            case.judge(response, PAGE, method="HEAD", sized=True)


@road
def no_content(case: Case) -> None:
    """204 from nginx itself and from an upstream, on a connection that is used again."""
    routes = {"/none": Reply(status=204, headers=())}
    with site(case, routes=routes, locations="location /204 { {conf} return 204; }") as here:
        paths = ["/204", "/unbuffered/none", "/buffered/none"] * 2
        for response in client.keep_alive(here.nginx.port, paths):
            case.judge(response, b"", status=204, method="HEAD", filtered=False)


@road
def not_modified(case: Case) -> None:
    """304 for a static file and from an upstream."""
    routes = {"/same": Reply(status=304, headers=(("ETag", 'W/"x"'),))}
    with site(case, routes=routes, files={"page.html": PAGE}) as here:
        fresh = here.get("/page.html")
        case.judge(fresh, PAGE, sized=True)
        modified = fresh.header("Last-Modified")
        if modified is not None:
            response = here.get("/page.html", headers=[("If-Modified-Since", modified)])
            case.judge(response, b"", status=304, method="HEAD", filtered=False)
        for place in ("unbuffered", "buffered"):
            response = here.get(f"/{place}/same", headers=[("If-None-Match", 'W/"x"')])
            case.judge(response, b"", status=304, method="HEAD", filtered=False)


@road
def ranges_of_a_file(case: Case) -> None:
    """A range of a static file: the part, or all of it where the filter had to refuse ranges."""
    with site(case, files={"page.html": PAGE}) as here:
        for header, start, end in (("bytes=3-9", 3, 10), ("bytes=-7", len(PAGE) - 7, len(PAGE))):
            response = here.get("/page.html", headers=[("Range", header)])
            if case.takes(200) and case.length != "kept":
                case.judge(response, PAGE, sized=True)
                continue
            assert response.status == 206 and response.complete
            wanted = case.apply(PAGE, case.takes(200))[start:end]
            case.judge_body(response.body, PAGE[start:end], wanted, case.takes(200))
            shown = f"bytes {start}-{end - 1}/{len(PAGE)}"
            assert response.header("Content-Range") == shown
            assert response.header("Content-Length") == str(end - start)


@road
def range_from_an_upstream(case: Case) -> None:
    """A 206 that an upstream made: what its headers say about the part must stay true."""
    part = PAGE[5:25]
    shown = f"bytes 5-24/{len(PAGE)}"
    headers = (("Content-Type", case.content_type), ("Content-Range", shown), ("ETag", '"v1"'))
    routes = {"/part": Reply((part[:8], part[8:]), status=206, headers=headers)}
    with site(case, routes=routes) as here:
        for place in ("unbuffered", "buffered"):
            response = here.get(f"/{place}/part", headers=[("Range", "bytes=5-24")])
            takes = case.takes(206, partial=True)
            case.judge(response, part, status=206, sized=True, filtered=takes)
            if not takes:
                assert response.header("Content-Range") == shown
                assert response.header("ETag") == '"v1"'


@road
def http_1_0(case: Case) -> None:
    """HTTP/1.0: no chunks, the end of the connection may end the body."""
    routes = {"/page": reply(case, *pieces_of(LARGE, 3000))}
    with site(case, routes=routes, files={"page.html": PAGE}) as here:
        case.judge(here.get("/page.html", version="1.0"), PAGE, sized=True)
        for place in ("unbuffered", "buffered"):
            case.judge(here.get(f"/{place}/page", version="1.0"), LARGE)


@road
def keep_alive(case: Case) -> None:
    """Responses of every kind one after the other on one connection."""
    routes = {"/page": reply(case, PAGE[:9], PAGE[9:])}
    with site(case, routes=routes, files={"page.html": PAGE, "large.html": LARGE}) as here:
        paths = ["/page.html", "/unbuffered/page", "/large.html", "/buffered/page"] * 3
        bodies = [PAGE, PAGE, LARGE, PAGE] * 3
        for response, body in zip(client.keep_alive(here.nginx.port, paths), bodies, strict=True):
            case.judge(response, body)


@road
def pipelined(case: Case) -> None:
    """Requests sent at once; the responses come in order and whole."""
    routes = {"/page": reply(case, PAGE[:9], PAGE[9:])}
    with site(case, routes=routes, files={"page.html": PAGE, "large.html": LARGE}) as here:
        paths = ["/large.html", "/page.html", "/unbuffered/page"] * 3
        bodies = [LARGE, PAGE, PAGE] * 3
        for response, body in zip(client.pipelined(here.nginx.port, paths), bodies, strict=True):
            case.judge(response, body)


@road
def over_http_2(case: Case) -> None:
    """Concurrent streams over HTTP/2, with flow control by the client's window."""
    routes = {"/page": reply(case, *pieces_of(LARGE, 3000)), "/empty": reply(case)}
    with site(case, routes=routes, files={"page.html": PAGE, "large.html": LARGE}) as here:
        bodies = {
            "/page.html": PAGE,
            "/large.html": LARGE,
            "/unbuffered/page": LARGE,
            "/buffered/page": LARGE,
            "/unbuffered/empty": b"",
        }
        responses = http2.requests(here.nginx.http2_port, list(bodies) * 2)
        for response, body in zip(responses, list(bodies.values()) * 2, strict=True):
            case.judge(response, body)
