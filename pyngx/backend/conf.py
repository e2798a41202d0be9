"""Directives in C: the table, and how configurations are made, merged and validated."""

from __future__ import annotations

import enum
import math

from pyngx.backend import cnodes as c
from pyngx.backend.directives import CF, NUMBERS, inner, number
from pyngx.backend.floats import float_literal
from pyngx.backend.functions import validate_function
from pyngx.backend.integers import literal
from pyngx.backend.merge import merge
from pyngx.backend.short import NULL, addr, call, is_null, one, path, put, ret, when
from pyngx.backend.unit import Unit
from pyngx.program import ConfClass, DirectiveField, VariableDef, float_bounds_message
from pyngx.types import (
    FULL,
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
    Type,
)

_CONTEXTS = {
    "http": "NGX_HTTP_MAIN_CONF",
    "server": "NGX_HTTP_SRV_CONF",
    "location": "NGX_HTTP_LOC_CONF",
    "if": "NGX_HTTP_LIF_CONF",
}
_OFFSETS = {
    Place.LOC: "NGX_HTTP_LOC_CONF_OFFSET",
    Place.SRV: "NGX_HTTP_SRV_CONF_OFFSET",
    Place.MAIN: "NGX_HTTP_MAIN_CONF_OFFSET",
}


def field_decls(unit: Unit, field: DirectiveField) -> tuple[c.Decl, ...]:
    """The C fields of a directive."""
    type_ = inner(field)
    comment = " ".join(t.strip() for t in field.comments).strip()
    match type_:
        case Bool():
            return (c.Decl("ngx_flag_t", 0, field.name, comment=comment),)
        case Int(name):
            ctype = name if name in NUMBERS else "ngx_int_t"
            return (c.Decl(ctype, 0, field.name, comment=comment),)
        case Float():
            return (c.Decl("double", 0, field.name, comment=comment),)
        case Enum():
            return (c.Decl("ngx_uint_t", 0, field.name, comment=comment),)
        case Bytes() | Str():
            return (c.Decl("ngx_str_t", 0, field.name, comment=comment),)
        case Bufs():
            return (c.Decl("ngx_bufs_t", 0, field.name, comment=comment),)
        case MimeTypes():
            return (
                c.Decl("ngx_hash_t", 0, field.name, comment=comment),
                c.Decl("ngx_array_t", 1, f"{field.name}_keys"),
            )
        case ComplexValue():
            return (c.Decl("ngx_http_complex_value_t", 1, field.name, comment=comment),)
        case List():
            return (c.Decl("ngx_array_t", 1, field.name, comment=comment),)
        case _:
            raise AssertionError(f"no directive of type {type_}")


def conf_struct(unit: Unit, conf: ConfClass) -> c.StructDef:
    """The structure of a configuration level."""
    fields: list[c.Decl | c.Blank] = []
    for field in conf.fields:
        fields.extend(field_decls(unit, field))
    if conf.validate is not None:
        fields += [
            c.Blank(),
            c.Decl("ngx_str_t", 0, "file", comment="where it was set"),
            c.Decl("ngx_uint_t", 0, "line"),
        ]
    return c.StructDef(unit.conf_type(conf.place), tuple(fields), comment=conf.docstring or "")


def tuple_structs(unit: Unit) -> tuple[c.StructDef, ...]:
    """The items of directives that are lists of tuples."""
    found: dict[str, c.StructDef] = {}
    for conf in unit.program.confs:
        for field in conf.fields:
            type_ = inner(field)
            if isinstance(type_, List) and isinstance(type_.item, Tuple):
                name = unit.struct(type_.item)
                if name == "ngx_keyval_t" or name in found:
                    continue
                decls = tuple(
                    c.Decl(*_item_type(t), n)
                    for n, t in zip(unit.member_names(type_.item), type_.item.items, strict=True)
                )
                found[name] = c.StructDef(name, decls)
    return tuple(found.values())


def _item_type(type_: Type) -> tuple[str, int]:
    """The C type of an argument of a directive, and its stars."""
    match type_:
        case Int():
            return ("ngx_int_t", 0)
        case Float():
            return ("double", 0)
        case ComplexValue():
            return ("ngx_http_complex_value_t", 1)
        case _:
            return ("ngx_str_t", 0)


# Tables


def tables(unit: Unit) -> tuple[c.VariableItem, ...]:
    """Names of enums, default types and bounds."""
    found: list[c.VariableItem] = []
    for conf in unit.program.confs:
        for field in conf.fields:
            found.extend(_tables_of(unit, field))
    return tuple(found)


