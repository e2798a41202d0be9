"""Arbitrary programs for the compiler: it answers with messages, or with C that compilers take.

    python -m tests.fuzzing.compiler SECONDS [SEED]

Programs are made by a grammar that knows the language's forms but little of its types, and from
examples by several mutations. What is found is printed with its program, and the exit status is 1:
an exception, no answer within ``LIMIT`` seconds of the processor's time, or a complaint of gcc or
clang about the C.
"""

from __future__ import annotations

import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from pyngx.diagnostics import Diagnostics
from pyngx.pipeline import compile_file
from tests.diagnostics.cases import HEAD, installed
from tests.diagnostics.test_mutants import mutate
from tests.harness.builds import EXAMPLES
from tests.test_generated_c import complaints

LIMIT = 30
COMPILERS = ("gcc", "clang")
INTS = ("n", "m", "len(s)", "0", "1", "-1", "255", "2**63 - 1", "s.count(b'a')", "buf_size")
TEXTS = ("s", "t", "b''", "b'abc'", "s[1:]", "t[:n]", "s + t", "t.upper()", "b'%d' % n", "r.uri")
METHODS = ("find", "strip", "split", "replace", "startswith", "partition", "hex", "isdigit")
OPERATORS = ("+", "-", "*", "//", "%", "&", "|", "^", "<<", ">>", "**")


@dataclass(frozen=True)
class Finding:
    """A program, and what is wrong with the answer to it."""

    what: str
    program: str


class Grammar:
    """Programs of a header and a body filter, from a source of random numbers."""

    def __init__(self, source: random.Random) -> None:
        self._random = source

    def program(self) -> str:
        """A whole file."""
        lines = ["@body_filter", "def body(r: ngx_http_request_t, body: Body) -> Stream:"]
        lines += ["    n = 1", "    m = 2", "    buf_size = 3", "    s = b'x'", "    t = s"]
        for _ in range(self._random.randint(1, 6)):
            lines += self._statement(1)
        lines.append("    yield from body")
        return HEAD + "\n".join(lines) + "\n"

    def _statement(self, depth: int) -> list[str]:
        pad = "    " * depth
        choice = self._random.randrange(14 if depth < 4 else 7)
        match choice:
            case 0 | 1:
                return [f"{pad}{self._random.choice('nm')} = {self._int(2)}"]
            case 2 | 3:
                return [f"{pad}{self._random.choice('st')} = {self._text(2)}"]
            case 4:
                return [f"{pad}yield {self._text(2)}"]
            case 5:
                return [f"{pad}n {self._random.choice(OPERATORS)}= {self._int(1)}"]
            case 6:
                return [f"{pad}{self._random.choice(('break', 'continue', 'return', 'pass'))}"]
            case 7 | 8:
                lines = [f"{pad}if {self._condition()}:", *self._block(depth)]
                if self._random.random() < 0.5:
                    lines += [f"{pad}else:", *self._block(depth)]
                return lines
            case 9:
                return [f"{pad}while {self._condition()}:", *self._block(depth)]
            case 10:
                return [f"{pad}for m in range({self._int(1)}):", *self._block(depth)]
            case 11:
                return [f"{pad}for line in body.lines(100):", *self._block(depth)]
            case 12:
                return [f"{pad}for part in body.scan(b'ab', t):", *self._block(depth)]
            case _:
                lines = [f"{pad}try:", *self._block(depth)]
                return [*lines, f"{pad}except ValueError:", *self._block(depth)]

    def _block(self, depth: int) -> list[str]:
        lines = []
        for _ in range(self._random.randint(1, 3)):
            lines += self._statement(depth + 1)
        return lines

    def _condition(self) -> str:
        match self._random.randrange(5):
            case 0:
                return f"{self._int(1)} < {self._int(1)} <= m"
            case 1:
                return f"{self._text(1)} in {self._text(1)}"
            case 2:
                return f"not {self._text(1)} or n"
            case 3:
                return f"(s := body.read({self._int(1)}))"
            case _:
                return f"{self._text(1)} == {self._text(1)} and {self._int(1)}"

    def _int(self, depth: int) -> str:
        if depth == 0 or self._random.random() < 0.3:
            return self._random.choice(INTS)
        if self._random.random() < 0.1:
            return self._text(depth - 1)
        if self._random.random() < 0.2:
            return f"{self._text(depth - 1)}.{self._random.choice(METHODS)}({self._text(0)})"
        operator = self._random.choice(OPERATORS)
        return f"({self._int(depth - 1)} {operator} {self._int(depth - 1)})"

    def _text(self, depth: int) -> str:
        if depth == 0 or self._random.random() < 0.4:
            return self._random.choice(TEXTS)
        match self._random.randrange(5):
            case 0:
                return f"({self._text(depth - 1)} if n else {self._text(depth - 1)})"
            case 1:
                return f"{self._text(depth - 1)}.{self._random.choice(METHODS)}({self._text(0)})"
            case 2:
                return f"{self._text(depth - 1)}[{self._int(0)}:{self._int(0)}]"
            case 3:
                return f"{self._text(depth - 1)} * {self._int(0)}"
            case _:
                return f"b'%s %d' % ({self._text(depth - 1)}, {self._int(depth - 1)})"


def program(source: random.Random) -> str:
    """One program: of the grammar, of it with mistakes, or an example with several."""
    if source.random() < 0.6:
        text = Grammar(source).program()
        return mutate(text, source) if source.random() < 0.3 else text
    text = source.choice(sorted(EXAMPLES.glob("*.py"))).read_text()
    for _ in range(source.randint(1, 4)):
        text = mutate(text, source)
    return text


def judge(
    text: str, folder: Path, outcomes: Counter[str], compilers: Sequence[str] = COMPILERS
) -> Finding | None:
    """Compile one program and count what became of it; its C goes to the given compilers."""

    def too_long(number: int, frame: FrameType | None) -> None:
        raise TimeoutError

    path = folder / "fuzzed.py"
    path.write_text(text, "utf-8", "surrogateescape")
    diags = Diagnostics()
    before = signal.signal(signal.SIGPROF, too_long)
    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    try:
        compiled = compile_file(path, installed(), diags)
    except Exception as error:
        return Finding(f"{type(error).__name__}: {error}", text)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    if compiled is None:
        outcomes["refused"] += 1
        return None if diags.has_errors else Finding("no C and no message", text)
    outcomes["compiled"] += 1
    for name, content in compiled.files.items():
        (folder / name).write_text(content)
    for source in folder.glob("*.c"):
        said = [complaints(compiler, installed(), source) for compiler in compilers]
        source.unlink()
        if any(said):
            return Finding("".join(said), text)
    return None


def main(seconds: float, seed: int) -> int:
    """Fuzz for so long; 1 if anything was found."""
    source = random.Random(seed)
    outcomes: Counter[str] = Counter()
    findings: dict[str, Finding] = {}
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end:
            found = judge(program(source), Path(folder), outcomes)
            if found is not None and findings.setdefault(found.what[:200], found) is found:
                print(f"{found.what}\n{found.program}\n", flush=True)
    print(f"{outcomes['refused']} refused, {outcomes['compiled']} compiled, {len(findings)} found")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
