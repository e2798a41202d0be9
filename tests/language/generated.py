"""A generator of well-typed programs: functions over two integers, two floats and two texts.

Each program is a ``@variable`` whose value depends on everything it has computed, so that a wrong
bit anywhere shows. From one seed come the same programs. Run as a module it goes on for as long
as it is told, and prints what differs: ``python -m tests.language.generated SECONDS [SEED]``.
"""

from __future__ import annotations

import ast
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from pyngx.build.locate import find_target
from pyngx.diagnostics import Diagnostics, InternalError, Severity
from pyngx.pipeline import compile_file
from pyngx.source import Span
from pyngx.testing.integers import checked
from pyngx.testing.loading import checked_int
from tests.harness.builds import BuildFailed, target
from tests.language.serving import Variables, variables

HEAD = '''"""Generated programs."""

from pyngx import variable
from pyngx.ngx import ngx_http_request_t


def number(text: bytes | None) -> int:
    return int(text or b"0")

'''
LITERALS = (0, 1, 2, 3, 5, 7, 8, 10, 63, 64, 97, 255, 256, 1000, 2**31, 2**62, 2**63 - 1)
REALS = ("0.5", "-1.5", "2.0", "0.1", "3.25", "1e16", "-0.0", "100.0", "1e300", "7e-5")
TEXTS = (b"", b"a", b"ab", b" ", b"%", b"Ab", b"1", b"-7", b"\\x00", b"\\xff", b"b,c", b"  x ")
ERRORS = ("IndexError", "ValueError", "OverflowError", "ZeroDivisionError", "AssertionError")


