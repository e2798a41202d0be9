"""``docs/mutants.md`` from the table: ``python -m tests.mutants.docs``, or ``make docs``."""

from __future__ import annotations

import os
import sys

from tests.mutants import AREAS, REPOSITORY, Mutant, read

PAGE = REPOSITORY / "docs" / "mutants.md"
HEAD = """# Bugs planted on purpose

A test suite is worth what it catches. Each row is a small mistake that could have been made in the
runtime, in the compiler or in what tests of filters are made with, what it would do to a user, and
a test that fails when it is made. `make mutants` makes them one after another in a copy of the
checkout and runs those tests (half an hour or more); a mistake that no test sees is an error. The
table is in `tests/mutants/*.toml`, and this page is made from it.
"""
TOP = ("| mistake | in | what a user would see | caught by |", "| --- | --- | --- | --- |")
TITLES = {
    "runtime": "The runtime",
    "compiler": "The compiler",
    "testing": "What tests of filters are made with",
}


def page() -> str:
    """The whole page."""
    mutants = read()
    parts = [HEAD]
    for area in AREAS:
        rows = [mutant for mutant in mutants if mutant.area == area]
        parts.append("\n".join([f"## {TITLES[area]}", "", *TOP, *map(_row, rows)]) + "\n")
    parts.append(f"{len(mutants)} mistakes, all of them caught.\n")
    return "\n".join(parts)


def _row(mutant: Mutant) -> str:
    tests = "<br>".join(f"`{test.replace('|', chr(92) + '|')}`" for test in mutant.tests)
    name = mutant.name.replace("-", " ")
    return f"| {name} | `{mutant.file}` | {mutant.harm} | {tests} |"


if __name__ == "__main__":
    if os.environ.get("CI"):
        sys.exit("the page is not updated in CI")
    PAGE.write_text(page())
