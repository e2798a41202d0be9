"""A whole file: from what was loaded to the typed program."""

from __future__ import annotations

from dataclasses import replace

from pyngx.check.context import ModuleContext, Reporter
from pyngx.check.function import check_function, check_generator, check_helper, has_yield
from pyngx.check.kinds import Kind
from pyngx.check.state import conf_class, ctx_class, validate_method, variable_contexts
from pyngx.diagnostics import Diagnostics
from pyngx.frontend.directives import NGINX_DIRECTIVES
from pyngx.frontend.load import FilterModule, name_span
from pyngx.frontend.names import NGINX_FILTERS
from pyngx.headers import NginxModel
from pyngx.program import BodyFilter, BodyForm, Program, VariableDef
from pyngx.tree import (
    Function,
)
from pyngx.types import Place


def check_module(module: FilterModule, model: NginxModel, diags: Diagnostics) -> Program:
    """The typed program. Errors are recorded in ``diags``; the caller asks it before going on."""
    mod = ModuleContext(module, model, diags, check_helper, check_generator, helper_diags=diags)
    sources = {
        Place.LOC: module.loc_conf,
        Place.SRV: module.srv_conf,
        Place.MAIN: module.main_conf,
    }
    for known in (*sources.values(), module.request_ctx):
        if known is not None:
            mod.declared[known.name] = frozenset((*known.hints, *vars(known.cls)))
    for place, source in sources.items():
        if source is not None:
            mod.confs[place] = conf_class(mod, place, source)
    _unique_directives(mod)
    if module.request_ctx is not None:
        mod.ctx = ctx_class(mod, module.request_ctx)
    for place, source in sources.items():
        if source is not None:
            validate = validate_method(mod, place, source)
            mod.confs[place] = replace(mod.confs[place], validate=validate)
    header = None
    if module.header_filter is not None:
        header = check_function(mod, module.header_filter, Kind.HEADER)
    variables = []
    for name, variable in module.variables:
        checked = check_function(mod, variable, Kind.VARIABLE)
        if checked is not None:
            variables.append(VariableDef(name, checked))
    for declared, variable in module.variable_directives:
        contexts = variable_contexts(mod, declared, variable)
        checked = check_function(mod, variable, Kind.VARIABLE)
        if checked is not None:
            variables.append(VariableDef(declared.name, checked, contexts))
    return Program(
        module.name,
        module.options.after,
        module.options.before,
        module.source,
        module.docstring,
        tuple(mod.confs.values()),
        mod.ctx,
        header,
        _body(mod),
        tuple(variables),
        _named(mod),
    )


def _body(mod: ModuleContext) -> BodyFilter | None:
    source = mod.module.body_filter
    options = mod.module.body_options
    if source is None or options is None:
        return None
    form = BodyForm.STREAM if has_yield(source) else BodyForm.CHAIN
    kind = Kind.STREAM if form is BodyForm.STREAM else Kind.CHAIN
    function = check_function(mod, source, kind)
    if function is None:
        return None
    return BodyFilter(function, form, options.encoded, options.partial)


def _named(mod: ModuleContext) -> tuple[Function, ...]:
    """The helpers, each under the name that is its own in the module."""
    return tuple(
        replace(helper, name=mod.helper_names[function]) for function, helper in mod.helpers.items()
    )


def _unique_directives(mod: ModuleContext) -> None:
    seen: set[str] = set()
    report = Reporter(mod.module.source, mod.diags)
    declared = [(f.directive, f.span) for conf in mod.confs.values() for f in conf.fields]
    for named, function in mod.module.variable_directives:
        declared.append((named.name, name_span(function.source, function.node)))
    for name, span in declared:
        if name in seen:
            report.diags.error(
                "PNX309",
                span,
                f"the directive '{name}' is declared twice",
                help="one directive, one field",
            )
        seen.add(name)
        if name in NGINX_DIRECTIVES and mod.module.name not in NGINX_FILTERS:
            report.diags.warning(
                "PNX242",
                span,
                f"nginx has a directive of its own called '{name}'",
                notes=("nginx would give it to its own module, and never to this one",),
                help=f"give this one another name: '{mod.module.name}_{name}'",
            )
