"""Fixtures: the examples as modules, and the count of what was tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import BuildFilter
from tests.faults import CONFS, Tried
from tests.harness.builds import EXAMPLES, Target


@pytest.fixture(scope="session")
def modules(build_filter: BuildFilter, packaged: Target) -> dict[str, Path]:
    """The examples by name, built for the packaged nginx."""
    return {name: build_filter(EXAMPLES / f"{name}.py", packaged) for name in CONFS}


@pytest.fixture
def tried(request: pytest.FixtureRequest) -> Tried:
    """Counts what was tried: the end of pytest's output has the sums."""

    def count(what: str, number: int) -> None:
        request.node.user_properties.append((f"tried: {what}", number))

    return count
