"""What the streaming examples do to a body, in plain Python and on the whole of it.

Written in other terms than the examples (regular expressions, the standard library), so that the
same mistake is not made twice.
"""

from __future__ import annotations

import base64
import codecs
import io
import re

LINE = 8192
"""The bound that the examples read lines with."""
TOKEN = b"token=a-b_c"
SCRIPT = b"/js/one.js"
NONCE = b"0123456789abcdef"
DIGEST_MAX = 2048


def lines_of(body: bytes) -> list[bytes]:
    """The lines as ``readline(LINE)`` of a file gives them."""
    file = io.BytesIO(body)
    return list(iter(lambda: file.readline(LINE), b""))


def number_lines(body: bytes) -> bytes:
    """Each line behind its number, their count at the end."""
    lines = lines_of(body)
    numbered = [b"%s  %s" % (str(n).rjust(6).encode(), line) for n, line in enumerate(lines, 1)]
    return b"".join(numbered) + b"-- %d lines\n" % len(lines)


def hls_tokens(body: bytes) -> bytes:
    """The token behind each URI of a playlist."""

    def with_token(uri: bytes) -> bytes:
        return uri + (b"&" if b"?" in uri else b"?") + TOKEN

    def changed(line: bytes) -> bytes:
        if len(line) > LINE or (len(line) == LINE and line[-1:] != b"\n"):
            return line
        if line.startswith(b"#"):
            found = re.match(rb'(?s)(.*?URI=")([^"]*)(".*)', line)
            return found[1] + with_token(found[2]) + found[3] if found else line
        uri = line.rstrip()
        return with_token(uri) + line[len(uri) :] if uri else line

    return b"".join(changed(line) for line in re.findall(rb"[^\n]*\n|[^\n]+", body))


def inject(body: bytes) -> bytes:
    """The script before the first end of a head."""
    script = b'<script nonce="%s" src="%s"></script>' % (NONCE, SCRIPT)
    return re.sub(rb"(?i)</head>", lambda found: script + found[0], body, count=1)


def json_minify(body: bytes) -> bytes:
    """The tokens without what stands between them."""
    strings = re.split(rb'(?s)("(?:[^"\\]|\\.)*(?:"|\\?\Z))', body)
    return b"".join(
        part if n % 2 else re.sub(rb"[ \t\r\n]+", b"", part) for n, part in enumerate(strings)
    )


def rot13(body: bytes) -> bytes:
    """Letters turned by thirteen."""
    return codecs.encode(body.decode("latin-1"), "rot13").encode("latin-1")


def base64_body(body: bytes) -> bytes:
    """The standard library's base64."""
    return base64.b64encode(body)


def digest(body: bytes) -> bytes:
    """The hash behind a body below the bound."""
    if len(body) >= DIGEST_MAX:
        return body
    total = 2166136261
    for byte in body:
        total = ((total ^ byte) * 16777619) % 2**32
    return body + b"-- fnv1a %08x\n" % total


def trim(body: bytes) -> bytes:
    """Lines without blanks at their ends; the end of a piece that is full is not one."""

    def trimmed(line: bytes) -> bytes:
        text, end = (line[:-1], b"\n") if line.endswith(b"\n") else (line, b"")
        full = not end and len(line) % LINE == 0
        inner = text.lstrip(b" \t\r")
        if not full:
            inner = _right(inner, text, end)
        return inner + end

    return b"".join(trimmed(line) for line in re.findall(rb"[^\n]*\n|[^\n]+", body))


def _right(inner: bytes, text: bytes, end: bytes) -> bytes:
    """Without the blanks at the right that stand in the line's last piece."""
    last = (len(text + end) - 1) // LINE * LINE  # where that piece starts
    kept = max(0, last - (len(text) - len(inner)))
    return inner[:kept] + inner[kept:].rstrip(b" \t\r")
