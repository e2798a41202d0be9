"""Every example with generated responses: no difference between CPython and nginx."""

from __future__ import annotations

import pytest

from pyngx.testing.lives.case import case, summary
from pyngx.testing.lives.modules import built
from pyngx.testing.lives.search import Search
from tests.examples import NAMES
from tests.harness.builds import EXAMPLES


@pytest.mark.parametrize("name", NAMES)
def test_generated_responses(name: str) -> None:
    """What ``pyngx test`` does."""
    path = EXAMPLES / f"{name}.py"
    outcome = Search(path, built(path), seed=0).run(12, None)
    found = outcome.found
    assert found is None, f"{summary(found)}\n{case(path, found)}"
    assert outcome.compared > 12 and not outcome.passed_over
