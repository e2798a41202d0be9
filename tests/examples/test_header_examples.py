"""What examples for headers do, in each way of building them, in each nginx under test."""

from __future__ import annotations

import ssl
from http.client import HTTPMessage, HTTPSConnection

import pytest

from tests.examples import Workshop
from tests.examples.serving import HTML, PEM, PROXY, Examples
from tests.harness import client
from tests.harness.builds import Target
from tests.harness.case import LARGE, PAGE
from tests.harness.nginx import Nginx, free_port
from tests.harness.upstream import Reply

# foo_header


def test_foo_only_with_200(examples_as: Examples) -> None:
    places = """
        location / { }
        location /up/ { proxy_pass {upstream}/; }
        location /204 { return 204; }
        location /301 { return 301 /; }
        location /turned { error_page 404 =200 /page.html; return 404; }
    """
    routes = {"/ok": Reply((PAGE,)), "/busy": Reply((PAGE,), status=503)}
    quiet = "log_not_found off;"
    with examples_as.serve("foo_header", http=quiet, locations=places, routes=routes) as at:
        for path in ("/page.html", "/up/ok", "/turned"):
            assert at.get(path).all("X-Foo") == ("foo",), path
            assert at.get(path, method="HEAD").all("X-Foo") == ("foo",), path
        for path, status in (("/no", 404), ("/204", 204), ("/301", 301), ("/up/busy", 503)):
            response = at.get(path)
            assert response.status == status and response.all("X-Foo") == (), path
        modified = at.get("/page.html").header("Last-Modified") or ""
        response = at.get("/page.html", ("If-Modified-Since", modified))
        assert response.status == 304 and response.all("X-Foo") == ()
        response = at.get("/page.html", ("Range", "bytes=0-3"))
        assert response.status == 206 and response.body == PAGE[:4]


# not_modified


SINCE = "Fri, 20 Nov 2020 10:00:00 GMT"
LATER = "Fri, 20 Nov 2020 10:00:01 GMT"


def test_not_modified(examples_as: Examples) -> None:
    places = f"""
        location / {{ unchanged on; if_modified_since off; }}
        location /up/ {{ unchanged on; {PROXY} }}
        location /off/ {{ {PROXY} }}
    """
    headers = (HTML, ("Last-Modified", SINCE), ("ETag", '"v1"'), ("X-Kept", "yes"))
    routes = {
        "/page": Reply((LARGE,), headers=headers),
        "/encoded": Reply((b"x",), headers=(*headers, ("Content-Encoding", "br"))),
        "/gone": Reply((PAGE,), status=404, headers=headers),
        "/undated": Reply((PAGE,)),
    }
    same = ("If-Modified-Since", SINCE)
    with examples_as.serve("not_modified", locations=places, routes=routes) as at:
        for path in ("/up/page", "/up/encoded"):
            for method in ("GET", "HEAD"):
                response = at.get(path, same, method=method)
                assert response.status == 304 and response.body == b""
                assert response.header("ETag") == '"v1"' and response.header("X-Kept") == "yes"
                assert response.header("Last-Modified") == SINCE
                for gone in ("Content-Type", "Content-Length", "Content-Encoding"):
                    assert response.header(gone) is None, gone
        assert at.get("/up/page").status == 200
        assert at.get("/up/page", ("If-Modified-Since", LATER)).body == LARGE
        assert at.get("/up/page", same, ("If-None-Match", '"v2"')).body == LARGE
        assert at.get("/up/page", same, method="POST").body == LARGE
        assert at.get("/up/gone", same).status == 404
        assert at.get("/up/undated", same).status == 200
        assert at.get("/off/page", same).body == LARGE
        modified = at.get("/page.html").header("Last-Modified") or ""
        for response in client.keep_alive(at.nginx.port, ["/up/page", "/page.html"]):
            assert response.status == 200
        assert at.get("/page.html", ("If-Modified-Since", modified)).status == 304


# circle


def test_circle_is_inherited(examples_as: Examples) -> None:
    places = """
        location / { circle_max_radius 30; }
        location /off/ { alias {root}/; circle off; }
        location /both/ {
            alias {root}/;
            circle_min_radius 1;
            circle_max_radius 1;
            location /both/nested/ { alias {root}/; circle_max_radius 2; }
        }
    """
    cases: tuple[tuple[dict[str, str], dict[str, str | None]], ...] = (
        ({"http": "circle on;"}, {"/page.html": "10-20"}),
        ({"http": "circle on; circle_min_radius 15;"}, {"/page.html": "15-20"}),
        (
            {"http": "circle on; circle_min_radius 15;", "locations": places},
            {
                "/page.html": "15-30",
                "/off/page.html": None,
                "/both/page.html": "1-1",
                "/both/nested/page.html": "1-2",
            },
        ),
        (
            {
                "http": "circle_min_radius 3; circle_max_radius 4;",
                "server": "circle_max_radius 5; circle on;",
            },
            {"/page.html": "3-5"},
        ),
        ({}, {"/page.html": None}),
    )
    for blocks, wanted in cases:
        with examples_as.serve(
            "circle",
            http=blocks.get("http", ""),
            server=blocks.get("server", ""),
            locations=blocks.get("locations", "location / { }"),
        ) as at:
            for path, radii in wanted.items():
                assert at.get(path).header("X-Circle") == radii, (blocks, path)


