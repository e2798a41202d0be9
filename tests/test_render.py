"""Diagnostics as text, JSON and GitHub annotations."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from pyngx import render
from pyngx.diagnostics import Diagnostic, Label, Severity
from pyngx.source import Span

TEXT = 'a = 1\n\tb = "日本" + c\n' + "x" * 400 + "\ne = '\x1b[2J'\n"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "f.py").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    return "f.py"


def error(span: Span, message: str = "no", **rest: object) -> Diagnostic:
    return Diagnostic("PNX012", Severity.ERROR, span, message, **rest)  # type: ignore[arg-type]


def test_text_in_full(path: str) -> None:
    found = error(
        Span(path, 2, 13, 2, 14),
        "unknown name",
        label="here",
        secondary=(Label(Span(path, 1, 1, 1, 2), "meant this?"),),
        notes=("a note\nof two lines",),
        help="write a",
    )
    assert render.text([found]) == (
        "error[PNX012]: unknown name\n"
        " --> f.py:2:13\n"
        "  |\n"
        '2 |     b = "日本" + c\n'
        "  |                  ^ here\n"
        " ::: f.py:1:1\n"
        "  |\n"
        "1 | a = 1\n"
        "  | - meant this?\n"
        "  = note: a note\n"
        "          of two lines\n"
        "  = help: write a\n"
        "\n"
    )


def test_a_wide_character_is_marked_in_its_width(path: str) -> None:
    assert '    b = "日本" + c\n  |         ^^^^^^\n' in render.text(
        [error(Span(path, 2, 6, 2, 10))]
    )


def test_a_span_over_lines_is_marked_in_its_first(path: str) -> None:
    assert "1 | a = 1\n  |     ^\n" in render.text([error(Span(path, 1, 5, 2, 3))])


def test_a_long_line_is_cut_around_the_place(path: str) -> None:
    shown = render.text([error(Span(path, 3, 300, 3, 302))])
    line, marks = shown.split("\n")[3:5]
    assert len(line) < render.MAX_WIDTH and line.startswith("3 | …x") and line.endswith("x…")
    assert marks.count("^") == 2


def test_a_place_at_the_end_of_a_line_and_behind_the_file(path: str) -> None:
    assert "1 | a = 1\n  |      ^\n" in render.text([error(Span(path, 1, 6, 1, 7))])
    assert render.text([error(Span(path, 99, 1, 99, 2))]) == (
        "error[PNX012]: no\n  --> f.py:99:1\n\n"
    )


def test_errors_of_a_whole_file_and_of_no_file(path: str) -> None:
    assert render.text([error(Span.whole_file(path))]) == "error[PNX012]: no\n --> f.py\n\n"
    assert render.text([error(Span.whole_file("none.py"))]).endswith(" --> none.py\n\n")
    assert render.text([error(Span.whole_file(""))]) == "error[PNX012]: no\n\n"


def test_nothing_of_the_users_drives_the_terminal(path: str) -> None:
    shown = render.text([error(Span(path, 4, 5, 4, 10), "raised \x1b[2J\r\u202e", label="\x07")])
    assert not set("\x1b\r\u202e\x07") & set(shown)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_on_a_terminal_only(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    file, terminal = io.StringIO(), Terminal()
    found = [error(Span(path, 1, 1, 1, 2))]
    render.show(found, file)
    render.show(found, terminal)
    assert file.getvalue() == render.text(found)
    assert "\x1b[1;31merror[PNX012]" in terminal.getvalue()


def test_json_has_every_part(path: str) -> None:
    secondary = (Label(Span(path, 1, 1, 1, 2), "cause"),)
    found = error(Span(path, 2, 6, 3, 1), "日本", notes=("n",), help="h", secondary=secondary)
    assert json.loads(render.as_json([found])) == [
        {
            "code": "PNX012",
            "severity": "error",
            "message": "日本",
            "path": "f.py",
            "line": 2,
            "column": 6,
            "end_line": 3,
            "end_column": 1,
            "label": "",
            "secondary": [
                {
                    "path": "f.py",
                    "line": 1,
                    "column": 1,
                    "end_line": 1,
                    "end_column": 2,
                    "label": "cause",
                }
            ],
            "notes": ["n"],
            "help": "h",
            "doc": "docs/errors.md#pnx012",
        }
    ]


def test_github_escapes_what_it_must() -> None:
    found = error(Span("a,b:c%.py", 1, 2, 1, 3), "100%\r\n::error::x", help="h")
    assert render.github([found]) == (
        "::error file=a%2Cb%3Ac%25.py,line=1,col=2,endLine=1,endColumn=3,title=PNX012"
        "::100%25%0D%0A::error::x%0Ahelp: h%0Asee docs/errors.md#pnx012\n"
    )
    nowhere = "::error title=PNX012::no%0Asee docs/errors.md#pnx012\n"
    assert render.github([error(Span.whole_file(""))]) == nowhere
