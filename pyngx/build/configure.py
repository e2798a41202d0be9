"""Run nginx's own configure once for a target, and read compiler flags from what it made.

It runs in the cache, on a copy of the headers and scripts: the given tree is never written to, and
the result stays true to its key when that tree changes later. What is kept of the binary's
configure arguments is what can change a structure or a constant.
"""

import hashlib
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pyngx.build.cache import cached_directory, cached_file
from pyngx.build.locate import BuildError, NginxTarget, configure_script

# one more than the last way in which trees were made: older ones in the cache are not used
_FORMAT = "1"

# these take part in no structure of the core or of http, and need libraries or sources of their own
_DROPPED = re.compile(
    r"--(add-(dynamic-)?module|builddir|with-(cc|cpp|cc-opt|ld-opt|cpu-opt|openssl|openssl-opt|zlib|"
    r"zlib-opt|zlib-asm|pcre-opt|pcre-conf-opt|libatomic|perl|perl_modules_path|build)=|with-libatomic$|"
    r"with-pcre=|with-(mail|stream|google_perftools_module|cpp_test_module)|"
    r"with-http_(xslt|image_filter|geoip|perl)|without-(mail|stream))"
)
_LAYOUT_FLAGS = re.compile(r"-(D|U|I|m|fshort-enums|fpack-struct)")

# an optional library that configure may ask for, and the arguments that ask for it
_LIBRARIES = {
    "OpenSSL": (re.compile(r"--with-(http_ssl|http_v3|http_grpc|mail_ssl|stream_ssl)"), ()),
    "PCRE": (re.compile(r"--with-pcre"), ("--without-http_rewrite_module",)),
    "zlib": (re.compile(r"--with-http_(gzip_static|gunzip)"), ("--without-http_gzip_module",)),
}
_PACKAGES = {"OpenSSL": "libssl-dev", "PCRE": "libpcre2-dev", "zlib": "zlib1g-dev"}


@dataclass(frozen=True)
class Configured:
    """A configured tree: absolute include directories and nginx's own compiler flags.

    `missing` names libraries whose headers were not there, so that what needs them was left out.
    """

    objs: Path
    includes: tuple[str, ...]
    cflags: tuple[str, ...]
    cc: str
    missing: tuple[str, ...]

    @property
    def include_flags(self) -> tuple[str, ...]:
        """The include directories as the compiler's arguments."""
        return tuple(flag for path in self.includes for flag in ("-I", path))


def configured(target: NginxTarget) -> Configured:
    """The configured tree of a target, made on the first call for it (seconds), then read.

    Raises BuildError with configure's own words when it fails.
    """
    cc = compiler()
    seed = f"{_FORMAT}\0{target.key}\0{cc}\0{_compiler_version(cc)}"
    name = "tree-" + hashlib.sha256(seed.encode()).hexdigest()[:24]
    tree = cached_directory(name, lambda draft: _configure(target, draft, cc))
    return _read(tree, cc)


def compiler() -> str:
    """The C compiler. Raises BuildError when there is none."""
    for name in ("gcc", "cc"):
        found = shutil.which(name)
        if found is not None:
            return found
    raise BuildError("no C compiler was found", "install gcc (on Debian: apt-get install gcc)")


def kept_arguments(arguments: tuple[str, ...]) -> list[str]:
    """The configure arguments of a binary that its structures and constants depend on."""
    kept = [a for a in arguments if not _DROPPED.match(a)]
    options = [a.partition("=")[2] for a in arguments if a.startswith("--with-cc-opt=")]
    flags = [f for text in options for f in shlex.split(text) if _LAYOUT_FLAGS.match(f)]
    flags = [f for f in flags if "_FORTIFY_SOURCE" not in f]
    return [*kept, "--with-cc-opt=" + shlex.join(flags)] if flags else kept


def copy_headers(source: Path, destination: Path) -> None:
    """Copy the configure scripts and every header of a source tree."""
    shutil.copytree(source / "auto", destination / "auto")
    if (source / "configure").is_file():
        shutil.copy2(source / "configure", destination / "configure")
    for header in source.glob("src/**/*.h"):
        copy = destination / header.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(header, copy)


def _configure(target: NginxTarget, tree: Path, cc: str) -> None:
    copy_headers(target.source, tree)
    arguments = kept_arguments(target.configure_args)
    missing: list[str] = []
    while True:
        text, status = run_configure(tree, [*arguments, f"--with-cc={cc}"])
        if status == 0:
            break
        wanted = re.search(r"requires? the (OpenSSL|PCRE|zlib) library", text)
        if wanted is None or wanted[1] in missing:
            raise BuildError(
                f"configure of nginx {target.version} failed:\n{_tail(text)}",
                "see the message above, usually a library's headers are missing",
            )
        library = wanted[1]
        if "--with-compat" not in arguments:
            # without it the library decides about structures
            raise BuildError(
                f"nginx {target.version} was built with {library}, whose headers are not here",
                f"install them (on Debian: apt-get install {_PACKAGES[library]})",
            )
        missing.append(library)
        needs, instead = _LIBRARIES[library]
        arguments = [a for a in arguments if not needs.match(a)] + list(instead)
    (tree / "missing").write_text("\n".join(missing))


def run_configure(tree: Path, arguments: list[str]) -> tuple[str, int]:
    """Run a tree's configure in that tree; all it printed, and its exit status."""
    script = configure_script(tree)
    assert script is not None, "a tree without configure is refused by find_source"
    done = subprocess.run(
        ["sh", script, *arguments],
        cwd=tree,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    return done.stdout, done.returncode


def _tail(text: str) -> str:
    return "\n".join([line for line in text.splitlines() if line.strip()][-8:])


def _read(tree: Path, cc: str) -> Configured:
    makefile = (tree / "objs/Makefile").read_text(encoding="utf-8")
    paths = dict.fromkeys(word for word in _variable(makefile, "ALL_INCS") if word != "-I")
    return Configured(
        tree / "objs",
        # those with no headers were not copied
        tuple(str(tree / path) for path in paths if (tree / path).is_dir()),
        tuple(_variable(makefile, "CFLAGS")),
        cc,
        tuple((tree / "missing").read_text().split()),
    )


def _variable(makefile: str, name: str) -> list[str]:
    found = re.search(rf"^{name}\s*=((?:.*\\\n)*.*)$", makefile, re.MULTILINE)
    return found[1].replace("\\\n", " ").split() if found else []


def _compiler_version(cc: str) -> str:
    """What tells a compiler from its upgrade, without running it."""
    state = Path(cc).resolve().stat()
    return f"{Path(cc).resolve()}:{state.st_size}:{state.st_mtime_ns}"


def compiler_include(cc: str) -> Path:
    """The directory of the compiler's own headers (stddef.h …), which libclang's package lacks."""
    name = hashlib.sha256(f"{cc}\0{_compiler_version(cc)}".encode()).hexdigest()[:24]

    def ask(draft: Path) -> None:
        command = [cc, "-print-file-name=include"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        draft.write_text(done.stdout.strip())

    return Path(cached_file(f"include-{name}", ask).read_text())
