"""A generator of filters: header filters, and body filters of both forms with reads of every kind.

A file holds several programs of the stream form, each with a number that the configuration
chooses; or one of the chain form. What a program has computed is in what it sends, in its header,
in its variable and in its log lines, so that a wrong bit anywhere shows. From one seed comes one
program. ``driven_filters.py`` runs them in both lives.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from tests.language.generated import Writer

HEAD = '''"""Generated filters."""

import logging

from pyngx import Body, LocConf, RequestCtx, Stream, body_filter, directive, header_filter, variable
from pyngx.ngx import (
    NGX_DECLINED,
    NGX_OK,
    ngx_buf_t,
    ngx_chain_t,
    ngx_http_next_body_filter,
    ngx_http_request_t,
    ngx_int_t,
    ngx_str_t,
)

log = logging.getLogger(__name__)


class Conf(LocConf):
    program: ngx_int_t = directive("g_program", default=0)
    number: ngx_int_t = directive("g_number", default=3)
    text: ngx_str_t = directive("g_text", default=b"text")


class Ctx(RequestCtx):
    count: int = 0
    kept: bytes = b""
    on: bool = False
    real: float = 0.0
    maybe: bytes | None = None
    seen: list[bytes]


@variable("g_state")
def state(ctx: Ctx) -> bytes:
    real = str(ctx.real).encode()
    return b"%d|%s|%d|%s|%s|%s" % (
        ctx.count,
        ctx.kept,
        1 if ctx.on else 0,
        real,
        ctx.maybe or b"-",
        b",".join(ctx.seen),
    )


'''
NEEDLES = (b"ab", b"aab", b"\\n", b",", b"<b>", b"needle", b"nee", b"-->", b"1")
ERRORS = "(ValueError, IndexError, OverflowError, ZeroDivisionError)"
KEPT = ('(b"%s" % (ctx.maybe or b""))', 'b"+".join(ctx.seen)', '(b"%s" % ctx.kept)')
"""Copies: what lies in the context may be overwritten."""
START = (
    "    a = ctx.count",
    "    b = conf.number",
    '    s = b"%s" % ctx.kept',
    "    t = conf.text",
    "    p = a / 7",
    "    q = b * 0.5 - 3",
)
SHOWN = 'b"|%d %d %s %s %s" % (a, b, s, t, str(q).encode())'


@dataclass
class FilterWriter(Writer):
    """Writes the functions of a filter; what it may assign is apart from what it may read."""

    own_ints: list[str] = field(default_factory=lambda: ["a", "b"])
    own_texts: list[str] = field(default_factory=lambda: ["s", "t"])
    yields: bool = False
    reads: int = 0
    """How deep reads may be in one another."""
    parts: tuple[str, ...] = ()
    """Generators that it may go through."""

    def int_(self, depth: int = 3) -> str:
        """Mostly what cannot fail: a filter that ends at once shows little."""
        if depth > 0 and self.chance.random() < 0.85:
            down = depth - 1
            return self.pick(
                lambda: f"(abs({self.int_(down)}) % {self.chance.randint(2, 97)})",
                lambda: f"({self.int_(down)} {self.chance.choice('&|^')} {self.small()})",
                lambda: f"(len({self.chance.choice(self.texts)}) + {self.small()})",
                lambda: f"{self.chance.choice(self.texts)}.find({self.text(1)})",
                lambda: f"{self.chance.choice(self.texts)}.count({self.text(1)})",
                lambda: f"min({self.int_(down)}, {self.small()})",
                lambda: "len(ctx.seen)",
                lambda: self.chance.choice(self.ints),
                lambda: self.chance.choice(self.ints),
            )
        return super().int_(depth)

    def text(self, depth: int = 3) -> str:
        if depth > 0 and self.chance.random() < 0.12:
            return self.chance.choice(KEPT)
        return super().text(depth)

    def literal(self) -> str:
        return str(self.chance.choice((0, 1, 2, 5, 7, 10, 64, 97, 255, 1000)))

    def assign(self, level: int, loop: bool) -> None:
        n, s = partial(self.int_, 2), partial(self.text, 2)
        one, two = self.own_ints[:2]
        text = self.chance.choice(self.own_texts)
        op = self.chance.choice(("", "+", "-", "^", "|"))
        if self.yields and self.chance.random() < 0.4:
            self.yield_(level)
            return
        if loop and self.chance.random() < 0.1:
            self.put(level, f"if {self.bool_(1)}:")
            self.put(level + 1, self.chance.choice(("break", "continue")))
            return
        if self.yields and self.chance.random() < 0.05:
            self.put(level, f"if {self.bool_(1)} and ctx.count > 5:")
            self.put(level + 1, "return")
            return
        if self.chance.random() < 0.04:
            self.put(level, f"if {self.bool_(1)} and {one} % 5 == 3:")
            self.put(level + 1, self.pick(*self._failing()))
            return
        if self.chance.random() < 0.06:
            self.put(level, "if len(ctx.seen) < 4:")
            self.put(level + 1, f"ctx.seen.append(({s()})[:9])")
            return
        write = (
            lambda: f"{self.chance.choice(self.own_ints)} {op}= ({n()}) % 1000",
            lambda: f"{self.chance.choice(self.own_ints)} {op}= ({n()}) % 1000",
            lambda: f"{text} = ({s()})[:40]",
            lambda: f"{text} = {self.chance.choice(self.texts)}[:40]",
            lambda: f"ctx.count = ({n()}) % 100",
            lambda: f"ctx.kept = ({s()})[:20]",
            lambda: f"ctx.on = {self.bool_(1)}",
            lambda: f"ctx.maybe = {self.chance.choice(('None', f'({s()})[:7]'))}",
            lambda: f"ctx.real = {self.float_(1)}",
            lambda: f"q = {self.float_(1)}",
            lambda: f"{one}, {two} = {two}, {one}",
            lambda: f"{self.own_texts[0]}, {self.own_texts[1]} = t[:30], s[:30]",
            lambda: f'log.info("%d %s", {n()}, {self.chance.choice(self.texts)}[:20])',
            lambda: f'log.warning("%s at %d", conf.text, {one})',
        )
        self.put(level, self.pick(*write))

    def _failing(self) -> tuple[Callable[[], str], ...]:
        text = self.chance.choice(self.texts)
        return (
            lambda: f'raise ValueError(f"at {{a}} of {{{text}!r}}")',
            lambda: f"assert {self.bool_(1)}",
            lambda: f"a = {text}[{self.int_(1)}]",
            lambda: f"a = 1000 // ({self.int_(1)})",
            lambda: f"a = int({text})",
        )

    def statement(self, level: int, depth: int, loop: bool) -> None:
        if self.reads and self.chance.random() < 0.3:
            self.reading(level, depth)
        elif self.chance.random() < 0.06:
            self.choice(level, depth, loop)
        else:
            super().statement(level, depth, loop)

    def choice(self, level: int, depth: int, loop: bool) -> None:
        self.put(level, f"match {self.int_(1)}:")
        for case in self.chance.sample(("0", "1 | 2", "3", "5 | 7 | 9", "-1"), 2):
            self.put(level + 1, f"case {case}:")
            self.block(level + 2, depth - 1, loop)
        self.put(level + 1, "case _:")
        self.block(level + 2, depth - 1, loop)

    def attempt(self, level: int, depth: int, loop: bool) -> None:
        kind = self.chance.random()
        self.put(level, "try:")
        if kind < 0.5:
            self.put(level + 1, f"{self.own_ints[0]} = {Writer.int_(self, 2)}")
        else:
            self.block(level + 1, depth - 1, loop)
            if kind < 0.7:
                self.put(level + 1, f"{self.own_ints[0]} = {Writer.int_(self, 2)}")
        before, self.yields = self.yields, False
        reads, self.reads = self.reads, 0
        if kind < 0.75:
            self.put(level, f"except {ERRORS}:")
            if kind < 0.4:
                self.put(level + 1, f"{self.own_ints[0]} = {self.small()}")
            else:
                self.block(level + 1, depth - 1, loop)
        if kind < 0.1 or kind >= 0.75:
            self.put(level, "finally:")
            self.put(level + 1, f"ctx.count = (ctx.count + {self.int_(1)}) % 100")
        self.yields, self.reads = before, reads

    def yield_(self, level: int) -> None:
        text = self.chance.choice(self.texts)
        self.put(
            level,
            "yield "
            + self.pick(
                lambda: text,
                lambda: f"{text}[{self.small()}:]",
                lambda: f"{text}[:{self.int_(1)}]",
                lambda: self.text(2),
                lambda: f'b"%d;" % {self.int_(1)}',
                lambda: 'f"{a:>4}|{b:x};"',
                lambda: "conf.text",
                lambda: "ctx.kept",
                lambda: f"{text}.upper()",
            ),
        )

    def reading(self, level: int, depth: int) -> None:
        """Something that reads the body, in one of the ways that there are."""
        kind = self.chance.random()
        if kind < 0.12:
            text = self.chance.choice(self.own_texts)
            count = self.chance.choice((1, 2, 5, 30))
            self.put(level, f"{text} = body.{self.chance.choice(('read', 'readline'))}({count})")
        elif kind < 0.3 and self.parts:
            name = self.chance.choice(self.parts)
            self.put(level, f"yield from {name}(body, {self.int_(1)}, {self.text(1)}, conf, ctx)")
        elif kind < 0.4:
            self.put(level, "try:")
            self._loop_of_reads(level + 1, depth)
            self.put(level, "finally:")
            self.put(level + 1, f"ctx.count = (ctx.count + {self.int_(1)}) % 100")
        else:
            self._loop_of_reads(level, depth)

    def _loop_of_reads(self, level: int, depth: int) -> None:
        number = self.chance.choice((1, 2, 3, 7, 64))
        needles = self.chance.sample(NEEDLES, self.chance.randint(1, 3))
        literals = ", ".join(f'b"{n.decode()}"' for n in needles)
        several = f"({literals},)" if len(needles) > 1 else literals
        self.names += 1
        buf, line, part, piece = (f"{n}{self.names}" for n in ("buf", "line", "part", "piece"))
        name, head = self.chance.choice(
            (
                (buf, f"for {buf} in body:"),
                (line, f"for {line} in body.lines({self.chance.choice((3, 16, 100))}):"),
                (part, f"for {part} in body.scan({several}):"),
                (part, f"for {part} in body.scan({several}, ignore_case=True):"),
                (piece, f"while {piece} := body.read({number}):"),
                (line, f"while {line} := body.readline({number + 5}):"),
                (line, f"while ({line} := body.readline({number + 5})) and {self.bool_(1)}:"),
            )
        )
        self.put(level, head)
        self.texts.append(name)
        if name == part:  # how the text between matches is cut is nobody's business
            self.put(level + 1, f"if not {part}.matched:")
            self.put(level + 2, f"yield {part}")
            self.put(level + 2, "continue")
        if name == buf and self.chance.random() < 0.3:
            self.put(level + 1, f"for i in range(len({buf})):")
            self.put(level + 2, f"{buf}[i] = ({buf}[i] ^ {self.chance.choice((1, 32, 128))}) & 255")
        reads = self.reads
        self.reads -= 1
        if name in (part, buf):  # it is gone with the next read
            if self.chance.random() < 0.5:
                self.reads = 0
            else:
                self.texts.remove(name)
        self.block(level + 1, min(depth, 2), True)
        if name == buf and name in self.texts and self.chance.random() < 0.2:
            self.put(level + 1, f"for i in range(0, len({buf}), 2):")
            self.put(level + 2, f"{buf}[i] = ({buf}[i] + 1) & 255")
            self.put(level + 1, f"yield {buf}")
        self.reads = reads
        if name in self.texts:
            self.texts.remove(name)
        if name == part and self.chance.random() < 0.2:
            self.put(level, "else:")
            self.block(level + 1, 1)


@dataclass(frozen=True)
class Program:
    """The functions of one program of the stream form."""

    seed: int
    has_header: bool
    text: str


def program(seed: int) -> Program:
    """Always the same for one seed."""
    chance = random.Random(seed)
    lines: list[str] = []
    if has_header := chance.random() < 0.5:
        lines += _header(FilterWriter(chance), f"header{seed}")
    parts = tuple(f"part{seed}_{n}" for n in range(chance.choice((0, 0, 1, 2))))
    for part in parts:
        lines += _part(FilterWriter(chance, yields=True, reads=2), part)
    lines += _body(FilterWriter(chance, yields=True, reads=3, parts=parts), f"body{seed}")
    return Program(seed, has_header, "\n".join(lines))


def _header(writer: FilterWriter, name: str) -> list[str]:
    for _ in range(writer.chance.randint(1, 3)):
        writer.statement(1, 1, False)
    writer.put(1, 'r.headers_out["X-Made"] = b"%d %d" % (a, len(s + t))')
    if writer.chance.random() < 0.4:
        writer.put(1, f"if {writer.bool_(1)}:")
        writer.put(2, 'del r.headers_out["X-A"]')
    writer.put(1, f"return NGX_DECLINED if {writer.bool_(1)} else NGX_OK")
    head = f"def {name}(r: ngx_http_request_t, conf: Conf, ctx: Ctx) -> ngx_int_t:"
    asked = ['    s = r.headers_in["X-A"] or b""', '    t = r.arg(b"t") or b""']
    return [head, *START[:2], *asked, *START[4:], *writer.lines, "", ""]


def _part(writer: FilterWriter, name: str) -> list[str]:
    for _ in range(writer.chance.randint(1, 2)):
        writer.reading(1, 2)
    head = f"def {name}(body: Body, b: int, t: bytes, conf: Conf, ctx: Ctx) -> Stream:"
    start = ["    a = ctx.count", START[2], "    p = a / 7", "    q = 0.5"]
    if writer.chance.random() < 0.5:
        writer.put(1, "ctx.kept = (s + t)[:20]")
    return [head, *start, *writer.lines, f"    yield {SHOWN}", "", ""]


def _body(writer: FilterWriter, name: str) -> list[str]:
    chance = writer.chance
    if chance.random() < 0.3:
        writer.yield_(1)
    for _ in range(chance.randint(1, 3)):
        writer.reading(1, 2)
        if chance.random() < 0.3:
            writer.statement(1, 1, False)
    if chance.random() < 0.3:
        writer.put(1, "yield from body")
    writer.put(1, f"yield {SHOWN}")
    head = f"def {name}(body: Body, conf: Conf, ctx: Ctx) -> Stream:"
    return [head, *START, *writer.lines, "", ""]


def stream_file(programs: Iterable[Program]) -> str:
    """A filter file with programs, of which ``g_program`` chooses one."""
    every = tuple(programs)
    text = HEAD + "\n".join(p.text for p in every) + "\n"
    text += "@header_filter\ndef header("
    text += "r: ngx_http_request_t, conf: Conf, ctx: Ctx) -> ngx_int_t:\n"
    for one in every:
        if one.has_header:
            text += f"    if conf.program == {one.seed}:\n"
            text += f"        return header{one.seed}(r, conf, ctx)\n"
    text += "    return NGX_OK\n\n\n"
    text += "@body_filter\ndef body(body: Body, conf: Conf, ctx: Ctx) -> Stream:\n"
    for number, one in enumerate(every):
        text += f"    {'elif' if number else 'if'} conf.program == {one.seed}:\n"
        text += f"        yield from body{one.seed}(body, conf, ctx)\n"
    return text


def chain_file(seed: int) -> str:
    """A filter file of the chain form, always the same for one seed."""
    chance = random.Random(f"chain {seed}")
    writer = FilterWriter(chance)
    writer.put(1, "out = ngx_chain_t()")
    writer.put(1, "for buf in chain:")  # how many come at a time is nobody's business
    writer.lines += ["    " + line for line in START]
    writer.put(2, 'whole = b"%s" % buf[:60]')
    writer.texts.append("whole")
    for _ in range(chance.randint(1, 3)):
        writer.statement(2, 2, False)
    if chance.random() < 0.3:
        writer.put(2, "for i in range(len(buf)):")
        writer.put(3, f"buf[i] = (buf[i] ^ {chance.choice((1, 32, 128))}) & 255")
    for _ in range(chance.randint(0, 2)):
        writer.put(2, f"if {writer.bool_(1)}:")
        writer.put(3, f"out.append({writer.text(2)})")
    if chance.random() < 0.4:
        writer.put(2, f"if {writer.bool_(1)} and not buf.last_buf:")
        writer.put(3, "continue")
    writer.put(2, "out.append(buf)")
    if chance.random() < 0.4:
        writer.put(2, "if len(buf) > 0:")
        writer.put(3, f"out.append({SHOWN})")
    writer.put(2, "ctx.count = (ctx.count + a) % 1000")
    writer.put(2, "ctx.kept = (s + t)[-20:]")
    writer.put(1, "return ngx_http_next_body_filter(r, out)")
    head = ["@body_filter", "def body("]
    head += ["    chain: ngx_chain_t, ctx: Ctx, conf: Conf, r: ngx_http_request_t"]
    head += [") -> ngx_int_t:"]
    return HEAD + "\n".join([*head, *writer.lines]) + "\n"
