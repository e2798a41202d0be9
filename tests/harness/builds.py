"""The nginx binaries under test, and building a filter for one of them.

Always the packaged nginx (with the sources of ``nginx-dev``) and 1.26.3 built from Debian's
source package; also the tree that ``NGINX_SRC`` names, if it is set.  ``PYNGX_TEST_NGINX`` may
narrow the list to a comma-separated choice of ``packaged``, ``1.26.3`` and ``given``.

With ``PYNGX_CHECK`` the packaged nginx is replaced by one of its version that checks what it and
its modules do, for as much of the suite as is asked for: ``asan`` is built with the sanitizers for
addresses and undefined behaviour, ``memcheck`` runs under valgrind.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from tests.harness.nginx import version_of

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = REPOSITORY / "examples" / "filters"
SOURCE_SCRIPT = REPOSITORY / "scripts" / "nginx_source.py"
PACKAGED_SOURCE = Path("/usr/share/nginx/src")
PIECES = Path(__file__).with_name("pieces")
"""The addon directory of a content handler that makes any shape of buffers."""
NAMES = ("packaged", "1.26.3", "given")

_CHECKS = "-fsanitize=address,undefined -fno-sanitize=alignment,nonnull-attribute"
SANITIZE = (
    f"--with-cc-opt=-O1 -g -fno-omit-frame-pointer {_CHECKS} -DNGX_DEBUG_PALLOC=1",
    f"--with-ld-opt={_CHECKS}",
)
"""NGX_DEBUG_PALLOC gives each pool allocation its own block: an overflow in a pool is seen."""

SANITIZER_ENV = {
    "ASAN_OPTIONS": "detect_odr_violation=0",
    "LSAN_OPTIONS": f"suppressions={Path(__file__).with_name('lsan.supp')}",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}
"""For ``Nginx(env=…)``; what the sanitizers say ends up in the error log, which is judged."""


MEMCHECK = ("--with-cc-opt=-O1 -g -fno-omit-frame-pointer -DNGX_DEBUG_PALLOC=1",)
CHECKS = {"": (), "asan": SANITIZE, "memcheck": MEMCHECK}
"""How nginx is configured for each kind of check."""

CHECK = os.environ.get("PYNGX_CHECK", "")


class BuildFailed(AssertionError):
    """``pyngx build`` or a source build failed; the text is what it printed."""


@dataclass(frozen=True)
class Target:
    """One nginx under test: a binary and the source tree that modules for it are built from."""

    name: str
    binary: Path
    source: Path


def nginx_source(action: str, *arguments: str) -> Path:
    """Run ``scripts/nginx_source.py`` and return the path it prints."""
    command = [sys.executable, str(SOURCE_SCRIPT), action, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise BuildFailed(f"{' '.join(command)}\n{done.stderr}")
    return Path(done.stdout.strip())


@cache
def target(name: str) -> Target:
    """The target of that name, fetched and built on first use."""
    match name:
        case "packaged" if CHECK:
            return checked(CHECK)
        case "packaged":
            return Target(name, packaged_binary(), PACKAGED_SOURCE)
        case "given":
            source = Path(os.environ["NGINX_SRC"]).resolve()
            return Target(name, nginx_source("build", "--source", str(source)), source)
        case version:
            source = nginx_source("fetch", version)
            return Target(version, nginx_source("build", version), source)


def checked(check: str) -> Target:
    """An nginx of the packaged version, built for a kind of check; modules that are built for it
    get its flags."""
    version = ".".join(map(str, version_of(packaged_binary())))
    where = Target(f"packaged-{check}", packaged_binary(), nginx_source("fetch", version))
    return replace(where, binary=_make(where, CHECKS[check], (), "binary"))


def packaged_binary() -> Path:
    """The installed nginx: ``/usr/sbin`` need not be in the PATH of a user."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which("nginx", path=path)
    if found is None:
        raise BuildFailed("no nginx is installed: run scripts/setup.sh")
    return Path(found)


def target_names() -> tuple[str, ...]:
    """The names of the targets under test, without building any."""
    chosen = os.environ.get("PYNGX_TEST_NGINX")
    names = chosen.split(",") if chosen else list(NAMES)
    if unknown := set(names) - set(NAMES):
        raise BuildFailed(f"PYNGX_TEST_NGINX: {', '.join(sorted(unknown))}; known: {NAMES}")
    return tuple(name for name in names if name != "given" or os.environ.get("NGINX_SRC"))


def nginx_binaries() -> tuple[Target, ...]:
    """All targets under test, each fetched and built if it must be."""
    return tuple(target(name) for name in target_names())


