"""``pyngx test``: what it compares and finds, and that the case which it prints reproduces it."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pyngx.testing.lives.compare import differences
from pyngx.testing.lives.words import words_of
from pyngx.testing.simulation import Failure, Response
from tests.harness.builds import EXAMPLES, REPOSITORY, Target, packaged_binary

Done = subprocess.CompletedProcess[str]
HEAD = """
from pyngx import Body, ConfError, LocConf, Stream, body_filter, directive, header_filter, variable
from pyngx.ngx import NGX_DECLINED, NGX_OK, ngx_flag_t, ngx_http_request_t, ngx_int_t

SIMULATED = __name__.startswith("pyngx_filter")  # what is constant for the compiler is not for us

"""
SCANNED = """
ENDING = b"." if SIMULATED else b"!"


class Conf(LocConf):
    enable: ngx_flag_t = directive("planted", default=False)
    other: ngx_int_t = directive("planted_other", default=3)


@header_filter
def header(conf: Conf) -> ngx_int_t:
    return NGX_OK if conf.enable else NGX_DECLINED


@body_filter
def body(body: Body) -> Stream:
    for part in body.scan(b"needle"):
        if part.matched:
            yield ENDING
        else:
            yield part
"""


def pyngx(*arguments: str | Path, env: Mapping[str, str] | None = None) -> Done:
    """Run the command."""
    command = [sys.executable, "-m", "pyngx", "test", *map(str, arguments)]
    environment = {**os.environ, **(env or {})}
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, env=environment)


def reproduced(text: str, folder: Path) -> str:
    """What pytest says of a case."""
    (folder / "test_case.py").write_text(text)
    own = ("-q", "-p", "no:cacheprovider", "-p", "pyngx.testing.plugin", "--rootdir", str(folder))
    command = [sys.executable, "-m", "pytest", *own, str(folder / "test_case.py")]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True).stdout


def planted(folder: Path, text: str) -> Path:
    """A filter file that is not the same for the compiler and for CPython."""
    path = folder / "planted.py"
    path.write_text(HEAD + text)
    return path


def _said(level: str, text: str) -> logging.LogRecord:
    return logging.makeLogRecord({"levelname": level, "msg": text})


SEEN = Response(
    status=200,
    headers=(("X-Two", "1"), ("x-two", "2"), ("ETag", "v")),
    body=b"body",
    complete=True,
    log=(_said("INFO", "text"),),
    errors=(Failure("a.py:1", "IndexError", "index out of range"),),
    variables={"a": b"1", "b": None},
)


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        ("status", {"status": 206}),
        ("complete", {"complete": False}),
        ("headers", {"headers": (("x-two", "2"), ("X-Two", "1"), ("ETag", "v"))}),
        ("headers", {"headers": (("X-Two", "1"), ("x-two", "2"), ("ETag", "w"))}),
        ("headers", {"headers": (("X-Two", "1"), ("x-two", "2"))}),
        ("body", {"body": b"bod"}),
        ("errors", {"errors": (Failure("a.py:2", "IndexError", "index out of range"),)}),
        ("errors", {"errors": (Failure("a.py:1", "ValueError", "index out of range"),)}),
        ("errors", {"errors": SEEN.errors * 2}),
        ("log", {"log": (_said("WARNING", "text"),)}),
        ("log", {"log": (_said("INFO", "other"),)}),
        ("log", {"log": ()}),
        ("variables", {"variables": {"a": b"1", "b": b""}}),
        ("variables", {"variables": {"a": None, "b": None}}),
    ],
)
def test_each_part_is_compared(part: str, changed: dict[str, Any]) -> None:
    assert [d.part for d in differences(SEEN, replace(SEEN, **changed))] == [part]


def test_what_is_no_difference() -> None:
    """The case and order of headers, the words of an error, and how far a broken one came."""
    same = replace(
        SEEN,
        headers=(("etag", "v"), ("X-TWO", "1"), ("X-Two", "2")),
        errors=(Failure("a.py:1", "IndexError", "other words"),),
    )
    assert list(differences(SEEN, same)) == []
    broken = replace(SEEN, complete=False)
    assert list(differences(broken, replace(broken, body=b"bo"))) == []
    assert [d.part for d in differences(broken, replace(broken, body=b"x"))] == ["body"]


def test_no_difference() -> None:
    """The same seed gives the same search; the responses are counted."""
    files = [EXAMPLES / "footer.py", EXAMPLES / "number_lines.py"]
    done = pyngx(*files, "--examples", "40")
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
    told = [line for line in done.stderr.splitlines() if "no difference in" in line]
    assert len(told) == 2
    counts = [int(found[1]) for line in told if (found := re.search(r"(\d+) responses", line))]
    assert min(counts) > 100
    assert pyngx(*files, "--examples", "40").stderr == done.stderr
    assert pyngx(*files, "--examples", "40", "--seed", "1").stderr != done.stderr


def test_a_difference_is_shrunk_and_reproduced(tmp_path: Path) -> None:
    done = pyngx(planted(tmp_path, SCANNED), "--seconds", "60")
    assert done.returncode == 1
    assert "body: CPython b'.', nginx b'!'" in done.stderr
    assert "    body=b'needle',\n" in done.stdout and "    conf='planted on;',\n" in done.stdout
    assert done.stdout.count("=") == 5, "nothing else is in the call"
    shown = reproduced(done.stdout, tmp_path)
    assert "1 failed, 1 passed" in shown and "test_planted[nginx]" in shown, shown


def test_headers_variables_and_errors(tmp_path: Path) -> None:
    """Each of them is compared, and is in the case."""
    text = """
