"""Loading a filter file: what is found in it, and what is said about a file that cannot be loaded.

Hostile input is part of this: whatever stands in a file, the outcome is a module or a diagnostic.
"""

from __future__ import annotations

import ast
import sys
import textwrap
import types
import typing
from pathlib import Path

import pytest

from pyngx import BodyFilter, LocConf, ModuleOptions, ngx
from pyngx.build.locate import find_target
from pyngx.codes import CODES
from pyngx.diagnostics import Diagnostic, Diagnostics, Severity
from pyngx.frontend.comments import read_comments
from pyngx.frontend.load import BESIDE, MAX_DEPTH, FilterModule, function_source, load
from pyngx.headers import NginxModel, load_model
from pyngx.source import SourceFile

HOSTILE = Path(__file__).parent / "hostile"

FOOTER = '''\
"""Append a text."""

from helper import shout
from pyngx import Body, LocConf, RequestCtx, Stream, body_filter, directive, header_filter, module
from pyngx import variable
from pyngx.ngx import ngx_flag_t, ngx_http_request_t, ngx_int_t, ngx_str_t, off_t

module(name="tail", after="gunzip")


# the configuration
class Conf(LocConf):
    enable: ngx_flag_t = directive("tail", default=False)  # on or off
    text: ngx_str_t | None = directive("tail_text", default=None)


class Ctx(RequestCtx):
    count: off_t = 0


# first line
# second line
@header_filter
def header(r: ngx_http_request_t, conf: Conf) -> ngx_int_t:
    return shout(0)  # declined


@body_filter(partial=True)
def body(body: Body, conf: Conf) -> Stream:
    yield from body


@variable("tail_count")
def count(ctx: Ctx | None) -> bytes | None:
    return None if ctx is None else b"%d" % ctx.count
'''

HEADER = """\
from pyngx import *
from pyngx.ngx import ngx_http_request_t


@header_filter
def header(r: ngx_http_request_t) -> None:
    pass


"""


@pytest.fixture(scope="module")
def model() -> NginxModel:
    return load_model(find_target())


class Loader:
    """Writes files into a folder and loads one of them."""

    def __init__(self, folder: Path, model: NginxModel) -> None:
        self.folder = folder
        self.model = model

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        data = content if isinstance(content, bytes) else content.encode()
        path.write_bytes(data)
        return path

    def load(self, path: Path) -> tuple[FilterModule | None, tuple[Diagnostic, ...]]:
        diags = Diagnostics()
        return load(path, diags, self.model), diags.all

    def good(self, content: str, name: str = "case.py") -> FilterModule:
        module, found = self.load(self.write(name, content))
        assert module is not None and not found, found
        return module

    def errors(self, content: str | bytes, name: str = "case.py") -> tuple[Diagnostic, ...]:
        module, found = self.load(self.write(name, content))
        assert module is None or {d.code for d in found} & BESIDE
        assert any(d.severity is Severity.ERROR for d in found)
        assert {d.code for d in found} <= CODES.keys()
        return found

    def error(self, content: str | bytes, name: str = "case.py") -> Diagnostic:
        (found,) = self.errors(content, name)
        return found


@pytest.fixture
def loader(tmp_path: Path, model: NginxModel) -> Loader:
    return Loader(tmp_path, model)


def place(d: Diagnostic) -> tuple[int, int, int]:
    return d.span.line, d.span.col, d.span.end_col


