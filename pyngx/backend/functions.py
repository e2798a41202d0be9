"""The author's functions as C functions: parameters, locals, result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

from pyngx.backend import cnodes as c
from pyngx.backend.chainform import ChainLowering
from pyngx.backend.emitter import ERROR_TYPE, Emitter, Failing, Ref, Variables
from pyngx.backend.generator import GeneratorLowering
from pyngx.backend.lowering import is_string
from pyngx.backend.names import Names, identifier
from pyngx.backend.results import HeaderLowering
from pyngx.backend.states import Kept, Suspensions
from pyngx.backend.stmts import StmtLowering
from pyngx.backend.unit import Signature, Unit, c_type
from pyngx.backend.unused import declared
from pyngx.flow.byteloops import byte_locals
from pyngx.flow.lifetimes import memory, run_in_body
from pyngx.flow.liveness import defines, liveness
from pyngx.flow.sharing import items_only
from pyngx.flow.walk import assigned_variables, read_variables, statements, values_asked_for
from pyngx.program import BodyFilter, ConfClass
from pyngx.tree import (
    Break,
    Const,
    Expr,
    Function,
    If,
    Inline,
    Raise,
    RaiseAgain,
    Return,
    Stmt,
    Var,
    While,
)
from pyngx.types import (
    Body,
    Conf,
    Ctx,
    NoneType,
    Optional,
    OutChain,
    Part,
    Place,
    Struct,
    is_compound,
    text_leaves,
)

REQUEST = Struct("ngx_http_request_t")
CHAIN = Struct("ngx_chain_t")
SERVER_ERROR = c.Name("NGX_HTTP_INTERNAL_SERVER_ERROR")
ERROR = c.Name("NGX_ERROR")


@dataclass(frozen=True)
class Lowered:
    """A C function, and what the module has to provide for it."""

    function: c.Function
    states: tuple[str, ...] = ()
    kept: tuple[c.Decl, ...] = ()
    suspensions: Suspensions | None = None


def _comment(function: Function) -> c.Comment:
    """What stands above the function: the author's comments, its place, its docstring."""
    parts = ["\n".join(line.strip() for line in function.comments).strip()]
    parts.append(function.header)
    parts.append((function.docstring or "").strip())
    return c.Comment("\n\n".join(p for p in parts if p))


def _request_log(request: str) -> c.Expr:
    return c.Arrow(c.Arrow(c.Name(request), "connection"), "log")


def _request_name(function: Function, names: Names) -> str:
    """The C name of the request: the author's, or ``r``."""
    for var in function.params:
        if var.type == REQUEST:
            return names.claim(var.name)
    return names.claim("r")


def _emitter(unit: Unit, function: Function, result: c.Expr, reserved: frozenset[str]) -> Emitter:
    names = Names(unit.model, reserved)
    request = _request_name(function, names)
    return Emitter(unit, names, Failing(_request_log(request), result), request)


def _declare_locals(out: Emitter, variables: Variables, function: Function) -> None:
    read = read_variables(function.body)
    small = byte_locals(function.body)
    items = items_only(function.body, out.unit.changes)
    for var in function.locals:
        if var in variables.places or isinstance(var.type, NoneType) or var not in read - items:
            continue
        if c_type_exists(var):
            ctype, stars = c_type(out.unit, var.type)
            if var in small:
                ctype = "u_char"
                variables.bytes.add(var)
            variables.places[var] = c.Name(out.local(ctype, stars, var.name))


def c_type_exists(var: Var) -> bool:
    """Whether a local is a C variable; the out chain is the engine's."""
    return not isinstance(var.type, OutChain | Body | Part)


def _place_params(
    unit: Unit, out: Emitter, variables: Variables, function: Function
) -> tuple[c.Param, ...]:
    """Parameters that the C function gets from its caller, the request first."""
    params = [c.Param("ngx_http_request_t", 1, out.request)]
    for var in function.params:
        if var.type == REQUEST:
            variables.places[var] = c.Name(out.request)
        elif isinstance(var.type, Conf | Ctx | Optional):
            ctype, stars = c_type(unit, var.type)
            name = out.names.claim(var.name)
            variables.places[var] = c.Name(name)
            params.append(c.Param(ctype, stars, name))
    return tuple(params)


