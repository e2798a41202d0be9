"""Serve with modules on loopback: a private nginx, reloaded whenever there are new builds of them.

nginx keeps the old code when a module's path stays the same after a reload, and crashes when the
file itself is overwritten. So each build gets a path of its own, `name.<hash>.so`, in the server's
directory. A configuration is tried with `nginx -t` first; what is refused leaves the old one
serving.
"""

import contextlib
import hashlib
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from pyngx.build.locate import BuildError, NginxTarget

# seconds after which an nginx that does not answer is taken to hang
PATIENCE = 30.0

# seconds after which a draining worker has surely stopped accepting
_DRAINED = 1.0

_STARTED = re.compile(r"start worker process (\d+)$")
_EXITED = re.compile(r"worker process (\d+) exited")
_DRAINING = re.compile(r"(\d+)#\d+: gracefully shutting down$")
_FAILED = re.compile(r"\[emerg\]")

# what nginx says about itself, which is no news for the author of a filter
_CHATTER = re.compile(r"\[notice\] \d+#\d+: (?!\*)|\[info\] .*closed keepalive connection")

_TYPES = """types {
        text/html html htm;
        text/css css;
        text/plain txt;
        text/xml xml;
        text/javascript js mjs;
        application/json json;
        application/pdf pdf;
        image/gif gif;
        image/jpeg jpg jpeg;
        image/png png;
        image/svg+xml svg;
    }"""

_PAGE = """<!DOCTYPE html>
<html>
<head><title>pyngx</title></head>
<body>
<h1>It works</h1>
<p>This page went through your filter.</p>
</body>
</html>
"""

LogCallback = Callable[[str], None]