def test_everything_in_a_file_is_found(loader: Loader) -> None:
    loader.write("helper.py", "def shout(n: int) -> int:\n    return n  # twice\n")
    module = loader.good(FOOTER, "footer.py")
    assert module.name == "tail"
    assert module.options == ModuleOptions("tail", "gunzip", None, 8)
    assert module.docstring == "Append a text."
    assert module.header_filter is not None and module.header_filter.name == "header"
    assert module.header_filter.node.lineno == 24
    assert module.body_filter is not None and module.body_filter.name == "body"
    assert module.body_options == BodyFilter(encoded=False, partial=True)
    assert [(name, f.name) for name, f in module.variables] == [("tail_count", "count")]
    assert module.loc_conf is not None and module.loc_conf.cls.__name__ == "Conf"
    assert module.loc_conf.hints == {"enable": ngx.ngx_flag_t, "text": ngx.ngx_str_t | None}
    assert module.request_ctx is not None
    assert module.request_ctx.hints == {"count": ngx.off_t}
    assert module.srv_conf is None and module.main_conf is None
    assert [s.name for s in module.sources] == ["footer.py", "helper.py"]
    assert module.namespace["Conf"] is module.loc_conf.cls


def test_comments_are_attached_by_line(loader: Loader) -> None:
    loader.write("helper.py", "def shout(n: int) -> int:\n    return n  # twice\n")
    module = loader.good(FOOTER, "footer.py")
    assert module.header_filter is not None and module.loc_conf is not None
    header, conf = module.header_filter.node, module.loc_conf.node
    assert module.comments.above(header) == ("first line", "second line")
    assert module.comments.above(conf) == ("the configuration",)
    assert module.comments.trailing(13) == "on or off"
    assert module.comments.trailing(12) is None
    shout = module.namespace["shout"]
    assert isinstance(shout, types.FunctionType)
    helper = function_source(shout)
    assert helper is not None and helper.source.name == "helper.py"
    assert helper.comments.trailing(2) == "twice"


def test_comments_in_brackets_strings_and_before_else() -> None:
    text = (
        'x = [  # a\n    # b\n    1,\n]\ns = "# no"\nif x:\n    pass\n# c\nelse:  # d\n    pass\n'
    )
    tree = ast.parse(text)
    comments = read_comments(SourceFile("x.py", text), tree)
    assign, _, test = tree.body
    assert isinstance(test, ast.If)
    assert comments.beside(assign) == "a\nb"
    assert comments.beside(test) is None
    assert comments.above(test.orelse[0]) == ("c", "d")


def test_a_changed_helper_is_read_again(loader: Loader) -> None:
    text = "from helper import N\n" + HEADER
    for n in (1, 2):
        loader.write("helper.py", f"N = {n}\n")
        assert loader.good(text).namespace["N"] == n
    assert not list(loader.folder.rglob("*.pyc"))


def test_a_file_named_like_a_module_of_python_does_not_replace_it(loader: Loader) -> None:
    import json

    assert loader.good(HEADER, "json.py").name == "json"
    assert sys.modules["json"] is json


def test_dataclasses_and_late_annotations_resolve(loader: Loader) -> None:
    module = loader.good(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "from pyngx.ngx import size_t\n" + HEADER + "@dataclass\nclass Pair:\n    a: size_t\n"
        "class Conf(LocConf):\n    n: size_t = directive('n', default=1)\n"
    )
    pair = module.namespace["Pair"]
    assert typing.get_type_hints(pair) == {"a": ngx.size_t}
    assert module.loc_conf is not None and module.loc_conf.hints == {"n": ngx.size_t}


def test_a_dash_in_the_file_name_becomes_an_underscore(loader: Loader) -> None:
    assert loader.good(HEADER, "my-filter.py").name == "my_filter"


def test_a_base_class_of_a_configuration_is_no_second_one(loader: Loader) -> None:
    module = loader.good(
        HEADER + "class Base(LocConf):\n    a: int = directive('a', default=1)\n"
        "class Conf(Base):\n    b: int = directive('b', default=2)\n"
    )
    assert module.loc_conf is not None
    assert (module.loc_conf.name, list(module.loc_conf.hints)) == ("Conf", ["a", "b"])
    conf = module.loc_conf.cls
    assert issubclass(conf, LocConf) and repr(conf(a=5)) == "Conf(a=5, b=2)"


def test_printing_at_import_keeps_stdout_clean(
    loader: Loader, capsys: pytest.CaptureFixture[str]
) -> None:
    loader.good("print('hello')\n" + HEADER)
    out, err = capsys.readouterr()
    assert (out, err) == ("", "hello\n")


