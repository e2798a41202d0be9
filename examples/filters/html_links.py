"""Send the links of an HTML page to another origin, as a CDN wants it.

``html_links_from`` is the origin that pages name, ``html_links_to`` the one that they are to name.
The values of ``href``, ``src``, ``action``, ``poster`` and ``srcset`` change, where they start with
that origin (of ``srcset`` each URL); text, comments, scripts and all other attributes stay. To try
it::

    location / {
        html_links_from https://app.example.com/;
        html_links_to   https://cdn.example.net/;
        proxy_pass http://127.0.0.1:8080;
    }

A tag longer than 16 KiB, which only attackers and data URLs have, passes as it is.
"""

from pyngx import Body, LocConf, MimeTypes, Stream, body_filter, directive, header_filter
from pyngx.ngx import (
    NGX_DECLINED,
    NGX_HTTP_OK,
    NGX_OK,
    ngx_http_request_t,
    ngx_int_t,
    ngx_str_t,
)

BLANKS = b" \t\r\n\f"
LINKS = (b"href", b"src", b"action", b"poster")
RAW = (b"script", b"style")  # elements whose content is not HTML
LONGEST = 16384


class Conf(LocConf):
    origin: ngx_str_t | None = directive("html_links_from", default=None)
    target: ngx_str_t = directive("html_links_to", default=b"/")
    types: MimeTypes = directive("html_links_types", default=[b"text/html"])


@header_filter
def header(r: ngx_http_request_t, conf: Conf) -> ngx_int_t:
    if not conf.origin or r.headers_out.status != NGX_HTTP_OK or not conf.types.matches(r):
        return NGX_DECLINED
    return NGX_OK


def skip_blanks(tag: bytes, at: int) -> int:
    """The index of the next byte of a tag that is not white space."""
    while at < len(tag) and tag[at] in BLANKS:
        at += 1
    return at


def name_end(tag: bytes, at: int) -> int:
    """The index behind the name that starts here."""
    while at < len(tag) and tag[at] not in b" \t\r\n\f=>/":
        at += 1
    return at


def value_span(tag: bytes, at: int) -> tuple[int, int]:
    """Where the value that starts here has its first byte, and where it ends."""
    if at < len(tag) and tag[at] in b"\"'":
        end = tag.find(tag[at : at + 1], at + 1)
        return at + 1, len(tag) if end == -1 else end
    end = at
    while end < len(tag) and tag[end] not in b" \t\r\n\f>":
        end += 1
    return at, end


def moved(url: bytes, origin: bytes, target: bytes) -> bytes:
    """The URL at its new origin, if it is at the old one."""
    if url[: len(origin)].lower() == origin.lower():
        return target + url[len(origin) :]
    return url


def rewritten(tag: bytes, origin: bytes, target: bytes) -> Stream:
    """A tag, from ``<`` to ``>``, with its links at their new origin."""
    sent = 0
    at = name_end(tag, 1)
    while at < len(tag):
        at = skip_blanks(tag, at)
        end = name_end(tag, at)
        if end == at:
            at += 1  # a stray "/", "=" or the ">"
            continue
        name = tag[at:end].lower()
        at = skip_blanks(tag, end)
        if tag[at : at + 1] != b"=":
            continue
        start, end = value_span(tag, skip_blanks(tag, at + 1))
        at = end + 1
        if name in LINKS:
            yield tag[sent:start]
            yield moved(tag[start:end], origin, target)
            sent = end
        elif name == b"srcset":
            yield tag[sent:start]
            urls = [url.strip() for url in tag[start:end].split(b",")]
            yield b", ".join(moved(url, origin, target) for url in urls)
            sent = end
    yield tag[sent:]


@body_filter
def body(body: Body, conf: Conf) -> Stream:
    origin = conf.origin or b""
    raw = b""  # the element in whose content we are, if that is not HTML
    tag = b""
    for part in body.scan((b"<", b">")):
        if not part.matched:
            if not tag:
                yield part
            elif len(tag) + len(part) > LONGEST:
                yield tag
                yield part
                tag = b""
            else:
                tag += part
        elif part.index == 0:
            yield tag  # a "<" in a tag starts another one
            tag = part[:]
        elif tag:
            tag += b">"
            name = tag[1 : name_end(tag, 1)].lower()
            closing = tag[1:2] == b"/"
            if raw:
                if closing and tag[2 : 2 + len(raw)].lower() == raw:
                    raw = b""
                yield tag
            elif closing or tag.startswith(b"<!"):
                yield tag
            else:
                if name in RAW:
                    raw = name
                yield from rewritten(tag, origin, conf.target)
            tag = b""
        else:
            yield part
    yield tag
