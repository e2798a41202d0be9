"""Objects that have two names.

The C of an object is a structure that lies where its name does, and another name has a copy. That
cannot be told from Python's one object with two names as long as nothing is assigned to its fields
while both are needed. Here that is proven for each assignment to a field: the names of a function
that may stand for one object, or for what holds it, are put together, and when the object is
changed under one of them, no other one may be needed any more.

A variable that gets its object from another one that is not used after it (`out.append(p)`, and `p`
gets a new object) takes the object over: it stays with one name. The variable of a loop over a list
whose objects it changes stands for the item itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pyngx.diagnostics import Diagnostics, Label
from pyngx.flow.doubles import doubles
from pyngx.flow.lifetimes import run_for_each_buffer
from pyngx.flow.liveness import Liveness, defines, liveness
from pyngx.flow.meanwhile import Meanwhile, changed_classes, meanwhile
from pyngx.flow.objects import OUTSIDE, Effect, InLoop, Name, holds, roots_of
from pyngx.flow.suspension import LOOPS, reads, suspends, waits_for_room
from pyngx.flow.walk import blocks, expressions, statements
from pyngx.ops.registry import Form
from pyngx.program import BodyForm, Program
from pyngx.source import Span
from pyngx.tree import (
    Assign,
    AssignField,
    Block,
    CallHelper,
    Conditional,
    Const,
    Eval,
    Expr,
    ForList,
    Function,
    Item,
    ItemAt,
    ListMake,
    ListPop,
    Local,
    Logic,
    Op,
    PushItem,
    Return,
    SetItem,
    SetMember,
    StateField,
    Stmt,
    TableItem,
    TableList,
    TupleOf,
    Unwrap,
    Var,
    Walrus,
    Wrap,
    changed_item,
    new_item,
)
from pyngx.types import Ctx, List, Type, text_leaves


def sharing(program: Program, diags: Diagnostics) -> None:
    """Report objects that are changed while they have another name."""
    classes = frozenset(cls for f in program.functions for cls in changed_classes(f))
    if not classes:
        return
    summaries: dict[str, Effect] = {}
    others = meanwhile(program)
    for function in program.functions:
        stream = program.body is not None and program.body.form is BodyForm.STREAM
        stream = stream and program.body is not None and program.body.function is function
        each = any(f is function for f in run_for_each_buffer(program))
        found = _Sharing(function, classes, summaries, diags)
        found.check(stream, each)
        found.check_meanwhile(others)
        doubles(function, classes, summaries, found.live, diags)
        summaries[function.name] = found.effect()


def changed_parameters(program: Program) -> dict[str, frozenset[int]]:
    """For each helper the parameters whose objects it changes in the place where they lie."""
    found: dict[str, frozenset[int]] = {}
    for helper in program.helpers:
        roots: set[Name] = set()
        for stmt in statements(helper.body):
            for call in (e for e in expressions(stmt) if isinstance(e, CallHelper)):
                roots |= {r for i in found.get(call.helper, ()) for r in roots_of(call.args[i])}
            if isinstance(stmt, SetMember):
                roots |= roots_of(stmt.target)
            if isinstance(stmt, SetItem) and changed_item(stmt.value) is not None:
                roots |= roots_of(stmt.list)
            if isinstance(stmt, ForList) and changes_items(stmt, found):
                roots |= roots_of(stmt.value)
        found[helper.name] = frozenset(i for i, p in enumerate(helper.params) if p in roots)
    return found


def changes_items(loop: ForList, helpers: dict[str, frozenset[int]]) -> bool:
    """Whether a loop over a list changes its objects under the name of the loop's variable."""
    if len(loop.vars) != 1:
        return False
    for stmt in statements(loop.body):
        if isinstance(stmt, Assign) and stmt.var == loop.vars[0]:
            if changed_item(stmt.value) is not None:
                return True
        for call in (e for e in expressions(stmt) if isinstance(e, CallHelper)):
            if any(loop.vars[0] in roots_of(call.args[i]) for i in helpers.get(call.helper, ())):
                return True
    return False


def items_only(block: Block, helpers: dict[str, frozenset[int]]) -> frozenset[Var]:
    """The variables that stand for items of lists wherever they have a value."""
    found: set[Var] = set()
    others: set[Var] = set()
    for stmt in statements(block):
        if isinstance(stmt, ForList) and changes_items(stmt, helpers):
            found.add(stmt.vars[0])
        elif not (isinstance(stmt, Assign) and changed_item(stmt.value) is not None):
            others |= defines(stmt)
    return frozenset(found - others)


