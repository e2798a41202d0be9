"""What the lowering of all functions of a module shares: names of types, helpers' signatures."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from pyngx.backend import cnodes as c
from pyngx.backend.floats import float_literal
from pyngx.backend.integers import literal
from pyngx.backend.names import Names, identifier
from pyngx.flow.meanwhile import Meanwhile, meanwhile
from pyngx.flow.sharing import changed_parameters
from pyngx.headers import NginxModel
from pyngx.program import ConfClass, Program, VariableDef
from pyngx.source import Span
from pyngx.tree import (
    Function,
)
from pyngx.types import (
    INT64_MIN,
    Bool,
    Bytes,
    Enum,
    Float,
    Int,
    List,
    NoneType,
    Optional,
    Place,
    Str,
    TableValue,
    Tuple,
    Type,
    describe,
    is_compound,
    is_integer,
    members,
)

_CONF_SUFFIX = {Place.LOC: "loc_conf", Place.SRV: "srv_conf", Place.MAIN: "main_conf"}


@dataclass(frozen=True)
class Signature:
    """How a helper is called: whether it wants the request, and a pool for what it computes, and
    whether and with what it can fail."""

    c_name: str
    function: Function
    wants_request: bool
    fails: bool
    wants_pool: bool = False
    wants_error: bool = False
    """Whether the caller says where to leave an exception."""
    raises: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The exceptions that may leave it: by their names the names of their classes."""

    @property
    def returns_through_pointer(self) -> bool:
        """Whether the result is stored through the last argument."""
        result = self.function.result
        inner = result.inner if isinstance(result, Optional) else result
        if isinstance(inner, Bytes | Str) or is_compound(result):
            return True
        return self.fails and isinstance(inner, Int | Bool | Float | Enum | List)


@dataclass(frozen=True)
class Check:
    """A test at run time: an exception of Python's is raised at this place if it fails."""

    span: Span
    exception: str
    message: str


