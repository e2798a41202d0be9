"""nginx's error log: what the author's loggers said, the filter's run-time errors, the rest."""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass

from pyngx.flow.walk import statements
from pyngx.pipeline import Compiled
from pyngx.program import Program
from pyngx.testing.nginx import FATAL
from pyngx.testing.simulation import Failure
from pyngx.tree import Log, Piece

_START = re.compile(rb"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[", re.M)
_RECORD = re.compile(
    rb"[\d/]+ [\d:]+ \[(?P<level>\w+)\] \d+#\d+: (?:\*\d+ )?(?P<said>.*)\n?\Z", re.DOTALL
)
_CONTEXT = re.compile(
    rb"(?: while [a-z -]+)?, client: [^,]*, server: .*\Z|(?: while [a-z -]+)?, client: .*\Z",
    re.DOTALL,
)
_LOGGING = re.compile(rb" while logging request, client: [^,]*, server: .*\Z", re.DOTALL)
_FAILURE = re.compile(rb"(?P<place>[\w.-]+\.py:\d+): (?P<error>\w+)(?:: (?P<words>.*))?", re.DOTALL)
LEVELS = {
    "NGX_LOG_DEBUG": ("debug", logging.DEBUG),
    "NGX_LOG_INFO": ("info", logging.INFO),
    "NGX_LOG_WARN": ("warn", logging.WARNING),
    "NGX_LOG_ERR": ("error", logging.ERROR),
    "NGX_LOG_CRIT": ("crit", logging.CRITICAL),
}


@dataclass(frozen=True)
class Said:
    """What a filter logs: the level in nginx's log and in Python, and the form of the message."""

    level: str
    number: int
    form: re.Pattern[bytes]


@dataclass(frozen=True)
class Logged:
    """A part of the error log."""

    records: tuple[tuple[int, bytes], ...]
    """Level and message of what the filters' loggers said."""
    errors: tuple[Failure, ...]
    rest: tuple[str, ...]
    """Lines of nginx's own."""

    def wrong(self) -> list[str]:
        """The lines that no correct run has, beside the filter's own."""
        return [line for line in self.rest if FATAL.search(line) or "[error]" in line]


def says(compiled: Compiled) -> tuple[Said, ...]:
    """All that a filter file can log."""
    return tuple(_says(compiled.program))


def _says(program: Program) -> Iterable[Said]:
    for function in program.functions:
        for stmt in statements(function.body):
            if isinstance(stmt, Log):
                level, number = LEVELS[stmt.level]
                yield Said(level, number, _form(stmt.pieces))


def _form(pieces: tuple[Piece, ...]) -> re.Pattern[bytes]:
    parts = (re.escape(p.literal) if p.value is None else b".*" for p in pieces)
    return re.compile(b"".join(parts), re.DOTALL)


def read(log: bytes, known: Iterable[Said]) -> Logged:
    """Take a part of the error log apart."""
    every = tuple(known)
    records: list[tuple[int, bytes]] = []
    errors: list[Failure] = []
    rest: list[str] = []
    starts = [m.start() for m in _START.finditer(log)]
    if log and (not starts or starts[0] > 0):
        rest += log[: starts[0] if starts else len(log)].decode("utf-8", "replace").splitlines()
    for at, end in itertools.pairwise([*starts, len(log)]):
        line = log[at:end]
        late = _LOGGING.search(line) is not None
        found = _RECORD.match(line)
        said = _CONTEXT.sub(b"", found["said"]) if found else b""
        level = found["level"].decode() if found else ""
        own = next((s for s in every if s.level == level and s.form.fullmatch(said)), None)
        failed = _FAILURE.fullmatch(said) if level == "error" else None
        if late and (own is not None or failed is not None):
            continue  # said by a variable that is only looked at
        if own is not None:
            records.append((own.number, said))
        elif failed is not None:
            words = (failed["words"] or b"").decode("utf-8", "replace")
            place, error = failed["place"].decode(), failed["error"].decode()
            errors.append(Failure(place, error, words))
        else:
            rest.append(line.decode("utf-8", "replace").rstrip("\n"))
    return Logged(tuple(records), tuple(errors), tuple(rest))
