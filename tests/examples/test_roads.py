"""The examples on every road on which a response can reach them, and their memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.examples import Built, Workshop
from tests.harness.builds import Target
from tests.harness.case import Case
from tests.harness.client import Response
from tests.harness.memory import MEMORY_ROADS
from tests.harness.roads import ROADS, Road, run_roads

TEXT = b"<!-- Served by nginx -->"
HARDEN = "harden_headers on; harden_policy \"default-src 'self'\";"
CIRCLE = "circle on; circle_min_radius 3;"
Make = Callable[[Case], Case]


def _prefixed(original: bytes, received: bytes) -> bool:
    """Whether every ``foo`` taken out gives the body; the bodies of roads have none."""
    return received.replace(b"foo", b"") == original and (b"foo" in received) == bool(original)


def _prefixed_footer(original: bytes, received: bytes) -> bool:
    """The same with the footers that pages of status 200 have."""
    return received.replace(b"foo", b"").replace(TEXT, b"") == original


def _inspect(response: Response) -> None:
    """What the filters that only touch headers do to every response of a road."""
    if response.status == 200:
        assert response.all("X-Foo") == ("foo",)
    assert response.all("X-Circle") == ("3-20",)
    assert response.all("Server") == ()
    assert response.all("X-Content-Type-Options") == ("nosniff",)
    assert response.all("Content-Security-Policy") == ("default-src 'self'",)


@dataclass(frozen=True)
class Scene:
    """Examples at work together, and what they do to a response."""

    name: str
    examples: tuple[str, ...]
    change: Make

    def __str__(self) -> str:
        return self.name

    def case(self, built: Built) -> Case:
        """The case for these examples, built in some way."""
        modules = built.modules(*self.examples)
        return self.change(Case(built.binary, modules=modules, env=built.env))


SCENES = (
    Scene(
        "footer",
        ("footer",),
        lambda case: replace(
            case, conf="footer on;", expected=lambda body: body + TEXT, length="exact"
        ),
    ),
    Scene(
        "prefix",
        ("prefix",),
        lambda case: replace(
            case, conf="prefix foo;", accepts=_prefixed, statuses=None, length="cleared"
        ),
    ),
    Scene(
        "headers",
        ("foo_header", "circle", "harden_headers", "not_modified", "set_var"),
        lambda case: replace(
            case,
            conf=f"{HARDEN} {CIRCLE} unchanged on; add_header X-Network $network always;",
            http="set_network $network;",
            inspect=_inspect,
        ),
    ),
    Scene(
        "everything",
        ("foo_header", "circle", "harden_headers", "prefix", "footer", "counter"),
        lambda case: replace(
            case,
            conf=f"footer on; prefix foo; {HARDEN} {CIRCLE}",
            accepts=_prefixed_footer,
            statuses=None,
            length="cleared",
            inspect=_inspect,
        ),
    ),
)
FOOTER, PREFIX, HEADERS, EVERYTHING = SCENES


@pytest.mark.parametrize("road", ROADS, ids=str)
@pytest.mark.parametrize("scene", (FOOTER, PREFIX, HEADERS), ids=str)
def test_road(scene: Scene, road: Road, nginx_target: Target, examples: Workshop) -> None:
    road.run(scene.case(examples.built("pyngx build", nginx_target)))


@pytest.mark.parametrize("road", ROADS, ids=str)
def test_counter_on_the_road(
    road: Road, nginx_target: Target, examples: Workshop, tmp_path: Path
) -> None:
    """The counts in the log are the lengths of the bodies that clients received."""
    log = tmp_path / "counted.log"
    log_format = f"log_format counted '$counter'; access_log {log} counted;"
    received: list[int] = []
    built = examples.built("pyngx build", nginx_target)
    case = Case(
        built.binary,
        modules=built.modules("counter"),
        http=log_format,
        encoded=True,
        partial=True,
        inspect=lambda response: received.append(len(response.body)),
    )
    road.run(case)
    lines = log.read_text().splitlines()
    counted = Counter(0 if line == "-" else int(line) for line in lines)
    assert lines and not Counter(received) - counted


@pytest.mark.parametrize("road", MEMORY_ROADS, ids=str)
@pytest.mark.parametrize("name", ("footer", "prefix", "counter"))
def test_memory(name: str, road: Road, nginx_target: Target, examples: Workshop) -> None:
    built = examples.built("pyngx build", nginx_target)
    if name == "counter":
        road.run(Case(built.binary, modules=built.modules("counter")))
    else:
        scene = FOOTER if name == "footer" else PREFIX
        road.run(scene.case(built))


def test_sanitized(packaged: Target, examples: Workshop) -> None:
    """All examples at once on every road, each access to memory checked."""
    run_roads(EVERYTHING.case(examples.built("sanitized", packaged)), ROADS)
