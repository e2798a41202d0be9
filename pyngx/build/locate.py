"""Find nginx: the binary that will load modules and the headers it was compiled from.

Both must be of one version, and of one layout. Distributions patch nginx's structures without
changing its version or module signature; a module built from other headers then passes `nginx -t`
and touches the wrong fields. So headers for a distribution's binary must be those that the
distribution packages.
"""

import hashlib
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

PACKAGED_SOURCE = Path("/usr/share/nginx/src")

# what nginx is taken to be configured with when there is only its source
_USUAL_ARGUMENTS = (
    "--with-compat",
    "--with-threads",
    "--with-http_ssl_module",
    "--with-http_v2_module",
)
_DISTRIBUTIONS = re.compile(r"debian|ubuntu", re.IGNORECASE)


class BuildError(Exception):
    """Something outside the filter's file keeps it from being built; `remedy` says what to do."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(f"{reason}\n{remedy}" if remedy else reason)
        self.reason = reason
        self.remedy = remedy


@dataclass(frozen=True)
class NginxTarget:
    """An nginx to build for.

    `binary` is None when only a source tree was given: enough to compile to C, not to build or run.
    `key` identifies the headers, the configure scripts and the arguments.
    """

    binary: Path | None
    source: Path
    version: str
    configure_args: tuple[str, ...]
    key: str


@dataclass(frozen=True)
class BinaryInfo:
    """What `nginx -V` says."""

    version: str
    configure_args: tuple[str, ...]


def find_target(nginx: str | None = None, nginx_src: str | None = None) -> NginxTarget:
    """The nginx to build for, from the arguments, the environment, and what is installed.

    Raises BuildError when there is none, or when the binary and the headers do not belong together.
    """
    nginx, nginx_src = choice(nginx, nginx_src)
    binary = find_binary(nginx, nginx_src)
    source = find_source(nginx_src, binary)
    version = source_version(source)
    if binary is None:
        arguments: tuple[str, ...] = _USUAL_ARGUMENTS
    else:
        info = binary_info(binary)
        _require_same_version(binary, info.version, source, version)
        _require_same_package(binary, source)
        arguments = info.configure_args
    return NginxTarget(binary, source, version, arguments, source_key(source, arguments))


def choice(nginx: str | None, nginx_src: str | None) -> tuple[str | None, str | None]:
    """What was asked for: the arguments, or without any the environment."""
    if nginx is None and nginx_src is None:
        return os.environ.get("PYNGX_NGINX") or None, os.environ.get("PYNGX_NGINX_SRC") or None
    return nginx, nginx_src


def find_binary(nginx: str | None, nginx_src: str | None) -> Path | None:
    """The nginx program; with a source tree alone, the one built in that tree, if it was."""
    if nginx is not None:
        found = shutil.which(nginx)
        if found is None:
            raise BuildError(
                f"{nginx} is not a program that can be run", "give the path of an nginx binary"
            )
        return Path(found).resolve()
    if nginx_src is not None and Path(nginx_src).resolve() != PACKAGED_SOURCE:
        built = Path(nginx_src) / "objs" / "nginx"
        return built.resolve() if os.access(built, os.X_OK) else None
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/nginx/sbin")
    if found is None:
        raise BuildError(
            "no nginx was found on this machine",
            "install it (on Debian: apt-get install nginx nginx-dev), "
            "or give --nginx and --nginx-src",
        )
    return Path(found).resolve()


def find_source(nginx_src: str | None, binary: Path | None) -> Path:
    """The source tree (headers and configure scripts are enough) that belongs to the binary."""
    if nginx_src is not None:
        candidates = [Path(nginx_src)]
    else:
        own = [binary.parent.parent] if binary is not None and binary.parent.name == "objs" else []
        candidates = [*own, PACKAGED_SOURCE]
    for candidate in candidates:
        if (candidate / "src/core/nginx.h").is_file() and configure_script(candidate) is not None:
            return candidate.resolve()
    if nginx_src is not None:
        raise BuildError(
            f"{nginx_src} is not an nginx source tree: it has no src/core/nginx.h or no configure",
            "give the top directory of an unpacked nginx source",
        )
    raise BuildError(
        f"the headers of nginx were not found in {PACKAGED_SOURCE}",
        "install them (on Debian: apt-get install nginx-dev), or give --nginx-src",
    )


def configure_script(source: Path) -> str | None:
    """The configure script's path inside a source tree: releases and the repository differ."""
    return next((p for p in ("configure", "auto/configure") if (source / p).is_file()), None)


