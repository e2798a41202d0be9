"""Compile an addon directory to a dynamic module the fast way: one compiler run, no configure.

What nginx's own build does in addition to compiling is adding three tables to a dynamic module:
its modules, their names, and the order they ask for. They are appended to the first source here,
and they are all that the module exports. Its own symbols stay hidden because nginx loads modules
with RTLD_GLOBAL: after a reload an exported one would be bound to the old library's.
"""

import hashlib
import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pyngx.build.cache import cached_directory
from pyngx.build.configure import Configured, configured
from pyngx.build.locate import BuildError, NginxTarget

_SIGNATURE = re.compile(rb"\d,\d,\d,[01]{30,80}(?=\0)")
_FILTERS = ("HTTP_FILTER", "HTTP_AUX_FILTER")
_VARIABLES = ("name", "type", "srcs", "incs", "libs", "order")

# libraries that nginx itself links
_NGINX_LIBRARIES = ("PCRE", "OPENSSL", "ZLIB", "MD5", "SHA1")

# the bits of the signature that depend on a library of the machine
_SIGNATURE_PACKAGES = {23: "libpcre2-dev", 24: "libssl-dev", 26: "zlib1g-dev"}

_PRECOMPILED = "#include <ngx_config.h>\n#include <ngx_core.h>\n#include <ngx_http.h>\n"


@dataclass(frozen=True)
class AddonModule:
    """One module as an addon's `config` describes it, the way nginx's auto/module reads it."""

    names: tuple[str, ...]
    type: str
    sources: tuple[str, ...]
    includes: tuple[str, ...]
    libraries: tuple[str, ...]
    order: tuple[str, ...]


def build_module(
    addon_dir: Path, out_dir: Path, target: NginxTarget, cflags: Sequence[str] = ()
) -> Path:
    """Build the module of an addon directory to `out_dir/<first module>.so`.

    `cflags` come after nginx's own. The file is renamed into its place, so that an nginx that has
    loaded the former one is not disturbed. Raises BuildError with the compiler's words, or when
    the target would refuse the module.
    """
    module = read_config(addon_dir)
    _require_absent(module, target)
    tree = configured(target)
    out_dir.mkdir(parents=True, exist_ok=True)
    result = out_dir / f"{module.names[0]}.so"
    with tempfile.TemporaryDirectory(prefix=".pyngx-", dir=out_dir) as directory:
        draft = Path(directory) / result.name
        _compile(module, tree, [*compile_flags(tree), *cflags], draft)
        _require_same_signature(draft, target, tree)
        os.replace(draft, result)
    return result


_OPINIONS = (
    "-Wno-array-bounds",
    "-Wno-maybe-uninitialized",
    "-Wno-restrict",
    "-Wno-stringop-overflow",
    "-Wno-stringop-overread",
    "-Wno-unknown-warning-option",
)
"""What gcc suspects once it has inlined a lot, and nginx's flags would make an error. clang has
judged the C before, and is told not to complain that it does not know these options."""


def compile_flags(tree: Configured) -> list[str]:
    """nginx's own flags, with loops vectorised, for a module that hides its symbols."""
    kept = [flag for flag in tree.cflags if flag != "-O"]
    return [*kept, "-O3", *_OPINIONS, "-fPIC", "-fvisibility=hidden"]


