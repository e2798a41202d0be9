"""The typed program: what a file declares, around the functions of `pyngx.tree`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pyngx.source import SourceFile, Span
from pyngx.tree import (
    Function,
)
from pyngx.types import Place, Type


@dataclass(frozen=True, slots=True)
class DirectiveField:
    """A field of a configuration class. ``default`` is a plain Python value."""

    name: str
    directive: str
    type: Type
    default: object
    contexts: tuple[str, ...]
    min: int | float | None
    max: int | float | None
    span: Span
    comments: tuple[str, ...]


def float_bounds_message(low: float | None, high: float | None) -> str:
    """What nginx says of a float that a directive's ``min`` and ``max`` do not allow."""
    if high is None:
        assert low is not None
        return f"value must be equal to or greater than {float(low)}"
    if low is None:
        return f"value must be equal to or less than {float(high)}"
    return f"value must be between {float(low)} and {float(high)}"


@dataclass(frozen=True, slots=True)
class ConfClass:
    """The configuration of one level."""

    place: Place
    name: str
    docstring: str | None
    fields: tuple[DirectiveField, ...]
    validate: Function | None


@dataclass(frozen=True, slots=True)
class CtxField:
    """A field of the request context; ``default`` is a plain Python value."""

    name: str
    type: Type
    default: int | bool | float | bytes | str | tuple[object, ...] | None
    span: Span
    comments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CtxClass:
    """The request context of the file."""

    name: str
    docstring: str | None
    fields: tuple[CtxField, ...]


class BodyForm(StrEnum):
    """How a body filter is written: a generator, or a function of chains."""

    STREAM = "stream"
    CHAIN = "chain"


@dataclass(frozen=True, slots=True)
class BodyFilter:
    """The body filter of the file."""

    function: Function
    form: BodyForm
    encoded: bool
    partial: bool


@dataclass(frozen=True, slots=True)
class VariableDef:
    """``@variable(name)``; with ``contexts`` it is ``@variable(directive(name))``: the name and the
    places of a directive whose argument is the variable's name."""

    name: str
    function: Function
    contexts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Program:
    """A whole file, typed."""

    name: str
    after: str | None
    before: str | None
    source: SourceFile
    docstring: str | None
    confs: tuple[ConfClass, ...]
    ctx: CtxClass | None
    header: Function | None
    body: BodyFilter | None
    variables: tuple[VariableDef, ...]
    helpers: tuple[Function, ...]
    output: tuple[Place, str] | None = None  # the directive for the body filter's own buffers

    @property
    def functions(self) -> tuple[Function, ...]:
        """Every function of the author's."""
        found = [*self.helpers]
        found += [c.validate for c in self.confs if c.validate is not None]
        found += [] if self.header is None else [self.header]
        found += [] if self.body is None else [self.body.function]
        found += [v.function for v in self.variables]
        return tuple(found)
