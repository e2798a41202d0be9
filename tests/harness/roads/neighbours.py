"""Other filters and modules before and behind: gunzip, gzip, SSI, addition, redirects."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping

from tests.harness.case import LARGE, PAGE, SHORT, Case, pieces_of
from tests.harness.roads.road import road
from tests.harness.site import gzipped, reply, site
from tests.harness.upstream import Reply


@road
def gunzip(case: Case) -> None:
    """``gunzip on``: a filter ahead of gunzip sees compressed bytes and leaves them alone."""
    routes = {"/gz": gzipped(case, LARGE), "/page": gzipped(case, PAGE)}
    own = "location /gunzip/ { proxy_pass {upstream}/; gunzip on; {conf} }"
    with site(case, routes=routes, locations=own) as here:
        for path, body in (("gz", LARGE), ("page", PAGE)):
            response = here.get(f"/gunzip/{path}")
            takes = case.after_gunzip and case.takes(200)
            wanted = case.apply(body, takes)
            assert response.complete and response.status == 200
            assert response.header("Content-Encoding") is None
            case.judge_body(response.body, body, wanted, takes)


@road
def encoded_by_the_upstream(case: Case) -> None:
    """A compressed body on its way to a client that takes it: headers and bytes as they are."""
    packed = gzip.compress(LARGE, mtime=0)
    with site(case, routes={"/gz": gzipped(case, LARGE)}) as here:
        for place in ("unbuffered", "buffered"):
            response = here.get(f"/{place}/gz", headers=[("Accept-Encoding", "gzip")])
            takes = case.takes(200, encoded=True)
            case.judge(response, packed, sized=True, filtered=takes)
            assert response.header("Content-Encoding") == "gzip"
            if not takes:
                assert response.header("ETag") == '"v1"'


@road
def gzip_after_the_filter(case: Case) -> None:
    """``gzip on``: nginx compresses what the filter made."""
    server = "gzip on; gzip_types *; gzip_min_length 0;"
    routes = {"/large": reply(case, *pieces_of(LARGE, 3000))}
    with site(case, routes=routes, files={"large.html": LARGE}, server=server) as here:
        for path in ("/large.html", "/unbuffered/large", "/buffered/large"):
            response = here.get(path, headers=[("Accept-Encoding", "gzip")])
            assert response.complete and response.header("Content-Encoding") == "gzip"
            takes = case.takes(200)
            body = gzip.decompress(response.body)
            case.judge_body(body, LARGE, case.apply(LARGE, takes), takes)


@road
def inside_an_ssi_include(case: Case) -> None:
    """Includes of filtered and of unfiltered pages, in a page that is filtered where the filter
    leaves SSI's commands as they are."""
    page = b'A<!--#include virtual="/up/part" -->B<!--#include virtual="/plain/c.html" -->C'
    page += b'<!--#include virtual="/large.html" -->D'
    takes = case.takes(200)
    whole = _COMMAND.findall(case.apply(page, takes)) == _COMMAND.findall(page)
    conf = "{conf}" if whole else ""  # SSI has an error for each command that a filter spoilt
    takes = takes and whole
    own = f"location /ssi/ {{ alias {{root}}/; ssi on; ssi_types *; {conf} }} "
    own += "location /up/ { proxy_pass {upstream}/; proxy_http_version 1.1; {conf} }"
    files = {"page.html": page, "c.html": SHORT, "large.html": LARGE}
    part = reply(case, PAGE[:7], PAGE[7:])
    below = case.takes(200) and case.subrequests
    parts = {
        b"/up/part": (PAGE, case.apply(PAGE, below)),
        b"/plain/c.html": (SHORT, SHORT),
        b"/large.html": (LARGE, case.apply(LARGE, below)),
    }
    with site(case, routes={"/part": part}, files=files, locations=own) as here:
        for _ in range(2):
            response = here.get("/ssi/page.html")
            assert response.status == 200 and response.complete
            original = _include(page, {path: pair[0] for path, pair in parts.items()})
            wanted = {path: pair[1] for path, pair in parts.items()}
            included = _include(case.apply(page, takes), wanted)
            case.judge_body(response.body, original, included, takes)


@road
def with_bodies_added(case: Case) -> None:
    """``add_before_body`` and ``add_after_body``: held bytes come before what is appended."""
    own = "location /added/ { alias {root}/; addition_types *; add_before_body /first.html; "
    own += "add_after_body /last.html; {conf} }"
    files = {"first.html": PAGE, "large.html": LARGE, "last.html": SHORT, "empty.html": b""}
    takes = case.takes(200)
    below = takes and case.subrequests
    with site(case, files=files, locations=own) as here:
        for path, body in (("large.html", LARGE), ("empty.html", b"")):
            response = here.get(f"/added/{path}")
            assert response.status == 200 and response.complete
            wanted = case.apply(PAGE, below) + case.apply(body, takes) + case.apply(SHORT, below)
            case.judge_body(response.body, PAGE + body + SHORT, wanted, takes)


_COMMAND = re.compile(rb'<!--#include virtual="([^"]+)" -->')


def _include(page: bytes, parts: Mapping[bytes, bytes]) -> bytes:
    """What nginx's SSI makes of a page."""
    return _COMMAND.sub(lambda found: parts[found[1]], page)


@road
def error_page(case: Case) -> None:
    """An error page with its own status, one turned into a 200, and a redirect inside nginx."""
    own = "location /gone/ { {conf} error_page 404 /page.html; return 404; } "
    own += "location /turned/ { {conf} error_page 404 =200 /page.html; return 404; } "
    own += "location /down/ { {conf} proxy_pass {upstream}/; proxy_intercept_errors on; "
    own += "error_page 503 =200 /page.html; }"
    routes = {"/busy": Reply((b"busy",), status=503)}
    with site(case, routes=routes, files={"page.html": PAGE}, locations=own) as here:
        for _ in range(2):
            case.judge(here.get("/gone/x"), PAGE, status=404, sized=True)
            case.judge(here.get("/turned/x"), PAGE, sized=True)
            case.judge(here.get("/down/busy"), PAGE, sized=True)


@road
def redirected_by_the_upstream(case: Case) -> None:
    """``X-Accel-Redirect`` and ``try_files``: the context of the first location is gone."""
    headers = (("X-Accel-Redirect", "/page.html"), ("Content-Type", case.content_type))
    own = "location /tried/ { {conf} try_files /none /page.html; }"
    routes = {"/go": Reply((b"unseen",), headers=headers)}
    with site(case, routes=routes, files={"page.html": PAGE}, locations=own) as here:
        case.judge(here.get("/buffered/go"), PAGE, sized=True)
        case.judge(here.get("/unbuffered/go"), PAGE, sized=True)
        case.judge(here.get("/tried/x"), PAGE, sized=True)


@road
def built_in_error_page(case: Case) -> None:
    """nginx's own 404 page: several constant buffers in one chain."""
    own = "location = /plain/none { return 404; } location /none { {conf} return 404; }"
    with site(case, locations=own) as here:
        plain = here.get("/plain/none")
        case.judge(here.get("/none"), plain.body, status=404)
