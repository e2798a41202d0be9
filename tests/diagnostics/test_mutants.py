"""Whatever stands in a file, the compiler answers with messages: never with an exception, and never
with C that a C compiler does not take.

The examples and the cases' right programs, with lines and tokens deleted, doubled and exchanged, by
a fixed seed. Module-level code runs at import, so only mutants that import nothing new are made.
"""

from __future__ import annotations

import io
import random
import tokenize
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pyngx.diagnostics import Diagnostics
from pyngx.pipeline import compile_file
from tests.diagnostics.cases import HEAD, installed, read_all

ROOT = Path(__file__).parents[2]
SHARDS = 20
IN_A_SHARD = 100


def programs() -> list[str]:
    """The texts that are changed: each runs no more at import than its own definitions."""
    examples = [path.read_text() for path in sorted((ROOT / "examples/filters").glob("*.py"))]
    cases, _ = read_all()
    areas = ("10_names", "20_types", "30_calls", "40_statements", "70_memory")
    return examples + [HEAD + c.right for c in cases if c.right and c.area in areas]


@dataclass(frozen=True)
class Piece:
    """A token with the space before it, and its kind: a mutant exchanges names with names."""

    space: str
    text: str
    kind: int


def _pieces(text: str) -> list[Piece]:
    offsets = [0]
    for line in text.split("\n"):
        offsets.append(offsets[-1] + len(line) + 1)
    pieces: list[Piece] = []
    end = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        start = min(offsets[token.start[0] - 1] + token.start[1], len(text))
        stop = min(offsets[token.end[0] - 1] + token.end[1], len(text))
        if stop > end:
            pieces.append(Piece(text[end:start], text[start:stop], token.type))
            end = stop
    return pieces


def _lines(text: str) -> list[Piece]:
    return [Piece("", line, 0) for line in text.splitlines(keepends=True)]


def mutate(text: str, random_: random.Random) -> str:
    """The text with one or two things wrong with it."""
    for _ in range(random_.choice((1, 1, 2))):
        try:
            parts = _lines(text) if random_.random() < 0.3 else _pieces(text)
        except (tokenize.TokenError, IndentationError):
            parts = _lines(text)
        at = random_.randrange(len(parts))
        alike = [i for i, part in enumerate(parts) if part.kind == parts[at].kind]
        other = random_.choice(alike)
        match random_.randrange(6):
            case 0:
                del parts[at]
            case 1:
                parts.insert(at, parts[at])
            case 2:
                parts[at], parts[other] = parts[other], parts[at]
            case _:
                parts[at] = replace(parts[at], text=parts[other].text)
        text = "".join(part.space + part.text for part in parts)
    return text


@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_mutant_is_refused_or_compiled(shard: int, tmp_path: Path) -> None:
    random_ = random.Random(f"mutants {shard}")
    texts = programs()
    for number in range(IN_A_SHARD):
        mutant = mutate(random_.choice(texts), random_)
        path = tmp_path / f"mutant{number}.py"
        path.write_text(mutant)
        diags = Diagnostics()
        try:
            compiled = compile_file(path, installed(), diags)
        except Exception as error:
            pytest.fail(f"{type(error).__name__}: {error}\n{mutant}")
        assert (compiled is None) == diags.has_errors
