"""Functions of the standard library under their own names; rows only.

A row is called what the author writes, without the arguments: ``zlib.crc32``, and
``hashlib.md5().hexdigest`` for a method of what a function gives. ``hmac.new(md5)`` says that the
hash is part of the name. ``int(time.time)`` is the one use of a function that has no row.
"""

from __future__ import annotations

import hmac
import random
import secrets
import struct
from email.utils import formatdate

from pyngx.ops.registry import Default, Failure, Form, Passes, Row, said
from pyngx.types import FULL, Range

_P = "ngx_http_pyngx_"
_M = "ngx_http_pyngx_message_"
_WORD = Range(0, 2**32 - 1)
HASHES = ("md5", "sha1", "sha256")


def _built(
    name: str,
    params: tuple[str, ...],
    c: str,
    *,
    result: str = "bytes",
    defaults: tuple[tuple[str, Default], ...] = (),
    failures: tuple[Failure, ...] = (),
    constant: str = "",
    passes: Passes = Passes.POOL,
) -> Row:
    return Row(
        name,
        params,
        result,
        _P + c,
        Form.OUT,
        passes,
        defaults=defaults,
        failures=failures,
        allocates=True,
        constant=constant,
    )


def _hashes(hash_: str) -> tuple[Row, ...]:
    """What is made of data at once, and a hash that goes on."""
    c = f"&{_P}{hash_}"
    found = []
    for maker, params, kind in (
        (f"hashlib.{hash_}", ("data: bytes",), ""),
        (f"hmac.new({hash_})", ("key: bytes", "msg: bytes"), "hmac_"),
    ):
        left_out: tuple[tuple[str, Default], ...] = ((params[-1].partition(":")[0], b""),)
        found.append(
            _built(
                maker,
                params,
                f"{kind or 'hash_'}new",
                result="hash",
                passes=Passes.REQUEST,
                constant=c,
                defaults=left_out,
            )
        )
        at_once = maker if kind else f"{maker}()"
        for method, result in (("digest", "bytes"), ("hexdigest", "str")):
            name = f"{at_once}.{method}"
            found.append(
                _built(name, params, kind + method, result=result, constant=c, defaults=left_out)
            )
    return tuple(found)


def _random(name: str, params: tuple[str, ...], c: str) -> Row:
    words = said(lambda: random.randrange(3, 1))
    style = "_width" if "-2" in words else ""
    text = f"{_M}{c}{style}" if len(params) > 1 else ""
    empty = Failure("NGX_DECLINED", "ValueError", said(lambda: random.randrange(0)), text)
    return Row(name, params, "int", _P + c, Form.OUT, failures=(empty,), range=FULL)


def _token(name: str, result: str) -> Row:
    negative = Failure("NGX_DECLINED", "ValueError", said(lambda: secrets.token_bytes(-1)))
    return _built(
        f"secrets.{name}",
        ("nbytes: int",),
        name,
        result=result,
        defaults=(("nbytes", 32),),
        failures=(negative,),
        passes=Passes.REQUEST,
    )


HASH_ROWS = (
    Row("hash.update", ("h: hash", "data: bytes"), "none", _P + "hash_update", Form.VALUE),
    Row(
        "hash.digest",
        ("h: hash",),
        "bytes",
        _P + "hash_digest",
        Form.OUT,
        Passes.POOL,
        allocates=True,
    ),
    Row(
        "hash.hexdigest",
        ("h: hash",),
        "str",
        _P + "hash_hexdigest",
        Form.OUT,
        Passes.POOL,
        allocates=True,
    ),
    Row(
        "hash.copy",
        ("h: hash",),
        "hash",
        _P + "hash_copy",
        Form.OUT,
        Passes.REQUEST,
        allocates=True,
    ),
    Row("hash.digest_size", ("h: hash",), "int", _P + "hash_size", Form.VALUE, range=Range(16, 32)),
)

_UNLIKE = "the bytes are not as long as the format"
_SLOT = ("data: bytes", "offset: int", "size: int", "little: bool", "signed: bool")
STRUCT_ROWS = (
    Row(
        "struct.unpack",
        ("data: bytes", "size: int"),
        "bytes",
        _P + "struct_whole",
        Form.VIEW,
        failures=(Failure("NGX_DECLINED", "struct.error", _UNLIKE, _M + "unpack"),),
    ),
    Row(
        "struct.unpack_from",
        ("data: bytes", "offset: int", "size: int"),
        "bytes",
        _P + "struct_part",
        Form.VIEW,
        failures=(Failure("NGX_DECLINED", "struct.error", _UNLIKE, _M + "unpack_from"),),
    ),
    Row("struct.unpack[I]", _SLOT, "int", _P + "struct_number", Form.VALUE),
    Row(
        "struct.unpack[Q]",
        _SLOT,
        "int",
        _P + "struct_large",
        Form.OUT,
        failures=(Failure("NGX_DECLINED", "OverflowError", "integer does not fit in 64 bits"),),
    ),
    _built("struct.pack[s]", ("data: bytes", "size: int"), "struct_field"),
    Row(
        "struct.pack[c]",
        ("data: bytes",),
        "bytes",
        _P + "struct_character",
        Form.VIEW,
        failures=(Failure("NGX_DECLINED", "struct.error", said(lambda: struct.pack("c", b""))),),
    ),
)

