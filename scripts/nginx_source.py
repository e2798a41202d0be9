#!/usr/bin/env python3
"""Fetch nginx's full sources from Debian's archive and build a test binary from them.

    scripts/nginx_source.py fetch 1.26.3     prints the source directory
    scripts/nginx_source.py build 1.26.3     prints the binary
    scripts/nginx_source.py build --source /path/to/nginx     the same for any source tree
    scripts/nginx_source.py build 1.26.3 --without sub addition     leaves these filters out
    scripts/nginx_source.py flags            prints the options it configures with
    scripts/nginx_source.py cache            prints the cache directory

Only the standard library is used, so that it runs before the virtual environment exists.
Everything lives in the cache directory (``PYNGX_CACHE``, else ``~/.cache/pyngx``); the
system's own apt configuration is neither read for sources nor written: apt runs with private
directories and a private sources list, and verifies the archive's signature as always.  Only the
upstream tarball (``.orig.tar``) is unpacked, so Debian's patches are not in it.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

SUITES = {"1.22.1": "bookworm", "1.26.3": "trixie"}
MIRROR = "http://deb.debian.org/debian"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

CONFIGURE = (
    "--with-compat",
    "--with-debug",
    "--with-threads",
    "--with-http_v2_module",
    "--with-http_addition_module",
    "--with-http_sub_module",
    "--with-http_gunzip_module",
    "--with-http_slice_module",
    "--with-http_stub_status_module",
    "--with-http_realip_module",
    "--with-http_auth_request_module",
)
NEEDED_HEADERS = {"zlib.h": "zlib1g-dev", "pcre2.h": "libpcre2-dev"}
MAKE_JOBS = "-j2"


class SourceError(Exception):
    """Something outside this script is missing; the message says what to do about it."""


def cache_dir() -> Path:
    """The project's cache: ``PYNGX_CACHE``, else ``pyngx`` in the user's cache directory."""
    if chosen := os.environ.get("PYNGX_CACHE"):
        return Path(chosen).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "pyngx"


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the cache lock of that name: parallel test workers build a version once."""
    folder = cache_dir() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def run(command: list[str], cwd: Path, log: Path) -> None:
    """Run a command with its output in a log file; on failure the log's end is the error."""
    with log.open("ab") as out:
        code = subprocess.run(command, cwd=cwd, stdout=out, stderr=subprocess.STDOUT).returncode
    if code != 0:
        tail = log.read_text(errors="replace")[-2000:]
        raise SourceError(f"{' '.join(command)} failed with status {code} (log: {log})\n{tail}")


def apt_options(folder: Path, suite: str) -> list[str]:
    """Options that keep apt inside ``folder``: own sources list, lists, cache and state."""
    for sub in ("lists/partial", "archives/partial", "parts"):
        (folder / sub).mkdir(parents=True, exist_ok=True)
    sources = folder / "sources.list"
    sources.write_text(f"deb-src [signed-by={KEYRING}] {MIRROR} {suite} main\n")
    options = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": folder / "parts",
        "Dir::State::lists": folder / "lists",
        "Dir::Cache": folder,
        "Dir::Cache::archives": folder / "archives",
        "APT::Sandbox::User": "root" if os.getuid() == 0 else "",
        "Acquire::Languages": "none",
    }
    return [part for key, value in options.items() for part in ("-o", f"{key}={value}")]


