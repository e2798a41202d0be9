"""Diagnostics as text for people, JSON for tools, and annotations for GitHub.

The text has the shape that rustc and ruff made familiar::

    error[PNX012]: a file has at most one LocConf class, this is the second
     --> footer.py:12:7
       |
    12 | class Other(LocConf):
       |       ^^^^^
      ::: footer.py:8:7
       |
     8 | class Conf(LocConf):
       |       ---- the first is here
       = help: put the fields of 'Other' into 'Conf'

Carets stand under what they mean also behind tabs and wide characters. Whatever a file or an
exception contributes is stripped of control characters, so that it cannot drive the terminal.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TextIO, TypeAlias

from pyngx.diagnostics import Diagnostic, Explained, Severity
from pyngx.pages import anchor
from pyngx.source import SourceError, SourceFile, Span

TAB = 4  # columns that a tab takes in the shown line
MAX_WIDTH = 160  # columns of a line that are shown; longer lines are cut around the place

Piece: TypeAlias = tuple[str, str]
"""A style of rich's (or ``""``) and a text."""

Files: TypeAlias = Callable[[str], SourceFile | None]

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.NOTE: "bold cyan"}
_RULE = "bold blue"


def text(found: Iterable[Diagnostic]) -> str:
    """The diagnostics as plain text, a blank line after each."""
    return "".join(piece for _, piece in _pieces(found))


def show(found: Iterable[Diagnostic], file: TextIO) -> None:
    """Write the text to ``file``, in colours if it is a terminal."""
    if not file.isatty():
        file.write(text(found))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(file=file, highlight=False, markup=False, soft_wrap=True)
    for style, piece in _pieces(found):
        console.print(Text(piece, style=style), end="")


def facts(found: Explained) -> str:
    """What was inferred about one file: a line each, which begins with the place that it follows
    from, so that editors lead there."""
    rows = [f"{found.path}: {found.module}"]
    for fact in found.facts:
        first, *others = fact.lines or (None,)
        path = fact.path or found.path
        place = path if first is None else f"{path}:{first}"
        more = f"  (and line {', '.join(map(str, others))})" if others else ""
        rows.append(f"{place}: {fact.topic}: {_clean(fact.says)}{more}")
    return "\n".join(rows) + "\n"


def facts_as_json(found: Iterable[Explained]) -> str:
    """One JSON array with an object for each file."""
    rows = [
        {**asdict(one), "facts": [{**asdict(f), "path": f.path or one.path} for f in one.facts]}
        for one in found
    ]
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def as_json(found: Iterable[Diagnostic]) -> str:
    """One JSON array with an object for each diagnostic; lines and columns count from 1, the end
    is the column after the last character."""
    rows = [
        {
            "code": d.code,
            "severity": d.severity.value,
            "message": d.message,
            "path": d.span.path,
            "line": d.span.line,
            "column": d.span.col,
            "end_line": d.span.end_line,
            "end_column": d.span.end_col,
            "label": d.label,
            "secondary": [
                {
                    "path": label.span.path,
                    "line": label.span.line,
                    "column": label.span.col,
                    "end_line": label.span.end_line,
                    "end_column": label.span.end_col,
                    "label": label.text,
                }
                for label in d.secondary
            ],
            "notes": list(d.notes),
            "help": d.help,
            "doc": anchor(d.code),
        }
        for d in found
    ]
    return json.dumps(rows, indent=2) + "\n"


def github(found: Iterable[Diagnostic]) -> str:
    """One workflow command a line, which GitHub shows beside the changed lines."""
    return "".join(_github_line(d) + "\n" for d in found)


_GITHUB_LEVEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def _github_line(d: Diagnostic) -> str:
    place = {
        "file": d.span.path,
        "line": d.span.line,
        "col": d.span.col,
        "endLine": d.span.end_line,
        "endColumn": d.span.end_col,
    }
    properties = {**(place if d.span.path else {}), "title": d.code}
    head = ",".join(f"{key}={_github_property(str(value))}" for key, value in properties.items())
    words = [d.message, *d.notes, *([f"help: {d.help}"] if d.help else [])]
    words.append(f"see {anchor(d.code)}")
    return f"::{_GITHUB_LEVEL[d.severity]} {head}::{_github_text(chr(10).join(words))}"


