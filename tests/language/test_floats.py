"""Floats beside CPython: every operation over many values, every double's text, the configuration.

Each list of expressions becomes one filter file with a variable per expression.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from pyngx.testing import ConfRefused, simulate
from tests.harness import client
from tests.harness.builds import Target
from tests.harness.nginx import ConfigRefused, Nginx, check_config
from tests.language.serving import Variables, build

HEAD = '''"""Expressions of floats under test."""

import math
import random
import time
from dataclasses import dataclass
from math import floor
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from pyngx import RequestCtx, variable
from pyngx.ngx import ngx_http_request_t

RATE = 0.75
TAX = 19 / 100
LARGE = 1e300
HIGH = 2**53 + 1
RATES = (0.5, -0.0, 0.0, 1e300, math.inf, math.nan)
ZERO = (0.0, 0.5)
MINUS = (-0.0, 0.5)
UNITS = {b"1.5": 0.001, b"": -1.0, b"nan": math.nan}
SHAPES = ((0.25, b"a"), (2.5, b"b"))


class Point(NamedTuple):
    x: float
    n: int


@dataclass(frozen=True)
class Size:
    width: float
    height: float = 1.5


class Ctx(RequestCtx):
    total: float = 0.5
    minus: float = -0.0
    endless: float = math.inf
    unset: float
    maybe: float | None = None
    given: float | None = 2.5
    point: tuple[float, int] = (1.5, 2)


def number(value: bytes | None) -> int:
    return int(value) if value else 0


def real(value: bytes | None) -> float:
    return float(value) if value else 0.0


def text(value: bytes | None) -> bytes:
    return value or b""


def half(x: float) -> float:
    return x / 2


def inverse(x: float) -> float:
    return 1 / x


def positive(x: float) -> float | None:
    return x if x > 0 else None


def point(x: float, n: int) -> Point:
    return Point(x * n, n)


def scaled(size: Size, x: float) -> Size:
    return Size(size.width * x, size.height)


def spread(x: float, y: float) -> list[float]:
    found = [x, y]
    found.append(x - y)
    found.insert(1, 0.5)
    return found


def added(values: list[float]) -> float:
    total = 0.0
    for value in values:
        total += value
    return total


def worked(x: float, n: int) -> float:
    x += 1
    x -= 0.25
    x *= 3
    x /= 2
    x -= n
    q, rest = divmod(x, 1.5)
    return q + rest


def tables(x: float, s: bytes) -> float:
    total = 0.0
    for rate in RATES[:2]:
        total += rate * x
    for rate, name in SHAPES:
        if name in s:
            total -= rate
    for value in (0.5, 1.5):
        total *= value
    return total


def shared(x: float, y: float) -> float:
    q, rest = divmod(x, y)
    return q - rest


def mean(values: list[float]) -> float:
    total = sum(values)
    return total / len(values)


def parts(x: float, y: float) -> list[float]:
    """Some of which are no numbers in no place."""
    found = [v for v in spread(x, y) if v == v]
    return found + [-0.0, 0.0, -known(x), known(x)]


def in_place(x: float, y: float) -> list[float]:
    found = parts(x, y)
    found.sort(reverse=x > 1)
    found.sort(key=abs)
    return found


def known(x: float) -> float:
    return x if x == x else 0.25


def ordered(values: list[float]) -> float:
    """A number that depends on the place of each item."""
    found = 0.0
    for i, value in enumerate(values):
        found = found / 3 + math.copysign(i + 1.0, value) / (1 + abs(value))
    return found


def looped(x: float) -> float:
    count = 0
    while x < 100 and count < 12:
        x = x * 2 + 1.5
        count += 1
    return x + count


def kept(ctx: Ctx, x: float) -> float:
    ctx.total = 0.5 + TAX
    ctx.minus = -0.0
    ctx.given = 2.5
    ctx.total += x
    ctx.minus *= 2.0
    ctx.maybe = x if x > 1 else None
    ctx.point = (x, 3)
    if ctx.given is None or ctx.maybe is None:
        return ctx.total
    ctx.given = None
    return ctx.maybe * 10
'''

FLOATS = """
x
-x
+x
- -x
x + y
x - y
x * y
x + a
a - x
x * b
a * x
x / 7
x / 0.5
inverse(x)
half(half(x))
x + y * y
x * y - y * x
x * x + y * y - x / 3
(x + y) * (x - y)
x - (y - x)
x - (y + 1.5) - y
x / (y or 1.0)
x // (y or 1.0)
x % (y or 1.0)
x // 3
x % 3
x // -0.7
x % -0.7
-7 // (x or 1.0)
7.5 % (x or 1.0)
a // (x or 1.0)
a % (x or 1.0)
a / (b or 1)
a / 3
a / (b * b + 1)
(a & 255) / 7
len(s) / (len(t) or 1)
True / 3
1 / 3
RATE * x
TAX + LARGE
x / y
a / b
x // y
x % y
a // y
x % a
abs(x) ** 0.5
abs(x) ** y
x ** 2
x ** 3
x ** -1
x ** (a & 7)
2 ** x
2.5 ** a
a ** 0.0
0.0 ** x
abs(x)
abs(-x) + abs(y)
min(x, y)
max(x, y)
min(x, y, 1.5)
max(y, -0.5, x, RATE)
min(x, float(a))
x or y
x or 1.5
x if x > y else y
x if a else y
x if s else 1.0
(z := x + 1) * z
(z := x) + (z := y) + z
(z := y) - x * (z := 3.5) - z
float(a)
float(a) + b
float(True)
float()
float(s)
float(t + b"5")
float(s.decode())
float(b"  12.5\\n")
float("1_000.5e-3")
round(x, 2)
round(x, 0)
round(x, -2)
round(x, a & 15)
round(x, a)
round(x + 0.005, 2)
math.sqrt(x)
math.sqrt(a)
math.log(x)
math.log(x, y)
math.log(x, 10)
math.log2(a)
math.log10(x)
math.log1p(x)
math.exp(x)
math.expm1(x)
math.pow(x, y)
math.pow(x, a)
math.fmod(x, y)
math.fabs(x)
math.copysign(x, y)
math.copysign(1.0, x)
math.sin(x) + math.cos(y)
math.tan(x) * math.atan(y)
math.atan2(x, y)
math.sinh(x) + math.tanh(y)
math.acos(x) + math.asin(x)
math.pi * x + math.e
math.inf - x
-math.inf * x
math.nan
point(x, a).x
point(x, a)[0]
scaled(Size(x), 2.0).width
scaled(Size(x, y), y).height
added(spread(x, y))
added([x, y, x * y])
added([v * 2 for v in spread(x, y)])
added(spread(x, y)[1:])
added(spread(x, y) + [1.5, x])
spread(x, y)[a & 3]
spread(x, y)[a]
min(v for v in spread(x, 2.5))
max([v for v in spread(x, y) if v > 0] or [0.25])
sum([x, y, x], 0.5)
sum([x, y]) * 1.0
sum(spread(x, y), y)
sum(list(b"abc"), x)
mean(spread(x, y))
mean(spread(x, y)[4:])
float(sum(v for v in spread(x, y) if v > 100))
sum(v for v in spread(x, y) if v > 100) / (a or 1)
sum(v for v in spread(x, y) if v > 100) / (a & 1)
a / sum(v for v in spread(x, y) if v > 100)
x / sum(v for v in spread(x, y) if v > 100)
sum(v for v in spread(x, y) if v > 100) / x
sum(v for v in spread(x, y) if v > 9) / sum(v for v in spread(x, y) if v > 100)
x - sum(v * v for v in spread(x, y))
math.sqrt(sum(v * v for v in spread(x, y)))
shared(x, y)
ordered(sorted(parts(x, y)))
ordered(sorted(parts(x, y), reverse=True))
ordered(sorted(parts(x, y), reverse=x > y))
ordered(sorted(parts(x, y), key=lambda v: -abs(v)))
ordered(sorted(parts(x, y), key=lambda v: (v > 1, v), reverse=True))
ordered(in_place(x, y))
ordered(sorted(RATES[:5]))
min(spread(x, y))
max(parts(x, y), key=lambda v: -v)
min((v for v in spread(x, y) if v > 1e9), default=y)
sum((v * v for v in spread(x, y)), 0.0)
positive(x) or y
positive(x) or positive(y) or 0.5
z if (z := positive(x)) is not None else -1.0
worked(x, a)
looped(x)
RATES[a & 3]
RATES[a]
RATES[-1] + x
ZERO[a & 1]
MINUS[a & 1]
UNITS.get(s, 7.5)
UNITS[s]
SHAPES[a & 1][0]
tables(x, s)
"""

CONTEXTS = """
ctx.total
ctx.minus
ctx.endless
ctx.unset
ctx.maybe or x
ctx.given or x
ctx.point[0] + x
y if ctx.maybe is None else 1.0
kept(ctx, x)
kept(ctx, x) + kept(ctx, y) + ctx.total
kept(ctx, x) + (ctx.given or y)
kept(ctx, x) + (ctx.maybe or 0.0) + y
kept(ctx, x) if kept(ctx, y) > 1 and ctx.maybe is None else ctx.point[0]
ctx.minus + kept(ctx, x) * 0.0
"""

INTEGERS = """
int(x)
int(x) + int(y)
int(x * 100)
int(float(a))
round(x)
round(x) - round(y)
round(x * 2) + round(a)
round(a)
math.floor(x)
math.ceil(x)
math.trunc(x)
floor(x * 10)
math.floor(a) + math.ceil(b)
x < y
x <= y
x > y
x >= y
x == y
x != y
not x < y
not x <= y
not x > y
not x >= y
not (x == y)
not (x < y and y < 3)
not (x < y or y < 3)
x == x
x != x
x < x
x <= x
x < a
x <= a
x > a
x >= a
x == a
x != a
a < x
a <= x
a > x
a >= x
a == x
a != x
not a < x
not x >= a
float(a) == a
a == HIGH
x == HIGH
x < HIGH
x > 9223372036854775807
x >= -9223372036854775808
x == len(s)
len(s) < x
x < (a & 255)
0 < x
x > 0
x == 0
0 < x < 10
0 <= x <= a
-1.5 < x < y < 100
a < x < b
not 0 < x < 10
x in (0.5, 1.5, 100)
x not in (1.0, -2.5)
a in (1, 2.0, 3)
bool(x)
bool(x) == bool(y)
not x
(x > 0) + (y > 0)
5 if x else 6
5 if sum(spread(x, y)) else 6
sum(spread(x, y)) > a
x < sum(v for v in spread(x, y) if v > 100) <= y
int(sum(spread(x, y)))
round(sum(v for v in spread(x, y) if v > 100))
sum(spread(x, y)) == 0
5 if not x else 6
5 if x and y else 6
5 if x or not y else 6
5 if not (x or y) else 6
5 if positive(x) else 6
5 if not positive(x) else 6
5 if positive(x) is None else 6
5 if x > y else 6
5 if not x > y else 6
any(v > 1 for v in spread(x, y))
all(v < 10 for v in spread(x, y))
math.isnan(x)
math.isinf(x)
math.isfinite(x)
math.isfinite(a)
math.isnan(x) or math.isinf(y)
isinstance(x, float)
isinstance(positive(x), float)
isinstance(x, int)
len(spread(x, y))
point(x, a).n
int(time.time() > 1700000000.5)
int(time.time()) > 1700000000
0 <= random.random() < 1
x <= random.uniform(x, x + 1) <= x + 1 or x != x or abs(x) > 1e15
"""

TEXTS = """
f"{x}"
f"{x} {y}"
f"{x:.2f}|{y:.0f}|{x:f}|{x:F}"
f"{x:e}|{x:.3e}|{x:E}|{y:.0e}"
f"{sum(v for v in spread(x, y) if v > 100):.2f}|{sum(spread(x, y)):g}|{sum([x]):e}"
"%.2f|%d" % (sum(v for v in spread(x, y) if v > 100), sum(spread(x, y)))
f"{x:g}|{x:.3g}|{x:G}|{y:.0g}|{x:.17g}|{x:.40g}"
f"{x:10.2f}|{x:<10.2f}|{x:>12.3e}|{x:^13.1f}|{x:^14}"
f"{x:010.2f}|{x:+.1f}|{x: .1f}|{x:+010.3e}|{x:-.2f}"
f"{x:,}|{x:,.2f}|{x:_.1f}|{x:>30,.3f}|{x:,e}"
f"{x:%}|{x:.1%}|{y:10.0%}"
f"{x:.3}|{x:.1}|{x:.0}|{x:.17}|{y:12.5}|{x:.30}"
f"{x:20}|{x:<20}|{x:020}|{x:+}"
f"{x * 3:.1f}{y}"
f"{a:.2f}|{a:e}|{a:g}|{a:.1%}|{a:12.3f}"
f"{x + a:.3f} {a}"
"%f|%.2f|%.0f|%F" % (x, x, y, x)
"%e|%.3e|%E|%.0e" % (x, y, x, y)
"%g|%.3g|%G|%#g|%#.3g|%.0g" % (x, y, x, x, y, y)
"%10.2f|%-10.2f|%010.2f|%+.1f|% .1f" % (x, x, x, x, x)
"%-010.2f|%+010.2f|% 010.2e|%#.0f|%#.0e" % (x, x, y, x, x)
"%s|%10s|%-10s|%r" % (x, x, x, y)
"%f|%.1f|%g|%e" % (a, a, a, a)
"%d|%i|%5d|%-5d|%05d|%+d" % (x, x, x, x, x, x)
"%d" % (x * 100)
"%5.1f%%" % x
(b"%f|%.3f|%e" % (x, y, x)).decode()
(b"%10.1f|%-10.1g|%d" % (x, y, x)).decode()
str(x)
str(x + y) + str(-x)
str(a / (b or 1))
str(float(a))
str(round(x, 2))
"""

WHOLE = (0, 1, -1, 3, 7, -7, 2**53, 2**53 + 1, 2**62 + 1, 1 - 2**63, 2**63 - 1, 10**18 - 1)
REALS = (
    "0.0",
    "-0.0",
    "1.0",
    "-1.0",
    "0.5",
    "1.5",
    "2.5",
    "-2.5",
    "0.1",
    "1e-5",
    "0.0001",
    "1e16",
    "1e15",
    "123456789.125",
    "-7.7",
    "99.995",
    "2.675",
    "1e22",
    "1e23",
    "-1e100",
    "1.7976931348623157e308",
    "5e-324",
    "2.2250738585072014e-308",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854774784",
    "inf",
    "-inf",
    "nan",
)
STRINGS = (
    "",
    "1.5",
    "%202.5e3%0a",
    "1_0.0_1",
    "1__0",
    "_1",
    "1_",
    "1_.5",
    "1._5",
    ".5",
    "5.",
    ".",
    "1e",
    "1e%2b5",
    "1e-_5",
    "1e5_0",
    "%2b.5E-3",
    "--1",
    "infinity",
    "-INF",
    "NaN",
    "%2bnan",
    "nano",
    "0x10",
    "1e400",
    "1e-400",
    "1%002",
    "abc",
    "-",
    "1%202",
    "%ef%bc%91.%ef%bc%95",
    "%e3%80%80-%d9%a1%d9%a2e%d9%a1%c2%a0",
    "%ef%bc%91%ef%bc%8e%ef%bc%95",
    "%f0%9d%9f%99" + "0" * 70,
    "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977"
    "587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845"
    "817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559"
    "699508093042880177904174497791.999",
    "0." + "0" * 80 + "123456789012345678901234567890",
)


def source(expressions: str, shape: str, result: str, context: bool = False) -> str:
    """A filter file with one variable for each line."""
    functions = []
    parameters = "r: ngx_http_request_t" + ", ctx: Ctx" * context
    for i, line in enumerate(expressions.strip().splitlines()):
        functions.append(f"""

