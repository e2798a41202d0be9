"""What ``finally`` does on the way of an error that ends the request, beside CPython."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pyngx.testing import simulate
from tests.harness import client
from tests.harness.builds import Target
from tests.harness.nginx import Nginx
from tests.language.serving import build

FILTER = Path(__file__).with_name("filters") / "finals.py"
QUERIES = ("", "a=7", "a=7&c=x", "a=x", "a=7&b=0", "a=7&b=y", "a=500", "a=9223372036854775807&b=1")
SAID = re.compile(r"(inner \d+|outer \d+|finals\.py:\d+: \w+)")


def test_finally(packaged: Target, tmp_path: Path) -> None:
    """The same is logged, and the error once."""
    module = build([FILTER], packaged, tmp_path)[0]
    with Nginx(
        packaged.binary,
        modules=[module],
        files={"page": b"page"},
        allow=(r"finals\.py:", "inner", "outer"),
    ) as nginx:
        for query in QUERIES:
            before = len(nginx.error_log())
            got = client.request(nginx.port, f"/page?{query}")
            wanted = simulate(FILTER, body=b"page", uri="/page", args=query)
            assert (got.status, got.header("X-N")) == (wanted.status, wanted.header("X-N")), query
            said = sorted(SAID.findall(nginx.error_log()[before:]))
            lines = [record.getMessage() for record in wanted.log]
            errors = [SAID.search(str(error)) for error in wanted.errors]
            expected = sorted([*lines, *(found[0] for found in errors if found)])
            assert said == expected, query
            assert "outer 1" in said


@pytest.mark.parametrize("query", ["a=x", "a=7&b=0"])
def test_error_is_seen(query: str) -> None:
    """The errors above are errors in CPython."""
    assert len(simulate(FILTER, body=b"page", args=query).errors) == 1


FAILING = Path(__file__).with_name("filters") / "failing.py"
ERROR = re.compile(r"failing\.py:\d+: \w+")
MANY = (
    "y=1&b=1",
    "x=q&y=1&b=1",
    "x=q&y=0",
    "x=1&y=0",
    "y=1&a=q&b=1",
    "y=1&a=q&b=0",
    "y=1&a=q&b=0&z=3",
    "y=1&a=q&b=1&z=3",
    "y=1&a=q&b=1&z=q",
    "y=1&b=1&z=3",
    "w=q&v=0",
    "w=q&v=1",
    "w=1&v=0",
)


def test_errors_in_finally(packaged: Target, tmp_path: Path) -> None:
    """Both errors are logged, in their order, as CPython's traceback has them; what an ``except``
    has taken is not."""
    module = build([FAILING], packaged, tmp_path)[0]
    counts = set()
    with Nginx(
        packaged.binary, modules=[module], files={"page": b"page"}, allow=(r"failing\.py:",)
    ) as nginx:
        for query in MANY:
            before = len(nginx.error_log())
            got = client.request(nginx.port, f"/page?{query}")
            wanted = simulate(FAILING, body=b"page", uri="/page", args=query)
            assert (got.status, got.header("X-N")) == (wanted.status, wanted.header("X-N")), query
            said = ERROR.findall(nginx.error_log()[before:])
            assert said == [f"{e.place}: {e.error}" for e in wanted.errors], query
            counts.add(len(said))
    assert counts == {0, 1, 2, 3}
