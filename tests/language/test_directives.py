"""Directives: what each type accepts, inherits and refuses, in nginx's own words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.harness import client
from tests.harness.builds import Target
from tests.harness.nginx import ConfigRefused, Nginx, check_config
from tests.language.serving import build

FILTER = Path(__file__).with_name("filters") / "directives.py"
SHOWN = b"$d_scalars^$d_texts^$d_word^$d_lists^$d_optional"
DEFAULT_SCALARS = b"1 0 -1 10 2 3 4 5 1024 4096 1500 60|none|3|7|0|1|10 20"
DEFAULT_TEXTS = b"t\0e\xffxt|uri=/x||(none)|-|5 5|4 8192"
DEFAULT_WORD = "wört".encode()
DEFAULT_LISTS = b"one,two,|0||no tags"
DEFAULTS = (DEFAULT_SCALARS, DEFAULT_TEXTS, DEFAULT_WORD, DEFAULT_LISTS, b"none")


@pytest.fixture(scope="module")
def module(packaged: Target, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The filter, built."""
    return build([FILTER], packaged, tmp_path_factory.mktemp("directives"))[0]


def shown(
    packaged: Target, module: Path, http: str = "", server: str = "", location: str = ""
) -> tuple[bytes, ...]:
    """The values in a location with that configuration."""
    with Nginx(
        packaged.binary,
        modules=[module],
        http=http,
        server=server,
        locations=f'location / {{ {location} return 200 "{SHOWN.decode()}"; }}',
    ) as nginx:
        response = client.request(nginx.port, "/x")
    assert response.status == 200
    return tuple(response.body.split(b"^"))


def test_defaults(packaged: Target, module: Path) -> None:
    """Without a directive each field has its default."""
    assert shown(packaged, module) == DEFAULTS


def test_values(packaged: Target, module: Path) -> None:
    """Each type reads its value."""
    http = "d_total 42; d_names a b c;"
    server = "d_site site; d_depth 9;"
    location = """
        d_flag off; d_boolean on; d_number 0; d_plain 11; d_unsigned 12; d_small 255;
        d_medium 65535; d_signed32 100; d_size 1m; d_offset 8k; d_wait 10s; d_age 1d; d_only 2;
        d_text ""; d_word "x y"; d_bufs 2 4k; d_level HIGH; d_parts body head; d_types *;
        d_value "a${uri}b$arg_q"; d_other $request_method; d_words a "b c" d; d_numbers 1 2 30;
        d_pair x 1; d_pair y 20; d_maybe ""; d_limit 0; d_most 0; d_rest 1k; d_pause 7;
        d_tags t u; d_low 5; d_high 6; d_if there;"""
    scalars, texts, word, lists, optional = shown(packaged, module, http, server, location)
    assert scalars == b"0 1 0 11 12 255 65535 100 1048576 8192 10000 86400|site|9|42|3|2|5 6"
    assert texts == b"|a/xb|GET|(none)|there|high|body|10 3|2 4096"
    assert word == b"x y"
    assert lists == b"a,b c,d,|33|x=1;y=20;221dd<t><u>abc"
    assert optional == b"77 limit 0 rest 1025 pause 7000 0 same falsy"


def test_several_times(packaged: Target, module: Path) -> None:
    """A list of words grows by each directive, as nginx's own lists do."""
    location = "d_words a; d_words b c; d_tags x; d_tags y; d_numbers 1; d_numbers 2;"
    lists = shown(packaged, module, location=location)[3]
    assert lists == b"a,b,c,|3|cc<x><y>"


def test_unknown_variable(packaged: Target, module: Path) -> None:
    """nginx knows all variables only when it has read everything."""
    with pytest.raises(ConfigRefused, match='unknown "nothing_here" variable'):
        check_config(
            packaged.binary,
            modules=[module],
            locations="location / { d_value $nothing_here; }",
        )


def test_inheritance(packaged: Target, module: Path) -> None:
    """Inner levels win over outer ones, field by field; lists are inherited as a whole."""
    http = (
        "d_number 1; d_plain 1; d_words h; d_pair h 1; d_maybe h; d_limit 4; d_value h; d_site h;"
    )
    server = "d_plain 2; d_words s t; d_value s; d_text s;"
    location = "d_words l; d_parts foot; d_other l;"
    scalars, texts, _, lists, optional = shown(packaged, module, http, server, location)
    assert scalars.startswith(b"1 0 1 2 2 3") and b"|h|" in scalars
    assert texts == b"s|s|l|h|-|5 4|4 8192"
    assert lists == b"l,|0|h=1;2|no tags"
    assert optional == b"4 limit 4 4 same"


