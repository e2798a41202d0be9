"""Text of the user's made harmless in C: string literals, character constants, comments.

Nothing that comes in here can end a literal or a comment, splice two lines, form a trigraph or
turn the reading direction of the file around (gcc refuses the latter with ``-Werror``).
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterator, Sequence

_SIMPLE = {0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x22: '\\"', 0x5C: "\\\\"}

MARGIN = 79
"""The last column that text may stand in, counting characters from 1."""

NARROWEST = 20
"""Columns that a comment has even where the code around it is nested up to the margin."""


def escaped(value: bytes) -> list[str]:
    """The pieces of a string literal's inside, one per byte of ``value``.

    Octal escapes always have three digits, so the next byte can never join them as it would
    join a hexadecimal escape; the second of two question marks is escaped because of trigraphs.
    """
    pieces: list[str] = []
    previous = 0
    for byte in value:
        if byte in _SIMPLE:
            pieces.append(_SIMPLE[byte])
        elif byte == 0x3F and previous == 0x3F:
            pieces.append("\\?")
        elif 0x20 <= byte < 0x7F:
            pieces.append(chr(byte))
        else:
            pieces.append(f"\\{byte:03o}")
        previous = byte
    return pieces


def literal(value: bytes) -> str:
    """The string literal of ``value`` on one line."""
    return '"' + "".join(escaped(value)) + '"'


def literals(value: bytes, width: int) -> list[str]:
    """Adjacent literals of at most ``width`` characters each (at least one byte in each).

    They end after a line's end, else after a space where there is one in their last half.
    """
    pieces = escaped(value)
    out: list[str] = []
    start = 0
    while start < len(pieces):
        end, size = start, 2
        while end < len(pieces) and (end == start or size + len(pieces[end]) <= width):
            size += len(pieces[end])
            end += 1
            if pieces[end - 1] == "\\n":
                break
        if end < len(pieces) and pieces[end - 1] != "\\n":
            middle = start + (end - start) // 2
            spaces = [i for i in range(middle, end) if pieces[i] == " "]
            end = spaces[-1] + 1 if spaces else end
        out.append('"' + "".join(pieces[start:end]) + '"')
        start = end
    return out or ['""']


def character(value: int) -> str:
    """The character constant of a byte; bytes that are not ASCII text as a number.

    A number, because ``'\\377'`` is -1 where ``char`` is signed.
    """
    special = {0x0A: "'\\n'", 0x0D: "'\\r'", 0x09: "'\\t'", 0x27: "'\\''", 0x5C: "'\\\\'"}
    special[0x00] = "'\\0'"
    if value in special:
        return special[value]
    return f"'{chr(value)}'" if 0x20 <= value < 0x7F else str(value)


def comment_lines(text: str, indent: int) -> list[str]:
    """A comment in nginx's style, indented, from any text whatever.

    One line where it fits, else a block with `` * `` before every line. A paragraph with a line
    that is too long is filled anew; an indented line (of an example, say) is wrapped alone.
    """
    lines = [_harmless(line) for line in text.expandtabs(4).splitlines()]
    while lines and not lines[0].strip():
        del lines[0]
    while lines and not lines[-1].strip():
        del lines[-1]
    pad = " " * indent
    if not lines:
        return []
    if len(lines) == 1 and indent + len(lines[0].strip()) + 6 <= MARGIN:
        return [f"{pad}/* {lines[0].strip()} */"]
    width = max(MARGIN - indent - 3, NARROWEST)
    body = [part for line in _joined(lines, width) for part in _wrapped(line, width)]
    return [f"{pad}/*", *(f"{pad} * {part}".rstrip() for part in body), f"{pad} */"]


_ITEM = re.compile(r"[-*+] |\d+[.)] ")


def _joined(lines: Sequence[str], width: int) -> Iterator[str]:
    """The lines; those of a paragraph as one line, if one of them is longer than ``width``."""
    paragraph: list[str] = []
    for line in lines:
        text = bool(line) and not line[0].isspace()
        if paragraph and (not text or _ITEM.match(line)):
            yield from _filled(paragraph, width)
            paragraph = []
        if text:
            paragraph.append(line)
        else:
            yield line
    yield from _filled(paragraph, width)


def _filled(paragraph: list[str], width: int) -> list[str]:
    long = any(len(line) > width for line in paragraph)
    return [" ".join(paragraph)] if long else paragraph


def _harmless(line: str) -> str:
    line = re.sub(r"\*(?=/)|/(?=\*)|\?\?(?=/)", lambda m: m.group() + " ", line.rstrip())
    return "".join(_visible(c) for c in line)


def _visible(char: str) -> str:
    category = unicodedata.category(char)
    return f"<U+{ord(char):04X}>" if category in ("Cc", "Cf", "Cs", "Zl", "Zp") else char


def _wrapped(line: str, width: int) -> list[str]:
    if len(line) <= width:
        return [line]
    lead = line[: len(line) - len(line.lstrip())][: width // 2]
    return textwrap.wrap(line.strip(), width, initial_indent=lead, subsequent_indent=lead)
