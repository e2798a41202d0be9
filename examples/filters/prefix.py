"""Put a text before every buffer of a response: the chain form, as nginx's own filters have it.

How a body is cut into buffers is nginx's affair, so this shows where the cuts are. A location
without the directive is left alone. To try it::

    location / {
        prefix foo;
    }
"""

from pyngx import LocConf, body_filter, directive, header_filter
from pyngx.ngx import (
    NGX_DECLINED,
    NGX_OK,
    ngx_chain_t,
    ngx_http_next_body_filter,
    ngx_http_request_t,
    ngx_int_t,
    ngx_str_t,
)


class Conf(LocConf):
    text: ngx_str_t = directive("prefix", default=b"")


@header_filter
def header(conf: Conf) -> ngx_int_t:
    return NGX_OK if conf.text else NGX_DECLINED


@body_filter
def prefix(r: ngx_http_request_t, chain: ngx_chain_t, conf: Conf) -> ngx_int_t:
    out = ngx_chain_t()
    for buf in chain:
        # The last buffer of a response may be empty, and only say that it is the last.
        if len(buf) > 0:
            out.append(conf.text)
        out.append(buf)
    return ngx_http_next_body_filter(r, out)
