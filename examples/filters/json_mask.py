r"""Hide the values of some members of JSON: passwords, tokens, card numbers.

``json_mask`` lists the names, wherever in the document they stand. A string is replaced by
``json_mask_with`` (or keeps its last ``json_mask_keep`` bytes), a number, ``true`` or ``false`` by
``null``; arrays and objects are not touched, but members of them are. To try it::

    location /api/ {
        json_mask password token card_number;
        json_mask_keep 4;
        proxy_pass http://127.0.0.1:8080;
    }

Names with escapes are compared as they are written. A string that is hidden may have 1 MiB; what
is not hidden has no limit, and is not copied.
"""

from pyngx import Body, LocConf, MimeTypes, Stream, body_filter, directive, header_filter
from pyngx.ngx import (
    NGX_DECLINED,
    NGX_HTTP_OK,
    NGX_OK,
    ngx_http_request_t,
    ngx_int_t,
    ngx_str_t,
    size_t,
)

LONGEST_NAME = 256


class Conf(LocConf):
    names: list[bytes] = directive("json_mask", default=[])
    mask: ngx_str_t = directive("json_mask_with", default=b"***")
    keep: size_t = directive("json_mask_keep", default=0, max=64)
    types: MimeTypes = directive("json_mask_types", default=[b"application/json"])


@header_filter
def header(r: ngx_http_request_t, conf: Conf) -> ngx_int_t:
    if not conf.names or r.headers_out.status != NGX_HTTP_OK or not conf.types.matches(r):
        return NGX_DECLINED
    return NGX_OK


def string(body: Body, hidden: bool, conf: Conf) -> Stream:
    """The rest of a string whose first quote is sent; hidden ones as their mask."""
    tail = b""
    escaped = False
    while c := body.read(1):
        if c == b'"' and not escaped:
            break
        escaped = c == b"\\" and not escaped
        if not hidden:
            yield c
        elif conf.keep:
            tail = (tail + c)[-conf.keep :]
    if hidden:
        yield conf.mask
        yield tail
    yield c


@body_filter
def body(body: Body, conf: Conf) -> Stream:
    name = b""  # of the member whose value comes next
    last = b""  # the string before this byte, if it may have been a name
    while c := body.read(1):
        match c:
            case b'"':
                yield c
                if name in conf.names:
                    yield from string(body, True, conf)
                    name = last = b""
                    continue
                last = b""
                escaped = False
                while c := body.read(1):
                    yield c
                    if c == b'"' and not escaped:
                        break
                    escaped = c == b"\\" and not escaped
                    if len(last) < LONGEST_NAME:
                        last += c
                name = b""
            case b":":
                yield c
                name, last = last, b""
            case b"," | b"{" | b"[" | b"}" | b"]":
                yield c
                name = b""
            case b" " | b"\t" | b"\r" | b"\n":
                yield c
            case _ if name in conf.names:
                yield b"null"
                while (c := body.read(1)) and c not in b",}] \t\r\n":
                    pass
                yield c
                name = b""
            case _:
                yield c
