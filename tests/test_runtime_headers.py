"""The header mapping, arguments, cookies, variables and list directives in a real nginx."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.harness import client, http2
from tests.harness.builds import Target
from tests.harness.client import Response
from tests.harness.nginx import Nginx
from tests.harness.upstream import Reply, Upstream
from tests.runtime import build

DECLINED = "-5"
BODY = b"<p>text</p>\n"
SINGLE = (
    ("Server", "mine"),
    ("Date", "Thu, 01 Jan 1970 00:00:00 GMT"),
    ("Content-Type", "text/x-mine"),
    ("Last-Modified", "Thu, 01 Jan 1970 00:00:10 GMT"),
    ("ETag", '"mine"'),
    ("Location", "http://mine/"),
    ("Refresh", "1"),
    ("Content-Range", "mine"),
    ("Accept-Ranges", "none"),
    ("Expires", "0"),
)
REPEATED = ("WWW-Authenticate", "Cache-Control", "Link", "X-Foo", "Set-Cookie", "Vary")


@pytest.fixture(scope="session")
def module(nginx_target: Target, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("mapping")
    return build("mapping", ("headers", "request", "fields", "conf"), nginx_target, output)


Op = tuple[str, str, str]


class Mapping:
    """Runs operations in an nginx of their own."""

    def __init__(self, where: Target, module: Path) -> None:
        self.where = where
        self.module = module

    @contextmanager
    def serving(self, *ops: Op, more: str = "", proxied: Reply | None = None) -> Iterator[Nginx]:
        with Upstream({"/page.html": proxied} if proxied else None) as upstream:
            given = " ".join(_quoted(word) for op in ops for word in op)
            proxy = f"proxy_pass {upstream.url};" if proxied else ""
            with Nginx(
                self.where.binary,
                modules=[self.module],
                locations=f"location / {{ mapping {given}; {more} {proxy} }}",
                files={"page.html": BODY},
            ) as nginx:
                yield nginx

    def run(
        self, *ops: Op, more: str = "", proxied: Reply | None = None, path: str = "/page.html"
    ) -> tuple[Response, list[str]]:
        """The response, and what each operation gave."""
        with self.serving(*ops, more=more, proxied=proxied) as nginx:
            response = client.request(nginx.port, path, headers=REQUEST)
            over2 = http2.request(nginx.http2_port, path)
            for name in (op[1].lower() for op in ops if op[0] in ("set", "add", "del")):
                changed = [v for v in over2.all(name) if name not in CONNECTION]
                assert len(changed) == len(response.all(name)) or name in CONNECTION
        return response, (response.header("Results") or "").split("|")[:-1]


REQUEST = (
    ("X-Twice", "one"),
    ("x-twice", "two"),
    ("X-Empty", ""),
    ("Cookie", "a=1; b=2"),
    ("Cookie", "c=3"),
)
CONNECTION = ("connection", "keep-alive", "transfer-encoding")


@pytest.fixture
def mapping(nginx_target: Target, module: Path) -> Mapping:
    return Mapping(nginx_target, module)


@pytest.mark.parametrize(("name", "value"), SINGLE)
def test_single(name: str, value: str, mapping: Mapping) -> None:
    """Set twice, added, deleted and set again, in another case: there once, and read back."""
    for ops, wanted in (
        ([("set", name, value)], [value]),
        ([("set", name, "other"), ("set", name.lower(), value)], [value]),
        ([("add", name, value), ("add", name.upper(), value)], [value]),
        ([("set", name, value), ("del", name, "-")], []),
        ([("del", name, "-"), ("del", name, "-")], []),
        ([("del", name, "-"), ("set", name, value)], [value]),
    ):
        response, results = mapping.run(*ops, ("get", name, "-"), ("all", name, "-"))
        assert list(response.all(name)) == wanted, ops
        assert results[-2:] == [
            f"<{wanted[0]}>" if wanted else "None",
            "".join(map(_angled, wanted)),
        ]


@pytest.mark.parametrize("name", REPEATED)
def test_repeated(name: str, mapping: Mapping) -> None:
    response, results = mapping.run(
        ("add", name, "a"), ("add", name.lower(), "b"), ("get", name, "-"), ("all", name, "-")
    )
    assert list(response.all(name)) == ["a", "b"]
    assert results == ["0", "0", "<a>", "<a><b>"]
    response, results = mapping.run(
        ("add", name, "a"), ("add", name, "b"), ("set", name, "c"), ("all", name, "-")
    )
    assert list(response.all(name)) == ["c"] and results[-1] == "<c>"
    response, results = mapping.run(
        ("add", name, "a"), ("add", name, "b"), ("del", name, "-"), ("add", name, "c")
    )
    assert list(response.all(name)) == ["c"]


@pytest.mark.parametrize("name", [*REPEATED, *(name for name, _ in SINGLE)])
def test_from_an_upstream(name: str, mapping: Mapping) -> None:
    """What nginx stored in its fields from an upstream's response is replaced and removed."""
    passed = "proxy_pass_header Server; proxy_pass_header Date;"
    value = dict(SINGLE).get(name, "theirs")
    headers = ((name, value), *(((name, value),) if name in REPEATED else ()))
    reply = Reply((BODY,), headers=headers)
    response, results = mapping.run(("all", name, "-"), more=passed, proxied=reply)
    assert results == ["".join(map(_angled, response.all(name)))]
    response, results = mapping.run(("set", name, "mine"), more=passed, proxied=reply)
    assert list(response.all(name)) == ["mine"]
    response, results = mapping.run(
        ("del", name, "-"), ("get", name, "-"), more=passed, proxied=reply
    )
    assert list(response.all(name)) == [] and results[-1] == "None"


