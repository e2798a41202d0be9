"""nginx's own sub_filter in pyngx: what nginx's public tests do not judge, or judge weakly."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.examples import Built
from tests.examples.stock import sanitized, stand_in
from tests.harness import client
from tests.harness.builds import EXAMPLES, Target, pyngx
from tests.harness.case import PAGE, Case
from tests.harness.memory import MEMORY_ROADS
from tests.harness.nginx import ConfigRefused, check_config
from tests.harness.roads import ROADS, Road, run_roads
from tests.harness.site import reply, site
from tests.harness.upstream import Reply, cuts

RULES = ((b"aab", b"<1>"), (b"Ab", b""), (b"bcd", b"replaced by something longer"), (b"</b>", b"*"))
BODY = b"aaab aabAB abcd bcd</B>aa</b></b>x ab aaaabcdaab</baa"


def directives(rules: Sequence[tuple[bytes, bytes]], *more: str) -> str:
    """The configuration for rules; kept headers, so that the harness can judge what is left."""
    words = [f"sub_filter '{a.decode()}' '{b.decode()}';" for a, b in rules]
    return " ".join([*words, "sub_filter_types *; sub_filter_last_modified on;", *more])


def every(body: bytes, rules: Sequence[tuple[bytes, bytes]] = RULES) -> bytes:
    """Each match replaced: leftmost first, then in the order of the configuration."""
    texts = {a.lower(): b for a, b in reversed(rules)}
    pattern = b"|".join(re.escape(a) for a, _ in rules)
    return re.sub(pattern, lambda m: texts[m[0].lower()], body, flags=re.IGNORECASE)


def once(body: bytes, rules: Sequence[tuple[bytes, bytes]] = RULES) -> bytes:
    """Each rule applied once: after its match the others go on."""
    left = list(rules)
    done = b""
    while left:
        pattern = b"|".join(b"(%s)" % re.escape(a) for a, _ in left)
        found = re.search(pattern, body, re.IGNORECASE)
        if found is None:
            break
        assert found.lastindex is not None
        done += body[: found.start()] + left.pop(found.lastindex - 1)[1]
        body = body[found.end() :]
    return done + body


ROAD_RULES = ((b"fox", b"cat"), (b"<P>", b"<p class=x>"), (b"quick brown", b""), (b"n</p>", b"N"))


def case_of(built: Built) -> Case:
    """Rules that meet the bodies of the roads."""
    return Case(
        built.binary,
        modules=built.modules("sub"),
        env=built.env,
        conf=directives(ROAD_RULES, "sub_filter_once off;"),
        expected=lambda body: every(body, ROAD_RULES),
        length="cleared",
        statuses=None,
        after_gunzip=True,
        empty=False,
    )


@pytest.fixture(scope="module")
def built(nginx_target: Target) -> Built:
    """sub in an nginx that has none, but its own addition."""
    return stand_in(nginx_target, "sub")


@pytest.mark.parametrize("mode", (every, once))
def test_cuts(built: Built, mode: object) -> None:
    """Cut at every point, into single bytes, and whole: as Python replaces in the whole body."""
    switch = "sub_filter_once off;" if mode is every else ""
    wanted = every(BODY) if mode is every else once(BODY)
    case = Case(built.binary, modules=built.modules("sub"), conf=directives(RULES, switch))
    ways = [(BODY,), *cuts(BODY)]
    routes = {f"/{n}": reply(case, *way) for n, way in enumerate(ways)}
    with site(case, routes=routes, files={"body": BODY}) as at:
        paths = ["/body"]
        paths += [f"/{road}/{n}" for road in ("unbuffered", "buffered") for n in range(len(ways))]
        for path, response in zip(paths, client.keep_alive(at.nginx.port, paths), strict=True):
            assert response.complete and response.body == wanted, (path, response.body)


def test_once_for_overlapping_rules(built: Built) -> None:
    """A replaced string takes no part: what it would have hidden is found by the others."""
    rules = ((b"ab", b"1"), (b"abc", b"2"), (b"bcab", b"3"), (b"ab", b"4"))
    body = b"ab abc abcab ab ab"
    assert once(body, rules) == b"1 2 4cab ab ab"
    case = Case(built.binary, modules=built.modules("sub"), conf=directives(rules))
    routes = {f"/{n}": reply(case, *way) for n, way in enumerate([(body,), *cuts(body)])}
    with site(case, routes=routes) as at:
        for path in routes:
            assert at.get(f"/unbuffered{path}").body == once(body, rules), path


def test_as_the_stock_module(built: Built, nginx_target: Target) -> None:
    """Random rules and bodies of few letters, cut at random: the stock module's output.

    The bodies end in what begins no match: at the very end the stock module forgets a short match
    behind the beginning of a longer one.
    """
    dice = random.Random(1)
    case = Case(built.binary, modules=built.modules("sub"))
    own, routes = "", {}
    for n in range(40):
        words = {"".join(dice.choices("abC", k=dice.randint(1, 6))) for _ in range(n % 5 + 1)}
        rules = [(word.encode(), b"<%d>" % i) for i, word in enumerate(sorted(words))]
        dice.shuffle(rules)
        text = directives(rules, f"sub_filter_once {'on' if n % 2 else 'off'};")
        own += f"location /{n}/ {{ proxy_pass {{upstream}}/; proxy_buffering off; {text} }}"
        body = bytes(dice.choices(b"aBc", k=299)) + b"."
        edges = sorted(dice.sample(range(300), 40))
        ends = zip([0, *edges], [*edges, 300], strict=True)
        routes[f"/body{n}"] = reply(case, *(body[a:b] for a, b in ends))
    paths = [f"/{n}/body{n}" for n in range(40)]
    found = []
    for one in (case, Case(nginx_target.binary)):
        with site(one, routes=routes, locations=own) as at:
            found.append([r.body for r in client.keep_alive(at.nginx.port, paths)])
    assert found[0] == found[1]
    assert sum(b"<" in body for body in found[0]) > 30


def test_variables_in_both(built: Built) -> None:
    """Both strings may have variables; a pattern that is empty for a request does not count."""
    case = Case(
        built.binary,
        modules=built.modules("sub"),
        conf="sub_filter $arg_a '<$arg_b>'; sub_filter two$arg_c 2; sub_filter_types *;",
    )
    with site(case, files={"page": b"ONE two THREE twox"}) as at:
        assert at.get("/page?a=one&b=y").body == b"<y> 2 THREE twox"
        assert at.get("/page?c=x").body == b"ONE two THREE 2"
        assert at.get("/page?a=Three&c=x").body == b"ONE two <> 2"
    only = replace(case, conf="sub_filter $arg_a x; sub_filter_types *;")
    with site(only, files={"page": PAGE}) as at:
        response = at.get("/page")
        assert response.body == PAGE and response.header("Content-Length") == str(len(PAGE))
        assert response.header("ETag") and response.header("Last-Modified")
        long = "y" * 5000
        page = at.nginx.write_file("long", f"a{long}b".encode())
        assert at.get(f"/{page.name}?a={long.upper()}").body == b"axb"


def test_headers(built: Built) -> None:
    """The length and the validators go, unless the modification date is to stay."""
    case = Case(built.binary, modules=built.modules("sub"))
    own = """
        location /gone/ { alias {root}/; sub_filter a b; }
        location /kept/ { alias {root}/; sub_filter a b; sub_filter_last_modified on; }
        location /none/ { alias {root}/; sub_filter_last_modified off; sub_filter_types *; }
    """
    with site(replace(case, content_type="text/html"), files={"p": PAGE}, locations=own) as at:
        for place, headers in (("/gone/p", ()), ("/kept/p", ("Last-Modified", "ETag"))):
            for method in ("GET", "HEAD"):
                response = at.get(place, method=method)
                assert response.header("Content-Length") is None
                assert response.header("Accept-Ranges") is None
                for name in ("Last-Modified", "ETag"):
                    assert (response.header(name) is not None) == (name in headers), name
        assert (at.get("/kept/p").header("ETag") or "").startswith("W/")
        assert at.get("/none/p").body == PAGE
        assert at.get("/none/p").header("Content-Length") == str(len(PAGE))
        ranged = at.get("/gone/p", headers=[("Range", "bytes=0-3")])
        assert ranged.status == 200 and ranged.body == PAGE.replace(b"a", b"b", 1)
        date = at.get("/kept/p").header("Last-Modified") or ""
        assert at.get("/gone/p", headers=[("If-Modified-Since", date)]).status == 304


def test_parts_and_encoded_pass(built: Built) -> None:
    """A 206 and a compressed response of an upstream keep their bytes and all headers."""
    html = ("Content-Type", "text/html")
    stays = (("ETag", '"v"'), ("Last-Modified", "Thu, 01 Jan 2015 00:00:00 GMT"))
    part = (html, ("Content-Range", "bytes 0-2/9"), *stays)
    packed = (html, ("Content-Encoding", "br"), *stays)
    routes = {"/part": Reply((b"aaa",), 206, part), "/br": Reply((b"aaa",), headers=packed)}
    case = Case(built.binary, modules=built.modules("sub"), conf="sub_filter a b;")
    with site(case, routes=routes) as at:
        for path in routes:
            response = at.get(f"/buffered{path}")
            assert response.body == b"aaa" and response.header("Content-Length") == "3", path
            assert all(response.header(name) == value for name, value in stays), path


def test_types(built: Built) -> None:
    """HTML only unless said otherwise."""
    case = Case(built.binary, modules=built.modules("sub"), content_type="text/css")
    own = """
        location /html/ { alias {root}/; sub_filter a b; }
        location /css/ { alias {root}/; sub_filter a b; sub_filter_types text/css; }
    """
    with site(case, files={"p": b"a"}, locations=own) as at:
        assert at.get("/html/p").body == b"a"
        assert at.get("/css/p").body == b"b"


def test_refused_configuration(built: Built) -> None:
    """nginx's own words for what its own module refuses."""
    rules = "".join(f"sub_filter {n} x;" for n in range(256))
    for text, words in (
        ("sub_filter '' x;", "empty search pattern"),
        (rules, "number of search patterns exceeds 255"),
        ("sub_filter a;", "invalid number of arguments"),
        ("sub_filter_once maybe;", "invalid value"),
    ):
        with pytest.raises(ConfigRefused, match=words):
            check_config(built.binary, modules=built.modules("sub"), http=text)
    check_config(built.binary, modules=built.modules("sub"), http=rules.rpartition("sub_")[0])


