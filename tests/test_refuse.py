"""Every construct that is not in the language, or not spoken yet, is refused where it stands.

A case is Python with the expected errors on the lines that cause them::

    x = lambda: 1  # E: PNX032 `lambda: 1` 'lambda' is not in the language

that is: code, the text that the span covers in that line (up to its end, for a span over several),
and a part of the message. A line can expect several, each with its ``# E:``.
"""

from __future__ import annotations

import ast
import re
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyngx.build.locate import find_target
from pyngx.codes import CODES
from pyngx.diagnostics import Diagnostic, Diagnostics
from pyngx.frontend.load import FilterModule, FunctionSource, function_source, load
from pyngx.frontend.refuse import NOT_YET, REFUSED, refuse
from pyngx.headers import NginxModel, load_model

HEAD = """\
import functools
import os
import subprocess
import time
from time import sleep
from pyngx import Body, ConfError, LocConf, Stream, body_filter, directive, header_filter, variable
from pyngx.ngx import ngx_buf_t, ngx_flag_t, ngx_http_request_t, ngx_int_t


@header_filter
def header(r: ngx_http_request_t) -> None:
    r.headers_out["X-Foo"] = b"foo"


"""

REFUSALS = {
    "async": """
        def f() -> None:
            async def g() -> None:  # E: PNX030 `async def` 'async' is not in the language
                pass
        """,
    "nested function": """
        def f() -> int:
            def inner() -> int:  # E: PNX031 `inner` a function in a function
                return 1
            return inner()
        """,
    "lambda": """
        def f() -> int:
            g = lambda: 1  # E: PNX032 `lambda: 1` 'lambda' is not in the language
            return g()
        """,
    "class": """
        def f() -> None:
            class Inner:  # E: PNX033 `Inner` a class in a function
                pass
        """,
    "global": """
        COUNT = 0
        def f() -> None:
            global COUNT  # E: PNX034 `global COUNT` 'global' is not in the language
            COUNT += 1
        """,
    "nonlocal": """
        def make():
            n = 0
            def f() -> None:  # E: PNX050 `f` 'f' is a closure over 'n'
                nonlocal n  # E: PNX034 `nonlocal n` 'nonlocal' is not in the language
                n = 1
            return f
        f = make()
        del make
        """,
    "closure": """
        def make(n):
            def f() -> int:  # E: PNX050 `f` 'f' is a closure over 'n'
                return n
            return f
        f = make(3)
        del make
        """,
    "*args": """
        def f(*args: int) -> None:  # E: PNX035 `args: int` '*args' is not in the language
            pass
        """,
    "**kwargs": """
        def f(**options: int) -> None:  # E: PNX035 `options: int` '**options' is not in
            pass
        """,
    "keyword-only": """
        def f(a: int, *, b: int) -> None:  # E: PNX036 `b: int` the keyword-only parameter 'b'
            pass
        """,
    "default": """
        def f(a: int = 1) -> None:  # E: PNX037 `1` a parameter has no default value
            pass
        """,
    "keyword-only default": """
        def f(*, a: int = 1) -> None:  # E: PNX036 `a: int` keyword-only  # E: PNX037 `1` no default
            pass
        """,
    "decorator": """
        def twice(function):
            return function
        @twice  # E: PNX038 `twice` the decorator 'twice' is not in the language
        def f() -> None:
            pass
        del twice
        """,
    "decorator call": """
        def named(name):
            return lambda function: function
        @named("x")  # E: PNX038 `named("x")` the decorator 'named' is not in the language
        def f() -> None:
            pass
        del named
        """,
    "import": """
        def f() -> None:
            import json  # E: PNX039 `import json` an import in a function
            from json import loads  # E: PNX039 `from json import loads` an import in a function
        """,
    "with": """
        def f(lock: int) -> None:
            with lock:  # E: PNX040 `with` 'with' is not in the language
                x = lambda: 1  # E: PNX032 `lambda: 1` 'lambda'
        """,
    "del": """
        def f(r: ngx_http_request_t) -> None:
            x = 1
            del x  # E: PNX041 `x` 'del' removes headers only
            del r.count  # E: PNX041 `r.count` 'del' removes headers only
            del r.headers_out["X-Foo"]
        """,
    "del slice": """
        def f(data: ngx_buf_t) -> None:
            del data[1:2]  # E: PNX041 `data[1:2]` 'del' removes headers only
        """,
    "star": """
        def f(x: bytes) -> None:
            a = (1, *x)  # E: PNX042 `*x` a star expression
            print_all(*b)  # E: PNX042 `*b` a star expression
            print_all(**b)  # E: PNX042 `**b` a star expression
        """,
    "set": """
        def f() -> None:
            x = {1, 2}  # E: PNX043 `{1, 2}` a set is not made in a function
            y = {a for a in x}  # E: PNX043 `{a for a in x}` a set comprehension
        """,
    "dict": """
        def f() -> None:
            x = {1: 2}  # E: PNX043 `{1: 2}` a dict is not made in a function
            y = {a: a for a in x}  # E: PNX043 `{a: a for a in x}` a dict comprehension
        """,
    "eval": """
        def f(r: ngx_http_request_t) -> None:
            eval("1")  # E: PNX044 `eval` eval() is not in the language
            getattr(r, "x")  # E: PNX044 `getattr` getattr() is not in the language
            type(r)  # E: PNX044 `type` type() is not in the language
        """,
    "print": """
        def f() -> None:
            print("x")  # E: PNX045 `print` print() has nowhere to write
        """,
    "blocking": """
        def f() -> None:
            time.sleep(1)  # E: PNX046 `time.sleep` time.sleep() would block the nginx worker
            sleep(1)  # E: PNX046 `sleep` sleep() would block the nginx worker
            open("x")  # E: PNX046 `open` open() would block
            os.system("x")  # E: PNX046 `os.system` os.system() would block
            subprocess.run(["x"])  # E: PNX046 `subprocess.run` would block
        """,
    "a local name that looks blocking": """
        def f(open: int) -> int:
            sleep = open
            return sleep
        """,
    "yield in a header filter's helper": """
        def f() -> Stream:
            yield b"x"  # E: PNX047 `yield b"x"` 'yield' in 'f', which is not the body filter
        """,
    "yield in a variable": """
        @variable("v")
        def f() -> Stream:
            yield from b"x"  # E: PNX047 `yield from b"x"` 'yield' in 'f'
        """,
    "yield as a value": """
        @body_filter
        def f(body: Body) -> Stream:
            x = yield b"x"  # E: PNX048 `yield b"x"` 'yield' has no value
            yield (yield b"y")  # E: PNX048 `yield b"y"` 'yield' has no value
        """,
    "yield nothing": """
        @body_filter
        def f(body: Body) -> Stream:
            yield  # E: PNX051 `yield` 'yield' without a value
        """,
    "type comment": """
        def f() -> None:
            x = 0  # type: int # E: PNX049 `# type: int` type comments are not read
            y = 0  # type: ignore[name]
            z = 0  # typed by hand
        """,
    "complex": """
        def f() -> None:
            x = 2j  # E: PNX052 `2j` complex numbers
        """,
    "matrix": """
        def f(a: int) -> None:
            x = a @ a  # E: PNX053 `a @ a` matrix multiplication
            x @= a  # E: PNX053 `x @= a` matrix multiplication
        """,
    "except*": """
        def f() -> None:
            try:  # E: PNX060 `try` 'except*' is in the language
                x = 1
            except* ValueError:
                x = 2
        """,
    "validate": """
        class Conf(LocConf):
            enable: ngx_flag_t = directive("enable", default=False)
            def validate(self) -> None:
                if self.enable:
                    raise ConfError("x")
                x = lambda: 1  # E: PNX032 `lambda: 1` 'lambda' is not in the language
        """,
    "several lines and wide characters": """
        def f() -> None:
            x = ("日本", lambda: 1)  # E: PNX032 `lambda: 1` 'lambda'
            if x:
                x = (lambda  # E: PNX032 `lambda` 'lambda'
                        : 1)
        """,
    "what is spoken": """
        class Conf(LocConf):
            enable: ngx_flag_t = directive("enable", default=False)
        @variable("v")
        def value(r: ngx_http_request_t, conf: Conf) -> bytes | None:
            a, b = 1, 2
            a += b
            c: int | None = None
            if (n := a) > b:
                a = 1 if b else 2
            elif not n and c is None:
                pass
            else:
                return None
            while a < 10:
                a += 1
                if a == 5:
                    continue
                break
            for i in range(3):
                a = a // 2 + i % 3
            del r.headers_out["X-Foo"]
            return b"%d" % a + f"{a} {b!r}".encode()[1:3]
        @body_filter(encoded=True)
        def body(body: Body) -> Stream:
            '''A docstring.'''
            for buf in body:
                yield buf
            yield from body
        """,
}


