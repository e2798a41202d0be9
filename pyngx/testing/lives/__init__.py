"""A filter in nginx, beside the same filter under CPython."""
