"""``@variable(directive("set_x"))``: the configuration names the variable, Python computes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pyngx import Variable, directive, variable
from tests.conftest import BuildFilter
from tests.harness import client
from tests.harness.builds import Target, pyngx
from tests.harness.nginx import ConfigRefused, Nginx, check_config

HEADER = """
from pyngx import LocConf, RequestCtx, directive, variable
from pyngx.ngx import ngx_flag_t, ngx_http_request_t
"""
BOTH = HEADER + """
class Conf(LocConf):
    loud: ngx_flag_t = directive("loud", default=False)


@variable(directive("set_method"))
def method(r: ngx_http_request_t, conf: Conf) -> bytes | None:
    return r.method_name.upper() if conf.loud else r.method_name.lower()


@variable(directive("set_missing", context="http"))
def missing() -> bytes | None:
    return None


@variable("always")
def always() -> bytes | None:
    return b"here"
"""
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a filter file of that text."""

    def written(text: str) -> Path:
        path = tmp_path / "named.py"
        path.write_text(text)
        return path

    return written


def test_computed_where_it_is_asked_for(
    write: Write, nginx_target: Target, build_filter: BuildFilter
) -> None:
    module = build_filter(write(BOTH), nginx_target)
    http = "set_method $how; set_missing $nothing; log_format ours '$how [$nothing] $always';"
    places = """
        location / { return 200 "$how $also [$nothing] $always"; }
        location /moved { set $before $how; rewrite ^ /told last; }
        location /told { loud on; return 200 "$before $how"; }
        location /loud { loud on; set_method $also; return 200 "$how $also"; }
    """
    with Nginx(nginx_target.binary, modules=[module], http=http, locations=places) as nginx:
        assert client.request(nginx.port, "/").body == b"get get [] here"
        # not remembered: another location may have another answer
        assert client.request(nginx.port, "/moved").body == b"get GET"
        assert client.request(nginx.port, "/loud").body == b"GET GET"


def test_refused_by_nginx(write: Write, nginx_target: Target, build_filter: BuildFilter) -> None:
    module = build_filter(write(BOTH), nginx_target)
    for http, places, message in (
        ("set_method how;", "", 'invalid variable name "how"'),
        ("set_method $how; set_missing $how;", "", 'variable "$how" is defined already'),
        ("", "location / { set_missing $x; }", '"set_missing" directive is not allowed here'),
    ):
        with pytest.raises(ConfigRefused) as refused:
            check_config(nginx_target.binary, modules=[module], http=http, locations=places)
        assert message in str(refused.value)


WRONG = {
    "the directive 'set_x' is declared twice": """
@variable(directive("set_x"))
def one() -> bytes | None:
    return b"1"


@variable(directive("set_x"))
def two() -> bytes | None:
    return b"2"
""",
    "the directive 'x' is declared twice": """
class Conf(LocConf):
    x: ngx_flag_t = directive("x", default=False)


@variable(directive("x"))
def one() -> bytes | None:
    return b"1"
""",
    "'set-x' cannot be the name of a directive": """
@variable(directive("set-x"))
def one() -> bytes | None:
    return b"1"
""",
    "'galaxy' is not a place for a directive": """
@variable(directive("set_x", context="galaxy"))
def one() -> bytes | None:
    return b"1"
""",
    "a directive that defines variables has no default, min or max": """
@variable(directive("set_x", default=b"1"))
def one() -> bytes | None:
    return b"1"
""",
}


@pytest.mark.parametrize("message", WRONG)
def test_refused_by_the_compiler(message: str, write: Write) -> None:
    done = pyngx("check", str(write(HEADER + WRONG[message])))
    assert done.returncode == 1 and message in done.stdout + done.stderr
    assert "internal error" not in done.stdout + done.stderr


def test_mark() -> None:
    named = directive("set_x")

    @variable(named)
    def one() -> bytes | None:
        return b"1"

    assert one.__pyngx__ == Variable(named)  # type: ignore[attr-defined]
    assert one() == b"1"
