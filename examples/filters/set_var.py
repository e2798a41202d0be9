"""Define a variable that Python computes: the client's network, to log without naming anyone.

``set_network $name;`` defines ``$name``: the client's IPv4 address with its last octets set to
zero, or the first three groups of its IPv6 address. The value is computed when it is asked for, so
the variable works wherever nginx takes one: in logs, headers, ``if``, ``map`` and
``limit_req_zone``. To try it::

    set_network $network;
    log_format private '$network "$request" $status';

    server {
        access_log logs/access.log private;

        location /careful/ {
            network_octets 2;
            add_header X-Network $network;
        }
    }
"""

from pyngx import LocConf, directive, variable
from pyngx.ngx import ngx_http_request_t, ngx_int_t


class Conf(LocConf):
    octets: ngx_int_t = directive("network_octets", default=3, min=1, max=3)  # kept of IPv4


GROUPS = 3  # kept of IPv6: 48 bits, what a site gets


def prefix(address: bytes, separator: bytes, count: int) -> bytes:
    """The first ``count`` parts of an address, each with its separator."""
    end = 0
    for _ in range(count):
        at = address.find(separator, end)
        if at == -1:
            return address
        end = at + 1
    return address[:end]


@variable(directive("set_network"))
def network(r: ngx_http_request_t, conf: Conf) -> bytes | None:
    address: bytes | None = r.variables["remote_addr"]
    if address is None or address == b"unix:":
        return address

    if b":" not in address:
        return prefix(address, b".", conf.octets) + b"0" + b".0" * (3 - conf.octets)

    kept = prefix(address, b":", GROUPS)
    zeros = address.find(b"::")
    if zeros != -1 and zeros < len(kept):
        return address[: zeros + 2]  # written short already: 2001:db8::1
    return kept + b":"
