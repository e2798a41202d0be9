"""The names of nginx's variables."""

from __future__ import annotations

import re

ABSENT = re.compile(
    r"(?: sent_trailer | ssl | proxy_protocol_tlv )_ \w+ | [1-9] | http[23] | invalid_referer"
    r"| (?: ancient | modern )_browser | msie | gzip_ratio | limit_conn_status | limit_req_status"
    r"| memcached_key | proxy_protocol (?: _server )?_ (?: addr | port )"
    r"| request_body (?: _file )? | secure_link (?: _expires )? | slice_range"
    r"| uid_ (?: got | reset | set )",
    re.VERBOSE | re.ASCII,
)
"""Those that have no value in a plain request."""
ELSEWHERE = re.compile(
    r"upstream_ (?: cookie | http | trailer )_ \w+"
    r"| upstream_ (?: addr | bytes_received | bytes_sent | cache_etag | cache_last_modified )"
    r"| upstream_ (?: cache_status | connect_time | header_time | status )"
    r"| upstream_response_ (?: length | time ) | proxy_host | proxy_port"
    r"| connection_time | connections_ (?: active | reading | waiting | writing )"
    r"| binary_remote_addr | body_bytes_sent | bytes_sent | date_gmt | date_local | document_root"
    r"| realpath_root | fastcgi_path_info | fastcgi_script_name | realip_remote_ (?: addr | port )"
    r"| request_ (?: filename | length | time )"
    r"| tcpinfo_ (?: rcv_space | rtt | rttvar | snd_cwnd )",
    re.VERBOSE | re.ASCII,
)
"""Those whose value only a server knows."""
FREE = re.compile(
    r"args | limit_rate | [1-9] | (?: arg | cookie | ssl | upstream_\w+ )_ .*"
    r"| http_ (?! (?: host | cookie | user_agent | referer | via | x_forwarded_for ) $ ) .*"
    r"| sent_http_ (?! (?: content_type | content_length | location | last_modified | connection"
    r"| keep_alive | transfer_encoding | cache_control | link ) $ ) .*",
    re.VERBOSE | re.ASCII,
)
"""Those that ``set`` may name."""
