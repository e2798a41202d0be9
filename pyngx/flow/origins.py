"""What bytes are a view of.

Of each expression of a function the *origins*: memory that its bytes lie in and that does not last.
Of a local they are the union over its assignments, in any order: simple, and wrong only towards
copying or refusing. A helper is summarized once: which origins its result has of its own, which
parameters it may be a view of, and where it takes memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pyngx.flow.suspension import goes_on
from pyngx.flow.walk import blocks, children, expressions, statements
from pyngx.ops.registry import Form, Passes
from pyngx.source import Span
from pyngx.tree import (
    Assign,
    AssignField,
    Block,
    BufBytes,
    CallHelper,
    Caught,
    Conditional,
    Expr,
    ForLines,
    ForList,
    Format,
    Function,
    Item,
    ItemAt,
    ListMake,
    ListPop,
    Local,
    Logic,
    Op,
    PartBytes,
    PushItem,
    Raise,
    ReadInto,
    Return,
    SetByte,
    SetBytes,
    SetItem,
    StateField,
    Stmt,
    TupleOf,
    Unwrap,
    Var,
    Walrus,
    While,
    Wrap,
    new_item,
)
from pyngx.types import Ctx, List, Optional, Type, text_leaves


@dataclass(frozen=True, slots=True)
class Origin:
    """Memory that bytes are a view of: a buffer (nothing else is said), the field ``state`` of the
    context, the ``scratch`` memory of a loop, or the parameter number ``param`` of a helper.
    ``span`` is where the view is taken."""

    span: Span = field(compare=False)
    state: str = ""
    param: int | None = None
    scratch: bool = False

    @property
    def of_buffer(self) -> bool:
        """Whether it is a buffer that is viewed."""
        return not self.state and self.param is None and not self.scratch


Origins = frozenset[Origin]
NONE: Origins = frozenset()


@dataclass(frozen=True, slots=True)
class Summary:
    """What a call of a helper means: the origins of its result, the first place where it takes
    memory (None: nowhere), the first where only the request's own will do, the fields of the
    context that it assigns, and whether it writes to a buffer in place."""

    origins: Origins = NONE
    allocates: Span | None = None
    of_request: Span | None = None
    assigns: frozenset[str] = frozenset()
    writes: bool = False


def holds_bytes(type_: Type) -> bool:
    """Whether a value is bytes somewhere, or a list, which is memory of its own."""
    inner = type_.inner if isinstance(type_, Optional) else type_
    return isinstance(inner, List) or bool(text_leaves(type_))


def with_loops(block: Block, in_loop: bool) -> Iterator[tuple[Stmt, bool]]:
    """All statements, each with whether its own expressions are evaluated in a loop that goes on
    as the body does."""
    for stmt in block:
        endless = in_loop or goes_on(stmt)
        yield stmt, in_loop or (endless and isinstance(stmt, While))
        for inner in blocks(stmt):
            yield from with_loops(inner, endless)


class Known:
    """One function with the origins of its locals."""

    def __init__(
        self,
        function: Function,
        summaries: dict[str, Summary],
        scratch: bool = False,
        everywhere: bool = False,
    ) -> None:
        self.function = function
        self.summaries = summaries
        self.scratch = scratch
        self.everywhere = everywhere  # scratch memory is used outside of loops too
        self.locals: dict[Var, Origins] = {
            v: frozenset({Origin(function.span, param=i)})
            for i, v in enumerate(function.params)
            if holds_bytes(v.type)
        }
        self._solve()

    def _solve(self) -> None:
        """Repeat until no local gets a new origin."""
        changed = True
        while changed:
            changed = False
            for var, after in self._assigned():
                before = self.locals.get(var, NONE)
                if not after <= before:
                    self.locals[var] = before | after
                    changed = True

    def _assigned(self) -> Iterator[tuple[Var, Origins]]:
        """The origins that each assignment gives a local."""
        for stmt, in_loop in with_loops(self.function.body, self.everywhere):
            match stmt:
                case Assign(var=var, value=value) if holds_bytes(var.type):
                    yield var, self.origins(value, in_loop)
                case ReadInto(var=var) | ForLines(var=var):
                    yield var, frozenset({Origin(stmt.span)})
                case ForList(vars=names, value=value):
                    for var in names:
                        yield var, self.origins(value, in_loop)
                case PushItem(list=Local(var=var), value=value):
                    yield from self._shared(var, self.origins(value, in_loop))
                case SetItem(list=Local(var=var), value=value):
                    yield from self._shared(var, self.origins(value, in_loop))
                case _:
                    pass
            for expr in expressions(stmt):
                if isinstance(expr, Op) and expr.row.name == "list.extend":
                    changed, items = expr.args
                    if isinstance(changed, Local):
                        yield from self._shared(changed.var, self.origins(items, in_loop))
                if isinstance(expr, Walrus) and holds_bytes(expr.var.type):
                    yield expr.var, self.origins(expr.value, in_loop)

    def _shared(self, var: Var, origins: Origins) -> Iterator[tuple[Var, Origins]]:
        """What is put into a list is in all that name it."""
        for other in self.same_list(var):
            yield other, origins

    def same_list(self, var: Var) -> set[Var]:
        """The locals that may name the list that one of them names."""
        found = {var}
        while True:
            more = set(found)
            for stmt in statements(self.function.body):
                if isinstance(stmt, Assign) and isinstance(stmt.var.type, List):
                    named = {e.var for e in expressions(stmt.value) if isinstance(e, Local)}
                    named = {v for v in named if isinstance(v.type, List)} | {stmt.var}
                    if named & more:
                        more |= named
            if more == found:
                return found
            found = more

    def origins(self, expr: Expr, in_loop: bool = False) -> Origins:
        """What the bytes of an expression are a view of; nothing if they last."""
        match expr:
            case BufBytes() | PartBytes():
                return frozenset({Origin(expr.span)})
            case StateField(obj=obj) if isinstance(expr.type, List) and isinstance(obj.type, Ctx):
                return NONE  # its items have memory of the request
            case StateField(obj=obj) if isinstance(obj.type, Ctx) and holds_bytes(expr.type):
                return frozenset({Origin(expr.span, expr.name)})
            case Local(var=var):
                return self.locals.get(var, NONE)
            case Op(row=row, args=args) if row.form is Form.VIEW:
                return self.origins(args[0], in_loop)
            case Unwrap(value=value) | Wrap(value=value) | Walrus(value=value):
                return self.origins(value, in_loop)
            case Item(obj=obj) if holds_bytes(expr.type):
                return self.origins(obj, in_loop)
            case ItemAt(value=value) | ListPop(value=value) if holds_bytes(expr.type):
                return self.origins(value, in_loop)
            case ListMake(items=items):
                return self._made(expr, items, in_loop)
            case Op(args=args) if isinstance(expr.type, List):
                lists = tuple(arg for arg in args if isinstance(arg.type, List))
                return self._made(expr, lists, in_loop)
            case TupleOf(items=items):
                return NONE.union(*(self.origins(item, in_loop) for item in items))
            case Logic(values=values):
                return NONE.union(*(self.origins(v, in_loop) for v in values))
            case Conditional(then=then, orelse=orelse):
                return self.origins(then, in_loop) | self.origins(orelse, in_loop)
            case CallHelper():
                return self._of_call(expr, in_loop)
            case _ if self.scratch and in_loop and _in_scratch(expr):
                return frozenset({Origin(expr.span, scratch=True)})
            case _:
                return NONE

    def _made(self, expr: Expr, items: tuple[Expr, ...], in_loop: bool) -> Origins:
        """A new list: its own memory, and that of its items."""
        found = NONE.union(*(self.origins(item, in_loop) for item in items))
        if self.scratch and in_loop and _in_scratch(expr):
            found |= {Origin(expr.span, scratch=True)}
        return found

    def _of_call(self, call: CallHelper, in_loop: bool) -> Origins:
        found = NONE
        if self.scratch and in_loop and self.summaries[call.helper].allocates is not None:
            found |= {Origin(call.span, scratch=True)}
        for origin in self.summaries[call.helper].origins:
            if origin.param is None:
                found |= {Origin(call.span, origin.state)}
            else:
                found |= self.origins(call.args[origin.param], in_loop)
        return found

    def takes(self, node: Expr | Stmt) -> Iterator[tuple[Expr, Span | None]]:
        """The outermost expressions that take memory from the pool; with the place in a helper
        where that is so."""
        match node:
            case Format() | ListMake() | Caught():
                yield node, None
            case PushItem(value=value):
                yield value, None
            case AssignField(target=StateField(), value=value) if shuffles(value):
                yield value, None
            case Op(row=row) if row.allocates:
                yield node, None
            case CallHelper(helper=helper) if self.summaries[helper].allocates is not None:
                yield node, self.summaries[helper].allocates
            case _:
                for child in children(node):
                    yield from self.takes(child)

    def takes_of_request(self, stmt: Stmt) -> Iterator[tuple[Expr, Span | None]]:
        """The expressions that take memory of the request, which scratch memory cannot replace."""
        for child in children(stmt):
            for expr in expressions(child):
                match expr:
                    case Op(row=row) if row.allocates and row.passes is Passes.REQUEST:
                        yield expr, None
                    case CallHelper(helper=helper):
                        place = self.summaries[helper].of_request
                        if place is not None:
                            yield expr, place
                    case _:
                        continue

    def assigned_state(self, stmt: Stmt) -> frozenset[str]:
        """The ``bytes`` and ``str`` fields of the context that a statement overwrites."""
        found: frozenset[str] = frozenset()
        if isinstance(stmt, AssignField) and isinstance(stmt.target, StateField):
            if isinstance(stmt.target.obj.type, Ctx) and text_leaves(stmt.target.type):
                found |= {stmt.target.name}
        return found.union(*map(self.assigned_by, expressions(stmt)))

    def assigned_by(self, expr: Expr) -> frozenset[str]:
        """Those that a call overwrites."""
        return self.summaries[expr.helper].assigns if isinstance(expr, CallHelper) else frozenset()

    def writes_buffer(self, stmt: Stmt) -> bool:
        """Whether a statement itself, or a helper that it calls, writes to a buffer in place."""
        called = (e.helper for e in expressions(stmt) if isinstance(e, CallHelper))
        written = isinstance(stmt, SetByte | SetBytes)
        return written or any(self.summaries[helper].writes for helper in called)

    def summary(self, watched: bool) -> Summary:
        """What a call of this function means; ``watched``: a caller may ask for the message of
        what it raises."""
        origins = NONE
        allocates: Span | None = None
        of_request: Span | None = None
        assigns: frozenset[str] = frozenset()
        for stmt in statements(self.function.body):
            if isinstance(stmt, Return) and stmt.value is not None:
                origins |= self.origins(stmt.value)
            assigns |= self.assigned_state(stmt)
            for expr, _ in self.takes(stmt):
                allocates = allocates or expr.span
            if watched and isinstance(stmt, Raise) and any(piece.value for piece in stmt.pieces):
                allocates = allocates or stmt.span
            for expr, _ in self.takes_of_request(stmt):
                of_request = of_request or expr.span
        writes = any(self.writes_buffer(stmt) for stmt in statements(self.function.body))
        return Summary(origins, allocates, of_request, assigns, writes)


def shuffles(value: Expr) -> bool:
    """Whether a compound value may have bytes of the place that it is stored in, where storing one
    of them could overwrite another: they are copied first."""
    value = new_item(value)
    if len(text_leaves(value.type)) < 2:
        return False
    kept = Local | StateField | CallHelper
    return any(isinstance(e, kept) and holds_bytes(e.type) for e in expressions(value))


def _in_scratch(expr: Expr) -> bool:
    """Whether a loop computes the expression in scratch memory."""
    match expr:
        case Format() | ListMake() | Caught():
            return True
        case Op(row=row):
            return row.allocates and row.passes is Passes.POOL
        case _:
            return False
