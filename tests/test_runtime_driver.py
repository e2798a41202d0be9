"""The stream engine beside models in Python: every cut, random cuts, slow clients, sanitizers."""

from __future__ import annotations

import io
import os
import random
import re
import struct
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.harness.builds import SANITIZER_ENV, target
from tests.runtime import build_driver

READ, LINES, SCAN, ONCE, MIX = range(5)
ROUNDS = int(os.environ.get("PYNGX_DRIVER_ROUNDS", "4000"))
SLACK = 2
"""Pages that one turn of a program's loop may take beyond the cap, and the one it began in."""
COPIED = 256
"""Shorter pieces of the input are copied."""


@dataclass(frozen=True)
class Run:
    """One body through one program; ``cuts`` are offsets at which a new buffer begins."""

    program: int
    body: bytes
    cuts: Sequence[int] = ()
    n: int = 1
    literals: Sequence[bytes] = (b"\xff\xff",)
    ignore_case: bool = False
    narrow: bool = False
    limit: int = 4096
    seed: int = 1
    slow: int = 0
    flush: int = 0
    single: bool = False
    pages: int = 4
    page_size: int = 64

    def packed(self) -> bytes:
        """What the driver reads."""
        head = struct.pack(
            "14I",
            self.program,
            self.n,
            self.seed,
            self.slow,
            self.flush,
            self.single,
            self.ignore_case,
            self.narrow,
            self.limit,
            self.pages,
            self.page_size,
            len(self.literals),
            len(self.cuts),
            len(self.body),
        )
        literals = b"".join(struct.pack("I", len(one)) + one for one in self.literals)
        return head + literals + struct.pack(f"{len(self.cuts)}I", *self.cuts) + self.body

    def wanted(self) -> bytes:
        """What CPython would make of the whole body."""
        match self.program:
            case 0:
                pieces = [self.body[at : at + self.n] for at in range(0, len(self.body), self.n)]
                return b"".join(piece + b"|" for piece in pieces)
            case 1:
                return b"".join(b"%d:%b" % pair for pair in enumerate(self._lines(), 1))
            case 2:
                return self._pattern().sub(self._marked, self.body)
            case 3:
                return self._pattern().sub(lambda found: b"|" + found[0], self.body, count=1)
            case _:
                return self.body

    def _lines(self) -> Iterator[bytes]:
        body = io.BytesIO(self.body)
        return iter(lambda: body.readline(self.n), b"")

    def _pattern(self) -> re.Pattern[bytes]:
        """A group for each literal; one that is longer than the limit matches nowhere."""
        groups = (re.escape(one) if len(one) <= self.limit else b"(?!)" for one in self.literals)
        text = b"|".join(b"(" + group + b")" for group in groups)
        return re.compile(text, re.IGNORECASE if self.ignore_case else 0)

    @staticmethod
    def _marked(found: re.Match[bytes]) -> bytes:
        assert found.lastindex is not None
        return b"<%d:%b>" % (found.lastindex - 1, found[0])


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_driver(target("1.26.3"), tmp_path_factory.mktemp("driver"))


def judge(driver: Path, runs: Sequence[Run]) -> None:
    """Run them all in one process and compare each with its model."""
    given = b"".join(run.packed() for run in runs)
    env = {**os.environ, **SANITIZER_ENV}
    done = subprocess.run([driver], input=given, capture_output=True, env=env)
    at = 0
    for run in runs:
        assert len(done.stdout) - at >= 16, f"{run}\n{done.stderr.decode()}"
        size, own, used, hold = struct.unpack_from("4I", done.stdout, at)
        at += 16
        assert done.stdout[at : at + size] == run.wanted(), run
        copied = max(run.n, COPIED) if run.program != MIX else len(run.body)
        assert used <= run.pages + SLACK + copied // run.page_size, (run, used)
        bound = max(64, run.n, 2 * max(map(len, run.literals)))
        assert hold <= (bound if run.program != MIX else 2 * bound), (run, hold)
        assert own <= 64 + 64, (run, own)
        at += size
    assert at == len(done.stdout)
    assert done.returncode == 0, done.stderr.decode()


