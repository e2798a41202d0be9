"""What ``pyngx test`` does with one file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pyngx.build.locate import NginxTarget
from pyngx.pipeline import Compiled
from pyngx.testing.lives.case import case, summary
from pyngx.testing.lives.modules import built_of, choose
from pyngx.testing.lives.search import Search

EXAMPLES = 300


def compared(
    compiled: Compiled,
    target: NginxTarget,
    examples: int | None,
    seconds: float | None,
    seed: int,
    say: Callable[[str], None],
    environment: str = "",
) -> str:
    """Compare both lives of a file; the first difference as a test file, which says that it is run
    with ``environment``; or nothing.

    Raises:
        BuildError: the machine lacks something.
    """
    choose(target)
    path = Path(compiled.module.source.path)
    search = Search(path, built_of(compiled), seed)
    outcome = search.run(examples or EXAMPLES, seconds)
    counted = f"{outcome.compared} responses in {outcome.configurations} configurations"
    for reason, number in outcome.passed_over.items():
        say(f"{path}: {number} responses are not compared: {reason}")
    if outcome.found is None:
        say(f"{path}: no difference in {counted}")
        return ""
    say(f"{path}: a difference after {counted}\n{summary(outcome.found)}")
    return case(path, outcome.found, environment)
