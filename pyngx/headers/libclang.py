"""Everything that talks to libclang itself: units, diagnostics, evaluation, checking generated C.

The Python bindings lack two calls we need: the value of an expression (`clang_Cursor_Evaluate`) and
locations that honour `#line` (`clang_getPresumedLocation`); they are declared here.
"""

import ctypes
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pyngx.build.cache import cached_file
from pyngx.build.configure import Configured, compiler_include, configured
from pyngx.build.locate import NginxTarget

SEVERITIES = ("ignored", "note", "warning", "error", "fatal")
_ERROR = 3

# the headers that modules include; those that ngx_http.h does not bring along come after it
HEADERS = ("ngx_config.h", "ngx_core.h", "ngx_event.h", "ngx_http.h", "ngx_md5.h", "ngx_sha1.h")


class HeadersError(Exception):
    """nginx's headers could not be read; `remedy` says what to do about it."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(f"{message}\n{remedy}" if remedy else message)
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class CheckMessage:
    """A diagnostic about C, at the place that `#line` gives; `column` counts bytes of the C."""

    path: str
    line: int
    column: int
    severity: str
    text: str


@cache
def bindings() -> Any:
    """The `clang.cindex` module with the missing calls declared. Raises HeadersError."""
    remedy = "install it: pip install libclang"
    try:
        from clang import cindex
    except ImportError as error:
        raise HeadersError(f"libclang's Python bindings do not load: {error}", remedy) from error
    try:
        library = cindex.conf.lib
    except (OSError, cindex.LibclangError) as error:
        raise HeadersError(f"libclang does not load: {error}", remedy) from error
    library.clang_Cursor_Evaluate.argtypes = [cindex.Cursor]
    library.clang_Cursor_Evaluate.restype = ctypes.c_void_p
    for name, result in (
        ("getKind", ctypes.c_int),
        ("getAsLongLong", ctypes.c_longlong),
        ("getAsUnsigned", ctypes.c_ulonglong),
        ("isUnsignedInt", ctypes.c_uint),
        ("getAsStr", ctypes.c_char_p),
        ("dispose", None),
    ):
        call = getattr(library, f"clang_EvalResult_{name}")
        call.argtypes = [ctypes.c_void_p]
        call.restype = result
    library.clang_getPresumedLocation.argtypes = [
        cindex.SourceLocation,
        ctypes.POINTER(cindex._CXString),
        ctypes.POINTER(ctypes.c_uint),
        ctypes.POINTER(ctypes.c_uint),
    ]
    library.clang_getPresumedLocation.restype = None
    return cindex


def flags(tree: Configured) -> list[str]:
    """The arguments that make libclang see what the target's compiler sees."""
    defines = [flag for flag in tree.cflags if flag.startswith(("-D", "-U", "-m"))]
    return [
        *("-x", "c", "-std=gnu11", "-D_GNU_SOURCE"),
        *("-isystem", str(compiler_include(tree.cc))),
        *defines,
        *tree.include_flags,
    ]


def includes(tree: Configured) -> str:
    """The include lines for every header of HEADERS that this nginx has."""
    present = [h for h in HEADERS if any((Path(p) / h).is_file() for p in tree.includes)]
    return "".join(f"#include <{header}>\n" for header in present)


def parse(text: str, arguments: Sequence[str], options: int = 0, name: str = "pyngx.c") -> Any:
    """A translation unit of C text. Its diagnostics are the caller's to judge."""
    cindex = bindings()
    try:
        return cindex.TranslationUnit.from_source(
            name, list(arguments), unsaved_files=[(name, text)], options=options
        )
    except cindex.TranslationUnitLoadError as error:
        raise HeadersError(f"libclang gave up on {name}: {error}") from error


def require_clean(unit: Any) -> None:
    """Raise HeadersError unless a unit made of nginx's headers parsed without any error."""
    errors = [m for m in messages(unit) if m.severity in ("error", "fatal")]
    if errors:
        lines = [f"{m.path}:{m.line}:{m.column}: {m.text}" for m in errors[:5]]
        raise HeadersError(
            "nginx's headers do not parse:\n" + "\n".join(lines),
            "install the development packages of the libraries that nginx was configured with "
            "(on Debian: apt-get install nginx-dev libc6-dev), or remove the cache directory",
        )


def messages(unit: Any) -> list[CheckMessage]:
    """The diagnostics of a unit, in its order, warnings and worse."""
    return [
        CheckMessage(*presumed(d.location), SEVERITIES[d.severity], d.spelling)
        for d in unit.diagnostics
        if d.severity >= _ERROR - 1
    ]


def presumed(location: Any) -> tuple[str, int, int]:
    """Path, line and column of a location, as `#line` directives say."""
    cindex = bindings()
    path, line, column = cindex._CXString(), ctypes.c_uint(), ctypes.c_uint()
    cindex.conf.lib.clang_getPresumedLocation(
        location, ctypes.byref(path), ctypes.byref(line), ctypes.byref(column)
    )
    name = cindex.conf.lib.clang_getCString(path)
    text = name.decode(errors="replace") if isinstance(name, bytes) else str(name or "")
    return text, line.value, column.value


def evaluate(cursor: Any) -> int | bytes | None:
    """The value of a declaration's initializer, if it is a number or string known to clang."""
    library = bindings().conf.lib
    result = library.clang_Cursor_Evaluate(cursor)
    if not result:
        return None
    try:
        match library.clang_EvalResult_getKind(result):
            case 1 if library.clang_EvalResult_isUnsignedInt(result):
                return int(library.clang_EvalResult_getAsUnsigned(result))
            case 1:
                return int(library.clang_EvalResult_getAsLongLong(result))
            case 4:
                value = library.clang_EvalResult_getAsStr(result)
                return value if isinstance(value, bytes) else None
            case _:
                return None
    finally:
        library.clang_EvalResult_dispose(result)


def check_c(target: NginxTarget, c_file: Path) -> list[CheckMessage]:
    """What clang says about a generated C file: warnings and errors, at their presumed places.

    The headers come precompiled from the cache; only the file itself is parsed.
    """
    cindex = bindings()
    tree = configured(target)
    # what clang thinks of ``a = a`` and ``a < 3 and a > 5`` is about the author's Python
    opinions = ("unused-parameter", "self-assign", "tautological-overlap-compare")
    arguments = [*flags(tree), "-Wall", "-Wextra", *(f"-Wno-{name}" for name in opinions)]
    version = hashlib.sha256(Path(cindex.__file__).read_bytes()).hexdigest()[:8]

    def make(draft: Path) -> None:
        unit = parse(includes(tree), flags(tree), cindex.TranslationUnit.PARSE_INCOMPLETE)
        require_clean(unit)
        unit.save(str(draft))

    header = cached_file(f"{tree.objs.parent.name}-{version}.pch", make)
    text = c_file.read_text(encoding="utf-8")
    arguments += ["-include-pch", str(header), "-I", str(c_file.parent)]
    return messages(parse(text, arguments, name=str(c_file)))