def _tables_of(unit: Unit, field: DirectiveField) -> list[c.VariableItem]:
    name = f"{unit.prefix}_{field.name}"
    type_ = inner(field)
    found: list[c.VariableItem] = []
    if isinstance(type_, Enum):
        flags = issubclass(type_.cls, enum.Flag)
        rows = tuple(
            c.Row((call("ngx_string", c.Str(m.name.encode())), literal(int(m.value))))
            for m in type_.cls.__members__.values()
        )
        end = c.Braces((c.Name("ngx_null_string"), one(0)))
        ctype = "ngx_conf_bitmask_t" if flags else "ngx_conf_enum_t"
        found.append(c.ArrayDef(f"static {ctype}", f"{name}_names", rows, end))
    if isinstance(type_, MimeTypes):
        assert isinstance(field.default, tuple)
        types = [t.encode() if isinstance(t, str) else t for t in field.default]
        items = tuple(call("ngx_string", c.Str(t)) for t in types)
        found.append(
            c.ArrayDef("static ngx_str_t", f"{name}_default", items, c.Name("ngx_null_string"))
        )
    if _has_float_bounds(field):
        found.append(_float_bounds(field, f"{name}_bounds"))
    bounds = limits(field)
    if bounds is not None:
        low, high = bounds
        init = c.Braces((c.Name("ngx_conf_check_num_bounds"), literal(low), literal(high)))
        found.append(c.VarDef("static ngx_conf_num_bounds_t", 0, f"{name}_bounds", init))
    return found


def limits(field: DirectiveField) -> tuple[int, int] | None:
    """The bounds of a number as nginx checks them; -1 above is none."""
    type_ = inner(field)
    if not isinstance(type_, Int):
        return None
    low = None if field.min is None else int(field.min)
    high = None if field.max is None else int(field.max)
    if type_.c not in NUMBERS and type_.range != FULL:
        low = type_.range.lo if low is None else low
        high = type_.range.hi if high is None else high
    if low is None and high is None:
        return None
    return (low if low is not None else 0, -1 if high is None else high)


def _has_float_bounds(field: DirectiveField) -> bool:
    return isinstance(inner(field), Float) and (field.min is not None or field.max is not None)


def _float_bounds(field: DirectiveField, name: str) -> c.VarDef:
    """The bounds of a float, and what nginx says of a value that is beyond them."""
    low = -math.inf if field.min is None else field.min
    high = math.inf if field.max is None else field.max
    words = c.Str(float_bounds_message(field.min, field.max).encode())
    init = c.Braces((float_literal(low), float_literal(high), words))
    return c.VarDef("static ngx_http_pyngx_conf_bounds_t", 0, name, init)


def commands(unit: Unit) -> c.ArrayDef:
    """The table of directives."""
    rows = tuple(
        _command(unit, conf, field) for conf in unit.program.confs for field in conf.fields
    )
    rows += tuple(_variable_command(unit, v) for v in unit.program.variables if v.contexts)
    return c.ArrayDef(
        "static ngx_command_t", f"{unit.prefix}_commands", rows, c.Name("ngx_null_command"), True
    )


def _command(unit: Unit, conf: ConfClass, field: DirectiveField) -> c.Row:
    type_ = inner(field)
    flags = _flags(field.contexts, _arguments(type_))
    member = f"{field.name}_keys" if isinstance(type_, MimeTypes) else field.name
    return c.Row(
        (
            call("ngx_string", c.Str(field.directive.encode())),
            flags,
            c.Name(handler(unit, conf, field)),
            c.Name(_OFFSETS[conf.place]),
            call("offsetof", c.Name(unit.conf_type(conf.place)), c.Name(member)),
            _post(unit, field),
        ),
        line=field.span.line,
    )


def _flags(contexts: tuple[str, ...], arguments: str) -> c.Expr:
    flags: c.Expr = c.Name(_CONTEXTS[contexts[0]])
    for name in (*(_CONTEXTS[context] for context in contexts[1:]), arguments):
        flags = c.Binary("|", flags, c.Name(name))
    return flags


def _variable_command(unit: Unit, variable: VariableDef) -> c.Row:
    return c.Row(
        (
            call("ngx_string", c.Str(variable.name.encode())),
            _flags(variable.contexts, "NGX_CONF_TAKE1"),
            c.Name(f"{unit.prefix}_{variable.name}"),
            c.Name(_OFFSETS[Place.LOC]),
            one(0),
            NULL,
        ),
        line=variable.function.span.line,
    )


def _arguments(type_: Type) -> str:
    match type_:
        case Bool():
            return "NGX_CONF_FLAG"
        case Bufs():
            return "NGX_CONF_TAKE2"
        case MimeTypes():
            return "NGX_CONF_1MORE"
        case Enum(cls) if issubclass(cls, enum.Flag):
            return "NGX_CONF_1MORE"
        case List(Tuple(items)):
            return f"NGX_CONF_TAKE{len(items)}"
        case List():
            return "NGX_CONF_1MORE"
        case _:
            return "NGX_CONF_TAKE1"


