"""Configurations of a filter file, made of its directives: from their types, their bounds, and the
words of the file."""

from __future__ import annotations

import enum
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pyngx import NO_DEFAULT, Directive
from pyngx.testing.conf import Known, directives
from pyngx.testing.lives.words import Words
from pyngx.testing.loading import Filter, model
from pyngx.types import (
    FULL,
    Bool,
    Bufs,
    Bytes,
    ComplexValue,
    Enum,
    Int,
    List,
    MimeTypes,
    Optional,
    Str,
    Tuple,
    Type,
)

SUBREQUESTS = ("/one", "/two")
"""What a filter that makes subrequests may ask for."""
_UNITS = {"size_t": ("", "k"), "off_t": ("", "k"), "time_t": ("", "m"), "ngx_msec_t": ("ms", "s")}
_NUMBERS = (0, 1, 2, 3, 7, 8, 10, 16, 64, 100, 255, 256, 1000, 4096)


@dataclass(frozen=True)
class Conf:
    """A configuration: the directives of a location and of its server."""

    inner: tuple[str, ...] = ()
    outer: tuple[str, ...] = ()

    @property
    def conf(self) -> str:
        """The text of the location."""
        return " ".join(self.inner)

    @property
    def server(self) -> str:
        """The text of the server."""
        return " ".join(self.outer)

    @property
    def size(self) -> int:
        """How much there is to read."""
        return len(self.conf) + len(self.server)

    def smaller(self) -> Iterator[Conf]:
        """This without one of its directives."""
        for at, _ in enumerate(self.inner):
            yield Conf((*self.inner[:at], *self.inner[at + 1 :]), self.outer)
        for at, _ in enumerate(self.outer):
            yield Conf(self.inner, (*self.outer[:at], *self.outer[at + 1 :]))


class Maker:
    """Makes configurations at random; what comes out follows from the seed."""

    def __init__(self, loaded: Filter, words: Words, output: str | None, seed: int) -> None:
        """``output`` is the name of the directive that the compiler adds for output buffers."""
        self._chance = random.Random(seed)
        self._words = words
        self._known = directives(loaded.classes, model())
        self._variables = tuple(loaded.variable_directives)
        self._output = output

    def enabled(self, full: bool) -> Conf:
        """Every flag on; with ``full`` also each other directive that has no default, or None."""
        chosen = []
        for known in self._known.values():
            default = known.directive.default
            if known.contexts == ("http",):
                continue
            if _is_flag(known):
                chosen.append((known, "on"))
            elif full and (default is NO_DEFAULT or default is None):
                chosen.append((known, self._value(known)))
        named = [f"{name} $own_{number};" for number, name in enumerate(self._variables)]
        return self._texts(chosen, named)

    def http(self) -> str:
        """Directives that stand in ``http`` only."""
        only = [k for k in self._known.values() if k.contexts == ("http",)]
        return " ".join(f"{k.directive.name} {self._value(k)};" for k in only)

    def any(self) -> Conf:
        """Some directives with some values; a flag is mostly on."""
        chosen = []
        share = self._chance.choice((0.3, 0.6, 0.9))
        for known in self._known.values():
            if known.contexts == ("http",):
                continue
            if _is_flag(known):
                if self._chance.random() < 0.9:
                    chosen.append((known, "off" if self._chance.random() < 0.1 else "on"))
            elif self._chance.random() < share:
                chosen += [(known, self._value(known)) for _ in range(self._times(known))]
        more = [f"{name} $own_{number};" for number, name in enumerate(self._variables)]
        if self._output is not None and self._chance.random() < 0.3:
            number, size = self._chance.choice((1, 2, 4)), self._chance.choice((64, 256, 1000))
            more.append(f"{self._output} {number} {size};")
        return self._texts(chosen, more)

    def _texts(self, chosen: Sequence[tuple[Known, str]], more: Sequence[str]) -> Conf:
        inner, outer = list(more), list[str]()
        for known, value in chosen:
            text = f"{known.directive.name} {value};"
            (inner if "location" in known.contexts else outer).append(text)
        return Conf(tuple(inner), tuple(outer))

    def _times(self, known: Known) -> int:
        return self._chance.choice((1, 1, 2, 3)) if isinstance(known.type, List) else 1

    def _value(self, known: Known) -> str:
        return self._of_type(known.type, known.directive)

    def _of_type(self, type_: Type, directive: Directive) -> str:
        chance = self._chance
        match type_:
            case Optional(inner):
                return self._of_type(inner, directive)
            case Bool():
                return chance.choice(("on", "off"))
            case Int():
                return self._number(type_, directive)
            case Enum(cls) if issubclass(cls, enum.Flag):
                names = [name.lower() for name in cls.__members__]
                return " ".join(chance.sample(names, chance.randint(1, len(names))))
            case Enum(cls):
                return chance.choice([name.lower() for name in cls.__members__])
            case Bufs():
                return f"{chance.choice((1, 2, 8))} {chance.choice(('16', '100', '4k'))}"
            case MimeTypes():
                return chance.choice(("*", "*", "text/html", "text/plain application/json"))
            case ComplexValue():
                return self._complex()
            case List(Tuple(items)):
                return " ".join(self._of_type(item, _ANY) for item in items)
            case List(item):
                return " ".join(self._of_type(item, _ANY) for _ in range(chance.randint(1, 3)))
            case Bytes() | Str():
                return self._text()
            case _:
                return str(chance.choice(_NUMBERS))

    def _number(self, type_: Int, directive: Directive) -> str:
        low, high = directive.min, directive.max
        if type_.range != FULL:
            low = type_.range.lo if low is None else low
            high = type_.range.hi if high is None else high
        low = int(max(0, low or 0))
        bounds = [low, low + 1, *([int(high)] if high is not None else [])]
        near = [n for n in (*_NUMBERS, *self._words.numbers) if low <= n]
        near = [n for n in near if high is None or n <= high]
        number = self._chance.choice([*bounds, *near])
        unit = self._chance.choice(_UNITS.get(type_.c, ("",)))
        return f"{number}{unit}" if number < 10_000 else str(number)

    def _text(self) -> str:
        if self._words.subrequests and self._chance.random() < 0.8:
            return self._chance.choice(SUBREQUESTS)
        words = [word for word in self._words.literals if _plain(word)]
        own: tuple[Callable[[], str], ...] = (
            lambda: _plain_text(self._chance.choice(words)) if words else "word",
            lambda: self._chance.choice(("a", "<b>", "x y", "text", "-", "/", "A=1", "é")),
            lambda: str(self._chance.choice((*_NUMBERS, *self._words.numbers))),
        )
        return quoted(self._chance.choice(own)().replace("$", ""))

    def _complex(self) -> str:
        names = [b"arg_" + name for name in self._words.args if name.isalnum()]
        shown = [n.decode("latin-1") for n in names] + ["uri", "arg_a", "http_x_a", "status"]
        variable = f"${self._chance.choice(shown)}"
        text = self._text()
        if self._words.subrequests:
            return text
        return self._chance.choice((text, variable, f'"{text.strip(chr(34))}-{variable}"'))


_ANY = Directive("")


def _is_flag(known: Known) -> bool:
    return isinstance(known.type, Bool)


def _plain(word: bytes) -> bool:
    return word.isascii() and all(32 <= byte < 127 for byte in word) and b"$" not in word


def _plain_text(word: bytes) -> str:
    return word.decode("ascii")


def quoted(text: str) -> str:
    """A text as one argument of a directive."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
