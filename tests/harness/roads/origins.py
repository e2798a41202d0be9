"""Where bodies come from: files, the configuration, upstreams and the cache."""

from __future__ import annotations

from dataclasses import replace

from tests.harness import client
from tests.harness.case import BUFFER, LARGE, PAGE, SHORT, Case, pieces_of, text_of
from tests.harness.nginx import built_with
from tests.harness.roads.road import road
from tests.harness.site import reply, site
from tests.harness.upstream import Framing

DIES = (r"upstream prematurely closed connection", r"upstream sent")


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
        here.nginx.wait_for_log("a temporary file")
        case.judge(connection.receive(), text_of(600_000), sized=True)
        connection.expect_end()


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
    with site(replace(case, http=f"{case.http}\n{cache}"), routes=routes, locations=own) as here:
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
