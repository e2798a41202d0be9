"""The upstream's response cut at every byte, and the client gone after every byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import BODY, CONFS, Tried, some
from tests.harness import client
from tests.harness.builds import target
from tests.harness.nginx import Nginx
from tests.harness.upstream import Framing, Reply, Upstream

MOST = 12
FRAMINGS: tuple[Framing, ...] = ("length", "chunked")
PREMATURE = ("upstream prematurely closed", "upstream sent invalid chunked", "reset by peer")


@pytest.mark.parametrize("name", CONFS)
def test_upstream_cut(name: str, modules: dict[str, Path], tried: Tried) -> None:
    routes = {"/whole": Reply((BODY,))}
    paths = []
    for framing in FRAMINGS:
        for at in some(range(len(BODY)), MOST):
            path = f"/{framing}{at}"
            pieces = (BODY[:at], BODY[at:]) if at else (BODY,)
            cut = Reply(pieces, framing=framing, die_after=len(pieces) - 1, length=len(BODY))
            routes[path] = cut
            paths.append(path)
    with Upstream(routes) as upstream:
        proxy = f"proxy_pass {upstream.url}/; proxy_http_version 1.1; {CONFS[name]}"
        with Nginx(
            target("packaged").binary,
            modules=(modules[name],),
            locations=f"location /on/ {{ {proxy} }} "
            f"location /off/ {{ proxy_buffering off; {proxy} }}",
            allow=PREMATURE,
        ) as nginx:
            worker = nginx.worker_pids()
            whole = client.request(nginx.port, "/on/whole")
            assert whole.complete
            for path in paths:
                for road in ("/on", "/off"):
                    try:
                        response = client.request(nginx.port, road + path)
                    except client.BadResponse:
                        continue
                    assert not response.complete or response.status == 502, road + path
            after = client.request(nginx.port, "/off/whole")
            assert len(after.body) == len(whole.body)
            assert nginx.worker_pids() == worker
    tried("upstreams cut", 2 * len(paths))


@pytest.mark.parametrize("name", CONFS)
def test_client_gone(name: str, modules: dict[str, Path], tried: Tried) -> None:
    with Upstream({"/": Reply((BODY * 40,))}) as upstream:
        proxy = f"proxy_pass {upstream.url}/; {CONFS[name]}"
        with Nginx(
            target("packaged").binary,
            modules=(modules[name],),
            locations=f"location / {{ {CONFS[name]} }} location /on/ {{ {proxy} }} "
            f"location /off/ {{ proxy_buffering off; {proxy} }}",
            files={"file": BODY * 40},
        ) as nginx:
            worker = nginx.worker_pids()
            points = some(range(0, 1200, 7), MOST)
            for after in points:
                for path in ("/file", "/on/", "/off/"):
                    client.hang_up(nginx.port, path, after)
            whole = client.request(nginx.port, "/file")
            assert whole.complete and whole.status == 200
            assert nginx.worker_pids() == worker
    tried("clients gone", 3 * len(points))
