"""The search for a response that is not the same in both lives of a filter."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis.errors import Flaky, NoSuchExample

from pyngx.testing.given import Given
from pyngx.testing.lives.compare import Difference, differences
from pyngx.testing.lives.configurations import SUBREQUESTS, Conf, Maker
from pyngx.testing.lives.life import CPython, InNginx, Place
from pyngx.testing.lives.modules import Built
from pyngx.testing.lives.strategies import responses
from pyngx.testing.lives.words import Words, words_of
from pyngx.testing.nginx import NginxFault
from pyngx.testing.reading import ConfRefused
from pyngx.testing.simulation import Answer, Response

CONFIGURATIONS = 24
"""Configurations of a file that are served at a time, each by a server of its own."""
REFUSED = 8
"""Configurations that CPython refuses, of which nginx is asked."""
TRIES = 200
ROUND = 200
"""Examples after which the clock is looked at."""
SINGLE = 300
"""Bodies up to so many bytes also come in single bytes, and in halves."""
HALVES = 6
"""About so many places where a body is cut in two."""
ANSWERS: dict[str, Answer] = {uri: b"answer of %b" % uri.encode() for uri in SUBREQUESTS}


@dataclass(frozen=True)
class Found:
    """A response that is not the same, and how."""

    given: Given
    differences: tuple[Difference, ...] = ()
    cpython: Response | None = None
    """None if it is about the configuration."""
    fault: str = ""
    """What nginx said when it should not have."""
    refused: str = ""
    """The words with which CPython refuses the configuration."""
    subrequests: Mapping[str, Answer] = field(default_factory=dict)


@dataclass
class Outcome:
    """What a search has seen."""

    compared: int = 0
    configurations: int = 0
    """Those that were accepted, and those that were refused."""
    passed_over: dict[str, int] = field(default_factory=dict)
    """Responses that could not be compared, by the reason."""
    found: Found | None = None


class Search:
    """Drives one filter file in both lives; from one seed comes one search."""

    def __init__(self, path: Path, built: Built, seed: int) -> None:
        self.outcome = Outcome()
        self._built = built
        self._chance = random.Random(seed)
        self._cpython = CPython(path)
        program = built.compiled.program
        sources = [source.text for source in built.compiled.module.sources]
        loaded = self._cpython.loaded
        self._words: Words = words_of(sources, vars(loaded.module))
        output = None if program.output is None else f"{program.name}_{program.output[1]}"
        self._maker = Maker(loaded, self._words, output, seed)
        self._http = self._maker.http()
        self._answers = ANSWERS if self._words.subrequests else {}
        self._seen: Found | None = None
        self._places: dict[Conf, int] = {}

    def run(self, examples: int, seconds: float | None) -> Outcome:
        """Search, for so many examples, or as long as told."""
        end = None if seconds is None else time.monotonic() + seconds
        accepted, refused = self._configurations()
        if self._wrongly_judged(accepted, refused):
            return self.outcome
        with self._serving(accepted) as nginx:
            strategy = responses(self._words, accepted, self._http)
            left = examples
            while self.outcome.found is None and (left > 0 if end is None else True):
                if end is not None and time.monotonic() >= end:
                    break
                count = ROUND if end is not None else left
                left -= count
                try:
                    given = find(
                        strategy,
                        lambda given: self._differs(nginx, given),
                        settings=settings(
                            max_examples=count,
                            database=None,
                            deadline=None,
                            phases=[Phase.generate, Phase.shrink],
                            suppress_health_check=list(HealthCheck),
                        ),
                        random=random.Random(self._chance.getrandbits(64)),
                    )
                except (NoSuchExample, Flaky):
                    continue
                if self._differs(nginx, given):
                    self.outcome.found = self._seen
        if self.outcome.found is not None:
            self.outcome.found = self._with_less_configuration(self.outcome.found)
            self.outcome.found = replace(self.outcome.found, subrequests=self._answers)
        return self.outcome

    def _configurations(self) -> tuple[list[Conf], dict[Conf, str]]:
        """Configurations that CPython accepts, the small ones first, and those that it refuses,
        with its words."""
        accepted: dict[Conf, None] = {}
        refused: dict[Conf, str] = {}
        first = [Conf(), self._maker.enabled(False), self._maker.enabled(True)]
        for number in range(TRIES):
            conf = first[number] if number < len(first) else self._maker.any()
            if len(accepted) >= CONFIGURATIONS:
                break
            try:
                self._cpython.configured(self._given(conf))
                accepted[conf] = None
            except ConfRefused as error:
                if len(refused) < REFUSED:
                    refused[conf] = re.sub(r" in (?:http|server|location):\d+$", "", str(error))
        self.outcome.configurations = len(accepted) + len(refused)
        return sorted(accepted, key=lambda conf: conf.size), refused

    def _given(self, conf: Conf) -> Given:
        return Given(conf=conf.conf, server=conf.server, http=self._http)

    def _serving(self, confs: list[Conf]) -> InNginx:
        self._places = {conf: number for number, conf in enumerate(confs)}
        places = [self._cpython.place(self._given(conf)) for conf in confs]
        return InNginx(self._built, places, http=self._http, subrequests=tuple(self._answers))

    def _wrongly_judged(self, accepted: list[Conf], refused: dict[Conf, str]) -> bool:
        """Whether nginx thinks otherwise of a configuration; it is noted."""
        try:
            with self._serving(accepted):
                pass
        except ConfRefused:
            for conf in accepted:
                if words := self._refused_by_nginx(conf):
                    fault = f"nginx refuses it: {words}"
                    self.outcome.found = Found(self._given(conf), fault=fault)
                    return True
            raise
        for conf, words in refused.items():
            said = self._refused_by_nginx(conf)
            if said != words:
                fault = f"nginx refuses it: {said}" if said else "nginx accepts it"
                self.outcome.found = Found(self._given(conf), fault=fault, refused=words)
                return True
        return False

    def _refused_by_nginx(self, conf: Conf) -> str:
        place = Place(conf.conf, conf.server)
        try:
            with InNginx(self._built, [place], http=self._http, subrequests=tuple(self._answers)):
                return ""
        except ConfRefused as refused:
            return str(refused)

    def _differs(self, nginx: InNginx, given: Given) -> bool:
        for one in variants(given):
            self._seen = self._compared(nginx, one)
            if self._seen is not None:
                return True
        return False

    def _compared(self, nginx: InNginx, given: Given) -> Found | None:
        """What is not the same in one response; None if all is, or if it cannot be told."""
        if self._answers and self._under_cpython(nginx, given) is None:
            return None  # nginx has no place for such a subrequest, and would complain
        try:
            seen = self._in_nginx(nginx, given)
            wanted = self._under_cpython(nginx, given)
            if wanted is None:
                return None
            if list(differences(wanted, seen)):
                again = self._under_cpython(nginx, given)
                if again is None or list(differences(wanted, again)):
                    self._pass_over("CPython gives another response each time")
                    return None
                seen = self._in_nginx(nginx, given)
                wanted = self._under_cpython(nginx, given) or wanted
        except (NginxFault, TimeoutError) as fault:
            return Found(given, cpython=self._under_cpython(nginx, given), fault=str(fault))
        self.outcome.compared += 1
        different = tuple(differences(wanted, seen))
        return Found(given, different, wanted) if different else None

    def _under_cpython(self, nginx: InNginx, given: Given) -> Response | None:
        try:
            return self._cpython.respond(given, self._answers, nginx.own)
        except Exception as error:
            self._pass_over(f"it does not run under CPython: {type(error).__name__}: {error}")
            return None

    def _in_nginx(self, nginx: InNginx, given: Given) -> Response:
        conf = next(c for c in self._places if (c.conf, c.server) == (given.conf, given.server))
        found = nginx.respond(given, self._places[conf], self._answers)
        nginx.judge()
        return found

    def _pass_over(self, reason: str) -> None:
        reasons = self.outcome.passed_over
        reasons[reason] = reasons.get(reason, 0) + 1

    def _with_less_configuration(self, found: Found) -> Found:
        """The same difference with fewer directives, as far as one can be left out at a time."""
        conf = next(
            c for c in self._places if (c.conf, c.server) == (found.given.conf, found.given.server)
        )
        for smaller in conf.smaller():
            given = replace(found.given, conf=smaller.conf, server=smaller.server)
            try:
                self._cpython.configured(given)
                with self._serving([smaller]) as nginx:
                    less = self._compared(nginx, given)
            except ConfRefused:
                continue
            except NginxFault as fault:
                less = Found(given, cpython=found.cpython, fault=str(fault))
            if less is not None:
                return self._with_less_configuration(less)
        return found


def variants(given: Given) -> Iterator[Given]:
    """The response as it is; then in one piece of unknown length, in single bytes, and cut in two
    at some places."""
    yield given
    body = given.body
    if body and (given.known or len(given.pieces) > 1):
        yield replace(given, pieces=(body,), known=False)
    if 1 < len(body) <= SINGLE:
        yield replace(given, pieces=tuple(bytes([byte]) for byte in body), known=False)
        for at in range(1, len(body), max(1, len(body) // HALVES)):
            yield replace(given, pieces=(body[:at], body[at:]), known=False)
