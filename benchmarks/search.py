"""Instructions per byte of ``body.scan()``, counted by callgrind, beside glibc's ``memmem``.

    python -m benchmarks.search     (in the project's folder)

What is counted is all that happens inside of the scan's own function, for a body of 256 KiB in
buffers of 32 KiB: with 32-byte vectors, with 16-byte ones, and compiled without any. Counts do not
depend on what else the machine does; they need valgrind.
"""

from __future__ import annotations

import random
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.harness.builds import target
from tests.runtime import build_driver
from tests.test_runtime_driver import SCAN, Run

SIZE = 256 * 1024
BUFFER = 32 * 1024
WORDS = [
    "the",
    "of",
    "and",
    "to",
    "in",
    "is",
    "that",
    "for",
    "it",
    "was",
    "as",
    "with",
    "be",
    "by",
    "on",
    "not",
    "he",
    "his",
    "but",
    "at",
    "are",
]
MEMMEM = """
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((noinline)) void *
search(const char *body, size_t len, const char *literal)
{
    return memmem(body, len, literal, strlen(literal));
}

int
main(int argc, char **argv)
{
    char *body = malloc(1 << 20);
    size_t len = fread(body, 1, 1 << 20, stdin);

    return search(body, len, argv[1]) != NULL && argc > 2;
}
"""


def page() -> bytes:
    """A page of HTML as long as ``SIZE``, the same every time."""
    rng = random.Random(1)
    lines = ["<!DOCTYPE html>\n<html><head><title>A page</title></head>\n<body>\n"]
    while sum(map(len, lines)) < SIZE:
        words = " ".join(rng.choices(WORDS, k=rng.randint(5, 30)))
        tag = rng.choice(("p", "li", "div", "td", "h2"))
        lines.append(f'  <{tag} class="c{rng.randint(1, 9)}"><a href="/x">{words}</a></{tag}>\n')
    return "".join(lines).encode()[: SIZE - 7] + b"</body>"


CASES: tuple[tuple[str, bytes, tuple[bytes, ...], bool], ...] = (
    ("</body> in HTML", page(), (b"</body>",), False),
    ("the same, ignore_case", page(), (b"</body>",), True),
    ("</head>, </body>, <script", page(), (b"</head>", b"</body>", b"<script"), False),
    ("the same, ignore_case", page(), (b"</head>", b"</body>", b"<script"), True),
    ("20 names", page(), tuple(b"{{name%d}}" % n for n in range(20)), False),
    ("ab * 25 + aa in ab", b"ab" * (SIZE // 2), (b"ab" * 25 + b"aa",), False),
    ("ab * 2000 + aa in ab", b"ab" * (SIZE // 2), (b"ab" * 2000 + b"aa",), False),
    ("the same, ignore_case", b"ab" * (SIZE // 2), (b"ab" * 2000 + b"aa",), True),
    ("39 of a * n + b in a", b"a" * SIZE, tuple(b"a" * n + b"b" for n in range(1, 40)), False),
)


def counted(program: Path, given: bytes, function: str, arguments: Sequence[str] = ()) -> int:
    """The instructions that callgrind counts in a function and what it calls."""
    with tempfile.NamedTemporaryFile() as out:
        done = subprocess.run(
            [
                "valgrind",
                "--tool=callgrind",
                f"--callgrind-out-file={out.name}",
                f"--toggle-collect={function}",
                str(program),
                *arguments,
            ],
            input=given,
            capture_output=True,
        )
    assert done.returncode == 0, done.stderr.decode()
    found = re.search(rb"Collected : (\d+)", done.stderr)
    assert found is not None, done.stderr.decode()
    return int(found[1])


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        where = target("1.26.3")
        (folder / "portable").mkdir()
        vectors = build_driver(where, folder, ("-O2", "-g"))
        plain = build_driver(where, folder / "portable", ("-O2", "-g", "-DNGX_HTTP_PYNGX_PORTABLE"))
        source = folder / "memmem.c"
        source.write_text(MEMMEM)
        subprocess.run(["gcc", "-O1", "-o", folder / "memmem", source], check=True)
        print(f"{'instructions per byte':30} {'AVX2':>8} {'SSE2':>8} {'plain':>8} {'memmem':>8}")
        for title, body, literals, ignore_case in CASES:
            cells = []
            for program, narrow in ((vectors, 0), (vectors, 1), (plain, 0)):
                run = Run(
                    SCAN,
                    body,
                    range(BUFFER, len(body), BUFFER),
                    literals=literals,
                    ignore_case=ignore_case,
                    narrow=narrow,
                    pages=64,
                    page_size=65536,
                )
                total = counted(program, run.packed(), "ngx_http_pyngx_stream_scan*")
                cells.append(f"{total / len(body):8.2f}")
            if len(literals) == 1 and not ignore_case:
                total = counted(folder / "memmem", body, "search", (literals[0].decode(),))
                cells.append(f"{total / len(body):8.2f}")
            print(f"{title:30} {' '.join(cells)}", flush=True)


if __name__ == "__main__":
    main()
