"""A whole module in C: the author's functions in the frame that every nginx filter has.

What surrounds them is decided here from what is known of them: which context there is, what the
header filter has to do about the length, ranges and buffers, and where the module hooks in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pyngx.backend import cnodes as c
from pyngx.backend import conf as conf_tables
from pyngx.backend.cprint import Printed, print_unit
from pyngx.backend.fields import with_c_names
from pyngx.backend.floats import float_literal
from pyngx.backend.functions import (
    Lowered,
    chain_function,
    function_name,
    header_function,
    helper_function,
    stream_function,
    variable_function,
)
from pyngx.backend.header import HeaderFilter, arguments
from pyngx.backend.short import (
    NGX_ERROR,
    NGX_OK,
    NULL,
    R,
    addr,
    call,
    is_null,
    one,
    path,
    put,
    ret,
    when,
)
from pyngx.backend.states import Suspensions
from pyngx.backend.unit import Check, Unit, c_type
from pyngx.backend.unused import mentioned
from pyngx.flow.effect import Effect, effect
from pyngx.flow.exceptions import watched
from pyngx.headers import NginxModel
from pyngx.program import BodyForm, CtxField, Program, VariableDef
from pyngx.types import Bytes, Ctx, List, Optional, Place, Str, Tuple, Type, text_leaves


@dataclass(frozen=True)
class Generated:
    """A module as text: the C with its Python lines, and what was found out about the body."""

    printed: Printed
    effect: Effect | None
    suspensions: Suspensions | None = None
    checks: tuple[Check, ...] = ()


_REQUEST = c.Param("ngx_http_request_t", 1, "r")


def generate(program: Program, model: NginxModel) -> Generated:
    """The module's C for a typed program."""
    return _Module(Unit(with_c_names(program, model), model)).generate()


