"""The script that runs nginx's own test suite: what it counts, and what it refuses to judge."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.harness.builds import REPOSITORY, packaged_binary

SCRIPT = REPOSITORY / "scripts" / "nginx_tests.py"
LIB = "package Test::Nginx;\n1;\n"


def run(folder: Path, text: str, *more: str) -> subprocess.CompletedProcess[str]:
    """Run a suite of one file."""
    suite = folder / "suite"
    (suite / "lib" / "Test").mkdir(parents=True, exist_ok=True)
    (suite / "lib" / "Test" / "Nginx.pm").write_text(LIB)
    (suite / "one.t").write_text(text)
    command = [sys.executable, str(SCRIPT), str(suite), "one.t", "--nginx", str(packaged_binary())]
    return subprocess.run([*command, *more], capture_output=True, text=True)


def test_counts(tmp_path: Path) -> None:
    """Passed, expected to fail, failed, missing, skipped, dead: each is told from the others."""
    for text, line, code in (
        ('print "1..2\\nok 1 - a\\nnot ok 2 - b # TODO later\\n";', "2 of 2", 0),
        ('print "1..2\\nok 1 - a\\nnot ok 2 - b\\n";', "1 of 2", 1),
        ('print "1..3\\nok 1\\nok 2\\n";', "2 of 3", 1),
        ('print "1..0 # SKIP no sub available\\n";', "skipped (no sub available)", 1),
        ('die "at once";', "0 of 0", 1),
    ):
        done = run(tmp_path, text)
        assert (done.stdout, done.returncode) == (f"one.t: {line}\n", code), done


def test_the_binary_and_the_modules(tmp_path: Path) -> None:
    """A file sees the wrapper and what to load; nginx's own module is not judged in its place."""
    module = tmp_path / "ngx_http_mine_filter_module.so"
    module.write_bytes(b"")
    text = r"""
        my $said = `$ENV{TEST_NGINX_BINARY} -V 2>&1`;
        print "1..2\n", $said =~ /^configure arguments: .*--with-http_mine_module$/m ? "" : "not ";
        print "ok 1\n", $ENV{TEST_NGINX_GLOBALS} =~ /^load_module (\S+);$/ && -r $1 ? "" : "not ";
        print "ok 2\n";
    """
    done = run(tmp_path, text, "--module", str(module))
    assert (done.stdout, done.returncode) == ("one.t: 2 of 2\n", 0), done
    stock = tmp_path / "ngx_http_sub_filter_module.so"
    stock.write_bytes(b"")
    done = run(tmp_path, text, "--module", str(stock))
    assert done.returncode == 2 and "its own module would answer" in done.stderr