def _post(unit: Unit, field: DirectiveField) -> c.Expr:
    if isinstance(inner(field), Enum):
        return addr(c.Name(f"{unit.prefix}_{field.name}_names"))
    if limits(field) is not None or _has_float_bounds(field):
        return addr(c.Name(f"{unit.prefix}_{field.name}_bounds"))
    return NULL


def slot(unit: Unit, field: DirectiveField) -> str:
    """The function that parses the directive's arguments."""
    type_ = inner(field)
    match type_:
        case Bool():
            return "ngx_conf_set_flag_slot"
        case Int():
            found = number(type_)
            assert found is not None
            return f"ngx_conf_set_{found.slot}_slot"
        case Float():
            return "ngx_http_pyngx_conf_float"
        case Enum(cls):
            flags = issubclass(cls, enum.Flag)
            return "ngx_http_pyngx_conf_flags" if flags else "ngx_conf_set_enum_slot"
        case Bytes() | Str():
            return "ngx_conf_set_str_slot"
        case Bufs():
            return "ngx_conf_set_bufs_slot"
        case MimeTypes():
            return "ngx_http_types_slot"
        case ComplexValue():
            return "ngx_http_set_complex_value_slot"
        case List(Tuple()):
            return f"{unit.prefix}_{field.name}"
        case List(Int()):
            return "ngx_http_pyngx_conf_list_int"
        case List(Float()):
            return "ngx_http_pyngx_conf_list_float"
        case _:
            return "ngx_http_pyngx_conf_list_str"


def handler(unit: Unit, conf: ConfClass, field: DirectiveField) -> str:
    """The directive's handler: where values are validated, one that remembers the line."""
    found = slot(unit, field)
    if conf.validate is None:
        return found
    return f"{unit.prefix}_set_{unit.validated(conf.place)}{_short(unit, found)}"


def _short(unit: Unit, slot_name: str) -> str:
    for prefix in ("ngx_conf_set_", "ngx_http_pyngx_conf_", "ngx_http_set_", "ngx_http_"):
        if slot_name.startswith(prefix):
            return slot_name.removeprefix(prefix).removesuffix("_slot")
    return slot_name


# Functions

_SET_PARAMS = (CF, c.Param("ngx_command_t", 1, "cmd"), c.Param("void", 1, "conf"))


def handlers(unit: Unit) -> tuple[c.Function, ...]:
    """Handlers of the module's own: for lists of tuples, and those that remember the line."""
    found: dict[str, c.Function] = {}
    for conf in unit.program.confs:
        for field in conf.fields:
            type_ = inner(field)
            if isinstance(type_, List) and isinstance(type_.item, Tuple):
                made = _tuple_handler(unit, field, type_.item)
                found[made.name] = made
            if conf.validate is not None:
                made = _marking_handler(unit, conf, field)
                found[made.name] = made
    for variable in unit.program.variables:
        if variable.contexts:
            made = _variable_handler(unit, variable)
            found[made.name] = made
    return tuple(found.values())


def _variable_handler(unit: Unit, variable: VariableDef) -> c.Function:
    get = c.Name(unit.variable_handler(variable))
    return c.Function(
        "static char *",
        f"{unit.prefix}_{variable.name}",
        _SET_PARAMS,
        (),
        (ret(call("ngx_http_pyngx_conf_variable", c.Name("cf"), get)),),
    )


def _marking_handler(unit: Unit, conf: ConfClass, field: DirectiveField) -> c.Function:
    name = unit.conf_type(conf.place)
    short = "lcf" if conf.place is Place.LOC else "scf" if conf.place is Place.SRV else "mcf"
    return c.Function(
        "static char *",
        handler(unit, conf, field),
        _SET_PARAMS,
        (c.Decl(name, 1, short, init="conf"),),
        (
            put(f"{short}->file", path("cf->conf_file->file.name")),
            put(f"{short}->line", path("cf->conf_file->line")),
            c.Blank(),
            ret(call(slot(unit, field), c.Name("cf"), c.Name("cmd"), c.Name("conf"))),
        ),
        c.Comment("validate() speaks of the line where a value was set"),
    )


