"""Output buffers: which filters need them, and the directive that sizes them.

A filter that sends what it computes, or pieces of what it reads, writes into buffers of its own.
How many and how large is a directive of its own, as nginx's filters have it: ``<name>_buffers``,
by default 4 of a page. A directive of that name that the author wrote is taken instead.
"""

from __future__ import annotations

from dataclasses import replace

from pyngx.flow.lifetimes import memory
from pyngx.flow.walk import statements
from pyngx.program import BodyForm, ConfClass, DirectiveField, Program
from pyngx.source import Span
from pyngx.tree import (
    ForLines,
    Format,
    ForScan,
    ReadInto,
    Yield,
)
from pyngx.types import Bufs, Bytes, Place, Str

DEFAULT = (4, 0)  # a size of 0 is nginx's page


def with_output_buffers(program: Program) -> Program:
    """The program with its directive for output buffers, if it needs one."""
    body = program.body
    if body is None or body.form is not BodyForm.STREAM or written(program) is None:
        return program
    directive = f"{program.name}_buffers"
    for conf in program.confs:
        for field in conf.fields:
            if field.directive == directive and isinstance(field.type, Bufs):
                return replace(program, output=(conf.place, field.name))
            if field.directive == directive:
                return program
    return _declared(program, directive)


def written(program: Program) -> Span | None:
    """The first place that sends what has to be written first."""
    assert program.body is not None
    function = program.body.function
    known = memory(program, function)
    for stmt in statements(function.body):
        match stmt:
            case ReadInto() | ForLines() | ForScan() | Yield(value=Format()):
                return stmt.span
            case Yield(value=value) if isinstance(value.type, Bytes | Str):
                if not known.lasts(value, True):
                    return stmt.span
            case _:
                continue
    return None


def _declared(program: Program, directive: str) -> Program:
    own = next((c for c in program.confs if c.place is Place.LOC), None)
    if own is None:
        own = ConfClass(Place.LOC, "LocConf", None, (), None)
    taken = {f.name for f in own.fields}
    name = "buffers" if "buffers" not in taken else "output_buffers"
    assert program.body is not None
    field = DirectiveField(
        name,
        directive,
        Bufs(),
        DEFAULT,
        ("http", "server", "location"),
        None,
        None,
        program.body.function.span,
        (),
    )
    confs = (
        *(c for c in program.confs if c.place is not Place.LOC),
        replace(own, fields=(*own.fields, field)),
    )
    return replace(program, confs=confs, output=(Place.LOC, name))