@dataclass
class Writer:
    """Writes one function; names in scope by type."""

    chance: random.Random
    lines: list[str] = field(default_factory=list)
    ints: list[str] = field(default_factory=lambda: ["a", "b"])
    floats: list[str] = field(default_factory=lambda: ["p", "q"])
    texts: list[str] = field(default_factory=lambda: ["s", "t"])
    fixed: set[str] = field(default_factory=set)
    """Counters of loops, which are read only."""
    names: int = 0

    def pick(self, *makers: Callable[[], str]) -> str:
        return self.chance.choice(makers)()

    def literal(self) -> str:
        return str(self.chance.choice(LITERALS))

    def small(self) -> str:
        return str(self.chance.randint(-4, 6))

    def text_literal(self) -> str:
        text = self.chance.choice(TEXTS).decode("latin-1")
        return f'b"{text}"'

    def int_(self, depth: int = 3) -> str:
        if depth <= 0 or self.chance.random() < 0.2:
            return self.pick(self.literal, self.small, lambda: self.chance.choice(self.ints))
        down = depth - 1
        # gcc warns of what it finds out about constants
        x = partial(self.chance.choice, self.texts)
        n, s = partial(self.int_, down), partial(self.text, down)
        op = self.chance.choice(("+", "-", "*", "//", "%", "&", "|", "^", "+", "-", "//", "%"))
        return self.pick(
            lambda: f"({n()} {op} {n()})",
            lambda: f"({n()} {op} {n()})",
            lambda: f"({n()} {self.chance.choice(('<<', '>>', '**'))} {self.chance.randint(0, 9)})",
            lambda: f"({n()} {self.chance.choice(('<<', '>>'))} abs({n()} % 70))",
            lambda: f"{self.chance.choice(('-', '~'))}({n()})",
            lambda: f"abs({n()})",
            lambda: f"{self.chance.choice(('min', 'max'))}({n()}, {n()})",
            lambda: f"len({s()})",
            lambda: f"{x()}.{self.chance.choice(('find', 'rfind', 'count', 'index'))}({s()})",
            lambda: f"{x()}[{n()}]",
            lambda: f"({n()} if {self.bool_(down)} else {n()})",
            lambda: f"int({x()})",
            lambda: f"{self.chance.choice(('int', 'round'))}({self.float_(down)})",
            lambda: f"int({x()}, {self.chance.choice((2, 8, 10, 16, 36))})",
        )

    def float_(self, depth: int = 3) -> str:
        real = partial(self.chance.choice, self.floats)
        if depth <= 0 or self.chance.random() < 0.25:
            return self.pick(lambda: self.chance.choice(REALS), real, real)
        down = depth - 1
        x, n = partial(self.float_, down), partial(self.int_, down)
        op = self.chance.choice(("+", "-", "*", "/", "//", "%", "+", "-", "*"))
        return self.pick(
            lambda: f"({real()} {op} {x()})",
            lambda: f"({real()} {op} {x()})",
            lambda: f"({real()} {op} {self.chance.choice(self.ints)})",
            lambda: f"({self.chance.choice(self.ints)} {op} {real()})",
            lambda: f"({self.chance.choice(self.ints)} / {n()})",
            lambda: f"-({real()})",
            lambda: f"abs({x()})",
            lambda: f"(abs({real()}) ** {self.chance.choice(('0.5', '2', '-1', '3.0'))})",
            lambda: f"{self.chance.choice(('min', 'max'))}({real()}, {x()})",
            lambda: f"({x()} if {self.bool_(down)} else {x()})",
            lambda: f"float({n()})",
            lambda: f"float({self.chance.choice(self.texts)})",
            lambda: f"round({real()}, {self.small()})",
        )

    def text(self, depth: int = 3) -> str:
        if depth <= 0 or self.chance.random() < 0.25:
            return self.pick(self.text_literal, lambda: self.chance.choice(self.texts))
        down = depth - 1
        n, s = partial(self.int_, down), partial(self.text, down)
        plain = ("lower", "upper", "strip", "lstrip", "rstrip", "title", "swapcase", "capitalize")
        return self.pick(
            lambda: f"({s()} + {s()})",
            lambda: f"{s()}[{n()}:{n()}]",
            lambda: f"{s()}[{self.small()}:]",
            lambda: f"{s()}[:{n()}]",
            lambda: f"{s()}[::{self.chance.choice((-1, 2, -2, 3))}]",
            lambda: f"{s()}[{n()}:{n()}:{self.chance.choice((-1, 2, -2, 3))}]",
            lambda: f"{s()}.{self.chance.choice(plain)}()",
            lambda: f"{s()}.{self.chance.choice(('strip', 'lstrip', 'rstrip'))}({s()})",
            lambda: f"{s()}.replace({s()}, {s()})",
            lambda: f"{s()}.replace({s()}, {s()}, {self.small()})",
            lambda: f"{s()}.{self.chance.choice(('removeprefix', 'removesuffix'))}({s()})",
            lambda: f"{s()}.zfill({self.small()})",
            lambda: f"{s()}.{self.chance.choice(('ljust', 'rjust', 'center'))}({self.small()})",
            lambda: f'(b"%d|%x|%s" % ({n()}, abs({n()} % 99), {s()}))',
            lambda: f'(b"%5d %-4s." % ({n()}, {s()}))',
            lambda: f"({s()} if {self.bool_(down)} else {s()})",
            lambda: f"str({n()}).encode()",
            lambda: f"str({self.float_(down)}).encode()",
            lambda: f'(b"%.{self.chance.randint(0, 9)}f|%9g" % ({self.float_(down)}, {n()}))',
            lambda: f'(b"%-12.3e|%d" % ({self.float_(down)}, {self.float_(0)}))',
            lambda: f"{s()}.expandtabs()",
        )

    def bool_(self, depth: int = 2) -> str:
        down = depth - 1
        n, s = partial(self.int_, down), partial(self.text, down)
        # a condition on constants alone is no program that anybody writes
        i, x = partial(self.chance.choice, self.ints), partial(self.chance.choice, self.texts)
        op = self.chance.choice(("<", "<=", ">", ">=", "==", "!="))
        if depth <= 0:
            return f"{i()} {op} {n()}"
        return self.pick(
            lambda: f"{i()} {op} {n()}",
            lambda: f"{n()} {op} {i()} {self.chance.choice(('<', '!='))} {n()}",
            lambda: f"{x()} {op} {s()}",
            lambda: f"{self.chance.choice(self.floats)} {op} {self.float_(down)}",
            lambda: f"{self.chance.choice(self.floats)} {op} {n()} % 1000003",
            lambda: f"{i()} % 1000003 {op} {self.chance.choice(self.floats)} < {self.float_(down)}",
            lambda: f"{s()} {self.chance.choice(('in', 'not in'))} {x()}",
            lambda: f"{x()}.{self.chance.choice(('startswith', 'endswith'))}({s()})",
            lambda: f"{x()}.{self.chance.choice(('isdigit', 'isalpha', 'isspace', 'isupper'))}()",
            lambda: f"({self.bool_(down)} {self.chance.choice(('and', 'or'))} {self.bool_(down)})",
            lambda: f"not ({self.bool_(down)})",
            lambda: f"{i()} in ({self.small()}, {self.literal()})",
        )

    def put(self, level: int, line: str) -> None:
        self.lines.append("    " * level + line)

    def block(self, level: int, depth: int, loop: bool = False) -> None:
        """Some statements; what they define is not known after them."""
        ints, floats, texts = len(self.ints), len(self.floats), len(self.texts)
        for _ in range(self.chance.randint(1, 3)):
            self.statement(level, depth, loop)
        del self.ints[ints:], self.floats[floats:], self.texts[texts:]

    def statement(self, level: int, depth: int, loop: bool) -> None:
        kind = self.chance.random()
        if depth <= 0 or kind < 0.45:
            self.assign(level, loop)
        elif kind < 0.62:
            self.put(level, f"if {self.bool_()}:")
            self.block(level + 1, depth - 1, loop)
            if self.chance.random() < 0.4:
                self.put(level, f"elif {self.bool_()}:")
                self.block(level + 1, depth - 1, loop)
            if self.chance.random() < 0.5:
                self.put(level, "else:")
                self.block(level + 1, depth - 1, loop)
        elif kind < 0.82:
            self.loop(level, depth)
        else:
            self.attempt(level, depth, loop)

    def assign(self, level: int, loop: bool) -> None:
        owned = [n for n in self.ints if n not in self.fixed]
        kind = self.chance.random()
        if kind < 0.2:
            self.names += 1
            self.put(level, f"n{self.names} = {self.int_()}")
            self.ints.append(f"n{self.names}")
        elif kind < 0.35 and level == 1:
            self.names += 1
            self.put(level, f"x{self.names} = {self.text()}")
            self.texts.append(f"x{self.names}")
        elif kind < 0.4:
            self.names += 1
            self.put(level, f"f{self.names} = {self.float_()}")
            self.floats.append(f"f{self.names}")
        elif kind < 0.5:
            op = self.chance.choice(("", "+", "-", "*", "/", "//", "%"))
            self.put(level, f"{self.chance.choice(self.floats)} {op}= {self.float_()}")
        elif kind < 0.6:
            op = self.chance.choice(("", "+", "-", "*", "//", "%", "^", "|"))
            self.put(level, f"{self.chance.choice(owned)} {op}= {self.int_()}")
        elif kind < 0.7:
            one, two = self.chance.choice(owned), self.chance.choice(owned)
            self.put(level, f"{one}, {two} = {two}, {self.int_(1)}")
        elif kind < 0.85:
            self.put(level, f"{self.chance.choice(self.texts)} = ({self.text(2)})[:40]")
        elif kind < 0.9:
            self.put(level, f"assert {self.bool_()}")
        elif kind < 0.96 and loop:
            self.put(level, f"if {self.bool_(1)}:")
            self.put(level + 1, self.chance.choice(("break", "continue")))
        else:
            self.put(level, f"if {self.bool_(1)}:")
            error = self.chance.choice(ERRORS)
            self.put(level + 1, self.chance.choice((f"raise {error}", f"return {self.text(1)}")))

    def loop(self, level: int, depth: int) -> None:
        self.names += 1
        name = f"i{self.names}"
        kind = self.chance.random()
        if kind < 0.4:
            bounds = ", ".join(str(self.chance.randint(-2, 6)) for _ in range(2))
            step = self.chance.choice(("", ", 2", ", -1"))
            self.put(level, f"for {name} in range({bounds}{step}):")
        elif kind < 0.75:
            self.put(level, f"for {name} in {self.chance.choice(self.texts)}[:6]:")
        else:
            self.put(level, f"{name} = 0")
            self.put(level, f"while {name} < {self.chance.randint(1, 5)} and {self.bool_(1)}:")
            self.put(level + 1, f"{name} += 1")
        self.fixed.add(name)
        self.ints.append(name)
        self.block(level + 1, depth - 1, True)
        self.ints.remove(name)
        if self.chance.random() < 0.25:
            self.put(level, "else:")
            self.block(level + 1, depth - 1)

    def attempt(self, level: int, depth: int, loop: bool) -> None:
        self.put(level, "try:")
        self.block(level + 1, depth - 1, loop)
        kind = self.chance.random()
        if kind < 0.8:
            chosen = self.chance.sample(ERRORS, 2)
            names = self.chance.choice((chosen[0], f"({', '.join(chosen)})", "Exception"))
            self.put(level, f"except {names}:")
            self.block(level + 1, depth - 1, loop)
        if kind > 0.65:
            self.put(level, "finally:")
            owned = [n for n in self.ints if n not in self.fixed]
            self.put(level + 1, f"{self.chance.choice(owned)} ^= {self.small()}")


