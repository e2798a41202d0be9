"""Recorded calls as expressions of a filter: one variable for each shape of a call.

A shape is an operation with the kinds of its arguments. Text, bytes, numbers and lists come from
the request, so that one variable makes many calls; what must be constant in a filter (None, a
flag, a format, an encoding, the order of bytes) is part of the shape. The values of a variable are
written so that bytes, text, numbers and errors are told apart.
"""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import quote_from_bytes

Signature: TypeAlias = tuple[Any, ...]
"""The kinds of the arguments, then pairs of those given by name."""

LONGEST = 2000
"""Bytes of an argument in a request line."""
CONSTANT: dict[str, tuple[int, ...]] = {
    "struct.pack": (0,),
    "struct.unpack": (0,),
    "struct.unpack_from": (0,),
    "struct.calcsize": (0,),
    "bytes.decode": (1, 2),
    "str.encode": (1, 2),
    "str.__mod__": (0,),
    "bytes.__mod__": (0,),
    "str.format": (0,),
    "format": (1,),
    "int.__format__": (1,),
    "float.__format__": (1,),
    "str.__format__": (1,),
    "int.to_bytes": (2,),
    "int.from_bytes": (1,),
    "hmac.new": (2,),
    "bytes": (1, 2),
    "str": (1, 2),
}
"""Of some operations, which arguments are constants of the filter though they are text or bytes."""
CONSTANT_NAMES = frozenset({"byteorder", "encoding", "errors", "digestmod", "format"})
OPERATORS = {
    "__add__": "{} + {}",
    "__sub__": "{} - {}",
    "__mul__": "{} * {}",
    "__truediv__": "{} / {}",
    "__floordiv__": "{} // {}",
    "__mod__": "{} % {}",
    "__pow__": "{} ** {}",
    "__lshift__": "{} << {}",
    "__rshift__": "{} >> {}",
    "__and__": "{} & {}",
    "__or__": "{} | {}",
    "__xor__": "{} ^ {}",
    "__eq__": "{} == {}",
    "__ne__": "{} != {}",
    "__lt__": "{} < {}",
    "__le__": "{} <= {}",
    "__gt__": "{} > {}",
    "__ge__": "{} >= {}",
    "__neg__": "-{}",
    "__invert__": "~{}",
    "__contains__": "{1} in {0}",
    "__getitem__": "{0}[{1}]",
    "__len__": "len({})",
    "__abs__": "abs({})",
}
ALONE = ("__neg__", "__invert__", "__len__", "__abs__")
HEAD = '''"""Calls of CPython's own tests."""

import base64
import binascii
import email.utils
import hashlib
import hmac
import html
import math
import struct
import urllib.parse
import zlib
from urllib.parse import unquote_to_bytes

from pyngx import variable
from pyngx.ngx import ngx_http_request_t


def data(r: ngx_http_request_t, name: bytes) -> bytes:
    return unquote_to_bytes(r.arg(name) or b"")


def text(r: ngx_http_request_t, name: bytes) -> str:
    return data(r, name).decode()


def number(r: ngx_http_request_t, name: bytes) -> int:
    return int(r.arg(name) or b"0")


def real(r: ngx_http_request_t, name: bytes) -> float:
    return float(r.arg(name) or b"0")


def many(r: ngx_http_request_t, name: bytes) -> list[bytes]:
    return [unquote_to_bytes(p[1:]) for p in (r.arg(name) or b"").split(b",") if p]


def texts(r: ngx_http_request_t, name: bytes) -> list[str]:
    return [unquote_to_bytes(p[1:]).decode() for p in (r.arg(name) or b"").split(b",") if p]


def numbers(r: ngx_http_request_t, name: bytes) -> list[int]:
    return [int(p[1:]) for p in (r.arg(name) or b"").split(b",") if p]


def reals(r: ngx_http_request_t, name: bytes) -> list[float]:
    return [float(p[1:]) for p in (r.arg(name) or b"").split(b",") if p]


def of_texts(values: list[str]) -> bytes:
    return b"".join([b"/" + v.encode().hex().encode() for v in values])


def of_many(values: list[bytes]) -> bytes:
    return b"".join([b"/" + v.hex().encode() for v in values])


def of_numbers(values: list[int]) -> bytes:
    return b"".join([b"/%d" % v for v in values])


def of_reals(values: list[float]) -> bytes:
    return b"".join([b"/" + str(v).encode() for v in values])
'''
SHOWN = {
    "bytes": 'b"b" + ({}).hex().encode()',
    "str": 'b"s" + ({}).encode().hex().encode()',
    "int": 'b"i%d" % ({})',
    "bool": 'b"t%d" % ({})',
    "float": 'b"f" + str({}).encode()',
    "texts": 'b"S" + of_texts({})',
    "many": 'b"B" + of_many({})',
    "numbers": 'b"I" + of_numbers({})',
    "reals": 'b"F" + of_reals({})',
    "error": 'b"n%d" % len([{}])',
}
"""How the value of a kind is written; of calls that only fail it is not known."""
READ = {
    "bytes": "data",
    "str": "text",
    "int": "number",
    "float": "real",
    "many": "many",
    "texts": "texts",
    "numbers": "numbers",
    "reals": "reals",
}
LISTS = {"bytes": "many", "str": "texts", "int": "numbers", "float": "reals"}