class _Module:
    """The parts of one module while they are put together."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.program = unit.program
        self.functions: list[c.Function] = []
        self.effect: Effect | None = None
        if self.program.body is not None:
            self.effect = effect(self.program, self.program.body)

    def name(self, suffix: str) -> str:
        """A name of the module's own."""
        return f"{self.unit.prefix}_{suffix}"

    def generate(self) -> Generated:
        """Put the module together."""
        program = self.program
        self.unit.watched = watched(program)
        helpers = [helper_function(self.unit, h) for h in program.helpers]
        header = None if program.header is None else header_function(self.unit, program.header)
        body = self._body()
        variables = [variable_function(self.unit, v.function) for v in program.variables]
        if program.header is not None or program.body is not None:
            frame = HeaderFilter(self.unit, self.effect)
            self.functions.append(frame.function())
        if header is not None:
            self.functions.append(header.function)
        if body is not None:
            self.functions += [self._body_filter(), body.function]
        for variable, lowered in zip(program.variables, variables, strict=True):
            self.functions += [self._variable_handler(variable), lowered.function]
        self.functions += [h.function for h in helpers]
        if self.needs_ctx:
            self.functions.append(self._get_ctx())
        if self._fixed_variables:
            self.functions.append(self._add_variables())
        self.functions += conf_tables.functions(self.unit)
        if self._hooks:
            self.functions.append(self._init())
        unit = c.TranslationUnit(
            self._comment(),
            self._includes(),
            (),
            self._types(body),
            (),
            self._variables(),
            tuple(self.functions),
        )
        suspensions = None if body is None else body.suspensions
        checks = tuple(self.unit.checks)
        return Generated(print_unit(unit), self.effect, suspensions, checks)

    # Parts

    def _comment(self) -> str:
        text = (self.program.docstring or "").strip()
        origin = f"Compiled from {self.program.source.name} by pyngx."
        return f"{text}\n\n{origin}" if text else origin

    def _includes(self) -> tuple[c.Include | c.Blank, ...]:
        system = tuple(c.Include(f"{n}.h") for n in ("ngx_config", "ngx_core", "ngx_http"))
        return (*system, c.Include(f"{self.unit.prefix}_runtime.h", system=False))

    @property
    def needs_ctx(self) -> bool:
        """Whether something makes a context."""
        return self.unit.has_ctx and (
            self.program.body is not None or self.unit.can_replace or self._functions_make_ctx
        )

    @property
    def _functions_make_ctx(self) -> bool:
        functions = [v.function for v in self.program.variables]
        if self.program.header is not None:
            functions.append(self.program.header)
        return any(p.type == Ctx() for f in functions for p in f.params)

    @property
    def _fixed_variables(self) -> tuple[VariableDef, ...]:
        """The variables whose names the file gives; directives define the others."""
        return tuple(v for v in self.program.variables if not v.contexts)

    @property
    def _has_directives(self) -> bool:
        fields = any(conf.fields for conf in self.program.confs)
        return fields or len(self._fixed_variables) < len(self.program.variables)

    @property
    def _hooks(self) -> bool:
        return self.program.header is not None or self.program.body is not None

    def _types(self, body: Lowered | None) -> tuple[c.TypeItem, ...]:
        ctx = self._ctx_struct(body) if self.unit.has_ctx else None
        found: list[c.TypeItem] = [*conf_tables.tuple_structs(self.unit)]
        found += self.unit.structs.values()
        found += [conf_tables.conf_struct(self.unit, conf) for conf in self.program.confs]
        if ctx is not None:
            found.append(ctx)
        if body is not None and body.states:
            items = tuple((s, "0" if i == 0 else "") for i, s in enumerate(body.states))
            found.append(c.EnumDef(self.name("state_e"), items))
        if self.unit.errors:
            kinds = self.unit.errors.values()
            items = tuple((kind, "1" if i == 0 else "") for i, kind in enumerate(kinds))
            found.append(c.EnumDef(self.name("error_e"), items))
        return tuple(found)

    def _ctx_struct(self, body: Lowered | None) -> c.StructDef:
        fields: list[c.Decl | c.Blank] = []
        comment = ""
        if self.program.ctx is not None:
            comment = self.program.ctx.docstring or ""
            for field in self.program.ctx.fields:
                fields += self._ctx_field(field)
        if body is not None and body.kept:
            fields += [c.Blank(), *body.kept]
        if self.unit.has_stream:
            fields += [c.Blank(), c.Decl("ngx_http_pyngx_stream_t", 0, "stream")]
        if self.unit.can_replace:
            fields += [c.Blank(), c.Decl("unsigned", 0, "replaced", bits=1)]
        if isinstance(fields[0], c.Blank):
            del fields[0]
        return c.StructDef(self.unit.ctx_type, tuple(fields), comment=comment)

    def _ctx_field(self, field: CtxField) -> list[c.Decl | c.Blank]:
        ctype, stars = c_type(self.unit, field.type)
        comment = " ".join(t.strip() for t in field.comments).strip()
        found: list[c.Decl | c.Blank] = [c.Decl(ctype, stars, field.name, comment=comment)]
        for leaf in text_leaves(field.type):
            found.append(c.Decl("ngx_str_t", 0, "_".join((field.name, *leaf, "storage"))))
        return found

    def _variables(self) -> tuple[c.VariableItem, ...]:
        found: list[c.VariableItem] = list(conf_tables.tables(self.unit))
        found += mentioned(self.unit.constants, tuple(self.functions))
        if self._has_directives:
            found.append(conf_tables.commands(self.unit))
        found += [self._context(), self._module()]
        if self._hooks:
            found.append(
                c.VarDef(
                    "static ngx_http_output_header_filter_pt", 0, "ngx_http_next_header_filter"
                )
            )
        if self.program.body is not None:
            found.append(
                c.VarDef("static ngx_http_output_body_filter_pt", 0, "ngx_http_next_body_filter")
            )
        if self._fixed_variables:
            found.append(self._variable_table())
        return tuple(found)

    def _context(self) -> c.ContextDef:
        places = {conf.place for conf in self.program.confs}

        def function(place: Place, verb: str) -> c.Expr:
            return c.Name(self.name(f"{verb}_{place.value}_conf")) if place in places else NULL

        rows: tuple[c.ContextRow | c.Blank, ...] = (
            c.ContextRow(
                c.Name(self.name("add_variables")) if self._fixed_variables else NULL,
                "preconfiguration",
            ),
            c.ContextRow(
                c.Name(self.name("filter_init")) if self._hooks else NULL, "postconfiguration"
            ),
            c.Blank(),
            c.ContextRow(function(Place.MAIN, "create"), "create main configuration"),
            c.ContextRow(function(Place.MAIN, "init"), "init main configuration"),
            c.Blank(),
            c.ContextRow(function(Place.SRV, "create"), "create server configuration"),
            c.ContextRow(function(Place.SRV, "merge"), "merge server configuration"),
            c.Blank(),
            c.ContextRow(function(Place.LOC, "create"), "create location configuration"),
            c.ContextRow(function(Place.LOC, "merge"), "merge location configuration"),
        )
        return c.ContextDef("static ngx_http_module_t", f"{self.unit.module}_ctx", rows)

    def _module(self) -> c.ContextDef:
        commands = c.Name(self.name("commands")) if self._has_directives else NULL
        rows = [
            c.ContextRow(c.Name("NGX_MODULE_V1")),
            c.ContextRow(addr(c.Name(f"{self.unit.module}_ctx")), "module context"),
            c.ContextRow(commands, "module directives"),
            c.ContextRow(c.Name("NGX_HTTP_MODULE"), "module type"),
            *(
                c.ContextRow(NULL, what)
                for what in (
                    "init master",
                    "init module",
                    "init process",
                    "init thread",
                    "exit thread",
                    "exit process",
                    "exit master",
                )
            ),
            c.ContextRow(c.Name("NGX_MODULE_V1_PADDING")),
        ]
        return c.ContextDef("ngx_module_t", self.unit.module, tuple(rows))

    # The body filter

    def _body(self) -> Lowered | None:
        body = self.program.body
        if body is None:
            return None
        if body.form is BodyForm.STREAM:
            return stream_function(self.unit, body)
        return chain_function(self.unit, body)

    def _body_filter(self) -> c.Function:
        body = self.program.body
        assert body is not None
        engine = "stream" if body.form is BodyForm.STREAM else "chain"
        user = c.Name(self.name(function_name(body.function)))
        passes = call("ngx_http_next_body_filter", R, c.Name("in"))
        idle = c.Binary("||", is_null(c.Name("ctx")), c.Unary("!", path("ctx->stream.active")))
        idle = c.Binary("||", idle, path("r->header_only"))
        stream = addr("ctx->stream")
        return c.Function(
            "static ngx_int_t",
            self.name("body_filter"),
            (_REQUEST, c.Param("ngx_chain_t", 1, "in")),
            (c.Decl(self.unit.ctx_type, 1, "ctx"),),
            (
                put("ctx", call("ngx_http_get_module_ctx", R, c.Name(self.unit.module))),
                c.Blank(),
                when(idle, ret(passes)),
                ret(call(f"ngx_http_pyngx_{engine}_filter", R, c.Name("in"), stream, user)),
            ),
        )

    # The context

    def _get_ctx(self) -> c.Function:
        defaults: list[c.Stmt] = []
        if self.program.ctx is not None:
            for field in self.program.ctx.fields:
                if isinstance(field.type, List):
                    defaults += self._empty_list(field)
                    continue
                defaults += _default(
                    self.unit, field.type, c.Arrow(c.Name("ctx"), field.name), field.default
                )
        return c.Function(
            f"static {self.unit.ctx_type} *",
            self.name("get_ctx"),
            (_REQUEST,),
            (c.Decl(self.unit.ctx_type, 1, "ctx"),),
            (
                put("ctx", call("ngx_http_get_module_ctx", R, c.Name(self.unit.module))),
                c.Blank(),
                when(c.Name("ctx"), ret(c.Name("ctx"))),
                put("ctx", call("ngx_pcalloc", path("r->pool"), c.SizeOf(self.unit.ctx_type))),
                when(is_null(c.Name("ctx")), ret(NULL)),
                *defaults,
                c.Blank(),
                c.ExprStmt(call("ngx_http_set_ctx", R, c.Name("ctx"), c.Name(self.unit.module))),
                c.Blank(),
                ret(c.Name("ctx")),
            ),
            c.Comment("The context of the request, made when it is first asked for."),
        )

    def _empty_list(self, field: CtxField) -> list[c.Stmt]:
        """A list of the context, made with it."""
        assert isinstance(field.type, List)
        place = c.Arrow(c.Name("ctx"), field.name)
        size = c.SizeOf(c_type(self.unit, field.type.item)[0])
        made = call("ngx_array_create", path("r->pool"), c.Int("4"), size)
        return [c.Blank(), put(place, made), when(is_null(place), ret(NULL))]

    # Variables

    def _variable_handler(self, variable: VariableDef) -> c.Function:
        function = variable.function
        locals_, before, args = arguments(self.unit, function)
        optional = any(isinstance(p.type, Optional) for p in function.params)
        makes = any(p.type == Ctx() for p in function.params)
        if makes:
            before = [
                put("ctx", call(self.name("get_ctx"), R)),
                when(is_null(c.Name("ctx")), ret(NGX_ERROR)),
                *before,
            ]
        elif optional:
            get = call("ngx_http_get_module_ctx", R, c.Name(self.unit.module))
            before = [put("ctx", get), *before]
        user = call(self.name(function_name(function)), R, *args, addr(c.Name("value")))
        return c.Function(
            "static ngx_int_t",
            self.unit.variable_handler(variable),
            (
                _REQUEST,
                c.Param("ngx_http_variable_value_t", 1, "v"),
                c.Param("uintptr_t", 0, "data"),
            ),
            (*locals_, c.Decl("ngx_str_t", 0, "value")),
            (
                *before,
                c.Blank(),
                when(c.Binary("!=", user, NGX_OK), ret(NGX_ERROR)),
                when(
                    is_null(path("value.data")),
                    put("v->not_found", one()),
                    ret(NGX_OK),
                ),
                put("v->len", path("value.len")),
                put("v->valid", one()),
                put("v->no_cacheable", one(0)),
                put("v->not_found", one(0)),
                put("v->data", path("value.data")),
                c.Blank(),
                ret(NGX_OK),
            ),
        )

    def _variable_table(self) -> c.ArrayDef:
        rows = tuple(
            c.Row(
                (
                    call("ngx_string", c.Str(v.name.encode())),
                    NULL,
                    c.Name(self.unit.variable_handler(v)),
                    one(0),
                    c.Name("NGX_HTTP_VAR_NOCACHEABLE"),
                    one(0),
                )
            )
            for v in self._fixed_variables
        )
        return c.ArrayDef(
            "static ngx_http_variable_t",
            self.name("variables"),
            rows,
            c.Name("ngx_http_null_variable"),
            apart=True,
        )

    def _add_variables(self) -> c.Function:
        v = c.Name("v")
        added = call("ngx_http_add_variable", c.Name("cf"), addr("v->name"), path("v->flags"))
        return c.Function(
            "static ngx_int_t",
            self.name("add_variables"),
            (c.Param("ngx_conf_t", 1, "cf"),),
            (c.Decl("ngx_http_variable_t", 1, "v"), c.Decl("ngx_http_variable_t", 1, "var")),
            (
                c.For(
                    c.Assign(v, c.Name(self.name("variables"))),
                    path("v->name.len"),
                    c.Postfix(v, "++"),
                    (
                        put("var", added),
                        when(is_null(c.Name("var")), ret(NGX_ERROR)),
                        put("var->get_handler", path("v->get_handler")),
                        put("var->data", path("v->data")),
                    ),
                ),
                ret(NGX_OK),
            ),
        )

    def _init(self) -> c.Function:
        header = self.name("header_filter")
        body: list[c.Stmt] = [
            put("ngx_http_next_header_filter", c.Name("ngx_http_top_header_filter")),
            put("ngx_http_top_header_filter", c.Name(header)),
        ]
        if self.program.body is not None:
            body += [
                c.Blank(),
                put("ngx_http_next_body_filter", c.Name("ngx_http_top_body_filter")),
                put("ngx_http_top_body_filter", c.Name(self.name("body_filter"))),
            ]
        return c.Function(
            "static ngx_int_t",
            self.name("filter_init"),
            (c.Param("ngx_conf_t", 1, "cf"),),
            (),
            (*body, c.Blank(), ret(NGX_OK)),
        )


