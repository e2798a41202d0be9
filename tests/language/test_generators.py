"""Generators with odd control flow, for every way to cut the body: nginx sends what CPython yields.

The oracle's body is the whole body as one string, with the reads of the language. Where the
language leaves it open how text is cut, the oracle cuts it in two ways, so that a generator whose
output depends on that fails on the oracle alone.
"""

from __future__ import annotations

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pyngx.build.locate import find_target
from pyngx.diagnostics import Diagnostics
from pyngx.pipeline import compile_file
from pyngx.testing.body import Pieces
from tests.harness import client
from tests.harness.builds import Target
from tests.harness.nginx import Nginx
from tests.harness.upstream import Reply, Upstream
from tests.language.serving import built_programs, load, two_roads

HEAD = '''"""A generator under test."""

from pyngx import Body, LocConf, Stream, body_filter, directive, header_filter
from pyngx.ngx import NGX_DECLINED, NGX_OK, ngx_flag_t, ngx_int_t, ngx_str_t


class Conf(LocConf):
    enable: ngx_flag_t = directive("{name}", default=False)
    text: ngx_str_t = directive("{name}_text", default=b"cd")


@header_filter
def header(conf: Conf) -> ngx_int_t:
    return NGX_OK if conf.enable else NGX_DECLINED


{program}
'''

PROGRAMS = dict(
    program.strip("\n").split("\n", 1)
    for program in Path(__file__).with_name("generators.txt").read_text().split("===\n")
)
BODIES = (
    b"",
    b"a",
    b"\n",
    b"a,b,c,d!e,f",
    b"ab,cd,!ef,aaabxcd,ababa!cdcdcdcd\nxyz;\nxy\n!",
    b"#one;two\nthree\n\n#;;\n!four\nreturn\nlast",
    b"aab!aaabaabbaacd\ncdCDcD\nababab!ba!cdcdcd\n!\n\n",
    b"long line without an end, " * 5 + b"\n" + b"aabxcdaab" * 20,
)
SEED = 20


def wanted(module: Any, data: bytes, piece: int) -> bytes:
    """What CPython yields."""
    conf = SimpleNamespace(enable=True, text=b"cd")
    pieces = [data[at : at + piece] for at in range(0, len(data), piece)]
    sent = module.body(Pieces(pieces), conf)
    return b"".join(part.encode() if isinstance(part, str) else part for part in sent)


def cuts(data: bytes) -> dict[str, tuple[bytes, ...]]:
    """The body whole, in single bytes, and cut at random."""
    found = {"whole": (data,) if data else (), "single": tuple(bytes([b]) for b in data)}
    for number in range(3):
        chance = random.Random(SEED + number)
        places = sorted(chance.sample(range(len(data) + 1), min(len(data), 2 + 3 * number)))
        pieces = [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]
        found[f"random{number}"] = tuple(p for p in pieces if p)
    return found


@pytest.fixture(scope="module")
def filters(packaged: Target, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A module for each program."""
    texts = {n: HEAD.format(name=n, program=program.rstrip()) for n, program in PROGRAMS.items()}
    return built_programs(texts, packaged, tmp_path_factory.mktemp("generators"))


def test_generators(packaged: Target, filters: dict[str, Path]) -> None:
    """Each program, for each body and each way to cut it, unbuffered and from a file."""
    replies, files, bodies = {}, {}, {}
    for number, data in enumerate(BODIES):
        for cut, pieces in cuts(data).items():
            name = f"{number}-{cut}"
            bodies[name] = data
            headers = (("Content-Type", "text/html"),)
            replies[f"/{name}"] = Reply(pieces, headers=headers, framing="chunked")
        files[f"{number}-whole"] = data
    wrong = []
    with Upstream(replies) as upstream:
        locations = two_roads(filters, upstream)
        modules = list(filters.values())
        with Nginx(packaged.binary, modules=modules, locations=locations, files=files) as nginx:
            for name in filters:
                module = load(filters[name].parent.parent / f"{name}.py")
                for body, data in bodies.items():
                    want = wanted(module, data, 1)
                    assert wanted(module, data, 7) == want, f"{name} depends on cuts"
                    for road in ("p", "f") if body in files else ("p",):
                        response = client.request(nginx.port, f"/{road}/{name}/{body}")
                        if (response.status, response.body) != (200, want):
                            got = f"{response.status} {response.body[:90]!r}"
                            wrong.append(f"{road} {name} {body}: {got}, wanted {want[:90]!r}")
    assert not wrong, f"{len(wrong)} differences:\n" + "\n".join(wrong)


def test_kept_operands_wait_nowhere(packaged: Target, tmp_path: Path) -> None:
    """What ``and`` keeps of an operand is gone with its statement: the context does not hold it."""
    name = "reads_and_values"
    path = tmp_path / f"{name}.py"
    path.write_text(HEAD.format(name=name, program=PROGRAMS[name].rstrip()))
    target = find_target(str(packaged.binary), str(packaged.source))
    compiled = compile_file(path, target, Diagnostics())
    assert compiled is not None
    context, end, code = compiled.files[compiled.c_name].partition(f"}} ngx_http_{name}_ctx_t;")
    assert end
    assert "operand" in code
    assert "operand" not in context
