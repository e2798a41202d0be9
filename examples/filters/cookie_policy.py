"""A policy for the cookies that applications set.

``cookie_policy`` gives a pattern of names and what holds for these cookies: ``drop``, ``session``
(no lifetime of their own), ``strict``, ``lax``, ``secure``, ``httponly``, or ``max=SECONDS``. The
first line whose pattern fits decides; ``*`` at its end stands for any rest. To try it::

    location / {
        cookie_policy  _ga*     drop;
        cookie_policy  session  secure,httponly,strict,max=3600;
        cookie_policy  *        secure,lax;
        proxy_pass http://127.0.0.1:8080;
    }
"""

import logging
from dataclasses import dataclass

from pyngx import ConfError, LocConf, directive, header_filter
from pyngx.ngx import ngx_http_request_t

FLAGS = (b"drop", b"session", b"strict", b"lax", b"secure", b"httponly")
log = logging.getLogger(__name__)


class Conf(LocConf):
    rules: list[tuple[bytes, bytes]] = directive("cookie_policy", default=[])

    def validate(self) -> None:
        for pattern, words in self.rules:
            if not pattern:
                raise ConfError("cookie_policy: the pattern is empty")
            for word in words.split(b","):
                if word.startswith(b"max="):
                    if not word[4:].isdigit():
                        raise ConfError("cookie_policy: max= wants a number of seconds")
                elif word not in FLAGS:
                    raise ConfError("cookie_policy: unknown word")


@dataclass(frozen=True)
class Rule:
    """What holds for a cookie."""

    drop: bool
    session: bool
    secure: bool
    http_only: bool
    same_site: bytes
    max_age: int | None


def fits(pattern: bytes, name: bytes) -> bool:
    """Whether a cookie of this name is meant."""
    if pattern.endswith(b"*"):
        return name.startswith(pattern[:-1])
    return name == pattern


def rule_of(rule: bytes) -> Rule:
    """What the words of a rule say together."""
    words = rule.split(b",")
    same_site = b""
    max_age: int | None = None
    for word in words:
        match word:
            case b"strict" | b"lax":
                same_site = word.capitalize()
            case limit if limit.startswith(b"max="):
                max_age = int(limit[4:])
            case _:
                pass
    return Rule(
        drop=b"drop" in words,
        session=b"session" in words,
        secure=b"secure" in words,
        http_only=b"httponly" in words,
        same_site=same_site,
        max_age=max_age,
    )


def lifetime(value: bytes, rule: Rule) -> int | None:
    """The Max-Age that a cookie may have; None for what it does not say."""
    if rule.max_age is None:
        return None
    try:
        return min(int(value), rule.max_age)
    except ValueError:
        return rule.max_age


def under(cookie: bytes, rule: Rule) -> bytes:
    """The cookie as the rule allows it."""
    parts = [part.strip() for part in cookie.split(b";")]
    kept = [parts[0]]
    for part in parts[1:]:
        key, _, value = part.partition(b"=")
        match key.lower():
            case b"expires" if rule.session or rule.max_age is not None:
                continue
            case b"max-age" if rule.session:
                continue
            case b"max-age" if rule.max_age is not None:
                allowed = lifetime(value, rule)
                kept.append(b"Max-Age=%d" % (allowed or 0))
            case b"secure" if rule.secure:
                continue
            case b"httponly" if rule.http_only:
                continue
            case b"samesite" if rule.same_site:
                continue
            case _:
                kept.append(part)
    if rule.secure:
        kept.append(b"Secure")
    if rule.http_only:
        kept.append(b"HttpOnly")
    if rule.same_site:
        kept.append(b"SameSite=" + rule.same_site)
    return b"; ".join(kept)


@header_filter
def header(r: ngx_http_request_t, conf: Conf) -> None:
    cookies = r.headers_out.get_all("Set-Cookie")
    if not conf.rules or not cookies:
        return
    del r.headers_out["Set-Cookie"]
    for cookie in cookies:
        name = cookie.partition(b"=")[0].strip()
        for pattern, words in conf.rules:
            if fits(pattern, name):
                rule = rule_of(words)
                if rule.drop:
                    log.info("cookie %s dropped", name)
                else:
                    r.headers_out.add("Set-Cookie", under(cookie, rule))
                break
        else:
            r.headers_out.add("Set-Cookie", cookie)
