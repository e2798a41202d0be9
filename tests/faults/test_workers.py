"""Workers that are killed or replaced while each example is in the middle of a body."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.faults import BODY, CONFS, Tried, begins, excused, unvaried
from tests.harness import client
from tests.harness.builds import target
from tests.harness.nginx import Nginx, wait_for
from tests.harness.upstream import Reply, Upstream

KILLED = r"worker process \d+ exited on signal 9"
HALF = len(BODY) // 2
ASKERS = 3
RELOADS = 20


class Halves:
    """The body in two pieces: the second one comes when it is let."""

    def __init__(self) -> None:
        self.gate = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        yield BODY[:HALF]
        self.gate.wait(client.TIMEOUT)
        yield BODY[HALF:]


@contextmanager
def _serving(modules: dict[str, Path], upstream: Upstream) -> Iterator[Nginx]:
    """All examples in one nginx of two workers, ``/name/`` each; upstream sees who asks it."""
    proxy = f"proxy_pass {upstream.url}/; proxy_http_version 1.1; proxy_buffering off; "
    proxy += "proxy_set_header X-Worker $pid; "
    with Nginx(
        target("packaged").binary,
        modules=tuple(modules.values()),
        locations=" ".join(f"location /{n}/ {{ {proxy} {CONFS[n]} }}" for n in CONFS),
        listen="reuseport",
        workers=2,
    ) as nginx:
        yield nginx


def _wholes(nginx: Nginx) -> dict[str, bytes]:
    found = {name: client.request(nginx.port, f"/{name}/whole") for name in CONFS}
    assert all(response.complete and response.status == 200 for response in found.values())
    return {name: unvaried(response.body) for name, response in found.items()}


@contextmanager
def _in_the_middle(
    nginx: Nginx, upstream: Upstream
) -> Iterator[list[tuple[str, int, client.Connection]]]:
    """Requests whose response has begun: example, worker and connection; at least one of each
    example with each worker."""
    found: list[tuple[str, int, client.Connection]] = []
    workers = set(nginx.worker_pids())
    with ExitStack() as stack:
        for name in CONFS:
            mine: set[int] = set()
            while mine != workers:
                connection = stack.enter_context(client.Connection(nginx.port))
                path = f"/half{len(found)}-{name}"
                upstream.routes[path] = upstream.routes["/half"]
                connection.send(f"/{name}{path}", headers=[("Connection", "close")])
                connection.socket.recv(1, socket.MSG_PEEK)
                asked = next(seen for seen in upstream.seen if seen.path == path)
                worker = int(asked.header("X-Worker") or 0)
                mine.add(worker)
                found.append((name, worker, connection))
        yield found


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP])
def test_a_worker_ends(way: signal.Signals, modules: dict[str, Path], tried: Tried) -> None:
    """Killed or told to end, requests of that worker are cut and the master starts another one;
    told to end gracefully, or by a reload, it ends them first. The other worker's are whole."""
    halves = Halves()
    with (
        Upstream({"/whole": Reply((BODY,)), "/half": Reply(halves, framing="chunked")}) as upstream,
        _serving(modules, upstream) as nginx,
    ):
        wholes = _wholes(nginx)
        with _in_the_middle(nginx, upstream) as requests:
            before = set(nginx.worker_pids())
            victim = min(before)
            if way == signal.SIGHUP:
                nginx.reload()
            else:
                os.kill(victim, way)
            if way == signal.SIGQUIT:  # the other one is started when this one has ended
                nginx.wait_for_log(f"{victim}#{victim}: gracefully shutting down")
            else:
                wait_for("another worker", lambda: bool(set(nginx.worker_pids()) - before))
                assert _wholes(nginx) == wholes
            halves.gate.set()
            for name, worker, connection in requests:
                response = connection.receive()
                if worker == victim and way in (signal.SIGKILL, signal.SIGTERM):
                    assert not response.complete and begins(wholes[name], response.body), name
                else:
                    assert response.complete and unvaried(response.body) == wholes[name], name
        wait_for(
            "two workers without it",
            lambda: len(nginx.worker_pids()) == 2 and victim not in nginx.worker_pids(),
        )
        assert _wholes(nginx) == wholes
        assert excused(nginx, KILLED) == (way == signal.SIGKILL)
        tried(f"responses in their middle at {way.name}", len(requests))


def test_reloads_under_load(modules: dict[str, Path], tried: Tried) -> None:
    """Clients that ask without a pause get each response whole while the master reloads."""
    done = threading.Event()
    failures: list[str] = []
    counts = [0] * ASKERS
    with Upstream({"/whole": Reply((BODY,))}) as upstream, _serving(modules, upstream) as nginx:
        wholes = _wholes(nginx)

        def ask(asker: int) -> None:
            while not done.is_set() and not failures:
                for name, whole in wholes.items():
                    try:
                        response = client.request(nginx.port, f"/{name}/whole")
                    except (AssertionError, OSError) as failure:
                        failures.append(f"{name}: {failure!r}")
                        return
                    if not response.complete or unvaried(response.body) != whole:
                        failures.append(f"{name}: {response}")
                    counts[asker] += 1

        threads = [threading.Thread(target=ask, args=(asker,)) for asker in range(ASKERS)]
        for thread in threads:
            thread.start()
        for number in range(1, RELOADS + 1):
            nginx.reload()
            _wait_for_sum(counts, failures, number * len(CONFS))
        done.set()
        for thread in threads:
            thread.join()
        assert not failures, failures[0]
        wait_for("the old workers' end", lambda: len(nginx.worker_pids()) == 2)
        tried("reloads under load", RELOADS)
        tried("responses while it reloads", sum(counts))


def _wait_for_sum(counts: list[int], failures: list[str], least: int) -> None:
    wait_for("requests", lambda: bool(failures) or sum(counts) > least)