@pytest.fixture(scope="module")
def model() -> NginxModel:
    return load_model(find_target())


_EXPECTED = re.compile(r"# E: (PNX\d+) `(.*?)` (.*?)\s*(?=# E:|$)")


def functions(module: FilterModule) -> Iterator[FunctionSource]:
    """Every function of the file, methods of its classes included."""
    for value in list(module.namespace.values()):
        own = vars(value).values() if isinstance(value, type) else [value]
        for function in own:
            if isinstance(function, types.FunctionType):
                source = function_source(function)
                if source is not None and source.source == module.source:
                    yield source


def refused(path: Path, model: NginxModel) -> tuple[Diagnostic, ...]:
    """What the front end says about a file."""
    diags = Diagnostics()
    module = load(path, diags, model)
    if module is not None:
        for function in functions(module):
            refuse(function, diags)
    return diags.all


def dedent(text: str) -> str:
    lines = text.strip("\n").split("\n")
    indent = len(lines[0]) - len(lines[0].lstrip())
    return "\n".join(line[indent:] for line in lines).rstrip() + "\n"


def covered(found: Diagnostic, lines: list[str]) -> str:
    """The text under a span, of its first line."""
    line = lines[found.span.line - 1]
    several = found.span.end_line > found.span.line
    text = line[found.span.col - 1 : None if several else found.span.end_col - 1]
    return text.split("# E:")[0].rstrip()