def program(seed: int) -> str:
    """One function, always the same for one seed."""
    writer = Writer(random.Random(seed))
    for _ in range(writer.chance.randint(2, 5)):
        writer.statement(1, 2, False)
    texts = (*(f"str({name}).encode()" for name in writer.floats), *writer.texts)
    shown = "|".join(["%d"] * len(writer.ints) + ["%s"] * len(texts))
    values = ", ".join((*writer.ints, *texts))
    head = [
        f'@variable("v{seed}")',
        f"def v{seed}(r: ngx_http_request_t) -> bytes:",
        '    a = number(r.arg(b"a"))',
        '    b = number(r.arg(b"b"))',
        "    p = a / 7",
        "    q = b * 0.5 - 3",
        '    s = r.arg(b"s") or b""',
        '    t = r.arg(b"t") or b""',
    ]
    tail = [f'    return b"{shown}" % ({values})', "", ""]
    return "\n".join([*head, *writer.lines, *tail])


@dataclass(frozen=True)
class Written:
    """A file of programs that the compiler takes, and the messages of those that it refused."""

    path: Path
    programs: int
    refused: tuple[str, ...]


def write(seeds: Sequence[int], path: Path) -> Written:
    """The programs of these seeds in one file, without those that the compiler refuses."""
    kept = {seed: program(seed) for seed in seeds}
    refused: list[str] = []
    while errors := _errors(kept, path):
        for seed in list(kept):
            # a message without a place may be about any of them
            if None in errors and seed not in errors:
                found = _errors({seed: kept[seed]}, path)
                errors |= dict.fromkeys([seed] if found else [], "".join(found.values()))
            if seed in errors:
                del kept[seed]
                refused.append(f"{seed}: {errors[seed]}")
        errors.pop(None, None)
    return Written(path, len(kept), tuple(refused))


