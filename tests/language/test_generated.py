"""Generated programs, the same each time: CPython and nginx agree, and the compiler never fails."""

from __future__ import annotations

from pathlib import Path

from pyngx.backend import cnodes as c
from pyngx.backend.unused import declared
from tests.language.generated import compare


def test_generated_programs(tmp_path: Path) -> None:
    """A hundred programs with forty inputs each; what is refused is a program's own fault."""
    done = compare(range(120), 40, tmp_path)
    assert done.wrong == ()
    assert [r for r in done.refused if "PNX099" in r] == []
    assert done.programs >= 80, done.refused


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
