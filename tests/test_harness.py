"""The harness against stock nginx: right answers pass on every road, and each fault is found."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from os import kill
from pathlib import Path
from typing import Any

import pytest

from tests.harness import client, http2
from tests.harness.builds import PIECES, SANITIZER_ENV, Target, build_static, target
from tests.harness.case import PAGE, Case
from tests.harness.memory import MEMORY_ROADS
from tests.harness.nginx import (
    ConfigRefused,
    Nginx,
    NginxFault,
    check_config,
    judge_log,
    proc_file,
    version_of,
    wait_for,
)
from tests.harness.roads import ROADS, Road, run_roads
from tests.harness.upstream import Reply, Upstream

ROAD = {road.name: road for road in (*ROADS, *MEMORY_ROADS)}
NO_BODY = {"no_content", "head"}
"""Roads on which a filter's effect on bodies cannot be seen."""


@pytest.mark.parametrize("road", ROADS, ids=str)
def test_nginx_without_a_filter_changes_nothing(road: Road, nginx_target: Target) -> None:
    road.run(Case(nginx_target.binary))


@pytest.mark.parametrize("road", MEMORY_ROADS, ids=str)
def test_memory_without_a_filter_is_flat(road: Road, packaged: Target) -> None:
    road.run(Case(packaged.binary))


@pytest.mark.parametrize("road", [road for road in ROADS if road.name not in NO_BODY], ids=str)
def test_every_road_sees_a_body_that_is_not_as_expected(road: Road, packaged: Target) -> None:
    """A filter that should append, and does not, fails everywhere."""
    case = Case(
        packaged.binary,
        expected=lambda body: body + b"footer",
        after_gunzip=True,
        encoded=True,
        partial=True,
        statuses=None,
    )
    if road.name == "upstream_dies_in_the_middle":
        case = replace(case, expected=lambda body: b"header" + body)
    if road.name == "ranges_of_a_file":
        case = replace(case, length="cleared")
    if road.name == "not_modified":
        case = replace(case, inspect=_must_not_see)
    with pytest.raises(AssertionError):
        road.run(case)


SUB_FILTER_FAULTS = {
    "range_from_an_upstream": "Content-Length None",  # it edits a 206
    "encoded_by_the_upstream": "Content-Length None",  # and compressed bodies
    "empty_body": "ranges of a changed body",  # it leaves responses of length 0 alone
    "text_from_the_configuration": "Content-Length 0",
    "from_cache": "Content-Length 0",
}
"""Where nginx's own sub filter differs from what a pyngx filter must do."""


@pytest.mark.parametrize("road", ROADS, ids=str)
def test_a_real_filter_passes_except_for_its_known_faults(road: Road, packaged: Target) -> None:
    case = Case(
        packaged.binary,
        conf="sub_filter an <an>; sub_filter_once off; sub_filter_types *;",
        expected=lambda body: body.replace(b"an", b"<an>"),
        length="cleared",
        statuses=None,
        after_gunzip=True,
    )
    if fault := SUB_FILTER_FAULTS.get(road.name):
        with pytest.raises(AssertionError, match=fault):
            road.run(case)
    else:
        road.run(case)


def _must_not_see(response: client.Response) -> None:
    raise AssertionError(response)


def test_the_head_road_sees_a_wrong_length(packaged: Target) -> None:
    case = Case(packaged.binary, expected=lambda body: body + b"footer")
    with pytest.raises(AssertionError, match="Content-Length 50, body 56"):
        ROAD["head"].run(case)


def test_a_changed_body_must_lose_ranges_and_strong_etag(packaged: Target) -> None:
    for header in ("Accept-Ranges: bytes", 'ETag: "v"', "Content-Length: 2"):
        name, value = header.split(": ")
        response = client.Response(200, ((name, value),), b"ab", b"", True)
        Case(packaged.binary).judge(response, b"ab")
        with pytest.raises(AssertionError):
            Case(packaged.binary, length="cleared").judge(response, b"ab")


def test_run_roads_names_the_road_of_each_fault(packaged: Target) -> None:
    roads = (ROAD["keep_alive"], ROAD["no_content"], ROAD["pipelined"])
    with pytest.raises(ExceptionGroup) as caught:
        run_roads(Case(packaged.binary, expected=lambda body: body + b"x"), roads)
    notes = [fault.__notes__ for fault in caught.value.exceptions]
    assert notes == [["on the road keep_alive"], ["on the road pipelined"]]


