"""The ``pyngx`` command as a user runs it: output, files, exit codes, and never a traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pyngx import cli
from pyngx.codes import CODES
from pyngx.diagnostics import InternalError
from pyngx.source import Span

REPOSITORY = Path(__file__).parent.parent

GOOD = """\
from pyngx import header_filter
from pyngx.ngx import ngx_http_request_t


@header_filter
def header(r: ngx_http_request_t) -> None:
    r.headers_out["X-Foo"] = b"one"
"""

BAD = """\
from pyngx import header_filter
from pyngx.ngx import ngx_http_request_t

print("to stdout")


@header_filter
def header(r: ngx_http_request_t) -> None:
    x = lambda: 1
    y = {1, 2}
"""

Pyngx = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def pyngx(tmp_path: Path) -> Pyngx:
    """Run the command in a folder of its own."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "pyngx", *arguments],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
        )
        assert "Traceback" not in done.stdout + done.stderr
        return done

    return run


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": "utf-8"}


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.py"
    path.write_text(GOOD)
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.py"
    path.write_text(BAD)
    return path


def test_help_names_every_command_and_loads_nothing_heavy(pyngx: Pyngx) -> None:
    done = pyngx("--help")
    assert done.returncode == 0
    for command in ("check", "compile", "build", "run", "test", "doctor", "explain"):
        assert command in done.stdout
        assert pyngx(command, "--help").returncode == 0
    heavy = "{'clang', 'rich', 'watchfiles', 'pyngx.headers', 'pyngx.pipeline', 'pyngx.build'}"
    script = f"import pyngx.cli, sys; print({heavy} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", script], env=environment(), capture_output=True)
    assert loaded.stdout == b"set()\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["check"],
        ["check", "--format", "xml", "good.py"],
        ["compile", "good.py"],
        ["build", "-o", "out"],
        ["chekc", "good.py"],
        ["run", "good.py", "--root", ".", "--proxy", "http://127.0.0.1:1"],
        ["run", "good.py", "--root", "missing"],
        ["run", "good.py", "--port", "70000"],
        ["explain", "PNX998"],
        ["explain", "PNX032", "lambda"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2(arguments: list[str], pyngx: Pyngx, good: Path) -> None:
    assert pyngx(*arguments).returncode == 2


def test_check_of_clean_files(pyngx: Pyngx, good: Path) -> None:
    done = pyngx("check", "good.py")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "1 file is clean\n")
    done = pyngx("check", "good.py", "--format", "json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [])
    done = pyngx("check", "good.py", "--format", "github")
    assert (done.returncode, done.stdout) == (0, "")


def test_check_reports_every_error_as_text_on_stderr(pyngx: Pyngx, bad: Path) -> None:
    done = pyngx("check", "bad.py")
    assert (done.returncode, done.stdout) == (1, "")
    assert "error[PNX032]: 'lambda' is not in the language\n --> bad.py:9:9\n" in done.stderr
    assert "9 |     x = lambda: 1\n  |         ^^^^^^^^^\n" in done.stderr
    assert "error[PNX043]" in done.stderr
    assert done.stderr.endswith("2 errors\nfor more: pyngx explain PNX032 PNX043\n")
    assert "\x1b" not in done.stderr


def test_check_reports_as_json_on_stdout_only(pyngx: Pyngx, bad: Path) -> None:
    done = pyngx("check", "bad.py", "--format", "json")
    assert done.returncode == 1
    first, second = json.loads(done.stdout)
    assert first["code"] == "PNX032" and first["severity"] == "error"
    assert (first["path"], first["line"], first["column"]) == ("bad.py", 9, 9)
    assert (first["end_line"], first["end_column"]) == (9, 18)
    assert second["code"] == "PNX043" and second["help"]
    assert second["doc"] == "docs/errors.md#pnx043"
    assert done.stderr == "to stdout\n"


def test_check_reports_to_github(pyngx: Pyngx, bad: Path) -> None:
    done = pyngx("check", "bad.py", "--format", "github")
    assert done.returncode == 1
    first, second = done.stdout.splitlines()
    head = "::error file=bad.py,line=9,col=9,endLine=9,endColumn=18,title=PNX032::"
    assert first.startswith(head + "'lambda' is not in the language%0A")
    assert "title=PNX043::" in second
    assert second.endswith("%0Asee docs/errors.md#pnx043")


def test_explain_prints_the_page_of_every_code(pyngx: Pyngx) -> None:
    done = pyngx("explain", *CODES)
    assert (done.returncode, done.stderr) == (0, "")
    starts = [done.stdout.find(f"{code}: {title}\n") for code, title in CODES.items()]
    assert -1 not in starts
    assert "```" not in done.stdout and "<a id" not in done.stdout


def test_explain_shows_the_wrong_program_the_message_and_the_right_one(pyngx: Pyngx) -> None:
    page = pyngx("explain", "pnx39").stdout
    assert page == pyngx("explain", "PNX039").stdout == pyngx("explain", "39").stdout
    assert page.startswith("PNX039: import in a function\n")
    wrong, said, right = (page.find(w) for w in ("\nWrong:\n", "error[PNX039]: ", "\nRight:\n"))
    assert 0 < wrong < said < right
    assert " --> case.py:3:5\n" in page and "  = help: " in page


def test_explain_without_a_code_lists_all(pyngx: Pyngx) -> None:
    lines = pyngx("explain").stdout.splitlines()
    assert lines == sorted(f"{code}  {title}" for code, title in CODES.items())


@pytest.mark.parametrize(
    ("typed", "near"), [("PNX998", max(CODES)), ("PNX024", "PNX023"), ("PMX045", "PNX045")]
)
def test_explain_of_an_unknown_code_names_the_nearest(typed: str, near: str, pyngx: Pyngx) -> None:
    done = pyngx("explain", typed)
    assert (done.returncode, done.stdout) == (2, "")
    words = " ".join(done.stderr.split())
    assert f"there is no '{typed}'; the nearest is {near}: {CODES[near]}" in words


HOSTILE: dict[str, bytes] = {
    "not_utf8": b"x = '\xff\xfe'\n",
    "nul": b"x = 1\n\0\n",
    "empty": b"",
    "raises": b"1 // 0\n",
    "exits": b"import sys\nsys.exit(0)\n",
    "escape": b"raise ValueError('\\x1b[2Jgone')\n",
    "nested": b"x = " + b"(" * 10_000 + b"1" + b")" * 10_000 + b"\n",
    "chained": GOOD.encode() + b"    x = " + b"1 + " * 10_000 + b"1\n",
    "recursion": b"def f(): f()\nf()\n",
    "deep_repr": b"x = []\nfor _ in range(100000): x = [x]\nrepr(x)\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_without_a_traceback(
    name: str, pyngx: Pyngx, tmp_path: Path
) -> None:
    (tmp_path / f"{name}.py").write_bytes(HOSTILE[name])
    done = pyngx("compile", f"{name}.py", "-o", "out")
    assert done.returncode == 1
    assert f" --> {name}.py" in done.stderr and "PNX099" not in done.stderr
    assert done.stdout == "" and "\x1b" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_directory_and_a_missing_file_are_refused(pyngx: Pyngx, tmp_path: Path) -> None:
    done = pyngx("check", "missing.py", ".")
    assert done.returncode == 1
    assert "missing.py cannot be read: No such file" in done.stderr
    assert ". is a directory" in done.stderr


def test_a_large_file_is_checked(pyngx: Pyngx, tmp_path: Path) -> None:
    lines = "".join(f"    x = {i}\n" for i in range(10_000))
    (tmp_path / "large.py").write_text(GOOD + lines + "    x = lambda: 1\n")
    done = pyngx("check", "large.py")
    assert done.returncode == 1 and "large.py:10008:9" in done.stderr


def test_compile_writes_what_changed_and_leaves_the_rest(
    pyngx: Pyngx, good: Path, tmp_path: Path
) -> None:
    done = pyngx("compile", "good.py", "-o", "out")
    assert (done.returncode, done.stdout, done.stderr) == (0, "out\n", "")
    out = tmp_path / "out"
    c_file = out / "ngx_http_good_filter_module.c"
    assert c_file.is_file() and (out / "config").is_file()
    (out / "mine.txt").write_text("kept")
    os.utime(c_file, ns=(0, 0))
    (out / "config").write_text("changed")
    assert pyngx("compile", "good.py", "-o", "out").returncode == 0
    assert c_file.stat().st_mtime_ns == 0
    assert "good" in (out / "config").read_text()
    assert (out / "mine.txt").read_text() == "kept"


def test_compile_of_several_files(pyngx: Pyngx, good: Path, tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(GOOD)
    done = pyngx("compile", "good.py", "other.py", "-o", "out")
    assert (done.returncode, done.stdout) == (0, "out/good\nout/other\n")
    assert (tmp_path / "out/other/ngx_http_other_filter_module.c").is_file()


def test_one_refused_file_keeps_all_from_being_written(
    pyngx: Pyngx, good: Path, bad: Path, tmp_path: Path
) -> None:
    assert pyngx("compile", "good.py", "bad.py", "-o", "out").returncode == 1
    assert not (tmp_path / "out").exists()


def test_two_files_of_one_name(pyngx: Pyngx, good: Path, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/good.py").write_text(GOOD)
    done = pyngx("compile", "good.py", "sub/good.py", "-o", "out")
    assert done.returncode == 1 and "error[PNX092]" in done.stderr


@pytest.mark.parametrize("command", ["compile", "build"])
def test_an_output_that_is_a_file(command: str, pyngx: Pyngx, good: Path, tmp_path: Path) -> None:
    for where in ("good.py", "good.py/below"):
        done = pyngx(command, "good.py", "-o", where)
        assert done.returncode == 1 and "error[PNX090]" in done.stderr
    assert good.read_text() == GOOD


def test_no_such_nginx(pyngx: Pyngx, good: Path) -> None:
    for command in (["check"], ["compile", "-o", "out"], ["build", "-o", "out"], ["run"]):
        done = pyngx(*command, "good.py", "--nginx", "/nonexistent/nginx")
        assert done.returncode == 1 and "error[PNX091]" in done.stderr, command
        assert "help: " in done.stderr


def test_build_leaves_the_module_only(pyngx: Pyngx, good: Path, tmp_path: Path) -> None:
    done = pyngx("build", "good.py", "-o", "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "out/ngx_http_good_filter_module.so\n"
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["ngx_http_good_filter_module.so"]


def test_doctor_reports_what_it_found(pyngx: Pyngx) -> None:
    done = pyngx("doctor")
    assert done.returncode == 0
    assert "nginx" in done.stdout and "compiler" in done.stdout
    done = pyngx("doctor", "--nginx", "/nonexistent/nginx")
    assert done.returncode == 1 and "-> " in done.stdout


@pytest.mark.parametrize(
    ("error", "message", "line"),
    [
        (InternalError("no rule", Span("good.py", 7, 5, 7, 6)), "no rule", 7),
        (ZeroDivisionError("oops"), "ZeroDivisionError: oops", 1),
    ],
)
def test_a_bug_of_ours_is_said_to_be_one(
    error: Exception, message: str, line: int, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compile_file(*_: object) -> None:
        raise error

    monkeypatch.setattr("pyngx.pipeline.compile_file", compile_file)
    monkeypatch.delenv("PYNGX_TRACEBACK", raising=False)
    monkeypatch.chdir(good.parent)
    done = CliRunner().invoke(cli.app, ["check", "good.py", "--format", "json"])
    assert done.exit_code == 1
    (found,) = json.loads(done.stdout)
    assert found["code"] == "PNX099" and message in found["message"]
    assert (found["path"], found["line"]) == ("good.py", line)
    assert "this is a bug in pyngx, not in your file" in found["notes"]


OUTCOMES = ("serving on ", "reloaded", "the last good version goes on serving")


class Running:
    """``pyngx run`` in the background; its output is read line by line, so nothing has to be
    timed."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "pyngx", "run", *arguments],
            cwd=folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said: list[str] = []
        serving = self.wait_for("serving on ")
        self.url = serving.split()[2].rstrip(",")

    def wait_for(self, words: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if words in line:
                return line
            if any(outcome in line for outcome in OUTCOMES):
                break  # the other one: nothing more would come
        raise AssertionError(f"it did not say {words!r}: {''.join(self.said)}")

    def header(self) -> str | None:
        with urllib.request.urlopen(self.url) as answer:
            value: str | None = answer.headers["X-Foo"]
            return value

    def stop(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        assert self.process.stdout is not None
        self.said.extend(self.process.stdout)
        return self.process.wait()


@pytest.fixture
def running(good: Path) -> Iterator[Running]:
    server = Running(good.parent, "good.py", "--set", "add_header X-Bar bar;")
    yield server
    if server.process.poll() is None:
        server.stop(signal.SIGTERM)
    assert server.process.stdout is not None
    server.process.stdout.close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_run_serves_reloads_and_stops(how: signal.Signals, running: Running, good: Path) -> None:
    assert running.header() == "one"
    good.write_text(GOOD.replace('b"one"', 'b"two"'))
    running.wait_for("reloaded")
    assert running.header() == "two"
    good.write_text(BAD)
    running.wait_for("the last good version goes on serving")
    assert running.header() == "two"
    good.write_text(GOOD)
    running.wait_for("reloaded")
    assert running.header() == "one"
    assert running.stop(how) == 0
    assert "Traceback" not in "".join(running.said)
    with pytest.raises(OSError):
        running.header()


def test_run_tells_what_nginx_refuses(pyngx: Pyngx, good: Path) -> None:
    done = pyngx("run", "good.py", "--set", "no_such_directive on;")
    assert done.returncode == 1
    assert 'unknown directive "no_such_directive"' in done.stderr


def test_every_code_of_the_commands_has_a_case_here() -> None:
    here = Path(__file__).read_text()
    assert not [code for code in CODES if "PNX090" <= code < "PNX100" and code not in here]
