"""An HTTP/1 client that trusts nothing: every response's framing is checked as it is read.

``request`` makes one exchange on a connection of its own; ``Connection`` keeps one for keep-alive,
pipelining, slow reading and hanging up.  A response that breaks HTTP raises ``BadResponse``; one
that ends early is returned with ``complete`` false.
"""

from __future__ import annotations

import http
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

TIMEOUT = 60.0
CHUNK = 65536
Headers = tuple[tuple[str, str], ...]


class BadResponse(AssertionError):
    """The bytes received are not the HTTP response that their own header promises."""


class StreamEnded(BadResponse):
    """The peer closed the connection inside a line of the protocol."""


@dataclass(frozen=True)
class Response:
    """A response as received; ``body`` is without chunked framing, ``raw`` is every byte."""

    status: int
    headers: Headers
    body: bytes
    raw: bytes
    complete: bool
    version: str = "1.1"

    def header(self, name: str) -> str | None:
        """The value of that name or None; twice the same name is an error where it matters."""
        values = self.all(name)
        return values[0] if values else None

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of that name."""
        return tuple(value for key, value in self.headers if key.lower() == name.lower())


SINGLE = (
    "content-length",
    "content-type",
    "content-encoding",
    "etag",
    "last-modified",
    "location",
    "server",
    "date",
    "transfer-encoding",
    "connection",
    "accept-ranges",
    "content-range",
    "expires",
)
"""Headers that a response may have once only."""


def reason_of(status: int) -> str:
    """The standard reason phrase, or a neutral one for a status that has none."""
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Status"


class Connection:
    """One client connection; ``rcvbuf`` bytes of kernel buffer make a slow reader felt early."""

    def __init__(self, port: int, *, rcvbuf: int | None = None, timeout: float = TIMEOUT) -> None:
        self.socket = socket.socket()
        self.socket.settimeout(timeout)
        if rcvbuf is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self.socket.connect(("127.0.0.1", port))
        self._pending = b""
        self._taken = bytearray()
        self._rate: float | None = None

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection, whatever is on its way."""
        self.socket.close()

    def send(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: Sequence[tuple[str, str]] = (),
        version: str = "1.1",
    ) -> None:
        """Send one request; call it again before ``receive`` to pipeline."""
        lines = [f"{method} {path} HTTP/{version}"]
        if not any(name.lower() == "host" for name, _ in headers):
            lines.append("Host: localhost")
        lines += [f"{name}: {value}" for name, value in headers]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))

    def receive(self, method: str = "GET", *, rate: float | None = None) -> Response:
        """Read one response, at most ``rate`` bytes a second if given, and check its framing."""
        self._taken = bytearray()
        self._rate = rate
        status, version, headers = self._read_head()
        while 100 <= status < 200:
            status, version, headers = self._read_head()
        named = {name.lower(): value for name, value in headers}
        _refuse_repeats(headers)
        body, complete = self._read_body(method, status, named)
        return Response(status, headers, body, bytes(self._taken), complete, version)

    def read_some(self, count: int) -> bytes:
        """Read exactly ``count`` raw bytes, fewer at the end of the stream."""
        return self._take(count)

    def read_until(self, text: bytes) -> bytes:
        """Read raw bytes up to and with a text; raises ``StreamEnded`` where it does not come."""
        seen = b""
        while not seen.endswith(text):
            one = self._take(1)
            if not one:
                raise StreamEnded(f"the stream ends without {text!r}: {seen[-80:]!r}")
            seen += one
        return seen

    def expect_end(self) -> None:
        """Check that the peer closes now, with nothing after the last response."""
        rest = self._pending or self.socket.recv(CHUNK)
        if rest:
            raise BadResponse(f"bytes after the end of the response: {rest[:80]!r}")

    def _read_head(self) -> tuple[int, str, Headers]:
        line = self._line().decode("latin-1")
        words = line.split(" ", 2)
        if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdigit():
            raise BadResponse(f"not a status line: {line!r}")
        headers = []
        while text := self._line().decode("latin-1"):
            name, colon, value = text.partition(":")
            if not colon or not name or name != name.strip():
                raise BadResponse(f"not a header line: {text!r}")
            headers.append((name, value.strip(" \t")))
        return int(words[1]), words[0][5:], tuple(headers)

    def _read_body(self, method: str, status: int, named: dict[str, str]) -> tuple[bytes, bool]:
        """The body by the rules of RFC 9112, section 6.3, and whether all of it came."""
        if method == "HEAD" or status in (204, 304):
            return b"", True
        if "transfer-encoding" in named:
            if named["transfer-encoding"].lower() != "chunked" or "content-length" in named:
                raise BadResponse(f"contradictory framing: {named}")
            return self._read_chunked()
        if "content-length" in named:
            length = int(named["content-length"])
            body = self._take(length)
            return body, len(body) == length
        body = self._take(None)
        return body, True

    def _read_chunked(self) -> tuple[bytes, bool]:
        parts: list[bytes] = []
        try:
            while self._read_chunk(parts):
                pass
        except StreamEnded:
            return b"".join(parts), False
        return b"".join(parts), True

    def _read_chunk(self, parts: list[bytes]) -> bool:
        """Append one chunk's data; whether another chunk follows."""
        line = self._line()
        try:
            size = int(line.split(b";")[0], 16)
        except ValueError:
            raise BadResponse(f"not a chunk size: {line[:80]!r}") from None
        if size == 0:
            while trailer := self._line():
                if b":" not in trailer:
                    raise BadResponse(f"not a trailer: {trailer[:80]!r}")
            return False
        data = self._take(size + 2)
        parts.append(data[:size])
        if len(data) < size + 2:
            raise StreamEnded(f"the stream ends in a chunk of {size} bytes")
        if data[size:] != b"\r\n":
            raise BadResponse(f"a chunk of {size} bytes ends in {data[size:]!r}")
        return True

    def _fill(self) -> bool:
        size = CHUNK
        if self._rate is not None:
            size = max(1, min(CHUNK, int(self._rate / 10)))
            time.sleep(size / self._rate)
        try:
            more = self.socket.recv(size)
        except ConnectionResetError:
            more = b""
        self._pending += more
        return bool(more)

    def _take(self, count: int | None) -> bytes:
        """``count`` bytes, or all until the end; short only when the stream ends."""
        parts = [self._pending]
        have = len(self._pending)
        self._pending = b""
        while (count is None or have < count) and self._fill():
            parts.append(self._pending)
            have += len(self._pending)
            self._pending = b""
        data = b"".join(parts)
        if count is not None:
            data, self._pending = data[:count], data[count:]
        self._taken += data
        return data

    def _line(self) -> bytes:
        while b"\r\n" not in self._pending:
            if not self._fill():
                raise StreamEnded(f"the stream ends in a line: {self._pending[:80]!r}")
        line, self._pending = self._pending.split(b"\r\n", 1)
        self._taken += line + b"\r\n"
        return line


def _refuse_repeats(headers: Headers) -> None:
    names = [name.lower() for name, _ in headers]
    for name in SINGLE:
        if names.count(name) > 1:
            raise BadResponse(f"the header {name} is there twice: {headers}")


def request(
    port: int,
    path: str = "/",
    *,
    method: str = "GET",
    headers: Sequence[tuple[str, str]] = (),
    version: str = "1.1",
    rate: float | None = None,
) -> Response:
    """One exchange on its own connection, which must end right after the response."""
    with Connection(port) as connection:
        close = () if version == "1.0" else (("Connection", "close"),)
        connection.send(path, method=method, headers=(*headers, *close), version=version)
        response = connection.receive(method, rate=rate)
        connection.expect_end()
        return response
