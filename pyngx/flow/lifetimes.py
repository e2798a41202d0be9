"""How long bytes live, and what takes memory for each buffer.

A body filter is called as often as nginx has something for it, while a request's pool is freed
once, at the end. From this follow the rules, found on the typed tree:

* bytes *last* if their memory outlives the response: constants, the configuration, values of
  headers, arguments, cookies and variables, and what is computed outside of loops, in the
  request's pool. What lasts is sent without a copy;
* bytes of a buffer, of a field of the context, and what a loop computes (in scratch memory that is
  used again after the next read) do not last: they are copied when they are sent, and a local that
  holds such bytes over a suspension owns its storage. A chain form has neither, so there both are
  refused;
* a view of a context's field is gone when something is assigned to the field. Only what runs for
  each buffer has views: any other function takes a copy, which the pool can hold once;
* a helper that a generator calls computes in the pool that it is given, in a loop the scratch
  memory; what only the request's pool can hold is refused there.

Where bytes come from is a set of *origins*. Of a local it is the union over its assignments, in
any order: simple, and wrong only towards copying or refusing. A helper is summarized once: which
origins its result has of its own, which parameters it may be a view of, and where it takes memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pyngx.diagnostics import Diagnostics, Label
from pyngx.flow.liveness import Liveness, defines, liveness
from pyngx.flow.suspension import reads
from pyngx.flow.walk import all_expressions, blocks, children, expressions, statements
from pyngx.ops.registry import Form, Passes
from pyngx.program import BodyFilter, BodyForm, Program
from pyngx.source import Span
from pyngx.tree import (
    Append,
    Assign,
    AssignField,
    Block,
    BufBytes,
    CallHelper,
    Conditional,
    Expr,
    ForBody,
    ForBytes,
    ForChain,
    ForLines,
    ForList,
    Format,
    ForRange,
    ForScan,
    Function,
    Item,
    ListMake,
    ListOf,
    Local,
    Logic,
    Op,
    PartBytes,
    PushItem,
    ReadInto,
    Return,
    SetItem,
    StateField,
    Stmt,
    TupleOf,
    Unwrap,
    Var,
    Walrus,
    While,
    Wrap,
)
from pyngx.types import Ctx, List, Part, Struct, Type, text_leaves


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
class _Summary:
    """What a call of a helper means: the origins of its result, the first place where it takes
    memory (None: nowhere), the first where only the request's own will do, and the fields of the
    context that it assigns."""

    origins: Origins = NONE
    allocates: Span | None = None
    of_request: Span | None = None
    assigns: frozenset[str] = frozenset()


def lifetimes(program: Program, diags: Diagnostics) -> None:
    """Report what lives too short, and what takes memory too often."""
    summaries: dict[str, _Summary] = {}
    for helper in program.helpers:
        summaries[helper.name] = _Function(helper, summaries).summary()
    for function in program.functions:
        in_body = program.body is not None and function is program.body.function
        each_buffer = any(f is function for f in run_for_each_buffer(program))
        _check(function, program.body if in_body else None, each_buffer, summaries, diags)


def run_for_each_buffer(program: Program) -> tuple[Function, ...]:
    """The body filter, and the helpers that it calls or that these call."""
    if program.body is None:
        return ()
    helpers = {h.name: h for h in program.helpers}
    found = [program.body.function]
    for function in found:
        for expr in all_expressions(function.body):
            if isinstance(expr, CallHelper) and helpers.get(expr.helper) not in (None, *found):
                found.append(helpers[expr.helper])
    return tuple(found)


def run_in_stream(program: Program, function: Function) -> bool:
    """Whether a generator calls this helper, itself or through another one."""
    if program.body is None or program.body.form is BodyForm.CHAIN:
        return False
    return any(f is function for f in run_for_each_buffer(program))


def _check(
    function: Function,
    body: BodyFilter | None,
    each_buffer: bool,
    summaries: dict[str, _Summary],
    diags: Diagnostics,
) -> None:
    known = _Function(function, summaries, scratch=False)
    if each_buffer:
        _overwritten(known, liveness(function.body), diags)
    if body is None:
        return
    if body.form is BodyForm.CHAIN:
        _sent(known, diags)
    else:
        _replaced(known, liveness(function.body), diags)
    _taken(known, body.form, diags)
    _listed(known, diags)


@dataclass(frozen=True)
class Memory:
    """What a generator's lowering has to know: the locals that own their storage, and (asked for
    each value that is sent) whether bytes last."""

    owned: frozenset[Var]
    _function: _Function

    def lasts(self, expr: Expr, in_loop: bool) -> bool:
        """Whether the memory of the bytes outlives the response."""
        return not self._function.origins(expr, in_loop)


def memory(program: Program, function: Function) -> Memory:
    """Where the bytes of a generator live."""
    summaries: dict[str, _Summary] = {}
    for helper in program.helpers:
        summaries[helper.name] = _Function(helper, summaries).summary()
    known = _Function(function, summaries, scratch=True)
    live = liveness(function.body)
    kept = {v for v in live.kept if known.locals.get(v) and v in function.locals}
    return Memory(_owners(known, live, frozenset(kept)), known)


def _owners(known: _Function, live: Liveness, kept: frozenset[Var]) -> frozenset[Var]:
    """The locals that own their storage: those that are kept, and those that would be views of
    another one's storage when that is assigned to and its storage is used again."""
    owned = kept
    while True:
        views = _views(known.function.body, owned)
        found = set(owned)
        for stmt in statements(known.function.body):
            for var in defines(stmt) & owned:
                after = live.live_after(stmt) | _uses_in(stmt)
                found |= {v for v in after - {var} if var in views.get(v, frozenset())}
        if found == owned:
            return owned
        owned = frozenset(found)


