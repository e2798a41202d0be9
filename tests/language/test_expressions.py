"""Expressions of one line, each over many values, beside CPython.

Each list becomes one filter file with a variable per expression.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import pytest

from pyngx.build.locate import find_target
from pyngx.diagnostics import Diagnostics
from pyngx.pipeline import compile_file
from tests.harness.builds import Target
from tests.language.serving import Variables

HEAD = '''"""Expressions under test."""

import base64
import binascii
import hashlib
import hmac
import html
import random
import secrets
import struct
import time
import zlib
from email.utils import formatdate, parsedate_to_datetime
from hashlib import sha256
from urllib.parse import quote, quote_plus, unquote, unquote_plus, unquote_to_bytes

from pyngx import variable
from pyngx.ngx import ngx_http_request_t

HIGH = bytes(range(250, 256))
SWAPPED = bytes.maketrans(b"abc", b"cba")
NULS = b"a\\0b\\0c"
PLAIN = str.maketrans("äöüÄÖÜ", "aouAOU", "0 ")
LONGER = {97: "", 98: None, 99: "ccc", 0x20AC: "EUR", 0xFC: 0x1F600, 65: "\\0", 0xD800: "never"}
TABLE = (1, 5, 7)
WORDS = frozenset({b"a", b"bc"})


def number(value: bytes | None) -> int:
    return int(value) if value else 0


def text(value: bytes | None) -> bytes:
    return value or b""


def twice(value: bytes) -> bytes:
    return value + value


def parts(value: bytes, at: bytes) -> bytes:
    a, sep, b = value.partition(at)
    c, sep2, value = value.rpartition(at)
    return b"|".join((a, sep, b, c, sep2, value))


def fields(value: bytes, at: bytes) -> bytes:
    found = b""
    for part in value.split(at, 2):
        found += b"<%s>" % part
    return found


def pieces(value: str, at: str) -> str:
    a, sep, b = value.partition(at)
    c, sep2, value = value.rpartition(at)
    return "|".join((a, sep, b, c, sep2, value))


def letters(value: str) -> str:
    found = ""
    for i, ch in enumerate(value):
        found += f"{i}{ch}{ord(ch)}"
    return found


def backwards(value: str, other: str) -> str:
    found = ""
    for ch in reversed(value):
        found += ch
    for one, two in zip(value, other):
        found += two + one
    return found


def hashed(a: bytes, b: bytes) -> str:
    h = hashlib.sha1(a)
    for part in (b, a, b):
        h.update(part)
        h.update(a)
    k = hmac.new(a, b, hashlib.sha256)
    other = k.copy()
    k.update(h.digest())
    other.update(b)
    return h.hexdigest() + k.hexdigest() + other.hexdigest()


def unpacked(data: bytes, at: int) -> str:
    try:
        x, y, name, flag = struct.unpack_from("<Bh2s?", data, at)
    except struct.error:
        return "short"
    return f"{x}/{y}/{name.hex()}/{flag + 0}"


PACKET = struct.Struct("!BHx4s")


def packet(data: bytes, n: int) -> str:
    made = PACKET.pack(n & 7, n, data)
    kind, size, name = PACKET.unpack(made)
    (again,) = struct.unpack_from(">H", made, offset=1)
    return f"{PACKET.size} {kind} {size} {again} {name.hex()} {made.hex()}"


def third(n: int) -> int:
    return 3 // n


def positive(n: int) -> bool:
    return n > 0


def word(n: int) -> bytes | None:
    if n < 0:
        return None
    if n == 0:
        return b""
    return b"word"
'''

INTEGERS = """
a + b
a - b
a * b
a // b
a % b
a ** b
a << b
a >> b
a & b
a | b
a ^ b
-a
~a
+a
a // 7
a % 7
a // -7
a % -7
a // -1
a % -1
7 // b
-7 % b
2 ** b
(-2) ** b
a ** 2
a ** 0
1 << b
-1 << b
a << 3
a >> 70
a >> 63
a * 3 + b * 5
(a + b) * (a - b)
a - (b - a)
a - b - a
-a ** 2
(-a) ** 2
~a & b
a & 255
a & ~15
(a & 255) << 8 | b & 255
abs(a)
abs(b)
min(a, b)
max(a, b)
min(a, 5)
max(-3, a)
min(a + 1, b * 2 if b < 9 else b)
max(len(s), len(t), a)
min(third(a), 2)
abs(third(a) - 5)
max(a, b, 5, 7)
abs(min(a, 9)) + max(b, -9)
len(s) - a
len(s) * len(t)
len(s) - len(t)
-len(s)
len(s) // (a or 1)
a or b
a or 5
0 or a
a if a else b
a and b
a and b and 5
a and b or 7
a > 0 and b or len(s)
s and a or b
s and len(s) or t and len(t) or -1
a and (b and third(b)) or third(a)
(a and third(b)) + (s and third(a) or 2)
(x := a) and x + b
a and third(b) or b and third(a) or 9
(a or b) and 3
(a and b or 3) and (b or a and 5)
((a and third(b)) or (b and third(a))) and (b or third(a)) or len(s)
(a > 2 or third(b)) and (s and a or b)
(x := a or b) and x * 2 and (x or a)
len(s and s.split(b"b") or t.split(b"c"))
len((a and s or t) and (t or s))
(a and (a, 1) or (b, 2))[1]
(s and (third(a), b) or t and (third(b), a) or (0, 1))[0]
int(a and 1.5 or s and 2.5 or 3.5)
ord((s and "a" or "b") and (t and "c" or "d"))
sum(n and third(n) or b for n in (a, b, 3))
a if a > b else b if b > 5 else len(s) if s else -2
1 if a else 2 if b else 3 if s else 4
a if a > b else b
a if s else b
1 if a < b < 10 else 2
1 if a <= b >= 0 != a else 2
1 if a == b == 0 else 2
1 if 0 < third(a) < third(b) else 2
(x := a + 1) * x
(x := a) + (x := b) + x
(x := b) - x * (x := 3) - x
third(a)
third(a) + third(b)
third(third(a))
third(b if a > 3 else 1)
5 if a and third(b) else 6
5 if a or third(b) else 6
5 if not a or not third(b) else 6
5 if a > 0 and b > 0 and third(a - b) > 0 else 6
5 if (a > 0 or third(b) > 0) and third(a) else 6
int(s)
int(t)
int(s, 16)
int(t, 36) + int(s, 10)
int(s, 2) if s else int(t, 8)
int(b" -0x_1F ", 16)
int(t + s, 12)
int("7f", 16)
bytes((a & 255, 5, b & 3))[1]
int(s) + int(t)
int(b"  12\\n")
int(b"-0")
s[0]
s[-1]
s[a]
t[b]
s[a] + t[b]
HIGH[a]
NULS[1]
s.find(t)
s.find(t, a)
s.find(t, a, b)
s.rfind(t)
s.rfind(t, a, b)
s.count(t)
s.count(b"")
s.count(t, a)
s.count(t, a, b)
b"abcabc".find(t)
HIGH.find(HIGH[3:])
NULS.count(b"\\0")
ord("x") + a
ord(b"x")
int(a > b) + int(a == b)
(a > b) + (b > a)
a + True
len(b"%d" % a)
a * 1000000007 % 998244353
(a * a + b * b) % 1000
9223372036854775807 - a
a - 9223372036854775807
a * -1
0 - a
(a | 1) // (b | 1)
(a >> 1) + (b >> 1)
a ^ -1
a % (b * b + 1)
(a + b) // 2
s.index(t)
s.rindex(t)
s.index(t, a, b)
s.rindex(t, a)
len(s.split(t))
len(s.rsplit(None, 1))
"""

BYTES = """
s + t
s + t + s
s + b"-" + t
s * 3
s * a
b * s
s[a:]
s[:a]
s[a:b]
s[-3:]
s[:-2]
s[1:-1]
s[a:][b:]
s[:]
s[5:2]
s[::2]
s[::-1]
s[::-2]
s[a::3]
s[:a:-1]
s[a:b:2]
s[a:b:-2]
s[a:b:1]
(s + t)[-2::-3]
s[::-1] + t[::-1]
b"constant"[::-1]
bytes((a, b))
bytes([a & 255, 0, 65])
bytes((1, 2, 255))
bytes(())
bytes("text", "ascii")
bytes(f"{a}", "ascii")
bytes(s.decode(), "ascii")
s.decode().encode()
s.decode("utf-8").encode("utf-8") + t
"\u00fc".encode()
bytes("a%d" % a, "utf8")
str(a).encode() + t
b"yes" if isinstance(s, bytes) else b"no"
x if isinstance(x := word(a), bytes) else b"none"
b"no" if not isinstance(x := word(a), bytes) else x + x
HIGH[a:b]
NULS[a:b]
s.lower()
s.upper()
s.strip()
s.lstrip()
s.rstrip()
s.strip(t)
s.lstrip(t)
s.rstrip(t)
s.strip(b"")
s.strip(None)
s.removeprefix(t)
s.removesuffix(t)
s.removeprefix(b"")
s.removesuffix(b"")
s.replace(t, b"<>")
s.replace(b"", t)
s.replace(t, b"", a)
s.replace(b"a", s)
s.replace(t, s, 1)
s.replace(t, t)
NULS.replace(b"\\0", s)
HIGH.upper() + HIGH.lower()
HIGH + s
NULS.strip(b"a\\0")
s or t
s and t
s and t and b"both"
s and a > 0 and t or b"other"
a and s or t
a and b"a" or b and b"b" or b"c"
s and s[0] > 97 and s[1:] or t or b"-"
(word(a) and s or t)
word(a) and word(b) or b"none"
(w := word(a)) and w + s or t
(word(a) and word(b)) or b"none"
((s and twice(t)) or (t and s + s)) + b"."
a and word(b) or s and word(a) or b"-"
(a > 2 or s) and t
(word(a) or s) and t
(s and word(a)) and t or b"n"
(a > 2 or word(b)) and s or t
(a > b and s or word(b)) or t
((word(a) or word(b)) and (s or t)) or b"-"
(not s or a > 2) and t or s
(s and word(a) or word(b)) and (t or word(a)) or b"-"
((x := word(a)) or (x := word(b))) and x + s or t
b",".join([c and word(c) or s for c in (a, b)])
b"%s %d" % (a and s or t, s and a or b)
s if a else t if b else s + t if s else b"!"
s or b"none"
t or s or b"last"
s if a > b else t
s if s == t else t + s
(x := s + t) + x
(x := s) + (x := t) + x
twice(s)
twice(s + t)
twice(twice(s))
word(a) or s
word(a) or word(b) or t
bytes(s)
s.lower().strip().replace(b"b", b"BB")[a:]
b"%d" % a
b"%d,%d" % (a, b)
b"%s" % s
b"%s" % (s,)
b"%b" % s
b"%s=%d;" % (s, a)
b"%d%%" % a
b"100%%"
b"%5d|%-5d|%05d|%+d|% d" % (a, a, a, a, a)
b"%+5d|%-+6d|%+06d|% 06d" % (a, a, a, a)
b"%x|%X|%o" % (a, a, a)
b"%#x|%#X|%#o" % (a, a, a)
b"%#06x|%-#8x|%#8o" % (a, a, a)
b"%08x|%8X|%-8o|" % (a, b, a)
b"%.3d|%8.3d|%-8.3d|%+.3d|%.0d" % (a, a, a, a, a)
b"%i %u" % (a, b)
b"%08.3d|%#.5x|%.12o" % (a, b, a)
b"%c" % (a & 127)
b"%c%c" % (a & 255, b & 255)
b"%3c|%-3c|" % (a & 127, b & 127)
b"%c" % a
b"%5s|%-5s|%.2s|%5.1s|" % (s, s, s, s)
b"%10s%-10s" % (s + t, t)
b"%d" % (a > b)
b"%d" % len(s)
b"%x" % len(s)
b"%5d" % len(s)
b"\\0%d\\0" % a
b"%s%s%s" % (s, HIGH, NULS)
b"%d %d" % ((x := a), x)
b"%d %d %d" % (a, third(b), a)
b"%s %s" % ((x := s), x + t)
b"[%s]" % (b"%d" % a)
b"%d" % (third(a) if b else a)
b"<%s>" % (s or b"none")
b"<%s>" % (word(a) or b"?")
s[a:b] + t[b:a]
s + b"%d" % len(s)
(s + t)[a:b]
(s or t)[:2]
(s if a else t)[1:]
b"" + s
b"" * a
s * 0
s.replace(b"x", b"")
b"a,b;c".replace(b",", t)
s.title()
s.capitalize()
s.swapcase()
s.ljust(a)
s.rjust(5, b"*") + s.center(a, t)
s.zfill(a & 15)
s.expandtabs()
b"a\\tb".expandtabs(a & 15)
s.translate(SWAPPED)
s.translate(SWAPPED, t)
s.translate(None, delete=t)
s.translate(t)
s.hex().encode()
s.decode().encode()
s.decode("utf-8").encode("utf-8")
parts(s, t)
parts(s, b"b")
s.partition(t)[0]
s.partition(b"b")[2] + s.rpartition(b"b")[-1]
b"key=value".partition(b"=")[2]
fields(s, t)
fields(s + t, b"b")
s.split(t)[a]
s.rsplit(b"b", 1)[-1]
b"x\\ny\\r\\nz".splitlines()[a]
b"x\\ny".splitlines(True)[0]
t.join(s.split(b"b"))
b", ".join([p.title() for p in s.split(b"b")])
b",".join((s, t, b"x"))
b"-".join([s])
"""

TRUTHS = """
s == t
s != t
s < t
s <= t
s > t
s >= t
s == b""
s == b"abc"
b"abc" == s
b"abc" < s
b"abc" >= s
s != b"abc"
s in t
t in s
t not in s
b"" in s
b"a" in s
97 in s
a & 255 in s
(a & 127) not in t
NULS[1:] in NULS
s in (b"a", b"abc", b"")
s not in (b"a", b"b")
s in WORDS
s.lower() in (b"abc", b"xyz")
s + t not in WORDS
third(a) in (1, 3)
(a & 255) in (1, b)
r.arg(b"s") in (b"a", b"abc")
(x := len(s)) in (1, 2) and x in (2, 3)
a in (1, 2, 3)
a in range(8)
len(s) in range(a, b)
a // b in range(-3, len(s))
len(s) not in range(2, 4)
(s or b"a")[0] >= max(2, 256)
a in TABLE
a not in TABLE
a in [1, b]
s.startswith(t)
s.endswith(t)
s.startswith(b"ab")
s.endswith(b"c")
s.startswith(b"")
s.endswith(b"")
s.startswith(t, a)
s.startswith(t, a, b)
s.endswith(t, a)
s.endswith(t, a, b)
s.startswith(b"", a)
s.startswith(b"b", 1)
s in t.split(b"b")
(s + t) not in (s + b"," + t + b"," + s + t).split(b",")
s.isascii()
s.istitle()
s.title().istitle()
s.hex() == "616263"
s.decode() == t.decode()
s.isdigit()
s.isalpha()
s.isalnum()
s.isspace()
s.islower()
s.isupper()
a < b
a <= b
a == b
a != b
a > b
a >= b
a < b < 10
0 <= a <= 5
a == b == 3
a < b > 2
1 < a < b < 100
not a
not s
not (a > b)
not (s and t)
bool(s)
bool(a)
bool(s) == bool(t)
a > 0 and b > 0
a > 0 or b > 0
a > 0 and not b > 0
a > 0 and b > 0 or s == t
(a > 0 or b > 0) and s != t
not (a > 0 or b > 0)
positive(a)
positive(a) and positive(b)
positive(a) != positive(b)
positive(third(a))
word(a) is None
word(a) is not None
word(a) == word(b)
word(a) != b"word"
word(a) == b""
word(a) == s
(w := word(a)) is not None and w.startswith(b"w")
(w := word(a)) is None or len(w) > 2
s[0] == 97 if s else a > 0
s > t and s[0] > t[0]
len(s) > 2 and s[2] == 99
len(s) < a
len(s) > -1
len(s) > a - b
a < len(s) < b
len(s) == len(t)
-1 < len(s)
a < len(s)
s[a:b] == t[a:b]
s + t == t + s
s.lower() == t.lower()
s.find(t) >= 0
s.find(t) < a
True
a == True
r.arg(b"s") is None
r.arg(b"s") == r.arg(b"t")
r.arg(b"nothing") is not None
(r.arg(b"s") or b"x") == b"x"
(q := r.arg(b"s")) is not None and q == s
"""

STRINGS = """
f"{a}"
f"{a}:{b}"
f"a{a:5d}|{a:05d}|{b:x}|{b:X}|{a:o}|"
f"{a:5}|{b:03}|{a:08x}"
f"{len(s)}"
f"{{{a}}}"
f"{'x'}{a}"
f"{a & 127:c}|"
f"{a + b}{a * 2}"
f"{third(a)}"
f"ü{a}日本"
f"{a:>5}|{a:<25}|{a:^24}|{a:*^23}|{a:->21}|{a:=6}|{a:x<4}|"
f"{a:+}|{b: }|{a:+07}|{a:<07}|{a:^+9}|{b:0=+9}|{b:*=9}|{b: =4d}"
f"{a:,}|{a:_}|{b:>30,}|{a:#x}|{b:#X}|{b:#o}|{a:b}|{a:#b}|{b:_b}|{b:_x}|{b:#_X}|"
f"{a & 127:>3c}|{a & 127:*^5c}|{a & 127:03c}|"
f"{a > b}|{a == b!s}|{a > b:d}|{a > b:>5}|{s in t!r:^7}"
f"{a!r}|{b!s}|{s!r}|{s!r:>12}|{(s + t)!a:*^30}"
"%s %d %r" % (a > b, a > b, s)
"%s" % (s == t)
"%d" % a
"%s" % a
"%s-%s" % (a, "x")
"%5s|%-5s|" % (a, a)
"%05d" % a
"ü%d" % a
"a" if a else "b"
str(a)
str(a & 7) + "x"
str(f"{a}")
chr(a & 127)
chr(252) + chr(0x1F600)
s.decode()
"%x" % a
"%c" % (a & 127)
"""

CHARACTERS = """
u + v
u * 2
u * (a & 3)
(b & 3) * v
u[a:]
u[:a]
u[a:b]
u[-3:]
u[1:-1]
u[:]
u[::2]
u[::-1]
u[::-2]
u[a::3]
u[:a:-1]
u[a:b:2]
u[a:b:-2]
u[a]
u[-1]
v[0] + u[a]
"constänt"[::-1] + "constänt"[5] + "constänt"[-3:]
"%d" % len(u)
"%d" % (len(u) + len("日本") - len(u + v))
"%d" % u.find(v)
"%d" % u.find(v, a)
"%d" % u.find(v, a, b)
"%d" % u.rfind(v)
"%d" % u.rfind(v, a, b)
"%d" % u.index(v)
"%d" % u.index(v, a, b)
"%d" % u.rindex(v, a)
"%d" % u.count(v)
"%d" % u.count("")
"%d" % u.count("", a)
"%d" % u.count(v, a, b)
"%d" % (u in v)
"%d" % (v not in u)
"%d" % ("b" in u)
"%d" % (u == v or u < v)
"%d" % (u > v or u <= "ü")
"%d" % (u in ("abc", "日本", v))
"%d" % (u in v.split("b"))
"%d" % u.startswith(v)
"%d" % u.startswith(v, a)
"%d" % u.startswith("ü", a, b)
"%d" % u.startswith("ab")
"%d" % u.endswith(v)
"%d" % u.endswith(v, a, b)
"%d" % u.endswith("c")
"%d" % u.isascii()
"%d" % u.isspace()
"%d %d" % (u.isalpha(), v.isalnum())
"%d %d %d" % (u.isdigit(), u.isdecimal(), u.isnumeric())
"%d %d %d %d" % (u.isprintable(), u.islower(), u.isupper(), u.istitle())
"%d" % u.isidentifier()
"{}: {:>4} {{}} {n:03d}".format(u, v, n=a)
"{1} {0:^7} {0} {w!s:.2}".format(a, u, w=v)
"{:,} {:+.2f} {}".format(a * 1000, a / 3, u.upper())
u.lower() + u.upper()
u.title() + v.capitalize()
u.swapcase() + v.casefold()
u.translate(PLAIN)
(u + v).translate(LONGER) + v
u.translate(str.maketrans("abcü", "xüz€", "0b"))
"%d" % (u.casefold() == v.casefold())
"%d" % int(u)
"%d" % int(v + "1", 16)
"%d" % int("\u0663\u0664\u00a0")
u.strip()
u.lstrip()
u.rstrip()
u.strip(v)
u.lstrip(v)
u.rstrip(v)
u.strip("")
u.strip(None)
u.removeprefix(v)
u.removesuffix(v)
u.replace(v, "<>")
u.replace("", v)
u.replace("", v, a)
u.replace(v, "", a)
u.replace("b", u)
u.replace(v, u, 1)
u.ljust(a)
u.rjust(5, "*") + u.center(7)
u.center(6, "日")
u.center(a, v)
u.zfill(a & 15)
u.expandtabs()
"ä\tb日\tc".expandtabs(a & 15)
"|".join(u.split())
"|".join(u.split(None, 1))
"|".join(u.split(v))
"|".join(u.split(v, a))
"|".join(u.rsplit(None, a))
"|".join(u.rsplit(v, 1))
"|".join(u.splitlines())
"|".join(u.splitlines(True))
v.join(u.split("b"))
", ".join((u, v, "ü"))
", ".join([p.strip() for p in u.split("b")])
"-".join(list(u))
"-".join([c for c in u if c != "b"])
u.split("b")[a]
u.partition(v)[0]
u.partition("b")[2] + u.rpartition("b")[-1]
pieces(u, v)
"ä=ö".partition("=")[2]
letters(u)
backwards(u, v)
"%d" % ord(u)
"%d" % ord(u[0])
f"{u}|{v}"
f"{u:5}|{v:>5}|{u:<7}|{v:*>6}|{u:ü<6}|"
f"{u:^9}|{v:*^8}|{u:^4.3}|{v:07}|{u!s}"
f"{u:.2}|{v:>5.1}|{u:-<3.2}|{v:s}|{u:3s}|"
"%5s|%-5s|%.2s|%5.1s|" % (u, u, v, v)
"%s" % u[a:b]
u.encode().decode()
(u or v)[:3]
(u if a else v)[1:]
hashlib.md5(s).hexdigest()[:12]
hashlib.sha256(s).hexdigest()[a:b]
quote(u)[3:] + html.escape(v).replace("&", "+")
"""

LIBRARY = """
hashlib.md5(s).hexdigest()
hashlib.sha1(s + t).hexdigest()
hashlib.sha256(t).digest().hex()
sha256(s).hexdigest()
hmac.new(s, t, hashlib.sha256).hexdigest()
hmac.new(s, msg=t, digestmod="md5").hexdigest()
hmac.new(b"key", s, sha256).digest().hex()
"%d" % hmac.compare_digest(s, t)
hashed(s, t)
hmac.new(s, digestmod="md5").hexdigest()
hmac.digest(s, t, "sha256").hex()
hmac.digest(key=b"key", msg=t, digest="md5").hex()
hmac.digest(s, t, hashlib.sha1).hex()
hashlib.sha1().hexdigest()
(g if (g := hashlib.md5(s)) else g).hexdigest()
"%d %d" % (zlib.crc32(s), zlib.crc32(s, zlib.crc32(t)))
"%d" % zlib.crc32(s, a)
"%d %d" % (zlib.adler32(s), zlib.adler32(s, zlib.adler32(t)))
base64.b64encode(s).decode()
base64.urlsafe_b64encode(s + HIGH).decode()
base64.b64decode(t).hex()
base64.b64decode(base64.b64encode(s)).hex()
base64.urlsafe_b64decode(s + t).hex()
binascii.hexlify(s).decode()
binascii.unhexlify(s).hex()
unquote(s + b"%4" + t)
unquote("ü%C3%BC%e2%82" + quote(s))
unquote_plus(f"{quote_plus(t)}+%zz")
"%d" % hmac.compare_digest(s.hex()[:4], t.hex()[:4])
"%d" % secrets.compare_digest(unquote(s), "abc")
s.decode("latin-1")
s.decode("ascii", "replace") + t.decode(errors="ignore")
s.decode("UTF8", errors="replace")
s.decode("ascii")
str(s, "utf-8", "replace") + str(t, "iso-8859-1")
unquote(s).encode("ascii", "replace").decode()
unquote(s).encode("latin-1").hex()
bytes(unquote(t), "latin1", "ignore").hex()
"üa".encode("ascii", "ignore").decode() + "ü".encode("latin-1").hex()
"ü".encode("ascii").decode()
s.hex(":") + t.hex("-", 2) + HIGH.hex(b".", a & 3)
s.hex(t.decode("latin-1"))
bytes.fromhex(s.hex(" ") + "0a").hex()
bytes.fromhex(t.decode("latin-1")).decode("latin-1")
a.to_bytes(8, "big", signed=True).hex() + b.to_bytes(9, "little", signed=True).hex()
a.to_bytes(a & 15, "little").hex()
(a & 255).to_bytes().hex()
"%d" % int.from_bytes(s + t, "big")
"%d" % int.from_bytes(s, byteorder="little", signed=a > 0)
hex(a) + oct(b)
"%d %d" % (s.find(97), t.rfind(a & 127))
"%d" % (s + t).count(a)
"%d" % s.index(98, 1)
base64.b64decode(s.decode("latin-1")).hex()
base64.standard_b64decode(base64.standard_b64encode(s)).hex()
base64.b16encode(s).decode() + base64.b32encode(t).decode()
base64.b16decode(s, casefold=True).hex()
base64.b32decode(base64.b32encode(t).lower(), True).hex()
base64.b32decode(s).hex()
binascii.b2a_base64(s).decode() + binascii.b2a_base64(t, newline=False).decode()
binascii.a2b_base64(s).hex() + binascii.a2b_hex(t.hex()).decode("latin-1")
binascii.a2b_hex(s).hex() + binascii.b2a_hex(t).decode()
"%d" % binascii.crc32(s, binascii.crc32(t))
struct.pack(">I", a & 0xFFFFFFFF).hex() + struct.pack("<hB", -3, a & 255).hex()
struct.pack("!q", a).hex() + struct.pack("<Q", b & 0x7FFFFFFFFFFFFFFF).hex()
struct.pack(">H", a).hex()
struct.pack("<b", b).hex()
struct.pack(">Q", a).hex()
struct.pack("@bhiq?0i", 1, -2, 3, a, b > 0).hex()
struct.pack("=2s3xc?4s", s, b"x", a, t).hex()
struct.pack("c", s).hex()
struct.pack(b">3B", 1, 2, 3).hex() + str(struct.calcsize("@bq"))
"%d %d" % struct.unpack(">Hb", (s + t + b"abc")[:3])
"%d" % struct.unpack("<I", s)[0]
"%d" % struct.unpack(">q", (s + t + HIGH + HIGH)[:8])
"%d" % struct.unpack("<Q", (HIGH + s + t + HIGH)[a & 3 : (a & 3) + 7] + b"\x7f")
unpacked(s + t, a)
packet(s, a & 0xFFFF)
html.unescape("&lt;p&gt; &amp;amp; &#252;&#xFC; &quot;&nbsp;&hearts; &notit; &notin; &#128;")
html.unescape(f"&{s.decode('latin-1')};&#{a & 0x1FFFFF};&#x{b & 255:x}")
html.escape("<a b='\\">&c")
html.escape(s.decode())
html.escape(f"<{a}>'", quote=a > 0)
quote(s)
quote(t, safe="")
quote(f"/ü{a} ?", safe=b"?")
quote_plus(s + b" /" + t)
quote_plus("a b/c", "/ ")
unquote_to_bytes(s + b"%4" + t).hex()
unquote_to_bytes("a%2Fb%zz%").hex()
formatdate(a, usegmt=True)
str(parsedate_to_datetime(formatdate(a, usegmt=True)).timestamp())
str(parsedate_to_datetime(f"{a} Nov {b} 1:2:3 +0130").timestamp())
str(parsedate_to_datetime(data=t.decode()).timestamp())
formatdate(a * 86399, False, True)
"%d" % (int(time.time()) > 1700000000)
"%d" % (0 <= random.randrange(a) < a)
"%d" % (a >> 2 <= random.randrange(a >> 2, b >> 2) < b >> 2)
"%d" % (a >> 2 <= random.randint(a >> 2, b >> 2) <= b >> 2)
"%d" % len(secrets.token_hex(a & 63).encode())
"%d" % len(secrets.token_urlsafe(a & 63).encode())
"%d" % len(secrets.token_bytes(a & 63))
"""

NUMBERS = (0, 1, -1, 2, 3, -3, 7, 64, -64, 255, 2**31, 2**62, -(2**62), 2**63 - 1, -(2**63))
SMALL = (0, 1, -1, 2, -2, 4, -6, 100)
TEXTS = (b"", b"a", b"abc", b"ABC", b"abcabc", b"aaa", b"bc", b"12", b"-7", b"1_0", b"+5", b"0x1")
TEXTS2 = (
    b"\xff\x80",
    b"\xc3\xbc",
    b"\xed\xa0\x80",
    b"\xc0\x80",
    b"\xf0\x9f\x98\x80",
    b"\xe2\x82",
    b"\xf4\x90\x80\x80",
    b"f",
    b"-7F",
    b"0b1",
    b"a\xffb",
    b"xabcx",
    b"9223372036854775808",
    b"_1",
    b"c",
    b"Ab1",
)


WORDS = (
    "",
    "a",
    "ü",
    "b",
    "abc",
    "äbc",
    "日本",
    "b日b本b",
    "\u00a0ab\u2003",
    "\x1c\u3000",
    "a\u2028b\u0085c",
    "a😀b😀c",
    "😀",
    "-7ü",
    "+b",
    "aab",
    "\tü\tb",
    "ab c  d ",
    "ΑΣ ΑΣ' ὈΔΥΣΣΕΎΣ",
    "ßﬁǆİI",
    "1٣²",
    " 7\u2003",
)


def source(expressions: str, shape: str, result: str) -> str:
    """A filter file with one variable for each line."""
    functions = []
    texts = ""
    if expressions is CHARACTERS:
        texts = "\n    u = unquote_to_bytes(s).decode()\n    v = unquote_to_bytes(t).decode()"
    for i, line in enumerate(expressions.strip().splitlines()):
        functions.append(f"""

@variable("v{i}")
def v{i}(r: ngx_http_request_t) -> {result}:
    a = number(r.arg(b"a"))
    b = number(r.arg(b"b"))
    s = text(r.arg(b"s"))
    t = text(r.arg(b"t")){texts}
    return {shape.format(line)}
""")
    return HEAD + "".join(functions)


def arguments(
    pairs: Iterable[tuple[int, ...]], texts: Sequence[tuple[bytes, ...]]
) -> list[Mapping[bytes, bytes]]:
    """Arguments that give each pair of numbers, and each pair of texts, at least once."""
    numbers = list(pairs)
    found = []
    for i in range(max(len(numbers), len(texts))):
        a, b = numbers[i % len(numbers)]
        s, t = texts[i % len(texts)]
        found.append({b"a": b"%d" % a, b"b": b"%d" % b, b"s": s, b"t": t})
    return [*found, {}]


TEXT_PAIRS = list(itertools.product(TEXTS + TEXTS2, repeat=2))
QUOTED = [quote(word).encode() for word in WORDS]
WORD_PAIRS = list(itertools.product(QUOTED, repeat=2))
CASES = {
    "integers": (INTEGERS, 'b"%d" % ({})', "bytes", itertools.product(NUMBERS, repeat=2)),
    "texts": (BYTES, "({})", "bytes", itertools.product(SMALL, repeat=2)),
    "truths": (TRUTHS, 'b"%d" % ({})', "bytes", itertools.product(SMALL, repeat=2)),
    "library": (LIBRARY, "({})", "str", itertools.product(NUMBERS, repeat=2)),
    "characters": (CHARACTERS, "({})", "str", itertools.product(SMALL, repeat=2)),
    "strings": (STRINGS, "({})", "str", itertools.product(NUMBERS, repeat=2)),
}


@pytest.mark.parametrize("name", CASES)
def test_expressions(name: str, packaged: Target, tmp_path: Path) -> None:
    """Every expression gives CPython's value, or fails as it does, at the same line."""
    expressions, shape, result, pairs = CASES[name]
    path = tmp_path / f"{name}.py"
    path.write_text(source(expressions, shape, result))
    served = Variables(path, packaged, tmp_path / "out")
    with served.serving() as nginx:
        texts = WORD_PAIRS if name == "characters" else TEXT_PAIRS
        wrong = served.differences(nginx, arguments(pairs, texts))
    assert not wrong, f"{len(wrong)} differences:\n" + "\n".join(wrong[:40])


def test_deep_nesting(packaged: Target, tmp_path: Path) -> None:
    """Each operand is checked and written once, however deep it stands: this ends at all."""
    depth = 40
    value, test = "text(s)", "word(n)"
    for i in range(depth):
        op = "and" if i % 2 else "or"
        value = f"({value} {op} third_word({i}))"
        test = f"(third_word({i}) {op} {test})"
    path = tmp_path / "deep.py"
    path.write_text(HEAD + f"""

def third_word(n: int) -> bytes:
    return b"%d" % third(n)


@variable("deep")
def deep(r: ngx_http_request_t) -> bytes:
    s = r.arg(b"s")
    n = number(r.arg(b"a"))
    if {test}:
        return b"t"
    return {value}
""")
    target = find_target(str(packaged.binary), str(packaged.source))
    compiled = compile_file(path, target, Diagnostics())
    assert compiled is not None
    text = compiled.files[compiled.c_name].partition("\nngx_http_deep_deep(ngx")[2]
    assert text.partition("\n}\n")[0].count("_third_word(") == 2 * depth
