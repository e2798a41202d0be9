"""The codes of the front end, each with its title.

One row per kind of refusal. A test fails on a row that no case uses and on a code that has no row.
"""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, str]] = {
    # the file
    "PNX001": "the file cannot be read",
    "PNX002": "no module name",
    "PNX003": "syntax error",
    "PNX004": "nested too deeply",
    "PNX005": "the target nginx has no such name",
    "PNX006": "pyngx has no such name",
    "PNX007": "the file raises when it is imported",
    "PNX008": "the file exits when it is imported",
    "PNX009": "the name of one of nginx's own modules",
    "PNX010": "two header filters",
    "PNX011": "two body filters",
    "PNX012": "two configuration classes of one kind",
    "PNX013": "two request contexts",
    "PNX014": "nothing to compile",
    "PNX015": "defined twice",
    "PNX016": "an annotation cannot be evaluated",
    "PNX017": "not a function that can be read",
    "PNX018": "star import",
    "PNX019": "two functions for one variable",
    "PNX020": "wrong arguments of module()",
    "PNX021": "a warning of Python's",
    # not in the language
    "PNX030": "async",
    "PNX031": "function in a function",
    "PNX032": "lambda",
    "PNX033": "class in a function",
    "PNX034": "global and nonlocal",
    "PNX035": "*args and **kwargs",
    "PNX036": "keyword-only parameter",
    "PNX037": "default value of a parameter",
    "PNX038": "unknown decorator",
    "PNX039": "import in a function",
    "PNX040": "with",
    "PNX041": "del of something other than a header",
    "PNX042": "star expression",
    "PNX043": "set or dict",
    "PNX044": "code that looks at code",
    "PNX045": "print",
    "PNX046": "a call that blocks",
    "PNX047": "yield outside a body filter",
    "PNX048": "yield as a value",
    "PNX049": "type comment",
    "PNX050": "closure",
    "PNX051": "yield without a value",
    "PNX052": "complex number",
    "PNX053": "matrix multiplication",
    # in the language, not spoken by this version
    "PNX060": "try is not compiled yet",
    "PNX061": "comprehensions are not compiled yet",
    "PNX062": "generator expressions are not compiled yet",
    "PNX063": "match is not compiled yet",
    "PNX064": "float is not compiled yet",
    "PNX065": "else of a loop is not compiled yet",
    "PNX066": "assert is not compiled yet",
    "PNX067": "slices with a step are not compiled yet",
    "PNX068": "raise is not compiled yet",
    # the commands
    "PNX090": "the output cannot be written",
    "PNX091": "nginx or its headers cannot be used",
    "PNX092": "two files with one module name",
    "PNX099": "a bug in pyngx",
}
