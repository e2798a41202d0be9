"""Hostile programs: a clear refusal, or C that the compilers take and an nginx serves to the byte.

Each text below ends a comment or a literal of C, begins one, or means something to the
preprocessor, to ``printf`` or to nginx's formats.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.harness import client
from tests.harness.builds import Target, build_filters, pyngx
from tests.harness.nginx import ConfigRefused, Nginx, check_config

TEXTS = {
    "comment": b"*/ int x; /* and // and */ /* /*",
    "quotes": b'"; exit(1); "\'\\\'\\"',
    "backslashes": b"\\ \\\\ \\n \\x41 \\101 \\",
    "newlines": b"\n#error out\r\n#include </etc/passwd>\n\\\n",
    "nul": b"\0a\0\0b\0",
    "trigraphs": b"??/ ??/\" ??= ??( ??) ??' ??! ??> ??- ????/",
    "formats": b"% %% %s %n %d %V %*s %p %Z %N $uri ${uri}",
    "digits after escapes": b"\x00" b"0" b"\x01" b"9" b"\x7f" b"7" b"\x80" b"f" b"\xff" b"A",
    "every byte": bytes(range(256)),
    "utf-8": "ü 日本 \u2028 \U0001f600 \ufeff".encode(),
    "not utf-8": b"\xc3\x28 \xa0\xa1 \xed\xa0\x80",
    "macros": b"NULL __FILE__ ngx_string(x) #define ## @ `",
    "long": b"0123456789abcde\n" * 6400,
}
"""The last is 100 KB."""

PYTHON_TEXTS = {
    name: text.decode("latin-1")
    for name, text in TEXTS.items()
    if name not in ("nul", "newlines", "every byte", "long")
}
"""What a comment of a Python file can have."""

HEAD = """\
from pyngx import Body, LocConf, RequestCtx, Stream, body_filter, directive, header_filter, module
from pyngx.ngx import NGX_OK, ngx_flag_t, ngx_http_request_t, ngx_int_t, ngx_str_t, off_t
"""


def build(text: str, where: Target, folder: Path, name: str = "hostile") -> Path:
    """The ``.so`` of a filter file; the compiler ran with nginx's own ``-Werror``."""
    path = folder / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    return build_filters([path], where, folder / "out")[0]


def served(module: Path, where: Target, conf: str = "", allow: tuple[str, ...] = ()) -> bytes:
    """The body of a page that was ``(page)`` on disk."""
    body, _ = served_with_log(module, where, conf, allow)
    return body


def served_with_log(
    module: Path, where: Target, conf: str = "", allow: tuple[str, ...] = ()
) -> tuple[bytes, str]:
    locations = f"location / {{ {conf} }}"
    files = {"index.html": b"(page)"}
    with Nginx(
        where.binary, modules=[module], locations=locations, files=files, allow=allow
    ) as nginx:
        response = client.request(nginx.port, "/index.html")
        assert response.status == 200
        return response.body, nginx.error_log()


def refused(text: str, where: Target, folder: Path, name: str = "hostile") -> str:
    """What is said of a file that is refused: codes of ours, no bug of ours, nothing written."""
    path = folder / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    target = ("--nginx", str(where.binary), "--nginx-src", str(where.source))
    done = pyngx("compile", str(path), "-o", str(folder / "out"), *target)
    assert done.returncode == 1, done.stdout
    assert re.search(r"error\[PNX\d\d\d\]", done.stderr), done.stderr
    assert "PNX099" not in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert not (folder / "out").exists()
    return done.stderr


@pytest.mark.parametrize("name", TEXTS)
def test_constants_defaults_and_literals_come_out_as_they_are(
    name: str, packaged: Target, tmp_path: Path
) -> None:
    text = TEXTS[name]
    program = HEAD + (
        f"TEXT = {text!r}\n\n\nclass Conf(LocConf):\n"
        f"    text: ngx_str_t = directive('hostile_text', default={text!r})\n\n\n"
        "@body_filter\ndef body(body: Body, conf: Conf) -> Stream:\n"
        f"    yield TEXT\n    yield {text!r}\n    yield from body\n    yield conf.text\n"
        f"    n = len(TEXT)\n    yield b'%d' % n\n"
    )
    module = build(program, packaged, tmp_path)
    expected = text + text + b"(page)" + text + str(len(text)).encode()
    assert served(module, packaged) == expected


