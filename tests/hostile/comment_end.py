"""Ends a C comment: */ and opens one: /* and */ again, with a backslash at the end: \\"""

from pyngx import LocConf, directive, header_filter
from pyngx.ngx import ngx_flag_t, ngx_http_request_t, ngx_int_t


class Conf(LocConf):
    """Also here */ int x; /*"""

    # and here */ #include "/etc/passwd" /*
    enable: ngx_flag_t = directive("comment_end", default=False)  # */ after code /*


@header_filter
def header(r: ngx_http_request_t, conf: Conf) -> ngx_int_t:
    """*/ } #error "the docstring got out" /*"""
    # */ #error the comment got out
    return 0  # */ #error the trailing comment got out \
