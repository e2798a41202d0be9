"""nginx as the project's own tests want it: measured, speaking HTTP/2, its configuration tried.

Sizes are KiB where nginx's processes are measured, because /proc counts so. With
``PYNGX_CHECK=memcheck`` every nginx runs under valgrind, and what that says is judged, too.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyngx.testing import nginx as packaged
from pyngx.testing.nginx import DEADLINE
from pyngx.testing.nginx import ConfigRefused as ConfigRefused
from pyngx.testing.nginx import NginxFault as NginxFault
from pyngx.testing.nginx import built_with as built_with
from pyngx.testing.nginx import free_port as free_port
from pyngx.testing.nginx import judge_log as judge_log
from pyngx.testing.nginx import proc_file as proc_file
from pyngx.testing.nginx import version_of as version_of
from pyngx.testing.nginx import wait_for as wait_for

REST = 20
"""Looks at a worker, 10 ms apart, at which it has not moved: then it rests."""
SCHEDULED = re.compile(rb"^(?:State|\w*voluntary_ctxt_switches):.*\n", re.MULTILINE)
ASLEEP = b"State:\tS"

MEMCHECK = os.environ.get("PYNGX_CHECK") == "memcheck"
KNOWN = Path(__file__).with_name("memcheck.supp")
FOUND = re.compile(r"^==\d+== (?:Conditional|Use of|Invalid|Syscall|Argument|Source|Process term)")

OWN = re.compile(r".*ngx_string\.c:\d+:\d+: runtime error: negation of -9223372036854775808 .*")
"""What a sanitizer says of nginx itself, which negates the smallest integer to print it."""


@dataclass(frozen=True)
class Memory:
    """A process's memory in KiB, from ``/proc/PID/smaps_rollup``."""

    rss: int
    pss: int
    private: int
    """``Private_Dirty`` + ``Private_Clean``: what the process alone keeps in memory."""
    dirty: int
    """``Private_Dirty`` only: what it has written; page-cache mappings do not count."""


class Nginx(packaged.Nginx):
    """An nginx that also speaks HTTP/2 without TLS, on ``http2_port``."""

    def __init__(self, binary: Path, **options: Any) -> None:
        super().__init__(binary, **options)
        self.http2_port = free_port()

    def sparse_file(self, name: str, size: int) -> Path:
        """Put a file of ``size`` zero bytes into the document root, without the disk space."""
        path = self.write_file(name, b"")
        os.truncate(path, size)
        return path

    def memory(self, pid: int | None = None) -> Memory:
        """Memory of a worker (the first one unless a pid is given)."""
        chosen = self.worker_pids()[0] if pid is None else pid
        fields = {}
        for line in Path(f"/proc/{chosen}/smaps_rollup").read_text().splitlines()[1:]:
            name, value = line.split(":")
            fields[name] = int(value.split()[0])
        return Memory(
            rss=fields["Rss"],
            pss=fields["Pss"],
            private=fields["Private_Clean"] + fields["Private_Dirty"],
            dirty=fields["Private_Dirty"],
        )

    def rss(self, pid: int | None = None) -> int:
        """Resident memory of a worker in KiB."""
        return self.memory(pid).rss

    def rests(self, within: float = DEADLINE) -> bool:
        """Whether the worker comes to rest within so many seconds: it has done all that it can for
        clients that wait, so it sleeps, and for a while nothing wakes it."""
        pid = self.worker_pids()[0]
        end = time.monotonic() + within
        before, looks = b"", 0
        while looks < REST:
            if time.monotonic() > end:
                return False
            now = b"".join(SCHEDULED.findall(proc_file(f"{pid}/status")))
            looks = looks + 1 if now == before and ASLEEP in now else 0
            before = now
            time.sleep(0.01)
        return True

    def worker_pids(self) -> list[int]:
        """The workers; under valgrind, which hides their titles, all children of the master."""
        if not MEMCHECK:
            return super().worker_pids()
        pid = self.master_pid
        return [int(child) for child in proc_file(f"{pid}/task/{pid}/children").split()]

    def check_log(self) -> None:
        """Raise ``NginxFault`` with what no correct run says in the error log, or to valgrind."""
        super().check_log()
        said = [path.read_text(errors="replace") for path in self.prefix.glob("memcheck.*")]
        if any(FOUND.search(line) for text in said for line in text.splitlines()):
            raise NginxFault("valgrind has found:\n" + "".join(said)[:4000])

    def _read_log(self, name: str) -> str:
        return OWN.sub("", super()._read_log(name))

    @property
    def _command(self) -> list[str]:
        if not MEMCHECK:
            return super()._command
        options = ("-q", f"--suppressions={KNOWN}", f"--log-file={self.prefix}/memcheck.%p")
        return ["valgrind", *options, *super()._command]

    def _listen_more(self) -> str:
        """The second listener: 1.25.1 moved ``http2`` from ``listen`` to a directive."""
        if not built_with(self.binary, "--with-http_v2_module"):
            return ""
        if version_of(self.binary) >= (1, 25, 1):
            return f"listen 127.0.0.1:{self.http2_port};\n        http2 on;"
        return f"listen 127.0.0.1:{self.http2_port} http2;"


def check_config(binary: Path, *, modules: Sequence[Path] = (), **blocks: str) -> str:
    """Test a configuration without starting it; the arguments are those of ``Nginx``.

    Returns nginx's words; raises ``ConfigRefused`` with them when it does not accept.
    """
    nginx = Nginx(
        binary,
        modules=modules,
        main=blocks.get("main", ""),
        http=blocks.get("http", ""),
        server=blocks.get("server", ""),
        locations=blocks.get("locations", ""),
    )
    try:
        return nginx.test_config()
    finally:
        nginx.close()
