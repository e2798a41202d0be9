"""A real nginx for tests: its own prefix, its own port, its own logs.

``with Nginx(binary, locations="location / { }") as nginx:`` starts a master with one worker on a
free loopback port and waits until it accepts.  Leaving the block stops it gracefully and then
judges the error log: nothing at ``alert`` or above, none of the alerts that a wrong filter causes,
no worker that ended on a signal, and no ``error`` line unless ``allow`` expects it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

DEADLINE = 60.0
"""Seconds after which something that must happen is taken to hang; never a measure of speed."""

FATAL = re.compile(
    r"\[(?:alert|emerg|crit)\]|zero size buf|http output chain is empty|exited on signal"
    r"|AddressSanitizer|runtime error:|LeakSanitizer"
)
ERROR = re.compile(r"\[error\]")
TEMP_PATHS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class ConfigRefused(Exception):
    """``nginx -t`` refused a configuration; the text is what nginx printed."""


class NginxFault(AssertionError):
    """nginx did something that no correct filter makes it do: crashed, or logged an alert."""


def judge_log(text: str, allow: Sequence[str] = ()) -> list[str]:
    """The lines of an error log that no correct run has, without those matching ``allow``.

    ``allow`` excuses lines at ``error``; what is fatal is never excused by it.
    """
    excused = [re.compile(pattern) for pattern in allow]
    return [
        line
        for line in text.splitlines()
        if FATAL.search(line)
        or (ERROR.search(line) and not any(pattern.search(line) for pattern in excused))
    ]


_given: set[int] = set()


@cache
def _port_locks() -> int:
    """An open file of which byte N is locked by the process that was given port N.

    Such locks end with their process, however it ends (fcntl(2)).
    """
    path = Path(tempfile.gettempdir(), f"pyngx-ports-{os.getuid()}")
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on, and that no other test process has.

    Below the range from which the kernel takes ports for outgoing connections: the thousands that
    parallel tests open cannot take it before nginx binds it. One process is given no port twice
    until it has had two thousand.
    """
    while True:
        port = random.randrange(10_000, 32_000)
        if port in _given:
            if len(_given) > 2_000:
                _given.clear()
            continue
        with socket.socket() as probe, contextlib.suppress(OSError):
            fcntl.lockf(_port_locks(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            _given.add(port)
            return port


def wait_for(what: str, condition: Callable[[], bool], seconds: float = DEADLINE) -> None:
    """Poll the callable until it is true; a fault that names ``what`` after ``seconds``."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise NginxFault(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(0.01)


@cache
def version_of(binary: Path) -> tuple[int, ...]:
    """The version that ``nginx -v`` prints, as numbers: ``(1, 22, 1)``."""
    shown = subprocess.run([binary, "-v"], capture_output=True, text=True, check=True).stderr
    found = re.search(r"nginx/([0-9.]+)", shown)
    if found is None:
        raise NginxFault(f"{binary} -v printed no version: {shown!r}")
    return tuple(int(part) for part in found[1].split("."))


@cache
def built_with(binary: Path, option: str) -> bool:
    """Whether ``nginx -V`` lists that configure option (``--with-threads``)."""
    shown = subprocess.run([binary, "-V"], capture_output=True, text=True, check=True).stderr
    return option in re.split(r"\s+", shown)


class Nginx:
    """One nginx and the directory it lives in; see the module's docstring.

    ``main``, ``http``, ``server`` and ``locations`` are configuration text for those blocks;
    ``{port}``, ``{root}`` and ``{prefix}`` in them are replaced.  ``servers`` is text beside the
    main server block, ``listen`` are options of its ``listen``.
    """

    def __init__(
        self,
        binary: Path,
        *,
        modules: Sequence[Path] = (),
        main: str = "",
        events: str = "",
        http: str = "",
        server: str = "",
        locations: str = "",
        servers: str = "",
        listen: str = "",
        files: Mapping[str, bytes] | None = None,
        workers: int = 1,
        log_level: str = "info",
        env: Mapping[str, str] | None = None,
        allow: Sequence[str] = (),
    ) -> None:
        self.binary = binary
        self.allow = tuple(allow)
        self.prefix = Path(tempfile.mkdtemp(prefix="pyngx-nginx-"))
        self.root = self.prefix / "html"
        self.port = free_port()
        self._env = {**os.environ, **(env or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._blocks = (main, events, http, server, locations, servers)
        self._modules = tuple(modules)
        self._listen = listen
        self._workers = workers
        self._log_level = log_level
        for folder in ("html", "logs", "conf", *(f"{name}_temp" for name in TEMP_PATHS)):
            (self.prefix / folder).mkdir()
        for name, content in (files or {}).items():
            self.write_file(name, content)

    def write_file(self, name: str, content: bytes) -> Path:
        """Put a file into the document root and return its path."""
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    @property
    def config(self) -> str:
        """The whole configuration file."""
        main, events, http, server, locations, servers = (
            self._expand(block) for block in self._blocks
        )
        temp_paths = "\n".join(
            f"    {n}_temp_path {self.prefix}/{n}_temp;"
            for n in TEMP_PATHS
            if not built_with(self.binary, f"--without-http_{n}_module")
        )
        load = "\n".join(f"load_module {path};" for path in self._modules)
        user = "user root;" if os.getuid() == 0 else ""
        return f"""{load}
{user}
daemon off;
pid {self.prefix}/nginx.pid;
lock_file {self.prefix}/nginx.lock;
error_log {self.prefix}/logs/error.log {self._log_level};
worker_processes {self._workers};
worker_shutdown_timeout 30s;
{main}
events {{
    worker_connections 512;
    {events}
}}
http {{
{temp_paths}
    log_format pyngx '$status $body_bytes_sent $request_length "$request" '
                     '$server_protocol "$http_user_agent"';
    access_log {self.prefix}/logs/access.log pyngx;
    types {{
        text/html html htm;
        text/plain txt;
        text/css css;
        application/json json;
        application/octet-stream bin;
    }}
    default_type application/octet-stream;
    keepalive_timeout 65s;
    {http}
    server {{
        listen 127.0.0.1:{self.port} {self._listen};
        {self._listen_more()}
        server_name localhost;
        root {self.root};
        {server}
        {locations}
    }}
    {servers}
}}
"""

    def test_config(self) -> str:
        """Run ``nginx -t`` and return its words; raises ``ConfigRefused`` with them on failure."""
        self._write_config()
        done = subprocess.run(
            [*self._command, "-t"], env=self._env, capture_output=True, text=True, errors="replace"
        )
        logged = self.error_log()
        said = done.stderr if not logged or logged in done.stderr else done.stderr + logged
        if done.returncode != 0:
            raise ConfigRefused(said)
        return said

    def start(self) -> None:
        """Start the master and return once the port accepts; ``ConfigRefused`` if it never does."""
        self._write_config()
        with (self.prefix / "logs" / "stderr.log").open("wb") as stderr:
            self._process = subprocess.Popen(
                self._command, env=self._env, stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr
            )
        wait_for("nginx to accept", self._accepts_or_died)
        if self._process.poll() is not None:
            raise ConfigRefused(self.error_log() + self.stderr())
        wait_for("the workers", lambda: len(self.worker_pids()) == self._workers)

    def stop(self) -> None:
        """Stop gracefully and judge the error log; ``NginxFault`` lists its wrong lines."""
        self.end()
        self.check_log()

    def end(self) -> None:
        """Stop gracefully; ``NginxFault`` if it has ended by itself.

        Clients that the test left connected would hold a graceful stop up: after two seconds of
        waiting it is asked to stop fast.
        """
        if self._process is not None:
            process, self._process = self._process, None
            if process.poll() is not None:
                raise NginxFault(f"nginx ended by itself: {process.returncode}\n{self.error_log()}")
            process.send_signal(signal.SIGQUIT)
            try:
                process.wait(2)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGTERM)
                process.wait(DEADLINE)

    def kill(self) -> None:
        """End the master without judgement, for a test that has already failed."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                for worker in self.worker_pids():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(worker, signal.SIGKILL)
                self._process.kill()
                self._process.wait()
            self._process = None

    def check_log(self) -> None:
        """Raise ``NginxFault`` with the error log's lines that no correct run has."""
        wrong = judge_log(self.error_log() + self.stderr(), self.allow)
        if wrong:
            raise NginxFault("nginx's error log has:\n" + "\n".join(wrong[:20]))

    def reload(self, config_changed: bool = False) -> None:
        """Send HUP and return when new workers have taken over and accept.

        With ``config_changed`` the configuration file is written anew first.
        """
        assert self._process is not None
        if config_changed:
            self._write_config()
        before = set(self.worker_pids())
        self._process.send_signal(signal.SIGHUP)
        wait_for("new workers", lambda: len(set(self.worker_pids()) - before) == self._workers)

    @property
    def master_pid(self) -> int:
        """The master process."""
        assert self._process is not None
        return self._process.pid

    def worker_pids(self) -> list[int]:
        """The worker processes alive now, those still shutting down included."""
        pid = self.master_pid
        children = proc_file(f"{pid}/task/{pid}/children").split()
        return [int(child) for child in children if _is_worker(int(child))]

    def error_log(self) -> str:
        """The error log up to now."""
        return self._read_log("error.log")

    def stderr(self) -> str:
        """What nginx wrote to its standard error before its log was open."""
        return self._read_log("stderr.log")

    def access_log(self) -> str:
        """The access log up to now; a request's line appears after its response's end."""
        return self._read_log("access.log")

    def wait_for_access(self, lines: int) -> list[str]:
        """The access log's lines, once there are at least that many."""
        wait_for(f"{lines} access log lines", lambda: len(self.access_log().splitlines()) >= lines)
        return self.access_log().splitlines()

    def wait_for_log(self, pattern: str) -> None:
        """Return once the error log has the pattern."""
        wait_for(f"{pattern!r} in the log", lambda: bool(re.search(pattern, self.error_log())))

    def close(self) -> None:
        """Remove the directory; the object is of no use after it."""
        shutil.rmtree(self.prefix, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.kill()
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self.stop()
            elif value is not None:
                wrong = judge_log(self.error_log() + self.stderr(), self.allow)
                if wrong:
                    value.add_note("nginx's error log has:\n" + "\n".join(wrong[:20]))
        finally:
            self.kill()
            self.close()

    def _listen_more(self) -> str:
        """Directives for more listening sockets of the main server block."""
        return ""

    @property
    def _command(self) -> list[str]:
        log = f"{self.prefix}/logs/error.log"
        return [str(self.binary), "-p", f"{self.prefix}/", "-c", "conf/nginx.conf", "-e", log]

    def _write_config(self) -> None:
        (self.prefix / "conf" / "nginx.conf").write_text(self.config)

    def _expand(self, text: str) -> str:
        own = {"{port}": self.port, "{root}": self.root, "{prefix}": self.prefix}
        for name, value in own.items():
            text = text.replace(name, str(value))
        return text

    def _accepts_or_died(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            return True
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _read_log(self, name: str) -> str:
        path = self.prefix / "logs" / name
        return path.read_text(errors="replace") if path.exists() else ""


def proc_file(name: str) -> bytes:
    """A file of a process below ``/proc``; empty if the process has ended.

    It may end before the file is opened and also between that and the read, which have an error
    each (proc(5)).
    """
    try:
        with Path("/proc", name).open("rb") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def _is_worker(pid: int) -> bool:
    """Whether the process has nginx's worker title: a cache loader has another one."""
    return b"worker process" in proc_file(f"{pid}/cmdline")
