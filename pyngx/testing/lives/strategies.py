"""What Hypothesis generates for a filter file: responses of the application, and requests.

Simple things come first in every choice, because Hypothesis shrinks towards them.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from pyngx.testing.body import cut
from pyngx.testing.given import HOST, Given
from pyngx.testing.lives.configurations import Conf
from pyngx.testing.lives.words import Words

STATUSES = (200, 404, 500, 206, 301, 302, 201, 403, 304, 204, 503)
TYPES = (b"text/html", b"text/plain", b"application/json", b"text/css", b"text/html; charset=utf-8")
METHODS = ("GET", "HEAD", "POST")
RESPONSE = (
    b"ETag",
    b"Cache-Control",
    b"X-A",
    b"Last-Modified",
    b"Content-Encoding",
    b"Location",
    b"Set-Cookie",
    b"Vary",
    b"Link",
    b"Accept-Ranges",
    b"Content-Type",
)
REQUEST = (b"User-Agent", b"Referer", b"Cookie", b"Accept", b"X-A", b"Accept-Language")
NGINX_REQUEST = (
    b"host connection content-length transfer-encoding expect upgrade range keep-alive te"
)
NGINX_REQUEST += (
    b" if-range if-match if-none-match if-modified-since if-unmodified-since trailer via"
)
NGINX_RESPONSE = (
    b"content-length transfer-encoding connection keep-alive date server status upgrade"
)
NGINX_RESPONSE += b" trailer x-pad content-range proxy-connection"
REPEATED = (b"set-cookie", b"x-a", b"link")
VALUES: tuple[bytes, ...] = (
    b"a",
    b"",
    b"1",
    b"gzip",
    b'"e"',
    b'W/"e"',
    b"a=b; c=d",
    b"no-cache, max-age=60",
    b"bytes",
)
VALUES += (
    b"Thu, 01 Jan 2015 00:00:00 GMT",
    b"text/html, */*;q=0.5",
    b"http://o/a?b#c",
    b"\xc3\xa9",
)
TOKENS = (
    b"a",
    b"\n",
    b" ",
    b"b",
    b"\r\n",
    b"1",
    b",",
    b"<b>",
    b"</b>",
    b'"',
    b"=",
    b"\t",
    b"-",
    b"\x00",
    b"\xff",
    b"\xc3\xa9",
    b"A",
    b"\\",
    b"'",
    b"{",
    b"}",
    b"&amp;",
    b":",
    b"\r",
)
SIZES = (1, 2, 7, 20, 63, 64, 65, 255, 256, 1000, 1024, 2000, 4095, 4096, 4097, 10_000)
"""Bytes of a long run: short ones mostly, because CPython may need long for a long one."""


def pieces_of(words: Words) -> tuple[bytes, ...]:
    """The words of the file, each also cut in its middle, and numbers as text."""
    found = list(words.literals)
    for literal in words.literals:
        if len(literal) > 1:
            found += [literal[:-1], literal[1:], literal[: len(literal) // 2]]
        found += [literal.upper(), literal.lower()]
    found += [str(number).encode() for number in words.numbers]
    return tuple(dict.fromkeys(found))


def bodies(words: Words) -> st.SearchStrategy[bytes]:
    """Bodies of tokens, of lines, of long runs, and of any bytes."""
    token = st.sampled_from(TOKENS)
    own = pieces_of(words)
    if own:
        token = st.one_of(token, st.sampled_from(own), st.sampled_from(own))
    short = st.lists(token, max_size=12).map(b"".join)
    lines = st.lists(st.lists(token, max_size=4).map(b"".join), min_size=1, max_size=8)
    long = st.builds(
        lambda before, one, size, after: before + one * (size // len(one) + 1) + after,
        short,
        token,
        st.sampled_from(SIZES),
        short,
    )
    binary = st.binary(max_size=40)
    return st.one_of(short, short, lines.map(b"\n".join), binary, long)


def _cuts(draw: st.DrawFn, body: bytes) -> tuple[int, ...] | None:
    """Not cut, with a known length (None) or an unknown one; or at some places."""
    number = draw(st.integers(0, 4))
    if number < 2 or len(body) < 2:
        return None if number == 0 else ()
    place = st.integers(1, len(body) - 1)
    return tuple(sorted({draw(place) for _ in range(number - 1)}))


def _allowed(names: Sequence[bytes], taken: bytes) -> list[bytes]:
    closed = set(taken.split())
    found = dict.fromkeys(names)
    return [
        n
        for n in found
        if n.lower() not in closed and b"_" not in n and not n.lower().startswith(b"x-accel-")
    ]


def _header_values(words: Words) -> st.SearchStrategy[bytes]:
    own = [w for w in pieces_of(words) if w == w.strip() and all(32 <= c != 127 for c in w)]
    numbers = [str(number).encode() for number in words.numbers]
    return st.sampled_from([*VALUES, *own, *numbers])


def response_headers(words: Words) -> st.SearchStrategy[tuple[tuple[bytes, bytes], ...]]:
    """A type, and headers that the file asks for or that are usual."""
    names = _allowed([*words.response_headers, *RESPONSE], NGINX_RESPONSE)
    types = [*TYPES, *(w for w in words.literals if _is_type(w))]
    kind = st.sampled_from(types).map(lambda value: ((b"Content-Type", value),))
    pair = st.tuples(st.sampled_from(names), _header_values(words))
    more = st.lists(pair, max_size=4).map(_once)
    return st.tuples(kind, more).map(lambda both: _once((*both[0], *both[1])))


def request_headers(words: Words) -> st.SearchStrategy[tuple[tuple[bytes, bytes], ...]]:
    """Headers that the file asks for or that are usual, and its cookies."""
    names = _allowed([*words.request_headers, *REQUEST], NGINX_REQUEST)
    pair = st.tuples(st.sampled_from(names), _header_values(words))
    found = st.lists(pair, max_size=4)
    if words.cookies:
        cookie = st.tuples(st.sampled_from(words.cookies), _header_values(words))
        line = st.lists(cookie, min_size=1, max_size=3).map(
            lambda pairs: (b"Cookie", b"; ".join(name + b"=" + value for name, value in pairs))
        )
        found = st.one_of(found, st.builds(lambda one, more: [one, *more], line, found))
    return found.map(lambda pairs: (*HOST, *_once(pairs)))


def _once(pairs: Sequence[tuple[bytes, bytes]]) -> tuple[tuple[bytes, bytes], ...]:
    """The headers without those that may be there once only and came before."""
    seen: set[bytes] = set()
    kept = []
    for name, value in pairs:
        if name.lower() in REPEATED or name.lower() not in seen:
            kept.append((name, value))
        seen.add(name.lower())
    return tuple(kept)


def _is_type(word: bytes) -> bool:
    kind, slash, rest = word.partition(b"/")
    return bool(slash) and kind.isalpha() and rest.replace(b"-", b"").replace(b"+", b"").isalnum()


def arguments(words: Words) -> st.SearchStrategy[bytes]:
    """``name=value`` pairs, of the names that the file asks for."""
    names = st.sampled_from([*words.args, b"a"])
    numbers = [str(number).encode() for number in words.numbers]
    own = [w for w in words.literals if w.isalnum()]
    values = st.sampled_from(
        [b"", b"1", b"0", b"-1", b"a", b"%20", b"a%2Fb", b"x,y", *numbers, *own]
    )
    value = st.one_of(values, st.integers(-(2**64), 2**64).map(lambda n: str(n).encode()))
    pair = st.one_of(st.tuples(names, value).map(b"=".join), names)
    most = 3 if words.args else 1
    return st.lists(pair, max_size=most).map(b"&".join)


def uris(words: Words) -> st.SearchStrategy[bytes]:
    """Paths, also of the file's own words."""
    own = [w for w in words.literals if w.startswith(b"/") and _is_path(w)]
    parts = [w for w in words.literals if _is_path(w) and b"/" not in w]
    part = st.sampled_from([b"page", b"a", b"a%20b", b"%C3%A9", b"x.html", b"17", *parts])
    paths = st.lists(part, max_size=3).map(lambda found: b"/" + b"/".join(found))
    return st.one_of(paths, st.sampled_from([b"/", *own]))


