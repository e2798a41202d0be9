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
from collections.abc import Sequence
from dataclasses import dataclass

from pyngx.diagnostics import Diagnostics
from pyngx.frontend.keys import applied
from pyngx.frontend.load import FunctionSource
from pyngx.frontend.spelling import (
    assign,
    at,
    each_round,
    filling,
    fresh,
    keyed,
    load,
    negated,
    places,
    summed,
)

_WHOLE = ("any", "all", "sum", "min", "max")
_COUNTED = ("range", "enumerate", "zip", "reversed")
_Comprehension = ast.GeneratorExp | ast.ListComp


def spell_out_loops(function: FunctionSource, diags: Diagnostics) -> None:
    """Replace generator expressions, in place; one that stands elsewhere is refused."""
    taken = {n.id for n in ast.walk(function.node) if isinstance(n, ast.Name)}
    taken |= {a.arg for a in ast.walk(function.node) if isinstance(a, ast.arg)}
    spelled = _SpellOut(function, taken | set(function.namespace))
    _Applied(spelled).visit(function.node)
    spelled.blocks(function.node)
    for node in ast.walk(function.node):
        if isinstance(node, ast.ListComp):
            diags.error(
                "PNX061",
                function.source.span(node),
                "a comprehension is not compiled in this place",
                help="assign it to a variable first",
            )
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
            case ast.While() if self._has(stmt.test):
                return self._while(stmt)
            case ast.Assign(targets=[ast.Tuple()], value=ast.GeneratorExp() as made):
                listed = at(ast.ListComp(made.elt, made.generators), made)
                stmt.value = self._lin(listed, before)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.ListComp() as value) | (
                ast.AnnAssign(target=ast.Name(id=name), value=ast.ListComp() as value)
            ) if self._fills(name, value):
                self._loop("list", value, before, stmt)
                return before
            case ast.If() | ast.Assert():
                stmt.test = self._lin(stmt.test, before, True)
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="sort"), args=[]) as call) if (
                _key(call) is not None
            ):
                return self._sort(stmt, call)
            case ast.Return() | ast.Expr() | ast.Assign() | ast.AugAssign() | ast.AnnAssign():
                if stmt.value is not None:
                    stmt.value = self._lin(stmt.value, before)
            case ast.For():
                self._one_target(stmt)
                if isinstance(stmt.iter, ast.GeneratorExp) and len(stmt.iter.generators) == 1:
                    self._goes_over(stmt, stmt.iter)
                stmt.iter = self._lin(stmt.iter, before)
            case ast.Raise() if stmt.exc is not None:
                stmt.exc = self._lin(stmt.exc, before)
            case _:
                pass
        if before:
            self.function.comments.lead_with(before[0], stmt)
        return [*before, stmt]

    def _while(self, stmt: ast.While) -> list[ast.stmt]:
        """A loop whose test has a loop in it: that is done at the start of each round."""
        before: list[ast.stmt] = []
        test = self._lin(stmt.test, before, True)
        around = each_round(stmt, test, before, self._new)
        self.function.comments.lead_with(around[0], stmt)
        return around

    def _fills(self, name: str, value: ast.ListComp) -> bool:
        """Whether a comprehension may fill the list of its name as it goes: nothing sees it."""
        tries = any(isinstance(n, ast.Try) for n in ast.walk(self.function.node))
        return not tries and all(n.id != name for n in ast.walk(value) if isinstance(n, ast.Name))

    def _one_target(self, stmt: ast.For) -> None:
        """``for pair in zip(a, b)``: a name for each value, and the tuple made of them."""
        match stmt:
            case ast.For(target=ast.Name() as target, iter=ast.Call(func=ast.Name("enumerate"))):
                names = ["position", "item"]
            case ast.For(
                target=ast.Name() as target, iter=ast.Call(func=ast.Name("zip"), args=args)
            ):
                names = ["item"] * len(args)
            case _:
                return
        if not all(map(self.is_builtin, ("enumerate", "zip"))):
            return
        names = [self._new(name) for name in names]
        stores = [at(ast.Name(name, ast.Store()), target) for name in names]
        stmt.target = at(ast.Tuple(list[ast.expr](stores), ast.Store()), target)
        parts = [load(name, target) for name in names]
        value = at(ast.Tuple(parts, ast.Load()), target)
        stmt.body.insert(0, at(ast.Assign([target], value), target))

    def _goes_over(self, stmt: ast.For, made: ast.GeneratorExp) -> None:
        """``for x in (f(y) for y in ys)``: a loop over ``ys`` that makes each ``x``."""
        part = self._own_names(made)
        (round_,) = part.generators
        leaves: list[ast.stmt] = [
            at(ast.If(negated(test), [at(ast.Continue(), test)], []), test) for test in round_.ifs
        ]
        value = at(ast.Assign([stmt.target], part.elt), part)
        stmt.target, stmt.iter = round_.target, round_.iter
        body = ast.Module([*leaves, value], [])
        self.blocks(body)
        stmt.body[:0] = body.body

    def _sort(self, stmt: ast.Expr, call: ast.Call) -> list[ast.stmt]:
        """``values.sort(key=…)``: sorted, and put back."""
        assert isinstance(call.func, ast.Attribute)
        before: list[ast.stmt] = []
        owner = self._lin(call.func.value, before)
        whole = ast.copy_location(ast.Call(load("sorted", call), [owner], call.keywords), call)
        ordered = self._sorted(whole, before)
        name = self._new("ordered")
        before.append(assign(name, ordered))
        for method, args in (("clear", []), ("extend", [load(name, call)])):
            changed = at(ast.Attribute(copy.deepcopy(owner), method, ast.Load()), call)
            before.append(at(ast.Expr(at(ast.Call(changed, args, []), call)), stmt))
        self.function.comments.hand_over(stmt, before[0])
        return before

    # Expressions

    def _kind(self, node: ast.AST) -> str | None:
        """What is spelled out: the name of the function, ``join`` or ``list``."""
        match node:
            case ast.Call(func=ast.Name(id=name), args=[_], keywords=[]) if name in ("any", "all"):
                return name if self.is_builtin(name) else None
            case ast.Call(
                func=ast.Name("next"), args=[ast.GeneratorExp(generators=[_]), _], keywords=[]
            ):
                return "next" if self.is_builtin("next") else None
            case ast.Call(func=ast.Name("sum"), args=[_] | [_, _], keywords=[]):
                return "sum" if self.is_builtin("sum") else None
            case ast.Call(func=ast.Name(id=name), args=[_]) if name in ("min", "max"):
                plain = all(k.arg in ("default", "key") for k in node.keywords)
                return name if plain and self.is_builtin(name) else None
            case ast.Call(func=ast.Name("list"), args=[given], keywords=[]):
                made = self.is_builtin("list") and self._is_made_one_by_one(given)
                return "list" if made else None
            case ast.Call(func=ast.Name("sorted"), args=[_]) if _key(node) is not None:
                return "sorted" if self.is_builtin("sorted") else None
            case ast.Call(func=ast.Name(id=name), args=[given]) if name in ("sorted", "bytes"):
                made = self.is_builtin(name) and self._is_made_one_by_one(given)
                return "argument" if made else None
            case ast.Call(func=ast.Attribute(attr=name), args=[given], keywords=[]) if name in (
                "join",
                "extend",
            ):
                return "argument" if self._is_made_one_by_one(given) else None
            case ast.ListComp():
                return "list"
        return None

    def _is_made_one_by_one(self, node: ast.expr) -> bool:
        """Whether an expression is nothing but what a loop goes over."""
        match node:
            case ast.Call(func=ast.Name(id=name)):
                return name in _COUNTED and self.is_builtin(name)
            case ast.Call(func=ast.Attribute(attr="items" | "keys" | "values"), args=[]):
                return True
            case _:
                return isinstance(node, ast.GeneratorExp)

    def is_builtin(self, name: str) -> bool:
        """Whether a name still means the builtin."""
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
        operands = list(places(node))
        last = max(i for i, (_, operand) in enumerate(operands) if self._has(operand))
        for put, operand in operands[: last + 1]:
            if self._has(operand):
                put(self._lin(operand, out))
            elif _does_something(operand):
                kept = self._new("value")
                out.append(assign(kept, operand))
                put(load(kept, operand))

    # Loops

    def _sorted(self, node: ast.Call, out: list[ast.stmt]) -> ast.expr:
        """``sorted(values, key=…)``: the keys in a list each, and the values in their order."""
        given, key = node.args[0], _key(node)
        assert key is not None
        if not self._is_made_one_by_one(given):
            given = self._lin(given, out)
        copied = at(ast.Call(load("list", node), [given], []), node)
        values, item = self._new("values"), self._new("item")
        out.append(assign(values, self._lin(copied, out)))
        found = applied(self.function, key, at(ast.Name(item, ast.Load()), node))
        parts = found.elts if isinstance(found, ast.Tuple) else [found]
        names = [self._new("keys") for _ in parts]
        pushes: list[ast.stmt] = []
        for name, part in zip(names, parts, strict=True):
            out.append(assign(name, at(ast.List([], ast.Load()), node)))
            append = at(ast.Attribute(load(name, node), "append", ast.Load()), node)
            pushes.append(at(ast.Expr(at(ast.Call(append, [part], []), node)), node))
        loop = ast.comprehension(at(ast.Name(item, ast.Store()), node), load(values, node), [], 0)
        out += self._rounds([loop], pushes, node)
        reverse = [k for k in node.keywords if k.arg != "key"]
        lists = [load(values, node), *(load(name, node) for name in names)]
        return keyed(ast.copy_location(ast.Call(load("sorted", node), lists, reverse), node))

    def _loop(
        self,
        kind: str,
        node: ast.expr,
        out: list[ast.stmt],
        into: ast.Assign | ast.AnnAssign | None = None,
    ) -> ast.expr:
        given = node.args[0] if isinstance(node, ast.Call) else node
        if isinstance(given, _Comprehension):
            part = self._own_names(given)
        else:
            name = self._new("item")
            whole = ast.comprehension(at(ast.Name(name, ast.Store()), given), given, [], 0)
            part = ast.copy_location(ast.GeneratorExp(load(name, given), [whole]), given)
        match kind:
            case "any" | "all":
                return self._decided(kind == "any", part, out)
            case "next":
                assert isinstance(node, ast.Call)
                first = self._new("first")
                out.append(assign(first, self._lin(node.args[1], out)))
                leave: list[ast.stmt] = [assign(first, part.elt), at(ast.Break(), part)]
                out += self._rounds(part.generators, leave, part)
                return load(first, node)
            case "sum":
                assert isinstance(node, ast.Call)
                start = node.args[1] if len(node.args) > 1 else at(ast.Constant(0), node)
                total = self._new("total")
                begin, add, end = summed(total, part.elt, self._lin(start, out), part)
                out.append(begin)
                out += [*self._rounds(part.generators, [add], part), end]
                return load(total, node)
            case "sorted":
                assert isinstance(node, ast.Call)
                return self._sorted(node, out)
            case "min" | "max":
                assert isinstance(node, ast.Call)
                return self._extreme(kind, node, part, out)
            case "argument":
                assert isinstance(node, ast.Call)
                if isinstance(node.func, ast.Attribute):
                    node.func.value = self._lin(node.func.value, out)
                node.args = [self._listed(part, "parts", out)]
                return node
            case _:
                return self._listed(part, "made", out, into)

    def _listed(
        self,
        part: _Comprehension,
        stem: str,
        out: list[ast.stmt],
        into: ast.Assign | ast.AnnAssign | None = None,
    ) -> ast.expr:
        """A list of what a comprehension gives; ``into``: the assignment that it is made for."""
        empty = at(ast.List([], ast.Load()), part)
        if into is None:
            made = self._new(stem)
            out.append(assign(made, empty))
        else:
            target = into.target if isinstance(into, ast.AnnAssign) else into.targets[0]
            assert isinstance(target, ast.Name)
            made, into.value = target.id, empty
            out.append(into)
        append = at(ast.Attribute(load(made, part), "append", ast.Load()), part)
        call = ast.copy_location(ast.Call(append, [part.elt], []), part)
        push = at(ast.Expr(filling(call)), part)
        out += self._rounds(part.generators, [push], part)
        return fresh(made, part)

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
        judged, by = (best, value)
        body = [assign(value, part.elt)]
        key = _key(node)
        if key is not None:
            judged, by = self._new("best_key"), self._new("key")
            out.append(assign(judged, none))
            found = applied(self.function, key, at(ast.Name(value, ast.Load()), part))
            body.append(assign(by, found))
        unset = at(ast.Compare(load(judged, part), [ast.Is()], [none]), part)
        op = ast.Lt() if kind == "min" else ast.Gt()
        better = at(ast.Compare(load(by, part), [op], [load(judged, part)]), part)
        take = [assign(best, load(value, part))]
        if key is not None:
            take.append(assign(judged, load(by, part)))
        other: list[ast.stmt] = [at(ast.If(better, copy.deepcopy(take), []), part)]
        body.append(at(ast.If(unset, take, other), part))
        out += self._rounds(part.generators, body, part)
        otherwise: ast.stmt
        defaults = [k.value for k in node.keywords if k.arg == "default"]
        if defaults:
            otherwise = assign(best, defaults[0])
        else:
            words = at(ast.Constant(f"{kind}() arg is an empty sequence"), node)
            error = at(ast.Call(load("ValueError", node), [words], []), node)
            otherwise = at(ast.Raise(error, None), node)
        nothing = at(ast.Compare(load(best, part), [ast.Is()], [none]), part)
        out.append(at(ast.If(nothing, [otherwise], []), node))
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


