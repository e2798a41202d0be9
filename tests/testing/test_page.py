"""``docs/testing.md``: every example in it runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.harness.builds import REPOSITORY

PAGE = REPOSITORY / "docs" / "testing.md"


def test_examples(tmp_path: Path) -> None:
    """Each block of Python is a test file that passes; what asks for `served` runs twice."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert blocks
    for number, block in enumerate(blocks):
        (tmp_path / f"test_page_{number}.py").write_text(block)
    options = ("-q", "-p", "no:cacheprovider", "-p", "pyngx.testing.plugin")
    command = [sys.executable, "-m", "pytest", *options, str(tmp_path)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    tests = re.findall(r"^def test_\w+\((.*?)\)", "\n".join(blocks), re.MULTILINE)
    runs = sum(2 if "served" in parameters else 1 for parameters in tests)
    assert f"{runs} passed" in done.stdout


def test_commands() -> None:
    """Each command is run, and finds nothing wrong."""
    commands = re.findall(r"```sh\npyngx (.*?)\n```", PAGE.read_text())
    assert commands
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", "pyngx", *command.split()],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
