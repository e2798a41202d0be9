"""Source files and spans.

A span is a half-open piece of one source file. Lines and columns are 1-based and count
*characters*; ``ast`` counts UTF-8 bytes from 0, and this module is the only place that converts.
"""

from __future__ import annotations

import ast
import tokenize
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A piece of a file: ``line``/``col`` of its first and ``end_line``/``end_col`` after its last
    character (1-based, characters)."""

    path: str
    line: int
    col: int
    end_line: int
    end_col: int

    def overlaps(self, other: Span) -> bool:
        """Whether the two share a character, or one lies in the other."""
        if self.path != other.path:
            return False
        start = max((self.line, self.col), (other.line, other.col))
        end = min((self.end_line, self.end_col), (other.end_line, other.end_col))
        return start < end

    @staticmethod
    def whole_file(path: str) -> Span:
        """The span of errors that concern a file and no place in it."""
        return Span(path, 1, 1, 1, 1)


class SourceError(Exception):
    """A file that cannot be read as Python source text: the reason, and the line if known."""

    def __init__(self, reason: str, line: int = 1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


@dataclass(frozen=True)
class SourceFile:
    """One Python file: its path as the user gave it, and its text with ``\\n`` line ends."""

    path: str
    text: str

    @staticmethod
    def read(path: Path) -> SourceFile:
        """Read ``path`` as Python does (encoding cookie, BOM, any line ends).

        Raises:
            SourceError: not a readable file, or not text in its encoding.
        """
        if path.is_dir():
            raise SourceError("is a directory, not a Python file")
        try:
            data = path.read_bytes()
        except OSError as exc:
            raise SourceError(exc.strerror or str(exc)) from exc
        if b"\0" in data:
            line = data[: data.index(b"\0")].count(b"\n") + 1
            raise SourceError("has a NUL byte in it, so it is not Python source", line)
        try:
            encoding, _ = tokenize.detect_encoding(BytesIO(data).readline)
            text = data.decode(encoding)
        except (SyntaxError, LookupError) as exc:
            raise SourceError(f"has no usable encoding: {exc}") from exc
        except UnicodeDecodeError as exc:
            line = data[: exc.start].count(b"\n") + 1
            raise SourceError(f"is not valid {exc.encoding} text", line) from exc
        return SourceFile(str(path), text.replace("\r\n", "\n").replace("\r", "\n"))

    @property
    def name(self) -> str:
        """The file's name without folders, as run-time errors and C comments show it."""
        return Path(self.path).name

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines without their ends; line ``n`` is ``lines[n - 1]``."""
        return tuple(self.text.split("\n"))

    def column(self, line: int, byte_offset: int) -> int:
        """The 1-based character column of a UTF-8 byte offset in a line."""
        if not 1 <= line <= len(self.lines):
            return 1
        return len(self.lines[line - 1].encode()[:byte_offset].decode(errors="replace")) + 1

    def span(self, node: ast.AST) -> Span:
        """The span of a node that has a place; the whole file for one that has none."""
        line = getattr(node, "lineno", None)
        if line is None:
            return Span.whole_file(self.path)
        end_line = getattr(node, "end_lineno", None) or line
        start = self.column(line, getattr(node, "col_offset", 0))
        end_offset = getattr(node, "end_col_offset", None)
        end = start + 1 if end_offset is None else self.column(end_line, end_offset)
        return Span(self.path, line, start, end_line, end)
