"""The ``pyngx`` command: arguments, output, exit codes.

Exit code 0 is clean, 1 is refused (the program, the machine, or a bug of ours), 2 is wrong usage.
Reports for people go to stderr, reports for tools to stdout. No command ends with a traceback:
what is not the user's error is told as a bug in pyngx, with the place that was being compiled
(``PYNGX_TRACEBACK=1`` shows the rest).

Everything heavy (libclang's model, the compiler, the server) is imported by the command that needs
it, so that ``pyngx --help`` is quick.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer

from pyngx import render
from pyngx.codes import CODES
from pyngx.diagnostics import CompileError, Diagnostic, Diagnostics, InternalError, Severity
from pyngx.source import SourceError, SourceFile, Span

if TYPE_CHECKING:
    from pyngx.build.locate import NginxTarget
    from pyngx.build.serve import Server
    from pyngx.pipeline import Compiled

SHOWN_CODES = 4
"""Codes that the last line of a report names; a long list would hide the rest."""

RECURSION_LIMIT = 20_000
"""Frames of Python; the passes recurse over trees of at most `frontend.load.MAX_DEPTH` levels."""

T = TypeVar("T")

NOWHERE = Span.whole_file("")

app = typer.Typer(
    name="pyngx",
    help="Compile nginx response filters written in Python to nginx modules in C.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Format(StrEnum):
    """How ``check`` reports."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="filter files")]
Nginx = Annotated[
    str | None, typer.Option("--nginx", metavar="BIN", help="the nginx binary to compile for")
]
NginxSrc = Annotated[
    str | None, typer.Option("--nginx-src", metavar="DIR", help="the source tree of that nginx")
]
OutDir = Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="where to write")]


@app.command()
def check(
    files: Files,
    format: Annotated[Format, typer.Option(help="how to report")] = Format.TEXT,
    explain: Annotated[
        bool, typer.Option("--explain", help="say what was inferred, and from which lines")
    ] = False,
    nginx: Nginx = None,
    nginx_src: NginxSrc = None,
) -> None:
    """Report what is wrong with the files; write nothing."""
    if explain and format is Format.GITHUB:
        raise typer.BadParameter("--explain is for text and json", param_hint="--format")
    found, compiled = _compile_all(files, nginx, nginx_src)
    if explain and not _refused(found):
        _explain(compiled, format)
        raise typer.Exit(0)
    match format:
        case Format.TEXT:
            _show(found)
            if not found:
                _say("1 file is clean" if len(files) == 1 else f"{len(files)} files are clean")
        case Format.JSON:
            sys.stdout.write(render.as_json(found))
        case Format.GITHUB:
            sys.stdout.write(render.github(found))
    raise typer.Exit(int(_refused(found)))


@app.command()
def compile(
    files: Files,
    output: OutDir,
    nginx: Nginx = None,
    nginx_src: NginxSrc = None,
    debug_lines: Annotated[
        bool, typer.Option("--debug-lines", help="let compilers and debuggers show the Python")
    ] = False,
) -> None:
    """Write an addon directory for nginx's configure: DIR, or DIR/<name> for each of several."""
    compiled = _compile_or_exit(files, nginx, nginx_src)
    for one in compiled:
        folder = output if len(compiled) == 1 else output / one.name
        _write_or_exit(folder, one.with_python_lines() if debug_lines else one.files)
        typer.echo(folder)


@app.command()
def build(files: Files, output: OutDir, nginx: Nginx = None, nginx_src: NginxSrc = None) -> None:
    """Build dynamic modules: DIR/ngx_http_<name>_filter_module.so."""
    target = _target_or_exit(nginx, nginx_src)
    compiled = _compile_or_exit(files, nginx, nginx_src, target)
    for module in _guarded(lambda: _build_modules(compiled, output, target)):
        typer.echo(module)


