"""Build with nginx's own configure and make, statically and dynamically, out of the source tree.

Slower than `compile` and independent of it: what it makes is the measure of what a build must be. A
static build copies a prebuilt nginx and lets make compile only what an addon adds.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pyngx.build.cache import cached_directory
from pyngx.build.configure import copy_headers, kept_arguments, run_configure
from pyngx.build.locate import BuildError, NginxTarget, source_key

# these lines of ngx_auto_config.h matter to nginx.c alone
_OF_NGINX_C = ("#define NGX_CONFIGURE ", "#define NGX_PREFIX ", "#define NGX_CONF_PREFIX ")
_GENERATED = ("ngx_auto_config.h", "ngx_auto_headers.h")


def build_static(
    source: Path, addon_dirs: Sequence[Path], prefix: Path, extra_configure: Sequence[str] = ()
) -> Path:
    """An nginx with the addons linked in: `prefix/sbin/nginx`, beside empty `conf` and `logs`.

    The first build of a source compiles all of it (a minute); later ones the addons. Raises
    BuildError.
    """
    base = _prebuilt(source, tuple(extra_configure))
    with tempfile.TemporaryDirectory(prefix="pyngx-static-") as directory:
        tree = Path(directory) / "nginx"
        # copied, not linked: configure writes its files in place
        shutil.copytree(base, tree, symlinks=True)
        addons = [f"--add-module={addon.resolve()}" for addon in addon_dirs]
        _configure(tree, [*extra_configure, f"--prefix={prefix.resolve()}", *addons])
        _keep_times(base / "objs", tree / "objs")
        _make(tree, "binary")
        for name in ("conf", "logs", "sbin"):
            (prefix / name).mkdir(parents=True, exist_ok=True)
        result = prefix / "sbin/nginx"
        draft = prefix / "sbin/.nginx.new"
        shutil.copy2(tree / "objs/nginx", draft)
        os.replace(draft, result)
    return result


def build_dynamic_official(
    target: NginxTarget, addon_dirs: Sequence[Path], out_dir: Path
) -> list[Path]:
    """The addons as dynamic modules, by `--add-dynamic-module`. Raises BuildError."""
    with tempfile.TemporaryDirectory(prefix="pyngx-dynamic-") as directory:
        tree = Path(directory)
        copy_headers(target.source, tree)
        addons = [f"--add-dynamic-module={addon.resolve()}" for addon in addon_dirs]
        _configure(tree, [*kept_arguments(target.configure_args), *addons])
        _make(tree, "modules")
        out_dir.mkdir(parents=True, exist_ok=True)
        return [
            Path(shutil.copy2(module, out_dir / module.name))
            for module in sorted((tree / "objs").glob("*.so"))
        ]


def _prebuilt(source: Path, arguments: tuple[str, ...]) -> Path:
    """A copy of the source, configured and compiled without addons."""
    if not (source / "src/core/nginx.c").is_file():
        raise BuildError(
            f"{source} has only headers: a static build needs nginx's whole source",
            "unpack a release of nginx and give its directory",
        )
    key = source_key(source, arguments) + _hash_sources(source)

    def make(draft: Path) -> None:
        ignored = shutil.ignore_patterns(".git", "objs", "Makefile")
        shutil.copytree(source, draft, symlinks=True, ignore=ignored, dirs_exist_ok=True)
        _configure(draft, list(arguments))
        _make(draft, "binary")

    return cached_directory(f"static-{hashlib.sha256(key.encode()).hexdigest()[:24]}", make)


def _hash_sources(source: Path) -> str:
    total = hashlib.sha256()
    for file in sorted(source.glob("src/**/*.c")):
        total.update(file.read_bytes())
    return total.hexdigest()


def _configure(tree: Path, arguments: list[str]) -> None:
    text, status = run_configure(tree, arguments)
    if status != 0:
        raise BuildError("nginx's configure failed:\n" + "\n".join(text.splitlines()[-12:]))


def _make(tree: Path, goal: str) -> None:
    if shutil.which("make") is None:
        raise BuildError("there is no make", "install it (on Debian: apt-get install make)")
    done = subprocess.run(
        ["make", "-j2", "-f", "objs/Makefile", goal],
        cwd=tree,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise BuildError("make failed:\n" + "\n".join(done.stdout.splitlines()[-25:]))


def _keep_times(before: Path, after: Path) -> None:
    """Give unchanged generated headers their old times back, so that make trusts objects.

    When anything but nginx.c's own lines or a compiler flag is new, everything is compiled again.
    """
    if _lines(before / "Makefile", "CFLAGS") != _lines(after / "Makefile", "CFLAGS"):
        return
    for name in _GENERATED:
        if _common(before / name) == _common(after / name):
            shutil.copystat(before / name, after / name)
    (after / "src/core/nginx.o").unlink(missing_ok=True)


def _lines(file: Path, start: str) -> list[str]:
    return [line for line in file.read_text().splitlines() if line.startswith(start)]


def _common(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if not line.startswith(_OF_NGINX_C)]
