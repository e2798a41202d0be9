"""Variables in nginx's configuration: which there are, and text with them in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pyngx import ConfError
from pyngx.ngx import ngx_http_complex_value_t
from pyngx.testing.known import ABSENT, ELSEWHERE, FREE
from pyngx.testing.reading import ConfRefused
from pyngx.testing.request import NAMED, PREFIXES, Request


@dataclass(frozen=True)
class Set:
    """``set $name text;``, which nginx does for each request before it is answered."""

    name: str
    text: ngx_http_complex_value_t

    def __call__(self, r: Request) -> None:
        """Give the variable its value."""
        value = self.text.value(r)  # type: ignore[arg-type]  # the part of a request that simulates
        if self.name == "args":
            r.variables["args"] = value
        else:
            r.variables.values[self.name] = value


def set_variable(name: str, text: str, own: Collection[str]) -> Set:
    """What ``set`` with these arguments does; ``own`` are the variables of the file.

    Raises:
        ConfError: nginx does not take them.
    """
    if len(name) < 2 or not name.startswith("$"):
        raise ConfError(f'invalid variable name "{name}"')
    low = name[1:].lower()
    if low in own or (_is_nginx(low) and FREE.fullmatch(low) is None):
        raise ConfError(f'the duplicate "{name[1:]}" variable')
    return Set(low, complex_value(text))


def complex_value(text: str) -> ngx_http_complex_value_t:
    """A text with ``$variables``.

    Raises:
        ConfError: nginx cannot read it.
    """
    found = ngx_http_complex_value_t(text)
    for _ in names(found):
        continue
    return found


def names(value: ngx_http_complex_value_t) -> Iterator[str]:
    """The names of the variables in a text.

    Raises:
        ConfError: there is a ``$`` without a name, or a ``{`` without a ``}``.
    """
    for match in re.finditer(r"\$(\{?)([A-Za-z0-9_]*)(\}?)", value.text.decode("latin-1")):
        opened, name, closed = match.groups()
        if not name and (closed or not opened or match.end() == len(value.text)):
            raise ConfError("invalid variable name")
        if opened and not closed:
            raise ConfError(f'the closing bracket in "{name}" variable is missing')
        yield name.lower()


def check_names(values: Iterator[ngx_http_complex_value_t], own: Collection[str]) -> None:
    """See that nginx knows every variable; ``own`` are those of the file and the test.

    Raises:
        ConfRefused: nginx would not start.
    """
    for value in values:
        for name in names(value):
            if name not in own and not _is_nginx(name):
                raise ConfRefused(f'unknown "{name}" variable')


def _is_nginx(name: str) -> bool:
    return (
        name in NAMED
        or any(name.startswith(prefix) for prefix in PREFIXES)
        or any(pattern.fullmatch(name) for pattern in (ABSENT, ELSEWHERE))
    )
