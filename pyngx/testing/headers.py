"""Headers as a mapping, in CPython, with the fields that nginx keeps of its own.

Values are ``bytes``. ``Content-Type``, ``Content-Length``, ``Last-Modified`` and ``Accept-Ranges``
live in fields of ``headers_out``; both roads lead to the same value.
"""

from __future__ import annotations

import email.utils
from collections.abc import Iterable, Iterator
from typing import Any

from pyngx.ops.table import TABLE
from pyngx.testing.integers import checked

Text = bytes | str
_NOT_SET = TABLE["headers_out.set"].failures[0].message
_SEPARATORS = frozenset(b'"(),/:;<=>?@[\\]{}')
_ONCE = frozenset(
    b"server date content-type content-length last-modified accept-ranges content-encoding"
    b" location refresh content-range expires etag".split()
)
_CLOSED = frozenset((b"connection", b"keep-alive", b"transfer-encoding"))
_FIRST = (b"Content-Type", b"Content-Length", b"Last-Modified", b"Accept-Ranges")


def as_bytes(text: Text) -> bytes:
    """Names and values may be text, which is sent as UTF-8.

    Raises:
        TypeError: it is neither text nor bytes.
    """
    if isinstance(text, str):
        return text.encode()
    if not isinstance(text, bytes | bytearray | memoryview):
        raise TypeError(f"text or bytes are wanted, not {type(text).__name__}: {text!r}")
    return bytes(text)


def http_time(seconds: int) -> bytes:
    """``Sun, 09 Sep 2001 01:46:40 GMT``."""
    return email.utils.formatdate(seconds, usegmt=True).encode()


def parse_time(value: bytes) -> int:
    """Seconds of a date in a header; -1 if it is none."""
    try:
        return int(email.utils.parsedate_to_datetime(value.decode("latin-1")).timestamp())
    except (ValueError, TypeError):
        return -1


def _is_http_time(value: bytes) -> bool:
    return http_time(parse_time(value)) == value


class Headers:
    """``r.headers_in``, and what both directions have in common."""

    def __init__(self, items: Iterable[tuple[Text, Text]] = ()) -> None:
        self._list = [(as_bytes(n), as_bytes(v)) for n, v in items]

    def __getitem__(self, name: Text) -> bytes | None:
        return next(iter(self.get_all(name)), None)

    def get(self, name: Text, default: bytes | None = None) -> bytes | None:
        """The first value of that name."""
        found = self[name]
        return default if found is None else found

    def get_all(self, name: Text) -> list[bytes]:
        """All values of that name."""
        wanted = as_bytes(name).lower()
        return [v for n, v in self.items() if n.lower() == wanted]

    def __contains__(self, name: Text) -> bool:
        return self[name] is not None

    def __iter__(self) -> Iterator[bytes]:
        return iter([n for n, _ in self.items()])

    def items(self) -> list[tuple[bytes, bytes]]:
        """All names and values in order."""
        return list(self._list)