def _github_text(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _github_property(value: str) -> str:
    return _github_text(value).replace(":", "%3A").replace(",", "%2C")


def _pieces(found: Iterable[Diagnostic]) -> Iterator[Piece]:
    files: Files = cache(_read)
    for d in found:
        yield from _one(d, files)
        yield "", "\n"


def _read(path: str) -> SourceFile | None:
    try:
        return SourceFile.read(Path(path))
    except SourceError:
        return None


def _one(d: Diagnostic, files: Files) -> Iterator[Piece]:
    spans = [d.span, *(label.span for label in d.secondary)]
    gutter = len(str(max(span.line for span in spans)))
    yield _STYLES[d.severity], f"{d.severity.value}[{d.code}]"
    yield "bold", f": {_clean(d.message)}\n"
    if d.span.path:
        yield from _snippet("-->", d.span, _clean(d.label), "^", _STYLES[d.severity], gutter, files)
    for label in d.secondary:
        yield from _snippet(":::", label.span, _clean(label.text), "-", _RULE, gutter, files)
    for word, lines in (*(("note", note) for note in d.notes), ("help", d.help)):
        first, *rest = lines.splitlines() or [""]
        if first or rest:
            yield _RULE, f"{' ' * gutter} = "
            yield "bold", word
            yield "", f": {_clean(first)}\n"
        for line in rest:
            yield "", f"{' ' * (gutter + 3)}{' ' * len(word)}  {_clean(line)}\n"


def _snippet(
    arrow: str, span: Span, label: str, mark: str, style: str, gutter: int, files: Files
) -> Iterator[Piece]:
    """The place, the line, and marks under it; a span over several lines is marked in its first."""
    yield _RULE, f"{' ' * gutter}{arrow} "
    if (span.line, span.col) == (span.end_line, span.end_col):  # the file, or a line, as a whole
        line_number = f":{span.line}" if span.line > 1 else ""
        yield "", f"{_clean(span.path)}{line_number}\n"
        source = None
    else:
        yield "", f"{_clean(span.path)}:{span.line}:{span.col}\n"
        source = files(span.path)
    if source is None or span.line > len(source.lines):
        if label:
            yield _RULE, f"{' ' * gutter} = "
            yield "", f"{label}\n"
        return
    line = source.lines[span.line - 1]
    end = span.end_col if span.end_line == span.line else len(line) + 1
    shown, left, width = _window(line, span.col - 1, max(end - 1, span.col))
    yield _RULE, f"{' ' * gutter} |\n{span.line:>{gutter}} | "
    yield "", f"{shown}\n"
    yield _RULE, f"{' ' * gutter} | "
    yield style, f"{' ' * left}{mark * width}{' ' + label if label else ''}\n"


def _window(line: str, start: int, end: int) -> tuple[str, int, int]:
    """The line as it is shown, the column where the marks begin, and their width."""
    cells = [_cell(char) for char in line]
    before, under = _width(cells[:start]), max(_width(cells[start:end]), 1)
    if _width(cells) <= MAX_WIDTH:
        return "".join(cells).rstrip(), before, under
    first = max(start - MAX_WIDTH // 3, 0)
    last = min(first + MAX_WIDTH // 2, len(cells))
    cut_left, cut_right = "…" if first else "", "…" if last < len(cells) else ""
    shown = cut_left + "".join(cells[first:last]) + cut_right
    left = len(cut_left) + _width(cells[first:start])
    return shown, left, max(_width(cells[start : min(end, last)]), 1)


def _cell(char: str) -> str:
    """A character of a source line as it is shown."""
    if char == "\t":
        return " " * TAB
    return _clean(char)


def _width(cells: Iterable[str]) -> int:
    """The columns that text takes on a terminal."""
    return sum(_char_width(char) for cell in cells for char in cell)


def _char_width(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _clean(words: str) -> str:
    """The words without characters that would move the cursor or hide text."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in ("Cc", "Cs", "Cf") else c
        for c in words
    )
