"""Executing a user's file as a module, once, and reading the source of what it defines.

The module is registered in ``sys.modules`` under the name that Python itself would give it (its
stem), because dataclasses and annotations are resolved there; only if that name is taken by
another module does it get a prefix. What one load put there is taken out by the next, so that a
changed helper module is read again.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import os
import sys
import sysconfig
import types
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NoReturn

from pyngx.frontend.comments import Comments, parse, read_comments
from pyngx.frontend.names import place_of
from pyngx.source import SourceError, SourceFile, Span


@dataclass(frozen=True)
class Parsed:
    """A file of the user's with its tree; its comments are read when they are asked for."""

    source: SourceFile
    tree: ast.Module

    @cached_property
    def comments(self) -> Comments:
        """The author's comments."""
        return read_comments(self.source, self.tree)

    @cached_property
    def _functions(self) -> dict[tuple[str, int], ast.FunctionDef]:
        return {
            (node.name, first_line(node)): node
            for node in ast.walk(self.tree)
            if isinstance(node, ast.FunctionDef)
        }

    @cached_property
    def _classes(self) -> dict[str, ast.ClassDef]:
        return {node.name: node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef)}

    def function(self, code: types.CodeType) -> ast.FunctionDef | None:
        """The ``def`` that a code object was compiled from."""
        return self._functions.get((code.co_name, code.co_firstlineno))

    def class_(self, name: str) -> ast.ClassDef | None:
        """The last class of that name."""
        return self._classes.get(name)


def first_line(node: ast.FunctionDef | ast.ClassDef) -> int:
    """The line where the definition starts, decorators included, as code objects count."""
    return min([node.lineno, *(d.lineno for d in node.decorator_list)])


_parsed: dict[str, Parsed] = {}
_loaded: set[str] = set()


def parsed_file(path: str) -> Parsed | None:
    """The file that code objects know as ``path``; None if it is not the user's Python source."""
    if path not in _parsed:
        if not is_local(path):
            return None
        try:
            source = SourceFile(_shown(path), SourceFile.read(Path(path)).text)
            _parsed[path] = Parsed(source, parse(source))
        except (SourceError, SyntaxError, RecursionError, MemoryError):
            return None
    return _parsed[path]


def _shown(path: str) -> str:
    """A helper's path as messages show it: relative if the filter's own was given so."""
    file, here = Path(path), Path.cwd()
    main_is_relative = bool(_parsed) and not Path(next(iter(_parsed))).is_absolute()
    return str(file.relative_to(here)) if main_is_relative and file.is_relative_to(here) else path


def is_local(path: str) -> bool:
    """Whether a file is the user's own: not of Python, of an installed package or of pyngx."""
    file = Path(path).absolute()
    if not file.is_file() or {"site-packages", "dist-packages"} & set(file.parts):
        return False
    own = Path(__file__).absolute().parent.parent
    library = [Path(sysconfig.get_path(key)) for key in ("stdlib", "platstdlib")]
    return not any(file.is_relative_to(folder) for folder in (own, *library))


def module_of(cls: type) -> types.ModuleType | None:
    """The module that a class was defined in."""
    return sys.modules.get(cls.__module__)


def local_modules() -> tuple[types.ModuleType, ...]:
    """The user's modules that the last import brought in, in the order of import."""
    return tuple(
        module
        for name, module in list(sys.modules.items())
        if name in _loaded and is_local(getattr(module, "__file__", None) or "")
    )


def execute(parsed: Parsed) -> types.ModuleType:
    """Run the file's module-level code as an import does.

    Raises:
        whatever the code raises, `SystemExit` included.
    """
    _forget_last()
    path = Path(parsed.source.path)
    stem = path.stem
    name = stem if stem not in sys.modules else f"pyngx_filter_{stem}"
    module = types.ModuleType(name)
    module.__file__ = str(path)
    _parsed[str(path)] = parsed
    with recorded_warnings():  # reported when the file was read
        code = compile(parsed.tree, str(path), "exec", dont_inherit=True)
    before = set(sys.modules)
    sys.modules[name] = module
    try:
        with _import_settings(path):
            exec(code, module.__dict__)
    finally:
        _loaded.update(set(sys.modules) - before)
    return module


def _forget_last() -> None:
    for name in list(_loaded):
        if is_local(getattr(sys.modules.get(name), "__file__", None) or ""):
            del sys.modules[name]
    _loaded.clear()
    _parsed.clear()


@contextlib.contextmanager
def _import_settings(path: Path) -> Iterator[None]:
    """The file's folder first on ``sys.path`` as for a script, no ``.pyc`` written, nothing to
    read on stdin, what the file prints on stderr (so that a report on stdout stays whole), and no
    way to leave without a word."""
    folder = str(path.parent)
    bytecode, stdin, leave = sys.dont_write_bytecode, sys.stdin, os._exit
    compiler = os.getpid()

    def exit_with_a_word(status: int) -> NoReturn:
        if os.getpid() != compiler:  # a child that the file has forked
            leave(status)
        raise SystemExit(status)

    sys.path.insert(0, folder)
    sys.dont_write_bytecode = True
    os._exit = exit_with_a_word
    importlib.invalidate_caches()
    try:
        with contextlib.redirect_stdout(sys.stderr), open(os.devnull) as nothing:
            sys.stdin = nothing
            yield
    finally:
        sys.dont_write_bytecode, sys.stdin, os._exit = bytecode, stdin, leave
        if folder in sys.path:
            sys.path.remove(folder)


@contextlib.contextmanager
def pythons_recursion_limit() -> Iterator[None]:
    """Python's own limit while it parses, compiles and runs the user's code: with a higher one,
    deep nesting overflows the C stack of the interpreter instead of raising."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(min(limit, 1000))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def raised_at(error: BaseException, parsed: Parsed) -> Span:
    """The innermost place in the user's files that an exception passed through."""
    place = None
    traceback = error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        found = parsed_file(code.co_filename)
        if found is not None:
            place = _position(found.source, code, traceback.tb_lasti, traceback.tb_lineno)
        traceback = traceback.tb_next
    return place or Span.whole_file(parsed.source.path)


def _position(source: SourceFile, code: types.CodeType, offset: int, line: int) -> Span:
    positions = list(code.co_positions())
    if offset // 2 < len(positions):
        first, last, start, end = positions[offset // 2]
        if first is not None and last is not None and start is not None and end is not None:
            left = source.column(first, start)
            return Span(source.path, first, left, last, source.column(last, end))
    return place_of(source, line)


@contextlib.contextmanager
def recorded_warnings() -> Iterator[list[warnings.WarningMessage]]:
    """What the Python compiler warns of, instead of its own printing."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        yield found
