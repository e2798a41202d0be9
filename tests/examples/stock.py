"""The examples that stand in for nginx's own modules, in an nginx built without these.

A judgement on a binary that has the stock module would say nothing: the stock one would answer.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from tests.examples import Built
from tests.harness.builds import (
    EXAMPLES,
    SANITIZER_ENV,
    Target,
    build_filters,
    build_static,
    pyngx,
    without,
)


@cache
def stand_in(where: Target, *names: str) -> Built:
    """The binary without the named modules, and the examples of these names built for it."""
    bare = without(where, *names)
    folder = Path(tempfile.mkdtemp(prefix="pyngx-stand-in-"))
    build_filters([EXAMPLES / f"{name}.py" for name in names], bare, folder)
    return Built(bare.binary, folder)


@cache
def sanitized(where: Target, *names: str) -> Built:
    """The same in one static binary that checks each access to memory."""
    bare = without(where, *names)
    folder = Path(tempfile.mkdtemp(prefix="pyngx-stand-in-"))
    chosen = ("--nginx", str(bare.binary), "--nginx-src", str(bare.source))
    files = [str(EXAMPLES / f"{name}.py") for name in names]
    done = pyngx("compile", *files, "-o", str(folder), *chosen)
    assert done.returncode == 0, done.stderr
    addons = [folder / name for name in names] if len(names) > 1 else [folder]
    return Built(build_static(addons, bare, sanitize=True, omit=names), None, SANITIZER_ENV)
