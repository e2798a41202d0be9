"""The pytest plugin: sessions of pytest on small test files, with a real nginx."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.harness.builds import EXAMPLES, REPOSITORY

MAPPED = REPOSITORY / "tests" / "language" / "filters" / "mapped.py"
HEAD = f"""
import logging

import pytest

from pyngx.testing import ConfRefused

FOOTER = {str(EXAMPLES / "footer.py")!r}
PREFIX = {str(EXAMPLES / "prefix.py")!r}
LINES = {str(EXAMPLES / "number_lines.py")!r}
MAPPED = {str(MAPPED)!r}
"""
PIECES = """
from pyngx import Body, Stream, body_filter


@body_filter
def body(body: Body) -> Stream:
    for buf in body:
        yield b"[%d]" % len(buf)
"""
Session = subprocess.CompletedProcess[str]


def session(
    folder: Path, text: str, *options: str, env: Mapping[str, str] | None = None
) -> Session:
    """A session of pytest that runs one test file."""
    (folder / "test_it.py").write_text(HEAD + text)
    own = ("-q", "-p", "no:cacheprovider", "-p", "pyngx.testing.plugin", "--strict-markers")
    place = str(folder)
    command = [sys.executable, "-m", "pytest", *own, *options, "--rootdir", place, place]
    environment = {**os.environ, **(env or {})}
    environment.pop("PYTEST_XDIST_WORKER", None)
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, env=environment)


def test_both_lives(tmp_path: Path) -> None:
    """Headers, body, log, variables and what is refused are the same in both."""
    done = session(
        tmp_path,
        """
def test_footer(served):
    response = served(FOOTER, body=b"<p>", conf='footer on; footer_text "!";')
    assert (response.status, response.body, response.complete) == (200, b"<p>!", True)
    assert response.headers == (("Content-Type", "text/html"), ("Content-Length", "4"))
    assert served(FOOTER, body=[b"<p>"], conf="footer on;").header("Content-Length") is None
    assert served(FOOTER, body=b"<p>", conf="footer on;", method="HEAD").body == b""
    assert served(FOOTER, body=b"<p>", conf="footer on;", status=404).body == b"<p>"

def test_pieces(served):
    kind = {"Content-Type": "text/plain"}
    for cuts in ((), (1,), (3, 5)):
        given = {"headers": kind, "conf": "number_lines on;", "cuts": cuts}
        response = served(LINES, body=b"one\\ntwo\\n", **given)
        assert response.body == b"     1  one\\n     2  two\\n-- 2 lines\\n"

def test_large(served):
    body = b"0123456789" * 400_000
    assert served(FOOTER, body=body, conf="footer on; footer_text x;").body == body + b"x"

def test_configuration(served):
    with pytest.raises(ConfRefused, match='it must be "on" or "off"'):
        served(FOOTER, conf="footer maybe;")
    response = served(FOOTER, body=b"a", http="footer on;", server="footer_text b;")
    assert response.body == b"ab"

def test_log(served):
    response = served(MAPPED, body=b"x", conf="h_on on;", args="act=log&name=n&value=abc")
    assert [(r.levelno, r.name, r.getMessage()) for r in response.log] == [
        (logging.INFO, "pyngx_filter_mapped", "info abc 3"),
        (logging.WARNING, "pyngx_filter_mapped", "warn text%"),
        (logging.ERROR, "pyngx_filter_mapped", "plain error"),
    ]
    assert response.variables == {"h_ctx": b"1:n"}

@pytest.mark.expect_log(r"mapped.py:\\d+: ZeroDivisionError")
def test_error(served):
    response = served(MAPPED, body=b"x", conf="h_on on;", args="act=fail")
    assert (response.status, response.errors[0].error) == (500, "ZeroDivisionError")
    assert b"500 Internal Server Error" in response.body

def test_request(served):
    response = served(
        MAPPED, conf="h_on on;", uri="/a%20b", args="act=set&name=X-N&value=v",
        headers=[("X-N", "1"), ("X-N", "2")], request_headers={"X": "y"},
    )
    assert response.all("X-N") == ("v2",)
""",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "14 passed" in done.stdout


def test_unexpected_errors(tmp_path: Path) -> None:
    """A run-time error that the test does not expect fails it, in both lives."""
    done = session(
        tmp_path,
        """
def test_error(served):
    served(MAPPED, body=b"x", conf="h_on on;", args="act=fail")
