"""Append an access token to each URI of an HLS playlist.

A player that was let in with ``?token=…`` asks for variants, keys and segments without it, as the
playlist names them. ``hls_token`` gives the query that each URI of the playlist gets: those on
lines of their own, and those in the ``URI="…"`` of a tag such as ``#EXT-X-KEY``. If its value is
empty, the playlist stays as it is. ``hls_token_types`` are the types that are playlists. To try
it::

    location /live/ {
        hls_token token=$arg_token;
        proxy_pass http://127.0.0.1:8080;
    }

A line longer than 8 KiB, which no playlist has, passes as it is.
"""

from pyngx import Body, LocConf, MimeTypes, Stream, body_filter, directive, header_filter
from pyngx.ngx import (
    NGX_DECLINED,
    NGX_HTTP_OK,
    NGX_OK,
    ngx_http_complex_value_t,
    ngx_http_request_t,
    ngx_int_t,
)

LONGEST = 8192
URI = b'URI="'


class Conf(LocConf):
    token: ngx_http_complex_value_t | None = directive("hls_token", default=None)
    types: MimeTypes = directive(
        "hls_token_types",
        default=[b"application/vnd.apple.mpegurl", b"application/x-mpegurl", b"audio/mpegurl"],
    )


@header_filter
def header(r: ngx_http_request_t, conf: Conf) -> ngx_int_t:
    if conf.token is None or r.headers_out.status != NGX_HTTP_OK or not conf.types.matches(r):
        return NGX_DECLINED
    return NGX_OK


def uri_start(line: bytes) -> int:
    """Where the URI of this line starts; -1 if it has none."""
    if not line.startswith(b"#"):
        return 0 if line.strip() else -1
    at = line.find(URI)
    return -1 if at == -1 else at + len(URI)


@body_filter
def body(r: ngx_http_request_t, body: Body, conf: Conf) -> Stream:
    token = b"" if conf.token is None else conf.token.value(r)
    if not token:
        yield from body
        return

    inside = False  # of a line that is too long
    for line in body.lines(LONGEST):
        first = not inside
        inside = len(line) == LONGEST and not line.endswith(b"\n")
        start = uri_start(line) if first and not inside else -1
        end = line.find(b'"', start) if start > 0 else len(line.rstrip())
        if start == -1 or end == -1:
            yield line
            continue
        yield line[:end]
        yield b"&" if b"?" in line[start:end] else b"?"
        yield token
        yield line[end:]
