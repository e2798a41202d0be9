"""The streaming examples: their bodies however they are cut, on every road, and their memory."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tests.examples import Built, Workshop, models
from tests.harness import client
from tests.harness.builds import Target, target, target_names
from tests.harness.case import LARGE, PAGE, Case, Length, pieces_of, text_of
from tests.harness.client import Response
from tests.harness.memory import (
    ALLOWED,
    MEGABYTE,
    MEMORY_ROADS,
    Repeated,
    peak_memory,
    small_flushed_pieces,
)
from tests.harness.roads import ROADS, Road, run_roads
from tests.harness.site import Site, reply, site
from tests.harness.upstream import Reply, cuts

POLICY = "Content-Security-Policy"
NONCE = re.compile(rb'nonce="([0-9a-f]{32})"')


def plain_nonce(received: bytes) -> bytes:
    """The body with the model's nonce in the place of the request's own."""
    return NONCE.sub(b'nonce="%s"' % models.NONCE, received)


def _injected(original: bytes, received: bytes) -> bool:
    return plain_nonce(received) == models.inject(original)


def _nonce_in_policy(response: Response) -> None:
    """The script's nonce is the one that the policy names; none runs twice."""
    nonces = NONCE.findall(response.body)
    for nonce in nonces:
        allowed = f"script-src 'nonce-{nonce.decode()}'"
        assert any(allowed in policy for policy in response.all(POLICY))


PLAYLIST = b"""#EXTM3U
#EXT-X-KEY:METHOD=AES-128,URI="key?id=7"
#EXT-X-MEDIA:NAME="Why?",URI="audio.m3u8",LANGUAGE="en"
#EXT-X-MAP:URI="open
#EXTINF:9.0,

a/1.ts\r
b/2.ts?x=1
last.ts"""
HEAD = b"<html><HEAD><title></hea</title></</heAD><body></head>\n</body></html></hea"
JSON = rb"""
{ "a b" : [ 1 , 2.5e3,
\t"q\" \\" , "" ], "\\":"x  y\\\" z" ,
  "open": " \\" , "end": "  unterminated \
"""[1:]
TEXT = b"Hello, World!\n  \xe9t\xe9 {[az@`AZ]} \t\r\n\n no end \t "


@dataclass(frozen=True)
class Example:
    """One example: its configuration, its model, and a body that meets its corners."""

    name: str
    conf: str
    model: Callable[[bytes], bytes]
    body: bytes
    length: Length = "cleared"
    case: Mapping[str, Any] = field(default_factory=dict)
    """What else its case says."""
    more: tuple[bytes, ...] = ()
    """Bodies of particular lengths."""

    def __str__(self) -> str:
        return self.name

    def judged(self, built: Built) -> Case:
        """The case for this example, built in some way."""
        case = Case(
            built.binary,
            modules=built.modules(self.name),
            conf=self.conf,
            env=built.env,
            expected=self.model,
            length=self.length,
            bodies=(PAGE, LARGE, self.body),
        )
        return replace(case, **self.case)


EXAMPLES = (
    Example("number_lines", "number_lines on; number_lines_types *;", models.number_lines, TEXT),
    Example(
        "hls_tokens",
        f"hls_token {models.TOKEN.decode()}; hls_token_types *;",
        models.hls_tokens,
        PLAYLIST,
    ),
    Example(
        "inject",
        f"inject_script {models.SCRIPT.decode()};",
        models.inject,
        HEAD,
        case={"expected": None, "accepts": _injected, "inspect": _nonce_in_policy},
    ),
    Example("json_minify", "json_minify on; json_minify_types *;", models.json_minify, JSON),
    Example(
        "rot13",
        "rot13 on; rot13_types *;",
        models.rot13,
        TEXT,
        length="kept",
        case={"partial": True, "statuses": None},
    ),
    Example(
        "base64_body",
        "base64_body on;",
        models.base64_body,
        TEXT,
        length="exact",
        more=(b"a", b"ab", b"abc", b"abcd", bytes(range(256))),
    ),
    Example(
        "digest",
        f"digest on; digest_max {models.DIGEST_MAX}; digest_types *;",
        models.digest,
        TEXT,
        more=tuple(LARGE[: models.DIGEST_MAX + n] for n in (-1, 0, 1)),
    ),
    Example("trim", "trim on;", models.trim, TEXT),
)
BUILDS = (*target_names(), "sanitized")


