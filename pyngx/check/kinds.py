"""Kinds of functions, and why one is checked again."""

from __future__ import annotations

from enum import Enum, auto


class Kind(Enum):
    """What a function is for; it decides what may stand in it."""

    HEADER = auto()
    STREAM = auto()
    CHAIN = auto()
    VARIABLE = auto()
    VALIDATE = auto()
    HELPER = auto()


def is_header_result(code: int) -> bool:
    """Whether a header filter may return this: NGX_OK, NGX_ERROR, NGX_DECLINED, or a status whose
    page replaces the response."""
    return code in (0, -1, -5, 201, 204) or 300 <= code <= 599


class Widened(Exception):
    """A local turned out to hold a wider type: the function is checked again with it."""
