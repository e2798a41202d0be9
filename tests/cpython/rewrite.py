"""CPython's test modules, each call and operator of which passes a recorder.

Methods of ``bytes`` cannot be replaced, so the text of the tests is: ``x.find(b"a", 1)`` is loaded
as ``__call__(x.find, b"a", 1)``, ``a % b`` as ``__operate__("__mod__", a, b)``. What the tests
check stays what it is.
"""

from __future__ import annotations

import ast
import importlib
import operator
import sys
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from types import CodeType, ModuleType
from typing import Any

BINARY: dict[type[ast.AST], str] = {
    ast.Add: "__add__",
    ast.Sub: "__sub__",
    ast.Mult: "__mul__",
    ast.Div: "__truediv__",
    ast.FloorDiv: "__floordiv__",
    ast.Mod: "__mod__",
    ast.Pow: "__pow__",
    ast.LShift: "__lshift__",
    ast.RShift: "__rshift__",
    ast.BitAnd: "__and__",
    ast.BitOr: "__or__",
    ast.BitXor: "__xor__",
    ast.Eq: "__eq__",
    ast.NotEq: "__ne__",
    ast.Lt: "__lt__",
    ast.LtE: "__le__",
    ast.Gt: "__gt__",
    ast.GtE: "__ge__",
    ast.USub: "__neg__",
    ast.Invert: "__invert__",
}
OPERATORS: dict[str, Callable[..., Any]] = {
    **{name: getattr(operator, name) for name in BINARY.values()},
    "__contains__": operator.contains,
    "__getitem__": operator.getitem,
}
ALONE = frozenset({"super", "locals", "globals", "vars", "dir", "eval", "exec", "__import__"})
"""Functions that look at the frame of their caller."""


class _Rewriter(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in ALONE:
            return node
        return _call("__call__", [node.func, *node.args], node.keywords, node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        name = BINARY.get(type(node.op))
        return _operator(name, [node.left, node.right], node) if name else node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        name = BINARY.get(type(node.op))
        if name is None or isinstance(node.operand, ast.Constant):  # -1 is a constant
            return node
        return _operator(name, [node.operand], node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) != 1:
            return node
        (right,) = node.comparators
        if isinstance(node.ops[0], ast.In):
            return _operator("__contains__", [right, node.left], node)
        name = BINARY.get(type(node.ops[0]))
        return _operator(name, [node.left, right], node) if name else node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        index = node.slice
        if not isinstance(node.ctx, ast.Load) or isinstance(index, ast.Tuple):
            return node
        if isinstance(index, ast.Slice):
            bounds = [b or ast.Constant(None) for b in (index.lower, index.upper, index.step)]
            index = _call("__slice__", bounds, [], node)
        return _operator("__getitem__", [node.value, index], node)


def _call(
    name: str, args: list[ast.expr], keywords: list[ast.keyword], place: ast.expr
) -> ast.expr:
    return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), args, keywords), place)


def _operator(name: str, operands: list[ast.expr], place: ast.expr) -> ast.expr:
    return _call("__operate__", [ast.Constant(name), *operands], [], place)


class _Loader(SourceFileLoader):
    """Compiles the rewritten text, whatever compiled file there is."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        tree = _Rewriter().visit(ast.parse(self.get_data(path), path))
        code: CodeType = compile(ast.fix_missing_locations(tree), path, "exec")
        return code


def load(name: str, call: Callable[..., Any], operate: Callable[..., Any]) -> ModuleType | None:
    """``test.NAME`` with its calls made by ``call(function, *args)`` and its operators by
    ``operate(name, *operands)``. None if this version of Python has no such module."""
    full = f"test.{name}"
    found = find_spec(full)
    if found is None or found.origin is None:
        return None
    spec = spec_from_file_location(full, found.origin, loader=_Loader(full, found.origin))
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    vars(module).update(__call__=call, __operate__=operate, __slice__=slice)
    sys.modules[full] = module
    package, _, last = full.rpartition(".")
    setattr(importlib.import_module(package), last, module)
    spec.loader.exec_module(module)
    return module
