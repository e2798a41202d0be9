"""A difference as a test that pytest runs: under CPython it holds, in nginx it fails."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from pyngx.testing.given import HOST, TYPE, Given
from pyngx.testing.lives.search import Found

_ASSERTIONS = {
    "status": "response.status",
    "complete": "response.complete",
    "headers": "sorted(((n.lower(), v) for n, v in response.headers), key=lambda pair: pair[0])",
    "body": "response.body",
    "errors": "[(e.place, e.error) for e in response.errors]",
    "log": "[(r.levelname, r.getMessage()) for r in response.log]",
}


def case(path: Path, found: Found, environment: str = "") -> str:
    """The text of a test file; ``environment`` is what it has to be run with."""
    name = re.sub(r"\W", "_", path.stem)
    title = _title(path, found)
    if environment:
        title += f"\n\nRun it with {environment}\n"
    lines = [f'"""{title}"""', ""]
    imports = []
    marks = []
    if found.refused or _expected(found):
        imports.append("import pytest")
    body = [*_call(path, found.given, found.subrequests)]
    if found.refused:
        imports = ["import re", "", *imports, "", "from pyngx.testing import ConfRefused"]
        body = [f"with pytest.raises(ConfRefused, match=re.escape({found.refused!r})):"] + [
            f"    {line}" for line in body
        ]
    else:
        body[0] = f"response = {body[0]}" if found.differences else body[0]
        body += _assertions(found)
        marks = [f'@pytest.mark.expect_log(r"{_expected(found)}")'] if _expected(found) else []
    lines += [*imports, "", ""] if imports else [""]
    lines += [*marks, f"def test_{name}(served):", *(f"    {line}" for line in body)]
    return "\n".join(lines) + "\n"


def summary(found: Found) -> str:
    """What is not the same, in a few lines."""
    if found.fault:
        return found.fault
    return "\n".join(
        f"{d.part}: CPython {_short(d.one)}, nginx {_short(d.other)}" for d in found.differences
    )


def _title(path: Path, found: Found) -> str:
    words = "nginx judges it otherwise" if found.fault else "CPython and nginx differ"
    named = ", ".join(d.part for d in found.differences)
    return f"{path.name}: {words}{f' in: {named}' if named else ''}."


def _expected(found: Found) -> str:
    """A pattern for the run-time errors that CPython has."""
    if found.cpython is None or not found.cpython.errors:
        return ""
    every = dict.fromkeys(f"{e.place}: {e.error}" for e in found.cpython.errors)
    return "|".join(words.replace(".", r"\.") for words in every)


def _assertions(found: Found) -> Iterator[str]:
    for different in found.differences:
        if isinstance(different.one, dict):
            for name, value in different.one.items():
                yield f"assert response.variables[{name!r}] == {_literal(value)}"
        else:
            yield f"assert {_ASSERTIONS[different.part]} == {_literal(different.one)}"


def _call(path: Path, given: Given, subrequests: Mapping[str, object]) -> list[str]:
    """The call, a line for each argument that is not the default."""
    arguments = []
    body = given.body
    if given.known:
        if body:
            arguments.append(f"body={_literal(body)}")
    elif all(len(piece) == 1 for piece in given.pieces) and len(given.pieces) > 1:
        arguments.append(f"body=[bytes([byte]) for byte in {_literal(body)}]")
    else:
        arguments.append(f"body=[{', '.join(_literal(piece) for piece in given.pieces)}]")
    plain = {"status": 200, "method": "GET", "uri": b"/", "args": b"", "conf": "", "server": ""}
    for name, default in {**plain, "http": ""}.items():
        value = getattr(given, name)
        if value != default:
            arguments.append(f"{name}={value!r}")
    if subrequests:
        arguments.append(f"subrequests={subrequests!r}")
    if given.headers != TYPE:
        arguments.append(f"headers={list(given.headers)!r}")
    if given.request_headers != HOST:
        arguments.append(f"request_headers={list(given.request_headers)!r}")
    return [
        "served(",
        f"    {str(path.resolve())!r},",
        *(f"    {argument}," for argument in arguments),
        ")",
    ]


def _literal(value: object) -> str:
    """A literal; a long run of one byte as a product."""
    if not isinstance(value, bytes):
        return repr(value)
    parts_ = []
    for match in re.finditer(rb"(.)\1{39,}|(?:(?!(.)\2{39}).)+", value, re.DOTALL):
        run = match[1]
        parts_.append(f"{run!r} * {len(match[0])}" if run else repr(match[0]))
    return " + ".join(parts_) or "b''"


def _short(value: object) -> str:
    text = _literal(value) if isinstance(value, bytes) else repr(value)
    return text if len(text) <= 200 else f"{text[:190]}… ({len(text)} characters)"
