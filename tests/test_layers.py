"""The shape of the package: layers, no cycles, small modules, docstrings, one table of codes.

An import counts wherever it stands, in a function and under ``TYPE_CHECKING`` too: what is hidden
from Python would still be in the way of whoever reads.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from pyngx.codes import CODES
from tests.harness.builds import REPOSITORY

LAYERS = (
    ("pyngx.source", "pyngx.codes"),
    ("pyngx.diagnostics", "pyngx.types", "pyngx.pages"),
    ("pyngx.build.locate",),
    ("pyngx.build.cache",),
    ("pyngx.build.configure",),
    ("pyngx.headers",),
    ("pyngx.ngx",),
    ("pyngx",),
    ("pyngx.ops",),
    ("pyngx.expressions",),
    ("pyngx.tree",),
    ("pyngx.program",),
    ("pyngx.frontend",),
    ("pyngx.check",),
    ("pyngx.flow",),
    ("pyngx.backend",),
    ("pyngx.testing",),
    ("pyngx.pipeline",),
    ("pyngx.checks",),
    ("pyngx.explain",),
    ("pyngx.build",),
    ("pyngx.render",),
    ("pyngx.testing.lives",),
    ("pyngx.testing.plugin",),
    ("pyngx.cli",),
    ("pyngx.__main__",),
)
"""From the lowest to the highest. A package stands for those of its modules that have no line of
their own; ``pyngx`` is what a filter file imports, and stands for itself only."""

LONGEST = 600
FILES = sorted((REPOSITORY / "pyngx").rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in FILES}


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(MODULES[name].read_text())


def imported(name: str) -> Iterator[str]:
    """The modules of ours that a module imports."""
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            yield from inner & MODULES.keys()
            if inner - MODULES.keys():
                yield node.module


def layer(name: str) -> int:
    """The number of a module's layer."""
    best = (0, -1)
    for number, names in enumerate(LAYERS):
        for prefix in names:
            if name == prefix or (prefix != "pyngx" and name.startswith(prefix + ".")):
                best = max(best, (len(prefix), number))
    return best[1]


def test_every_module_has_a_layer() -> None:
    assert [name for name in MODULES if layer(name) < 0] == []
    named = {name for names in LAYERS for name in names}
    assert named - MODULES.keys() == set(), "layers without a module"


@pytest.mark.parametrize("name", MODULES)
def test_a_lower_layer_imports_no_higher_one(name: str) -> None:
    higher = [other for other in imported(name) if layer(other) > layer(name)]
    assert higher == []


def test_no_module_imports_itself_on_any_road() -> None:
    graph = {name: set(imported(name)) - {name} for name in MODULES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a cycle: {' <- '.join(error.args[1])}")


def test_the_runtime_and_its_tests_are_not_imported() -> None:
    for path in FILES:
        for node in ast.walk(tree(module_name(path))):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}: imports are absolute"
                assert (node.module or "").split(".")[0] not in ("tests", "scripts"), path


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_modules_stay_small(path: Path) -> None:
    assert path.read_text().count("\n") <= LONGEST


def undocumented(name: str) -> Iterator[str]:
    """The public things of a module that have no docstring; an empty package needs none, nor does
    a method that a protocol only names."""
    module = tree(name)
    if module.body and ast.get_docstring(module) is None:
        yield name
    for node in module.body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        overload = any("overload" in ast.unparse(d) for d in node.decorator_list)
        if ast.get_docstring(node) is None and not overload:
            yield f"{name}.{node.name}"
        protocol = isinstance(node, ast.ClassDef) and "Protocol" in map(ast.unparse, node.bases)
        for inner in node.body if isinstance(node, ast.ClassDef) and not protocol else ():
            if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_"):
                if ast.get_docstring(inner) is None:
                    yield f"{name}.{node.name}.{inner.name}"


@pytest.mark.parametrize("name", MODULES)
def test_public_things_have_docstrings(name: str) -> None:
    assert list(undocumented(name)) == []


def test_every_code_is_in_the_table_and_every_row_is_used() -> None:
    used = {
        code
        for name, path in MODULES.items()
        if name != "pyngx.codes"
        for code in re.findall(r"\bPNX\d{3}\b", path.read_text())
    }
    assert used - CODES.keys() == set(), "not in the table"
    assert CODES.keys() - used == set(), "in the table, and nothing reports them"
    titles = list(CODES.values())
    assert len(set(titles)) == len(titles), "two codes with one title"
