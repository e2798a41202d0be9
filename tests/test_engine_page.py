"""``docs/engine.md``: what it shows is what the compiler makes, and it works."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pyngx.testing.body import Pieces
from tests.engine_page import EXAMPLE, PAGE, page
from tests.harness import client
from tests.harness.builds import Target
from tests.harness.nginx import Nginx
from tests.harness.upstream import Reply, Upstream
from tests.language.serving import load
from tests.language.test_generators import cuts

MAIL = b"Lunch?\nToday at noon,\nas ever?\n-- \nA. N. Other\n"
SHORT = b"Lunch?\n"


def test_the_page_is_up_to_date() -> None:
    text = PAGE.read_text()
    assert page(text) == text, "run: make docs"


def test_the_example_works(packaged: Target, build_filter: Callable[[Path, Target], Path]) -> None:
    quote = load(EXAMPLE).quote
    wanted = {
        f"/{number}-{cut}": (pieces, b"".join(quote(Pieces([bytes([byte]) for byte in body]))))
        for number, body in enumerate((MAIL, SHORT, b""))
        for cut, pieces in cuts(body).items()
    }
    assert wanted["/0-whole"][1] == (
        b"Re: Lunch?\n> Today at noon,\n> as ever?\n(2 lines of Lunch?)\nA. N. Other\n"
    )
    replies = {path: Reply(pieces, framing="chunked") for path, (pieces, _) in wanted.items()}
    with Upstream(replies) as upstream:
        location = f"location / {{ proxy_pass {upstream.url}; proxy_buffering off; }}"
        module = build_filter(EXAMPLE, packaged)
        with Nginx(packaged.binary, modules=[module], locations=location) as nginx:
            for path, (_, body) in wanted.items():
                assert client.request(nginx.port, path).body == body, path
