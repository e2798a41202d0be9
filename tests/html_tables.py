"""``runtime/entities*.c``: the names of HTML's characters, as CPython's ``html`` has them.

python -m tests.html_tables          write the files
"""

from __future__ import annotations

from collections.abc import Callable
from html.entities import html5

from tests.harness.builds import REPOSITORY
from tests.unicode_tables import escaped, filled, write

RUNTIME = REPOSITORY / "runtime"
PREFIX = "ngx_http_pyngx_html"
SMALL, MORE = "a", "m"


def _table(name: str, names: list[str]) -> str:
    head = f"static const {PREFIX}_entity_t  {PREFIX}_{name}[] = {{"
    entries = [f'{{ "{n}", "{escaped(html5[n].encode())}" }}' for n in names]
    return filled(head, entries)


def _file(what: str, name: str, names: list[str]) -> str:
    return f"\n/*\n * {what}\n * Made by tests/html_tables.py.\n */\n\n\n{_table(name, names)}\n"


def capital() -> str:
    """The names that begin with a capital."""
    names = sorted(n for n in html5 if n < SMALL and n.endswith(";"))
    return _file("Characters of HTML whose names begin with a capital.", "capital", names)


def small() -> str:
    """The names that begin with a small letter up to l."""
    names = sorted(n for n in html5 if SMALL <= n < MORE and n.endswith(";"))
    return _file("Characters of HTML whose names begin with a to l.", "small", names)


def more() -> str:
    """The names that begin with another small letter."""
    names = sorted(n for n in html5 if n >= MORE and n.endswith(";"))
    return _file("Characters of HTML whose names begin with m to z.", "more", names)


def bare() -> str:
    """The names that need no semicolon."""
    names = sorted(n for n in html5 if not n.endswith(";"))
    if not all(2 <= len(n) <= 6 for n in names) or any(len(n) < 2 for n in html5):
        raise ValueError("names without a semicolon are of other lengths than the runtime knows")
    return _file("Characters of HTML whose names need no semicolon.", "bare", names)


FILES: dict[str, Callable[[], str]] = {
    "entcapital.c": capital,
    "entsmall.c": small,
    "entmore.c": more,
    "entbare.c": bare,
}


if __name__ == "__main__":
    write(FILES)