class HeadersOut(Headers):
    """``r.headers_out``."""

    def __init__(
        self,
        status: int,
        items: Iterable[tuple[Text, Text]],
        length: int,
        proxied: bool = False,
    ) -> None:
        """``proxied`` keeps ``Accept-Ranges`` and ``Last-Modified`` as the headers they are."""
        super().__init__()
        self.status = checked(status)
        self.status_line = proxied  # an upstream's line stays until another status is set
        self.content_length_n = checked(length)
        self.content_type = b""
        self.charset = b""
        self.content_type_len = 0
        self.last_modified_time = checked(-1)
        self.allow_ranges = False
        self.content_offset = 0
        self.redirects = False
        """Whether ``Location`` is a place of this server's, which nginx makes absolute."""
        for name, value in items:
            match as_bytes(name).lower():
                case b"accept-ranges" if not proxied and as_bytes(value).lower() == b"bytes":
                    self.allow_ranges = True
                case b"last-modified" if not proxied and _is_http_time(as_bytes(value)):
                    self.last_modified_time = parse_time(as_bytes(value))
                case _:
                    self.add(name, value)
        if proxied:
            self.redirects = False  # an upstream's is passed as it is

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "content_type":
            value = as_bytes(value)
            object.__setattr__(self, "content_type_len", len(value))
        elif name == "status":
            object.__setattr__(self, "status_line", False)
        object.__setattr__(self, name, checked(value))

    def items(self) -> list[tuple[bytes, bytes]]:
        """All names and values: first those of nginx's own fields."""
        fields = ((name, self._field(name.lower())) for name in _FIRST)
        return [*((n, v) for n, v in fields if v is not None), *self._list]

    def _field(self, name: bytes) -> bytes | None:
        if name == b"content-type" and self.content_type:
            if self.charset and self.content_type_len == len(self.content_type):
                return self.content_type + b"; charset=" + self.charset
            return self.content_type
        if name == b"content-length" and self.content_length_n >= 0:
            return b"%d" % self.content_length_n
        if name == b"last-modified" and self.last_modified_time != -1:
            if not any(n.lower() == name for n, _ in self._list):
                return http_time(self.last_modified_time)
        if name == b"accept-ranges" and self.allow_ranges:
            return b"bytes"
        return None

    def __setitem__(self, name: Text, value: Text) -> None:
        key, data = as_bytes(name), as_bytes(value)
        self._check(key, data)
        low = key.lower()
        if low == b"content-type":
            self._type(data)
            return
        if low == b"content-length":
            if not data.isdigit():
                raise ValueError(_NOT_SET)
            del self[key]
            self.content_length_n = int(data)
            return
        if low == b"accept-ranges" and self.allow_ranges and data.lower() == b"bytes":
            return
        del self[key]
        self._list.append((key, data))
        if low == b"last-modified":
            self.last_modified_time = parse_time(data)
        elif low == b"location":
            self.redirects = data.startswith(b"/")

    def add(self, name: Text, value: Text) -> None:
        """Append a header; what can be there once only is replaced."""
        key = as_bytes(name)
        if key.lower() in _ONCE:
            self[key] = value
            return
        self._check(key, as_bytes(value))
        self._list.append((key, as_bytes(value)))

    def __delitem__(self, name: Text) -> None:
        low = as_bytes(name).lower()
        self._list = [(n, v) for n, v in self._list if n.lower() != low]
        match low:
            case b"content-type":
                self._type(b"")
            case b"content-length":
                self.content_length_n = -1
            case b"last-modified":
                self.last_modified_time = -1
            case b"accept-ranges":
                self.allow_ranges = False

    def weaken_etag(self) -> None:
        """A strong ``ETag`` turns weak; what is not quoted goes."""
        etag = self["ETag"]
        if etag is None or etag.startswith(b"W/"):
            return
        if etag.startswith(b'"'):
            self._list = [(n, b"W/" + v if n.lower() == b"etag" else v) for n, v in self._list]
        else:
            del self["ETag"]

    def clear(self) -> None:
        """Nothing is known any more; the status stays."""
        self._list = []
        for name in ("Content-Type", "Content-Length", "Last-Modified", "Accept-Ranges"):
            del self[name]

    def _type(self, data: bytes) -> None:
        self.content_type = data
        self.charset = b""
        bare, found, rest = data.partition(b";")
        if found and rest.strip().lower().startswith(b"charset="):
            self.content_type_len = len(bare.rstrip())

    @staticmethod
    def _check(name: bytes, value: bytes) -> None:
        if not name or any(c <= 32 or c >= 127 or c in _SEPARATORS for c in name):
            raise ValueError(_NOT_SET)
        if any(c in b"\r\n\0" for c in value):
            raise ValueError(_NOT_SET)
        if name.lower() in _CLOSED:
            raise ValueError(_NOT_SET)
