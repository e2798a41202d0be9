"""Objects, the names that they may be reached by, and what calls do with them."""

from __future__ import annotations

from dataclasses import dataclass

from pyngx.tree import (
    Expr,
    Item,
    ItemAt,
    Local,
    StateField,
    TableItem,
    TableList,
    TupleOf,
    Unwrap,
    Var,
    Walrus,
    Wrap,
)
from pyngx.types import Ctx, List, Optional, Tuple, Type

OUTSIDE = ("the context", "the configuration", "the module")


@dataclass(frozen=True)
class InLoop:
    """The variable of one of the loops that have one of this name, which is not used after it."""

    var: Var
    loop: int


Name = Var | InLoop | str
"""What an object may be reached by: a variable, or one of `OUTSIDE`."""


@dataclass(frozen=True)
class Effect:
    """What a call does with objects: the parameters whose objects it changes, whether it changes
    one of the context; the parameters (by number) and outside places that its result may be of,
    and those that have one object after it."""

    changes: frozenset[int] = frozenset()
    of_context: bool = False
    related: frozenset[int | str] = frozenset()
    tied: frozenset[frozenset[int | str]] = frozenset()


def holds(type_: Type, classes: frozenset[type]) -> bool:
    """Whether a value is an object of one of some classes, or has one in it."""
    match type_:
        case Optional(inner) | List(inner):
            return holds(inner, classes)
        case Tuple(items, cls):
            return cls in classes or any(holds(item, classes) for item in items)
        case _:
            return False


def roots_of(expr: Expr) -> set[Name]:
    """The name under which an object lies."""
    match expr:
        case Local(var=var) | Walrus(var=var):
            return {var}
        case StateField(obj=obj):
            return {OUTSIDE[0] if isinstance(obj.type, Ctx) else OUTSIDE[1]}
        case Item(obj=inner) | Unwrap(value=inner) | Wrap(value=inner) | ItemAt(value=inner):
            return roots_of(inner)
        case TableItem() | TableList() | TupleOf(shared=True):
            return {OUTSIDE[2]}
        case _:
            return set()
