"""What goes wrong around a filter: memory, upstreams and clients that fail, at every point.

The suite takes some of the points, as many as fit into seconds; ``make stress`` takes all of them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

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


def some(points: Sequence[int], most: int) -> Sequence[int]:
    """The points that are taken: all, or so many of them evenly, the first and last among them."""
    if FULL or len(points) <= most:
        return points
    return sorted({points[i * (len(points) - 1) // (most - 1)] for i in range(most)})
