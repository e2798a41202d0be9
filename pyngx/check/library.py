"""Functions of the standard library, found by what the author's names stand for."""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from importlib import import_module

from pyngx.check.operators import Operators
from pyngx.check.rows import row_call
from pyngx.ops.library import HASHES, ROWS
from pyngx.ops.table import TABLE
from pyngx.tree import Expr


@cache
def _names() -> dict[int, str]:
    """The names of functions that rows begin with, by the identity of the function."""
    found = {}
    for row in ROWS:
        name = row.name.partition("(")[0]
        module, _, function = name.rpartition(".")
        if module:
            found[id(getattr(import_module(module), function))] = name
    return found


def library_function(ex: Operators, node: ast.Call, found: object) -> Expr | None:
    """A call of a function of the standard library; None if ``found`` is none of the table."""
    name = _names().get(id(found))
    if name is None:
        return None
    if name == "random.randrange":
        count = len(node.args) + len(node.keywords)
        return row_call(ex, node, TABLE[f"{name}({min(max(count, 1), 2)})"])
    row = TABLE.get(name)
    if row is None:
        ex.report.refuse(
            "PNX132",
            node,
            f"what {name}() gives is used at once in a filter, and not kept",
            help=f"write {name}(…).digest() or {name}(…).hexdigest()",
        )
    return row_call(ex, node, row)


def library_method(ex: Operators, node: ast.Call, func: ast.Attribute) -> Expr | None:
    """``hashlib.sha256(data).hexdigest()``; None if it is no such call."""
    maker = func.value
    if not isinstance(maker, ast.Call):
        return None
    name = _names().get(id(ex.compile_time(maker.func)))
    if name not in ("hmac.new", *(f"hashlib.{hash_}" for hash_ in HASHES)):
        return None
    hash_ = ""
    if name == "hmac.new":
        hash_ = _hash(ex, maker)
        rest = [k for k in maker.keywords if k.arg != "digestmod"]
        maker = ast.copy_location(ast.Call(maker.func, maker.args[:2], rest), maker)
    row = TABLE.get(f"{name}({hash_}).{func.attr}")
    if row is None or node.args or node.keywords:
        ex.report.refuse(
            "PNX103",
            func,
            f"of what {name}() gives, digest() and hexdigest() are used, without arguments",
            help="hash all of the data at once",
        )
    return row_call(ex, maker, row)


def _hash(ex: Operators, maker: ast.Call) -> str:
    """The hash that ``hmac.new`` is given."""
    named = [k.value for k in maker.keywords if k.arg == "digestmod"]
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
        "the hash of hmac.new() is one of hashlib.md5, hashlib.sha1 and hashlib.sha256",
        help="write hmac.new(key, msg, hashlib.sha256)",
    )