def built_as(name: str, examples: Workshop) -> Built:
    """The examples for a target, or with each access to memory checked."""
    if name == "sanitized":
        return examples.built(name, target(target_names()[0]))
    return examples.built("pyngx build", target(name))


def _long_lines() -> bytes:
    """Lines as long as the examples read at once, a little shorter and longer, and all blank."""
    lines = []
    for n in (models.LINE, 2 * models.LINE):
        lines += [b" \t%s \t\n" % (b"x" * (n + more - 5)) for more in range(-2, 3)]
        lines += [b"%s  \t\n" % (b"y" * (n + more)) for more in (-3, -2, -1, 0)]
        lines += [b" " * (n + more) + b"z" for more in (-1, 0, 1)]
        lines.append(b"\n")
    return b"".join(lines)


LONG = _long_lines()


def random_cuts(body: bytes, seed: str) -> Iterator[list[bytes]]:
    """The body in pieces of sizes around some mean, which is another one each time."""
    dice = random.Random(seed)
    for mean in (2, 5, 60, 700, 8192):
        pieces, at = [], 0
        while at < len(body):
            size = dice.randint(1, 2 * mean)
            pieces.append(body[at : at + size])
            at += size
        if len(pieces) < 3000:
            yield pieces


@contextmanager
def gallery(
    built: Built, routes: Mapping[str, Reply], files: Mapping[str, bytes], listen: str = ""
) -> Iterator[Site]:
    """All examples in one nginx: ``/NAME/``, ``/buffered/NAME/`` and ``/file/NAME/``."""
    own = ""
    proxy = "proxy_pass {upstream}/; proxy_http_version 1.1; proxy_buffer_size 4k;"
    for one in EXAMPLES:
        own += f"location /{one.name}/ {{ {proxy} proxy_buffering off; {one.conf} }}\n"
        own += f"location /buffered/{one.name}/ {{ {proxy} proxy_buffers 4 4k; {one.conf} }}\n"
        own += f"location /file/{one.name}/ {{ alias {{root}}/; {one.conf} }}\n"
    modules = built.modules(*(one.name for one in EXAMPLES))
    case = Case(built.binary, modules=modules, env=built.env)
    with site(case, routes=routes, files=files, locations=own, listen=listen) as here:
        yield here


@pytest.mark.parametrize("name", BUILDS)
def test_cuts(name: str, examples: Workshop) -> None:
    """Cut at every point, into single bytes, whole, and by chance: the same output."""
    built = built_as(name, examples)
    wanted: dict[str, tuple[Case, bytes]] = {}
    routes: dict[str, Reply] = {}
    for one in EXAMPLES:
        case = one.judged(built)
        ways: list[tuple[bytes, Sequence[bytes]]] = [(one.body, way) for way in cuts(one.body)]
        for body in (one.body, LONG, *one.more, b""):
            ways.append((body, (body,)))
            ways += [(body, way) for way in random_cuts(body, one.name)]
        for number, (body, way) in enumerate(ways):
            path = f"/{one.name}/{number}"
            routes[f"/{number}-{one.name}"] = reply(case, *way)
            wanted[f"{path}-{one.name}"] = (case, body)
            if number % 7 == 0:
                wanted[f"/buffered{path}-{one.name}"] = (case, body)
    with gallery(built, routes, {}) as here:
        responses = client.keep_alive(here.nginx.port, list(wanted))
        for path, response in zip(wanted, responses, strict=True):
            case, body = wanted[path]
            try:
                case.judge(response, body)
            except AssertionError as fault:
                fault.add_note(path)
                raise


