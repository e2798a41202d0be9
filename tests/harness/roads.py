"""Every road on which a response can reach a body filter, in a real nginx.

A road is a function of a ``Case`` that starts nginx, makes requests and judges what comes back.
``ROADS`` lists them all, for ``pytest.mark.parametrize``; the error log is judged at the end
of each by ``Nginx``.  Bodies meet filters in buffers of ``BUFFER`` bytes.
"""

from __future__ import annotations

import gzip
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from tests.harness import client, http2
from tests.harness.case import BUFFER, LARGE, PAGE, SHORT, Case, pieces_of, text_of
from tests.harness.nginx import built_with
from tests.harness.site import gzipped, reply, site
from tests.harness.upstream import Framing, Reply, cuts


@dataclass(frozen=True)
class Road:
    """A named way for responses; ``run`` raises on the first fault."""

    name: str
    run: Callable[[Case], None]

    def __str__(self) -> str:
        return self.name


_ROADS: list[Road] = []
DIES = (r"upstream prematurely closed connection", r"upstream sent")


def road(function: Callable[[Case], None]) -> Callable[[Case], None]:
    """Add the function to ``ROADS`` under its own name."""
    _ROADS.append(Road(function.__name__, function))
    return function


# The body and its buffers


@road
def cut_at_every_point(case: Case) -> None:
    """A short body in two buffers for every place of the cut, and in single bytes."""
    routes = {f"/{n}": reply(case, *cut) for n, cut in enumerate(cuts(SHORT))}
    with site(case, routes=routes) as here:
        paths = [f"/unbuffered{path}" for path in routes]
        for response in client.keep_alive(here.nginx.port, paths):
            case.judge(response, SHORT)


@road
def flush_after_every_byte(case: Case) -> None:
    """Single bytes that arrive and are flushed one by one, on an unbuffered upstream."""
    pieces = pieces_of(SHORT, 1)
    with site(case, routes={"/drip": reply(case, *pieces, delay=0.003)}) as here:
        case.judge(here.get("/unbuffered/drip"), SHORT)
        case.judge(here.get("/unbuffered/drip", version="1.0"), SHORT)


@road
def many_small_pieces(case: Case) -> None:
    """Some thousand pieces of seven bytes, buffered and not."""
    pieces = pieces_of(LARGE[:28_000], 7)
    with site(case, routes={"/many": reply(case, *pieces)}) as here:
        for place in ("/unbuffered/many", "/buffered/many"):
            case.judge(here.get(place), LARGE[:28_000])


@road
def empty_body(case: Case) -> None:
    """No body at all, by each framing and from an empty file."""
    framings: tuple[Framing, ...] = ("length", "chunked", "close")
    routes = {f"/{framing}": reply(case, framing=framing) for framing in framings}
    with site(case, routes=routes, files={"empty.html": b""}) as here:
        case.judge(here.get("/empty.html"), b"", sized=True)
        case.judge(here.get("/empty.html", version="1.0"), b"", sized=True)
        for framing in framings:
            for place in ("unbuffered", "buffered"):
                response = here.get(f"/{place}/{framing}")
                case.judge(response, b"", sized=framing == "length")


@road
def multiples_of_a_buffer(case: Case) -> None:
    """Bodies of exactly one, two and four buffers, and one byte less and more."""
    sizes = [n * BUFFER + more for n in (1, 2, 4) for more in (-1, 0, 1)]
    bodies = {f"/{size}": text_of(size) for size in sizes}
    routes = {path: reply(case, *pieces_of(body, BUFFER)) for path, body in bodies.items()}
    sized = {f"/sized{path}": reply(case, body, framing="length") for path, body in bodies.items()}
    static = f"location /read/ {{ alias {{root}}/; output_buffers 1 {BUFFER}; {{conf}} }}"
    with site(case, routes={**routes, **sized}, files=bodies, locations=static) as here:
        for path, body in bodies.items():
            case.judge(here.get(f"/read{path}"), body, sized=True)
            for place in ("unbuffered", "buffered"):
                case.judge(here.get(f"/{place}{path}"), body)
                case.judge(here.get(f"/{place}/sized{path}"), body, sized=True)


# Protocols and responses without a body


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


# Static files


def _static(case: Case, directives: str) -> None:
    """Every body of the case, and a large one, as files read in the given way."""
    bodies = {f"{n}.html": body for n, body in enumerate((*case.bodies, SHORT, LARGE))}
    with site(case, files=bodies, server=directives) as here:
        for path, body in bodies.items():
            case.judge(here.get(f"/{path}"), body, sized=True)
        responses = client.keep_alive(here.nginx.port, [f"/{path}" for path in bodies])
        for response, body in zip(responses, bodies.values(), strict=True):
            case.judge(response, body, sized=True)


