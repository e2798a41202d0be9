"""One request through nginx, with its client and its upstream in the same thread.

The upstream listens on a socket of the file system. While the client waits for bytes, the upstream
answers what nginx asks of it: no threads, nothing that depends on time.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
from collections.abc import Callable
from pathlib import Path

from pyngx.testing.client import TIMEOUT, Connection, reason_of
from pyngx.testing.given import Given

CHUNK = 65536
NO_BODY = (204, 304)

Answer = Callable[[str, bytes], bytes]
"""What a subrequest gets, by its uri and its arguments."""


class Upstream:
    """The application behind nginx: one response for every request, other ones below ``/s/``."""

    def __init__(self, path: Path) -> None:
        self.reply = b""
        """The response, as it is written; that of a HEAD is its head."""
        self.answer: Answer | None = None
        self.error: Exception | None = None
        """What ``answer`` raised."""
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        path.chmod(0o777)  # for a worker that runs as another user
        self._listener.listen()
        self._listener.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._asked: dict[socket.socket, bytearray] = {}
        self._unsent: dict[socket.socket, memoryview] = {}

    def close(self) -> None:
        """Close every connection."""
        for connection in (*self._asked, self._listener):
            connection.close()
        self._selector.close()

    def serve_until(self, client: socket.socket) -> None:
        """Answer requests until there is something for the client to read."""
        self._selector.register(client, selectors.EVENT_READ)
        try:
            while True:
                ready = self._selector.select(TIMEOUT)
                if not ready:
                    raise TimeoutError(f"nginx has not answered for {TIMEOUT:.0f} s")
                for key, events in ready:
                    if key.fileobj is not client:
                        assert isinstance(key.fileobj, socket.socket)
                        self._turn(key.fileobj, events)
                if any(key.fileobj is client for key, _ in ready):
                    return
        finally:
            self._selector.unregister(client)

    def _turn(self, ready: socket.socket, events: int) -> None:
        if ready is self._listener:
            connection, _ = self._listener.accept()
            connection.setblocking(False)
            self._asked[connection] = bytearray()
            self._selector.register(connection, selectors.EVENT_READ)
        elif events & selectors.EVENT_WRITE:
            self._write(ready)
        else:
            self._read(ready)

    def _read(self, connection: socket.socket) -> None:
        try:
            more = connection.recv(CHUNK)
        except OSError:
            more = b""
        if not more:
            self._drop(connection)
            return
        asked = self._asked[connection]
        asked += more
        head, end, rest = asked.partition(b"\r\n\r\n")
        if not end:
            return
        asked[:] = rest
        method, target, _ = bytes(head).split(b" ", 2)
        reply = self._reply(target)
        if method == b"HEAD":
            reply = reply[: reply.index(b"\r\n\r\n") + 4]
        self._unsent[connection] = memoryview(reply)
        self._write(connection)

    def _reply(self, target: bytes) -> bytes:
        path, _, args = target.partition(b"?")
        if not path.startswith(b"/s/") or self.answer is None:
            return self.reply
        try:
            body = self.answer(path[2:].decode("latin-1"), args)
        except Exception as error:
            self.error = error
            body = b""
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)

    def _write(self, connection: socket.socket) -> None:
        unsent = self._unsent[connection]
        try:
            unsent = unsent[connection.send(unsent) :]
        except BlockingIOError:
            pass
        except OSError:  # nginx has had enough
            self._drop(connection)
            return
        self._unsent[connection] = unsent
        wanted = selectors.EVENT_WRITE if unsent else selectors.EVENT_READ
        self._selector.modify(connection, wanted)

    def _drop(self, connection: socket.socket) -> None:
        with contextlib.suppress(KeyError):
            self._selector.unregister(connection)
        self._asked.pop(connection, None)
        self._unsent.pop(connection, None)
        connection.close()


class Client(Connection):
    """A client that lets the upstream work while it waits."""

    def __init__(self, port: int, upstream: Upstream) -> None:
        super().__init__(port)
        self._upstream = upstream
        self.port: int = self.socket.getsockname()[1]
        """The client's own port."""
        self.requests = 0
        """How many it has made."""

    def _fill(self) -> bool:
        self._upstream.serve_until(self.socket)
        return super()._fill()


def reply_of(given: Given) -> bytes:
    """The response of the application: with a length if it is known, else in chunks that nginx
    makes its buffers of."""
    lines = [b"HTTP/1.1 %d %b" % (given.status, reason_of(given.status).encode())]
    lines += [b"%b: %b" % pair for pair in given.headers]
    chunked = not given.known
    body = given.body
    if given.status in NO_BODY:
        chunked, body = False, b""
    elif chunked:
        lines.append(b"Transfer-Encoding: chunked")
        body = b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in given.pieces if p) + b"0\r\n\r\n"
    else:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([*lines, b"", body])
