"""What an exception costs where there is none, and what is logged of one that is taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyngx.build.locate import find_target
from pyngx.diagnostics import Diagnostics
from pyngx.pipeline import compile_file
from pyngx.testing import simulate
from tests.harness import client
from tests.harness.builds import Target
from tests.harness.nginx import Nginx
from tests.language.serving import build

HEAD = '''"""Helpers under test."""

from pyngx import header_filter
from pyngx.ngx import ngx_http_request_t


def number(text: bytes) -> int:
    return int(text)


def low(n: int) -> int:
    return n & 7

'''
TAKEN = """
@header_filter
def header(r: ngx_http_request_t) -> None:
    try:
        r.headers_out["X-N"] = b"%d" % low(number(r.arg(b"n") or b""))
    except ValueError:
        return
"""
ALONE = """
@header_filter
def header(r: ngx_http_request_t) -> None:
    r.headers_out["X-N"] = b"%d" % low(number(r.arg(b"n") or b""))
"""


@pytest.mark.parametrize(("program", "told"), [(TAKEN, True), (ALONE, False)])
def test_who_is_told_where_to_leave_an_exception(
    program: str, told: bool, packaged: Target, tmp_path: Path
) -> None:
    """Helpers that may raise and are called in a ``try``; not those that cannot, nor any others."""
    path = tmp_path / "told.py"
    path.write_text(HEAD + program)
    compiled = compile_file(
        path, find_target(str(packaged.binary), str(packaged.source)), Diagnostics()
    )
    assert compiled is not None
    text = compiled.files[compiled.c_name]
    assert ("ngx_http_pyngx_error_t *error, ngx_str_t *text" in text) is told
    assert "ngx_http_told_low(ngx_int_t n)" in text


FILTER = Path(__file__).with_name("filters") / "reported.py"


def test_log(packaged: Target, tmp_path: Path) -> None:
    """The text of an exception in the log, and in the response."""
    module = build([FILTER], packaged, tmp_path)[0]
    with Nginx(
        packaged.binary, modules=[module], files={"page": b"page"}, allow=("reported:", r"\.py:")
    ) as nginx:
        for query in ("", "n=7", "n=-1", "n=8", "n=9&d=0", "n=20"):
            before = len(nginx.error_log())
            got = client.request(nginx.port, f"/page?{query}")
            wanted = simulate(FILTER, body=b"page", uri="/page", args=query)
            assert (got.status, got.header("X-N")) == (wanted.status, wanted.header("X-N")), query
            log = nginx.error_log()[before:]
            for record in wanted.log:
                assert f"[{record.levelname[:4].lower()}" in log
                assert f"{record.getMessage()} while sending" in log, query
            for error in wanted.errors:
                assert f"{error} while sending" in log, query
            assert log.count(" while sending") == len(wanted.log) + len(wanted.errors)


RESULTS = Path(__file__).with_name("filters") / "results.py"
NUMBERS = (0, 1, -1, -2, -3, -4, -5, 2, 7, 8, 42, 199, 200, 201, 202, 204, 205, 206, 299, 300, 301)
MORE = (302, 304, 400, 403, 404, 410, 412, 500, 503, 599, 600, 1000, 2**62)


def test_header_results(packaged: Target, tmp_path: Path) -> None:
    """What a header filter may not return is an error at the line of its ``return``."""
    module = build([RESULTS], packaged, tmp_path)[0]
    failures = 0
    with Nginx(
        packaged.binary, modules=[module], files={"page": b"page"}, allow=(r"results\.py:",)
    ) as nginx:
        queries = [f"{how}n={n}" for how in ("", "kept=1&") for n in NUMBERS + MORE]
        queries += ["page=1&n=9", "answer=1&n=1", "answer=1", "n=7&ok=1"]
        for query in queries:
            before = len(nginx.error_log())
            wanted = simulate(RESULTS, body=b"page", uri="/page", args=query)
            log = ""
            if wanted.complete:
                got = client.request(nginx.port, f"/page?{query}")
                steps = got.header("X-Steps") if wanted.header("X-Steps") else None
                assert (got.status, steps) == (wanted.status, wanted.header("X-Steps")), query
                log = nginx.error_log()[before:]
            for error in wanted.errors:
                assert f"{error} while sending" in log, query
            assert log.count("results.py:") == len(wanted.errors), query
            failures += len(wanted.errors)
    assert failures > 20


def test_known_results_are_not_checked(packaged: Target, tmp_path: Path) -> None:
    """Constants, enumerations of statuses, and numbers that are statuses."""
    path = tmp_path / "known.py"
    head, _, _ = RESULTS.read_text().partition("    try:\n")
    path.write_text(head + "    return NGX_OK if n else NGX_DECLINED\n")
    found = []
    for filter_ in (path, RESULTS):
        compiled = compile_file(
            filter_, find_target(str(packaged.binary), str(packaged.source)), Diagnostics()
        )
        assert compiled is not None
        found.append(compiled.files[compiled.c_name].count("is_header_result"))
    assert found == [0, 3]
