"""Filter files built for a test and served by one nginx; variables beside the oracle."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from pyngx import RequestCtx, Variable
from pyngx.testing.integers import storing
from pyngx.testing.loading import checked_int, model
from pyngx.testing.loading import load as load_module
from pyngx.testing.request import Request
from pyngx.testing.simulation import failure
from tests import c_style
from tests.harness import client
from tests.harness.builds import Target, build_filters, pyngx
from tests.harness.nginx import Nginx
from tests.harness.upstream import Upstream

FAILURE = re.compile(
    r"\[error\] \S+ (?:\*\d+ )?(\w+\.py:\d+: \w+(?:: .*?)?)(?: while [a-z ]+)?, client: ", re.DOTALL
)
BETWEEN = b"<@>"


@dataclass(frozen=True)
class Outcome:
    """A value as a client sees it, or where and with what the function failed."""

    value: bytes = b""
    failure: str | None = None


def outcome(function: Callable[..., Any], path: Path, *args: object) -> Outcome:
    """What CPython makes of a call."""
    try:
        result = function(*args)
    except Exception as error:
        found = failure(error, path)
        return Outcome(failure=str(found))
    return Outcome(result.encode() if isinstance(result, str) else result or b"")


def load(path: Path) -> ModuleType:
    """A filter file as an ordinary module, its integers those of the language."""
    module = load_module(path)
    checked_int(module)
    return module


def build(paths: Sequence[Path], where: Target, output: Path) -> tuple[Path, ...]:
    """The modules of filter files; their C also passes the style checker."""
    addon = output / "addon"
    options = ("--nginx", str(where.binary), "--nginx-src", str(where.source))
    done = pyngx("compile", *map(str, paths), "-o", str(addon), *options)
    assert done.returncode == 0, done.stdout + done.stderr
    for source in addon.rglob("*.[ch]"):
        found = c_style.check(source.read_text(), source.name)
        assert not found, "\n".join(v.message for v in found)
    return build_filters(paths, where, output)


def built_programs(texts: Mapping[str, str], where: Target, output: Path) -> dict[str, Path]:
    """The modules of filters by name, whose files are written to the folder above theirs."""
    paths = []
    for name, text in texts.items():
        path = output / f"{name}.py"
        path.write_text(text)
        paths.append(path)
    return dict(zip(texts, build(paths, where, output / "built"), strict=True))


def two_roads(names: Iterable[str], upstream: Upstream) -> str:
    """The configuration of ``/p/NAME/``, unbuffered, and ``/f/NAME/``, of files, for filters that
    their name turns on."""
    return "".join(
        f"location /p/{name}/ {{ {name} on; proxy_pass {upstream.url}/;"
        " proxy_http_version 1.1; proxy_buffering off; }"
        f"location /f/{name}/ {{ {name} on; alias {{root}}/; }}"
        for name in names
    )


def variables(module: ModuleType) -> dict[str, Callable[..., Any]]:
    """The functions of ``@variable`` by the names of the variables."""
    found = {}
    for value in vars(module).values():
        mark = getattr(value, "__pyngx__", None)
        if isinstance(mark, Variable):
            found[str(mark.name)] = value
    return found


def _kinds(function: Callable[..., Any]) -> tuple[type | None, ...]:
    """The contexts that a variable is called with; None where it gets the request."""
    kinds = [p.annotation for p in inspect.signature(function, eval_str=True).parameters.values()]
    own = [isinstance(kind, type) and issubclass(kind, RequestCtx) for kind in kinds]
    return tuple(kind if is_own else None for kind, is_own in zip(kinds, own, strict=True))


class Variables:
    """The variables of one file in one nginx, beside CPython."""

    def __init__(self, path: Path, where: Target, output: Path) -> None:
        self.path = path
        self.module = load(path)
        self.functions = variables(self.module)
        self.kinds = {name: _kinds(function) for name, function in self.functions.items()}
        self.binary = where.binary
        (self.built,) = build([path], where, output)

    @contextmanager
    def serving(self) -> Iterator[Nginx]:
        """An nginx whose every response is the values of all variables."""
        text = BETWEEN.decode().join(f"${{{name}}}" for name in self.functions)
        with Nginx(
            self.binary,
            modules=[self.built],
            locations=f'location / {{ return 200 "{text}"; }}',
            allow=(re.escape(self.path.stem), r"\.py:\d+: \w+"),
        ) as nginx:
            yield nginx

    def wanted(self, args: Mapping[bytes, bytes]) -> dict[str, Outcome]:
        """What CPython says."""
        found = {}
        query = b"&".join(k + b"=" + v for k, v in args.items())
        request = Request(model(), args=query)
        for name, function in self.functions.items():
            given = [storing(kind, model())() if kind else request for kind in self.kinds[name]]
            found[name] = outcome(function, self.path, *given)
        return found

    def differences(self, nginx: Nginx, inputs: Sequence[Mapping[bytes, bytes]]) -> list[str]:
        """Every value and every failure that is not CPython's."""
        wrong = []
        errors = nginx.prefix / "logs" / "error.log"
        with client.Connection(nginx.port) as connection, errors.open(errors="replace") as log:
            log.read()
            for args in inputs:
                query = b"&".join(k + b"=" + v for k, v in args.items()).decode("latin-1")
                connection.send(f"/?{query}")
                response = connection.receive()
                failed = sorted(FAILURE.findall(log.read()))
                wanted = self.wanted(args)
                values = response.body.split(BETWEEN)
                if response.status != 200 or len(values) != len(wanted):
                    wrong.append(f"{args}: status {response.status}, {len(values)} values")
                    continue
                for (name, want), got in zip(wanted.items(), values, strict=True):
                    if want.value != got:
                        wrong.append(f"{args}: ${name} is {got!r}, CPython: {want}")
                expected = sorted(w.failure for w in wanted.values() if w.failure)
                if failed != expected:
                    missing = [f for f in expected if f not in failed]
                    extra = [f for f in failed if f not in expected]
                    wrong.append(f"{args}: failures missing {missing}, more {extra}")
        return wrong
