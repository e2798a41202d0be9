"""``pyngx check --explain``: what is said is what the C does, and the lines are the causes."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

import pytest

from pyngx.build.locate import find_target
from pyngx.diagnostics import Diagnostics, Explained, Fact
from pyngx.explain import explained
from pyngx.pipeline import Compiled, compile_file
from pyngx.render import facts
from tests.harness.builds import pyngx

EXAMPLES = sorted((Path(__file__).parents[1] / "examples" / "filters").glob("*.py"))
EXAMPLE = {path.stem: path for path in EXAMPLES}


def compiled(path: Path) -> Compiled:
    diags = Diagnostics()
    found = compile_file(path, find_target(), diags)
    assert found is not None, list(diags.all)
    return found


def about(found: Explained, topic: str) -> list[Fact]:
    return [fact for fact in found.facts if fact.topic == topic]


def line_of(path: Path, text: str) -> int:
    """The number of the first line that begins with ``text``."""
    lines = path.read_text().split("\n")
    return next(n for n, line in enumerate(lines, 1) if line.strip().startswith(text))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_what_is_said_is_what_the_c_does(path: Path) -> None:
    module = compiled(path)
    code = module.files[module.c_name]
    said = facts(explained(module))
    for words, code_words in {
        "bytes in memory are asked for": "r->filter_need_in_memory = 1;",
        "writable ones are asked for": "r->filter_need_temporary = 1;",
        "refused: positions in the body change": "ngx_http_clear_accept_ranges(r);",
        "a strong one turns weak": "ngx_http_weak_etag(r);",
        "sized by the directive": "ctx->stream.bufs = ",
        "corrected by what is added": "r->headers_out.content_length_n = len;",
    }.items():
        assert (words in said) == (code_words in code), words
    last = len(path.read_text().split("\n"))
    assert all(1 <= line <= last for f in explained(module).facts for line in f.lines)


def test_the_lines_are_the_causes() -> None:
    path = EXAMPLE["footer"]
    found = explained(compiled(path))
    added = (line_of(path, "yield conf.text"),)
    assert about(found, "Content-Length") == [
        Fact("Content-Length", "corrected by what is added", added)
    ]
    assert [f.lines for f in about(found, "states")] == [(line_of(path, "yield from body"),)]
    assert "sendfile works" in about(found, "buffers")[0].says


def test_states_and_variables(tmp_path: Path) -> None:
    path = tmp_path / "held.py"
    path.write_text(
        "from pyngx import Body, Stream, body_filter\n"
        "\n"
        "\n"
        "@body_filter\n"
        "def body(body: Body) -> Stream:\n"
        "    head = body.read(4)\n"
        "    n = 0\n"
        "    for line in body.lines(80):\n"
        "        n += 1\n"
        "        yield line\n"
        "    yield head\n"
        '    yield b"%d" % n\n'
    )
    found = explained(compiled(path))
    assert [(f.says, f.lines) for f in about(found, "states")] == [
        ("'read' waits for input or room", (6,)),
        ("'lines' waits for input or room", (8,)),
    ]
    assert [(f.says, f.lines) for f in about(found, "kept")] == [
        ("head, a copy of its own", (6,)),
        ("n, as it is", (7,)),
    ]
    assert about(found, "buffers")[0].lines == (6,)
    assert about(found, "Content-Length") == [
        Fact("Content-Length", "cleared: the length may change", (6,))
    ]


HEAD = '''"""A body under test."""

from pyngx import Body, LocConf, Stream, body_filter, directive
from pyngx.ngx import ngx_flag_t, ngx_str_t


class Conf(LocConf):
    text: ngx_str_t = directive("explained_text", default=b"")
    more: ngx_flag_t = directive("explained_more", default=False)


@body_filter
def body(body: Body, conf: Conf) -> Stream:
'''
CORRECTED = "corrected by what is added"
CLEARED = "cleared: the length may change"
EACH = "for buf in body:\n    yield buf\n"
LENGTHS = (
    (EACH, None),
    ("for buf in body:\n    yield buf\n    break\n", CLEARED),
    ("for buf in body:\n    yield buf\n    break\nyield from body\n", None),
    ("for buf in body:\n    yield buf\n    if conf.more:\n        continue\n", None),
    ("for buf in body:\n    if conf.more:\n        continue\n    yield buf\n", CLEARED),
    ("for buf in body:\n    if conf.more:\n        yield buf\n", CLEARED),
    (
        "for buf in body:\n    if conf.more:\n        yield buf\n        return\n    yield buf\n",
        CLEARED,
    ),
    ("for buf in body:\n    if not conf.more:\n        yield buf\n    yield buf\n", CLEARED),
    (f"{EACH}yield conf.text\nyield conf.text\n", CORRECTED),
    (f"if conf.more:\n    yield b'a'\nelse:\n    yield conf.text\n{EACH}", CORRECTED),
    ("if conf.more:\n    yield from body\nelse:\n    yield conf.text\n", CLEARED),
    (f"if conf.more:\n    return\n{EACH}", CLEARED),
    (f"text = b'a'\nyield text\n{EACH}", CORRECTED),
    (f"text = b'a'\nif conf.more:\n    text = b'bcd'\nyield text\n{EACH}", CLEARED),
    (
        "text = b'a'\nif conf.more:\n    yield b'.'\nelse:\n    text = b'bcd'\n    yield b','\n"
        f"yield text\n{EACH}",
        CLEARED,
    ),
    (f"text = b'a'\nfor n in range(3):\n    text = b'bcd'\n{EACH}yield text\n", CLEARED),
)


@pytest.mark.parametrize(("body", "says"), LENGTHS)
def test_the_length_is_that_of_what_is_sent(body: str, says: str | None, tmp_path: Path) -> None:
    path = tmp_path / "explained.py"
    path.write_text(HEAD + textwrap.indent(body, "    "))
    said = about(explained(compiled(path)), "Content-Length")
    assert [fact.says for fact in said if fact.says in (CORRECTED, CLEARED)] == [says] * bool(says)


KEPT: tuple[tuple[str, set[str]], ...] = (
    (
        "most = len(body.read(4))\nn = 0\nwhile n < most:\n    n += 1\n"
        "    line = body.readline(9)\n    yield line\n",
        {"most", "n"},
    ),
    ("n = len(body.read(4))\nyield from body\nyield b'%d' % n\n", {"n"}),
    ("n = len(body.read(4))\nyield b'%d' % n\nyield from body\n", set()),
    ("n = 4\nfor i in range(9):\n    n += 1\n    yield b'%d,' % i\nyield b'%d' % n\n", {"i", "n"}),
    (
        "n = len(body.read(4))\ntry:\n    head = body.read(4)\n    yield b'%d' % head[9]\n"
        "except IndexError:\n    yield b'%d' % n\nyield from body\n",
        {"n"},
    ),
    (
        "head = body.read(4)\nfor line in body.lines(9):\n    yield head\n    head = b''\n"
        "    if body.read(1):\n        break\nyield b'.'\n",
        {"head"},
    ),
    ("last = b''\nfor line in body.lines(9):\n    yield last\n    last = line\n", {"last"}),
)


@pytest.mark.parametrize(("body", "names"), KEPT)
def test_what_is_needed_after_a_read_is_kept(body: str, names: set[str], tmp_path: Path) -> None:
    path = tmp_path / "explained.py"
    path.write_text(HEAD + textwrap.indent(body, "    "))
    said = about(explained(compiled(path)), "kept")
    none = {"no variable is kept in the request's context"}
    assert {fact.says.partition(",")[0] for fact in said} == (names or none)


def test_the_filter_sets_the_length_itself(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(
        "from pyngx import Body, Stream, body_filter, header_filter\n"
        "from pyngx.ngx import ngx_http_request_t\n"
        "\n"
        "\n"
        "@header_filter\n"
        "def header(r: ngx_http_request_t) -> None:\n"
        "    r.headers_out.content_length_n = 3\n"
        "\n"
        "\n"
        "@body_filter(encoded=True)\n"
        "def body(body: Body) -> Stream:\n"
        "    for buf in body:\n"
        "        pass\n"
        '    yield b"abc"\n'
    )
    found = explained(compiled(path))
    assert about(found, "Content-Length") == [
        Fact("Content-Length", "left alone: the filter sets it itself", (7,))
    ]
    assert len(about(found, "runs also on")) == 1
    assert len(about(found, "does not run on")) == 1


def test_the_command() -> None:
    path = EXAMPLE["number_lines"]
    done = pyngx("check", "--explain", str(path))
    assert done.returncode == 0
    assert done.stdout.startswith(f"{path}: ngx_http_number_lines_filter_module\n")
    line = line_of(path, "for line in body.lines")
    assert f"\n{path}:{line}: states: 'lines' waits for input or room\n" in done.stdout
    assert all(said.startswith(str(path)) for said in done.stdout.splitlines())


def test_the_command_as_json() -> None:
    paths = [EXAMPLE["footer"], EXAMPLE["rot13"]]
    done = pyngx("check", "--explain", "--format", "json", *map(str, paths))
    found = json.loads(done.stdout)
    assert [one["path"] for one in found] == [str(p) for p in paths]
    assert {"topic", "says", "lines", "path"} == set(found[0]["facts"][0])
    assert {fact["path"] for fact in found[0]["facts"]} == {str(paths[0])}


CHECKED = """\
from pyngx import LocConf, directive, variable
from pyngx.ngx import ngx_http_request_t, size_t, uint8_t

