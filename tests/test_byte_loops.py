"""Loops over bytes are vectorised: gcc says so of the very line of the loop in the generated C."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pyngx.build.compile import compile_flags
from pyngx.build.configure import configured
from pyngx.build.locate import find_target
from tests.harness.builds import target

LOOPS = {
    "xor": ("for i in range(len(buf)):", "    buf[i] = buf[i] ^ 0x20"),
    "rot13": (
        "for i in range(len(buf)):",
        "    c = buf[i]",
        "    small = c | 0x20",
        "    if 97 <= small <= 122:",
        "        buf[i] = c + 13 if small < 110 else c - 13",
    ),
    "rot13_by_remainder": (
        "for i in range(len(buf)):",
        "    c = buf[i]",
        "    if 97 <= c <= 122:",
        "        buf[i] = (c - 97 + 13) % 26 + 97",
        "    elif 65 <= c <= 90:",
        "        buf[i] = (c - 65 + 13) % 26 + 65",
    ),
    "replaced": ("for i in range(len(buf)):", "    if buf[i] == 13:", "        buf[i] = 32"),
    "counted": ("for c in buf:", "    if c == 10:", "        n += 1"),
    "counted_by_choice": ("for c in buf:", "    n += 1 if c == 10 else 0"),
    "counted_in_context": ("for c in buf:", "    if c > 127:", "        ctx.n += 1"),
    "summed": ("for c in buf:", "    n += c"),
    "largest": ("for c in buf:", "    if c > most:", "        most = c"),
}
START = """
from pyngx import Body, RequestCtx, Stream, body_filter


class Ctx(RequestCtx):
    n: int = 0


@body_filter(partial=True)
def body(body: Body, ctx: Ctx) -> Stream:
    n = 0
    for buf in body:
        most = 0
"""
END = """
        if most or n or ctx.n >= 0:
            yield buf
"""


def loops(tmp_path: Path, lines: tuple[str, ...]) -> tuple[list[str], set[int]]:
    """The generated C, and the lines of it that gcc vectorises."""
    source = tmp_path / "loop.py"
    text = START + "\n".join(f"        {line}" for line in lines) + END
    source.write_text(text)
    where = target("packaged")
    tree = configured(find_target(str(where.binary), str(where.source)))
    compiling = [sys.executable, "-m", "pyngx", "compile", str(source), "-o", str(tmp_path)]
    subprocess.run(compiling, check=True, capture_output=True)
    made = tmp_path / "ngx_http_loop_filter_module.c"
    command = [tree.cc, *compile_flags(tree), *tree.include_flags, "-fopt-info-vec-optimized"]
    command += ["-c", str(made), "-o", str(tmp_path / "loop.o")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = re.findall(rf"{made.name}:(\d+):\d+: optimized: loop vectorized", done.stderr)
    return made.read_text().splitlines(), {int(number) for number in told}


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_over_bytes_is_vectorised(tmp_path: Path, name: str) -> None:
    text, vectorised = loops(tmp_path, LOOPS[name])
    found = [i for i, line in enumerate(text, 1) if re.search(r"for \((i|k) = 0; ", line)]
    assert len(found) == 1
    assert set(found) <= vectorised, "\n".join(text)


def test_a_loop_that_may_fail_is_not(tmp_path: Path) -> None:
    text, vectorised = loops(tmp_path, ("for i in range(len(buf)):", "    buf[i] = buf[i] + 1"))
    assert any("ValueError" in line for line in text)
    assert not vectorised


def test_bytes_are_computed_with_in_64_bits(tmp_path: Path) -> None:
    text, _ = loops(tmp_path, ("for c in buf:", "    n = (c << 40) + c * 100000000"))
    assert any("(ngx_int_t) c << 40" in line for line in text)
    assert any("(ngx_int_t) c * 100000000" in line for line in text)
