"""What the variables of a file change while another function of it runs.

nginx evaluates a ``@variable`` wherever somebody asks for it: another filter while the body filter
waits, a ``map`` or a directive when a function of the file itself reads one of nginx's variables.
What such a function assigns to the context, the one that waits or asks finds changed. CPython reads
each field when its turn comes; C reads it where the whole statement is carried out. So what may be
changed under a statement is not read by the same one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pyngx.diagnostics import Diagnostics, Label
from pyngx.flow.origins import Known, holds_bytes
from pyngx.flow.walk import children, expressions, statements
from pyngx.ops.registry import Form
from pyngx.program import Program
from pyngx.source import Span
from pyngx.tree import (
    AssignField,
    Block,
    CallHelper,
    Const,
    Expr,
    Function,
    Item,
    ItemAt,
    ListPop,
    Local,
    Op,
    PushItem,
    SetItem,
    SetMember,
    StateField,
    Stmt,
    TupleOf,
    Unwrap,
    Var,
    Wrap,
)
from pyngx.types import Ctx, List, Optional, Tuple, Type

_PLAIN = frozenset({"remote_addr", "request_method", "request_uri", "request_id", "scheme", "uri"})
_PREFIXES = ("arg_", "cookie_", "http_", "sent_http_")


@dataclass(frozen=True)
class Meanwhile:
    """What the variables of a file change: fields of the context, classes of objects, and whether
    a list may get another place. ``asking`` are the helpers that may evaluate one, ``growing``
    those in which a list grows, ``harmless`` names of variables that change nothing."""

    fields: frozenset[str] = frozenset()
    classes: frozenset[type] = frozenset()
    grows: bool = False
    asking: frozenset[str] = frozenset()
    growing: frozenset[str] = frozenset()
    harmless: frozenset[str] = frozenset()

    def evaluates(self, expr: Expr) -> bool:
        """Whether an expression itself has nginx evaluate a variable that may be one of those that
        change something."""
        match expr:
            case CallHelper(helper=helper):
                return helper in self.asking
            case Op(row=row, args=args) if row.name == "variables.get":
                return bool(self.fields) and not self._is_harmless(args[0])
            case Op(row=row):
                return bool(self.fields) and row.name == "complex.value"
            case _:
                return False

    def _is_harmless(self, name: Expr) -> bool:
        if not isinstance(name, Const):
            return False
        text = name.value.decode("latin-1") if isinstance(name.value, bytes) else str(name.value)
        text = text.lower()
        return text in self.harmless or text in _PLAIN or text.startswith(_PREFIXES)

    def evaluates_in(self, stmt: Stmt) -> bool:
        """Whether an expression of a statement, its blocks aside, does."""
        return any(map(self.evaluates, expressions(stmt)))

    def grows_in(self, block: Block) -> bool:
        """Whether a list may get another place in memory, because items are added to one."""
        return any(map(self._grows, statements(block)))

    def _grows(self, stmt: Stmt) -> bool:
        if isinstance(stmt, PushItem):
            return True
        for expr in expressions(stmt):
            if isinstance(expr, Op) and expr.row.name == "list.extend":
                return True
            if isinstance(expr, CallHelper) and expr.helper in self.growing:
                return True
            if self.grows and self.evaluates(expr):
                return True
        return False


def meanwhile(program: Program) -> Meanwhile:
    """What the variables of a file change."""
    helpers = {h.name: h for h in program.helpers}
    fields: set[str] = set()
    classes: set[type] = set()
    harmless: set[str] = set()
    grows = False
    for variable in program.variables:
        functions = _reached(variable.function, helpers)
        assigned = {name for f in functions for name in _assigned(f)}
        changed = {cls for f in functions for cls in changed_classes(f)}
        if not assigned and not changed:
            harmless.add(variable.name.lower())
        fields |= assigned
        classes |= changed
        grows = grows or any(Meanwhile().grows_in(f.body) for f in functions)
    for field in program.ctx.fields if program.ctx is not None else ():
        if classes & set(_classes_in(field.type)):
            fields.add(field.name)
    found = Meanwhile(frozenset(fields), frozenset(classes), grows, harmless=frozenset(harmless))
    asking: set[str] = set()
    growing: set[str] = set()
    for helper in program.helpers:
        known = Meanwhile(
            found.fields,
            found.classes,
            grows,
            frozenset(asking),
            frozenset(growing),
            found.harmless,
        )
        if any(known.evaluates_in(stmt) for stmt in statements(helper.body)):
            asking.add(helper.name)
        if known.grows_in(helper.body):
            growing.add(helper.name)
    return Meanwhile(
        found.fields, found.classes, grows, frozenset(asking), frozenset(growing), found.harmless
    )


def _reached(function: Function, helpers: dict[str, Function]) -> list[Function]:
    """A function and all that it calls."""
    found = [function]
    for one in found:
        for stmt in statements(one.body):
            for expr in expressions(stmt):
                if isinstance(expr, CallHelper) and helpers[expr.helper] not in found:
                    found.append(helpers[expr.helper])
    return found


def _assigned(function: Function) -> Iterator[str]:
    """The fields of the context that a function assigns, or whose lists it changes."""
    for stmt in statements(function.body):
        match stmt:
            case AssignField(target=StateField() as target):
                yield from _field(target)
            case PushItem(list=owner) | SetItem(list=owner):
                yield from _field(owner)
            case _:
                pass
        for expr in expressions(stmt):
            match expr:
                case Op(row=row, args=(owner, *_)) if row.form is Form.EFFECT:
                    yield from _field(owner)
                case ListPop(value=owner):
                    yield from _field(owner)
                case _:
                    pass


def _field(place: Expr) -> Iterator[str]:
    """The field of the context in which something lies."""
    while isinstance(place, Item | ItemAt | Unwrap | Wrap):
        place = place.obj if isinstance(place, Item) else place.value
    if isinstance(place, StateField) and isinstance(place.obj.type, Ctx):
        yield place.name


def changed_classes(function: Function) -> Iterator[type]:
    """The classes of the objects that a function changes."""
    for stmt in statements(function.body):
        changed = [
            e.type for e in expressions(stmt) if isinstance(e, TupleOf) and e.changed is not None
        ]
        if isinstance(stmt, SetMember):
            changed.append(stmt.target.obj.type)
        for type_ in changed:
            if isinstance(type_, Tuple) and type_.cls is not None:
                yield type_.cls


def _classes_in(type_: Type) -> Iterator[type]:
    match type_:
        case Optional(inner) | List(inner):
            yield from _classes_in(inner)
        case Tuple(items, cls):
            if cls is not None:
                yield cls
            for item in items:
                yield from _classes_in(item)
        case _:
            return


def one_after_another(
    known: Known, others: Meanwhile, owned: frozenset[Var] | None, diags: Diagnostics
) -> None:
    """Report statements that read what they, or nginx meanwhile, overwrite. ``owned`` are the
    locals that have copies, in what runs for each buffer; anything else copies what it names."""
    for stmt in statements(known.function.body):
        told = False
        for change in expressions(stmt):
            asks = others.evaluates(change)
            changed = others.fields if asks else frozenset[str]()
            viewed = changed | known.assigned_by(change) if owned is not None else frozenset[str]()
            if told or not (changed or viewed):
                continue
            for read in _reads(stmt, change):
                if isinstance(read, Local) and read.var in (owned or ()):
                    continue
                state = _names(read, known, changed, viewed)
                if state is not None:
                    told = True
                    _error(change, read.span, state, asks and state in others.fields, diags)
                    break


def _reads(stmt: Stmt, change: Expr) -> Iterator[Expr]:
    """What a statement reads of the context, where it could be read after a change."""
    if isinstance(stmt, AssignField) and isinstance(stmt.target, StateField):
        yield from _read(stmt.value, change)
        return
    for child in children(stmt):
        yield from _read(child, change)


def _read(expr: Expr, change: Expr) -> Iterator[Expr]:
    if expr is change:
        if isinstance(expr, CallHelper):  # numbers are computed before the call
            for arg in expr.args:
                if holds_bytes(arg.type) or isinstance(arg.type, Tuple | Optional):
                    yield from _read(arg, change)
        return
    if isinstance(expr, StateField | Local | CallHelper):
        yield expr
    for child in children(expr):
        yield from _read(child, change)


def _names(read: Expr, known: Known, changed: frozenset[str], viewed: frozenset[str]) -> str | None:
    """The field whose value a read may find changed."""
    match read:
        case StateField(name=name, obj=obj) if isinstance(obj.type, Ctx):
            if name in changed or (name in viewed and holds_bytes(read.type)):
                return name
        case Local(var=var):
            for origin in sorted(known.locals.get(var, frozenset()), key=lambda o: o.state):
                if origin.state in viewed:
                    return origin.state
        case CallHelper(args=args) if changed and any(arg.type == Ctx() for arg in args):
            return min(changed)
        case _:
            pass
    return None


def _error(change: Expr, read: Span, state: str, asks: bool, diags: Diagnostics) -> None:
    name = f"'{state}' of the context"
    if asks:
        what = f"a variable that is evaluated here may change {name}, which is read beside it"
        help_ = "read the variable before, in a statement of its own: value = …"
    else:
        what = f"this overwrites {name}, which is read beside it"
        help_ = "call it before, in a statement of its own"
    diags.error(
        "PNX346",
        change.span,
        what,
        label="evaluated here",
        secondary=[Label(read, "and this is read")],
        help=help_,
    )
