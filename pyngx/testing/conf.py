"""nginx's configuration in CPython: read with crossplane, then parsed, merged and validated.

The text of three levels is given, as it would stand in ``http``, ``server`` and ``location``. The
directives of the filter file are known, and nginx's own ``set``; anything else is an unknown
directive. What nginx refuses is refused with its words.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pyngx import (
    NO_DEFAULT,
    ConfError,
    Directive,
    LocConf,
    MainConf,
    MimeTypes,
    SrvConf,
)
from pyngx.check.annotations import from_annotation
from pyngx.headers import NginxModel
from pyngx.ngx import ngx_bufs_t, ngx_http_complex_value_t
from pyngx.program import float_bounds_message
from pyngx.testing import units
from pyngx.testing.integers import checked, storing
from pyngx.testing.reading import ConfRefused, read, unknown
from pyngx.testing.variables import Set, check_names, complex_value, set_variable
from pyngx.types import (
    FULL,
    Bool,
    Bufs,
    ComplexValue,
    Enum,
    Float,
    Int,
    List,
    Optional,
    Str,
    Tuple,
    Type,
    hints_of,
)
from pyngx.types import MimeTypes as MimeTypesType

LEVELS = ("http", "server", "location")
_PLACES = {LocConf: LEVELS, SrvConf: LEVELS[:2], MainConf: LEVELS[:1]}
PAGE_SIZE = 4096


@dataclass(frozen=True)
class Known:
    """A directive of the filter: the field it sets, and what may be given."""

    base: type
    attribute: str
    directive: Directive
    type: Type
    contexts: tuple[str, ...]


@dataclass
class Level:
    """What was set at one level of the configuration: by base class and field."""

    values: dict[tuple[type, str], Any] = field(default_factory=dict)
    lines: dict[type, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Configuration:
    """The merged configuration of a location: an object for each base class, what ``set`` does
    for each request, and the variables that the file's own directives name."""

    objects: dict[type, Any]
    variables: tuple[Set, ...]
    named: dict[str, str]


def configure(
    classes: dict[type, type],
    model: NginxModel,
    texts: dict[str, str],
    variable_directives: Collection[str] = (),
    output: str | None = None,
    variables: Collection[str] = (),
) -> Configuration:
    """Read the three levels' texts and merge them; ``output`` is the name of the directive for
    output buffers that the compiler adds, ``variables`` are those that are there besides nginx's.

    Raises:
        ConfRefused: nginx would refuse them.
    """
    known = directives(classes, model)
    if output is not None:
        known.setdefault(output, Known(object, output, Directive(output), Bufs(), LEVELS))
    levels = {name: Level() for name in LEVELS}
    done: list[Set] = []
    named: dict[str, str] = {}
    own = {name.lower() for name in variables}
    for name in LEVELS:
        for (directive, *args), place in read(texts.get(name, ""), name):
            if directive == "set":
                done.append(_set_variable(args, name, place, own))
            elif directive in variable_directives:
                _count(directive, len(args) == 1, place)
                if len(args[0]) < 2 or not args[0].startswith("$"):
                    raise ConfRefused(f'invalid variable name "{args[0]}" in {place}')
                named[args[0][1:].lower()] = directive
            elif directive in known:
                _set(known[directive], directive, args, name, levels[name], place)
            else:
                raise unknown(directive, place)
    own |= {*named, *(one.name for one in done)}
    check_names((one.text for one in done), own)
    for level in levels.values():
        check_names(_complex(list(level.values.values())), own)
    return Configuration(_merged(classes, known, levels, model), tuple(done), named)


def _set_variable(args: list[str], where: str, place: str, own: Collection[str]) -> Set:
    if where == "http":
        raise ConfRefused(f'"set" directive is not allowed here in {place}')
    _count("set", len(args) == 2, place)
    try:
        return set_variable(args[0], args[1], own)
    except ConfError as error:
        raise ConfRefused(f"{error} in {place}") from None


