"""Objects that move from place to place, each with one name at a time."""

from dataclasses import dataclass, replace

from pyngx import variable
from pyngx.ngx import ngx_http_request_t


@dataclass
class P:
    x: int = 0

    def inc(self) -> int:
        self.x += 1
        return self.x


@dataclass
class Box:
    p: P
    q: P
    n: int = 0


def num(v: bytes | None) -> int:
    return int(v) % 7 if v else 0


def fresh(n: int) -> P:
    return P(n)


def step(p: P) -> P:
    return p if p.x > 2 else P(p.x + 1)


@variable("m_swap")
def swap(r: ngx_http_request_t) -> bytes:
    ps = [P(1), P(num(r.arg(b"a"))), P(3)]
    for i in range(2):
        if ps[i].x > ps[i + 1].x:
            ps[i], ps[i + 1] = ps[i + 1], ps[i]
    ps[0].x += 5
    return b"%d %d %d" % (ps[0].x, ps[1].x, ps[2].x)


@variable("m_hand")
def hand(r: ngx_http_request_t) -> bytes:
    p = P(1)
    ps = [P(0)]
    for i in range(3):
        ps.append(p)
        p = P(i)
        ps[-1].x += 1
    return b"%d %d %d" % (ps[1].x, ps[2].x, p.x)


@variable("m_again")
def again(r: ngx_http_request_t) -> bytes:
    total = 0
    ps: list[P] = []
    for i in range(num(r.arg(b"a"))):
        p = fresh(i)
        ps.append(p)
        total += p.x
    p = fresh(9)
    ps.append(p)
    total += p.x
    p = fresh(8)
    ps.append(p)
    ps[0].x += 1
    return b"%d %d %d" % (total, ps[0].x, ps[-1].x)


@variable("m_step")
def steps(r: ngx_http_request_t) -> bytes:
    ps = [P(num(r.arg(b"a"))), P(2)]
    for _ in range(4):
        ps[0] = step(ps[0])
        ps[0].x += 1
    ps.append(ps.pop(0))
    ps[0].x = 40
    return b"%d %d" % (ps[0].x, ps[1].x)


@variable("m_box")
def boxes(r: ngx_http_request_t) -> bytes:
    b = Box(P(1), P(num(r.arg(b"b"))))
    b.p.x += 10
    b.n += b.p.inc() + b.q.inc()
    b.q = replace(b.p)
    b.q.x += 1
    b.p = P(7) if b.n % 2 else b.p
    return b"%d %d %d" % (b.p.x, b.q.x, b.n)


@variable("m_grow")
def grow(r: ngx_http_request_t) -> bytes:
    ps = [P(1), P(2), P(3)]
    for p in ps:
        if p.x < 3:
            ps.append(P(p.x + 2))
        p.x += 5
    return b"".join([b"%d," % p.x for p in ps])