@road
def file_with_sendfile(case: Case) -> None:
    """``sendfile on``: buffers in a file, unless the filter asked for memory."""
    _static(case, "sendfile on;")


@road
def file_without_sendfile(case: Case) -> None:
    """``sendfile off``: files are read into output buffers."""
    _static(case, "sendfile off;")


@road
def file_by_threads(case: Case) -> None:
    """``aio threads``, where the binary has threads: reads that finish later."""
    aio = "aio threads;" if built_with(case.binary, "--with-threads") else ""
    _static(case, f"sendfile off; {aio}")
    _static(case, f"sendfile on; {aio}")


@road
def file_larger_than_output_buffers(case: Case) -> None:
    """Two output buffers of one page of memory, read again and again."""
    _static(case, f"sendfile off; output_buffers 2 {BUFFER}; postpone_output 0;")


@road
def text_from_the_configuration(case: Case) -> None:
    """``return 200``: a constant buffer that must not be written to."""
    own = "location /text { {conf} return 200 'a constant text'; } "
    own += "location /nothing { {conf} return 200; }"
    with site(case, locations=own) as here:
        for _ in range(2):
            case.judge(here.get("/text"), b"a constant text", sized=True)
            case.judge(here.get("/nothing"), b"", sized=True)


# Upstreams


def _proxied(case: Case, place: str) -> None:
    """Each body by each framing in pieces that fit no buffer."""
    framings: tuple[Framing, ...] = ("length", "chunked", "close")
    bodies = dict(enumerate((*case.bodies, SHORT)))
    routes = {
        f"/{framing}/{n}": reply(case, *pieces_of(body, 1500), framing=framing)
        for framing in framings
        for n, body in bodies.items()
    }
    with site(case, routes=routes) as here:
        for framing in framings:
            for n, body in bodies.items():
                response = here.get(f"/{place}/{framing}/{n}")
                case.judge(response, body, sized=framing == "length")


@road
def proxied_unbuffered(case: Case) -> None:
    """``proxy_buffering off``: one buffer, flushed after each read."""
    _proxied(case, "unbuffered")


@road
def proxied_buffered(case: Case) -> None:
    """``proxy_buffering on``: the event pipe, which wants its buffers back."""
    _proxied(case, "buffered")


@road
def proxied_through_a_temporary_file(case: Case) -> None:
    """A client slower than its upstream: the pipe writes to a file and serves from there."""
    routes = {"/large": reply(case, *pieces_of(text_of(600_000), 8000), framing="length")}
    with (
        site(case, routes=routes, listen="sndbuf=8k") as here,
        client.Connection(here.nginx.port, rcvbuf=65536) as connection,
    ):
        connection.send("/buffered/large", headers=[("Connection", "close")])
        here.upstream.wait_for_replies(1)
        case.judge(connection.receive(), text_of(600_000), sized=True)
        connection.expect_end()
        assert "a temporary file" in here.nginx.error_log()


@road
def from_cache(case: Case) -> None:
    """The second request comes from a cache file, whose buffer starts behind the headers."""
    cache = "proxy_cache_path cache keys_zone=pages:1m;"
    own = "location /cached/ { proxy_pass {upstream}/; proxy_http_version 1.1; {conf} "
    own += "proxy_cache pages; proxy_cache_valid 200 1h; "
    own += "add_header X-Cache $upstream_cache_status; }"
    routes = {
        "/small": reply(case, PAGE, framing="length"),
        "/large": reply(case, *pieces_of(LARGE, 3000)),
        "/empty": reply(case, framing="length"),
    }
    with site(_with_http(case, cache), routes=routes, locations=own) as here:
        for path, body in (("small", PAGE), ("large", LARGE), ("empty", b"")):
            for wanted in ("MISS", "HIT", "HIT"):
                response = here.get(f"/cached/{path}")
                case.judge(response, body)
                assert response.header("X-Cache") == wanted
            response = here.get(f"/cached/{path}", method="HEAD")
            case.judge(response, body, method="HEAD")


@road
def upstream_dies_in_the_middle(case: Case) -> None:
    """The client sees that the response is cut off, and no byte that could not have come."""
    framings: tuple[Framing, ...] = ("length", "chunked")
    pieces = pieces_of(LARGE, 3000)
    routes = {
        f"/{framing}": reply(case, *pieces, framing=framing, die_after=20) for framing in framings
    }
    with site(case, routes=routes, files={"page.html": PAGE}, allow=DIES) as here:
        for framing in framings:
            for place in ("unbuffered", "buffered"):
                response = here.get(f"/{place}/{framing}")
                assert response.status == 200 and not response.complete
                if case.accepts is None:
                    assert case.apply(LARGE, case.takes(200)).startswith(response.body)
        case.judge(here.get("/page.html"), PAGE, sized=True)


# Other filters around


