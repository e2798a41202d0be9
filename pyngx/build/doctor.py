"""What pyngx found on this machine, and what to do about what it did not find."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pyngx.build.cache import cache_dir
from pyngx.build.compile import build_module, signature
from pyngx.build.configure import compiler, configured
from pyngx.build.locate import (
    BuildError,
    NginxTarget,
    binary_info,
    choice,
    find_binary,
    find_source,
    find_target,
    package_of,
    source_version,
)
from pyngx.build.serve import Server
from pyngx.headers import HeadersError, load_model

_EMPTY_MODULE = """#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

static ngx_http_module_t  NAME_ctx;

ngx_module_t  NAME = {
    NGX_MODULE_V1, &NAME_ctx, NULL, NGX_HTTP_MODULE,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NGX_MODULE_V1_PADDING
};
"""

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `remedy` is empty when nothing is to be done."""

    level: Level
    what: str
    detail: str
    remedy: str = ""


def diagnose(nginx: str | None = None, nginx_src: str | None = None) -> list[Finding]:
    """Look at everything that a build needs, in the order in which it needs it. Raises nothing."""
    findings = [
        _attempt("cache", lambda: str(cache_dir())),
        _attempt("compiler", compiler),
        _attempt("nginx", lambda: _nginx(nginx, nginx_src)),
        _attempt("headers", lambda: _headers(nginx, nginx_src)),
    ]
    if findings[0].level == "fail":
        return findings
    try:
        target = find_target(nginx, nginx_src)
    except BuildError as error:
        finding = Finding("fail", "match", error.reason, error.remedy)
        # an absent nginx has been told above
        said = any(f.level == "fail" and f.detail == error.reason for f in findings)
        return findings if said else [*findings, finding]
    return [*findings, *_of_target(target)]


def _of_target(target: NginxTarget) -> Iterator[Finding]:
    yield Finding("ok", "match", f"nginx {target.version}, binary and headers")
    yield _packages(target)
    yield _attempt("configure", lambda: _configure(target))
    yield _attempt("libclang", lambda: _model(target))
    if target.binary is None:
        yield Finding(
            "warn",
            "module",
            "no nginx binary was given: pyngx can compile to C, not run",
            "give one with --nginx",
        )
    else:
        yield _attempt("module", lambda: _module(target))


def _attempt(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding("ok", what, look())
    except BuildError as error:
        return Finding("fail", what, error.reason, error.remedy)
    except HeadersError as error:
        return Finding("fail", what, error.message, error.remedy)


def _nginx(nginx: str | None, nginx_src: str | None) -> str:
    binary = find_binary(*choice(nginx, nginx_src))
    if binary is None:
        return "none asked for: only a source tree was given"
    return f"{binary}, {binary_info(binary).version}"


def _headers(nginx: str | None, nginx_src: str | None) -> str:
    nginx, nginx_src = choice(nginx, nginx_src)
    try:
        binary = find_binary(nginx, nginx_src)
    except BuildError:
        # told as a finding of its own
        binary = None
    source = find_source(nginx_src, binary)
    return f"{source}, {source_version(source)}"


def _packages(target: NginxTarget) -> Finding:
    """Whether binary and headers come from one package build: a patch moves fields silently."""
    header = target.source / "src/core/nginx.h"
    if target.binary is None:
        return Finding("ok", "layout", f"the headers of {target.source}, for no binary")
    if target.binary.is_relative_to(target.source):
        return Finding("ok", "layout", f"{target.binary} was built in {target.source}")
    binary, headers = package_of(target.binary), package_of(header)
    match binary, headers:
        case (name, version, _), (other, other_version, _):
            if version == other_version:
                return Finding("ok", "layout", f"{name} and {other} are both {version}")
            return Finding(
                "warn",
                "layout",
                f"{name} is {version}, but {other} is {other_version}",
                f"bring both to one version: apt-get install {name} {other}",
            )
        case None, None:
            detail = f"neither {target.binary} nor {target.source} is packaged"
            return Finding("ok", "layout", f"{detail}; taken to belong together")
        case _:
            return Finding(
                "warn",
                "layout",
                f"only one of {target.binary} and {target.source} is packaged; patches may have "
                "moved fields of structures, which nginx itself does not notice",
                "use a binary and headers of one origin",
            )


def _configure(target: NginxTarget) -> str:
    tree = configured(target)
    missing = f", without the headers of {', '.join(tree.missing)}" if tree.missing else ""
    return f"configured in {tree.objs.parent}{missing}"


def _model(target: NginxTarget) -> str:
    model = load_model(target)
    return f"{len(model.struct_names())} structures, {len(model.names())} names"


def _module(target: NginxTarget) -> str:
    """Build an empty module and let nginx itself judge it."""
    with tempfile.TemporaryDirectory() as directory:
        addon = Path(directory) / "addon"
        addon.mkdir()
        name = "ngx_http_pyngx_doctor_module"
        (addon / "config").write_text(
            f"ngx_module_type=HTTP\nngx_module_name={name}\n"
            f'ngx_module_srcs="$ngx_addon_dir/{name}.c"\n. auto/module\n'
        )
        (addon / f"{name}.c").write_text(_EMPTY_MODULE.replace("NAME", name))
        built = build_module(addon, Path(directory), target)
        with Server(target, [built]):
            return f"built, and nginx started with it; signature {signature(built)}"