TABLE = (2, 3, 5, 7)


class Conf(LocConf):
    limit: size_t = directive("limit", default=8, min=1, max=64)


@variable("v")
def v(r: ngx_http_request_t, conf: Conf) -> bytes:
    n = int(r.arg(b"n") or b"0")
    data = r.uri
    a = n * 3
    b = len(data) + 1
    c = n // (len(data) - 2)
    d = b // conf.limit
    e = data[n]
    f = data[0]
    g = TABLE[n]
    h = TABLE[d & 3]
    for i in range(len(data)):
        h += data[i]
    return b"%d %d %d %d %d %d %d %d" % (a, b, c, d, e, f, g, h)
"""


def test_run_time_checks_and_why_they_stay(tmp_path: Path) -> None:
    path = tmp_path / "checked.py"
    path.write_text(CHECKED)
    found = explained(compiled(path))
    stays = {(f.lines, f.says) for f in about(found, "checks")}
    divisor = "len(data) - 2 is -2 to 2**47 - 2"
    assert stays == {
        ((13,), 'ValueError of \'int(r.arg(b"n") or b"0")\': invalid literal for int()'),
        ((13,), 'OverflowError of \'int(r.arg(b"n") or b"0")\': integer does not fit in 64 bits'),
        ((15,), "OverflowError of 'n * 3': n is any integer"),
        ((17,), "ZeroDivisionError of 'n // (len(data) - 2)': len(data) - 2 is -2 to 2**47 - 2"),
        (
            (17,),
            f"OverflowError of 'n // (len(data) - 2)': n is any integer, {divisor}",
        ),
        ((19,), "IndexError of 'data[n]': n is any integer"),
        ((20,), "IndexError of 'data[0]': data may be shorter"),
        ((21,), "IndexError of 'TABLE[n]': n is any integer"),
        ((24,), "OverflowError of 'h': integer does not fit in 64 bits"),
    }
    proven = {(f.lines, f.says) for f in about(found, "no check")}
    assert ((16,), "'len(data) + 1' fits: len(data) is 0 to 2**47") in proven
    assert ((22,), "'TABLE[d & 3]' is in range: d & 3 is 0 to 3") in proven
    assert ((18,), "'b // conf.limit' does not divide by zero: conf.limit is 1 to 64") in proven


HASHES = Path(__file__).parent / "language" / "filters" / "hashes.py"


def test_hashes_that_are_masked_have_no_checks() -> None:
    found = explained(compiled(HASHES))
    first, last = line_of(HASHES, "def fnv1a"), line_of(HASHES, "def grows")
    checked = [f for f in about(found, "checks") if first <= f.lines[0] < last]
    assert [f for f in checked if "OverflowError" in f.says] == []
    assert [f.says.split(" of ")[0] for f in checked] == ["IndexError"]  # of 'data[i]' in a while
    line = line_of(HASHES, "h = ((h ^ byte)")
    product = "'(h ^ byte) * 0x01000193' fits: h ^ byte is 0 to 2**32 - 1"
    assert Fact("no check", product, (line,)) in found.facts
    line = line_of(HASHES, "n = n * 65537")
    assert [f.lines for f in about(found, "checks") if "n * 65537" in f.says] == [(line,), (line,)]


@pytest.mark.parametrize("path", [*EXAMPLES, HASHES], ids=lambda p: p.stem)
def test_the_checks_are_those_of_the_c(path: Path) -> None:
    """What the C reports at a line of Python is what is said to be checked there."""
    module = compiled(path)
    code = re.sub(r'"\s*"', "", module.files[module.c_name])
    errors = rf'"{path.name}:(\d+): (\w+Error): '
    raised = {(int(n), error) for n, error in re.findall(errors, code)}
    said = {
        (fact.lines[0], fact.says.split(" of ")[0])
        for fact in about(explained(module), "checks")
        if not fact.path
    }
    written = {
        (number, name)
        for number, line in enumerate(path.read_text().split("\n"), 1)
        for name in re.findall(r"raise (\w+)", line)
    }
    assert raised - written <= said
    assert {n for n, _ in said} <= {n for n, _ in raised} | {n for n, _ in written}


def test_a_helper_of_another_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "counting.py").write_text("def double(n: int) -> int:\n    return n * 2\n")
    path = tmp_path / "other.py"
    path.write_text(
        "from counting import double\n"
        "from pyngx import variable\n"
        "from pyngx.ngx import ngx_http_request_t\n"
        "\n"
        "\n"
        '@variable("v")\n'
        "def v(r: ngx_http_request_t) -> bytes:\n"
        '    return b"%d" % double(int(r.arg(b"n") or b"0"))\n'
    )
    found = explained(compiled(path))
    said = facts(found)
    assert (
        f"{tmp_path / 'counting.py'}:2: checks: OverflowError of 'n * 2': n is any integer" in said
    )


def test_a_refused_file_is_not_explained(tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text("import nothing_of_the_kind\n")
    done = pyngx("check", "--explain", str(path))
    assert done.returncode == 1
    assert "error[" in done.stderr
    assert done.stdout == ""
