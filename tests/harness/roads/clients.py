"""Clients that are slow or leave, and a server that is told to reload."""

from __future__ import annotations

import threading

from tests.harness import client
from tests.harness.case import LARGE, PAGE, Case, pieces_of, text_of
from tests.harness.roads.road import road
from tests.harness.site import reply, site


@road
def limited_rate(case: Case) -> None:
    """``limit_rate``: nginx itself holds the output back."""
    body = LARGE[:48_000]
    own = "location /limited/ { alias {root}/; limit_rate 32k; {conf} } "
    own += "location /drip/ { proxy_pass {upstream}/; limit_rate 32k; {conf} }"
    routes = {"/page": reply(case, *pieces_of(body, 3000), framing="length")}
    with (
        site(case, routes=routes, files={"page.html": body}, locations=own) as here,
        client.Connection(here.nginx.port) as static,
        client.Connection(here.nginx.port) as proxied,
    ):
        static.send("/limited/page.html")
        proxied.send("/drip/page")
        case.judge(static.receive(), body, sized=True)
        case.judge(proxied.receive(), body, sized=True)


@road
def slow_client(case: Case) -> None:
    """A client with a small window that reads a little at a time."""
    body = LARGE[:60_000]
    with (
        site(case, files={"page.html": body}, server="sendfile off;", listen="sndbuf=4k") as here,
        client.Connection(here.nginx.port, rcvbuf=8192) as connection,
    ):
        connection.send("/page.html", headers=[("Connection", "close")])
        case.judge(connection.receive(rate=80_000), body, sized=True)
        connection.expect_end()


@road
def slow_client_of_subrequests(case: Case) -> None:
    """Included and added pages larger than every buffer on the way: none may lose its end."""
    own = "location /ssi/ { alias {root}/; ssi on; ssi_types *; } "
    own += "location /added/ { alias {root}/; addition_types *; add_after_body /large.html; } "
    files = {"page.html": b'<!--#include virtual="/large.html" -->', "large.html": LARGE}
    takes = case.takes(200) and case.subrequests
    wanted = case.apply(LARGE, takes)
    with site(case, files=files, locations=own, listen="sndbuf=4k") as here:
        for path, before in (("/ssi/page.html", b""), ("/added/page.html", files["page.html"])):
            with client.Connection(here.nginx.port, rcvbuf=16384) as connection:
                connection.send(path, headers=[("Connection", "close")])
                response = connection.receive()
                connection.expect_end()
            assert response.status == 200 and response.complete
            case.judge_body(response.body, before + LARGE, before + wanted, takes)


@road
def client_hangs_up(case: Case) -> None:
    """Clients that reset the connection in the middle; the next ones are served."""
    body = text_of(2_000_000)
    routes = {"/large": reply(case, *pieces_of(body, 8000))}
    with site(case, routes=routes, files={"large.html": body, "page.html": PAGE}) as here:
        for path in ("/large.html", "/unbuffered/large", "/buffered/large"):
            for after in (1, 5000, 100_000):
                client.hang_up(here.nginx.port, path, after)
            case.judge(here.get("/page.html"), PAGE, sized=True)


@road
def reload_while_busy(case: Case) -> None:
    """HUP while requests run: each is answered whole, by an old worker or a new one."""
    pieces = pieces_of(LARGE, 3000)
    routes = {"/slow": reply(case, *pieces, delay=0.004)}
    failures: list[BaseException] = []
    with site(case, routes=routes, files={"page.html": PAGE}) as here:

        def ask() -> None:
            try:
                case.judge(here.get("/unbuffered/slow"), LARGE)
            except (AssertionError, OSError) as failure:
                failures.append(failure)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        here.upstream.wait_for_requests(len(threads))
        for _ in range(2):
            here.nginx.reload()
            case.judge(here.get("/page.html"), PAGE, sized=True)
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]
        case.judge(here.get("/page.html"), PAGE, sized=True)
