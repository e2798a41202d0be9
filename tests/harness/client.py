"""Clients for the project's own tests: several requests on one connection, and hanging up."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from pyngx.testing.client import CHUNK as CHUNK
from pyngx.testing.client import TIMEOUT as TIMEOUT
from pyngx.testing.client import BadResponse as BadResponse
from pyngx.testing.client import Connection as Connection
from pyngx.testing.client import Response as Response
from pyngx.testing.client import reason_of as reason_of
from pyngx.testing.client import request as request


def keep_alive(port: int, paths: Sequence[str], *, method: str = "GET") -> list[Response]:
    """One request after the other on one connection; stray bytes spoil the next response."""
    with Connection(port) as connection:
        responses = []
        for number, path in enumerate(paths, 1):
            close = (("Connection", "close"),) if number == len(paths) else ()
            connection.send(path, method=method, headers=close)
            responses.append(connection.receive(method))
        connection.expect_end()
        return responses


def pipelined(port: int, paths: Sequence[str], *, method: str = "GET") -> list[Response]:
    """All requests at once on one connection, then all responses in order."""
    with Connection(port) as connection:
        for path in paths[:-1]:
            connection.send(path, method=method)
        connection.send(paths[-1], method=method, headers=(("Connection", "close"),))
        responses = [connection.receive(method) for _ in paths]
        connection.expect_end()
        return responses


def hang_up(port: int, path: str, after: int) -> bytes:
    """Read ``after`` bytes of a response and reset the connection; returns what was read."""
    with Connection(port, rcvbuf=4096) as connection:
        connection.send(path)
        data = connection.read_some(after)
        # A zero linger time makes close() send RST: nginx then meets the error in a write.
        linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        return data
