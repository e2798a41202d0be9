"""How the body is cut into buffers, and what else comes as a buffer."""

from __future__ import annotations

from dataclasses import replace

from tests.harness import client, http2
from tests.harness.builds import PIECES, pieces_module
from tests.harness.case import BUFFER, LARGE, SHORT, Case, pieces_of, text_of
from tests.harness.nginx import built_with
from tests.harness.roads.road import road
from tests.harness.site import reply, site
from tests.harness.upstream import Framing, cuts


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


SHAPES: tuple[tuple[str, bytes], ...] = (
    ("m:abc fl:", b"abc"),
    ("mfl:abcdef", b"abcdef"),
    ("tfl:abcdef", b"abcdef"),
    ("m:abc mfl:def", b"abcdef"),
    ("mf:abc mf:def l:", b"abcdef"),
    ("mfc:abc mfc:def lc:", b"abcdef"),
    ("f: m:abc f: f: m:def f: l:", b"abcdef"),
    ("fc: mc:abc fc: fc: tc:def fc: lc:", b"abcdef"),
    ("s: t:abc s: m:def s: l:", b"abcdef"),
    ("sc: tc:abc sc: mc:def sl:", b"abcdef"),
    ("fl:", b""),
    ("fc: l:", b""),
)
"""Arguments of the ``pieces`` directive and the body that they are."""


@road
def special_buffers(case: Case) -> None:
    """Flush, sync and the end on buffers of their own and on those with data; many at once."""
    own = "".join(
        f"location /{n} {{ {{conf}} pieces {shape}; }}" for n, (shape, _) in enumerate(SHAPES)
    )
    bodies = [body for _, body in SHAPES]
    if not built_with(case.binary, f"--add-module={PIECES}"):
        case = replace(case, modules=(*case.modules, pieces_module(case.binary)))
    with site(case, locations=own) as here:
        paths = [f"/{n}" for n in range(len(SHAPES))]
        for responses in (
            client.keep_alive(here.nginx.port, paths),
            client.pipelined(here.nginx.port, paths),
            http2.requests(here.nginx.http2_port, paths),
        ):
            for response, body in zip(responses, bodies, strict=True):
                case.judge(response, body)
