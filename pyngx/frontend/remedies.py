"""What to write instead, for what Python itself says about a file: syntax errors and exceptions.

Python's own words are kept; a remedy is added where the mistake is one that people make. What is
not recognised gets none.
"""

from __future__ import annotations

import builtins
import difflib
import keyword
import re
import sys
from collections.abc import Iterable

import pyngx
from pyngx import ngx

_BLOCKS = (
    "class",
    "def",
    "elif",
    "else",
    "except",
    "finally",
    "for",
    "if",
    "match",
    "try",
    "while",
)
_STATEMENTS = ("assert", "break", "continue", "del", "from", "import", "pass", "raise", "return")

OTHER_LANGUAGES = {
    "true": "True",
    "TRUE": "True",
    "false": "False",
    "FALSE": "False",
    "null": "None",
    "NULL": "None",
    "nil": "None",
    "none": "None",
    "undefined": "None",
}
"""Names that other languages have for what Python has under another."""

_IN_LINE = (
    (r"^\s*(else\s+if)\b", "write 'elif' for 'else if'"),
    (r"(&&)", "write 'and' for '&&'"),
    (r"(\|\|)", "write 'or' for '||'"),
    (r"(?:^|[\s(])(!)\s*[\w(]", "write 'not' for '!'"),
    (r"\w\s*(\+\+|--)\s*;?\s*$", "write 'x += 1' or 'x -= 1'"),
    (r"(\{)\s*$", "a block begins with ':' at the end of the line and is indented, without braces"),
    (r"^\s*(print)\s+[^(=\s]", 'log it: log.info("…", x), log = logging.getLogger(__name__)'),
)
"""Patterns in the line of a syntax error, with the place, and what to write instead."""

_IN_WORDS = (
    ("expected ':'", "end the line with ':'"),
    ("was never closed", "close it; the place where it was opened is marked"),
    ("unterminated string literal", "end it with the same quote, or use three for several lines"),
    ("unterminated triple-quoted", "end it with three quotes of the same kind"),
    (
        "expected an indented block",
        "indent what belongs to it by four more spaces, or write 'pass'",
    ),
    ("unexpected indent", "begin the line where the line before it begins"),
    ("unindent does not match", "begin the line where another line of its block begins"),
    ("'return' outside function", "indent it, so that it stands in a function"),
    ("outside loop", "'return' ends the function"),
    ("not properly in loop", "'return' ends the function"),
    ("outside function", "indent it, so that it stands in a function"),
    ("bytes can only contain ASCII", "write the text without the b and encode it: '…'.encode()"),
    ("follows default argument", "pass the value in each call: there are no default values"),
)
"""What Python says of a syntax error, and what to write instead."""


def of_syntax(words: str, line: str) -> tuple[str, tuple[int, int] | None]:
    """What to write instead where Python finds a syntax error in a line, and where the cause stands
    in the line if that is known better than Python knows it."""
    code = _without_strings(line)
    for pattern, help in _IN_LINE:
        found = re.search(pattern, code)
        if found is not None:
            return help, found.span(1)
    if "inconsistent use of tabs" in words:
        return "indent with four spaces everywhere, and with no tabs", _indentation(line)
    for part, help in _IN_WORDS:
        if part in words:
            return help, None
    return _misspelled(code) if words == "invalid syntax" else ("", None)


def _without_strings(line: str) -> str:
    """The line with its strings and its comment blank, each character in its place."""
    pattern = r"\"[^\"]*\"|'[^']*'|#.*"
    return re.sub(pattern, lambda found: " " * len(found[0]), line)


def _indentation(line: str) -> tuple[int, int]:
    return 0, max(len(line) - len(line.lstrip()), 1)


def _misspelled(line: str) -> tuple[str, tuple[int, int] | None]:
    """The keyword that the first word of a line may be meant for."""
    found = re.match(r"\s*(\w+)\s+[\w(]", line)
    if found is None or keyword.iskeyword(found[1]):
        return "", None
    wanted = _BLOCKS if line.rstrip().endswith(":") else _STATEMENTS
    near = difflib.get_close_matches(found[1].lower(), wanted, n=1, cutoff=0.6)
    return (f"did you mean '{near[0]}'?", found.span(1)) if near else ("", None)


def of_exception(error: BaseException, names: Iterable[str], model: ngx.Model) -> str:
    """What to write instead where the file raises; ``names`` are those that it has."""
    try:
        words = str(error)
    except Exception:  # the user's own __str__
        return ""
    match error:
        case ModuleNotFoundError():
            return _of_module((error.name or "").partition(".")[0])
        case NameError():
            return of_name(error.name or "", names, model)
        case TypeError():
            return _of_call(words)
        case _:
            return ""


def _of_module(name: str) -> str:
    if name in ("nginx", "ngx"):
        return "nginx's own names are imported from pyngx.ngx"
    known = [*sys.stdlib_module_names, "pyngx"]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    meant = f"did you mean '{near[0]}'? Or " if near else ""
    return f"{meant}install it beside pyngx: imports run in the compiler, and not in nginx"


def of_name(name: str, known: Iterable[str], model: ngx.Model) -> str:
    """Where a name that is not there comes from, or the nearest one; ``""`` if neither."""
    if name in OTHER_LANGUAGES:
        return f"did you mean '{OTHER_LANGUAGES[name]}'?"
    if name in pyngx.__all__:
        return f"write 'from pyngx import {name}' at the top of the file"
    if ngx.lookup(name, model) is not None:
        return f"write 'from pyngx.ngx import {name}' at the top of the file"
    if name in sys.stdlib_module_names:
        return f"write 'import {name}' at the top of the file"
    candidates = [n for n in known if n[:2] != "__"]
    near = difflib.get_close_matches(name, [*candidates, *pyngx.__all__], n=1, cutoff=0.6)
    near = near or difflib.get_close_matches(name, dir(builtins), n=1, cutoff=0.8)
    return f"did you mean '{near[0]}'?" if near else ""


_KEYWORDS = {
    "directive": ("name", "default", "context", "min", "max"),
    "module": ("name", "after", "before"),
    "body_filter": ("encoded", "partial"),
}


def _of_call(words: str) -> str:
    """The remedy for a wrong call of one of pyngx's functions."""
    if re.match(r"(header_filter|variable)\(\) missing 1 required positional", words):
        name = words.partition("(")[0]
        return f'write @{name}("name")' if name == "variable" else f"write @{name}, without ()"
    found = re.match(r"(\w+)\(\) got an unexpected keyword argument '(\w+)'", words)
    if found is None or found[1] not in _KEYWORDS:
        return ""
    near = difflib.get_close_matches(found[2], _KEYWORDS[found[1]], n=1, cutoff=0.6)
    known = f"{found[1]}() has: {', '.join(_KEYWORDS[found[1]])}"
    return f"did you mean '{near[0]}'?" if near else known
