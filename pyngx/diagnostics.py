"""What the compiler says to the author: codes, collecting.

A diagnostic has a code (``PNX012``), a primary span with a label, secondary spans that point at
the cause, notes, and a help that says what to write instead. ``pyngx.render`` turns them into
text, JSON or GitHub annotations.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pyngx.source import Span


class Severity(StrEnum):
    """``ERROR`` refuses the program; ``WARNING`` and ``NOTE`` do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Label:
    """A secondary span and the words that stand under it."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One message. ``label`` stands under the primary span, ``notes`` and ``help`` below it."""

    code: str
    severity: Severity
    span: Span
    message: str
    label: str = ""
    secondary: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str = ""


class CompileError(Exception):
    """The program is refused; carries every diagnostic found so far."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("; ".join(d.message for d in self.diagnostics))


class InternalError(Exception):
    """A bug in pyngx, with the user's line that was being compiled if it is known."""

    def __init__(self, message: str, span: Span | None = None) -> None:
        super().__init__(message)
        self.span = span


class Diagnostics:
    """Collects messages, in order and without repetition; ``check()`` ends the compilation if
    there was an error."""

    def __init__(self) -> None:
        self._found: dict[Diagnostic, None] = {}

    def error(
        self,
        code: str,
        span: Span,
        message: str,
        *,
        label: str = "",
        secondary: Iterable[Label] = (),
        notes: Iterable[str] = (),
        help: str = "",
    ) -> None:
        """Record an error; the compilation goes on, to find the others."""
        self._add(Severity.ERROR, code, span, message, label, secondary, notes, help)

    def warning(
        self,
        code: str,
        span: Span,
        message: str,
        *,
        label: str = "",
        secondary: Iterable[Label] = (),
        notes: Iterable[str] = (),
        help: str = "",
    ) -> None:
        """Record a warning; it does not refuse the program."""
        self._add(Severity.WARNING, code, span, message, label, secondary, notes, help)

    def _add(
        self,
        severity: Severity,
        code: str,
        span: Span,
        message: str,
        label: str,
        secondary: Iterable[Label],
        notes: Iterable[str],
        help: str,
    ) -> None:
        self.add(
            Diagnostic(code, severity, span, message, label, tuple(secondary), tuple(notes), help)
        )

    def add(self, found: Diagnostic) -> None:
        """Record a diagnostic that is already made."""
        self._found[found] = None

    def extend(self, other: Diagnostics) -> None:
        """Take over what another collection has found."""
        self._found.update(other._found)

    @property
    def all(self) -> tuple[Diagnostic, ...]:
        """Every message, by place."""
        return tuple(sorted(self._found, key=lambda d: (d.span, d.code, d.message)))

    @property
    def has_errors(self) -> bool:
        """Whether the program is refused."""
        return any(d.severity is Severity.ERROR for d in self._found)

    def check(self) -> None:
        """Raise `CompileError` if an error was recorded."""
        if self.has_errors:
            raise CompileError(self.all)


@dataclass(frozen=True)
class Fact:
    """One thing that was inferred: of which ``topic``, in words, and the lines of Python that it
    follows from (none: it follows from there being no line that says otherwise). ``path`` is the
    file of the lines if it is not the filter's own."""

    topic: str
    says: str
    lines: tuple[int, ...] = ()
    path: str = ""


@dataclass(frozen=True)
class Explained:
    """All facts about one file."""

    path: str
    module: str
    facts: tuple[Fact, ...]
