"""The C of every example and of the runtime: two compilers, the style checker, the same bytes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from pyngx.backend import runtime
from pyngx.build.compile import compile_flags
from pyngx.build.configure import configured
from pyngx.build.locate import NginxTarget, find_target
from pyngx.diagnostics import Diagnostics
from pyngx.headers import check_c
from pyngx.pipeline import compile_file
from tests import c_style
from tests.harness.builds import EXAMPLES, REPOSITORY, Target

FILTERS = sorted(EXAMPLES.glob("*.py"))
COMPILERS = ("gcc", "clang")
STRICT = ("-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", "-c", "-o", "/dev/null")
"""What nginx's handlers do not use of their parameters is not said; nginx's flags say so too."""

EVERYTHING = "runtime.h"


@pytest.fixture(scope="module")
def where(nginx_target: Target) -> NginxTarget:
    return find_target(str(nginx_target.binary), str(nginx_target.source))


@cache
def files_of(path: Path, where: NginxTarget) -> dict[str, str]:
    """The addon directory of a filter."""
    diags = Diagnostics()
    compiled = compile_file(path, where, diags)
    assert compiled is not None, [d.message for d in diags.all]
    return compiled.files


@cache
def everything() -> str:
    """The runtime as one header, each of its items in it."""
    names = " ".join(name for item in runtime.items() for name in item.names)
    return runtime.header("every module", "_EVERYTHING_H_INCLUDED_", names)


def written(files: dict[str, str], folder: Path) -> list[Path]:
    for name, text in files.items():
        (folder / name).write_text(text)
    return sorted(folder.glob("*.c"))


def complaints(compiler: str, where: NginxTarget, source: Path, *more: str) -> str:
    """What a compiler says with nginx's own flags and ours."""
    tree = configured(where)
    flags = [*compile_flags(tree), *tree.include_flags, *STRICT, *more]
    done = subprocess.run([compiler, *flags, str(source)], capture_output=True, text=True)
    assert (done.returncode == 0) == (not done.stderr), done.stderr
    return done.stderr


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("path", FILTERS, ids=lambda path: path.stem)
def test_no_compiler_has_anything_to_say(
    path: Path, compiler: str, where: NginxTarget, tmp_path: Path
) -> None:
    (source,) = written(files_of(path, where), tmp_path)
    assert complaints(compiler, where, source) == ""


@pytest.mark.parametrize("compiler", COMPILERS)
def test_a_compiler_does_speak_up(compiler: str, where: NginxTarget, tmp_path: Path) -> None:
    files = dict(files_of(EXAMPLES / "footer.py", where))
    name = "ngx_http_footer_filter_module.c"
    files[name] = files[name].replace("NGX_DECLINED) {", "NGX_DECLINED && tf > 0u) {", 1)
    files[name] = files[name].replace("ngx_int_t  ", "int tf = -1; ngx_int_t  ", 1)
    (source,) = written(files, tmp_path)
    assert complaints(compiler, where, source)


@pytest.mark.parametrize("compiler", COMPILERS)
def test_the_whole_runtime_compiles(compiler: str, where: NginxTarget, tmp_path: Path) -> None:
    (tmp_path / EVERYTHING).write_text(everything())
    source = tmp_path / "all.c"
    source.write_text(f'#include "{EVERYTHING}"\n')
    assert complaints(compiler, where, source, "-Wno-unused") == ""


def test_every_item_of_the_runtime_brings_what_it_needs(where: NginxTarget, tmp_path: Path) -> None:
    source = tmp_path / "one.c"
    source.write_text('#include "one.h"\n')
    for item in runtime.items():
        text = runtime.header("one", "_ONE_H_INCLUDED_", " ".join(item.names))
        assert item.text in text
        (tmp_path / "one.h").write_text(text)
        found = [m for m in check_c(where, source) if "unused" not in m.text]
        assert found == [], (item.names, found)


def test_the_runtime_has_only_what_the_module_calls(where: NginxTarget) -> None:
    for path in FILTERS:
        files = files_of(path, where)
        for name, text in files.items():
            if name.endswith(".h"):
                module = files[name.replace("_runtime.h", "_filter_module.c")]
                needed = {n for item in runtime.needed(module) for n in item.names}
                others = {n for item in runtime.items() for n in item.names} - needed
                assert [n for n in others if f" {n}(" in text or f"\n{n}(" in text] == []
                assert len(text) < len(everything())


@pytest.mark.parametrize("path", FILTERS, ids=lambda path: path.stem)
def test_generated_files_are_in_nginx_style(path: Path, where: NginxTarget) -> None:
    files = {n: t for n, t in files_of(path, where).items() if n != "config"}
    assert [str(v) for name, text in files.items() for v in c_style.check(text, name)] == []


def test_the_whole_runtime_is_in_nginx_style() -> None:
    assert [str(v) for v in c_style.check(everything(), EVERYTHING)] == []


@pytest.mark.parametrize("path", sorted((REPOSITORY / "runtime").glob("*.c")), ids=lambda p: p.stem)
def test_runtime_files_are_in_nginx_style(path: Path) -> None:
    assert [str(v) for v in c_style.check(path.read_text(), path.name, fragment=True)] == []


def test_the_same_bytes_wherever_and_whenever(packaged: Target, tmp_path: Path) -> None:
    found = []
    for number, seed in enumerate(("0", "1", "4242")):
        folder = tmp_path / f"place{number}" / ("deeper" * number)
        folder.mkdir(parents=True)
        for path in FILTERS:
            shutil.copy(path, folder)
        arguments = [sys.executable, "-m", "pyngx", "compile", *(path.name for path in FILTERS)]
        where = ("--nginx", str(packaged.binary), "--nginx-src", str(packaged.source))
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "TZ": ("UTC", "Asia/Tokyo")[number % 2],
        }
        done = subprocess.run(
            [*arguments, "-o", "out", *where],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        out = folder / "out"
        found.append(
            {str(p.relative_to(out)): p.read_text() for p in out.rglob("*") if p.is_file()}
        )
    assert found[0] == found[1] == found[2]
    assert len(found[0]) >= 2 * len(FILTERS)
    for text in found[0].values():
        for place in (tmp_path, REPOSITORY, Path.home(), packaged.source):
            assert f"{place}/" not in text


LONG = "the_filter_with_forty_letters_in_a_names"


@pytest.mark.parametrize("name", ["trim", "tally", "digest", "webvtt_shift", "log_vars"])
def test_long_names(name: str, tmp_path: Path) -> None:
    """A long name of a module breaks its lines as nginx breaks them."""
    text = (EXAMPLES / f"{name}.py").read_text()
    (tmp_path / f"{LONG}.py").write_text(re.sub(r'(?<=module\(name=")\w+(?=")', LONG, text))
    files = files_of(tmp_path / f"{LONG}.py", find_target())
    assert any(LONG in name for name in files)
    for file, source in files.items():
        if file != "config":
            assert not c_style.check(source, file)
