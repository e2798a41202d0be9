"""``match`` spelled out as the assignments and ``if`` that it means.

The value that is matched gets a name, unless it has one; a tuple that is written out is never
made, its items get names instead. A literal becomes ``==``, a singleton ``is``, ``|`` becomes
``or``, and a capture an assignment at the start of its block. In a guard, which runs before
that, the captured name is replaced by what it stands for.
"""

from __future__ import annotations

import ast
import builtins
import copy
import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from pyngx.diagnostics import Diagnostics
from pyngx.frontend.load import FunctionSource
from pyngx.frontend.spelling import LastCase, at, load, of_pattern

Captures = tuple[tuple[str, ast.expr], ...]


_Subject = ast.expr | tuple[ast.Name, ...]
"""What a pattern is compared with: an expression that nothing changes, or the items of a tuple."""


@dataclass(frozen=True)
class _Arm:
    """What a pattern asks (None: nothing) and what it names."""

    test: ast.expr | None = None
    captures: Captures = ()


class _Refused(Exception):
    """A pattern that is not compiled; the message is out."""


def spell_out(function: FunctionSource, diags: Diagnostics) -> None:
    """Replace each ``match`` of the function, in place; what is refused stays, with its message."""
    taken = {n.id for n in ast.walk(function.node) if isinstance(n, ast.Name)}
    taken |= {a.arg for a in ast.walk(function.node) if isinstance(a, ast.arg)}
    _SpellOut(function, diags, taken | set(function.namespace)).block(function.node)


def _alternatives(pattern: ast.pattern) -> Sequence[ast.pattern]:
    return pattern.patterns if isinstance(pattern, ast.MatchOr) else (pattern,)


def _mark_last(made: list[ast.stmt], members: type[enum.IntEnum]) -> None:
    """Mark the last of a chain of ``if`` as what is left when the others are not it."""
    block = made
    while block and isinstance(block[0], ast.If) and block[0].orelse:
        block = block[0].orelse
    if len(block) == 1 and isinstance(last := block[0], ast.If):
        marked = ast.copy_location(LastCase(last.test, last.body, []), last)
        marked.members = members
        block[0] = marked


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list):
            yield block


