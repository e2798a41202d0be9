"""Interval arithmetic: what values an integer expression can have.

The results are exact hulls, in unbounded integers; whether they fit is asked by the caller.
"""

from __future__ import annotations

from pyngx.types import FULL, Range


def _hull(values: list[int]) -> Range:
    return Range(min(values), max(values))


def unary(op: str, a: Range) -> Range:
    """The range of ``-a``, ``+a`` or ``~a``."""
    match op:
        case "-":
            return Range(-a.hi, -a.lo)
        case "~":
            return Range(~a.hi, ~a.lo)
        case _:
            return a


def binary(op: str, a: Range, b: Range) -> Range:
    """The range of ``a op b`` where it is defined (no zero divisor, no negative shift)."""
    match op:
        case "+":
            return Range(a.lo + b.lo, a.hi + b.hi)
        case "-":
            return Range(a.lo - b.hi, a.hi - b.lo)
        case "*":
            return _hull([x * y for x in (a.lo, a.hi) for y in (b.lo, b.hi)])
        case "//":
            return _floordiv(a, b)
        case "%":
            return _mod(a, b)
        case "&":
            return _and(a, b)
        case "|" | "^":
            if a.lo >= 0 and b.lo >= 0:
                bits = max(a.hi.bit_length(), b.hi.bit_length())
                return Range(0, (1 << bits) - 1)
            return FULL
        case "<<":
            hi = min(max(b.hi, 0), 128)
            lo = min(max(b.lo, 0), 128)
            return _hull([x << s for x in (a.lo, a.hi) for s in (lo, hi)])
        case ">>":
            hi = min(max(b.hi, 0), 128)
            lo = min(max(b.lo, 0), 128)
            return _hull([x >> s for x in (a.lo, a.hi) for s in (lo, hi)])
        case "**":
            return _power(a, b)
        case _:
            return FULL


def _divisors(b: Range) -> list[int]:
    candidates = {b.lo, b.hi}
    if b.lo <= -1 <= b.hi:
        candidates.add(-1)
    if b.lo <= 1 <= b.hi:
        candidates.add(1)
    candidates.discard(0)
    return sorted(candidates)


def _floordiv(a: Range, b: Range) -> Range:
    divisors = _divisors(b)
    if not divisors:
        return FULL
    return _hull([x // y for x in (a.lo, a.hi) for y in divisors])


def _mod(a: Range, b: Range) -> Range:
    if b.lo > 0:
        if a.lo >= 0 and a.hi < b.lo:
            return a
        return Range(0, b.hi - 1)
    if b.hi < 0:
        return Range(b.lo + 1, 0)
    return Range(min(b.lo + 1, 0), max(b.hi - 1, 0))


def _and(a: Range, b: Range) -> Range:
    if a.lo >= 0 and b.lo >= 0:
        return Range(0, min(a.hi, b.hi))
    if a.lo >= 0:
        return Range(0, a.hi)
    if b.lo >= 0:
        return Range(0, b.hi)
    return FULL


def _power(a: Range, b: Range) -> Range:
    if b.lo < 0 or b.hi > 64:
        return Range(-(2**200), 2**200)
    values = [x**n for x in (a.lo, a.hi) for n in (b.lo, b.hi)]
    if a.lo < 0:
        values += [-abs(v) for v in values] + [abs(v) for v in values]
    if a.lo <= 0 <= a.hi:
        values += [0, 1]
    return _hull(values)
