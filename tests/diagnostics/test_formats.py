"""The same messages for tools: JSON and GitHub's annotations, several errors in one run."""

from __future__ import annotations

import json
from pathlib import Path

from pyngx import render
from tests.diagnostics.cases import covered, expectations, messages, read_all, without_marks

CASES, _ = read_all()
SEVERAL = [case for case in CASES if case.area == "90_several"]


def test_json_has_every_message_with_its_place(tmp_path: Path) -> None:
    for case in SEVERAL:
        text, found = messages(tmp_path, case.name, case.program, case.files)
        wanted, _ = expectations(text)
        lines = text.split("\n")
        rows = json.loads(render.as_json(found))
        assert [(row["code"], row["line"]) for row in rows] == [(w.code, w.line) for w in wanted]
        for row, w in zip(rows, wanted, strict=True):
            assert row["severity"] == "error"
            assert row["path"] == str(tmp_path / case.name)
            if row["line"] == row["end_line"]:
                under = lines[row["line"] - 1][row["column"] - 1 : row["end_column"] - 1]
                assert under == w.place


def test_github_has_a_line_for_every_message(tmp_path: Path) -> None:
    for case in SEVERAL:
        _, found = messages(tmp_path, case.name, case.program, case.files)
        lines = render.github(found).splitlines()
        assert len(lines) == len(found)
        for line, d in zip(lines, found, strict=True):
            assert line.startswith(f"::error file={d.span.path},line={d.span.line},")
            assert f"title={d.code}::" in line


def test_text_shows_the_line_and_marks_the_place(tmp_path: Path) -> None:
    for case in SEVERAL:
        text, found = messages(tmp_path, case.name, without_marks(case.program), case.files)
        for d in found:
            shown = render.text([d]).split("\n")
            source = text.split("\n")[d.span.line - 1]
            at = next(i for i, line in enumerate(shown) if source.rstrip() and source in line)
            place = covered(d.span, text)
            start = shown[at].index(source) + d.span.col - 1
            assert shown[at + 1][start : start + len(place)] == "^" * len(place)