def _complex(value: Any) -> Iterator[ngx_http_complex_value_t]:
    """The texts with variables in a field's value."""
    if isinstance(value, ngx_http_complex_value_t):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _complex(item)


def directives(classes: dict[type, type], model: NginxModel) -> dict[str, Known]:
    """The directives of a filter's classes by name."""
    found = {}
    for base, cls in classes.items():
        if base not in _PLACES:
            continue
        for attribute, hint in hints_of(cls).items():
            declared = getattr(cls, attribute, None)
            if not isinstance(declared, Directive):
                continue
            context = declared.context
            contexts = _PLACES[base] if context is None else context
            places = (contexts,) if isinstance(contexts, str) else tuple(contexts)
            type_ = from_annotation(hint, model)
            found[declared.name] = Known(base, attribute, declared, type_, places)
    return found


def _count(directive: str, fits: bool, place: str) -> None:
    if not fits:
        raise ConfRefused(f'invalid number of arguments in "{directive}" directive in {place}')


def _inner(type_: Type) -> Type:
    return type_.inner if isinstance(type_, Optional) else type_


def _arguments(type_: Type) -> Callable[[int], bool]:
    """How many arguments a directive takes."""
    match type_:
        case Bufs():
            return (2).__eq__
        case List(Tuple(items)):
            return len(items).__eq__
        case List() | MimeTypesType():
            return lambda n: n >= 1
        case Enum(cls) if issubclass(cls, enum.Flag):
            return lambda n: n >= 1
        case _:
            return (1).__eq__


def _set(known: Known, name: str, args: list[str], where: str, level: Level, place: str) -> None:
    if where not in known.contexts:
        raise ConfRefused(f'"{name}" directive is not allowed here in {place}')
    type_ = _inner(known.type)
    _count(name, _arguments(type_)(len(args)), place)
    key = (known.base, known.attribute)
    grows = isinstance(type_, List | MimeTypesType) or (
        isinstance(type_, Enum) and issubclass(type_.cls, enum.Flag)
    )
    if key in level.values and not grows:
        raise ConfRefused(f'"{name}" directive is duplicate in {place}')
    try:
        value = _value(known, name, args, level.values.get(key))
    except ConfError as error:
        words = str(error)
        if words in ("invalid number", "invalid value"):  # what a slot's handler returns
            words = f'"{name}" directive {words}'
        raise ConfRefused(f"{words} in {place}") from None
    level.values[key] = value
    level.lines[known.base] = place


def _value(known: Known, name: str, args: list[str], before: Any) -> Any:
    """The arguments as the field holds them.

    Raises:
        ConfError: they are not what the directive takes.
    """
    type_ = _inner(known.type)
    text = args[0]
    match type_:
        case Bool():
            if text.lower() not in ("on", "off"):
                raise ConfError(
                    f'invalid value "{text}" in "{name}" directive, it must be "on" or "off"'
                )
            return text.lower() == "on"
        case Int():
            return _number(known, type_, text, name)
        case Float():
            return _decimal(known, text)
        case Enum(cls) if issubclass(cls, enum.Flag):
            value = before if before is not None else cls(0)
            for word in args:
                value |= _member(cls, word, f'invalid value "{word}"')
            return value
        case Enum(cls):
            return _member(cls, text, f'invalid value "{text}"')
        case Str():
            return text
        case Bufs():
            count, bytes_ = units.number(text), units.size(args[1])
            if not count or not bytes_:
                raise ConfError("invalid value")
            return ngx_bufs_t(count, bytes_)
        case MimeTypesType():
            own = () if before is None else before.types
            return MimeTypes((*own, *(a.lower().encode() for a in args)))
        case ComplexValue():
            return complex_value(text)
        case List(Tuple(items)):
            row = tuple(_item(t, a) for t, a in zip(items, args, strict=True))
            return [*(before or ()), row]
        case List(item):
            return [*(before or ()), *(_item(item, a, True) for a in args)]
        case _:
            return text.encode()