def _default(unit: Unit, type_: Type, place: c.Expr, default: object) -> list[c.Stmt]:
    """What gives a field of a new context, which is all zeros, its default."""
    inner = type_.inner if isinstance(type_, Optional) else type_
    if isinstance(default, float):
        number = float_literal(default)
        if isinstance(type_, Optional):
            there = c.ExprStmt(c.Assign(c.Member(place, "present"), c.Int("1")))
            return [there, c.ExprStmt(c.Assign(c.Member(place, "value"), number))]
        zero = default == 0 and math.copysign(1, default) > 0
        return [] if zero else [c.ExprStmt(c.Assign(place, number))]
    if default is None or default is False or default == 0:
        return []
    if isinstance(inner, Tuple):
        assert isinstance(default, tuple) and not isinstance(type_, Optional)
        names = unit.member_names(inner)
        found: list[c.Stmt] = []
        for name, item, value in zip(names, inner.items, default, strict=True):
            found += _default(unit, item, c.Member(place, name), value)
        return found
    if isinstance(inner, Bytes | Str):
        text = default.encode() if isinstance(default, str) else default
        assert isinstance(text, bytes)
        return [c.ExprStmt(call("ngx_str_set", addr(place), c.Str(text)))]
    assert isinstance(default, int)
    return [c.ExprStmt(c.Assign(place, c.Int(str(int(default)))))]
