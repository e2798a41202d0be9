"""Checks that must not be left out, each at its edge."""

from pyngx import RequestCtx, variable
from pyngx.ngx import ngx_http_request_t, uint8_t

TABLE = (10, 20, 30, 40)
THREE = TABLE[:3]


class Ctx(RequestCtx):
    small: uint8_t = 250
    count: int = 0
    one: bytes = b""
    two: bytes = b""


def number(value: bytes | None) -> int:
    return int(value) if value else 0


def added(n: int, m: int) -> int:
    return n * 1000 + m


def seen(ctx: Ctx, result: bool) -> bool:
    ctx.count += 1
    return result


def tally(ctx: Ctx, text: bytes) -> None:
    for byte in text:
        ctx.count += 1
        if 100 // (byte - 98) > 1000:
            ctx.count += 1


@variable("k_product")
def k_product(r: ngx_http_request_t) -> bytes:
    n = number(r.arg(b"a")) % 2**40
    return b"%d" % ((n - 2**39) * (n - 2**39))


@variable("k_signs_of_a_product")
def k_signs_of_a_product(r: ngx_http_request_t) -> bytes:
    n = number(r.arg(b"a")) % 2**40 - (2**40 - 3)
    return b"%d" % (n * (number(r.arg(b"b")) % 2**40 - 2))


@variable("k_remainder")
def k_remainder(r: ngx_http_request_t) -> bytes:
    return b"%d" % TABLE[number(r.arg(b"a")) % 5]


@variable("k_or_edge")
def k_or_edge(r: ngx_http_request_t) -> bytes:
    return b"%d" % THREE[(number(r.arg(b"a")) % 2) | (number(r.arg(b"b")) % 3)]


@variable("k_sum")
def k_sum(r: ngx_http_request_t) -> bytes:
    return b"%d" % (number(r.arg(b"a")) + number(r.arg(b"b")))


