"""The page of operations says what the rows say, and the rows what CPython has."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from importlib import import_module

import pytest

from pyngx.ops.library import ROWS
from pyngx.ops.registry import Row
from pyngx.ops.table import TABLE
from tests.harness.builds import REPOSITORY
from tests.operations import PAGE, page, spelling


def test_the_page_is_what_the_rows_say() -> None:
    assert PAGE.read_text() == page(), "run python -m tests.operations"


def test_the_page_is_not_written_in_ci() -> None:
    before = PAGE.read_bytes()
    done = subprocess.run(
        [sys.executable, "-m", "tests.operations"],
        cwd=REPOSITORY,
        env={**os.environ, "CI": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and "not in CI" in done.stderr
    assert PAGE.read_bytes() == before


def test_every_row_is_on_the_page() -> None:
    text = PAGE.read_text()
    for row in TABLE.all():
        assert f"`{spelling(row)}`" in text or row.name.endswith(("[1]", "[2]")), row.name


@pytest.mark.parametrize("receiver", [bytes, str])
def test_methods_are_those_of_python(receiver: type) -> None:
    assert all(hasattr(receiver, name) for name in TABLE.methods(receiver.__name__))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_parameters_are_those_of_the_library(row: Row) -> None:
    """Names that an author may give by keyword are Python's, in Python's order."""
    module, _, function = row.spoken.rpartition(".")
    if not module:
        assert row.name == "int(time.time)"
        return
    try:
        known = list(inspect.signature(getattr(import_module(module), function)).parameters)
    except ValueError:  # of a C function that does not say
        known = ["a", "b"] if function == "compare_digest" else ["data"]
    known = ["data" if name == "string" and module == "hashlib" else name for name in known]
    assert list(row.param_names) == known[: len(row.param_names)], known
