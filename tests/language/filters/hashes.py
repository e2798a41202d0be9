"""Integers that go round in loops: hashes, and what comes back from every way out of a round."""

from pyngx import variable
from pyngx.ngx import ngx_http_request_t


def number(value: bytes | None) -> int:
    return int(value) if value else 0


def fnv1a(data: bytes) -> int:
    h = 0x811C9DC5
    for byte in data:
        h = ((h ^ byte) * 0x01000193) & 0xFFFFFFFF
    return h


def djb2(data: bytes) -> int:
    h = 5381
    for byte in data:
        h = ((h << 5) + h + byte) & 0xFFFFFFFF
    return h


def sdbm(data: bytes) -> int:
    h = 0
    for byte in data:
        h = (byte + (h << 6) + (h << 16) - h) & 0xFFFFFFFF
    return h


def adler(data: bytes) -> int:
    a, b = 1, 0
    for byte in data:
        a = (a + byte) % 65521
        b = (b + a) % 65521
    return (b << 16) | a


def one_at_a_time(data: bytes) -> int:
    h = 0
    i = 0
    while i < len(data):
        h += data[i]
        h += h << 10
        h &= 0xFFFFFFFF
        h ^= h >> 6
        i += 1
    h = (h + (h << 3)) & 0xFFFFFFFF
    h ^= h >> 11
    return (h + (h << 15)) & 0xFFFFFFFF


def crc(data: bytes) -> int:
    c = 0xFFFFFFFF
    for byte in data:
        c ^= byte
        for _ in range(8):
            if c & 1:
                c = (c >> 1) ^ 0xEDB88320
            else:
                c >>= 1
    return c ^ 0xFFFFFFFF


@variable("masked")
def masked(r: ngx_http_request_t) -> bytes:
    s = (r.arg(b"s") or b"") + (r.arg(b"t") or b"")
    return b"%d %d %d %d %d %d" % (
        fnv1a(s),
        djb2(s),
        sdbm(s),
        adler(s),
        one_at_a_time(s),
        crc(s),
    )


@variable("grows")
def grows(r: ngx_http_request_t) -> bytes:
    """What is masked on some rounds only may overflow on the others."""
    n = number(r.arg(b"a")) & 0xFF
    for byte in r.arg(b"s") or b"":
        if byte == 98:
            n &= 0xFFFF
            continue
        n = n * 65537 * 1000
        if byte == 99:
            break
    return b"%d" % n


@variable("leaves")
def leaves(r: ngx_http_request_t) -> bytes:
    """After a loop the values of its last round, of a break, or of no round at all."""
    n = number(r.arg(b"a"))
    m = 7
    for byte in r.arg(b"s") or b"":
        m = byte
        if byte == 97:
            m = n
            break
        m &= 3
    else:
        m += 1
    k = m // 2
    while k > 0:
        k = (k * 3 + 1) & 0xFF if k % 2 else k // 2
        if k == 1:
            k = -n
            break
    return b"%d %d %d" % (n, m, k)


@variable("raised")
def raised(r: ngx_http_request_t) -> bytes:
    """A value that an exception leaves half done."""
    n = 1
    total = 0
    for part in (r.arg(b"s") or b"").split(b","):
        try:
            n = 2**40
            n = int(part) & 0xFF
            total = (total + n) & 0xFFFF
        except ValueError:
            total += n
        finally:
            n += 1
    return b"%d %d" % (n, total)


@variable("nested")
def nested(r: ngx_http_request_t) -> bytes:
    """The inner loop's value comes back from the outer one."""
    h = 17
    low = 0
    for a in r.arg(b"s") or b"":
        for b in r.arg(b"t") or b"x":
            h = (h * 31 + a * b) & 0xFFFFFFFF
            if h & 1:
                low -= 1
                continue
            low = -(low // 2)
        h = -h if a == 98 else h
    return b"%d %d" % (h, low)


@variable("walrus")
def walrus(r: ngx_http_request_t) -> bytes:
    """A value that a condition assigns."""
    n = 5
    a = number(r.arg(b"a"))
    for byte in r.arg(b"s") or b"":
        if byte > 97 and (n := a + byte) > 100:
            break
        n &= 7
    return b"%d" % (n * 2)