def source_version(source: Path) -> str:
    """NGINX_VERSION of a source tree."""
    text = (source / "src/core/nginx.h").read_text(encoding="utf-8", errors="replace")
    found = re.search(r'^#define\s+NGINX_VERSION\s+"([^"]+)"', text, re.MULTILINE)
    if found is None:
        raise BuildError(f"{source}/src/core/nginx.h does not define NGINX_VERSION")
    return found[1]


def binary_info(binary: Path) -> BinaryInfo:
    """Ask the binary for its version and its configure arguments."""
    try:
        done = subprocess.run(
            [binary, "-V"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"{binary} -V does not run: {error}") from error
    text = done.stderr
    version = re.search(r"^nginx version: \S+?/(\S+)", text, re.MULTILINE)
    if done.returncode != 0 or version is None:
        raise BuildError(f"{binary} does not answer -V as nginx does", "give an nginx binary")
    arguments = re.search(r"^configure arguments: ?(.*)$", text, re.MULTILINE)
    return BinaryInfo(version[1], tuple(shlex.split(arguments[1])) if arguments else ())


def headers_key(source: Path) -> str:
    """A hash of every header of a source tree."""
    return _hash_files(source, sorted(source.glob("src/**/*.h")))


def source_key(source: Path, arguments: tuple[str, ...]) -> str:
    """A hash of what decides about types and layouts: headers, configure scripts, arguments."""
    scripts = [p for p in source.glob("auto/**/*") if p.is_file()]
    configure = source / "configure"
    if configure.is_file():
        scripts.append(configure)
    text = "\0".join([headers_key(source), _hash_files(source, sorted(scripts)), *arguments])
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def package_of(path: Path) -> tuple[str, str, str] | None:
    """Name, version and maintainer of the Debian package that owns a file, if one does."""
    if shutil.which("dpkg-query") is None:
        return None
    # on a merged /usr the package may have registered the file under its older place
    spellings = [path]
    if path.is_relative_to("/usr"):
        spellings.append(Path("/") / path.relative_to("/usr"))
    for spelling in spellings:
        owner = _output("dpkg-query", "-S", str(spelling))
        if owner is not None:
            name = owner.split(":")[0].split(",")[0]
            text = _output("dpkg-query", "-W", "-f", "${Package}\t${Version}\t${Maintainer}", name)
            if text is not None and text.count("\t") == 2:
                package, version, maintainer = text.split("\t")
                return package, version, maintainer
    return None


def _output(*command: str) -> str | None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def _hash_files(top: Path, files: list[Path]) -> str:
    total = hashlib.sha256()
    for file in files:
        data = file.read_bytes()
        total.update(f"{file.relative_to(top)}\0{len(data)}\0".encode())
        total.update(data)
    return total.hexdigest()


def _require_same_version(binary: Path, version: str, source: Path, source_version: str) -> None:
    if version != source_version:
        raise BuildError(
            f"{binary} is nginx {version}, but {source} is the source of {source_version}",
            f"give the source of nginx {version} with --nginx-src, or another binary with --nginx",
        )


def _require_same_package(binary: Path, source: Path) -> None:
    """Refuse other headers than the distribution's own for a distribution's binary."""
    if source == PACKAGED_SOURCE or binary.is_relative_to(source):
        return
    package = package_of(binary)
    if package is None or not _DISTRIBUTIONS.search(package[2]):
        return
    if PACKAGED_SOURCE.is_dir() and headers_key(PACKAGED_SOURCE) == headers_key(source):
        return
    raise BuildError(
        f"{binary} comes from the package {package[0]} {package[1]}, whose nginx is "
        f"patched: structures of {source} may be laid out differently "
        "although the version is the same",
        f"use the headers of the package nginx-dev ({PACKAGED_SOURCE}), "
        f"or a binary built from {source}",
    )
