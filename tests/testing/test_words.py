"""What a test gives to `simulate`: a configuration that nginx refuses is refused with its words,
and wrong arguments are told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pyngx.testing import ConfRefused, Response, simulate
from pyngx.testing.lives.served import Served, Session
from tests.harness.builds import EXAMPLES
from tests.language.test_directives import FILTER

FOOTER = EXAMPLES / "footer.py"
REFUSED = [
    "d_number x;",
    "d_number 1",
    "d_unsigned -1;",
    "d_size 8kk;",
    'd_offset "";',
    "d_wait 1m1h;",
    "d_age 1ms;",
    "d_medium 1;",
    "d_bufs 0 4k;",
    "d_pair h x;",
    "d_numbers 1 x;",
    "d_level lowest;",
    'd_value "$nothing_here";',
    'd_value "${uri";',
    'd_value "a$";',
    "d_value ${};",
    "d_total 1;",
    "no_such on;",
    "set $foo;",
    "set foo bar;",
    "set $ bar;",
    "set $uri x;",
    "set $http_host x;",
    "set $d_scalars x;",
    'set $foo "$nothing_here";',
    '"d_flag on;',
    "d_flag 'on'x;",
    "d_flag on;;",
    "; d_flag on;",
    "d_flag on; {",
    "d_flag on }",
    "directives_buffers 4 4k;",
]
ACCEPTED = [
    r'd_text "a\"b\tc\\n";',
    "d_text 'a;{b}' ; # a comment; }",
    'set $foo "x${uri}y"; d_value "$foo-$arg_q";',
    'set $foo a; set $bar "${foo}b"; d_value $bar;',
    "set $args new=1; d_value $args;",
    "set $cookie_x 1; set $http_x_y 2; d_value $cookie_x$http_x_y;",
    'd_value "$server_port$1$ssl_cipher";',
]


@pytest.fixture(scope="module")
def lives() -> Iterator[Callable[[str, str], tuple[object, ...]]]:
    """A configuration in one of the two lives: what is said against it, or what it comes to."""
    session = Session(False)

    def run(life: str, conf: str) -> tuple[object, ...]:
        try:
            found = Served(life, session)(FILTER, uri="/u", args="q=1", body=b"x", conf=conf)
        except ConfRefused as refused:
            return (re.sub(r" in (?:server|location):\d+$", "", str(refused)),)
        values = {n: v for n, v in found.variables.items() if "port" not in n}
        return (found.status, found.headers, values)

    yield run
    session.close()


@pytest.mark.parametrize("conf", REFUSED)
def test_refused(lives: Callable[[str, str], tuple[object, ...]], conf: str) -> None:
    """With the words of nginx; where a text just ends, in nginx the block around it ends too."""
    (said,) = lives("nginx", conf)
    (words,) = lives("cpython", conf)
    if conf.endswith("{"):
        assert words == said == 'unexpected "{"'
    elif conf == "d_number 1":
        assert (words, said) == (
            'unexpected end of file, expecting ";" or "}"',
            'unexpected "}"',
        )
    else:
        assert words == said


@pytest.mark.parametrize("conf", ACCEPTED)
def test_accepted(lives: Callable[[str, str], tuple[object, ...]], conf: str) -> None:
    """Escapes, quotes, and variables that ``set`` gives for each request."""
    found = lives("cpython", conf)
    assert len(found) > 1, found
    assert "server_port" in conf or found == lives("nginx", conf)


def test_output_buffers() -> None:
    """The directive for output buffers is there if the compiled filter has one."""
    computed = EXAMPLES / "number_lines.py"
    assert simulate(computed, conf="number_lines on; number_lines_buffers 2 4k;").status == 200
    for text, words in (
        ("number_lines_buffers 0 4k;", '"number_lines_buffers" directive invalid value'),
        ("number_lines_buffers 2 4k; number_lines_buffers 2 4k;", "directive is duplicate"),
    ):
        with pytest.raises(ConfRefused, match=re.escape(words)):
            simulate(computed, conf=text)


def test_directives_of_nginx() -> None:
    """They are no unknown ones; the words say where they are."""
    with pytest.raises(ConfRefused, match=r'"gzip" is a directive of nginx.* nginx_server'):
        simulate(FOOTER, conf="gzip on;")


READS = """
from pyngx import header_filter
from pyngx.ngx import ngx_http_request_t


