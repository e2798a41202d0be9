"""``and`` and ``or``: as conditions, and as values, which are the operand that decides.

Each operand is checked once, with what is known where it is reached; from the tree of `Leaf` and
`Branch` that this gives, the condition or the value is made. As a value, an operand that is tested
and may be the value too is kept in a variable that the author does not see. What is never the
value (``a`` in ``a and b or c``, where it is false) may be of any type.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from pyngx.check.base import Cond, path
from pyngx.check.coerce import as_bytes, common, store
from pyngx.check.conversions import type_test
from pyngx.check.operators import Operators
from pyngx.check.scope import assigned_if
from pyngx.tree import (
    Assign,
    Conditional,
    Const,
    Expr,
    If,
    Local,
    Logic,
    Not,
    Stmt,
    Unwrap,
)
from pyngx.types import (
    BIT,
    FULL,
    Bool,
    Bytes,
    Ctx,
    Int,
    NoneType,
    Optional,
    Range,
    Str,
    Struct,
    Tuple,
    Type,
    describe,
    is_integer,
    joined,
)


@dataclass(frozen=True)
class Leaf:
    """An operand that is no ``and`` or ``or``: its value, and its truth with what that tells."""

    node: ast.expr
    value: Expr
    told: Cond


@dataclass(frozen=True)
class Branch:
    """``and`` or ``or``; no part of it has the same operator, for both are associative."""

    node: ast.BoolOp
    parts: tuple[Leaf | Branch, ...]
    told: Cond

    @property
    def conjunction(self) -> bool:
        """Whether it is ``and``."""
        return isinstance(self.node.op, ast.And)

    @property
    def gives_bool(self) -> bool:
        """Whether each operand is a bool."""
        return all(
            part.gives_bool if isinstance(part, Branch) else isinstance(part.value.type, Bool)
            for part in self.parts
        )


class Booleans(Operators):
    """Checks ``and``, ``or``, ``not`` and what is tested."""

    def cond(self, node: ast.expr) -> Cond:
        """The truth of an expression, with what it tells."""
        return self._tested(node).told

    def bool_value(self, node: ast.BoolOp) -> Expr:
        """``and``/``or`` as a value: a bool, or the operand that decides."""
        return self._value(self._branch(node, valued=True))

    def _tested(self, node: ast.expr, *, valued: bool = False) -> Leaf | Branch:
        match node:
            case ast.BoolOp():
                return self._branch(node, valued=valued)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self.cond(operand)
                expr = Not(self.report.span(node), Bool(), inner.expr, range=BIT)
                tells = None if inner.tells is None else replace(expr, value=inner.tells)
                told = Cond(expr, inner.no, inner.yes, tells)
            case ast.Compare(left=left, ops=[ast.Is() | ast.IsNot() as op], comparators=[right]):
                told = self.identity(node, left, op, right)
            case ast.Call(func=ast.Name() as func) if self.compile_time(func) is isinstance:
                told = type_test(self, node)
            case _:
                value = self.expr(node)
                if isinstance(value.type, Bool):
                    return Leaf(node, value, Cond(value))
                yes = path(node) if isinstance(value.type, Optional) else None
                told = Cond(self.truth(node, value), frozenset({yes} if yes else ()))
                return Leaf(node, value, told)
        return Leaf(node, told.expr, told)

    def _branch(self, node: ast.BoolOp, *, valued: bool) -> Branch:
        conjunction = isinstance(node.op, ast.And)
        before = self.facts
        parts: list[Leaf | Branch] = []
        conds: list[Cond] = []
        for value in node.values:
            later = bool(conds)
            self.sometimes += valued and later
            outer, self.pending = self.pending, []
            part = self._tested(value, valued=valued)
            needed, self.pending = self.pending, outer
            self.sometimes -= valued and later
            conds.append(part.told)
            if needed and later and not valued:
                conds = [self._reached(node, conds, needed)]
                parts = [Leaf(node, conds[0].expr, conds[0])]
            else:
                self.pending += needed
                same = isinstance(part, Branch) and part.conjunction == conjunction
                parts.extend(part.parts if isinstance(part, Branch) and same else (part,))
            known = conds[-1].holds(self.facts) if conjunction else conds[-1].fails(self.facts)
            self.facts = known.with_assigned(assigned_if(value, conjunction))
        # what a later operand assigned holds only if it was reached
        first = before.assigned | assigned_if(node.values[0])
        self.facts = replace(before, assigned=first)
        return Branch(node, tuple(parts), self._all_told(node, conds))

    def _all_told(self, node: ast.BoolOp, conds: list[Cond]) -> Cond:
        """The truth of all operands."""
        conjunction = isinstance(node.op, ast.And)
        union = frozenset().union(*(c.yes if conjunction else c.no for c in conds))
        shared = frozenset.intersection(*(c.no if conjunction else c.yes for c in conds))
        expr = self._logic(node, conjunction, [c.expr for c in conds])
        kept = any(c.tells is not None for c in conds)
        tells = self._logic(node, conjunction, [c.tested for c in conds]) if kept else None
        yes, no = (union, shared) if conjunction else (shared, union)
        return Cond(expr, yes, no, tells)

    def _reached(self, node: ast.BoolOp, conds: list[Cond], needed: list[Stmt]) -> Cond:
        """The truth up to an operand that reads the body: it does so only if it is reached. A
        variable that the author does not see keeps what is decided."""
        conjunction = isinstance(node.op, ast.And)
        span = self.report.span(node)
        *others, last = conds
        before = self._logic(node, conjunction, [c.expr for c in others])
        flag = self.hidden("decided", Bool())
        decided = Local(span, Bool(), flag, range=BIT)
        reached = decided if conjunction else Not(span, Bool(), decided, range=BIT)
        late = (*needed, Assign(span, flag, last.expr))
        self.pending += [Assign(span, flag, before), If(span, reached, late, ())]
        told = self._all_told(node, conds)
        return Cond(decided, told.yes, told.no, told.tested)

    def _logic(self, node: ast.BoolOp, conjunction: bool, tests: list[Expr]) -> Expr:
        if len(tests) == 1:
            return tests[0]
        op = "and" if conjunction else "or"
        return Logic(self.report.span(node), Bool(), op, tuple(tests), range=BIT)

    def _value(self, part: Leaf | Branch) -> Expr:
        """What an operand gives, evaluated once."""
        if isinstance(part, Leaf):
            return as_bytes(part.value)
        if part.gives_bool:
            return part.told.expr
        if part.conjunction:
            return self._first_false(part.node, part.parts)
        leaves = [leaf for leaf in part.parts[:-1] if isinstance(leaf, Leaf)]
        if len(leaves) == len(part.parts) - 1:
            return self._first_true_of_leaves(part.node, leaves, part.parts[-1])
        return self._first_true(part.node, part.parts)

    def _first_true_of_leaves(
        self, node: ast.BoolOp, leaves: list[Leaf], last: Leaf | Branch
    ) -> Expr:
        """``a or b or …``, whose operands are stored in one place until one is true."""
        values = [leaf.value for leaf in leaves]
        final = self._value(last) if isinstance(last, Branch) else last.value
        type_: Type = NoneType()
        for i, value in enumerate(values):
            own = value.type.inner if isinstance(value.type, Optional) else value.type
            type_ = common(self.report, node, type_, own) if i else own
        type_ = common(self.report, node, type_, final.type)
        stored = store(self.report, node.values[-1], final, type_, "the last operand")
        limits = _joined([*values, final]) if is_integer(final.type) else FULL
        return Logic(self.report.span(node), type_, "or", (*values, stored), range=limits)

    def _first_true(self, node: ast.BoolOp, parts: tuple[Leaf | Branch, ...]) -> Expr:
        """``a and b or c``: of a conjunction only its last operand is ever the value."""
        first, *rest = parts
        if not rest:
            return self._value(first)
        tests: list[Expr] = []
        operand = first
        if isinstance(first, Branch):
            *conditions, operand = first.parts
            tests = [condition.told.expr for condition in conditions]
        test, value = self._kept(operand)
        tests = [t for t in (*tests, test) if not _is_const(t, True)]
        if isinstance(value.type, Optional):
            value = Unwrap(value.span, value.type.inner, value)
        otherwise = self._first_true(node, tuple(rest))
        type_ = common(self.report, node, value.type, otherwise.type)
        if not tests:
            return store(self.report, node, value, type_, "the value")
        return self._chosen(node, type_, self._logic(node, True, tests), value, otherwise)

    def _first_false(self, node: ast.BoolOp, parts: tuple[Leaf | Branch, ...]) -> Expr:
        """``a and b and …``: the first operand that is false, else the last."""
        first, *rest = parts
        if not rest:
            return self._value(first)
        test, false = first.told.expr, _false(first)
        if false is None:
            test, false = self._kept(first)
        last = self._first_false(node, tuple(rest))
        type_ = joined(last.type, false.type)
        if type_ is None or _mixed(last.type, false.type):
            self.report.refuse(
                "PNX118",
                node,
                f"this is '{describe(false.type)}' where an operand of 'and' is false, "
                f"else '{describe(last.type)}'",
                help=f"say what it is then: {ast.unparse(node.values[-1])} if … else …",
            )
        return self._chosen(node, type_, test, last, false)

    def _kept(self, part: Leaf | Branch) -> tuple[Expr, Expr]:
        """The truth of an operand, and its value after that."""
        first, again = self.once(self._value(part), "operand")
        return first if isinstance(first.type, Bool) else self.truth(part.node, first), again

    def _chosen(self, node: ast.BoolOp, type_: Type, test: Expr, then: Expr, orelse: Expr) -> Expr:
        first = store(self.report, node, then, type_, "the value")
        second = store(self.report, node, orelse, type_, "the value")
        if isinstance(test, Const):
            return first if test.value else second
        limits = _joined([then, orelse])
        return Conditional(self.report.span(node), type_, test, first, second, range=limits)


def _is_const(test: Expr, value: bool) -> bool:
    return isinstance(test, Const) and bool(test.value) is value


def _false(part: Leaf | Branch) -> Expr | None:
    """What an operand is where it is false, if that is one constant."""
    if isinstance(part, Branch):
        deciding = part.parts if part.conjunction else part.parts[-1:]
        first, *others = (_false(p) for p in deciding)
        same = all(_same(first, other) for other in others)
        return first if same else None
    span, type_ = part.value.span, part.value.type
    match type_:
        case Bool():
            return Const(span, Bool(), False, range=Range(0, 0))
        case Int():
            return Const(span, type_, 0, range=Range(0, 0))
        case Bytes():
            return Const(span, Bytes(), b"")
        case Str():
            return Const(span, Str(), "")
        case Optional(Tuple() | Ctx()) | NoneType():
            return Const(span, NoneType(), None)
        case Optional(Struct(name)) if name != "ngx_buf_t":
            return Const(span, NoneType(), None)
        case _:
            return None


def _same(one: Expr | None, other: Expr | None) -> bool:
    return (
        isinstance(one, Const)
        and isinstance(other, Const)
        and one.type == other.type
        and one.value == other.value
    )


def _mixed(a: Type, b: Type) -> bool:
    """Whether one is a bool and the other a number, which look different as text."""
    return is_integer(a) and is_integer(b) and isinstance(a, Bool) != isinstance(b, Bool)


def _joined(values: list[Expr]) -> Range:
    result = values[0].range
    for value in values[1:]:
        result = result.join(value.range)
    return result