def download(version: str, folder: Path) -> Path:
    """The upstream tarball of ``version``, downloaded by apt into ``folder``."""
    found = sorted(folder.glob(f"nginx_{version}.orig.tar.gz"))
    if found:
        return found[0]
    if shutil.which("apt-get") is None or not KEYRING.exists():
        raise SourceError(
            "nginx's sources come from Debian's archive, and this machine has no apt-get with "
            f"{KEYRING}: unpack nginx-{version}.tar.gz from nginx.org as "
            f"{cache_dir() / 'src' / f'nginx-{version}'}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    apt = ["apt-get", "-q", *apt_options(folder / "apt", SUITES[version])]
    log = folder / "apt.log"
    run([*apt, "update"], folder, log)
    run([*apt, "source", "--download-only", "nginx"], folder, log)
    found = [p for p in folder.glob(f"nginx_{version}.orig.tar.*") if p.suffix != ".asc"]
    if not found:
        raise SourceError(f"suite {SUITES[version]} no longer has nginx {version} (log: {log})")
    return found[0]


def fetch(version: str) -> Path:
    """The source directory of ``version``, downloaded and unpacked on the first call."""
    if version not in SUITES:
        raise SourceError(f"no source known for nginx {version}; known: {', '.join(SUITES)}")
    target = cache_dir() / "src" / f"nginx-{version}"
    with locked(f"src-{version}"):
        if (target / "configure").exists():
            return target
        tarball = download(version, cache_dir() / "download" / version)
        unpacked = cache_dir() / "src" / f".unpack-{version}"
        shutil.rmtree(unpacked, ignore_errors=True)
        unpacked.mkdir(parents=True)
        # Not tarfile: Debian 12's Python 3.11.2 has no extraction filters yet, later ones want one.
        subprocess.run(["tar", "-xf", tarball, "-C", unpacked, "--no-same-owner"], check=True)
        (inner,) = unpacked.iterdir()
        inner.rename(target)
        unpacked.rmdir()
    return target


def configure_script(source: Path) -> Path:
    """Release tarballs have ``configure`` on top, a git checkout has it in ``auto``."""
    for script in (source / "configure", source / "auto" / "configure"):
        if script.exists():
            return script
    raise SourceError(f"{source} is not an nginx source tree: it has no configure")


def require_headers() -> None:
    """Fail with the packages to install when a library that configure needs is absent."""
    missing = [
        package
        for header, package in NEEDED_HEADERS.items()
        if not Path("/usr/include", header).exists()
    ]
    if missing and shutil.which("apt-get") and os.getuid() == 0:
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        command = ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *missing]
        subprocess.run(command, check=True, env=env, stdout=subprocess.DEVNULL)
    elif missing:
        raise SourceError(f"install these packages first: {' '.join(missing)}")


def options_without(names: Iterable[str]) -> tuple[str, ...]:
    """The options to configure with, but for nginx's modules of these middle names."""
    unwanted = {f"--with-http_{name}_module" for name in names}
    if unknown := unwanted - set(CONFIGURE):
        raise SourceError(f"not among the options: {', '.join(sorted(unknown))}")
    return tuple(option for option in CONFIGURE if option not in unwanted)


def digest_of(source: Path, options: tuple[str, ...]) -> str:
    """A digest of everything that goes into a build of the tree, and of the options."""
    total = hashlib.sha256(" ".join(options).encode())
    for folder in ("auto", "src"):
        for path in sorted((source / folder).rglob("*")):
            if path.is_file():
                total.update(str(path.relative_to(source)).encode() + b"\0")
                total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:12]


def build(source: Path, without: Iterable[str] = ()) -> Path:
    """The binary built from ``source``: once for each content of the tree and set of options.

    A copy is built, because nginx's configure writes into the tree that it runs in.
    """
    script = str(configure_script(source).relative_to(source))
    options = options_without(without)
    place = cache_dir() / "objs" / f"{source.name}-{digest_of(source, options)}"
    binary = place / "objs" / "nginx"
    with locked(f"objs-{place.name}"):
        if binary.exists():
            return binary
        require_headers()
        shutil.rmtree(place, ignore_errors=True)
        copy = place / "source"
        shutil.copytree(source, copy, ignore=shutil.ignore_patterns(".git", "objs"))
        log = place / "build.log"
        run([f"./{script}", f"--builddir={place}/objs", *options], copy, log)
        run(["make", MAKE_JOBS, "-f", f"{place}/objs/Makefile", "binary"], copy, log)
    return binary


def main() -> int:
    """Run the command line; stdout gets only what was asked for."""
    parser = argparse.ArgumentParser(description="fetch and build nginx for the tests")
    parser.add_argument("action", choices=["fetch", "build", "flags", "cache"])
    parser.add_argument("version", nargs="?", default="1.26.3", help="one of " + ", ".join(SUITES))
    parser.add_argument("--source", type=Path, help="a source tree instead of a version")
    parser.add_argument("--without", nargs="+", default=[], help="nginx's own modules to leave out")
    arguments = parser.parse_args()
    if arguments.action == "flags":
        print(*CONFIGURE, sep="\n")
        return 0
    if arguments.action == "cache":
        print(cache_dir())
        return 0
    try:
        source = arguments.source.resolve() if arguments.source else fetch(arguments.version)
        print(source if arguments.action == "fetch" else build(source, arguments.without))
    except SourceError as error:
        print(f"nginx_source: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
