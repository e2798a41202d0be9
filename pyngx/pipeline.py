"""The passes in order: a Python file in, the files of an addon directory out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pyngx.backend.config import config_text
from pyngx.backend.module import generate
from pyngx.backend.runtime import header
from pyngx.build.locate import NginxTarget
from pyngx.check.module import check_module
from pyngx.diagnostics import Diagnostics
from pyngx.flow.effect import Effect
from pyngx.frontend.load import FilterModule, load
from pyngx.headers import NginxModel, load_model
from pyngx.ngx import use
from pyngx.tree import Program


@dataclass(frozen=True)
class Compiled:
    """A compiled file: its module's name, and the text of each file of the addon directory.

    ``lines`` gives for each line of the module's C the line of Python that it comes from.
    """

    name: str
    module: FilterModule
    program: Program
    effect: Effect | None
    files: dict[str, str]
    lines: tuple[int | None, ...]


def compile_file(path: Path, target: NginxTarget, diags: Diagnostics) -> Compiled | None:
    """Compile one filter file for one nginx; None if it is refused, with the reasons in ``diags``.

    Raises:
        HeadersError, BuildError: the target's headers cannot be read.
    """
    model = load_model(target)
    use(model)
    module = load(path, diags, model)
    if module is None or diags.has_errors:
        return None
    program = check_module(module, model, diags)
    if diags.has_errors:
        return None
    return emit(module, program, model)


def emit(module: FilterModule, program: Program, model: NginxModel) -> Compiled:
    """The files for a program without errors."""
    generated = generate(program, model)
    name = f"ngx_http_{program.name}"
    source = generated.printed.text
    runtime_name = f"{name}_runtime.h"
    guard = f"_{name.upper()}_RUNTIME_H_INCLUDED_"
    runtime = header(f"{name}_filter_module", guard, source)
    if not runtime:
        source = source.replace(f'#include "{runtime_name}"\n', "")
    files = {"config": config_text(program, runtime_name if runtime else "")}
    files[f"{name}_filter_module.c"] = source
    if runtime:
        files[runtime_name] = runtime
    lines = generated.printed.lines
    return Compiled(program.name, module, program, generated.effect, files, lines)
