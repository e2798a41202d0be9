"""Testing a filter with plain pytest, without nginx: `simulate` runs the file under CPython."""

from __future__ import annotations

from pyngx.testing.body import every_cut
from pyngx.testing.reading import ConfRefused
from pyngx.testing.simulation import Failure, Response, simulate

__all__ = ["ConfRefused", "Failure", "Response", "every_cut", "simulate"]