@app.command()
def run(
    files: Files,
    root: Annotated[
        Path | None, typer.Option(metavar="DIR", help="serve the files of this directory")
    ] = None,
    proxy: Annotated[
        str | None, typer.Option(metavar="URL", help="serve what this server answers")
    ] = None,
    directives: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="'NAME VALUE;'", help="a directive for the location"),
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="the port; a free one if not given")
    ] = None,
    nginx: Nginx = None,
    nginx_src: NginxSrc = None,
) -> None:
    """Serve with the filters on loopback; rebuild and reload when a file changes."""
    if root is not None and proxy is not None:
        raise typer.BadParameter("--root and --proxy exclude each other")
    if root is not None and not root.is_dir():
        raise typer.BadParameter(f"'{root}' is not a directory", param_hint="--root")
    target = _target_or_exit(nginx, nginx_src)
    compiled = _compile_or_exit(files, nginx, nginx_src, target)

    def serve() -> None:
        from pyngx.build.serve import Server

        with tempfile.TemporaryDirectory(prefix="pyngx-") as work:
            modules = _build_modules(compiled, Path(work), target)
            server = Server(
                target,
                modules,
                root=root,
                proxy=proxy,
                directives=directives or (),
                port=port,
                on_log=_say,
            )
            with server:
                typer.echo(f"serving on {server.url}, Ctrl-C stops")
                _reload_on_change(server, files, compiled, Path(work), target)

    for stop in (signal.SIGINT, signal.SIGTERM):  # also where a shell left SIGINT ignored
        signal.signal(stop, _interrupt)
    try:
        _guarded(serve)
    except KeyboardInterrupt:
        _say("stopped")


@app.command()
def test(
    files: Files,
    examples: Annotated[
        int | None, typer.Option(min=1, help="so many generated examples a file  [default: 300]")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=0, help="search so long in each file instead")
    ] = None,
    seed: Annotated[int, typer.Option(help="another one gives other examples")] = 0,
    nginx: Nginx = None,
    nginx_src: NginxSrc = None,
) -> None:
    """Compare CPython and nginx on generated responses; print the first difference as a test."""
    if examples is not None and seconds is not None:
        raise typer.BadParameter("--examples and --seconds exclude each other")
    try:
        from pyngx.testing.lives.command import compared
    except ModuleNotFoundError as error:
        if error.name != "hypothesis":
            raise
        words = "'pyngx test' needs Hypothesis, which is not installed"
        help_ = "pip install 'pyngx[test]'"
        _exit_with([Diagnostic("PNX091", Severity.ERROR, NOWHERE, words, help=help_)])
    target = _target_or_exit(nginx, nginx_src)
    compiled = _compile_or_exit(files, nginx, nginx_src, target)

    chosen = {"PYNGX_NGINX": nginx, "PYNGX_NGINX_SRC": nginx_src}
    environment = " ".join(f"{n}={shlex.quote(str(p))}" for n, p in chosen.items() if p is not None)

    def search(one: Compiled) -> str:
        return _guarded(lambda: compared(one, target, examples, seconds, seed, _say, environment))

    found = [search(one) for one in compiled]
    for text in filter(None, found):
        typer.echo(text, nl=False)
    raise typer.Exit(int(any(found)))


@app.command()
def doctor(nginx: Nginx = None, nginx_src: NginxSrc = None) -> None:
    """Say what was found on this machine, and what to do about what was not."""
    from pyngx.build.doctor import diagnose

    findings = _guarded(lambda: diagnose(nginx, nginx_src))
    width = max(len(finding.what) for finding in findings)
    for finding in findings:
        typer.echo(f"{finding.level:<4}  {finding.what:<{width}}  {finding.detail}")
        if finding.remedy:
            typer.echo(f"{'':<4}  {'':<{width}}  -> {finding.remedy}")
    raise typer.Exit(int(any(finding.level == "fail" for finding in findings)))


@app.command()
def explain(
    codes: Annotated[
        list[str] | None, typer.Argument(metavar="[CODE]...", help="as messages show them: PNX012")
    ] = None,
) -> None:
    """Tell what a message means, with a wrong program and the right one; or list all codes."""
    from pyngx import pages

    if not codes:
        typer.echo(pages.listed(), nl=False)
        return
    wanted = [pages.normal(code) for code in codes]
    for code in wanted:
        if code not in CODES:
            near = pages.nearest(code)
            words = f"there is no '{code}'; the nearest is {near}: {CODES[near]}"
            raise typer.BadParameter(words, param_hint="CODE")
    known = _guarded(pages.pages)
    typer.echo("\n".join(pages.as_text(known[code]) for code in wanted), nl=False)


