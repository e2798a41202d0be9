"""What is known at the head of a loop, where the rounds come together.

A loop is entered with some values and comes back with others. The first time that a function is
checked nothing is known of the values that a loop comes back with, so what it stores may be
anything there. What that check finds out about the end of the loop's block is true, so the function
is checked again with it: ``h = (h * 31 + byte) & 0xFFFFFFFF`` comes back with 32 bits whatever
``h`` was, and then the product cannot overflow. Each check starts from what is proven, and ends
with at least as much.

That a name is not None is taken for granted the other way round: what is so in front of a loop is
so at its head until a check finds a round that ends otherwise. Then the function is checked again
without it, and without all that followed from it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from pyngx.check.scope import Facts
from pyngx.types import FULL, Range

CHECKS = 3
"""How often a function is checked at most; what is found out by then is used, and no more."""

Place = tuple[int, int]
Known = dict[Place, dict[str, Range]]


def stored_names(node: ast.AST) -> set[str]:
    """The names that a statement gives values to."""
    return {
        inner.id
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
    }


@dataclass
class Heads:
    """The heads of the loops of one function: what is ``known`` from the check before, and what
    is ``found`` by this one; which names may be ``lost`` to None by a round, and which of them
    this check has ``dropped``."""

    known: Known = field(default_factory=dict)
    lost: frozenset[tuple[Place, str]] = frozenset()
    found: Known = field(default_factory=dict)
    dropped: set[tuple[Place, str]] = field(default_factory=set)

    def entered(self, node: ast.stmt, facts: Facts, before: Facts) -> Facts:
        """``facts`` at the head, with what is known of the names that the loop stores; ``before``
        is what holds in front of it."""
        facts = facts.with_present(self._present(node, before))
        known = self.known.get(_place(node), {})
        stored = stored_names(node) if known else set()
        bounds = {n: limits for n, limits in known.items() if n in stored and n in facts.assigned}
        return facts.bounded(bounds)

    def completed(
        self, node: ast.stmt, integers: Iterable[str], before: Facts, rounds: Iterable[Facts]
    ) -> None:
        """Note what ``integers`` can be at the head: what they are ``before`` the loop or at the
        end of any of its ``rounds``."""
        ends = [before, *(facts for facts in rounds if facts.reachable)]
        for name in self._present(node, before):
            if not all(name in facts.present for facts in ends):
                self.dropped.add((_place(node), name))
        found = self.found.setdefault(_place(node), {})
        for name in stored_names(node) & set(integers) & before.assigned:
            limits = found.get(name)
            for facts in ends:
                bound = facts.bound(name) or FULL
                limits = bound if limits is None else limits.join(bound)
            found[name] = limits or FULL

    def _present(self, node: ast.stmt, before: Facts) -> frozenset[str]:
        """The names stored in a loop that are taken not to be None at its head."""
        place = _place(node)
        names = stored_names(node) & before.present
        return frozenset(name for name in names if (place, name) not in self.lost)

    @property
    def news(self) -> Known:
        """What this check has found and the one before did not know."""
        found = {
            place: {name: limits for name, limits in names.items() if limits != FULL}
            for place, names in self.found.items()
        }
        return {
            place: names for place, names in found.items() if names != self.known.get(place, {})
        }


def _place(node: ast.stmt) -> Place:
    return node.lineno, node.col_offset
