"""The body of a response in CPython: buffers, and the reads of `pyngx.Body`.

The pieces are nginx's buffers. A read takes what it needs from as many of them as it must, so that
how the body was cut shows only in ``for buf in body`` and in how text comes between matches.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from pyngx import Body, Part
from pyngx.ngx import ngx_buf_t
from pyngx.testing.integers import checked


class Buffer(bytearray):
    """An ``ngx_buf_t``: bytes that can be overwritten in place, and nginx's flags."""

    def __init__(self, data: bytes = b"", last: bool = False) -> None:
        super().__init__(data)
        self.last_buf = self.last_in_chain = checked(int(last))
        self.flush = self.sync = self.in_file = checked(0)
        self.memory = self.temporary = checked(int(bool(data)))

    def __getitem__(self, key: Any) -> Any:
        found = bytes(self).__getitem__(key)
        return checked(found)

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(key, slice):
            if len(value) != len(bytes(self)[key]):
                raise ValueError("the length of a buffer cannot change")
        elif not -len(self) <= key < len(self):
            raise IndexError("index out of range")  # as of bytes
        super().__setitem__(key, value)


def _as_bytes(name: str) -> Any:
    def method(self: Buffer, *args: Any, **named: Any) -> Any:
        plain = [bytes(a) if isinstance(a, Buffer) else a for a in args]
        return getattr(bytes(self), name)(*plain, **named)

    method.__name__ = name
    return method


_OPERATORS = {"__add__", "__mul__", "__rmul__", "__mod__", "__hash__"}
_KEPT = {"__init__", "__getitem__", "__setitem__", "__new__", "__class__", "__len__"}
for _name in dir(bytes):
    if callable(getattr(bytes, _name)) and _name not in _KEPT:
        if not _name.startswith("__") or _name in _OPERATORS:
            setattr(Buffer, _name, _as_bytes(_name))


def buffer(data: bytes, last: bool) -> ngx_buf_t:
    """A buffer as type checkers know it; ``last``: of the response."""
    return cast(ngx_buf_t, Buffer(data, last))


class Pieces(Body):
    """A body that arrives in pieces; ``known`` tells that its last buffer is the response's."""

    def __init__(self, pieces: Iterable[bytes], known: bool = False) -> None:
        kept = [bytes(p) for p in pieces if p]
        self._data = b"".join(kept)
        self._known = known
        self._at = 0
        self._ends: list[int] = []
        for piece in kept:
            self._ends.append((self._ends[-1] if self._ends else 0) + len(piece))

    def _piece(self) -> int:
        """The end of the piece that the next byte lies in."""
        while self._ends and self._ends[0] <= self._at:
            del self._ends[0]
        return self._ends[0] if self._ends else len(self._data)

    def _take(self, end: int) -> bytes:
        found = self._data[self._at : end]
        self._at += len(found)
        return found

    def __iter__(self) -> Iterator[ngx_buf_t]:
        while self._at < len(self._data):
            data = self._take(self._piece())
            yield buffer(data, self._known and self._at == len(self._data))

    def read(self, n: int, /) -> bytes:
        """Exactly ``n`` bytes, fewer only at the end."""
        return self._take(self._at + max(0, n))

    def readline(self, n: int, /) -> bytes:
        """One line, at most ``n`` bytes of it."""
        end = self._data.find(b"\n", self._at) + 1 or len(self._data)
        return self._take(min(end, self._at + max(0, n)))

    def lines(self, n: int, /) -> Iterator[bytes]:
        """All lines."""
        while line := self.readline(n):
            yield line

    def scan(
        self,
        pattern: bytes | Sequence[bytes] | re.Pattern[bytes],
        limit: int = 4096,
        *,
        ignore_case: bool = False,
    ) -> Iterator[Part]:
        """Text and matches in order; the text is cut where the pieces are."""
        compiled, literals = _compiled(pattern, ignore_case)
        empty_at = skip = -1  # where the last match was empty; up to where it was too long
        while max(self._at, skip) <= len(self._data):
            match = compiled.search(self._data, max(self._at, skip))
            if match is None:
                break
            if match.end() - match.start() > limit or match.end() == empty_at == match.start():
                skip = max(match.end(), match.start() + 1)
                continue
            yield from self._text(match.start())
            self._at = match.end()
            empty_at = match.end()
            index = (match.lastindex or 1) - 1 if literals else 0
            groups = () if literals else match.groups()
            yield Part(match.group(), True, checked(index), groups)
        yield from self._text(len(self._data))

    def _text(self, end: int) -> Iterator[Part]:
        while self._at < end:
            yield Part(self._take(min(end, self._piece())))


def _compiled(
    pattern: bytes | Sequence[bytes] | re.Pattern[bytes], ignore_case: bool
) -> tuple[re.Pattern[bytes], bool]:
    """A regular expression for what ``scan`` takes, and whether that was literals."""
    if isinstance(pattern, re.Pattern):
        return pattern, False
    literals = [pattern] if isinstance(pattern, bytes | bytearray) else list(pattern)
    if not all(literals):
        raise ValueError("an empty literal to scan for")
    text = b"|".join(b"(%s)" % re.escape(bytes(literal)) for literal in literals)
    # without literals nothing ever matches
    return re.compile(text or b"(?!)", re.IGNORECASE if ignore_case else 0), True


def cut(body: bytes, cuts: Iterable[int]) -> list[bytes]:
    """The body, cut at these offsets."""
    places = sorted({c for c in cuts if 0 < c < len(body)})
    return [body[a:b] for a, b in zip([0, *places], [*places, len(body)], strict=True) if a < b]


def every_cut(body: bytes) -> list[tuple[int, ...]]:
    """Not at all, at each place by itself, and into single bytes."""
    places = range(1, len(body))
    return [(), *((place,) for place in places), *([tuple(places)] if len(body) > 2 else [])]