@pytest.mark.parametrize("name", REFUSALS)
def test_refused_where_it_stands(name: str, tmp_path: Path, model: NginxModel) -> None:
    text = HEAD + dedent(REFUSALS[name])
    path = tmp_path / "case.py"
    path.write_text(text)
    lines = text.split("\n")
    expected = [
        (number, match[1], match[2], match[3])
        for number, line in enumerate(lines, 1)
        for match in _EXPECTED.finditer(line)
    ]
    found = refused(path, model)
    assert [(d.span.line, d.code, covered(d, lines)) for d in found] == [
        (line, code, place) for line, code, place, _ in expected
    ]
    for d, (_, _, _, words) in zip(found, expected, strict=True):
        assert words in d.message


def test_every_refusal_has_a_case_and_says_what_to_write_instead(
    tmp_path: Path, model: NginxModel
) -> None:
    seen = set()
    for number, case in enumerate(REFUSALS.values()):
        path = tmp_path / f"case{number}.py"
        path.write_text(HEAD + dedent(case))
        for d in refused(path, model):
            seen.add(d.code)
            assert d.help, d.message
    by_others = {"PNX061", "PNX062"}  # they depend on what is iterated, and where
    assert seen == {code for code in CODES if "PNX030" <= code < "PNX090"} - by_others


def test_both_tables_name_nodes_of_python_and_declared_codes() -> None:
    assert not REFUSED.keys() & NOT_YET.keys()
    for kind, row in (REFUSED | NOT_YET).items():
        assert issubclass(kind, ast.AST)
        assert row.code in CODES
