"""What a worker's memory does under load that a filter could answer by piling up.

Each measurement returns the growth in KiB of the worker's private dirty memory, after a warm-up
that touches what is allocated once.  ``MEMORY_ROADS`` compares a filter with the same nginx without
it: more than ``ALLOWED`` KiB above that is a leak or an unbounded queue.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.harness import client
from tests.harness.case import PAGE, SHORT, Case
from tests.harness.nginx import Nginx
from tests.harness.roads.road import Road
from tests.harness.site import reply, site
from tests.harness.upstream import Reply

ALLOWED = 1024
MEGABYTE = 1 << 20
PIECES = int(os.environ.get("PYNGX_PIECES", "100000"))
"""Small pieces in one response; ``make test-long`` sends a million."""


@dataclass(frozen=True)
class Repeated:
    """The same piece ``count`` times, without holding them."""

    piece: bytes
    count: int

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(self.count):
            yield self.piece


@contextmanager
def peak_memory(nginx: Nginx) -> Iterator[Callable[[], int]]:
    """Watch the worker from another thread; the result is called for the growth up to then."""
    worker = nginx.worker_pids()[0]
    before = nginx.memory(worker).dirty
    peak = before
    stop = threading.Event()

    def growth() -> int:
        return max(peak, nginx.memory(worker).dirty) - before

    def watch() -> None:
        nonlocal peak
        while not stop.wait(0.02):
            peak = max(peak, nginx.memory(worker).dirty)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield growth
    finally:
        stop.set()
        watcher.join()


def _never_reading(case: Case, path: str, seconds: float) -> int:
    """Growth while a client asks for 256 MB and reads none of it, until the worker rests, and at
    the most for so many seconds: a filter that drops what it reads goes on."""
    size = 256 * MEGABYTE
    big = Reply(Repeated(bytes(65536), size // 65536), length=size)
    with site(case, routes={"/big": big}, files={"page.html": PAGE}, server="sendfile off;") as at:
        at.nginx.sparse_file("big.html", size)
        case.judge(at.get("/page.html"), PAGE)
        client.hang_up(at.nginx.port, path, 100_000)
        with (
            peak_memory(at.nginx) as growth,
            client.Connection(at.nginx.port, rcvbuf=4096) as connection,
        ):
            connection.send(path)
            at.nginx.rests(within=seconds)
            return growth()


def never_reading_a_file(case: Case, seconds: float = 3.0) -> int:
    """A static file that nobody reads: the filter must wait for the client."""
    return _never_reading(case, "/big.html", seconds)


def never_reading_an_upstream(case: Case, seconds: float = 3.0) -> int:
    """An unbuffered upstream whose client does not read: the upstream must be made to wait."""
    return _never_reading(case, "/unbuffered/big", seconds)


def small_flushed_pieces(case: Case, count: int = PIECES) -> int:
    """Growth during one response of very many small pieces, each flushed."""
    piece = b"<p>x</p>\n"
    routes = {
        "/few": Reply(Repeated(piece, 2000), framing="chunked"),
        "/many": Reply(Repeated(piece, count), framing="chunked"),
    }
    with site(case, routes=routes) as here:
        case.judge(here.get("/unbuffered/few"), piece * 2000)
        with peak_memory(here.nginx) as growth:
            case.judge(here.get("/unbuffered/many"), piece * count)
            return growth()


def many_requests(case: Case, count: int = 10_000) -> int:
    """Growth over many requests to a file and an upstream, after a thousand of them."""
    batch = ["/page.html"] * 45 + ["/unbuffered/page"] * 5
    routes = {"/page": reply(case, SHORT[:7], SHORT[7:])}
    bodies = {"/page.html": PAGE, "/unbuffered/page": SHORT}

    def run(requests: int) -> None:
        for _ in range(requests // len(batch)):
            responses = client.pipelined(here.nginx.port, batch)
            for path, response in zip(batch, responses, strict=True):
                case.judge(response, bodies[path])

    with site(case, routes=routes, files={"page.html": PAGE}) as here:
        run(1000)
        with peak_memory(here.nginx) as growth:
            run(count)
            return growth()


def _compared(measure: Callable[[Case], int]) -> Road:
    def run(case: Case) -> None:
        plain = measure(Case(case.binary, content_type=case.content_type))
        filtered = measure(case)
        assert (
            filtered < plain + ALLOWED
        ), f"{measure.__name__}: {filtered} KiB, without the filter {plain} KiB"

    return Road(measure.__name__, run)


MEMORY_ROADS = tuple(
    _compared(measure)
    for measure in (
        never_reading_a_file,
        never_reading_an_upstream,
        small_flushed_pieces,
        many_requests,
    )
)