def passed(function: Function) -> tuple[Var, ...]:
    """The parameters, besides the request, that the module's code passes to a filter or variable,
    in the order of the C function's parameters."""
    return tuple(v for v in function.params if isinstance(v.type, Conf | Ctx | Optional))


def header_function(unit: Unit, function: Function) -> Lowered:
    """The header filter as a function of the request and what it asked for."""
    out = _emitter(unit, function, SERVER_ERROR, frozenset())
    variables = Variables()
    params = _place_params(unit, out, variables, function)
    _declare_locals(out, variables, function)
    lowering = HeaderLowering(out, variables, function, None)
    body = _with_end(lowering, function, c.Return(c.Name("NGX_OK")))
    unit.header_results = frozenset(_results(body))
    return Lowered(_finish(unit, out, function, "ngx_int_t", params, body))


def _results(part: object) -> Iterator[str]:
    """The names of the constants that statements return, ``""`` for what is none."""
    match part:
        case c.Return(expr=c.Name(name)):
            yield name if name.isupper() else ""
        case c.Return(expr=c.Ternary(_, c.Name(yes), c.Name(no))):
            yield from (name if name.isupper() else "" for name in (yes, no))
        case c.Return():
            yield ""
        case tuple():
            for item in part:
                yield from _results(item)
        case c.If() | c.While() | c.DoWhile() | c.For() | c.Switch() | c.Case():
            for member in fields(part):
                yield from _results(getattr(part, member.name))
        case _:
            return


def _with_end(lowering: StmtLowering, function: Function, end: c.Stmt) -> tuple[c.Stmt, ...]:
    body = lowering.block(function.body)
    if _falls_off(function):
        body = (*body, c.Blank(), end)
    return body


def _falls_off(function: Function) -> bool:
    """Whether control can reach the end of the function."""
    return not _always_leaves(function.body)


def _always_leaves(block: tuple[Stmt, ...]) -> bool:
    for stmt in block:
        match stmt:
            case Return() | Raise() | RaiseAgain():
                return True
            case If(then=then, orelse=orelse) if orelse:
                if _always_leaves(then) and _always_leaves(orelse):
                    return True
            case While(cond=Const(value=True), body=body):
                if not any(isinstance(s, Break) for s in statements(body)):
                    return True
            case _:
                continue
    return False


def _finish(
    unit: Unit,
    out: Emitter,
    function: Function,
    result: str,
    params: tuple[c.Param, ...],
    body: tuple[c.Stmt, ...],
) -> c.Function:
    decls, marks = declared(tuple(out.decls), body)
    return c.Function(
        f"static {result}",
        f"{unit.prefix}_{function_name(function)}",
        params,
        decls,
        (*marks, *body),
        _comment(function),
        line=function.span.line,
    )


_TAKEN = frozenset(
    {
        "header_filter",
        "body_filter",
        "filter_init",
        "filter_module",
        "add_variables",
        "commands",
        "create_loc_conf",
        "merge_loc_conf",
        "create_srv_conf",
        "merge_srv_conf",
        "create_main_conf",
        "init_main_conf",
        "filter_module_ctx",
        "next_header_filter",
        "next_body_filter",
    }
)


def function_name(function: Function) -> str:
    """The author's name of a function, unless the module's own code has it."""
    found = identifier(function.name)
    return found + "_" if found in _TAKEN else found


