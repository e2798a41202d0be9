"""A request in CPython: the fields of nginx's that filters use, headers, arguments, variables."""

from __future__ import annotations

import base64
import os
import re
import socket
import time
import urllib.parse
from collections.abc import Callable, Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from pyngx.headers import NginxModel
from pyngx.ngx import NgxStruct, ngx_http_request_t
from pyngx.testing.headers import Headers, HeadersOut, as_bytes
from pyngx.testing.integers import checked
from pyngx.testing.known import ELSEWHERE
from pyngx.testing.structs import Struct, initial

if TYPE_CHECKING:
    _Base = NgxStruct  # nginx's own have all fields, most of them read-only
else:
    _Base = ngx_http_request_t

Getter = Callable[[], bytes | None]


class NotSimulated(LookupError):
    """Only a server has this."""


class HeadersIn(Headers):
    """``r.headers_in``: the mapping, and the fields of the headers that nginx knows."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        match name:
            case "content_length_n":
                length = self["Content-Length"]
                return checked(int(length) if length is not None and length.isdigit() else -1)
            case "keep_alive_n":
                return checked(-1)
            case "server":
                return without_port(self["Host"] or b"localhost")
            case "chunked":
                return checked(0)
        value = self[name.replace("_", "-")]
        return None if value is None else SimpleNamespace(key=name.encode(), value=value)


def without_port(host: bytes) -> bytes:
    """The host of a request in lower case, as nginx compares it."""
    host = host.lower()
    return host if host.endswith(b"]") else re.sub(rb":\d*$", b"", host)


class Variables:
    """``r.variables``: reading gives ``bytes`` or None; only some may be set."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self.own: dict[str, Getter] = {}
        self.values: dict[str, bytes | None] = {}
        """What ``set`` or the author gave."""

    def __getitem__(self, name: str | bytes) -> bytes | None:
        low = (name.decode("latin-1") if isinstance(name, bytes) else name).lower()
        if low in self.values:
            return self.values[low]
        if low in self.own:
            return self.own[low]()
        return self._request.variable(low)

    def get(self, name: str | bytes) -> bytes | None:
        """As the item of that name."""
        return self[name]

    def __setitem__(self, name: str | bytes, value: bytes | str) -> None:
        low = (name.decode("latin-1") if isinstance(name, bytes) else name).lower()
        data = value.encode() if isinstance(value, str) else bytes(value)
        if low == "args":
            self._request.args = data
        elif low in self.values:
            self.values[low] = data
        else:
            raise ValueError("nginx does not allow to set this variable")


class Request(_Base):
    """The request that a filter's functions are given."""

    def __init__(
        self,
        model: NginxModel,
        *,
        method: str = "GET",
        uri: bytes = b"/",
        args: bytes = b"",
        headers_in: HeadersIn | None = None,
        headers_out: HeadersOut | None = None,
        main: bool = True,
    ) -> None:
        constant = model.constant(f"NGX_HTTP_{method}")
        self.method = checked(constant if isinstance(constant, int) else 1)
        self.method_name = method.encode()
        number = model.constant("nginx_version")
        version = number if isinstance(number, int) else 0
        self.joins = version >= 1_023_000
        self.nginx_version = b"%d.%d.%d" % (
            version // 1_000_000,
            version // 1000 % 1000,
            version % 1000,
        )
        self.uri = re.sub(rb"/+", b"/", urllib.parse.unquote_to_bytes(uri))
        self.unparsed_uri = uri + (b"?" + args if args else b"")
        self.args = args
        self.exten = self.uri.rpartition(b"/")[2].rpartition(b".")[2] if b"." in self.uri else b""
        self.http_protocol = b"HTTP/1.1"
        self.headers_in = headers_in or HeadersIn([("Host", "localhost")])
        self.headers_out = headers_out or HeadersOut(200, (), -1)
        self.main = self if main else None
        self.header_only = checked(int(method == "HEAD"))
        self.preserve_body = checked(0)
        self.filter_need_in_memory = checked(0)
        self.filter_need_temporary = checked(0)
        self.connection = Struct(model, "ngx_connection_t", number=1, requests=1)
        self.http_version = checked(1001)
        seconds, fraction = divmod(time.time(), 1)
        self.start_sec = checked(int(seconds))
        self.start_msec = checked(int(fraction * 1000))
        self._model = model
        self._variables = Variables(self)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        value = initial(self._model, "ngx_http_request_t", name)
        setattr(self, name, value)
        return value

    @property
    def is_main(self) -> bool:
        """Whether it is no subrequest."""
        return self.main is self

    @property
    def variables(self) -> Variables:
        """nginx's variables, and the file's own."""
        return self._variables

    @property
    def allow_ranges(self) -> int:
        """Whether parts of the response may be asked for."""
        allowed: int = checked(int(self.headers_out.allow_ranges))
        return allowed

    @allow_ranges.setter
    def allow_ranges(self, value: int) -> None:
        """Allow them or not."""
        self.headers_out.allow_ranges = bool(value)

    def arg(self, name: bytes | str, /) -> bytes | None:
        """An argument as it stands in the request, names without case, as nginx has it."""
        wanted = as_bytes(name).lower()
        for part in self.args.split(b"&"):
            key, found, value = part.partition(b"=")
            if found and key.lower() == wanted:
                return value
        return None

    def cookie(self, name: bytes | str, /) -> bytes | None:
        """A cookie as it stands in the request."""
        wanted = as_bytes(name).lower()
        if not wanted:
            return None
        for line in self.headers_in.get_all("Cookie"):
            for part in re.split(rb"[;,]", line):
                key, found, value = part.strip(b" ").partition(b"=")
                if found and key.lower() == wanted:
                    return value.lstrip(b" ")
        return None

    def variable(self, name: str) -> bytes | None:
        """A variable of nginx's own; None if it is unknown or has no value.

        Raises:
            NotSimulated: it has a value in a server only.
        """
        for prefix, get in PREFIXES.items():
            if name.startswith(prefix):
                return get(self, name[len(prefix) :])
        if ELSEWHERE.fullmatch(name) is not None:
            raise NotSimulated(
                f"only a server has a value for ${name}: give one with "
                f"simulate(…, variables={{{name!r}: b'…'}}), or test with nginx_server"
            )
        return NAMED[name](self) if name in NAMED else None


