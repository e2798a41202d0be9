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
from tests.runtime import DRIVER_FLAGS, build_driver

READ, LINES, SCAN, ONCE, MIX, DROP = range(6)
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
    narrow: int = 0
    """1: only 16 places at a time; 2: several literals one place at a time."""
    credit: int = 4096
    """What failed comparisons may cost before all literals are followed at once; -1: at once."""
    limit: int = 4096
    seed: int = 1
    slow: int = 0
    flush: int = 0
    marks: int = 0
    """Of 100 buffers, those behind which somebody appends something; 101: the first one."""
    subs: int = 0
    """Of 100 reads, those before which a subrequest begins."""
    single: bool = False
    pages: int = 4
    page_size: int = 64

    def packed(self) -> bytes:
        """What the driver reads."""
        head = struct.pack(
            "10Ii6I",
            self.program,
            self.n,
            self.seed,
            self.slow,
            self.flush,
            self.marks,
            self.subs,
            self.single,
            self.ignore_case,
            self.narrow,
            self.credit,
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
                return b"".join(piece + b"|" for piece in self._pieces())
            case 1:
                return b"".join(b"%d:%b" % pair for pair in enumerate(self._lines(), 1))
            case 2:
                return self._pattern().sub(self._marked, self.body)
            case 3:
                return self._pattern().sub(lambda found: b"|" + found[0], self.body, count=1)
            case 5:
                return b"".join(self._pieces()[3::4])
            case _:
                return self.body

    def _pieces(self) -> list[bytes]:
        return [self.body[at : at + self.n] for at in range(0, len(self.body), self.n)]

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


@pytest.fixture(scope="module")
def portable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The driver as on a processor of which nothing is known."""
    flags = (*DRIVER_FLAGS, "-DNGX_HTTP_PYNGX_PORTABLE")
    return build_driver(target("1.26.3"), tmp_path_factory.mktemp("portable"), flags)


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


def test_many_views(driver: Path) -> None:
    """Long pieces that are not copied take no pages, and there are only so many of them, too."""
    judge(driver, [Run(READ, bytes(200_000), n=300, slow=slow) for slow in (3, 1000)])


def test_room_is_asked_for_behind_an_addition(driver: Path) -> None:
    """What comes before it does not wait for a slow client; what comes after it does."""
    judge(driver, [Run(READ, bytes(200_000), (300,), n=300, marks=101, slow=s) for s in (3, 1000)])


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


PERIODIC: tuple[tuple[bytes, ...], ...] = (
    (b"a" * 50 + b"b",),
    (b"b" + b"a" * 50,),
    (b"ab" * 30 + b"b",),
    (b"a" * 40 + b"b" + b"a" * 40,),
    (b"a" * 50 + b"b", b"a" * 30),
    (b"a" * 30, b"a" * 50 + b"b"),
    (b"ab" * 25 + b"c", b"b"),
    (b"abc" * 20 + b"d", b"b", b"cab"),
    (b"ab" * 20 + b"d", b"ba", b"bab" + b"ab" * 3),
    (b"abab" + b"aab" * 9, b"babaaba", b"ba", b"aa"),
    (b"bab", b"abaabab" * 8, b"abaab" * 9, b"aa" * 20 + b"b"),
    tuple(b"a" * n + b"b" for n in range(1, 40)),
    tuple(b"a" * n + b"b" for n in range(39, 0, -1)),
)
"""Literals that a search which starts again at each place compares again and again."""
UNITS = (b"a", b"ab", b"aab", b"abc", b"abaab", b"a" * 49 + b"c", b"a" * 50 + b"b")


def _periodic(rng: random.Random) -> Iterator[Run]:
    for literals in PERIODIC:
        for unit in UNITS:
            body = (unit * 300)[: rng.randint(150, 300)] + rng.choice(literals)[1:] + unit
            some = sorted(rng.choices(range(len(body)), k=5))
            for cuts in ((), range(1, len(body)), some):
                for narrow in range(3):
                    for credit in (-1, 100, 4096):
                        yield Run(
                            rng.choice((SCAN, SCAN, ONCE)),
                            body,
                            cuts,
                            literals=literals,
                            narrow=narrow,
                            credit=credit,
                            ignore_case=rng.random() < 0.3,
                        )


def test_periodic(driver: Path) -> None:
    judge(driver, list(_periodic(random.Random(1))))


def test_periodic_at_every_cut(driver: Path) -> None:
    runs = []
    for literals in PERIODIC[:-2]:
        body = literals[0][:-1] + literals[0] + literals[-1][1:] + literals[0]
        for at in range(len(body)):
            runs += [Run(SCAN, body, (at,), literals=literals, credit=c) for c in (-1, 4096)]
            some = range(at, len(body), 7)
            runs.append(Run(SCAN, body, some, literals=literals, credit=0, slow=9, seed=at))
    judge(driver, runs)


def test_without_vectors(portable: Path) -> None:
    judge(portable, list(_periodic(random.Random(2))))
    judge(portable, [_random(SCAN, seed) for seed in range(ROUNDS // 4)])


@pytest.mark.parametrize("program", [READ, LINES, SCAN, ONCE, MIX, DROP])
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
        narrow=rng.choice((0, 0, 0, 1, 1, 2)),
        credit=rng.choice((-1, 0, 60, 4096)),
        limit=rng.choice((0, 2, 4, 4096, 4096)),
        seed=seed,
        slow=rng.choice((0, 0, 5, 100, 1000)),
        flush=rng.choice((0, 0, 10, 100)),
        marks=rng.choice((0, 10, 50)) if program == MIX else 0,
        subs=rng.choice((0, 10, 50)) if program == MIX else 0,
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