MIN = "circle_min_radius must be equal or more than 1"
MAX = "circle_max_radius must be equal or more than circle_min_radius"
REFUSED = (
    ("circle_min_radius 0;", "", MIN, "circle_min_radius 0;"),
    ("", "location / { circle_min_radius 0; }", MIN, "circle_min_radius 0;"),
    ("circle_max_radius 9;", "", MAX, "circle_max_radius 9;"),
    (
        "circle_min_radius 30; circle_max_radius 40;",
        "location / {\ncircle_max_radius 29;\n}",
        MAX,
        "circle_max_radius 29;",
    ),
    ("circle_min_radius 21;", "", MAX, "circle_min_radius 21;"),
)


@pytest.mark.parametrize(("http", "places", "message", "culprit"), REFUSED)
def test_circle_is_validated(
    http: str, places: str, message: str, culprit: str, examples_as: Examples
) -> None:
    """nginx does not start, and names the line of the value."""
    said = examples_as.refusal("circle", http=http, locations=places)
    nginx = Nginx(
        examples_as.built.binary,
        modules=examples_as.built.modules("circle"),
        http=http,
        locations=places,
    )
    lines = nginx.config.splitlines()
    nginx.close()
    number = next(n for n, line in enumerate(lines, 1) if culprit in line)
    assert "[emerg]" in said and f"{message} in " in said
    assert f"/conf/nginx.conf:{number}\n" in said


def test_circle_refuses_what_is_no_number(examples_as: Examples) -> None:
    for value in ("x", "-1", "1.5"):
        said = examples_as.refusal("circle", http=f"circle_min_radius {value};")
        assert "invalid number" in said


# set_var


def test_set_var(examples_as: Examples) -> None:
    http = """
        set_network $network;
        set_network $also;
        map $network $local { default no; 127.0.0.0 yes; }
        set_real_ip_from 127.0.0.1;
        real_ip_header X-Real-IP;
        add_header X-Network $network;
        add_header X-Also $also;
    """
    places = """
        location / { add_header X-Network $network; add_header X-Local $local; }
        location /two/ { alias {root}/; network_octets 2; }
        location /one/ { alias {root}/; network_octets 1; }
        location /if/ {
            alias {root}/;
            network_octets 2;
            if ($network = 127.0.0.0) { return 200 $network; }
        }
    """
    networks = {
        "/page.html": {
            "192.0.2.77": "192.0.2.0",
            "2001:db8:1:2:3:4:5:6": "2001:db8:1::",
            "2001:db8::1": "2001:db8::",
            "2001:db8:1::5": "2001:db8:1::",
            "fe80::1": "fe80::",
            "::1": "::",
        },
        "/two/page.html": {"192.0.2.77": "192.0.0.0"},
        "/one/page.html": {"192.1.2.77": "192.0.0.0", "10.1.2.3": "10.0.0.0"},
    }
    with examples_as.serve("set_var", http=http, locations=places) as at:
        for path, addresses in networks.items():
            for address, network in addresses.items():
                response = at.get(path, ("X-Real-IP", address))
                assert response.header("X-Network") == network, address
        plain = at.get("/page.html")
        assert plain.header("X-Network") == "127.0.0.0" and plain.header("X-Local") == "yes"
        also = at.get("/two/page.html")
        assert also.header("X-Also") == "127.0.0.0"
        assert at.get("/if/page.html").body == b"127.0.0.0"


def test_set_var_refuses(examples_as: Examples) -> None:
    refused = (
        ("set_network network;", 'invalid variable name "network"'),
        ("set_network $;", 'invalid variable name "$"'),
        ("set_network $a $b;", 'invalid number of arguments in "set_network" directive'),
        ("network_octets 4;", "value must be between 1 and 3"),
        ("map $uri $taken { default 1; } set_network $taken;", '"$taken" is defined already'),
        ("set_network $host;", 'duplicate "host" variable'),
    )
    for http, message in refused:
        assert message in examples_as.refusal("set_var", http=http), http


# harden_headers


