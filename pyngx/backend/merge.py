"""How configurations are merged: what is unset is inherited, else the default holds."""

from __future__ import annotations

import math
from collections.abc import Callable

from pyngx.backend import cnodes as c
from pyngx.backend.directives import CF, inner, number
from pyngx.backend.floats import float_literal
from pyngx.backend.integers import literal
from pyngx.backend.short import addr, call, do, is_null, one, path, put, ret, when
from pyngx.backend.unit import Unit
from pyngx.program import ConfClass, DirectiveField
from pyngx.types import (
    Bool,
    Bufs,
    Bytes,
    ComplexValue,
    Enum,
    Float,
    Int,
    List,
    MimeTypes,
    Place,
    Str,
    Tuple,
)


def merge(unit: Unit, conf: ConfClass) -> c.Function:
    """``merge_loc_conf`` and so on, or ``init_main_conf``."""
    name = unit.conf_type(conf.place)
    main = conf.place is Place.MAIN
    maker = _Merge(unit, main)
    for field in conf.fields:
        maker.field(field)
    body = maker.body
    used = bool(body) or conf.validate is not None
    if conf.validate is not None:
        if not main:
            body += [
                c.Blank(),
                when(
                    c.Binary("==", path("conf->line"), one(0)),
                    put("conf->file", path("prev->file")),
                    put("conf->line", path("prev->line")),
                ),
            ]
        body += [
            c.Blank(),
            ret(
                call(
                    f"{unit.prefix}_{unit.validated(conf.place)}validate",
                    c.Name("cf"),
                    c.Name("conf"),
                )
            ),
        ]
    else:
        body += [c.Blank(), ret(c.Name("NGX_CONF_OK"))]
    if main:
        params: tuple[c.Param, ...] = (CF, c.Param("void", 1, "init"))
        locals_ = [c.Decl(name, 1, "conf", init="init")] if used else []
        title = f"{unit.prefix}_init_main_conf"
    else:
        params = (CF, c.Param("void", 1, "parent"), c.Param("void", 1, "child"))
        locals_ = [c.Decl(name, 1, "prev", init="parent"), c.Decl(name, 1, "conf", init="child")]
        title = f"{unit.prefix}_merge_{unit.conf_name(conf.place)}"
    return c.Function("static char *", title, params, (*locals_, *maker.locals), tuple(body))