@road
def gunzip(case: Case) -> None:
    """``gunzip on``: a filter ahead of gunzip sees compressed bytes and leaves them alone."""
    routes = {"/gz": gzipped(case, LARGE), "/page": gzipped(case, PAGE)}
    own = "location /gunzip/ { proxy_pass {upstream}/; gunzip on; {conf} }"
    with site(case, routes=routes, locations=own) as here:
        for path, body in (("gz", LARGE), ("page", PAGE)):
            response = here.get(f"/gunzip/{path}")
            takes = case.after_gunzip and case.takes(200)
            wanted = case.apply(body, takes)
            assert response.complete and response.status == 200
            assert response.header("Content-Encoding") is None
            case.judge_body(response.body, body, wanted, takes)


@road
def encoded_by_the_upstream(case: Case) -> None:
    """A compressed body on its way to a client that takes it: headers and bytes as they are."""
    packed = gzip.compress(LARGE, mtime=0)
    with site(case, routes={"/gz": gzipped(case, LARGE)}) as here:
        for place in ("unbuffered", "buffered"):
            response = here.get(f"/{place}/gz", headers=[("Accept-Encoding", "gzip")])
            takes = case.takes(200, encoded=True)
            case.judge(response, packed, sized=True, filtered=takes)
            assert response.header("Content-Encoding") == "gzip"
            if not takes:
                assert response.header("ETag") == '"v1"'


@road
def gzip_after_the_filter(case: Case) -> None:
    """``gzip on``: nginx compresses what the filter made."""
    server = "gzip on; gzip_types *; gzip_min_length 0;"
    routes = {"/large": reply(case, *pieces_of(LARGE, 3000))}
    with site(case, routes=routes, files={"large.html": LARGE}, server=server) as here:
        for path in ("/large.html", "/unbuffered/large", "/buffered/large"):
            response = here.get(path, headers=[("Accept-Encoding", "gzip")])
            assert response.complete and response.header("Content-Encoding") == "gzip"
            takes = case.takes(200)
            body = gzip.decompress(response.body)
            case.judge_body(body, LARGE, case.apply(LARGE, takes), takes)


@road
def inside_an_ssi_include(case: Case) -> None:
    """Includes of filtered and of unfiltered pages, in a filtered page."""
    page = b'A<!--#include virtual="/up/part" -->B<!--#include virtual="/plain/c.html" -->C'
    page += b'<!--#include virtual="/large.html" -->D'
    own = "location /ssi/ { alias {root}/; ssi on; ssi_types *; {conf} } "
    own += "location /up/ { proxy_pass {upstream}/; proxy_http_version 1.1; {conf} }"
    files = {"page.html": page, "c.html": SHORT, "large.html": LARGE}
    part = reply(case, PAGE[:7], PAGE[7:])
    takes = case.takes(200)
    below = takes and case.subrequests
    parts = {
        b"/up/part": (PAGE, case.apply(PAGE, below)),
        b"/plain/c.html": (SHORT, SHORT),
        b"/large.html": (LARGE, case.apply(LARGE, below)),
    }
    with site(case, routes={"/part": part}, files=files, locations=own) as here:
        for _ in range(2):
            response = here.get("/ssi/page.html")
            assert response.status == 200 and response.complete
            original = _include(page, {path: pair[0] for path, pair in parts.items()})
            wanted = {path: pair[1] for path, pair in parts.items()}
            included = _include(case.apply(page, takes), wanted)
            case.judge_body(response.body, original, included, takes)


@road
def with_bodies_added(case: Case) -> None:
    """``add_before_body`` and ``add_after_body``: held bytes come before what is appended."""
    own = "location /added/ { alias {root}/; addition_types *; add_before_body /first.html; "
    own += "add_after_body /last.html; {conf} }"
    files = {"first.html": PAGE, "large.html": LARGE, "last.html": SHORT, "empty.html": b""}
    takes = case.takes(200)
    below = takes and case.subrequests
    with site(case, files=files, locations=own) as here:
        for path, body in (("large.html", LARGE), ("empty.html", b"")):
            response = here.get(f"/added/{path}")
            assert response.status == 200 and response.complete
            wanted = case.apply(PAGE, below) + case.apply(body, takes) + case.apply(SHORT, below)
            case.judge_body(response.body, PAGE + body + SHORT, wanted, takes)


# Redirects and errors


@road
def error_page(case: Case) -> None:
    """An error page with its own status, one turned into a 200, and a redirect inside nginx."""
    own = "location /gone/ { {conf} error_page 404 /page.html; return 404; } "
    own += "location /turned/ { {conf} error_page 404 =200 /page.html; return 404; } "
    own += "location /down/ { {conf} proxy_pass {upstream}/; proxy_intercept_errors on; "
    own += "error_page 503 =200 /page.html; }"
    routes = {"/busy": Reply((b"busy",), status=503)}
    with site(case, routes=routes, files={"page.html": PAGE}, locations=own) as here:
        for _ in range(2):
            case.judge(here.get("/gone/x"), PAGE, status=404, sized=True)
            case.judge(here.get("/turned/x"), PAGE, sized=True)
            case.judge(here.get("/down/busy"), PAGE, sized=True)


