"""Count the bytes of each response's body, and give the count as ``$counter``.

The count is of what the location produced, before nginx compresses or cuts it into ranges. Each
subrequest has a count of its own. Nothing is held and nothing is read: a file still goes out by
``sendfile``. To try it::

    log_format counted '$request $status $body_bytes_sent $counter';

    server {
        access_log logs/access.log counted;
    }
"""

from pyngx import Body, RequestCtx, Stream, body_filter, variable
from pyngx.ngx import off_t


class Ctx(RequestCtx):
    count: off_t = 0


@body_filter
def count(body: Body, ctx: Ctx) -> Stream:
    for buf in body:
        ctx.count += len(buf)
        yield buf


@variable("counter")
def counter(ctx: Ctx | None) -> bytes | None:
    if ctx is None:
        return None  # no body came by: a 304, or a request that nginx refused
    return b"%d" % ctx.count
