"""Calls that CPython's tests make, made in nginx, and counted.

A call applies if a filter can make it: if its arguments are of the language and the compiler takes
the expression. Every call that applies must give CPython's result, or its error. Where CPython
gives an integer of more than 64 bits, the language has an ``OverflowError``.
"""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.cpython.shapes import (
    Call,
    Group,
    Outside,
    Shape,
    expression,
    query,
    result_kind,
    source,
    wanted,
)
from tests.harness import client
from tests.harness.builds import REPOSITORY, BuildFailed, Target, build_filters
from tests.harness.nginx import Nginx

AT_ONCE = 50
UNCAUGHT = (r"cases\.py:\d+: ",)
"""In the log, an exception that is not the one that CPython raises: its call differs, too."""
INTERNAL = "PNX099"
LARGE = "large_client_header_buffers 4 64k; keepalive_requests 1000000;"


@dataclass
class Count:
    """What became of the calls of a test module. Each is one of ``outside`` (an argument or a
    result that filters do not have), ``refused`` at compile time, ``wrong`` (refused too, a
    TypeError in CPython) and ``applying``; of these some are ``made``, and some ``passed``."""

    outside: int = 0
    refused: int = 0
    wrong: int = 0
    applying: int = 0
    made: int = 0
    passed: int = 0

    @property
    def calls(self) -> int:
        """All of them."""
        return self.outside + self.refused + self.wrong + self.applying


@dataclass
class Verdict:
    """The counts by module, the differences, and what was refused, with how many calls."""

    counts: dict[str, Count] = field(default_factory=lambda: defaultdict(Count))
    differences: list[str] = field(default_factory=list)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)


def recorded(folder: Path) -> tuple[list[Group], Mapping[str, int]]:
    """What the tests of this Python call, and of each module how many calls filters cannot make."""
    path = folder / "calls.pickle"
    command = [sys.executable, "-m", "tests.cpython.record", str(path)]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    subprocess.run(command, cwd=REPOSITORY, check=True, timeout=280, env=environment)
    with path.open("rb") as file:
        groups, outside = pickle.load(file)
    return groups, outside


def shaped(group: Group) -> dict[Shape | None, list[Call]]:
    """The calls of a group by what kind of result they have; None for those whose result, or whose
    expression, no filter has. One that fails goes with those that do not."""
    try:
        text = expression(group.name, group.signature)
    except Outside:
        return {None: list(group.samples.values())}
    found: dict[Shape | None, list[Call]] = {}
    failing = []
    for call in group.samples.values():
        try:
            kind = result_kind(call.outcome)
            wanted(call.outcome)
        except Outside:
            found.setdefault(None, []).append(call)
            continue
        if kind == "error":
            failing.append(call)
        else:
            found.setdefault(Shape(text, kind), []).append(call)
    if failing:
        others = (shape for shape in found if shape is not None)
        found.setdefault(next(others, Shape(text, "error")), []).extend(failing)
    return found


def compiled(
    shapes: list[Shape], errors: Mapping[Shape, set[str]], where: Target, folder: Path
) -> tuple[Path, list[Shape], dict[Shape, str]]:
    """A module with a variable for each shape that the compiler takes, those shapes, and what it
    says of the others."""
    path = folder / "cases.py"
    refused: dict[Shape, str] = {}
    while True:
        text = source(shapes, errors)
        path.write_text(text)
        try:
            (built,) = build_filters([path], where, folder / "out")
        except BuildFailed as failed:
            refused |= _refused(str(failed), text, shapes)
        else:
            return built, shapes, refused
        shapes = [shape for shape in shapes if shape not in refused]


def _refused(said: str, text: str, shapes: list[Shape]) -> dict[Shape, str]:
    """What the compiler says of the variables of a file."""
    assert INTERNAL not in said, said[said.index(INTERNAL) :][:1000]
    starts = [i for i, line in enumerate(text.splitlines(), 1) if line.startswith("@variable")]
    found: dict[Shape, str] = {}
    errors = re.findall(r"error\[(\w+)\]: (.*?)\n +--> \S+?:(\d+):\d+", said, re.DOTALL)
    for code, message, line in errors:
        i = sum(start <= int(line) for start in starts) - 1
        assert i >= 0, f"{line}: {code} {message}"
        found.setdefault(shapes[i], f"{code} {' '.join(message.split())}")
    assert found, said
    return found


def _share(group: Group, calls: list[Call]) -> int:
    """How many calls of the group the samples stand for."""
    return round(group.calls * len(calls) / len(group.samples))


def judge(where: Target, folder: Path) -> Verdict:
    """Record, compile, make the calls and compare."""
    groups, outside = recorded(folder)
    verdict = Verdict()
    for suite, calls_outside in outside.items():
        verdict.counts[suite].outside += calls_outside
    pieces: list[tuple[Group, Shape, list[Call]]] = []
    errors: dict[Shape, set[str]] = {}
    for group in groups:
        for shape, calls in shaped(group).items():
            if shape is None:
                verdict.counts[group.suite].outside += _share(group, calls)
                continue
            pieces.append((group, shape, calls))
            results = {wanted(call.outcome).decode() for call in calls}
            errors.setdefault(shape, set()).update(w[1:] for w in results if w.startswith("!"))
    built, shapes, refused = compiled(list(errors), errors, where, folder)
    numbers = {shape: i for i, shape in enumerate(shapes)}
    asked: list[tuple[str, Count, Shape, Call]] = []
    for group, shape, calls in pieces:
        count = verdict.counts[group.suite]
        share = _share(group, calls)
        if shape in numbers:
            count.applying += share
            asked += [(f"/v{numbers[shape]}", count, shape, call) for call in calls]
        elif {call.outcome for call in calls} == {("error", "TypeError")}:
            count.wrong += share
        else:
            count.refused += share
            verdict.refused[group.name, refused[shape]] += share
    locations = "".join(f'location = /v{i} {{ return 200 "$v{i}"; }}' for i in numbers.values())
    with (
        Nginx(
            where.binary, modules=[built], locations=locations, http=LARGE, allow=UNCAUGHT
        ) as nginx,
        client.Connection(nginx.port) as connection,
    ):
        for start in range(0, len(asked), AT_ONCE):
            batch = asked[start : start + AT_ONCE]
            for location, _, _, call in batch:
                connection.send(f"{location}?{query(call).decode()}")
            for _, count, shape, call in batch:
                count.made += 1
                got, right = connection.receive().body, wanted(call.outcome)
                if got == right:
                    count.passed += 1
                else:
                    given = f"{call.args!r} {call.named!r}"
                    verdict.differences.append(
                        f"{shape.expression} of {given}: {got!r}, not {right!r}"
                    )
    return verdict
