"""Objects that a body filter keeps over reads, and changes; also those of the context."""

from dataclasses import dataclass

from pyngx import Body, RequestCtx, Stream, body_filter, header_filter
from pyngx.ngx import NGX_OK, ngx_http_request_t, ngx_int_t


@dataclass
class Record:
    number: int
    name: bytes = b""
    lines: int = 0
    note: bytes | None = None

    def count(self) -> int:
        self.lines += 1
        return self.lines

    @property
    def big(self) -> bool:
        return self.lines > 1


@dataclass
class State:
    depth: int = 0
    last: bytes = b""
    seen: int = 0


class Ctx(RequestCtx):
    state: State = State()
    records: list[Record]
    best: Record | None = None


def add(records: list[Record], n: int) -> None:
    for record in records:
        record.number += n


@header_filter
def header(r: ngx_http_request_t, ctx: Ctx) -> ngx_int_t:
    ctx.state.depth = 3
    ctx.state.last = (r.arg(b"w") or b"") + b"h"
    ctx.records.append(Record(1, b"one"))
    ctx.records[0].number += 5
    ctx.records[-1].name = b"two" + ctx.state.last
    ctx.best = Record(9)
    ctx.best.name = b"b%d" % ctx.best.count()
    ctx.state.seen += 1
    return NGX_OK


@body_filter
def body(body: Body, ctx: Ctx) -> Stream:
    state = State()
    current: Record | None = None
    name = b""
    for line in body.lines(100):
        state.depth += len(line)
        name = state.last
        if line.startswith((b"t", b"1")):
            state.last = line.strip()
            state.seen += 1
            if current is not None:
                ctx.records.append(current)
            current = Record(state.seen)
            current.name = state.last[:2]
        elif current is not None:
            current.count()
            current.note = line[:1]
        ctx.state.last = line[:3] + name
        ctx.state.depth += 1
        ctx.records[0].lines += 1
        ctx.records[0].name = line[:2]
        yield line
        yield b"[%d %s %s]" % (state.depth, state.last, name)
        yield state.last
    add(ctx.records, 2)
    for record in ctx.records:
        record.number += 2
        record.count()
    for record in ctx.records:
        yield b"{%d %d %s %d" % (record.number, record.lines, record.name, record.big)
        yield (record.note or b"-") + b"}"
    if ctx.best is not None:
        yield b"best %d %s" % (ctx.best.count(), ctx.best.name)
    yield b"%d %s %d" % (ctx.state.depth, ctx.state.last, ctx.state.seen)
