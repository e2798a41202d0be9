"""The streaming examples: their bodies however they are cut, on every road, and their memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pytest

from tests.examples import Built, Workshop, models
from tests.harness.builds import Target
from tests.harness.case import LARGE, PAGE, Case, Length
from tests.harness.client import Response
from tests.harness.roads import ROADS, Road

POLICY = "Content-Security-Policy"
NONCE = re.compile(rb'nonce="([0-9a-f]{32})"')


def _plain_nonce(received: bytes) -> bytes:
    """The body with the model's nonce in the place of the request's own."""
    return NONCE.sub(b'nonce="%s"' % models.NONCE, received)


def _injected(original: bytes, received: bytes) -> bool:
    return _plain_nonce(received) == models.inject(original)


def _nonce_in_policy(response: Response) -> None:
    """The script's nonce is the one that the policy names; none runs twice."""
    nonces = NONCE.findall(response.body)
    for nonce in nonces:
        allowed = f"script-src 'nonce-{nonce.decode()}'"
        assert any(allowed in policy for policy in response.all(POLICY))


PLAYLIST = b"""#EXTM3U
#EXT-X-KEY:METHOD=AES-128,URI="key?id=7"
#EXT-X-MEDIA:NAME="Why?",URI="audio.m3u8",LANGUAGE="en"
#EXT-X-MAP:URI="open
#EXTINF:9.0,

a/1.ts\r
b/2.ts?x=1
last.ts"""
HEAD = b"<html><HEAD><title></hea</title></</heAD><body></head>\n</body></html></hea"
JSON = rb"""
{ "a b" : [ 1 , 2.5e3,
\t"q\" \\" , "" ], "\\":"x  y\\\" z" ,
  "open": " \\" , "end": "  unterminated \
"""[1:]
TEXT = b"Hello, World!\n  \xe9t\xe9 {[az@`AZ]} \t\r\n\n no end \t "


@dataclass(frozen=True)
class Example:
    """One example: its configuration, its model, and a body that meets its corners."""

    name: str
    conf: str
    model: Callable[[bytes], bytes]
    body: bytes
    case: Mapping[str, object] = field(default_factory=dict)
    """What else its case says."""
    length: Length = "cleared"

    def __str__(self) -> str:
        return self.name

    def judged(self, built: Built) -> Case:
        """The case for this example, built in some way."""
        case = Case(
            built.binary,
            modules=built.modules(self.name),
            conf=self.conf,
            env=built.env,
            expected=self.model,
            length=self.length,
            bodies=(PAGE, LARGE, self.body),
        )
        return replace(case, **self.case)  # type: ignore[arg-type]


EXAMPLES = (
    Example("number_lines", "number_lines on; number_lines_types *;", models.number_lines, TEXT),
    Example(
        "hls_tokens",
        f"hls_token {models.TOKEN.decode()}; hls_token_types *;",
        models.hls_tokens,
        PLAYLIST,
    ),
    Example(
        "inject",
        f"inject_script {models.SCRIPT.decode()};",
        models.inject,
        HEAD,
        {"expected": None, "accepts": _injected, "inspect": _nonce_in_policy},
    ),
    Example("json_minify", "json_minify on; json_minify_types *;", models.json_minify, JSON),
    Example(
        "rot13",
        "rot13 on; rot13_types *;",
        models.rot13,
        TEXT,
        {"partial": True, "statuses": None},
        length="kept",
    ),
    Example("base64_body", "base64_body on;", models.base64_body, TEXT, length="exact"),
    Example(
        "digest",
        f"digest on; digest_max {models.DIGEST_MAX}; digest_types *;",
        models.digest,
        TEXT,
    ),
    Example("trim", "trim on;", models.trim, TEXT),
)
BY_NAME = {example.name: example for example in EXAMPLES}


@pytest.mark.parametrize("road", ROADS, ids=str)
@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_road(example: Example, road: Road, nginx_target: Target, examples: Workshop) -> None:
    road.run(example.judged(examples.built("pyngx build", nginx_target)))
