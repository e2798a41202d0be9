"""The two lives of a filter: the same response under CPython, and in a real nginx."""

from __future__ import annotations

import logging
import re
import select
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType, TracebackType

from pyngx.testing.client import BadResponse
from pyngx.testing.client import Response as Seen
from pyngx.testing.conf import Configuration
from pyngx.testing.given import Given
from pyngx.testing.lives import errorlog
from pyngx.testing.lives.exchange import Client, Upstream, reply_of
from pyngx.testing.lives.modules import Built, binary
from pyngx.testing.loading import Filter, filter_of
from pyngx.testing.nginx import DEADLINE, ConfigRefused, Nginx, NginxFault, free_port
from pyngx.testing.reading import ConfRefused
from pyngx.testing.simulation import Answer, Response, configured, respond

OWN = ("date", "server", "connection", "transfer-encoding", "keep-alive")
"""Headers that nginx writes by itself."""
STALE = 0.5
"""Seconds after which a request that got no answer on a used connection is taken not to have
arrived: nginx closes some connections unannounced, after the page of a status that a filter answers
with. One that did arrive leaves its line at once."""
BUFFER = 65536
"""A response with its header up to so many bytes arrives in one piece."""
HTTP = """
    server_tokens off;
    msie_padding off;
    port_in_redirect off;
    upstream pyngx_upstream {{
        server unix:{{prefix}}/upstream;
        keepalive 2;
        keepalive_requests 1000000000;
        keepalive_timeout 1h;
    }}
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_buffering off;
    proxy_buffer_size {buffer};
    proxy_buffers 4 {buffer};
    proxy_busy_buffers_size {buffer};
    proxy_redirect off;
    proxy_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering
                         X-Accel-Charset;
    log_format pyngx_values '{values}';
    {http}"""
SERVER = """
    server {{
        listen 127.0.0.1:{port};
        server_name localhost;
        keepalive_timeout 1h;
        keepalive_requests 1000000000;
        postpone_output 0;
        access_log {{prefix}}/logs/seen.log pyngx_values;
        {server}
        location / {{
            proxy_pass http://pyngx_upstream/r/;
            {conf}
        }}
{subrequests}
    }}"""
SUBREQUEST = """        location = "{uri}" {{
            internal;
            proxy_pass "http://pyngx_upstream/s{uri}";
        }}"""
NGINX_OWN = ("request_id", "server_port", "remote_port", "connection", "connection_requests", "pid")
"""Variables of nginx's own that are others each time."""
NONE = b"-"
"""How nginx's log writes a variable that has no value."""
Answers = Mapping[str, Answer]


@dataclass(frozen=True)
class Place:
    """A configuration of a filter: the directives of a location and of its server, and the
    variables of the file's own that are there."""

    conf: str = ""
    server: str = ""
    variables: tuple[str, ...] = ()


class CPython:
    """A filter file under CPython, loaded once."""

    def __init__(self, source: Path | ModuleType) -> None:
        self.loaded: Filter = filter_of(source)
        self._configured: dict[tuple[str, str, str], Configuration] = {}

    def configured(self, given: Given) -> Configuration:
        """What the file makes of the configuration.

        Raises:
            ConfRefused: nginx would refuse it.
        """
        key = (given.conf, given.server, given.http)
        if key not in self._configured:
            self._configured[key] = configured(self.loaded, given)
        return self._configured[key]

    def place(self, given: Given) -> Place:
        """The configuration's place in nginx."""
        names = (*self.loaded.variables, *self.configured(given).named)
        return Place(given.conf, given.server, tuple(name.lower() for name in names))

    def respond(
        self,
        given: Given,
        subrequests: Answers | None = None,
        variables: Mapping[str, bytes] | None = None,
    ) -> Response:
        """The response, as nginx sends it for an upstream's."""
        proxied = replace(given, proxied=True)
        found = respond(self.loaded, self.configured(given), proxied, subrequests, variables)
        log = tuple(_as_nginx(r) for r in found.log if r.levelno > logging.DEBUG)
        values = {n.lower(): None if v == NONE else v for n, v in found.variables.items()}
        return replace(found, log=log, variables=values)


