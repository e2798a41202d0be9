"""What the pytest plugin keeps for a session: filters under CPython, and the servers that run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

from pyngx.testing.body import cut, every_cut
from pyngx.testing.client import Response as Seen
from pyngx.testing.client import request
from pyngx.testing.given import HOST, TYPE, Given, Pairs, asked_for, pairs
from pyngx.testing.lives.compare import differences
from pyngx.testing.lives.life import Answers, CPython, InNginx, Place, refused_words
from pyngx.testing.lives.modules import binary, built, contents
from pyngx.testing.nginx import ConfigRefused, Nginx, NginxFault, judge_log
from pyngx.testing.reading import ConfRefused
from pyngx.testing.simulation import Failure, Response

Source = str | Path | ModuleType
MOST = 6
"""So many servers run at a time; the one that was used longest ago is stopped for a new one."""


class Differs(AssertionError):
    """A body that is cut elsewhere gives another response."""


def path_of(filter: Source) -> Path:
    """The file of a filter."""
    named = filter.__file__ if isinstance(filter, ModuleType) else filter
    return Path(named or "").resolve()


class Server:
    """A real nginx with filters, on loopback, in whose document root are the test's files."""

    def __init__(self, nginx: Nginx) -> None:
        self.nginx = nginx
        self.allow: tuple[str, ...] = ()
        """Patterns of lines at ``error`` in the log that are no fault."""
        self._judged = 0

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        return self.nginx.port

    @property
    def url(self) -> str:
        """Where it serves, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def root(self) -> Path:
        """The document root."""
        return self.nginx.root

    def get(self, path: str = "/", *, method: str = "GET", headers: Pairs = ()) -> Seen:
        """One request over a connection of its own; the framing of the response is checked."""
        given = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in pairs(headers)]
        return request(self.port, path, method=method, headers=given)

    def error_log(self) -> str:
        """What the error log has since the test began."""
        return self.nginx.error_log()[self._judged :]

    def judge(self) -> None:
        """Look at the new lines of the error log.

        Raises:
            NginxFault: a line that no correct filter causes.
        """
        new = self.error_log()
        self._judged += len(new)
        if wrong := judge_log(new, self.allow):
            raise NginxFault("nginx's error log has:\n" + "\n".join(wrong[:20]))


@dataclass
class Session:
    """The lives of filters that tests have asked for."""

    every_cut: bool = False
    """Whether each body is run at every cut."""
    _cpython: dict[object, CPython] = field(default_factory=dict)
    _lives: dict[object, InNginx] = field(default_factory=dict)
    _servers: dict[object, Server] = field(default_factory=dict)
    _faults: list[NginxFault] = field(default_factory=list)

    def cpython(self, filter: Source) -> CPython:
        """A filter under CPython, loaded once as long as its file stays the same."""
        path = path_of(filter)
        key = filter if isinstance(filter, ModuleType) else (path, contents(path.parent))
        if key not in self._cpython:
            self._cpython[key] = CPython(filter if isinstance(filter, ModuleType) else path)
        return self._cpython[key]

    def in_nginx(self, filter: Source, given: Given, subrequests: Iterable[str]) -> InNginx:
        """A filter in nginx, started once for each configuration.

        Raises:
            ConfRefused: nginx does not start with it.
            BuildError, Refused: there is no nginx, or no module.
        """
        path, uris = path_of(filter), tuple(subrequests)
        key = (path, contents(path.parent), given.conf, given.server, given.http, uris)
        life = self._lives.pop(key, None)
        if life is None:
            self._stop(self._lives, MOST - 1)
            life = InNginx(
                built(path), [self._place(filter, given)], http=given.http, subrequests=uris
            )
            life.__enter__()
        self._lives[key] = life
        return life

    def _place(self, filter: Source, given: Given) -> Place:
        try:
            return self.cpython(filter).place(given)
        except ConfRefused:  # nginx is asked all the same
            return Place(given.conf, given.server)

    def server(
        self, filters: Sequence[Source], *, http: str, server: str, locations: str
    ) -> Server:
        """An nginx with filters, started once for each configuration.

        Raises:
            ConfRefused: nginx does not start with it.
            BuildError, Refused: there is no nginx, or no module.
        """
        paths = [path_of(one) for one in filters]
        known = tuple((path, contents(path.parent)) for path in paths)
        key = (known, http, server, locations)
        found = self._servers.pop(key, None)
        if found is None:
            self._stop(self._servers, MOST - 1)
            modules = [built(path).module for path in paths]
            nginx = Nginx(binary(), modules=modules, http=http, server=server, locations=locations)
            found = Server(nginx)
            try:
                nginx.__enter__()
            except ConfigRefused as refused:
                raise ConfRefused(refused_words(str(refused))) from None
        self._servers[key] = found
        return found

    def close(self) -> None:
        """Stop every server.

        Raises:
            NginxFault: what one of them has logged at its end.
        """
        self._stop(self._lives, 0)
        self._stop(self._servers, 0)
        if self._faults:
            raise self._faults[0]

    def _stop(self, running: dict[object, InNginx] | dict[object, Server], most: int) -> None:
        while len(running) > most:
            one = running.pop(next(iter(running)))
            try:
                if isinstance(one, InNginx):
                    one.__exit__(None, None, None)
                else:
                    one.nginx.allow = (".*",)  # an error is judged with its test
                    one.judge()
                    one.nginx.__exit__(None, None, None)
            except NginxFault as fault:
                self._faults.append(fault)


class Served:
    """`simulate` in one of the two lives, behind an upstream that gives the responses."""

    def __init__(self, life: str, session: Session, allow: Sequence[str] = ()) -> None:
        self.life = life
        self._session = session
        self._allow = tuple(allow)
        self._errors: list[Failure] = []
        self._used: list[InNginx] = []

    def __call__(
        self,
        filter: Source,
        *,
        body: bytes | Iterable[bytes] = b"",
        status: int = 200,
        headers: Pairs = TYPE,
        request_headers: Pairs = HOST,
        method: str = "GET",
        uri: str | bytes = "/",
        args: str | bytes = "",
        conf: str = "",
        server: str = "",
        http: str = "",
        cuts: Iterable[int] = (),
        subrequests: Answers | None = None,
    ) -> Response:
        """The response. The length of ``body`` is known to nginx if it is ``bytes`` and there are
        no ``cuts``; else it comes in chunks, which nginx makes its buffers of.

        Raises:
            ConfRefused: nginx does not start with the configuration.
            Differs: every cut was asked for, and one gives another response.
        """
        places = tuple(cuts)
        asked = asked_for(
            body=body,
            status=status,
            headers=headers,
            request_headers=request_headers,
            method=method,
            uri=uri,
            args=args,
            cuts=places,
            conf=conf,
            server=server,
            http=http,
        )
        if not any(name.lower() == b"host" for name, _ in asked.request_headers):
            # without it nginx refuses the request
            asked = replace(asked, request_headers=(*HOST, *asked.request_headers))
        asked = replace(asked, known=asked.known and not places)
        answers = dict(subrequests or {})
        if self._session.every_cut:
            self._at_every_cut(filter, asked, answers)
        return self._respond(filter, asked, answers)

    def _respond(self, filter: Source, given: Given, answers: Answers) -> Response:
        if self.life == "cpython":
            found = self._session.cpython(filter).respond(given, answers)
        else:
            life = self._session.in_nginx(filter, given, answers)
            life.allow = self._allow
            self._used.append(life)
            found = life.respond(given, subrequests=answers)
        self._errors += found.errors
        return found

    def judge(self) -> list[str]:
        """The run-time errors that were not expected.

        Raises:
            NginxFault: nginx has logged what no correct filter causes.
        """
        for life in dict.fromkeys(self._used):
            life.judge()
        every = dict.fromkeys(map(str, self._errors))
        return [e for e in every if not any(re.search(p, e) for p in self._allow)]

    def _at_every_cut(self, filter: Source, given: Given, answers: Answers) -> None:
        whole = None
        for places in every_cut(given.body):
            pieces = tuple(cut(given.body, places))
            cut_up = Given(**{**vars(given), "pieces": pieces, "known": False})
            found = self._respond(filter, cut_up, answers)
            if whole is None:
                whole = found
            elif different := list(differences(found, whole)):
                where = f"{len(places)} cuts" if len(places) > 1 else f"cut at {places[0]}"
                lines = [f"{d.part}: {d.one!r}, whole: {d.other!r}" for d in different]
                raise Differs(
                    f"the body in pieces ({where}) gives another response in {self.life}:\n"
                    f"pieces: {list(pieces)!r}\n" + "\n".join(lines)
                )