class _Merge:
    """The statements that merge, or initialise, the fields one by one."""

    def __init__(self, unit: Unit, main: bool) -> None:
        self.unit = unit
        self.main = main
        self.body: list[c.Stmt] = []
        self.locals: list[c.Decl] = []

    def field(self, field: DirectiveField) -> None:
        """Merge one field."""
        type_ = inner(field)
        conf, prev = path(f"conf->{field.name}"), path(f"prev->{field.name}")
        found = number(type_)
        match type_:
            case Bool() if field.default is None:
                self._inherit(c.Binary("==", conf, c.Name("NGX_CONF_UNSET")), conf, prev)
            case Enum() if field.default is None:
                self._inherit(c.Binary("==", conf, c.Name("NGX_CONF_UNSET_UINT")), conf, prev)
            case Bool():
                assert isinstance(field.default, bool)
                self._macro("value", conf, prev, one(int(field.default)))
            case Int() if found is not None and field.default is None:
                self._inherit(c.Binary("==", conf, c.Name(found.unset)), conf, prev)
            case Int() if found is not None:
                assert isinstance(field.default, int)
                self._macro(found.merge, conf, prev, literal(field.default))
            case Float():
                self._float(field, conf, prev)
            case Enum():
                assert isinstance(field.default, int)
                self._macro("uint_value", conf, prev, literal(int(field.default)))
            case Bytes() | Str():
                self._string(field, conf, prev)
            case Bufs():
                self._bufs(field, conf, prev)
            case MimeTypes():
                self._types(field)
            case ComplexValue():
                self._complex(field, conf, prev)
            case List():
                self._list(field, type_, conf, prev)
            case _:
                raise AssertionError(f"no merge of {type_}")

    def _macro(self, kind: str, conf: c.Expr, prev: c.Expr, default: c.Expr) -> None:
        if self.main:
            self.body.append(do(f"ngx_conf_init_{kind}", conf, default))
        else:
            self.body.append(do(f"ngx_conf_merge_{kind}", conf, prev, default))

    def _float(self, field: DirectiveField, conf: c.Expr, prev: c.Expr) -> None:
        """What is unset is no number, and so is None."""
        assert field.default is None or isinstance(field.default, float)
        default = float_literal(math.nan if field.default is None else field.default)
        outer = float_literal(math.nan) if self.main else prev
        merged = call("ngx_http_pyngx_conf_merge", conf, outer, default)
        self.body.append(put(conf, merged))

    def _inherit(self, unset: c.Expr, conf: c.Expr, prev: c.Expr) -> None:
        if not self.main:
            self.body.append(when(unset, put(conf, prev)))

    def _string(self, field: DirectiveField, conf: c.Expr, prev: c.Expr) -> None:
        if field.default is None:
            self._inherit(is_null(c.Member(conf, "data")), conf, prev)
            return
        text = field.default.encode() if isinstance(field.default, str) else field.default
        assert isinstance(text, bytes)
        if self.main:
            self.body.append(
                when(is_null(c.Member(conf, "data")), do("ngx_str_set", addr(conf), c.Str(text)))
            )
        else:
            self.body.append(do("ngx_conf_merge_str_value", conf, prev, c.Str(text)))

    def _bufs(self, field: DirectiveField, conf: c.Expr, prev: c.Expr) -> None:
        assert isinstance(field.default, tuple)
        count, bytes_ = (int(v) for v in field.default)
        num = literal(count)
        size = literal(bytes_) if bytes_ else c.Name("ngx_pagesize")
        if self.main:
            fill = (put(c.Member(conf, "num"), num), put(c.Member(conf, "size"), size))
            self.body.append(when(c.Binary("==", c.Member(conf, "num"), one(0)), *fill))
        else:
            self.body.append(do("ngx_conf_merge_bufs_value", conf, prev, num, size))

    def _types(self, field: DirectiveField) -> None:
        default = c.Name(f"{self.unit.prefix}_{field.name}_default")
        source = "conf" if self.main else "prev"
        merged = call(
            "ngx_http_merge_types",
            c.Name("cf"),
            addr(f"conf->{field.name}_keys"),
            addr(f"conf->{field.name}"),
            addr(f"{source}->{field.name}_keys"),
            addr(f"{source}->{field.name}"),
            default,
        )
        failed = c.Binary("!=", merged, c.Name("NGX_OK"))
        self.body += [when(failed, ret(c.Name("NGX_CONF_ERROR")))]

    def _complex(self, field: DirectiveField, conf: c.Expr, prev: c.Expr) -> None:
        self._inherit(is_null(conf), conf, prev)
        if field.default is None:
            return
        assert isinstance(field.default, bytes)
        compiled = call(
            "ngx_http_pyngx_conf_complex", c.Name("cf"), addr(conf), addr(c.Name("text"))
        )
        failed = c.Binary("!=", compiled, c.Name("NGX_OK"))
        self._local(c.Decl("ngx_str_t", 0, "text"))
        self.body.append(
            when(
                is_null(conf),
                do("ngx_str_set", addr(c.Name("text")), c.Str(field.default)),
                c.Blank(),
                when(failed, ret(c.Name("NGX_CONF_ERROR"))),
            )
        )

    def _local(self, decl: c.Decl) -> None:
        if decl not in self.locals:
            self.locals.append(decl)

    def _list(self, field: DirectiveField, type_: List, conf: c.Expr, prev: c.Expr) -> None:
        self._inherit(is_null(conf), conf, prev)
        if field.default is None:
            return
        assert isinstance(field.default, tuple)
        ctype, pushes = _pushes(self.unit, type_, field.default, f"{field.name}_item")
        size = max(1, len(field.default))
        create_ = call("ngx_array_create", path("cf->pool"), one(size), c.SizeOf(ctype))
        fill: list[c.Stmt] = [
            put(conf, create_),
            when(is_null(conf), ret(c.Name("NGX_CONF_ERROR"))),
        ]
        if field.default:
            self._local(c.Decl(ctype, 1, f"{field.name}_item"))
        for push in pushes:
            fill += [c.Blank(), *push(conf)]
        self.body.append(when(is_null(conf), *fill))


def _pushes(
    unit: Unit, type_: List, values: tuple[object, ...], item: str
) -> tuple[str, list[Callable[[c.Expr], list[c.Stmt]]]]:
    """The statements that put the default's items into a new array."""
    tuple_type = type_.item if isinstance(type_.item, Tuple) else None
    if tuple_type is not None:
        ctype = unit.struct(tuple_type)
    else:
        plain = {Int: "ngx_int_t", Float: "double"}
        ctype = plain.get(type(type_.item), "ngx_str_t")
    made: list[Callable[[c.Expr], list[c.Stmt]]] = []
    for value in values:

        def push(conf: c.Expr, value: object = value) -> list[c.Stmt]:
            found: list[c.Stmt] = [
                put(item, call("ngx_array_push", conf)),
                when(is_null(c.Name(item)), ret(c.Name("NGX_CONF_ERROR"))),
            ]
            if tuple_type is not None:
                assert isinstance(value, tuple)
                names = unit.member_names(tuple_type)
                for name, part in zip(names, value, strict=True):
                    found.append(_constant(c.Arrow(c.Name(item), name), part))
            else:
                found.append(_constant(c.Unary("*", c.Name(item)), value))
            return found

        made.append(push)
    return ctype, made


def _constant(target: c.Expr, value: object) -> c.Stmt:
    if isinstance(value, int):
        return put(target, literal(value))
    if isinstance(value, float):
        return put(target, float_literal(value))
    text = value.encode() if isinstance(value, str) else value
    assert isinstance(text, bytes)
    place = target.operand if isinstance(target, c.Unary) else addr(target)
    return do("ngx_str_set", place, c.Str(text))
