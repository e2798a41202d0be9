"""Comments reach the C: all of them, each beside what it speaks of."""

from __future__ import annotations

import ast
import re
import sysconfig
from itertools import count
from pathlib import Path

import ast_comments
import pytest

from pyngx.frontend.comments import LONGEST, nodes, read_comments, tokens
from pyngx.source import SourceFile
from tests.harness.builds import Target, pyngx

EVERYWHERE = """\
#!/usr/bin/env python3
# -*- coding: utf-8 -*-
# licence line

# c00 second paragraph
'''Docstring of the file.'''  # c01

from pyngx import Body, LocConf, RequestCtx, Stream, body_filter, directive, header_filter  # c02 i
from pyngx.ngx import ngx_http_request_t, ngx_int_t, NGX_OK, off_t, NGX_DECLINED

# c03 above constant
LIMIT = 10  # c04 beside constant

# c05 above class
class Conf(LocConf):  # c06 class head
    # c07 before docstring
    '''Conf doc.'''  # c08

    # c09 above field
    x: ngx_int_t = directive("cm_x", default=1)  # c10 beside field
    # c11 end of class


class Ctx(RequestCtx):
    n: off_t = 0  # c12 ctx

# c13 above decorator
@header_filter  # c14 decorator
# c15 between
def header(
    r: ngx_http_request_t,  # c16 param
    conf: Conf,
) -> ngx_int_t:  # c17 head
    # c18 before docstring
    '''Header doc.'''  # c19

    # c20 paragraph

    # c21 above a
    a = (  # c22
        1
        # c23
        + conf.x  # c24
    )
    if a == 2:  # c25
        # c26
        a = 3
        # c27 end of if
    # c28 before elif
    elif a == 3:  # c29
        a = 4  # c30
    elif (
        # c31
        a == 5
    ):
        a = 6

        # c32 end of elif

    # c33 before else
    else:  # c34
        # c35
        a = 7
        # c36 end of else
    while a > 100:  # c37
        a -= 1
        # c38
    # c39
    for i in range(3):
        # c40
        pass  # c41
    '''A string.'''  # c42
    return NGX_OK  # c43
    # c44 end of function

# c45 above body
@body_filter
def body(body: Body, ctx: Ctx) -> Stream:
    # c46 above first
    yield b"a"
    # c47
    for buf in body:  # c48
        # c49
        ctx.n += len(buf)
        yield buf
        # c50
    # c51
    yield b"x"; yield b"y"  # c52
    # c53

# c54 the end
"""


def c_of(text: str, where: Target, folder: Path) -> str:
    """The C of a filter file."""
    path = folder / "comments.py"
    path.write_text(text)
    target = ("--nginx", str(where.binary), "--nginx-src", str(where.source))
    done = pyngx("compile", str(path), "-o", str(folder / "addon"), *target)
    assert done.returncode == 0, done.stderr
    return (folder / "addon" / "ngx_http_comments_filter_module.c").read_text()


def c_comments(text: str) -> str:
    """The comments of a C file."""
    return "\n".join(re.findall(r"/\*.*?\*/", text, re.DOTALL))


def test_every_comment_reaches_the_c(packaged: Target, tmp_path: Path) -> None:
    found = c_comments(c_of(EVERYWHERE, packaged, tmp_path))
    wanted = re.findall(r"\bc\d\d\b.*", EVERYWHERE)
    assert len(wanted) == 55
    assert [words for words in wanted if not re.search(rf"{words}(?!\d)", found)] == []
    assert "licence line" in found
    assert "python3" not in found and "coding" not in found
    positions = [found.index(words) for words in wanted[13:54]]
    assert positions == sorted(positions), "those of functions keep their order"