@variable("v{i}")
def v{i}({parameters}) -> {result}:
    a = number(r.arg(b"a"))
    b = number(r.arg(b"b"))
    x = real(r.arg(b"x"))
    y = real(r.arg(b"y"))
    s = unquote_to_bytes(text(r.arg(b"s")))
    t = unquote_to_bytes(text(r.arg(b"t")))
    return {shape.format(line)}
""")
    return HEAD + "".join(functions)


def arguments(reals: Sequence[str]) -> list[dict[bytes, bytes]]:
    """Each pair of floats at least once, each pair of integers, each text."""
    pairs = list(itertools.product(reals, repeat=2))
    whole = list(itertools.product(WHOLE, repeat=2))
    found = []
    for i, (x, y) in enumerate(pairs):
        a, b = whole[i * 7 % len(whole)]
        s, t = STRINGS[i % len(STRINGS)], STRINGS[i // 3 % len(STRINGS)]
        found.append(
            {
                b"x": x.encode(),
                b"y": y.encode(),
                b"a": b"%d" % a,
                b"b": b"%d" % b,
                b"s": s.encode(),
                b"t": t.encode(),
            }
        )
    return [*found, {}]


CASES = {
    "floats": (FLOATS, "str({})", "str", REALS),
    "integers": (INTEGERS, 'b"%d" % ({})', "bytes", REALS),
    "texts": (TEXTS, "({})", "str", REALS),
    "contexts": (CONTEXTS, "str({})", "str", REALS[:8]),
}


@pytest.mark.parametrize("name", CASES)
def test_float_expressions(name: str, packaged: Target, tmp_path: Path) -> None:
    """Every expression gives CPython's value, or fails as it does, at the same line."""
    expressions, shape, result, reals = CASES[name]
    path = tmp_path / f"{name}.py"
    path.write_text(source(expressions, shape, result, name == "contexts"))
    served = Variables(path, packaged, tmp_path / "out")
    with served.serving() as nginx:
        wrong = served.differences(nginx, arguments(reals))
    assert not wrong, f"{len(wrong)} differences:\n" + "\n".join(wrong[:40])


