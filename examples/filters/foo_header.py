"""Add ``X-Foo: foo`` to every response with status 200: the smallest filter there is.

There is nothing to configure; loading the module is enough. To try it::

    location / {
        root html;
    }

``curl -I`` shows the header on a page, and not on nginx's own 404.
"""

from pyngx import header_filter
from pyngx.ngx import NGX_HTTP_OK, ngx_http_request_t


@header_filter
def header(r: ngx_http_request_t) -> None:
    if r.headers_out.status == NGX_HTTP_OK:
        r.headers_out.add("X-Foo", b"foo")
