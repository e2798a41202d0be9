"""Move the cues of a WebVTT file in time.

``webvtt_shift`` gives seconds, with a fraction and a sign, and may have variables: a player whose
advertisement took 12.5 seconds asks for ``captions.vtt?shift=12.5``. A cue that would end before
the start of the film goes away; one that would start before it starts with it. To try it::

    location /captions/ {
        webvtt_shift $arg_shift;
    }
"""

from pyngx import Body, LocConf, MimeTypes, Stream, body_filter, directive, header_filter
from pyngx.ngx import (
    NGX_DECLINED,
    NGX_HTTP_BAD_REQUEST,
    NGX_HTTP_OK,
    NGX_OK,
    ngx_http_complex_value_t,
    ngx_http_request_t,
    ngx_int_t,
)

ARROW = b" --> "
LONGEST = 4096  # of a line


class Conf(LocConf):
    shift: ngx_http_complex_value_t | None = directive("webvtt_shift", default=None)
    types: MimeTypes = directive("webvtt_shift_types", default=[b"text/vtt"])


def milliseconds(text: bytes) -> int | None:
    """What ``12.5`` or ``-3`` says; None for what is no such number."""
    sign = -1 if text.startswith(b"-") else 1
    whole, _, fraction = text.removeprefix(b"-").partition(b".")
    if not whole.isdigit() or len(whole) > 9 or not (fraction or b"0").isdigit():
        return None
    return sign * (int(whole) * 1000 + int(fraction[:3].ljust(3, b"0")))


def moment(text: bytes) -> int | None:
    """Milliseconds of ``[hh:]mm:ss.ttt``; None for anything else."""
    clock, _, thousandths = text.partition(b".")
    numbers = clock.split(b":")
    if len(thousandths) != 3 or not 2 <= len(numbers) <= 3:
        return None
    if not all(n.isdigit() and len(n) < 6 for n in numbers) or not thousandths.isdigit():
        return None
    total = 0
    for number in numbers:
        total = total * 60 + int(number)
    return total * 1000 + int(thousandths)


def stamp(ms: int) -> bytes:
    """A moment as WebVTT writes it."""
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return b"%02d:%02d:%02d.%03d" % (hours, minutes, seconds, ms)


@header_filter
def header(r: ngx_http_request_t, conf: Conf) -> ngx_int_t:
    if conf.shift is None or r.headers_out.status != NGX_HTTP_OK or not conf.types.matches(r):
        return NGX_DECLINED
    shift = conf.shift.value(r)
    if not shift:
        return NGX_DECLINED
    return NGX_HTTP_BAD_REQUEST if milliseconds(shift) is None else NGX_OK


@body_filter
def body(r: ngx_http_request_t, body: Body, conf: Conf) -> Stream:
    value = b"" if conf.shift is None else conf.shift.value(r)
    shift = milliseconds(value) or 0
    hidden = False  # in a cue that goes away
    for line in body.lines(LONGEST):
        if ARROW not in line:
            if not line.strip():
                hidden = False  # an empty line ends a cue
            if not hidden:
                yield line
            continue

        first, _, rest = line.partition(ARROW)
        last, space, settings = rest.partition(b" ")
        start, end = moment(first.strip()), moment(last.strip())
        if start is None or end is None:
            yield line  # not a cue after all
            continue
        start += shift
        end += shift
        hidden = end <= 0
        if not hidden:
            yield stamp(max(start, 0)) + ARROW + stamp(end)
            yield space + settings if space else b"\n"
