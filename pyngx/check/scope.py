"""What is known of names at a point of a function.

`Facts` go with the flow: which locals are certainly assigned, which optional values are certainly
not None, and whether the point is reached at all. They are values: a branch works on its own and
the join of two branches keeps what both know.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from pyngx.types import Range


@dataclass(frozen=True, slots=True)
class Facts:
    """What holds at one point. A path (``x``, ``conf.limit``, ``r.headers_in['Host']``) in
    ``present`` is not None; an integer local in ``bounds`` is in that range. Of the two locals in
    ``origins`` the first is the second with these bits set: ``small = c | 0x20``."""

    assigned: frozenset[str] = frozenset()
    present: frozenset[str] = frozenset()
    reachable: bool = True
    bounds: frozenset[tuple[str, Range]] = frozenset()
    origins: frozenset[tuple[str, str, int]] = frozenset()

    def join(self, other: Facts) -> Facts:
        """What holds when control may come from either."""
        if not self.reachable:
            return other
        if not other.reachable:
            return self
        theirs = dict(other.bounds)
        bounds = {(n, r.join(theirs[n])) for n, r in self.bounds if n in theirs}
        return Facts(
            self.assigned & other.assigned,
            self.present & other.present,
            bounds=frozenset(bounds),
            origins=self.origins & other.origins,
        )

    def bounded(self, implied: dict[str, Range]) -> Facts:
        """More is known of integers: the ranges are cut to ``implied``."""
        known = dict(self.bounds)
        for name, limits in implied.items():
            known[name] = known[name].meet(limits) if name in known else limits
        for name, source, bits in self.origins:
            if name in implied:
                limits = Range(max(known[name].lo - bits, 0), known[name].hi)
                known[source] = known[source].meet(limits) if source in known else limits
        return replace(self, bounds=frozenset(known.items()))

    def computed(self, name: str, origin: tuple[str, int] | None) -> Facts:
        """``name`` is another local with some bits set."""
        if origin is None or origin[0] == name:
            return self
        return replace(self, origins=self.origins | {(name, *origin)})

    def bound(self, name: str) -> Range | None:
        """The range that a local is known to be in."""
        return dict(self.bounds).get(name)

    def unreachable(self) -> Facts:
        """After ``return``, ``break`` and the like."""
        return replace(self, reachable=False)

    def with_present(self, paths: frozenset[str]) -> Facts:
        """More is known not to be None."""
        return replace(self, present=self.present | paths)

    def with_assigned(self, names: frozenset[str]) -> Facts:
        """More is known to have a value."""
        return replace(self, assigned=self.assigned | names)

    def assign(self, name: str, present: bool) -> Facts:
        """``name`` got a value; what was known of it and of its fields is gone."""
        kept = frozenset(p for p in self.present if not _rooted(p, name))
        if present:
            kept |= {name}
        known = self.unknown(name)
        return replace(known, assigned=self.assigned | {name}, present=kept)

    def unknown(self, name: str) -> Facts:
        """``name`` may have got another value: what was known of it is gone."""
        kept = frozenset(p for p in self.present if not _rooted(p, name))
        bounds = frozenset(b for b in self.bounds if b[0] != name)
        origins = frozenset(o for o in self.origins if name not in o[:2])
        return replace(self, present=kept, bounds=bounds, origins=origins)

    def forget(self, roots: frozenset[str]) -> Facts:
        """Something under these names may have changed."""
        kept = frozenset(p for p in self.present if not any(_beneath(p, r) for r in roots))
        return replace(self, present=kept)


def _rooted(path: str, name: str) -> bool:
    return path == name or _beneath(path, name)


def _beneath(path: str, name: str) -> bool:
    return path.startswith((name + ".", name + "["))


def assigned_if(node: ast.expr, truth: bool | None = None) -> frozenset[str]:
    """The names that a ``:=`` in the expression has certainly given a value when the expression
    is true, or false, or (None) evaluated at all."""
    match node:
        case ast.BoolOp(op=op, values=values):
            decided = isinstance(op, ast.And)
            if truth is decided:
                return frozenset().union(*(assigned_if(v, truth) for v in values))
            return assigned_if(values[0])
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return assigned_if(operand, None if truth is None else not truth)
        case ast.NamedExpr(target=target, value=value):
            return assigned_if(value) | {target.id}
        case ast.IfExp(test=test):
            return assigned_if(test)
        case ast.Compare(left=left, comparators=comparators):
            whole = truth is True
            reached = comparators if whole else comparators[:1]
            return assigned_if(left).union(*(assigned_if(c) for c in reached))
        case _:
            inner = [n for n in ast.iter_child_nodes(node) if isinstance(n, ast.expr)]
            return frozenset().union(*(assigned_if(n) for n in inner))