def stream_function(unit: Unit, body: BodyFilter) -> Lowered:
    """A body filter of the stream form, resumable."""
    function = body.function
    out = _emitter(unit, function, ERROR, frozenset({"s", "ctx"}))
    live = liveness(function.body)
    variables = Variables()
    memory_ = memory(unit.program, function)
    out.scratch = True
    lasting = frozenset(live.kept) | memory_.owned
    kept = _kept_variables(unit, function, variables, lasting, memory_.owned)
    confs: list[c.Stmt] = []
    _state_locals(unit, out, variables, function, confs)
    looked_at = values_asked_for(function.body)
    for var in function.locals:
        if var.type == Struct("ngx_buf_t") and (var in live.kept or var not in looked_at):
            variables.places[var] = c.Arrow(c.Name("s"), "buf")
    for stmt in statements(function.body):
        if isinstance(stmt, Inline):
            for param, var in stmt.aliases:
                if var in variables.places:
                    variables.places[param] = variables.places[var]
    _declare_locals(out, variables, function)
    fields = _ctx_fields(unit) | {d.name for d in kept}
    lowering = GeneratorLowering(out, variables, function, live, memory_, fields)
    lowered = lowering.lower()
    confs += _unset(unit, variables, lowering, function)
    kept = (*kept, *lowering.hidden)
    if kept and not any(d.name == "ctx" for d in out.decls):
        out.decls.append(c.Decl(unit.ctx_type, 1, "ctx"))
        get = c.Call("ngx_http_get_module_ctx", (out.r, c.Name(unit.module)))
        confs.append(c.ExprStmt(c.Assign(c.Name("ctx"), get)))
    params = (
        c.Param("ngx_http_request_t", 1, out.request),
        c.Param("ngx_http_pyngx_stream_t", 1, "s"),
    )
    whole = (*confs, c.Blank(), *lowered)
    return Lowered(
        _finish(unit, out, function, "ngx_int_t", params, whole),
        lowering.state_names(),
        kept,
        Suspensions(tuple(lowering.resumes), _kept_names(function, lasting, memory_.owned)),
    )


def _kept_variables(
    unit: Unit,
    function: Function,
    variables: Variables,
    live: frozenset[Var],
    owned: frozenset[Var],
) -> tuple[c.Decl, ...]:
    """Variables that outlive a suspension, as fields of the context."""
    names = Names(unit.model, _ctx_fields(unit))
    fields = []
    for var in function.locals:
        if var not in live or var.type in (Struct("ngx_buf_t"), Part()):
            continue
        ctype, stars = c_type(unit, var.type)
        name = names.claim(var.name)
        fields.append(c.Decl(ctype, stars, name))
        if var in owned:
            for leaf in text_leaves(var.type):
                storage = "_".join((name, *leaf, "storage"))
                fields.append(c.Decl("ngx_str_t", 0, names.claim(storage)))
        variables.places[var] = c.Arrow(c.Name("ctx"), name)
    return tuple(fields)


def _unset(
    unit: Unit, variables: Variables, lowering: GeneratorLowering, function: Function
) -> list[c.Stmt]:
    """Locals that several states use get a value where the function is entered."""
    found: list[c.Stmt] = []
    for var in function.locals:
        place = variables.places.get(var)
        if not isinstance(place, c.Name) or not lowering.shared(place.id):
            continue
        ctype, stars = c_type(unit, var.type)
        if ctype == "ngx_str_t" and not stars:
            found.append(c.ExprStmt(c.Call("ngx_str_null", (c.Unary("&", place),))))
        elif is_compound(var.type):
            address = c.Unary("&", place)
            found.append(c.ExprStmt(c.Call("ngx_memzero", (address, c.SizeOf(ctype)))))
        else:
            found.append(c.ExprStmt(c.Assign(place, c.Name("NULL") if stars else c.Int("0"))))
    return found


def _kept_names(
    function: Function, lasting: frozenset[Var], owned: frozenset[Var]
) -> tuple[Kept, ...]:
    """The variables that outlive a suspension, as the author knows them."""
    lines: dict[Var, int] = {}
    for stmt in statements(function.body):
        for var in defines(stmt):
            lines.setdefault(var, stmt.span.line)
    return tuple(
        Kept(var.name, lines.get(var, function.span.line), var in owned)
        for var in function.locals
        if var in lasting and var.type not in (Struct("ngx_buf_t"), Part())
    )


def _ctx_fields(unit: Unit) -> frozenset[str]:
    found = {"stream", "replaced"}
    if unit.program.ctx is not None:
        for field in unit.program.ctx.fields:
            storages = (
                "_".join((field.name, *leaf, "storage")) for leaf in text_leaves(field.type)
            )
            found |= {field.name, *storages}
    return frozenset(found)


