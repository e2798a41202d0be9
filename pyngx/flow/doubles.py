"""Objects that would lie twice in one place.

A list, an object, a tuple and the context hold objects by value in C. Where Python puts one object
into two slots of the same (`ps.append(p)` twice, `Box(p, p)`, `[p] * 3`), C has two, of which a
change reaches one. This is refused where it is stored, if such objects are changed anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields

from pyngx.diagnostics import Diagnostics
from pyngx.flow.liveness import Liveness, defines
from pyngx.flow.objects import OUTSIDE, Effect, Name, holds, roots_of
from pyngx.flow.suspension import LOOPS
from pyngx.flow.walk import blocks, children, expressions, statements
from pyngx.source import Span
from pyngx.tree import (
    Assign,
    AssignField,
    Block,
    CallHelper,
    Compare,
    Conditional,
    Eval,
    Expr,
    Function,
    Item,
    ItemAt,
    ListMake,
    Local,
    Logic,
    Op,
    PushItem,
    SetItem,
    SetMember,
    StateField,
    Stmt,
    TupleOf,
    Unwrap,
    Var,
    Walrus,
    Wrap,
    changed_item,
)
from pyngx.types import Ctx, List


def doubles(
    function: Function,
    classes: frozenset[type],
    summaries: dict[str, Effect],
    live: Liveness,
    diags: Diagnostics,
) -> None:
    """Report what puts one object into two slots of the same place."""
    _Doubles(function, classes, summaries, live, diags).check()


@dataclass
class _Doubles:
    function: Function
    classes: frozenset[type]
    summaries: dict[str, Effect]
    live: Liveness
    diags: Diagnostics
    above: dict[int, tuple[Stmt, ...]] = field(default_factory=dict)
    """For each statement those that are certainly carried out before it in its function, and the
    statements that it lies in."""
    loops: dict[int, tuple[Stmt, ...]] = field(default_factory=dict)
    stores: list[tuple[Stmt, Expr, Expr]] = field(default_factory=list)
    """Statements that store objects: with the place, and what is stored."""

    def check(self) -> None:
        """Report what is found in the function."""
        self._enter(self.function.body, (), ())
        self.stores = [found for s in statements(self.function.body) for found in _stores(s)]
        for stmt, place, value in self.stores:
            if self._holds(value) and not self._swaps(stmt, value):
                objects = filter(self._holds, _leaves(value))
                if any(self._again(stmt, place, leaf) for leaf in objects):
                    self._error(stmt.span)
        for stmt in statements(self.function.body):
            for expr in expressions(stmt):
                if self._repeats(expr):
                    self._error(expr.span)
                self._meanwhile(expr)

    def _enter(self, block: Block, above: tuple[Stmt, ...], loops: tuple[Stmt, ...]) -> None:
        for stmt in block:
            self.above[id(stmt)] = above
            self.loops[id(stmt)] = loops
            above = (*above, stmt)
            for inner in blocks(stmt):
                self._enter(inner, above, (*loops, stmt) if isinstance(stmt, LOOPS) else loops)

    def _holds(self, value: Expr) -> bool:
        return holds(value.type, self.classes)

    def _again(self, stmt: Stmt, place: Expr, leaf: Expr) -> bool:
        """Whether an object that is stored may lie in the same place already."""
        owners = roots_of(place)
        match leaf:
            case Local(var=var) if isinstance(var.type, List):
                return var in owners
            case Local(var=var):
                return self._stored_before(stmt, owners, var) or self._stored_in_loop(stmt, var)
            case CallHelper(args=args):
                related = self.summaries[leaf.helper].related
                return any(
                    bool(owners & ({part} if isinstance(part, str) else roots_of(args[part])))
                    for part in related
                    if isinstance(part, str) or not _same(args[part], place)
                )
            case _:
                return bool(owners & roots_of(leaf)) and not _same(leaf, place)

    def _stored_before(self, stmt: Stmt, owners: set[Name], var: Var) -> bool:
        """Whether a variable's object has been put where it is put again, or comes from there."""
        for other in self.above[id(stmt)]:
            if isinstance(other, Assign) and other.var == var:
                objects = filter(self._holds, _leaves(other.value))
                if any(owners & roots_of(leaf) for leaf in objects):
                    if not self._assigned_between(other, stmt, var):
                        return True
        for other, place, value in self.stores:
            if other is not stmt and owners & roots_of(place):
                named = any(isinstance(e, Local) and e.var == var for e in _leaves(value))
                if named and self._leads(other, stmt, var):
                    return True
        return False

    def _leads(self, first: Stmt, stmt: Stmt, var: Var) -> bool:
        """Whether a statement may run after another one, with the same object in a variable."""
        order = [id(s) for s in statements(self.function.body)]
        if var not in self.live.live_after(first):
            return False  # it gets another object before it is asked for again
        if order.index(id(first)) < order.index(id(stmt)):
            return not self._assigned_between(first, stmt, var)
        together = [s for s in self.loops[id(stmt)] if s in self.loops[id(first)]]
        return bool(together) and self._survives(together[-1], stmt, var)

    def _assigned_between(self, first: Stmt, stmt: Stmt, var: Var) -> bool:
        above = self.above[id(stmt)]
        order = [id(s) for s in statements(self.function.body)]
        at = order.index(id(first))
        return any(var in defines(s) and order.index(id(s)) > at for s in above)

    def _stored_in_loop(self, stmt: Stmt, var: Var) -> bool:
        """Whether a loop stores the same object in each round."""
        loops = self.loops[id(stmt)]
        kept = var in self.live.live_after(stmt)
        return bool(loops) and kept and self._survives(loops[-1], stmt, var)

    def _survives(self, loop: Stmt, stmt: Stmt, var: Var) -> bool:
        """Whether a variable may have the object in a later round, where a statement is."""
        if var in defines(loop):
            return False
        inside = self.above[id(stmt)]
        inside = inside[[s is loop for s in inside].index(True) :]
        if any(var in defines(s) for s in inside):
            return False
        body = next(blocks(loop))
        return var in self.live.before[id(body[0])]

    def _swaps(self, stmt: Stmt, value: Expr) -> bool:
        """Whether a statement is one of those of ``a[i], a[j] = a[j], a[i]``."""
        line = stmt.span.line
        taken = {
            s.var: s.value
            for s in self.above[id(stmt)]
            if isinstance(s, Assign) and s.span.line == line
        }
        if not isinstance(value, Local) or value.var not in taken:
            return False
        mine = taken[value.var]
        given = [place for s, place, _ in self.stores if s.span.line == line]
        same = [_same(mine, other) for other in taken.values()]
        return sum(same) == 1 and sum(_same(mine, place) for place in given) == 1

    def _repeats(self, expr: Expr) -> bool:
        """Whether an expression itself makes a value that has one object twice."""
        if not self._holds(expr):
            return False
        match expr:
            case Op(row=row) if row.name == "operator.list_repeat":
                return True
            case Op(row=row, args=args) if row.name == "operator.list_concat":
                items = args
            case TupleOf(items=items, changed=None) | ListMake(items=items):
                pass
            case _:
                return False
        found = [leaf for item in items for leaf in _leaves(item) if self._holds(leaf)]
        found = [leaf for leaf in found if roots_of(leaf)]
        return any(_same(a, b) for i, a in enumerate(found) for b in found[:i])

    def _meanwhile(self, expr: Expr) -> None:
        """Report an operand that is an object which an operand after it changes."""
        parts = list(children(expr))
        changed = self.summaries[expr.helper].changes if isinstance(expr, CallHelper) else ()
        match expr:
            case Compare(left=Item(obj=one), right=Item(obj=Walrus() as other)):
                parts = [one, other]  # objects are compared by their fields
            case _:
                pass
        for i, part in enumerate(parts):
            if not self._holds(part) or i in changed or isinstance(expr, Item | ItemAt):
                continue
            if isinstance(expr, TupleOf) and expr.changed is not None:
                continue  # it stays where it lies
            leaves = filter(self._holds, _leaves(part))
            mine = {root for leaf in leaves for root in roots_of(leaf)}
            for later in (e for rest in parts[i + 1 :] for e in expressions(rest)):
                if isinstance(later, CallHelper) and mine & self._changed(later):
                    self._error(later.span, "this changes an object that is taken before it")
                    return

    def _changed(self, call: CallHelper) -> set[Name]:
        effect = self.summaries[call.helper]
        found = {root for i in effect.changes for root in roots_of(call.args[i])}
        return found | {OUTSIDE[0]} if effect.of_context else found

    def _error(self, span: Span, what: str = "this puts one object into two places") -> None:
        self.diags.error(
            "PNX347",
            span,
            what,
            label="C has a copy in each place",
            help="put a copy there: replace(p), from dataclasses, or make another object",
        )


