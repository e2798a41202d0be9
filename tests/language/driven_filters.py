"""Generated filters in both lives: status, headers, body, run-time errors, log and variable.

Thousands of responses a second go through nginx's filters without a network, with generated bodies
that are cut at generated places; CPython answers beside it. Run as a module it goes on for as long
as it is told: ``python -m tests.language.driven_filters SECONDS [SEED]``.
"""

from __future__ import annotations

import ast
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from pyngx.diagnostics import Severity
from pyngx.testing.body import cut
from pyngx.testing.given import Given
from pyngx.testing.integers import checked
from pyngx.testing.lives.case import case, summary
from pyngx.testing.lives.compare import differences
from pyngx.testing.lives.life import CPython
from pyngx.testing.lives.modules import Built, Refused, built_of, compiled_file
from pyngx.testing.lives.search import Found
from pyngx.testing.nginx import NginxFault
from tests.harness.driving import BUFFERS, Driven
from tests.language.generated import Checked
from tests.language.generated_filters import Program, chain_file, program, stream_file

TOKENS = (b"ab", b"aab", b"\n", b",", b"<b>", b"needle", b"nee", b"--", b">", b"1", b"a", b"\xff")
CONFS = ("", "g_number 0;", "g_number 7; g_text ab;", 'g_text "";')
BATCH = 12
"""Programs in a file: more of them make the C compiler slow."""
FLAGS: tuple[tuple[str, ...], ...] = ((), ("-O1",), ("-O0",))
"""What files are compiled with in turn, besides the flags of modules; less takes less time."""


def module_of(path: Path) -> ModuleType:
    """A generated file with all its integers those of the language: CPython's own literals do not
    overflow."""
    tree = ast.parse(path.read_text(), str(path))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            node.body = [Checked().visit(statement) for statement in node.body]
    module = ModuleType(f"generated_{path.stem}")
    module.__file__ = str(path)
    vars(module).update(
        int=type(checked(0)),
        len=lambda value: checked(len(value)),
        range=lambda *bounds: (checked(n) for n in range(*bounds)),
    )
    sys.modules[module.__name__] = module
    exec(compile(tree, str(path), "exec"), vars(module))
    return module


def given(chance: random.Random, conf: str) -> Given:
    """A response with its request."""
    body = b"".join(chance.choice(TOKENS) for _ in range(chance.choice((0, 1, 3, 6, 12, 40))))
    if chance.random() < 0.01:
        body += chance.choice(TOKENS) * 1500
    whole = chance.random()
    most = min(len(body), 6)
    places = [chance.randrange(1, len(body)) for _ in range(most)] if len(body) > 1 else []
    pieces = cut(body, places[: chance.randint(0, most)]) if whole > 0.2 else [body]
    if whole > 0.9 and len(body) < 200:
        pieces = [bytes([byte]) for byte in body]
    return Given(
        pieces=tuple(pieces),
        known=whole < 0.2,
        status=chance.choice((200, 200, 200, 404)),
        headers=((b"Content-Type", b"text/html"), (b"X-A", b"1")),
        request_headers=(
            (b"Host", b"localhost"),
            (b"X-A", chance.choice(TOKENS[:1] + TOKENS[3:4])),
        ),
        method=chance.choice(("GET",) * 9 + ("HEAD",)),
        args=chance.choice((b"", b"t=ab", b"t=1,2", b"t=")),
        conf=conf,
    )


@dataclass
class Outcome:
    """What came of some programs: what was compared, what differs, and what was refused."""

    programs: int = 0
    cases: int = 0
    early: int = 0
    """Responses that a run-time error ended."""
    seconds: float = 0
    """How long the comparing took, without the compilers."""
    wrong: list[str] = field(default_factory=list)
    internal: list[str] = field(default_factory=list)
    """What the compiler, or the C compiler, should have taken or refused with a reason."""
    refused: list[str] = field(default_factory=list)