@pytest.mark.parametrize("name", ["comment_end", "constants", "keywords"])
def test_hostile_but_valid_files_load(name: str, loader: Loader) -> None:
    module, found = loader.load(HOSTILE / f"{name}.py")
    assert module is not None and not found


# Files that cannot be loaded.


def test_a_missing_file_and_a_directory(loader: Loader) -> None:
    module, (found,) = loader.load(loader.folder / "none.py")
    assert module is None and found.code == "PNX001"
    assert found.message.endswith("none.py cannot be read: No such file or directory")
    module, (found,) = loader.load(loader.folder)
    assert module is None and found.code == "PNX001"
    assert found.message.endswith("is a directory, not a Python file")


def test_not_text(loader: Loader) -> None:
    found = loader.error(b"x = 1\ny = '\xff'\n")
    assert (found.code, found.span.line) == ("PNX001", 2)
    assert found.message.endswith("is not valid utf-8 text")
    found = loader.error(b"x = 1\n\n\0\n")
    assert (found.code, found.span.line) == ("PNX001", 3)
    found = loader.error(b"# coding: klingon\n")
    assert found.code == "PNX001" and "klingon" in found.message


def test_other_encodings_and_line_ends_are_read(loader: Loader) -> None:
    latin = ("# coding: latin-1\r\nNAME = 'ü'\r\n" + HEADER.replace("\n", "\r\n")).encode("latin-1")
    module, found = loader.load(loader.write("latin.py", latin))
    assert module is not None and not found
    assert module.namespace["NAME"] == "ü"


def test_a_syntax_error_has_its_place(loader: Loader) -> None:
    found = loader.error("日本 = 1\nx = (日本 +* 2)\n")
    assert (found.code, found.span.line, found.span.col) == ("PNX003", 2, 10)
    assert found.message == "not valid Python: invalid syntax"


@pytest.mark.parametrize(
    "code",
    [
        "(" * 200 + "1" + ")" * 200,
        "(" * 10_000 + "1" + ")" * 10_000,
        "[" * 10_000,
        "-" * 10_000 + "1",
        "not " * 100_000 + "1",
        "1" + "+1" * 10_000,
        "a" + ".b" * 10_000,
        "lambda: " * 5_000 + "1",
        "1 if 1 else " * 10_000 + "1",
        "9" * 10_000,
        "f" + "(f" * 150 + ")" * 150,
    ],
    ids=lambda code: f"{code[:6]}{len(code)}",
)
@pytest.mark.parametrize("limit", [1_000, 20_000])
def test_deep_nesting_ends_in_a_diagnostic(code: str, limit: int, loader: Loader) -> None:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(limit)
    try:
        for text in (f"x = {code}\n", f"{HEADER}def f(a, b):\n    return {code}\n"):
            module, found = loader.load(loader.write("deep.py", text))
            assert module is not None or found
        assert sys.getrecursionlimit() == limit
    finally:
        sys.setrecursionlimit(before)


def test_nesting_in_a_function_is_bounded_and_placed(loader: Loader) -> None:
    text = HEADER + "def f(a):\n    return 1{}\n"
    loader.good(text.format(" + 1" * (MAX_DEPTH - 10)))
    found = loader.error(text.format(" + 1" * (MAX_DEPTH + 10)))
    assert (found.code, found.span.line) == ("PNX004", 11)


def test_a_file_of_ten_thousand_lines_loads(loader: Loader) -> None:
    lines = "".join(f"    x = {i}  # {i}\n" for i in range(10_000))
    module = loader.good(HEADER + "def f():\n" + lines)
    assert module.comments.trailing(10_010) == "9999"


