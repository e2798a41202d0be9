"""Choose a language for whoever asks, as RFC 9110 has it.

``negotiate_languages`` lists what a site speaks, the default first. ``$negotiated_language`` is
the one that the client's ``Accept-Language`` likes best (a cookie ``lang`` or ``?lang=`` goes
before it) and can stand in ``root`` or ``rewrite``. The response says which it was, and that it
varies. With ``negotiate_strict on``, whoever wants none of them is told so with a 406. To try it::

    server {
        negotiate_languages en de pt-BR;
        location / { root html/$negotiated_language; }
    }
"""

from pyngx import LocConf, RequestCtx, directive, header_filter, variable
from pyngx.ngx import NGX_HTTP_OK, NGX_OK, ngx_flag_t, ngx_http_request_t, ngx_int_t

NOT_ACCEPTABLE = 406


class Conf(LocConf):
    languages: list[bytes] = directive("negotiate_languages", default=[])
    strict: ngx_flag_t = directive("negotiate_strict", default=False)


class Ctx(RequestCtx):
    language: bytes = b""


def quality(parameters: bytes) -> int:
    """The q of ``;q=0.8`` in thousandths: 1000 if there is none, 0 if it cannot be read."""
    for parameter in parameters.split(b";"):
        name, _, value = parameter.partition(b"=")
        if name.strip().lower() == b"q":
            whole, _, fraction = value.strip().partition(b".")
            if whole not in (b"0", b"1") or not (fraction or b"0").isdigit():
                return 0
            return min(int(whole) * 1000 + int(fraction[:3].ljust(3, b"0")), 1000)
    return 1000


def fit(wanted: bytes, language: bytes) -> int:
    """How well a range such as ``de``, ``de-AT`` or ``*`` names a language: 0 for not at all."""
    wanted = wanted.lower()
    language = language.lower()
    if wanted == b"*":
        return 1
    if wanted == language:
        return 4
    if language.startswith(wanted + b"-"):
        return 3
    return 2 if wanted.startswith(language + b"-") else 0


def liking(accepted: bytes, language: bytes) -> tuple[int, int]:
    """How much a client wants a language: the q of the range that names it best."""
    best = (0, 0)
    for item in accepted.split(b","):
        wanted, _, parameters = item.partition(b";")
        how = fit(wanted.strip(), language)
        if how > best[1]:
            best = (quality(parameters), how)
    return best


def chosen(r: ngx_http_request_t, conf: Conf) -> bytes:
    """The language for this request; empty if there is none that the client wants."""
    asked = r.arg(b"lang") or r.cookie(b"lang")
    if asked is not None and asked in conf.languages:
        return asked
    accepted = r.headers_in["Accept-Language"]
    if not accepted:
        return conf.languages[0]
    best = b""
    most = (0, 0)
    for language in conf.languages:
        like = liking(accepted, language)
        if like[0] > 0 and like > most:
            best, most = language, like
    return best


@variable("negotiated_language")
def negotiated_language(r: ngx_http_request_t, conf: Conf) -> bytes | None:
    if not conf.languages:
        return None
    return chosen(r, conf) or conf.languages[0]


@header_filter
def header(r: ngx_http_request_t, conf: Conf, ctx: Ctx) -> ngx_int_t:
    if not conf.languages or not r.is_main or r.headers_out.status != NGX_HTTP_OK:
        return NGX_OK
    language = chosen(r, conf)
    if not language:
        if conf.strict:
            return NOT_ACCEPTABLE
        language = conf.languages[0]
    ctx.language = language
    r.headers_out["Content-Language"] = language
    vary = [
        name.strip().lower()
        for value in r.headers_out.get_all("Vary")
        for name in value.split(b",")
    ]
    if b"accept-language" not in vary and b"*" not in vary:
        r.headers_out.add("Vary", b"Accept-Language, Cookie")
    return NGX_OK
