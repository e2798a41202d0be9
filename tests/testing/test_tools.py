"""Tools that watch Python at work see the author's own file: profilers."""

from __future__ import annotations

import cProfile
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pyngx.testing import simulate

RETURNS = """from pyngx import header_filter
from pyngx.ngx import ngx_http_request_t, ngx_int_t


@header_filter
def header(r: ngx_http_request_t) -> ngx_int_t:
    try:
        return len(r.args) + 5
    finally:
        r.headers_out["X-Seen"] = b"1"
"""


def _in_python(act: Callable[[], Any]) -> Any:
    calls: list[str] = []
    sys.setprofile(lambda frame, event, _: calls.append(frame.f_code.co_name))
    try:
        return act()
    finally:
        assert sys.getprofile() is not None
        sys.setprofile(None)
        assert "header" not in calls  # there is one place for a profiler only


def _in_c(act: Callable[[], Any]) -> Any:
    profile = cProfile.Profile()
    try:
        return profile.runcall(act)
    finally:
        names = {
            entry.code.co_name for entry in profile.getstats() if hasattr(entry.code, "co_name")
        }
        assert "header" in names


@pytest.mark.parametrize(
    ("run", "line"), [(lambda act: act(), 8), (_in_python, 8), (_in_c, 5)], ids=["none", "py", "c"]
)
def test_profilers(tmp_path: Path, run: Callable[[Callable[[], Any]], Any], line: int) -> None:
    """What a header filter may not return is told with its line; while a profiler written in C
    runs, whose place cannot be taken, with that of the function."""
    path = tmp_path / "returning.py"
    path.write_text(RETURNS)
    found = run(lambda: simulate(path, body=b"x", args="a"))
    assert found.status == 500
    (error,) = found.errors
    assert str(error) == f"returning.py:{line}: ValueError: a header filter does not return 6"
