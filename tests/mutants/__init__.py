"""Bugs planted on purpose: each is a change of one place of the runtime, of the compiler or of what
tests of filters are made with, and is caught by the tests that it names.

The table is in ``runtime.toml``, ``compiler.toml`` and ``testing.toml``. A mutant's name is its
table's; ``file`` is the path in the checkout, ``old`` a text that is there exactly once, ``new``
what is put in its place, ``harm`` what a user would see, ``tests`` the pytest names of which one or
more must fail.

``python -m tests.mutants [NAME…]`` plants them one after another in a copy of the checkout.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
AREAS = {"runtime": "runtime/", "compiler": "pyngx/", "testing": "pyngx/testing/"}
"""The folder of the files of each."""


@dataclass(frozen=True)
class Mutant:
    """One planted bug; see the module's docstring."""

    name: str
    area: str
    file: str
    old: str
    new: str
    harm: str
    tests: tuple[str, ...]


class Stale(Exception):
    """A mutant's old text is not in its file, or is there more than once."""


def read() -> tuple[Mutant, ...]:
    """All mutants, in the order of the table."""
    found = []
    for area in AREAS:
        rows = tomllib.loads(Path(__file__).with_name(f"{area}.toml").read_text())
        for name, row in rows.items():
            tests = tuple(row.pop("tests"))
            harm = re.sub(r"\s+", " ", row.pop("harm")).strip()
            found.append(Mutant(name=name, area=area, harm=harm, tests=tests, **row))
    return tuple(found)


def mutated(mutant: Mutant, tree: Path = REPOSITORY) -> str:
    """The text of the file with the bug in it; raises ``Stale``."""
    text = (tree / mutant.file).read_text()
    count = text.count(mutant.old)
    if count != 1:
        raise Stale(f"{mutant.name}: the old text is {count} times in {mutant.file}")
    return text.replace(mutant.old, mutant.new)