def _errors(sources: Mapping[int, str], path: Path) -> dict[int | None, str]:
    """What the compiler says of a file with these programs, by the program."""
    starts, text = [], HEAD
    for seed, source in sources.items():
        starts.append((text.count("\n") + 1, seed))
        text += source + "\n"
    path.write_text(text)
    diags = Diagnostics()
    try:
        compile_file(path, find_target(None, None), diags)
    except InternalError as error:
        place = error.span or Span.whole_file(str(path))
        diags.error("PNX099", place, f"internal error: {error}")
    found: dict[int | None, str] = {}
    for one in (d for d in diags.all if d.severity is Severity.ERROR):
        placed = [s for s in starts if s[0] <= one.span.line]
        found[max(placed)[1] if placed else None] = f"{one.code} {one.message}"
    return found


# Running them in both lives

NUMBERS = (0, 1, -1, 2, 7, -9, 64, 97, 300, 2**31, -(2**63), 2**63 - 1)
INPUTS = (b"", b"a", b"ab", b"aaa", b"Ab1dE", b"12", b"-7", b"b,c", b"\xff\x80", b"x%ab")


class Checked(ast.NodeTransformer):
    """Literals as integers of the language: CPython's own do not overflow."""

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if type(node.value) is not int:
            return node
        call = ast.Call(ast.Name("int", ast.Load()), [node], [])
        return ast.fix_missing_locations(ast.copy_location(call, node))

    def visit_MatchValue(self, node: ast.MatchValue) -> ast.AST:
        return node  # a pattern has literals only


