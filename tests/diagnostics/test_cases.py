"""Every wrong program is refused with its message, at its place, and with nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import pyngx
from pyngx import render
from pyngx.codes import CODES
from pyngx.diagnostics import Severity
from tests.diagnostics.cases import Case, covered, expectations, helps, messages, read_all

CASES, WORDS = read_all()
RIGHT = [case for case in CASES if case.right is not None]


def _name(case: Case) -> str:
    return f"{case.area}: {case.title}"


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_the_message_stands_where_the_mistake_is(case: Case, tmp_path: Path) -> None:
    text, found = messages(tmp_path, case.name, case.program, case.files)
    wanted, labels = expectations(text)
    assert [(d.span.line, d.code, covered(d.span, text)) for d in found] == [
        (w.line, w.code, w.place) for w in wanted
    ], render.text(found)
    for d, w in zip(found, wanted, strict=True):
        assert w.words in d.message
        assert w.severity is d.severity
        assert not d.message.endswith(".") and not d.help.endswith(".")
        if d.severity is Severity.ERROR and d.code not in _SELF_EVIDENT:
            assert d.help, d.message
    for line, words in helps(text):
        assert any(words in d.help for d in found if d.span.line == line), render.text(found)
    if labels:
        seen = [
            (label.span.line, covered(label.span, text)) for d in found for label in d.secondary
        ]
        assert sorted(seen) == sorted((line, place) for line, place, _ in labels)
        said = " ".join(label.text for d in found for label in d.secondary)
        assert all(words in said for _, _, words in labels)


_SELF_EVIDENT = {"PNX003", "PNX005", "PNX007", "PNX016"}
"""Python's own words about the author's code, and names for which nothing near is known."""


@pytest.mark.parametrize("case", RIGHT, ids=_name)
def test_the_right_program_is_accepted(case: Case, tmp_path: Path) -> None:
    assert case.right is not None
    _, found = messages(tmp_path, "right.py", case.right, case.files)
    assert not found, render.text(found)


def test_every_code_has_a_case_or_words() -> None:
    shown = {code for case in CASES for code in case.codes}
    assert shown <= CODES.keys()
    assert WORDS.keys() <= CODES.keys()
    assert CODES.keys() - shown == WORDS.keys()


def test_every_code_that_is_reported_is_in_the_table() -> None:
    folder = Path(pyngx.__file__).parent
    reported = {
        code
        for path in folder.rglob("*.py")
        if path != folder / "codes.py"
        for code in re.findall(r'"(PNX\d{3})"', path.read_text())
    }
    assert reported == CODES.keys()


def test_titles_of_cases_are_unique() -> None:
    names = [_name(case) for case in CASES]
    assert len(names) == len(set(names))
