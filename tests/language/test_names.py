"""Names of the author's that mean something in C, to nginx, or in the generated code."""

from __future__ import annotations

from pathlib import Path

from tests.harness import client
from tests.harness.builds import Target
from tests.harness.nginx import Nginx
from tests.language.serving import build

FILTER = Path(__file__).with_name("filters") / "linux.py"


def test_names(packaged: Target, tmp_path: Path) -> None:
    """They are the author's: nothing clashes, and every value is the right one."""
    (module,) = build([FILTER], packaged, tmp_path)
    with Nginx(
        packaged.binary,
        modules=[module],
        http="main 20; cf text; rc 300;",
        locations="""
        location / {
            linux on; line_ 4000; prev_ 50000; groesse 7; null 5; static a 1; self me;
            unsigned register; add_header X-Value "$linux|$null";
        }""",
        files={"page": b"page"},
    ) as nginx:
        response = client.request(nginx.port, "/page")
    assert response.body == b"page"
    assert response.header("X-Linux") == str(1 + 300 + 20 + 4000 + 50000)
    assert response.header("X-Value") == "file40001x|5"
