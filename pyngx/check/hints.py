"""What to write instead, where the checker refuses: words only, no decision is made here.

Each takes what the message is about and gives the help below it; what is not recognised gets the
general words.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable

from pyngx import Directive
from pyngx.check.context import Reporter, nearest, suggestion
from pyngx.source import Span
from pyngx.tree import ByteAt, Const, Expr
from pyngx.types import (
    Body,
    Bytes,
    Float,
    Int,
    NoneType,
    Optional,
    Part,
    Str,
    Type,
    is_integer,
)

MANY = 12
"""Names that a help lists; a longer list would hide what the message says."""

_EMPTY = {Bytes: 'b""', Str: '""', Int: "0", Float: "0.0"}


def written(report: Reporter, span: Span) -> str:
    """The code at a place, if it is short and in one line; else ``""``."""
    if span.line != span.end_line or span.line > len(report.source.lines):
        return ""
    text = report.source.lines[span.line - 1][span.col - 1 : span.end_col - 1]
    return text if len(text) <= 40 else ""


def without_none(report: Reporter, value: Expr, what: str) -> str:
    """How None is excluded from a value."""
    if isinstance(value.type, NoneType):
        removed = "; a header is removed by: del r.headers_out[name]"
        return "give a value" + (removed if what == "a header value" else "")
    text = written(report, value.span)
    stays = re.fullmatch(r"""[\w.]+(\[(b?"[^"]*"|b?'[^']*')\])?""", text)
    test = f"'if {text} is not None:'" if stays else "assign it and test: 'if x is not None:'"
    inner = value.type.inner if isinstance(value.type, Optional) else value.type
    empty = _EMPTY.get(type(inner))
    if empty is None:
        return f"exclude None first: {test}" if stays else test
    default = f"give a default: {text or 'x'} or {empty}"
    return f"exclude None first: {test}; or {default}" if stays else f"{default}; or {test}"


def of_two(a: Type, b: Type) -> str:
    """How two types that do not go together are brought together."""
    kinds = {_kind(a), _kind(b)}
    if kinds == {"bytes", "str"}:
        return 'bytes and str never mix, as in Python: write b"…" for bytes'
    if kinds == {"bytes", "int"}:
        return 'int(b) reads a number from bytes, b"%d" % n writes one'
    if kinds == {"str", "int"}:
        return 'int(s) reads a number from str, f"{n}" writes one'
    return "bring both to one type first"


def compared(left: Expr, right: Expr) -> str:
    """How two values of different types are compared."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, ByteAt) and isinstance(other.type, Bytes | Str):
            data = other.value if isinstance(other, Const) else None
            known = isinstance(data, bytes | str) and len(data) == 1
            number = f"ord({data!r})" if known else 'a number, ord(b"/")'
            return f"an item of bytes is a number, as in Python: compare it with {number}"
    return of_two(left.type, right.type)


def of_one_name(a: Type, b: Type) -> str:
    """What is done about a value that is of one type or of another."""
    kinds = {_kind(a), _kind(b)}
    if kinds == {"bytes", "str"}:
        return 'bytes and str do not mix, as in Python: write both as b"…"'
    if kinds == {"bytes", "int"}:
        return 'write both as bytes, b"0" for 0, or convert each: int(b) or b"%d" % n'
    if kinds == {"float", "int"}:
        return "let both be floats: 0.0 for 0, float(n) for n"
    return "give the two values different names"


def of_widening(known: Type, wanted: Type) -> str:
    """What is done about a variable that would have to change its type."""
    if isinstance(wanted, Float) and is_integer(known):
        return "a local has one type: begin with a float, 0.0 for 0; write sum(values, 0.0)"
    return "a local has one type: give the new value a name of its own"


def _kind(type_: Type) -> str:
    inner = type_.inner if isinstance(type_, Optional) else type_
    if is_integer(inner):
        return "int"
    return {Bytes: "bytes", Str: "str", Float: "float"}.get(type(inner), "")


_REQUEST = {
    "address": '{r}.variables["remote_addr"]',
    "body": "the body filter's parameter: body: Body",
    "client_ip": '{r}.variables["remote_addr"]',
    "cookies": '{r}.cookie(b"name")',
    "content_type": '{r}.headers_out["Content-Type"]',
    "get": '{r}.arg(b"name")',
    "host": '{r}.headers_in["Host"]',
    "ip": '{r}.variables["remote_addr"]',
    "params": '{r}.arg(b"name")',
    "path": "{r}.uri",
    "query": "{r}.args",
    "query_string": "{r}.args",
    "remote_addr": '{r}.variables["remote_addr"]',
    "scheme": '{r}.variables["scheme"]',
    "status_code": "{r}.headers_out.status",
    "url": "{r}.uri",
    "user_agent": '{r}.headers_in["User-Agent"]',
}
"""Names that other libraries have for what a request has under another."""


def of_request(owner: str, name: str) -> str:
    """What a request has in the place of a field of another library's; ``""`` if unknown."""
    known = _REQUEST.get(name, "").format(r=owner)
    return f"did you mean {known}?" if known else ""


def of_field(name: str, known: Iterable[str], stored: bool) -> str:
    """The nearest field; and, where one is assigned, where state of one's own is kept."""
    near = suggestion(name, known)
    if not stored:
        return near or "see the structure in nginx's headers"
    own = "state of your own is kept in a RequestCtx"
    return f"{near} {own[0].upper()}{own[1:]}" if near else own


def of_method(name: str, type_: Type, known: Iterable[str]) -> str:
    """The nearest method, or all of them if they are few."""
    names = sorted(known)
    if name == "format" and isinstance(type_, Bytes):
        return 'write b"… %s …" % value'
    if name == "format" and isinstance(type_, Str):
        return 'write f"… {value} …"'
    if not names:
        return "only nginx's structures, your own classes, and bytes have attributes"
    if name in names:
        return f"call it: {name}()"
    if isinstance(type_, Part):
        names = [*_PART, *names]
    near = suggestion(name, names)
    if isinstance(type_, Part) and not near:
        return "part.matched says whether it is a match, part.index which of the literals"
    return near or (nearest(name, names) if len(names) <= MANY else _METHODS)


_PART = ("matched", "index")
_METHODS = "its methods are listed in docs/operations.md"


def of_length(type_: Type) -> str:
    """What has a length, in the place of something that has none."""
    if isinstance(type_, Body):
        return "r.headers_out.content_length_n is what nginx knows, or -1; else count what is read"
    return "bytes, str, buffers and lists have a length"


_CALLS = {
    "random.choice": "write VALUES[random.randrange(len(VALUES))]",
    "bytearray": 'bytes grow too: data = b"", then data += bytes([byte]) or data += part',
    "memoryview": "write data[i:j]: a slice takes no copy of the bytes",
    "repr": 'write "%r" % data for bytes; a number is shown by str(n)',
    "dict": "a table is a dict of module level; keep pairs in a list of tuples",
    "set": "a set of module level is looked up with 'in'; keep values in a list",
    "iter": "write a 'for' or a 'while' loop",
}
_MODULES = {
    "json": "look for what is needed: body.scan(…), data.find(…), data.partition(…)",
    "datetime": "int(time.time()) is the time; email.utils.formatdate(t, usegmt=True) writes it",
    "time": "int(time.time()) is the time; email.utils.formatdate(t, usegmt=True) writes it",
    "os": "compute it at module level: there it runs once, while the file is compiled",
    "sys": "compute it at module level: there it runs once, while the file is compiled",
    "re": "look for literals: body.scan(…), data.find(…), data.replace(…)",
}


def of_call(name: str, found: object, builtins: Iterable[str]) -> str:
    """What is called in the place of a function that is not compiled."""
    known = _CALLS.get(name) or suggestion(name, builtins)
    if known:
        return known
    if isinstance(found, type) and found.__module__ not in sys.stdlib_module_names:
        return (
            "objects are made of @dataclass and NamedTuple classes; "
            "state of a request is kept in a RequestCtx"
        )
    module = getattr(found, "__module__", None) or ""
    of_module = _MODULES.get(module if isinstance(module, str) else "")
    return of_module or "compute it at module level, or write a helper function"


def of_unpacking(node: ast.AST, targets: list[ast.expr]) -> str:
    """How a list's items get names."""
    names = [ast.unparse(target) for target in targets]
    match node:
        case ast.Call(func=ast.Attribute(value=owner, attr="split"), args=[separator, *_]) if (
            len(names) == 2
        ):
            text = f"{ast.unparse(owner)}.partition({ast.unparse(separator)})"
            return f"a list has any number of items: {names[0]}, _, {names[1]} = {text}"
        case _:
            return "a list has any number of items: assign it, and its items one by one"


def of_lookup(node: ast.expr) -> str:
    """How something of module level gets a value that a function can use."""
    return f"look it up at module level: VALUE = {ast.unparse(node)}"


def of_statement(node: ast.expr) -> str:
    """What an expression that does nothing may have been meant for."""
    match node:
        case ast.Compare(ops=[ast.Eq()], left=left, comparators=[right]):
            return f"'=' assigns: {ast.unparse(left)} = {ast.unparse(right)}"
        case ast.UnaryOp(op=ast.UAdd() | ast.USub(), operand=ast.UnaryOp(operand=operand)):
            return f"write '{ast.unparse(operand)} += 1' or '-= 1'"
        case _:
            return "assign it, or remove it"


def of_class(name: str, cls: object) -> str:
    """How a class of the file becomes a type of the language; ``""`` if it is none."""
    if not isinstance(cls, type) or cls.__module__ in sys.stdlib_module_names:
        return ""
    if any(isinstance(value, Directive) for value in vars(cls).values()):
        return f"write 'class {name}(LocConf):', with LocConf from pyngx"
    return f"write '@dataclass' before 'class {name}', or give it a base: LocConf, RequestCtx"


_PARAMETERS = {
    "body": "Body",
    "chain": "ngx_chain_t",
    "conf": "Conf",
    "config": "Conf",
    "ctx": "Ctx",
    "r": "ngx_http_request_t",
    "req": "ngx_http_request_t",
    "request": "ngx_http_request_t",
    "state": "Ctx",
}


def of_parameter(name: str, confs: Iterable[str], ctx: str | None, usual: str) -> str:
    """The type that a parameter without an annotation probably has, by its name."""
    own = {"Conf": next(iter(confs), "Conf"), "Ctx": ctx or "Ctx"}
    found = _PARAMETERS.get(name.lower(), usual)
    return own.get(found, found)
