"""``pyngx check --explain``: what is said is what the C does, and the lines are the causes."""

from __future__ import annotations

import json
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
    assert f"'lines' waits for input or room  (line {line})" in done.stdout


def test_the_command_as_json() -> None:
    paths = [EXAMPLE["footer"], EXAMPLE["rot13"]]
    done = pyngx("check", "--explain", "--format", "json", *map(str, paths))
    found = json.loads(done.stdout)
    assert [one["path"] for one in found] == [str(p) for p in paths]
    assert {"topic", "says", "lines"} == set(found[0]["facts"][0])


def test_a_refused_file_is_not_explained(tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text("import nothing_of_the_kind\n")
    done = pyngx("check", "--explain", str(path))
    assert done.returncode == 1
    assert "error[" in done.stderr
    assert done.stdout == ""