def main() -> None:
    """The entry point of the ``pyngx`` command."""
    sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION_LIMIT))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    app()


def _explain(compiled: Sequence[Compiled], format: Format) -> None:
    from pyngx.explain import explained

    every = [explained(one) for one in compiled]
    sys.stdout.write(
        render.facts_as_json(every)
        if format is Format.JSON
        else "\n".join(render.facts(one) for one in every)
    )


def _compile_all(
    files: Sequence[Path],
    nginx: str | None,
    nginx_src: str | None,
    target: NginxTarget | None = None,
) -> tuple[list[Diagnostic], list[Compiled]]:
    """Compile every file; what was found in all of them, and those that are clean."""
    try:
        target = target or _find_target(nginx, nginx_src)
    except _Refused as refused:
        return [refused.diagnostic], []
    found: list[Diagnostic] = []
    compiled: dict[str, Compiled] = {}
    for path in files:
        diags = Diagnostics()
        one = _compile_one(path, target, diags)
        if one is not None and one.name in compiled:
            diags.error(
                "PNX092",
                Span.whole_file(str(path)),
                f"two of the files make a module called '{one.name}'",
                help='give this one a name of its own: module(name="…")',
            )
        elif one is not None:
            compiled[one.name] = one
        found.extend(diags.all)
    return found, list(compiled.values())


def _compile_one(path: Path, target: NginxTarget, diags: Diagnostics) -> Compiled | None:
    """One file through the pipeline; whatever happens ends in ``diags``."""
    from pyngx.pipeline import compile_file

    try:
        return compile_file(path, target, diags)
    except CompileError as error:
        for d in error.diagnostics:
            diags.add(d)
    except Exception as error:
        diags.add(_explained(error, Span.whole_file(str(path))))
    return None


class _Refused(Exception):
    """Something outside of the program stands in the way."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def _find_target(nginx: str | None, nginx_src: str | None) -> NginxTarget:
    from pyngx.build.locate import find_target

    try:
        return find_target(nginx, nginx_src)
    except Exception as error:
        raise _Refused(_explained(error, NOWHERE)) from error


def _explained(error: Exception, span: Span) -> Diagnostic:
    """An exception as a message: what the machine lacks, or a bug in pyngx."""
    from pyngx.build.locate import BuildError
    from pyngx.headers import HeadersError

    if os.environ.get("PYNGX_TRACEBACK"):
        raise error
    if isinstance(error, BuildError | HeadersError):
        reason = error.reason if isinstance(error, BuildError) else error.message
        message, *details = reason.splitlines() or [""]
        notes = ("\n".join(details),) if details else ()
        return Diagnostic(
            "PNX091", Severity.ERROR, NOWHERE, message, notes=notes, help=error.remedy
        )
    if isinstance(error, InternalError):
        words = str(error)
        span = error.span or span
    else:
        words = f"{type(error).__name__}: {error}"
    return Diagnostic(
        "PNX099",
        Severity.ERROR,
        span,
        f"internal error: {words}",
        label="while this was compiled" if span is not NOWHERE else "",
        notes=("this is a bug in pyngx, not in your file",),
        help="please report it with the file; PYNGX_TRACEBACK=1 shows where it happened",
    )


def _target_or_exit(nginx: str | None, nginx_src: str | None) -> NginxTarget:
    try:
        return _find_target(nginx, nginx_src)
    except _Refused as refused:
        _exit_with([refused.diagnostic])


def _compile_or_exit(
    files: Sequence[Path],
    nginx: str | None,
    nginx_src: str | None,
    target: NginxTarget | None = None,
) -> list[Compiled]:
    """Compile every file; if one is refused, nothing is written and the command ends."""
    found, compiled = _compile_all(files, nginx, nginx_src, target)
    if _refused(found):
        _exit_with(found)
    _show(found)
    return compiled


def _guarded(work: Callable[[], T]) -> T:
    """Do work that is not about a line of the user's; its failure ends the command."""
    try:
        return work()
    except typer.Exit:
        raise
    except Exception as error:
        _exit_with([_explained(error, NOWHERE)])


