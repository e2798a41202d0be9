"""A filter file as an ordinary module, and the parts of a filter in it.

The functions are the author's own objects, not rewritten: a debugger stops in them and coverage
counts them. What a body filter means for the header is asked of the compiler's analysis.
"""

from __future__ import annotations

import functools
import importlib.util
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from pyngx import (
    BodyFilter,
    Directive,
    HeaderFilter,
    LocConf,
    MainConf,
    RequestCtx,
    SrvConf,
    Variable,
)
from pyngx.check.module import check_module
from pyngx.diagnostics import CompileError, Diagnostics
from pyngx.flow.effect import Change, Effect, effect, sets_length
from pyngx.flow.output import with_output_buffers
from pyngx.frontend.load import load as read_filter
from pyngx.headers import NginxModel
from pyngx.ngx import active_model
from pyngx.testing.integers import Checked, checked
from pyngx.types import hints_of


@dataclass(frozen=True)
class Parameter:
    """A parameter of one of the author's functions: its name, and what its annotation says."""

    name: str
    kind: Any


@dataclass(frozen=True)
class Role:
    """One of the author's functions, with its parameters in order."""

    function: Callable[..., Any]
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True)
class Filter:
    """A filter file in CPython."""

    path: Path
    module: ModuleType
    header: Role | None
    body: Role | None
    options: BodyFilter
    variables: dict[str, Role]
    variable_directives: dict[str, Role]
    classes: dict[type, type]
    effect: Effect | None
    sets_length: bool
    output: str | None
    """The directive for output buffers that the compiler adds."""


def model() -> NginxModel:
    """The nginx that the filter is tested for: the one that ``pyngx.ngx`` speaks of."""
    found = active_model()
    assert isinstance(found, NginxModel)
    return found


def load(path: Path) -> ModuleType:
    """A filter file as an ordinary module, with its directory importable; its ``int`` has 64
    bits."""
    name = f"pyngx_filter_{path.stem}".replace("-", "_")
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    sys.modules[name] = module  # annotations of dataclasses are looked up there
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent))
    return module


def filter_of(source: Path | str | ModuleType) -> Filter:
    """The filter in a file or in a module that was imported already.

    Raises:
        OSError, SyntaxError, ImportError: the file cannot be imported, or no filter is in it.
        TypeError: it is neither a path nor a module.
    """
    if isinstance(source, ModuleType):
        module, path = source, Path(source.__file__ or "")
    elif not isinstance(source, str | Path):
        raise TypeError(f"a filter is a path or a module, not {type(source).__name__}")
    else:
        path = Path(source).resolve()
        module = load(path)
    roles: dict[str, Role] = {}
    by_directive: dict[str, Role] = {}
    header = body = None
    options = BodyFilter()
    for value in list(vars(module).values()):
        mark = getattr(value, "__pyngx__", None)
        if not isinstance(value, FunctionType) or mark is None:
            continue
        role = Role(value, parameters(value))
        match mark:
            case HeaderFilter():
                header = role
            case BodyFilter():
                body, options = role, mark
            case Variable(str(name)):
                roles[name] = role
            case Variable(Directive() as declared):
                by_directive[declared.name] = role
    if header is None and body is None and not roles and not by_directive:
        raise ImportError(f"no header filter, body filter or variable in {path}")
    bases: tuple[type, ...] = (LocConf, SrvConf, MainConf, RequestCtx)
    classes = {
        base: cls
        for base in bases
        for cls in vars(module).values()
        if isinstance(cls, type) and issubclass(cls, base) and cls is not base
    }
    found = _Analysed(None, False, None) if body is None else _analysis(path)
    checked_int(module)
    return Filter(
        path,
        module,
        header,
        body,
        options,
        roles,
        by_directive,
        classes,
        found.effect,
        found.sets_length,
        found.output,
    )


def checked_int(module: ModuleType) -> None:
    """Let ``int`` in a filter file be that of the language, and what makes one of a float."""
    vars(module).setdefault("int", Checked)
    vars(module).setdefault("round", _ROUNDING[round])
    for name, value in list(vars(module).items()):
        if value is math:
            vars(module)[name] = _checked_math()
        elif isinstance(value, BuiltinFunctionType) and value in _ROUNDING:
            vars(module)[name] = _ROUNDING[value]


def _rounding(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose integers have 64 bits."""

    @functools.wraps(function)
    def call(*args: Any) -> Any:
        return checked(function(*args))

    return call


_ROUNDING = {f: _rounding(f) for f in (round, math.floor, math.ceil, math.trunc)}


@functools.cache
def _checked_math() -> ModuleType:
    found = ModuleType("math", math.__doc__)
    vars(found).update(vars(math))
    vars(found).update({f.__name__: made for f, made in _ROUNDING.items()})
    return found


def parameters(function: FunctionType) -> tuple[Parameter, ...]:
    """The parameters of a function, their annotations evaluated."""
    hints = hints_of(function)
    code = function.__code__
    return tuple(Parameter(n, hints.get(n)) for n in code.co_varnames[: code.co_argcount])


@dataclass(frozen=True)
class _Analysed:
    """What the compiler says of a body filter."""

    effect: Effect | None
    sets_length: bool
    output: str | None


_analyses: dict[tuple[Path, int], _Analysed] = {}


def _analysis(path: Path) -> _Analysed:
    """What the compiler says of the body filter; a file that it refuses counts as changing."""
    key = (path, path.stat().st_mtime_ns)
    if key not in _analyses:
        _analyses[key] = _analysed(path)
    return _analyses[key]


def _analysed(path: Path) -> _Analysed:
    diags = Diagnostics()
    try:
        found = read_filter(path, diags, model())
        program = None if found is None else check_module(found, model(), diags)
    except CompileError:
        program = None
    if program is None or program.body is None or diags.has_errors:
        return _Analysed(Effect(Change.OTHER), False, None)
    output = with_output_buffers(program).output
    directive = None if output is None else f"{program.name}_buffers"
    return _Analysed(effect(program, program.body), sets_length(program) is not None, directive)
