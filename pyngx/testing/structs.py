"""nginx's structures in CPython: objects with the fields that the headers declare.

A test gives what it cares about; every other field is what nginx sets up before a response: zero,
empty or None, and an object of its own where nginx's pointer is never NULL.
"""

from __future__ import annotations

from typing import Any

from pyngx.check.fields import face
from pyngx.headers import NginxModel
from pyngx.testing.integers import checked
from pyngx.types import Bool, Bytes, Int, Optional
from pyngx.types import Struct as StructType


class Struct:
    """One structure; its fields are made when they are first read."""

    def __init__(self, model: NginxModel, name: str, **values: Any) -> None:
        self._model = model
        self._name = name
        for field, value in values.items():
            setattr(self, field, checked(value))

    def __getattr__(self, field: str) -> Any:
        if field.startswith("_"):
            raise AttributeError(field)
        value = initial(self._model, self._name, field)
        setattr(self, field, value)
        return value


def initial(model: NginxModel, struct: str, field: str) -> Any:
    """What a field holds that nobody has set.

    Raises:
        AttributeError: the structure has no such field, or Python sees nothing of it.
    """
    found = face(struct, field, model)
    if found is None or found.type is None:
        reason = f": {found.refusal}" if found else ""
        raise AttributeError(f"'{struct}' has no field '{field}' for a filter{reason}")
    match found.type:
        case Int():
            return checked(0)
        case Bool():
            return False
        case Bytes():
            return b""
        case Optional():
            return None
        case StructType(name):
            return Struct(model, name)
        case _:
            raise AttributeError(f"'{field}' of '{struct}' is not simulated")