LITERALS: tuple[tuple[bytes, ...], ...] = (
    (b"aab",),
    (b"a",),
    (b"abab",),
    (b"aaaaaaab",),
    (b"ab", b"abab"),
    (b"abab", b"ab"),
    (b"abcdef", b"cd"),
    (b"b", b"ab", b"aab"),
    (b"aba", b"bab", b"c"),
    (b"aaaab", b"a"),
)
BODIES = (b"", b"a", b"aaab", b"aabaab", b"abababab", b"abcdeabcdefcd", b"aaaaaaaaab\n\na\nbb")


def test_every_cut(driver: Path) -> None:
    """Each body cut at each pair of places, and into single bytes."""
    runs = []
    for body in BODIES:
        places = range(len(body) + 1)
        cuts: list[Sequence[int]] = [(a, b) for a in places for b in places if a <= b]
        cuts.append(range(1, len(body)))
        for cut in cuts:
            runs += [Run(READ, body, cut, n=n) for n in (1, 2, 3, 7)]
            runs += [Run(LINES, body, cut, n=n, single=True) for n in (1, 2, 3, 100)]
            for literals in LITERALS:
                runs.append(Run(SCAN, body, cut, literals=literals))
                runs.append(Run(ONCE, body, cut, literals=literals, single=True))
    judge(driver, runs)


@pytest.mark.parametrize("program", [READ, LINES, SCAN, ONCE, MIX])
def test_random(program: int, driver: Path) -> None:
    """Random bodies of few letters, cuts, literals, flushes, clients and page sizes."""
    judge(driver, [_random(program, seed) for seed in range(ROUNDS)])


def _random(program: int, seed: int) -> Run:
    rng = random.Random(seed * 8 + program)
    alphabet = rng.choice((b"ab", b"abc\n", b"aAbB\n", bytes(range(256))))
    long = rng.random() < 0.3
    size = rng.randint(0, 5000 if long else 60)
    body = bytes(rng.choices(alphabet, k=size))
    literals = tuple(_literal(rng, body, alphabet) for _ in range(rng.choice((1, 1, 2, 3, 8))))
    if rng.random() < 0.5:
        body = _sprinkled(rng, body, literals)
    few = rng.choice((0, 3, 10, 60, len(body)))
    cuts = sorted(rng.choices(range(len(body) + 1), k=few)) if body else []
    if rng.random() < 0.1:
        cuts = list(range(1, len(body)))
    return Run(
        program,
        body,
        cuts,
        n=rng.choice((1, 2, 3, 7, 64, 300, 1000)),
        literals=literals,
        ignore_case=rng.random() < 0.4,
        narrow=rng.random() < 0.3,
        limit=rng.choice((0, 2, 4, 4096, 4096)),
        seed=seed,
        slow=rng.choice((0, 0, 5, 100, 1000)),
        flush=rng.choice((0, 0, 10, 100)),
        single=rng.random() < 0.5,
        pages=rng.choice((1, 2, 4)),
        page_size=rng.choice((16, 64, 1024)),
    )


def _literal(rng: random.Random, body: bytes, alphabet: bytes) -> bytes:
    size = rng.choice((1, 2, 3, 4, 6, 17, 40))
    if body and rng.random() < 0.5:
        at = rng.randrange(len(body))
        return body[at : at + size]
    return bytes(rng.choices(alphabet, k=size))


def _sprinkled(rng: random.Random, body: bytes, literals: Sequence[bytes]) -> bytes:
    """The body with literals and beginnings of literals put into it."""
    parts = [body]
    for _ in range(rng.randint(1, 6)):
        one = rng.choice(literals)
        parts.append(one[: rng.randint(1, len(one))] if rng.random() < 0.5 else one)
        at = rng.randint(0, len(body))
        parts.append(body[at : at + 50])
    return b"".join(parts)