def test_names_that_this_nginx_does_not_have(loader: Loader, model: NginxModel) -> None:
    first, second, third = loader.errors(
        "from pyngx.ngx import NGX_OKK, zzzzzz\nfrom pyngx import header_filtre\n"
    )
    assert first.code == "PNX005" and place(first) == (1, 23, 30)
    assert first.message == f"nginx {model.version} has no 'NGX_OKK'"
    assert first.help == "did you mean 'NGX_OK'?"
    assert second.code == "PNX005" and place(second) == (1, 32, 38) and second.help == ""
    assert third.code == "PNX006" and place(third) == (2, 19, 32)
    assert third.help == "did you mean 'header_filter'?"


def test_a_name_of_nginx_that_pyngx_is_asked_for(loader: Loader) -> None:
    assert "from pyngx.ngx import NGX_OK" in loader.error("from pyngx import NGX_OK\n").help


def test_a_helpers_import_of_an_unknown_name_is_placed_in_the_helper(loader: Loader) -> None:
    loader.write("helper.py", "\nfrom pyngx.ngx import NGX_OKK\n")
    found = loader.error("import helper\n")
    assert found.code == "PNX005" and Path(found.span.path).name == "helper.py"
    assert found.span.line == 2


def test_an_unknown_attribute_of_the_module_of_names(loader: Loader) -> None:
    found = loader.error("from pyngx import ngx\nX = ngx.NGX_OKK\n")
    assert found.code == "PNX007" and place(found) == (2, 5, 16)
    assert "has no 'NGX_OKK'; did you mean 'NGX_OK'?" in found.message


def test_star_import_of_nginx_names(loader: Loader) -> None:
    found = loader.error("from pyngx.ngx import *\n")
    assert found.code == "PNX018" and place(found) == (1, 23, 24)


def test_a_file_that_raises(loader: Loader) -> None:
    found = loader.error("import json\n\ndef f():\n\treturn json.loads('{')\n\nf()\n")
    assert found.code == "PNX007" and place(found) == (4, 9, 24)
    assert found.message.startswith("the file raises when it is imported: JSONDecodeError: ")


def test_a_raise_without_words_and_with_many_lines(loader: Loader) -> None:
    found = loader.error("raise ValueError\n")
    assert found.message == "the file raises when it is imported: ValueError"
    found = loader.error("raise ValueError('a\\nb\\nc')\n")
    assert found.message.endswith("ValueError: a") and found.notes == ("b", "c")


def test_an_exception_that_cannot_be_shown(loader: Loader) -> None:
    found = loader.error(
        "class E(BaseException):\n    def __str__(self): raise KeyError\nraise E\n"
    )
    assert found.code == "PNX007" and found.message.endswith(": E")


def test_endless_recursion_at_import(loader: Loader) -> None:
    found = loader.error("def f():\n    f()\nf()\n")
    assert found.code == "PNX007" and "RecursionError" in found.message


def test_a_syntax_error_in_a_helper(loader: Loader) -> None:
    loader.write("helper.py", "x = 1\ny = = 2\n")
    found = loader.error("import helper\n")
    assert found.code == "PNX003" and Path(found.span.path).name == "helper.py"
    assert found.span.line == 2


@pytest.mark.parametrize("how", ["sys.exit(3)", "raise SystemExit(3)", "quit(3)", "os._exit(3)"])
def test_a_file_that_exits(how: str, loader: Loader) -> None:
    found = loader.error(f"import os, sys\n{how}\n")
    assert (found.code, found.span.line) == ("PNX008", 2)
    assert "(exit code 3)" in found.message


def test_a_file_that_asks_a_question(loader: Loader) -> None:
    found = loader.error("x = input('name? ')\n")
    assert found.code == "PNX007" and "EOFError" in found.message


def test_a_child_of_the_file_may_exit(loader: Loader) -> None:
    module = loader.good(
        HEADER + "import os\npid = os.fork()\nif not pid: os._exit(3)\n"
        "CODE = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])\n"
    )
    assert module.namespace["CODE"] == 3


def test_file_names_that_give_no_name(loader: Loader) -> None:
    for name in ("3d.py", "a b.py", "größe.py", "a.b.py"):
        found = loader.error(HEADER, name)
        assert found.code == "PNX002" and "module(name=" in found.help
        assert loader.good(HEADER + "module(name='good')\n", name).name == "good"


