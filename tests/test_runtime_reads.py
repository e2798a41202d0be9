"""Reads, scans, computed output and subrequests of the stream engine, on every road."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.harness import client
from tests.harness.builds import Target
from tests.harness.case import LARGE, PAGE, Case
from tests.harness.memory import Repeated
from tests.harness.nginx import wait_for
from tests.harness.roads import ROADS, Road
from tests.harness.site import reply, site
from tests.harness.upstream import Reply
from tests.runtime import build

SIZE = 64 * 1024 * 1024
FLAT = 1024
"""KiB that a worker may grow by while ``SIZE`` waits behind a client that does not read."""
WORDS = (b"quick brown", b"<b>fox</b> &amp;", b"\n</body>", b"\n")


@dataclass(frozen=True)
class Reader:
    """One of the hand-written filters and what it does to a body."""

    name: str
    expected: Callable[[bytes], bytes]

    def __str__(self) -> str:
        return self.name


def _numbered(body: bytes) -> bytes:
    lines = body.splitlines(keepends=True)
    assert all(len(line) <= 8192 for line in lines) or b"\n" not in body
    lines = [line[at : at + 8192] for line in lines for at in range(0, len(line), 8192)]
    return b"".join(b"%6d  %b" % pair for pair in enumerate(lines, 1))


def _replaced(body: bytes) -> bytes:
    pattern = b"|".join(re.escape(word) for word in WORDS)
    return re.sub(pattern, lambda found: b"<%d>" % WORDS.index(found[0]), body)


def _plus(body: bytes) -> bytes:
    return body.replace(b"&", b"+")


READERS = (
    Reader("pieces", lambda body: body),
    Reader("bytes", _plus),
    Reader("lines", _numbered),
    Reader("replace", _replaced),
    Reader("once", lambda body: re.sub(b"(?i)(</body>)", rb"|\1", body, count=1)),
)


@pytest.fixture(scope="session")
def module(nginx_target: Target, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The module of all readers, built for one nginx."""
    return build("reader", ("stream",), nginx_target, tmp_path_factory.mktemp("reader"))


@pytest.mark.parametrize("road", ROADS, ids=str)
@pytest.mark.parametrize("reader", READERS, ids=str)
def test_road(reader: Reader, road: Road, nginx_target: Target, module: Path) -> None:
    road.run(_case(reader, nginx_target, module))


@pytest.mark.parametrize("place", ["", "buffered/", "unbuffered/"])
@pytest.mark.parametrize("reader", READERS, ids=str)
def test_memory_is_flat_for_a_client_that_never_reads(
    reader: Reader, place: str, nginx_target: Target, module: Path
) -> None:
    case = _case(reader, nginx_target, module)
    with site(case, routes={"/big": Reply(Repeated(b"m" * 64 * 1024, 1024), length=SIZE)}) as here:
        here.nginx.sparse_file("big", SIZE)
        here.nginx.write_file("page", PAGE)
        here.get("/page")
        before = here.nginx.memory().dirty
        with client.Connection(here.nginx.port, rcvbuf=4096) as connection:
            connection.send(f"/{place}big")
            connection.read_some(4096)
            assert here.nginx.rests()
            assert here.nginx.memory().dirty - before < FLAT


@pytest.mark.parametrize("reader", READERS, ids=str)
def test_memory_is_flat_for_flushed_pieces(
    reader: Reader, nginx_target: Target, module: Path
) -> None:
    """The longer run needs no more memory than the shorter one, and every byte arrives."""
    case = _case(reader, nginx_target, module)
    many = Reply(Repeated(b"m", 100_000), framing="chunked")
    few = Reply(Repeated(b"m", 1000), framing="chunked")
    with site(case, routes={"/": many, "/few": few}) as here:
        here.get("/unbuffered/few")
        before = here.nginx.memory().dirty
        assert here.get("/unbuffered/").body == reader.expected(b"m" * 100_000)
        assert here.nginx.memory().dirty - before < 512


@pytest.mark.parametrize("reader", READERS, ids=str)
def test_slow_client_of_a_subrequest(reader: Reader, nginx_target: Target, module: Path) -> None:
    case = _case(reader, nginx_target, module)
    places = "location /ssi/ { alias {root}/; ssi on; ssi_types *; }"
    files = {"page.html": b'A<!--#include virtual="/large.html" -->B', "large.html": LARGE}
    with (
        site(case, files=files, locations=places, listen="sndbuf=4k") as here,
        client.Connection(here.nginx.port, rcvbuf=16384) as connection,
    ):
        connection.send("/ssi/page.html")
        assert connection.receive().body == b"A" + reader.expected(LARGE) + b"B"


