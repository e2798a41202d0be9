"""Attributes and subscripts: of nginx's structures, of state, of bytes, headers and tuples."""

from __future__ import annotations

import ast
import enum
import inspect

from pyngx.check import enums, finding, hints, tables
from pyngx.check.annotations import scalar
from pyngx.check.base import Base
from pyngx.check.coerce import BUF, as_bytes
from pyngx.check.constants import constant, integer
from pyngx.check.context import Refused, nearest
from pyngx.check.fields import face, field_names
from pyngx.check.lists import listed, slice_of
from pyngx.check.literals import as_value, common
from pyngx.check.methods import of_property
from pyngx.check.tuples import is_plain, item_of
from pyngx.ops.table import TABLE
from pyngx.program import DirectiveField
from pyngx.tree import (
    ByteAt,
    Compare,
    Const,
    Expr,
    Field,
    Item,
    ItemAt,
    Length,
    Op,
    StateField,
    TupleOf,
)
from pyngx.types import (
    BIT,
    BYTE,
    HASH,
    INT,
    INT64_MAX,
    LENGTH,
    Bool,
    Bufs,
    Bytes,
    Conf,
    Constant,
    Ctx,
    Enum,
    Error,
    Headers,
    Int,
    List,
    Optional,
    Part,
    Range,
    Str,
    Struct,
    Tuple,
    Type,
    Variables,
    describe,
    range_of,
)


