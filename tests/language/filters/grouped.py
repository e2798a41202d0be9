"""Records of a table in groups, sorted: objects that the context keeps, and their methods."""

from dataclasses import dataclass
from enum import IntEnum

from pyngx import Body, RequestCtx, Stream, body_filter, header_filter
from pyngx.ngx import NGX_OK, ngx_http_request_t, ngx_int_t


class Kind(IntEnum):
    SMALL = 0
    MEDIUM = 1
    LARGE = 2

    @classmethod
    def of(cls, n: int) -> "Kind":
        if n < 3:
            return cls.SMALL
        return cls.MEDIUM if n < 8 else cls.LARGE

    @property
    def label(self) -> bytes:
        return b"SML"[self.value : self.value + 1]


@dataclass
class Group:
    name: bytes
    total: int = 0
    count: int = 0
    kind: Kind = Kind.SMALL

    def add(self, n: int) -> None:
        self.total += n
        self.count += 1
        self.kind = Kind.of(self.total)

    @property
    def mean(self) -> int:
        return self.total // self.count if self.count else 0

    def row(self) -> bytes:
        return b"%s:%d/%d=%d %s" % (self.name, self.total, self.count, self.mean, self.kind.label)


@dataclass
class Stats:
    rows: int = 0
    bad: int = 0
    longest: bytes = b""
    errors: tuple[int, int] = (0, 0)


class Ctx(RequestCtx):
    groups: list[Group]
    stats: Stats = Stats()


def find(groups: list[Group], name: bytes) -> int:
    for i, g in enumerate(groups):
        if g.name == name:
            return i
    return -1


@header_filter
def header(r: ngx_http_request_t, ctx: Ctx) -> ngx_int_t:
    ctx.stats.rows = 0
    return NGX_OK


@body_filter
def body(body: Body, ctx: Ctx) -> Stream:
    first = True
    for line in body.lines(200):
        if first:
            first = False
            yield line
            continue
        ctx.stats.rows += 1
        name, comma, qty = line.strip().partition(b",")
        if not comma or not qty.isdigit() or not name:
            ctx.stats.bad += 1
            ctx.stats.errors = (ctx.stats.rows, len(line))
            continue
        if len(name) > len(ctx.stats.longest):
            ctx.stats.longest = name
        at = find(ctx.groups, name)
        if at < 0:
            ctx.groups.append(Group(name))
            at = len(ctx.groups) - 1
        ctx.groups[at].add(int(qty))
    for g in sorted(ctx.groups, key=lambda g: (-g.total, g.name)):
        yield g.row() + b"\n"
    yield b"%d %d %s %d,%d\n" % (
        ctx.stats.rows,
        ctx.stats.bad,
        ctx.stats.longest,
        ctx.stats.errors[0],
        ctx.stats.errors[1],
    )
    big = [g for g in ctx.groups if g.kind is Kind.LARGE]
    yield b"%d large" % len(big)
