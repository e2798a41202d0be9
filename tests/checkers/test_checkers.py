"""mypy and pyright on filter files, with the stubs that are generated from nginx's headers.

Every right program of the repository (the examples, the filters of the language's tests, the right
programs of the messages' cases) passes, and each fault of ``faults.txt`` is seen: a line with
``# wrong`` by both, one with ``# wrong: mypy`` by that one. All files go through one run of each.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import stubs
from tests.diagnostics.cases import HEAD, read_all
from tests.harness.builds import EXAMPLES, REPOSITORY

FAULTS = Path(__file__).with_name("faults.txt")
LANGUAGE = REPOSITORY / "tests" / "language" / "filters"

ASKED_FOR = "var-annotated"
"""mypy's rule that an empty list is annotated: it sees fewer of the uses that tell what is in it
than the compiler does."""

Place = tuple[str, int]


def head() -> str:
    """What stands before each program, without nginx's functions: there is nothing to call."""
    return HEAD.replace("    ngx_http_clean_header,\n", "")


def faults() -> Iterator[tuple[str, str]]:
    """Titles and programs."""
    for part in FAULTS.read_text().split("## ")[1:]:
        title, _, program = part.partition("\n")
        yield title, head() + program


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every program, and nothing of the repository in the way."""
    folder = tmp_path_factory.mktemp("checkers")
    for path in [*EXAMPLES.glob("*.py"), *LANGUAGE.glob("*.py")]:
        (folder / path.name).write_text(path.read_text())
    for number, case in enumerate(read_all()[0]):
        if case.right is not None:
            (folder / f"right_{number}.py").write_text(head() + case.right)
    for number, (_, program) in enumerate(faults()):
        (folder / f"fault_{number}.py").write_text(program)
    return folder


@pytest.fixture(scope="module")
def by_mypy(programs: Path) -> dict[Place, str]:
    """What ``mypy --strict`` says, by file and line."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--config-file=",
            "--follow-imports=silent",
            f"--cache-dir={REPOSITORY / '.mypy_cache'}",
            *sorted(path.name for path in programs.glob("*.py")),
        ],
        cwd=programs,
        env={"MYPYPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    found = re.findall(r"^(\w+)\.py:(\d+): error: (.*)$", done.stdout, re.MULTILINE)
    assert len(found) == done.stdout.count(": error: "), done.stdout
    return {(name, int(line)): words for name, line, words in found if ASKED_FOR not in words}


@pytest.fixture(scope="module")
def by_pyright(programs: Path) -> dict[Place, str]:
    """What pyright says in its standard mode, and of the examples in its strict one."""
    options = {
        "include": ["."],
        "strict": [path.name for path in EXAMPLES.glob("*.py")],
        "extraPaths": [str(REPOSITORY)],
        "typeCheckingMode": "standard",
        "pythonVersion": "3.11",
    }
    (programs / "pyrightconfig.json").write_text(json.dumps(options))
    command = Path(sys.executable).with_name("basedpyright")
    done = subprocess.run(
        [command, "--outputjson"], cwd=programs, env={}, capture_output=True, text=True
    )
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == len(list(programs.glob("*.py")))
    return {
        (Path(one["file"]).stem, one["range"]["start"]["line"] + 1): one["message"]
        for one in report["generalDiagnostics"]
        if one["severity"] == "error"
    }


@pytest.fixture(params=["mypy", "pyright"])
def checker(request: pytest.FixtureRequest) -> tuple[str, dict[Place, str]]:
    """One of the two, and what it has found."""
    name: str = request.param
    return name, request.getfixturevalue(f"by_{name}")


def test_what_is_right_passes(checker: tuple[str, dict[Place, str]]) -> None:
    _, found = checker
    wrong = {place: words for place, words in found.items() if not place[0].startswith("fault_")}
    assert wrong == {}


def test_every_fault_is_seen_and_nothing_else(checker: tuple[str, dict[Place, str]]) -> None:
    name, found = checker
    missed, false = [], []
    for number, (title, program) in enumerate(faults()):
        for line, text in enumerate(program.split("\n"), 1):
            mark = re.search(r"# wrong(?:: (\w+))?$", text)
            wanted = mark is not None and mark[1] in (None, name)
            seen = found.get((f"fault_{number}", line))
            if wanted and seen is None:
                missed.append((title, text))
            if not wanted and seen is not None:
                false.append((title, text, seen))
    assert missed == []
    assert false == []


def test_the_stubs_are_those_of_the_installed_nginx() -> None:
    assert stubs.PAGE.read_text() == stubs.page(), "run: make stubs"
