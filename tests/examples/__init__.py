"""The filters of ``examples/``, each built in every way that there is, and served by a real nginx.

All examples together make one static binary and one directory of dynamic modules for each nginx
under test: the builds are what takes time, and are kept in the cache until something changes.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pyngx.frontend.names import NGINX_FILTERS
from tests.harness.builds import (
    EXAMPLES,
    SANITIZER_ENV,
    BuildFailed,
    Target,
    build_dynamic,
    build_static,
    nginx_source,
    pyngx,
)
from tests.harness.nginx import version_of

MODULES = {"not_modified": "unchanged"}
"""Examples whose module has another name than the file."""

NAMES = tuple(
    sorted(
        path.stem
        for path in EXAMPLES.glob("*.py")
        if MODULES.get(path.stem, path.stem) not in NGINX_FILTERS
    )
)
"""All but those that stand in for nginx's own modules: the binaries under test have these."""

KINDS = ("pyngx build", "--add-dynamic-module", "--add-module")


@dataclass(frozen=True)
class Built:
    """The examples for one nginx, built in one way: the binary, and where its modules are."""

    binary: Path
    folder: Path | None
    env: Mapping[str, str] = field(default_factory=dict)
    """What the binary wants in its environment."""

    def modules(self, *names: str) -> tuple[Path, ...]:
        """What must be loaded for these examples; nothing for a static build."""
        if self.folder is None:
            return ()
        return tuple(self.folder / f"{module_name(name)}.so" for name in names)


def module_name(example: str) -> str:
    """The C name of an example's module."""
    return f"ngx_http_{MODULES.get(example, example)}_filter_module"


@dataclass(frozen=True)
class Workshop:
    """Where the workers of one test session build the examples, each of them once."""

    session: Path

    def built(self, kind: str, where: Target) -> Built:
        """The examples, built in one of ``KINDS``, or ``sanitized``: all in one binary that checks
        each access to memory."""
        match kind:
            case "pyngx build":
                return Built(where.binary, self._made("build", where))
            case "--add-dynamic-module":
                return Built(where.binary, build_dynamic(self.addons(where), where))
            case "--add-module":
                return Built(build_static(self.addons(where), _whole(where)), None)
            case "sanitized":
                binary = build_static(self.addons(where), _whole(where), sanitize=True)
                return Built(binary, None, SANITIZER_ENV)
            case _:
                raise ValueError(kind)

    def addons(self, where: Target) -> tuple[Path, ...]:
        """The addon directory of each example, copied to a path that its content decides: what was
        built from the same content before is found in the cache."""
        made = self._made("compile", where)
        files = sorted(path for path in made.rglob("*") if path.is_file())
        content = hashlib.sha256(where.name.encode())
        for path in files:
            content.update(path.name.encode() + path.read_bytes())
        kept = nginx_source("cache") / "examples" / content.hexdigest()[:16]
        if not kept.exists():
            unready = kept.with_name(f"{kept.name}.{os.getpid()}")
            shutil.copytree(made, unready)
            with contextlib.suppress(OSError):  # another worker was first
                unready.rename(kept)
            shutil.rmtree(unready, ignore_errors=True)
        return tuple(kept / name for name in NAMES)

    def _made(self, command: str, where: Target) -> Path:
        """The directory in which ``pyngx compile`` or ``pyngx build`` of each example ended."""
        folder = self.session / f"examples-{command}-{where.name}"
        with folder.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                unready = folder.with_suffix(".unready")
                for name in NAMES:
                    output = unready / name if command == "compile" else unready
                    _run(command, where, EXAMPLES / f"{name}.py", output)
                unready.rename(folder)
        return folder


def workshop(factory: pytest.TempPathFactory) -> Workshop:
    """The workshop of this session; parallel workers share it."""
    base = factory.getbasetemp()
    return Workshop(base.parent if base.name.startswith("popen-") else base)


def _whole(where: Target) -> Target:
    """The target with sources that make a whole nginx: the package for building modules lacks
    ``main()``, so that the same version's source package stands in for it."""
    if (where.source / "src" / "core" / "nginx.c").exists():
        return where
    version = ".".join(map(str, version_of(where.binary)))
    return replace(where, source=nginx_source("fetch", version))


def _run(command: str, where: Target, file: Path, output: Path) -> None:
    chosen = ("--nginx", str(where.binary), "--nginx-src", str(where.source))
    done = pyngx(command, str(file), "-o", str(output), *chosen)
    if done.returncode != 0:
        raise BuildFailed(f"pyngx {command} {file.name}:\n{done.stdout}{done.stderr}")
