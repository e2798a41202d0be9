"""A generator of body filters: headers, context and configuration, reads of every kind, and yields.

Each is served by a real nginx and run under CPython, with generated bodies cut at generated places;
status, headers, body, run-time errors and the file's variable must be equal. Run as a module it
goes on for as long as it is told: ``python -m tests.language.generated_filters SECONDS [SEED]``.
"""

from __future__ import annotations

import ast
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from pyngx.build.locate import BuildError
from pyngx.diagnostics import InternalError
from pyngx.testing.body import cut
from pyngx.testing.given import Given
from pyngx.testing.integers import checked
from pyngx.testing.lives.case import case, summary
from pyngx.testing.lives.compare import differences
from pyngx.testing.lives.life import CPython, InNginx
from pyngx.testing.lives.modules import Refused, built
from pyngx.testing.lives.search import Found
from pyngx.testing.nginx import NginxFault
from tests.language.generated import Checked, Writer

HEAD = '''"""A generated filter."""

from pyngx import Body, LocConf, RequestCtx, Stream, body_filter, directive, header_filter, variable
from pyngx.ngx import NGX_DECLINED, NGX_OK, ngx_http_request_t, ngx_int_t, ngx_str_t


class Conf(LocConf):
    number: ngx_int_t = directive("{name}_number", default=3)
    text: ngx_str_t = directive("{name}_text", default=b"text")


class Ctx(RequestCtx):
    count: int = 0
    kept: bytes = b""
    on: bool = False


@variable("{name}_state")
def state(ctx: Ctx) -> bytes:
    return b"%d|%s|%d" % (ctx.count, ctx.kept, 1 if ctx.on else 0)


'''
NEEDLES = (b"ab", b"aab", b"\\n", b",", b"<b>", b"needle", b"nee", b"-->", b"1")
TOKENS = (b"ab", b"aab", b"\n", b",", b"<b>", b"needle", b"nee", b"--", b">", b"1", b"a", b"\xff")
CONFS = ("", "{name}_number 0;", "{name}_number 7; {name}_text ab;", '{name}_text "";')
BATCH = 12


@dataclass
class FilterWriter(Writer):
    """Writes the functions of a filter; what it may assign is apart from what it may read."""

    own_ints: list[str] = field(default_factory=lambda: ["a", "b"])
    own_texts: list[str] = field(default_factory=lambda: ["s", "t"])
    yields: bool = False

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
                lambda: self.chance.choice(self.ints),
                lambda: self.chance.choice(self.ints),
            )
        return super().int_(depth)

    def literal(self) -> str:
        return str(self.chance.choice((0, 1, 2, 5, 7, 10, 64, 97, 255, 1000)))

    def assign(self, level: int, loop: bool) -> None:
        kind = self.chance.random()
        if self.yields and kind < 0.4:
            self.yield_(level)
        elif kind < 0.55:
            op = self.chance.choice(("", "+", "-", "^", "|"))
            value = f"({self.int_(2)}) % 1000"
            self.put(level, f"{self.chance.choice(self.own_ints)} {op}= {value}")
        elif kind < 0.7:
            self.put(level, f"{self.chance.choice(self.own_texts)} = ({self.text(2)})[:40]")
        elif kind < 0.78:
            self.put(level, f"ctx.count = ({self.int_(2)}) % 100")
        elif kind < 0.84:
            self.put(level, f"ctx.kept = ({self.text(2)})[:20]")
        elif kind < 0.88:
            self.put(level, f"ctx.on = {self.bool_(1)}")
        elif kind < 0.94 and loop:
            self.put(level, f"if {self.bool_(1)}:")
            self.put(level + 1, self.chance.choice(("break", "continue")))
        elif kind < 0.97 and self.yields:
            self.put(level, f"if {self.bool_(1)} and ctx.count > 5:")
            self.put(level + 1, "return")
        else:
            one, two = self.own_ints[:2]
            self.put(level, f"{one}, {two} = {two}, {one}")

    def attempt(self, level: int, depth: int, loop: bool) -> None:
        """A ``try`` without a read or a yield in it."""
        before, self.yields = self.yields, False
        self.put(level, "try:")
        self.put(level + 1, f"{self.own_ints[0]} = {Writer.int_(self, 2)}")
        self.put(level, "except (ValueError, IndexError, OverflowError, ZeroDivisionError):")
        self.put(level + 1, f"{self.own_ints[0]} = {self.small()}")
        self.yields = before

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
                lambda: "conf.text",
                lambda: f"{text}.upper()",
            ),
        )

    def reading(self, level: int) -> None:
        """A loop that reads the body, in one of the ways that there are."""
        number = self.chance.choice((1, 2, 3, 7, 64))
        needles = self.chance.sample(NEEDLES, self.chance.randint(1, 3))
        literals = ", ".join(f'b"{n.decode()}"' for n in needles)
        several = f"({literals},)" if len(needles) > 1 else literals
        name, head = self.chance.choice(
            (
                ("buf", "for buf in body:"),
                ("line", f"for line in body.lines({self.chance.choice((3, 16, 100))}):"),
                ("part", f"for part in body.scan({several}):"),
                ("part", f"for part in body.scan({several}, ignore_case=True):"),
                ("piece", f"while piece := body.read({number}):"),
                ("line", f"while line := body.readline({number + 5}):"),
            )
        )
        self.put(level, head)
        self.texts.append(name)
        if name == "part":  # how the text between matches is cut is nobody's business
            self.put(level + 1, "if not part.matched:")
            self.put(level + 2, "yield part")
            self.put(level + 2, "continue")
        if name == "buf" and self.chance.random() < 0.3:
            self.put(level + 1, "for i in range(len(buf)):")
            self.put(level + 2, f"buf[i] = (buf[i] ^ {self.chance.choice((1, 32, 128))}) & 255")
        self.block(level + 1, 2, True)
        self.texts.remove(name)


