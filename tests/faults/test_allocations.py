"""Each allocation of an example's module fails in turn, while it is configured and while it runs.

The request fails cleanly or is answered as always, the worker lives and serves the next one, and
the error log has no alert. The module is compiled with calls of nginx's allocating functions
redirected (``faults.h``); nginx is the one of the distribution, as it is.
"""

from __future__ import annotations

import mmap
import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pyngx.build.compile import build_module
from pyngx.build.locate import find_target
from tests.faults import BODY, CONFS, PIECES, Tried, some, unvaried
from tests.harness import client
from tests.harness.builds import EXAMPLES, SANITIZER_ENV, pyngx, target
from tests.harness.nginx import Nginx
from tests.harness.upstream import Reply, Upstream

HERE = Path(__file__).parent
MOST = 25
TRIED_ONLY = {"ASAN_OPTIONS": f"{SANITIZER_ENV['ASAN_OPTIONS']}:detect_leaks=0"}
"""``nginx -t`` ends without giving back what it has taken, which is no leak."""
ROADS = ("/file", "/proxied/")
SMALL = "proxy_http_version 1.1; proxy_buffering off; proxy_buffer_size 1k;"


class Faults:
    """The file that says which allocation fails."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(bytes(4096))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 4096)

    def set(self, first: int, onward: bool = False) -> None:
        """From now on the allocation of that number fails, counted from 1; 0 is none."""
        self._map[:24] = struct.pack("3Q", first, onward, 0)

    @property
    def count(self) -> int:
        """Allocations since ``set``."""
        count: int = struct.unpack_from("Q", self._map, 16)[0]
        return count


def _module(name: str, folder: Path, faults: Path) -> Path:
    where = target("packaged")
    done = pyngx("compile", str(EXAMPLES / f"{name}.py"), "-o", str(folder / "addon"))
    assert done.returncode == 0, done.stderr
    found = find_target(str(where.binary), str(where.source))
    flags = (f'-DFAULTS_FILE="{faults}"', "-include", str(HERE / "faults.h"))
    return build_module(folder / "addon", folder, found, flags)


@contextmanager
def _serving(name: str, folder: Path) -> Iterator[tuple[Nginx, Faults]]:
    faults = Faults(folder / "faults")
    module = _module(name, folder, folder / "faults")
    replies = {"/": Reply(PIECES, framing="chunked")}
    with (
        Upstream(replies) as upstream,
        Nginx(
            target("packaged").binary,
            modules=(module,),
            locations=f"location / {{ {CONFS[name]} }} "
            f"location /proxied/ {{ {CONFS[name]} {SMALL} proxy_pass {upstream.url}/; }}",
            files={"file": BODY},
            allow=(".*",),
        ) as nginx,
    ):
        yield nginx, faults


def _answer(nginx: Nginx, path: str) -> client.Response | None:
    """None if the connection ended before there was a whole header."""
    try:
        return client.request(nginx.port, path)
    except client.BadResponse:
        return None


@pytest.mark.parametrize("name", CONFS)
def test_a_request(name: str, tmp_path: Path, tried: Tried) -> None:
    with _serving(name, tmp_path) as (nginx, faults):
        worker = nginx.worker_pids()
        failed = count = 0
        for path in ROADS:
            faults.set(0)
            right = client.request(nginx.port, path)
            wanted = unvaried(right.body)
            assert right.status == 200 and right.complete
            for onward in (False, True):
                for first in some(range(1, faults.count + 1), MOST):
                    faults.set(first, onward)
                    response = _answer(nginx, path)
                    where = (path, first, onward)
                    if faults.count < first:
                        continue  # the pieces came in fewer buffers this time
                    count += 1
                    if response is None or not response.complete or response.status == 500:
                        failed += 1
                    else:
                        assert response.status == 200, where
                        assert unvaried(response.body) == wanted, where
                    assert nginx.worker_pids() == worker, where
                faults.set(0)
                response = client.request(nginx.port, path)
                assert unvaried(response.body) == wanted
        assert failed > 0 or count == 0
        tried("allocations failed in a request", count)


@pytest.mark.parametrize("name", CONFS)
def test_a_configuration(name: str, tmp_path: Path, tried: Tried) -> None:
    with _serving(name, tmp_path) as (nginx, faults):
        command = [*nginx._command, "-t"]
        faults.set(0)
        env = {**os.environ, **TRIED_ONLY}
        assert subprocess.run(command, capture_output=True, env=env).returncode == 0
        count = faults.count
        points = some(range(1, count + 1), MOST)
        for first in points:
            faults.set(first)
            done = subprocess.run(command, capture_output=True, text=True, env=env)
            assert done.returncode == 1, (first, done)
        faults.set(0)
        assert client.request(nginx.port, "/file").status == 200
        (nginx.prefix / "logs" / "error.log").write_text("")  # what it said of them
        tried("allocations failed in a configuration", len(points))