@pytest.mark.parametrize("road", ROADS, ids=str)
@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_road(example: Example, road: Road, nginx_target: Target, examples: Workshop) -> None:
    road.run(example.judged(examples.built("pyngx build", nginx_target)))


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_roads_sanitized(example: Example, packaged: Target, examples: Workshop) -> None:
    """The roads with each access to memory checked."""
    run_roads(example.judged(examples.built("sanitized", packaged)), ROADS)


CHAIN = ("trim", "number_lines", "json_minify", "hls_tokens", "digest", "base64_body")
"""Examples one behind the other, in the order in which a static build calls them."""


def test_chain_sanitized(packaged: Target, examples: Workshop) -> None:
    """Several filters that compute, hold and cut, each with the other's output."""
    links = [next(one for one in EXAMPLES if one.name == name) for name in CHAIN]

    def expected(body: bytes) -> bytes:
        for one in links:
            body = one.model(body)
        return body

    case = links[0].judged(examples.built("sanitized", packaged))
    conf = " ".join(one.conf for one in links)
    run_roads(replace(case, conf=conf, expected=expected, length="cleared"), ROADS)


RECODE = "charset windows-1251; source_charset koi8-r; charset_types *;"
"""nginx's own filter that writes in place."""


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
@pytest.mark.parametrize("road", MEMORY_ROADS[2:], ids=str)
def test_memory(example: Example, road: Road, nginx_target: Target, examples: Workshop) -> None:
    """A long response in small flushed pieces, and many requests: memory as without the filter."""
    case = example.judged(examples.built("pyngx build", nginx_target))
    if example.name == "rot13" and road.name == small_flushed_pieces.__name__:
        # Before 1.23 nginx's own copying for filters that write in place keeps a link a buffer.
        stock = Case(case.binary, conf=RECODE, http="charset_map koi8-r windows-1251 { E1 C0; }")
        assert small_flushed_pieces(case) < small_flushed_pieces(stock) + ALLOWED
    else:
        road.run(case)


