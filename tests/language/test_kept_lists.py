"""Lists and objects in the context, in nginx as in CPython, for every way to cut the body."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyngx.testing.body import Pieces
from pyngx.testing.loading import model
from pyngx.testing.request import Request
from tests.harness import client
from tests.harness.builds import Target
from tests.harness.nginx import Nginx
from tests.harness.upstream import Reply, Upstream
from tests.language.serving import build, load

FILTERS = Path(__file__).with_name("filters")
FILTER = FILTERS / "kept.py"
BODIES = (
    b"",
    b"a\n",
    b"one\ntwo\nthree\n\nfive",
    b"name,qty\napple,3\npear,5\r\napple,4\n,1\nkiwi,x\nfig,10\n",
    b"%d\n" * 80 % tuple(range(80)),
)
ARGS = (b"", b"w=p,q,,r", b"w=,")


@pytest.mark.parametrize("name", ["kept", "changed", "grouped"])
def test_state_is_kept(name: str, packaged: Target, tmp_path: Path) -> None:
    """What the filters of one request put into a list or an object, the next read finds there."""
    (built,) = build([FILTERS / f"{name}.py"], packaged, tmp_path)
    module = load(FILTERS / f"{name}.py")
    replies = {}
    for number, data in enumerate(BODIES):
        for size in (1, 3, 1000):
            pieces = tuple(data[at : at + size] for at in range(0, len(data), size))
            headers = (("Content-Type", "text/plain"),)
            replies[f"/{number}-{size}"] = Reply(pieces, headers=headers, framing="chunked")
    wrong = []
    with Upstream(replies) as upstream:
        location = (
            f"location / {{ proxy_pass {upstream.url}; proxy_http_version 1.1;"
            " proxy_buffering off; }"
        )
        with Nginx(packaged.binary, modules=[built], locations=location) as nginx:
            for path, args in ((path, args) for path in replies for args in ARGS):
                data = BODIES[int(path[1:].split("-")[0])]
                ctx = module.Ctx()
                module.header(Request(model(), args=args), ctx)
                whole = [data[at : at + 5] for at in range(0, len(data), 5)]
                want = b"".join(bytes(part) for part in module.body(Pieces(whole), ctx))
                got = client.request(nginx.port, f"{path}?{args.decode()}")
                if (got.status, got.body) != (200, want):
                    wrong.append(f"{path}?{args!r}: {got.status} {got.body!r}, wanted {want!r}")
    assert not wrong, "\n".join(wrong[:10])


def test_each_request_has_lists_of_its_own() -> None:
    """The default of the class is not what its objects hold."""
    module = load(FILTER)
    one, two = module.Ctx(), module.Ctx()
    one.seen.append(1)
    one.words.append(b"a")
    assert (two.seen, two.words, two.pairs) == ([], [], [])
