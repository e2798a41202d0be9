"""nginx's pages of the statuses, which replace a response."""

from __future__ import annotations

_TITLES = {
    301: "Moved Permanently",
    302: "Found",
    303: "See Other",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
    400: "Bad Request",
    401: "Authorization Required",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Not Allowed",
    406: "Not Acceptable",
    408: "Request Time-out",
    409: "Conflict",
    410: "Gone",
    411: "Length Required",
    412: "Precondition Failed",
    413: "Request Entity Too Large",
    414: "Request-URI Too Large",
    415: "Unsupported Media Type",
    416: "Requested Range Not Satisfiable",
    421: "Misdirected Request",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
    505: "HTTP Version Not Supported",
    507: "Insufficient Storage",
}
_DETAILS = {
    494: "Request Header Or Cookie Too Large",
    495: "The SSL certificate error",
    496: "No required SSL certificate was sent",
    497: "The plain HTTP request was sent to HTTPS port",
}
"""Statuses of nginx's own, which a client sees as 400."""


def page(status: int) -> tuple[int, bytes]:
    """The status that a client sees, and nginx's page without its version; nothing if there is no
    page of that status."""
    if status in _DETAILS:
        detail = _DETAILS[status]
        return 400, _html(f"400 {detail}", "400 Bad Request", detail)
    known = 404 if status == 498 else status
    if known not in _TITLES:
        return status, b""
    title = f"{known} {_TITLES[known]}"
    return status, _html(title, title)


def _html(title: str, *lines: str) -> bytes:
    shown = [f"<center><h1>{lines[0]}</h1></center>", *(f"<center>{t}</center>" for t in lines[1:])]
    head = ["<html>", f"<head><title>{title}</title></head>", "<body>"]
    text = [*head, *shown, "<hr><center>nginx</center>", "</body>", "</html>", ""]
    return "\r\n".join(text).encode()
