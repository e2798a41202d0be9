"""Loops: over numbers, bytes, lists, chains, and the body."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Iterator, Sequence

from pyngx.check import tables
from pyngx.check.coerce import BUF
from pyngx.check.counting import Counting
from pyngx.check.kinds import Kind
from pyngx.check.lists import characters, list_of, listed
from pyngx.check.literals import as_value, common
from pyngx.check.scope import Facts, assigned_if
from pyngx.check.tuples import is_plain
from pyngx.tree import (
    Arith,
    Assign,
    Block,
    Break,
    Compare,
    Const,
    Expr,
    ForBody,
    ForBytes,
    ForChain,
    ForList,
    ForRange,
    If,
    Local,
    Not,
    Stmt,
    Var,
    While,
)
from pyngx.types import (
    BIT,
    BYTE,
    INT,
    LENGTH,
    Body,
    Bool,
    Bytes,
    Headers,
    Int,
    List,
    Optional,
    Part,
    Range,
    Str,
    Struct,
    Tuple,
    Type,
    describe,
)


class Loops(Counting):
    """Checks the loops of one function."""

    @abstractmethod
    def block(self, nodes: list[ast.stmt]) -> Block:
        """The statements in order; a refused one does not hide the errors of the others."""

    def _loop_body(self, node: ast.While | ast.For, entry: Facts, before: Facts) -> Block:
        """The body of a loop that is reached with ``before``, and whose rounds begin with
        ``entry``; what holds after a ``break`` is left in ``self.broken``."""
        self.loops.append([])
        self.continues.append([])
        self.facts = entry
        rounds, self.rounds = self.rounds, []
        first = tuple(stmt for start in rounds for stmt in start())
        body = (*first, *self.block(node.body))
        self.heads.completed(node, self._integers(), before, [self.facts, *self.continues.pop()])
        breaks = self.loops.pop()
        self.broken = Facts(reachable=False)
        for facts in breaks:
            self.broken = self.broken.join(facts)
        return body

    def _integers(self) -> list[str]:
        return [name for name, var in self.vars.items() if isinstance(var.type, Int)]

    def _loop_entry(self, node: ast.While | ast.For) -> Facts:
        """Forget what the loop may change, for it holds on the first round only; what holds on
        all rounds is known from the last check. Returns what was known before."""
        before = self.facts
        self.facts = self.heads.entered(node, self.without_stores(before, [node]), before)
        return before

    def loop(self, node: ast.While | ast.For) -> tuple[Stmt, ...]:
        """A loop with its ``else``: a flag remembers that no ``break`` left it. The flag is not
        needed if there is no ``break``."""
        span = self.report.span(node)
        flag = None
        if node.orelse and any(_breaks(node.body)):
            flag = self.hidden("completed", Bool())
        self.flags.append(flag)
        self.rounds = []
        try:
            stmts = self._for(node) if isinstance(node, ast.For) else (self._while(node),)
        finally:
            self.flags.pop()
        broken = self.broken
        if not node.orelse:
            self.facts = self.facts.join(broken)
            return stmts
        reached = self.facts.reachable
        orelse = self.block(node.orelse) if reached else ()
        self.facts = self.facts.join(broken)
        if flag is None:
            return (*stmts, *orelse)
        true = Const(span, Bool(), True, range=Range(1, 1))
        return (
            Assign(span, flag, true),
            *stmts,
            If(span, Local(span, Bool(), flag, range=BIT), orelse, ()),
        )

    def _while(self, node: ast.While) -> Stmt:
        before = self._loop_entry(node)
        if isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.And):
            if any(reads_body(value) for value in node.test.values[1:]):
                return self._while_all(node, node.test.values, before)
        outer, self.pending = self.pending, []
        cond = self.cond(node.test)
        reads, self.pending = tuple(self.pending), outer
        exit_facts = cond.fails(self.facts).with_assigned(assigned_if(node.test, False))
        always = isinstance(cond.expr, Const) and cond.expr.value is True
        entry = cond.holds(self.facts).with_assigned(assigned_if(node.test, True))
        body = self._loop_body(node, entry, before)
        self.facts = exit_facts.unreachable() if always else exit_facts
        span = self.report.span(node)
        if not reads:
            return While(span, cond.expr, body)
        leave = If(span, Not(span, Bool(), cond.expr, range=BIT), (Break(span),), ())
        endless = Const(span, Bool(), True, range=Range(1, 1))
        return While(span, endless, (*reads, leave, *body))

    def _while_all(self, node: ast.While, tests: list[ast.expr], before: Facts) -> Stmt:
        """``while a and b:`` where ``b`` reads the body: one test after the other."""
        span = self.report.span(node)
        outer, self.pending = self.pending, []
        exit_facts = Facts(reachable=False)
        for test in tests:
            cond = self.cond(test)
            failed = cond.fails(self.facts).with_assigned(assigned_if(test, False))
            exit_facts = exit_facts.join(failed)
            self.facts = cond.holds(self.facts).with_assigned(assigned_if(test, True))
            ends = Not(self.report.span(test), Bool(), cond.expr, range=BIT)
            self.pending.append(If(ends.span, ends, (Break(span),), ()))
        first, self.pending = tuple(self.pending), outer
        body = self._loop_body(node, self.facts, before)
        self.facts = exit_facts
        endless = Const(span, Bool(), True, range=Range(1, 1))
        return While(span, endless, (*first, *body))

    def _for(self, node: ast.For) -> tuple[Stmt, ...]:
        match node.iter:
            case ast.Call(func=ast.Name() as func):
                found = self.compile_time(func)
                if found is range:
                    return self.for_range(node, node.iter)
                if found is enumerate:
                    return self._for_enumerate(node, node.iter)
                if found is zip:
                    return self._for_zip(node, node.iter)
                if found is reversed:
                    return self.for_reversed(node, node.iter)
            case _:
                pass
        rows = tables.rows(self, node.iter)
        if rows is not None:
            return self._for_rows(node, rows)
        return (self.body_loop(node) or self._for_value(node),)

    def _for_rows(self, node: ast.For, rows: Sequence[object]) -> tuple[Stmt, ...]:
        """A loop over a constant: a table for what each name of the target gets."""
        span = self.report.span(node)
        targets, columns = [node.target], [list(rows)]
        if isinstance(node.target, ast.Tuple):
            targets = node.target.elts
            columns = [[] for _ in targets]
            for row in rows:
                if not isinstance(row, tuple | list) or len(row) != len(targets):
                    self.report.refuse(
                        "PNX142",
                        node.target,
                        f"{len(targets)} names, but an item is {row!r}",
                        help="give each value a name, '_' for one that is not needed",
                    )
                for column, value in zip(columns, row, strict=True):
                    column.append(value)
        index = self.hidden("index", INT)
        last = max(len(rows) - 1, 0)
        place = Local(span, INT, index, range=Range(0, last))

        def first() -> tuple[Stmt, ...]:
            return tuple(
                stmt
                for target, column in zip(targets, columns, strict=True)
                for stmt in self._give(
                    node, target, tables.item(self, node.iter, column, place, checked=False)
                )
            )

        if not rows:
            return ()
        self.rounds.append(first)
        zero, count, one = (Const(span, INT, n, range=Range(n, n)) for n in (0, len(rows), 1))
        body = self.for_body(node, ())
        names = {t.id for t in targets if isinstance(t, ast.Name)}
        self.facts = self.facts.with_assigned(frozenset(names))
        return (ForRange(span, index, zero, count, one, body),)

    def _for_enumerate(self, node: ast.For, call: ast.Call) -> tuple[Stmt, ...]:
        """``for i, x in enumerate(…)``: a hidden counter beside a loop of any kind."""
        start_nodes = [*call.args[1:], *(k.value for k in call.keywords if k.arg == "start")]
        if (
            not call.args
            or len(start_nodes) > 1
            or len(start_nodes) != len(call.args[1:]) + len(call.keywords)
        ):
            self.report.refuse(
                "PNX133",
                call,
                "enumerate() takes what is iterated, and a start",
                help="write 'for i, x in enumerate(data):'",
            )
        match node.target:
            case ast.Tuple(elts=[ast.Name() as index, item]):
                pass
            case _:
                self.report.refuse(
                    "PNX142",
                    node.target,
                    "enumerate() gives two values: the position and the item",
                    help="write 'for i, x in enumerate(data):'",
                )
        span = self.report.span(node)
        zero = Const(span, INT, 0, range=Range(0, 0))
        start = self.need_int(start_nodes[0], "the start") if start_nodes else zero
        counter = self.hidden("position", INT)
        limits = Range(start.range.lo, start.range.hi + LENGTH.hi)
        place = Local(span, INT, counter, range=limits.clamp())
        one = Const(span, INT, 1, range=Range(1, 1))
        if self.stores.get(index.id) == 1:
            self.value_ranges[index.id] = place.range

        def first() -> tuple[Stmt, ...]:
            value = self.assign_name(node, index, place, index)
            after = Arith(
                span, INT, "+", place, one, overflows=not limits.fits_int64, range=place.range
            )
            return value, Assign(span, counter, after)

        self.rounds.append(first)
        inner = ast.copy_location(ast.For(item, call.args[0], node.body, node.orelse), node)
        return (Assign(span, counter, start), *self._for(inner))

    def _for_zip(self, node: ast.For, call: ast.Call) -> tuple[Stmt, ...]:
        """``for x, y in zip(a, b)``: both by one index, as far as the shorter one goes."""
        targets = node.target.elts if isinstance(node.target, ast.Tuple) else []
        strict = any(_is_strict(keyword, True) for keyword in call.keywords)
        known = all(_is_strict(k, strict) for k in call.keywords)
        if not known or len(call.keywords) > 1 or len(call.args) < 2:
            self.report.refuse(
                "PNX133",
                call,
                "zip() takes two sequences or more, and 'strict', which is a constant",
                help="write 'for x, y in zip(a, b):'",
            )
        if len(targets) != len(call.args):
            self.report.refuse(
                "PNX142",
                node.target,
                f"zip() gives {len(call.args)} values here",
                help="give each value a name, '_' for one that is not needed",
            )
        span = self.report.span(node)
        before: list[Stmt] = []
        sequences = []
        for arg in call.args:
            stmts, sequence = self._sequence(node, arg)
            before += stmts
            sequences.append(sequence)
        shortest = self.hidden("shortest", INT)
        count = Local(span, INT, shortest, range=LENGTH)
        for i, sequence in enumerate(sequences):
            length = sequence.length
            if i == 0:
                before.append(Assign(span, shortest, length))
                continue
            less = Compare(span, Bool(), "<", length, count, range=BIT)
            before.append(If(span, less, (Assign(span, shortest, length),), ()))
        index = self.hidden("index", INT)
        place = Local(span, INT, index, range=LENGTH)
        end: tuple[Stmt, ...] = ()
        if strict:
            more, end = self._strictly(call, [s.length for s in sequences], shortest, place)
            before.append(more)

        def first() -> tuple[Stmt, ...]:
            return end + tuple(
                stmt
                for target, sequence in zip(targets, sequences, strict=True)
                for stmt in self._give(node, target, sequence.item(place))
            )

        self.rounds.append(first)
        zero, one = (Const(span, INT, n, range=Range(n, n)) for n in (0, 1))
        body = self.for_body(node, ())
        return (*before, ForRange(span, index, zero, count, one, body))

    @abstractmethod
    def body_loop(self, node: ast.For) -> Stmt | None:
        """A loop over a method of the body; None for any other loop."""

    def for_body(self, node: ast.For, vars_: tuple[Var, ...]) -> Block:
        """The body of a loop, in which the variables have values."""
        outside = self._loop_entry(node)
        before = entry = self.facts
        for var in vars_:
            entry = entry.assign(var.name, not isinstance(var.type, Optional))
        body = self._loop_body(node, entry, outside)
        self.facts = before
        return body

    def _for_value(self, node: ast.For) -> Stmt:
        span = self.report.span(node)
        display = isinstance(node.iter, ast.Tuple) and node.iter.elts
        value = (
            list_of(self, node.iter)
            if isinstance(node.iter, ast.Tuple) and display
            else as_value(self.expr(node.iter))
        )
        match value.type:
            case Body():
                var = self.loop_var(node, node.target, BUF)
                body = self.for_body(node, (var,))
                return ForBody(span, var, body)
            case Struct("ngx_chain_t") if self.kind is Kind.STREAM:
                self.report.refuse(
                    "PNX152",
                    node.iter,
                    "a generator reads its body, not nginx's chains",
                    help="write 'for buf in body:'",
                )
            case Struct("ngx_chain_t"):
                var = self.loop_var(node, node.target, BUF)
                return ForChain(span, var, value, self.for_body(node, (var,)))
            case Bytes() | Part() | Struct("ngx_buf_t"):
                data = self.need_bytes(node.iter, "what is iterated")
                var = self.loop_var(node, node.target, INT)
                if self.stores.get(var.name) == 1:
                    self.value_ranges[var.name] = BYTE
                copied = not isinstance(value.type, Struct)
                return ForBytes(span, var, data, self.for_body(node, (var,)), copied)
            case List(item):
                return self._for_list(node, value, item)
            case Tuple(items) if (
                not value.type.is_object and common(items) is not None and is_plain(value)
            ):
                whole = listed(self, node.iter, value)
                assert isinstance(whole.type, List)
                return self._for_list(node, whole, whole.type.item)
            case Str():
                return self._for_list(node, characters(self, node, value), Str())
            case Headers():
                self.report.refuse(
                    "PNX152",
                    node.iter,
                    "headers are iterated with .items() or .get_all(name)",
                    help=f"write 'for name, value in {ast.unparse(node.iter)}.items():'",
                )
            case _:
                self.no_none(value, "what is iterated")
                self.report.refuse(
                    "PNX152",
                    node.iter,
                    f"'{describe(value.type)}' is not iterated",
                    help="loops are over range(n), bytes, str, lists, chains and the body",
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
            if not all(isinstance(t, ast.Name) for t in node.target.elts):
                return self._nested_targets(node, value, item)
            vars_ = tuple(
                self.loop_var(node, t, i) for t, i in zip(node.target.elts, item.items, strict=True)
            )
        else:
            vars_ = (self.loop_var(node, node.target, item),)
        return ForList(span, vars_, value, self.for_body(node, vars_))

    def _nested_targets(self, node: ast.For, value: Expr, item: Type) -> Stmt:
        """``for (a, b), c in list``: the item in a variable, then what is in it."""
        span = self.report.span(node)
        var = self.hidden("item", item)
        self.rounds.append(lambda: self._give(node, node.target, Local(span, item, var)))
        return ForList(span, (var,), value, self.for_body(node, ()))


def reads_body(node: ast.expr) -> bool:
    """Whether an expression looks like one that reads the body."""
    return any(
        isinstance(n, ast.Call)
        and isinstance(n.func, ast.Attribute)
        and n.func.attr in ("read", "readline")
        for n in ast.walk(node)
    )


def _is_strict(keyword: ast.keyword, wanted: bool) -> bool:
    """``strict=True``, or ``strict=False``, which says what zip() does anyway."""
    value = keyword.value
    return keyword.arg == "strict" and isinstance(value, ast.Constant) and value.value is wanted


def _breaks(nodes: list[ast.stmt]) -> Iterator[ast.Break]:
    """The ``break`` statements of the loop whose body the statements are."""
    for node in nodes:
        if isinstance(node, ast.Break):
            yield node
        inner = [node.orelse] if isinstance(node, ast.For | ast.While) else _bodies(node)
        for body in inner:
            yield from _breaks(body)


def _bodies(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """The blocks of a statement."""
    for name, value in ast.iter_fields(node):
        if name in ("body", "orelse", "finalbody"):
            yield value
        elif name in ("handlers", "cases"):
            for part in value:
                yield from _bodies(part)
