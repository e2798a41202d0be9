"""A road: a named way of a response, and the list that each road joins where it is defined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.harness.case import Case


@dataclass(frozen=True)
class Road:
    """A named way for responses; ``run`` raises on the first fault."""

    name: str
    run: Callable[[Case], None]

    def __str__(self) -> str:
        return self.name


defined: list[Road] = []


def road(function: Callable[[Case], None]) -> Callable[[Case], None]:
    """Add the function to the roads under its own name."""
    defined.append(Road(function.__name__, function))
    return function
