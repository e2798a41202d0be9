"""The page of all messages is what the table of codes and the cases make."""

from __future__ import annotations

from pyngx import pages
from pyngx.codes import CODES
from tests.diagnostics import docs
from tests.diagnostics.cases import read_all


def test_the_page_is_up_to_date() -> None:
    assert docs.PAGE.read_text() == docs.page(), "run: python -m tests.diagnostics.docs"


def test_the_page_has_an_anchor_for_every_code() -> None:
    text = docs.PAGE.read_text()
    assert [code for code in CODES if text.count(f'<a id="{code.lower()}"></a>') != 1] == []


def test_every_code_shows_a_wrong_program_and_the_right_one() -> None:
    cases, words = read_all()
    right = {case.codes[0] for case in cases if case.right is not None}
    assert CODES.keys() - right - words.keys() == set()


def test_every_code_has_a_page() -> None:
    found = pages.pages()
    assert found.keys() == CODES.keys()
    for code, page in found.items():
        assert page.startswith(f"## {code}: {CODES[code]}\n")
        assert pages.anchor(code) == f"docs/errors.md#{code.lower()}"