def test_if_block(packaged: Target, module: Path) -> None:
    """A directive for ``if`` holds inside of it."""
    with Nginx(
        packaged.binary,
        modules=[module],
        locations="""location / {
            d_if outside;
            add_header X-Texts $d_texts;
            if ($arg_a) { d_if inside; }
        }""",
        files={"if": b"page"},
    ) as nginx:
        inside = client.request(nginx.port, "/if?a=1").header("X-Texts") or ""
        outside = client.request(nginx.port, "/if").header("X-Texts") or ""
    assert "|inside|" in inside and "|outside|" in outside


REFUSED = {
    "d_flag 1": 'invalid value "1" in "d_flag" directive, it must be "on" or "off"',
    "d_flag on; d_flag off": '"d_flag" directive is duplicate',
    "d_boolean yes": "it must be",
    "d_number x": "invalid number",
    "d_number": 'invalid number of arguments in "d_number" directive',
    "d_number 1 2": 'invalid number of arguments in "d_number" directive',
    "d_number 1; d_number 1": '"d_number" directive is duplicate',
    "d_plain 99999999999999999999": "invalid number",
    "d_unsigned -1": "invalid number",
    "d_small 256": "value must be between 0 and 255",
    "d_small 1; d_small 1": '"d_small" directive is duplicate',
    "d_medium 1": "value must be between 2 and 65535",
    "d_medium 65536": "value must be between 2 and 65535",
    "d_signed32 101": "value must be between -2147483648 and 100",
    "d_size 2m": "value must be between 0 and 1048576",
    "d_size 8x": "invalid value",
    "d_size 1; d_size 1": '"d_size" directive is duplicate',
    "d_offset x": "invalid value",
    "d_offset 1; d_offset 1": '"d_offset" directive is duplicate',
    "d_wait 1x": "invalid value",
    "d_wait 1; d_wait 1": '"d_wait" directive is duplicate',
    "d_age ten": "invalid value",
    "d_text a; d_text b": '"d_text" directive is duplicate',
    "d_word a; d_word b": '"d_word" directive is duplicate',
    "d_bufs 4": "invalid number of arguments",
    "d_bufs 0 4k": "invalid value",
    "d_bufs 4 4k; d_bufs 4 4k": '"d_bufs" directive is duplicate',
    "d_level lowest": 'invalid value "lowest"',
    "d_level low; d_level low": '"d_level" directive is duplicate',
    "d_parts nose": 'invalid value "nose"',
    "d_value a; d_value b": '"d_value" directive is duplicate',
    "d_other a; d_other b": '"d_other" directive is duplicate',
    "d_numbers 1 x": "invalid number",
    "d_pair x": "invalid number of arguments",
    "d_pair x y": "invalid number",
    "d_maybe a; d_maybe b": '"d_maybe" directive is duplicate',
    "d_limit 1; d_limit 1": '"d_limit" directive is duplicate',
    "d_limit -1": "invalid number",
    "d_most 1; d_most 1": '"d_most" directive is duplicate',
    "d_pause 1; d_pause 1": '"d_pause" directive is duplicate',
    "d_low 21": "d_low 21 is more than d_high 20",
    "d_high 9": "d_low 10 is more than d_high 9",
    "d_text bad": "d_text may not be bad",
    "d_maybe 123456": "d_maybe is too long: 6",
    "d_total 1": '"d_total" directive is not allowed here',
    "d_site x": '"d_site" directive is not allowed here',
    "if ($arg_x) { d_flag on; }": '"d_flag" directive is not allowed here',
}


@pytest.mark.parametrize("directives", REFUSED)
def test_refused(packaged: Target, module: Path, directives: str) -> None:
    """nginx says what is wrong, and where."""
    end = "" if directives.endswith("}") else ";"
    with pytest.raises(ConfigRefused) as refused:
        check_config(
            packaged.binary,
            modules=[module],
            locations=f"location / {{\n {directives}{end}\n}}",
        )
    said = str(refused.value)
    assert REFUSED[directives] in said
    assert re.search(r"nginx\.conf:\d+", said), said


def test_refused_elsewhere(packaged: Target, module: Path) -> None:
    """A directive of the location level only, and bounds of the server's."""
    for where, text, message in (
        ("server", "d_only 1;", '"d_only" directive is not allowed here'),
        ("server", "d_if x;", '"d_if" directive is not allowed here'),
        ("server", "d_depth 10;", "value must be between 1 and 9"),
        ("server", "d_depth 0;", "value must be between 1 and 9"),
        ("server", "d_site a; d_site b;", "is duplicate"),
        ("http", "d_total 1; d_total 2;", "is duplicate"),
        ("http", "d_low 30;", "d_low 30 is more than d_high 20"),
    ):
        with pytest.raises(ConfigRefused) as refused:
            check_config(packaged.binary, modules=[module], **{where: text})
        assert message in str(refused.value)
