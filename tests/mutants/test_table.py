"""The table of planted bugs fits the code that it is about; `make mutants` makes the bugs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.mutants import AREAS, REPOSITORY, Mutant, mutated, read
from tests.mutants.__main__ import judged
from tests.mutants.docs import PAGE, page


def test_every_place_is_there_once() -> None:
    for mutant in read():
        assert mutated(mutant) != (REPOSITORY / mutant.file).read_text(), mutant.name
        assert mutant.file.startswith(AREAS[mutant.area]), mutant.name


def test_no_two_mutants_are_the_same() -> None:
    made = [(mutant.file, mutant.old, mutant.new) for mutant in read()]
    assert len(set(made)) == len(made) > 60


def test_every_named_test_exists() -> None:
    named = sorted({test for mutant in read() for test in mutant.tests})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run([*command, *named], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "run: make docs"


SUBJECT = "def half(n):\n    return n // 2\n"
TEST = "from code_under_test import half\n\n\ndef test_half():\n    assert half(4) == 2\n"


def test_survivors_and_stale_mutants_are_told(tmp_path: Path) -> None:
    """And the file is as it was after each."""
    (tmp_path / "code_under_test.py").write_text(SUBJECT)
    (tmp_path / "test_it.py").write_text(TEST)
    for old, new, fault in (
        ("n // 2", "n // 3", ""),
        ("n // 2", "n >> 1", "named survives test_it.py"),
        ("n // 9", "n", "named: the old text is 0 times in code_under_test.py"),
        ("n", "m", "named: the old text is 3 times in code_under_test.py"),
        ("return", "yields", "named: pytest ended with 2"),
    ):
        mutant = Mutant("named", "compiler", "code_under_test.py", old, new, "", ("test_it.py",))
        found = judged(mutant, tmp_path)
        assert found.startswith(fault) and bool(found) == bool(fault), found
        assert (tmp_path / "code_under_test.py").read_text() == SUBJECT
