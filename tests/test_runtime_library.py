"""The runtime of the rows of `pyngx.ops.library` beside CPython, on generated arguments."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import html
import urllib.parse
import zlib
from ctypes import byref, c_int64
from typing import Any

import pytest

from tests.test_runtime_calls import DECLINED, MAX, OK, ROUNDS, Runtime, Text, runtime, text

__all__ = ["runtime"]

LENGTHS = (*range(70), 111, 112, 119, 120, 127, 128, 129, 1000, 5551, 5552, 5553, 20000)


def built(runtime: Runtime, name: str, *arguments: Any) -> bytes | None:
    """What the runtime gives; None if it declines."""
    result = Text()
    status = runtime.call(name, runtime.pool, *arguments, byref(result))
    assert status in (OK, DECLINED)
    return result.value if status == OK else None


def outcome(function: Any, *arguments: Any) -> bytes | None:
    """What Python gives; None if it raises ValueError."""
    try:
        result = function(*arguments)
    except ValueError:
        return None
    return result.encode() if isinstance(result, str) else bytes(result)


def samples(runtime: Runtime) -> list[bytes]:
    """Data of lengths around the blocks of hashes, and all bytes at their highest."""
    return [runtime.random.randbytes(n) for n in LENGTHS] + [b"\xff" * n for n in (64, 20000)]


@pytest.mark.parametrize("name", ["md5", "sha1", "sha256"])
@pytest.mark.parametrize("key", [None, b"", b"key", b"k" * 64, b"k" * 65])
def test_a_hash_that_goes_on(name: str, key: bytes | None, runtime: Runtime) -> None:
    """However the data are cut, a digest is that of what has come; a copy goes its own way."""
    for _ in range(ROUNDS // 20):
        parts = [runtime.data(9) * runtime.random.choice((0, 1, 7, 8, 40)) for _ in range(6)]
        wanted = b""
        hash_ = hmac.new(key, digestmod=name) if key is not None else hashlib.new(name)
        for part in parts:
            hash_.update(part)
            wanted += hash_.hexdigest().encode()
        held = [text(part) for part in parts]
        items = (Text * len(held))(*held)
        result = Text()
        given = None if key is None else byref(text(key))
        status = runtime.call(
            f"update_{name}", runtime.pool, given, items, len(parts), byref(result)
        )
        assert (status, result.value) == (OK, wanted), (name, key, parts)


@pytest.mark.parametrize("name", ["md5", "sha1", "sha256"])
def test_hashes(name: str, runtime: Runtime) -> None:
    for data in samples(runtime):
        wanted = hashlib.new(name, data).digest()
        assert built(runtime, name, byref(text(data))) == wanted, len(data)
        key = runtime.random.randbytes(runtime.random.choice((0, 1, 63, 64, 65, 200)))
        signed = hmac.new(key, data, name).hexdigest().encode()
        assert built(runtime, f"hmac_{name}", byref(text(key)), byref(text(data))) == signed


@pytest.mark.parametrize("name", ["crc32", "adler32"])
def test_checksums(name: str, runtime: Runtime) -> None:
    function = getattr(zlib, name)
    for data in samples(runtime):
        before = function(runtime.data(30))
        assert runtime.call(name, byref(text(data)), before) == function(data, before), len(data)
    assert runtime.call("crc32", byref(text(b"abc")), -1) == zlib.crc32(b"abc", -1)


def test_compare_digest(runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        a, b = runtime.data(3), runtime.data(3)
        same = runtime.call("compare_digest", byref(text(a)), byref(text(b)))
        assert bool(same) == hmac.compare_digest(a, b), (a, b)


@pytest.mark.parametrize("name", ["b64encode", "urlsafe_b64encode"])
def test_base64(name: str, runtime: Runtime) -> None:
    for data in [*samples(runtime)[:70], bytes(range(256))]:
        assert built(runtime, name, byref(text(data))) == getattr(base64, name)(data)


@pytest.mark.parametrize("name", ["b64decode", "urlsafe_b64decode"])
def test_base64_decoded(name: str, runtime: Runtime) -> None:
    for _ in range(4 * ROUNDS):
        data = bytes(runtime.random.choices(b"AZaz09+/-_=\n\x80", k=runtime.random.randint(0, 13)))
        wanted = outcome(getattr(base64, name), data)
        assert built(runtime, name, byref(text(data))) == wanted, data


def test_unhexlify(runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        data = bytes(runtime.random.choices(b"09afAF09afAF/:@G`g", k=runtime.random.randint(0, 4)))
        wanted = outcome(binascii.unhexlify, data)
        assert built(runtime, "unhexlify", byref(text(data))) == wanted, data


def test_html_escape(runtime: Runtime) -> None:
    for _ in range(ROUNDS):
        data = "".join(runtime.random.choices("a<>&\"'ü;", k=runtime.random.randint(0, 9)))
        for quote in (0, 1):
            wanted = html.escape(data, bool(quote)).encode()
            assert built(runtime, "html_escape", byref(text(data.encode())), quote) == wanted


@pytest.mark.parametrize("name", ["quote", "quote_plus"])
def test_quote(name: str, runtime: Runtime) -> None:
    for data in [bytes(range(256)), b"", *(runtime.data() for _ in range(ROUNDS))]:
        for safe in (b"", b"/", b" ", b"%+", runtime.data(2)):
            wanted = outcome(getattr(urllib.parse, name), data, safe)
            got = built(runtime, name, byref(text(data)), byref(text(safe)))
            assert got == wanted, (data, safe)


def test_unquote(runtime: Runtime) -> None:
    for _ in range(4 * ROUNDS):
        data = bytes(runtime.random.choices(b"%%%4aFgG/\xff", k=runtime.random.randint(0, 9)))
        wanted = urllib.parse.unquote_to_bytes(data)
        assert built(runtime, "unquote", byref(text(data))) == wanted, data


def test_random(runtime: Runtime) -> None:
    """Numbers keep to their bounds, all of few possible ones come, and none is fixed."""
    for name, last in (("randrange", 0), ("randint", 1)):
        for low, high in ((0, 6 - last), (-3, 3 - last), (MAX - 6, MAX - last)):
            seen = {_number(runtime, name, low, high) for _ in range(ROUNDS)}
            assert seen == set(range(low, high + last)), (name, low, high)
        for low, high in ((1, 0), (MAX, -MAX - 1), (0, -1)):
            assert _number(runtime, name, low, high) is None
        wide = {_number(runtime, name, -MAX - 1, MAX) for _ in range(ROUNDS)}
        assert len(wide) == ROUNDS and min(w or 0 for w in wide) < 0 < max(w or 0 for w in wide)
    assert _number(runtime, "randrange", 5, 5) is None
    assert _number(runtime, "randint", MAX, MAX) == MAX


def _number(runtime: Runtime, name: str, low: int, high: int) -> int | None:
    value = c_int64()
    status = runtime.call(name, low, high, byref(value))
    assert status in (OK, DECLINED)
    return value.value if status == OK else None
