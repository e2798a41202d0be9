"""What is known of names at a point of a function.

`Facts` go with the flow: which locals are certainly assigned, which optional values are certainly
not None, and whether the point is reached at all. They are values: a branch works on its own and
the join of two branches keeps what both know.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Facts:
    """What holds at one point. A path (``x``, ``conf.limit``, ``r.headers_in['Host']``) in
    ``present`` is not None."""

    assigned: frozenset[str] = frozenset()
    present: frozenset[str] = frozenset()
    reachable: bool = True

    def join(self, other: Facts) -> Facts:
        """What holds when control may come from either."""
        if not self.reachable:
            return other
        if not other.reachable:
            return self
        return Facts(self.assigned & other.assigned, self.present & other.present)

    def unreachable(self) -> Facts:
        """After ``return``, ``break`` and the like."""
        return replace(self, reachable=False)

    def with_present(self, paths: frozenset[str]) -> Facts:
        """More is known not to be None."""
        return replace(self, present=self.present | paths)

    def assign(self, name: str, present: bool) -> Facts:
        """``name`` got a value; what was known of it and of its fields is gone."""
        kept = frozenset(p for p in self.present if not _rooted(p, name))
        if present:
            kept |= {name}
        return replace(self, assigned=self.assigned | {name}, present=kept)

    def forget(self, roots: frozenset[str]) -> Facts:
        """Something under these names may have changed."""
        kept = frozenset(p for p in self.present if not any(_beneath(p, r) for r in roots))
        return replace(self, present=kept)


def _rooted(path: str, name: str) -> bool:
    return path == name or _beneath(path, name)


def _beneath(path: str, name: str) -> bool:
    return path.startswith((name + ".", name + "["))
