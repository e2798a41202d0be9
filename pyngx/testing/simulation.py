"""One response through a filter under CPython: what `simulate` does, in nginx's order."""

from __future__ import annotations

import contextvars
import logging
import traceback
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from pyngx import Body, RequestCtx, Subrequest
from pyngx.check.kinds import is_header_result
from pyngx.flow.effect import Change
from pyngx.ngx import next_body_filter, ngx_chain_t, ngx_http_request_t
from pyngx.testing.body import Pieces, buffer
from pyngx.testing.conf import Configuration, configure
from pyngx.testing.failures import on_their_way
from pyngx.testing.given import HOST, TYPE, Given, Pairs, asked_for
from pyngx.testing.headers import HeadersOut, as_bytes
from pyngx.testing.integers import storing
from pyngx.testing.loading import Filter, Role, filter_of, model
from pyngx.testing.request import HeadersIn, NotSimulated, Request
from pyngx.testing.returning import returned_at, returns
from pyngx.testing.statuspages import page

Answer = bytes | Callable[[bytes], bytes]
NO_BODY = (204, 304)
OK, ERROR, DECLINED = 0, -1, -5


@dataclass(frozen=True)
class Failure:
    """A run-time error, as the compiled filter writes it into the error log."""

    place: str
    """``footer.py:12``"""
    error: str
    """``IndexError``"""
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.error}" + (f": {self.message}" if self.message else "")


@dataclass(frozen=True)
class Response:
    """What a client sees, and what the filter did besides."""

    status: int
    """0 if the connection ends without a response."""
    headers: tuple[tuple[str, str], ...]
    body: bytes
    complete: bool
    """False if the connection ends before the response does."""
    log: tuple[logging.LogRecord, ...]
    errors: tuple[Failure, ...]
    variables: Mapping[str, bytes | None]
    """The file's own, after the response."""

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of that name."""
        return tuple(v for n, v in self.headers if n.lower() == name.lower())

    def header(self, name: str) -> str | None:
        """The first value of that name."""
        return next(iter(self.all(name)), None)


def simulate(
    filter: str | Path | ModuleType,
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
    main: bool = True,
    subrequests: Mapping[str, Answer] | None = None,
    variables: Mapping[str, bytes] | None = None,
) -> Response:
    """Run a filter file under CPython on one response.

    ``body`` is the response's body: ``bytes``, whose length nginx knows, or pieces that arrive one
    after the other. ``cuts`` are offsets at which it is cut. ``conf`` is the text of the location,
    ``server`` and ``http`` that of the outer levels. ``subrequests`` says what ``subrequest(uri)``
    answers: ``bytes``, or a function of the arguments. ``variables`` are more of nginx's.

    Raises:
        ConfRefused: nginx would refuse the configuration.
        TypeError, ValueError: an argument is nothing that nginx could be given.
        ImportError, OSError, SyntaxError: there is no filter in the file.
        LookupError: a subrequest goes to a place that ``subrequests`` does not have, or a variable
            is read whose value only a server knows.
    """
    asked = asked_for(
        body=body,
        status=status,
        headers=headers,
        request_headers=request_headers,
        method=method,
        uri=uri,
        args=args,
        cuts=cuts,
        conf=conf,
        server=server,
        http=http,
        main=main,
    )
    loaded = filter_of(filter)
    configuration = configured(loaded, asked, variables or ())
    return respond(loaded, configuration, asked, subrequests, variables)


def configured(loaded: Filter, given: Given, variables: Iterable[str] = ()) -> Configuration:
    """What a filter file makes of a configuration; ``variables`` are there besides nginx's.

    Raises:
        ConfRefused: nginx would refuse it.
    """
    return configure(
        loaded.classes,
        model(),
        given.texts,
        loaded.variable_directives,
        loaded.output,
        (*loaded.variables, *variables),
    )


def respond(
    loaded: Filter,
    configuration: Configuration,
    given: Given,
    subrequests: Mapping[str, Answer] | None = None,
    variables: Mapping[str, bytes] | None = None,
) -> Response:
    """Run a filter that was loaded and configured already; as `simulate`."""
    known = given.known and given.status not in NO_BODY
    length = len(given.body) if known else -1
    out = HeadersOut(given.status, given.headers, length, given.proxied)
    request = Request(
        model(),
        method=given.method,
        uri=given.uri,
        args=given.args,
        headers_in=HeadersIn(given.request_headers),
        headers_out=out,
        main=given.main,
    )
    request.variables.values.update(variables or {})
    run = _Run(loaded, configuration, request, dict(subrequests or {}))
    for set_ in configuration.variables:
        set_(request)
    pieces = () if given.status in NO_BODY else given.pieces
    return run.response(pieces, given.known and not given.proxied)


class _Failed(Exception):
    """The author's code raised; the failure is noted."""


