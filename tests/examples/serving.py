"""Examples in a running nginx, built in one of the ways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.examples import Built
from tests.harness import client
from tests.harness.case import LARGE, PAGE, SHORT
from tests.harness.client import Response
from tests.harness.nginx import ConfigRefused, Nginx, check_config
from tests.harness.upstream import Reply, Upstream

HTML = ("Content-Type", "text/html")
TEXT = b"<!-- Served by nginx -->"
FILES = {"page.html": PAGE, "page.txt": SHORT, "page.css": SHORT, "large.html": LARGE}
PEM = Path(__file__).with_name("localhost.pem")
PROXY = "proxy_http_version 1.1; proxy_pass {upstream}/;"


@dataclass
class Server:
    """A running nginx with some of the examples, and the upstream behind it."""

    nginx: Nginx
    upstream: Upstream

    def get(self, path: str, *headers: tuple[str, str], method: str = "GET") -> Response:
        """One complete response."""
        response = client.request(self.nginx.port, path, method=method, headers=headers)
        assert response.complete
        return response


@dataclass(frozen=True)
class Examples:
    """The examples, built in one way for one nginx."""

    built: Built

    @contextmanager
    def serve(
        self,
        *names: str,
        locations: str = "location / { }",
        http: str = "",
        server: str = "",
        routes: Mapping[str, Reply] | None = None,
    ) -> Iterator[Server]:
        """Serve ``FILES`` with these examples; ``{upstream}`` in a block is its URL."""
        with Upstream(routes) as upstream:
            blocks = (text.replace("{upstream}", upstream.url) for text in (locations, server))
            locations, server = blocks
            with Nginx(
                self.built.binary,
                modules=self.built.modules(*names),
                locations=locations,
                http=http,
                server=server,
                files=FILES,
                env=self.built.env,
            ) as nginx:
                yield Server(nginx, upstream)

    def refusal(self, *names: str, http: str = "", locations: str = "") -> str:
        """What nginx says of a configuration that it refuses."""
        modules = self.built.modules(*names)
        with pytest.raises(ConfigRefused) as refused:
            check_config(self.built.binary, modules=modules, http=http, locations=locations)
        return str(refused.value)
