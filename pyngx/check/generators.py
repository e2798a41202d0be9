"""Generators of the author's that a body filter uses with ``yield from``.

Such a generator is checked for each use and stands in the place of the ``yield from``: its
suspensions become suspensions of the filter. Its parameters are locals that get their values
first; its ``return`` goes on after it.
"""

from __future__ import annotations

import ast
import inspect
from dataclasses import replace
from types import FunctionType

from pyngx.check.coerce import store
from pyngx.check.context import Refused
from pyngx.check.reads import Reads
from pyngx.frontend.load import function_source
from pyngx.tree import Assign, Inline, Local, Stmt, Var
from pyngx.types import describe


class Generators(Reads):
    """Checks ``yield from helper(…)``."""

    def generator(self, node: ast.expr) -> Stmt | None:
        """The statements of a generator of the author's; None for anything else."""
        if not isinstance(node, ast.Call):
            return None
        found = self.compile_time(node.func)
        if not isinstance(found, FunctionType) or not inspect.isgeneratorfunction(found):
            return None
        source = function_source(found)
        if source is None or source.source.path not in {s.path for s in self.mod.module.sources}:
            return None
        if hasattr(found, "__pyngx__"):
            self.report.refuse(
                "PNX137",
                node,
                f"'{found.__name__}' is a filter: nginx calls it",
                help="move what is shared into a generator without a decorator",
            )
        if found in self.mod.in_progress or found is self.function.function:
            self.report.refuse(
                "PNX139",
                node,
                f"'{found.__name__}' uses itself",
                help="write a loop: the states of a generator are counted when it is compiled",
            )
        self.mod.in_progress.append(found)
        try:
            around = replace(self.mod, trying=self.trying)
            inlined = self.mod.check_generator(around, source, next(self.mod.scopes))
        finally:
            self.mod.in_progress.pop()
        if inlined is None:
            raise Refused
        given = self._given(node, found.__name__, [p.name for p in inlined.params])
        assigns: list[Stmt] = []
        aliases: list[tuple[Var, Var]] = []
        for param in inlined.params:
            value = self.expr(given[param.name])
            if not param.parameter:
                what = f"the argument '{param.name}'"
                stored = store(self.report, given[param.name], value, param.type, what)
                assigns.append(Assign(self.report.span(node), param, stored))
            elif isinstance(value, Local) and value.var.parameter and value.type == param.type:
                aliases.append((param, value.var))
            else:
                self.report.refuse(
                    "PNX155",
                    given[param.name],
                    f"'{param.name}' is a parameter of the filter itself",
                    help=f"pass the parameter that is annotated '{describe(param.type)}'",
                )
        self.inlined += inlined.locals
        self.facts = self.facts.forget(self.state_roots)
        comments = (inlined.header, *inlined.comments)
        return Inline(
            self.report.span(node), (*assigns, *inlined.body), tuple(aliases), comments=comments
        )

    def _given(self, node: ast.Call, name: str, params: list[str]) -> dict[str, ast.expr]:
        given: dict[str, ast.expr] = dict(zip(params, node.args, strict=False))
        for keyword in node.keywords:
            if keyword.arg is None or keyword.arg in given:
                self.report.refuse(
                    "PNX133", keyword, f"{name}() is given an argument twice", help="name it once"
                )
            given[keyword.arg] = keyword.value
        missing = [p for p in params if p not in given]
        if missing or len(node.args) > len(params) or set(given) - set(params):
            self.report.refuse(
                "PNX133",
                node,
                f"{name}() takes {len(params)} arguments: {', '.join(params)}",
                help="give each of them once",
            )
        return given
