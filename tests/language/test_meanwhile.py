"""What a variable changes while the body filter runs, beside CPython."""

from __future__ import annotations

from pathlib import Path

from pyngx.testing import simulate
from tests.harness import client
from tests.harness.builds import Target
from tests.harness.nginx import Nginx
from tests.language.serving import build

FILTER = Path(__file__).with_name("filters") / "stale.py"
BODIES = (b"one\n", b"one\ntwo\nthree", b"%d\n" * 120 % tuple(range(120)))


def test_changes_meanwhile(packaged: Target, tmp_path: Path) -> None:
    """The filter finds changed what CPython finds changed; its copies stay."""
    (built,) = build([FILTER], packaged, tmp_path)
    files = {f"page{i}": data for i, data in enumerate(BODIES)}
    with Nginx(packaged.binary, modules=[built], files=files) as nginx:
        for name, data in files.items():
            wanted = simulate(FILTER, body=data, uri=f"/{name}")
            got = client.request(nginx.port, f"/{name}")
            assert (got.status, got.body) == (wanted.status, wanted.body), name
