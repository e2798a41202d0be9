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


class Widened(Exception):
    """A local turned out to hold a wider type: the function is checked again with it."""
