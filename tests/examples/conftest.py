"""The examples for each nginx under test."""

from __future__ import annotations

import pytest

from tests.examples import KINDS, Workshop, workshop
from tests.examples.serving import Examples
from tests.harness.builds import target, target_names

WAYS = [(name, kind) for name in target_names() for kind in KINDS]
WAYS.append((target_names()[0], "sanitized"))


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """Builds the examples, once a session."""
    return workshop(tmp_path_factory)


@pytest.fixture(scope="session", params=WAYS, ids=" ".join)
def examples_as(request: pytest.FixtureRequest, examples: Workshop) -> Examples:
    """The examples in each way of building."""
    name, kind = request.param
    return Examples(examples.built(kind, target(name)))