@dataclass
class Unit:
    """One module being lowered."""

    program: Program
    model: NginxModel
    helpers: dict[str, Signature] = field(default_factory=dict)
    header_results: frozenset[str] = frozenset()
    """What the author's header filter returns: names of constants, ``""`` for anything else."""
    structs: dict[Type, c.StructDef] = field(default_factory=dict)
    """The structures of compound values, those that others contain first."""
    tables: dict[tuple[str, str], str] = field(default_factory=dict)
    """The constant sequences that functions use, by the C type of their items and
    their text (0.0 equals -0.0), and their names."""
    constants: list[c.VariableItem] = field(default_factory=list)
    """Their definitions, those that others point at first."""
    watched: frozenset[str] = frozenset()
    """The helpers from which an exception may come to an ``except``."""
    checks: dict[Check, None] = field(default_factory=dict)
    """What the functions check while a request is served, each once, in order."""
    errors: dict[str, str] = field(default_factory=dict)
    """The exceptions that are told from each other at run time, and the names of their numbers."""

    @cached_property
    def changes(self) -> dict[str, frozenset[int]]:
        """For each helper the parameters whose objects it changes where they lie."""
        return changed_parameters(self.program)

    @cached_property
    def meanwhile(self) -> Meanwhile:
        """What the variables of the file change while another function runs."""
        return meanwhile(self.program)

    @property
    def prefix(self) -> str:
        """What the module's own names begin with."""
        return f"ngx_http_{self.program.name}"

    @property
    def module(self) -> str:
        """The name of the module's structure."""
        return f"{self.prefix}_filter_module"

    @property
    def ctx_type(self) -> str:
        """The type of the request's context."""
        return f"{self.prefix}_ctx_t"

    def table(self, type_: Type, values: tuple[TableValue, ...]) -> str:
        """The name of a static array with constant values of a type."""
        ctype = "ngx_int_t" if is_integer(type_) else c_type(self, type_)[0]
        return self._array(ctype, type_, values)

    def constant_list(self, type_: List, values: tuple[TableValue, ...]) -> str:
        """The name of a list of constants."""
        ctype = "ngx_int_t" if isinstance(type_.item, NoneType) else c_type(self, type_.item)[0]
        key = (f"list of {ctype}", repr(values))
        if key not in self.tables:
            items: c.Expr = c.Name("NULL")
            if values:
                items = c.Name(self._array(ctype, type_.item, values))
            count = c.Int(str(len(values)))
            parts = (items, count, c.SizeOf(ctype), count, c.Name("NULL"))
            name = self.tables[key] = f"{self.prefix}_list{len(self.tables) + 1}"
            self.constants.append(c.VarDef("static ngx_array_t", 0, name, init=c.Braces(parts)))
        return self.tables[key]

    def _array(self, ctype: str, type_: Type, values: tuple[TableValue, ...]) -> str:
        key = (ctype, repr(values))
        if key not in self.tables:
            star = "*" if isinstance(type_, List) else ""
            cells = tuple(cell(self, type_, value) for value in values)
            rows = tuple(c.Row(r.items) if isinstance(r, c.Braces) else r for r in cells)
            name = self.tables[key] = f"{self.prefix}_table{len(self.tables) + 1}"
            self.constants.append(c.ArrayDef(f"static {ctype}", star + name, rows))
        return self.tables[key]

    def error_kind(self, exception: str) -> c.Expr:
        """The number of an exception."""
        if exception not in self.errors:
            taken = frozenset(self.errors.values())
            words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", exception).lower()
            name = f"{self.program.name}_{words.removesuffix('_error')}_error"
            self.errors[exception] = Names(self.model, taken).claim(name)
        return c.Name(self.errors[exception])

    def conf_type(self, place: Place) -> str:
        """The type of the configuration of a level."""
        return f"{self.prefix}_{_CONF_SUFFIX[place]}_t"

    def validated(self, place: Place) -> str:
        """What comes before the names of what ``validate`` needs: the place, if several classes of
        the file have one."""
        several = sum(conf.validate is not None for conf in self.program.confs) > 1
        return f"{place.value}_" if several else ""

    def conf_name(self, place: Place) -> str:
        """``loc_conf`` and so on."""
        return _CONF_SUFFIX[place]

    def conf(self, place: Place) -> ConfClass | None:
        """The configuration class of a level."""
        return next((c for c in self.program.confs if c.place is place), None)

    @property
    def has_stream(self) -> bool:
        """Whether the context holds the stream engine's state."""
        return self.program.body is not None

    @property
    def has_ctx(self) -> bool:
        """Whether requests have a context of this module."""
        return self.has_stream or self.program.ctx is not None or self.can_replace

    @property
    def can_replace(self) -> bool:
        """Whether the header filter may replace the response: the page that comes instead must
        pass untouched, so the context remembers it."""
        return not self.header_results <= {"NGX_OK", "NGX_DECLINED", "NGX_ERROR"}

    def variable_handler(self, variable: VariableDef) -> str:
        """The function that nginx calls for a variable's value."""
        return f"{self.prefix}_{identifier(variable.name)}_variable"

    def struct(self, type_: Type) -> str:
        """The name of the structure of a compound value."""
        if type_ == Tuple((Bytes(), Bytes())):
            return "ngx_keyval_t"
        if type_ in self.structs:
            return self.structs[type_].name
        of_directive = self._directive(type_)
        if of_directive:
            return of_directive
        decls = []
        for name, part in zip(self.member_names(type_), members(type_), strict=True):
            if not isinstance(part[1], NoneType):
                decls.append(c.Decl(*c_type(self, part[1]), name))
        taken = {struct.name for struct in self.structs.values()}
        wanted = f"{self.prefix}_{_words(type_)}"
        found, number = f"{wanted}_t", 2
        while found in taken:
            found, number = f"{wanted}{number}_t", number + 1
        self.structs[type_] = c.StructDef(found, tuple(decls))
        return found

    def _directive(self, type_: Type) -> str:
        """The structure of the items of a directive, if these are of the type."""
        for conf in self.program.confs:
            for fld in conf.fields:
                inner = fld.type.inner if isinstance(fld.type, Optional) else fld.type
                if isinstance(inner, List) and inner.item == type_:
                    return f"{self.prefix}_{fld.name}_t"
        return ""

    def member_names(self, type_: Type) -> tuple[str, ...]:
        """The names of the members of a compound value's structure."""
        if type_ == Tuple((Bytes(), Bytes())):
            return ("key", "value")
        if isinstance(type_, Tuple) and type_.cls is None and self._directive(type_):
            return tuple(f"arg{i}" for i in range(1, len(type_.items) + 1))
        names = Names(self.model)
        return tuple(names.claim(name) for name, _ in members(type_))


