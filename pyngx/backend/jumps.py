"""Jump threading: a state that does nothing but name the next one is left out, and what led to it
leads to that one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from itertools import pairwise
from typing import Any

from pyngx.backend import cnodes as c


@dataclass
class State:
    """A state of a module's generator: its name, what runs from there on, the line of Python."""

    module: str
    name: str
    body: list[c.Stmt]
    line: int | None

    @property
    def label(self) -> str:
        """The name in C."""
        return state_label(self.module, self.name)


def state_label(module: str, name: str) -> str:
    """The enumerator of a state."""
    return f"{module}_{name}_state"


def threaded(states: list[State], variable: c.Expr) -> list[State]:
    """The states without those that only lead on. ``variable`` holds the label of the state that
    is to run next."""
    found = list(states)
    while (place := _leading_on(found, variable)) is not None:
        gone = found.pop(place)
        target = _next(gone, variable)
        before = found[place - 1].body
        for other in found:
            other.body[:] = [_renamed(stmt, gone.label, target) for stmt in other.body]
        follows = place < len(found) and found[place].label == target
        if not _leaves(before) and not follows:
            before.append(c.Continue(line=before[-1].line))
    return found


def _leading_on(states: list[State], variable: c.Expr) -> int | None:
    """The place of a state that only leads on, and whose label is set before it is fallen into."""
    for place, (before, one) in enumerate(pairwise(states), 1):
        entered = _leaves(before.body) or _set(before.body[-1:], variable) == one.label
        if entered and _next(one, variable) not in ("", one.label):
            return place
    return None


def _leaves(body: list[c.Stmt]) -> bool:
    return bool(body) and isinstance(body[-1], c.Continue | c.Return | c.Goto)


def _next(one: State, variable: c.Expr) -> str:
    """The label of the state that a state leads to and does nothing else; ``""`` if it does."""
    body = [stmt for stmt in one.body if not isinstance(stmt, c.Blank)]
    if body and isinstance(body[-1], c.Continue):
        body.pop()
    return _set(body, variable)


def _set(body: Sequence[c.Stmt], variable: c.Expr) -> str:
    """The label in ``variable = label;``, if this is all."""
    match body:
        case [c.ExprStmt(expr=c.Assign(target=target, value=c.Name(id=label), op="="))]:
            return label if target == variable else ""
        case _:
            return ""


def _renamed(node: Any, old: str, new: str) -> Any:
    """A tree of C with one name for another."""
    if isinstance(node, tuple):
        return tuple(_renamed(item, old, new) for item in node)
    if isinstance(node, c.Name):
        return replace(node, id=new) if node.id == old else node
    if not is_dataclass(node) or isinstance(node, type):
        return node
    values = {field.name: getattr(node, field.name) for field in fields(node)}
    made = {name: _renamed(value, old, new) for name, value in values.items()}
    return replace(node, **made) if made != values else node
