"""Functions of the standard library, found by what the author's names stand for."""

from __future__ import annotations

import ast
import hashlib
import hmac
from functools import cache
from importlib import import_module

from pyngx.check.coerce import as_bytes, store
from pyngx.check.context import nearest
from pyngx.check.numbers import ROUNDED, rounded
from pyngx.check.operators import Operators
from pyngx.check.rows import row_call
from pyngx.ops.floats import LIBRARY
from pyngx.ops.library import HASHES, ROWS
from pyngx.ops.table import TABLE
from pyngx.tree import Expr, Op
from pyngx.types import BIT, Bool, Bytes, Str

DATE = "email.utils.parsedate_to_datetime"


@cache
def _names() -> dict[int, str]:
    """The names of functions that rows begin with, by the identity of the function."""
    found = {}
    for row in (*ROWS, *LIBRARY):
        name = row.spoken
        module, _, function = name.rpartition(".")
        if module:
            found[id(getattr(import_module(module), function))] = name
    return found


def library_function(ex: Operators, node: ast.Call, found: object) -> Expr | None:
    """A call of a function of the standard library; None if ``found`` is none of the table."""
    if found is hmac.digest:
        hash_, node = _keyed(ex, node, "digest")
        return row_call(ex, node, TABLE[f"hmac.new({hash_}).digest"])
    name = _names().get(id(found))
    if name is None:
        return None
    if name == "random.randrange":
        count = len(node.args) + len(node.keywords)
        return row_call(ex, node, TABLE[f"{name}({min(max(count, 1), 2)})"])
    if name == "hmac.compare_digest":
        return _compared(ex, node)
    if name == "hmac.new":
        hash_, node = _keyed(ex, node)
        return row_call(ex, node, TABLE[f"{name}({hash_})"])
    if name in ROUNDED:
        return rounded(ex, node, name)
    if name == DATE:
        ex.report.refuse(
            "PNX132",
            node,
            "a datetime is no value of filters",
            help="write parsedate_to_datetime(text).timestamp(), a float",
        )
    if name == "math.log" and len(node.args) == 2:
        return row_call(ex, node, TABLE["math.log(2)"])
    return row_call(ex, node, TABLE[name])


def _compared(ex: Operators, node: ast.Call) -> Expr:
    """``hmac.compare_digest(a, b)`` of two bytes or two texts, which must be ASCII."""
    row = TABLE["hmac.compare_digest"]
    if len(node.args) != 2 or node.keywords:
        return row_call(ex, node, row)  # which refuses it
    values = [as_bytes(ex.expr(arg)) for arg in node.args]
    if all(isinstance(value.type, Str) for value in values):
        row = TABLE["hmac.compare_digest[str]"]
    else:
        for name, arg, value in zip("ab", node.args, values, strict=True):
            store(ex.report, arg, value, Bytes(), f"the argument '{name}' of compare_digest()")
    return Op(ex.report.span(node), Bool(), row, tuple(values), range=BIT)


def library_method(ex: Operators, node: ast.Call, func: ast.Attribute) -> Expr | None:
    """``hashlib.sha256(data).hexdigest()`` or ``parsedate_to_datetime(text).timestamp()``, at once;
    None if it is no such call."""
    maker = func.value
    if not isinstance(maker, ast.Call) or func.attr not in ("digest", "hexdigest", "timestamp"):
        return None
    name = _names().get(id(ex.compile_time(maker.func)))
    if name == DATE and func.attr == "timestamp":
        _no_arguments(ex, node, func.attr)
        return row_call(ex, maker, TABLE[f"{name}().{func.attr}"])
    if name not in ("hmac.new", *(f"hashlib.{hash_}" for hash_ in HASHES)):
        return None
    _no_arguments(ex, node, func.attr)
    if name != "hmac.new":
        return row_call(ex, maker, TABLE[f"{name}().{func.attr}"])
    hash_, maker = _keyed(ex, maker)
    return row_call(ex, maker, TABLE[f"{name}({hash_}).{func.attr}"])


def hash_method(ex: Operators, node: ast.Call, func: ast.Attribute, value: Expr) -> Expr:
    """``h.update(data)``, ``h.hexdigest()``: a method of a hash."""
    row = TABLE.get(f"hash.{func.attr}")
    if row is None or func.attr == "digest_size":
        ex.report.refuse(
            "PNX103",
            func,
            f"a hash has no method '{func.attr}'",
            help=nearest(func.attr, ("update", "digest", "hexdigest", "copy"))
            or "it has update(), digest(), hexdigest() and copy()",
        )
    if func.attr != "update":
        _no_arguments(ex, node, func.attr)
    return row_call(ex, node, row, (value,))


def _no_arguments(ex: Operators, node: ast.Call, method: str) -> None:
    if node.args or node.keywords:
        hashed = "leave them out" if method == "timestamp" else "give update() what is hashed"
        ex.report.refuse("PNX133", node, f"{method}() takes no arguments", help=hashed)


def _keyed(ex: Operators, maker: ast.Call, name: str = "digestmod") -> tuple[str, ast.Call]:
    """The hash of a call of ``hmac.new``, whose argument is called ``name``, and the call without
    it."""
    hash_ = _hash(ex, maker, name)
    rest = [k for k in maker.keywords if k.arg != name]
    return hash_, ast.copy_location(ast.Call(maker.func, maker.args[:2], rest), maker)


def _hash(ex: Operators, maker: ast.Call, name: str) -> str:
    """The hash that ``hmac.new`` is given."""
    named = [k.value for k in maker.keywords if k.arg == name]
    given = [*maker.args[2:], *named]
    if len(given) == 1:
        node = given[0]
        value = node.value if isinstance(node, ast.Constant) else ex.compile_time(node)
        for hash_ in HASHES:
            if value in (hash_, getattr(hashlib, hash_)):
                return hash_
    ex.report.refuse(
        "PNX134",
        maker,
        f"the hash of {ast.unparse(maker.func)}() is one of hashlib.md5, hashlib.sha1 and "
        "hashlib.sha256",
        help=f"write {ast.unparse(maker.func)}(key, msg, hashlib.sha256)",
    )
