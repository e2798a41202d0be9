"""Files that are out to break the compiler end in messages, or in C that a C compiler takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyngx import render
from pyngx.diagnostics import Diagnostic, Diagnostics
from pyngx.pipeline import compile_file
from tests.diagnostics.cases import HEAD, installed

FILES = sorted((Path(__file__).parents[1] / "hostile").glob("*.py"))

START = "@header_filter\ndef header(r: ngx_http_request_t) -> None:\n"

EVIL = """\
class Evil:
    def __getattr__(self, name):
        raise RuntimeError("no attribute for you")

    def __eq__(self, other):
        raise RuntimeError("no comparison for you")

    __hash__ = None

    def __repr__(self):
        raise RuntimeError("no text for you")

    def __call__(self):
        raise RuntimeError("no call for you")

    def __len__(self):
        raise RuntimeError("no length for you")

    def __iter__(self):
        raise RuntimeError("no items for you")


evil = Evil()


"""

PROGRAMS = {
    "an attribute that raises": EVIL + START + "    x = evil.anything\n",
    "an object that cannot be hashed is called": EVIL + START + "    x = evil()\n",
    "a method of an object that raises": EVIL + START + "    x = evil.anything(1)\n",
    "an object in a condition": EVIL + START + "    if evil:\n        pass\n",
    "an object compared": EVIL + START + "    if evil == 1 or 1 in evil:\n        pass\n",
    "an object iterated": EVIL + START + "    for x in evil:\n        pass\n",
    "an object subscripted": EVIL + START + "    x = evil[0]\n",
    "an object formatted": EVIL + START + '    x = f"{evil}" + b"%d" % evil\n',
    "an object raised": EVIL
    + "class Conf(LocConf):\n"
    + '    a: ngx_int_t = directive("a", default=1)\n'
    + "    def validate(self) -> None:\n        raise evil\n",
    "an object as a default": EVIL
    + 'class Conf(LocConf):\n    a: ngx_int_t = directive("a", default=evil)\n',
    "an object as a name": EVIL
    + "class Conf(LocConf):\n    a: ngx_int_t = directive(evil, default=1)\n",
    "an object as a bound": EVIL
    + 'class Conf(LocConf):\n    a: ngx_int_t = directive("a", default=1, min=evil)\n',
    "an object as a context": EVIL
    + 'class Conf(LocConf):\n    a: ngx_int_t = directive("a", default=1, context=evil)\n',
    "an object in a list of defaults": EVIL
    + 'class Conf(LocConf):\n    a: list[bytes] = directive("a", default=[evil])\n',
    "an object as an annotation": EVIL + "def f(x: evil) -> int:\n    return 1\n\n"
    "@header_filter\ndef header(r: ngx_http_request_t) -> None:\n    x = f(1)\n",
    "an object as a default of the context": EVIL
    + "class Ctx(RequestCtx):\n    a: off_t = evil\n\n"
    + "@header_filter\ndef header(ctx: Ctx) -> None:\n    pass\n",
    "a set of objects that do not compare": "MIXED = {1, b'a', 'a', None, (1, 2)}\n\n"
    + START
    + "    if r.method in MIXED:\n        pass\n",
    "an enum without members": "class E(enum.IntEnum):\n    pass\n\n"
    "class Conf(LocConf):\n    a: E = directive('a', default=1)\n",
    "a context field of an enum without members": "class E(enum.IntEnum):\n    pass\n\n"
    "class Ctx(RequestCtx):\n    a: E\n\n@header_filter\ndef header(ctx: Ctx) -> None:\n    pass\n",
    "an enum of large numbers": "class E(enum.IntEnum):\n    big = 2**70\n\n"
    + START
    + "    x = E.big\n",
    "an enum in the configuration with large numbers": "class E(enum.IntEnum):\n    big = 2**70\n\n"
    "class Conf(LocConf):\n    a: E = directive('a', default=E.big)\n",
    "an enum with odd names": "E = enum.IntEnum('E', {'a b': 1, 'c\"d': 2, '*/': 3})\n\n"
    "class Conf(LocConf):\n    a: E = directive('a', default=E(1))\n",
    "a directive of two lines": "class Conf(LocConf):\n"
    '    a: ngx_str_t = directive("a\\nb", default=b"")\n',
    "a variable of two lines": '@variable("a\\nb")\ndef v(r: ngx_http_request_t) -> bytes:\n'
    '    return b""\n',
    "a tuple type of nothing": "class Conf(LocConf):\n    a: list[tuple[()]] = directive('a')\n",
    "a list type of nothing": "class Conf(LocConf):\n    a: list = directive('a')\n",
    "min and max that are flags": "class Conf(LocConf):\n"
    "    a: ngx_int_t = directive('a', default=1, min=True, max=False)\n",
    "bounds of more than 64 bits": "class Conf(LocConf):\n"
    "    a: ngx_int_t = directive('a', default=1, min=-2**80, max=2**80)\n",
    "a long name": START + f"    {'x' * 5000} = r.method\n    y = {'x' * 5000} + 1\n",
    "names of other scripts": START + "    größe = r.method\n    名前 = größe + 1\n"
    '    r.headers_out["X"] = b"%d" % 名前\n',
    "large powers": START + "    x = 2 ** 10 ** 10\n    y = 7 ** r.method\n    z = 1 << 10 ** 12\n",
    "a large constant": "BIG = b'x' * 1000000\n\n" + START + '    r.headers_out["X"] = BIG\n',
    "a large repetition": START + '    r.headers_out["X"] = b"x" * 10 ** 17\n',
    "many levels of parentheses": START + "    x = " + "(" * 150 + "1" + ")" * 150 + "\n",
    "many levels of operators": START + "    x = r.method" + " + r.method" * 150 + "\n",
    "many levels of if": START
    + "".join("    " * (i + 1) + "if r.method:\n" for i in range(18))
    + "    " * 19
    + "pass\n",
    "comment ends in names of formats": START + '    log.info("*/ %s /* ??/", "*/")\n',
    "surrogates": START + '    r.headers_out["X"] = "\\ud800"\n',
    "surrogates in a module constant": 'TEXT = "\\udcff"\n\n'
    + START
    + '    r.headers_out["X"] = TEXT\n    log.info("%s", TEXT)\n',
    "surrogates in an f-string": START + '    r.headers_out["X"] = f"\\ud800{r.method}"\n',
    "a directive with surrogates": "class Conf(LocConf):\n"
    '    a: str = directive("a", default="\\ud800")\n',
    "conversions without an end": START + '    r.headers_out["X"] = b"%" % 1\n    x = b"%5" % 1\n',
    "a width without measure": START + '    r.headers_out["X"] = b"%99999999999999d" % 1\n',
    "deleted names": START + "    pass\n\ndel NGX_OK\n",
    "functions replaced": START + "    x = len(b'a')\n\nlen = 5\n",
    "a loop variable that is the sequence": START + "    for x in b'abc':\n        for x in b'd':\n"
    "            x = x + 1\n",
    "a parameter assigned": START + "    r = 1\n",
    "a parameter deleted by a loop": START + "    for r in range(3):\n        pass\n",
    "a walrus everywhere": START + "    x = (y := (z := 1)) + y + z\n    while x := x - 1:\n"
    "        pass\n",
    "nothing but a docstring": START + '    """Only this."""\n',
    "code after return": START + "    return\n    undefined_name()\n",
    "break outside of a branch": START + "    while True:\n        break\n        x = 1\n",
    "an endless loop": START + "    while True:\n        pass\n",
    "an endless generator": "@body_filter\ndef body(body: Body) -> Stream:\n    while True:\n"
    "        yield b'x'\n",
    "two classes that validate": "class Main(MainConf):\n"
    '    n: ngx_int_t = directive("n", default=1)\n'
    "    def validate(self) -> None:\n        if self.n > 3:\n"
    '            raise ConfError("bad")\n\n'
    "class Srv(SrvConf):\n"
    '    n: ngx_int_t = directive("sn", default=1)\n'
    "    def validate(self) -> None:\n        if self.n > 3:\n"
    '            raise ConfError("bad")\n',
    "bytes made in validate": "class Conf(LocConf):\n"
    '    n: ngx_int_t = directive("n", default=1)\n'
    '    t: ngx_str_t = directive("t", default=b"")\n'
    "    def validate(self) -> None:\n"
    '        x = b"%d" % self.n + self.t.upper()\n'
    '        if x.replace(b"a", b"b") == b"b" or int(self.t) // self.n == 3:\n'
    '            raise ConfError(f"bad {self.n}")\n',
    "a body read twice": "@body_filter\ndef body(body: Body) -> Stream:\n    for buf in body:\n"
    "        for buf in body:\n            yield buf\n",
}


def _compile(path: Path) -> list[Diagnostic]:
    diags = Diagnostics()
    compiled = compile_file(path, installed(), diags)
    assert (compiled is None) == diags.has_errors
    assert render.text(diags.all) or not diags.all
    return list(diags.all)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_ends_in_messages_or_good_c(path: Path) -> None:
    _compile(path)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_ends_in_messages_or_good_c(name: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile.py"
    path.write_text(HEAD + PROGRAMS[name])
    _compile(path)
