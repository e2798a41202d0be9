"""Two responses side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pyngx.testing.simulation import Response


@dataclass(frozen=True)
class Difference:
    """A part of a response that is not the same in both."""

    part: str
    one: object
    other: object


def differences(one: Response, other: Response) -> Iterator[Difference]:
    """What is not the same in two responses. Of variables only those that differ are in it; of two
    responses that end early, one may have come further."""
    for part, a, b in zip(PARTS, parts(one), parts(other), strict=True):
        if part == "body" and not one.complete and not other.complete:
            if one.body.startswith(other.body) or other.body.startswith(one.body):
                continue
        if part == "variables":
            a = {n: v for n, v in one.variables.items() if other.variables.get(n, b"") != v}
            b = {n: other.variables.get(n) for n in a}
        if a != b:
            yield Difference(part, a, b)


PARTS = ("status", "complete", "headers", "body", "errors", "log", "variables")


def parts(found: Response) -> tuple[object, ...]:
    """The parts of a response, in the form in which they are compared."""
    return (
        found.status,
        found.complete,
        in_order(found.headers),
        found.body,
        [(e.place, e.error) for e in found.errors],
        [(r.levelname, r.getMessage()) for r in found.log],
        dict(found.variables),
    )


def in_order(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Headers by name; those of one name stay in their order."""
    return sorted(((n.lower(), v) for n, v in headers), key=lambda pair: pair[0])