@header_filter
def header(r: ngx_http_request_t) -> None:
    if r.arg(b"deep") == b"12345":
        r.headers_out["X-Which"] = b"a" if SIMULATED else b"b"
    if r.headers_in["X-Fail"]:
        raise ValueError("always")


@variable("planted_name")
def name(r: ngx_http_request_t) -> bytes:
    return b"1" if SIMULATED or r.arg(b"deep") != b"12345" else b"2"
"""
    done = pyngx(planted(tmp_path, text), "--seconds", "60")
    assert done.returncode == 1, done.stderr
    assert "    args=b'deep=12345',\n" in done.stdout
    assert "assert response.variables['planted_name'] == b'1'" in done.stdout
    assert "('x-which', 'a')" in done.stdout
    assert "1 failed, 1 passed" in reproduced(done.stdout, tmp_path)


def test_configurations(tmp_path: Path) -> None:
    """What CPython refuses nginx must refuse with the same words."""
    text = """
class Conf(LocConf):
    number: ngx_int_t = directive("planted_number", default=1)

    def validate(self) -> None:
        if self.number > 8 and (SIMULATED or self.number < 50):
            raise ConfError("it is too large")


@header_filter
def header(r: ngx_http_request_t, conf: Conf) -> None:
    if conf.number == 2:
        r.headers_out["X-Two"] = b"2"
"""
    done = pyngx(planted(tmp_path, text), "--examples", "5")
    assert done.returncode == 1
    assert "nginx accepts it" in done.stderr
    assert "match=re.escape('it is too large')" in done.stdout
    assert "1 failed, 1 passed" in reproduced(done.stdout, tmp_path)


def test_chance_is_not_a_difference(tmp_path: Path) -> None:
    text = """
import secrets


@header_filter
def header(r: ngx_http_request_t) -> None:
    r.headers_out["X-Token"] = secrets.token_hex(8)
"""
    done = pyngx(planted(tmp_path, text), "--examples", "5")
    assert (done.returncode, done.stdout) == (0, "")
    assert "responses are not compared: CPython gives another response each time" in done.stderr
    assert "no difference in 0 responses" in done.stderr


def test_refused(tmp_path: Path) -> None:
    """A file that does not compile is reported as by ``pyngx check``."""
    done = pyngx(planted(tmp_path, "@header_filter\ndef header() -> None:\n    x = {1, 2}\n"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "error[PNX" in done.stderr and "planted.py:" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [(), ("x.py", "--examples", "1", "--seconds", "1"), ("x.py", "--examples", "0")]
)
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    assert pyngx(*arguments).returncode == 2


def test_without_hypothesis(tmp_path: Path) -> None:
    (tmp_path / "hypothesis.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'hypothesis'\", name='hypothesis')\n"
    )
    path = f"{tmp_path}:{REPOSITORY}"
    done = pyngx(EXAMPLES / "footer.py", env={"PYTHONPATH": path, "PYTHONSAFEPATH": "1"})
    assert done.returncode == 1
    assert "pip install 'pyngx[test]'" in done.stderr and "Traceback" not in done.stderr


def test_words() -> None:
    """What a file speaks of is found, also behind names of module level; docstrings are not."""
    source = '''"""A docstring."""
NAME = "X-Name"
def f(r):
    """Another."""
    if r.arg(b"one") or r.cookie("two") or "Via-X" in r.headers_in:
        r.headers_out[NAME] = r.variables["arg_three"] or r.headers_in.user_agent
    return b"needle", 77, r.variables["own"]
'''
    found = words_of([source], {"NAME": "X-Name"})
    assert {b"one", b"three"} == set(found.args)
    assert (found.cookies, found.numbers, found.variables) == ((b"two",), (77,), (b"own",))
    assert {b"Via-X", b"User-Agent"} <= set(found.request_headers)
    assert b"X-Name" in found.response_headers and b"needle" in found.literals
    assert b"A docstring." not in found.literals and b"Another." not in found.literals


ADDED = """
from pyngx import subrequest
from pyngx.ngx import ngx_str_t


class Conf(LocConf):
    where: ngx_str_t = directive("planted_where", default=b"/elsewhere")


@body_filter
def body(body: Body, conf: Conf) -> Stream:
    yield from body
    yield subrequest(conf.where)
"""


def test_subrequests_elsewhere(tmp_path: Path) -> None:
    """A place that nginx does not have is no difference; it is counted."""
    done = pyngx(planted(tmp_path, ADDED), "--examples", "40")
    assert (done.returncode, done.stdout) == (0, ""), done.stdout
    assert "LookupError: subrequests= has no answer for '/elsewhere'" in done.stderr
    assert "no difference in" in done.stderr


def test_a_module_that_nginx_has() -> None:
    """The message tells how to get an nginx without it, instead of the one that is installed."""
    done = pyngx(EXAMPLES / "sub.py")
    assert done.returncode == 1
    assert f"{packaged_binary()} has a ngx_http_sub_filter_module of its own" in done.stderr
    assert "'./configure && make' in a source tree of nginx; then --nginx" in done.stderr


def test_another_nginx_is_named(tmp_path: Path, packaged: Target) -> None:
    """A case that was found with a given nginx says that it is run with that one."""
    path = planted(tmp_path, SCANNED)
    done = pyngx(path, "--nginx", packaged.binary)
    assert done.returncode == 1
    assert f"Run it with PYNGX_NGINX={packaged.binary}\n" in done.stdout
    assert "1 failed, 1 passed" in reproduced(done.stdout, tmp_path)