""",
    )
    assert done.returncode == 1
    told = r"run-time errors of the filter:\nmapped\.py:\d+: ZeroDivisionError: "
    reports, _, _ = done.stdout.partition("short test summary")
    assert len(re.findall(told, reports)) == 2
    help_ = r'@pytest\.mark\.expect_log\(r"mapped\.py:\d+: ZeroDivisionError"\)'
    assert len(re.findall(help_, reports)) == 2


def test_difference(tmp_path: Path) -> None:
    """A test that holds under CPython only fails for nginx: the two are two runs."""
    path = tmp_path / "asked.py"
    path.write_text(PIECES.replace('b"[%d]" % len(buf)', "NAME") + "NAME = __name__.encode()\n")
    done = session(
        tmp_path,
        f"""
def test_name(served):
    assert served({str(path)!r}, body=b"x").body == b"pyngx_filter_asked"
""",
    )
    assert "test_name[nginx]" in done.stdout and "test_name[cpython]" not in done.stdout
    assert "1 failed, 1 passed" in done.stdout


def test_every_cut(tmp_path: Path) -> None:
    """The cut that gives another response is told, in both lives; what must not differ passes."""
    path = tmp_path / "pieces.py"
    path.write_text(PIECES)
    text = f"""
def test_pieces(served):
    served({str(path)!r}, body=b"abc")

def test_lines(served):
    kind = {{"Content-Type": "text/plain"}}
    served(LINES, body=b"a\\n\\nb", headers=kind, conf="number_lines on;")
"""
    done = session(tmp_path, text)
    assert done.returncode == 0, done.stdout
    done = session(tmp_path, text, "--pyngx-cuts")
    assert "2 failed, 2 passed" in done.stdout, done.stdout
    for life in ("cpython", "nginx"):
        assert f"the body in pieces (cut at 1) gives another response in {life}:" in done.stdout
    assert "body: b'[1][2]', whole: b'[3]'" in done.stdout


def test_server(tmp_path: Path) -> None:
    """Several filters in one nginx, files, and a log that is judged with its test."""
    done = session(
        tmp_path,
        """
def test_page(nginx_server):
    server = nginx_server([FOOTER, PREFIX], conf="footer on;", files={"a/b.html": b"page"})
    response = server.get("/a/b.html", headers={"X": "y"})
    assert response.body == b"page<!-- Served by nginx -->"
    assert server.url == f"http://127.0.0.1:{server.port}" and (server.root / "a/b.html").exists()

@pytest.mark.expect_log("No such file")
def test_expected(nginx_server):
    assert nginx_server(FOOTER, conf="footer on;").get("/none").status == 404

def test_unexpected(nginx_server):
    server = nginx_server(FOOTER, conf="footer on;")
    assert server.error_log() == ""
    server.get("/none")

def test_refused(nginx_server):
    with pytest.raises(ConfRefused, match='unknown directive "nothing"'):
        nginx_server(FOOTER, conf="nothing on;")
""",
    )
    assert "4 passed, 1 error" in done.stdout, done.stdout
    assert "ERROR at teardown of test_unexpected" in done.stdout
    assert "No such file or directory" in done.stdout


def test_without_nginx(tmp_path: Path) -> None:
    """What is missing is said, with what to do; nothing else."""
    text = """
def test_served(served):
    served(FOOTER, body=b"x", conf="footer on;")

def test_server(nginx_server):
    nginx_server(FOOTER)
"""
    done = session(tmp_path, text, env={"PYNGX_NGINX": "/none"})
    assert done.returncode == 1
    assert "/none is not a program that can be run" in done.stdout
    assert "PYNGX_NGINX and PYNGX_NGINX_SRC in the environment name another nginx" in done.stdout
    assert "Traceback" not in done.stdout and "find_binary" not in done.stdout


def test_refused_filter(tmp_path: Path) -> None:
    """A file that does not compile fails the test in nginx with the compiler's report."""
    path = tmp_path / "wrong.py"
    path.write_text(PIECES.replace("len(buf)", "hash(buf)"))
    done = session(
        tmp_path, f"def test_it(served):\n    served({str(path)!r}, body=b'x')\n", "-k", "nginx"
    )
    assert done.returncode == 1
    assert "the filter does not compile:" in done.stdout and "wrong.py:8" in done.stdout


@pytest.mark.parametrize("option", ["--fixtures", "--help"])
def test_known_to_pytest(tmp_path: Path, option: str) -> None:
    shown = session(tmp_path, "", option).stdout
    assert ("--pyngx-cuts" if option == "--help" else "nginx_server") in shown