DIRECTIVES = '''"""Floats in the configuration."""

import logging
import math

from pyngx import ConfError, LocConf, MainConf, directive, header_filter
from pyngx.ngx import ngx_http_request_t

log = logging.getLogger(__name__)


class Main(MainConf):
    total: float = directive("f_total", default=2.5)
    most: float | None = directive("f_most", default=None)


class Conf(LocConf):
    rate: float = directive("f_rate", default=0.5, min=-1, max=1.5)
    least: float = directive("f_least", default=-0.0, min=-0.0)
    high: float = directive("f_high", default=1e8, max=1e9)
    endless: float = directive("f_endless", default=math.inf)
    unknown: float = directive("f_unknown", default=math.nan)
    maybe: float | None = directive("f_maybe", default=None)
    given: float | None = directive("f_given", default=7.25)
    steps: list[float] = directive("f_steps", default=[0.5, -0.0])
    parts: list[tuple[float, int, bytes]] = directive("f_parts", default=[(0.25, 1, b"x")])

    def validate(self) -> None:
        if self.rate > self.least + 100:
            raise ConfError("never")
        if self.rate == 1.25:
            raise ConfError("f_rate may not be %s: %.3e" % (self.rate, self.rate))


@header_filter
def header(r: ngx_http_request_t, conf: Conf, main: Main) -> None:
    shown = f"{conf.rate} {conf.least} {conf.high} {main.total} {conf.maybe or 0.125}"
    shown += f" {conf.endless} {conf.unknown}"
    if conf.maybe is not None:
        shown += f" maybe {conf.maybe * 2}"
    if main.most is None or conf.given is None:
        shown += " none"
    else:
        shown += f" most {main.most + conf.given:.1f}"
    if conf.given:
        shown += " given"
    for step in conf.steps:
        shown += f" {step}"
    for size, count, name in conf.parts:
        shown += f" {size * count:.3f}{name.decode()}"
    log.warning("rate %s, %.2f", conf.rate, conf.high)
    r.headers_out["X-Shown"] = shown
'''

