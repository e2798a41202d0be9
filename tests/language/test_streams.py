"""Generators of many shapes: what nginx sends is what CPython yields for the same buffers."""

from __future__ import annotations

import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pyngx.testing.body import Pieces
from tests.harness import client
from tests.harness.builds import Target
from tests.harness.nginx import Nginx
from tests.harness.upstream import Reply, Upstream
from tests.language.serving import built_programs, load, two_roads

HEAD = '''"""A generator under test."""

import hashlib
import hmac
import logging
import zlib

from pyngx import Body, LocConf, Stream, body_filter, directive, header_filter
from pyngx.ngx import NGX_DECLINED, NGX_OK, ngx_flag_t, ngx_int_t, ngx_str_t

log = logging.getLogger(__name__)


class Conf(LocConf):
    enable: ngx_flag_t = directive("{name}", default=False)
    text: ngx_str_t = directive("{name}_text", default=b"text")
    empty: ngx_str_t = directive("{name}_empty", default=b"")


def half(n: int) -> int:
    return n // 2


def wrapped(text: bytes, n: int) -> bytes:
    return b"<%d:%s>" % (n, text.upper())


def twice(text: bytes) -> bytes:
    return wrapped(text, 1) + wrapped(text[1:], 2)


def fields_of(line: bytes) -> list[bytes]:
    fields: list[bytes] = []
    field = b""
    for c in line:
        if c == 44:
            fields.append(field)
            field = b""
        else:
            field += bytes((c,))
    fields.append(field)
    return fields


def sum_of(fields: list[bytes]) -> int:
    total = 0
    for field in fields:
        total += len(field)
    return total


def longer(a: bytes, b: bytes) -> bytes:
    return a if len(a) > len(b) else twice(b)


@header_filter
def header(conf: Conf) -> ngx_int_t:
    return NGX_OK if conf.enable else NGX_DECLINED


@body_filter
def body(body: Body, conf: Conf) -> Stream:
{body}
    if False:
        yield b""
'''

SHAPES = dict(
    shape.strip("\n").split("\n", 1)
    for shape in Path(__file__).with_name("streams.txt").read_text().split("===\n")
)
CUTS: dict[str, tuple[bytes, ...]] = {
    "single": tuple(bytes([b]) for b in b"ab,cd,!ef,"),
    "mixed": (b"a,b", b"cd", b"!", b"b,,!,", b"x", b"y", b"zz", b"cd", b"abc", b"q"),
    "one": (b"a,b,c,d!e,f",),
    "two": (b"ab", b"x"),
    "empty": (),
}


def wanted(module: Any, pieces: tuple[bytes, ...]) -> bytes:
    """What CPython yields."""
    conf = SimpleNamespace(enable=True, text=b"text", empty=b"")
    sent = module.body(Pieces(pieces), conf)
    return b"".join(s.encode() if isinstance(s, str) else bytes(s) for s in sent)


@pytest.fixture(scope="module")
def filters(packaged: Target, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A module for each shape."""
    texts = {n: HEAD.format(name=n, body=shape.rstrip()) for n, shape in SHAPES.items()}
    return built_programs(texts, packaged, tmp_path_factory.mktemp("streams"))


def test_streams(packaged: Target, filters: dict[str, Path]) -> None:
    """Each shape, for each way to cut the body, unbuffered and from a file."""
    replies = {
        f"/{cut}": Reply(pieces, headers=(("Content-Type", "text/html"),), framing="chunked")
        for cut, pieces in CUTS.items()
    }
    files = {cut: b"".join(pieces) for cut, pieces in CUTS.items()}
    wrong = []
    with Upstream(replies) as upstream:
        locations = two_roads(filters, upstream)
        modules = list(filters.values())
        with Nginx(packaged.binary, modules=modules, locations=locations, files=files) as nginx:
            for name, cut in itertools.product(filters, CUTS):
                module = load(filters[name].parent.parent / f"{name}.py")
                whole = (files[cut],) if files[cut] else ()
                for road, pieces in (("p", CUTS[cut]), ("f", whole)):
                    response = client.request(nginx.port, f"/{road}/{name}/{cut}")
                    want = wanted(module, pieces)
                    length = int(response.header("Content-Length") or len(want))
                    if (response.status, response.body) != (200, want) or length != len(want):
                        got = response.body
                        wrong.append(f"{road} {name} {cut}: {length} {got[:90]!r}, {want[:90]!r}")
    assert not wrong, f"{len(wrong)} differences:\n" + "\n".join(wrong)
