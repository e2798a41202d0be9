"""Lists in the request's context: filled by the header filter, the body filter and a helper."""

from dataclasses import field

from pyngx import Body, RequestCtx, Stream, body_filter, header_filter, variable
from pyngx.ngx import NGX_OK, ngx_http_request_t, ngx_int_t


class Ctx(RequestCtx):
    seen: list[int] = []
    words: list[bytes] = field(default_factory=list)
    pairs: list[tuple[int, bytes]]
    flags: list[bool] = []


def note(ctx: Ctx, n: int) -> None:
    ctx.seen.append(n)
    ctx.flags.append(n > 3)


@header_filter
def header(r: ngx_http_request_t, ctx: Ctx) -> ngx_int_t:
    ctx.seen.append(1)
    ctx.words = (r.arg(b"w") or b"a").split(b",")
    words = [w for w in ctx.words if w]
    ctx.words = words
    ctx.words.extend([b"x", b"y"])
    ctx.seen += [7, 8, 9]
    del ctx.seen[1]
    return NGX_OK


@body_filter
def body(body: Body, ctx: Ctx) -> Stream:
    last = b""
    for line in body.lines(100):
        note(ctx, len(line))
        if len(ctx.words) < 50:
            ctx.words.append(line.strip())
            ctx.words.append(b"-%d-" % len(line))
            ctx.pairs.append((len(line), line[:2]))
        ctx.words[0] = line[1:]
        ctx.words.insert(1, b"x" + line[:1])
        if line in ctx.words:
            ctx.words.remove(line)
        yield line
    if ctx.words:
        last = ctx.words.pop()
    for word in ctx.words:
        yield word + b";"
    for n, start in ctx.pairs:
        yield b"%d=%s;" % (n, start)
    ctx.words.clear()
    yield b"%d %s %d %d" % (sum(ctx.seen), last, len(ctx.seen), len(ctx.words))
    yield b",".join(sorted(w for _, w in ctx.pairs))


@variable("lengths")
def lengths(ctx: Ctx) -> bytes:
    """Only the lists of a context that was made for this."""
    ctx.seen.append(len(ctx.words))
    return b"%d %d %d" % (len(ctx.seen), len(ctx.words), ctx.seen.count(0))
