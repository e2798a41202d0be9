"""Loops: over numbers, bytes, lists, chains, and the body."""

from __future__ import annotations

import ast

from pyngx.check.assign import Assignments, Kind
from pyngx.check.coerce import BUF
from pyngx.check.scope import Facts, assigned_if
from pyngx.tree import (
    Block,
    Break,
    Const,
    Expr,
    ForBody,
    ForBytes,
    ForChain,
    ForList,
    ForRange,
    If,
    Not,
    Stmt,
    Var,
    While,
)
from pyngx.types import (
    BIT,
    BYTE,
    INT,
    Body,
    Bool,
    Bytes,
    Constant,
    Headers,
    List,
    Optional,
    Part,
    Range,
    Struct,
    Tuple,
    Type,
    describe,
)


class Loops(Assignments):
    """Checks the loops of one function."""

    def block(self, nodes: list[ast.stmt]) -> Block:
        """The statements in order; a refused one does not hide the errors of the others."""
        raise NotImplementedError

    def _loop_body(self, node: ast.While | ast.For, entry: Facts) -> tuple[Block, Facts]:
        """The body of a loop; and what holds after the loop was left by ``break``."""
        self.loops.append([])
        self.continues.append([])
        self.facts = entry
        body = self.block(node.body)
        self.continues.pop()
        breaks = self.loops.pop()
        out = Facts(reachable=False)
        for facts in breaks:
            out = out.join(facts)
        return body, out

    def _loop_entry(self, node: ast.While | ast.For) -> None:
        """Forget what the loop's body may change, for it holds on the first round only."""
        self.facts = self.without_stores(self.facts, node.body)

    def _while(self, node: ast.While) -> Stmt:
        self._loop_entry(node)
        outer, self.pending = self.pending, []
        cond = self.cond(node.test)
        reads, self.pending = tuple(self.pending), outer
        exit_facts = cond.fails(self.facts).with_assigned(assigned_if(node.test, False))
        always = isinstance(cond.expr, Const) and cond.expr.value is True
        entry = cond.holds(self.facts).with_assigned(assigned_if(node.test, True))
        body, broken = self._loop_body(node, entry)
        self.facts = broken if always else broken.join(exit_facts)
        span = self.report.span(node)
        if not reads:
            return While(span, cond.expr, body)
        leave = If(span, Not(span, Bool(), cond.expr, range=BIT), (Break(span),), ())
        endless = Const(span, Bool(), True, range=Range(1, 1))
        return While(span, endless, (*reads, leave, *body))

    def _for(self, node: ast.For) -> Stmt:
        match node.iter:
            case ast.Call(func=ast.Name(id="range")) if "range" not in self.local_names:
                return self._for_range(node, node.iter)
            case _:
                return self.body_loop(node) or self._for_value(node)

    def body_loop(self, node: ast.For) -> Stmt | None:
        """A loop over a method of the body; None for any other loop."""
        raise NotImplementedError

    def _for_range(self, node: ast.For, call: ast.Call) -> Stmt:
        if call.keywords or not 1 <= len(call.args) <= 3:
            self.report.refuse(
                "PNX133",
                call,
                "range() takes 1 to 3 arguments, by position",
                help="write range(stop), range(start, stop) or range(start, stop, step)",
            )
        bounds = [self.need_int(a, "an argument of range()") for a in call.args]
        span = self.report.span(node)
        zero = Const(span, INT, 0, range=Range(0, 0))
        one = Const(span, INT, 1, range=Range(1, 1))
        start, stop = (bounds[0], bounds[1]) if len(bounds) > 1 else (zero, bounds[0])
        step = bounds[2] if len(bounds) > 2 else one
        if not isinstance(step, Const):
            self.report.refuse(
                "PNX149",
                call.args[2],
                "the step of range() is a constant in this version",
                help="write the number in place, or count in a while loop",
            )
        assert isinstance(step.value, int)
        if step.value == 0:
            self.report.refuse(
                "PNX108",
                call.args[2],
                "the step of range() is zero",
                help="give another number, or leave it out for 1",
            )
        var = self._loop_var(node, node.target, INT)
        if self.stores.get(var.name) == 1:
            lo, hi = start.range.lo, stop.range.hi - 1
            if step.value < 0:
                lo, hi = stop.range.lo + 1, start.range.hi
            self.value_ranges[var.name] = Range(min(lo, hi), max(lo, hi))
        sequence = self._indexed(call, start, step)
        if sequence is not None and self.stores.get(var.name) == 1:
            self.indexes[var.name] = sequence
        body = self._for_body(node, (var,))
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

    def _loop_var(self, node: ast.For, target: ast.expr, type_: Type) -> Var:
        if not isinstance(target, ast.Name):
            self.report.refuse(
                "PNX150",
                target,
                "the target of this loop is one name",
                help="write 'for x in …:'",
            )
        value = Const(self.report.span(target), type_, None)
        return self.declare(target, value)

    def _for_body(self, node: ast.For, vars_: tuple[Var, ...]) -> Block:
        self._loop_entry(node)
        before = self.facts
        entry = before
        for var in vars_:
            entry = entry.assign(var.name, not isinstance(var.type, Optional))
        body, broken = self._loop_body(node, entry)
        self.facts = before.join(broken) if broken.reachable else before
        return body

    def _for_value(self, node: ast.For) -> Stmt:
        span = self.report.span(node)
        value = self.expr(node.iter)
        match value.type:
            case Body():
                var = self._loop_var(node, node.target, BUF)
                self.buffer_loops += 1
                body = self._for_body(node, (var,))
                self.buffer_loops -= 1
                return ForBody(span, var, body)
            case Struct("ngx_chain_t") if self.kind is Kind.STREAM:
                self.report.refuse(
                    "PNX152",
                    node.iter,
                    "a generator reads its body, not nginx's chains",
                    help="write 'for buf in body:'",
                )
            case Struct("ngx_chain_t"):
                var = self._loop_var(node, node.target, BUF)
                return ForChain(span, var, value, self._for_body(node, (var,)))
            case Bytes() | Part() | Struct("ngx_buf_t"):
                data = self.need_bytes(node.iter, "what is iterated")
                var = self._loop_var(node, node.target, INT)
                if self.stores.get(var.name) == 1:
                    self.value_ranges[var.name] = BYTE
                return ForBytes(span, var, data, self._for_body(node, (var,)))
            case List(item):
                return self._for_list(node, value, item)
            case Constant(tuple() | list() as values):
                self.report.refuse(
                    "PNX152",
                    node.iter,
                    "a loop over a constant of module level is not compiled by this version",
                    label=f"{len(values)} items",
                    help="write the steps one after the other",
                )
            case Headers():
                self.report.refuse(
                    "PNX152",
                    node.iter,
                    "headers are iterated with .items() or .get_all(name)",
                    help="write 'for name, value in r.headers_out.items():'",
                )
            case _:
                self.no_none(value, "what is iterated")
                self.report.refuse(
                    "PNX152",
                    node.iter,
                    f"'{describe(value.type)}' is not iterated",
                    help="loops are over range(n), bytes, lists, chains and the body",
                )

    def _for_list(self, node: ast.For, value: Expr, item: Type) -> Stmt:
        span = self.report.span(node)
        if isinstance(node.target, ast.Tuple):
            if not isinstance(item, Tuple) or len(item.items) != len(node.target.elts):
                self.report.refuse(
                    "PNX142",
                    node.target,
                    f"{len(node.target.elts)} names, but the items are '{describe(item)}'",
                    help="give each value a name, '_' for one that is not needed",
                )
            vars_ = tuple(
                self._loop_var(node, t, i)
                for t, i in zip(node.target.elts, item.items, strict=True)
            )
        else:
            vars_ = (self._loop_var(node, node.target, item),)
        return ForList(span, vars_, value, self._for_body(node, vars_))
