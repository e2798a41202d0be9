"""What a filter file speaks of: its literals, numbers, and the names that it looks for.

Inputs that are made of these meet more of its branches than chance would.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

LONGEST = 200
"""Longer literals are texts, not needles."""
_HEADER = re.compile(rb"[A-Z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*")
_DIRECTIONS = {"headers_in": "request", "headers_out": "response"}
_PREFIXES = {"arg_": "arg", "cookie_": "cookie", "http_": "request", "sent_http_": "response"}


@dataclass(frozen=True)
class Words:
    """The words of a filter file; each list is sorted."""

    literals: tuple[bytes, ...]
    numbers: tuple[int, ...]
    args: tuple[bytes, ...]
    cookies: tuple[bytes, ...]
    request_headers: tuple[bytes, ...]
    response_headers: tuple[bytes, ...]
    variables: tuple[bytes, ...]
    subrequests: bool


def words_of(sources: Iterable[str], namespace: Mapping[str, object]) -> Words:
    """The words of Python texts; ``namespace`` is that of the filter file, which knows what a name
    of module level stands for."""
    found = _Finder(namespace)
    for source in sources:
        found.read(ast.parse(source))
    literals = {text for text in found.literals if 0 < len(text) <= LONGEST}
    names = {text for text in literals if _HEADER.fullmatch(text)}
    return Words(
        _sorted(literals),
        tuple(sorted(found.numbers)),
        _sorted(found.names["arg"]),
        _sorted(found.names["cookie"]),
        _sorted(found.names["request"] | names),
        _sorted(found.names["response"] | names),
        _sorted(found.names["variable"]),
        found.subrequests,
    )


def _sorted(words: Iterable[bytes]) -> tuple[bytes, ...]:
    return tuple(sorted(set(words), key=lambda word: (len(word), word)))


class _Finder(ast.NodeVisitor):
    def __init__(self, namespace: Mapping[str, object]) -> None:
        self.namespace = namespace
        self.literals: set[bytes] = set()
        self.numbers: set[int] = set()
        self.names: dict[str, set[bytes]] = {
            kind: set() for kind in ("arg", "cookie", "request", "response", "variable")
        }
        self.subrequests = False

    def read(self, tree: ast.Module) -> None:
        """Look at a file, without its docstrings."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef):
                if ast.get_docstring(node, clean=False) is not None:
                    del node.body[0]
        self.visit(tree)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Whether the file makes subrequests."""
        self.subrequests |= any(alias.name == "subrequest" for alias in node.names)

    def visit_Constant(self, node: ast.Constant) -> None:
        """A literal or a number."""
        self._constant(node.value)

    def visit_Name(self, node: ast.Name) -> None:
        """What a name of module level stands for."""
        self._constant(self.namespace.get(node.id))

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """``r.headers_in["X"]``, ``r.variables["x"]``."""
        self._named(node.value, node.slice)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """``"X" in r.headers_in``."""
        for name, container in zip([node.left, *node.comparators], node.comparators, strict=False):
            self._named(container, name)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """``r.arg("x")``, ``r.cookie("x")``, ``r.headers_in.get("X")``."""
        if isinstance(node.func, ast.Attribute) and node.args:
            if node.func.attr in ("arg", "cookie"):
                self.names[node.func.attr] |= self._texts(node.args[0])
            else:
                self._named(node.func.value, node.args[0])
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """``r.headers_in.user_agent``."""
        if isinstance(node.value, ast.Attribute) and node.value.attr == "headers_in":
            self.names["request"].add(node.attr.replace("_", "-").title().encode())
        self.generic_visit(node)

    def _named(self, container: ast.expr, name: ast.expr) -> None:
        if not isinstance(container, ast.Attribute):
            return
        if container.attr in _DIRECTIONS:
            self.names[_DIRECTIONS[container.attr]] |= self._texts(name)
        elif container.attr == "variables":
            for text in self._texts(name):
                self._variable(text.decode("latin-1"))

    def _variable(self, name: str) -> None:
        for prefix, kind in _PREFIXES.items():
            if name.startswith(prefix):
                self.names[kind].add(name.removeprefix(prefix).replace("_", "-").encode())
                return
        self.names["variable"].add(name.encode())

    def _texts(self, node: ast.expr) -> set[bytes]:
        value: object = None
        if isinstance(node, ast.Constant):
            value = node.value
        elif isinstance(node, ast.Name):
            value = self.namespace.get(node.id)
        return {_bytes(value)} if isinstance(value, str | bytes) else set()

    def _constant(self, value: object, depth: int = 3) -> None:
        match value:
            case bool():
                return
            case int():
                self.numbers.add(int(value))
            case str() | bytes():
                self.literals.add(_bytes(value))
            case tuple() | list() | set() | frozenset() if depth:
                for item in value:
                    self._constant(item, depth - 1)
            case dict() if depth:
                for key, item in value.items():
                    self._constant(key, depth - 1)
                    self._constant(item, depth - 1)


def _bytes(value: str | bytes) -> bytes:
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else bytes(value)
