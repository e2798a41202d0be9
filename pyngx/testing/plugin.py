"""The pytest plugin: `nginx_server`, `served` and ``--pyngx-cuts``.

pytest finds it by itself once pyngx is installed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pyngx.build.locate import BuildError
from pyngx.testing.lives.modules import Refused
from pyngx.testing.lives.served import Served, Server, Session, Source
from pyngx.testing.nginx import NginxFault

MARK = "expect_log"
LOCATION = """
        location / {{
            {conf}
        }}
        {locations}"""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--pyngx-cuts``."""
    parser.getgroup("pyngx").addoption(
        "--pyngx-cuts",
        action="store_true",
        help="run every body that 'served' is given at every cut, and report the one that differs",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    words = "lines of nginx's error log, or run-time errors, that the test expects"
    config.addinivalue_line("markers", f"{MARK}(pattern, ...): {words}")


@pytest.fixture(scope="session")
def pyngx_session(request: pytest.FixtureRequest) -> Iterator[Session]:
    """What all tests of a session share: the servers that run."""
    session = Session(bool(request.config.getoption("--pyngx-cuts")))
    yield session
    session.close()


def _expected(request: pytest.FixtureRequest) -> list[str]:
    return [pattern for mark in request.node.iter_markers(MARK) for pattern in mark.args]


def _failed(words: str) -> BaseException:
    return pytest.fail.Exception(words, pytrace=False)


class _Told:
    """Run what may lack something on this machine; what it says is the test's failure."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        other = "PYNGX_NGINX and PYNGX_NGINX_SRC in the environment name another nginx"
        match error:
            case BuildError():
                raise _failed(f"{error.reason}\n{error.remedy}\n{other}") from None
            case ImportError() if "nginx's headers" in str(error):
                raise _failed(f"{error}\n{other}") from None
            case Refused():
                raise _failed(f"the filter does not compile:\n{error}") from None


class _Served(Served):
    def __call__(self, *args: Any, **named: Any) -> Any:
        with _Told():
            return super().__call__(*args, **named)


@pytest.fixture(params=["cpython", "nginx"])
def served(request: pytest.FixtureRequest, pyngx_session: Session) -> Iterator[Served]:
    """`pyngx.testing.simulate` for an upstream's response: the test runs once under CPython, and
    once in a real nginx."""
    here = _Served(request.param, pyngx_session, _expected(request))
    yield here
    try:
        wrong = here.judge()
    except NginxFault as fault:
        raise _failed(str(fault)) from None
    if wrong:
        place, error, *_ = wrong[0].split(": ")
        help_ = f'a test that expects it says so: @pytest.mark.{MARK}(r"{place}: {error}")'
        raise _failed("\n".join(["run-time errors of the filter:", *wrong, help_]))


StartServer = Callable[..., Server]


@pytest.fixture
def nginx_server(request: pytest.FixtureRequest, pyngx_session: Session) -> Iterator[StartServer]:
    """A function that gives a real nginx with filters, which runs until the session ends.

    ``nginx_server(filters, conf=…, server=…, http=…, locations=…, files=…)``: a path or several,
    directives of ``location /``, of the server and of ``http``, more locations, and what is put
    into the document root. Its error log is judged after the test.
    """
    used: list[Server] = []

    def start(
        filters: Source | Sequence[Source],
        *,
        conf: str = "",
        server: str = "",
        http: str = "",
        locations: str = "",
        files: Mapping[str, bytes] | None = None,
    ) -> Server:
        several = [filters] if isinstance(filters, str | Path | ModuleType) else filters
        both = LOCATION.format(conf=conf, locations=locations)
        with _Told():
            found = pyngx_session.server(several, http=http, server=server, locations=both)
        for name, content in (files or {}).items():
            found.nginx.write_file(name, content)
        found.allow = tuple(_expected(request))
        used.append(found)
        return found

    yield start
    for one in dict.fromkeys(used):
        try:
            one.judge()
        except NginxFault as fault:
            raise _failed(str(fault)) from None