@pytest.mark.parametrize("name", [n for n in TEXTS if n not in ("long", "not utf-8")])
def test_text_around_formatted_values(name: str, packaged: Target, tmp_path: Path) -> None:
    text = TEXTS[name]
    template = text.replace(b"%", b"%%") + b"<%d>" + text.replace(b"%", b"%%")
    program = HEAD + (
        "\n\n@body_filter\ndef body(r: ngx_http_request_t, body: Body) -> Stream:\n"
        "    n = r.headers_out.status\n    yield from body\n"
        f"    yield {template!r} % n\n"
    )
    module = build(program, packaged, tmp_path)
    assert served(module, packaged) == b"(page)" + text + b"<200>" + text


@pytest.mark.parametrize("name", PYTHON_TEXTS)
def test_comments_and_docstrings_stay_in_c_comments(
    name: str, packaged: Target, tmp_path: Path
) -> None:
    text = "".join(c for c in PYTHON_TEXTS[name] if c.isprintable())
    raw = text.replace("\\", "\\\\").replace('"', '\\"')
    program = (
        f'# {text}\n"""{raw} """  # {text}\n\n' + HEAD + f"\n# {text}\nLIMIT = 1  # {text}\n\n\n"
        f'# {text}\nclass Conf(LocConf):  # {text}\n    """{raw} """\n\n'
        f"    # {text}\n    on: ngx_flag_t = directive('hostile', default=True)  # {text}\n\n\n"
        f'class Ctx(RequestCtx):\n    """{raw} """\n\n    # {text}\n    n: off_t = 0  # {text}\n'
        "\n\n"
        f"# {text}\n@header_filter\ndef header(r: ngx_http_request_t, conf: Conf) -> ngx_int_t:\n"
        f'    """{raw} """\n    # {text}\n    return NGX_OK  # {text}\n    # {text}\n\n\n'
        f'@body_filter\ndef body(body: Body, ctx: Ctx) -> Stream:\n    """{raw} """  # {text}\n'
        f"    # {text}\n    yield from body  # {text}\n    ctx.n = LIMIT\n    # {text}\n"
    )
    module = build(program, packaged, tmp_path)
    assert served(module, packaged) == b"(page)"


def test_a_docstring_with_newlines_and_a_nul(packaged: Target, tmp_path: Path) -> None:
    program = (
        '"""\\0 \\n*/\\r#error out\\n\\n\\n\\x1b[31m \\\\\\n"""\n'
        + HEAD
        + "\n\n@body_filter\ndef body(body: Body) -> Stream:\n"
        '    """\\n*/\\n#error out\\0\\\\\\n"""\n    yield from body\n    yield b"."\n'
    )
    module = build(program, packaged, tmp_path)
    assert served(module, packaged) == b"(page)."


LOGGED = {
    "formats": "100% of %V %n %*s %p %Z",
    "comment": '*/ " \\ ??/ /*',
    "utf-8": "ü 日本",
}


@pytest.mark.parametrize("name", LOGGED)
def test_log_messages_say_what_they_say(name: str, packaged: Target, tmp_path: Path) -> None:
    text = LOGGED[name]
    escaped = text.replace("%", "%%")
    program = (
        "import logging\n\n"
        + HEAD
        + (
            "\nlog = logging.getLogger(__name__)\n\n\n@header_filter\n"
            "def header(r: ngx_http_request_t) -> ngx_int_t:\n"
            f"    log.warning({'1 ' + text!r})\n"
            f"    log.warning({'2 ' + escaped + ' %d'!r}, r.headers_out.status)\n"
            "    return NGX_OK\n"
        )
    )
    module = build(program, packaged, tmp_path)
    _, log = served_with_log(module, packaged)
    assert f"1 {text}" in log
    assert f"2 {text} 200" in log


@pytest.mark.parametrize("name", LOGGED)
def test_messages_of_configuration_errors_say_what_they_say(
    name: str, packaged: Target, tmp_path: Path
) -> None:
    text = LOGGED[name]
    program = (
        "from pyngx import ConfError\n"
        + HEAD
        + (
            "\n\nclass Conf(LocConf):\n    x: off_t = directive('hostile', default=1)\n\n"
            "    def validate(self) -> None:\n        if self.x == 2:\n"
            f"            raise ConfError({text!r})\n\n\n@body_filter\n"
            "def body(body: Body, conf: Conf) -> Stream:\n    yield from body\n"
        )
    )
    module = build(program, packaged, tmp_path)
    with pytest.raises(ConfigRefused, match=re.escape(text)):
        check_config(packaged.binary, modules=[module], locations="location / { hostile 2; }")


