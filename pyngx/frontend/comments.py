"""Comments of a Python file, attached by line; the tree itself has none.

Rejected: ``ast_comments``, whose trees carry comment nodes between the statements. They get in the
way (a docstring after a comment is no docstring, a comment before ``else:`` moves into it), and its
parser takes 20 s for a file of 10,000 lines, where `tokenize` takes a fraction of a second.
"""

from __future__ import annotations

import ast
import tokenize
from dataclasses import dataclass, field
from io import StringIO

from pyngx.source import SourceFile


@dataclass(frozen=True)
class Comments:
    """The comments of one file, without ``#``: those on lines of their own, and trailing ones."""

    own_line: dict[int, str] = field(default_factory=dict)
    after_code: dict[int, str] = field(default_factory=dict)

    def before(self, line: int) -> tuple[str, ...]:
        """The comment lines directly above ``line``, from the top."""
        first = line
        while first - 1 in self.own_line:
            first -= 1
        return tuple(self.own_line[n] for n in range(first, line))

    def trailing(self, line: int) -> str | None:
        """The comment after the code of ``line``."""
        return self.after_code.get(line)


def parse(source: SourceFile) -> ast.Module:
    """The tree of the file.

    Raises:
        SyntaxError, RecursionError, MemoryError: as `ast.parse`.
    """
    return ast.parse(source.text, source.path)


def read_comments(source: SourceFile) -> Comments:
    """The comments of a file that parses."""
    comments = Comments()
    for token in tokenize.generate_tokens(StringIO(source.text).readline):
        if token.type == tokenize.COMMENT:
            line, col = token.start
            alone = not token.line[:col].strip()
            kept = comments.own_line if alone else comments.after_code
            kept[line] = token.string.lstrip("#").strip()
    return comments
