"""Helpers that a filter file imports."""

LIMIT = 3


def clip(data: bytes, size: int) -> bytes:
    """At most ``size`` bytes."""
    return data[:size] if size < LIMIT else data


def digits(n: int) -> int:
    count = 0
    while n > 0:
        n //= 10
        count += 1
    return count


def checked(n: int) -> int:
    return digits(100 // n)