@header_filter
def header(r: ngx_http_request_t) -> None:
    try:
        r.headers_out["X-Time"] = r.variables["request_time"] or b"none"
    except ValueError:
        pass
"""


def test_variables_of_a_server(tmp_path: Path) -> None:
    """What only a server knows is not silently empty."""
    path = tmp_path / "reads.py"
    path.write_text(READS)
    with pytest.raises(LookupError, match=r"\$request_time.*variables=.*nginx_server"):
        simulate(path)
    assert simulate(path, variables={"request_time": b"0.001"}).header("X-Time") == "0.001"
    with pytest.raises(ConfRefused, match='unknown "mine" variable'):
        simulate(FILTER, conf="d_value $mine;")
    mine = simulate(FILTER, conf="d_value $mine;", variables={"mine": b"m"})
    assert b"m" in (mine.variables["d_texts"] or b"")


WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"filter": 3}, TypeError, "a path or a module, not int"),
    ({"filter": json}, ImportError, "no header filter, body filter or variable in"),
    ({"filter": "nothing.py"}, OSError, "nothing.py"),
    ({"body": "text"}, TypeError, "body= is bytes, or pieces that are, not str: 'text'"),
    ({"body": ["a", "b"]}, TypeError, "a piece of body= is bytes, not str: 'a'"),
    ({"body": [3]}, TypeError, "a piece of body= is bytes, not int: 3"),
    ({"body": None}, TypeError, "body= is bytes, or pieces that are, not NoneType"),
    ({"headers": "X: a"}, TypeError, "headers= are a mapping, or pairs"),
    ({"headers": {"X": 5}}, TypeError, "headers= text or bytes are wanted, not int: 5"),
    ({"request_headers": {"X": None}}, TypeError, "request_headers= text or bytes are wanted"),
    ({"status": "200"}, ValueError, "status= is a number from 100 to 999, not '200'"),
    ({"status": 0}, ValueError, "status= is a number from 100 to 999, not 0"),
    ({"method": "get"}, ValueError, "method= is in capitals, like 'GET', not 'get'"),
    ({"uri": "page"}, ValueError, "uri= begins with '/', not 'page'"),
    ({"uri": "/a?b=1", "args": "c=2"}, ValueError, "uri= has arguments already"),
    ({"uri": "/a b"}, ValueError, "as they stand in a request"),
    ({"cuts": 1}, TypeError, r"cuts= are offsets, like \(1, 5\), not 1"),
    ({"conf": b"footer on;"}, TypeError, "the configuration of location is text, not bytes"),
]


@pytest.mark.parametrize(("arguments", "kind", "words"), WRONG, ids=lambda case: str(case)[:24])
def test_arguments(arguments: dict[str, Any], kind: type[Exception], words: str) -> None:
    """What no test can mean is told, with the argument's name."""
    with pytest.raises(kind, match=words):
        simulate(**{"filter": FOOTER, **arguments})


def test_bodies_and_arguments() -> None:
    """Any bytes are a body, and arguments may stand in the address."""

    def seen(**arguments: Any) -> Response:
        return simulate(FOOTER, conf="footer on; footer_text !;", **arguments)

    for body in (b"abc", bytearray(b"abc"), memoryview(b"abc")):
        response = seen(body=body)
        assert (response.body, response.header("Content-Length")) == (b"abc!", "4")
    assert seen(body=[memoryview(b"a"), b"", bytearray(b"bc")]).body == b"abc!"
    found = simulate(FILTER, uri="/u?q=1", conf='d_value "$uri $args";').variables["d_texts"]
    assert b"/u q=1" in (found or b"")
