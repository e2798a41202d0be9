"""Shapes of input that no stock handler makes: flushes of what is dropped, buffers without data."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness import client
from tests.harness.builds import Target, pieces_module
from tests.harness.case import Case
from tests.harness.site import site
from tests.harness.upstream import Reply
from tests.runtime import build

FLUSHED = {
    "odd": ("m:one m:two mf:three", b"two"),
    "drop": ("m:one mf:two", b""),
    "replace": ("m:one mf:two", b"xx"),
    "each": ("m:one f:", b"one"),
    "twice": ("m:one mf:two", b"oneonetwotwo"),
    "chain_replace": ("m:one mf:two", b"xx"),
    "chain_nothing": ("m:one mf:two", b""),
    "chain_prefix": ("m:one mf:two", b"xonextwo"),
}
"""The buffers of a response and what a filter makes of them: all of it is to be sent at once."""

WITHOUT_DATA = ("mc: mc:one lc:", "mc: lc:", "tfc: t:one lc:")
ENGINES = ("each", "twice", "odd", "replace", "chain_prefix", "chain_twice", "chain_replace")


@pytest.fixture(scope="module")
def module(nginx_target: Target, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("engine", ("stream", "chain"), nginx_target, tmp_path_factory.mktemp("engine"))


@pytest.mark.parametrize("name", FLUSHED)
def test_a_flush_comes_out(name: str, nginx_target: Target, module: Path) -> None:
    """An include that is flushed, then one that never comes: the client has the first one, though
    nginx by itself would wait until there is much more to send."""
    shape, wanted = FLUSHED[name]
    case = Case(nginx_target.binary, modules=(module, pieces_module(nginx_target.binary)))
    page = b'before(<!--#include virtual="/part" --><!--#include virtual="/stuck" -->'
    places = f"""
        location /page.html {{ ssi on; ssi_types *; }}
        location /part {{ engine {name}; pieces {shape} sl:; }}
        location /stuck {{ proxy_pass {{upstream}}/; }}"""
    stuck = Reply((b"never",), framing="chunked", die_after=0, hang=True)
    with (
        site(
            case,
            routes={"/": stuck},
            files={"page.html": page},
            locations=places,
            server="postpone_output 100000;",
            allow=("upstream prematurely closed",),
        ) as here,
        client.Connection(here.nginx.port, timeout=10) as connection,
    ):
        connection.send("/page.html")
        connection.read_until(b"before(")
        if wanted:
            connection.read_until(wanted)


@pytest.mark.parametrize("shape", WITHOUT_DATA)
@pytest.mark.parametrize("name", ENGINES)
def test_buffers_without_data(name: str, shape: str, nginx_target: Target, module: Path) -> None:
    """Empty ordinary buffers of a filter before do not go on: nginx's writer would refuse them."""
    case = Case(nginx_target.binary, modules=(module, pieces_module(nginx_target.binary)))
    places = f"location /part {{ engine {name}; pieces {shape}; }}"
    with site(case, locations=places) as here:
        response = here.get("/part")
        assert response.complete
        assert response.body.replace(b"x", b"") in (b"", b"one", b"oneone")
