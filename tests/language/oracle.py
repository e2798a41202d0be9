"""CPython as the oracle: the same functions of a filter file, called with plain objects.

`Checked` is an ``int`` with the one limit that the language adds: a result that does not fit in
64 bits raises ``OverflowError``.
"""

from __future__ import annotations

import importlib.util
import operator
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

from pyngx.ngx import uint8_t

LOW, HIGH = -(2**63), 2**63 - 1


def _checked(operation: Callable[..., Any]) -> Callable[..., Any]:
    def apply(*operands: int) -> Any:
        if not all(isinstance(o, int) for o in operands):
            return NotImplemented
        result = operation(*(int(o) for o in operands))
        if not LOW <= result <= HIGH:
            raise OverflowError(result)
        return Checked(result)

    return apply


def _power(base: int, exponent: int) -> int:
    if exponent < 0:
        raise ValueError("negative exponent")
    if abs(base) > 1 and exponent > 64:
        raise OverflowError
    return int(base**exponent)


def _left(value: int, count: int) -> int:
    if count > 64 and value:
        raise OverflowError
    return value << count if value else operator.lshift(0, min(count, 1))


class Checked(int):
    """An integer of the language."""


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


def _parse(value: bytes | int, *base: int) -> Checked:
    """``int`` of the language."""
    result = int(value, *base)
    if not LOW <= result <= HIGH:
        raise OverflowError(result)
    return Checked(result)


@dataclass
class Request:
    """What the functions of a test file use of a request."""

    args: Mapping[bytes, bytes] = field(default_factory=dict)

    def arg(self, name: bytes, /) -> bytes | None:
        """As nginx has it."""
        return self.args.get(name)


def load(path: Path) -> ModuleType:
    """A filter file as an ordinary module, with its directory importable."""
    spec = importlib.util.spec_from_file_location(f"oracle_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent))
    module.int = _parse  # type: ignore[attr-defined]
    return module


def context(cls: type) -> object:
    """A new context whose ``uint8_t`` fields are checked when they are stored."""
    small = {n for n, hint in get_type_hints(cls).items() if hint is uint8_t}

    def store(self: object, name: str, value: Any) -> None:
        if name in small and not 0 <= value <= 255:
            raise OverflowError(value)
        object.__setattr__(self, name, value)

    return type(cls.__name__, (cls,), {"__setattr__": store})()


@dataclass(frozen=True)
class Outcome:
    """A value as a client sees it, or where and with what the function failed."""

    value: bytes = b""
    failure: str | None = None


def outcome(function: Callable[..., Any], path: Path, *args: object) -> Outcome:
    """What CPython makes of a call."""
    try:
        result = function(*args)
    except Exception as exc:
        frames = traceback.extract_tb(exc.__traceback__)
        own = [f for f in frames if Path(f.filename).parent == path.parent]
        place = f"{Path(own[-1].filename).name}:{own[-1].lineno}"
        return Outcome(failure=f"{place}: {type(exc).__name__}")
    if isinstance(result, str):
        result = result.encode()
    return Outcome(result or b"")
