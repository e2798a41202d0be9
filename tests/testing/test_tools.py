"""Tools that watch Python at work see the author's own file: debugger, coverage, log, profilers."""

from __future__ import annotations

import cProfile
import io
import json
import logging
import os
import pdb
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pyngx.testing import simulate
from tests.harness.builds import REPOSITORY

COUNTING = """import logging

from pyngx import Body, Stream, body_filter, header_filter
from pyngx.ngx import NGX_DECLINED, NGX_OK, ngx_http_request_t, ngx_int_t

log = logging.getLogger(__name__)


@header_filter
def header(r: ngx_http_request_t) -> ngx_int_t:
    if r.args == b"off":
        return NGX_DECLINED
    return NGX_OK


def counted(body: Body, start: int) -> Stream:
    count = start
    for line in body.lines(100):
        if line == b"never":
            log.error("never")
        count += 1
        yield line
    log.warning("%d lines of %s", count, b"it")


@body_filter
def body(body: Body) -> Stream:
    yield from counted(body, 40)
    yield b"."
"""
RUN = """from pyngx.testing import simulate

assert simulate({path!r}, body=b"a\\nb\\n").body == b"a\\nb\\n."
"""
CORES = ("ctrace", "pytrace", *(("sysmon",) if sys.version_info >= (3, 12) else ()))
"""How coverage looks at Python: a tracer written in C, one in Python, and ``sys.monitoring``."""
IN_C = 5 if sys.version_info < (3, 12) else 8
"""The line that is told beside a profiler written in C: later ones leave their place free."""
RETURNS = """from pyngx import header_filter
from pyngx.ngx import ngx_http_request_t, ngx_int_t


@header_filter
def header(r: ngx_http_request_t) -> ngx_int_t:
    try:
        return len(r.args) + 5
    finally:
        r.headers_out["X-Seen"] = b"1"
"""


@pytest.fixture
def counting(tmp_path: Path) -> Path:
    path = tmp_path / "counting.py"
    path.write_text(COUNTING)
    return path


def _line(text: str) -> int:
    return COUNTING.splitlines().index(f"        {text}") + 1


def test_debugger(counting: Path) -> None:
    """pdb stops where the author has put a breakpoint, shows the locals, and steps on."""
    at = _line("yield line")
    commands = f"break {counting}:{at}\ncontinue\np line, count\nclear 1\nup\np body\ncontinue\n"
    said = io.StringIO()
    debugger = pdb.Pdb(stdin=io.StringIO(commands), stdout=said, nosigint=True, readrc=False)
    found: dict[str, Any] = {}
    act = "found['response'] = simulate(path, body=b'a\\nb\\n')"
    debugger.run(act, {"simulate": simulate, "path": counting, "found": found})
    assert found["response"].body == b"a\nb\n."
    assert f"{counting}({at})counted()" in said.getvalue() and "-> yield line" in said.getvalue()
    assert "(b'a\\n', 41)" in said.getvalue()
    assert f"{counting}({len(COUNTING.splitlines()) - 1})body()" in said.getvalue()


@pytest.mark.parametrize("core", CORES)
def test_coverage(counting: Path, core: str) -> None:
    """The author's lines are counted, those that did not run are missing."""
    folder = counting.parent
    (folder / "run.py").write_text(RUN.format(path=str(counting)))
    env = {**os.environ, "COVERAGE_CORE": core, "COVERAGE_FILE": str(folder / "data")}
    env["PYTHONPATH"] = str(REPOSITORY)
    for command in (
        ("run", f"--include={counting}", str(folder / "run.py")),
        ("json", "-o", str(folder / "found.json")),
    ):
        place = [sys.executable, "-m", "coverage", command[0], "--rcfile=/dev/null", *command[1:]]
        done = subprocess.run(place, cwd=folder, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "warning" not in done.stderr.lower(), done.stderr
    (found,) = json.loads((folder / "found.json").read_text())["files"].values()
    assert found["missing_lines"] == [_line("return NGX_DECLINED"), _line('    log.error("never")')]
    assert {_line("count += 1"), _line("yield line")} < set(found["executed_lines"])


def test_caplog(counting: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What the author's logger says comes to the handlers of the tests."""
    with caplog.at_level(logging.WARNING):
        response = simulate(counting, body=b"a\nb\n")
    assert [(r.name, r.levelno, r.getMessage()) for r in caplog.records] == [
        ("pyngx_filter_counting", logging.WARNING, "42 lines of b'it'")
    ]
    assert [r.getMessage() for r in response.log] == caplog.messages


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
    ("run", "line"),
    [(lambda act: act(), 8), (_in_python, 8), (_in_c, IN_C)],
    ids=["none", "py", "c"],
)
def test_profilers(tmp_path: Path, run: Callable[[Callable[[], Any]], Any], line: int) -> None:
    """What a header filter may not return is told with its line; while a profiler written in C
    runs that leaves no place for another, with that of the function."""
    path = tmp_path / "returning.py"
    path.write_text(RETURNS)
    found = run(lambda: simulate(path, body=b"x", args="a"))
    assert found.status == 500
    (error,) = found.errors
    assert str(error) == f"returning.py:{line}: ValueError: a header filter does not return 6"
