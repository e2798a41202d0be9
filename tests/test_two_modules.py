"""Several compiled filters in one nginx: each with a state and a place of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.examples import Workshop, workshop
from tests.harness.builds import Target
from tests.harness.case import LARGE, PAGE, Case
from tests.harness.client import Response
from tests.harness.memory import MEMORY_ROADS
from tests.harness.nginx import wait_for
from tests.harness.roads import ROADS, Road
from tests.harness.site import site

TEXT = b"<!-- Served by nginx -->"
COUNTED = "log_format counted '$uri $counter';"
ORDERS = (
    ("counter", "footer", "prefix"),
    ("prefix", "footer", "counter"),
    ("footer", "prefix", "counter"),
)
"""In which they are loaded: the response passes them from the last to the first."""
TOGETHER = "footer on; prefix foo;"


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return workshop(tmp_path_factory)


def _whole(original: bytes, received: bytes) -> bool:
    """Whether a body without its prefixes and footers is the original."""
    plain = received.replace(b"foo", b"")
    return plain.replace(TEXT, b"") == original and (b"foo" in received) == bool(original)


def _ends(response: Response) -> None:
    """The footer is the end of every page that has one: 200, and not compressed."""
    if response.status == 200 and response.body and not response.header("Content-Encoding"):
        assert response.body.endswith(TEXT)


def _case(order: Sequence[str], where: Target, examples: Workshop) -> Case:
    return Case(
        where.binary,
        modules=examples.built("pyngx build", where).modules(*order),
        conf=TOGETHER,
        accepts=_whole,
        inspect=_ends,
        statuses=None,
        length="cleared",
    )


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_each_sees_what_passes_it(
    order: Sequence[str], nginx_target: Target, examples: Workshop
) -> None:
    case = _case(order, nginx_target, examples)
    log = "access_log {root}/../logs/counted.log counted;"
    with site(replace(case, http=COUNTED), files={"page.html": PAGE}, server=log) as here:
        body = here.get("/page.html").body
        path = here.nginx.prefix / "logs" / "counted.log"
        wait_for("the log's line", lambda: path.exists() and path.read_text().endswith("\n"))
        # a file is one buffer, and the footer another, if prefix comes after it
        prefixed = b"foo" + PAGE
        wanted = prefixed + (b"foo" if order.index("prefix") < order.index("footer") else b"")
        assert body == wanted + TEXT
        counted = len(body) if order[0] == "counter" else len(PAGE)
        assert path.read_text() == f"/page.html {counted}\n"


@pytest.mark.parametrize("road", ROADS, ids=str)
def test_together_on_the_road(road: Road, packaged: Target, examples: Workshop) -> None:
    """One order on every road, reloads while requests run among them."""
    road.run(_case(ORDERS[0], packaged, examples))


@pytest.mark.parametrize("road", MEMORY_ROADS, ids=str)
def test_memory_together(road: Road, nginx_target: Target, examples: Workshop) -> None:
    """Ten thousand requests, a client that never reads, a long run of small pieces."""
    road.run(_case(ORDERS[1], nginx_target, examples))


def test_state_is_of_one_location(nginx_target: Target, examples: Workshop) -> None:
    """What one module is told in one location does not reach another module or location."""
    case = _case(ORDERS[0], nginx_target, examples)
    places = """
        location /footer/ { alias {root}/; footer on; }
        location /prefix/ { alias {root}/; prefix foo; }
        location /text/ { alias {root}/; footer on; footer_text foo; prefix bar; }
    """
    files = {"page.html": PAGE, "large.html": LARGE}
    with site(case, files=files, locations=places) as here:
        for _ in range(2):
            assert here.get("/plain/page.html").body == PAGE
            assert here.get("/footer/page.html").body == PAGE + TEXT
            assert here.get("/prefix/page.html").body == b"foo" + PAGE
            assert here.get("/text/page.html").body == b"bar" + PAGE + b"foo"


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_each_sees_the_end_of_a_subrequest(
    order: Sequence[str], nginx_target: Target, examples: Workshop
) -> None:
    """The end that one module has passed on is where the next one puts its text."""
    case = _case(order, nginx_target, examples)
    places = "location /ssi/ { alias {root}/; ssi on; }"
    files = {"page.html": PAGE, "all.html": b'A<!--#include virtual="/page.html" -->B'}
    with site(case, files=files, locations=places) as here:
        body = here.get("/ssi/all.html").body
        assert body.replace(b"foo", b"") == b"A" + PAGE + TEXT + b"B"


def test_no_symbol_is_shared(nginx_target: Target, examples: Workshop) -> None:
    """A module exports what nginx looks for, and nothing of the runtime: two modules cannot take
    each other's functions."""
    for module in examples.built("pyngx build", nginx_target).modules(*ORDERS[0]):
        assert _exported(module) <= {"ngx_modules", "ngx_module_names", "ngx_module_order"}


def _exported(library: Path) -> set[str]:
    listed = subprocess.run(
        ["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True
    )
    return {line.split()[-1].partition("@")[0] for line in listed.stdout.splitlines()}
