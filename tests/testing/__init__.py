"""Tests of ``pyngx.testing``."""
