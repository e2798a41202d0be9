"""Objects of the author's named tuples and dataclasses: made, and made anew with other fields.

No field of an object is assigned, so that an object is the tuple of its fields: names may stand for
one object or for equal ones, and nothing tells which.
"""

from __future__ import annotations

import ast
import dataclasses

from pyngx.check.annotations import UnknownAnnotation, from_annotation
from pyngx.check.coerce import store
from pyngx.check.constants import constant
from pyngx.check.literals import as_value
from pyngx.check.operators import Operators
from pyngx.check.tuples import is_plain, item_of
from pyngx.tree import Expr, TupleOf
from pyngx.types import Tuple, describe


def made(ex: Operators, node: ast.Call, cls: type) -> Expr:
    """``Point(1, y=2)``."""
    try:
        type_ = from_annotation(cls, ex.mod.model)
    except UnknownAnnotation as exc:
        ex.report.refuse(
            "PNX161",
            node,
            f"'{cls.__name__}': {exc}",
            help="numbers, flags, enums, bytes and text are its fields, and it has no other names",
        )
    assert isinstance(type_, Tuple)
    names = [n for n in type_.names if n not in _by_name_only(cls)]
    given: dict[str, ast.expr] = dict(zip(names, node.args, strict=False))
    twice = [k.arg for k in node.keywords if k.arg in given]
    given |= {k.arg: k.value for k in node.keywords if k.arg is not None}
    defaults = _defaults(cls)
    missing = [n for n in type_.names if n not in given and n not in defaults]
    if twice or missing or set(given) - set(type_.names) or len(node.args) > len(names):
        ex.report.refuse(
            "PNX133",
            node,
            f"{cls.__name__}() takes {', '.join(type_.names)}",
            help="give each of them once",
        )
    values = {name: ex.expr(value) for name, value in given.items()}
    order = [name for name in type_.names if name in given]
    if list(given) != order and not all(map(is_plain, values.values())):
        ex.report.refuse(
            "PNX133",
            node,
            f"the fields of {cls.__name__}() are computed in another order than it has them",
            help=f"write {cls.__name__}({', '.join(order)})",
        )
    for name in type_.names:
        if name not in given:
            values[name] = constant(ex.report, node, defaults[name], ex.mod.model)
    items = tuple(
        store(ex.report, given.get(name, node), values[name], item, f"'{name}'")
        for name, item in zip(type_.names, type_.items, strict=True)
    )
    return TupleOf(ex.report.span(node), type_, items)


def _by_name_only(cls: type) -> set[str]:
    if not dataclasses.is_dataclass(cls):
        return set()
    return {f.name for f in dataclasses.fields(cls) if f.kw_only}


def _defaults(cls: type) -> dict[str, object]:
    """The fields that need not be given; those of a factory must be."""
    if dataclasses.is_dataclass(cls):
        missing = dataclasses.MISSING
        return {f.name: f.default for f in dataclasses.fields(cls) if f.default is not missing}
    return dict(getattr(cls, "_field_defaults", {}))


def replaced(ex: Operators, node: ast.Call, pair: Expr | None = None) -> Expr:
    """``dataclasses.replace(point, x=1)``, or ``pair._replace(x=1)`` of a named tuple."""
    given = pair is None and len(node.args) == 1
    value = as_value(ex.expr(node.args[0])) if given else pair
    names = {k.arg: k.value for k in node.keywords if k.arg is not None}
    type_ = value.type if value is not None else None
    of_kind = isinstance(type_, Tuple) and type_.is_object == (pair is None)
    if value is None or not of_kind or (pair is not None and node.args):
        ex.report.refuse(
            "PNX133",
            node,
            (
                "replace() takes an object of a dataclass, and new values of its fields by name"
                if pair is None
                else "_replace() takes new values of the fields by name"
            ),
            help=f"write {'replace(point, x=1)' if pair is None else 'pair._replace(key=1)'}",
        )
    assert isinstance(value.type, Tuple)
    wrong = set(names) - set(value.type.names)
    if wrong:
        ex.report.refuse(
            "PNX133",
            node,
            f"'{describe(value.type)}' has no field '{min(wrong)}'",
            help=f"it has: {', '.join(value.type.names)}",
        )
    now = again = value
    if not is_plain(value):
        now, again = ex.once(value, "object")
    new = {name: ex.expr(given) for name, given in names.items()}
    order = [name for name in value.type.names if name in names]
    if list(names) != order and not all(map(is_plain, new.values())):
        ex.report.refuse(
            "PNX133",
            node,
            "the fields of replace() are computed in another order than the class has them",
            help=f"write them in this order: {', '.join(order)}",
        )
    kept = [name for name in value.type.names if name not in new]
    late = value.type.names.index(kept[0]) if kept else len(new)
    if now is not value and not all(is_plain(new[n]) for n in value.type.names[:late]):
        ex.report.refuse(
            "PNX133",
            node,
            "the object is computed after the first of its new fields",
            help="assign it to a variable first",
        )
    items = []
    for i, (name, type_) in enumerate(zip(value.type.names, value.type.items, strict=True)):
        if name in new:
            items.append(store(ex.report, names[name], new[name], type_, f"'{name}'"))
        else:
            items.append(item_of(now if name == kept[0] else again, i))
    return TupleOf(ex.report.span(node), value.type, tuple(items))