def test_the_name_of_the_file_may_be_anything(packaged: Target, tmp_path: Path) -> None:
    program = HEAD + (
        "\nmodule(name='fine')\n\n\n@header_filter\n"
        "def header(r: ngx_http_request_t) -> ngx_int_t:\n    n = r.headers_out.status\n"
        "    n += 9223372036854775800\n    r.headers_out.status = n - n + 200\n    return NGX_OK\n"
    )
    path = tmp_path / 'a*% "s\\n%s ü??.py'
    path.write_text(program)
    where = ("--nginx", str(packaged.binary), "--nginx-src", str(packaged.source))
    done = pyngx("build", str(path), "-o", str(tmp_path), *where)
    assert done.returncode == 0, done.stderr
    module = tmp_path / "ngx_http_fine_filter_module.so"
    files = {"index.html": b"(page)"}
    with Nginx(
        packaged.binary, modules=[module], locations="location / { }", files=files, allow=["Over"]
    ) as nginx:
        assert client.request(nginx.port, "/index.html").status == 500
        assert f"{path.name}:10: OverflowError: " in nginx.error_log()


NAMES = [
    *("auto", "int", "volatile", "void", "inline", "typeof", "asm", "main", "NULL", "EOF", "errno"),
    *("stdin", "unix", "linux", "memcpy", "strlen", "size_t", "u_char", "ngx_int_t", "ngx_palloc"),
    *("ngx_pnalloc", "ngx_memcpy", "NGX_HTTP_OK", "ngx_http_pyngx_stream_text", "INT_MAX"),
    *("r", "s", "rc", "in", "ctx", "conf", "cl", "n", "p", "text", "result", "stream", "replaced"),
    *("file", "line", "größe", "名前", "ñ", "__FILE__", "_", "__", "a_", "a", "auto_", "auto__"),
]
KEYWORDS = {"in"}


def test_any_name_can_be_a_variable(packaged: Target, tmp_path: Path) -> None:
    names = [name for name in NAMES if name not in KEYWORDS]
    program = (
        "from pyngx import Body, Stream, body_filter\n\n\n@body_filter\n"
        "def body(body: Body) -> Stream:\n"
        + "".join(f"    {name} = {n}\n" for n, name in enumerate(names))
        + "    for x in range(2):\n"
        + "".join(f"        {name} += x\n" for name in names)
        + "    yield from body\n    total = 0\n"
        + "".join(f"    total += {name} * {n + 1}\n" for n, name in enumerate(names))
        + '    yield b"%d" % total\n'
    )
    total = sum((n + 1) * (n + 1) for n in range(len(names)))
    module = build(program, packaged, tmp_path)
    assert served(module, packaged) == b"(page)%d" % total


def test_any_name_can_be_a_field(packaged: Target, tmp_path: Path) -> None:
    names = [n for n in NAMES if n not in KEYWORDS and not n.startswith("__")]
    program = HEAD + (
        "\n\nclass Conf(LocConf):\n"
        + "".join(f"    {x}: off_t = directive('h{n}', default={n})\n" for n, x in enumerate(names))
        + "\n\nclass Ctx(RequestCtx):\n"
        + "".join(f"    {x}: off_t = {n}\n" for n, x in enumerate(names))
        + "    a_size: off_t = 7\n\n\n@body_filter\n"
        "def body(body: Body, conf: Conf, ctx: Ctx) -> Stream:\n    total = ctx.a_size\n"
        + "".join(f"    total += conf.{x} + ctx.{x}\n" for x in names)
        + '    yield b"%d" % total\n    yield from body\n'
    )
    total = 7 + sum(range(len(names))) * 2
    module = build(program, packaged, tmp_path)
    assert served(module, packaged) == b"%d(page)" % total
    assert served(module, packaged, "h0 1000;") == b"%d(page)" % (total + 1000)


def test_fields_whose_companions_have_their_names(packaged: Target, tmp_path: Path) -> None:
    program = HEAD + (
        "\n\nclass Ctx(RequestCtx):\n    a: bytes = b'x'\n    a_size: off_t = 5\n"
        "    a_size_: off_t = 6\n    stream: bytes = b'y'\n    replaced: bool = False\n\n\n"
        "@body_filter\ndef body(body: Body, ctx: Ctx) -> Stream:\n    yield from body\n"
        "    n = ctx.a_size * 10 + ctx.a_size_\n    ctx.a = b'%d' % n\n    yield b'%s' % ctx.a\n"
        "    yield b'%s' % ctx.stream\n"
    )
    assert served(build(program, packaged, tmp_path), packaged) == b"(page)56y"


