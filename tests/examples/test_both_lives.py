"""Examples as users write them: CPython and nginx give the same response, for every cut."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from pyngx.testing import every_cut, simulate
from tests.examples import Workshop
from tests.harness import client
from tests.harness.builds import EXAMPLES, Target
from tests.harness.nginx import Nginx
from tests.harness.upstream import Reply, Upstream

Pairs = tuple[tuple[str, str], ...]
HTML = ("Content-Type", "text/html")
FAR = 4_102_444_800  # seconds; the first of January 2100


def _signed(path: str, expires: int, key: bytes = b"k") -> str:
    digest = hmac.new(key, b"%d\n%s" % (expires, path.encode()), hashlib.sha256).digest()
    sign = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return f"expires={expires}&sign={sign}"


@dataclass(frozen=True)
class Given:
    """One response of the application, and the request for it."""

    body: bytes = b""
    headers: Pairs = (HTML,)
    status: int = 200
    uri: str = "/page"
    args: str = ""
    request_headers: Pairs = ()


@dataclass(frozen=True)
class Example:
    """One example: its configuration, the responses it gets, a word that must come out, and the
    variables that a client may see."""

    name: str
    conf: str
    given: tuple[Given, ...]
    shows: bytes = b""
    variables: tuple[str, ...] = ()
    compared: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


VTT = b"""WEBVTT

1
00:01.000 --> 00:04.250 align:start
Hello

00:00:09.100 --> 01:02:03.004
there
now --> never
"""
CSV = b'a,"b ""x""",c\r\n1,two,"three\nlines"\n,-0.5,007,more\n\n"q",\\,\t\n'
JSON = (
    rb'{"user": "me", "password" : "s3cr\"et", "n": {"token": 12, "card": "4111 1111"},'
    rb' "x": "token"}'
)
PAGE = (
    b"<html><head><script>if (a < b) x('<a href=\"https://o/x\">')</script></head>\n"
    b'<a href="https://O/a" class=x>t</a><IMG src=\'https://o/i.png\' srcset="https://o/1 1x,'
    b' https://p/2 2x"/><a href=https://o/n>n</a><!-- <a href="https://o/"> --> 1 < 2 <a href="x'
)
COOKIES = (
    HTML,
    ("Set-Cookie", "_ga=1; Path=/"),
    ("Set-Cookie", "session=abc; Max-Age=99999; Path=/; Secure"),
    ("Set-Cookie", "other=1; SameSite=None; Expires=Wed, 21 Oct 2037 07:28:00 GMT"),
    ("Set-Cookie", "session=x; max-age=oops"),
)

EXAMPLES_OF_USERS = (
    Example(
        "html_links",
        "html_links_from https://o/; html_links_to //cdn/;",
        (Given(PAGE), Given(b"no tags"), Given(b"<<a href='https://o/'>>")),
        b"//cdn/a",
    ),
    Example(
        "cookie_policy",
        "cookie_policy _g* drop; cookie_policy session secure,httponly,strict,max=60;"
        " cookie_policy * secure,session,lax;",
        (Given(b"p", COOKIES), Given(b"p", COOKIES[:2]), Given(b"p")),
        compared=("set-cookie",),
    ),
    Example(
        "webvtt_shift",
        "webvtt_shift $arg_shift; webvtt_shift_types *;",
        tuple(
            Given(VTT, args=a) for a in ("", "shift=2.5", "shift=-5", "shift=x", "shift=-0.0001")
        ),
        b"00:00:03.500 --> 00:00:06.750 align:start",
    ),
    Example(
        "csv_jsonl",
        "csv_jsonl on; csv_jsonl_numbers on; csv_jsonl_types *;",
        (Given(CSV), Given(b"a,b"), Given(b'a\n"open'), Given(b"")),
        b'"_4": "more"',
        compared=("content-type",),
    ),
    Example(
        "robots",
        "robots on; robots_hide /s noindex; robots_hide /secret none,nofollow;"
        " robots_staging .test;",
        (
            Given(b"p"),
            Given(b"p", uri="/secret/x"),
            Given(b"p", uri="/a.PDF"),
            Given(b"p", status=404),
            Given(
                b"User-agent: *", uri="/robots.txt", request_headers=(("User-Agent", "bingbot"),)
            ),
            Given(b"p", request_headers=(("Host", "A.test:80"),)),
        ),
        variables=("robots_agent",),
        compared=("x-robots-tag", "content-type", "cache-control", "x-crawl-delay"),
    ),
    Example(
        "tally",
        "tally on; tally_quota 1k;",
        (Given(b"x" * 100), Given(b""), Given(b"y" * 1024)),
    ),
    Example(
        "signed_url",
        'signed_url_key "old" "k";',
        (
            Given(b"p"),
            Given(b"p", args=_signed("/page", FAR)),
            Given(b"p", args=_signed("/other", FAR)),
            Given(b"p", args=_signed("/page", 5)),
            Given(b"p", args="expires=1x&sign=a"),
        ),
        b"p",
    ),
    Example(
        "negotiate",
        "negotiate_languages en de pt-BR; negotiate_strict on;",
        tuple(
            Given(b"p", (HTML, ("Vary", "Accept-Encoding")), request_headers=h)
            for h in (
                (),
                (("Accept-Language", "de-AT, en;q=0.5"),),
                (("Accept-Language", "*;q=0.1, pt;q=0.9, de;q=0"),),
                (("Accept-Language", "fr, en; q=0"),),
                (("Cookie", "lang=pt-BR"), ("Accept-Language", "de")),
            )
        ),
        variables=("negotiated_language",),
        compared=("content-language", "vary"),
    ),
    Example(
        "json_mask",
        "json_mask password token card; json_mask_keep 4; json_mask_types *;",
        (Given(JSON), Given(b'{"password":"ab"}'), Given(b'["password", "token": tru'), Given(b"")),
        b'"token": null',
    ),
    Example(
        "log_vars",
        "log_vars_salt s; log_vars_magic on;",
        (
            Given(b"\x89PNG\r\n\x1a\nrest", (("Content-Type", "image/png"),), uri="/a/17/b"),
            Given(b"p", uri="/u/0123456789abcdef0/", request_headers=(("User-Agent", "Curl/8"),)),
            Given(b"", request_headers=(("User-Agent", "Mozilla Mobile Chrome/1 Safari/2"),)),
        ),
        variables=("log_agent", "log_device", "log_kind", "log_path"),
    ),
)
ALWAYS = ("content-length", "etag")