@dataclass
class _Sharing:
    """One function."""

    function: Function
    classes: frozenset[type]
    summaries: dict[str, Effect]
    diags: Diagnostics
    pairs: list[tuple[set[Name], Stmt]] = field(default_factory=list)
    order: dict[int, int] = field(default_factory=dict)
    loops_around: dict[int, frozenset[int]] = field(default_factory=dict)
    live: Liveness = field(init=False)
    references: set[Var] = field(default_factory=set)
    around: dict[int, tuple[ForList, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.live = liveness(self.function.body)
        told = {name: effect.changes for name, effect in self.summaries.items()}
        self.loops = [
            s
            for s in statements(self.function.body)
            if isinstance(s, ForList) and changes_items(s, told)
        ]
        self.references = {s.vars[0] for s in self.loops}
        self._enter(self.function.body, ())
        known = -1
        while known != len(self.pairs):  # what is handed over may have another name by then
            known = len(self.pairs)
            for stmt in statements(self.function.body):
                self._relate(stmt)

    def _enter(self, block: Block, loops: tuple[ForList, ...]) -> None:
        """Note for each statement the loops over lists around it."""
        for stmt in block:
            self.order[id(stmt)] = len(self.order)
            self.around[id(stmt)] = loops
            inner = (*loops, stmt) if isinstance(stmt, ForList) else loops
            every = self.loops_around.setdefault(id(stmt), frozenset())
            for part in blocks(stmt):
                for child in part:
                    self.loops_around[id(child)] = every | (
                        {id(stmt)} if isinstance(stmt, LOOPS) else set()
                    )
                self._enter(part, inner)

    def _groups(self, stmt: Stmt | None) -> list[tuple[set[Name], Span]]:
        """The names that may stand for one object when a statement runs (None: at the end), and
        where they first did."""
        groups: list[tuple[set[Name], Span]] = []
        for names, where in self.pairs:
            if stmt is not None and not self._leads(where, stmt):
                continue
            both, span = set(names), where.span
            for group in [g for g in groups if g[0] & both]:
                groups.remove(group)
                both |= group[0]
                span = group[1]
            groups.append((both, span))
        return groups

    def _leads(self, where: Stmt, stmt: Stmt) -> bool:
        """Whether one statement may run after another one."""
        together = self.loops_around[id(where)] & self.loops_around[id(stmt)]
        return bool(together) or self.order[id(where)] <= self.order[id(stmt)]

    def _named(self, names: set[Name], stmt: Stmt) -> set[Name]:
        """The names as they are told from others of the same spelling."""
        return {self._name(n, self.around[id(stmt)]) if isinstance(n, Var) else n for n in names}

    def _name(self, var: Var, loops: tuple[ForList, ...]) -> Name:
        for loop in reversed(loops):
            if var in loop.vars and var not in self.live.live_after(loop):
                return InLoop(var, id(loop))
        return var

    def _is_needed(self, name: Name, stmt: Stmt) -> bool:
        """Whether an object is asked for under a name after a statement."""
        match name:
            case InLoop(var, loop):
                inside = any(id(around) == loop for around in self.around[id(stmt)])
                return inside and var in self._needed(stmt)
            case Var():
                return name in self._needed(stmt) or name.parameter
            case _:
                return True

    def holds(self, type_: Type) -> bool:
        """Whether a value is an object that is changed somewhere, or has one in it."""
        return holds(type_, self.classes)

    def sources(self, expr: Expr, stmt: Stmt) -> set[Name]:
        """The names that an object has beside the place where ``stmt`` puts it."""
        if not self.holds(expr.type):
            return set()
        match expr:
            case Local(var=var):
                mine = self._named({var}, stmt)
                moved = var not in self._needed(stmt) and not var.parameter
                if not moved or var in self.references:
                    return mine
                others = [names - mine for names, _ in self._groups(stmt) if names & mine]
                return set().union(*others)
            case TupleOf(changed=at, items=items) if at is not None:
                return self.sources(items[at], stmt)
            case TupleOf(shared=True) | TableItem() | TableList() | StateField():
                return self._named(roots_of(expr), stmt)
            case Item() | ItemAt():
                return self._named(roots_of(expr), stmt)
            case Unwrap(value=value) | Wrap(value=value):
                return self.sources(value, stmt)
            case Walrus(var=var, value=value):
                return self._named({var}, stmt) | self.sources(value, stmt)
            case TupleOf(items=items) | ListMake(items=items) | Logic(values=items):
                return set().union(*(self.sources(i, stmt) for i in items))
            case Conditional(then=then, orelse=orelse):
                return self.sources(then, stmt) | self.sources(orelse, stmt)
            case Op(args=args):
                roots = (roots_of(a) for a in args if self.holds(a.type))
                return self._named(set().union(*roots), stmt)
            case CallHelper(args=args):
                found: set[Name] = set()
                for part in self.summaries[expr.helper].related:
                    found |= {part} if isinstance(part, str) else roots_of(args[part])
                return self._named(found, stmt)
            case ListPop() | Const():
                return set()
            case _:
                return set()

    def _needed(self, stmt: Stmt) -> set[Var]:
        """The variables that are used after a statement, or in its blocks."""
        inside = {
            e.var
            for block in blocks(stmt)
            for s in statements(block)
            for e in expressions(s)
            if isinstance(e, Local)
        }
        return set(self.live.live_after(stmt)) | inside

    def _relate(self, stmt: Stmt) -> None:
        """Put together the names that a statement gives one object."""
        pairs = list[tuple[set[Name], Expr]]()
        match stmt:
            case Assign(var=var, value=value):
                pairs.append(({var}, value))
            case ForList(vars=names, value=value) if self.holds(value.type):
                inner = (*self.around[id(stmt)], stmt)
                roots = self.sources(value, stmt) | self._named(roots_of(value), stmt)
                for var in (v for v in names if self.holds(v.type)):
                    self._same({self._name(var, inner)}, roots, stmt)
            case PushItem(list=owner, value=value) | SetItem(list=owner, value=value):
                if changed_item(value) is None:
                    pairs.append((roots_of(owner), value))
            case AssignField(target=target, value=value) | SetMember(target=target, value=value):
                pairs.append((roots_of(target), value))
            case Eval(value=Op(row=row, args=(owner, value, *_))) if row.name == "list.extend":
                pairs.append((roots_of(owner), value))
            case _:
                pass
        for expr in expressions(stmt):
            if isinstance(expr, Walrus):
                pairs.append(({expr.var}, expr.value))
            if isinstance(expr, CallHelper):
                for tied in self.summaries[expr.helper].tied:
                    found: set[Name] = {part for part in tied if isinstance(part, str)}
                    given = [expr.args[part] for part in tied if isinstance(part, int)]
                    found = found.union(*(self.sources(arg, stmt) for arg in given))
                    self._same(found, found, stmt)
        for owners, value in pairs:
            self._same(self._named(owners, stmt), self.sources(value, stmt), stmt)

    def _same(self, names: set[Name], others: set[Name], stmt: Stmt) -> None:
        if (
            names
            and others
            and len(names | others) > 1
            and (names | others, stmt) not in self.pairs
        ):
            self.pairs.append((names | others, stmt))

    def changed(self, stmt: Stmt) -> list[tuple[set[Name], Span]]:
        """The names under which a statement itself changes objects."""
        found: list[tuple[set[Name], Span]] = []
        match stmt:
            case Assign(var=var, value=value) if changed_item(value) is not None:
                found.append(({var}, stmt.span))
            case AssignField(target=target, value=value) if changed_item(value) is not None:
                found.append((roots_of(target), stmt.span))
            case SetItem(list=owner, value=value) if changed_item(value) is not None:
                found.append((roots_of(owner), stmt.span))
            case SetMember(target=target):
                found.append((roots_of(target), stmt.span))
            case _:
                pass
        for expr in expressions(stmt):
            if isinstance(expr, CallHelper):
                effect = self.summaries[expr.helper]
                found += [(roots_of(expr.args[i]), expr.span) for i in effect.changes]
                if effect.of_context:
                    found.append(({OUTSIDE[0]}, expr.span))
        return found

    def check(self, stream: bool, each_buffer: bool) -> None:
        """Report what is changed under one of several names."""
        for stmt in statements(self.function.body):
            for roots, span in self.changed(stmt):
                for root in roots:
                    self._alone(stmt, root, span)
            for call in (e for e in expressions(stmt) if isinstance(e, CallHelper)):
                self._arguments(call, stmt)
            if isinstance(stmt, SetMember) and each_buffer and text_leaves(stmt.target.type):
                if not isinstance(stmt.value, Const):
                    self._text(stmt)
        for loop in self.loops:
            self._loop(loop, stream)

    def _alone(self, stmt: Stmt, root: Name, span: Span) -> None:
        if root in OUTSIDE[1:]:
            self._error(span, f"this changes an object of {root}", None, None)
            return
        (name,) = self._named({root}, stmt)
        of_loop: set[Name] = set()
        for loop in self.around[id(stmt)]:
            if root in loop.vars and loop in self.loops:
                of_loop = self._named(roots_of(loop.value), loop)
        for names, shared in self._groups(stmt):
            if name not in names:
                continue
            for other in sorted(names - {name} - of_loop, key=str):
                if self._is_needed(other, stmt):
                    direct = [w.span for both, w in self.pairs if {name, other} <= both]
                    shared = min(direct, key=lambda s: s.line, default=shared)
                    self._error(span, "this changes an object that has another name", other, shared)
                    return

    def check_meanwhile(self, others: Meanwhile) -> None:
        """Report copies of objects that a variable may change while they are needed."""
        copies = self._copies(others.classes)
        for stmt in statements(self.function.body) if copies else ():
            needed = frozenset[Var]()
            if others.evaluates_in(stmt):
                needed = self.live.live_within(stmt)
                for call in (e for e in expressions(stmt) if isinstance(e, CallHelper)):
                    if others.evaluates(call):
                        needed |= {e.var for e in expressions(call) if isinstance(e, Local)}
            if reads(stmt) or waits_for_room(stmt):
                needed |= self.live.live_within(stmt)
            for var in sorted(needed & set(copies), key=lambda v: v.name):
                self.diags.error(
                    "PNX345",
                    stmt.span,
                    f"a variable may change the object of '{var.name}' here",
                    label="nginx evaluates variables here",
                    secondary=[Label(copies.pop(var), "this is an object of the context")],
                    notes=("a name has its object, and another name a copy of it",),
                    help="take it from the context again after this, or take a copy: replace(p), "
                    "from dataclasses",
                )

    def _copies(self, classes: frozenset[type]) -> dict[Var, Span]:
        """The variables that may hold a copy of an object of the context, of one of some classes,
        and where they get it. What a list is named by is the list itself, if it is made nowhere."""
        found: dict[Var, Span] = {}
        if not classes:
            return found
        made = {
            s.var
            for s in statements(self.function.body)
            if isinstance(s, Assign) and not isinstance(s.value, StateField | Local)
        }
        for name in {n for names, _ in self._groups(None) if OUTSIDE[0] in names for n in names}:
            var = name.var if isinstance(name, InLoop) else name
            if isinstance(var, str) or var in self.references or not holds(var.type, classes):
                continue
            if not isinstance(var.type, List) or var in made:
                found[var] = next(where.span for names, where in self.pairs if name in names)
        return found

    def _arguments(self, call: CallHelper, stmt: Stmt) -> None:
        """What a helper changes is given to it once."""
        effect = self.summaries[call.helper]
        for arg in call.args if effect.of_context else ():
            given = self._named(roots_of(arg), stmt) if self.holds(arg.type) else set[Name]()
            outside = [names for names, _ in self._groups(stmt) if OUTSIDE[0] in names]
            if OUTSIDE[0] in given or any(given & names for names in outside):
                what = "an object of the context is given to what changes it in the context"
                self._error(call.span, what, None, None)
                return
        for i in effect.changes:
            mine = self._named(roots_of(call.args[i]), stmt)
            for j, arg in enumerate(call.args):
                theirs = {OUTSIDE[0]} if arg.type == Ctx() else self._named(roots_of(arg), stmt)
                if j == i or not (self.holds(arg.type) or arg.type == Ctx()):
                    continue
                groups = self._groups(stmt)
                together = any(mine & names and theirs & names for names, _ in groups)
                if mine & theirs or together:
                    self._error(
                        call.span, "the object that this changes is given twice", None, None
                    )
                    return
            if OUTSIDE[0] in mine and text_leaves(call.type):
                self.diags.error(
                    "PNX342",
                    call.span,
                    "bytes of an object of the context, from what changes it",
                    label="the context uses their storage again",
                    help="assign the fields here, in the function that has the context",
                )

    def _text(self, stmt: Stmt) -> None:
        self.diags.error(
            "PNX342",
            stmt.span,
            "a function that the body filter calls assigns bytes to a field of its caller's object",
            label="they would be gone at the next read",
            help="return the bytes and assign them in the body filter, or return a new object",
        )

    def _loop(self, loop: ForList, stream: bool) -> None:
        """The variable stands for the item: it has no other object, and none after the loop."""
        var = loop.vars[0]
        texts = False
        for stmt in statements(loop.body):
            if isinstance(stmt, Assign) and stmt.var == var:
                if changed_item(stmt.value) is None:
                    self._reference(stmt.span, f"'{var.name}' gets another object in its loop")
                texts = texts or bool(_new_texts(stmt.value))
            if roots_of(loop.value) & _moved(stmt):
                self._reference(stmt.span, f"this moves the items that '{var.name}' stands for")
        if suspends(loop) or any(suspends(stmt) for stmt in statements(loop.body)):
            self._reference(loop.span, f"the loop that changes '{var.name}' reads or sends")
            return
        if var in self.live.live_after(loop):
            self._reference(loop.span, f"'{var.name}' is used after the loop that changes it")
        if texts and (stream or roots_of(loop.value) == {OUTSIDE[0]}):
            self._reference(loop.span, f"bytes are assigned to a field of '{var.name}'")

    def _reference(self, span: Span, what: str) -> None:
        self.diags.error(
            "PNX341",
            span,
            what,
            label="the name stands for the item of the list",
            help="loop over the indices: for i in range(len(items)): items[i].x = …",
        )

    def _error(self, span: Span, what: str, other: Name | None, shared: Span | None) -> None:
        if isinstance(other, InLoop):
            other = other.var
        named = other.name if isinstance(other, Var) else other
        secondary = [] if shared is None else [Label(shared, "here it gets its second name")]
        self.diags.error(
            "PNX340",
            span,
            what,
            label=f"'{named}' is needed after this" if isinstance(other, Var) else named or "",
            secondary=secondary,
            notes=("a name has its object, and another name a copy of it",),
            help="change it before it gets its second name, or take a copy: replace(p), "
            "from dataclasses",
        )

    def effect(self) -> Effect:
        """What the callers have to know."""
        changes: set[int] = set()
        of_context = False
        related: set[Name] = set()
        params = {p: i for i, p in enumerate(self.function.params)}
        for stmt in statements(self.function.body):
            for roots, _ in self.changed(stmt):
                for loop in self.loops:
                    if loop.vars[0] in roots:
                        roots = roots | roots_of(loop.value)
                changes |= {params[r] for r in roots if isinstance(r, Var) and r in params}
                of_context = of_context or OUTSIDE[0] in roots
            if isinstance(stmt, Return) and stmt.value is not None:
                related |= self.sources(stmt.value, stmt)
        for names, _ in self._groups(None):
            if names & related:
                related |= names

        def of_caller(names: set[Name]) -> frozenset[int | str]:
            mine = {params[n] for n in names if isinstance(n, Var) and n in params}
            return frozenset(mine | {n for n in names if isinstance(n, str)})

        tied = frozenset(
            t for t in (of_caller(names) for names, _ in self._groups(None)) if len(t) > 1
        )
        return Effect(frozenset(changes), of_context, of_caller(related), tied)


def _moved(stmt: Stmt) -> set[Name]:
    """The lists whose items a statement puts elsewhere."""
    found: set[Name] = set()
    match stmt:
        case SetItem(list=owner, value=value) if changed_item(value) is None:
            found |= roots_of(owner)
        case PushItem(list=owner, index=index) if index is not None:
            found |= roots_of(owner)
        case _:
            pass
    for expr in expressions(stmt):
        match expr:
            case ListPop(value=owner):
                found |= roots_of(owner)
            case Op(row=row, args=(owner, *_)) if row.form is Form.EFFECT:
                found |= roots_of(owner) if row.name != "list.extend" else set()
            case _:
                pass
    return found


def _new_texts(value: Expr) -> tuple[tuple[str, ...], ...]:
    """The bytes and text in what is new in a changed object."""
    return text_leaves(new_item(value).type)
