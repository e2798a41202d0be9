"""Generator expressions, and what goes through a whole sequence, spelled out as loops.

``any(f(x) for x in xs)`` becomes the loop that it means, in front of the statement::

    found = False
    for x in xs:
        if f(x):
            found = True
            break

No list is made for ``any``, ``all``, ``sum``, ``min`` and ``max``. What the statement evaluates
before it is evaluated before it still, and what it evaluates only sometimes stands in an ``if``.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyngx.diagnostics import Diagnostics
from pyngx.frontend.load import FunctionSource
from pyngx.frontend.spelling import assign, at, load, negated

_WHOLE = ("any", "all", "sum", "min", "max")
_COUNTED = ("range", "enumerate", "zip", "reversed")
_Comprehension = ast.GeneratorExp | ast.ListComp


def spell_out_loops(function: FunctionSource, diags: Diagnostics) -> None:
    """Replace generator expressions, in place; one that stands elsewhere is refused."""
    taken = {n.id for n in ast.walk(function.node) if isinstance(n, ast.Name)}
    taken |= {a.arg for a in ast.walk(function.node) if isinstance(a, ast.arg)}
    _SpellOut(function, taken | set(function.namespace)).blocks(function.node)
    for node in ast.walk(function.node):
        if isinstance(node, ast.GeneratorExp):
            diags.error(
                "PNX062",
                function.source.span(node),
                "a generator expression stands in any, all, sum, min, max, list or join",
                help="write a 'for' loop",
            )


@dataclass
class _SpellOut:
    function: FunctionSource
    taken: set[str]

    # Statements

    def blocks(self, node: ast.AST) -> None:
        """Go through the statements of all blocks of a node."""
        for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            self.blocks(part)
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                block[:] = [new for stmt in block for new in self._statement(stmt)]

    def _statement(self, stmt: ast.stmt) -> list[ast.stmt]:
        if isinstance(stmt, ast.FunctionDef | ast.ClassDef):
            return [stmt]
        self.blocks(stmt)
        before: list[ast.stmt] = []
        match stmt:
            case ast.While() if self._has(stmt.test) and not stmt.orelse:
                test = self._lin(stmt.test, before, True)
                leave = at(ast.If(negated(test), [at(ast.Break(), stmt.test)], []), stmt.test)
                stmt.test = at(ast.Constant(True), stmt.test)
                stmt.body[:0] = [*before, leave]
                return [stmt]
            case ast.If() | ast.Assert():
                stmt.test = self._lin(stmt.test, before, True)
            case ast.Return() | ast.Expr() | ast.Assign() | ast.AugAssign() | ast.AnnAssign():
                if stmt.value is not None:
                    stmt.value = self._lin(stmt.value, before)
            case ast.For():
                stmt.iter = self._lin(stmt.iter, before)
            case ast.Raise() if stmt.exc is not None:
                stmt.exc = self._lin(stmt.exc, before)
            case _:
                pass
        if before:
            self.function.comments.lead_with(before[0], stmt)
        return [*before, stmt]

    # Expressions

    def _kind(self, node: ast.AST) -> str | None:
        """What is spelled out: the name of the function, ``join`` or ``list``."""
        match node:
            case ast.Call(func=ast.Name(id=name), args=[_], keywords=[]) if name in ("any", "all"):
                return name if self._is_builtin(name) else None
            case ast.Call(func=ast.Name("sum"), args=[_] | [_, _], keywords=[]):
                return "sum" if self._is_builtin("sum") else None
            case ast.Call(func=ast.Name(id=name), args=[_]) if name in ("min", "max"):
                plain = all(k.arg == "default" for k in node.keywords)
                return name if plain and self._is_builtin(name) else None
            case ast.Call(func=ast.Name("list"), args=[ast.GeneratorExp()], keywords=[]):
                return "list" if self._is_builtin("list") else None
            case ast.Call(func=ast.Attribute(attr="join"), args=[ast.GeneratorExp()], keywords=[]):
                return "join"
            case ast.ListComp(generators=[first, *others]):
                match first.iter:
                    case ast.Call(func=ast.Name(id=name)) if name in _COUNTED:
                        return "list"
                inner = [node.elt, *first.ifs]
                if others or any(self._has(part) for part in inner):
                    return "list"
        return None

    def _is_builtin(self, name: str) -> bool:
        return name not in self.function.namespace and not any(
            isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store)
            for n in ast.walk(self.function.node)
        )

    def _has(self, node: ast.AST) -> bool:
        return any(self._kind(inner) for inner in ast.walk(node))

    def _lin(self, node: ast.expr, out: list[ast.stmt], test: bool = False) -> ast.expr:
        """The expression without what is spelled out, which goes to ``out``; ``test``: only its
        truth is asked for."""
        if not self._has(node):
            return node
        kind = self._kind(node)
        if kind is not None:
            return self._loop(kind, node, out)
        match node:
            case ast.BoolOp():
                return self._bool_op(node, out, test or all(_is_bool(v) for v in node.values))
            case ast.UnaryOp(op=ast.Not()):
                node.operand = self._lin(node.operand, out, True)
            case ast.IfExp():
                decided = self._lin(node.test, out, True)
                name = self._new("value")
                then: list[ast.stmt] = []
                orelse: list[ast.stmt] = []
                then.append(assign(name, self._lin(node.body, then)))
                orelse.append(assign(name, self._lin(node.orelse, orelse)))
                out.append(at(ast.If(decided, then, orelse), node))
                return load(name, node)
            case _:
                self._operands(node, out)
        return node

    def _bool_op(self, node: ast.BoolOp, out: list[ast.stmt], test: bool) -> ast.expr:
        first, *others = node.values
        rest = others[0] if len(others) == 1 else at(ast.BoolOp(node.op, others), node)
        is_and = isinstance(node.op, ast.And)
        left = self._lin(first, out, test)
        if not self._has(rest):
            return at(ast.BoolOp(node.op, [left, rest]), node)
        name = self._new("found" if test else "value")
        inner: list[ast.stmt] = []
        right = self._lin(rest, inner, test)
        if test:
            out.append(assign(name, at(ast.Constant(not is_and), node)))
            right = right if _is_bool(right) or isinstance(right, ast.Name) else _bool(right)
        else:
            out.append(assign(name, left))
            left = load(name, node)
        inner.append(assign(name, right))
        out.append(at(ast.If(left if is_and else negated(left), inner, []), node))
        return load(name, node)

    def _operands(self, node: ast.expr, out: list[ast.stmt]) -> None:
        """The operands in order: one before a loop that may do something is done before it."""
        places = list(_places(node))
        last = max(i for i, (_, _, operand) in enumerate(places) if self._has(operand))
        for owner, name, operand in places[: last + 1]:
            if self._has(operand):
                new = self._lin(operand, out)
            elif _does_something(operand):
                kept = self._new("value")
                out.append(assign(kept, operand))
                new = load(kept, operand)
            else:
                continue
            if isinstance(name, int):
                owner[name] = new  # type: ignore[index]
            else:
                setattr(owner, name, new)

    # Loops

    def _loop(self, kind: str, node: ast.expr, out: list[ast.stmt]) -> ast.expr:
        given = node.args[0] if isinstance(node, ast.Call) else node
        if isinstance(given, _Comprehension):
            part = self._own_names(given)
        else:
            item = at(ast.Name("item", ast.Store()), given)
            whole = ast.comprehension(item, given, [], 0)
            loop = ast.GeneratorExp(load("item", given), [whole])
            part = self._own_names(ast.copy_location(loop, given))
        match kind:
            case "any" | "all":
                return self._decided(kind == "any", part, out)
            case "sum":
                assert isinstance(node, ast.Call)
                start = node.args[1] if len(node.args) > 1 else at(ast.Constant(0), node)
                total = self._new("total")
                out.append(assign(total, self._lin(start, out)))
                store = at(ast.Name(total, ast.Store()), part)
                add = at(ast.AugAssign(store, ast.Add(), part.elt), part)
                out += self._rounds(part.generators, [add], part)
                return load(total, node)
            case "min" | "max":
                assert isinstance(node, ast.Call)
                return self._extreme(kind, node, part, out)
            case _:
                made = self._new("parts" if kind == "join" else "made")
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    node.func.value = self._lin(node.func.value, out)
                out.append(assign(made, at(ast.List([], ast.Load()), part)))
                append = ast.Attribute(load(made, part), "append", ast.Load())
                call = ast.Call(at(append, part), [part.elt], [])
                push = at(ast.Expr(at(call, part)), part)
                out += self._rounds(part.generators, [push], part)
                if kind == "join":
                    assert isinstance(node, ast.Call)
                    node.args = [load(made, part)]
                    return node
                return load(made, node)

    def _decided(self, wanted: bool, part: _Comprehension, out: list[ast.stmt]) -> ast.expr:
        name = self._new("found" if wanted else "every")
        out.append(assign(name, at(ast.Constant(not wanted), part)))
        settle = [assign(name, at(ast.Constant(wanted), part)), at(ast.Break(), part)]
        test = part.elt if wanted else negated(part.elt)
        seen = load(name, part) if wanted else negated(load(name, part))
        body: list[ast.stmt] = [at(ast.If(test, settle, []), part)]
        out += self._rounds(part.generators, body, part, seen)
        return load(name, part)

    def _extreme(
        self, kind: str, node: ast.Call, part: _Comprehension, out: list[ast.stmt]
    ) -> ast.expr:
        best, value = self._new("best"), self._new("candidate")
        none = at(ast.Constant(None), part)
        out.append(assign(best, none))
        unset = at(ast.Compare(load(best, part), [ast.Is()], [none]), part)
        op = ast.Lt() if kind == "min" else ast.Gt()
        better = at(ast.Compare(load(value, part), [op], [load(best, part)]), part)
        take = [assign(best, load(value, part))]
        other: list[ast.stmt] = [at(ast.If(better, copy.deepcopy(take), []), part)]
        body = [assign(value, part.elt), at(ast.If(unset, take, other), part)]
        out += self._rounds(part.generators, body, part)
        otherwise: ast.stmt
        if node.keywords:
            otherwise = assign(best, node.keywords[0].value)
        else:
            words = at(ast.Constant(f"{kind}() arg is an empty sequence"), node)
            error = at(ast.Call(load("ValueError", node), [words], []), node)
            otherwise = at(ast.Raise(error, None), node)
        out.append(at(ast.If(copy.deepcopy(unset), [otherwise], []), node))
        return load(best, node)

    def _rounds(
        self,
        rounds: Sequence[ast.comprehension],
        body: list[ast.stmt],
        place: ast.AST,
        settled: ast.expr | None = None,
    ) -> list[ast.stmt]:
        """The loops of a comprehension around ``body``; ``settled`` ends the outer ones too."""
        first, *others = rounds
        if others:
            body = self._rounds(others, body, place, settled)
            if settled is not None:
                leave: list[ast.stmt] = [at(ast.Break(), place)]
                body.append(at(ast.If(copy.deepcopy(settled), leave, []), place))
        for test in reversed(first.ifs):
            body = [at(ast.If(test, body, []), test)]
        loop = at(ast.For(first.target, first.iter, body, [], lineno=0), place)
        holder = ast.Module([loop], [])
        self.blocks(holder)
        return holder.body

    def _own_names(self, part: _Comprehension) -> _Comprehension:
        """The comprehension with names of its own for its variables."""
        names = {
            n.id
            for round_ in part.generators
            for n in ast.walk(round_.target)
            if isinstance(n, ast.Name)
        }
        outside = part.generators[0].iter
        part.generators[0].iter = at(ast.Constant(None), outside)
        part = _Renamed({name: self._new(name, own=part) for name in names}).visit(part)
        part.generators[0].iter = outside
        return part

    def _new(self, stem: str, own: ast.AST | None = None) -> str:
        used = stem in self.taken
        if own is not None:  # what the comprehension calls its own is free if nothing else has it
            inside = sum(isinstance(n, ast.Name) and n.id == stem for n in ast.walk(own))
            whole = sum(
                isinstance(n, ast.Name) and n.id == stem for n in ast.walk(self.function.node)
            )
            given = any(
                isinstance(n, ast.arg) and n.arg == stem for n in ast.walk(self.function.node)
            )
            used = whole > inside or given or stem in self.function.namespace
        name, number = stem, 1
        while used or (number > 1 and name in self.taken):
            number += 1
            name = f"{stem}{number}"
            used = name in self.taken
        self.taken.add(name)
        return name


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.names.get(node.id, node.id)
        return node


def _places(node: ast.expr) -> Iterator[tuple[object, str | int, ast.expr]]:
    """The operands of an expression in the order of their evaluation, each with where it stands."""
    for name, value in ast.iter_fields(node):
        for number, part in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(part, ast.keyword | ast.FormattedValue):
                yield part, "value", part.value
            elif isinstance(part, ast.expr):
                yield (value, number, part) if isinstance(value, list) else (node, name, part)


def _does_something(node: ast.expr) -> bool:
    return any(isinstance(n, ast.Call | ast.NamedExpr) for n in ast.walk(node))


def _is_bool(node: ast.expr) -> bool:
    """Whether an expression is True or False by its form."""
    match node:
        case ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return True
        case ast.Constant(value=bool()):
            return True
        case ast.Call(func=ast.Name(id=name)):
            return name in ("any", "all", "bool", "isinstance")
        case ast.Call(func=ast.Attribute(attr=name)):
            return name.startswith(("is", "startswith", "endswith"))
        case ast.BoolOp(values=values):
            return all(_is_bool(value) for value in values)
        case _:
            return False


def _bool(node: ast.expr) -> ast.expr:
    return at(ast.Call(load("bool", node), [node], []), node)
