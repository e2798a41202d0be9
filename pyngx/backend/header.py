"""The header filter's frame: the author's decision, then what the body filter makes necessary.

The order is that of a careful nginx module: a response that is not taken goes on untouched; the
context is set when nothing can fail any more; the length, ranges and the ETag are made to fit what
`pyngx.flow.effect` has found out about the body.
"""

from __future__ import annotations

from pyngx.backend import cnodes as c
from pyngx.backend.emitter import Emitter, Failing, Variables
from pyngx.backend.exprs import ExprLowering
from pyngx.backend.functions import SERVER_ERROR, function_name, get_conf, passed
from pyngx.backend.lowering import data_of
from pyngx.backend.names import Names
from pyngx.backend.short import NGX_ERROR, NGX_OK, R, call, do, is_null, one, path, put, ret, when
from pyngx.backend.unit import Unit
from pyngx.flow.effect import Added, Change, Choice, Effect, Text, sets_length
from pyngx.flow.walk import expressions
from pyngx.tree import Const, Expr, Function, Local, Var
from pyngx.types import Conf, Ctx, Optional, Place

_SHORT = {Place.LOC: "conf", Place.SRV: "scf", Place.MAIN: "mcf"}
_NEXT = ret(call("ngx_http_next_header_filter", R))
_DECLINE = (_NEXT,)


def arguments(unit: Unit, function: Function) -> tuple[list[c.Decl], list[c.Stmt], list[c.Expr]]:
    """What a call of an author's function needs: locals, statements that fetch, arguments. The
    context is fetched by the caller, under the name ``ctx``."""
    locals_: list[c.Decl] = []
    before: list[c.Stmt] = []
    args: list[c.Expr] = []
    for var in passed(function):
        if isinstance(var.type, Conf):
            name = _SHORT[var.type.place]
            locals_.append(c.Decl(unit.conf_type(var.type.place), 1, name))
            before.append(put(name, get_conf(unit, var.type.place, R)))
        else:
            name = "ctx"
            locals_.append(c.Decl(unit.ctx_type, 1, "ctx"))
        args.append(c.Name(name))
    return locals_, before, args


