"""How long bytes live, and what takes memory for each buffer.

A body filter is called as often as nginx has something for it, while a request's pool is freed
once, at the end. From this follow the rules, found on the typed tree:

* bytes *last* if their memory outlives the response: constants, the configuration, values of
  headers, arguments, cookies and variables, and what is computed outside of loops that read or
  yield, in the request's pool. What lasts is sent without a copy;
* bytes of a buffer, of a field of the context, and what a loop computes (in scratch memory that is
  used again after the next read) do not last: they are copied when they are sent, and a local that
  holds such bytes over a suspension owns its storage. A chain form computes everything in scratch
  memory, which is used again when it is called again;
* a view of a context's field is gone when something is assigned to the field, and a view of a
  buffer when the buffer is written to. Only what runs for
  each buffer has views: any other function takes a copy, which the pool can hold once;
* a list that is made in a loop, and what is listed there, is gone at the next read, so neither is
  used after it;
* a helper that a generator calls computes in the pool that it is given, in a loop the scratch
  memory; what only the request's pool can hold is refused there.

Where bytes come from is what `pyngx.flow.origins` finds.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyngx.diagnostics import Diagnostics, Label
from pyngx.flow.exceptions import watched
from pyngx.flow.liveness import Liveness, defines, liveness
from pyngx.flow.meanwhile import Meanwhile, meanwhile, one_after_another
from pyngx.flow.origins import NONE, Known, Summary, holds_bytes, with_loops
from pyngx.flow.suspension import reads
from pyngx.flow.walk import all_expressions, blocks, expressions, statements
from pyngx.ops.registry import Row
from pyngx.program import BodyFilter, BodyForm, Program
from pyngx.tree import (
    Assign,
    AssignField,
    Block,
    BufBytes,
    CallHelper,
    Eval,
    Expr,
    ForBody,
    ForBytes,
    ForList,
    ForScan,
    Function,
    Local,
    Op,
    PushItem,
    SetItem,
    StateField,
    Stmt,
    Var,
    Walrus,
)
from pyngx.types import (
    Bool,
    Bytes,
    Float,
    Int,
    List,
    Part,
    Str,
    Struct,
    Type,
    describe,
    text_leaves,
)


def lifetimes(program: Program, diags: Diagnostics) -> None:
    """Report what lives too short, and what takes memory too often."""
    summaries = _summaries(program)
    others = meanwhile(program)
    for function in program.functions:
        in_body = program.body is not None and function is program.body.function
        each_buffer = any(f is function for f in run_for_each_buffer(program))
        owned = memory(program, function).owned if in_body else frozenset[Var]()
        body = program.body if in_body else None
        known = Known(function, summaries, scratch=False)
        one_after_another(known, others, owned if each_buffer else None, diags)
        if each_buffer:
            _overwritten(known, liveness(function.body), owned, others, diags)
        _check(known, body, each_buffer, owned, diags)


def _summaries(program: Program) -> dict[str, Summary]:
    """What the helpers mean to their callers."""
    found: dict[str, Summary] = {}
    told = watched(program)
    for helper in program.helpers:
        found[helper.name] = Known(helper, found).summary(helper.name in told)
    return found


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


def run_in_body(program: Program, function: Function) -> bool:
    """Whether the body filter calls this helper, itself or through another one."""
    return any(f is function for f in run_for_each_buffer(program))


def _check(
    known: Known,
    body: BodyFilter | None,
    each_buffer: bool,
    owned: frozenset[Var],
    diags: Diagnostics,
) -> None:
    function, summaries = known.function, known.summaries
    if body is not None:
        _written(known, liveness(function.body), owned, diags)
    _kept_lists(function, body, each_buffer, summaries, diags)
    if body is None:
        return
    _taken(known, body.form, diags)
    if body.form is BodyForm.STREAM:
        _replaced(known, liveness(function.body), diags)
        _listed(Known(function, summaries, scratch=True), liveness(function.body), diags)


@dataclass(frozen=True)
class Memory:
    """What a body filter's lowering has to know: the locals that own their storage, and (asked for
    each value that is sent) whether bytes last."""

    owned: frozenset[Var]
    _function: Known

    def lasts(self, expr: Expr, in_loop: bool) -> bool:
        """Whether the memory of the bytes outlives the response."""
        return not self._function.origins(expr, in_loop)


def memory(program: Program, function: Function) -> Memory:
    """Where the bytes of a body filter live."""
    summaries = _summaries(program)
    chain = program.body is not None and program.body.form is BodyForm.CHAIN
    known = Known(function, summaries, scratch=True, everywhere=chain)
    live = liveness(function.body)
    kept = {
        v
        for v in live.kept
        if known.locals.get(v) and v in function.locals and not isinstance(v.type, List)
    }
    return Memory(_owners(known, live, frozenset(kept)), known)


def _owners(known: Known, live: Liveness, kept: frozenset[Var]) -> frozenset[Var]:
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
        if isinstance(stmt, Assign) and holds_bytes(stmt.var.type):
            sources.setdefault(stmt.var, set()).update(_uses_of(stmt.value))
        for expr in expressions(stmt):
            if isinstance(expr, Walrus) and holds_bytes(expr.var.type):
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
        e.var for e in expressions(value) if isinstance(e, Local) and holds_bytes(e.var.type)
    )


_PER_BUFFER = "memory of a request is freed at its end, and a body has any number of buffers"


def _listed(known: Known, live: Liveness, diags: Diagnostics) -> None:
    """No list is used after a read that was made, or has got an item, since the read before."""
    kept = {v for var in live.over_reads for v in known.same_list(var) if isinstance(v.type, List)}
    for stmt, in_loop in with_loops(known.function.body, False):
        match stmt:
            case Assign(var=var, value=value) if var in kept and known.origins(value, in_loop):
                _gone(value, var, diags)
            case PushItem(list=Local(var=var), value=value) | SetItem(
                list=Local(var=var), value=value
            ) if var in kept and known.origins(value, in_loop):
                _not_listed(value, diags)
            case ForList(vars=names, value=value) if known.origins(value, in_loop):
                if any(reads(inner) for inner in statements(stmt.body)):
                    _gone(value, None, diags)
                for var in (v for v in names if v in live.over_reads):
                    _gone(value, var, diags)
            case _:
                continue


def _kept_lists(
    function: Function,
    body: BodyFilter | None,
    each_buffer: bool,
    summaries: dict[str, Summary],
    diags: Diagnostics,
) -> None:
    """What a list of the context gets, other than items one by one, lasts: those are copied."""
    known = Known(function, summaries, scratch=body is not None)
    always = body is not None and body.form is BodyForm.CHAIN
    for stmt, in_loop in with_loops(function.body, always):
        match stmt:
            case AssignField(target=StateField(type=List()), value=value):
                given = value
            case Eval(value=Op(row=Row(name="list.extend"), args=(StateField(), value))):
                given = value
            case _:
                continue
        assigned = isinstance(stmt, AssignField)
        if not assigned and not text_leaves(_item(given)):
            continue
        if (each_buffer and body is None) or known.origins(given, in_loop):
            diags.error(
                "PNX210",
                given.span,
                "the context keeps a list of what is gone at the next read",
                label="its memory is used again",
                help="append the items one by one: their bytes are copied",
            )


def _item(value: Expr) -> Type:
    assert isinstance(value.type, List)
    return value.type.item


def _gone(value: Expr, var: Var | None, diags: Diagnostics) -> None:
    what = "this loop reads on in it" if var is None else f"'{var.name}' is used after it"
    help_ = "keep the bytes that it is made from, and make it again"
    if var is not None and not isinstance(value, Op | CallHelper) and _of_scalars(var.type):
        help_ = (
            f"keep it in the request's context: '{var.name}: {describe(var.type)} = []' in a "
            f"RequestCtx; ctx.{var.name}.append(x) copies x, ctx.{var.name}.clear() empties it"
        )
    diags.error(
        "PNX210",
        value.span,
        f"this is gone at the next read, and {what}",
        label="its memory is used again",
        help=help_,
    )


def _of_scalars(type_: Type) -> bool:
    return isinstance(type_, List) and isinstance(type_.item, Int | Float | Bool | Bytes | Str)


def _not_listed(item: Expr, diags: Diagnostics) -> None:
    diags.error(
        "PNX210",
        item.span,
        "a list that is used after the next read cannot keep these bytes",
        label="their memory is used again",
        help="list constants, configuration, headers, arguments or variables; "
        "a list in the request's context copies its items",
    )


def _taken(known: Known, form: BodyForm, diags: Diagnostics) -> None:
    """No memory is taken for each buffer."""
    everywhere = form is BodyForm.CHAIN
    for stmt, in_loop in with_loops(known.function.body, everywhere):
        if not in_loop:
            continue
        for expr, inside in known.takes_of_request(stmt):
            place = [] if inside is None else [Label(inside, "the helper takes memory here")]
            if everywhere:
                message = "this would take memory each time nginx calls the filter"
                help_ = "write the filter as a generator, and compute the value before its loops"
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


def _replaced(known: Known, live: Liveness, diags: Diagnostics) -> None:
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
                    help=f"yield '{var.name}' before this, or keep a copy: "
                    f"kept = bytes({var.name})",
                )


def _overwritten(
    known: Known, live: Liveness, owned: frozenset[Var], others: Meanwhile, diags: Diagnostics
) -> None:
    """No view of a field of the context is needed after the field is assigned to."""
    for stmt in statements(known.function.body):
        fields = known.assigned_state(stmt)
        if others.evaluates_in(stmt):
            fields |= others.fields
        if not fields:
            continue
        for var in sorted(live.live_within(stmt) - owned, key=lambda v: v.name):
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


def _written(known: Known, live: Liveness, owned: frozenset[Var], diags: Diagnostics) -> None:
    """No view of a buffer is needed after the buffer is written to in place; what is kept over
    reads is a copy."""
    told: set[Var] = set()
    for stmt in statements(known.function.body):
        if isinstance(stmt, ForBytes):
            _written_under(known, stmt, diags)
        if not known.writes_buffer(stmt) or any(True for _ in blocks(stmt)):
            continue
        for var in sorted(live.live_after(stmt) - owned - told, key=lambda v: v.name):
            views = [origin for origin in known.locals.get(var, NONE) if origin.of_buffer]
            for origin in views[:1]:
                told.add(var)
                diags.error(
                    "PNX213",
                    stmt.span,
                    f"'{var.name}' is needed after this, which overwrites its bytes",
                    label="the buffer is written to in place",
                    secondary=[Label(origin.span, f"'{var.name}' is taken from it here")],
                    help=f'take a copy instead: {var.name} = b"%s" % …',
                )


def _written_under(known: Known, loop: ForBytes, diags: Diagnostics) -> None:
    """A loop over a buffer itself sees what is written to it; one over a part of it must not."""
    if isinstance(loop.value, BufBytes) and not loop.copied:
        return
    if any(origin.of_buffer for origin in known.origins(loop.value)):
        for stmt in statements(loop.body):
            if known.writes_buffer(stmt):
                diags.error(
                    "PNX213",
                    stmt.span,
                    "this overwrites the bytes that the loop goes over",
                    label="the buffer is written to in place",
                    secondary=[Label(loop.value.span, "the loop goes over these")],
                    help='go over a copy instead: for … in b"%s" % …',
                )
                return