def _uses_in(stmt: Stmt) -> frozenset[Var]:
    """The variables that a statement, or one in its blocks, uses."""
    return frozenset(
        e.var for s in statements((stmt,)) for e in expressions(s) if isinstance(e, Local)
    )


def _views(block: Block, owned: frozenset[Var]) -> dict[Var, frozenset[Var]]:
    """For each local of bytes the owning ones that its value may be a view of."""
    sources: dict[Var, set[Var]] = {}
    for stmt in statements(block):
        if isinstance(stmt, Assign) and _holds_bytes(stmt.var.type):
            sources.setdefault(stmt.var, set()).update(_uses_of(stmt.value))
        for expr in expressions(stmt):
            if isinstance(expr, Walrus) and _holds_bytes(expr.var.type):
                sources.setdefault(expr.var, set()).update(_uses_of(expr.value))
    views: dict[Var, frozenset[Var]] = {}
    changed = True
    while changed:
        changed = False
        for var, named in sources.items():
            direct = frozenset(named) & owned
            through = frozenset().union(*(views.get(n, frozenset()) for n in named - owned))
            if views.get(var) != direct | through:
                views[var] = direct | through
                changed = True
    return views


def _uses_of(value: Expr) -> frozenset[Var]:
    return frozenset(
        e.var for e in expressions(value) if isinstance(e, Local) and _holds_bytes(e.var.type)
    )


def _holds_bytes(type_: Type) -> bool:
    return bool(text_leaves(type_))