class _Run:
    """The functions of one file at work on one response."""

    def __init__(
        self,
        loaded: Filter,
        configuration: Configuration,
        request: Request,
        subrequests: dict[str, Answer],
    ) -> None:
        self.filter = loaded
        self.configuration = configuration
        self.request = request
        self.subrequests = subrequests
        self.ctx: Any = None
        self.errors: list[Failure] = []
        self.records: list[logging.LogRecord] = []
        own = request.variables.own
        for name, role in loaded.variables.items():
            own[name.lower()] = partial(self._variable, role)
        for name, directive in configuration.named.items():
            role = loaded.variable_directives[directive]
            own[name] = partial(self._variable, role)

    def response(self, pieces: Sequence[bytes], known: bool) -> Response:
        """The whole response."""
        with self._logging():
            return self._response(pieces, known)

    def _response(self, pieces: Sequence[bytes], known: bool) -> Response:
        out = self.request.headers_out
        try:
            decision = OK if self.filter.header is None else self._decision(self.filter.header)
        except _Failed:
            decision = 500
        if decision == ERROR:
            return self._seen(0, (), b"", False)
        if decision not in (OK, DECLINED):
            return self._replaced(decision)
        taken = decision == OK and self._takes()
        if taken:
            self._header()
        status, headers = int(out.status), self._sent()
        if self.request.method_name == b"HEAD" or status in NO_BODY:
            return self._seen(status, headers, b"", True)
        sent: list[bytes] = []
        complete = True
        if taken:
            try:
                self._body(pieces, known, sent)
            except _Failed:
                complete = False
        else:
            sent += pieces
        body = b"".join(sent)
        declared = out.content_length_n
        return self._seen(status, headers, body, complete and declared in (-1, len(body)))

    def _seen(
        self, status: int, headers: tuple[tuple[str, str], ...], body: bytes, complete: bool
    ) -> Response:
        own = self.request.variables.own
        log, errors = tuple(self.records), tuple(self.errors)
        values = {name: get() for name, get in own.items()}
        return Response(status, headers, body, complete, log, errors, values)

    # What the header filter's frame does

    def _takes(self) -> bool:
        """Whether the body filter runs for this response."""
        found, out = self.filter.effect, self.request.headers_out
        if found is None or out.status in NO_BODY:
            return False
        if found.edits:
            if not self.filter.options.partial and out.status == 206:
                return False
            if not self.filter.options.encoded and out["Content-Encoding"]:
                return False
        return True

    def _header(self) -> None:
        self._context()
        found, out = self.filter.effect, self.request.headers_out
        assert found is not None
        if found.change is Change.SAME:
            return
        if not self.filter.sets_length:
            if found.change is Change.ADDED and out.content_length_n != -1:
                out.content_length_n += self._added()
            elif found.change is not Change.ADDED:
                del out["Content-Length"]
        del out["Accept-Ranges"]
        out.weaken_etag()

    def _added(self) -> int:
        """How many bytes a filter adds that only adds constants: what it makes of no body."""
        sent: list[bytes] = []
        self._body((), False, sent)
        return sum(map(len, sent))

    def _sent(self) -> tuple[tuple[str, str], ...]:
        """The headers as nginx writes them."""
        out = self.request.headers_out
        if out.status != 200:
            out.allow_ranges = False  # nginx cuts ranges from a 200 only
        if out.status not in (200, 206, 304):
            out.last_modified_time = -1
        if out.status == 204 and not out.status_line:
            out.content_type = b""
            out.content_length_n = -1
        if out.redirects and (place := out["Location"]):
            host = self.request.variable("host") or b""
            out["Location"] = b"http://" + host + place
        return tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in out.items())

    def _replaced(self, status: int) -> Response:
        """The page of a status, in the place of the response."""
        out = self.request.headers_out
        out.clear()
        if not self.request.is_main:
            return self._seen(status, (), b"", True)
        out.status, shown = page(status)
        if shown:
            out["Content-Type"] = b"text/html"
        out.content_length_n = len(shown)
        sent = self._sent()
        head = self.request.method_name == b"HEAD"
        return self._seen(int(out.status), sent, b"" if head else shown, True)

    # What the body filter does

    def _body(self, pieces: Sequence[bytes], known: bool, sent: list[bytes]) -> None:
        role = self.filter.body
        assert role is not None
        if any(p.kind is ngx_chain_t for p in role.parameters):
            self._chains(role, pieces, known, sent)
            return
        body = Pieces(pieces, known)
        items = self._call(role, body)
        while (item := self._next(items)) is not None:
            sent.append(self._data(item))

    def _next(self, items: Iterator[Any]) -> Any:
        try:
            return next(items)
        except StopIteration:
            return None
        except NotSimulated:
            raise
        except Exception as error:
            raise self._failed(error) from error

    def _data(self, item: Any) -> bytes:
        if not isinstance(item, Subrequest):
            return as_bytes(item)
        uri = as_bytes(item.uri).decode("latin-1")
        if uri not in self.subrequests:
            raise LookupError(f"subrequests= has no answer for {uri!r}")
        answer = self.subrequests[uri]
        return answer if isinstance(answer, bytes) else answer(as_bytes(item.args))

    def _chains(self, role: Role, pieces: Sequence[bytes], known: bool, sent: list[bytes]) -> None:
        def send(chain: ngx_chain_t) -> int:
            sent.extend(as_bytes(buf) for buf in chain)
            return OK

        def run() -> None:
            next_body_filter.set(send)
            buffers = [buffer(p, known and n == len(kept)) for n, p in enumerate(kept, 1)]
            if not known or not kept:
                buffers.append(buffer(b"", True))
            for one in buffers:
                chain = ngx_chain_t()
                chain.append(one)
                if self._call(role, chain) == ERROR:
                    raise _Failed

        kept = [p for p in pieces if p]
        contextvars.copy_context().run(run)

    # Calling the author's functions

    def _context(self) -> Any:
        if self.ctx is None:
            cls = self.filter.classes.get(RequestCtx, RequestCtx)
            self.ctx = storing(cls, model())()
        return self.ctx

    def _argument(self, kind: Any, given: Any) -> Any:
        if kind is ngx_http_request_t:
            return self.request
        if kind in (Body, ngx_chain_t):
            return given
        if type(None) in typing.get_args(kind):
            return self.ctx
        if isinstance(kind, type) and issubclass(kind, RequestCtx):
            return self._context()
        for base, found in self.configuration.objects.items():
            if isinstance(kind, type) and issubclass(kind, base):
                return found
        raise TypeError(f"a filter's function has no parameter of type {kind!r}")

    def _call(self, role: Role, given: Any = None) -> Any:
        args = [self._argument(p.kind, given) for p in role.parameters]
        try:
            return role.function(*args)
        except NotSimulated:
            raise
        except Exception as error:
            raise self._failed(error) from error

    def _decision(self, role: Role) -> int:
        """What the header filter returns; if it may not return that, its ``return`` has failed."""
        code = role.function.__code__
        with returns(code) as places:
            found = self._call(role)
        result = OK if found is None else int(found)
        if is_header_result(result):
            return result
        place = f"{Path(code.co_filename).name}:{returned_at(code, places)}"
        words = f"a header filter does not return {result}"
        self.errors.append(Failure(place, "ValueError", words))
        raise _Failed

    def _variable(self, role: Role) -> bytes | None:
        try:
            value = self._call(role)
        except _Failed:
            return None
        return None if value is None else as_bytes(value)

    def _failed(self, error: Exception) -> _Failed:
        if isinstance(error, _Failed):
            return error
        for each in (*on_their_way(error), error):
            if not isinstance(each, _Failed):  # it is told already
                self.errors.append(failure(each, self.filter.path))
        return _Failed()

    @contextmanager
    def _logging(self) -> Iterator[None]:
        """Collect what the author's loggers say."""
        loggers = [v for v in vars(self.filter.module).values() if isinstance(v, logging.Logger)]
        handler = _Records(self.records)
        levels = [logger.level for logger in loggers]
        for logger in loggers:
            logger.addHandler(handler)
            logger.setLevel(logging.DEBUG)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.removeHandler(handler)
                logger.setLevel(level)


class _Records(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__()
        self.records = records

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def failure(error: BaseException, path: Path) -> Failure:
    """An exception of the author's code, at its innermost line of theirs."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if Path(f.filename).parent == path.parent]
    if not own:
        raise error
    place = f"{Path(own[-1].filename).name}:{own[-1].lineno}"
    return Failure(place, type(error).__name__, str(error))
