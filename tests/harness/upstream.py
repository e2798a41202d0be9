"""An HTTP/1.1 upstream whose every reply is scripted: how the body is cut, framed and ended.

The pieces of a reply are sent one ``send`` each with Nagle's algorithm off, and ``delay`` seconds
apart: nginx then mostly reads one piece at a time.  Nothing in a test may depend on that; what
must be cut exactly is cut by ``framing="chunked"``, whose boundaries become nginx's buffers.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Literal

from tests.harness.client import TIMEOUT, reason_of

Framing = Literal["length", "chunked", "close"]


@dataclass(frozen=True)
class Reply:
    """One scripted response.

    ``pieces`` may be any iterable that can be walked again: a large body need not be in memory,
    but then ``length`` must say its size if the framing is by length.  ``die_after`` closes the
    connection before that piece.  ``hang`` keeps the connection open and silent in that place
    instead until the upstream is stopped.
    """

    pieces: Iterable[bytes] = ()
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/html"),)
    framing: Framing = "length"
    delay: float = 0.0
    die_after: int | None = None
    length: int | None = None
    hang: bool = False


@dataclass(frozen=True)
class Seen:
    """A request that arrived."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]

    def header(self, name: str) -> str | None:
        """The first value of that name."""
        return next((v for k, v in self.headers if k.lower() == name.lower()), None)


class Upstream:
    """A threaded server on a free loopback port; routes may be added while it runs."""

    def __init__(self, routes: Mapping[str, Reply] | None = None) -> None:
        self.routes: dict[str, Reply] = dict(routes or {})
        self.seen: list[Seen] = []
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._replies = 0
        self._arrived = threading.Condition()
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        """What ``proxy_pass`` takes."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Upstream:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def wait_for_requests(self, count: int) -> None:
        """Return once that many requests have arrived in all."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.seen) >= count, TIMEOUT):
                raise AssertionError(f"{len(self.seen)} of {count} requests reached the upstream")

    def wait_for_replies(self, count: int) -> None:
        """Return once that many replies have been sent to their end in all."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: self._replies >= count, TIMEOUT):
                raise AssertionError(f"{self._replies} of {count} replies were taken by nginx")

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        """Serve one connection; a peer that goes away is a normal end."""
        try:
            with contextlib.suppress(OSError), connection.makefile("rb") as reader:
                while (seen := _read_request(reader.readline)) is not None:
                    with self._arrived:
                        self.seen.append(seen)
                        self._arrived.notify_all()
                    path = seen.path.split("?")[0]
                    reply = self.routes.get(path, Reply(status=404, pieces=(b"no route",)))
                    keep = self._send(connection, seen, reply)
                    with self._arrived:
                        self._replies += 1
                        self._arrived.notify_all()
                    if not keep:
                        break
        finally:
            with self._lock:
                self._connections.discard(connection)
            connection.close()

    def _send(self, connection: socket.socket, seen: Seen, reply: Reply) -> bool:
        """Send a reply; whether the connection can carry another one."""
        keep = reply.framing != "close" and seen.header("Connection") != "close"
        connection.sendall(_head(reply, keep))
        if seen.method == "HEAD" or reply.status in (204, 304):
            return keep
        for number, piece in enumerate(reply.pieces):
            if number == reply.die_after:
                return self._end_early(reply)
            if reply.delay and number:
                time.sleep(reply.delay)
            if reply.framing == "chunked":
                if piece:
                    connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
            elif piece:
                connection.sendall(piece)
        if reply.die_after is not None:
            return self._end_early(reply)
        if reply.framing == "chunked":
            connection.sendall(b"0\r\n\r\n")
        return keep

    def _end_early(self, reply: Reply) -> bool:
        if reply.hang:
            self._stopping.wait()
        return False


def _head(reply: Reply, keep: bool) -> bytes:
    """The status line and headers, with the framing's own header and without repeating one."""
    lines = [f"HTTP/1.1 {reply.status} {reason_of(reply.status)}"]
    lines += [f"{name}: {value}" for name, value in reply.headers]
    named = {name.lower() for name, _ in reply.headers}
    if reply.framing == "chunked":
        lines.append("Transfer-Encoding: chunked")
    elif (
        reply.framing == "length"
        and "content-length" not in named
        and reply.status not in (204, 304)
    ):
        lines.append(f"Content-Length: {_length(reply)}")
    lines.append(f"Connection: {'keep-alive' if keep else 'close'}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _length(reply: Reply) -> int:
    return sum(map(len, reply.pieces)) if reply.length is None else reply.length


def _read_request(readline: Callable[[], bytes]) -> Seen | None:
    """The next request's line and headers; None at the end of the connection.

    Bodies are not read: the tests' requests have none.
    """
    first = readline().decode("latin-1").split()
    if len(first) < 2:
        return None
    headers = []
    while line := readline().decode("latin-1").rstrip("\r\n"):
        name, _, value = line.partition(":")
        headers.append((name, value.strip()))
    return Seen(first[0], first[1], tuple(headers))


def cuts(body: bytes) -> Sequence[tuple[bytes, ...]]:
    """Every way to cut ``body`` in two, and into single bytes."""
    halves = [(body[:at], body[at:]) for at in range(1, len(body))]
    return [*halves, tuple(bytes([byte]) for byte in body)]