@road
def redirected_by_the_upstream(case: Case) -> None:
    """``X-Accel-Redirect`` and ``try_files``: the context of the first location is gone."""
    headers = (("X-Accel-Redirect", "/page.html"), ("Content-Type", case.content_type))
    own = "location /tried/ { {conf} try_files /none /page.html; }"
    routes = {"/go": Reply((b"unseen",), headers=headers)}
    with site(case, routes=routes, files={"page.html": PAGE}, locations=own) as here:
        case.judge(here.get("/buffered/go"), PAGE, sized=True)
        case.judge(here.get("/unbuffered/go"), PAGE, sized=True)
        case.judge(here.get("/tried/x"), PAGE, sized=True)


@road
def built_in_error_page(case: Case) -> None:
    """nginx's own 404 page: several constant buffers in one chain."""
    own = "location = /plain/none { return 404; } location /none { {conf} return 404; }"
    with site(case, locations=own) as here:
        plain = here.get("/plain/none")
        case.judge(here.get("/none"), plain.body, status=404)


# Clients


@road
def limited_rate(case: Case) -> None:
    """``limit_rate``: nginx itself holds the output back."""
    body = LARGE[:48_000]
    own = "location /limited/ { alias {root}/; limit_rate 32k; {conf} } "
    own += "location /drip/ { proxy_pass {upstream}/; limit_rate 32k; {conf} }"
    routes = {"/page": reply(case, *pieces_of(body, 3000), framing="length")}
    with (
        site(case, routes=routes, files={"page.html": body}, locations=own) as here,
        client.Connection(here.nginx.port) as static,
        client.Connection(here.nginx.port) as proxied,
    ):
        static.send("/limited/page.html")
        proxied.send("/drip/page")
        case.judge(static.receive(), body, sized=True)
        case.judge(proxied.receive(), body, sized=True)


@road
def slow_client(case: Case) -> None:
    """A client with a small window that reads a little at a time."""
    body = LARGE[:60_000]
    with (
        site(case, files={"page.html": body}, server="sendfile off;", listen="sndbuf=4k") as here,
        client.Connection(here.nginx.port, rcvbuf=8192) as connection,
    ):
        connection.send("/page.html", headers=[("Connection", "close")])
        case.judge(connection.receive(rate=80_000), body, sized=True)
        connection.expect_end()


@road
def client_hangs_up(case: Case) -> None:
    """Clients that reset the connection in the middle; the next ones are served."""
    body = text_of(2_000_000)
    routes = {"/large": reply(case, *pieces_of(body, 8000))}
    with site(case, routes=routes, files={"large.html": body, "page.html": PAGE}) as here:
        for path in ("/large.html", "/unbuffered/large", "/buffered/large"):
            for after in (1, 5000, 100_000):
                client.hang_up(here.nginx.port, path, after)
            case.judge(here.get("/page.html"), PAGE, sized=True)


@road
def reload_while_busy(case: Case) -> None:
    """HUP while requests run: each is answered whole, by an old worker or a new one."""
    pieces = pieces_of(LARGE, 3000)
    routes = {"/slow": reply(case, *pieces, delay=0.004)}
    failures: list[BaseException] = []
    with site(case, routes=routes, files={"page.html": PAGE}) as here:

        def ask() -> None:
            try:
                case.judge(here.get("/unbuffered/slow"), LARGE)
            except (AssertionError, OSError) as failure:
                failures.append(failure)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        here.upstream.wait_for_requests(len(threads))
        for _ in range(2):
            here.nginx.reload()
            case.judge(here.get("/page.html"), PAGE, sized=True)
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]
        case.judge(here.get("/page.html"), PAGE, sized=True)


def _include(page: bytes, parts: Mapping[bytes, bytes]) -> bytes:
    """What nginx's SSI makes of a page; a command that the filter spoilt stays text."""
    command = re.compile(rb'<!--#include virtual="([^"]+)" -->')
    return command.sub(lambda found: parts[found[1]], page)


def _with_http(case: Case, http: str) -> Case:
    return replace(case, http=f"{case.http}\n{http}")


ROADS: tuple[Road, ...] = tuple(_ROADS)


def run_roads(case: Case, roads: Sequence[Road] = ROADS) -> None:
    """Walk roads in one test; the faults of all are gathered and named."""
    faults = []
    for one in roads:
        try:
            one.run(case)
        except Exception as fault:
            fault.add_note(f"on the road {one.name}")
            faults.append(fault)
    if faults:
        raise ExceptionGroup("roads", faults)
