"""Programs in which two names reach one object: refused, or as in CPython."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyngx.diagnostics import Diagnostics
from pyngx.pipeline import compile_file
from tests.diagnostics.cases import installed
from tests.harness.builds import Target
from tests.language.serving import Variables

HEAD, *PROGRAMS = Path(__file__).with_name("aliases.txt").read_text().split("#--- ")
CASES = [tuple(program.split("\n", 1)) for program in PROGRAMS]
RUN = "".join(program for expected, program in CASES if expected == "runs")
REFUSED = [(expected, program) for expected, program in CASES if expected != "runs"]
INPUTS: tuple[dict[bytes, bytes], ...] = ({b"a": b"3", b"b": b"1"}, {}, {b"a": b"0", b"b": b"5"})


@pytest.mark.parametrize(("expected", "program"), REFUSED)
def test_refused(expected: str, program: str, tmp_path: Path) -> None:
    """One object would be two in C."""
    path = tmp_path / "aliases.py"
    path.write_text(HEAD + program)
    diags = Diagnostics()
    assert compile_file(path, installed(), diags) is None
    assert sorted({found.code for found in diags.all}) == expected.split()


def test_the_same(packaged: Target, tmp_path: Path) -> None:
    """What is not refused gives CPython's values."""
    path = tmp_path / "aliases.py"
    path.write_text(HEAD + RUN)
    served = Variables(path, packaged, tmp_path)
    with served.serving() as nginx:
        assert not served.differences(nginx, INPUTS)
