"""The passes in order: a Python file in, the files of an addon directory out.

What comes out has been read by a C compiler: anything that clang has to say of it, a warning too,
is a bug of ours and ends the compilation with the line of Python that the C was made for.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from pyngx.backend.config import config_text
from pyngx.backend.cprint import Printed
from pyngx.backend.module import generate
from pyngx.backend.runtime import header, needs_libm
from pyngx.backend.states import Suspensions
from pyngx.backend.unit import Check
from pyngx.build.locate import NginxTarget
from pyngx.check.module import check_module
from pyngx.diagnostics import Diagnostics, InternalError
from pyngx.flow.effect import Effect
from pyngx.flow.exceptions import forgotten
from pyngx.flow.helpers import helpers_in_place
from pyngx.flow.lifetimes import lifetimes
from pyngx.flow.output import with_output_buffers
from pyngx.flow.sharing import sharing
from pyngx.frontend.load import FilterModule, load
from pyngx.frontend.reserved import check_reserved
from pyngx.headers import CheckMessage, NginxModel, check_c, load_model
from pyngx.ngx import use
from pyngx.program import Program
from pyngx.source import Span


@dataclass(frozen=True)
class Compiled:
    """A compiled file: its module's name, and the text of each file of the addon directory.

    ``c_name`` is the file with the module; ``lines`` gives for each of its lines the line of the
    filter file that it comes from.
    """

    name: str
    module: FilterModule
    program: Program
    effect: Effect | None
    files: dict[str, str]
    c_name: str
    lines: tuple[int | None, ...]
    suspensions: Suspensions | None = None
    checks: tuple[Check, ...] = ()

    def with_python_lines(self) -> dict[str, str]:
        """The files with ``#line`` directives in the module: compilers and debuggers then speak of
        the filter file, by its absolute path."""
        printed = Printed(self.files[self.c_name], self.lines)
        python = str(Path(self.module.source.path).resolve())
        return {**self.files, self.c_name: printed.with_line_directives(python, self.c_name)}


def compile_file(path: Path, target: NginxTarget, diags: Diagnostics) -> Compiled | None:
    """Compile one filter file for one nginx; None if it is refused, with the reasons in ``diags``.

    Raises:
        HeadersError, BuildError: the target's headers cannot be read.
        InternalError: the C is not as it should be.
    """
    model = load_model(target)
    use(model)
    module = load(path, diags, model)
    if module is None:
        return None
    check_reserved(module, diags)
    program = check_module(module, model, diags)
    if diags.has_errors:
        return None
    sharing(program, diags)
    lifetimes(program, diags)
    helpers_in_place(program, diags)
    forgotten(program, diags)
    if diags.has_errors:
        return None
    compiled = emit(module, with_output_buffers(program), model)
    require_clean(compiled, target)
    return compiled


def emit(module: FilterModule, program: Program, model: NginxModel) -> Compiled:
    """The files for a program without errors."""
    generated = generate(program, model)
    name = f"ngx_http_{program.name}"
    source, lines = generated.printed.text, generated.printed.lines
    runtime_name = f"{name}_runtime.h"
    guard = f"_{name.upper()}_RUNTIME_H_INCLUDED_"
    runtime = header(f"{name}_filter_module", guard, source)
    if not runtime:
        number = source.split("\n").index(f'#include "{runtime_name}"')
        source = source.replace(f'#include "{runtime_name}"\n', "", 1)
        lines = (*lines[:number], *lines[number + 1 :])
    libraries = "-lm" if needs_libm(source) else ""
    files = {"config": config_text(program, runtime_name if runtime else "", libraries)}
    c_name = f"{name}_filter_module.c"
    files[c_name] = source
    if runtime:
        files[runtime_name] = runtime
    return Compiled(
        program.name,
        module,
        program,
        generated.effect,
        files,
        c_name,
        lines,
        generated.suspensions,
        generated.checks,
    )


def require_clean(compiled: Compiled, target: NginxTarget) -> None:
    """Let clang read the C.

    Raises:
        InternalError: it has something to say.
    """
    with tempfile.TemporaryDirectory(prefix="pyngx-") as folder:
        for name, text in compiled.files.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        messages = check_c(target, Path(folder) / compiled.c_name)
    if messages:
        first = messages[0]
        place = f"{Path(first.path).name}:{first.line}:{first.column}"
        words = f"the C that was made for this is wrong: {place}: {first.text}"
        raise InternalError(words, _python_place(compiled, first))


def _python_place(compiled: Compiled, message: CheckMessage) -> Span:
    """The line of the filter file that a message is about; the whole file if there is none."""
    path = compiled.module.source.path
    line = None
    if Path(message.path).name == compiled.c_name and message.line <= len(compiled.lines):
        line = compiled.lines[message.line - 1]
    if line is None:
        return Span.whole_file(path)
    return Span(path, line, 1, line, len(compiled.module.source.lines[line - 1]) + 1)