def test_single_bytes_do_not_leave_one_by_one(nginx_target: Target, module: Path) -> None:
    """What is computed byte by byte comes in chunks of many."""
    case = _case(Reader("bytes", _plus), nginx_target, module)
    with site(case, files={"large.html": LARGE}) as here:
        with client.Connection(here.nginx.port) as connection:
            connection.send("/large.html")
            answer = connection.read_some(10_000)
        sizes = [int(size, 16) for size in re.findall(rb"\r\n([0-9a-f]+)\r\n", answer)]
        assert sizes
        assert min(sizes) > 1000


def test_text_leaves_before_the_next_piece(nginx_target: Target, module: Path) -> None:
    """What cannot be part of a match is not kept until more comes."""
    case = _case(READERS[-1], nginx_target, module)
    stuck = Reply((b"text </bo", b"dy>"), framing="chunked", die_after=1, hang=True)
    with (
        site(case, routes={"/": stuck}, allow=("upstream prematurely closed",)) as here,
        client.Connection(here.nginx.port) as connection,
    ):
        connection.send("/unbuffered/")
        assert connection.read_until(b"text ").endswith(b"\r\n5\r\ntext ")


def test_held_bytes_come_before_an_addition(nginx_target: Target, module: Path) -> None:
    """A line without an end, in pieces, is the page's last one, and not the addition's first."""
    case = _case(READERS[2], nginx_target, module)
    places = """
        location /with/ { {conf} add_after_body /after; addition_types *;
                           proxy_buffering off; proxy_pass {upstream}/; }
        location /after { return 200 added; }"""
    route = {"/": reply(case, b"one\ntw", b"o")}
    with site(case, routes=route, locations=places) as here:
        assert here.get("/with/").body == b"     1  one\n     2  twoadded"


SUB = """
location /sub/ { proxy_pass {upstream}; }
location /wrap/ { alias {root}/; reader wrap; }
location /proxied/ { proxy_pass {upstream}/; reader wrap; }
location /many/ { alias {root}/; reader subrequests; }
"""


def _routes(case: Case, size: int) -> dict[str, Reply]:
    page = reply(case, *([PAGE] * 3), delay=0.05)
    large = tuple(LARGE[at : at + 8192] for at in range(0, size, 8192))
    return {
        "/sub/before": reply(case, b"<", *large),
        "/sub/after": reply(case, b">"),
        "/page": page,
    }


def test_subrequests_around(nginx_target: Target, module: Path) -> None:
    case = Case(nginx_target.binary, modules=(module,))
    routes = _routes(case, 100_000)
    with site(case, routes=routes, locations=SUB, files={"page.html": PAGE}) as here:
        before = b"<" + LARGE[: 13 * 8192]
        for _ in range(2):
            assert here.get("/wrap/page.html").body == before + PAGE + b">"
            assert here.get("/proxied/page").body == before + PAGE * 3 + b">"
            assert here.get("/wrap/page.html", version="1.0").body == before + PAGE + b">"


def test_subrequests_of_a_loop(nginx_target: Target, module: Path) -> None:
    """They keep their places, and only so many are under way as there are output buffers."""
    case = Case(nginx_target.binary, modules=(module,))
    with site(case, routes=_routes(case, 0), locations=SUB, files={"page.html": PAGE}) as here:
        assert here.get("/many/page.html?n=0").body == b"|"
        assert here.get("/many/page.html?n=40").body == b"|" + b"<|" * 40
    failed = {"/sub/before": Reply((b"gone",), status=404)}
    with site(case, routes=failed, locations=SUB, files={"page.html": PAGE}) as here:
        body = here.get("/many/page.html?n=40").body
        assert body == b"|" + b"gone|" * 40
    large = _routes(case, 100_000)
    with site(case, routes=large, locations=SUB, files={"page.html": PAGE}) as here:
        body = here.get("/many/page.html?n=9").body
        assert body == b"|" + (b"<" + LARGE[: 13 * 8192] + b"|") * 9
    slow = {"/sub/before": Reply((b"<", b""), framing="chunked", die_after=1, hang=True)}
    with (
        site(case, routes=slow, locations=SUB, files={"page.html": PAGE}) as here,
        client.Connection(here.nginx.port) as connection,
    ):
        connection.send("/many/page.html?n=40")
        wait_for("four subrequests", lambda: len(here.upstream.seen) >= 4)
        assert here.nginx.rests()
        assert len(here.upstream.seen) == 4


def _case(reader: Reader, target: Target, module: Path) -> Case:
    return Case(
        target.binary,
        modules=(module,),
        conf=f"reader {reader.name};",
        expected=reader.expected,
        length="cleared",
    )
