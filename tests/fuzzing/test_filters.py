"""The seeds of the fuzzed filters, and what was found in them, run once, with the sanitizers."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.fuzzing.filters import CORPUS, SETUPS, build
from tests.harness.builds import SANITIZER_ENV, target

IN_SUITE = ("csv_jsonl", "html_links", "json_mask", "number_lines", "sub")
"""Those with the most going on: a program takes seconds to build."""


def _seeds(name: str) -> list[Path]:
    return sorted(CORPUS.glob(f"{name}/*"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the programs are, and what they have in common."""
    return tmp_path_factory.mktemp("fuzzing")


@pytest.mark.parametrize("name", IN_SUITE)
def test_seeds(name: str, folder: Path) -> None:
    assert _seeds(name)
    program = build(name, target("1.26.3"), folder)
    env = {**os.environ, **SANITIZER_ENV}
    done = subprocess.run([program, *_seeds(name)], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr[-3000:]


def test_every_corpus_has_a_filter() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(SETUPS)