def _member(cls: type[enum.Enum], word: str, message: str) -> Any:
    found = next((m for n, m in cls.__members__.items() if n.lower() == word.lower()), None)
    if found is None:
        raise ConfError(message)
    return found


def _item(type_: Type, text: str, signed: bool = False) -> Any:
    match type_:
        case Int():
            minus = signed and len(text) > 1 and text.startswith("-")
            value = units.number(text[1:] if minus else text)
            if value is None:
                raise ConfError(f'invalid number "{text}"' if signed else "invalid number")
            return checked(-value if minus else value)
        case Float():
            real = units.decimal(text)
            if real is None:
                raise ConfError(f'invalid number "{text}"' if signed else "invalid number")
            return real
        case ComplexValue():
            return complex_value(text)
        case Str():
            return text
        case _:
            return text.encode()


def _number(known: Known, type_: Int, text: str, name: str) -> int:
    parse: Callable[[str], int | None]
    match type_.c:
        case "size_t":
            parse = units.size
        case "off_t":
            parse = units.offset
        case "time_t":
            parse = partial(units.time, seconds=True)
        case "ngx_msec_t":
            parse = partial(units.time, seconds=False)
        case _:
            parse = units.number
    value = parse(text)
    if value is None:
        raise ConfError("invalid number" if parse is units.number else "invalid value")
    low, high = known.directive.min, known.directive.max
    own = type_.c in ("ngx_int_t", "ngx_uint_t", "size_t", "off_t", "time_t", "ngx_msec_t")
    if not own and type_.range != FULL:
        low = type_.range.lo if low is None else low
        high = type_.range.hi if high is None else high
    if low is None and high is None:
        return value
    low = 0 if low is None else low
    if high is None and value < low:
        raise ConfError(f"value must be equal to or greater than {low}")
    if value < low or (high is not None and value > high):
        raise ConfError(f"value must be between {low} and {high}")
    return value


def _decimal(known: Known, text: str) -> float:
    value = units.decimal(text)
    if value is None:
        raise ConfError("invalid number")
    low, high = known.directive.min, known.directive.max
    if (low is not None and value < low) or (high is not None and value > high):
        raise ConfError(float_bounds_message(low, high))
    return value


def _merged(
    classes: dict[type, type], known: dict[str, Known], levels: dict[str, Level], model: NginxModel
) -> dict[type, Any]:
    objects: dict[type, Any] = {}
    for base, cls in classes.items():
        if base not in _PLACES:
            continue
        # nginx validates each level when it is merged, the outer ones too
        for last in range(1, len(_PLACES[base]) + 1):
            objects[base] = _object(base, cls, known, levels, LEVELS[:last], model)
    return objects


def _object(
    base: type,
    cls: type,
    known: dict[str, Known],
    levels: dict[str, Level],
    names: tuple[str, ...],
    model: NginxModel,
) -> Any:
    values, place = {}, None
    for name in names:
        place = levels[name].lines.get(base, place)
        for one in known.values():
            if one.base is base and (base, one.attribute) in levels[name].values:
                values[one.attribute] = levels[name].values[base, one.attribute]
    for one in known.values():
        if one.base is base and one.attribute not in values:
            default = one.directive.default
            if isinstance(_inner(one.type), Bufs) and default is not NO_DEFAULT and default[1] == 0:
                values[one.attribute] = ngx_bufs_t(default[0], PAGE_SIZE)
            if isinstance(_inner(one.type), List) and isinstance(default, tuple | frozenset | set):
                values[one.attribute] = list(default)
    found = storing(cls, model)(**values)
    validate = getattr(found, "validate", None)
    if validate is not None:
        try:
            validate()
        except ConfError as error:
            raise ConfRefused(f"{error} in {place or 'http:1'}") from None
    return found