_LISTS = ("cookie", "x_forwarded_for", "cache_control", "link")


def _joined(r: Request, values: list[bytes], name: str) -> bytes | None:
    """All values of a header; before 1.23 the first one of most."""
    if not r.joins and name not in _LISTS:
        values = values[:1]
    return (b"; " if name == "cookie" else b", ").join(values) if values else None


def _sent(r: Request, name: str) -> bytes | None:
    return _joined(r, r.headers_out.get_all(name.replace("_", "-")), name)


def _received(r: Request, name: str) -> bytes | None:
    return _joined(r, r.headers_in.get_all(name.replace("_", "-")), name)


def _user(r: Request) -> bytes | None:
    scheme, _, coded = (r.headers_in["Authorization"] or b"").partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        user, found, _ = base64.b64decode(coded.strip(b" ")).partition(b":")
    except ValueError:
        return None
    return user if found else None


def _forwarded(r: Request) -> bytes:
    return b", ".join((*r.headers_in.get_all("X-Forwarded-For"), b"127.0.0.1"))


def _host(r: Request) -> bytes:
    return without_port(r.headers_in["Host"] or b"localhost")


PREFIXES: Mapping[str, Callable[[Request, str], bytes | None]] = {
    "sent_http_": _sent,
    "http_": _received,
    "arg_": lambda r, name: r.arg(name.encode()),
    "cookie_": lambda r, name: r.cookie(name.encode()),
}
NAMED: Mapping[str, Callable[[Request], bytes | None]] = {
    "uri": lambda r: r.uri,
    "document_uri": lambda r: r.uri,
    "request_uri": lambda r: r.unparsed_uri,
    "request": lambda r: b"%s %s HTTP/1.1" % (r.method_name, r.unparsed_uri),
    "args": lambda r: r.args,
    "query_string": lambda r: r.args,
    "is_args": lambda r: b"?" if r.args else b"",
    "host": _host,
    "request_method": lambda r: r.method_name,
    "server_protocol": lambda r: b"HTTP/1.1",
    "scheme": lambda r: b"http",
    "status": lambda r: b"%03d" % r.headers_out.status,
    "content_type": lambda r: r.headers_in["Content-Type"],
    "content_length": lambda r: r.headers_in["Content-Length"],
    "remote_addr": lambda r: b"127.0.0.1",
    "server_addr": lambda r: b"127.0.0.1",
    "server_port": lambda r: b"80",
    "server_name": lambda r: b"localhost",
    "https": lambda r: b"",
    "request_id": lambda r: b"0123456789abcdef0123456789abcdef",
    "request_completion": lambda r: b"",
    "remote_port": lambda r: b"50000",
    "remote_user": _user,
    "connection": lambda r: b"1",
    "connection_requests": lambda r: b"1",
    "limit_rate": lambda r: b"0",
    "pipe": lambda r: b".",
    "pid": lambda r: b"%d" % os.getpid(),
    "hostname": lambda r: socket.gethostname().lower().encode(),
    "nginx_version": lambda r: r.nginx_version,
    "proxy_add_x_forwarded_for": _forwarded,
    "msec": lambda r: b"%.3f" % time.time(),
    "time_local": lambda r: time.strftime("%d/%b/%Y:%H:%M:%S %z").encode(),
    "time_iso8601": lambda r: datetime.now().astimezone().isoformat(timespec="seconds").encode(),
}
