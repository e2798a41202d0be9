"""What exceptions say: the words of CPython in both lives, for each way that an operation fails.

`MESSAGES` has the operations of the table and `CHECKS` what the compiler emits itself; each line
fails for the one set of operands here. A row that can fail and has no line in `MESSAGES` is an
error of this test.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest

from pyngx.ops.table import TABLE
from tests.harness.builds import Target
from tests.language.serving import Variables

HEAD = '''"""Messages under test."""

import base64
import binascii
import hmac
import html
import math
import random
import secrets
import struct
from email.utils import formatdate, parsedate_to_datetime
from urllib.parse import unquote_to_bytes

from pyngx import RequestCtx, variable
from pyngx.ngx import ngx_http_request_t, size_t, u_char, uint16_t

NAMES = {b"a": 1, b"it's": 2}
CODES = {1: b"one"}
WORDS = {"a": 1}
ROWS = (5, 7, 9)
PARTS = (b"a", b"b")


class Ctx(RequestCtx):
    size: size_t = 0
    small: uint16_t = 0
    byte: u_char = 0


class Own(Exception):
    """An error of the file's own."""


def given(r: ngx_http_request_t, name: bytes) -> bytes:
    return unquote_to_bytes(r.arg(name) or b"")


def number(r: ngx_http_request_t, name: bytes) -> int:
    return int(r.arg(name) or b"0")


def real(r: ngx_http_request_t, name: bytes) -> float:
    return float(r.arg(name) or b"0")


def checked(n: int) -> int:
    assert n > 0, f"not {n}"
    return n


def bare(n: int) -> int:
    assert n > 0
    return n


def raised(n: int, s: bytes) -> int:
    if n < 0:
        raise Own(f"own of {s!r}")
    return n