def checked_functions(path: Path) -> dict[str, Callable[..., Any]]:
    """The programs of a file with all their integers those of the language."""
    tree = ast.parse(path.read_text(), str(path))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            node.body = [Checked().visit(statement) for statement in node.body]
    module = ModuleType("generated")
    checked_int(module)
    vars(module).update(
        len=lambda value: checked(len(value)),
        range=lambda *bounds: (checked(n) for n in range(*bounds)),
    )
    exec(compile(tree, str(path), "exec"), vars(module))
    return variables(module)


def inputs(seed: int, count: int) -> list[dict[bytes, bytes]]:
    """Arguments for the programs: the edges, in random company."""
    chance = random.Random(seed)
    return [
        {
            b"a": b"%d" % chance.choice(NUMBERS),
            b"b": b"%d" % chance.choice(NUMBERS),
            b"s": chance.choice(INPUTS),
            b"t": chance.choice(INPUTS),
        }
        for _ in range(count)
    ]


@dataclass(frozen=True)
class Outcome:
    """What came of a batch: how many values were compared, and what differs."""

    programs: int
    cases: int
    wrong: tuple[str, ...]
    refused: tuple[str, ...]


def compare(seeds: Sequence[int], count: int, output: Path) -> Outcome:
    """The programs of these seeds in both lives, with ``count`` inputs each."""
    output.mkdir(parents=True, exist_ok=True)
    refused: list[str] = []
    while True:
        written = write(seeds, output / "generated.py")
        try:
            served = Variables(written.path, target("packaged"), output)
            break
        except BuildFailed as error:
            named = {int(n) for n in re.findall(r"_v(\d+)(?:_variable)?\u2019", str(error))}
            assert named, str(error)
            refused += [f"{seed}: PNX099 the C compiler: {error}" for seed in named]
            seeds = [seed for seed in seeds if seed not in named]
    refused += written.refused
    served.functions = checked_functions(written.path)
    with served.serving() as nginx:
        wrong = served.differences(nginx, inputs(seeds[0], count))
    return Outcome(written.programs, written.programs * count, tuple(wrong), tuple(refused))


def main(seconds: float, first: int) -> int:
    """Batches until the time is over; the exit code."""
    end, cases, failed = time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        with tempfile.TemporaryDirectory(prefix="pyngx-generated-") as folder:
            done = compare(range(first, first + 100), 40, Path(folder))
            internal = [r for r in done.refused if "PNX099" in r]
            cases += done.cases
            failed += len(done.wrong) + len(internal)
            for line in (*done.wrong, *internal):
                print(line, flush=True)
            print(f"seeds {first}…: {done.programs} programs, {cases} cases", flush=True)
        first += 100
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