def filter_program(seed: int) -> str:
    """A whole filter file, always the same for one seed."""
    chance = random.Random(seed)
    lines = HEAD.format(name=f"g{seed}").splitlines()
    if chance.random() < 0.6:
        lines += _header(FilterWriter(chance))
    return "\n".join([*lines, *_body(FilterWriter(chance, yields=True))]) + "\n"


def _start() -> list[str]:
    return [
        "    a = ctx.count",
        "    b = conf.number",
        '    s = b"%s" % ctx.kept',
        "    t = conf.text",
        "    p = a / 7",
        "    q = b * 0.5 - 3",
    ]


def _header(writer: FilterWriter) -> list[str]:
    for _ in range(writer.chance.randint(1, 3)):
        writer.statement(1, 1, False)
    writer.put(1, 'r.headers_out["X-Made"] = b"%d %d" % (a, len(s + t))')
    if writer.chance.random() < 0.4:
        writer.put(1, f"if {writer.bool_(1)}:")
        writer.put(2, 'del r.headers_out["X-A"]')
    writer.put(1, f"return NGX_DECLINED if {writer.bool_(1)} else NGX_OK")
    head = [
        "@header_filter",
        "def header(r: ngx_http_request_t, conf: Conf, ctx: Ctx) -> ngx_int_t:",
    ]
    asked = ['    s = r.headers_in["X-A"] or b""', '    t = r.arg(b"t") or b""']
    start = _start()
    return [*head, *start[:2], *asked, *start[4:], *writer.lines, "", ""]


def _body(writer: FilterWriter) -> list[str]:
    chance = writer.chance
    if chance.random() < 0.3:
        writer.yield_(1)
    for _ in range(chance.randint(1, 2)):
        writer.reading(1)
    if chance.random() < 0.3:
        writer.put(1, "yield from body")
    writer.put(1, 'yield b"|%d %d %s %s" % (a, b, s, t)')
    head = ["@body_filter", "def body(body: Body, conf: Conf, ctx: Ctx) -> Stream:"]
    return [*head, *_start(), *writer.lines]


# Running them in both lives


def module_of(path: Path) -> ModuleType:
    """A generated file with all its integers those of the language: CPython's own literals do not
    overflow."""
    tree = ast.parse(path.read_text(), str(path))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            node.body = [Checked().visit(statement) for statement in node.body]
    module = ModuleType(f"generated_{path.stem}")
    module.__file__ = str(path)
    vars(module).update(
        int=type(checked(0)),
        len=lambda value: checked(len(value)),
        range=lambda *bounds: (checked(n) for n in range(*bounds)),
    )
    sys.modules[module.__name__] = module
    exec(compile(tree, str(path), "exec"), vars(module))
    return module