def test_wrong_module_options(loader: Loader) -> None:
    found = loader.error(HEADER + "\nmodule(name='a-b')\n")
    assert found.code == "PNX020" and place(found) == (11, 1, 19)
    assert loader.error(HEADER + "module(after='sub;')\n").code == "PNX020"
    assert loader.error(HEADER + "module(before=3)\n").code == "PNX020"
    assert "twice" in loader.error(HEADER + "module()\nmodule()\n").message


def test_the_name_of_an_nginx_module(loader: Loader) -> None:
    module, (found,) = loader.load(loader.write("gzip.py", HEADER))
    assert module is not None and module.name == "gzip"
    assert (found.code, found.severity) == ("PNX009", Severity.WARNING)
    assert "ngx_http_gzip_filter_module" in found.message


TWICE = {
    "PNX010": "@header_filter\ndef {}(r: ngx_http_request_t) -> None:\n    pass\n",
    "PNX011": "@body_filter\ndef {}(body: Body) -> Stream:\n    yield from body\n",
    "PNX012": "class {}(SrvConf):\n    {}: int = directive('{}', default=1)\n",
    "PNX013": "class {}(RequestCtx):\n    n: int = 0\n",
    "PNX019": "@variable('v')\ndef {}() -> None:\n    return None\n",
}


@pytest.mark.parametrize("code", TWICE)
def test_two_of_what_a_file_has_one_of(code: str, loader: Loader) -> None:
    head = HEADER if code != "PNX010" else "\n".join(HEADER.split("\n")[:3]) + "\n"
    text = head + TWICE[code].format(*["first"] * 3) + TWICE[code].format(*["second"] * 3)
    found = loader.error(text)
    lines = text.split("\n")
    (label,) = found.secondary
    assert found.code == code
    for span, name in ((found.span, "second"), (label.span, "first")):
        assert lines[span.line - 1][span.col - 1 : span.end_col - 1] == name


def test_a_second_definition_that_hides_the_first(loader: Loader) -> None:
    found = loader.error(HEADER + "@variable('header')\ndef header() -> None:\n    return None\n")
    assert found.code == "PNX015" and place(found) == (11, 5, 11)
    assert found.secondary[0].span.line == 6


def test_annotations_that_cannot_be_evaluated(loader: Loader) -> None:
    found = loader.error(
        "from __future__ import annotations\n" + HEADER + "class Conf(LocConf):\n"
        "    a: int = directive('a', default=1)\n    b: nothing = directive('b', default=1)\n"
    )
    assert found.code == "PNX016" and place(found) == (13, 8, 15)
    assert "name 'nothing' is not defined" in found.message


def test_a_filter_that_is_no_plain_function(loader: Loader) -> None:
    found = loader.error("from pyngx import *\nf = header_filter(lambda r: None)\n")
    assert (found.code, found.span.line) == ("PNX017", 2)


def test_an_async_filter(loader: Loader) -> None:
    found = loader.error("from pyngx import *\n@header_filter\nasync def f(r): ...\n")
    assert (found.code, place(found)) == ("PNX030", (3, 1, 10))


def test_nothing_to_compile(loader: Loader) -> None:
    for text in ("", "# a comment\n", "x = 1\n", "from pyngx import *\nclass C(LocConf): pass\n"):
        assert loader.error(text).code == "PNX014"


def test_warnings_of_python_do_not_refuse(loader: Loader) -> None:
    module, found = loader.load(loader.write("warn.py", HEADER + "x = 1 is 1\n"))
    assert module is not None
    assert [(d.code, d.severity, d.span.line) for d in found] == [("PNX021", Severity.WARNING, 10)]


def test_every_code_of_loading_has_a_case_here() -> None:
    here = textwrap.dedent(Path(__file__).read_text())
    missing = [code for code in CODES if code < "PNX022" and f'"{code}"' not in here]
    assert not missing