def test_many(mapping: Mapping) -> None:
    """More of them than nginx has room for in one piece."""
    names = [f"X-{n}" for n in range(50)]
    ops = [("add", name, name) for name in names]
    response, results = mapping.run(*ops, ("get", "X-49", "-"), ("all", "x-0", "-"))
    assert results[-2:] == ["<X-49>", "<X-0>"]
    ops += [("set", "X-49", "mine"), ("del", "X-30", "-"), ("add", "X-20", "b")]
    response, results = mapping.run(*ops, ("all", "X-20", "-"), ("items", "-", "-"))
    wanted = [(n, v) for n in names if n != "X-30" for v in (n, *(("b",) if n == "X-20" else ()))]
    wanted[wanted.index(("X-49", "X-49"))] = ("X-49", "mine")
    assert sorted(h for h in response.headers if h[0].startswith("X-")) == sorted(wanted)
    assert results[-2] == "<X-20><b>" and results[-1].count("<X-") == len(wanted)


def test_length(mapping: Mapping) -> None:
    response, results = mapping.run(("get", "content-length", "-"), ("del", "Content-Length", "-"))
    assert response.body == BODY and response.header("Transfer-Encoding") == "chunked"
    assert results == [f"<{len(BODY)}>", "0"]
    ops = (("set", "Content-Length", "4"), ("get", "Content-Length", "-"))
    with mapping.serving(*ops) as nginx, client.Connection(nginx.port) as connection:
        connection.send("/page.html")
        response = connection.receive()
        assert response.body == BODY[:4]
        assert response.header("Results") == "0|<4>|"
    for bad in ("x", "-1", "1.5", "99999999999999999999"):
        response, results = mapping.run(("set", "Content-Length", bad))
        assert response.header("Content-Length") == str(len(BODY)) and results == [DECLINED]


def test_type_and_charset(mapping: Mapping) -> None:
    get = ("get", "Content-Type", "-")
    charset = "charset utf-8; charset_types text/html text/x-mine;"
    response, results = mapping.run(get, ("set", "Content-Type", "text/x-mine"), get, more=charset)
    assert response.header("Content-Type") == "text/x-mine; charset=utf-8"
    kept = ("set", "Content-Type", "text/html; charset=koi8-r")
    response, results = mapping.run(kept, get, more=charset)
    assert response.header("Content-Type") == "text/html; charset=koi8-r"
    assert results[-1] == "<text/html; charset=koi8-r>"
    reply = Reply((BODY,), headers=(("Content-Type", "text/html; charset=koi8-r"),))
    response, results = mapping.run(get, ("set", "Content-Type", "a/b"), get, proxied=reply)
    assert response.header("Content-Type") == "a/b"
    assert results[0] == "<text/html; charset=koi8-r>" and results[-1] == "<a/b>"


