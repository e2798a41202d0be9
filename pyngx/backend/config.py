"""The ``config`` file of an addon directory, which nginx's ``configure`` reads."""

from __future__ import annotations

from pyngx.backend.order import order
from pyngx.program import Program


def config_text(program: Program, runtime: str, libraries: str) -> str:
    """The shell text: name, type, sources, libraries, and for a place of its own the order."""
    module = f"ngx_http_{program.name}_filter_module"
    lines = [
        f"ngx_addon_name={module}",
        "",
        "ngx_module_type=HTTP_AUX_FILTER",
        f"ngx_module_name={module}",
        "ngx_module_incs=",
    ]
    deps = f'"$ngx_addon_dir/{runtime}"' if runtime else ""
    lines += [
        f"ngx_module_deps={deps}",
        f'ngx_module_srcs="$ngx_addon_dir/{module}.c"',
        f"ngx_module_libs={libraries}",
    ]
    lines += ["", *order(program, module)]
    lines += [". auto/module", ""]
    return "\n".join(lines)