class _Function:
    """One function with the origins of its locals."""

    def __init__(
        self, function: Function, summaries: dict[str, _Summary], scratch: bool = False
    ) -> None:
        self.function = function
        self.summaries = summaries
        self.scratch = scratch
        self.locals: dict[Var, Origins] = {
            v: frozenset({Origin(function.span, param=i)})
            for i, v in enumerate(function.params)
            if _holds_bytes(v.type)
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
        for stmt, in_loop in _with_loops(self.function.body, False):
            match stmt:
                case Assign(var=var, value=value) if _holds_bytes(var.type):
                    yield var, self.origins(value, in_loop)
                case ReadInto(var=var) | ForLines(var=var):
                    yield var, frozenset({Origin(stmt.span)})
                case _:
                    pass
            for expr in expressions(stmt):
                if isinstance(expr, Walrus) and _holds_bytes(expr.var.type):
                    yield expr.var, self.origins(expr.value, in_loop)

    def origins(self, expr: Expr, in_loop: bool = False) -> Origins:
        """What the bytes of an expression are a view of; nothing if they last."""
        match expr:
            case BufBytes() | PartBytes():
                return frozenset({Origin(expr.span)})
            case StateField(obj=obj) if isinstance(obj.type, Ctx) and _holds_bytes(expr.type):
                return frozenset({Origin(expr.span, expr.name)})
            case Local(var=var):
                return self.locals.get(var, NONE)
            case Op(row=row, args=args) if row.form is Form.VIEW:
                return self.origins(args[0], in_loop)
            case Unwrap(value=value) | Wrap(value=value) | Walrus(value=value):
                return self.origins(value, in_loop)
            case Item(obj=obj) if _holds_bytes(expr.type):
                return self.origins(obj, in_loop)
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
            case Format() | ListOf() | ListMake():
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

    def takes_of_request(
        self, stmt: Stmt, lists: bool = True
    ) -> Iterator[tuple[Expr, Span | None]]:
        """The expressions that take memory of the request, which scratch memory cannot replace:
        with ``lists``, that of a list is such, because a list may be kept over a read."""
        for child in children(stmt):
            for expr in expressions(child):
                match expr:
                    case Op(row=row) if row.allocates and row.passes is Passes.REQUEST:
                        yield expr, None
                    case ListOf() | ListMake() if lists:
                        yield expr, None
                    case CallHelper(helper=helper):
                        summary = self.summaries[helper]
                        place = summary.of_request
                        if lists and isinstance(expr.type, List):
                            place = place or summary.allocates
                        if place is not None:
                            yield expr, place
                    case _:
                        continue

    def assigned_state(self, stmt: Stmt) -> frozenset[str]:
        """The ``bytes`` and ``str`` fields of the context that a statement overwrites."""
        found: frozenset[str] = frozenset()
        if isinstance(stmt, AssignField) and isinstance(stmt.target, StateField):
            if isinstance(stmt.target.obj.type, Ctx) and _holds_bytes(stmt.target.type):
                found |= {stmt.target.name}
        for expr in expressions(stmt):
            if isinstance(expr, CallHelper):
                found |= self.summaries[expr.helper].assigns
        return found

    def summary(self) -> _Summary:
        """What a call of this function means."""
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
            for expr, _ in self.takes_of_request(stmt, lists=False):
                of_request = of_request or expr.span
        return _Summary(origins, allocates, of_request, assigns)


def shuffles(value: Expr) -> bool:
    """Whether a compound value may have bytes of the place that it is stored in, where storing one
    of them could overwrite another: they are copied first."""
    if len(text_leaves(value.type)) < 2:
        return False
    kept = Local | StateField | CallHelper
    return any(isinstance(e, kept) and _holds_bytes(e.type) for e in expressions(value))


def _in_scratch(expr: Expr) -> bool:
    """Whether a loop computes the expression in scratch memory."""
    match expr:
        case Format():
            return True
        case Op(row=row):
            return row.allocates and row.passes is Passes.POOL
        case _:
            return False


def _sent(known: _Function, diags: Diagnostics) -> None:
    """What is yielded or appended lasts until it is sent."""
    for stmt in statements(known.function.body):
        if not isinstance(stmt, Append) or not _holds_bytes(stmt.value.type):
            continue
        origins = known.origins(stmt.value)
        if any(o.of_buffer for o in origins):
            diags.error(
                "PNX210",
                stmt.value.span,
                "bytes of a buffer cannot be appended",
                label="the buffer may be used again before these bytes are sent",
                help="append the whole buffer: 'out.append(buf)', or write a generator",
            )
        elif origins:
            name = sorted(o.state for o in origins)[-1]
            diags.error(
                "PNX210",
                stmt.value.span,
                f"the context's '{name}' cannot be appended",
                label="it may be assigned to before these bytes are sent",
                help="append constants and configuration values, or write a generator",
            )


_PER_BUFFER = "memory of a request is freed at its end, and a body has any number of buffers"


def _listed(known: _Function, diags: Diagnostics) -> None:
    """A list keeps its items: they must last."""
    for stmt, in_loop in _with_loops(known.function.body, False):
        if isinstance(stmt, PushItem | SetItem) and known.origins(stmt.value, in_loop):
            _not_listed(stmt.value, diags)
        for expr in expressions(stmt):
            for item in _items(expr):
                if known.origins(item, in_loop):
                    _not_listed(item, diags)


def _items(expr: Expr) -> tuple[Expr, ...]:
    """The items of a list that an expression makes."""
    match expr:
        case ListOf(item=item):
            return (item,)
        case ListMake(items=items):
            return items
        case _:
            return ()


def _not_listed(item: Expr, diags: Diagnostics) -> None:
    diags.error(
        "PNX210",
        item.span,
        "a list cannot keep these bytes",
        label="their memory is used again",
        help="list constants, configuration, headers, arguments or variables",
    )


def _taken(known: _Function, form: BodyForm, diags: Diagnostics) -> None:
    """No memory is taken for each buffer."""
    everywhere = form is BodyForm.CHAIN
    for stmt, in_loop in _with_loops(known.function.body, everywhere):
        if not in_loop:
            continue
        taking = known.takes(stmt) if everywhere else known.takes_of_request(stmt)
        for expr, inside in taking:
            place = [] if inside is None else [Label(inside, "the helper takes memory here")]
            if everywhere:
                message = "this would take memory each time nginx calls the filter"
                help_ = (
                    "use constants and configuration values, or write the filter as a generator "
                    "and compute the value once, outside of its loops"
                )
            else:
                message = "this would take memory in each round of the loop"
                help_ = "compute it before the loop, or count in the loop and format after it"
            diags.error(
                "PNX211",
                expr.span,
                message,
                label="makes new bytes",
                secondary=place,
                notes=(_PER_BUFFER,),
                help=help_,
            )


_LOOPS = (While, ForRange, ForBytes, ForList, ForChain, ForBody, ForLines, ForScan)


def _with_loops(block: Block, in_loop: bool) -> Iterator[tuple[Stmt, bool]]:
    """All statements, each with whether its own expressions are evaluated in a loop."""
    for stmt in block:
        yield stmt, in_loop or isinstance(stmt, While)
        for inner in blocks(stmt):
            yield from _with_loops(inner, in_loop or isinstance(stmt, _LOOPS))


def _replaced(known: _Function, live: Liveness, diags: Diagnostics) -> None:
    """No buffer, and no part of a scan, is used after the next read: there is one at a time."""
    for read in statements(known.function.body):
        if not reads(read):
            continue
        inner = [s for block in blocks(read) for s in statements(block)]
        own = {s.var for s in (read, *inner) if isinstance(s, ForBody | ForScan)}
        used = {e.var for s in inner for e in expressions(s) if isinstance(e, Local)} - own
        for var in sorted(used | live.live_after(read), key=lambda v: v.name):
            if var.type in (Struct("ngx_buf_t"), Part()) and var not in own:
                what = "part" if var.type == Part() else "buffer"
                diags.error(
                    "PNX212",
                    read.span,
                    f"this reads on in the body, and '{var.name}' is used after it",
                    label=f"a {what} is valid until the next read",
                    help=f"yield '{var.name}' before this, or read in one loop only",
                )


def _overwritten(known: _Function, live: Liveness, diags: Diagnostics) -> None:
    """No view of a field of the context is needed after the field is assigned to."""
    for stmt in statements(known.function.body):
        fields = known.assigned_state(stmt)
        if not fields or any(True for _ in blocks(stmt)):
            continue
        for var in sorted(live.live_after(stmt), key=lambda v: v.name):
            for origin in known.locals.get(var, NONE):
                if origin.state in fields:
                    diags.error(
                        "PNX213",
                        stmt.span,
                        f"'{var.name}' is needed after this, which overwrites its bytes",
                        label=f"the storage of '{origin.state}' is used again",
                        secondary=[Label(origin.span, f"'{var.name}' is taken from it here")],
                        help=f'take a copy instead: {var.name} = b"%s" % …',
                    )
