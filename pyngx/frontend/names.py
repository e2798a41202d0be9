"""Names that the front end knows by itself: of modules, and of what a file imports from pyngx."""

from __future__ import annotations

import ast
import difflib
import importlib.util
import re
from http import HTTPStatus

import pyngx
from pyngx import ngx
from pyngx.diagnostics import Diagnostics
from pyngx.source import SourceFile, Span

NGINX_FILTERS = frozenset(
    {
        "addition",
        "charset",
        "chunked",
        "gunzip",
        "gzip",
        "header",
        "headers",
        "image",
        "not_modified",
        "postpone",
        "range_body",
        "range_header",
        "slice",
        "ssi",
        "sub",
        "userid",
        "v2",
        "v3",
        "write",
        "xslt",
    }
)
"""``ngx_http_<name>_filter_module`` of nginx itself; it refuses to load a second of that name."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_module_name(name: object) -> bool:
    """Whether the name can be a part of a C identifier."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def attribute(owner: object, name: str) -> object | None:
    """An attribute of an object of the author's; None if there is none, or asking for it raises."""
    try:
        found: object = getattr(owner, name, None)
    except Exception:  # the author's own __getattr__ or property
        return None
    return found


def shown(value: object) -> str:
    """An object of the author's as text for a message."""
    try:
        return repr(value)
    except Exception:  # the author's own __repr__
        return f"of class '{type(value).__name__}'"


def place_of(source: SourceFile, line: int) -> Span:
    """A line from its first character that is not space to its end."""
    text = source.lines[line - 1] if 0 < line <= len(source.lines) else ""
    first = len(text) - len(text.lstrip()) + 1
    return Span(source.path, line, first, line, max(len(text.rstrip()) + 1, first + 1))


def check_imports(
    tree: ast.Module, source: SourceFile, model: ngx.Model, diags: Diagnostics
) -> bool:
    """Report every name that the file takes from pyngx and that is not there; False if any."""
    good = True
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or node.level:
            continue
        for alias in node.names:
            if node.module == "pyngx.ngx":
                good &= _check_ngx_name(alias, source, model, diags)
            elif node.module == "pyngx":
                good &= _check_pyngx_name(alias, source, diags)
    return good


def _check_ngx_name(
    alias: ast.alias, source: SourceFile, model: ngx.Model, diags: Diagnostics
) -> bool:
    if alias.name == "*":
        diags.error(
            "PNX018",
            source.span(alias),
            "'from pyngx.ngx import *' is not possible: nginx has thousands of names",
            help="import the names that the file uses, or write 'from pyngx import ngx' and "
            "'ngx.NGX_OK'",
        )
        return False
    if ngx.lookup(alias.name, model) is not None:
        return True
    message, near = ngx.explain_missing(alias.name, model)
    diags.error(
        "PNX005",
        source.span(alias),
        message,
        label="not in the headers of this nginx",
        help=_status(alias.name) or (f"did you mean '{near}'?" if near else ""),
    )
    return False


def _status(name: str) -> str:
    """What to write for a status that nginx has no name for."""
    known = HTTPStatus.__members__.get(name.removeprefix("NGX_HTTP_"))
    return "" if known is None else f"nginx has no name for this status: write {known.value}"


def _check_pyngx_name(alias: ast.alias, source: SourceFile, diags: Diagnostics) -> bool:
    name = alias.name
    if name == "*" or hasattr(pyngx, name) or importlib.util.find_spec(f"pyngx.{name}"):
        return True
    near = difflib.get_close_matches(name, pyngx.__all__, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"it has {', '.join(pyngx.__all__)}"
    if name.startswith(("ngx_", "NGX_")):
        hint = f"nginx's names are in pyngx.ngx: from pyngx.ngx import {name}"
    diags.error("PNX006", source.span(alias), f"pyngx has no '{name}'", help=hint)
    return False
