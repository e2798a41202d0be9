"""The runtime in a module: only what is called, each piece as it stands in ``runtime/``.

A runtime file is a list of top-level items, separated by two blank lines: types, defines, tables,
functions. A module gets those that its text names, and those that these name, in an order in which
everything is declared before it is used; prototypes of the functions come before them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pyngx.backend.cescape import MARGIN

FAMILIES = (
    "stream",
    "queue",
    "output",
    "pages",
    "input",
    "search",
    "scan",
    "candidates",
    "walk",
    "chain",
    "headers",
    "request",
    "fields",
    "bytes",
    "made",
    "text",
    "split",
    "str",
    "strmade",
    "uniclass",
    "uninumber",
    "uniname",
    "unicase",
    "unicode",
    "strcase",
    "hash",
    "charset",
    "message",
    "codecerror",
    "codec",
    "url",
    "entcapital",
    "entsmall",
    "entmore",
    "entbare",
    "html",
    "chance",
    "date",
    "struct",
    "int",
    "format",
    "float",
    "floattext",
    "math",
    "state",
    "list",
    "order",
    "error",
    "conf",
    "directive",
)
"""The files of the runtime, without their ending; their items are emitted in this order."""

MATH = "math"
"""The family whose items call functions of libm."""

_WORD = re.compile(r"\b(?:ngx_http_pyngx_\w+|NGX_HTTP_PYNGX_\w+)\b")
_FUNCTION = re.compile(r"^(static [^\n;{=]*)\n(\w+)\(", re.MULTILINE)
_NOT_CODE = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|/\*.*?\*/', re.DOTALL)
_COMMENT = re.compile(r"\A/\*.*?\*/\n+", re.DOTALL)


@dataclass(frozen=True)
class Item:
    """A top-level piece of C: what it defines, what it needs, its text."""

    family: str
    names: tuple[str, ...]
    needs: frozenset[str]
    text: str
    prototype: str = ""


def runtime_folder() -> Path:
    """Where the C sources lie: beside the package in a checkout, inside it when installed."""
    installed = Path(__file__).resolve().parent.parent / "_runtime"
    if installed.is_dir():
        return installed
    return Path(__file__).resolve().parent.parent.parent / "runtime"


@cache
def items() -> tuple[Item, ...]:
    """All items of the runtime, in the order of the files."""
    found: list[Item] = []
    folder = runtime_folder()
    for family in FAMILIES:
        text = (folder / f"{family}.c").read_text()
        _, _, rest = text.partition("*/\n")
        for piece in re.split(r"\n{3,}", rest.strip("\n")):
            item = _item(family, piece.strip("\n"))
            if item is not None:
                found.append(item)
    return tuple(found)


def _item(family: str, text: str) -> Item | None:
    code = _COMMENT.sub("", text)
    words = frozenset(_WORD.findall(_without_comments(code)))
    function = _FUNCTION.match(code)
    if function is not None and "\n{" in code:
        prototype = _prototype(code[: code.index("\n{")])
        return Item(family, (function[2],), words - {function[2]}, text, prototype)
    if re.match(r"static [^\n]*\([^\n]*", code) and code.rstrip().endswith(";") and "{" not in code:
        return None  # a list of prototypes: made anew from what is emitted
    names = _defined(code)
    return Item(family, names, words - set(names), text)


def _prototype(head: str) -> str:
    """The prototype of a definition's head, in 79 columns: parameters move to the next line whole,
    all of them if the first does not fit beside the name."""
    text = " ".join(head.split()).replace("* ngx", "*ngx")
    start, _, rest = text.partition("(")
    params = [p + "," for p in rest.removesuffix(")").split(", ")]
    params[-1] = params[-1].removesuffix(",") + ");"
    lines = [start + "("]
    for i, param in enumerate(params):
        glue = "" if i == 0 else " "
        if len(lines[-1] + glue + param) <= 79:
            lines[-1] += glue + param
        else:
            lines.append("    " + param)
    return "\n".join(lines)


def _without_comments(code: str) -> str:
    """The code alone: a literal may hold what looks like a comment, and the other way round."""
    return _NOT_CODE.sub(" ", code)


def _defined(code: str) -> tuple[str, ...]:
    """The names that a type, a group of defines, or a variable gives."""
    if code.startswith("#"):
        return tuple(re.findall(r"^#define (\w+)", code, re.MULTILINE))
    if code.startswith("typedef"):
        pointer = re.search(r"\(\*(\w+)\)", code)
        if pointer is not None and "{" not in code:
            return (pointer[1],)
        last = re.findall(r"(\w+);", code)[-1]
        tag = re.match(r"typedef (?:struct|union|enum) (\w+)", code)
        return (last, tag[1]) if tag else (last,)
    variable = re.match(r"static [^=;\[]*?(\w+)\s*(?:\[[^\]]*\])?\s*(?:=|;)", code)
    if variable is not None:
        return (variable[1],)
    struct = re.match(r"struct (\w+)", code)
    return (struct[1],) if struct else ()


def needed(text: str) -> tuple[Item, ...]:
    """The items that a module's text needs, directly or through others, in the runtime's order."""
    by_name = {name: item for item in items() for name in item.names}
    wanted: dict[int, Item] = {}
    pending = list(_WORD.findall(_without_comments(text)))
    while pending:
        item = by_name.get(pending.pop())
        if item is not None and id(item) not in wanted:
            wanted[id(item)] = item
            pending.extend(item.needs)
    return tuple(item for item in items() if id(item) in wanted)


def needs_libm(text: str) -> bool:
    """Whether a module with this C is linked with libm."""
    return any(item.family == MATH for item in needed(text))


_OPTIONAL = ("ngx_md5", "ngx_sha1")
"""Headers that ``ngx_http.h`` does not include, after which their functions are called."""


def _includes(chosen: tuple[Item, ...]) -> str:
    """The headers of nginx that the items need."""
    used = [name for name in _OPTIONAL if any(f"{name}_init" in item.text for item in chosen)]
    names = ("ngx_config", "ngx_core", "ngx_http", *used)
    if any(item.family == MATH for item in chosen):
        names = (*names, "math")
    return "\n".join(f"#include <{name}.h>" for name in names)


def header(module: str, guard: str, text: str) -> str:
    """The runtime file of a module whose C is ``text``; empty if it needs none."""
    chosen = needed(text)
    if not chosen:
        return ""
    functions = [i for i in chosen if i.prototype]
    others = [i for i in chosen if not i.prototype]
    parts = [
        f"\n/*\n * Of the pyngx runtime, what is called by\n * {module}.\n */",
        f"#ifndef {guard}\n#define {guard}",
        _includes(chosen),
    ]
    types = [i.text for i in others if not _COMMENT.sub("", i.text).startswith("static")]
    variables = [i.text for i in others if _COMMENT.sub("", i.text).startswith("static")]
    parts += types
    parts.append("\n".join(i.prototype for i in functions))
    if any("ngx_http_next_body_filter" in i.text for i in functions):
        parts.append("static ngx_http_output_body_filter_pt  ngx_http_next_body_filter;")
    parts += variables
    parts += [i.text for i in functions]
    named = f"#endif /* {guard} */"
    parts.append(named if len(named) <= MARGIN else "#endif")
    return "\n\n\n".join(p for p in parts if p) + "\n"
