"""Say to search engines what they may show of a site, in its headers and its robots.txt.

Staging hosts are hidden as a whole; on all others ``robots_hide`` lists paths and what robots are
told there. ``robots_rate`` asks crawlers for some patience. ``/robots.txt`` itself gets the right
type, and a lifetime that lets a mistake be mended. To try it::

    server {
        robots on;
        robots_staging .staging.example.com .preview.example.com;
        robots_hide /search noindex,nofollow;
        robots_hide /print/ noindex;
        location / { root html; }
    }
"""

from enum import IntFlag

from pyngx import LocConf, directive, header_filter, variable
from pyngx.ngx import (
    NGX_HTTP_NOT_FOUND,
    NGX_HTTP_OK,
    ngx_flag_t,
    ngx_http_request_t,
    time_t,
)

TAG = "X-Robots-Tag"
PAPERS = {b".pdf": b"noarchive", b".doc": b"noindex, noarchive", b".xls": b"noindex"}


class Agents(IntFlag):
    google = 1
    bing = 2
    other = 4


class Conf(LocConf):
    enable: ngx_flag_t = directive("robots", default=False)
    staging: list[bytes] = directive("robots_staging", default=[])
    hide: list[tuple[bytes, bytes]] = directive("robots_hide", default=[])
    agents: Agents = directive("robots_agents", default=Agents.google | Agents.bing)
    lifetime: time_t = directive("robots_lifetime", default=3600, min=0)


def agent_of(user_agent: bytes | None) -> Agents:
    """Whose robot asks."""
    name = (user_agent or b"").lower()
    if b"googlebot" in name:
        return Agents.google
    return Agents.bing if b"bingbot" in name else Agents.other


def is_staging(host: bytes, conf: Conf) -> bool:
    """Whether this host is hidden as a whole."""
    name = host.partition(b":")[0].lower()
    return any(name.endswith(suffix) for suffix in conf.staging)


def told(path: bytes, conf: Conf) -> bytes | None:
    """What robots are told about a path; None if nothing."""
    longest = b""
    words: bytes | None = None
    for prefix, said in conf.hide:
        if path.startswith(prefix) and len(prefix) > len(longest):
            longest = prefix
            words = said.replace(b",", b", ")
    if words is not None:
        return words
    dot = path.rfind(b".")
    return PAPERS.get(path[dot:].lower()) if dot != -1 else None


@variable("robots_agent")
def robots_agent(r: ngx_http_request_t) -> bytes:
    match agent_of(r.headers_in["User-Agent"]):
        case Agents.google:
            return b"google"
        case Agents.bing:
            return b"bing"
        case _:
            return b"-"


@header_filter
def header(r: ngx_http_request_t, conf: Conf) -> None:
    if not conf.enable or not r.is_main:
        return
    status = r.headers_out.status
    if is_staging(r.headers_in["Host"] or b"", conf):
        r.headers_out[TAG] = b"none"
    elif status == NGX_HTTP_NOT_FOUND or status >= 500:
        r.headers_out[TAG] = b"noindex"
    elif (words := told(r.uri, conf)) is not None:
        r.headers_out.add(TAG, words)

    if r.uri == b"/robots.txt" and status == NGX_HTTP_OK:
        r.headers_out["Content-Type"] = b"text/plain; charset=utf-8"
        r.headers_out["Cache-Control"] = b"public, max-age=%d" % conf.lifetime
        known = agent_of(r.headers_in["User-Agent"]) & conf.agents
        r.headers_out["X-Crawl-Delay"] = b"1" if known else b"10"
