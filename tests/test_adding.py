"""``docs/adding-an-operation.md`` works as it stands: its edits, on a copy of the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.builds import REPOSITORY

PAGE = (REPOSITORY / "docs" / "adding-an-operation.md").read_text()
EDIT = re.compile(r"<!-- edit (\S+) (after: (.*)|at the end) -->\n\n```\w+\n((?:.*\n)*?)```\n")

SCRIPT = """\
import sys
from pathlib import Path

import pyngx
from tests.harness.builds import target
from tests.language.serving import Variables

folder = Path(sys.argv[1])
assert Path(pyngx.__file__).is_relative_to(Path.cwd())
served = Variables(folder / "added.py", target("packaged"), folder)
numbers = [0, 1, -1, 65535, 65536, 4660, 2**40]
texts = [b"", b"a", b"123456789", b"\\xff\\x80xyz", b"Ab" * 99]
inputs = [{b"a": b"%d" % a, b"s": s, b"t": s[:a % 5]} for a in numbers for s in texts]
with served.serving() as nginx:
    wrong = served.differences(nginx, inputs)
print(len(inputs), "inputs,", len(wrong), "differences", *wrong)
"""

FILTER = """\
import binascii

from pyngx import variable
from pyngx.ngx import ngx_http_request_t


@variable("added")
def added(r: ngx_http_request_t) -> str:
    s, t = r.arg(b"s") or b"", r.arg(b"t") or b""
    a = int(r.arg(b"a") or b"0")
    return {case}
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What of the checkout the edits and their proof need."""
    folder = tmp_path / "checkout"
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("pyngx", "runtime", "tests", "docs"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=ignored)
    return folder


def run(folder: Path, *arguments: str) -> str:
    """Python in the copy; what it printed, whether it went well or not."""
    kept = {k: v for k, v in os.environ.items() if k not in ("CI", "PYTHONPATH")}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, env=kept
    )
    return done.stdout + done.stderr


def test_the_three_edits_add_the_operation(copy: Path, tmp_path: Path) -> None:
    edits = [(name, after, text) for name, _, after, text in EDIT.findall(PAGE)]
    assert [Path(name).parts[0] for name, _, _ in edits] == ["pyngx", "runtime", "tests"]
    case = edits[2][2].strip()
    (tmp_path / "added.py").write_text(FILTER.format(case=case))
    refused = run(copy, "-m", "pyngx", "check", str(tmp_path / "added.py"))
    (said,) = re.findall(r"`('binascii[^`]*)`", PAGE.replace("\n", " "))
    assert said in refused

    for name, after, text in edits:
        path = copy / name
        before = path.read_text()
        if after:
            assert before.count(f"\n{after}\n") == 1, after
            path.write_text(before.replace(f"\n{after}\n", f"\n{after}\n{text}"))
        else:
            path.write_text(before + text)
    (tmp_path / "script.py").write_text(SCRIPT)
    script = "import runpy, sys; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0])"
    proof = run(copy, "-c", script, str(tmp_path / "script.py"), str(tmp_path))
    assert proof == "35 inputs, 0 differences\n"
    run(copy, "-m", "tests.operations")
    assert "| `binascii.crc_hqx(data, crc)` | `int` |" in (copy / "docs/operations.md").read_text()
    assert run(copy, "-m", "black", "--check", "-q", "-l", "100", "pyngx/ops") == ""