def read_config(addon_dir: Path) -> AddonModule:
    """Run an addon's `config` as nginx's configure would and take what it hands to auto/module.

    Raises BuildError when it fails or does not describe exactly one dynamic module.
    """
    addon = addon_dir.resolve()
    if not (addon / "config").is_file():
        raise BuildError(
            f"{addon_dir} has no file config", "make it with: pyngx compile FILE -o DIR"
        )
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "auto").mkdir()
        prints = "".join(f'printf "%s\\0" "$ngx_module_{name}" >&3\n' for name in _VARIABLES)
        (Path(directory) / "auto/module").write_text(prints)
        script = 'exec 3>&1 >&2; ngx_module_link=DYNAMIC; ngx_addon_dir=$1; . "$1/config"'
        done = subprocess.run(
            ["sh", "-e", "-c", script, "sh", str(addon)],
            cwd=directory,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        raise BuildError(f"{addon_dir}/config fails: {done.stderr.strip()}")
    values = done.stdout.split("\0")[:-1]
    if len(values) != len(_VARIABLES):
        raise BuildError(
            f"{addon_dir}/config describes {len(values) // len(_VARIABLES)} modules",
            "an addon directory must describe one",
        )
    return _module(dict(zip(_VARIABLES, values, strict=True)), addon_dir)


def signature(binary: Path) -> str | None:
    """The signature inside an nginx or a module: the sizes and features that nginx compares."""
    found = _SIGNATURE.search(binary.read_bytes())
    return found[0].decode() if found else None


def _module(values: dict[str, str], addon_dir: Path) -> AddonModule:
    names = tuple(values["name"].split())
    sources = tuple(values["srcs"].split())
    if not names or not sources:
        raise BuildError(f"{addon_dir}/config sets no ngx_module_name or no ngx_module_srcs")
    order = tuple(values["order"].split())
    if not order and values["type"] in _FILTERS:
        order = (*names, "ngx_http_copy_filter_module")
    libraries = tuple(lib for lib in values["libs"].split() if lib not in _NGINX_LIBRARIES)
    return AddonModule(
        names, values["type"], sources, tuple(values["incs"].split()), libraries, order
    )


_LEFT_OUT = ("charset", "gzip", "ssi", "userid")
"""Filters that configure can be told to leave out."""
_ON_DEMAND = ("addition", "gunzip", "image", "slice", "sub", "v2", "v3", "xslt")
"""Filters that configure puts in only when told to, as distributions do."""


def _require_absent(module: AddonModule, target: NginxTarget) -> None:
    """Modules that are linked into the binary have their names in it, as nginx compares them."""
    if target.binary is None:
        return
    image = target.binary.read_bytes()
    for name in module.names:
        if b"\0" + name.encode() + b"\0" in image:
            raise BuildError(
                f"{target.binary} has a {name} of its own and would refuse this one",
                _without(name),
            )


def _without(name: str) -> str:
    """The way to an nginx that has no module of that name."""
    short = name.removeprefix("ngx_http_").removesuffix("_filter_module")
    option = f" --without-http_{short}_module" if short in _LEFT_OUT else ""
    if not option and short not in _ON_DEMAND:
        return "give the module another name with module(name=\"…\"): nginx is not without its own"
    return (
        f"build an nginx without it: './configure{option} && make' in a source tree of nginx; "
        "then --nginx TREE/objs/nginx --nginx-src TREE"
    )


def _compile(module: AddonModule, tree: Configured, flags: list[str], draft: Path) -> None:
    tables = draft.with_suffix(".c")
    tables.write_text(tables_of(module))
    first, *others = module.sources
    base = [
        *(tree.cc, *flags),
        *("-include", str(_precompiled(tree, flags) / "nginx.h")),
        *tree.include_flags,
        *(word for path in module.includes for word in ("-I", path)),
    ]
    # -include is for every source of a command, so others have commands of their own
    objects = [str(draft.with_name(f"{number}.o")) for number, _ in enumerate(others)]
    for source, result in zip(others, objects, strict=True):
        _run([*base, "-c", source, "-o", result])
    # the first source comes in before the tables, which then stand at the module's end
    output = ("-shared", "-o", str(draft))
    _run([*base, *output, "-include", first, str(tables), *objects, *module.libraries])


def tables_of(module: AddonModule) -> str:
    """The C text that nginx's auto/make would give the module in a file of its own."""
    export = '__attribute__((visibility("default")))'
    return "\n".join(
        [
            *(f"extern ngx_module_t  {name};" for name in module.names),
            f"{export} ngx_module_t *ngx_modules[] = {{",
            *(f"    &{name}," for name in module.names),
            "    NULL\n};",
            f"{export} char *ngx_module_names[] = {{",
            *(f'    "{name}",' for name in module.names),
            "    NULL\n};",
            f"{export} char *ngx_module_order[] = {{",
            *(f'    "{name}",' for name in module.order),
            "    NULL\n};\n",
        ]
    )


def _precompiled(tree: Configured, flags: list[str]) -> Path:
    """A directory with nginx.h, all that modules include, precompiled for these flags."""
    key = hashlib.sha256("\0".join([tree.objs.parent.name, *flags]).encode()).hexdigest()[:24]

    def make(draft: Path) -> None:
        header = draft / "nginx.h"
        header.write_text(_PRECOMPILED)
        output = f"{header}.gch"
        _run([tree.cc, *flags, *tree.include_flags, "-x", "c-header", str(header), "-o", output])

    return cached_directory(f"gch-{key}", make)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise BuildError(f"the C compiler refused the module:\n{done.stderr.strip()}")


def _require_same_signature(module: Path, target: NginxTarget, tree: Configured) -> None:
    if target.binary is None:
        return
    ours, theirs = signature(module), signature(target.binary)
    if theirs is None or ours == theirs:
        return
    pairs = zip(_bits(ours or ""), _bits(theirs), strict=False)
    bits = [bit for bit, (a, b) in enumerate(pairs, start=1) if a != b]
    packages = [_SIGNATURE_PACKAGES[bit] for bit in bits if bit in _SIGNATURE_PACKAGES]
    missing = f", without {', '.join(tree.missing)}" if tree.missing else ""
    raise BuildError(
        f"{target.binary} would refuse the module: its signature is {theirs}, the module's {ours}, "
        f"built from the headers in {target.source}{missing}",
        (
            f"install {', '.join(packages)}"
            if packages
            else f"give the source that {target.binary} was built from with --nginx-src"
        ),
    )


def _bits(text: str) -> str:
    return text.rpartition(",")[2]
