"""What a body filter means for the header: the length, the ranges, the ETag, and which responses
are left alone. One filter of each kind on the roads that tell them apart."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.harness.builds import Target
from tests.harness.case import PAGE, Case
from tests.harness.roads import ROADS, Road
from tests.harness.site import site
from tests.language.serving import build

HEAD = '''"""A body filter under test."""

from pyngx import Body, LocConf, RequestCtx, Stream, body_filter, directive, header_filter
from pyngx.ngx import NGX_DECLINED, NGX_OK, ngx_flag_t, ngx_int_t, ngx_str_t, off_t


class Conf(LocConf):
    enable: ngx_flag_t = directive("{name}", default=False)
    text: ngx_str_t = directive("{name}_text", default=b"")
    more: ngx_flag_t = directive("{name}_more", default=False)


class Ctx(RequestCtx):
    count: off_t = 0


@header_filter
def header(conf: Conf) -> ngx_int_t:
    return NGX_OK if conf.enable else NGX_DECLINED


@body_filter
def body(body: Body, conf: Conf, ctx: Ctx) -> Stream:
{body}
'''


@dataclass(frozen=True)
class Kind:
    """A body filter and what it does: the fields of a `Case` that it sets."""

    name: str
    body: str
    case: dict[str, Any]

    def __str__(self) -> str:
        return self.name


def _doubled(original: bytes, received: bytes) -> bool:
    return Counter(received) == Counter(original + original)


def _kept(body: bytes) -> bytes:
    lines: list[bytes] = re.findall(rb"[^\n]*\n|[^\n]+", body[3:])
    marks = (b"-", *(b"+" for _ in lines))
    kept = [b"", *lines]
    rounds = (mark + last for mark, last, _ in zip(marks, kept, lines, strict=False))
    return b"4" + b"".join(rounds) + body[:3] + kept[-1]


KINDS = (
    Kind(
        "same",
        "    for buf in body:\n        ctx.count += len(buf)\n        yield buf",
        {"expected": lambda body: body, "encoded": True, "partial": True},
    ),
    Kind(
        "added",
        "    yield conf.text\n    yield from body\n    if conf.more:\n        yield b'more'\n"
        "    yield b'end'",
        {"expected": lambda body: b"text" + body + b"end", "length": "exact"},
    ),
    Kind(
        "doubled",
        "    for buf in body:\n        yield buf\n        yield buf",
        {"accepts": _doubled, "length": "cleared"},
    ),
    Kind(
        "looked_at",
        "    for buf in body:\n        for byte in buf:\n"
        "            if byte == 60:\n                ctx.count += 1\n        yield buf\n"
        "    yield b'%d' % ctx.count",
        {"expected": lambda body: body + b"%d" % body.count(b"<"), "length": "cleared"},
    ),
    Kind(
        "written",
        "    for buf in body:\n        for i in range(len(buf)):\n            if buf[i] == 60:\n"
        "                buf[i] = 40\n        yield buf",
        {"expected": lambda body: body.replace(b"<", b"(")},
    ),
    Kind(
        "numbers",
        "    for buf in body:\n        pass\n    for n in range(2000):\n        yield b'%d;' % n",
        {
            "expected": lambda body: b"".join(b"%d;" % n for n in range(2000)),
            "length": "cleared",
            "conf": "numbers on; numbers_buffers 1 64;",
        },
    ),
    Kind(
        "cased",
        "    for line in body.lines(100):\n        high = line.upper()\n"
        "        low = line.lower()\n        yield high\n        yield low",
        {
            "expected": lambda body: b"".join(
                line.upper() + line.lower() for line in re.findall(rb"[^\n]*\n|[^\n]+", body)
            ),
            "length": "cleared",
        },
    ),
    Kind(
        "kept",
        "    total = len(conf.text)\n    first = body.read(3)\n"
        "    yield b'%d' % total\n    last = b''\n    mark = b'-'\n"
        "    for line in body.lines(100):\n        yield mark\n        mark = b'+'\n"
        "        yield last\n        last = line\n"
        "    yield first\n    yield last",
        {"expected": _kept, "length": "cleared"},
    ),
)
CHOSEN = (
    "cut_at_every_point",
    "head",
    "no_content",
    "not_modified",
    "ranges_of_a_file",
    "range_from_an_upstream",
    "encoded_by_the_upstream",
    "file_with_sendfile",
    "file_larger_than_output_buffers",
    "http_1_0",
    "keep_alive",
)


@pytest.fixture(scope="module")
def modules(packaged: Target, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    output = tmp_path_factory.mktemp("effects")
    paths = [output / f"{kind.name}.py" for kind in KINDS]
    for kind, path in zip(KINDS, paths, strict=True):
        path.write_text(HEAD.format(name=kind.name, body=kind.body))
    built = build(paths, packaged, output / "built")
    return dict(zip((kind.name for kind in KINDS), built, strict=True))


def _case(kind: Kind, where: Target, modules: dict[str, Path]) -> Case:
    text = f"{kind.name}_text text;"
    conf = f"{kind.name} on; {text}"
    return replace(Case(where.binary, modules=(modules[kind.name],), conf=conf), **kind.case)


@pytest.mark.parametrize("road", [r for r in ROADS if r.name in CHOSEN], ids=str)
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_header(kind: Kind, road: Road, packaged: Target, modules: dict[str, Path]) -> None:
    road.run(_case(kind, packaged, modules))


def test_choice_of_the_configuration(packaged: Target, modules: dict[str, Path]) -> None:
    """The length of a text that is sent in some locations only."""
    case = _case(KINDS[1], packaged, modules)
    places = "location /more/ { alias {root}/; {conf} added_more on; }"
    with site(case, files={"page.html": PAGE}, locations=places) as here:
        response = here.get("/more/page.html")
        assert response.body == b"text" + PAGE + b"moreend"
        assert response.header("Content-Length") == str(len(response.body))
        assert re.match('W/"', response.header("ETag") or "")


def test_text_that_is_empty(packaged: Target, modules: dict[str, Path]) -> None:
    """An empty value takes no buffer: nginx would not send a buffer without data."""
    case = _case(KINDS[1], packaged, modules)
    places = "location /empty/ { alias {root}/; added on; }"
    with site(case, files={"page.html": PAGE}, locations=places) as here:
        assert here.get("/empty/page.html").body == PAGE + b"end"
