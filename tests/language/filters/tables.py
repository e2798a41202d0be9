"""Tables of module level of every kind, and enums: members by value, by name, flags."""

import enum
from dataclasses import dataclass

from pyngx import variable
from pyngx.ngx import ngx_http_request_t


def number(value: bytes | None) -> int:
    return int(value) if value else 0


class Color(enum.IntEnum):
    RED = 1
    GREEN = 2
    BLUE = 5


class Flags(enum.IntFlag):
    A = 1
    B = 2
    C = 4


@variable("enum_match")
def enum_match(r: ngx_http_request_t) -> bytes:
    n = number(r.arg(b"a"))
    c = Color(n)
    match c:
        case Color.RED:
            return b"red"
        case Color.GREEN | Color.BLUE:
            return b"cold"
    return b"?"


@variable("enum_parts")
def enum_parts(r: ngx_http_request_t) -> bytes:
    n = number(r.arg(b"a"))
    c = Color.RED if n > 1 else Color.BLUE
    return b"%d %s" % (c.value, c.name.encode())


@variable("enum_members")
def enum_members(r: ngx_http_request_t) -> str:
    out = ""
    for c in Color:
        out += f"{c.name}={c.value} "
    return out


@variable("flags_changed")
def flags_changed(r: ngx_http_request_t) -> bytes:
    n = number(r.arg(b"a"))
    f = Flags.A
    if n > 2:
        f |= Flags.B
    f &= ~Flags.A
    g = f ^ Flags.C
    if Flags.B in g:
        return b"b %d" % g
    return b"%d %d" % (f, bool(f & Flags.C))


@variable("flags_made")
def flags_made(r: ngx_http_request_t) -> bytes:
    n = number(r.arg(b"a"))
    f = Flags(n & 7)
    f |= 1
    return b"%d %d" % (f, len(Flags))


