"""Fixtures: the nginx binaries under test, and filters built for them once per session."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness.builds import (
    CHECK,
    SANITIZER_ENV,
    Target,
    build_filters,
    target,
    target_names,
)

if CHECK == "asan":
    os.environ.update(SANITIZER_ENV)

BuildFilter = Callable[[Path, Target], Path]


@pytest.fixture(scope="session", params=target_names())
def nginx_target(request: pytest.FixtureRequest) -> Target:
    """Each nginx under test in turn."""
    return target(request.param)


@pytest.fixture(scope="session")
def packaged() -> Target:
    """The installed nginx, for tests that one version is enough for."""
    return target("packaged")


@pytest.fixture(scope="session")
def build_filter(tmp_path_factory: pytest.TempPathFactory) -> BuildFilter:
    """A function from a filter file and a target to the built ``.so``.

    Built once per session, also when several workers run: they share one directory and a lock.
    """
    shared = _shared_directory(tmp_path_factory)

    def build(path: Path, where: Target) -> Path:
        content = hashlib.sha256(str(path).encode() + path.read_bytes()).hexdigest()[:12]
        output = shared / f"{where.name}-{path.stem}-{content}"
        with (shared / f"{output.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            done = output / f"ngx_http_{path.stem}_filter_module.so"
            if not done.exists():
                (done,) = build_filters([path], where, output)
            return done

    return build


def _shared_directory(factory: pytest.TempPathFactory) -> Path:
    """A directory that all workers of one session share."""
    base = factory.getbasetemp()
    shared = (base.parent if base.name.startswith("popen-") else base) / "filters"
    shared.mkdir(exist_ok=True)
    return shared


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was tried in all, where tests have counted it."""
    counts: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name.startswith("tried: ") and isinstance(value, int):
                counts[name.removeprefix("tried: ")] += value
    if counts:
        terminalreporter.section("tried")
        for what, number in sorted(counts.items()):
            terminalreporter.write_line(f"{number:8} {what}")