def _shown(headers: Iterable[tuple[str, str]], names: tuple[str, ...]) -> list[tuple[str, str]]:
    return sorted((n.lower(), v) for n, v in headers if n.lower() in names)


@pytest.mark.parametrize("example", EXAMPLES_OF_USERS, ids=str)
def test_both_lives(example: Example, nginx_target: Target, examples: Workshop) -> None:
    """Status, headers, variables and body; the body whole and in pieces."""
    built = examples.built("pyngx build", nginx_target)
    path = EXAMPLES / f"{example.name}.py"
    routes: dict[str, Reply] = {}
    asked: list[tuple[str, Given, tuple[int, ...] | None]] = []
    for number, given in enumerate(example.given):
        routes[f"/w{number}{given.uri}"] = Reply((given.body,), given.status, given.headers)
        asked.append((f"/w{number}{given.uri}", given, None))
        for k, way in enumerate(every_cut(given.body) if given.body else ()):
            ends = (0, *way, len(given.body))
            pieces = [given.body[a:b] for a, b in itertools.pairwise(ends)]
            routes[f"/c{number}x{k}{given.uri}"] = Reply(
                pieces, given.status, given.headers, "chunked"
            )
            asked.append((f"/c{number}x{k}{given.uri}", given, tuple(way)))
    shown = "".join(f"add_header X-{v.replace('_', '-')} ${v} always;" for v in example.variables)
    seen = b""
    with Upstream(routes) as upstream:
        locations = f"""location / {{
            rewrite ^/([wc][0-9x]+)(/.*)$ $2 break;
            proxy_pass {upstream.url}/$1$2; proxy_buffering off; proxy_http_version 1.1;
            {shown} {example.conf} }}"""
        with Nginx(
            built.binary,
            modules=built.modules(example.name),
            locations=locations,
            allow=(rf"{example.name}\.py:\d+: ValueError", "wrong signature"),
        ) as nginx:
            for target, given, cuts in asked:
                query = f"?{given.args}" if given.args else ""
                named = any(name == "Host" for name, _ in given.request_headers)
                host = () if named else (("Host", "localhost"),)
                got = client.request(nginx.port, target + query, headers=given.request_headers)
                wanted = simulate(
                    path,
                    body=given.body if cuts is None else [given.body],
                    cuts=cuts or (),
                    headers=given.headers,
                    status=given.status,
                    uri=given.uri,
                    args=given.args,
                    request_headers=(*host, *given.request_headers),
                    conf=example.conf,
                    variables={"remote_addr": b"127.0.0.1"},
                )
                place = f"{target} {given}"
                assert (got.status, got.complete) == (wanted.status, wanted.complete), place
                if got.status != given.status:
                    continue  # a page of nginx's own
                assert got.body == wanted.body, place
                names = (*ALWAYS, *example.compared) if cuts is None else example.compared
                assert _shown(got.headers, names) == _shown(wanted.headers, names), place
                for name in example.variables:
                    value = wanted.variables[name]
                    assert (got.header(f"X-{name.replace('_', '-')}") or "").encode() == (
                        value.encode() if isinstance(value, str) else value or b""
                    ), place
                seen += got.body
    assert example.shows in seen