def _stores(stmt: Stmt) -> Iterator[tuple[Stmt, Expr, Expr]]:
    match stmt:
        case PushItem(list=place, value=value):
            yield stmt, place, value
        case Assign(var=var, value=value) if changed_item(value) is not None:
            yield stmt, *_part(Local(stmt.span, var.type, var=var), value)
        case SetItem(list=owner, index=index, value=value):
            yield stmt, *_part(ItemAt(stmt.span, value.type, owner, index, False), value)
        case AssignField(target=StateField() as target, value=value):
            if isinstance(target.obj.type, Ctx):
                yield stmt, *_part(target, value)
        case SetMember(target=target, value=value):
            yield stmt, target, value
        case Eval(value=Op(row=row, args=(owner, value, *_))) if row.name == "list.extend":
            yield stmt, owner, value
        case _:
            return


def _part(place: Expr, value: Expr) -> tuple[Expr, Expr]:
    """The field of a changed object that is assigned, and its value; else what is given."""
    while (changed := changed_item(value)) is not None:
        at, inner = changed
        if isinstance(value, TupleOf):
            place = Item(place.span, inner.type, place, at)
        value = inner
    return place, value


def _leaves(value: Expr) -> Iterator[Expr]:
    """The places, variables and calls that the objects of a value come from."""
    match value:
        case Unwrap(value=inner) | Wrap(value=inner) | Walrus(value=inner):
            yield from _leaves(inner)
        case TupleOf(items=items) | ListMake(items=items) | Logic(values=items):
            for item in items:
                yield from _leaves(item)
        case Conditional(then=then, orelse=orelse):
            yield from _leaves(then)
            yield from _leaves(orelse)
        case Local() | CallHelper() | Item() | ItemAt() | StateField():
            yield value
        case Op(args=args):
            for arg in args:
                yield from _leaves(arg)
        case _:
            return


def _same(one: object, other: object) -> bool:
    """Whether two expressions are alike."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if not isinstance(one, Expr) or type(one) is not type(other):
        return one == other
    names = [f.name for f in fields(one) if f.name not in ("span", "checked", "type")]
    return all(_same(getattr(one, n), getattr(other, n)) for n in names)