class Access(Base):
    """Checks attributes and subscripts."""

    def _attribute(self, node: ast.Attribute) -> Expr:
        found = self.compile_time(node)
        if found is not None:
            return constant(self.report, node, found, self.mod.model, node.attr)
        value = self.expr(node.value)
        return self.attribute_of(node, value)

    def attribute_of(self, node: ast.Attribute, value: Expr) -> Expr:
        """``value.attr``."""
        span = self.report.span(node)
        value = as_value(value)
        match value.type:
            case Struct("ngx_http_request_t") if node.attr == "variables":
                return Field(span, Variables(), value, "variables", "")
            case Struct("ngx_http_request_t") if node.attr == "is_main":
                main = Field(span, Struct("ngx_http_request_t"), value, "main", "pointer")
                return Compare(span, Bool(), "==", value, main, range=BIT)
            case Struct() if value.type == HASH and node.attr == "digest_size":
                row = TABLE["hash.digest_size"]
                return Op(span, INT, row, (value,), range=row.range)
            case Struct(name) if value.type != HASH:
                return self._struct_field(node, value, name)
            case Headers(direction):
                return self._struct_field(node, value, f"ngx_http_headers_{direction}_t")
            case Bufs() if node.attr == "num":
                return Field(span, INT, value, "num", "ngx_int_t", range=Range(1, INT64_MAX))
            case Bufs() if node.attr == "size":
                size = scalar("size_t", self.mod.model)
                return Field(span, size, value, "size", "size_t", range=range_of(size))
            case Conf(place):
                conf = self.mod.confs[place]
                for field in conf.fields:
                    if field.name == node.attr:
                        limits = _configured_range(field)
                        return StateField(span, field.type, value, field.name, range=limits)
                self._no_field(node, conf.name, [f.name for f in conf.fields])
            case Ctx():
                ctx = self.mod.ctx
                assert ctx is not None
                for ctx_field in ctx.fields:
                    if ctx_field.name == node.attr:
                        limits = range_of(ctx_field.type)
                        return StateField(span, ctx_field.type, value, ctx_field.name, range=limits)
                self._no_field(node, ctx.name, [f.name for f in ctx.fields])
            case Tuple(items, cls) if cls is not None and node.attr in value.type.names:
                at = value.type.names.index(node.attr)
                return Item(span, items[at], value, at, range=range_of(items[at]))
            case Tuple(cls=cls) | Enum(cls) if cls is not None:
                return self._of_class(node, value, cls)
            case Part() if node.attr == "matched":
                return Field(span, Bool(), value, "matched", "ngx_flag_t", range=BIT)
            case Part() if node.attr == "index":
                return Field(span, INT, value, "index", "ngx_int_t", range=LENGTH)
            case Optional():
                self.no_none(value, f"'{ast.unparse(node.value)}'")
            case Constant(obj):
                self.report.refuse(
                    "PNX103",
                    node,
                    f"'{ast.unparse(node.value)}' has no attribute '{node.attr}'",
                    help=nearest(node.attr, dir(obj)),
                )
            case _:
                pass
        self.report.refuse(
            "PNX103",
            node,
            f"'{describe(value.type)}' has no attribute '{node.attr}'",
            help=(isinstance(value.type, Error) and f"its text is str({ast.unparse(node.value)})")
            or hints.of_method(node.attr, value.type, _methods_of(value.type)),
        )

    def _of_class(self, node: ast.Attribute, value: Expr, cls: type) -> Expr:
        """A property, or a constant of the class of an object."""
        found = of_property(self, node, value)
        if found is not None:
            return found
        own = inspect.getattr_static(cls, node.attr, None)
        if isinstance(own, int | float | bytes | str) and not isinstance(own, enum.Enum):
            return constant(self.report, node, own, self.mod.model, node.attr)
        if isinstance(value.type, Enum):
            return enums.of_member(self, node, value)
        self.report.refuse(
            "PNX103",
            node,
            f"'{cls.__name__}' has no attribute '{node.attr}'",
            help=nearest(node.attr, [n for n in dir(cls) if n not in dir(tuple)])
            or hints.of_method(node.attr, value.type, _methods_of(value.type)),
        )

    def _no_field(self, node: ast.Attribute, owner: str, known: list[str]) -> None:
        declared = self.mod.declared.get(owner, frozenset())
        if node.attr in declared:
            raise Refused  # its declaration is refused, which is said there
        self.report.refuse(
            "PNX104",
            node,
            f"{owner} has no field '{node.attr}'",
            help=nearest(node.attr, {*known, *declared})
            or "it has no fields yet: write 'name: type = …' in it",
        )

    def _struct_field(self, node: ast.Attribute, value: Expr, struct: str) -> Expr:
        found = face(struct, node.attr, self.mod.model)
        if found is None:
            names = field_names(struct, self.mod.model)
            self.report.refuse(
                "PNX200",
                node,
                f"{struct} of nginx {self.mod.model.version} has no field '{node.attr}'",
                help=self._elsewhere(node, struct)
                or hints.of_field(
                    node.attr,
                    (*names, *_methods_of(value.type)),
                    isinstance(node.ctx, ast.Store),
                ),
            )
        if found.type is None:
            self.report.refuse(
                "PNX201",
                node,
                f"the field '{node.attr}' of {struct} cannot be used from Python",
                label=found.refusal,
                help="use another field, or leave it to nginx",
            )
        c_type = found.type.c if hasattr(found.type, "c") else ""
        return Field(
            self.report.span(node),
            found.type,
            value,
            node.attr,
            c_type,
            found.embedded,
            found.bits,
            range=range_of(found.type),
        )

    def _elsewhere(self, node: ast.Attribute, struct: str) -> str:
        """Where a field is that was looked for in the request itself."""
        if struct != "ngx_http_request_t":
            return ""
        owner = ast.unparse(node.value)
        if node.attr == "headers":
            return f"{owner}.headers_in are the request's, {owner}.headers_out the response's"
        for direction in ("out", "in"):
            if node.attr in field_names(f"ngx_http_headers_{direction}_t", self.mod.model):
                return f"did you mean '{owner}.headers_{direction}.{node.attr}'?"
        return hints.of_request(owner, node.attr)

    def _subscript(self, node: ast.Subscript) -> Expr:
        nested = finding.chosen(self, node.value, node.slice, checked=True)
        if nested is not None:
            return tables.item(self, node, nested[1], nested[0], checked=False)
        value = self.expr(node.value)
        span = self.report.span(node)
        if isinstance(node.slice, ast.Slice):
            value = as_value(value)
        match value.type:
            case Headers(direction):
                name = self.need_bytes(node.slice, "a header name", text=True)
                row = TABLE[f"headers_{direction}.get"]
                return Op(span, Optional(Bytes()), row, (name,))
            case Variables():
                name = self.need_bytes(node.slice, "a variable name", text=True)
                return Op(span, Optional(Bytes()), TABLE["variables.get"], (name,))
            case Tuple(items) if not value.type.is_object:
                return self._tuple_item(node, value, items)
            case List() if isinstance(node.slice, ast.Slice):
                if node.slice.step is not None:
                    return self._stepped(node, value, node.slice)
                lower = self._bound(node.slice.lower, 0)
                upper = self._bound(node.slice.upper, INT64_MAX)
                return slice_of(self, node, value, lower, upper)
            case List(item):
                index = self.need_int(node.slice, "a list index")
                return ItemAt(span, item, value, index, True, range=range_of(item))
            case Bytes() | Part() | Struct("ngx_buf_t"):
                return self._bytes_item(node, value)
            case Str():
                return self._text_item(node, value)
            case Optional():
                self.no_none(value, f"'{ast.unparse(node.value)}'")
            case Constant(obj) if isinstance(obj, type) and enums.is_enum(obj):
                return enums.by_name(self, node, obj)
            case Constant(obj):
                return finding.subscript(self, node, obj)
            case _:
                pass
        self.report.refuse(
            "PNX105",
            node,
            f"'{describe(value.type)}' cannot be subscripted",
            help="bytes, lists, tuples, headers and variables can",
        )

    def _tuple_item(self, node: ast.Subscript, value: Expr, items: tuple[Type, ...]) -> Expr:
        if isinstance(node.slice, ast.Slice):
            return self._tuple_slice(node, node.slice, value)
        index = self.expr(node.slice)
        if not isinstance(index, Const) or not isinstance(index.value, int):
            index = self.need_int(node.slice, "an index")
            if common(items) is None:
                self.report.refuse(
                    "PNX105",
                    node.slice,
                    "a tuple of several types is indexed by a constant",
                    help="write pair[0] or pair[1]",
                )
            whole = listed(self, node.value, value)
            if not isinstance(whole.type, List):
                self.report.refuse(
                    "PNX105",
                    node.value,
                    "a tuple that is computed is indexed by a constant",
                    help="assign it to a variable first",
                )
            item = whole.type.item
            return ItemAt(
                self.report.span(node), item, whole, index, True, "tuple", range=range_of(item)
            )
        if not -len(items) <= index.value < len(items):
            self.report.refuse(
                "PNX106",
                node.slice,
                f"the tuple has {len(items)} items",
                help=f"the last one is [{len(items) - 1}], for indices start at 0",
            )
        position = index.value % len(items)
        if isinstance(value, TupleOf) and is_plain(value):
            return value.items[position]
        type_ = items[position]
        return Item(self.report.span(node), type_, value, position, range=range_of(type_))

    def _tuple_slice(self, node: ast.Subscript, part: ast.Slice, value: Expr) -> Expr:
        """``pair[1:]``, a tuple of some of the items."""
        bounds = [None if b is None else self.expr(b) for b in (part.lower, part.upper, part.step)]
        known = [b.value for b in bounds if isinstance(b, Const)]
        assert isinstance(value.type, Tuple)
        numbers = [b if b is None else getattr(b, "value", None) for b in bounds]
        places = range(len(value.type.items))
        if len(known) < sum(b is not None for b in bounds) or 0 in numbers[2:]:
            self.report.refuse(
                "PNX105",
                node.slice,
                "a tuple is sliced by constants",
                help="how many items there are has to be known: write values[1:], or use a list",
            )
        chosen = places[slice(*numbers)]
        if not is_plain(value) or not chosen:
            self.report.refuse(
                "PNX105",
                node,
                (
                    "an empty tuple is no value in this version"
                    if is_plain(value)
                    else "a tuple that is computed is not sliced"
                ),
                help="assign it to a variable first, and take items that it has",
            )
        items = tuple(item_of(value, place) for place in chosen)
        return TupleOf(self.report.span(node), Tuple(tuple(i.type for i in items)), items)

    def _bytes_item(self, node: ast.Subscript, value: Expr) -> Expr:
        span = self.report.span(node)
        data = as_bytes(value)
        if isinstance(node.slice, ast.Slice):
            if node.slice.step is not None:
                return self._stepped(node, data, node.slice)
            lower = self._bound(node.slice.lower, 0)
            upper = self._bound(node.slice.upper, INT64_MAX)
            return Op(span, Bytes(), TABLE["operator.slice"], (data, lower, upper))
        index = self.need_int(node.slice, "an index")
        if isinstance(data, Const) and isinstance(index, Const):
            assert isinstance(data.value, bytes) and isinstance(index.value, int)
            if -len(data.value) <= index.value < len(data.value):
                return integer(self.report, node, data.value[index.value], self.mod.model)
        certain = (
            isinstance(data, Const)
            and isinstance(data.value, bytes)
            and index.range.within(Range(0, len(data.value) - 1))
        )
        checked = not certain and not self.is_index(node.slice, node.value)
        return ByteAt(span, INT, data, index, checked, range=BYTE)

    def _text_item(self, node: ast.Subscript, text: Expr) -> Expr:
        """A character of a ``str``, which is a ``str`` again, or a slice of it."""
        span = self.report.span(node)
        if not isinstance(node.slice, ast.Slice):
            index = self.need_int(node.slice, "an index")
            if isinstance(text, Const) and isinstance(index, Const):
                assert isinstance(text.value, str) and isinstance(index.value, int)
                if -len(text.value) <= index.value < len(text.value):
                    return Const(span, Str(), text.value[index.value])
            return Op(span, Str(), TABLE["operator.text_item"], (text, index))
        if node.slice.step is not None:
            return self._stepped(node, text, node.slice)
        lower = self._bound(node.slice.lower, 0)
        upper = self._bound(node.slice.upper, INT64_MAX)
        return Op(span, Str(), TABLE["operator.text_slice"], (text, lower, upper))

    def _stepped(self, node: ast.Subscript, data: Expr, part: ast.Slice) -> Expr:
        """``data[start:stop:step]``, with the defaults that a step below zero has."""
        assert part.step is not None
        kind = {Bytes(): "slice", Str(): "text_slice"}.get(data.type, "list_slice")
        span = self.report.span(node)
        if not isinstance(part.step, ast.Constant | ast.UnaryOp):
            lower, upper = self._bound(part.lower, 0), self._bound(part.upper, INT64_MAX)
            step = self.need_int(part.step, "the step of a slice")
            left_out = (part.lower is None) + 2 * (part.upper is None)
            which = integer(self.report, node, left_out, self.mod.model)
            args = (data, lower, upper, step, which)
            return Op(span, data.type, TABLE[f"operator.{kind}_by"], args)
        step = self.need_int(part.step, "the step of a slice")
        assert isinstance(step, Const) and isinstance(step.value, int)
        if step.value == 0:
            self.report.refuse(
                "PNX108",
                part.step,
                "the step of a slice is zero",
                help="give another number, or leave it out for 1",
            )
        lower = self._bound(part.lower, 0 if step.value > 0 else INT64_MAX)
        upper = self._bound(part.upper, INT64_MAX if step.value > 0 else -INT64_MAX)
        if step.value == 1:
            return Op(span, data.type, TABLE[f"operator.{kind}"], (data, lower, upper))
        return Op(span, data.type, TABLE[f"operator.{kind}_step"], (data, lower, upper, step))

    def _bound(self, node: ast.expr | None, default: int) -> Expr:
        if node is None or (isinstance(node, ast.Constant) and node.value is None):
            return Const(
                self.report.span(self.function.node), INT, default, range=Range(default, default)
            )
        return self.need_int(node, "a slice bound")

    def length(self, node: ast.AST, value: Expr) -> Expr:
        """``len(value)``."""
        span = self.report.span(node)
        if isinstance(value, Const) and isinstance(value.value, bytes | str):
            return integer(self.report, node, len(value.value), self.mod.model)
        if isinstance(value.type, Constant):
            found = value.type.value
            if isinstance(found, type) and issubclass(found, enum.Enum):
                found = tuple(found)
            if isinstance(found, tuple | list | dict | set | frozenset):
                return integer(self.report, node, len(found), self.mod.model)
        if isinstance(value.type, Tuple) and is_plain(value) and not value.type.is_object:
            return integer(self.report, node, len(value.type.items), self.mod.model)
        if isinstance(value.type, Bytes | List | Part) or value.type == BUF:
            measured = value if value.type == BUF else as_bytes(value)
            return Length(span, INT, measured, range=LENGTH)
        if isinstance(value.type, Str):
            return Op(span, INT, TABLE["operator.text_length"], (value,), range=LENGTH)
        self.no_none(value, "the value")
        self.report.refuse(
            "PNX109",
            node,
            f"'{describe(value.type)}' has no len() here",
            help=hints.of_length(value.type),
        )


def _methods_of(type_: Type) -> tuple[str, ...]:
    match type_:
        case Bytes() | Part() | Struct("ngx_buf_t"):
            return TABLE.methods("bytes")
        case Str():
            return TABLE.methods("str")
        case Struct() if type_ == HASH:
            return TABLE.methods("hash")
        case Struct("ngx_http_request_t"):
            return (*TABLE.methods("request"), "variables", "is_main")
        case Headers(direction):
            return TABLE.methods(f"headers_{direction}")
        case _:
            return ()


def _configured_range(field: DirectiveField) -> Range:
    """The values that a directive can have: nginx parses no negative numbers, and min and max are
    checked when the configuration is read."""
    limits = range_of(field.type)
    if not isinstance(field.type, Int):
        return limits
    low = max(limits.lo, 0) if field.min is None else int(field.min)
    high = limits.hi if field.max is None else int(field.max)
    if isinstance(field.default, int):
        low, high = min(low, field.default), max(high, field.default)
    return Range(low, high)
