"""``docs/errors.md``, made of the table of codes and the cases.

``python -m tests.diagnostics.docs`` writes it; a test fails if it is not what this makes. The
programs are compiled, and what the page shows below each is what was said.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from pyngx import pages, render
from pyngx.codes import CODES
from pyngx.diagnostics import Diagnostic
from pyngx.source import Span
from tests.diagnostics.cases import HEAD, Case, messages, read_all, without_marks

PAGE = Path(__file__).parents[2] / pages.PAGE

_INTRODUCTION = """\
# Messages

Every message of `pyngx` has a code; `pyngx explain PNX032` prints what this page has on it. For
each code there is a wrong program, what is said about it, and the right program. The imports are
left out; they are the same in all of them: the names of `pyngx` and `pyngx.ngx` that the program
uses, and `log = logging.getLogger(__name__)`.

This page is generated from the cases of the tests, so each program on it has been compiled, and
each message has been given.
"""

_HEAD_LINES = HEAD.count("\n")


def page() -> str:
    """The text of the page."""
    cases, words = read_all()
    return "\n".join([_INTRODUCTION, *(_entry(code, cases, words) for code in sorted(CODES))])


def _entry(code: str, cases: tuple[Case, ...], words: dict[str, str]) -> str:
    parts = [f'<a id="{code.lower()}"></a>\n\n## {code}: {CODES[code]}\n']
    if code in words:
        parts.append(f"{words[code]}\n")
    case = _example(code, cases)
    if case is not None:
        parts += ["Wrong:\n", f"```python\n{without_marks(case.program).strip()}\n```\n"]
        for name, text in case.files.items():
            parts += [f"with `{name}` beside it:\n", f"```python\n{text.strip()}\n```\n"]
        parts.append(f"```text\n{_said(case).strip()}\n```\n")
        if case.right is not None:
            parts += ["Right:\n", f"```python\n{case.right.strip()}\n```\n"]
    return "\n".join(parts)


def _said(case: Case) -> str:
    """What is said about the program, with the lines counted as the page shows them."""
    program = without_marks(case.program)
    with tempfile.TemporaryDirectory(prefix="pyngx-") as name:
        folder = Path(name)
        _, found = messages(folder, case.name, program, case.files)
        path = folder / case.name
        before = len(program) - len(program.lstrip("\n"))
        path.write_text(program.strip("\n"))
        shown = [_moved(d, str(path), _HEAD_LINES + before) for d in found]
        return render.text(shown).replace(f"{folder}/", "")


def _moved(d: Diagnostic, path: str, lines: int) -> Diagnostic:
    """The message with its places in the file counted without the first lines."""

    def moved(span: Span) -> Span:
        if span.path != path or span.line <= lines:
            return span
        return replace(span, line=span.line - lines, end_line=span.end_line - lines)

    secondary = tuple(replace(label, span=moved(label.span)) for label in d.secondary)
    return replace(d, span=moved(d.span), secondary=secondary)


def _example(code: str, cases: tuple[Case, ...]) -> Case | None:
    """The first case of the code that has a right program; else the first case."""
    own = [case for case in cases if case.codes and case.codes[0] == code]
    return next((case for case in own if case.right is not None), own[0] if own else None)


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page())
