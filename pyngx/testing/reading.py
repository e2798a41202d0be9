"""A text in nginx's configuration syntax, as the words of its directives.

crossplane reads it. What it is more lenient about than nginx, and the escapes that it leaves alone,
are seen to here.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import crossplane
from crossplane.analyzer import DIRECTIVES

_TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<comment>\#[^\n]*)|(?P<mark>[;{}])"""
    r"""|(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')(?P<after>[^\s;{)])?"""
    r"""|(?P<open>["'])|(?P<word>(?:\\.|\$\{|[^\s;{\\])(?:\\.|\$\{|[^\s;{\\])*)|(?P<rest>.)""",
    re.DOTALL,
)
"""One token where `ngx_conf_read_token` sees one; ``open`` is a quote that is never closed."""
_ESCAPE = re.compile(r"\\([\"'\\trn])")
_ESCAPED = {"t": "\t", "r": "\r", "n": "\n"}


class ConfRefused(Exception):
    """nginx would not start with this configuration; the text is what it says."""


def read(text: str, level: str) -> Iterator[tuple[list[str], str]]:
    """The directives of a text, each with its place, which is ``location:1``.

    Raises:
        ConfRefused: nginx would refuse the text, or it has a block.
    """
    if not isinstance(text, str):
        raise TypeError(f"the configuration of {level} is text, not {type(text).__name__}")
    _check(text, level)
    with tempfile.NamedTemporaryFile("w", suffix=".conf", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        found = crossplane.parse(
            file.name, single=True, check_ctx=False, check_args=False, comments=False
        )
    for error in found["errors"]:
        words = str(error["error"] or 'unexpected end of file, expecting ";" or "}"')
        words = words.removesuffix(f" in {Path(error['file'])}:{error['line']}")
        raise ConfRefused(f"{words} in {level}:{error['line'] or text.count(chr(10)) + 1}")
    for row in found["config"][0]["parsed"]:
        place = f"{level}:{row['line']}"
        if "block" in row:
            words = f"directive \"{row['directive']}\" has no block here"
            raise ConfRefused(f"{words}: give the text of each level by itself, in {place}")
        yield [_ESCAPE.sub(_escaped, word) for word in (row["directive"], *row["args"])], place


def unknown(directive: str, place: str) -> ConfRefused:
    """The refusal of a directive that is none of the file's."""
    if directive in DIRECTIVES:
        return ConfRefused(
            f'"{directive}" is a directive of nginx\'s own in {place}: under CPython there are '
            'those of the filter file and "set"; the fixture nginx_server has nginx\'s too'
        )
    return ConfRefused(f'unknown directive "{directive}" in {place}')


def _escaped(match: re.Match[str]) -> str:
    return _ESCAPED.get(match[1], match[1])


def _check(text: str, level: str) -> None:
    """Quotes and the ends of directives, as `ngx_conf_read_token` sees them."""
    words = 0
    for token in _TOKEN.finditer(text):
        place = f"{level}:{text.count(chr(10), 0, token.start()) + 1}"
        match token.lastgroup:
            case "mark":
                if bool(words) == (token[0] == "}"):
                    raise ConfRefused(f'unexpected "{token[0]}" in {place}')
                words = 0
            case "after":
                raise ConfRefused(f'unexpected "{token["after"]}" in {place}')
            case "open":
                last = f"{level}:{text.count(chr(10)) + 1}"
                raise ConfRefused(f'unexpected end of file, expecting ";" or "}}" in {last}')
            case "quoted" | "word" | "rest":
                words += 1
            case _:
                continue
