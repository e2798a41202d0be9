"""Modules written by hand on the runtime, and how they are built."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from pyngx.backend.runtime import FAMILIES
from pyngx.build.compile import build_module
from pyngx.build.configure import configured
from pyngx.build.locate import find_target
from tests.harness.builds import REPOSITORY, Target

HERE = Path(__file__).parent
RUNTIME = REPOSITORY / "runtime"
NGINX_SOURCES = ("core/ngx_palloc.c", "os/unix/ngx_alloc.c")
DRIVER_SOURCES = (*NGINX_SOURCES, "core/ngx_buf.c", "core/ngx_string.c")
ABSENT = ("ngx_log_error_core", "ngx_cycle", "ngx_cached_time", "ngx_gmtime")
"""What the library is linked without, for nothing that is tested in it comes there."""

CALL_SOURCES = (
    *NGINX_SOURCES,
    "core/ngx_array.c",
    "core/ngx_crc32.c",
    "core/ngx_md5.c",
    "core/ngx_sha1.c",
    "core/ngx_string.c",
)
SANITIZED = ("-fsanitize=address,undefined", "-fno-sanitize=alignment,nonnull-attribute")
CHECKED = (
    "-W",
    "-Wall",
    "-Wextra",
    "-Wpointer-arith",
    "-Wno-unused-parameter",
    "-Wno-unused-function",
    "-Werror",
)


ENGINE = FAMILIES[: FAMILIES.index("chain")]
"""The files of the stream engine; "stream" stands for all of them."""


def runtime_header(*families: str) -> str:
    """The text of runtime files as one header: types, prototypes, tables, functions."""
    items: list[str] = []
    if "stream" in families:
        families = (*ENGINE, *(family for family in families if family not in ENGINE))
    for family in families:
        text = (RUNTIME / f"{family}.c").read_text()
        items += text.strip("\n").split("\n\n\n")[1:]
    functions = [item for item in items if re.search(r"^\{", item, re.M)]
    functions = [item for item in functions if re.search(r"^[a-z]\w*\(", item, re.M)]
    types = [item for item in items if re.search(r"^(?:typedef|#define)", item, re.M)]
    types = [item for item in types if item not in functions]
    tables = [item for item in items if item not in functions and item not in types]
    return "\n\n\n".join([*types, *map(_prototype, functions), *tables, *functions]) + "\n"


def build(name: str, families: tuple[str, ...], where: Target, output: Path) -> Path:
    """Build ``ngx_http_<name>_filter_module.c`` of this directory; the path of the ``.so``."""
    addon = output / "addon"
    addon.mkdir(parents=True)
    module = f"ngx_http_{name}_filter_module"
    config = (HERE / "config").read_text().replace("ngx_http_engine_filter_module", module)
    (addon / "config").write_text(config)
    shutil.copy(HERE / f"{module}.c", addon)
    (addon / "runtime.h").write_text(runtime_header(*families))
    target = find_target(str(where.binary), str(where.source))
    return build_module(addon, output, target, (f"-I{addon}", *CHECKED))


def _prototype(function: str) -> str:
    found = re.search(r"^(static [\s\S]*?\))\n\{", function, re.M)
    assert found is not None, function
    return found[1] + ";"


def build_calls(families: tuple[str, ...], where: Target, output: Path) -> Path:
    """Build ``calls.c`` and the nginx sources that it needs as one shared library.

    nginx's log is not among them: it is called only where memory has run out; nor is its cycle,
    which tables of another size than the usual one are made with.
    """
    (output / "runtime.h").write_text(runtime_header(*families))
    tree = configured(find_target(str(where.binary), str(where.source)))
    library = output / "calls.so"
    sources = [HERE / "calls.c", *(where.source / "src" / path for path in CALL_SOURCES)]
    command: list[str | Path] = [
        tree.cc,
        *tree.cflags,
        *CHECKED,
        "-O2",
        "-g",
        "-fPIC",
        "-shared",
        "-o",
        library,
    ]
    command += [*tree.include_flags, "-I", output, *sources]
    command += [f"-Wl,--defsym={name}=0" for name in ABSENT]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return library


DRIVER_FLAGS = ("-O1", "-g", "-DNGX_DEBUG_PALLOC=1", *SANITIZED)


def build_driver(where: Target, output: Path, flags: Sequence[str] = DRIVER_FLAGS) -> Path:
    """Build ``driver.c`` on nginx's own pools, chains and strings, by default with sanitizers."""
    (output / "runtime.h").write_text(runtime_header("stream"))
    tree = configured(find_target(str(where.binary), str(where.source)))
    program = output / "driver"
    sources = [HERE / "driver.c", *(where.source / "src" / path for path in DRIVER_SOURCES)]
    command: list[str | Path] = [tree.cc, *tree.cflags, *CHECKED, "-Wno-implicit-fallthrough"]
    command += [*flags, "-o", program]
    command += [*tree.include_flags, "-I", output, *sources]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return program
