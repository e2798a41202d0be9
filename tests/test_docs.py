"""The pages say what is true: their programs compile and serve, their links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.harness import client
from tests.harness.builds import EXAMPLES, REPOSITORY, Target, build_filters
from tests.harness.nginx import Nginx

PAGES = [REPOSITORY / "README.md", REPOSITORY / "CHANGES.md", *(REPOSITORY / "docs").glob("*.md")]
PROGRAMS = re.findall(r"```python\n(.*?)```", (REPOSITORY / "README.md").read_text(), re.DOTALL)


def test_the_first_program_of_the_readme_is_the_example() -> None:
    def code(text: str) -> str:
        return "".join(text.partition("\nclass Conf")[2].split())

    assert code(PROGRAMS[0]) == code((EXAMPLES / "footer.py").read_text())


def test_the_filter_of_ones_own_works(packaged: Target, tmp_path: Path) -> None:
    path = tmp_path / "greeting.py"
    path.write_text(PROGRAMS[1])
    assert PROGRAMS[1].count("\n") <= 20
    (module,) = build_filters([path], packaged, tmp_path)
    conf = "location / { greeting 'Good morning. '; }"
    files = {"index.html": b"a page"}
    with Nginx(packaged.binary, modules=[module], locations=conf, files=files) as nginx:
        response = client.request(nginx.port, "/index.html")
    assert response.body == b"Good morning. a page"
    assert response.header("X-Greeting") == "sent"
    assert response.header("Content-Length") == "20"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        assert "://" in link or (page.parent / link).exists(), link
    for name in re.findall(
        r"`((?:pyngx|tests|runtime|examples|benchmarks)/[\w./-]+)`", page.read_text()
    ):
        missing = not (REPOSITORY / name).exists()
        assert not missing or name == "pyngx/_runtime", name
