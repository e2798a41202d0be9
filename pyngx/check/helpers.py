"""Helpers: functions of the author's that the filters call.

A helper is checked when the first call of it is seen, once; its parameters and result are
annotated, so that a call can be checked without its body.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from types import FunctionType

from pyngx.check.context import ModuleContext, Refused, Reporter
from pyngx.frontend.load import function_source
from pyngx.tree import Function


def helper_function(
    mod: ModuleContext, function: FunctionType, report: Reporter, node: ast.AST
) -> Function:
    """The checked helper behind a call at ``node``."""
    if function in mod.helpers:
        return mod.helpers[function]
    if function in mod.in_progress:
        report.refuse(
            "PNX139",
            node,
            f"'{function.__name__}' calls itself",
            help="write a loop: recursion could exhaust the worker's stack",
        )
    if function in mod.refused_helpers:
        raise Refused
    source = function_source(function)
    if source is None:
        report.refuse(
            "PNX132", node, f"'{function.__name__}' has no Python source that could be compiled"
        )
    name = function.__name__
    owner, first = mod.owners.get(function, (None, ""))
    if owner is not None:
        namespace = source.namespace | (
            {source.node.args.args[0].arg: owner} if first == "cls" else {}
        )
        source = replace(source, owner=owner, first=first, namespace=namespace)
        name = f"{owner.__name__}_{name.strip('_')}".lower()
    taken = set(mod.helper_names.values())
    while name in taken:
        name += "_"
    mod.helper_names[function] = name
    mod.in_progress.append(function)
    try:
        checked = mod.check_helper(mod, source)
    finally:
        mod.in_progress.pop()
    if checked is None:
        mod.refused_helpers.add(function)
        raise Refused
    mod.helpers[function] = checked
    return checked


def given_count(count: int) -> str:
    """How many arguments a call gives, in words."""
    return "none is" if count == 0 else "1 is" if count == 1 else f"{count} are"