@variable("k_zero")
def k_zero(r: ngx_http_request_t) -> bytes:
    return b"%d" % (7 // (number(r.arg(b"a")) % 4))


@variable("k_index")
def k_index(r: ngx_http_request_t) -> bytes:
    text = r.arg(b"s") or b""
    return b"%d" % text[number(r.arg(b"a")) % 5]


@variable("k_negative_index")
def k_negative_index(r: ngx_http_request_t) -> bytes:
    text = r.arg(b"s") or b""
    return b"%d" % text[number(r.arg(b"a"))]


@variable("k_field")
def k_field(r: ngx_http_request_t, ctx: Ctx) -> bytes:
    ctx.small = number(r.arg(b"a"))
    return b"%d" % ctx.small


@variable("k_none")
def k_none(r: ngx_http_request_t) -> bytes:
    return b"%d %d" % (r.arg(b"s") == r.arg(b"none"), r.arg(b"none") == r.arg(b"none"))


@variable("k_unsigned")
def k_unsigned(r: ngx_http_request_t) -> bytes:
    text = r.arg(b"s") or b""
    return b"%d %d" % (len(text) > number(r.arg(b"a")), number(r.arg(b"a")) < len(text))


@variable("k_division")
def k_division(r: ngx_http_request_t) -> bytes:
    n = number(r.arg(b"a"))
    return b"%d %d" % (n // 2, n % 7)


@variable("k_shift")
def k_shift(r: ngx_http_request_t) -> bytes:
    return b"%d" % (1 << number(r.arg(b"a")) % 65)


@variable("k_kept_bytes")
def k_kept_bytes(r: ngx_http_request_t, ctx: Ctx) -> bytes:
    """Each field has memory of its own, which is not the value's."""
    ctx.one = (r.arg(b"s") or b"")[:3]
    ctx.two = ctx.one
    ctx.one = r.arg(b"a") or b""
    return ctx.two + b"," + ctx.one


@variable("k_growing_bytes")
def k_growing_bytes(r: ngx_http_request_t, ctx: Ctx) -> bytes:
    """A longer value does not reach into the next field's memory."""
    long = (r.arg(b"s") or b"") * 20
    ctx.one = (r.arg(b"s") or b"")[:3]
    ctx.two = (r.arg(b"s") or b"")[:2]
    ctx.one = long
    return ctx.two + b"," + ctx.one


@variable("k_right_shift")
def k_right_shift(r: ngx_http_request_t) -> bytes:
    return b"%d" % (number(r.arg(b"a")) >> number(r.arg(b"b")) % 65)


@variable("k_kept")
def k_kept(r: ngx_http_request_t) -> bytes:
    n = number(r.arg(b"a")) % 100
    return b"%d" % added(n, (n := 3) + n)


@variable("k_and")
def k_and(r: ngx_http_request_t, ctx: Ctx) -> bytes:
    ctx.count = 0
    both = number(r.arg(b"a")) > 5 and seen(ctx, True) and seen(ctx, False)
    return b"%d %d" % (both, ctx.count)


@variable("k_counter")
def k_counter(r: ngx_http_request_t, ctx: Ctx) -> bytes:
    ctx.count = 0
    try:
        tally(ctx, r.arg(b"s") or b"")
    except ZeroDivisionError:
        ctx.count += 1000
    return b"%d" % ctx.count


@variable("k_byte_local")
def k_byte_local(r: ngx_http_request_t) -> bytes:
    largest = 0
    for byte in r.arg(b"s") or b"":
        largest = byte * 3
    return b"%d" % (largest + 1)


@variable("k_long")
def k_long(r: ngx_http_request_t) -> bytes:
    n = number(r.arg(b"a"))
    return b"%d,%d,%d,%d,%d,%d" % (n, n, n, n, n, n)


@variable("k_signs")
def k_signs(r: ngx_http_request_t) -> bytes:
    n = number(r.arg(b"a"))
    return b"%+d,% d,%#x,%-3d,%+d,%+d" % (n, n, n, n, n, n)


def cut(text: bytes) -> bytes | None:
    return text[1:] or None


@variable("k_none_later")
def k_none_later(r: ngx_http_request_t) -> bytes:
    name: bytes | None = r.arg(b"b") or b"name"
    last, shown = name, b""
    for _ in range(number(r.arg(b"a")) % 9):
        shown += b"-" if last is None else last
        last = name
        if name is not None:
            name = cut(name)
    return shown


@variable("k_never_none")
def k_never_none(r: ngx_http_request_t) -> bytes:
    name = r.arg(b"b")
    if name is None:
        return b"none"
    for i in range(number(r.arg(b"a")) % 9):
        name += b"%d" % i
        while len(name) > 3:
            shorter = cut(name)
            if shorter is None:
                break
            name = shorter
    return name


@variable("k_condition_that_fails")
def k_condition_that_fails(r: ngx_http_request_t) -> bytes:
    a, b = number(r.arg(b"a")), number(r.arg(b"b"))
    if not (a < 0 and b < 0):
        return b"%d" % TABLE[a]
    return b"-"


@variable("k_chain_that_fails")
def k_chain_that_fails(r: ngx_http_request_t) -> bytes:
    a = number(r.arg(b"a"))
    if not 0 <= a < 4:
        return b"%d" % TABLE[a]
    return b"-"


@variable("k_not_less")
def k_not_less(r: ngx_http_request_t) -> bytes:
    a = number(r.arg(b"a"))
    if a < 0:
        return b"-"
    return b"%d" % (7 // a)


@variable("k_mirrored")
def k_mirrored(r: ngx_http_request_t) -> bytes:
    a = number(r.arg(b"a"))
    return b"%d" % (a + 2**62) if 0 <= a <= number(r.arg(b"b")) else b"-"


@variable("k_at_most")
def k_at_most(r: ngx_http_request_t) -> bytes:
    a = number(r.arg(b"a"))
    if a >= 0 and a <= 4:
        return b"%d" % TABLE[a]
    return b"-"


@variable("k_condition_that_assigns")
def k_condition_that_assigns(r: ngx_http_request_t) -> bytes:
    a = number(r.arg(b"a"))
    if a < 4 and (a := number(r.arg(b"b"))) > -1:
        return b"%d" % (a + 2**62)
    return b"%d" % a


@variable("k_bits_set")
def k_bits_set(r: ngx_http_request_t) -> bytes:
    c = number(r.arg(b"a")) % 256
    odd = c | 1
    if odd >= 1:
        return b"%d" % (7 // c)
    return b"-"


@variable("k_bits_of_before")
def k_bits_of_before(r: ngx_http_request_t) -> bytes:
    c = number(r.arg(b"a")) % 256
    odd = c | 1
    c = number(r.arg(b"b")) % 256
    if odd >= 3:
        return b"%d" % (7 // c)
    return b"-"


@variable("k_two_branches")
def k_two_branches(r: ngx_http_request_t) -> bytes:
    a = number(r.arg(b"a"))
    if number(r.arg(b"b")) < 0:
        if not 0 <= a < 4:
            return b"-"
    elif not 0 <= a < 64:
        return b"="
    return b"%d" % TABLE[a]


@variable("k_assigned_again")
def k_assigned_again(r: ngx_http_request_t) -> bytes:
    a = number(r.arg(b"a"))
    if 0 <= a < 4:
        a = number(r.arg(b"b"))
        return b"%d" % TABLE[a]
    return b"-"


@variable("k_inverted")
def k_inverted(r: ngx_http_request_t) -> bytes:
    return b"%d" % (7 // (~(number(r.arg(b"a")) % 5) + 5))


@variable("k_small_divisor")
def k_small_divisor(r: ngx_http_request_t) -> bytes:
    return b"%d" % TABLE[(number(r.arg(b"a")) % 40) // (number(r.arg(b"b")) % 7 - 4) + 10]


@variable("k_and_negative")
def k_and_negative(r: ngx_http_request_t) -> bytes:
    n, m = number(r.arg(b"a")) % 8, number(r.arg(b"b")) % 12 - 8
    return b"%d" % TABLE[n & m]