def compare(
    programs: Iterable[Program], count: int, folder: Path, cflags: Sequence[str] = ()
) -> Outcome:
    """Programs of the stream form in both lives, with ``count`` responses each. ``cflags`` come
    after those that modules are built with."""
    done = Outcome()
    every = {one.seed: one for one in programs}
    path = folder / f"stream{next(iter(every))}.py"
    made = _built(path, every, cflags, done)
    if made is None:
        return done
    done.programs += len(every)
    respond(path, made, configurations(path, every), count // len(CONFS), done)
    return done


def compare_chains(
    seeds: Iterable[int], count: int, folder: Path, cflags: Sequence[str] = ()
) -> Outcome:
    """Filters of the chain form, each a file of its own."""
    done = Outcome()
    for seed in seeds:
        path = folder / f"chain{seed}.py"
        path.write_text(chain_file(seed))
        try:
            made = module(path, cflags)
        except Refused as error:
            done.refused.append(f"chain {seed}: {error}")
            continue
        except Exception as error:  # the compiler's own
            done.internal.append(f"chain {seed}: {error!r}\n{path.read_text()}")
            continue
        done.programs += 1
        respond(path, made, CONFS, count // len(CONFS), done, apart=True)
    return done


def configurations(path: Path, seeds: Iterable[int]) -> list[str]:
    """Of each program some, with output buffers of several sizes."""
    sizes = [f"{path.stem}_buffers {size};" if size else "" for size in BUFFERS]
    pairs = [f"{conf} {size}" for conf, size in zip(CONFS, sizes, strict=True)]
    return [f"g_program {seed}; {pair}" for seed in seeds for pair in pairs]


def module(path: Path, cflags: Sequence[str]) -> Built:
    """What is compiled of a file; ``cflags`` come after those that modules are built with."""
    return built_of(compiled_file(path), cflags)


def _built(
    path: Path, programs: dict[int, Program], cflags: Sequence[str], done: Outcome
) -> Built | None:
    """The module of a file with these programs, without those that do not compile."""
    while programs:
        path.write_text(stream_file(programs.values()))
        try:
            return module(path, cflags)
        except Refused as error:
            wrong = [d for d in error.found if d.severity is Severity.ERROR]
            text = path.read_text()
            starts = {text[: text.index(p.text)].count("\n") + 1: p.seed for p in programs.values()}
            for found in wrong:
                line = found.span.line
                seed = starts[max(start for start in starts if start <= line)]
                programs.pop(seed, None)
                words = f"{found.code} {found.message}: {text.splitlines()[line - 1].strip()}"
                done.refused.append(f"{seed}: {words}")
        except Exception as error:  # the compiler's own
            before = len(programs)
            for seed, one in list(programs.items()):
                path.write_text(stream_file([one]))
                try:
                    module(path, cflags)
                except Exception as own:
                    done.internal.append(f"{seed}: {own!r}\n{path.read_text()}")
                    del programs[seed]
            if len(programs) == before:
                done.internal.append(f"{list(programs)}: {error!r}")
                return None
    return None


def respond(
    path: Path,
    made: Built,
    confs: Iterable[str],
    count: int,
    done: Outcome,
    *,
    apart: bool = False,
) -> None:
    """A file and a module in both lives, with ``count`` responses for each configuration; of each
    program the first that is not the same is told, and no other made."""
    cpython = CPython(module_of(path))
    every = list(confs)
    places = [cpython.place(Given(conf=conf)) for conf in every]
    wrong: dict[str, str] = {}
    with Driven(made, places) as nginx:
        start = time.monotonic()
        for place, conf in enumerate(every):
            which = conf.partition(";")[0]
            chance = random.Random(f"{path.stem} {conf}")
            for number in range(count):
                one = given(chance, conf)
                found = _found(cpython, nginx, one, (place, number, apart), done)
                if found is not None and which not in wrong:
                    wrong[which] = f"{summary(found)}\n{case(path, found)}"
                if which in wrong:
                    break
        done.seconds += time.monotonic() - start
    done.wrong += [f"{path.stem}, {which}: {words}" for which, words in wrong.items()]


def _found(
    cpython: CPython, nginx: Driven, one: Given, how: tuple[int, int, bool], done: Outcome
) -> Found | None:
    place, number, apart = how
    wanted = cpython.respond(one)
    try:
        seen = nginx.respond(one, place, number, apart=apart)
    except NginxFault as fault:
        return Found(one, cpython=wanted, fault=str(fault))
    done.cases += 1
    done.early += not wanted.complete
    different = tuple(differences(wanted, seen))
    return Found(one, different, wanted) if different else None


def main(seconds: float, first: int) -> int:
    """Batches until the time is over; the exit code."""
    end, failed, cases, programs = time.monotonic() + seconds, 0, 0, 0
    while time.monotonic() < end:
        flags = FLAGS[first // BATCH % len(FLAGS)]
        with tempfile.TemporaryDirectory(prefix="pyngx-generated-") as folder:
            chosen = [program(seed) for seed in range(first, first + BATCH)]
            for done in (
                compare(chosen, 1000, Path(folder), flags),
                compare_chains(range(first, first + 2), 1000, Path(folder), flags),
            ):
                for text in (*done.wrong, *done.internal):
                    print(text, flush=True)
                failed += len(done.wrong) + len(done.internal)
                cases, programs = cases + done.cases, programs + done.programs
                rate = done.cases / done.seconds if done.seconds else 0
                print(
                    f"filters {first}…: {done.programs} programs, {done.cases} responses, "
                    f"{rate:.0f} a second; {len(done.refused)} refused",
                    flush=True,
                )
        first += BATCH
    print(f"{programs} programs, {cases} responses, {failed} of them wrong")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
