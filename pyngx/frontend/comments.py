"""Comments of a Python file, each with the statement that it speaks of; the tree has none.

``ast_comments`` reads them. Its trees are not what the compiler sees: their comment nodes stand
between the statements, so that a docstring after a comment is no docstring, and those of brackets
are taken out of them. Here each comment is given, by its line and column, to one statement:

    # above it, up to the end of the statement before
    x = f(  # beside it: after its code,
        # or within its brackets
        1,
    )
    if x:  # beside the `if`
        y = 2
        # below `y = 2`: no statement of this block follows
    # above what stands first in the `else`: C has no better place
    else:
        y = 3

What is said of an ``elif`` goes above the first statement in it, for the same reason.

The cost of `ast_comments` is quadratic in the lines that it is given, so it gets one top-level
statement at a time. Of one that is longer than `LONGEST` lines only the tokens are read, which is
where `ast_comments` finds its comments too; a test compares the two.
"""

from __future__ import annotations

import ast
import re
import tokenize
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import StringIO

import ast_comments

from pyngx.source import SourceFile

LONGEST = 400
"""Lines of a top-level statement that `ast_comments` reads within some 15 ms."""

_OTHER_LINE_ENDS = re.compile(r"[\v\f\x1c-\x1e\x85\u2028\u2029]|\r(?!\n)")
"""What `str.splitlines`, and with it `ast_comments`, takes for a line's end and Python does not."""

_NOT_FOR_READERS = re.compile(r"#!|#.*?coding[:=]")


@dataclass(frozen=True)
class Comment:
    """A comment with its ``#``; ``alone`` if its line has no code."""

    line: int
    column: int
    text: str
    alone: bool

    @property
    def words(self) -> str:
        """What it says."""
        return self.text.lstrip("#").strip()


@dataclass(frozen=True)
class Comments:
    """The comments of one file."""

    after_code: dict[int, Comment] = field(default_factory=dict)
    _above: dict[ast.stmt, tuple[Comment, ...]] = field(default_factory=dict)
    _beside: dict[ast.stmt, tuple[Comment, ...]] = field(default_factory=dict)
    _below: dict[ast.stmt, tuple[Comment, ...]] = field(default_factory=dict)

    def above(self, node: ast.stmt) -> tuple[str, ...]:
        """The lines above a statement; an empty one for a break between them."""
        return _lines(self._above.get(node, ()))

    def beside(self, node: ast.stmt) -> str | None:
        """What stands in the lines of a statement itself, of a compound one in its head."""
        return "\n".join(_lines(self._beside.get(node, ()))) or None

    def below(self, node: ast.stmt) -> tuple[str, ...]:
        """The lines below the last statement of a block."""
        return _lines(self._below.get(node, ()))

    def all(self, node: ast.stmt) -> tuple[str, ...]:
        """All of these for one statement, those in its blocks excepted."""
        return _lines(
            (*self._above.get(node, ()), *self._beside.get(node, ()), *self._below.get(node, ()))
        )

    def hand_over(self, old: ast.stmt, new: ast.stmt) -> None:
        """What speaks of a statement speaks of what has taken its place."""
        for place in (self._above, self._beside, self._below):
            if old in place:
                place[new] = place.pop(old)

    def lead_with(self, first: ast.stmt, node: ast.stmt) -> None:
        """What stands above a statement stands above what is done before it."""
        if node in self._above:
            self._above[first] = self._above.pop(node)

    def trailing(self, line: int) -> str | None:
        """The comment after the code of a line."""
        comment = self.after_code.get(line)
        return None if comment is None else comment.words


def parse(source: SourceFile) -> ast.Module:
    """The tree of the file.

    Raises:
        SyntaxError, RecursionError, MemoryError: as `ast.parse`.
    """
    return ast.parse(source.text, source.path)


def read_comments(source: SourceFile, tree: ast.Module) -> Comments:
    """The comments of a file whose tree is given."""
    found = _found(source.text, tree)
    attached = _Attached(found, source.text.split("\n"))
    attached.module(tree)
    after_code = {comment.line: comment for comment in found if not comment.alone}
    return Comments(after_code, attached.above, attached.beside, attached.below)


def _lines(comments: Sequence[Comment]) -> tuple[str, ...]:
    lines: list[str] = []
    last = 0
    for comment in comments:
        if lines and comment.line > last + 1 and lines[-1]:
            lines.append("")
        lines.append(comment.words)
        last = comment.line
    return tuple(lines)


