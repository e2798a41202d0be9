"""Cases: a wrong program, what is said about it and where, and the right program.

The files in ``cases/`` are sequences of sections::

    [case a name that there is not]
    @header_filter
    def header(r: ngx_http_request_t) -> None:
        r.headers_out["X-Size"] = b"%d" % siez  # E: PNX100 `siez` no name 'siez'

    [right]
    SIZE = 8
    …

A program stands after the imports of `HEAD`. ``# E: code `text` words`` expects an error on that
line whose span covers ``text`` (up to the end of the line, for a span over several) and whose
message has ``words`` in it; ``# W:`` expects a warning, ``# S: `text` words`` a secondary label,
``# H: words`` that the help of a message of the line has these words.
``# FILE: code words`` in a line of its own expects a message about the file as a whole. Whatever is
not expected fails the case.

``[case title | name.py]`` gives the file another name; ``[file name.py]`` puts a second file beside
it. ``[right]`` is the same program without the mistake, which must be accepted; the first case of a
code that has one is its example in ``docs/errors.md``. ``[words CODE]`` describes a code whose
cause is not in the text of a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pyngx.build.locate import NginxTarget, find_target
from pyngx.diagnostics import Diagnostic, Diagnostics, Severity
from pyngx.pipeline import compile_file
from pyngx.source import Span

FOLDER = Path(__file__).parent / "cases"

HEAD = """\
import enum
import logging
import os
import re
import time
from dataclasses import dataclass, replace

from pyngx import (
    Body,
    ConfError,
    LocConf,
    MainConf,
    MimeTypes,
    RequestCtx,
    SrvConf,
    Stream,
    body_filter,
    directive,
    header_filter,
    module,
    variable,
)
from pyngx.ngx import (
    NGX_DECLINED,
    NGX_ERROR,
    NGX_HTTP_FORBIDDEN,
    NGX_HTTP_OK,
    NGX_OK,
    ngx_buf_t,
    ngx_bufs_t,
    ngx_chain_t,
    ngx_flag_t,
    ngx_http_clean_header,
    ngx_http_complex_value_t,
    ngx_http_next_body_filter,
    ngx_http_request_t,
    ngx_int_t,
    ngx_msec_t,
    ngx_str_t,
    ngx_uint_t,
    off_t,
    size_t,
    time_t,
    uint8_t,
)

log = logging.getLogger(__name__)


"""
"""What stands before each program."""


@dataclass(frozen=True)
class Case:
    """One wrong program; ``files`` are further files beside it."""

    title: str
    area: str
    name: str
    program: str
    right: str | None = None
    files: dict[str, str] = field(default_factory=dict)

    @property
    def codes(self) -> list[str]:
        """The codes that are expected, in order."""
        return _CODE.findall(self.program)


@dataclass(frozen=True)
class Expected:
    """A message that is expected: ``place`` is the text that its span covers."""

    severity: Severity
    code: str
    line: int
    place: str
    words: str


_CODE = re.compile(r"# (?:E|W|FILE): (PNX\d{3})")
_SECTION = re.compile(r"^\[(case|right|file|words)(?: +(.*?))?\]$")
_MARK = re.compile(r"# ([EWS]): (?:(PNX\d{3}) )?`(.*?)`(?: (.*?))?\s*(?=# [EWSH]:|$)")
_HELP = re.compile(r"# H: (.*?)\s*(?=# [EWSH]:|$)")
_FILE = re.compile(r"# FILE: (PNX\d{3}) (.*)$")


@cache
def read_all() -> tuple[tuple[Case, ...], dict[str, str]]:
    """All cases, and the descriptions of codes that have none."""
    cases: list[Case] = []
    words: dict[str, str] = {}
    for path in sorted(FOLDER.glob("*.txt")):
        for kind, title, text in _sections(path):
            match kind:
                case "case":
                    name, _, file = title.partition(" | ")
                    cases.append(Case(name, path.stem, file or "case.py", text))
                case "right":
                    last = cases[-1]
                    cases[-1] = Case(*_parts(last)[:4], right=text, files=last.files)
                case "file":
                    cases[-1].files[title] = text
                case _:
                    words[title] = text.strip()
    return tuple(cases), words


def _parts(case: Case) -> tuple[str, str, str, str]:
    return case.title, case.area, case.name, case.program


def _sections(path: Path) -> Iterator[tuple[str, str, str]]:
    kind, title = "", ""
    lines: list[str] = []
    for line in path.read_text().split("\n"):
        found = _SECTION.match(line)
        if found is None:
            lines.append(line)
            continue
        if kind:
            yield kind, title, "\n".join(lines).strip("\n") + "\n"
        kind, title, lines = found[1], found[2] or "", []
    if kind:
        yield kind, title, "\n".join(lines).strip("\n") + "\n"


@cache
def installed() -> NginxTarget:
    """The nginx whose headers the cases are checked against."""
    return find_target()


def messages(
    folder: Path, name: str, program: str, files: dict[str, str]
) -> tuple[str, list[Diagnostic]]:
    """The whole text of the program, and what the compiler says about it."""
    for other, text in files.items():
        (folder / other).write_text(text)
    text = HEAD + program
    path = folder / name
    path.write_text(text)
    diags = Diagnostics()
    compile_file(path, installed(), diags)
    return text, list(diags.all)


def expectations(text: str) -> tuple[list[Expected], list[tuple[int, str, str]]]:
    """The messages, and the secondary labels, that the marks in a program ask for."""
    found: list[Expected] = []
    labels: list[tuple[int, str, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        whole = _FILE.match(line)
        if whole is not None:
            found.append(Expected(Severity.ERROR, whole[1], 1, "", whole[2]))
        for mark in _MARK.finditer(line):
            if mark[1] == "S":
                labels.append((number, mark[3], mark[4] or ""))
                continue
            severity = Severity.ERROR if mark[1] == "E" else Severity.WARNING
            found.append(Expected(severity, mark[2], number, mark[3], mark[4] or ""))
    return found, labels


def helps(text: str) -> list[tuple[int, str]]:
    """The lines, and the words that a help there has to have."""
    lines = enumerate(text.split("\n"), 1)
    return [(number, words) for number, line in lines for words in _HELP.findall(line)]


def without_marks(text: str) -> str:
    """The program as its author would have it."""
    kept = [line for line in text.split("\n") if not _FILE.match(line)]
    return "\n".join(re.sub(r" *# [EWSH]: .*", "", line) for line in kept)


def covered(span: Span, text: str) -> str:
    """The text under a span, of its first line; nothing for a span of the whole file."""
    line = text.split("\n")[span.line - 1]
    several = span.end_line > span.line
    under = line[span.col - 1 : None if several else span.end_col - 1]
    return re.split(r"# [EWSH]:", under)[0].rstrip()
