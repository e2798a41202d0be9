"""Numbers, sizes and times as nginx reads them in its configuration."""

from __future__ import annotations

import math
import re

from pyngx.testing.integers import HIGH

_SIZES = {"k": 1 << 10, "K": 1 << 10, "m": 1 << 20, "M": 1 << 20}
_OFFSETS = {**_SIZES, "g": 1 << 30, "G": 1 << 30}
_STEPS = ("y", "M", "w", "d", "h", "m", "s", "ms")
_SECONDS = {
    "y": 365 * 86400,
    "M": 30 * 86400,
    "w": 7 * 86400,
    "d": 86400,
    "h": 3600,
    "m": 60,
    "s": 1,
}


def number(text: str) -> int | None:
    """Digits and nothing else; None if it is no number or too large."""
    if not text or not text.isascii() or not text.isdigit():
        return None
    value = int(text)
    return value if value <= HIGH else None


def decimal(text: str) -> float | None:
    """A number with or without a point, which may be negative."""
    if re.fullmatch(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)", text) is None:
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def size(text: str, units: dict[str, int] = _SIZES) -> int | None:
    """A number with ``k`` or ``m``."""
    scale = units.get(text[-1:], 1)
    value = number(text[:-1] if text[-1:] in units else text)
    return None if value is None or value * scale > HIGH else value * scale


def offset(text: str) -> int | None:
    """A number with ``k``, ``m`` or ``g``."""
    return size(text, _OFFSETS)


def time(text: str, seconds: bool) -> int | None:
    """A time such as ``1h 30m``, in seconds or in milliseconds; units from large to small."""
    total, at, step = 0, 0, -1
    scale = 1 if seconds else 1000
    if not text:
        return None
    while at < len(text):
        end = at
        while end < len(text) and text[end].isascii() and text[end].isdigit():
            end += 1
        value = number(text[at:end])
        if value is None:
            return None
        unit = "ms" if text.startswith("ms", end) else text[end : end + 1]
        if unit in ("", " "):
            unit, at = "s", end  # without a unit it is seconds, also of a time in milliseconds
        else:
            at = end + len(unit)
        if unit not in _STEPS or (unit == "ms" and seconds) or _STEPS.index(unit) <= step:
            return None
        step = _STEPS.index(unit)
        total += value if unit == "ms" else value * _SECONDS[unit] * scale
        while at < len(text) and text[at] == " ":
            at += 1
    return total if total <= HIGH else None
