"""The passes together: the C is read by a compiler, and knows the lines of the Python."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from pyngx.build.compile import build_module
from pyngx.build.locate import NginxTarget, find_target
from pyngx.diagnostics import Diagnostics, InternalError
from pyngx.pipeline import Compiled, compile_file, require_clean
from tests.harness.builds import EXAMPLES, Target, pyngx

FOOTER = EXAMPLES / "footer.py"
HELPED = """\
from pyngx import header_filter
from pyngx.ngx import ngx_http_request_t

from somewhere_else import limited


@header_filter
def header(r: ngx_http_request_t) -> None:
    n = limited(r.headers_out.status)
    if n > 300:
        r.headers_out.status = 300
"""
HELPER = "\n" * 50 + "def limited(n: int) -> int:\n    m = n - 1\n    return m\n"


@pytest.fixture(scope="module")
def where(packaged: Target) -> NginxTarget:
    return find_target(str(packaged.binary), str(packaged.source))


def compiled(path: Path, where: NginxTarget) -> Compiled:
    diags = Diagnostics()
    found = compile_file(path, where, diags)
    assert found is not None, [d.message for d in diags.all]
    return found


def python_line(text: str) -> int:
    """The line of the footer example where ``text`` stands."""
    lines = FOOTER.read_text().split("\n")
    return next(n for n, line in enumerate(lines, start=1) if text in line)


def test_every_line_of_c_has_its_python(where: NginxTarget) -> None:
    one = compiled(FOOTER, where)
    lines = one.files[one.c_name].split("\n")
    assert len(one.lines) == len(lines) - 1
    tested = {
        one.lines[n] for n, text in enumerate(lines) if "conf->enable" in text and "if" in text
    }
    assert tested == {python_line("if not conf.enable")}


def test_a_module_without_runtime_keeps_its_lines(where: NginxTarget, tmp_path: Path) -> None:
    path = tmp_path / "plain.py"
    path.write_text(
        "from pyngx import header_filter\nfrom pyngx.ngx import ngx_http_request_t\n\n\n"
        "@header_filter\ndef header(r: ngx_http_request_t) -> None:\n"
        "    r.headers_out.status = 201\n"
    )
    one = compiled(path, where)
    assert set(one.files) == {"config", one.c_name}, "this test wants a module without runtime"
    lines = one.files[one.c_name].split("\n")
    assert len(one.lines) == len(lines) - 1
    assert [one.lines[n] for n, text in enumerate(lines) if "= 201;" in text] == [7]


@pytest.mark.parametrize(
    ("good", "bad", "words", "python"),
    [
        ("!conf->enable", "!conf->enabel", "no member named 'enabel'", "if not conf.enable"),
        ("return NGX_OK;", "return r;", "incompatible pointer to integer", "return NGX_OK"),
    ],
)
def test_wrong_c_is_a_bug_told_at_its_python(
    good: str, bad: str, words: str, python: str, where: NginxTarget
) -> None:
    one = compiled(FOOTER, where)
    require_clean(one, where)
    text = one.files[one.c_name]
    start = text.index("\nngx_http_footer_header(")
    broken = text[:start] + text[start:].replace(good, bad, 1)
    assert broken != text
    with pytest.raises(InternalError, match=words) as error:
        require_clean(replace(one, files={**one.files, one.c_name: broken}), where)
    assert error.value.span is not None
    assert error.value.span.line == python_line(python)


def test_a_warning_about_the_runtime_is_a_bug_too(where: NginxTarget) -> None:
    one = compiled(FOOTER, where)
    name = "ngx_http_footer_runtime.h"
    broken = one.files[name].replace("\n#endif", "\nstatic int x = 1 << 70;\n\n#endif")
    with pytest.raises(InternalError, match=rf"{name}:\d+:\d+: shift count"):
        require_clean(replace(one, files={**one.files, name: broken}), where)


def test_the_debug_information_names_the_python_line(where: NginxTarget, tmp_path: Path) -> None:
    pyngx("build", str(FOOTER), "-o", str(tmp_path), *options(where))
    module = tmp_path / "ngx_http_footer_filter_module.so"
    symbols = subprocess.run(["nm", module], capture_output=True, text=True, check=True).stdout
    found = re.search(r"^(\w+) t ngx_http_footer_header_filter$", symbols, re.MULTILINE)
    assert found is not None, symbols
    code = subprocess.run(
        ["objdump", "-d", "--line-numbers", f"--start-address=0x{found[1]}", module],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert f"{FOOTER}:{python_line('if not conf.enable')}" in code


def test_the_compiler_speaks_of_the_python(where: NginxTarget, tmp_path: Path) -> None:
    one = compiled(FOOTER, where)
    for name, text in one.with_python_lines().items():
        (tmp_path / name).write_text(text.replace("!conf->enable", "!conf->enabel"))
    with pytest.raises(Exception, match=rf"{FOOTER}:{python_line('if not conf.enable')}:"):
        build_module(tmp_path, tmp_path, where)


def test_lines_are_written_only_when_asked_for(where: NginxTarget, tmp_path: Path) -> None:
    name = "ngx_http_footer_filter_module.c"
    done = pyngx("compile", str(FOOTER), "-o", str(tmp_path / "plain"), *options(where))
    assert done.returncode == 0, done.stderr
    assert "#line" not in (tmp_path / "plain" / name).read_text()
    done = pyngx(
        "compile", str(FOOTER), "-o", str(tmp_path / "lines"), "--debug-lines", *options(where)
    )
    assert done.returncode == 0, done.stderr
    assert f'"{FOOTER}"' in (tmp_path / "lines" / name).read_text()


def test_functions_of_another_file_are_not_shown_at_lines_of_this_one(
    where: NginxTarget, tmp_path: Path
) -> None:
    (tmp_path / "somewhere_else.py").write_text(HELPER)
    (tmp_path / "helped.py").write_text(HELPED)
    one = compiled(tmp_path / "helped.py", where)
    assert max(line or 0 for line in one.lines) <= HELPED.count("\n")
    text = one.files[one.c_name].split("\n")
    start = next(n for n, words in enumerate(text) if words.startswith("ngx_http_helped_limited("))
    end = text.index("}", start)
    assert end - start > 5
    assert set(one.lines[start:end]) == {None}


def options(where: NginxTarget) -> tuple[str, ...]:
    return ("--nginx", str(where.binary), "--nginx-src", str(where.source))