ACCEPTED = (
    ("", "", ""),
    ("", "f_rate 0.75;", "f_maybe 2;"),
    ("f_rate 1; f_total 3.5; f_most 1;", "f_rate -.5;", "f_maybe 0.0; f_high 1000000000;"),
    ("f_maybe -3;", "f_least 0.1;", "f_rate -1.;"),
    ("f_given 1e;", "", ""),
    ("f_given 0;", "", "f_high 123456789012345678901234567890e1;"),
    ("", "f_given 0;", "f_least 123456789012345678901234567890.5;"),
    ("f_steps 1;", "f_steps 0.1 -2 .5; f_steps 3;", "f_parts 0.5 3 a; f_parts -1.5 2 b;"),
    ("", "f_endless 1.5; f_unknown -2;", ""),
    ("f_most 0.1; f_total -0;", "", "f_high -0;"),
)
REFUSED = {
    "f_rate x;": "invalid number",
    "f_rate 1e5;": "invalid number",
    "f_rate 1.5.1;": "invalid number",
    "f_rate .;": "invalid number",
    'f_rate "";': "invalid number",
    "f_rate -;": "invalid number",
    "f_rate +1;": "invalid number",
    "f_rate inf;": "invalid number",
    "f_rate nan;": "invalid number",
    f"f_least 1{'0' * 400};": "invalid number",
    "f_rate 1.6;": "value must be between -1.0 and 1.5",
    "f_rate -1.01;": "value must be between -1.0 and 1.5",
    "f_least -0.1;": "value must be equal to or greater than -0.0",
    "f_high 1000000001;": "value must be equal to or less than 1000000000.0",
    "f_rate 1; f_rate 1;": '"f_rate" directive is duplicate',
    "f_maybe 1; f_maybe 1;": '"f_maybe" directive is duplicate',
    "f_steps 1 x;": 'invalid number "x"',
    "f_parts x 1 a;": "invalid number",
    "f_parts 1 1.5 a;": "invalid number",
    "f_rate 1.25;": "f_rate may not be 1.25: 1.250e+00",
}


