"""Methods of dataclasses, named tuples and enums: plain ones, properties, of the class, static."""

from dataclasses import dataclass, replace
from enum import IntEnum, IntFlag, auto
from typing import ClassVar, NamedTuple, Self

from pyngx import variable
from pyngx.ngx import ngx_http_request_t


@dataclass(frozen=True)
class Point:
    x: int
    y: int = 0
    LIMIT: ClassVar[int] = 50

    def norm(self) -> int:
        """The distance in a city of squares."""
        return abs(self.x % 1000) + abs(self.y % 1000)

    @property
    def far(self) -> bool:
        return self.norm() > self.LIMIT

    def moved(self, dx: int, dy: int) -> "Point":
        return replace(self, x=self.x % 1000 + dx, y=self.y % 1000 + dy)

    @classmethod
    def parse(cls, text: bytes) -> Self:
        a, _, b = text.partition(b",")
        return cls(int(a), int(b))

    @staticmethod
    def origin() -> "Point":
        return Point(0, 0)

    def shown(self) -> bytes:
        return b"(%d,%d)" % (self.x, self.y)


@dataclass(frozen=True)
class Named(Point):
    name: bytes = b"n"

    def full(self) -> bytes:
        return self.name + self.shown()


class Pair(NamedTuple):
    key: bytes
    value: int = 1

    def text(self) -> bytes:
        return b"%s=%d" % (self.key, self.value)

    @property
    def big(self) -> bool:
        return self.value > 1


class Color(IntEnum):
    RED = 1
    GREEN = auto()
    BLUE = auto()

    @property
    def warm(self) -> bool:
        return self is Color.RED or self == Color.GREEN

    def following(self) -> "Color":
        return Color(self.value % 3 + 1)


class Mode(IntFlag):
    READ = auto()
    WRITE = auto()

    def shown(self) -> bytes:
        return (b"r" if self & Mode.READ else b"-") + (b"w" if Mode.WRITE in self else b"-")


def number(value: bytes | None) -> int:
    return int(value) if value else 0


@variable("points")
def points(r: ngx_http_request_t) -> bytes:
    p = Point(number(r.arg(b"a")), number(r.arg(b"b")))
    q = p.moved(1, dy=2)
    named = Named(p.x, p.y, r.arg(b"s") or b"nobody")
    texts = [p.shown(), q.shown(), Point.origin().shown(), named.full()]
    return b" ".join(texts) + b" %d %d %d %d %d" % (
        q.far,
        named.norm(),
        Point.norm(q),
        p.LIMIT,
        named.far,
    )


@variable("parsed")
def parsed(r: ngx_http_request_t) -> bytes:
    return Point.parse(r.arg(b"t") or b"3,4").moved(0, 1).shown()


@variable("pairs")
def pairs(r: ngx_http_request_t) -> bytes:
    p = Pair(r.arg(b"s") or b"", number(r.arg(b"a")))
    q = p._replace(value=number(r.arg(b"b")))
    found = [pair.text() for pair in (p, q, Pair(b"z")) if pair.big or pair.key]
    return b";".join(found)


@variable("colors")
def colors(r: ngx_http_request_t) -> bytes:
    color = Color(number(r.arg(b"a")))
    after = color.following()
    if after is not Color.RED:
        return b"%d %d %d" % (after, after.warm, color.following().following())
    return color.name.encode() + (b" warm" if color.warm else b" cold")


@variable("modes")
def modes(r: ngx_http_request_t) -> bytes:
    mode = Mode(number(r.arg(b"a")) & 3)
    return mode.shown() + (mode ^ Mode.READ).shown() + (mode | Mode.WRITE).shown()
