"""Body filters of the chain form, and body filters that fail."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.harness import client
from tests.harness.builds import Target
from tests.harness.client import Response
from tests.harness.memory import ALLOWED, MEGABYTE, Repeated, peak_memory
from tests.harness.nginx import Nginx
from tests.harness.upstream import Reply, Upstream
from tests.language.serving import build

HEAD = '''"""A chain form under test."""

import logging

from pyngx import LocConf, RequestCtx, body_filter, directive, header_filter
from pyngx.ngx import (
    NGX_DECLINED,
    NGX_OK,
    ngx_chain_t,
    ngx_flag_t,
    ngx_http_next_body_filter,
    ngx_http_request_t,
    ngx_int_t,
    ngx_str_t,
    off_t,
)

log = logging.getLogger(__name__)


class Conf(LocConf):
    enable: ngx_flag_t = directive("{name}", default=False)
    text: ngx_str_t = directive("{name}_text", default=b"text")


class Ctx(RequestCtx):
    count: off_t = 0
    last: bool = False
    seen: bytes = b""


def around(data: bytes, left: bytes, right: bytes) -> bytes:
    return left + data + right


@header_filter
def header(conf: Conf) -> ngx_int_t:
    return NGX_OK if conf.enable else NGX_DECLINED


@body_filter
def body(chain: ngx_chain_t, ctx: Ctx, conf: Conf, r: ngx_http_request_t) -> ngx_int_t:
{body}
'''
BROKEN = '''"""A generator that fails at its third buffer."""

from pyngx import Body, LocConf, Stream, body_filter, directive, header_filter
from pyngx.ngx import NGX_DECLINED, NGX_OK, ngx_flag_t, ngx_int_t


class Conf(LocConf):
    enable: ngx_flag_t = directive("broken", default=False)


@header_filter
def header(conf: Conf) -> ngx_int_t:
    return NGX_OK if conf.enable else NGX_DECLINED


@body_filter
def body(body: Body) -> Stream:
    left = 2
    for buf in body:
        yield buf
        if buf[100 // left - 50] == 33:
            yield b"!"
        left -= 1
'''
SHAPES = dict(
    shape.strip("\n").split("\n", 1)
    for shape in Path(__file__).with_name("chains.txt").read_text().split("===\n")
)
PIECES = (b"ab", b"cde", b"f", b"!g", b"h")
WANTED = {
    "prefixed": b"fooab" + b"foocde" + b"foof" + b"foo!g" + b"fooh",
    "counted": b"abcdef!gh",
    "first_only": b"start abcdef!gh",
    "dropping": b"abf" + b"h" + b"text",
    "shouting": b"ABCDEF!GH",
    "computed": b"2:B<B>B" b"5:DE<BDE>BDEcde +cde" b"6:<BDE>BDE" b"8:G<BDEG>BDEG" b"9:<BDEG>BDEG",
}
LARGE = 64 * MEGABYTE
FAILURES = {
    "failing": r"failing\.py:46: ZeroDivisionError: ",
    "broken": r"broken\.py:21: IndexError: ",
}


@pytest.fixture(scope="module")
def modules(packaged: Target, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """A module for each shape, and the one that breaks."""
    output = tmp_path_factory.mktemp("chains")
    paths = [output / f"{name}.py" for name in (*SHAPES, "broken")]
    for path in paths[:-1]:
        path.write_text(HEAD.format(name=path.stem, body=SHAPES[path.stem]))
    paths[-1].write_text(BROKEN)
    return build(paths, packaged, output / "built")


def responses(
    packaged: Target, modules: tuple[Path, ...], names: tuple[str, ...]
) -> dict[str, Response]:
    """What each filter makes of the pieces."""
    reply = Reply(PIECES, headers=(("Content-Type", "text/html"),), framing="chunked", delay=0.05)
    with Upstream({"/x": reply}) as upstream:
        locations = "".join(
            f"location /{name}/ {{ {name} on; proxy_pass {upstream.url}/;"
            " proxy_http_version 1.1; proxy_buffering off; }"
            for name in names
        )
        with Nginx(
            packaged.binary, modules=modules, locations=locations, allow=(r"(failing|broken)\.py",)
        ) as nginx:
            found = {n: client.request(nginx.port, f"/{n}/x") for n in names}
            nginx_log = nginx.error_log()
    for name in {"failing", "broken"}.intersection(names):
        assert len(re.findall(FAILURES[name], nginx_log)) == 1, nginx_log
    return found


def test_chain_forms(packaged: Target, modules: tuple[Path, ...]) -> None:
    """What is appended goes out in its place; a chain that goes on as it is stays as it is."""
    found = responses(packaged, modules, tuple(WANTED))
    assert {n: r.body for n, r in found.items()} == WANTED


@pytest.mark.parametrize("name", ["failing", "broken"])
def test_failing_bodies(packaged: Target, modules: tuple[Path, ...], name: str) -> None:
    """The error is logged once, and the connection closed: the client sees no whole response."""
    (response,) = responses(packaged, modules, (name,)).values()
    assert not response.complete
    assert b"".join(PIECES).startswith(response.body)


@pytest.mark.parametrize("sendfile", ["on", "off"])
def test_file_written_in_place(packaged: Target, modules: tuple[Path, ...], sendfile: str) -> None:
    """What was changed in memory is what is sent, though the buffer is in a file too."""
    with Nginx(
        packaged.binary,
        modules=modules,
        locations=f"location / {{ shouting on; sendfile {sendfile}; }}",
        files={"page": b"one two" * 9000},
    ) as nginx:
        assert client.request(nginx.port, "/page").body == b"ONE TWO" * 9000


@pytest.mark.parametrize("reads", [True, False])
def test_memory_of_what_is_computed(
    packaged: Target, modules: tuple[Path, ...], reads: bool
) -> None:
    """What is computed for each buffer takes no memory that grows with the body."""
    reply = Reply(Repeated(b"x" * 1024, LARGE // 1024), length=LARGE)
    with Upstream({"/x": reply}) as upstream:
        locations = (
            f"location / {{ computed on; proxy_pass {upstream.url}/; proxy_buffering off;"
            " proxy_buffer_size 4k; }"
        )
        with Nginx(packaged.binary, modules=modules, locations=locations) as nginx:
            client.hang_up(nginx.port, "/x", 100_000)
            with peak_memory(nginx) as growth:
                if reads:
                    assert len(client.request(nginx.port, "/x").body) > LARGE
                else:
                    with client.Connection(nginx.port, rcvbuf=4096) as connection:
                        connection.send("/x")
                        assert nginx.rests()
                assert growth() < ALLOWED
