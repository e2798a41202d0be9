"""Own instructions a byte of filters that look at each byte, counted by valgrind's callgrind.

    .venv/bin/python benchmarks/byte_loops.py [NAME…]

Each filter is built for the installed nginx and serves a page of 256 KB once, in one process on
loopback. What is counted is what runs in the module itself, its part of the engine included and
nginx and the C library not; the same build gives the same count. Figures to read, no test depends
on them.
"""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

SIZE = 256 * 1024
HEAD = """from pyngx import Body, Stream, body_filter


@body_filter(partial=True)
def body(body: Body) -> Stream:
    n = 0
"""
IN_PLACE = """    for buf in body:
        for i in range(len(buf)):
            {}
        if n >= 0:
            yield buf
"""
FILTERS = {
    "pass": "    for buf in body:\n        yield buf\n",
    "xor": IN_PLACE.format("buf[i] = buf[i] ^ 0x20"),
    "rot13": IN_PLACE.format(
        "c = buf[i]\n            small = c | 0x20\n            if 97 <= small <= 122:\n"
        "                buf[i] = c + 13 if small < 110 else c - 13"
    ),
    "count": IN_PLACE.format("n += 1 if buf[i] == 10 else 0"),
    "read1": "    while body.read(1):\n        n += 1\n    yield b'%d' % n\n",
    "read1_yield": "    while one := body.read(1):\n        yield one\n",
    "minify": "    for buf in body:\n        for i in range(len(buf)):\n"
    "            if buf[i] != 32:\n                yield buf[i:i + 1]\n",
}


def own(output: Path, module: str) -> int:
    """The instructions that ran in a shared object, from callgrind's file."""
    total, inside, skip = 0, False, False
    names: dict[str, str] = {}
    for line in output.read_text().splitlines():
        found = re.match(r"ob=\((\d+)\)(?: (.*))?", line)
        if found is not None:
            if found[2]:
                names[found[1]] = found[2]
            inside = names[found[1]].endswith(module)
        elif found := re.match(r"cob=\((\d+)\) (.*)", line):
            names[found[1]] = found[2]
        elif line.startswith("calls="):
            skip = True
        elif re.match(r"[-+*\d]", line):
            if inside and not skip:
                total += int(line.split()[1])
            skip = False
    return total


def measure(name: str, text: str, folder: Path) -> float:
    """A filter's own instructions a byte."""
    source = folder / f"bench_{name}.py"
    source.write_text(HEAD + text)
    build = [sys.executable, "-m", "pyngx", "build", str(source), "-o", str(folder)]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    module = f"ngx_http_bench_{name}_filter_module.so"
    (folder / "page.txt").write_bytes((b"Some words, and more of them.\n" * SIZE)[:SIZE])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "nginx.conf").write_text(
        f"load_module {folder}/{module};\ndaemon off; master_process off; user root;\n"
        f"pid {folder}/pid; error_log {folder}/log;\nevents {{}}\n"
        f"http {{ access_log off; server {{ listen 127.0.0.1:{port}; root {folder}; }} }}\n"
    )
    output = folder / f"{name}.out"
    command = ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={output}"]
    server = subprocess.Popen([*command, "nginx", "-p", folder, "-c", folder / "nginx.conf"])
    try:
        for _ in range(200):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/page.txt") as answer:
                    answer.read()
                break
            except OSError:
                time.sleep(0.1)
    finally:
        while server.poll() is None:  # one that comes just before nginx waits is not seen
            server.send_signal(signal.SIGQUIT)
            time.sleep(0.2)
    return own(output, module) / SIZE


def main(chosen: list[str]) -> None:
    """Print a line for each filter, or for those chosen."""
    with tempfile.TemporaryDirectory() as folder:
        for name in chosen or FILTERS:
            print(f"{name:<12} {measure(name, FILTERS[name], Path(folder)):8.2f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
