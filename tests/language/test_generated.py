"""Generated programs, the same each time: CPython and nginx agree, and the compiler never fails."""

from __future__ import annotations

import random
from pathlib import Path

from pyngx.backend import cnodes as c
from pyngx.backend.unused import declared
from pyngx.testing.lives.compare import differences
from pyngx.testing.lives.life import CPython, InNginx
from pyngx.testing.lives.modules import built
from tests.language import generated_filters as filters
from tests.language.generated import compare


def test_generated_programs(tmp_path: Path) -> None:
    """A hundred programs with forty inputs each; what is refused is a program's own fault."""
    done = compare(range(120), 40, tmp_path)
    assert done.wrong == ()
    assert [r for r in done.refused if "PNX099" in r] == []
    assert done.programs >= 80, done.refused


def test_generated_filters(tmp_path: Path) -> None:
    """Body filters with headers, context and configuration, each with many bodies and cuts."""
    done = filters.compare(range(12), 200, tmp_path)
    assert done.wrong == [] and done.internal == []
    assert done.programs >= 9, done.refused
    assert done.cases == done.programs * 200 and done.early < done.cases / 4


def test_generated_filters_can_differ(tmp_path: Path) -> None:
    """A filter that ends otherwise under CPython is seen by most responses."""
    programs = {seed: filters.filter_program(seed) for seed in range(20)}
    seed, text = next((s, t) for s, t in programs.items() if "@header_filter" not in t)
    path = tmp_path / f"g{seed}.py"
    path.write_text(text)
    made = built(path)
    path.write_text(text.replace('yield b"|%d', 'yield b"!%d'))
    cpython = CPython(filters.module_of(path))
    path.write_text(text)
    chance = random.Random(seed)
    given = [filters.given(chance, f"g{seed}") for _ in range(100)]
    plain = [one for one in given if not one.conf]
    with InNginx(made, [cpython.place(plain[0])]) as nginx:
        seen = [list(differences(cpython.respond(one), nginx.respond(one))) for one in plain]
    assert sum(bool(found) for found in seen) > len(plain) / 3


def test_unused_locals() -> None:
    """What nothing mentions is not declared; what is only assigned is marked."""
    set_, read, gone = (c.Decl("ngx_int_t", 0, name) for name in ("set", "read", "gone"))
    body = (
        c.ExprStmt(c.Assign(c.Name("set"), c.Int("1"))),
        c.ExprStmt(c.Assign(c.Member(c.Name("read"), "len"), c.Int("1"))),
    )
    kept, marks = declared((set_, read, gone), body)
    assert kept == (set_, read)
    assert marks == (c.ExprStmt(c.Cast("void", c.Name("set"))), c.Blank())
