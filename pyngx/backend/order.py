"""The module's place among nginx's own filters.

A response passes the filters against the order in which nginx initialises them: ``after="gunzip"``
puts the module before gunzip in the list of modules. For a dynamic module that list is
``ngx_module_order``; a static build ignores it, so there the ``config`` file moves the name
within ``HTTP_FILTER_MODULES``.
"""

from __future__ import annotations

from pyngx.frontend.reserved import INITIALISED
from pyngx.program import Program


def position(program: Program) -> int | None:
    """Where in `INITIALISED` the module stands (before that one); None for the usual place.

    Raises:
        ValueError: ``after`` and ``before`` contradict each other.
    """
    low = 0
    high = len(INITIALISED)
    if program.after is not None:
        high = INITIALISED.index(program.after)
    if program.before is not None:
        low = INITIALISED.index(program.before) + 1
    if program.after is None and program.before is None:
        return None
    if low > high:
        raise ValueError(f"no place is after {program.after} and before {program.before}")
    return high if program.after is not None else low


def order(program: Program, module: str) -> list[str]:
    """The lines of ``config`` that see to the place."""
    place = position(program)
    if place is None:
        return []
    names = [f"ngx_http_{name}_filter_module" for name in INITIALISED]
    following = [n for n in names[place:] if n != module] + ["ngx_http_copy_filter_module"]
    listed = [*(n for n in names[:place] if n != module), module, *following]
    lines = ["ngx_module_type=HTTP_FILTER", 'ngx_module_order="' + listed[0] + " \\"]
    lines += [f"                  {name} \\" for name in listed[1:-1]]
    lines += [f'                  {listed[-1]}"', ""]
    wanted = "|".join(following)
    return [
        *lines,
        'if [ "$ngx_module_link" != DYNAMIC ]; then',
        "    # a static build takes the order from the list itself",
        "    ngx_pyngx_modules=",
        f"    ngx_pyngx_name={module}",
        "    for ngx_pyngx_filter in $HTTP_FILTER_MODULES; do",
        "        case $ngx_pyngx_filter in",
        f"            {wanted})",
        '                ngx_pyngx_modules="$ngx_pyngx_modules $ngx_pyngx_name"',
        "                ngx_pyngx_name=",
        "            ;;",
        "        esac",
        '        ngx_pyngx_modules="$ngx_pyngx_modules $ngx_pyngx_filter"',
        "    done",
        "",
        '    if [ -n "$ngx_pyngx_name" ]; then',
        '        ngx_pyngx_modules="$ngx_pyngx_modules $ngx_pyngx_name"',
        "    fi",
        "",
        "    . auto/module",
        "",
        '    HTTP_FILTER_MODULES="$ngx_pyngx_modules"',
        "    return 0",
        "fi",
        "",
    ]
