"""What goes wrong around a filter: memory, upstreams and clients that fail, at every point.

The suite takes some of the points, as many as fit into seconds; ``make stress`` takes all of them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence

from tests.harness.nginx import Nginx, judge_log

FULL = os.environ.get("PYNGX_FAULTS") == "all"
CONFS = {
    "base64_body": "base64_body on;",
    "circle": "circle on;",
    "digest": "digest on; digest_types *;",
    "foo_header": "",
    "footer": "footer on; footer_types *;",
    "harden_headers": "harden_headers on;",
    "hls_tokens": "hls_token token=$arg_t; hls_token_types *;",
    "inject": "inject_script /js/one.js; inject_types *;",
    "json_minify": "json_minify on; json_minify_types *;",
    "number_lines": "number_lines on; number_lines_types *;",
    "prefix": "prefix /foo/;",
    "rot13": "rot13 on; rot13_types *;",
    "trim": "trim on; trim_types *;",
}
"""Examples, and the directives that turn them on."""
BODY = b"""<html><head><title>12.5</title> </head>
#EXT-X-KEY:METHOD=AES-128,URI="key?id=7"
a/1.ts\t
{ "a" : [ 1 , "x  y" ] }
""" + b"  one line of many, some longer than a small buffer  \n" * 24
PIECES = tuple(BODY[at : at + 37] for at in range(0, len(BODY), 37))

VARIES = re.compile(rb"nonce=.[0-9a-f]{32}.|/foo/")
"""A nonce is of its request; the example prefix writes one before each buffer."""

Tried = Callable[[str, int], None]
"""The fixture ``tried``: called with what was done to nginx, and how often."""


def unvaried(body: bytes) -> bytes:
    """A response without what differs from one to the next of the same page."""
    return VARIES.sub(b"", body)


def begins(whole: bytes, part: bytes) -> bool:
    """Whether a response that was cut off is a beginning of the whole one."""
    return unvaried(whole).startswith(unvaried(part)[: -len('nonce="') - 34])


def excused(nginx: Nginx, pattern: str) -> int:
    """Take out of the error log what the fault itself makes nginx write; the number of lines.

    Whatever else no correct run has is an error.
    """
    lines = judge_log(nginx.error_log(), nginx.allow)
    other = [line for line in lines if not re.search(pattern, line)]
    assert not other, "\n".join(other[:20])
    (nginx.prefix / "logs" / "error.log").write_text("")
    return len(lines)


def some(points: Sequence[int], most: int) -> Sequence[int]:
    """The points that are taken: all, or so many of them evenly, the first and last among them."""
    if FULL or len(points) <= most:
        return points
    return sorted({points[i * (len(points) - 1) // (most - 1)] for i in range(most)})
