"""``docs/cpython-tests.md``, made from a run: ``python -m tests.cpython.page`` writes it.

Where ``CI`` is set the page is not written: the run there is to find what the page says.
"""

from __future__ import annotations

import os
import platform
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.cpython.judge import Verdict, judge
from tests.harness.builds import REPOSITORY, target

PAGE = REPOSITORY / "docs" / "cpython-tests.md"
SHOWN = 3
"""Operations that are named for one reason."""
HEAD = """# CPython's own tests

What filters compute is judged by CPython. Its own tests are a part of that: the installed Python's
`test` package is loaded with every call and every operator passing a recorder, its tests are run,
and the recorded calls are made again by compiled filters in nginx. Each has to give CPython's
result, or its exception; an integer of more than 64 bits is an `OverflowError`.

This page was made by `python -m tests.cpython.page` with CPython {version}.
`tests/cpython/test_cases.py` makes the same run: it fails if any call that is made differs, and if
fewer apply than are counted here.

* *calls*: different calls of the operations that the module tests. Of loops that try all
  combinations the first {enough} of an operation.
* *not of filters*: an argument or result is of a type that filters do not have, as `bytearray`, an
  object with `__index__`, or an integer of more than 64 bits; or it is too long for a request line.
* *refused*: the compiler says that it does not compile them. Those that are a `TypeError` in
  CPython are counted apart: there is nothing to compile.
* *applying*: what is left. Of calls with the same kinds of arguments at most {most} are *made*.

"""


def page(verdict: Verdict) -> str:
    """The text of the page."""
    from tests.cpython.record import ENOUGH, MOST

    head = HEAD.format(version=platform.python_version(), enough=ENOUGH, most=MOST)
    table = "\n".join(_table(verdict))
    reasons = "\n".join(_reasons(verdict))
    return f"{head}{table}\n\n## What is refused\n\n{reasons}\n"


def _table(verdict: Verdict) -> Iterator[str]:
    yield (
        "| Module | calls | not of filters | refused | refused, a `TypeError` in CPython "
        "| applying | made | passed |"
    )
    yield "|---|--:|--:|--:|--:|--:|--:|--:|"
    total: Counter[int] = Counter()
    for suite, c in verdict.counts.items():
        figures = (c.calls, c.outside, c.refused, c.wrong, c.applying, c.made, c.passed)
        total.update(dict(enumerate(figures)))
        yield f"| `{suite}` | {' | '.join(map(str, figures))} |"
    yield f"| all | {' | '.join(str(total[i]) for i in range(7))} |"


def _reasons(verdict: Verdict) -> Iterator[str]:
    """What the compiler says, most calls first, with the operations that it says it of."""
    yield "| Calls | Message | Operations |"
    yield "|--:|---|---|"
    reasons: dict[str, Counter[str]] = {}
    for (name, message), calls in verdict.refused.items():
        reasons.setdefault(re.sub(r"'[^']*%[^']*'", "'%…'", message), Counter())[name] += calls
    for message, names in sorted(reasons.items(), key=lambda item: (-item[1].total(), item[0])):
        said = ", ".join(f"`{name}`" for name, _ in names.most_common(SHOWN))
        more = ", …" if len(names) > SHOWN else ""
        yield f"| {names.total()} | {message.replace('|', chr(92) + '|')} | {said}{more} |"


def counted() -> dict[str, int]:
    """How many calls of each module apply, as the page says."""
    rows = re.findall(r"^\| `(test_[\w.]+)` \|(.*)\|$", PAGE.read_text(), re.MULTILINE)
    return {name: int(cells.split("|")[4]) for name, cells in rows}


def main() -> int:
    """Write the page."""
    if os.environ.get("CI"):
        print("docs/cpython-tests.md is written by its author, not in CI", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        verdict = judge(target("packaged"), Path(folder))
    if verdict.differences:
        print(*verdict.differences, sep="\n", file=sys.stderr)
        return 1
    PAGE.write_text(page(verdict))
    return 0


if __name__ == "__main__":
    sys.exit(main())