FULL = b"!OverflowError"
"""What an integer of more than 64 bits is."""


class Outside(Exception):
    """A call that no filter could make: an argument has no counterpart in filters."""


@dataclass(frozen=True)
class Call:
    """One call, and what came out: ``("value", v)`` or ``("error", name)``."""

    args: tuple[Any, ...]
    named: tuple[tuple[str, Any], ...]
    outcome: tuple[str, Any]


@dataclass
class Group:
    """The calls of a suite that are of one operation and the same kinds of arguments: how many, and
    samples of them by their hash, none above ``worst``."""

    suite: str
    name: str
    signature: Signature
    calls: int = 0
    samples: dict[int, Call] = field(default_factory=dict)
    worst: float = float("inf")


@dataclass(frozen=True)
class Shape:
    """An expression of a filter, and the kind of its result."""

    expression: str
    result: str


def kind(value: Any) -> Any:
    """The kind of an argument.

    Raises:
        Outside: filters have none like it.
    """
    match value:
        case None | bool():
            return ("constant", repr(value))
        case int():
            if not -(2**63) <= value < 2**63:
                raise Outside
            return "int"
        case float():
            return "float"
        case str() | bytes():
            if len(value) > LONGEST:
                raise Outside
            if isinstance(value, str):
                _encoded(value)
            return type(value).__name__
        case ("slice" | "tuple" as which, *items):
            return (which, *map(kind, items))
        case ("list", *items):
            kinds = {kind(item) for item in items}
            if len(kinds) > 1 or len(items) > LONGEST // 8:
                raise Outside
            (one,) = kinds or {"bytes"}
            if not isinstance(one, str) or one not in LISTS:
                raise Outside
            return LISTS[one]
    raise Outside


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Outside from None


def _constant(value: Any) -> Any:
    if not isinstance(value, str | bytes):
        return kind(value)
    kind(value)
    return ("constant", repr(value))


def signature(name: str, args: tuple[Any, ...], named: tuple[tuple[str, Any], ...]) -> Signature:
    """What tells the shape of a call from others."""
    fixed = CONSTANT.get(name, ())
    return (
        *[_constant(a) if i in fixed else kind(a) for i, a in enumerate(args)],
        *[(k, _constant(v) if k in CONSTANT_NAMES else kind(v)) for k, v in named],
    )


def query(call: Call) -> bytes:
    """The arguments of a call in a request."""
    found: list[bytes] = []
    values = (*call.args, *(value for _, value in call.named))
    for i, value in enumerate(values):
        found += _asked(f"a{i}", value)
    return b"&".join(found)


def _asked(name: str, value: Any) -> Iterator[bytes]:
    match value:
        case ("slice" | "tuple", *items):
            for i, item in enumerate(items):
                yield from _asked(f"{name}_{i}", item)
        case None | bool():
            pass
        case _:
            yield name.encode() + b"=" + _written(value)


def _written(value: Any) -> bytes:
    match value:
        case int():
            return b"%d" % value
        case float():
            return repr(value).encode()
        case str():
            return quote_from_bytes(value.encode()).encode()
        case bytes():
            return quote_from_bytes(value).encode()
        case ("list", *items):
            return b",".join(b"_" + _written(item) for item in items)
    raise AssertionError(value)


def _read(key: str, known: Any) -> str:
    """An argument in an expression."""
    match known:
        case ("constant", text):
            return str(text)
        case ("slice", *bounds):
            parts = [
                "" if b == ("constant", "None") else _read(f"{key}_{i}", b)
                for i, b in enumerate(bounds)
            ]
            return ":".join(parts)
        case ("tuple", *items):
            inner = ", ".join(_read(f"{key}_{i}", item) for i, item in enumerate(items))
            return f"({inner},)" if len(items) == 1 else f"({inner})"
    return f'{READ[known]}(r, b"{key}")'