_BASE64 = (Failure("NGX_DECLINED", "binascii.Error", "Incorrect padding", _M + "b64"),)
_URLSAFE = (Failure("NGX_DECLINED", "binascii.Error", "Incorrect padding", _M + "urlsafe_b64"),)
_HEX = (Failure("NGX_DECLINED", "binascii.Error", "Odd-length string", _M + "hex"),)
_BASE16 = (Failure("NGX_DECLINED", "binascii.Error", "Odd-length string", _M + "b16"),)

ROWS = (
    *(row for hash_ in HASHES for row in _hashes(hash_)),
    Row(
        "hmac.compare_digest",
        ("a: bytes", "b: bytes"),
        "bool",
        _P + "compare_digest",
        Form.VALUE,
    ),
    Row(
        "hmac.compare_digest[str]",
        ("a: str", "b: str"),
        "bool",
        _P + "compare_texts",
        Form.OUT,
        failures=(
            Failure("NGX_DECLINED", "TypeError", said(lambda: hmac.compare_digest("\u00fc", ""))),
        ),
    ),
    Row(
        "zlib.crc32",
        ("data: bytes", "value: int"),
        "int",
        _P + "crc32",
        Form.VALUE,
        defaults=(("value", 0),),
        range=_WORD,
    ),
    Row(
        "zlib.adler32",
        ("data: bytes", "value: int"),
        "int",
        _P + "adler32",
        Form.VALUE,
        defaults=(("value", 1),),
        range=_WORD,
    ),
    _built("base64.b64encode", ("s: bytes",), "b64encode"),
    _built("base64.urlsafe_b64encode", ("s: bytes",), "urlsafe_b64encode"),
    _built("base64.b64decode", ("s: ascii",), "b64decode", failures=_BASE64),
    _built("base64.urlsafe_b64decode", ("s: ascii",), "urlsafe_b64decode", failures=_URLSAFE),
    _built("base64.standard_b64encode", ("s: bytes",), "b64encode"),
    _built("base64.standard_b64decode", ("s: ascii",), "b64decode", failures=_BASE64),
    _built("base64.b16encode", ("s: bytes",), "b16encode"),
    _built(
        "base64.b16decode",
        ("s: ascii", "casefold: bool"),
        "b16decode",
        defaults=(("casefold", 0),),
        failures=_BASE16,
    ),
    _built("base64.b32encode", ("s: bytes",), "b32encode"),
    _built(
        "base64.b32decode",
        ("s: ascii", "casefold: bool"),
        "b32decode",
        defaults=(("casefold", 0),),
        failures=(Failure("NGX_DECLINED", "binascii.Error", "Incorrect padding", _M + "b32"),),
    ),
    _built("binascii.hexlify", ("data: bytes",), "bytes_hex"),
    _built("binascii.b2a_hex", ("data: bytes",), "bytes_hex"),
    _built("binascii.unhexlify", ("hexstr: ascii",), "unhexlify", failures=_HEX),
    _built("binascii.a2b_hex", ("hexstr: ascii",), "unhexlify", failures=_HEX),
    _built("binascii.a2b_base64", ("data: ascii",), "b64decode", failures=_BASE64),
    _built(
        "binascii.b2a_base64",
        ("data: bytes", "newline: bool"),
        "b2a_base64",
        defaults=(("newline", 1),),
    ),
    Row(
        "binascii.crc32",
        ("data: bytes", "crc: int"),
        "int",
        _P + "crc32",
        Form.VALUE,
        defaults=(("crc", 0),),
        range=_WORD,
    ),
    _built(
        "html.escape",
        ("s: str", "quote: bool"),
        "html_escape",
        result="str",
        defaults=(("quote", 1),),
    ),
    _built(
        "html.unescape",
        ("s: str",),
        "html_unescape",
        result="str",
        failures=(Failure("NGX_DECLINED", "ValueError", "too many digits", _M + "unescape"),),
    ),
    _built(
        "urllib.parse.quote",
        ("string: text", "safe: text"),
        "quote",
        result="str",
        defaults=(("safe", b"/"),),
    ),
    _built(
        "urllib.parse.quote_plus",
        ("string: text", "safe: text"),
        "quote_plus",
        result="str",
        defaults=(("safe", b""),),
    ),
    _built("urllib.parse.unquote_to_bytes", ("string: text",), "unquote"),
    _built("urllib.parse.unquote", ("string: text",), "unquote_text", result="str"),
    _built("urllib.parse.unquote_plus", ("string: str",), "unquote_plus", result="str"),
    Row("int(time.time)", (), "int", "ngx_time", Form.VALUE, range=Range(0, 2**47)),
    _built(
        "email.utils.formatdate",
        ("timeval: time", "localtime: false", "usegmt: true"),
        "formatdate",
        result="str",
        defaults=(("timeval", "int(time.time)"), ("localtime", 0)),
        failures=(
            Failure("NGX_DECLINED", "ValueError", "year is out of range", _M + "year"),
            Failure("NGX_BUSY", "OSError", said(lambda: formatdate(2**62))),
        ),
    ),
    Row(
        "email.utils.parsedate_to_datetime().timestamp",
        ("data: str",),
        "float",
        _P + "timestamp",
        Form.OUT,
        failures=(
            Failure("NGX_DECLINED", "ValueError", "Invalid date value or format", _M + "date"),
            Failure("NGX_BUSY", "OverflowError", "signed integer is greater", _M + "date"),
        ),
    ),
    _random("random.randrange(1)", ("start: int",), "randbelow"),
    _random("random.randrange(2)", ("start: int", "stop: int"), "randrange"),
    _random("random.randint", ("a: int", "b: int"), "randint"),
    _token("token_bytes", "bytes"),
    _token("token_hex", "str"),
    _token("token_urlsafe", "str"),
)
