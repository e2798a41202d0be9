"""What a filter is given for one response: the response of the application, the request, and the
configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pyngx.testing.headers import Text, as_bytes

Pairs = Mapping[str, Text] | Iterable[tuple[Text, Text]]
TYPE = ((b"Content-Type", b"text/html"),)
HOST = ((b"Host", b"localhost"),)


@dataclass(frozen=True)
class Given:
    """One response, and the request for it."""

    pieces: tuple[bytes, ...] = ()
    """The body, as it is cut into buffers."""
    known: bool = True
    """Whether nginx knows the length before the body comes."""
    status: int = 200
    headers: tuple[tuple[bytes, bytes], ...] = TYPE
    request_headers: tuple[tuple[bytes, bytes], ...] = HOST
    method: str = "GET"
    uri: bytes = b"/"
    args: bytes = b""
    conf: str = ""
    server: str = ""
    http: str = ""
    main: bool = True
    proxied: bool = False
    """Whether the response comes from an upstream: the end of its body comes by itself, and
    ``Last-Modified`` and ``Accept-Ranges`` are headers like others."""

    @property
    def body(self) -> bytes:
        """The whole body."""
        return b"".join(self.pieces)

    @property
    def texts(self) -> dict[str, str]:
        """The configuration by level."""
        return {"http": self.http, "server": self.server, "location": self.conf}


def pairs(headers: Pairs) -> tuple[tuple[bytes, bytes], ...]:
    """Headers in order, as bytes."""
    items = headers.items() if isinstance(headers, Mapping) else headers
    return tuple((as_bytes(name), as_bytes(value)) for name, value in items)
