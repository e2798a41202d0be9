"""Two numbers of the configuration that must fit together: inheritance, merging, validation.

A location takes what it does not set from the blocks around it, and the defaults are 10 and 20.
The merged values are checked, and shown in the header ``X-Circle``. To try it::

    circle_min_radius 15;

    location / {
        circle on;
        circle_max_radius 30;
    }
"""

from pyngx import ConfError, LocConf, directive, header_filter
from pyngx.ngx import ngx_flag_t, ngx_http_request_t, ngx_uint_t


class Conf(LocConf):
    enable: ngx_flag_t = directive("circle", default=False)
    min_radius: ngx_uint_t = directive("circle_min_radius", default=10)
    max_radius: ngx_uint_t = directive("circle_max_radius", default=20)

    def validate(self) -> None:
        if self.min_radius < 1:
            raise ConfError("circle_min_radius must be equal or more than 1")
        if self.max_radius < self.min_radius:
            raise ConfError("circle_max_radius must be equal or more than circle_min_radius")


@header_filter
def header(r: ngx_http_request_t, conf: Conf) -> None:
    if conf.enable:
        r.headers_out["X-Circle"] = b"%d-%d" % (conf.min_radius, conf.max_radius)
