"""A few hundred fuzzed programs, the same every time."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from tests.fuzzing.compiler import judge, program

SHARDS = 4
IN_A_SHARD = 50


@pytest.mark.parametrize("shard", range(SHARDS))
def test_the_compiler_answers(shard: int, tmp_path: Path) -> None:
    source = random.Random(f"fuzzing {shard}")
    outcomes: Counter[str] = Counter()
    for _ in range(IN_A_SHARD):
        found = judge(program(source), tmp_path, outcomes)
        assert found is None, f"{found.what}\n{found.program}"
    assert outcomes["refused"] and outcomes["compiled"], outcomes