class Server:
    """An nginx of its own on 127.0.0.1 with the given modules.

    Serves `root`, or what `proxy` (a URL) answers, or a page of its own. `directives` stand in
    `location /`. `on_log` gets each line of the error log that concerns requests, from another
    thread.

    Start with `start()` or `with`, and always `stop()`; every method that can fail raises
    BuildError with nginx's words.
    """

    def __init__(
        self,
        target: NginxTarget,
        modules: Sequence[Path],
        *,
        root: Path | None = None,
        proxy: str | None = None,
        directives: Sequence[str] = (),
        port: int | None = None,
        on_log: LogCallback | None = None,
        log_level: str = "info",
    ) -> None:
        if target.binary is None:
            raise BuildError(
                f"there is no nginx binary for {target.source}",
                "build it, or give one with --nginx",
            )
        self.port = port or _free_port()
        self._binary = target.binary
        self._modules = tuple(modules)
        self._without = tuple(a for a in target.configure_args if a.startswith("--without-http_"))
        self._root = root
        self._proxy = proxy
        self._directives = tuple(directives)
        self._log_level = log_level
        self._log = _Log(on_log)
        self._process: subprocess.Popen[str] | None = None
        self.prefix = Path(tempfile.mkdtemp(prefix="pyngx-run-"))

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Start nginx and wait for its worker. What fails leaves nothing running."""
        try:
            self._prepare()
            self._write_modules(self._modules)
            self._test()
            self._process = subprocess.Popen(
                self._command("-g", "daemon off;"),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                # a Ctrl-C is for the command that runs us, which then stops nginx in order
                start_new_session=True,
            )
            self._log.follow(self._process)
            if not self._log.wait(lambda log: bool(log.workers) or log.ended):
                raise BuildError(f"nginx did not start a worker in {PATIENCE:.0f} s")
            if self._log.ended:
                raise BuildError(f"nginx did not start:\n{self._log.failures()}")
        except BaseException:
            self.stop()
            raise

    def reload(self, modules: Sequence[Path]) -> None:
        """Serve with new builds of the modules; returns when the old workers are gone or draining.

        A refused module or configuration raises BuildError, and the old one goes on serving.
        """
        process = self._running()
        old = set(self._log.workers)
        kept = (self.prefix / "modules.conf").read_text()
        self._write_modules(modules)
        try:
            self._test()
        except BuildError:
            self._replace("modules.conf", kept)
            raise
        self._modules = tuple(modules)
        self._log.forget_failures()
        process.send_signal(signal.SIGHUP)
        answered = self._log.wait(lambda log: bool(log.workers - old) or log.failed or log.ended)
        if self._log.failed or self._log.ended or not answered:
            self._replace("modules.conf", kept)
            raise BuildError(f"nginx did not reload:\n{self._log.failures()}")
        # a worker that still answers somebody may take its time; it accepts nobody new
        self._log.wait(lambda log: not (old & log.workers - log.draining) or log.ended)
        # it says so just before it closes its listening socket; mostly it is gone at once
        self._log.wait(lambda log: not old & log.workers or log.ended, _DRAINED)

    def stop(self) -> None:
        """Stop nginx and remove its directory. Harmless when it is not running."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            self._log.join()
        shutil.rmtree(self.prefix, ignore_errors=True)

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            raise BuildError(f"nginx has ended:\n{self._log.failures()}", "start it again")
        return self._process

    def _prepare(self) -> None:
        for name in ("modules", "temp", "page"):
            (self.prefix / name).mkdir()
        (self.prefix / "page/index.html").write_text(_PAGE)
        # a link, because nginx's configuration cannot quote every path
        root = self._root.resolve() if self._root is not None else self.prefix / "page"
        (self.prefix / "www").symlink_to(root, target_is_directory=True)
        (self.prefix / "nginx.conf").write_text(self._configuration())

    def _configuration(self) -> str:
        user = f"user {pwd.getpwuid(0).pw_name};\n" if os.geteuid() == 0 else ""
        temporary = ["client_body_temp_path temp/client_body;"]
        for name in ("proxy", "fastcgi", "uwsgi", "scgi"):
            if f"--without-http_{name}_module" not in self._without:
                temporary.append(f"{name}_temp_path temp/{name};")
        location = ["proxy_pass " + self._proxy + ";"] if self._proxy else ["root www;"]
        if self._proxy and self._proxy.startswith("https:"):
            location.append("proxy_ssl_server_name on;")
        location += [_terminated(text) for text in self._directives]
        return (
            f"{user}worker_processes 1;\nworker_shutdown_timeout 5s;\n"
            f"pid nginx.pid;\nerror_log stderr {self._log_level};\n"
            "include modules.conf;\n\nevents {\n    worker_connections 512;\n}\n\n"
            f"http {{\n    access_log off;\n    default_type text/plain;\n    {_TYPES}\n"
            + "".join(f"    {line}\n" for line in temporary)
            + f"    server {{\n        listen 127.0.0.1:{self.port};\n        location / {{\n"
            + "".join(f"            {line}\n" for line in location)
            + "        }\n    }\n}\n"
        )

    def _write_modules(self, modules: Sequence[Path]) -> None:
        lines = []
        for module in modules:
            try:
                content = module.read_bytes()
            except OSError as error:
                raise BuildError(f"the module cannot be read: {error}") from error
            digest = hashlib.sha256(content).hexdigest()[:12]
            copy = self.prefix / "modules" / f"{module.stem}.{digest}.so"
            if not copy.exists():
                draft = copy.with_suffix(".new")
                draft.write_bytes(content)
                draft.rename(copy)
            lines.append(f"load_module modules/{copy.name};\n")
        self._replace("modules.conf", "".join(lines))

    def _replace(self, name: str, text: str) -> None:
        draft = self.prefix / f".{name}.new"
        draft.write_text(text)
        draft.replace(self.prefix / name)

    def _test(self) -> None:
        done = subprocess.run(
            self._command("-t", "-q"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            raise BuildError(f"nginx refuses the configuration:\n{done.stderr.strip()}")

    def _command(self, *arguments: str) -> list[str]:
        return [
            *(str(self._binary), "-p", f"{self.prefix}/", "-e", "stderr"),
            *("-c", str(self.prefix / "nginx.conf"), *arguments),
        ]


class _Log:
    """nginx's error log, read in a thread: the state of its workers, and lines for the author."""

    def __init__(self, on_log: LogCallback | None) -> None:
        self.workers: set[int] = set()
        self.draining: set[int] = set()
        self.failed = False
        self.ended = False
        self._on_log = on_log
        self._bad: list[str] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def follow(self, process: "subprocess.Popen[str]") -> None:
        self._thread = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._thread.start()

    def wait(self, done: "Callable[[_Log], bool]", seconds: float = PATIENCE) -> bool:
        """Wait until a condition on this log holds; False when that takes too long."""
        with self._changed:
            return self._changed.wait_for(lambda: done(self), seconds)

    def forget_failures(self) -> None:
        with self._changed:
            self.failed = False
            self._bad.clear()

    def join(self) -> None:
        if self._thread is not None:
            self._thread.join(PATIENCE)

    def failures(self) -> str:
        """The lines at `emerg` and above, the newest last."""
        with self._changed:
            return "\n".join(self._bad[-5:])

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stderr is not None
        for line in process.stderr:
            self._note(line.rstrip("\n"))
        process.stderr.close()
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def _note(self, line: str) -> None:
        with self._changed:
            if started := _STARTED.search(line):
                self.workers.add(int(started[1]))
            if exited := _EXITED.search(line):
                self.workers.discard(int(exited[1]))
            if draining := _DRAINING.search(line):
                self.draining.add(int(draining[1]))
            if _FAILED.search(line):
                self.failed = True
                self._bad.append(line)
            self._changed.notify_all()
        if self._on_log is not None and not _CHATTER.search(line):
            self._on_log(line)


def _terminated(directive: str) -> str:
    text = directive.strip()
    return text if text.endswith((";", "}")) else f"{text};"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
