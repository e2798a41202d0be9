"""Generated programs, the same each time: CPython and nginx agree, and the compiler never fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pyngx.backend import cnodes as c
from pyngx.backend.unused import declared
from pyngx.build.locate import find_target
from pyngx.testing.lives import modules as lives
from tests.harness.builds import Target
from tests.language.driven_filters import (
    Outcome,
    compare_chains,
    configurations,
    module,
    respond,
)
from tests.language.driven_filters import compare as compare_streams
from tests.language.generated import compare
from tests.language.generated_filters import Program, program, stream_file

UNOPTIMIZED = ("-O0",)
PLAIN = """
def body0(body: Body, conf: Conf, ctx: Ctx) -> Stream:
    n = 0
    for line in body.lines(16):
        n += 1
        yield line
    log.info("lines %d", n)
    yield b"|"


"""


@pytest.mark.parametrize("first", range(0, 300, 60))
def test_generated_programs(tmp_path: Path, first: int) -> None:
    """Sixty programs with forty inputs each; what is refused is a program's own fault."""
    done = compare(range(first, first + 60), 40, tmp_path)
    assert done.wrong == ()
    assert [r for r in done.refused if "PNX099" in r] == []
    assert done.programs >= 45, done.refused


@pytest.fixture(scope="module")
def sanitized(packaged: Target) -> Iterator[None]:
    """The nginx of the suite, which may be one with sanitizers."""
    before = lives.target()
    lives.choose(find_target(str(packaged.binary), str(packaged.source)))
    yield
    lives.choose(before)


@pytest.mark.usefixtures("sanitized")
@pytest.mark.parametrize("first", range(0, 48, 6))
def test_generated_filters(tmp_path: Path, first: int) -> None:
    """Programs with reads of every kind, helpers, context, configuration, headers and log lines:
    each with hundreds of bodies and cuts. Without optimization the C compiler is fast."""
    programs = [program(seed) for seed in range(first, first + 6)]
    done = compare_streams(programs, 300, tmp_path, UNOPTIMIZED)
    assert done.wrong == [] and done.internal == []
    assert done.programs >= 3, done.refused
    assert done.cases == done.programs * 300 and done.early < done.cases / 2


@pytest.mark.usefixtures("sanitized")
def test_generated_chain_filters(tmp_path: Path) -> None:
    done = compare_chains(range(10), 400, tmp_path, UNOPTIMIZED)
    assert done.wrong == [] and done.internal == []
    assert done.programs >= 8 and done.cases == done.programs * 400, done.refused


@pytest.mark.usefixtures("sanitized")
def test_found(tmp_path: Path) -> None:
    """What was found by generated filters, and is mended."""
    texts = Path(__file__).with_name("found.txt").read_text().split("===\n")
    programs = [
        Program(number, f"def header{number}(" in text, text + "\n\n")
        for number, text in enumerate(t.partition("\n")[2] for t in texts)
    ]
    programs = [replace(p, text=p.text.replace("@@", str(p.seed))) for p in programs]
    done = compare_streams(programs, 400, tmp_path)
    assert done.wrong == [] and done.internal == [] and done.refused == []
    assert done.cases == len(texts) * 400


def test_generated_filters_can_differ(tmp_path: Path) -> None:
    """A program that ends otherwise under CPython is seen, and so is one with another log."""
    path = tmp_path / "changed.py"
    path.write_text(stream_file([Program(0, False, PLAIN)]))
    made = module(path, UNOPTIMIZED)
    for old, new in (('b"|"', 'b"!"'), ('"lines %d"', '"%d lines"'), ("n += 1", "n += 8 // n")):
        text = path.read_text()
        path.write_text(text.replace(old, new))
        done = Outcome()
        respond(path, made, configurations(path, (0,)), 60, done)
        path.write_text(text)
        assert len(done.wrong) == 1 and old != new, old


def test_unused_locals() -> None:
    """What nothing mentions is not declared; what is only assigned is marked."""
    names = ("set", "part", "read", "gone")
    set_, part, read, gone = (c.Decl("ngx_int_t", 0, name) for name in names)
    body = (
        c.ExprStmt(c.Assign(c.Name("set"), c.Int("1"))),
        c.ExprStmt(c.Assign(c.Member(c.Name("part"), "len"), c.Member(c.Name("read"), "len"))),
    )
    kept, marks = declared((set_, part, read, gone), body)
    assert kept == (set_, part, read)
    unread = tuple(c.ExprStmt(c.Cast("void", c.Name(name))) for name in ("set", "part"))
    assert marks == (*unread, c.Blank())
