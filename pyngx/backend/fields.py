"""The fields of configurations and of the context, under names that C and the module can bear.

A field whose name is free keeps it, which is nearly always; a program of which that is true of all
fields comes out as it went in. Others (keywords and macros of C, names of fields that the module
adds itself) are renamed throughout the tree, so that nothing after this has to know of it.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from pyngx.backend.names import Names
from pyngx.headers import NginxModel
from pyngx.program import CtxField, DirectiveField, Program
from pyngx.tree import Function, StateField
from pyngx.types import Conf, Ctx, MimeTypes, Optional, Place, Type, text_leaves

_OF_VALIDATE = frozenset({"file", "line"})
_OF_THE_ENGINE = frozenset({"stream", "replaced"})

Renamed = dict[tuple[Place | None, str], str]
"""For a field of a configuration, or without a place of the context, its other name."""

_NODES = frozenset({Program.__module__, StateField.__module__, Function.__module__})
"""The modules whose dataclasses make up the tree."""

T = TypeVar("T")


def with_c_names(program: Program, model: NginxModel) -> Program:
    """The program with names of fields that can stand in C."""
    renamed: Renamed = {}
    for conf in program.confs:
        own = _OF_VALIDATE if conf.validate is not None else frozenset()
        _claim(renamed, conf.place, conf.fields, own, model)
    if program.ctx is not None:
        _claim(renamed, None, program.ctx.fields, _OF_THE_ENGINE, model)
    if not renamed:
        return program
    confs = tuple(replace(c, fields=_fields(renamed, c.place, c.fields)) for c in program.confs)
    ctx = program.ctx
    if ctx is not None:
        ctx = replace(ctx, fields=_fields(renamed, None, ctx.fields))
    return _rewritten(replace(program, confs=confs, ctx=ctx), renamed)


def _claim(
    renamed: Renamed,
    place: Place | None,
    declared: tuple[DirectiveField, ...] | tuple[CtxField, ...],
    taken: frozenset[str],
    model: NginxModel,
) -> None:
    companions = {f"{f.name}{end}" for f in declared for end in _companions(f.type)}
    names = Names(model, taken | companions)
    for field in declared:
        found = names.claim(field.name)
        if found != field.name:
            renamed[place, field.name] = found


def _companions(type_: Type) -> tuple[str, ...]:
    """The ends of the names of the further C fields that some types need."""
    if isinstance(type_, MimeTypes):
        return ("_keys",)
    return tuple("_".join(("", *leaf, "storage")) for leaf in text_leaves(type_))


F = TypeVar("F", DirectiveField, CtxField)


def _fields(renamed: Renamed, place: Place | None, declared: tuple[F, ...]) -> tuple[F, ...]:
    return tuple(replace(f, name=renamed.get((place, f.name), f.name)) for f in declared)


def _rewritten(node: T, renamed: Renamed) -> T:
    """A node with the new names in it; itself if there are none."""
    if not is_dataclass(node) or isinstance(node, type) or type(node).__module__ not in _NODES:
        return node
    changes: dict[str, Any] = {}
    for field in fields(node):
        value = getattr(node, field.name)
        new = _part_rewritten(value, renamed)
        if new is not value:
            changes[field.name] = new
    if isinstance(node, StateField):
        name = renamed.get((_place(node.obj.type), node.name))
        if name is not None:
            changes["name"] = name
    return replace(node, **changes) if changes else node


def _part_rewritten(value: Any, renamed: Renamed) -> Any:
    """Likewise what a field of a node has: a node, or a tuple of what a field can have."""
    if not isinstance(value, tuple):
        return _rewritten(value, renamed)
    parts = tuple(_part_rewritten(part, renamed) for part in value)
    same = all(a is b for a, b in zip(parts, value, strict=True))
    return value if same else parts


def _place(type_: Type) -> Place | None:
    """Whose field it is; the context has no place."""
    match type_:
        case Conf(place):
            return place
        case Ctx() | Optional(Ctx()):
            return None
        case _:
            raise AssertionError(f"no state is of type {type_}")
