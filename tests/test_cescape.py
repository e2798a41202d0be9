"""Text of the user's in C: gcc reads back what was written, and nothing breaks out."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pyngx.backend import cnodes as c
from pyngx.backend.cescape import MARGIN, character, comment_lines, literal, literals
from pyngx.backend.cprint import print_unit
from tests import c_style
from tests.c_pieces import OK, function, gcc, output_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"", '""'),
        (b'say "hi"\\', '"say \\"hi\\"\\\\"'),
        (b"a\r\n\t", '"a\\r\\n\\t"'),
        (b"\x001", '"\\0001"'),
        (b"\xc3\xa9f", '"\\303\\251f"'),
        (b"??/??", '"?\\?/?\\?"'),
    ],
)
def test_string_literals(value: bytes, text: str) -> None:
    assert literal(value) == text


def test_every_byte_string_survives_gcc(tmp_path: Path) -> None:
    rng = random.Random(2)
    values = [bytes(range(256)), b"?" * 9, b'"*/' * 30, b"\\\n" * 20, b"%s %d \0" + b"12" * 60]
    values += [bytes(rng.choices(b'?\\"/*\n\r\t\0\x7f\xff019aA ', k=n)) for n in range(60)]
    rows, expected = [], []
    for i, value in enumerate(values):
        lines = "\n    ".join(literals(value, 12 + i))
        assert max(map(len, lines.split("\n    "))) <= 12 + i
        rows.append(f"    {{ sizeof({literal(value)}) - 1,\n    {lines} }}")
        expected.append(f"{len(value)}:{value.hex()}\n")
    program = (
        "#include <stdio.h>\nstatic const struct { unsigned long n; const char *s; } t[] = {\n"
        + ",\n".join(rows)
        + "\n};\nint main(void) { for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {"
        ' printf("%lu:", t[i].n); for (unsigned long k = 0; k < t[i].n; k++)'
        ' printf("%02x", (unsigned char) t[i].s[k]); printf("\\n"); } return 0; }\n'
    )
    assert output_of(program, tmp_path, "-trigraphs") == "".join(expected)


def test_every_character_survives_gcc(tmp_path: Path) -> None:
    rows = ", ".join(character(byte) for byte in range(256))
    program = (
        f"#include <stdio.h>\nstatic const int t[] = {{ {rows} }};\n"
        'int main(void) { for (int i = 0; i < 256; i++) printf("%d ", t[i] - i); return 0; }\n'
    )
    assert output_of(program, tmp_path) == "0 " * 256


HOSTILE = [
    "*/ int x = 1; /*",
    "**//**/ /*/*/ */*",
    "*\\\n/ ??/\n*/",
    "\u202e reversed \u2066 and \u200f",
    "nul \0 bell \a del \x7f form \f feed",
    "a\u2028b\x85c\vd",
    "http://example.com/" + "x" * 200 + " // end",
    "word " * 60 + "\n\n    indented\ttab\n",
    "é" * 100,
    "\n\n",
    "",
    "*",
    "/",
    "\" ' #if 0 \\",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_comment_breaks_out(text: str, tmp_path: Path) -> None:
    inside = function(c.Comment(text), c.Return(OK))
    made = c.Function(inside.result, "f", (), (), inside.body, comment=c.Comment(text))
    case = c.Case((None,), (c.Break(),), text)
    field = c.Decl("int", 0, "i", comment=text)
    unit = c.TranslationUnit(
        text,
        defines=(c.Define("NGX_OK", "0", text), c.Define("ngx_int_t", "int")),
        types=(c.StructDef("s_t", (field,), comment=text),),
        variables=(c.VarDef("int", 0, "v", c.Int("1"), comment=text),),
        functions=(made, c.Function("int", "main", (), (), (c.Switch(c.Call("f"), (case,)),))),
    )
    printed = print_unit(unit).text
    done = gcc(printed, tmp_path, "-trigraphs")
    assert done.returncode == 0, done.stderr
    assert {v.rule for v in c_style.check(printed, "x.c")} == set()


def test_paragraphs_with_long_lines_are_filled() -> None:
    long, short = "word " * 18 + "end", "short"
    filled = comment_lines(f"{long}\n{short}\n\n  {short}\n  {short}\n- one\n- two {long}", 0)
    assert filled[2] == " * word word word end short"
    assert filled[3:7] == [" *", " *   short", " *   short", " * - one"]
    assert comment_lines("two\nlines", 0) == ["/*", " * two", " * lines", " */"]


def test_comments_wrap_and_keep_their_words() -> None:
    assert comment_lines("one line", 4) == ["    /* one line */"]
    assert comment_lines("two\n\n  lines\n", 0) == ["/*", " * two", " *", " *   lines", " */"]
    words = [f"word{i}" for i in range(50)]
    lines = comment_lines(" ".join(words), 8)
    assert max(map(len, lines)) <= MARGIN
    assert " ".join(line[11:] for line in lines[1:-1]).split() == words
