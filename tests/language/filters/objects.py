"""Objects that are changed in the midst of expressions, in one another, and in nested loops."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from pyngx import variable
from pyngx.ngx import ngx_http_request_t


@dataclass
class P:
    x: int
    y: int = 0

    def inc(self) -> int:
        self.x += 1
        return self.x

    def both(self) -> tuple[int, int]:
        return self.inc(), self.inc()


@dataclass
class Box:
    p: P
    q: P | None = None
    n: int = 0

    def fill(self) -> bool:
        if self.q is None:
            self.q = P(self.n)
            return True
        self.q.x += 10
        self.q.inc()
        return False

    def take(self) -> int:
        out = self.n
        self.n = 0
        for i in range(3):
            self.n += self.p.inc() * i
        return out


class W(NamedTuple):
    p: P
    k: int


def num(v: bytes | None) -> int:
    return int(v) % 7 if v else 0


def total(ps: list[P], extra: P) -> int:
    extra.x += sum(p.x for p in ps)
    return extra.x


def reset(ps: list[P]) -> None:
    for i in range(len(ps)):
        ps[i].y = i
        ps[i].x *= 2


@variable("va")
def va(r: ngx_http_request_t) -> bytes:
    p = P(num(r.arg(b"a")))
    a = p.x + p.inc() + p.x * p.inc() - p.x
    b = (p.inc(), p.x, p.inc())
    c = [p.inc() for _ in range(3)]
    d = p.inc() if p.inc() % 2 else -p.inc()
    e = (p.inc() > 3 and p.inc() > 100) or p.inc() > 0
    lo, hi = p.both()
    if (t := p.inc()) and p.x == t:
        p.y = t
    s = b"%d %d %d" % (p.x, p.inc(), p.x)
    return (
        b"%d %d%d%d %d%d %d %d %d%d %d|" % (a, b[0], b[1], b[2], c[0], c[2], d, e, lo, hi, p.y)
        + s
        + b"."
    )


@variable("vb")
def vb(r: ngx_http_request_t) -> bytes:
    box = Box(P(num(r.arg(b"b"))), n=2)
    f1 = box.fill()
    f2 = box.fill()
    t = box.take() * 100 + box.n
    q = box.q
    if q is None:
        return b"none"
    k = q.x
    box.p, box.q = P(k), replace(box.p)
    if box.q is not None:
        box.q.y = 9
        box.q.inc()
    w = W(P(5), 1)
    w2 = w._replace(k=3)
    z = box.q.x if box.q is not None else -1
    return b"%d %d %d %d %d %d %d" % (f1, f2, t, k, box.p.x, z, w2.p.x + w2.k)


@variable("vc")
def vc(r: ngx_http_request_t) -> bytes:
    ps = [P(i) for i in range(num(r.arg(b"a")) + 1)]
    e = P(1)
    n = total(ps, e) + total(ps[1:], e)
    reset(ps)
    for p in ps:
        for q in range(2):
            p.y += q + p.x
        match p:
            case P(x=0):
                p.y = -1
            case P(x=x) if x > 3:
                p.x = x // 2
            case _:
                p.inc()
    try:
        ps[7].x = 3
    except IndexError as err:
        n += len(str(err))
    try:
        ps[0].x, ps[9].y = 50, 60
    except IndexError:
        n += 1000
    out = b",".join(b"%d:%d" % (p.x, p.y) for p in ps)
    best = max(ps, key=lambda p: p.x)
    worst = sorted(ps, key=lambda p: (p.y, -p.x))[0]
    return b"%d %d %s %d %d." % (n, e.x, out, best.y, worst.x)


@variable("vd")
def vd(r: ngx_http_request_t) -> bytes:
    rows = [Box(P(1)), Box(P(2), P(3))]
    for row in rows:
        row.p.x += 1
        if row.q is not None:
            row.q.x *= 5
            row.q.inc()
        row.fill()
        row.n += row.p.inc()
    rows[0].p, rows[1].p = rows[1].p, P(100)
    rows[1].p.x -= 1
    rows[0].n, rows[0].p.y = rows[0].p.x, rows[0].n
    while rows and rows[-1].p.x > 50:
        last = rows.pop()
        last.p.inc()
        rows.insert(0, Box(P(last.p.x % 50), P(8)))
    return (
        b" ".join(
            b"%d/%d/%d/%d" % (b.p.x, b.p.y, b.n, b.q.x if b.q is not None else -1) for b in rows
        )
        + b"."
    )
