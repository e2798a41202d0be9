"""What an nginx declares, as plain data: types, structs, functions, constants.

The cached form is JSON with one shared table of types; objects are made from it when asked for, so
that loading costs what reading the JSON costs.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pyngx.build.cache import cached_file
from pyngx.build.configure import configured
from pyngx.build.locate import NginxTarget

Kind = Literal["void", "int", "float", "pointer", "record", "array", "function", "enum"]


@dataclass(frozen=True, slots=True)
class CType:
    """A C type, named as an nginx developer writes it, without `const`.

    `size` is in bytes, 0 if incomplete. `target` is the pointee, the element of an array, or the
    result of a function. A record carries only its name; its fields are `NginxModel.struct(name)`.
    """

    kind: Kind
    name: str
    size: int
    signed: bool
    target: "CType | None"

    def to_json(self) -> dict[str, Any]:
        """The type as JSON data, `from_json`'s inverse."""
        target = None if self.target is None else self.target.to_json()
        return {
            "kind": self.kind,
            "name": self.name,
            "size": self.size,
            "signed": self.signed,
            "target": target,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "CType":
        """The type that was written as JSON."""
        target = None if data["target"] is None else cls.from_json(data["target"])
        return cls(data["kind"], data["name"], data["size"], data["signed"], target)


@dataclass(frozen=True, slots=True)
class Field:
    """A member of a struct or union; `bits` is the width of a bit-field."""

    name: str
    type: CType
    bits: int | None


@dataclass(frozen=True, slots=True)
class Struct:
    """A struct or union with its fields in C's order, those of nameless members as its own."""

    name: str
    fields: Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class Function:
    """A function's prototype; a parameter without a name in C has an empty one."""

    name: str
    result: CType
    params: tuple[tuple[str, CType], ...]
    variadic: bool


class NginxModel:
    """Everything one nginx declares. Names that it does not have give None."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.version: str = data["version"]
        self.version_number: int = data["version_number"]
        self._types: list[list[Any]] = data["types"]
        self._typedefs: dict[str, int] = data["typedefs"]
        self._structs: dict[str, list[list[Any]]] = data["structs"]
        self._aliases: dict[str, str] = data["aliases"]
        self._functions: dict[str, list[Any]] = data["functions"]
        self._integers: dict[str, int] = data["integers"]
        self._strings: dict[str, str] = data["strings"]
        self._macros: frozenset[str] = frozenset(data["macros"])
        self._made_types: dict[int, CType] = {}
        self._made_structs: dict[str, Struct] = {}

    def struct(self, name: str) -> Struct | None:
        """A struct or union by its typedef; a nameless one of a field is `outer_t.field`.

        One record with two typedefs (`ngx_http_variable_value_t`) is found by both, and its `name`
        is the first of them.
        """
        name = self._aliases.get(name, name)
        if name not in self._made_structs:
            if name not in self._structs:
                return None
            fields = {
                field: Field(field, self._type(index), bits)
                for field, index, bits in self._structs[name]
            }
            self._made_structs[name] = Struct(name, fields)
        return self._made_structs[name]

    def type(self, name: str) -> CType | None:
        """A type by its typedef's name."""
        index = self._typedefs.get(name)
        return None if index is None else self._type(index)

    def function(self, name: str) -> Function | None:
        """A function of nginx by its name."""
        if name not in self._functions:
            return None
        result, params, variadic = self._functions[name]
        return Function(
            name, self._type(result), tuple((p, self._type(i)) for p, i in params), variadic
        )

    def constant(self, name: str) -> int | bytes | None:
        """The value of a macro or an enumerator: a number, or the bytes of a string."""
        if name in self._integers:
            return self._integers[name]
        text = self._strings.get(name)
        return None if text is None else text.encode("latin-1")

    def macro(self, name: str) -> bool:
        """Whether a macro of this name exists, also one with parameters."""
        return name in self._macros

    def names(self) -> frozenset[str]:
        """Every name that a file may use, for suggestions."""
        return frozenset().union(
            self._structs,
            self._aliases,
            self._typedefs,
            self._functions,
            self._integers,
            self._strings,
        )

    def struct_names(self) -> frozenset[str]:
        """The names that `struct` knows."""
        return frozenset(self._structs) | frozenset(self._aliases)

    def has_field(self, struct: str, field: str) -> bool:
        """Whether this nginx's struct has the field; versions differ in them."""
        rows = self._structs.get(self._aliases.get(struct, struct), ())
        return any(row[0] == field for row in rows)

    def _type(self, index: int) -> CType:
        if index not in self._made_types:
            kind, name, size, signed, target = self._types[index]
            made = CType(kind, name, size, signed, None if target is None else self._type(target))
            self._made_types[index] = made
        return self._made_types[index]


def load_model(target: NginxTarget) -> NginxModel:
    """The model of a target's headers; milliseconds from the cache, seconds the first time.

    Raises HeadersError when the headers do not parse, BuildError when nginx cannot be configured.
    """
    tree = configured(target)

    def make(draft: Path) -> None:
        # libclang is loaded only here: it costs more than reading the cache
        from pyngx.headers.extract import extract

        draft.write_text(json.dumps(extract(tree), separators=(",", ":")), encoding="utf-8")

    maker = hashlib.sha256(Path(__file__).with_name("extract.py").read_bytes()).hexdigest()[:12]
    path = cached_file(f"{tree.objs.parent.name}-model-{maker}.json", make)
    return NginxModel(json.loads(path.read_text(encoding="utf-8")))
