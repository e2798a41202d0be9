"""The page of each code: what it means, a wrong program, what is said about it, the right program.

All pages stand in ``docs/errors.md``, which is made from the cases of the tests; an installed
package has that file inside of it. ``pyngx explain`` prints a page as plain text.
"""

from __future__ import annotations

import difflib
import re
from functools import cache
from pathlib import Path

from pyngx.codes import CODES

PAGE = "docs/errors.md"
"""The file of all pages, as messages name it; each code has an anchor there."""

_ANCHOR = re.compile(r'^<a id="(pnx\d{3})"></a>$', re.MULTILINE)
_FENCE = re.compile(r"^```\w*$")


def anchor(code: str) -> str:
    """Where the code is described: ``docs/errors.md#pnx032``."""
    return f"{PAGE}#{code.lower()}"


def folder() -> Path:
    """The folder of the documentation: in the package if it is installed, else in the checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "_docs"
    return installed if installed.is_dir() else package.parent / "docs"


@cache
def pages() -> dict[str, str]:
    """The page of each code, in Markdown.

    Raises:
        OSError: the package is not complete.
    """
    text = (folder() / Path(PAGE).name).read_text(encoding="utf-8")
    _, *parts = _ANCHOR.split(text)
    return {code.upper(): page.strip() for code, page in zip(parts[::2], parts[1::2], strict=True)}


def as_text(page: str) -> str:
    """A page for a terminal: programs are indented instead of fenced."""
    lines: list[str] = []
    fenced = False
    for line in page.removeprefix("## ").split("\n"):
        if _FENCE.match(line):
            fenced = not fenced
        else:
            lines.append(f"    {line}" if fenced and line else line)
    return "\n".join(lines) + "\n"


def listed() -> str:
    """All codes with their titles, a line each."""
    return "".join(f"{code}  {CODES[code]}\n" for code in sorted(CODES))


def normal(code: str) -> str:
    """A code as the table has it, for what a person may type: ``pnx32`` and ``32`` too."""
    digits = re.fullmatch(r"(?:PNX)?0*(\d{1,3})", code.strip().upper())
    return f"PNX{int(digits[1]):03}" if digits else code.strip().upper()


def nearest(code: str) -> str:
    """The code of the table that is nearest to one that is not in it."""
    if re.fullmatch(r"PNX\d{3}", code):
        return min(CODES, key=lambda known: abs(int(known[3:]) - int(code[3:])))
    return (difflib.get_close_matches(code, CODES, n=1, cutoff=0) or [min(CODES)])[0]