@pytest.mark.parametrize(
    ("words", "neighbour"),
    [
        ("c21 above a", "(1, conf->x"),
        ("c25", "if (a == 2) {"),
        ("c26", "a = 3;"),
        ("c30", "a = 4;"),
        ("c31", "a = 6;"),
        ("c35", "a = 7;"),
        ("c37", "while (a > 100) {"),
        ("c39", "for (i = 0; i < 3; i++) {"),
        ("c43", "return NGX_OK;"),
        ("c48", "for ( ;; ) {"),
        ("c52", 'ngx_str_set(&text, "x");'),
    ],
)
def test_a_comment_stands_above_what_it_speaks_of(
    words: str, neighbour: str, packaged: Target, tmp_path: Path
) -> None:
    text = c_of(EVERYWHERE, packaged, tmp_path)
    _, _, rest = text.partition(words)
    _, _, code = rest.partition("*/")
    line = code.strip().split("\n")[0]
    assert neighbour in line, line


@pytest.mark.parametrize(
    ("words", "before"),
    [
        ("c27 end of if", "a = 3;"),
        ("c32 end of elif", "a = 6;"),
        ("c36 end of else", "a = 7;"),
        ("c44 end of function", "return NGX_OK;"),
        ("c50", "return NGX_ERROR;\n            }"),
    ],
)
def test_the_last_words_of_a_block_stay_in_it(
    words: str, before: str, packaged: Target, tmp_path: Path
) -> None:
    text = c_of(EVERYWHERE, packaged, tmp_path)
    code, _, rest = text.partition(f"/* {words} */")
    assert code.rstrip().endswith(before)
    assert rest.lstrip().startswith("}")


def test_a_long_comment_keeps_the_margin(packaged: Target, tmp_path: Path) -> None:
    long = " ".join(f"word{n}" for n in range(60))
    text = (
        "from pyngx import RequestCtx, header_filter\n"
        "from pyngx.ngx import ngx_http_request_t, off_t\n"
        f"# {long}\nclass Ctx(RequestCtx):\n    # {long}\n    n: off_t = 0\n\n\n"
        f"# {long}\n@header_filter\ndef header(r: ngx_http_request_t, ctx: Ctx) -> None:\n"
        f"    # {long}\n    ctx.n = 1\n"
    )
    found = c_of(text, packaged, tmp_path)
    assert max(len(line) for line in found.split("\n")) <= 79
    assert found.count("word59") == 4


def test_both_ways_to_read_find_the_same() -> None:
    library = Path(sysconfig.get_path("stdlib"))
    compared = 0
    for name in ("argparse", "textwrap", "enum", "difflib", "heapq", "sched", "copy"):
        text = (library / f"{name}.py").read_text()
        lines = text.split("\n")
        for node in ast.parse(text).body:
            piece = "\n".join(lines[node.lineno - 1 : node.end_lineno]) + "\n"
            if piece.count("\n") <= LONGEST:
                assert nodes(piece) == tokens(piece)
                compared += len(tokens(piece))
    assert compared > 100


def test_ast_comments_never_gets_much_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    read = ast_comments.parse

    def counted(piece: str) -> object:
        sizes.append(piece.count("\n"))
        return read(piece)

    monkeypatch.setattr(ast_comments, "parse", counted)
    number = count()
    small = "def f():\n" + "".join(f"    x = {next(number)}  # n\n" for _ in range(200))
    large = "def g():\n" + "".join(f"    x = {next(number)}  # n\n" for _ in range(10_000))
    text = small * 5 + large
    found = read_comments(SourceFile("x.py", text), ast.parse(text))
    assert sizes == [201] * 5
    assert len(found.after_code) == 11_000


@pytest.mark.parametrize("end", ["\f", "\v", "\x1c", "\u2028", "\x85"])
def test_what_only_looks_like_a_line_end_moves_no_comment(end: str) -> None:
    text = f"def f():\n    x = '{end}'  # one\n    y = 2  # two\n"
    found = read_comments(SourceFile("x.py", text), ast.parse(text))
    assert found.trailing(2) == "one"
    assert found.trailing(3) == "two"