def test_unbounded_buffering_is_found(packaged: Target) -> None:
    """Stock nginx told to buffer 64 MB stands for a filter that piles up its output."""
    case = Case(packaged.binary, conf="output_buffers 64 1m;")
    with pytest.raises(AssertionError, match="without the filter"):
        ROAD["never_reading_a_file"].run(case)


@pytest.mark.parametrize(
    "line",
    [
        "2030/01/01 00:00:00 [alert] 7#7: *1 zero size buf in writer t:0 r:0",
        "2030/01/01 00:00:00 [alert] 7#7: *1 the http output chain is empty while sending",
        "2030/01/01 00:00:00 [notice] 7#7: worker process 9 exited on signal 11",
        "2030/01/01 00:00:00 [emerg] 7#7: no memory",
        "2030/01/01 00:00:00 [crit] 7#7: *1 something failed",
        "2030/01/01 00:00:00 [error] 7#7: *1 footer.py:3: IndexError: index out of range",
        "==7==ERROR: AddressSanitizer: heap-use-after-free on address",
        "footer.py:12:5: runtime error: signed integer overflow",
    ],
)
def test_a_wrong_line_of_the_log_is_found(line: str) -> None:
    assert judge_log(f"2030/01/01 00:00:00 [notice] 7#7: start\n{line}\n") == [line]


def test_expected_errors_are_excused_and_alerts_are_not() -> None:
    error, alert = "[error] 7#7: *1 footer.py:3: IndexError", "[alert] 7#7: *1 footer.py:3: bad"
    assert judge_log(f"{error}\n{alert}", allow=[r"footer\.py:3"]) == [alert]


def test_an_alert_fails_the_block(packaged: Target) -> None:
    with (
        pytest.raises(NginxFault, match="zero size buf"),
        Nginx(packaged.binary) as nginx,
        (nginx.prefix / "logs" / "error.log").open("a") as log,
    ):
        log.write("2030/01/01 00:00:00 [alert] 7#7: *1 zero size buf in output\n")


def test_a_crashed_worker_fails_the_block(packaged: Target) -> None:
    with pytest.raises(NginxFault, match="exited on signal 11"), Nginx(packaged.binary) as nginx:
        (worker,) = nginx.worker_pids()
        kill(worker, signal.SIGSEGV)
        nginx.wait_for_log("exited on signal")


@pytest.fixture(scope="session")
def sanitized() -> Path:
    """A sanitized nginx with the content handler of ``pieces/`` in it."""
    return build_static([PIECES], target("1.26.3"), sanitize=True)


@pytest.mark.parametrize("road", ROADS, ids=str)
def test_sanitizers_find_nothing_in_stock_nginx(road: Road, sanitized: Path) -> None:
    road.run(Case(sanitized, env=SANITIZER_ENV))


def test_a_read_beyond_an_allocation_is_found(sanitized: Path) -> None:
    own = "location / { pieces tol:abc; }"
    with (
        pytest.raises(NginxFault, match="AddressSanitizer: heap-buffer-overflow"),
        Nginx(sanitized, locations=own, env=SANITIZER_ENV) as nginx,
        client.Connection(nginx.port) as connection,
    ):
        connection.send("/")
        nginx.wait_for_log("SUMMARY: AddressSanitizer")


def test_the_test_s_own_failure_is_not_hidden_by_the_log(packaged: Target) -> None:
    with pytest.raises(ValueError, match="mine") as caught, Nginx(packaged.binary) as nginx:
        assert client.request(nginx.port, "/none").status == 404
        raise ValueError("mine")
    assert "No such file" in caught.value.__notes__[0]


def test_a_refused_configuration_tells_why(nginx_target: Target) -> None:
    assert "successful" in check_config(nginx_target.binary, locations="location / { }")
    for refuse in (check_config, _start):
        with pytest.raises(ConfigRefused, match='unknown directive "footer"'):
            refuse(nginx_target.binary, locations="location / { footer on; }")


def _start(binary: Path, *, locations: str) -> None:
    with Nginx(binary, locations=locations):
        raise AssertionError("nginx has started")


def test_reload_replaces_the_workers(packaged: Target) -> None:
    with Nginx(packaged.binary, files={"a": b"body"}, workers=2) as nginx:
        before = set(nginx.worker_pids())
        nginx.reload()
        assert len(set(nginx.worker_pids()) - before) == 2
        assert client.request(nginx.port, "/a").body == b"body"


