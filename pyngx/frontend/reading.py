"""Reads of the body behind something else in one expression, in Python's order.

A read may wait, so the compiler does it before the rest of its statement. Where something stands
before it that may fail, or that does something, that is done first::

    n = int(line) + len(body.read(3))

becomes::

    value = int(line)
    n = value + len(body.read(3))

for a line that is no number fails before anything is read. What is evaluated only sometimes, the
second operand of ``and``, stays where it is: the checker reads there once it is reached.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pyngx.diagnostics import Diagnostics
from pyngx.frontend.load import FunctionSource
from pyngx.frontend.spelling import assign, each_round, load, places

_SOMETIMES = ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def is_read(node: ast.AST) -> bool:
    """Whether an expression has the form of a read of the body."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(), attr="read" | "readline")):
            return True
        case _:
            return False


def reads(node: ast.AST) -> bool:
    """Whether a read is somewhere in an expression."""
    if isinstance(node, _SOMETIMES):
        return False
    return is_read(node) or any(reads(part) for part in ast.iter_child_nodes(node))


def spell_out_reads(function: FunctionSource, diags: Diagnostics) -> None:
    """Do what stands before a read before it, in place."""
    if not any(is_read(node) for node in ast.walk(function.node)):
        return
    taken = {n.id for n in ast.walk(function.node) if isinstance(n, ast.Name)}
    taken |= {a.arg for a in ast.walk(function.node) if isinstance(a, ast.arg)}
    _InOrder(function, diags, taken | set(function.namespace)).blocks(function.node)


@dataclass
class _InOrder:
    function: FunctionSource
    diags: Diagnostics
    taken: set[str]

    def blocks(self, node: ast.AST) -> None:
        """Go through the statements of all blocks of a node."""
        for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            self.blocks(part)
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                block[:] = [new for stmt in block for new in self._statement(stmt)]

    def _statement(self, stmt: ast.stmt) -> list[ast.stmt]:
        self.blocks(stmt)
        before: list[ast.stmt] = []
        match stmt:
            case ast.While() if self._late(stmt.test):
                return self._while(stmt)
            case ast.If() | ast.Assert():
                stmt.test = self._settle(stmt.test, before)
            case ast.Return() | ast.Expr() | ast.Assign() | ast.AugAssign() | ast.AnnAssign():
                if stmt.value is not None:
                    stmt.value = self._settle(stmt.value, before)
            case ast.For():
                stmt.iter = self._settle(stmt.iter, before)
            case ast.Raise() if stmt.exc is not None:
                stmt.exc = self._settle(stmt.exc, before)
            case _:
                pass
        if before:
            self.function.comments.lead_with(before[0], stmt)
        return [*before, stmt]

    def _while(self, stmt: ast.While) -> list[ast.stmt]:
        before: list[ast.stmt] = []
        test = self._settle(stmt.test, before)
        around = each_round(stmt, test, before, self._new)
        self.function.comments.lead_with(around[0], stmt)
        return around

    def _settle(self, node: ast.expr, out: list[ast.stmt]) -> ast.expr:
        """The expression, of which ``out`` does what has to be done before a read in it."""
        if not self._late(node):
            return node
        operands = _operands(node)
        waits = [i for i, (_, operand) in enumerate(operands) if reads(operand)]
        last = waits[-1] if waits else -1
        for number, (put, operand) in enumerate(operands[: last + 1]):
            if number == last:
                new = self._settle(operand, out)
            elif _is_inert(operand):
                continue
            else:
                kept = self._new("value")
                out += self._statement(assign(kept, operand))
                new = load(kept, operand)
            put(new)
        self._sometimes(node)
        return node

    def _late(self, node: ast.expr) -> bool:
        """Whether something that may fail, or that does something, stands before a read."""
        if not reads(node) or isinstance(node, _SOMETIMES):
            return False
        if any(self._late(part) for part in _sometimes(node)):
            return True
        before = False
        for _, operand in _operands(node):
            if reads(operand) and (before or self._late(operand)):
                return True
            before = before or not _is_inert(operand)
        return False

    def _sometimes(self, node: ast.expr) -> None:
        """Refuse it where that is evaluated only sometimes."""
        for part in _sometimes(node):
            if self._late(part):
                self.diags.error(
                    "PNX170",
                    self.function.source.span(part),
                    "this reads the body after something that may fail, and only sometimes",
                    help="read in a statement of its own, inside an 'if'",
                )

    def _new(self, stem: str) -> str:
        name, number = stem, 1
        while name in self.taken:
            number += 1
            name = f"{stem}{number}"
        self.taken.add(name)
        return name


def _operands(node: ast.expr) -> list[tuple[Callable[[ast.expr], None], ast.expr]]:
    """The operands that are evaluated whatever they are, in their order."""
    found = list(places(node))
    match node:
        case ast.BoolOp() | ast.IfExp():
            return found[:1]
        case ast.Compare():
            return found[:2]
        case _:
            return found


def _sometimes(node: ast.expr) -> Iterator[ast.expr]:
    """The operands that are evaluated only sometimes."""
    match node:
        case ast.BoolOp(values=[_, *others]) | ast.Compare(comparators=[_, *others]):
            yield from others
        case ast.IfExp():
            yield from (node.body, node.orelse)


def _is_inert(node: ast.expr) -> bool:
    """Whether it is all the same when an operand is evaluated: it neither fails nor does
    anything, and no read changes it."""
    match node:
        case ast.Name() | ast.Constant():
            return True
        case ast.Attribute(value=value):
            return _is_inert(value)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return all(map(_is_inert, parts))
        case ast.BoolOp(values=parts):
            return all(map(_is_inert, parts))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _is_inert(operand)
        case ast.Compare(left=left, comparators=others):
            return all(map(_is_inert, (left, *others)))
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return all(map(_is_inert, (test, body, orelse)))
        case ast.Call(func=ast.Name("len"), args=[given], keywords=[]):
            return _is_inert(given)
        case ast.Slice(step=step):
            bounds = (node.lower, node.upper)
            return step is None and all(b is None or _is_inert(b) for b in bounds)
        case ast.Subscript(value=value, slice=ast.Slice() as part):
            return _is_inert(value) and _is_inert(part)
        case ast.JoinedStr(values=parts):
            return all(map(_is_inert, parts))
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            texts = any(_is_text(side) for side in (left, right))
            return texts and _is_inert(left) and _is_inert(right)
        case _:
            return is_read(node) and all(map(_is_inert, getattr(node, "args", [])))


def _is_text(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=bytes() | str()) | ast.JoinedStr():
            return True
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return _is_text(left) or _is_text(right)
        case _:
            return is_read(node)