@variable("enum_named")
def enum_named(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    try:
        d = Color(len(s))
    except ValueError:
        d = Color.BLUE
    return b"%d %d" % (d, Color["RED"])


TABLE6 = {b"a": (1, b"one"), b"ab": (2, b"two")}


@variable("rows_by_key")
def rows_by_key(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    if s in TABLE6:
        n, name = TABLE6[s]
        return b"%d %s" % (n, name)
    return b"-"


TABLE7 = {b"a": (1, b"one"), b"ab": (2, b"two")}


@variable("rows_looped")
def rows_looped(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    out = b""
    for key, (n, name) in TABLE7.items():
        out += b"%s %d %s;" % (key, n, name)
    for row in TABLE7.values():
        out += row[1]
    found = TABLE7.get(s)
    if found is not None:
        out += found[1]
    return out


NESTED8 = {"x": {b"a": 1, b"b": 2}, "y": {b"a": 3}}


@variable("dict_in_dict")
def dict_in_dict(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    return b"%d" % NESTED8["x"].get(s, 7)


NESTED9 = {b"a": {b"a": 1, b"b": 2}, b"ab": {b"a": 3}}


@variable("dict_in_dict_by_key")
def dict_in_dict_by_key(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    t = r.arg(b"t") or b""
    if s in NESTED9 and t in NESTED9[s]:
        return b"%d" % NESTED9[s][t]
    return b"-"


class Color10(enum.IntEnum):
    RED = 1
    GREEN = 2


NAMES10 = {Color10.RED: b"red", Color10.GREEN: b"green"}
FROM10 = {b"a": Color10.RED, b"ab": Color10.GREEN}


@variable("enum_keys")
def enum_keys(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    c = FROM10.get(s, Color10.RED)
    return NAMES10[c] + NAMES10[FROM10[s]]


SPACES11 = frozenset(b" \t\r\n")
WORDS11 = {b"a", b"ab"}
EXT11 = (b".png", b".jpg")
TBL11 = bytes(range(256)).upper()
HEXES11 = [b"%02x" % i for i in range(256)]


@variable("byte_tables")
def byte_tables(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    out = b""
    for c in s:
        if c not in SPACES11:
            out += HEXES11[c]
        out += b"%c" % TBL11[c]
    if s in WORDS11 or s.endswith(EXT11):
        out += b"!"
    for w in sorted(WORDS11):
        out += w
    return out


ROWS12 = [(b"a", 1, True), (b"ab", 2, False)]


@variable("rows_by_index")
def rows_by_index(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    n = number(r.arg(b"a"))
    for name, value, flag in ROWS12:
        if name == s and flag:
            return b"%d" % value
    row = ROWS12[n]
    return row[0]


OPTIONAL13 = {b"a": None, b"ab": b"x"}
MIXED13 = {b"a": 1, b"b": b"x"}


@variable("table_with_none")
def table_with_none(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    v = OPTIONAL13.get(s)
    if v is None:
        return b"none"
    return v


PAIRS14 = {(1, b"a"): b"x", (2, b"b"): b"y"}
SET14 = {(1, 2), (3, 4)}


@variable("tuple_keys")
def tuple_keys(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    n = number(r.arg(b"a"))
    if (n, 2) in SET14:
        return b"set"
    return PAIRS14.get((n, s), b"no")


LIMITS15 = {"low": 10, "high": 20}
GROUPS15 = {b"a": (b"x", b"y"), b"ab": ()}


@variable("lists_in_table")
def lists_in_table(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    n = LIMITS15["low"]
    out = b"%d %d" % (n, len(LIMITS15))
    for g in GROUPS15.get(s, ()):
        out += g
    return out


@dataclass(frozen=True)
class Rule:
    name: bytes
    limit: int


RULES16 = [Rule(b"a", 1), Rule(b"ab", 2)]
BYNAME16 = {r.name: r for r in RULES16}


@variable("objects_in_table")
def objects_in_table(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    out = b""
    for rule in RULES16:
        if s.startswith(rule.name):
            out += b"%d" % rule.limit
    named = BYNAME16.get(s)
    if named is not None:
        out += named.name
    return out


CRC17 = [0, 1, 2, 3]
PAT17 = [b"a", b"b"]


@variable("list_of_module")
def list_of_module(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    n = number(r.arg(b"a"))
    out = b""
    for i, p in enumerate(PAT17):
        out += p * i
    for p, c in zip(PAT17, CRC17, strict=False):
        out += b"%s%d" % (p, c)
    if any(p in s for p in PAT17):
        out += b"y"
    out += PAT17[-1] + b"%d" % CRC17[n % 4] + b"%d" % sum(CRC17) + b"%d" % max(CRC17)
    if s in PAT17[:1]:
        out += b"!"
    out += b",".join(PAT17)
    return out


class Kind18(enum.IntEnum):
    LOW = 0
    HIGH = 1
    OTHER = 7


def named18(kind: Kind18) -> bytes:
    match kind:
        case Kind18.LOW:
            return b"low"
        case Kind18.HIGH | Kind18.OTHER:
            return b"high"


def named_number18(n: int) -> bytes:
    match n:
        case Kind18.LOW:
            return b"low"
        case Kind18.HIGH | Kind18.OTHER:
            return b"high"
    return b"none"


@variable("every_member")
def every_member(r: ngx_http_request_t) -> bytes:
    n = number(r.arg(b"a"))
    return named_number18(n) + named18(Kind18(n))


NAMES19 = (b"a", b"abcabc", b"xyz")
NUMBERS19 = [5, 7, 300]


@variable("index_of_module")
def index_of_module(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    n = number(r.arg(b"a"))
    try:
        found = NAMES19.index(s)
    except ValueError as e:
        return f"{e} {NUMBERS19.count(n)}".encode()
    return b"%d %d" % (found, NUMBERS19.index(n))


SIGNS20 = {"one": b"a", "two": b"bc", "three": b"y"}


@variable("first_of")
def first_of(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s") or b""
    n = number(r.arg(b"a"))
    found = next((name for name, sign in SIGNS20.items() if sign in s), None)
    place = next((i for i, c in enumerate(s) if c == n), -1)
    words = s.split(b",")
    lengths = [len(w) for w in words]
    longer = [w for w, size in zip(words, lengths, strict=False) if size > 1]
    back = ",".join(f"{size:02d}" for size in reversed(lengths))
    left, right = (w.upper() for w in (s[:2], s[2:]))
    return b"%s %d %s %s %s %s" % (
        (found or "-").encode(),
        place,
        b"|".join(longer),
        back.encode(),
        left,
        right,
    )
