"""Filter files as modules that nginx loads: compiled here, built once for each C text and nginx."""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pyngx import render
from pyngx.build.cache import cached_directory
from pyngx.build.compile import build_module
from pyngx.build.locate import BuildError, NginxTarget, find_target
from pyngx.diagnostics import CompileError, Diagnostic, Diagnostics
from pyngx.pipeline import Compiled, compile_file

DEPTH = 20_000
"""Frames of Python that the compiler may take."""


class Refused(Exception):
    """A filter file that does not compile; the text is the report."""

    def __init__(self, found: tuple[Diagnostic, ...]) -> None:
        super().__init__("\n" + render.text(found))
        self.found = found


@dataclass(frozen=True)
class Built:
    """A filter file and the module that was made of it."""

    compiled: Compiled
    module: Path


_chosen: list[NginxTarget] = []


def choose(target: NginxTarget) -> None:
    """Test for this nginx."""
    _chosen[:] = [target]


def target() -> NginxTarget:
    """The nginx that was chosen, else the one of this machine or of the environment.

    Raises:
        BuildError: there is none.
    """
    if not _chosen:
        choose(find_target())
    return _chosen[0]


def binary() -> Path:
    """The nginx to start.

    Raises:
        BuildError: there is none.
    """
    found = target().binary
    if found is None:
        raise BuildError(
            f"there is no nginx binary for {target().source}",
            "build it, or name one in the environment: PYNGX_NGINX=/path/to/nginx",
        )
    return found


_built: dict[tuple[Path, bytes], Built] = {}


def built(path: Path) -> Built:
    """The module of a filter file.

    Raises:
        Refused: it does not compile.
        BuildError: the machine lacks something.
    """
    where = path.resolve()
    key = (where, contents(where.parent))
    if key not in _built:
        _built[key] = built_of(compiled_file(where))
    return _built[key]


def built_of(compiled: Compiled, cflags: Sequence[str] = ()) -> Built:
    """The module of a file that is compiled already; ``cflags`` come after nginx's own.

    Raises:
        BuildError: the machine lacks something.
    """
    return Built(compiled, _module(compiled, cflags))


def compiled_file(path: Path) -> Compiled:
    """A filter file, compiled.

    Raises:
        Refused: it does not compile.
    """
    diags = Diagnostics()
    compiled = None
    try:
        with _deep(), _apart(path.parent):
            compiled = compile_file(path, target(), diags)
    except CompileError as error:
        for one in error.diagnostics:
            diags.add(one)
    if compiled is None or diags.has_errors:
        raise Refused(tuple(diags.all))
    return compiled


def contents(folder: Path) -> bytes:
    """What the Python files of a directory say: a filter may import from its neighbours."""
    total = hashlib.sha256()
    for file in sorted(folder.glob("*.py")):
        total.update(f"{file.name}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return total.digest()


def _module(compiled: Compiled, cflags: Sequence[str]) -> Path:
    where = target()
    files = compiled.with_python_lines()
    total = hashlib.sha256(f"{where.key}\0{where.binary}\0{' '.join(cflags)}".encode())
    for name, text in sorted(files.items()):
        total.update(f"{name}\0{text}\0".encode())
    name = f"ngx_http_{compiled.name}_filter_module.so"

    def make(draft: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="pyngx-") as addon:
            for file, text in files.items():
                (Path(addon) / file).write_text(text, encoding="utf-8")
            build_module(Path(addon), draft, where, cflags)

    return cached_directory(f"modules-{total.hexdigest()[:24]}", make) / name


@contextmanager
def _deep() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, DEPTH))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@contextmanager
def _apart(folder: Path) -> Iterator[None]:
    """Let what the tests imported from a directory stay as it is: the compiler imports it anew."""
    kept = {
        name: module
        for name, module in sys.modules.items()
        if Path(getattr(module, "__file__", None) or "/").parent == folder
    }
    for name in kept:
        del sys.modules[name]
    try:
        yield
    finally:
        sys.modules.update(kept)
