"""The stream engine and the chain form, in modules written by hand, on every road."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.harness import client
from tests.harness.builds import Target
from tests.harness.case import LARGE, PAGE, Case
from tests.harness.memory import Repeated
from tests.harness.roads import ROADS, Road
from tests.harness.site import reply, site
from tests.harness.upstream import Reply
from tests.runtime import build

TEXT = "<text é>".encode()
SIZE = 64 * 1024 * 1024
PIECES_DROPPED = 100_000
FLAT = 4096
"""KiB that a worker may grow by while ``SIZE`` waits behind a client that does not read."""


@dataclass(frozen=True)
class Engine:
    """One of the hand-written filters and what it does to a body."""

    name: str
    expected: Callable[[bytes], bytes] | None = None
    accepts: Callable[[bytes, bytes], bool] | None = None

    def __str__(self) -> str:
        return self.name


def _times(count: int) -> Callable[[bytes, bytes], bool]:
    """Whether every byte but x, which engines add, is there ``count`` times as often."""

    def accepts(original: bytes, received: bytes) -> bool:
        before, after = Counter(original), Counter(received)
        del before[ord("x")], after[ord("x")]
        return after == Counter({byte: count * n for byte, n in before.items()})

    return accepts


def _only_x(original: bytes, received: bytes) -> bool:
    return set(received) <= {ord("x")} and bool(received) == bool(original)


def _subset(original: bytes, received: bytes) -> bool:
    return not Counter(received) - Counter(original)


ENGINES = (
    Engine("footer", lambda body: body + TEXT),
    Engine("header", lambda body: TEXT + body),
    Engine("each", lambda body: body),
    Engine("around", accepts=_times(2)),
    Engine("twice", accepts=_times(2)),
    Engine("drop", lambda body: b""),
    Engine("odd", accepts=_subset),
    Engine("replace", accepts=_only_x),
    Engine("nothing", lambda body: b""),
    Engine("chain_prefix", accepts=_times(1)),
    Engine("chain_twice", accepts=_times(2)),
    Engine("chain_replace", accepts=_only_x),
    Engine("chain_after", lambda body: body + TEXT),
    Engine("chain_pass", lambda body: body),
    Engine("chain_nothing", lambda body: b""),
)
PIECES = (b"one ", b"two ", b"three ", b"four")
EXACT = {
    "around": b"xone one xxtwo two xxthree three xxfourfourx",
    "twice": b"one one two two three three fourfour",
    "odd": b"two four",
    "replace": b"xxxx",
    "chain_twice": b"one one two two three three fourfour",
    "chain_replace": b"xxxx",
}


@pytest.fixture(scope="session")
def module(nginx_target: Target, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The module of all engines, built for one nginx."""
    return build("engine", ("stream", "chain"), nginx_target, tmp_path_factory.mktemp("engine"))


NEEDS_OUTPUT = ("client_hangs_up", "proxied_through_a_temporary_file")
SHORTENING = ("drop", "replace", "nothing", "chain_replace", "chain_nothing")
NEEDS_WHOLE_PAGES = ("inside_an_ssi_include", "slow_client_of_subrequests")
INEXACT = ("around", "twice", "chain_twice", "replace", "chain_replace")


def _applies(road: Road, engine: Engine) -> bool:
    """Whether the road can judge such an engine: some need a long output, or an exact one."""
    if engine.name in SHORTENING and road.name in NEEDS_OUTPUT:
        return False
    return engine.name not in INEXACT or road.name not in NEEDS_WHOLE_PAGES


@pytest.mark.parametrize(
    ("engine", "road"),
    [(engine, road) for engine in ENGINES for road in ROADS if _applies(road, engine)],
    ids=str,
)
def test_road(engine: Engine, road: Road, nginx_target: Target, module: Path) -> None:
    road.run(_case(engine, nginx_target, module))


@pytest.mark.parametrize("place", ["buffered", "unbuffered"])
@pytest.mark.parametrize("name", EXACT)
def test_exact(name: str, place: str, nginx_target: Target, module: Path) -> None:
    """Pieces become buffers one by one only when each is read on its own, so they come slowly."""
    case = _case(Engine(name), nginx_target, module)
    route = {"/": reply(case, *PIECES)}
    with site(case, routes=route) as here:
        assert here.get(f"/{place}/").body == EXACT[name]


@pytest.mark.parametrize("name", ["footer", "each", "twice", "chain_prefix", "chain_twice"])
@pytest.mark.parametrize("place", ["", "buffered/", "unbuffered/"])
def test_memory_is_flat_for_a_client_that_never_reads(
    name: str, place: str, nginx_target: Target, module: Path
) -> None:
    case = _case(Engine(name), nginx_target, module)
    with site(case, routes={"/big": Reply(Repeated(b"m" * 64 * 1024, 1024), length=SIZE)}) as here:
        here.nginx.sparse_file("big", SIZE)
        before = here.nginx.memory().dirty
        with client.Connection(here.nginx.port, rcvbuf=4096) as connection:
            connection.send(f"/{place}big")
            connection.read_some(4096)
            assert here.nginx.rests()
            assert here.nginx.memory().dirty - before < FLAT


