"""Answer 304 when ``If-Modified-Since`` is exactly the response's ``Last-Modified``.

nginx does this for files and for what it serves from a cache. This does it for every response,
also for one that an upstream has just sent. To try it::

    location / {
        unchanged on;
        proxy_pass http://127.0.0.1:8080;
    }
"""

from pyngx import LocConf, directive, header_filter, module
from pyngx.ngx import (
    NGX_HTTP_GET,
    NGX_HTTP_HEAD,
    NGX_HTTP_NOT_MODIFIED,
    NGX_HTTP_OK,
    ngx_flag_t,
    ngx_http_request_t,
)

module(name="unchanged")  # nginx has an ngx_http_not_modified_filter_module already


class Conf(LocConf):
    enable: ngx_flag_t = directive("unchanged", default=False)


@header_filter
def header(r: ngx_http_request_t, conf: Conf) -> None:
    if not conf.enable or not r.is_main or r.headers_out.status != NGX_HTTP_OK:
        return

    # The condition belongs to GET and HEAD, and an ETag is the better one (RFC 9110, 13.1.3).
    if not r.method & (NGX_HTTP_GET | NGX_HTTP_HEAD) or "If-None-Match" in r.headers_in:
        return

    since = r.headers_in["If-Modified-Since"]
    if since is None or since != r.headers_out["Last-Modified"]:
        return

    r.headers_out.status = NGX_HTTP_NOT_MODIFIED

    # What described the body goes with it.
    del r.headers_out["Content-Type"]
    del r.headers_out["Content-Length"]
    del r.headers_out["Content-Encoding"]
    del r.headers_out["Accept-Ranges"]
