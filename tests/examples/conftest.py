"""The examples for each nginx under test."""

from __future__ import annotations

import pytest

from tests.examples import Workshop, workshop


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """Builds the examples, once a session."""
    return workshop(tmp_path_factory)