def test_written_by_nginx(mapping: Mapping) -> None:
    """Ranges, the time of the file, and Server and Date, which are not known yet."""
    names = ("Accept-Ranges", "Last-Modified", "ETag", "Server", "Date")
    response, results = mapping.run(*(("get", name, "-") for name in names))
    assert results[:3] == [_angled(response.header(name) or "") for name in names[:3]]
    assert results[3:] == ["None", "None"]
    assert response.header("Server") and response.header("Date")
    response, _ = mapping.run(("set", "Accept-Ranges", "bytes"))
    assert response.all("Accept-Ranges") == ("bytes",)


def test_ranges(mapping: Mapping) -> None:
    """nginx cuts them as the headers say that are sent."""
    time = "Thu, 01 Jan 1970 00:00:10 GMT"
    for ops, wanted in (
        ([("set", "Accept-Ranges", "bytes")], 200),
        ([("set", "Accept-Ranges", "none")], 200),
        ([("del", "Accept-Ranges", "-")], 200),
        ([("set", "Last-Modified", time)], 206),
        ([("set", "Last-Modified", time), ("set", "Accept-Ranges", "bytes")], 206),
        ([("set", "Last-Modified", time), ("set", "Accept-Ranges", "none")], 200),
        ([("set", "Last-Modified", time), ("del", "Accept-Ranges", "-")], 200),
        ([("set", "Last-Modified", time), ("del", "Last-Modified", "-")], 200),
    ):
        with mapping.serving(*ops) as nginx:
            asked = (("Range", "bytes=3-6"), ("If-Range", time))
            response = client.request(nginx.port, "/page.html", headers=asked)
        assert (response.status, response.body) == (wanted, BODY[3:7] if wanted == 206 else BODY)


def test_items(mapping: Mapping) -> None:
    response, (results,) = mapping.run(("items", "-", "-"))
    for name in ("Content-Type", "Content-Length", "Last-Modified", "ETag", "Accept-Ranges"):
        assert results.count(f"<{name}: {response.header(name)}>") == 1


def test_refused(mapping: Mapping) -> None:
    ops = [("set", "X-Foo", f"a{bad}b") for bad in "\r\n"]
    ops += [("add", name, "v") for name in ("X Foo", "X:Foo", "", "X\rFoo", "Ä", "Connection")]
    ops += [("set", name, "v") for name in ("Transfer-Encoding", "keep-alive")]
    response, results = mapping.run(*ops)
    assert results == [DECLINED] * len(ops)
    assert response.header("X-Foo") is None


def test_request(mapping: Mapping) -> None:
    _, results = mapping.run(
        ("in_get", "x-TWICE", "-"),
        ("in_all", "X-Twice", "-"),
        ("in_get", "X-None", "-"),
        ("in_get", "X-Empty", "-"),
        ("in_items", "-", "-"),
        ("arg", "q", "-"),
        ("arg", "none", "-"),
        ("cookie", "b", "-"),
        ("cookie", "c", "-"),
        ("cookie", "none", "-"),
        ("cookie", "", "-"),
        path="/page.html?p=1&q=%20x&r",
    )
    assert results[:4] == ["<one>", "<one><two>", "None", "<>"]
    assert "<X-Twice: one>" in results[4] and "<Host: localhost>" in results[4]
    assert results[5:] == ["<%20x>", "None", "<2>", "<3>", "None", "None"]


def test_variables(mapping: Mapping) -> None:
    more = "set $mine first; add_header X-Mine $mine; mapping_numbers 1 -2; mapping_numbers 30;"
    more += "add_header X-Uri $uri;"  # which has a place of its own then
    response, results = mapping.run(
        ("var", "mine", "-"),
        ("set_var", "MINE", "second"),
        ("var", "Mine", "-"),
        ("var", "uri", "-"),
        ("var", "arg_q", "-"),
        ("var", "arg_none", "-"),
        ("var", "no_such_variable", "-"),
        ("set_var", "uri", "x"),
        ("set_var", "no_such_variable", "x"),
        ("set_var", "args", "a=b"),
        ("var", "args", "-"),
        more=more,
        path="/page.html?q=1",
    )
    assert results[:7] == ["<first>", "0", "<second>", "</page.html>", "<1>", "None", "None"]
    assert results[7:] == [DECLINED, DECLINED, "0", "<a=b>"]
    assert response.header("X-Mine") == "second"
    assert response.header("X-Uri") == "/page.html"
    assert (response.header("Results") or "").endswith("|1,-2,30,")


def _angled(value: str) -> str:
    return f"<{value}>"


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