def _state_locals(
    unit: Unit,
    out: Emitter,
    variables: Variables,
    function: Function,
    before: list[c.Stmt],
) -> None:
    """Configuration and context, fetched at the start if they are asked for."""
    read = read_variables(function.body)
    for var in function.params:
        match var.type:
            case Struct("ngx_http_request_t"):
                variables.places[var] = c.Name(out.request)
            case Conf(place) if var in read:
                name = out.local(unit.conf_type(place), 1, var.name)
                variables.places[var] = c.Name(name)
                before.append(c.ExprStmt(c.Assign(c.Name(name), get_conf(unit, place, out.r))))
            case Ctx() if var in read:
                out.decls.append(c.Decl(unit.ctx_type, 1, "ctx"))
                variables.places[var] = c.Name("ctx")
                get = c.Call("ngx_http_get_module_ctx", (out.r, c.Name(unit.module)))
                before.append(c.ExprStmt(c.Assign(c.Name("ctx"), get)))
            case _:
                continue


def get_conf(unit: Unit, place: Place, request: c.Expr) -> c.Expr:
    """The call that gives a level's configuration."""
    macro = f"ngx_http_get_module_{unit.conf_name(place)}"
    return c.Call(macro, (request, c.Name(unit.module)))


def chain_function(unit: Unit, body: BodyFilter) -> Lowered:
    """A body filter of the chain form."""
    function = body.function
    out = _emitter(unit, function, ERROR, frozenset({"s"}))
    variables = Variables()
    before: list[c.Stmt] = []
    chain = "in"
    for var in function.params:
        if var.type == CHAIN:
            chain = var.name
    chain = out.names.claim(chain)
    for var in function.params:
        if var.type == CHAIN:
            variables.places[var] = c.Name(chain)
    _state_locals(unit, out, variables, function, before)
    _declare_locals(out, variables, function)
    lowering = ChainLowering(out, variables, function, memory(unit.program, function), chain)
    lowered = lowering.block(function.body)
    params = (
        c.Param("ngx_http_request_t", 1, out.request),
        c.Param("ngx_chain_t", 1, chain),
        c.Param("ngx_http_pyngx_stream_t", 1, "s"),
    )
    whole = (*before, c.Blank(), *lowered)
    return Lowered(_finish(unit, out, function, "ngx_int_t", params, whole))


class _VariableLowering(StmtLowering):
    """A variable: its value goes into ``value``."""

    target = Ref(c.Name("value"), pointer=True)

    def result(self, value: Expr) -> None:
        """The value, or None."""
        self.string_into(self.target, value)
        self.out.blank()
        self.out.emit(c.Return(c.Name("NGX_OK"), line=self.out.line))


def variable_function(unit: Unit, function: Function) -> Lowered:
    """The function behind a variable; its value is stored through the last argument."""
    out = _emitter(unit, function, ERROR, frozenset({"value"}))
    variables = Variables()
    params = _place_params(unit, out, variables, function)
    _declare_locals(out, variables, function)
    lowering = _VariableLowering(out, variables, function, None)
    body = lowering.block(function.body)
    params = (*params, c.Param("ngx_str_t", 1, "value"))
    return Lowered(_finish(unit, out, function, "ngx_int_t", params, body))


class _ValidateLowering(StmtLowering):
    """``validate``: what it returns says whether nginx may start."""

    def leave_normally(self) -> c.Stmt:
        """The end of ``validate``."""
        return c.Return(c.Name("NGX_CONF_OK"), line=self.out.line)


def validate_function(unit: Unit, conf: ConfClass, function: Function) -> Lowered:
    """``validate`` as a function of the configuration being merged."""
    names = Names(unit.model, frozenset({"cf"}))
    failing = Failing(c.Name("cf"), c.Name("NGX_CONF_ERROR"), conf=True)
    out = Emitter(unit, names, failing)
    variables = Variables()
    name = names.claim("conf" if function.params[0].name == "self" else function.params[0].name)
    variables.places[function.params[0]] = c.Name(name)
    _declare_locals(out, variables, function)
    lowering = _ValidateLowering(out, variables, function, None)
    body = _with_end(lowering, function, c.Return(c.Name("NGX_CONF_OK")))
    params = (
        c.Param("ngx_conf_t", 1, "cf"),
        c.Param(unit.conf_type(conf.place), 1, name),
    )
    named = replace(function, name=f"{unit.validated(conf.place)}validate")
    return Lowered(_finish(unit, out, named, "char *", params, body))