def test_held_bytes_come_before_the_addition(built: Built) -> None:
    """What may begin a match at the end of the body is sent before what nginx's own addition
    module appends."""
    own = "location /added/ { proxy_pass {upstream}/; sub_filter fob x; add_after_body /after; }"
    own += 'location /after { default_type text/html; return 200 "after"; }'
    case = Case(built.binary, modules=built.modules("sub"))
    ways = [(b"XXXfo",), (b"XXX", b"fo"), (b"XXXf", b"o"), (b"XXXfobfo",), (b"XXXx",)]
    routes = {f"/{n}": reply(case, *way) for n, way in enumerate(ways)}
    with site(case, routes=routes, locations=own) as at:
        for n, way in enumerate(ways):
            wanted = b"".join(way).replace(b"fob", b"x") + b"after"
            assert at.get(f"/added/{n}").body == wanted


def test_stock_module_refused(nginx_target: Target) -> None:
    """A binary that has the module cannot take this one: pyngx says it, not nginx."""
    file = str(EXAMPLES / "sub.py")
    chosen = ("--nginx", str(nginx_target.binary), "--nginx-src", str(nginx_target.source))
    done = pyngx("build", file, "-o", "/nonexistent", *chosen)
    assert done.returncode == 1
    assert "has a ngx_http_sub_filter_module of its own" in done.stderr


@pytest.mark.parametrize("road", ROADS, ids=str)
def test_road(built: Built, road: Road) -> None:
    road.run(case_of(built))


@pytest.mark.parametrize("road", MEMORY_ROADS, ids=str)
def test_memory(built: Built, road: Road) -> None:
    """Clients that never read, small flushed pieces, many requests: memory as without it."""
    road.run(case_of(built))


def test_sanitized(packaged: Target) -> None:
    """All roads with each access to memory checked, both modules in the binary."""
    run_roads(case_of(sanitized(packaged, "sub", "addition")), ROADS)