@pytest.mark.parametrize("name", [n for n in NAMES if n not in KEYWORDS and n != "_"])
def test_any_name_can_be_a_function(name: str, packaged: Target, tmp_path: Path) -> None:
    program = (
        "from pyngx import Body, Stream, body_filter\n\n\n"
        f"def {name}(a: int) -> int:\n    return a + 1\n\n\n"
        "@body_filter\ndef body(body: Body) -> Stream:\n    yield from body\n"
        f"    x = {name}(41)\n    yield b'%d' % x\n"
    )
    path = tmp_path / "hostile.py"
    path.write_text(program)
    target = ("--nginx", str(packaged.binary), "--nginx-src", str(packaged.source))
    done = pyngx("compile", str(path), "-o", str(tmp_path / "out"), *target)
    assert done.returncode == 0, done.stderr  # and clang has read it


INTEGERS = [
    (2**63 - 1, True),
    (-(2**63), True),
    (-(2**63) + 1, True),
    (0, True),
    (2**63, False),
    (-(2**63) - 1, False),
    (2**64, False),
    (10**4000, False),
]


@pytest.mark.parametrize(("value", "fits"), INTEGERS, ids=[str(n)[:25] for n, _ in INTEGERS])
def test_huge_integers(value: int, fits: bool, packaged: Target, tmp_path: Path) -> None:
    spelled = str(value) if abs(value) < 10**100 else f"10**{len(str(value)) - 1}"
    program = (
        f"from pyngx import Body, Stream, body_filter\n\nN = {spelled}\n\n\n@body_filter\n"
        "def body(body: Body) -> Stream:\n    yield from body\n    x = N\n    yield b'%d' % x\n"
        f"    y = {spelled}\n    yield b' %d' % y\n"
    )
    if fits:
        module = build(program, packaged, tmp_path)
        assert served(module, packaged) == b"(page)%d %d" % (value, value)
    else:
        assert "64" in refused(program, packaged, tmp_path)


def test_a_function_of_ten_thousand_lines(packaged: Target, tmp_path: Path) -> None:
    lines = "".join(f"    n = (n * 3 + {i}) % 1000  # {i}\n" for i in range(10_000))
    program = (
        "from pyngx import Body, Stream, body_filter\n\n\n@body_filter\n"
        f"def body(body: Body) -> Stream:\n    n = 0\n{lines}    yield b'%d' % n\n"
        "    yield from body\n"
    )
    path = tmp_path / "hostile.py"
    path.write_text(program)
    target = ("--nginx", str(packaged.binary), "--nginx-src", str(packaged.source))
    done = pyngx("compile", str(path), "-o", str(tmp_path / "out"), *target)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "out" / "ngx_http_hostile_filter_module.c").read_text()
    assert "/* 9999 */" in text


def test_a_file_of_ten_thousand_lines_is_served(packaged: Target, tmp_path: Path) -> None:
    functions = "".join(
        f"def f{i}(n: int) -> int:\n    # {i}\n    if n > {i}:\n        return n - 1\n"
        "    n = n % 1000\n    return n + 1\n\n\n"
        for i in range(1250)
    )
    calls = "".join(f"    n = f{i}(n)\n" for i in range(0, 1250, 5))
    program = (
        "from pyngx import Body, Stream, body_filter\n\n\n"
        f"{functions}@body_filter\ndef body(body: Body) -> Stream:\n    n = 0\n{calls}"
        "    yield b'%d' % n\n    yield from body\n"
    )
    assert program.count("\n") > 10_000
    n = 0
    for i in range(0, 1250, 5):
        n = n - 1 if n > i else n % 1000 + 1
    assert served(build(program, packaged, tmp_path), packaged) == b"%d(page)" % n


def nested(depth: int, block: str, expression: str) -> str:
    lines = "".join(f"{'    ' * (i + 1)}{block}\n" for i in range(depth))
    return (
        "from pyngx import Body, Stream, body_filter\n\n\n@body_filter\n"
        f"def body(body: Body) -> Stream:\n    n = 3\n{lines}"
        f"{'    ' * (depth + 1)}n = {expression}\n"
        "    yield b'%d' % n\n    yield from body\n"
    )


def test_deep_blocks(packaged: Target, tmp_path: Path) -> None:
    module = build(nested(90, "if n > 2:", "n + 4"), packaged, tmp_path)
    assert served(module, packaged) == b"7(page)"


