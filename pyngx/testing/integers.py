"""Integers as the language has them, in CPython: 64 bits, and less where they are stored.

The author's own code runs, so a literal stays Python's ``int``. What comes from outside (``int()``,
fields of the context, of the configuration and of the request) is a `Checked`, and whatever is
computed with one is one: a result that does not fit raises ``OverflowError``.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from pyngx.check.annotations import UnknownAnnotation, from_annotation
from pyngx.headers import NginxModel
from pyngx.types import Int, Optional, Range, hints_of, unfit

LOW, HIGH = -(2**63), 2**63 - 1


def _checked(operation: Callable[..., Any]) -> Callable[..., Any]:
    def apply(*operands: int) -> Any:
        if not all(isinstance(o, int) for o in operands):
            return NotImplemented
        return Checked(operation(*map(_plain, operands)))

    return apply


def _plain(value: int) -> int:
    return int.__int__(value)


def _power(base: int, exponent: int) -> int:
    if exponent < 0:
        raise ValueError("negative exponent")
    if abs(base) > 1 and exponent > 64:
        raise OverflowError("integer does not fit in 64 bits")
    return int(base**exponent)


def _left(value: int, count: int) -> int:
    if count > 64 and value:
        raise OverflowError("integer does not fit in 64 bits")
    return value << count if value else operator.lshift(0, min(count, 1))


class _AnyInt(type):
    """``isinstance(5, int)`` holds for the ``int`` of a filter file too."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, int)


class Checked(int, metaclass=_AnyInt):
    """An integer of the language; also what ``int`` is in a filter file.

    Raises:
        OverflowError: the value does not fit in 64 bits.
    """

    def __new__(cls, *args: Any, **named: Any) -> Checked:
        value = int(*args, **named)
        if not LOW <= value <= HIGH:
            raise OverflowError("integer does not fit in 64 bits")
        return super().__new__(cls, value)


for _name, _operation in {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "floordiv": operator.floordiv,
    "mod": operator.mod,
    "pow": _power,
    "lshift": _left,
    "rshift": operator.rshift,
    "and": operator.and_,
    "or": operator.or_,
    "xor": operator.xor,
}.items():
    setattr(Checked, f"__{_name}__", _checked(_operation))
    setattr(Checked, f"__r{_name}__", _checked(lambda a, b, op=_operation: op(b, a)))
for _name in ("neg", "pos", "invert", "abs"):
    setattr(Checked, f"__{_name}__", _checked(getattr(operator, f"__{_name}__")))


def checked(value: Any) -> Any:
    """A value that comes from outside: integers become `Checked`, all else stays."""
    return Checked(value) if type(value) is int else value


def ranges(cls: type, model: NginxModel) -> dict[str, tuple[int, int]]:
    """What each integer field of a class may hold."""
    found = {}
    for name, hint in hints_of(cls).items():
        try:
            type_ = from_annotation(hint, model)
        except UnknownAnnotation:
            continue
        inner = type_.inner if isinstance(type_, Optional) else type_
        if isinstance(inner, Int):
            found[name] = (inner.range.lo, inner.range.hi)
    return found


@lru_cache(maxsize=256)
def storing(cls: type, model: NginxModel) -> type:
    """A class like ``cls`` whose integer fields are checked when something is stored in them."""
    bounds = ranges(cls, model)

    def store(self: object, name: str, value: Any) -> None:
        if name in bounds and isinstance(value, int):
            low, high = bounds[name]
            if not low <= value <= high:
                raise OverflowError(unfit(Range(low, high)))
            value = checked(value)
        object.__setattr__(self, name, value)

    body = {"__setattr__": store, "__module__": cls.__module__, "__qualname__": cls.__qualname__}
    return type(cls.__name__, (cls,), body)