def _words(type_: Type) -> str:
    """What the name of a structure says of its type."""
    match type_:
        case Tuple(_, cls) if cls is not None:
            return identifier(cls.__name__).lower()
        case Tuple(items):
            return "_".join(_words(item) for item in items)
        case Optional(inner):
            return f"optional_{_words(inner)}"
        case _:
            return describe(type_).removesuffix("_t").lower()


def cell(unit: Unit, type_: Type, value: TableValue) -> c.Expr:
    """A constant as an initialiser of C."""
    match type_:
        case Optional(inner) if is_compound(inner):
            there = c.Int("0" if value is None else "1")
            return c.Braces((there, cell(unit, inner, value)))
        case Optional(inner):
            if value is None and is_integer(inner):
                return literal(INT64_MIN)
            return cell(unit, inner, value)
        case Tuple(items):
            parts = (None,) * len(items) if value is None else value
            assert isinstance(parts, tuple)
            pairs = [p for p in zip(items, parts, strict=True) if p[0] != NoneType()]
            return c.Braces(tuple(cell(unit, t, v) for t, v in pairs))
        case List():
            assert value is None or isinstance(value, tuple)
            return c.Unary("&", c.Name(unit.constant_list(type_, value or ())))
        case Bytes() | Str():
            if value is None:
                return c.Name("ngx_null_string")
            data = value.encode() if isinstance(value, str) else value
            assert isinstance(data, bytes)
            return c.Call("ngx_string", (c.Str(data),))
        case Float():
            assert value is None or isinstance(value, float)
            return float_literal(0.0 if value is None else value)
        case _:
            assert value is None or isinstance(value, int)
            return literal(value or 0)


def c_type(unit: Unit, type_: Type) -> tuple[str, int]:
    """The C type of a variable, and its stars."""
    from pyngx import types as t

    match type_:
        case t.Int(name):
            return (name, 0)
        case t.Enum():
            return ("ngx_uint_t", 0) if type_.range.lo >= 0 else ("ngx_int_t", 0)
        case t.Bool():
            return ("ngx_flag_t", 0)
        case t.Float() | t.Total():
            return ("double", 0)
        case t.Bytes() | t.Str():
            return ("ngx_str_t", 0)
        case t.NoneType():
            return ("void", 0)
        case t.Optional(t.Enum()):
            return ("ngx_int_t", 0)  # a negative number stands for None
        case t.Optional(inner):
            return (unit.struct(type_), 0) if is_compound(type_) else c_type(unit, inner)
        case t.Struct(struct):
            return (struct, 1)
        case t.Conf(place):
            return (unit.conf_type(place), 1)
        case t.Ctx():
            return (unit.ctx_type, 1)
        case t.List():
            return ("ngx_array_t", 1)
        case t.Tuple():
            return (unit.struct(type_), 0)
        case t.ComplexValue():
            return ("ngx_http_complex_value_t", 1)
        case t.Bufs():
            return ("ngx_bufs_t", 0)
        case _:
            raise AssertionError(f"no C type for {type_}")