def test_harden_headers(examples_as: Examples) -> None:
    places = f"""
        location / {{ harden_headers on; }}
        location /up/ {{ harden_headers on; {PROXY} }}
        location /own/ {{
            harden_headers on;
            harden_remove X-Secret;
            harden_frames DENY;
            harden_policy "default-src 'self'";
            harden_same_site Strict;
            {PROXY}
        }}
        location /off/ {{ {PROXY} }}
    """
    cookies = (
        "a=1",
        "b=2; Path=/; SECURE",
        "c=3; httponly ;samesite=None; Secure",
        "secure=httponly; Domain=samesite",
        "d=4; Expires=Wed, 21 Oct 2026 07:28:00 GMT;",
    )
    locked: dict[str, tuple[str, ...]] = {
        "/up/app": (
            "a=1; Secure; HttpOnly; SameSite=Lax",
            "b=2; Path=/; SECURE; HttpOnly; SameSite=Lax",
            "c=3; httponly ;samesite=None; Secure",
            "secure=httponly; Domain=samesite; Secure; HttpOnly; SameSite=Lax",
            "d=4; Expires=Wed, 21 Oct 2026 07:28:00 GMT;; Secure; HttpOnly; SameSite=Lax",
        ),
        "/off/app": cookies,
    }
    locked["/own/app"] = tuple(c.replace("=Lax", "=Strict") for c in locked["/up/app"])
    application = (
        HTML,
        ("X-Powered-By", "PHP/5.2"),
        ("x-powered-by", "again"),
        ("X-Secret", "yes"),
        *(("Set-Cookie", cookie) for cookie in cookies),
    )
    framed = (HTML, ("X-Frame-Options", "ALLOWALL"), ("Content-Security-Policy", "none"))
    routes = {"/app": Reply((PAGE,), headers=application), "/own": Reply((PAGE,), headers=framed)}
    with examples_as.serve("harden_headers", locations=places, routes=routes) as at:
        for path, wanted in locked.items():
            response = at.get(path)
            assert response.all("Set-Cookie") == wanted, path
            assert response.body == PAGE
        page = at.get("/page.html")
        assert page.all("Server") == () and page.all("X-Content-Type-Options") == ("nosniff",)
        assert page.all("X-Frame-Options") == ("SAMEORIGIN",)
        assert page.all("Content-Security-Policy") == ()
        assert page.all("Strict-Transport-Security") == ()
        app, own, off = (at.get(f"/{place}/app") for place in ("up", "own", "off"))
        assert app.all("X-Powered-By") == () and app.all("X-Secret") == ("yes",)
        assert own.all("X-Powered-By") == ("PHP/5.2", "again") and own.all("X-Secret") == ()
        assert own.all("X-Frame-Options") == ("DENY",) and own.header("Server") is not None
        assert own.all("Content-Security-Policy") == ("default-src 'self'",)
        assert off.all("X-Content-Type-Options") == () and off.header("Server") is not None
        kept = at.get("/own/own")
        assert kept.all("X-Frame-Options") == ("ALLOWALL",)
        assert kept.all("Content-Security-Policy") == ("none",)


def test_harden_headers_over_tls(packaged: Target, examples: Workshop) -> None:
    """What is for ``https`` only; the certificate is one that nobody trusts."""
    port = free_port()
    tls = f"listen 127.0.0.1:{port} ssl; ssl_certificate {PEM}; ssl_certificate_key {PEM};"
    places = f"""
        location / {{ harden_headers on; {PROXY} }}
        location /short/ {{ harden_headers on; harden_hsts 1h; {PROXY} }}
        location /none/ {{ harden_headers on; harden_hsts 0; {PROXY} }}
    """

    def redirect(to: str) -> Reply:
        return Reply(status=302, headers=(("Location", to),))

    routes = {
        "/own": redirect("http://localhost/next"),
        "/other": redirect("http://elsewhere/"),
        "/prefix": redirect("http://localhost.elsewhere/"),
    }
    built = Examples(examples.built("pyngx build", packaged))
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with built.serve("harden_headers", locations=places, server=tls, routes=routes) as at:

        def asked(path: str) -> HTTPMessage:
            connection = HTTPSConnection("127.0.0.1", port, context=context)
            connection.request("GET", path, headers={"Host": "localhost"})
            response = connection.getresponse()
            response.read()
            connection.close()
            return response.headers

        assert asked("/own")["Strict-Transport-Security"] == "max-age=31536000"
        assert asked("/short/own")["Strict-Transport-Security"] == "max-age=3600"
        assert asked("/none/own")["Strict-Transport-Security"] is None
        assert asked("/own")["Location"] == "https://localhost/next"
        assert asked("/other")["Location"] == "http://elsewhere/"
        assert asked("/prefix")["Location"] == "http://localhost.elsewhere/"
        plain = at.get("/own")
        assert plain.all("Location") == ("http://localhost/next",)
        assert plain.all("Strict-Transport-Security") == ()
