"""CPython's own tests as a judge of what filters compute.

They are not copied. `rewrite` loads the installed Python's ``test`` package so that every call and
every operator in it passes a recorder, `record` runs it in a process of its own, `shapes` writes
what was recorded as expressions of a filter, and `test_cases` makes these calls in nginx.
"""
