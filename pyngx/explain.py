"""What the compiler has inferred about a filter, and which lines made it so.

``pyngx check --explain`` shows it. Nothing is decided here: each fact is read from what the passes
found out, `pyngx.flow.effect` about the header above all.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyngx.checks import Checks
from pyngx.diagnostics import Explained, Fact
from pyngx.flow.effect import Added, Change, Choice, Effect, Text, sets_length
from pyngx.flow.output import written
from pyngx.pipeline import Compiled
from pyngx.program import BodyForm, Program
from pyngx.source import Span


def explained(compiled: Compiled) -> Explained:
    """The facts about a compiled file."""
    checks = Checks(compiled.program, compiled.module.sources, compiled.checks)
    facts = (*_facts(compiled), *checks.facts())
    return Explained(compiled.program.source.path, f"ngx_http_{compiled.name}_filter_module", facts)


def _facts(compiled: Compiled) -> Iterator[Fact]:
    program, effect = compiled.program, compiled.effect
    if effect is None or program.body is None:
        yield Fact("body", "passes untouched: the file has no body filter")
        return
    yield from _buffers(effect)
    yield from _header(program, effect)
    if effect.edits:
        yield from _skipped(program, effect)
    if program.body.form is BodyForm.CHAIN:
        yield Fact(
            "states", "none: the chain form is a function", _line(program.body.function.span)
        )
        return
    yield _output(program)
    yield from _states(compiled)


def _line(*spans: Span | None) -> tuple[int, ...]:
    return tuple(sorted({span.line for span in spans if span is not None}))


def _buffers(effect: Effect) -> Iterator[Fact]:
    if effect.in_memory is None:
        yield Fact("buffers", "may stay in files: sendfile works, no byte is looked at")
    else:
        yield Fact("buffers", "bytes in memory are asked for", _line(effect.in_memory))
    if effect.writes is not None:
        yield Fact(
            "buffers", "writable ones are asked for, to write in place", _line(effect.writes)
        )


def _header(program: Program, effect: Effect) -> Iterator[Fact]:
    own = sets_length(program)
    match effect.change:
        case Change.SAME:
            yield Fact("Content-Length", "kept: the length does not change")
            yield Fact("ranges", "kept")
            yield Fact("ETag", "kept")
            return
        case Change.ADDED:
            length = Fact(
                "Content-Length", "corrected by what is added", _line(*_added(effect.added))
            )
        case Change.OTHER:
            length = Fact("Content-Length", "cleared: the length may change", _line(effect.changed))
    if own is not None:
        length = Fact("Content-Length", "left alone: the filter sets it itself", _line(own))
    yield length
    cause = _line(effect.changed, *_added(effect.added))
    yield Fact("ranges", "refused: positions in the body change", cause)
    yield Fact("ETag", "a strong one turns weak", cause)


def _added(added: tuple[Added, ...]) -> list[Span]:
    spans: list[Span] = []
    for one in added:
        match one:
            case Text(value=value):
                spans.append(value.span)
            case Choice(then=then, orelse=orelse):
                spans += [*_added(then), *_added(orelse)]
    return spans


def _skipped(program: Program, effect: Effect) -> Iterator[Fact]:
    body = program.body
    assert body is not None
    cause = _line(effect.changed, effect.writes, *_added(effect.added))
    for allowed, option, what in (
        (body.encoded, "encoded", "responses with a Content-Encoding"),
        (body.partial, "partial", "responses with a part of the body (206)"),
    ):
        if allowed:
            says, lines = f"{what}, as {option}=True says", _line(body.function.span)
            yield Fact("runs also on", says, lines)
        else:
            yield Fact("does not run on", f"{what}; @body_filter({option}=True) would", cause)


def _output(program: Program) -> Fact:
    if program.output is None:
        return Fact("output buffers", "none of its own: what is sent is pointed at")
    place, name = program.output
    field = next(f for c in program.confs if c.place is place for f in c.fields if f.name == name)
    assert isinstance(field.default, tuple)
    number, size = field.default
    words = f"{number} of {size or 'a page'}" + (" bytes" if size else "")
    return Fact(
        "output buffers",
        f"{words}, sized by the directive '{field.directive}'",
        _line(written(program)),
    )


def _states(compiled: Compiled) -> Iterator[Fact]:
    found = compiled.suspensions
    assert found is not None
    if not found.states:
        yield Fact("states", "none: it is never suspended")
    for name, line in dict.fromkeys(found.states):
        yield Fact("states", f"'{name}' waits for input or room", (line,))
    if not found.kept:
        yield Fact("kept", "no variable is kept in the request's context")
    for kept in found.kept:
        how = "a copy of its own" if kept.owned else "as it is"
        yield Fact("kept", f"{kept.name}, {how}", (kept.line,))
