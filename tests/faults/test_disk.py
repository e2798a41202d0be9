"""The disk is full where nginx keeps what it has not sent yet, or has not read yet.

No file of the worker may grow beyond a limit (``RLIMIT_FSIZE``, with its signal ignored): writing
to a temporary file then fails with an error, as on a full file system, and that needs no mount and
no rights. nginx ends such a response early; the filter is in the middle of its body.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults import BODY, CONFS, Tried, begins, excused, some, unvaried
from tests.harness import client
from tests.harness.builds import target
from tests.harness.nginx import Nginx, wait_for
from tests.harness.upstream import Reply, Upstream

LARGE = BODY * 700
"""More than lies in the buffers of nginx and of the kernel together with the largest limit."""
LIMITS = range(16_384, 200_000, 4096)
"""Bytes. The error log is one of the files, and it has to say that the disk is full."""
MOST = 3
FULL = r"\[crit\].* (?:failed \(27: |has written only )"
ABANDONED = ("reset by peer",)
SMALL = "proxy_buffers 4 4k; proxy_buffer_size 4k; proxy_busy_buffers_size 8k; "


class Limited(Nginx):
    """An nginx whose workers get an error, not a signal, from a file that is too large."""

    def limit(self, size: int) -> None:
        """No file may be larger than so many bytes, from now on; 0 is any size."""
        for worker in self.worker_pids():
            command = ["prlimit", f"--pid={worker}", f"--fsize={size or 'unlimited'}:unlimited"]
            subprocess.run(command, check=True)

    @property
    def fulls(self) -> int:
        """How often the disk was full."""
        return len(re.findall(FULL, self.error_log()))

    def wait_for_full(self, seen: int) -> None:
        """Return once the disk was full again, after so many times."""
        wait_for("a full disk", lambda: self.fulls > seen)

    @property
    def _command(self) -> list[str]:
        return ["env", "--ignore-signal=XFSZ", *super()._command]


@contextmanager
def _serving(name: str, module: Path, upstream: Upstream) -> Iterator[Limited]:
    proxy = f"{SMALL} proxy_pass {upstream.url}/; proxy_http_version 1.1; {CONFS[name]} "
    with Limited(
        target("packaged").binary,
        modules=(module,),
        http="proxy_cache_path {prefix}/cache keys_zone=z:1m;",
        locations=f"location /slow/ {{ proxy_temp_file_write_size 8k; {proxy} }} "
        f"location /cached/ {{ proxy_cache z; proxy_cache_valid any 1m; {proxy} }} "
        f"location /sent/ {{ client_body_buffer_size 1k; {proxy} }}",
        listen="sndbuf=8k",
        log_level="error",
        allow=ABANDONED,
    ) as nginx:
        yield nginx


def _cut(connection: client.Connection) -> bytes:
    """The body of a response that ends early; it may end before its header."""
    try:
        response = connection.receive()
    except client.BadResponse:
        return b""
    assert not response.complete
    return response.body


@pytest.mark.parametrize("name", CONFS)
def test_a_full_disk(name: str, modules: dict[str, Path], tried: Tried) -> None:
    limits = some(LIMITS, MOST)
    with (
        Upstream({f"/{n}": Reply((LARGE,)) for n in ("", *limits)}) as upstream,
        _serving(name, modules[name], upstream) as nginx,
    ):
        worker = nginx.worker_pids()
        whole = client.request(nginx.port, "/slow/")
        assert whole.complete and whole.status == 200
        with client.Connection(nginx.port) as connection:
            nginx.limit(limits[0])
            connection.send("/sent/", method="POST", headers=[("Content-Length", "40000")])
            connection.socket.sendall(bytes(40_000))
            assert connection.receive().status == 500
            assert nginx.fulls == 1
        for limit in limits:  # the larger the longer the error log is by then
            nginx.limit(limit)
            for road in ("slow", "cached"):
                before = nginx.fulls
                with client.Connection(nginx.port, rcvbuf=8192) as connection:
                    connection.send(f"/{road}/{limit}")
                    nginx.wait_for_full(before)
                    assert begins(whole.body, _cut(connection)), (road, limit)
            assert nginx.worker_pids() == worker
        nginx.limit(0)
        for road in ("slow", "cached"):
            after = client.request(nginx.port, f"/{road}/")
            assert after.complete and unvaried(after.body) == unvaried(whole.body)
        assert nginx.worker_pids() == worker
        tried("disks full", excused(nginx, FULL))
