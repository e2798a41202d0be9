"""``python -m tests.mutants [NAME…]``: plant each bug and see its tests fail; all without names.

The tests have to pass without a bug first. The exit status is 1 if they do not, or if a mutant
survives, is stale, or fails for another reason than its tests.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.mutants import REPOSITORY, Mutant, Stale, mutated, read

LIMIT = 120
"""Seconds for one test: a mutant may make a filter wait forever."""
SKIPPED = (".git", ".venv", "*cache*", "__pycache__", "*.egg-info", "build", "dist")
REFUSED = re.compile(r"\.c:\d+:\d+: error: ")
"""What a C compiler says of a text that is none: no test has seen such a mutant at work."""


def copied(folder: Path) -> Path:
    """A copy of the checkout's files."""
    tree = folder / "tree"
    shutil.copytree(REPOSITORY, tree, ignore=shutil.ignore_patterns(*SKIPPED))
    return tree


def run(tree: Path, names: Sequence[str]) -> tuple[int, str]:
    """Run tests in a copy, up to the first that fails; pytest's status and words."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    command += ["-o", f"timeout={LIMIT}", "-o", "timeout_func_only=true", *names]
    env = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def judged(mutant: Mutant, tree: Path) -> str:
    """Plant a bug in a copy, run its tests and take it out again: what is wrong with the mutant,
    or nothing."""
    path = tree / mutant.file
    right = path.read_text()
    try:
        path.write_text(mutated(mutant, tree))
        status, words = run(tree, mutant.tests)
    except Stale as stale:
        return str(stale)
    finally:
        path.write_text(right)
    if status == 0:
        return f"{mutant.name} survives {', '.join(mutant.tests)}"
    if status > 1:  # less than 0 is a signal: some tests call the runtime in their own process
        return f"{mutant.name}: pytest ended with {status}\n{words[-2000:]}"
    if mutant.file.endswith(".c") and REFUSED.search(words):
        return f"{mutant.name} is no C any more\n{words[-2000:]}"
    return ""


def main(names: Sequence[str]) -> int:
    """Judge the mutants of these names, or all; the process's exit status."""
    mutants = read()
    if unknown := set(names) - {mutant.name for mutant in mutants}:
        print(f"no such mutant: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    chosen = [mutant for mutant in mutants if not names or mutant.name in names]
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="pyngx-mutants-") as folder:
        tree = copied(Path(folder))
        named = sorted({test for mutant in chosen for test in mutant.tests})
        status, words = run(tree, named)
        if status != 0:
            print(f"the tests fail without any mutant\n{words[-2000:]}", file=sys.stderr)
            return 1
        for mutant in chosen:
            start = time.monotonic()
            fault = judged(mutant, tree)
            wrong += bool(fault)
            print(f"{time.monotonic() - start:5.1f} s  {fault or mutant.name}", flush=True)
    print(f"{len(chosen)} mutants, {len(chosen) - wrong} caught")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