def given(chance: random.Random, name: str) -> Given:
    """A response with its request."""
    body = b"".join(chance.choice(TOKENS) for _ in range(chance.choice((0, 1, 3, 6, 12, 40))))
    if chance.random() < 0.01:
        body += chance.choice(TOKENS) * 1500
    whole = chance.random()
    most = min(len(body), 6)
    places = [chance.randrange(1, len(body)) for _ in range(most)] if len(body) > 1 else []
    pieces = cut(body, places[: chance.randint(0, most)]) if whole > 0.2 else [body]
    if whole > 0.9 and len(body) < 200:
        pieces = [bytes([byte]) for byte in body]
    return Given(
        pieces=tuple(pieces),
        known=whole < 0.2,
        status=chance.choice((200, 200, 200, 404)),
        headers=((b"Content-Type", b"text/html"), (b"X-A", b"1")),
        request_headers=(
            (b"Host", b"localhost"),
            (b"X-A", chance.choice(TOKENS[:1] + TOKENS[3:4])),
        ),
        method=chance.choice(("GET", "GET", "GET", "HEAD")),
        args=chance.choice((b"", b"t=ab", b"t=1,2", b"t=")),
        conf=chance.choice(CONFS).format(name=name),
    )


@dataclass
class Outcome:
    """What came of a batch: what was compared, what differs, and what was refused."""

    programs: int = 0
    cases: int = 0
    early: int = 0
    """Responses that a run-time error ended."""
    seconds: float = 0
    """How long the comparing took, without the compilers."""
    wrong: list[str] = field(default_factory=list)
    internal: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def compare(seeds: Sequence[int], count: int, folder: Path) -> Outcome:
    """The filters of these seeds in both lives, with ``count`` responses each."""
    done = Outcome()
    for seed in seeds:
        path = folder / f"g{seed}.py"
        path.write_text(filter_program(seed))
        try:
            made = built(path)
        except Refused as error:
            done.refused.append(f"{seed}: {error}")
            continue
        except (InternalError, BuildError) as error:
            done.internal.append(f"{seed}: {error}\n{path.read_text()}")
            continue
        done.programs += 1
        cpython = CPython(module_of(path))
        confs = [conf.format(name=f"g{seed}") for conf in CONFS]
        places = [cpython.place(Given(conf=conf)) for conf in confs]
        chance = random.Random(seed)
        with InNginx(made, places) as nginx:
            start = time.monotonic()
            for _ in range(count):
                one = given(chance, f"g{seed}")
                if found := _found(cpython, nginx, one, confs.index(one.conf), done):
                    text = path.read_text()
                    done.wrong.append(f"{seed}: {summary(found)}\n{case(path, found)}\n{text}")
                    break
            done.seconds += time.monotonic() - start
    return done


def _found(cpython: CPython, nginx: InNginx, one: Given, place: int, done: Outcome) -> Found | None:
    wanted = cpython.respond(one)
    try:
        seen = nginx.respond(one, place)
        nginx.judge()
    except NginxFault as fault:
        return Found(one, cpython=wanted, fault=str(fault))
    done.cases += 1
    done.early += not wanted.complete
    different = tuple(differences(wanted, seen))
    return Found(one, different, wanted) if different else None


def main(seconds: float, first: int) -> int:
    """Batches until the time is over; the exit code."""
    end, failed = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        with tempfile.TemporaryDirectory(prefix="pyngx-generated-") as folder:
            done = compare(range(first, first + BATCH), 1000, Path(folder))
        for text in (*done.wrong, *done.internal):
            print(text, flush=True)
        failed += len(done.wrong) + len(done.internal)
        rate = done.cases / done.seconds if done.seconds else 0
        print(
            f"filters {first}…: {done.programs} of {BATCH}, {done.cases} responses, "
            f"{rate:.0f} a second",
            flush=True,
        )
        first += BATCH
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