def _tuple_handler(unit: Unit, field: DirectiveField, item: Tuple) -> c.Function:
    ctype = unit.struct(item)
    body: list[c.Stmt] = [
        put("array", c.Cast("ngx_array_t **", c.Binary("+", c.Name("p"), path("cmd->offset")))),
        c.Blank(),
        when(
            is_null(c.Unary("*", c.Name("array"))),
            put(
                c.Unary("*", c.Name("array")),
                call("ngx_array_create", path("cf->pool"), one(4), c.SizeOf(ctype)),
            ),
            when(is_null(c.Unary("*", c.Name("array"))), ret(c.Name("NGX_CONF_ERROR"))),
        ),
        put("item", call("ngx_array_push", c.Unary("*", c.Name("array")))),
        when(is_null(c.Name("item")), ret(c.Name("NGX_CONF_ERROR"))),
        put("value", path("cf->args->elts")),
        c.Blank(),
    ]
    for i, (name, type_) in enumerate(zip(unit.member_names(item), item.items, strict=True), 1):
        value = c.Index(c.Name("value"), one(i))
        target = c.Arrow(c.Name("item"), name)
        if isinstance(type_, Int):
            parsed = call("ngx_atoi", c.Member(value, "data"), c.Member(value, "len"))
            body += [
                put(target, parsed),
                when(
                    c.Binary("==", target, c.Name("NGX_ERROR")),
                    ret(c.Cast("char *", c.Str(b"invalid number"))),
                ),
            ]
        elif isinstance(type_, Float):
            read = call("ngx_http_pyngx_conf_decimal", c.Unary("&", value), c.Unary("&", target))
            body.append(
                when(
                    c.Binary("!=", read, c.Name("NGX_OK")),
                    ret(c.Cast("char *", c.Str(b"invalid number"))),
                )
            )
        elif isinstance(type_, ComplexValue):
            compiled = call(
                "ngx_http_pyngx_conf_complex",
                c.Name("cf"),
                c.Unary("&", target),
                c.Unary("&", value),
            )
            failed = c.Binary("!=", compiled, c.Name("NGX_OK"))
            body.append(when(failed, ret(c.Name("NGX_CONF_ERROR"))))
        else:
            body.append(put(target, value))
    body += [c.Blank(), ret(c.Name("NGX_CONF_OK"))]
    return c.Function(
        "static char *",
        f"{unit.prefix}_{field.name}",
        _SET_PARAMS,
        (
            c.Decl("char", 1, "p", init="conf"),
            c.Decl("ngx_str_t", 1, "value"),
            c.Decl("ngx_array_t", 2, "array"),
            c.Decl(ctype, 1, "item"),
        ),
        tuple(body),
    )


def create(unit: Unit, conf: ConfClass) -> c.Function:
    """``create_loc_conf`` and so on: everything unset."""
    name = unit.conf_type(conf.place)
    zero: list[str] = []
    unset: list[c.Stmt] = []
    for field in conf.fields:
        value = _unset(field)
        if isinstance(inner(field), Float):
            unset.append(put(f"conf->{field.name}", float_literal(math.nan)))
        elif value is not None:
            unset.append(put(f"conf->{field.name}", c.Name(value)))
        else:
            zero += _zero(field)
    body: list[c.Stmt] = [
        put("conf", call("ngx_pcalloc", path("cf->pool"), c.SizeOf(name))),
        when(is_null(c.Name("conf")), ret(NULL)),
    ]
    if zero:
        lines = "\n".join(f"    conf->{z};" for z in zero)
        body += [c.Comment(f"set by ngx_pcalloc():\n\n{lines}"), c.Blank()]
    body += [*unset, c.Blank(), ret(c.Name("conf"))]
    return c.Function(
        "static void *",
        f"{unit.prefix}_create_{unit.conf_name(conf.place)}",
        (CF,),
        (c.Decl(name, 1, "conf"),),
        tuple(body),
    )


def _unset(field: DirectiveField) -> str | None:
    type_ = inner(field)
    match type_:
        case Bool():
            return "NGX_CONF_UNSET"
        case Int():
            found = number(type_)
            assert found is not None
            return found.unset
        case Enum():
            return "NGX_CONF_UNSET_UINT"
        case _:
            return None


def _zero(field: DirectiveField) -> list[str]:
    match inner(field):
        case Bytes() | Str():
            return [f"{field.name} = {{ 0, NULL }}"]
        case Bufs():
            return [f"{field.name}.num = 0"]
        case MimeTypes():
            return [f"{field.name} = {{ NULL }}", f"{field.name}_keys = NULL"]
        case _:
            return [f"{field.name} = NULL"]


def functions(unit: Unit) -> tuple[c.Function, ...]:
    """All functions of the configuration."""
    found = list(handlers(unit))
    for conf in unit.program.confs:
        found += [create(unit, conf), merge(unit, conf)]
        if conf.validate is not None:
            found.append(validate_function(unit, conf, conf.validate).function)
    return tuple(found)
