"""What a filter is given for one response: the response of the application, the request, and the
configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pyngx.testing.body import cut
from pyngx.testing.headers import Text, as_bytes

Whole = bytes | bytearray | memoryview
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


def asked_for(
    *,
    body: bytes | Iterable[bytes],
    status: int,
    headers: Pairs,
    request_headers: Pairs,
    method: str,
    uri: Text,
    args: Text,
    cuts: Iterable[int],
    conf: str,
    server: str,
    http: str,
    main: bool = True,
) -> Given:
    """What a test asks for, as the arguments of `pyngx.testing.simulate` say it.

    Raises:
        TypeError, ValueError: an argument is not what nginx could be given; the message says which.
    """
    if not isinstance(status, int) or not 100 <= status <= 999:
        raise ValueError(f"status= is a number from 100 to 999, not {status!r}")
    if not isinstance(method, str) or re.fullmatch("[A-Z_-]+", method) is None:
        raise ValueError(f"method= is in capitals, like 'GET', not {method!r}")
    path, asked, query = as_bytes(uri).partition(b"?")
    if asked and args:
        raise ValueError(f"uri= has arguments already: {uri!r}, and args= has {args!r}")
    if not path.startswith(b"/"):
        raise ValueError(f"uri= begins with '/', not {uri!r}")
    if re.search(rb"[\0-\x20\x7f#]", path + query + as_bytes(args)):
        raise ValueError(f"uri= and args= are as they stand in a request: {uri!r}, {args!r}")
    places = _cuts(cuts)
    pieces = _pieces(body)
    return Given(
        pieces=tuple(cut(b"".join(pieces), places)) if places else pieces,
        known=isinstance(body, Whole),
        status=status,
        headers=pairs(headers, "headers="),
        request_headers=pairs(request_headers, "request_headers="),
        method=method,
        uri=path,
        args=query or as_bytes(args),
        conf=conf,
        server=server,
        http=http,
        main=main,
    )


def _cuts(cuts: Iterable[int]) -> tuple[int, ...]:
    places = tuple(cuts) if isinstance(cuts, Iterable) else (None,)
    if not all(isinstance(place, int) for place in places):
        raise TypeError(f"cuts= are offsets, like (1, 5), not {cuts!r}")
    return places


def _pieces(body: bytes | Iterable[bytes]) -> tuple[bytes, ...]:
    if isinstance(body, Whole):
        return (bytes(body),)
    if isinstance(body, str) or not isinstance(body, Iterable):
        raise TypeError(f"body= is bytes, or pieces that are, not {type(body).__name__}: {body!r}")
    pieces = tuple(body)
    for piece in pieces:
        if not isinstance(piece, Whole):
            raise TypeError(f"a piece of body= is bytes, not {type(piece).__name__}: {piece!r}")
    return tuple(map(bytes, pieces))


def pairs(headers: Pairs, where: str = "headers=") -> tuple[tuple[bytes, bytes], ...]:
    """Headers in order, as bytes.

    Raises:
        TypeError: they are no names with values.
    """
    items = headers.items() if isinstance(headers, Mapping) else headers
    found = []
    for item in items:
        if isinstance(item, str | bytes) or len(item) != 2:
            raise TypeError(f"{where} are a mapping, or pairs of a name and a value: {headers!r}")
        try:
            found.append((as_bytes(item[0]), as_bytes(item[1])))
        except TypeError as error:
            raise TypeError(f"{where} {error}") from None
    return tuple(found)