def _is_path(word: bytes) -> bool:
    safe = word.replace(b"-", b"").replace(b"_", b"").replace(b"/", b"").replace(b".", b"")
    return safe.isalnum() and b".." not in word and b"//" not in word and b"/." not in word


def responses(words: Words, confs: Sequence[Conf], http: str) -> st.SearchStrategy[Given]:
    """A response of the application with its request, in one of the configurations."""
    body_of, headers_of, asked_of = bodies(words), response_headers(words), request_headers(words)
    uri_of, args_of = uris(words), arguments(words)
    own = [number for number in words.numbers if 200 <= number < 600]
    status_of = st.sampled_from([200, 200, 200, *STATUSES, *own])
    method_of = st.sampled_from(["GET", "GET", "GET", *METHODS])
    conf_of = st.sampled_from(confs)

    @st.composite
    def response(draw: st.DrawFn) -> Given:
        body = draw(body_of)
        places = _cuts(draw, body)
        conf = draw(conf_of)
        return Given(
            pieces=tuple(cut(body, places or ())),
            known=places is None,
            status=draw(status_of),
            headers=draw(headers_of),
            request_headers=draw(asked_of),
            method=draw(method_of),
            uri=draw(uri_of),
            args=draw(args_of),
            conf=conf.conf,
            server=conf.server,
            http=http,
        )

    return response()
