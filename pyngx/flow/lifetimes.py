"""How long bytes live, and what takes memory for each buffer: refused where it cannot be right.

A body filter is called as often as nginx has something for it, while a request's pool is freed
once, at the end. From this follow four rules, checked on the typed tree:

* what is yielded or appended must outlive the response, for it is sent later: constants, the
  configuration, values of headers, arguments, cookies and variables, and what is computed in the
  pool. Bytes of a buffer and of the request context do not: their memory is used again;
* nothing may take memory from the pool in a loop of a generator, or anywhere in a chain form's
  function: that would be memory for each buffer of a body of any length;
* a view of a buffer is gone when the next buffer is read;
* a view of a context's field is gone when something is assigned to the field. Only what runs for
  each buffer has views: any other function takes a copy, which the pool can hold once.

Where bytes come from is a set of *origins*. Of a local it is the union over its assignments, in
any order: simple, and wrong only towards refusing. A helper is summarized once: which origins its
result has of its own, which parameters it may be a view of, and where it takes memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pyngx.diagnostics import Diagnostics, Label
from pyngx.flow.liveness import Liveness, liveness
from pyngx.flow.suspension import reads
from pyngx.flow.walk import all_expressions, blocks, children, expressions, statements
from pyngx.ops.registry import Form
from pyngx.source import Span
from pyngx.tree import (
    Append,
    Assign,
    AssignField,
    Block,
    BodyFilter,
    BodyForm,
    BufBytes,
    CallHelper,
    Conditional,
    Expr,
    ForBody,
    ForBytes,
    ForChain,
    ForList,
    Format,
    ForRange,
    Function,
    Local,
    Logic,
    Op,
    Program,
    Return,
    StateField,
    Stmt,
    Unwrap,
    Var,
    Walrus,
    While,
    Wrap,
    Yield,
)
from pyngx.types import Bytes, Ctx, Optional, Str, Struct, Type


@dataclass(frozen=True, slots=True)
class Origin:
    """Memory that bytes are a view of: a buffer (neither ``state`` nor ``param``), the field
    ``state`` of the context, or the parameter number ``param`` of a helper. ``span`` is where the
    view is taken."""

    span: Span = field(compare=False)
    state: str = ""
    param: int | None = None

    @property
    def of_buffer(self) -> bool:
        """Whether it is a buffer that is viewed."""
        return not self.state and self.param is None


Origins = frozenset[Origin]
NONE: Origins = frozenset()


@dataclass(frozen=True, slots=True)
class _Summary:
    """What a call of a helper means: the origins of its result, the first place where it takes
    memory (None: nowhere), and the fields of the context that it assigns."""

    origins: Origins = NONE
    allocates: Span | None = None
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


def _check(
    function: Function,
    body: BodyFilter | None,
    each_buffer: bool,
    summaries: dict[str, _Summary],
    diags: Diagnostics,
) -> None:
    known = _Function(function, summaries)
    live = liveness(function.body)
    if each_buffer:
        _overwritten(known, live, diags)
    if body is None:
        return
    _sent(known, diags)
    _taken(known, body.form, diags)
    if body.form is BodyForm.STREAM:
        _kept(known, live, diags)
        _replaced(known, live, diags)


def _holds_bytes(type_: Type) -> bool:
    inner = type_.inner if isinstance(type_, Optional) else type_
    return isinstance(inner, Bytes | Str)


class _Function:
    """One function with the origins of its locals."""

    def __init__(self, function: Function, summaries: dict[str, _Summary]) -> None:
        self.function = function
        self.summaries = summaries
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
            for var, value in self._assignments():
                before = self.locals.get(var, NONE)
                after = before | self.origins(value)
                if after != before:
                    self.locals[var] = after
                    changed = True

    def _assignments(self) -> Iterator[tuple[Var, Expr]]:
        for stmt in statements(self.function.body):
            if isinstance(stmt, Assign) and _holds_bytes(stmt.var.type):
                yield stmt.var, stmt.value
            for expr in expressions(stmt):
                if isinstance(expr, Walrus) and _holds_bytes(expr.var.type):
                    yield expr.var, expr.value

    def origins(self, expr: Expr) -> Origins:
        """What the bytes of an expression are a view of; nothing if they last."""
        match expr:
            case BufBytes():
                return frozenset({Origin(expr.span)})
            case StateField(obj=obj) if isinstance(obj.type, Ctx) and _holds_bytes(expr.type):
                return frozenset({Origin(expr.span, expr.name)})
            case Local(var=var):
                return self.locals.get(var, NONE)
            case Op(row=row, args=args) if row.form is Form.VIEW:
                return self.origins(args[0])
            case Unwrap(value=value) | Wrap(value=value) | Walrus(value=value):
                return self.origins(value)
            case Logic(values=values):
                return NONE.union(*(self.origins(v) for v in values))
            case Conditional(then=then, orelse=orelse):
                return self.origins(then) | self.origins(orelse)
            case CallHelper():
                return self._of_call(expr)
            case _:
                return NONE

    def _of_call(self, call: CallHelper) -> Origins:
        found = NONE
        for origin in self.summaries[call.helper].origins:
            if origin.param is None:
                found |= {Origin(call.span, origin.state)}
            else:
                found |= self.origins(call.args[origin.param])
        return found

    def takes(self, node: Expr | Stmt) -> Iterator[tuple[Expr, Span | None]]:
        """The outermost expressions that take memory from the pool; with the place in a helper
        where that is so."""
        match node:
            case Format():
                yield node, None
            case Op(row=row) if row.allocates:
                yield node, None
            case CallHelper(helper=helper) if self.summaries[helper].allocates is not None:
                yield node, self.summaries[helper].allocates
            case _:
                for child in children(node):
                    yield from self.takes(child)

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
        assigns: frozenset[str] = frozenset()
        for stmt in statements(self.function.body):
            if isinstance(stmt, Return) and stmt.value is not None:
                origins |= self.origins(stmt.value)
            assigns |= self.assigned_state(stmt)
            for expr, _ in self.takes(stmt):
                allocates = allocates or expr.span
        return _Summary(origins, allocates, assigns)


def _sent(known: _Function, diags: Diagnostics) -> None:
    """What is yielded or appended lasts until it is sent."""
    for stmt in statements(known.function.body):
        if not isinstance(stmt, Yield | Append) or not _holds_bytes(stmt.value.type):
            continue
        origins = known.origins(stmt.value)
        word = "yielded" if isinstance(stmt, Yield) else "appended"
        if any(o.of_buffer for o in origins):
            diags.error(
                "PNX210",
                stmt.value.span,
                f"bytes of a buffer cannot be {word} by this version",
                label="the buffer may be used again before these bytes are sent",
                help=(
                    "send the whole buffer: 'yield buf'"
                    if isinstance(stmt, Yield)
                    else "send the whole buffer: 'out.append(buf)'"
                ),
            )
        elif origins:
            name = sorted(o.state for o in origins)[-1]
            diags.error(
                "PNX210",
                stmt.value.span,
                f"the context's '{name}' cannot be {word} by this version",
                label="it may be assigned to before these bytes are sent",
                help=(
                    f'outside of loops, send a copy: yield b"%s" % ctx.{name}'
                    if isinstance(stmt, Yield)
                    else "append constants and configuration values"
                ),
            )


_PER_BUFFER = "memory of a request is freed at its end, and a body has any number of buffers"


def _taken(known: _Function, form: BodyForm, diags: Diagnostics) -> None:
    """No memory is taken for each buffer."""
    everywhere = form is BodyForm.CHAIN
    for stmt, in_loop in _with_loops(known.function.body, everywhere):
        if not in_loop:
            continue
        for expr, inside in known.takes(stmt):
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
                if isinstance(stmt, Yield):
                    message = "bytes computed in a loop cannot be yielded by this version"
                    help_ = (
                        "yield buffers, constants and configuration values; "
                        "compute before the loop, or after it"
                    )
            diags.error(
                "PNX211",
                expr.span,
                message,
                label="makes new bytes",
                secondary=place,
                notes=(_PER_BUFFER,),
                help=help_,
            )


_LOOPS = (While, ForRange, ForBytes, ForList, ForChain, ForBody)


def _with_loops(block: Block, in_loop: bool) -> Iterator[tuple[Stmt, bool]]:
    """All statements, each with whether its own expressions are evaluated in a loop."""
    for stmt in block:
        yield stmt, in_loop or isinstance(stmt, While)
        for inner in blocks(stmt):
            yield from _with_loops(inner, in_loop or isinstance(stmt, _LOOPS))


def _kept(known: _Function, live: Liveness, diags: Diagnostics) -> None:
    """No view of a buffer is needed after the next read."""
    read = next((s for s in statements(known.function.body) if reads(s)), None)
    for stmt in statements(known.function.body):
        if not isinstance(stmt, Assign) or stmt.var not in live.kept:
            continue
        if read is not None and any(o.of_buffer for o in known.origins(stmt.value)):
            diags.error(
                "PNX212",
                stmt.span,
                f"'{stmt.var.name}' is needed after the next buffer is read, which takes it away",
                label="this is a part of the buffer's memory",
                secondary=[Label(read.span, "the next buffer is read here")],
                help="keep a copy in a field of a RequestCtx: ctx.last = …",
            )


def _replaced(known: _Function, live: Liveness, diags: Diagnostics) -> None:
    """No buffer is used after the next one is read: there is one at a time."""
    for read in statements(known.function.body):
        if not reads(read):
            continue
        inner = [s for block in blocks(read) for s in statements(block)]
        own = {s.var for s in (read, *inner) if isinstance(s, ForBody)}
        used = {e.var for s in inner for e in expressions(s) if isinstance(e, Local)} - own
        for var in sorted(used | live.live_after(read), key=lambda v: v.name):
            if var.type == Struct("ngx_buf_t"):
                diags.error(
                    "PNX212",
                    read.span,
                    f"this reads the next buffer, and '{var.name}' is used after it",
                    label="a buffer is valid until the next one is read",
                    help=f"yield '{var.name}' before this loop, or read in one loop only",
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