def test_blocks_deeper_than_python_itself_takes(packaged: Target, tmp_path: Path) -> None:
    said = refused(nested(200, "if n > 2:", "n + 4"), packaged, tmp_path)
    assert "too many levels of indentation" in said


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("(" * 150 + "n" + ")" * 150, 3),
        ("(1 + " * 150 + "n" + ")" * 150, 153),
        ("-" * 190 + "n", 3),
        ("(" * 190 + "n" + " & 7)" * 190, 3),
        (" + ".join(["n"] * 190), 570),
        ("n if n > 1 else (" * 150 + "0" + ")" * 150, 3),
        ("(2 if " * 100 + "n > 1" + " else 3)" * 100, 2),
    ],
    ids=["parentheses", "sum", "minus", "and", "chain", "else", "if"],
)
def test_deep_expressions(expression: str, value: int, packaged: Target, tmp_path: Path) -> None:
    module = build(nested(0, "", expression), packaged, tmp_path)
    assert served(module, packaged) == b"%d(page)" % value


@pytest.mark.parametrize(
    "name", ['a"b', "a*/b", "a b", "", "ü", "a\nb", "a\0b", "x;", "{", "$x", "%s", "a\\"]
)
def test_directives_and_variables_with_impossible_names(
    name: str, packaged: Target, tmp_path: Path
) -> None:
    program = HEAD + (
        f"\n\nclass Conf(LocConf):\n    x: ngx_flag_t = directive({name!r}, default=False)\n\n\n"
        "@body_filter\ndef body(body: Body, conf: Conf) -> Stream:\n    yield from body\n"
    )
    refused(program, packaged, tmp_path)
    program = (
        "from pyngx import variable\n"
        + HEAD
        + (
            f"\n\n@variable({name!r})\ndef value(r: ngx_http_request_t) -> bytes:\n"
            "    return b'x'\n"
        )
    )
    refused(program, packaged, tmp_path)


@pytest.mark.parametrize("name", ["X\r\nSet-Cookie: a", "X: y", "X Y", "", "X\0", "ü"])
def test_no_name_of_a_header_splits_a_response(name: str, packaged: Target, tmp_path: Path) -> None:
    program = HEAD + (
        "\n\n@header_filter\ndef header(r: ngx_http_request_t) -> ngx_int_t:\n"
        f"    r.headers_out[{name!r}] = b'1'\n    return NGX_OK\n"
    )
    module = build(program, packaged, tmp_path)
    files = {"index.html": b"(page)"}
    with Nginx(
        packaged.binary, modules=[module], locations="location / { }", files=files, allow=["Value"]
    ) as nginx:
        response = client.request(nginx.port, "/index.html")
        assert response.status == 500
        assert "hostile.py:7: ValueError: " in nginx.error_log()
        assert b"Set-Cookie" not in response.raw and b"X:" not in response.raw


POINTLESS = [
    *("n == n", "n != n", "n <= n", "n < n < 3", "n == n == n", "(n == 1) == 2", "(n == 1) < 2"),
    *("3 <= (n == 1)", "(n == 1) > -5", "-5 > (n == 1)", "(not n) == 4", "n * 0", "n << 1"),
    *("2 if n > 1 else 3", "(n & 3) == 7", "(n & 4) != 3", "(n | 8) == 7", "len(TEXT) >= 0"),
    *("m >= 0", "m < 0", "0 <= m < 500", "5 == 5", "not 5", "True == n", "n - n"),
    *("n > 9223372036854775807", "n < -9223372036854775808", "n % 1 == 5"),
]


def test_what_compilers_call_pointless_is_python_all_the_same(
    packaged: Target, tmp_path: Path
) -> None:
    program = HEAD + (
        "TEXT = b'abc'\n\n\n@body_filter\ndef body(r: ngx_http_request_t, body: Body) -> Stream:\n"
        "    m = r.headers_out.status\n    n = 0\n    for x in range(3):\n        n += x\n"
        "    n = n\n"
        + "".join(
            f"    if {x}:\n        yield b'1'\n    else:\n        yield b'0'\n"
            f"    y{i} = {x}\n    if y{i}:\n        yield b'1'\n    else:\n        yield b'0'\n"
            for i, x in enumerate(POINTLESS)
        )
        + "    yield from body\n"
    )
    values = {"m": 200, "n": 3, "TEXT": b"abc"}
    expected = "".join(2 * str(int(bool(eval(x, {}, values)))) for x in POINTLESS)
    assert served(build(program, packaged, tmp_path), packaged) == expected.encode() + b"(page)"