@dataclass
class _SpellOut:
    function: FunctionSource
    diags: Diagnostics
    taken: set[str]

    def block(self, node: ast.AST) -> None:
        """Go through all blocks in a node, the innermost first."""
        for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            self.block(part)
        for block in _blocks(node):
            for inner in tuple(block):
                self.block(inner)
                if isinstance(inner, ast.Match):
                    try:
                        made = self._match(inner)
                    except _Refused:
                        continue
                    at = block.index(inner)
                    block[at : at + 1] = made
                    self.function.comments.hand_over(inner, made[0])

    def _match(self, node: ast.Match) -> list[ast.stmt]:
        self._guarded_captures(node)
        made: list[ast.stmt] = []
        if isinstance(node.subject, ast.Tuple):
            subject: _Subject = tuple(self._named(item, node, made) for item in node.subject.elts)
        else:
            subject = self._named(node.subject, node, made)
        cases = self._cases(node.cases, subject)
        members = self._all_members(node.cases)
        if members is not None and isinstance(subject, ast.Name):
            _mark_last(cases, members)
        made += cases
        return made or [ast.copy_location(ast.Pass(), node)]

    def _all_members(self, cases: Sequence[ast.match_case]) -> type[enum.IntEnum] | None:
        """The enum each of whose members has a case without a guard."""
        patterns = [p for case in cases if case.guard is None for p in _alternatives(case.pattern)]
        members = [self._member(p) for p in patterns]
        found = [m for m in members if m is not None]
        if not found or len(found) != len(members) or len({type(m) for m in found}) > 1:
            return None
        guarded = any(case.guard is not None for case in cases)
        cls = type(found[0])
        return cls if not guarded and set(found) == set(cls) else None

    def _member(self, pattern: ast.pattern) -> enum.IntEnum | None:
        match pattern:
            case ast.MatchValue(value=ast.Attribute(value=ast.Name(id=owner), attr=name)):
                member = getattr(self.function.namespace.get(owner), name, None)
                return member if isinstance(member, enum.IntEnum) else None
            case _:
                return None

    def _named(self, value: ast.expr, node: ast.Match, made: list[ast.stmt]) -> ast.Name:
        """The name of a value that is matched; it gets one if it has none that stays its own."""
        if isinstance(value, ast.NamedExpr):
            target = value.target
            made.append(at(ast.Assign([target], value.value), value))
            value = at(ast.Name(target.id, ast.Load()), target)
        if isinstance(value, ast.Name):
            guards = (n for case in node.cases if case.guard for n in ast.walk(case.guard))
            stored = (*_captured(node), *_stored(guards))
            if value.id not in stored:
                return value
        name = self._new_name(value)
        made.append(at(ast.Assign([at(ast.Name(name, ast.Store()), value)], value), value))
        return at(ast.Name(name, ast.Load()), value)

    def _new_name(self, value: ast.expr) -> str:
        stem = value.attr if isinstance(value, ast.Attribute) else "subject"
        name, number = stem, 1
        while name in self.taken:
            number += 1
            name = f"{stem}{number}"
        self.taken.add(name)
        return name

    def _cases(self, cases: Sequence[ast.match_case], subject: _Subject) -> list[ast.stmt]:
        if not cases:
            return []
        case, *others = cases
        arm = self._arm(case.pattern, subject)
        bound: list[ast.stmt] = [
            at(ast.Assign([at(ast.Name(name, ast.Store()), case.pattern)], value), case.pattern)
            for name, value in arm.captures
        ]
        test = arm.test
        if case.guard is not None:
            if test is None:
                rest = self._cases(others, subject)
                return [*bound, at(ast.If(case.guard, case.body, rest), case.pattern, case)]
            guard = _Replaced(dict(arm.captures)).visit(copy.deepcopy(case.guard))
            test = at(ast.BoolOp(ast.And(), [test, guard]), case.pattern)
        body = [*bound, *case.body]
        if test is None:
            return body
        rest = self._cases(others, subject)
        return [at(ast.If(test, body, rest), case.pattern, case)]

    def _arm(self, pattern: ast.pattern, subject: _Subject) -> _Arm:
        match pattern:
            case ast.MatchAs(pattern=None, name=None):
                return _Arm()
            case ast.MatchAs(pattern=inner, name=str(name)) if isinstance(subject, ast.expr):
                arm = _Arm() if inner is None else self._arm(inner, subject)
                return _Arm(arm.test, (*arm.captures, (name, subject)))
            case ast.MatchValue(value=value) if isinstance(subject, ast.expr):
                return _Arm(at(ast.Compare(subject, [ast.Eq()], [value]), pattern))
            case ast.MatchSingleton(value=value) if isinstance(subject, ast.expr):
                single = at(ast.Constant(value), pattern)
                return _Arm(at(ast.Compare(subject, [ast.Is()], [single]), pattern))
            case ast.MatchOr(patterns=patterns):
                return self._either(pattern, [self._arm(p, subject) for p in patterns])
            case ast.MatchSequence(patterns=patterns) if isinstance(subject, tuple):
                return self._items(pattern, patterns, subject)
            case ast.MatchSequence(patterns=patterns) if isinstance(subject, ast.expr):
                return self._sequence(pattern, patterns, subject)
            case ast.MatchClass() if isinstance(subject, ast.expr):
                return self._class(pattern, subject)
        self._refuse(pattern, isinstance(subject, tuple))

    def _either(self, pattern: ast.pattern, arms: list[_Arm]) -> _Arm:
        for arm in arms:
            if arm.captures:
                self._error(
                    "PNX176",
                    pattern,
                    "a capture in one of several patterns is not compiled",
                    "write a 'case' for each of them",
                )
        tests = [arm.test for arm in arms if arm.test is not None]
        if len(tests) < len(arms):
            return _Arm()
        return _Arm(at(ast.BoolOp(ast.Or(), tests), pattern))

    def _items(
        self, pattern: ast.pattern, patterns: list[ast.pattern], subject: tuple[ast.Name, ...]
    ) -> _Arm:
        if any(isinstance(p, ast.MatchStar) for p in patterns) or len(patterns) != len(subject):
            self._error(
                "PNX175",
                pattern,
                f"the pattern is not of {len(subject)} items, as what is matched",
                "give each item a pattern; '_' fits everything",
            )
        arms = [self._arm(p, item) for p, item in zip(patterns, subject, strict=True)]
        return self._all(pattern, arms)

    def _sequence(
        self, pattern: ast.pattern, patterns: list[ast.pattern], subject: ast.expr
    ) -> _Arm:
        """``[a, b]`` and ``[first, *rest]`` for a list or a tuple."""
        stars = [i for i, p in enumerate(patterns) if isinstance(p, ast.MatchStar)]
        star = stars[0] if stars else len(patterns)
        behind = len(patterns) - star - 1
        kinds = at(ast.Tuple([load(n, pattern) for n in ("list", "tuple")], ast.Load()), pattern)
        call = ast.copy_location(ast.Call(load("len", pattern), [subject], []), pattern)
        length = of_pattern(call)
        count = at(ast.Constant(len(patterns) - len(stars)), pattern)
        op = ast.GtE() if stars else ast.Eq()
        arms = [
            _Arm(at(ast.Call(load("isinstance", pattern), [subject, kinds], []), pattern)),
            _Arm(at(ast.Compare(length, [op], [count]), pattern)),
        ]
        for i, part in enumerate(patterns):
            if i != star:
                place = at(ast.Constant(i if i < star else i - len(patterns)), part)
                item = at(ast.Subscript(subject, place, ast.Load()), part)
                arms.append(self._arm(part, item))
            elif isinstance(part, ast.MatchStar) and part.name is not None:
                lower = at(ast.Constant(star), part)
                upper = at(ast.Constant(-behind), part) if behind else None
                bounds = ast.copy_location(ast.Slice(lower, upper, None), part)
                rest = at(ast.Subscript(subject, bounds, ast.Load()), part)
                arms.append(_Arm(None, ((part.name, rest),)))
        return self._all(pattern, arms)

    def _class(self, pattern: ast.MatchClass, subject: ast.expr) -> _Arm:
        """``Point(x=0)``: the class, and then the attributes."""
        test = at(ast.Call(load("isinstance", pattern), [subject, pattern.cls], []), pattern)
        arms = [_Arm(test)]
        cls = self._value(pattern.cls)
        names = list(getattr(cls, "__match_args__", ()))
        if cls in (bool, bytes, int, str) and len(pattern.patterns) == 1:
            arms.append(self._arm(pattern.patterns[0], subject))
        elif len(pattern.patterns) > len(names):
            self._error(
                "PNX175",
                pattern,
                f"'{ast.unparse(pattern.cls)}' has {len(names)} attributes by position",
                "write them by name: Point(x=0, y=y)",
            )
        else:
            attributes = [*names[: len(pattern.patterns)], *pattern.kwd_attrs]
            parts = [*pattern.patterns, *pattern.kwd_patterns]
            for name, part in zip(attributes, parts, strict=True):
                arms.append(self._arm(part, at(ast.Attribute(subject, name, ast.Load()), part)))
        return self._all(pattern, arms)

    def _value(self, node: ast.expr) -> object | None:
        """The object of module level, or builtin, that a name stands for."""
        match node:
            case ast.Name(id=name):
                return self.function.namespace.get(name, getattr(builtins, name, None))
            case ast.Attribute(value=owner, attr=name):
                return getattr(self._value(owner), name, None)
            case _:
                return None

    def _all(self, pattern: ast.pattern, arms: list[_Arm]) -> _Arm:
        """What fits if all of some do."""
        tests = [arm.test for arm in arms if arm.test is not None]
        captures = tuple(found for arm in arms for found in arm.captures)
        if len(tests) < 2:
            return _Arm(tests[0] if tests else None, captures)
        return _Arm(at(ast.BoolOp(ast.And(), tests), pattern), captures)

    def _refuse(self, pattern: ast.pattern, items: bool) -> NoReturn:
        match pattern:
            case ast.MatchMapping():
                self._error(
                    "PNX175",
                    pattern,
                    "a mapping pattern is not in the language",
                    "look the values up and match these: match d.get(k):",
                )
        self._error(
            "PNX175",
            pattern,
            "this pattern cannot fit a tuple" if items else "this pattern is not compiled",
            "give each item a pattern of its own: case a, b:",
        )

    def _guarded_captures(self, node: ast.Match) -> None:
        """A capture whose guard fails has its value all the same. That is never seen if nothing
        but this ``match`` gives the name a value, so anything else is refused."""
        names = {
            name
            for case in node.cases
            if case.guard is not None and not _irrefutable(case.pattern)
            for name in _captures_of(case.pattern)
        }
        elsewhere = set(_stored(ast.walk(self.function.node)))
        for other in ast.walk(self.function.node):
            if isinstance(other, ast.arg):
                elsewhere.add(other.arg)
            elif isinstance(other, ast.Match) and other is not node:
                elsewhere |= set(_captured(other))
        for name in sorted(names & elsewhere):
            self._error(
                "PNX177",
                node.subject,
                f"'{name}' is captured before a guard, and has a value from elsewhere too",
                "give the capture a name of its own",
                "the capture happens even if the guard then fails",
            )

    def _error(
        self, code: str, node: ast.AST, message: str, help: str, reason: str = ""
    ) -> NoReturn:
        span = self.function.source.span(node)
        self.diags.error(code, span, message, notes=(reason,) if reason else (), help=help)
        raise _Refused


class _Replaced(ast.NodeTransformer):
    """Names replaced by what they stand for."""

    def __init__(self, names: dict[str, ast.expr]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        found = self.names.get(node.id)
        if found is None or not isinstance(node.ctx, ast.Load):
            return node
        return ast.copy_location(copy.deepcopy(found), node)


def _irrefutable(pattern: ast.pattern) -> bool:
    return isinstance(pattern, ast.MatchAs) and pattern.pattern is None


def _captures_of(pattern: ast.pattern) -> Iterator[str]:
    for part in ast.walk(pattern):
        if isinstance(part, ast.MatchAs | ast.MatchStar) and part.name:
            yield part.name


def _captured(node: ast.Match) -> Iterator[str]:
    for case in node.cases:
        yield from _captures_of(case.pattern)


def _stored(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