class _HelperLowering(StmtLowering):
    """A helper: its result is the C function's, or goes through the last argument."""

    through_pointer = False
    fails = False

    def result(self, value: Expr) -> None:
        """Return the value in the helper's way."""
        if not self.through_pointer:
            self.out.emit(c.Return(self.value(value), line=self.out.line))
            return
        if is_compound(value.type):
            self.compound_into(c.Unary("*", c.Name("result")), value)
        elif is_string(value.type):
            self.string_into(Ref(c.Name("result"), pointer=True), value)
        else:
            self.out.assign(c.Unary("*", c.Name("result")), self.value(value))
        self.out.emit(self.leave_normally())

    def leave_normally(self) -> c.Stmt:
        """The end of the helper."""
        return c.Return(c.Name("NGX_OK") if self.fails else None, line=self.out.line)


def helper_function(unit: Unit, function: Function) -> Lowered:
    """A helper; its signature is recorded in the unit for its callers."""
    wants_request = any(v.type == REQUEST for v in function.params)
    shared = run_in_body(unit.program, function)
    error = function.name in unit.watched
    wanted = Signature("", function, wants_request, False, shared, error)
    lowered, out = _lower_helper(unit, wanted)
    found = Signature(
        "",
        function,
        wants_request or out.used_request or out.used_failing,
        out.used_failing,
        out.used_pool,
        error and bool(out.escaping),
        out.escaping,
    )
    if found != wanted:
        lowered, _ = _lower_helper(unit, found)
    if function.span.path != unit.program.source.path:
        # lines are those of the filter file: a function of another one is seen as C
        return replace(lowered, function=c.without_lines(lowered.function))
    return lowered


def _lower_helper(unit: Unit, wanted: Signature) -> tuple[Lowered, Emitter]:
    """A helper's C for a signature, under which it may turn out to need another one."""
    function, fails = wanted.function, wanted.fails
    out = _emitter(unit, function, ERROR, frozenset({"result", "pool"}))
    out.pool_passed = wanted.wants_pool
    variables = Variables()
    signature = replace(wanted, c_name=f"{unit.prefix}_{function_name(function)}")
    params = []
    if wanted.wants_request:
        params.append(c.Param("ngx_http_request_t", 1, out.request))
    if wanted.wants_pool:
        params.append(c.Param("ngx_pool_t", 1, "pool"))
    if wanted.wants_error:
        out.error = out.names.claim("error")
        params.append(c.Param(ERROR_TYPE, 1, out.error))
    assigned = assigned_variables(function.body)
    for var in function.params:
        if var.type == REQUEST:
            variables.places[var] = c.Name(out.request)
            continue
        ctype, stars = c_type(unit, var.type)
        compound = is_compound(var.type)
        if (
            is_string(var.type) or compound
        ) and var in assigned:  # the caller's string stays what it is
            c_name = out.names.claim(f"{var.name}_arg")
            variables.places[var] = c.Name(out.local(ctype, stars, var.name))
            out.assign(variables.places[var], c.Unary("*", c.Name(c_name)))
            stars += 1
        else:
            c_name = out.names.claim(var.name)
            variables.places[var] = c.Name(c_name)
            if compound:
                variables.places[var] = c.Unary("*", c.Name(c_name))
                stars += 1
            if is_string(var.type):
                variables.pointers.add(var)
                stars += 1
        params.append(c.Param(ctype, stars, c_name))
    copies = (*out.stmts, c.Blank()) if out.stmts else ()
    _declare_locals(out, variables, function)
    lowering = _HelperLowering(out, variables, function, None)
    lowering.through_pointer = signature.returns_through_pointer
    lowering.fails = fails
    ctype, stars = c_type(unit, function.result)
    if lowering.through_pointer:
        params.append(c.Param(ctype, stars + 1, "result"))
    if fails:
        result = "ngx_int_t"
    elif lowering.through_pointer or isinstance(function.result, NoneType):
        result = "void"
    else:
        result = f"{ctype}{' *' if stars else ''}"
    body = copies + _with_end(lowering, function, lowering.leave_normally())
    if body and not fails and isinstance(body[-1], c.Return) and body[-1].expr is None:
        body = body[:-1]
    if not params:
        params = [c.Param("void", 0, "")]
    unit.helpers[function.name] = signature
    return Lowered(_finish(unit, out, function, result, tuple(params), body)), out