def _as_nginx(record: logging.LogRecord) -> logging.LogRecord:
    """The record with bytes as nginx writes them."""
    args = record.args
    if isinstance(args, tuple):
        args = tuple(_Written(a) if isinstance(a, bytes | bytearray) else a for a in args)
    return logging.makeLogRecord({**vars(record), "args": args})


class _Written(bytes):
    """Bytes that ``%s`` writes as they are, and ``%r`` as Python shows them."""

    def __str__(self) -> str:
        return self.decode("utf-8", "surrogateescape")


class InNginx:
    """A filter in an nginx of its own, with a server for each of some places, behind which an
    upstream gives the responses.

    Use it with ``with``; one request is made at a time. Lines of the error log that match one of
    ``allow`` are no fault.
    """

    def __init__(
        self,
        filter: Built,
        places: Sequence[Place],
        *,
        http: str = "",
        subrequests: Sequence[str] = (),
    ) -> None:
        self.allow: tuple[str, ...] = ()
        self.own: dict[str, bytes] = {}
        """Variables of nginx's own in the last response."""
        self._said = errorlog.says(filter.compiled)
        stem = Path(filter.compiled.module.source.path).stem
        self._logger = f"pyngx_filter_{stem}".replace("-", "_")
        self._places = tuple(places)
        self._ports = [free_port() for _ in places]
        self._names = tuple(dict.fromkeys(name for place in places for name in place.variables))
        self._clients: dict[int, Client] = {}
        self._wrong: list[str] = []
        self._asked = (b"", b"")
        values = " ".join(f'"${{{name}}}"' for name in (*self._names, *NGINX_OWN))
        inner = "\n".join(SUBREQUEST.format(uri=uri) for uri in subrequests)
        servers = "".join(
            SERVER.format(port=port, server=place.server, conf=place.conf, subrequests=inner)
            for port, place in zip(self._ports, places, strict=True)
        )
        self.nginx = Nginx(
            binary(),
            modules=[filter.module],
            http=HTTP.format(buffer=BUFFER, values=values, http=http),
            servers=servers,
        )

    def __enter__(self) -> InNginx:
        logs = self.nginx.prefix / "logs"
        for name in ("error.log", "seen.log"):
            (logs / name).touch()
        self._error, self._seen = (logs / "error.log").open("rb"), (logs / "seen.log").open("rb")
        self._upstream = Upstream(self.nginx.prefix / "upstream")
        try:
            self.nginx.start()
        except BaseException as error:
            self._close()
            if isinstance(error, ConfigRefused):
                raise ConfRefused(refused_words(str(error))) from None
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._hang_up()
            self.nginx.end()
            if kind is None:
                self.judge()
        finally:
            self._close()

    def _close(self) -> None:
        self._hang_up()
        self.nginx.kill()
        self._upstream.close()
        self._error.close()
        self._seen.close()
        self.nginx.close()

    def _hang_up(self) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def judge(self) -> None:
        """Look at what nginx itself has logged since the last time.

        Raises:
            NginxFault: a line that no correct filter causes.
        """
        if self._error.closed:  # it was judged when it ended
            return
        self._wrong += errorlog.read(self._error.read(), self._said).wrong()
        wrong, self._wrong = self._wrong, []
        wrong = [line for line in wrong if not any(re.search(p, line) for p in self.allow)]
        if wrong:
            raise NginxFault("nginx's error log has:\n" + "\n".join(wrong[:20]))

    def respond(self, given: Given, place: int = 0, subrequests: Answers | None = None) -> Response:
        """The response of nginx.

        Raises:
            NginxFault: its worker has crashed.
        """
        upstream = self._upstream
        upstream.reply = reply_of(given)
        upstream.answer = lambda uri, args: _answer(subrequests or {}, uri, args)
        upstream.error = None
        reused = place in self._clients
        seen = self._exchange(given, place)
        values, log = self._logged(STALE if reused and not seen.status else DEADLINE)
        if not values and reused:  # nginx had closed the connection
            seen = self._exchange(given, place)
            values, log = self._logged(DEADLINE)
        if not values:
            raise NginxFault("nginx's error log has:\n" + log.decode("utf-8", "replace"))
        if upstream.error is not None:
            raise upstream.error
        logged = errorlog.read(log + self._error.read(), self._said)
        self._wrong += logged.wrong()
        return Response(
            seen.status,
            tuple((n, v) for n, v in seen.headers if n.lower() not in OWN),
            seen.body,
            seen.complete,
            tuple(_record(self._logger, *record) for record in logged.records),
            logged.errors,
            self._variables(values, place),
        )

    def _logged(self, seconds: float) -> tuple[dict[str, bytes], bytes]:
        """The variables in the line that the last request leaves at its end, and the error log up
        to then.

        Raises:
            NginxFault: the worker has crashed.
        """
        end = time.monotonic() + seconds
        line = log = b""
        while True:
            line += self._seen.readline()
            log += self._error.read()
            if line.endswith(b"\n"):
                values = (_unescaped(value) for value in re.findall(rb'"(.*?)"', line))
                found = dict(zip((*self._names, *NGINX_OWN), values, strict=True))
                if (found["remote_port"], found["connection_requests"]) == self._asked:
                    return found, log
                line = b""  # of a request that was given up
            if b"exited on signal" in log:
                raise NginxFault("nginx's error log has:\n" + log.decode("utf-8", "replace"))
            if not line:
                if time.monotonic() > end:
                    return {}, log
                time.sleep(0.0002)

    def _exchange(self, given: Given, place: int) -> Seen:
        client = self._clients.pop(place, None)
        if client is not None and select.select([client.socket], [], [], 0)[0]:
            client.close()  # nginx has closed its end
            client = None
        client = client or Client(self._ports[place], self._upstream)
        target = given.uri + (b"?" + given.args if given.args else b"")
        headers = [(_latin(name), _latin(value)) for name, value in given.request_headers]
        client.requests += 1
        self._asked = (b"%d" % client.port, b"%d" % client.requests)
        try:
            client.send(_latin(target), method=given.method, headers=headers)
            seen = client.receive(given.method)
        except (BadResponse, ConnectionError) as error:
            seen = Seen(0, (), b"", str(error).encode(), False)
        if seen.complete and "close" not in seen.all("Connection") and seen.status == given.status:
            self._clients[place] = client
        else:
            client.close()
        return seen

    def _variables(self, found: Mapping[str, bytes], place: int) -> dict[str, bytes | None]:
        self.own = {name: found[name] for name in NGINX_OWN}
        wanted = self._places[place].variables
        return {n: None if found[n] == NONE else found[n] for n in self._names if n in wanted}


def _unescaped(value: bytes) -> bytes:
    return re.sub(rb"\\x([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]), value)


def _latin(text: bytes) -> str:
    return text.decode("latin-1")


def _answer(subrequests: Answers, uri: str, args: bytes) -> bytes:
    answer = subrequests[uri]
    return answer if isinstance(answer, bytes) else answer(args)


def _record(name: str, level: int, message: bytes) -> logging.LogRecord:
    return logging.makeLogRecord(
        {
            "name": name,
            "levelno": level,
            "levelname": logging.getLevelName(level),
            "msg": message.decode("utf-8", "surrogateescape"),
        }
    )


def refused_words(said: str) -> str:
    """What nginx says against a configuration, without the place in it."""
    found = re.search(r"\[emerg\] (?:\d+#\d+: )?(.*)", said)
    return re.sub(r" in \S+:\d+$", "", found[1]) if found else said
