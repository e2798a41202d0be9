"""Calls that CPython's own tests make, in nginx: none differs, and none gets lost."""

from __future__ import annotations

import importlib.util
import platform
from pathlib import Path

from tests.cpython.judge import judge
from tests.cpython.page import PAGE, counted
from tests.harness.builds import Target

MISSING = """This Python has no 'test' package: on Debian it is in libpython3.11-testsuite, which
scripts/setup.sh installs; a Python that was built from source has it."""
SHARE = 0.8
"""Of the calls on the page, how many apply at least in the tests of another version of Python."""


def test_cpythons_own_cases(packaged: Target, tmp_path: Path) -> None:
    found = importlib.util.find_spec("test.string_tests")
    assert found is not None, MISSING
    verdict = judge(packaged, tmp_path)
    wrong = verdict.differences
    assert not wrong, f"{len(wrong)} differences:\n" + "\n".join(wrong[:40])
    same = f"CPython {platform.python_version()}." in PAGE.read_text()
    for name, applying in counted().items():
        if same or name in verdict.counts:
            found_now = verdict.counts[name].applying
            assert found_now >= applying * (1 if same else SHARE), f"{name}: {found_now}"
