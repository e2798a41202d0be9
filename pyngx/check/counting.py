"""Loops that count: over ``range``, and over anything ``reversed``.

A step that is known when the file is compiled makes a plain loop in C. Any other is counted by
rounds, whose number a function of the runtime computes.
"""

from __future__ import annotations

import ast
from abc import abstractmethod

from pyngx.check.sequences import Sequences
from pyngx.ops.registry import classes
from pyngx.ops.table import TABLE
from pyngx.tree import (
    Assign,
    Block,
    Compare,
    Const,
    Expr,
    ForRange,
    If,
    Local,
    Logic,
    Op,
    Piece,
    Raise,
    Stmt,
    Var,
)
from pyngx.types import BIT, INT, INT64_MAX, INT64_MIN, LENGTH, Bool, Range


class Counting(Sequences):
    """Checks loops over numbers."""

    @abstractmethod
    def for_body(self, node: ast.For, vars_: tuple[Var, ...]) -> Block:
        """The body of a loop, in which the variables have values."""

    def for_range(self, node: ast.For, call: ast.Call) -> tuple[Stmt, ...]:
        """``for i in range(…)``."""
        start, stop, step = self._range(call)
        if isinstance(step, Const) and _counts(stop, step):
            return (self._counting(node, call, start, stop, step),)
        return self._by_rounds(node, call, start, stop, step, backward=False)

    def for_reversed(self, node: ast.For, call: ast.Call) -> tuple[Stmt, ...]:
        """``for x in reversed(…)``: of a range, of bytes, of a list."""
        if call.keywords or len(call.args) != 1:
            self.report.refuse(
                "PNX133", call, "reversed() takes one sequence", help="write reversed(data)"
            )
        match call.args[0]:
            case ast.Call(func=ast.Name() as func) as inner if self.compile_time(func) is range:
                start, stop, step = self._range(inner)
                back = self._backward(inner, start, stop, step)
                if back is None or not _counts(back[1], back[2]):
                    return self._by_rounds(node, inner, start, stop, step, backward=True)
                return (self._counting(node, inner, *back),)
            case _:
                pass
        span = self.report.span(node)
        before, sequence = self._sequence(node, call.args[0])
        index = self.hidden("index", INT)
        place = Local(span, INT, index, range=LENGTH)
        self.rounds.append(lambda: self._give(node, node.target, sequence.item(place)))
        minus, one = _number(call, self, -1), _number(call, self, 1)
        last = self.arith(call, "-", sequence.length, one)
        body = self.for_body(node, ())
        return (*before, ForRange(span, index, last, minus, minus, body))

    def _strictly(
        self, call: ast.Call, lengths: list[Expr], shortest: Var, index: Expr
    ) -> tuple[Stmt, tuple[Stmt, ...]]:
        """Of ``zip(strict=True)``: the round that is added where the lengths differ, and what that
        round begins with, which is the error."""
        span = self.report.span(call)
        one = _number(call, self, 1)

        def test(op: str, a: Expr, b: Expr) -> Expr:
            return Compare(span, Bool(), op, a, b, range=BIT)

        def wrong(number: int, what: str) -> Stmt:
            others = "argument 1" if number == 1 else f"arguments 1-{number}"
            words = f"zip() argument {number + 1} is {what} than {others}".encode()
            return Raise(span, "ValueError", (Piece(literal=words),), classes("ValueError"))

        shorter: tuple[Stmt, ...] = ()
        longer: tuple[Stmt, ...] = ()
        for i in range(len(lengths) - 1, 0, -1):
            ends = test("==", lengths[i], index)
            shorter = (If(span, ends, (wrong(i, "shorter"),), shorter),)
            goes_on = test(">", lengths[i], index)
            longer = (If(span, goes_on, (wrong(i, "longer"),), longer),)
        pairs = tuple(test("!=", length, lengths[0]) for length in lengths[1:])
        differ = pairs[0] if len(pairs) == 1 else Logic(span, Bool(), "or", pairs, range=BIT)
        count = Local(span, INT, shortest, range=LENGTH)
        added = If(span, differ, (Assign(span, shortest, self.arith(call, "+", count, one)),), ())
        at_end = test("==", index, self.arith(call, "-", count, one))
        over = Logic(span, Bool(), "and", (differ, at_end), range=BIT)
        which = If(span, test("==", lengths[0], index), longer, shorter)
        return added, (If(span, over, (which,), ()),)

    def _range(self, call: ast.Call) -> tuple[Expr, Expr, Expr]:
        """The start, the stop and the step of ``range(…)``."""
        if call.keywords or not 1 <= len(call.args) <= 3:
            self.report.refuse(
                "PNX133",
                call,
                "range() takes 1 to 3 arguments, by position",
                help="write range(stop), range(start, stop) or range(start, stop, step)",
            )
        bounds = [self.need_int(a, "an argument of range()") for a in call.args]
        zero, one = _number(call, self, 0), _number(call, self, 1)
        start, stop = (bounds[0], bounds[1]) if len(bounds) > 1 else (zero, bounds[0])
        step = bounds[2] if len(bounds) > 2 else one
        if isinstance(step, Const) and step.value == 0:
            self.report.refuse(
                "PNX108",
                call.args[2],
                "the step of range() is zero",
                help="give another number, or leave it out for 1",
            )
        return start, stop, step

    def _backward(
        self, call: ast.Call, start: Expr, stop: Expr, step: Expr
    ) -> tuple[Expr, Expr, Const] | None:
        """The same numbers in the opposite order; None if only counting tells which they are."""
        if not isinstance(step, Const):
            return None
        assert isinstance(step.value, int)
        if isinstance(start, Const) and isinstance(stop, Const):
            assert isinstance(start.value, int) and isinstance(stop.value, int)
            found = range(start.value, stop.value, step.value)[::-1]
            numbers = (found.start, found.stop, found.step)
            first, last, back = (_number(call, self, n) for n in numbers)
            return first, last, back
        if step.value not in (1, -1):
            return None
        one = _number(call, self, step.value)
        return (
            self.arith(call, "-", stop, one),
            self.arith(call, "-", start, one),
            _number(call, self, -step.value),
        )

    def _by_rounds(
        self, node: ast.For, call: ast.Call, start: Expr, stop: Expr, step: Expr, *, backward: bool
    ) -> tuple[Stmt, ...]:
        """A loop that counts its rounds, from which its numbers are computed."""
        span = self.report.span(call)
        before: list[Stmt] = []
        bounds: list[Expr] = []
        for hint, bound in (("start", start), ("stop", stop), ("step", step)):
            if isinstance(bound, Const):
                bounds.append(bound)
                continue
            kept = self.hidden(hint, INT)
            before.append(Assign(span, kept, bound))
            bounds.append(Local(span, INT, kept, range=bound.range))
        counted = Op(
            span, INT, TABLE["operator.range_count"], tuple(bounds), range=Range(0, INT64_MAX)
        )
        count = self.hidden("count", INT)
        before.append(Assign(span, count, counted))
        index = self.hidden("index", INT)
        place = Local(span, INT, index, range=Range(0, INT64_MAX - 1))
        rounds = Local(span, INT, count, range=Range(0, INT64_MAX))
        low = min(start.range.lo, stop.range.lo)
        limits = Range(low, max(start.range.hi, stop.range.hi))
        number = Op(
            span, INT, TABLE["operator.range_item"], (bounds[0], place, bounds[2]), range=limits
        )
        self.rounds.append(lambda: self._give(node, node.target, number))
        body = self.for_body(node, ())
        zero, one = _number(call, self, 0), _number(call, self, 1)
        if not backward:
            return (*before, ForRange(span, index, zero, rounds, one, body))
        minus = _number(call, self, -1)
        last = self.arith(call, "-", rounds, one)
        return (*before, ForRange(span, index, last, minus, minus, body))

    def _counting(
        self, node: ast.For, call: ast.Call, start: Expr, stop: Expr, step: Const
    ) -> Stmt:
        """A loop over numbers; ``call`` is the range that the author wrote."""
        assert isinstance(step.value, int)
        span = self.report.span(node)
        var = self.loop_var(node, node.target, INT)
        if self.stores.get(var.name) == 1:
            lo, hi = start.range.lo, stop.range.hi - 1
            if step.value < 0:
                lo, hi = stop.range.lo + 1, start.range.hi
            self.value_ranges[var.name] = Range(min(lo, hi), max(lo, hi))
        sequence = self._indexed(call, start, step)
        if sequence is not None and self.stores.get(var.name) == 1:
            self.indexes[var.name] = sequence
        body = self.for_body(node, (var,))
        self.indexes.pop(var.name, None)
        if isinstance(start, Const) and isinstance(stop, Const):
            if range(int(start.value or 0), int(stop.value or 0), step.value):
                self.facts = self.facts.with_assigned(frozenset({var.name}))
        return ForRange(span, var, start, stop, step, body)

    def _indexed(self, call: ast.Call, start: Expr, step: Expr) -> str | None:
        """The sequence whose indices ``range(len(sequence))`` counts; it is never assigned
        anew, so that every index is in range."""
        match call.args[min(1, len(call.args) - 1)]:
            case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)]):
                fixed = name in self.local_names and self.stores.get(name, 0) == 1
                upward = isinstance(step, Const) and step.value == 1 and start.range.lo >= 0
                return name if fixed and upward else None
            case _:
                return None


def _counts(stop: Expr, step: Const) -> bool:
    """Whether a counter that has passed the stop is still an integer of the language."""
    assert isinstance(step.value, int)
    if step.value > 0:
        return step.value == 1 or stop.range.hi - 1 + step.value <= INT64_MAX
    return step.value == -1 or stop.range.lo + 1 + step.value >= INT64_MIN


def _number(call: ast.Call, loops: Counting, value: int) -> Const:
    return Const(loops.report.span(call), INT, value, range=Range(value, value))