@pytest.mark.parametrize("name", ["drop", "replace", "odd", "chain_replace", "chain_nothing"])
def test_memory_is_flat_for_flushed_pieces(name: str, nginx_target: Target, module: Path) -> None:
    """A long run of flushed pieces that are dropped, each or every other one."""
    case = _case(Engine(name), nginx_target, module)
    many = Reply(Repeated(b"m", PIECES_DROPPED), framing="chunked")
    few = Reply(Repeated(b"m", 1000), framing="chunked")
    with site(case, routes={"/": many, "/few": few}) as here:
        here.get("/unbuffered/few")
        before = here.nginx.memory().dirty
        with client.Connection(here.nginx.port) as connection:
            connection.send("/unbuffered/")
            here.upstream.wait_for_replies(2)
            assert here.nginx.rests()
            assert here.nginx.memory().dirty - before < 512
            connection.receive()


@pytest.mark.parametrize("name", ["around", "twice", "chain_twice"])
def test_doubled_subrequest_of_a_slow_client(name: str, nginx_target: Target, module: Path) -> None:
    case = _case(Engine(name), nginx_target, module)
    places = "location /ssi/ { alias {root}/; ssi on; ssi_types *; }"
    page = b'<!--#include virtual="/large.html" -->'
    files = {"page.html": page, "large.html": LARGE}
    with (
        site(case, files=files, locations=places, listen="sndbuf=4k") as here,
        client.Connection(here.nginx.port, rcvbuf=16384) as connection,
    ):
        connection.send("/ssi/page.html")
        assert _times(2)(LARGE, connection.receive().body)


def test_dropped_buffers_wait_for_what_is_sent_instead(nginx_target: Target, module: Path) -> None:
    """The producer of pieces that are replaced by larger texts waits for a client that does not."""
    case = _case(Engine("chain_expand"), nginx_target, module)
    with site(case, routes={"/": Reply(Repeated(b"m", PIECES_DROPPED), framing="chunked")}) as here:
        before = here.nginx.memory().dirty
        with client.Connection(here.nginx.port, rcvbuf=4096) as connection:
            connection.send("/unbuffered/")
            connection.read_some(4096)
            assert here.nginx.rests()
            assert here.nginx.memory().dirty - before < 1024


def test_subrequest_that_waits_for_room(nginx_target: Target, module: Path) -> None:
    """A subrequest is not finished while its generator has more to give."""
    case = _case(Engine("loop"), nginx_target, module)
    places = "location /ssi/ { alias {root}/; ssi on; ssi_types *; engine footer; }"
    page = b'A<!--#include virtual="/part.html?n=500000" -->B'
    files = {"page.html": page, "part.html": PAGE}
    with (
        site(case, files=files, locations=places, listen="sndbuf=4k") as here,
        client.Connection(here.nginx.port, rcvbuf=4096) as connection,
    ):
        connection.send("/ssi/page.html")
        assert connection.receive().body == b"A" + b"x" * 500_000 + b"B" + TEXT


def test_million_yields(nginx_target: Target, module: Path) -> None:
    """A loop that yields without reading: whole for a reader, in flat memory for nobody."""
    case = _case(Engine("loop"), nginx_target, module)
    with site(case) as here:
        here.nginx.write_file("page", PAGE)
        assert here.get("/page").body == b"x" * 1_000_000
        assert here.get("/page?n=64").body == b"x" * 64
        assert here.get("/page?n=0").body == b""
        before = here.nginx.memory().dirty
        with client.Connection(here.nginx.port, rcvbuf=4096) as connection:
            connection.send("/page?n=100000000")
            connection.read_some(4096)
            assert here.nginx.rests()
            assert here.nginx.memory().dirty - before < FLAT


def test_failure_ends_the_response(nginx_target: Target, module: Path) -> None:
    """What an error leaves behind does not look like a whole response."""
    case = _case(Engine("fail"), nginx_target, module)
    with site(case, routes={"/": reply(case, *PIECES)}) as here:
        here.nginx.write_file("page", PAGE)
        for path in ("/page", "/unbuffered/", "/buffered/"):
            with client.Connection(here.nginx.port) as connection:
                connection.send(path)
                assert b"0\r\n\r\n" not in connection.read_some(100_000)


def test_charset_may_write_in_place(nginx_target: Target, module: Path) -> None:
    """Neither a constant nor memory that is sent twice is given to a filter that writes."""
    for name, wanted in (("header", "<text é>é"), ("twice", "éé"), ("chain_twice", "éé")):
        case = _case(Engine(name), nginx_target, module)
        places = "charset_types *; charset koi8-r; source_charset windows-1251;"
        http = "charset_map windows-1251 koi8-r { C3 A0; A9 A1; }"
        with site(replace(case, http=http), server=places) as here:
            here.nginx.write_file("page", "é".encode())
            for _ in range(3):
                body = here.get("/page").body
                assert body == wanted.encode().replace(b"\xc3\xa9", b"\xa0\xa1")


def _case(engine: Engine, target: Target, module: Path) -> Case:
    return Case(
        target.binary,
        modules=(module,),
        conf=f"engine {engine.name};",
        expected=engine.expected,
        accepts=engine.accepts,
        length="cleared",
    )