class _Applied(ast.NodeTransformer):
    """``map`` and ``filter`` as the generator expressions that they are, and stars in lists."""

    def __init__(self, spelled: _SpellOut) -> None:
        self.spelled = spelled

    def visit_List(self, node: ast.List) -> ast.expr:
        """``[a, *values]`` as ``[a] + list(values)``."""
        self.generic_visit(node)
        starred = any(isinstance(item, ast.Starred) for item in node.elts)
        if isinstance(node.ctx, ast.Store) or not starred:
            return node
        parts: list[ast.expr] = []
        for item in node.elts:
            if isinstance(item, ast.Starred):
                parts.append(at(ast.Call(load("list", item), [item.value], []), item))
            elif parts and isinstance(parts[-1], ast.List):
                parts[-1].elts.append(item)
            else:
                parts.append(at(ast.List([item], ast.Load()), item))
        whole = parts[0]
        for part in parts[1:]:
            whole = at(ast.BinOp(whole, ast.Add(), part), node)
        return whole

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Call(
                func=ast.Name("map" | "filter" as name), args=[called, values]
            ) if not node.keywords and self.spelled.is_builtin(name):
                item = at(ast.Name("item", ast.Store()), node)
                read = at(ast.Name("item", ast.Load()), node)
                nothing = isinstance(called, ast.Constant) and called.value is None
                found = read if nothing else applied(self.spelled.function, called, read)
                one = ast.comprehension(item, values, [found] if name == "filter" else [], 0)
                return at(ast.GeneratorExp(found if name == "map" else read, [one]), node)
            case _:
                return node


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.names.get(node.id, node.id)
        return node


def _key(node: ast.Call) -> ast.expr | None:
    """The function that a sort is given as its ``key``."""
    for keyword in node.keywords:
        if keyword.arg == "key":
            nothing = isinstance(keyword.value, ast.Constant) and keyword.value.value is None
            return None if nothing else keyword.value
    return None


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
