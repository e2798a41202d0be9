"""What the lowering of all functions of a module shares: names of types, helpers' signatures."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyngx.backend.names import identifier
from pyngx.headers import NginxModel
from pyngx.program import ConfClass, Program, VariableDef
from pyngx.tree import (
    Function,
)
from pyngx.types import Bool, Bytes, Enum, Int, List, Optional, Place, Str, Tuple, Type

_CONF_SUFFIX = {Place.LOC: "loc_conf", Place.SRV: "srv_conf", Place.MAIN: "main_conf"}


@dataclass(frozen=True)
class Signature:
    """How a helper is called: whether it wants the request, and whether it can fail."""

    c_name: str
    function: Function
    wants_request: bool
    fails: bool

    @property
    def returns_through_pointer(self) -> bool:
        """Whether the result is stored through the last argument."""
        result = self.function.result
        inner = result.inner if isinstance(result, Optional) else result
        if isinstance(inner, Bytes | Str):
            return True
        return self.fails and isinstance(inner, Int | Bool | Enum)


@dataclass
class Unit:
    """One module being lowered."""

    program: Program
    model: NginxModel
    helpers: dict[str, Signature] = field(default_factory=dict)
    header_results: frozenset[str] = frozenset()
    """What the author's header filter returns: names of constants, ``""`` for anything else."""
    tables: dict[tuple[int | bytes | str, ...], str] = field(default_factory=dict)
    """The constant sequences that functions use, and their names."""

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

    def table(self, values: tuple[int | bytes | str, ...]) -> str:
        """The name of a static array with constant values."""
        return self.tables.setdefault(values, f"{self.prefix}_table{len(self.tables) + 1}")

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

    def tuple_type(self, type_: Tuple) -> str:
        """The structure that holds the items of a list of tuples."""
        if type_.items == (Bytes(), Bytes()):
            return "ngx_keyval_t"
        for conf in self.program.confs:
            for fld in conf.fields:
                inner = fld.type.inner if isinstance(fld.type, Optional) else fld.type
                if isinstance(inner, List) and inner.item == type_:
                    return f"{self.prefix}_{fld.name}_t"
        raise AssertionError("a tuple that is no directive's")

    def tuple_fields(self, type_: Tuple) -> tuple[str, ...]:
        """The names of the fields of `tuple_type`."""
        if self.tuple_type(type_) == "ngx_keyval_t":
            return ("key", "value")
        return tuple(f"arg{i}" for i in range(1, len(type_.items) + 1))


def c_type(unit: Unit, type_: Type) -> tuple[str, int]:
    """The C type of a variable, and its stars."""
    from pyngx import types as t

    match type_:
        case t.Int(c):
            return (c, 0)
        case t.Enum():
            return ("ngx_uint_t", 0) if type_.range.lo >= 0 else ("ngx_int_t", 0)
        case t.Bool():
            return ("ngx_flag_t", 0)
        case t.Bytes() | t.Str():
            return ("ngx_str_t", 0)
        case t.NoneType():
            return ("void", 0)
        case t.Optional(inner):
            return c_type(unit, inner)
        case t.Struct(name):
            return (name, 1)
        case t.Conf(place):
            return (unit.conf_type(place), 1)
        case t.Ctx():
            return (unit.ctx_type, 1)
        case t.List():
            return ("ngx_array_t", 1)
        case t.Tuple():
            return (unit.tuple_type(type_), 1)
        case t.ComplexValue():
            return ("ngx_http_complex_value_t", 1)
        case t.Bufs():
            return ("ngx_bufs_t", 0)
        case _:
            raise AssertionError(f"no C type for {type_}")
