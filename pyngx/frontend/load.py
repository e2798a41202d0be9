"""A filter file, read and imported: what is in it, each thing with its source.

The file is parsed with `ast` and then executed once as a module, so that module-level code is
compile-time Python. A `FilterModule` holds both views: the objects, and the trees that made them.
Whatever can be wrong with a file ends as a diagnostic, never as an exception.
"""

from __future__ import annotations

import ast
import types
from dataclasses import dataclass

from pyngx import BodyFilter, ModuleOptions
from pyngx.frontend.comments import Comments
from pyngx.source import SourceFile


@dataclass(frozen=True)
class FunctionSource:
    """A function of the user's: the object, and the tree and file it comes from."""

    name: str
    node: ast.FunctionDef
    source: SourceFile
    namespace: dict[str, object]
    function: types.FunctionType
    comments: Comments


@dataclass(frozen=True)
class ClassSource:
    """A configuration or state class of the user's; ``hints`` are its evaluated annotations."""

    name: str
    node: ast.ClassDef
    source: SourceFile
    cls: type
    hints: dict[str, object]
    comments: Comments


@dataclass(frozen=True)
class FilterModule:
    """One filter file. ``name`` is safe in C; ``sources`` has the file first, then the local
    modules that it imports."""

    name: str
    options: ModuleOptions
    source: SourceFile
    docstring: str | None
    namespace: dict[str, object]
    header_filter: FunctionSource | None
    body_filter: FunctionSource | None
    body_options: BodyFilter | None
    variables: tuple[tuple[str, FunctionSource], ...]
    loc_conf: ClassSource | None
    srv_conf: ClassSource | None
    main_conf: ClassSource | None
    request_ctx: ClassSource | None
    sources: tuple[SourceFile, ...]
    comments: Comments
