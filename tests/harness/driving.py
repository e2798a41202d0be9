"""Responses through a module in a real nginx, thousands in a second: none goes over a network.

The module ``driver/`` keeps a worker busy with cases that come over one connection; it hands them
to the filters of its location, and what these send goes into memory. How buffers arrive and how
much the client takes at once follows from the number of the case.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import random
import shutil
import socket
import struct
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from pyngx.build.cache import cached_directory
from pyngx.build.compile import build_module
from pyngx.testing.client import BadResponse, Connection
from pyngx.testing.client import Response as Seen
from pyngx.testing.given import Given
from pyngx.testing.lives import errorlog
from pyngx.testing.lives.life import NONE, OWN, Place
from pyngx.testing.lives.modules import Built, binary, target
from pyngx.testing.nginx import FATAL, Nginx, NginxFault
from pyngx.testing.simulation import Response

ADDON = Path(__file__).with_name("driver")
HEAD, KNOWN, SLOW, FLUSH, SINGLE, CHAIN, MEMORY = (1 << bit for bit in range(7))
NO_VALUE = 0xFFFFFFFF
HTTP = "server_tokens off; msie_padding off; postpone_output 0;"
BUFFERS = ("", "1 16", "2 64", "3 300")
"""Output buffers of a filter, in turn by place; the first are the usual ones."""


def driver() -> Path:
    """The module, built for the nginx that filters are tested in.

    Raises:
        BuildError: the machine lacks something.
    """
    where = target()
    total = hashlib.sha256(f"{where.key}\0{where.binary}".encode())
    for file in sorted(ADDON.iterdir()):
        total.update(file.read_bytes())

    def make(draft: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="pyngx-") as folder:
            addon = shutil.copytree(ADDON, Path(folder) / "driver")
            build_module(addon, draft, where)

    folder = cached_directory(f"modules-driver-{total.hexdigest()[:24]}", make)
    return folder / "ngx_http_driver_module.so"


class _Received(Connection):
    """A response that is there already."""

    def __init__(self, data: bytes) -> None:
        self._pending = data
        self._taken = bytearray()
        self._rate = None

    def _fill(self) -> bool:
        return False


class Driven:
    """A filter's module in an nginx of its own, with a location for each of some places.

    Use it with ``with``. To go from one place to another takes some milliseconds.
    """

    def __init__(self, filter: Built, places: Sequence[Place]) -> None:
        self._said = errorlog.says(filter.compiled)
        self._places = tuple(places)
        self._place = -1
        self._socket: socket.socket | None = None
        locations = "".join(
            f"location /{number}/ {{ driver; {place.conf} }}\n"
            for number, place in enumerate(places)
        )
        self.nginx = Nginx(
            binary(), modules=[filter.module, driver()], http=HTTP, locations=locations
        )

    def __enter__(self) -> Driven:
        self.nginx.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._hang_up()
        self.nginx.__exit__(kind, value, trace)

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def respond(
        self, given: Given, place: int = 0, seed: int = 0, *, apart: bool = False
    ) -> Response:
        """The response; ``seed`` chooses how the buffers arrive and how they are taken. With
        ``apart`` they arrive one by one, and the end after them.

        Raises:
            NginxFault: the worker has crashed, or has logged what no correct filter causes.
        """
        names = self._places[place].variables
        sent, values, log = self._exchange(_frame(given, names, seed, apart), place, len(names))
        try:
            seen = _Received(sent).receive(given.method)
        except BadResponse as error:
            seen = Seen(0, (), b"", str(error).encode(), False)
        logged = errorlog.read(log, self._said)
        if logged.rest or FATAL.search(log.decode("utf-8", "replace")):
            raise NginxFault("nginx has logged:\n" + log.decode("utf-8", "replace"))
        return Response(
            seen.status,
            tuple((n, v) for n, v in seen.headers if n.lower() not in OWN),
            seen.body,
            seen.complete,
            tuple(_record(level, said) for level, said in logged.records),
            logged.errors,
            {n: None if v == NONE else v for n, v in zip(names, values, strict=True)},
        )

    def _exchange(
        self, frame: bytes, place: int, count: int
    ) -> tuple[bytes, list[bytes | None], bytes]:
        connection = self._connected(place)
        try:
            connection.sendall(struct.pack("=I", len(frame)) + frame)
            data = _exactly(connection, struct.unpack("=I", _exactly(connection, 4))[0])
        except OSError as error:
            with contextlib.suppress(OSError):
                self._hang_up()
            raise NginxFault(f"{error}\n{self.nginx.error_log()[-3000:]}") from None
        texts, at = [], 0
        for _ in range(count + 2):
            (length,) = struct.unpack_from("=I", data, at)
            at += 4
            texts.append(None if length == NO_VALUE else data[at : at + length])
            at += len(texts[-1] or b"")
        return texts[0] or b"", texts[1:-1], texts[-1] or b""

    def _connected(self, place: int) -> socket.socket:
        if self._socket is None or self._place != place:
            self._hang_up()
            self._socket = socket.create_connection(("127.0.0.1", self.nginx.port), 60)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall(b"GET /%d/ HTTP/1.1\r\nHost: localhost\r\n\r\n" % place)
            _exactly(self._socket, 1)
            self._place = place
        return self._socket


def _frame(given: Given, names: Sequence[str], seed: int, apart: bool) -> bytes:
    chance = random.Random(seed)
    flags = chance.choice((0, 0, SLOW)) | chance.choice((0, FLUSH)) | chance.choice((0, MEMORY))
    if not apart:
        flags |= chance.choice((0, 0, CHAIN)) | chance.choice((0, SINGLE))
    flags |= HEAD if given.method == "HEAD" else 0
    flags |= KNOWN if given.known else 0
    pieces = [piece for piece in given.pieces if piece]
    numbers = struct.pack("=II", flags, seed & 0xFFFFFFFF)
    request = _texts(given.uri, given.args) + _pairs(given.request_headers)
    response = struct.pack("=II", given.status, len(given.body)) + _pairs(given.headers)
    body = struct.pack("=I", len(pieces)) + _texts(*pieces)
    wanted = struct.pack("=I", len(names)) + _texts(*(name.encode() for name in names))
    return numbers + request + response + body + wanted


def _texts(*texts: bytes) -> bytes:
    return b"".join(struct.pack("=I", len(text)) + text for text in texts)


def _pairs(pairs: Sequence[tuple[bytes, bytes]]) -> bytes:
    return struct.pack("=I", len(pairs)) + b"".join(_texts(*pair) for pair in pairs)


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise ConnectionError("the worker has closed the connection")
        data += more
    return bytes(data)


def _record(level: int, said: bytes) -> logging.LogRecord:
    words = said.decode("utf-8", "surrogateescape")
    return logging.makeLogRecord(
        {"levelno": level, "levelname": logging.getLevelName(level), "msg": words}
    )
