"""Remove headers that tell too much, add those that protect, and lock every cookie.

``harden_headers on`` does all of it; the other directives say how::

    location / {
        harden_headers on;
        harden_remove Server X-Powered-By X-AspNet-Version;  # the default
        harden_frames DENY;                  # default SAMEORIGIN
        harden_policy "default-src 'self'";  # Content-Security-Policy
        harden_hsts 30d;                     # default 365d; 0 for none
        harden_same_site Strict;             # for cookies without; Lax
        proxy_pass http://127.0.0.1:8080;
    }

``Strict-Transport-Security`` is sent over TLS only. What the application says itself about frames,
policy or a cookie is kept. A redirect that would lead from ``https`` back to ``http`` on the same
host stays on ``https``.
"""

from pyngx import LocConf, directive, header_filter
from pyngx.ngx import ngx_flag_t, ngx_http_request_t, ngx_str_t, time_t


class Conf(LocConf):
    enable: ngx_flag_t = directive("harden_headers", default=False)
    remove: list[bytes] = directive(
        "harden_remove", default=[b"Server", b"X-Powered-By", b"X-AspNet-Version"]
    )
    frames: ngx_str_t = directive("harden_frames", default=b"SAMEORIGIN")
    policy: ngx_str_t | None = directive("harden_policy", default=None)
    hsts: time_t = directive("harden_hsts", default=365 * 24 * 3600)
    same_site: ngx_str_t = directive("harden_same_site", default=b"Lax")


def has_attribute(cookie: bytes, name: bytes) -> bool:
    """Whether a Set-Cookie value has that attribute (in small letters) behind its first ``;``."""
    at = cookie.find(b";")
    while at != -1:
        end = cookie.find(b";", at + 1)
        attribute = cookie[at + 1 :] if end == -1 else cookie[at + 1 : end]
        equals = attribute.find(b"=")
        if equals != -1:
            attribute = attribute[:equals]
        if attribute.strip().lower() == name:
            return True
        at = end
    return False


def lock(cookie: bytes, same_site: bytes) -> bytes:
    """The cookie with the attributes that it lacks."""
    if not has_attribute(cookie, b"secure"):
        cookie += b"; Secure"
    if not has_attribute(cookie, b"httponly"):
        cookie += b"; HttpOnly"
    if not has_attribute(cookie, b"samesite"):
        cookie += b"; SameSite=" + same_site
    return cookie


@header_filter
def header(r: ngx_http_request_t, conf: Conf) -> None:
    if not conf.enable:
        return

    for name in conf.remove:
        del r.headers_out[name]

    r.headers_out["X-Content-Type-Options"] = b"nosniff"
    if "X-Frame-Options" not in r.headers_out:
        r.headers_out["X-Frame-Options"] = conf.frames
    policy = conf.policy
    if policy is not None and "Content-Security-Policy" not in r.headers_out:
        r.headers_out["Content-Security-Policy"] = policy

    if r.variables["https"] == b"on":
        if conf.hsts > 0:
            r.headers_out["Strict-Transport-Security"] = b"max-age=%d" % conf.hsts
        location = r.headers_out["Location"]
        insecure = b"http://%s/" % (r.variables["host"] or b"")
        if location is not None and location.startswith(insecure):
            r.headers_out["Location"] = b"https" + location[4:]

    cookies = r.headers_out.get_all("Set-Cookie")
    if cookies:
        del r.headers_out["Set-Cookie"]
        for cookie in cookies:
            r.headers_out.add("Set-Cookie", lock(cookie, conf.same_site))
