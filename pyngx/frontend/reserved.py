"""What nginx has already: variables of its own, and filters that a module can be placed at."""

from __future__ import annotations

import ast
import difflib
import re

from pyngx.diagnostics import Diagnostics
from pyngx.frontend.load import FilterModule, FunctionSource
from pyngx.frontend.names import place_of
from pyngx.source import Span

INITIALISED = (
    "chunked",
    "v2",
    "v3",
    "range_header",
    "gzip",
    "postpone",
    "ssi",
    "charset",
    "xslt",
    "image",
    "sub",
    "addition",
    "gunzip",
    "userid",
    "headers",
)
"""nginx's filters by their middle names, as they are initialised; a response passes them from the
last to the first, and a module without a place of its own passes before all of them."""

_OF_THE_CORE = """
    args binary_remote_addr body_bytes_sent bytes_sent connection connection_requests
    connection_time content_length content_type document_root document_uri host hostname
    http_cookie http_host http_referer http_user_agent http_via http_x_forwarded_for https is_args
    is_request_port limit_rate msec nginx_version pid pipe proxy_protocol_addr proxy_protocol_port
    proxy_protocol_server_addr proxy_protocol_server_port query_string realpath_root remote_addr
    remote_port remote_user request request_body request_body_file request_completion
    request_filename request_id request_length request_method request_port request_time request_uri
    scheme sent_http_cache_control sent_http_connection sent_http_content_length
    sent_http_content_type sent_http_keep_alive sent_http_last_modified sent_http_link
    sent_http_location sent_http_transfer_encoding server_addr server_name server_port
    server_protocol status tcpinfo_rcv_space tcpinfo_rtt tcpinfo_rttvar tcpinfo_snd_cwnd
    time_iso8601 time_local uri
    """

NGINX_VARIABLES = frozenset(_OF_THE_CORE.split())
"""Variables of nginx's core, which does not start when a module defines one of them again."""

_VARIABLE = re.compile(r"[A-Za-z0-9_]+")


def check_reserved(module: FilterModule, diags: Diagnostics) -> None:
    """Report variables and places that nginx would not accept."""
    for name, function in module.variables:
        _check_variable(name, function, diags)
    _check_place(module, diags)


def _check_variable(name: str, function: FunctionSource, diags: Diagnostics) -> None:
    span = _decorator(function)
    if name.startswith("$"):
        diags.error(
            "PNX023",
            span,
            "the name of a variable is given without the '$'",
            help=f'write @variable("{name[1:]}")',
        )
    elif not _VARIABLE.fullmatch(name):
        diags.error(
            "PNX023",
            span,
            f"'{name}' cannot be the name of a variable",
            help="use ASCII letters, digits and '_'",
        )
    elif name.lower() in NGINX_VARIABLES:
        diags.error(
            "PNX023",
            span,
            f"nginx has a variable ${name.lower()} of its own",
            help=f'give this one another name: @variable("my_{name.lower()}")',
        )


def _decorator(function: FunctionSource) -> Span:
    """The place of the name in ``@variable("name")``, or of what stands there instead."""
    for decorator in function.node.decorator_list:
        if isinstance(decorator, ast.Call) and decorator.args:
            return function.source.span(decorator.args[0])
    return function.source.span(function.node)


def _check_place(module: FilterModule, diags: Diagnostics) -> None:
    options = module.options
    span = place_of(module.source, options.line or 1)
    places = {"after": options.after, "before": options.before}
    unknown = False
    for key, name in places.items():
        if name is None or name in INITIALISED:
            continue
        unknown = True
        near = difflib.get_close_matches(name, INITIALISED, n=1)
        listed = ", ".join(reversed(INITIALISED))
        diags.error(
            "PNX022",
            span,
            f"nginx has no filter '{name}' that a module can be placed {key}",
            notes=(f"a response passes: {listed}",),
            help=f"did you mean '{near[0]}'?" if near else "name one of these filters",
        )
    if unknown or options.after is None or options.before is None:
        return
    if INITIALISED.index(options.after) <= INITIALISED.index(options.before):
        diags.error(
            "PNX022",
            span,
            f"no place is after '{options.after}' and before '{options.before}'",
            notes=(f"a response passes {options.before} first",),
            help="leave out one of the two",
        )
