"""``runtime/uni*.c``: what CPython's ``str`` knows of Unicode, as tables in C.

    python -m tests.unicode_tables          write the files, of this Python's Unicode

Everything is asked of `str` itself: a character's class is what ``isalpha`` and its like say of it,
its cases what ``lower`` and its like make of it. Characters that follow one another, or every other
one, are one entry, if the same number leads to their other case; what becomes several characters
is in a table of its own. Whether a character is ignored where a final sigma is looked for is seen
from what it does to one.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

RUNTIME = Path(__file__).resolve().parent.parent / "runtime"
CHARACTERS = [chr(c) for c in range(sys.maxunicode + 1) if not 0xD800 <= c <= 0xDFFF]
MARGIN = 79
PREFIX = "ngx_http_pyngx_uni"

NUMBERS: dict[str, Callable[[str], bool]] = {
    "decimal": str.isdecimal,
    "digit": str.isdigit,
    "numeric": str.isnumeric,
    "printable": str.isprintable,
}
NAMES: dict[str, Callable[[str], bool]] = {
    "first": str.isidentifier,
    "part": lambda c: ("a" + c).isidentifier(),
}
CLASSES: dict[str, Callable[[str], bool]] = {
    "alpha": str.isalpha,
    "is_lower": str.islower,
    "is_upper": str.isupper,
    "is_title": lambda c: unicodedata.category(c) == "Lt",
    "ignored": lambda c: ("A" + c + "Σ").lower()[-1] == "ς" != (" " + c + "Σ").lower()[-1],
}
CASES: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "title": str.title,
    "fold": str.casefold,
}


def runs(numbers: dict[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """First, last, step and the common value of numbers that follow each other so."""
    keys = sorted(numbers)
    at = 0
    while at < len(keys):
        first, end, step = keys[at], at, 1
        for tried in (1, 2):
            last = at
            while (
                last + 1 < len(keys)
                and keys[last + 1] - keys[last] == tried
                and numbers[keys[last + 1]] == numbers[first]
            ):
                last += 1
            if last > end:
                end, step = last, tried
        yield first, keys[end], step, numbers[first]
        at = end + 1


def _table(kind: str, name: str, entries: list[str]) -> str:
    return filled(f"static const {PREFIX}_{kind}_t  {PREFIX}_{name}[] = {{", entries)


def filled(head: str, entries: list[str]) -> str:
    """A table whose entries fill the lines."""
    lines = [head]
    line = "   "
    for i, entry in enumerate(entries):
        entry += "," if i + 1 < len(entries) else ""
        if len(line + " " + entry) > MARGIN:
            lines.append(line)
            line = "   "
        line += " " + entry
    return "\n".join([*lines, line, "};"])


def _classes(tests: dict[str, Callable[[str], bool]]) -> list[str]:
    tables = []
    for name, test in tests.items():
        members = {ord(c): 0 for c in CHARACTERS if test(c)}
        entries = [f"{{ {a:#x}, {b:#x}, {step} }}" for a, b, step, _ in runs(members)]
        tables.append(_table("range", name, entries))
    return tables


def classes() -> str:
    """The text of ``uniclass.c``."""
    return _file("Which characters are letters, and of which case.", _classes(CLASSES))


def numbers() -> str:
    """The text of ``uninumber.c``. The digits of each run of decimals are in order."""
    for first, last, step, _ in runs({ord(c): 0 for c in CHARACTERS if c.isdecimal()}):
        values = [unicodedata.decimal(chr(c)) for c in range(first, last + 1)]
        if step != 1 or values != [i % 10 for i in range(len(values))]:
            raise ValueError(f"digits from {first:#x} on are not in order")
    return _file("Which characters are digits, numbers, and to be printed.", _classes(NUMBERS))


def names() -> str:
    """The text of ``uniname.c``."""
    return _file("Which characters names of Python begin with, and have.", _classes(NAMES))


def cases() -> str:
    """The text of ``unicase.c``."""
    tables = []
    for name, change in CASES.items():
        changed = {c: change(c) for c in CHARACTERS if change(c) != c}
        single = {ord(c): ord(to) - ord(c) for c, to in changed.items() if len(to) == 1}
        entries = [f"{{ {a:#x}, {b:#x}, {step}, {by} }}" for a, b, step, by in runs(single)]
        tables.append(_table("shift", f"{name}_shifts", entries))
        several = {c: to.encode() for c, to in changed.items() if len(to) > 1}
        if max(map(len, several.values())) > 7 or any(
            len(to.encode()) > 3 * len(c.encode()) for c, to in changed.items()
        ):
            raise ValueError(f"a character grows more than the runtime knows in {name}")
        texts = [f'{{ {ord(c):#x}, "{escaped(to)}" }}' for c, to in several.items()]
        tables.append(_table("text", f"{name}_texts", texts))
    return _file("What the other cases of characters are.", tables)


def escaped(text: bytes) -> str:
    """The text of a literal of C."""
    return "".join(chr(b) if 0x20 < b < 0x7F and b not in b'"?\\' else f"\\{b:03o}" for b in text)


def _file(what: str, tables: list[str]) -> str:
    version = unicodedata.unidata_version
    head = f"\n/*\n * {what}\n * Of Unicode {version}, made by tests/unicode_tables.py.\n */"
    return "\n\n\n".join([head, *tables]) + "\n"


FILES: dict[str, Callable[[], str]] = {
    "uniclass.c": classes,
    "uninumber.c": numbers,
    "uniname.c": names,
    "unicase.c": cases,
}


def write(files: Mapping[str, Callable[[], str]]) -> None:
    """Write files of the runtime, each as its function makes it."""
    for name, text in files.items():
        (RUNTIME / name).write_text(text())


if __name__ == "__main__":
    write(FILES)