def test_never_reading(nginx_target: Target, examples: Workshop) -> None:
    """256 MB to a client that reads nothing: the filter waits, for a file and an upstream."""
    size = 256 * MEGABYTE
    piece = text_of(65536)
    routes = {"/big": Reply(Repeated(piece, size // len(piece)), length=size)}
    built = examples.built("pyngx build", nginx_target)
    with gallery(built, routes, {"page": PAGE}) as here:
        here.nginx.sparse_file("big", size)

        def growth_of(path: str) -> int:
            client.hang_up(here.nginx.port, path, 100_000)
            with (
                peak_memory(here.nginx) as growth,
                client.Connection(here.nginx.port, rcvbuf=4096) as connection,
            ):
                connection.send(path)
                here.nginx.rests(within=0.4)
                return growth()

        for one in EXAMPLES:
            for place in ("", "/buffered", "/file"):
                grown = growth_of(f"{place}/{one.name}/big")
                assert grown < ALLOWED, f"{place}/{one.name}: {grown} KiB"


def test_ten_kilobytes_a_second(nginx_target: Target, examples: Workshop) -> None:
    """Slow clients of all examples at once: every byte arrives."""
    built = examples.built("pyngx build", nginx_target)
    body = LARGE[:40_000]
    reference = Case(built.binary)
    routes = {"/page": reply(reference, *pieces_of(body, 3000))}
    faults: list[BaseException] = []

    def ask(case: Case, path: str) -> None:
        try:
            with client.Connection(here.nginx.port, rcvbuf=4096) as connection:
                connection.send(path, headers=[("Connection", "close")])
                case.judge(connection.receive(rate=10_000), body)
                connection.expect_end()
        except (AssertionError, OSError) as fault:
            fault.add_note(path)
            faults.append(fault)

    with gallery(built, routes, {"page": body}, listen="sndbuf=4k") as here:
        threads = [
            threading.Thread(target=ask, args=(one.judged(built), f"{place}/{one.name}/page"))
            for one in EXAMPLES
            for place in ("", "/buffered", "/file")
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if faults:
        raise faults[0]


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_other_types_pass(example: Example, nginx_target: Target, examples: Workshop) -> None:
    """By default an example takes the types that it is for; the rest keeps every header."""
    if example.name == "base64_body":
        conf = "base64_body off;"
    else:
        conf = re.sub(r"\w+_types \*;", "", example.conf)
    built = examples.built("pyngx build", nginx_target)
    case = Case(
        built.binary, modules=built.modules(example.name), conf=conf, content_type="image/x-none"
    )
    with site(case, files={"page": example.body}) as here:
        response = here.get("/page")
        case.judge(response, example.body, sized=True)
        assert response.header("Accept-Ranges") == "bytes"


def test_policies(nginx_target: Target, examples: Workshop) -> None:
    """The nonce joins the application's own policy, and each request has a new one."""
    built = examples.built("pyngx build", nginx_target)
    case = Case(built.binary, modules=built.modules("inject"), conf="inject_script /a.js;")
    policies = {
        "none": (None, r"script-src 'nonce-([0-9a-f]{32})'"),
        "sources": ("img-src *; script-src 'self'", r"img-src \*; script-src 'nonce-(\w+)' 'self'"),
        "others": ("img-src *", r"img-src \*; script-src 'nonce-(\w+)'"),
    }
    kind = ("Content-Type", "text/html")
    routes = {
        f"/{name}": Reply((HEAD,), headers=(kind, (POLICY, own)) if own else (kind,))
        for name, (own, _) in policies.items()
    }
    seen = set()
    with site(case, routes=routes) as here:
        for name, (_, pattern) in policies.items():
            for _ in range(2):
                response = here.get(f"/unbuffered/{name}")
                (policy,) = response.all(POLICY)
                found = re.fullmatch(pattern, policy)
                assert found, policy
                script = b'<script nonce="%s" src="/a.js"></script></heAD>' % found[1].encode()
                assert script in response.body and response.body.count(b"<script") == 1
                seen.add(found[1])
    assert len(seen) == 6


def test_tokens_of_the_request(nginx_target: Target, examples: Workshop) -> None:
    """The token comes from the request; without one the playlist is as it was."""
    built = examples.built("pyngx build", nginx_target)
    conf = "hls_token $arg_token;"
    case = Case(
        built.binary,
        modules=built.modules("hls_tokens"),
        conf=conf,
        content_type="application/vnd.apple.mpegurl",
    )
    with site(case, files={"list.m3u8": PLAYLIST}) as here:
        assert here.get("/list.m3u8").body == PLAYLIST
        body = here.get("/list.m3u8?token=abc").body
    assert b"\na/1.ts?abc\r\nb/2.ts?x=1&abc\nlast.ts?abc" in body
    assert b'URI="key?id=7&abc"\n' in body and b'URI="audio.m3u8?abc",' in body


def test_known_digests(nginx_target: Target, examples: Workshop) -> None:
    """Published values of the hash."""
    built = examples.built("pyngx build", nginx_target)
    conf = "digest on; digest_types *;"
    case = Case(built.binary, modules=built.modules("digest"), conf=conf)
    files = {"empty": b"", "a": b"a", "foobar": b"foobar"}
    with site(case, files=files) as here:
        bodies = [here.get(f"/{name}").body for name in files]
    hashes = (b"811c9dc5", b"e40c292c", b"bf9cf968")
    assert bodies == [
        body + b"-- fnv1a %s\n" % found for body, found in zip(files.values(), hashes, strict=True)
    ]


def test_base64_headers(nginx_target: Target, examples: Workshop) -> None:
    """The type and the length are those of the base64, for HEAD as well."""
    built = examples.built("pyngx build", nginx_target)
    case = Case(built.binary, modules=built.modules("base64_body"), conf="base64_body on;")
    with site(case, files={"page": PAGE}) as here:
        for method in ("GET", "HEAD"):
            response = here.get("/page", method=method)
            assert response.header("Content-Type") == "text/plain"
            assert response.header("Content-Length") == str(len(models.base64_body(PAGE)))
