"""``docs/errors.md``, made of the table of codes and the cases.

``python -m tests.diagnostics.docs`` writes it; a test fails if it is not what this makes.
"""

from __future__ import annotations

from pathlib import Path

from pyngx.codes import CODES
from tests.diagnostics.cases import Case, expectations, read_all, without_marks

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"

_INTRODUCTION = """\
# Messages

Every message of `pyngx` has a code. For each code there is a wrong program, what is said about it,
and the right program. The imports are left out; they are the same in all of them: the names of
`pyngx` and `pyngx.ngx` that the program uses, and `log = logging.getLogger(__name__)`.

This page is generated from the cases of the tests, so each program on it has been compiled, and
each message has been given.
"""


def page() -> str:
    """The text of the page."""
    cases, words = read_all()
    return "\n".join([_INTRODUCTION, *(_entry(code, cases, words) for code in sorted(CODES))])


def _entry(code: str, cases: tuple[Case, ...], words: dict[str, str]) -> str:
    head = f'<a id="{code.lower()}"></a>\n\n## {code}: {CODES[code]}\n'
    case = _example(code, cases)
    if case is None:
        return f"{head}\n{words[code]}\n"
    found, _ = expectations(case.program)
    message = next(w.words for w in found if w.code == code)
    program = without_marks(case.program).strip()
    parts = [head, f"```python\n{program}\n```\n", f"> {message}\n"]
    if case.right is not None:
        parts += ["Right:\n", f"```python\n{case.right.strip()}\n```\n"]
    return "\n".join(parts)


def _example(code: str, cases: tuple[Case, ...]) -> Case | None:
    """The first case of the code that has a right program; else the first case."""
    own = [case for case in cases if case.codes and case.codes[0] == code]
    return next((case for case in own if case.right is not None), own[0] if own else None)


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page())
