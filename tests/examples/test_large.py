"""The streaming examples with bodies far larger than any memory that they may take.

The models work on whole bodies. Here a body is one piece many times, and the answer is written down
as it streams: by the hash of all of it, each byte is judged without holding any.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing

import pytest

from tests.examples import Workshop, models
from tests.examples.stock import stand_in
from tests.examples.test_streams import EXAMPLES, Example, built_as, gallery, plain_nonce
from tests.harness import client
from tests.harness.builds import Target
from tests.harness.case import PAGE, Case, text_of
from tests.harness.memory import MEGABYTE, PIECES, Repeated
from tests.harness.site import Site, site
from tests.harness.upstream import Reply

SIZE = int(os.environ.get("PYNGX_LARGE", "8")) * MEGABYTE
"""Length of a large body in bytes; ``make test-long`` takes 256 MiB."""
PIECE = text_of(65521).rpartition(b"\n")[0] + b"</head> \t\r\n \n"
"""Whole lines; three does not divide the length, so that base64 must carry."""

Answer = Callable[[bytes, int], Iterable[bytes]]


def _each(model: Callable[[bytes], bytes]) -> Answer:
    """For a model that does to the whole what it does to each piece."""
    return lambda piece, count: itertools.repeat(model(piece), count)


def _numbered(piece: bytes, count: int) -> Iterator[bytes]:
    lines = models.lines_of(piece)
    number = 0
    for _ in range(count):
        for line in lines:
            number += 1
            yield b"%6d  %s" % (number, line)
    yield b"-- %d lines\n" % number


def _injected(piece: bytes, count: int) -> Iterator[bytes]:
    yield models.inject(piece)
    yield from itertools.repeat(piece, count - 1)


def _encoded(piece: bytes, count: int) -> Iterator[bytes]:
    whole, rest = divmod(count, 3)
    yield from itertools.repeat(base64.b64encode(piece * 3), whole)
    yield base64.b64encode(piece * rest)


ANSWERS: dict[str, Answer] = {
    "number_lines": _numbered,
    "hls_tokens": _each(models.hls_tokens),
    "inject": _injected,
    "json_minify": _each(models.json_minify),
    "rot13": _each(models.rot13),
    "base64_body": _encoded,
    "digest": _each(bytes),
    "trim": _each(models.trim),
}


class _Hashed(client.Connection):
    """A client that keeps of a body its length and its hash."""

    def body(self, path: str) -> tuple[int, str]:
        """Ask for it and read to the end of the connection; the response is not chunked, because
        HTTP/1.0 has no chunks."""
        self.send(path, version="1.0")
        head = self.read_until(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        data = self.read_some(2 * len(PIECE))
        assert len(data) == 2 * len(PIECE), f"the body ends after {len(data)} bytes"
        data, self._pending = plain_nonce(data + self._pending), b""
        length, found = 0, hashlib.sha256()
        while data:
            length += len(data)
            found.update(data)
            data = self.socket.recv(1 << 20)
        return length, found.hexdigest()


def _answer(name: str, count: int) -> tuple[int, str]:
    length, found = 0, hashlib.sha256()
    for part in ANSWERS[name](PIECE, count):
        length += len(part)
        found.update(part)
    return length, found.hexdigest()


def write_large(here: Site, count: int) -> None:
    """The large body as the file ``big``."""
    with here.nginx.write_file("big", b"").open("wb") as file:
        file.writelines(Repeated(PIECE, count))


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_every_byte(example: Example, nginx_target: Target, examples: Workshop) -> None:
    """A large body, from a file, an upstream, and one that nginx buffers: length and hash."""
    name = example.name
    count = SIZE // len(PIECE)
    reply = Reply(Repeated(PIECE, count), length=count * len(PIECE))
    built = built_as(nginx_target.name, examples)
    with gallery(built, {"/big": reply}, {}) as here:
        write_large(here, count)
        for place in ("", "/buffered", "/file"):
            with closing(_Hashed(here.nginx.port)) as connection:
                got = connection.body(f"{place}/{name}/big")
            assert got == _answer(name, count), place


@pytest.mark.parametrize("name", ["sub", "addition"])
def test_every_byte_of_stand_ins(name: str, nginx_target: Target) -> None:
    """The same for what stands in for nginx's own modules."""
    built = stand_in(nginx_target, name)
    count = SIZE // len(PIECE)
    if name == "sub":
        conf = "sub_filter fox cat; sub_filter '<b>' ''; sub_filter_types *; sub_filter_once off;"
        changed = PIECE.replace(b"fox", b"cat").replace(b"<b>", b"")
        before = after = b""
    else:
        conf = "add_before_body /in/; add_after_body /in/; addition_types *;"
        changed, before, after = PIECE, PAGE, PAGE
    own = f"location /in/ {{ return 200 '{PAGE.decode()}'; }}"
    wanted = hashlib.sha256(before)
    for _ in range(count):
        wanted.update(changed)
    wanted.update(after)
    length = len(before) + count * len(changed) + len(after)
    reply = Reply(Repeated(PIECE, count), length=count * len(PIECE))
    case = Case(built.binary, modules=built.modules(name), conf=conf)
    with site(case, routes={"/big": reply}, locations=own) as here:
        write_large(here, count)
        for path in ("/big", "/unbuffered/big", "/buffered/big"):
            with closing(_Hashed(here.nginx.port)) as connection:
                assert connection.body(path) == (length, wanted.hexdigest()), path


def test_unread_sanitized(packaged: Target, examples: Workshop) -> None:
    """With each access to memory checked: clients that never read, and that leave in the middle."""
    count = 4 * SIZE // len(PIECE)
    reply = Reply(Repeated(PIECE, count), length=count * len(PIECE))
    built = examples.built("sanitized", packaged)
    with gallery(built, {"/big": reply, "/page": Reply((PAGE,))}, {}) as here:
        here.nginx.sparse_file("big", SIZE * 4)
        for one in EXAMPLES:
            for place in ("", "/buffered", "/file"):
                path = f"{place}/{one.name}/big"
                client.hang_up(here.nginx.port, path, 100_000)
                with client.Connection(here.nginx.port, rcvbuf=4096) as connection:
                    connection.send(path)
                    here.nginx.rests(within=0.4)
        assert client.request(here.nginx.port, "/trim/page").status == 200


def test_pieces_sanitized(packaged: Target, examples: Workshop) -> None:
    """Very many small flushed pieces, with each access to memory checked."""
    piece = b"<p>x</p>\n"
    count = PIECES // 10
    routes = {"/many": Reply(Repeated(piece, count), framing="chunked")}
    built = examples.built("sanitized", packaged)
    with gallery(built, routes, {}) as here:
        for one in EXAMPLES:
            response = client.request(here.nginx.port, f"/{one.name}/many")
            assert response.complete
            if one.name != "inject":
                assert response.body == one.model(piece * count), one.name
