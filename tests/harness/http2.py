"""An HTTP/2 client over cleartext with prior knowledge, for one connection's requests at once."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events

from tests.harness.client import CHUNK, TIMEOUT, BadResponse, Response


@dataclass
class _Stream:
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    ended: bool = False
    reset: bool = False


def requests(
    port: int,
    paths: Sequence[str],
    *,
    method: str = "GET",
    headers: Sequence[tuple[str, str]] = (),
) -> list[Response]:
    """All requests as concurrent streams; h2 itself checks frames, headers and Content-Length.

    A stream that the server resets, and one that is open when the connection ends, is incomplete.
    """
    config = h2.config.H2Configuration(client_side=True, header_encoding="latin-1")
    connection = h2.connection.H2Connection(config)
    streams: dict[int, _Stream] = {}
    with socket.create_connection(("127.0.0.1", port), TIMEOUT) as sock:
        connection.initiate_connection()
        for path in paths:
            stream = connection.get_next_available_stream_id()
            pseudo = [(":method", method), (":path", path), (":scheme", "http")]
            block = [*pseudo, (":authority", "localhost"), *headers]
            connection.send_headers(stream, block, end_stream=True)
            streams[stream] = _Stream()
        sock.sendall(connection.data_to_send())
        while not all(stream.ended for stream in streams.values()):
            data = sock.recv(CHUNK)
            if not data:
                break
            for event in connection.receive_data(data):
                _apply(connection, streams, event)
            sock.sendall(connection.data_to_send())
    return [_response(stream) for stream in streams.values()]


def request(
    port: int,
    path: str = "/",
    *,
    method: str = "GET",
    headers: Sequence[tuple[str, str]] = (),
) -> Response:
    """One HTTP/2 exchange."""
    (response,) = requests(port, [path], method=method, headers=headers)
    return response


def _apply(
    connection: h2.connection.H2Connection, streams: dict[int, _Stream], event: h2.events.Event
) -> None:
    match event:
        case h2.events.ResponseReceived():
            assert event.stream_id is not None and event.headers is not None
            streams[event.stream_id].headers = [(_text(k), _text(v)) for k, v in event.headers]
        case h2.events.DataReceived():
            assert event.stream_id is not None and event.data is not None
            streams[event.stream_id].body += event.data
            length = event.flow_controlled_length or 0
            connection.acknowledge_received_data(length, event.stream_id)
        case h2.events.StreamEnded():
            assert event.stream_id is not None
            streams[event.stream_id].ended = True
        case h2.events.StreamReset():
            assert event.stream_id is not None
            streams[event.stream_id].ended = True
            streams[event.stream_id].reset = True
        case _:
            pass


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")


def _response(stream: _Stream) -> Response:
    status = dict(stream.headers).get(":status")
    if status is None:
        raise BadResponse(f"no response header on the stream: {stream}")
    headers = tuple(pair for pair in stream.headers if not pair[0].startswith(":"))
    body = bytes(stream.body)
    complete = stream.ended and not stream.reset
    return Response(int(status), headers, body, body, complete, "2")
