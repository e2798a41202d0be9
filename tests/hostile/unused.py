"""Variables that only their own assignments ask for."""

from pyngx import Body, Stream, body_filter


@body_filter
def body(body: Body) -> Stream:
    n = 1
    m = 2
    s = b"x"
    t = s
    t = t
    n &= 0 | 1
    n &= m | 255
    m = n ^ m
    yield from body