def pyngx(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the ``pyngx`` command of this interpreter's environment."""
    command = [sys.executable, "-m", "pyngx", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd)


def build_filters(files: Sequence[Path], where: Target, output: Path) -> tuple[Path, ...]:
    """Build filters as dynamic modules with ``pyngx build``; the ``.so`` files in file order."""
    done = pyngx(
        "build",
        *(str(file) for file in files),
        "-o",
        str(output),
        "--nginx",
        str(where.binary),
        "--nginx-src",
        str(where.source),
    )
    if done.returncode != 0:
        raise BuildFailed(f"pyngx build failed:\n{done.stdout}{done.stderr}")
    built = [output / f"ngx_http_{file.stem}_filter_module.so" for file in files]
    if missing := [path.name for path in built if not path.exists()]:
        raise BuildFailed(f"pyngx build left no {missing} in {sorted(output.iterdir())}")
    return tuple(built)


@cache
def without(where: Target, *names: str) -> Target:
    """The same nginx built without modules of its own, which are given by their middle names."""
    version = ".".join(map(str, version_of(where.binary)))
    if where.name == "given":
        tree, chosen = where.source, ["--source", str(where.source)]
    else:
        tree, chosen = nginx_source("fetch", version), [version]
    binary = nginx_source("build", *chosen, "--without", *names)
    return Target(f"{where.name}-{'-'.join(names)}", binary, tree)


def build_static(
    addons: Sequence[Path],
    where: Target,
    *,
    sanitize: bool = False,
    omit: Sequence[str] = (),
) -> Path:
    """An nginx binary with addon directories linked in by ``--add-module``, and without nginx's
    own modules of some middle names.

    With ``sanitize`` all of it is checked for wrong memory accesses and undefined behaviour, and
    each pool allocation on its own; run it with ``SANITIZER_ENV``.
    """
    options = [f"--add-module={addon}" for addon in addons]
    return _make(where, [*(SANITIZE if sanitize else ()), *options], addons, "binary", omit)


def build_dynamic(addons: Sequence[Path], where: Target) -> Path:
    """The directory of ``.so`` files that ``--add-dynamic-module`` of nginx's own build makes."""
    options = [f"--add-dynamic-module={addon}" for addon in addons]
    return _make(where, options, addons, "modules").parent


def pieces_module(binary: Path) -> Path:
    """The content handler of ``pieces/``, built for the target that a binary is or comes from."""
    where = next(one for one in _known_targets() if version_of(one.binary) == version_of(binary))
    return build_dynamic([PIECES], where) / "ngx_http_pieces_module.so"


def _known_targets() -> Iterator[Target]:
    """The targets, those under test first; a statically built binary has the version of one."""
    yield from nginx_binaries()
    yield from (target(name) for name in NAMES[:2])


def _make(
    where: Target,
    options: Sequence[str],
    addons: Sequence[Path],
    goal: str,
    omit: Sequence[str] = (),
) -> Path:
    """Configure a copy of the target's sources with addons and make ``goal``.

    Built once for each content of addons and sources, in the cache; the path is ``objs/nginx``.
    """
    own = [flag for flag in _configure_flags() if flag not in _flags_of(omit)]
    flags = [*own, *options]
    place = nginx_source("cache") / "addons" / f"{where.name}-{_digest(where, addons, flags)}"
    binary = place / "objs" / "nginx"
    done = place / "done"
    place.parent.mkdir(parents=True, exist_ok=True)
    with (place.parent / f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if done.exists():
            return binary
        shutil.rmtree(place, ignore_errors=True)
        copy = place / "source"
        shutil.copytree(where.source, copy, ignore=shutil.ignore_patterns(".git", "objs"))
        configure = "configure" if (copy / "configure").exists() else "auto/configure"
        _run([f"./{configure}", f"--builddir={place}/objs", *flags], copy)
        _run(["make", "-j2", "-f", f"{place}/objs/Makefile", goal], copy)
        done.touch()
    return binary


def _run(command: Sequence[str], cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        raise BuildFailed(f"{' '.join(command)}\n{(done.stdout + done.stderr)[-3000:]}")


def _digest(where: Target, addons: Sequence[Path], flags: Sequence[str]) -> str:
    """What a build depends on: the target's sources, the addons' files and the options."""
    total = hashlib.sha256("\0".join(flags).encode())
    for folder in (where.source / "src", where.source / "auto", *addons):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                total.update(f"{path}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:16]


def _flags_of(names: Sequence[str]) -> set[str]:
    return {f"--with-http_{name}_module" for name in names}


@cache
def _configure_flags() -> tuple[str, ...]:
    """The options that the source script configures with."""
    done = subprocess.run(
        [sys.executable, str(SOURCE_SCRIPT), "flags"], capture_output=True, text=True, check=True
    )
    return tuple(done.stdout.split())