def test_directives_of_floats(packaged: Target, tmp_path: Path) -> None:
    """Directives are read, merged and refused as the simulation does it."""
    path = tmp_path / "directives.py"
    path.write_text(DIRECTIVES)
    (module,) = build([path], packaged, tmp_path / "out")
    for http, server, location in ACCEPTED:
        try:
            wanted = simulate(path, http=http, server=server, conf=location).header("X-Shown")
        except ConfRefused:
            with pytest.raises(ConfigRefused):
                _check(packaged, module, location, http, server)
            continue
        with Nginx(
            packaged.binary,
            modules=[module],
            http=http,
            server=server,
            locations=f"location / {{ {location} return 200 page; }}",
            allow=(r"rate ",),
        ) as nginx:
            response = client.request(nginx.port, "/")
            log = nginx.error_log()
        assert wanted is not None and response.header("X-Shown") == wanted, (http, server, location)
        rate, _, high = wanted.split()[:3]
        assert f"rate {rate}, {float(high):.2f}" in log
    for location, message in REFUSED.items():
        with pytest.raises(ConfRefused) as simulated:
            simulate(path, conf=location)
        assert message in str(simulated.value)
        with pytest.raises(ConfigRefused) as refused:
            _check(packaged, module, location)
        assert message in str(refused.value)


def _check(where: Target, module: Path, location: str, http: str = "", server: str = "") -> None:
    check_config(
        where.binary,
        modules=[module],
        http=http,
        server=server,
        locations=f"location / {{\n {location}\n}}",
    )
