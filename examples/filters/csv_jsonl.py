r"""CSV to JSON lines: each record an object, with the names that the first record gives.

``csv_jsonl on`` does it to responses of type ``text/csv``, and calls them
``application/x-ndjson``. Quoted fields may hold commas, line ends and doubled quotes, as RFC 4180
has it. Fields without a name are called ``_4``, ``_5`` and so on. To try it::

    location /exports/ {
        csv_jsonl on;
        csv_jsonl_numbers on;    # 17 instead of "17"
    }

A record may have 64 KiB; a longer one ends the response as an error.
"""

from pyngx import Body, LocConf, MimeTypes, Stream, body_filter, directive, header_filter
from pyngx.ngx import (
    NGX_DECLINED,
    NGX_HTTP_OK,
    NGX_OK,
    ngx_flag_t,
    ngx_http_request_t,
    ngx_int_t,
    size_t,
)

COMMA = ord(",")
QUOTE = ord('"')


class Conf(LocConf):
    enable: ngx_flag_t = directive("csv_jsonl", default=False)
    numbers: ngx_flag_t = directive("csv_jsonl_numbers", default=False)
    longest: size_t = directive("csv_jsonl_longest", default=65536, min=64)
    types: MimeTypes = directive("csv_jsonl_types", default=[b"text/csv"])


@header_filter
def header(r: ngx_http_request_t, conf: Conf) -> ngx_int_t:
    if not conf.enable or r.headers_out.status != NGX_HTTP_OK or not conf.types.matches(r):
        return NGX_DECLINED
    r.headers_out["Content-Type"] = b"application/x-ndjson"
    return NGX_OK


def quoted(text: bytes) -> bytes:
    """A JSON string."""
    result = b'"'
    for c in text:
        if c == QUOTE:
            result += b'\\"'
        elif c == ord("\\"):
            result += b"\\\\"
        elif c == ord("\n"):
            result += b"\\n"
        elif c < 32:
            result += b"\\u%04x" % c
        else:
            result += bytes((c,))
    return result + b'"'


def is_number(text: bytes) -> bool:
    """Whether JSON would read this as a number."""
    digits = text.removeprefix(b"-")
    if not digits.replace(b".", b"", 1).isdigit() or digits.endswith(b"."):
        return False
    return digits[:1] != b"0" or len(digits) == 1 or digits[1:2] == b"."


def fields_of(record: bytes) -> list[bytes]:
    """The fields of a record, without their quotes."""
    fields: list[bytes] = []
    field = b""
    inside = False
    previous = 0
    for c in record:
        if c == QUOTE:
            inside = not inside
            if inside and previous == QUOTE:
                field += b'"'  # a doubled quote
        elif c == COMMA and not inside:
            fields.append(field)
            field = b""
        else:
            field += bytes((c,))
        previous = c
    fields.append(field)
    return fields


@body_filter
def body(body: Body, conf: Conf) -> Stream:
    header = b""
    record = b""
    for line in body.lines(conf.longest):
        record += line
        if len(record) > conf.longest:
            raise ValueError("a record is too long")
        if record.count(b'"') % 2:
            continue  # the line end is inside of quotes
        record = record.rstrip(b"\r\n")
        if not record:
            continue
        if not header:
            header = record
            record = b""
            continue
        names = fields_of(header)
        yield b"{"
        for i, field in enumerate(fields_of(record)):
            if i:
                yield b", "
            yield quoted(names[i] if i < len(names) else b"_%d" % (i + 1))
            yield b": "
            yield field if conf.numbers and is_number(field) else quoted(field)
        yield b"}\n"
        record = b""
    if record:
        raise ValueError("a quote is not closed")
