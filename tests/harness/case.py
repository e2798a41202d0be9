"""What is known about a filter under test, and the judgement of one of its responses.

A ``Case`` says how the filter changes a body and what it does to the length; ``Case.judge``
holds a response against that, and against the rules for headers that every filter must keep.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.harness.client import Response

Length = Literal["kept", "exact", "cleared"]

SHORT = b"<p>one</p>\nand\r\ntwo"
PAGE = b"<html>\n<body>\n<p>Grace & Alan</p>\n</body>\n</html>\n"
BUFFER = 4096
"""The size of every buffer that the roads configure; bodies around it meet the edges."""


def text_of(size: int) -> bytes:
    """Lines of text that differ from each other, exactly ``size`` bytes."""
    lines, have, number = [], 0, 0
    while have < size:
        line = b"%07d the quick brown <b>fox</b> &amp; %x\n" % (number, number * 2654435761)
        lines.append(line)
        have += len(line)
        number += 1
    return b"".join(lines)[:size]


LENGTH = "Content-Length"
LARGE = text_of(200_000)


@dataclass(frozen=True)
class Case:
    """A filter in one nginx.

    ``conf`` is put into every filtered location, ``http`` and ``main`` into those blocks.
    ``expected`` maps the whole body to the filtered one; a filter whose output depends on how the
    body is cut into buffers has ``accepts(original, received)`` instead.  ``length`` is what
    becomes of ``Content-Length``: ``kept`` (so ranges and ``ETag`` stay too), ``exact`` (corrected)
    or ``cleared``.  ``statuses`` are those the filter takes, None all.
    """

    binary: Path
    modules: tuple[Path, ...] = ()
    conf: str = ""
    http: str = ""
    main: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    expected: Callable[[bytes], bytes] | None = None
    accepts: Callable[[bytes, bytes], bool] | None = None
    length: Length = "kept"
    statuses: tuple[int, ...] | None = (200,)
    content_type: str = "text/html"
    bodies: tuple[bytes, ...] = (PAGE, LARGE)
    encoded: bool = False
    """The filter runs on a body with a ``Content-Encoding``."""
    partial: bool = False
    """The filter runs on a 206 that comes from an upstream."""
    after_gunzip: bool = False
    """The filter's place is behind gunzip: it sees the plain body of a gzipped response."""
    subrequests: bool = True
    """The filter takes the responses of subrequests too."""
    empty: bool = True
    """The filter takes a response that is known to be empty too."""
    inspect: Callable[[Response], None] | None = None
    """Called with every complete response; asserts what the filter does to headers."""
    allow: tuple[str, ...] = ()
    """Patterns of ``error`` lines that the filter writes on purpose."""

    def takes(self, status: int, *, encoded: bool = False, partial: bool = False) -> bool:
        """Whether the filter changes a response of that kind."""
        if encoded and not self.encoded:
            return False
        if partial:
            return self.partial
        return self.statuses is None or status in self.statuses

    def apply(self, body: bytes, filtered: bool = True) -> bytes:
        """The body a client gets; as it is when the filter does not take the response."""
        return self.expected(body) if filtered and self.expected is not None else body

    def judge(
        self,
        response: Response,
        original: bytes,
        *,
        status: int = 200,
        method: str = "GET",
        sized: bool = False,
        filtered: bool | None = None,
    ) -> None:
        """Assert that ``response`` is the filtered ``original``, in body and headers.

        ``sized`` says that nginx knew the length before the filter: ``Content-Length`` must then
        be there, unless the filter clears it.
        """
        takes = self.takes(status) if filtered is None else filtered
        if not self.empty and not original and response.header(LENGTH) == "0":
            takes = False
        assert response.status == status, f"status {response.status}, not {status}"
        assert response.complete, f"the response ends after {len(response.body)} bytes"
        wanted = self.apply(original, takes)
        if method == "HEAD":
            assert response.body == b""
        else:
            self.judge_body(response.body, original, wanted, takes)
        # What GET would say or nothing is right for HEAD (RFC 9110, 9.3.2).
        silent = method == "HEAD" and self.length != "kept" and response.header(LENGTH) is None
        self._judge_headers(response, len(wanted), sized and not silent, takes)
        if self.inspect is not None:
            self.inspect(response)

    def judge_body(self, received: bytes, original: bytes, wanted: bytes, takes: bool) -> None:
        """Assert that a body is right; the message shows the first difference."""
        if takes and self.accepts is not None:
            assert self.accepts(original, received), f"not accepted: {_clip(received)}"
        elif received != wanted:
            at = first_difference(received, wanted)
            raise AssertionError(
                f"{len(received)} bytes, expected {len(wanted)}; first difference at {at}: "
                f"{_clip(received[at:])}, expected {_clip(wanted[at:])}"
            )

    def _judge_headers(self, response: Response, size: int, sized: bool, takes: bool) -> None:
        length = response.header(LENGTH)
        effect = self.length if takes else "kept"
        if effect != "kept":
            assert response.header("Accept-Ranges") is None, "ranges of a changed body"
            etag = response.header("ETag")
            assert etag is None or etag.startswith("W/"), f"strong ETag {etag} of a changed body"
        if effect == "cleared":
            assert length is None, f"Content-Length {length} of a body of unknown length"
        elif sized and (self.accepts is None or not takes):
            assert length == str(size), f"Content-Length {length}, body {size}"


def first_difference(left: bytes, right: bytes) -> int:
    """The first offset at which two byte strings differ, or the shorter one's length."""
    pairs = enumerate(zip(left, right, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(left), len(right)))


def _clip(data: bytes) -> str:
    return repr(data if len(data) <= 60 else data[:60] + b"...")


def pieces_of(body: bytes, size: int) -> Sequence[bytes]:
    """``body`` in pieces of ``size`` bytes, the last one shorter."""
    return [body[at : at + size] for at in range(0, len(body), size)]