def test_versions_and_protocols(nginx_target: Target) -> None:
    version = ".".join(map(str, version_of(nginx_target.binary)))
    with Nginx(nginx_target.binary, files={"a.html": PAGE}) as nginx:
        for response in (
            client.request(nginx.port, "/a.html"),
            http2.request(nginx.http2_port, "/a.html"),
        ):
            assert response.body == PAGE
            assert response.header("server") == f"nginx/{version}"
        lines = nginx.wait_for_access(2)
    assert [line.split()[0] for line in lines] == ["200", "200"]
    assert not nginx.prefix.exists()


def test_memory_is_that_of_the_worker(packaged: Target) -> None:
    with Nginx(packaged.binary) as nginx:
        memory = nginx.memory()
        assert 100 < memory.dirty <= memory.private <= memory.rss < 100_000
        assert nginx.rss() >= memory.pss


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc", "after the end"),
        (b"HTTP/1.1 204 No Content\r\n\r\nabc", "after the end"),
        (b"HTTP/1.1 304 Not Modified\r\n\r\nabc", "after the end"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", "chunk"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "chunk size"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n0\r\n\r\n",
            "after the end",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n",
            "contradictory",
        ),
        (b"HTTP/1.1 200 OK\r\nETag: a\r\nETag: b\r\n\r\n", "twice"),
        (b"HTTP/1.1 200 OK\r\nX-A b\r\n\r\n", "not a header line"),
        (b"<html>", "the stream ends"),
        (b"<html>\r\n\r\n", "not a status line"),
    ],
)
def test_a_response_that_breaks_http_is_refused(raw: bytes, fault: str) -> None:
    with pytest.raises(client.BadResponse, match=fault):
        _exchange(raw, lambda port: client.request(port, "/"))


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
    ],
)
def test_a_response_that_ends_early_is_incomplete(raw: bytes) -> None:
    response = _exchange(raw, lambda port: client.request(port, "/"))
    assert response.body == b"abc" and not response.complete


def test_head_with_a_body_is_refused() -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
    with pytest.raises(client.BadResponse, match="after the end"):
        _exchange(raw, lambda port: client.request(port, "/", method="HEAD"))


def _exchange(raw: bytes, ask: Callable[[int], client.Response]) -> client.Response:
    """Answer one request with raw bytes and close."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(raw)

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            return ask(server.getsockname()[1])
        finally:
            thread.join()


def test_the_upstream_frames_as_told(packaged: Target) -> None:
    replies = {
        "/length": Reply((b"ab", b"c")),
        "/chunked": Reply((b"ab", b"c"), framing="chunked"),
        "/close": Reply((b"ab", b"c"), framing="close"),
        "/dies": Reply((b"ab", b"c"), framing="chunked", die_after=1),
    }
    with Upstream(replies) as upstream:
        raw = {path: client.request(upstream.port, path) for path in replies}
        assert [seen.path for seen in upstream.seen] == list(replies)
    assert raw["/length"].header("Content-Length") == "3"
    assert raw["/chunked"].raw.endswith(b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
    assert raw["/close"].raw.endswith(b"close\r\n\r\nabc")
    assert raw["/dies"].body == b"ab" and not raw["/dies"].complete


@pytest.mark.parametrize("opened", [False, True], ids=["before it is opened", "before it is read"])
def test_a_process_that_ends_while_it_is_asked_about(
    opened: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reload ends workers at any moment: what is read of one that has ended is empty."""
    process = subprocess.Popen(["sleep", "60"])
    name = f"{process.pid}/cmdline"
    wait_for("the program's start", lambda: proc_file(name) == b"sleep\x0060\x00")
    found = Path.open

    def ends(path: Path, *arguments: Any) -> Any:
        file = found(path, *arguments) if opened else None
        process.kill()
        process.wait()
        return file or found(path, *arguments)

    monkeypatch.setattr(Path, "open", ends)
    assert proc_file(name) == b""


def test_two_test_processes_never_get_the_same_port() -> None:
    """Nor if they ask at once: nobody listens on a port before its nginx has started."""
    program = "import random; from pyngx.testing.nginx import free_port; random.seed(7); "
    program += "print(free_port(), flush=True); input()"
    with ExitStack() as stack:
        ports = set()
        for _ in range(3):
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", program],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(process.communicate, "\n")
            assert process.stdout is not None
            ports.add(int(process.stdout.readline()))
    assert len(ports) == 3