# Finding


def _found(text: str, tree: ast.Module) -> list[Comment]:
    """All comments of a file, from the top."""
    lines = text.split("\n")
    return [
        Comment(line, column, words, not lines[line - 1][:column].strip())
        for first, piece in _pieces(lines, tree)
        if "#" in piece
        for line, column, words in _comments_of(piece, first)
        if not (line <= 2 and _NOT_FOR_READERS.match(words))
    ]


def _pieces(lines: Sequence[str], tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The text of each top-level statement, what stands above it included, and its first line."""
    start = 1
    for number, node in enumerate(tree.body):
        end = node.end_lineno or node.lineno
        if number + 1 < len(tree.body) and first_line(tree.body[number + 1]) <= end:
            continue  # they share a line
        yield start, "\n".join(lines[start - 1 : end]) + "\n"
        start = end + 1
    yield start, "\n".join(lines[start - 1 :])


def _comments_of(piece: str, first: int) -> list[tuple[int, int, str]]:
    """Line, column and text of the comments of a piece that begins at line ``first``."""
    if piece.count("\n") > LONGEST or _OTHER_LINE_ENDS.search(piece):
        found = tokens(piece)
    else:
        found = nodes(piece)
    return [(line + first - 1, column, text) for line, column, text in found]


def nodes(piece: str) -> list[tuple[int, int, str]]:
    """The comments that `ast_comments` finds; Python's warnings are reported where the whole file
    is read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast_comments.parse(piece)
    return sorted(
        (node.lineno, node.col_offset, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast_comments.Comment)
    )


def tokens(piece: str) -> list[tuple[int, int, str]]:
    """The comments among the tokens."""
    return [
        (*token.start, token.string)
        for token in tokenize.generate_tokens(StringIO(piece).readline)
        if token.type == tokenize.COMMENT
    ]


def first_line(node: ast.stmt) -> int:
    """The line where a statement starts, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)])


# Attaching


class _Attached:
    """One walk over the tree in the order of the text; each step takes the comments up to it."""

    def __init__(self, comments: Sequence[Comment], lines: Sequence[str]) -> None:
        self.comments = comments
        self.lines = lines
        self.next = 0
        self.above: dict[ast.stmt, tuple[Comment, ...]] = {}
        self.beside: dict[ast.stmt, tuple[Comment, ...]] = {}
        self.below: dict[ast.stmt, tuple[Comment, ...]] = {}

    def module(self, tree: ast.Module) -> None:
        """Attach all of them; a file without a statement keeps none."""
        end = len(self.lines) + 1
        if tree.body:
            self._block(tree.body, end, ())
            self._add(self.below, tree.body[-1], self._take(end))

    def _take(self, stop: int) -> tuple[Comment, ...]:
        """The next comments that stand before line ``stop``."""
        start = self.next
        while self.next < len(self.comments) and self.comments[self.next].line < stop:
            self.next += 1
        return tuple(self.comments[start : self.next])

    @staticmethod
    def _add(
        place: dict[ast.stmt, tuple[Comment, ...]], node: ast.stmt, found: tuple[Comment, ...]
    ) -> None:
        if found:
            place[node] = (*place.get(node, ()), *found)

    def _block(self, block: Sequence[ast.stmt], stop: int, lead: tuple[Comment, ...]) -> None:
        """The statements of a block; ``lead`` is what goes above the first, ``stop`` the line
        where what follows the block begins."""
        for number, node in enumerate(block):
            self._add(self.above, node, (*lead, *self._take(first_line(node))))
            lead = ()
            after = first_line(block[number + 1]) if number + 1 < len(block) else stop
            self._statement(node, after)

    def _statement(self, node: ast.stmt, stop: int) -> None:
        blocks = list(_blocks(node))
        if not blocks:
            self._add(self.beside, node, self._take((node.end_lineno or node.lineno) + 1))
            return
        head, lead = self._head(self._take(first_line(blocks[0][0])), _head_end(node))
        self._add(self.beside, node, head)
        for number, block in enumerate(blocks):
            if number + 1 < len(blocks):
                following = blocks[number + 1]
                start = first_line(following[0])
                keyword = self._keyword(block[-1], start)
                self._block(block, keyword, lead)
                self._close(block, keyword)
                lead = self._take(start)
                if self._is_elif(following):
                    lead = self._of_elif(following[0], lead)
            else:
                self._block(block, stop, lead)
                self._close(block, stop)

    @staticmethod
    def _head(
        found: tuple[Comment, ...], end: int
    ) -> tuple[tuple[Comment, ...], tuple[Comment, ...]]:
        """What stands before the first statement of a body: the head's, and the statement's."""
        count = 0
        for number, comment in enumerate(found, start=1):
            if not comment.alone or comment.line <= end:
                count = number
        return found[:count], found[count:]

    def _keyword(self, last: ast.stmt, stop: int) -> int:
        """The line after a block's last statement where ``else`` or its like stands."""
        for number in range((last.end_lineno or last.lineno) + 1, stop):
            text = self.lines[number - 1].strip()
            if text and not text.startswith("#"):
                return number
        return stop

    def _close(self, block: Sequence[ast.stmt], stop: int) -> None:
        """What is indented as the block is and stands below its last statement."""
        column = block[0].col_offset
        start = self.next
        while self.next < len(self.comments):
            comment = self.comments[self.next]
            if comment.line >= stop or not comment.alone or comment.column < column:
                break
            self.next += 1
        self._add(self.below, block[-1], tuple(self.comments[start : self.next]))

    def _is_elif(self, block: Sequence[ast.stmt]) -> bool:
        node = block[0]
        line = self.lines[node.lineno - 1].encode()[node.col_offset :]
        return len(block) == 1 and isinstance(node, ast.If) and line.startswith(b"elif")

    def _of_elif(self, node: ast.stmt, lead: tuple[Comment, ...]) -> tuple[Comment, ...]:
        """Move what is said of an ``elif`` into it; nothing is left to stand above it."""
        assert isinstance(node, ast.If)
        found = (*lead, *self._take(first_line(node.body[0])))
        self._add(self.above, node.body[0], found)
        return ()


def _blocks(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks in a statement, in the order of the text."""
    for name in ("body", "handlers", "cases", "orelse", "finalbody"):
        found = getattr(node, name, None) or []
        if name in ("handlers", "cases"):
            yield from (part.body for part in found)
        elif found:
            yield found


def _head_end(node: ast.stmt) -> int:
    """The last line of what stands between a compound statement's keyword and its colon."""
    ends = [node.lineno]
    for name, value in ast.iter_fields(node):
        if name not in ("body", "handlers", "cases", "orelse", "finalbody", "decorator_list"):
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, ast.AST):
                    ends += [n.end_lineno or 0 for n in ast.walk(part) if hasattr(n, "end_lineno")]
    return max(ends)


def words_of_module(tree: ast.Module, comments: Comments) -> str | None:
    """What the file's own comment in C says: its docstring, and the comments of its module level.

    A module-level statement has run when the C is made, so its comments have no statement there to
    stand beside; of an assignment they begin with the name. Functions, and classes whose fields
    become C, keep theirs.
    """
    found: list[str] = []
    for number, node in enumerate(tree.body):
        docstring = number == 0 and ast.get_docstring(tree)
        if docstring:
            above, beside = "\n".join(comments.above(node)), comments.beside(node)
            found += [above, docstring, beside or ""]
        elif isinstance(node, ast.FunctionDef):
            continue
        elif not (isinstance(node, ast.ClassDef) and _has_c(node)):
            words = "\n".join(_within(node, comments)).strip()
            found.append(f"{_name(node)}{words}" if words else "")
    found += ["\n".join(comments.below(node)) for node in tree.body[-1:]]
    return "\n\n".join(f for f in found if f) or None


def _has_c(node: ast.ClassDef) -> bool:
    bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
    return bool(bases & {"LocConf", "SrvConf", "MainConf", "RequestCtx"})


def _within(node: ast.stmt, comments: Comments) -> Iterator[str]:
    """All comments of a statement and of those in it, in the order of the text."""
    yield from comments.above(node)
    if beside := comments.beside(node):
        yield beside
    for block in _blocks(node):
        for inner in block:
            yield from _within(inner, comments)
            yield from comments.below(inner)


def _name(node: ast.stmt) -> str:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return f"{name}: "
        case ast.ClassDef(name=name):
            return f"{name}: "
        case _:
            return ""