def _build_modules(compiled: Iterable[Compiled], output: Path, target: NginxTarget) -> list[Path]:
    from pyngx.build.compile import build_module

    modules = []
    for one in compiled:
        with tempfile.TemporaryDirectory(prefix="pyngx-") as addon:
            _write_or_exit(Path(addon), one.with_python_lines())
            try:
                modules.append(build_module(Path(addon), output, target))
            except OSError as error:
                _exit_with([_unwritable(output, error)])
    return modules


def _write_or_exit(folder: Path, files: dict[str, str]) -> None:
    try:
        write_files(folder, files)
    except OSError as error:
        _exit_with([_unwritable(folder, error)])


def write_files(folder: Path, files: dict[str, str]) -> list[Path]:
    """Write those files that are new or changed, so that ``make`` builds no more than it must;
    other files of the folder stay. Returns what was written.

    Raises:
        OSError: the folder cannot be made, or a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in files.items():
        path = folder / name
        data = text.encode()
        if path.is_file() and path.read_bytes() == data:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        written.append(path)
    return written


def _unwritable(folder: Path, error: OSError) -> Diagnostic:
    reason = "is not a directory" if folder.is_file() else f"cannot be written: {error.strerror}"
    return Diagnostic(
        "PNX090",
        Severity.ERROR,
        NOWHERE,
        f"'{folder}' {reason}",
        help="give a directory that can be written with -o",
    )


def _reload_on_change(
    server: Server,
    files: Sequence[Path],
    compiled: Sequence[Compiled],
    work: Path,
    target: NginxTarget,
) -> NoReturn:
    """Rebuild whenever a source changes; a refused version leaves the last good one serving."""
    from watchfiles import watch

    seen = _texts(compiled)
    while True:
        # folders, because editors replace files; the timeout, because a change that comes before
        # the watch stands is only seen by looking
        folders = {path.parent for path in seen}
        watching = watch(
            *folders,
            recursive=False,
            debounce=200,
            step=20,
            rust_timeout=500,
            yield_on_timeout=True,
        )
        for _ in watching:
            now = {path: _text(path) for path in seen}
            if now == seen:
                continue
            seen = now
            found, again = _compile_all(files, None, None, target)
            _show(found)
            if _refused(found):
                _say("the last good version goes on serving")
                continue
            _reload(server, again, work, target)
            seen = _texts(again)
            if not {path.parent for path in seen} <= folders:
                break


def _texts(compiled: Iterable[Compiled]) -> dict[Path, str]:
    """The sources of the filters, as they were compiled."""
    return {Path(s.path).resolve(): s.text for one in compiled for s in one.module.sources}


def _text(path: Path) -> str:
    """What is in a source now; nothing if it cannot be read at this moment."""
    try:
        return SourceFile.read(path).text
    except SourceError:
        return ""


def _reload(server: Server, compiled: Sequence[Compiled], work: Path, target: NginxTarget) -> None:
    """Serve with the new builds; what fails is told, and the old ones go on serving."""
    try:
        server.reload(_build_modules(compiled, work, target))
    except typer.Exit:  # told already
        return
    except Exception as error:
        _show([_explained(error, NOWHERE)])
    else:
        _say("reloaded")


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _refused(found: Iterable[Diagnostic]) -> bool:
    return any(d.severity is Severity.ERROR for d in found)


def _exit_with(found: Sequence[Diagnostic]) -> NoReturn:
    _show(found)
    raise typer.Exit(1)


def _show(found: Sequence[Diagnostic]) -> None:
    """The report for people, with a line that counts at its end."""
    render.show(found, sys.stderr)
    counts = [(sum(d.severity is severity for d in found), severity.value) for severity in Severity]
    words = [f"{n} {word}{'s' if n > 1 else ''}" for n, word in counts if n]
    if words:
        _say(", ".join(words))
        codes = list(dict.fromkeys(d.code for d in found))
        codes = list(dict.fromkeys(d.code for d in found))
        more = " …" if len(codes) > SHOWN_CODES else ""
        _say(f"for more: pyngx explain {' '.join(codes[:SHOWN_CODES])}{more}")


def _say(words: str) -> None:
    typer.echo(words, err=True)