'''
OPERANDS = {
    "zero": b"0",
    "one": b"1",
    "low": b"-1",
    "many": b"70000",
    "big": b"4611686018427387904",
    "empty": b"",
    "w": b"abc",
    "g": b"a'\xff\x00\n\"\\z",
    "o": b"0f 1z",
    "cut": "é€".encode()[:4],
    "mid": b"a\xe2\x28\xa1",
    "long": b"x\xf0\x9f\x92\xa9" * 70,
    "u": "\u00e9'\u20ac\U0001f4a9\u200b\x7f".encode(),
    "k": "k\u00e9y".encode(),
    "nan": b"nan",
    "inf": b"inf",
    "huge": b"1e308",
    "less": b"-2.5",
    "none": b"0.0",
}
NUMBERS = ("zero", "one", "low", "many", "big")
FLOATS = ("nan", "inf", "huge", "less", "none")
TEXTS = ("u", "k")
BYTES = tuple(n for n in OPERANDS if n not in (*NUMBERS, *FLOATS, *TEXTS))
MADE = {
    "digits": 'b"9" * (5000 * len(given(r, b"one")))',
    "deep": '"&#" + "1" * (4400 * len(given(r, b"one"))) + ";"',
}
"""What is too long for a request."""

MESSAGES = {
    "operator.repeat": ["len(w * big)"],
    "operator.zeros": ["len(bytes(low))"],
    "operator.slice_by": ["len(w[::zero])"],
    "operator.bytes_of_list": ["len(bytes([one, many]))", "len(bytes(n for n in (one, low)))"],
    "int.parse_base": ["int(g, 16)", "int(w, 3)", "int(digits, 36)"],
    "int.parse": ["int(g)", "int(empty)", "int(o)", "int(long)", "int(w)", "int(digits)"],
    "bytes.index": ["w.index(empty + g)", "w.index(one)"],
    "bytes.rindex": ["w.rindex(empty + g)", "w.rindex(one)"],
    "bytes.ljust": ["len(w.ljust(9, empty))"],
    "bytes.rjust": ["len(w.rjust(9, w))"],
    "bytes.center": ["len(w.center(9, empty))"],
    "bytes.expandtabs": ["len(w.expandtabs(big))"],
    "bytes.translate": ["len(w.translate(w))"],
    "bytes.split": ["len(w.split(empty))"],
    "bytes.rsplit": ["len(w.rsplit(empty))"],
    "bytes.partition[0]": ["len(w.partition(empty)[0])"],
    "bytes.partition[1]": ["len(w.partition(empty)[1])"],
    "bytes.partition[2]": ["len(w.partition(empty)[2])"],
    "bytes.rpartition[0]": ["len(w.rpartition(empty)[0])"],
    "bytes.rpartition[1]": ["len(w.rpartition(empty)[1])"],
    "bytes.rpartition[2]": ["len(w.rpartition(empty)[2])"],
    "bytes.decode": ["len(g.decode())", "len(cut.decode())", "len(mid.decode())"],
    "bytes.decode[encoding]": ["len(g.decode('ascii'))", "len(mid.decode('utf-8', 'strict'))"],
    "bytes.hex[sep]": ["len(w.hex(empty))", "len(w.hex(u))", "len(w.hex(':', big))"],
    "bytes.fromhex": ["len(bytes.fromhex(o.decode()))", "len(bytes.fromhex(k))"],
    "int.from_bytes": ["int.from_bytes(w * 4, 'big')"],
    "int.to_bytes": [
        "len(low.to_bytes(2, 'big'))",
        "len(many.to_bytes(2, 'big'))",
        "len(one.to_bytes(low, 'big'))",
    ],
    "str.index": ["u.index('no')"],
    "str.rindex": ["u.rindex('no')"],
    "str.ljust": ["len(u.ljust(9, k))"],
    "str.rjust": ["len(u.rjust(9, ''))"],
    "str.center": ["len(u.center(9, k))"],
    "operator.text_center": ["len('abc'.center(9, k))"],
    "str.expandtabs": ["len(u.expandtabs(big))"],
    "str.split": ["len(u.split(u[9:]))"],
    "str.rsplit": ["len(u.rsplit(u[9:]))"],
    "str.partition[0]": ["len(u.partition(u[9:])[0])"],
    "str.partition[1]": ["len(u.partition(u[9:])[1])"],
    "str.partition[2]": ["len(u.partition(u[9:])[2])"],
    "str.rpartition[0]": ["len(u.rpartition(u[9:])[0])"],
    "str.rpartition[1]": ["len(u.rpartition(u[9:])[1])"],
    "str.rpartition[2]": ["len(u.rpartition(u[9:])[2])"],
    "str.encode[encoding]": [
        "len(u.encode('ascii'))",
        "len(k.encode('ascii'))",
        "len(u[2:].encode('latin-1'))",
        "len(u[3:].encode('ascii'))",
    ],
    "operator.text_item": ["len(u[many])", "len(u[low * 9])"],
    "operator.text_slice_by": ["len(u[::zero])"],
    "operator.text_repeat": ["len(u * big)"],
    "operator.ascii_bytes": ["len(base64.b64decode(u))"],
    "int.parse_text": ["int(u)", "int(k, 16)", "int(u * 60)", "int(digits.decode())"],
    "operator.ord": ["ord(u)", "ord(u[9:])"],
    "hmac.compare_digest[str]": ["hmac.compare_digest(u, 'a')"],
    "base64.b64decode": ["len(base64.b64decode(w))", "len(base64.b64decode(b'a' + w + b'd'))"],
    "base64.urlsafe_b64decode": ["len(base64.urlsafe_b64decode(w))"],
    "base64.standard_b64decode": ["len(base64.standard_b64decode(w))"],
    "base64.b16decode": ["len(base64.b16decode(w))", "len(base64.b16decode(b'AAA'[one - 1:]))"],
    "base64.b32decode": ["len(base64.b32decode(w))", "len(base64.b32decode(w + b'1????'))"],
    "binascii.unhexlify": ["len(binascii.unhexlify(w))", "len(binascii.unhexlify(b'z' + w))"],
    "binascii.a2b_hex": ["len(binascii.a2b_hex(w))"],
    "binascii.a2b_base64": ["len(binascii.a2b_base64(w))"],
    "html.unescape": ["len(html.unescape(deep))"],
    "email.utils.formatdate": [
        "len(formatdate(big >> 8, usegmt=True))",
        "len(formatdate(big, usegmt=True))",
    ],
    "email.utils.parsedate_to_datetime().timestamp": [
        "parsedate_to_datetime(u).timestamp()",
        "parsedate_to_datetime('Mon, 99 Jan 2024 00:00:00 +0000'[zero:]).timestamp()",
    ],
    "tuple.index_numbers": ["ROWS.index(many)"],
    "tuple.index_bytes": ["PARTS.index(g)"],
    "random.randrange(1)": ["random.randrange(zero)"],
    "random.randrange(2)": ["random.randrange(one, low)"],
    "random.randint": ["random.randint(one, low)"],
    "secrets.token_bytes": ["len(secrets.token_bytes(low))"],
    "secrets.token_hex": ["len(secrets.token_hex(low))"],
    "secrets.token_urlsafe": ["len(secrets.token_urlsafe(low))"],
    "struct.unpack": ["struct.unpack('<I', w)[0]", "struct.unpack('B', w)[0]"],
    "struct.unpack_from": [
        f"struct.unpack_from('>H', w, {at})[0]" for at in ("low", "low * 9", "one * 2", "big")
    ],
    "struct.unpack[Q]": ["struct.unpack('<Q', b'\\xff' * (7 + one))[0] + zero"],
    "struct.pack[c]": ["len(struct.pack('c', w))"],
    "list.index_numbers": ["[1, 2].index(many)"],
    "list.index_bytes": ["[w, empty].index(g)", "[k].index(u)"],
    "operator.list_slice_by": ["len([1, 2][::zero])"],
    "operator.list_repeat": ["len([1, 2] * big)"],
    "operator.range_count": ["sum(i for i in range(1, 5, zero))"],
    "math.floor": ["math.floor(nan)", "math.floor(inf)", "math.floor(huge)"],
    "math.ceil": ["math.ceil(nan)", "math.ceil(-inf)", "math.ceil(huge)"],
    "math.trunc": ["math.trunc(nan)", "math.trunc(inf)", "math.trunc(huge)"],
    "float.to_int": ["int(nan)", "int(inf)", "int(huge)"],
    "float.round": ["round(nan)", "round(inf)", "round(huge)"],
    "float.round(2)": ["round(huge * 1.7, -308)"],
    "float.parse": ["float(g)", "float(empty)", "float(long)"],
    "float.parse_text": ["float(u)", "float(k * 90)"],
    "operator.float_pow": ["none ** less", "huge ** 2.0"],
    "math.log(2)": ["math.log(none, 2.0)", "math.log(huge, 1.0)"],
    "math.fmod": ["math.fmod(inf, less)", "math.fmod(huge, none)"],
    "math.pow": ["math.pow(less, 0.5)", "math.pow(huge, 2.0)"],
    **{f"math.{name}": [f"math.{name}(none - 2.0)"] for name in ("log2", "log10", "log1p", "log")},
    **{f"math.{name}": [f"math.{name}(huge)"] for name in ("exp", "expm1", "sinh", "cosh")},
    **{f"math.{name}": [f"math.{name}(inf)"] for name in ("sin", "cos", "tan", "asin", "acos")},
    "math.sqrt": ["math.sqrt(less)"],
}
STATEMENTS = {
    "list.del": "values = [1, 2]\n        del values[many]",
    "list.remove_numbers": "values = [1, 2]\n        values.remove(many)",
    "list.remove_bytes": "values = [w]\n        values.remove(g)",
}
NEVER = {"operator.whole", "math.atan", "math.tanh", "math.atan2"}
"""These have a failure in the table that no operand reaches by this name."""
ELSEWHERE = {"headers_out.set", "headers_out.add", "variables.set"}
"""Their words are nginx's and pyngx's own: Python has no such operation."""
CHECKS = [
    "one // zero",
    "one % zero",
    "one << low",
    "one >> low",
    "one / zero",
    "less // none",
    "less % none",
    "less / none",
    "big * big",
    "1 << many",
    "w[many]",
    "w[low * 9]",
    "ROWS[many]",
    "[1, 2][many]",
    "len([w, empty][low * 9])",
    "len('abc'[many])",
    "NAMES[w]",
    "NAMES[g]",
    "NAMES[long]",
    "CODES[many]",
    "WORDS[u]",
    "len(b'%c' % many)",
    "len(bytes((many,)))",
    "len(struct.pack('<I', low))",
    "len(struct.pack('<I', big))",
    "len(struct.pack('>H', low))",
    "len(struct.pack('!H', many))",
    "len(struct.pack('@h', many))",
    "len(struct.pack('B', many))",
    "len(struct.pack('<Q', low))",
    "checked(low)",
    "bare(low)",
    "raised(low, g)",
    "min(n for n in (one, low) if n > 5)",
    "sum(1 for a, b in zip((1, 2), (1,), strict=True))",
    "len(w.decode().encode().decode() * big)",
]
MORE = [
    "values = [1]\n        one = values.pop(many)",
    "q, one = divmod(one, zero)",
    "q, less = divmod(less, none)",
    "ctx.size = low",
    "ctx.small = many",
    "ctx.byte = low",
    "a, b = w.split(b'b' if one else b'')[:1]",
    "a, b = w.split(b'b' + empty)[:1] * 3",
    "a, *b, c = [one][:1]",
    "raise Own",
    "raise Own(w.decode())",
    "raise ValueError(many)",
    "raise LookupError from None",
    "assert low > 0",
    "assert low > 0, w.decode()",
    "assert low > 0, many",
]


PARTS = 2
"""A directive of nginx is not as long as the names of all variables."""


def functions(number: int, statement: str) -> str:
    """Two variables: one whose value is the message, and one that fails."""
    used = re.findall(r"[a-z]+", statement)
    reading = [f'    {n} = number(r, b"{n}")' for n in NUMBERS if n in used]
    reading += [f'    {n} = real(r, b"{n}")' for n in FLOATS if n in used]
    reading += [f'    {n} = given(r, b"{n}")' for n in BYTES if n in used]
    reading += [f'    {n} = given(r, b"{n}").decode()' for n in TEXTS if n in used]
    reading += [f"    {n} = {value}" for n, value in MADE.items() if n in used]
    start = "\n".join(reading)
    return f"""

@variable("said{number}")
def said{number}(r: ngx_http_request_t, ctx: Ctx) -> str:
{start}
    try:
        {statement}
    except Exception as e:
        return str(e)
    return "nothing"


@variable("logged{number}")
def logged{number}(r: ngx_http_request_t, ctx: Ctx) -> bytes:
{start}
    {statement.replace("        ", "    ")}
    return b"nothing"
"""


def statements() -> list[str]:
    """Everything that fails."""
    values = [v for found in MESSAGES.values() for v in found] + CHECKS
    return [f"n = {v}" for v in values] + [*STATEMENTS.values(), *MORE]


def test_rows_that_fail() -> None:
    """Each operation that can fail does so here."""
    failing = {row.name for row in TABLE.all() if row.failures}
    named = {*MESSAGES, *STATEMENTS, *NEVER, *ELSEWHERE}
    assert named == failing


@pytest.mark.parametrize("part", range(PARTS))
def test_messages(part: int, packaged: Target, tmp_path: Path) -> None:
    """In an ``except`` and in the log."""
    path = tmp_path / "messages.py"
    found = statements()[part::PARTS]
    path.write_text(HEAD + "".join(functions(i, text) for i, text in enumerate(found)))
    served = Variables(path, packaged, tmp_path / "out")
    args = {name.encode(): quote(value).encode() for name, value in OPERANDS.items()}
    wanted = served.wanted(args)
    for i, text in enumerate(found):
        assert wanted[f"logged{i}"].failure is not None, text
        assert wanted[f"said{i}"].value != b"nothing", text
    with served.serving() as nginx:
        wrong = served.differences(nginx, [args])
    assert not wrong, "\n".join(text.partition("}: ")[2] for text in wrong)