class HeaderFilter:
    """Builds ``ngx_http_…_header_filter``."""

    def __init__(self, unit: Unit, effect: Effect | None) -> None:
        self.unit = unit
        self.effect = effect
        self.locals: dict[str, c.Decl] = {}
        self.body: list[c.Stmt] = []

    def function(self) -> c.Function:
        """The whole function."""
        if self.unit.program.header is not None:
            self._author(self.unit.program.header)
        if self.effect is not None:
            self._take(self.effect)
        self.body += [c.Blank(), _NEXT]
        return c.Function(
            "static ngx_int_t",
            f"{self.unit.prefix}_header_filter",
            (c.Param("ngx_http_request_t", 1, "r"),),
            tuple(self.locals.values()),
            tuple(self.body),
        )

    def _local(self, decl: c.Decl) -> None:
        self.locals[decl.name] = decl

    def _ctx(self) -> None:
        self._local(c.Decl(self.unit.ctx_type, 1, "ctx"))

    # The author's header filter

    def _author(self, header: Function) -> None:
        if self.unit.can_replace:
            self._ctx()
            replaced = c.Binary("&&", c.Name("ctx"), path("ctx->replaced"))
            self.body += [
                put("ctx", call("ngx_http_get_module_ctx", R, c.Name(self.unit.module))),
                c.Blank(),
                when(replaced, c.Comment("the page that came in place of the response"), *_DECLINE),
            ]
        locals_, before, args = arguments(self.unit, header)
        for decl in locals_:
            self._local(decl)
        if any(p.type in (Ctx(), Optional(Ctx())) for p in header.params):
            self._ctx()
            self._make_ctx()
        self.body += [*before, c.Blank()]
        self._decide(call(f"{self.unit.prefix}_{function_name(header)}", R, *args))

    def _decide(self, decision: c.Expr) -> None:
        """Call the author's function, and do what each of its results says."""
        results = self.unit.header_results
        replaces = self.unit.can_replace
        declines = self.effect is not None and ("NGX_DECLINED" in results or replaces)
        fails = "NGX_ERROR" in results or replaces
        if not (declines or fails):
            self.body.append(c.ExprStmt(decision))
            return
        if not replaces and declines != fails:
            wanted = c.Name("NGX_DECLINED") if declines else NGX_ERROR
            leave = _DECLINE if declines else (ret(NGX_ERROR),)
            self.body.append(when(c.Binary("==", decision, wanted), *leave))
            return
        self._local(c.Decl("ngx_int_t", 0, "rc"))
        self.body += [put("rc", decision), c.Blank()]
        if declines:
            self.body.append(when(c.Binary("==", c.Name("rc"), c.Name("NGX_DECLINED")), *_DECLINE))
        self.body.append(when(c.Binary("==", c.Name("rc"), NGX_ERROR), ret(NGX_ERROR)))
        if replaces:
            self._replace()

    def _replace(self) -> None:
        """A status: the page of that status comes in place of the response."""
        status: c.Expr = c.Binary("!=", c.Name("rc"), NGX_OK)
        if self.effect is None:
            fine = c.Binary("!=", c.Name("rc"), c.Name("NGX_DECLINED"))
            status = c.Binary("&&", status, fine)
        get = call(f"{self.unit.prefix}_get_ctx", R)
        self.body += [
            when(
                status,
                put("ctx", get),
                when(is_null(c.Name("ctx")), ret(NGX_ERROR)),
                put("ctx->replaced", one()),
                c.Blank(),
                when(
                    c.Binary("!=", R, c.Arrow(R, "main")),
                    c.Comment("an error would end the main request as well"),
                    c.Blank(),
                    c.ExprStmt(call("ngx_http_clean_header", R)),
                    c.Blank(),
                    ret(c.Name("rc")),
                ),
                ret(
                    call(
                        "ngx_http_filter_finalize_request",
                        R,
                        c.Unary("&", c.Name(self.unit.module)),
                        c.Name("rc"),
                    )
                ),
            ),
        ]

    def _make_ctx(self) -> None:
        self.body += [
            put("ctx", call(f"{self.unit.prefix}_get_ctx", R)),
            when(is_null(c.Name("ctx")), ret(NGX_ERROR)),
        ]

    # What the body filter needs

    def _take(self, effect: Effect) -> None:
        body = self.unit.program.body
        assert body is not None
        status = path("r->headers_out.status")
        bodiless = c.Binary(
            "||",
            c.Binary("==", status, c.Name("NGX_HTTP_NO_CONTENT")),
            c.Binary("==", status, c.Name("NGX_HTTP_NOT_MODIFIED")),
        )
        self.body += [c.Blank(), when(bodiless, *_DECLINE)]
        if effect.edits:
            if not body.partial:
                partial = c.Binary("==", status, c.Name("NGX_HTTP_PARTIAL_CONTENT"))
                self.body += [c.Blank(), when(partial, *_DECLINE)]
            if not body.encoded:
                encoding = path("r->headers_out.content_encoding")
                encoded = c.Binary(
                    "&&", encoding, path("r->headers_out.content_encoding->value.len")
                )
                self.body += [c.Blank(), when(encoded, *_DECLINE)]
        self._ctx()
        self.body.append(c.Blank())
        self._make_ctx()
        self.body.append(put("ctx->stream.active", one()))
        self._output()
        self.body.append(c.Blank())
        if effect.in_memory is not None:
            self.body.append(put("r->filter_need_in_memory", one()))
        if effect.writes is not None:
            self.body.append(put("r->filter_need_temporary", one()))
        self.body.append(c.Blank())
        self._length(effect)

    def _output(self) -> None:
        """The sizes of the body filter's own buffers."""
        if self.unit.program.output is None:
            return
        place, field = self.unit.program.output
        name = _SHORT[place]
        if name not in self.locals:
            self._local(c.Decl(self.unit.conf_type(place), 1, name))
            self.body.append(put(name, get_conf(self.unit, place, R)))
        self.body.append(put("ctx->stream.bufs", path(f"{name}->{field}")))

    def _length(self, effect: Effect) -> None:
        if effect.change is Change.SAME:
            return
        if sets_length(self.unit.program) is None:
            if effect.change is Change.ADDED:
                self._add_length(effect.added)
            else:
                self.body.append(do("ngx_http_clear_content_length", R))
        self.body += [
            do("ngx_http_clear_accept_ranges", R),
            do("ngx_http_weak_etag", R),
        ]

    def _add_length(self, added: tuple[Added, ...]) -> None:
        """``Content-Length`` grows by what is added; it is known already."""
        self._local(c.Decl("off_t", 0, "len"))
        names = Names(self.unit.model, frozenset({"r", "rc", "ctx", "len", *self.locals}))
        out = Emitter(self.unit, names, Failing(path("r->connection->log"), SERVER_ERROR))
        lowering = ExprLowering(out, self._configurations(added))
        known = c.Binary("!=", path("r->headers_out.content_length_n"), c.Int("-1"))
        with out.block() as inner:
            constant = sum(_constant_size(a) for a in added)
            length: c.Expr = path("r->headers_out.content_length_n")
            if constant:
                length = c.Binary("+", length, c.Int(str(constant)))
            out.assign(c.Name("len"), length)
            for text in added:
                if not _constant_size(text):
                    _add(out, lowering, text)
            out.blank()
            out.call("ngx_http_clear_content_length", R)
            out.assign(path("r->headers_out.content_length_n"), c.Name("len"))
        for decl in out.decls:
            self._local(decl)
        self.body += [when(known, *inner), c.Blank()]

    def _configurations(self, added: tuple[Added, ...]) -> Variables:
        """The body filter's configuration parameters, under this function's names."""
        variables = Variables()
        for var in {v for a in added for v in _variables(a)}:
            assert isinstance(var.type, Conf)
            name = _SHORT[var.type.place]
            if name not in self.locals:
                self._local(c.Decl(self.unit.conf_type(var.type.place), 1, name))
                self.body += [put(name, get_conf(self.unit, var.type.place, R)), c.Blank()]
            variables.places[var] = c.Name(name)
        return variables


def _exprs(added: Added) -> list[Expr]:
    match added:
        case Text(value=value):
            return [value]
        case Choice(cond=cond, then=then, orelse=orelse):
            inner = [e for a in (*then, *orelse) for e in _exprs(a)]
            return [cond, *inner]


def _variables(added: Added) -> list[Var]:
    return [e.var for x in _exprs(added) for e in expressions(x) if isinstance(e, Local)]


def _constant_size(added: Added) -> int:
    if isinstance(added, Text) and isinstance(added.value, Const):
        return len(data_of(added.value))
    return 0


def _add(out: Emitter, lowering: ExprLowering, added: Added) -> None:
    match added:
        case Text(value=value):
            size = _constant_size(added)
            length = c.Int(str(size)) if size else lowering.string(value).len
            out.emit(c.ExprStmt(c.Assign(c.Name("len"), length, "+=")))
        case Choice(cond=cond, then=then, orelse=orelse):
            test = lowering.cond(cond)
            with out.block() as first:
                for inner in then:
                    _add(out, lowering, inner)
            with out.block() as second:
                for inner in orelse:
                    _add(out, lowering, inner)
            out.emit(c.If(test, tuple(first), tuple(second)))
