"""What is checked while a request is served, and what need not be: for ``check --explain``.

What is checked is what the C does (`pyngx.backend.unit.Check`). Why it is, and what is not because
the values that are possible there cannot fail, is read from the typed tree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pyngx.backend.unit import Check
from pyngx.diagnostics import Fact
from pyngx.flow.walk import expressions, statements
from pyngx.program import Program
from pyngx.source import SourceFile, Span
from pyngx.tree import (
    Arith,
    ByteAt,
    Const,
    Convert,
    Expr,
    ItemAt,
    SetByte,
    SetItem,
    Stmt,
    TableFind,
    TableItem,
)
from pyngx.types import FULL, INT, Range, describe, is_integer, range_of

STAYS, PROVEN = "checks", "no check"

_OVERFLOWING = ("+", "-", "*", "**", "<<")
_SHORT = 2**20
_NEAR = 64
"""Numbers below the first are written out, and larger ones that are as near as the second to a
power of two by that."""


@dataclass(frozen=True)
class Checks:
    """The facts about one program; ``sources`` are its files."""

    program: Program
    sources: tuple[SourceFile, ...]
    found: tuple[Check, ...]

    def facts(self) -> tuple[Fact, ...]:
        """First what is checked, then what is proven, each by place."""
        nodes = dict[Span, list[Expr | Stmt]]()
        for node in self._nodes():
            nodes.setdefault(node.span, []).append(node)
        stays = {check: self._stays(check, nodes.get(check.span, [])) for check in self.found}
        failing = {(check.span, check.exception) for check in self.found}
        proven = {
            (span, words): words
            for span, exception, words in self._proven(nodes.values())
            if (span, exception) not in failing
        }
        return (
            *self._told(STAYS, ((check.span, words) for check, words in stays.items())),
            *self._told(PROVEN, ((span, words) for (span, _), words in proven.items())),
        )

    def _told(self, topic: str, found: Iterable[tuple[Span, str]]) -> Iterator[Fact]:
        own = self.program.source.path
        for span, words in sorted(dict.fromkeys(found)):
            yield Fact(topic, words, (span.line,), "" if span.path == own else span.path)

    def _nodes(self) -> Iterator[Expr | Stmt]:
        for function in self.program.functions:
            for stmt in statements(function.body):
                yield stmt
                yield from expressions(stmt)

    def _stays(self, check: Check, nodes: list[Expr | Stmt]) -> str:
        """The exception, where it comes from, and why it is possible."""
        head = f"{check.exception} of '{self._text(check.span)}'"
        reasons = [why for node in nodes if (why := self._reason(check, node))]
        return f"{head}: {reasons[0]}" if reasons else f"{head}: {check.message}".rstrip(": ")

    def _reason(self, check: Check, node: Expr | Stmt) -> str:
        match node:
            case Arith(right=None) if check.exception == "OverflowError":
                return self._values(node.left)
            case Arith(right=Expr() as right):
                divisor = check.exception in ("ZeroDivisionError", "ValueError")
                return self._values(right) if divisor else self._values(node.left, right)
            case ByteAt(value=value, index=Const()) | ItemAt(value=value, index=Const()):
                return f"{self._text(value.span)} may be shorter"
            case ByteAt() | ItemAt() | TableItem() | SetByte() | SetItem():
                return self._values(node.index)
            case TableFind():
                return "the key may be another one"
            case Convert():
                limits = range_of(node.type)
                return f"{self._values(node.value)}, and this holds {_words(limits)}"
            case _:
                return ""

    def _proven(self, nodes: Iterable[list[Expr | Stmt]]) -> Iterator[tuple[Span, str, str]]:
        """The checks that Python makes and the C does not: the place, the exception, and why."""
        for node in (node for several in nodes for node in several):
            text = self._text(node.span)
            if node.span.end_line > node.span.line:
                continue  # of what the author has not written as arithmetic
            match node:
                case Arith(right=None, op="-") if not node.overflows:
                    yield node.span, "OverflowError", f"'{text}' fits: {self._values(node.left)}"
                case Arith(right=Expr() as right, op=op):
                    if op in _OVERFLOWING and not node.overflows:
                        why = self._values(node.left, right)
                        yield node.span, "OverflowError", f"'{text}' fits: {why}"
                    divides = op in ("//", "%") and not isinstance(right, Const)
                    if divides and not node.divides_by_zero:
                        words = f"'{text}' does not divide by zero: {self._values(right)}"
                        yield node.span, "ZeroDivisionError", words
                case ByteAt() | ItemAt() | TableItem() if not node.checked:
                    counts = f"{self._text(node.index.span)} counts what is there"
                    why = self._values(node.index) if isinstance(node, TableItem) else counts
                    if isinstance(node.index, Const):
                        why = "it is there whatever the values"
                    yield node.span, "IndexError", f"'{text}' is in range: {why}"
                case Convert(type=type_) if not node.checked and type_ != INT and _counts(node):
                    words = f"'{text}' fits {describe(type_)}: {self._values(node.value)}"
                    yield node.span, "OverflowError", words
                case _:
                    pass

    def _values(self, *operands: Expr) -> str:
        """What the operands can be, without constants, which show it themselves."""
        shown = {
            self._text(one.span): f"{self._text(one.span)} is {_words(one.range)}"
            for one in operands
            if not isinstance(one, Const)
        }
        return ", ".join(shown.values()) or "its values are constants"

    def _text(self, span: Span) -> str:
        """The Python at a place, its first line if there are several."""
        source = next((s for s in self.sources if s.path == span.path), None)
        if source is None or span.line > len(source.lines):
            return "…"
        line = source.lines[span.line - 1]
        if span.end_line > span.line:
            return line[span.col - 1 :].strip() + " …"
        return line[span.col - 1 : span.end_col - 1]


def _counts(node: Convert) -> bool:
    return is_integer(node.type) and is_integer(node.value.type)


def _words(limits: Range) -> str:
    if limits == FULL:
        return "any integer"
    low, high = _number(limits.lo), _number(limits.hi)
    return low if low == high else f"{low} to {high}"


def _number(value: int) -> str:
    """A number as people read it."""
    size = abs(value)
    if size < _SHORT:
        return str(value)
    power = (size + _NEAR).bit_length() - 1
    rest = size - 2**power
    if abs(rest) > _NEAR:
        return str(value)
    words = f"2**{power}" + (f" {'+' if rest > 0 else '-'} {abs(rest)}" if rest else "")
    if value > 0:
        return words
    return f"-({words})" if rest else f"-{words}"
