"""What the checking of one file shares: the model, the messages, the helpers found so far."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from types import FunctionType
from typing import NoReturn

from pyngx.diagnostics import Diagnostics, Label
from pyngx.frontend.load import FilterModule, FunctionSource
from pyngx.headers import NginxModel
from pyngx.program import ConfClass, CtxClass
from pyngx.source import SourceFile, Span
from pyngx.tree import (
    Function,
)
from pyngx.types import Place


class Refused(Exception):
    """The expression or statement is refused; the message is recorded already."""


@dataclass
class ModuleContext:
    """One file being checked. ``declared``: the annotated names of its classes, by class;
    ``methods``: what stands for a method of a class, ``owners``: its class and kind of method;
    ``trying``: how many ``try`` with ``except`` are around the generator that is being checked."""

    module: FilterModule
    model: NginxModel
    diags: Diagnostics
    check_helper: Callable[[ModuleContext, FunctionSource], Function | None]
    check_generator: Callable[[ModuleContext, FunctionSource, int], Function | None]
    confs: dict[Place, ConfClass] = field(default_factory=dict)
    ctx: CtxClass | None = None
    declared: dict[str, frozenset[str]] = field(default_factory=dict)
    helpers: dict[FunctionType, Function] = field(default_factory=dict)
    helper_names: dict[FunctionType, str] = field(default_factory=dict)
    helper_diags: Diagnostics = field(default_factory=Diagnostics)
    scopes: Iterator[int] = field(default_factory=lambda: count(1))
    methods: dict[tuple[FunctionType, type], FunctionType] = field(default_factory=dict)
    owners: dict[FunctionType, tuple[type, str]] = field(default_factory=dict)
    in_progress: list[FunctionType] = field(default_factory=list)
    refused_helpers: set[FunctionType] = field(default_factory=set)
    trying: int = 0


@dataclass(frozen=True)
class Reporter:
    """Messages about one source file."""

    source: SourceFile
    diags: Diagnostics

    def span(self, node: ast.AST) -> Span:
        """The place of a node."""
        return self.source.span(node)

    def error(
        self,
        code: str,
        node: ast.AST,
        message: str,
        *,
        label: str = "",
        help: str = "",
        notes: Iterable[str] = (),
        secondary: Iterable[Label] = (),
    ) -> None:
        """Record an error at a node."""
        self.diags.error(
            code,
            self.span(node),
            message,
            label=label,
            help=help,
            notes=notes,
            secondary=secondary,
        )

    def refuse(
        self,
        code: str,
        node: ast.AST,
        message: str,
        *,
        label: str = "",
        help: str = "",
        notes: Iterable[str] = (),
        secondary: Iterable[Label] = (),
    ) -> NoReturn:
        """Record an error at a node, and give up what contains it."""
        self.error(code, node, message, label=label, help=help, notes=notes, secondary=secondary)
        raise Refused


def suggestion(name: str, known: Iterable[str]) -> str:
    """``did you mean 'x'?`` for the nearest known name, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else ""


def nearest(name: str, known: Iterable[str]) -> str:
    """The nearest known name, or all of them."""
    names = sorted(n for n in known if not n.startswith("_"))
    return suggestion(name, names) or (f"it has: {', '.join(names)}" if names else "")