def expression(name: str, signature: Signature) -> str:
    """The call in a filter.

    Raises:
        Outside: an expression has no place for an argument.
    """
    args, words = [], []
    for i, known in enumerate(signature):
        match known:
            case (str() as word, inner) if word not in ("constant", "slice", "tuple"):
                words.append(f"{word}={_read(f'a{i}', inner)}")
            case _:
                args.append(_read(f"a{i}", known))
    owner, _, method = name.rpartition(".")
    if name == "format" or method == "__format__":
        return _formatted(args)
    if owner in ("bytes", "str", "int", "float", "bool") and method not in CLASS_METHODS:
        if not args or (method.startswith("__") and len(args) > 2):
            raise Outside
        if method in OPERATORS and not words:
            if len(args) != 1 + (method not in ALONE):
                raise Outside
            return OPERATORS[method].format(*args)
        if method.startswith("__"):
            raise Outside
        if owner in ("int", "float"):
            args[0] = f"({args[0]})"
        return f"{args[0]}.{method}({', '.join([*args[1:], *words])})"
    call = f"{name}({', '.join([*args, *words])})"
    if name.startswith("hashlib.") or name == "hmac.new":
        call += ".hexdigest()"
    return call + ".timestamp()" if name == "email.utils.parsedate_to_datetime" else call


CLASS_METHODS = ("fromhex", "from_bytes", "maketrans")


def _formatted(args: list[str]) -> str:
    """An f-string for what ``format(value, spec)`` gives."""
    try:
        spec = literal_eval(args[1]) if len(args) > 1 else ""
    except ValueError:
        raise Outside from None
    if not isinstance(spec, str) or set(spec) & set("{}'\\\"") or not spec.isprintable():
        raise Outside
    return f"f'{{{args[0]}:{spec}}}'" if spec else f"f'{{{args[0]}}}'"


def result_kind(outcome: tuple[str, Any]) -> str:
    """The kind of what came out: that of each of a tuple's, if it is one."""
    which, value = outcome
    if which == "error":
        return "error"
    match value:
        case None:
            raise Outside
        case ("tuple", *items) if items:
            return ",".join(result_kind(("value", item)) for item in items) + ","
        case bool():
            return "bool"
        case ("list",) | ("tuple", *_) | ("slice", *_):
            return "many"
        case ("list", *items):
            kinds = {type(item).__name__ for item in items}
            (one,) = kinds if len(kinds) == 1 else {""}
            if one not in LISTS:
                raise Outside
            return LISTS[one]
    return type(value).__name__


def wanted(outcome: tuple[str, Any]) -> bytes:
    """What the variable is to give."""
    which, value = outcome
    if which == "error":
        return b"!" + str(value).encode()
    match value:
        case bool():
            return b"t%d" % value
        case int():
            return b"i%d" % value if -(2**63) <= value < 2**63 else FULL
        case float():
            return b"f" + repr(value).encode()
        case bytes():
            return b"b" + value.hex().encode()
        case str():
            return b"s" + _encoded(value).hex().encode()
        case ("tuple", *items):
            parts = [wanted(("value", item)) for item in items]
            return FULL if FULL in parts else b";".join(parts)
        case ("list", *items):
            plain = [wanted(("value", item)) for item in items]
            if FULL in plain:
                return FULL
            letter = {"many": b"B", "texts": b"S", "numbers": b"I", "reals": b"F"}
            return letter[result_kind(outcome)] + b"".join(b"/" + item[1:] for item in plain)
    raise Outside


def source(shapes: list[Shape], errors: Mapping[Shape, set[str]]) -> str:
    """A filter file with a variable for each shape."""
    text = HEAD
    for i, shape in enumerate(shapes):
        kinds = shape.result.split(",")
        if len(kinds) > 1:
            names = [f"x{j}" for j in range(len(kinds) - 1)]
            first = f"        {', '.join(names)}{',' * (len(names) == 1)} = {shape.expression}\n"
            shown = [SHOWN[k].format(n) for k, n in zip(kinds, names, strict=False)]
            value = ' + b";" + '.join(f"({s})" for s in shown)
        else:
            first, value = "", SHOWN[shape.result].format(shape.expression)
        text += f"""

@variable("v{i}")
def v{i}(r: ngx_http_request_t) -> bytes:
    try:
{first}        return {value}
"""
        for error in sorted(errors.get(shape, ()), key=ORDER.index) or ["OverflowError"]:
            text += f'    except {error}:\n        return b"!{error}"\n'
    return text


ORDER = (
    "UnicodeDecodeError",
    "UnicodeEncodeError",
    "binascii.Error",
    "struct.error",
    "ValueError",
    "ZeroDivisionError",
    "OverflowError",
    "IndexError",
    "TypeError",
    "Exception",
)
"""Exceptions, before those that they are classes of."""
