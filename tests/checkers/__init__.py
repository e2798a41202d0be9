"""Filter files before type checkers: what is right passes, what is wrong is seen."""
