"""The server that roads drive: the filter on static files and on proxied ones, side by side."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.harness import client
from tests.harness.case import BUFFER, Case, pieces_of
from tests.harness.nginx import Nginx
from tests.harness.upstream import Framing, Reply, Upstream


@dataclass(frozen=True)
class Site:
    """A running nginx and the upstream behind it."""

    nginx: Nginx
    upstream: Upstream

    def get(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: Sequence[tuple[str, str]] = (),
        version: str = "1.1",
    ) -> client.Response:
        """One request over a connection of its own."""
        port = self.nginx.port
        return client.request(port, path, method=method, headers=headers, version=version)


@contextmanager
def site(
    case: Case,
    *,
    routes: Mapping[str, Reply] | None = None,
    files: Mapping[str, bytes] | None = None,
    locations: str = "",
    server: str = "",
    listen: str = "",
    allow: tuple[str, ...] = (),
) -> Iterator[Site]:
    """nginx with the filter in ``/`` (static), ``/unbuffered/``, ``/buffered/`` and ``/plain/``.

    ``/plain/`` serves the same files without the filter's directives.  ``{conf}`` and
    ``{upstream}`` in ``locations`` are replaced.
    """
    with Upstream(routes) as upstream:
        proxy = f"proxy_pass {upstream.url}/; proxy_http_version 1.1; {case.conf}"
        small = f"proxy_buffer_size {BUFFER}; proxy_buffers 4 {BUFFER}; "
        own = locations.replace("{conf}", case.conf).replace("{upstream}", upstream.url)
        with Nginx(
            case.binary,
            modules=case.modules,
            main=case.main,
            http=case.http,
            server=f"types {{ }} default_type {case.content_type};\n{server}",
            locations=f"""
        location / {{ {case.conf} }}
        location /plain/ {{ alias {{root}}/; }}
        location /unbuffered/ {{ {small} {proxy} proxy_buffering off; }}
        location /buffered/ {{ {small} {proxy} }}
        {own}""",
            files=files,
            listen=listen,
            env=case.env,
            allow=(*case.allow, *allow),
        ) as nginx:
            yield Site(nginx, upstream)


def reply(
    case: Case,
    *pieces: bytes,
    framing: Framing = "chunked",
    delay: float = 0.0,
    die_after: int | None = None,
) -> Reply:
    """A 200 of the case's content type; chunked, so that each piece is a buffer of its own."""
    headers = (("Content-Type", case.content_type),)
    return Reply(pieces, headers=headers, framing=framing, delay=delay, die_after=die_after)


def gzipped(case: Case, body: bytes) -> Reply:
    """The body compressed by the upstream, with a length and a strong ``ETag``."""
    packed = gzip.compress(body, mtime=0)
    headers = (
        ("Content-Type", case.content_type),
        ("Content-Encoding", "gzip"),
        ("ETag", '"v1"'),
    )
    return Reply(tuple(pieces_of(packed, 1000)), headers=headers)
