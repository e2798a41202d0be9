"""C identifiers: the author's names kept where C allows it.

A name gets a trailing underscore if it is a keyword of C, a macro or type of the headers, begins
as nginx's own names or the compiler's do, or is that of a function which nginx's macros call; it
gets a number if another variable has it already; letters that C does not have are spelled by
their number.
"""

from __future__ import annotations

from pyngx.headers import NginxModel

_RESERVED = frozenset(
    [
        "auto",
        "break",
        "case",
        "char",
        "const",
        "continue",
        "default",
        "do",
        "double",
        "else",
        "enum",
        "extern",
        "float",
        "for",
        "goto",
        "if",
        "inline",
        "int",
        "long",
        "register",
        "restrict",
        "return",
        "short",
        "signed",
        "sizeof",
        "static",
        "struct",
        "switch",
        "typedef",
        "union",
        "unsigned",
        "void",
        "volatile",
        "while",
        "asm",
        "typeof",
        "linux",
        "unix",
        "i386",
        "main",
        "memchr",
        "memcmp",
        "memcpy",
        "memmove",
        "memset",
        "strchr",
        "strcmp",
        "strlen",
        "strncmp",
        "strstr",
    ]
)


def identifier(name: str) -> str:
    """``name`` in the letters that C has."""
    spelled = "".join(c if c.isascii() else f"u{ord(c):04x}" for c in name)
    return spelled + "_" if spelled in _RESERVED else spelled


class Names:
    """The names of one scope."""

    def __init__(self, model: NginxModel, taken: frozenset[str] = frozenset()) -> None:
        self._model = model
        self._taken = set(taken)

    def claim(self, name: str) -> str:
        """A C name for ``name`` that nothing else has in this scope."""
        wanted = identifier(name)
        used = self._model.macro(wanted) or self._model.type(wanted) is not None
        if used or wanted.startswith(("ngx_", "__")):
            wanted += "_"
        found = wanted
        number = 2
        while found in self._taken:
            found = f"{wanted}{number}" if not wanted.endswith("_") else f"{wanted}_"
            number += 1
            if wanted.endswith("_"):
                wanted = found
        self._taken.add(found)
        return found
