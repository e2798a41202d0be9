"""The generated parts of ``docs/engine.md``: a filter, what is inferred about it, and its C.

``python -m tests.engine_page`` (``make docs``) writes them; a test fails if they are not what this
makes. A part stands behind its mark, ``<!-- name -->``.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from pyngx.build.locate import find_target
from pyngx.diagnostics import Diagnostics
from pyngx.explain import explained
from pyngx.pipeline import Compiled, compile_file
from pyngx.render import facts

REPOSITORY = Path(__file__).parents[1]
PAGE = REPOSITORY / "docs" / "engine.md"
EXAMPLE = REPOSITORY / "docs" / "examples" / "quote.py"

_PART = re.compile(r"<!-- (\w+) -->\n(?:\n```\w*\n.*?\n```\n)?", re.DOTALL)


def page(text: str) -> str:
    """The text of the page with its parts made anew."""
    made = parts(_compiled())
    return _PART.sub(lambda m: f"<!-- {m[1]} -->\n\n{made[m[1]]}\n", text)


def parts(compiled: Compiled) -> dict[str, str]:
    """The parts by the names of their marks."""
    code = compiled.files[compiled.c_name]
    types = r"typedef struct \{\n    ngx_str_t +subject"
    said = facts(explained(compiled)).split("\n", 1)[1].replace(str(EXAMPLE), EXAMPLE.name)
    return {
        "python": _fenced("python", EXAMPLE.read_text()),
        "explain": _fenced("text", said),
        "struct": _fenced("c", _between(code, types, "\n\n\n")),
        "c": _fenced("c", _between(code, r"static ngx_int_t\nngx_http_quote_quote\(", "\n}\n")),
    }


def _compiled() -> Compiled:
    found = compile_file(EXAMPLE, find_target(), Diagnostics())
    assert found is not None
    return found


def _fenced(language: str, text: str) -> str:
    body = text.strip("\n")
    return f"```{language}\n{body}\n```"


def _between(text: str, start: str, end: str) -> str:
    """From what matches ``start`` up to and with ``end``; a struct brings the enumeration."""
    found = re.search(start, text)
    assert found is not None
    stop = text.index(end, found.start()) + len(end)
    if end == "\n\n\n":
        stop = text.index(end, stop) + len(end)
    return text[found.start() : stop]


if __name__ == "__main__":
    if os.environ.get("CI"):
        sys.exit("the page is not updated in CI")
    PAGE.write_text(page(PAGE.read_text()))
