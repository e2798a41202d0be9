"""Comments of a Python file, attached by line.

The one module that knows ``ast_comments``. Its trees put comment nodes between statements, where
they get in the way (a docstring after a comment is no docstring, a comment before ``else:`` moves
into it), so they are collected here and the compiler works on the tree of plain `ast`.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

import ast_comments

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
    """The tree of the file, without comments.

    Raises:
        SyntaxError, RecursionError, MemoryError: as `ast.parse`.
    """
    return ast.parse(source.text, source.path, type_comments=True)


def read_comments(source: SourceFile) -> Comments:
    """The comments of a file that parses."""
    own_line: dict[int, str] = {}
    after_code: dict[int, str] = {}
    for node in ast.walk(ast_comments.parse(source.text)):
        if isinstance(node, ast_comments.Comment):
            text = node.value.lstrip("#").strip()
            (after_code if node.inline else own_line)[node.lineno] = text
    return Comments(own_line, after_code)
