"""``docs/operations.md``, made from the rows: ``python -m tests.operations`` writes it.

A test compares the page with the rows. Where ``CI`` is set the page is not written, so that it
cannot be brought up to date by the run that is to find it out of date.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator

from pyngx.backend.runtime import items
from pyngx.ops import text as example_rows
from pyngx.ops.registry import UNSAID, Row
from pyngx.ops.table import TABLE
from pyngx.types import INT64_MAX
from tests.harness.builds import REPOSITORY

PAGE = REPOSITORY / "docs" / "operations.md"
EXAMPLE = "isascii"

_OPERATORS = {
    "operator.in_byte": "byte in s",
    "operator.in": "sub in s",
    "operator.in_list": "item in values",
    "operator.eq": "a == b",
    "operator.cmp": "a < b",
    "operator.repeat": "s * n",
    "operator.zeros": "bytes(n)",
    "operator.slice": "s[start:stop]",
    "operator.slice_step": "s[start:stop:step]",
    "operator.slice_by": "s[start:stop:n]",
    "operator.in_text": "sub in text",
    "operator.text_length": "len(text)",
    "operator.text_center": 'f"{text:^9}"',
    "operator.bytes_repr": 'f"{s!r}"',
    "operator.text_item": "text[index]",
    "operator.text_slice": "text[start:stop]",
    "operator.text_slice_step": "text[start:stop:step]",
    "operator.text_slice_by": "text[start:stop:n]",
    "operator.text_repeat": "text * n",
    "operator.characters": "list(text)",
    "operator.ord": "ord(text)",
    "operator.list_slice": "values[start:stop]",
    "operator.list_slice_step": "values[start:stop:step]",
    "operator.list_slice_by": "values[start:stop:n]",
    "operator.list_of_bytes": "list(s)",
    "operator.bytes_of_list": "bytes(values)",
    "operator.list_indices": "list(range(len(values)))",
    "operator.list_order_numbers": "sorted(values, key=number)",
    "operator.list_order_bytes": "sorted(values, key=text)",
    "operator.list_repeat": "values * n",
    "operator.list_concat": "values + other",
    "operator.list_cmp_numbers": "numbers < other",
    "operator.list_cmp_bytes": "texts < other",
    "list.count_numbers": "values.count(number)",
    "list.count_bytes": "values.count(text)",
    "list.index_numbers": "values.index(number)",
    "list.index_bytes": "values.index(text)",
    "tuple.index_numbers": "TABLE.index(number)",
    "tuple.index_bytes": "TABLE.index(text)",
    "float.lost": "what total + x loses",
    "float.summed": "sum(floats)",
    "list.remove_numbers": "values.remove(number)",
    "list.remove_bytes": "values.remove(text)",
    "operator.list_pick": "[values[i] for i in order]",
    "operator.range_count": "len(range(start, stop, step))",
    "operator.range_item": "range(start, stop, step)[i]",
    "operator.ascii_bytes": "text where bytes of ASCII are taken",
    "str.translate": "text.translate(TABLE)",
    "bytes.decode": "s.decode()",
    "bytes.decode[encoding]": "s.decode(encoding, errors)",
    "str.encode": "s.encode()",
    "str.encode[encoding]": "s.encode(encoding, errors)",
    "bytes.fromhex": "bytes.fromhex(string)",
    "int.from_bytes": "int.from_bytes(bytes, byteorder='big', signed=False)",
    "int.to_bytes": "n.to_bytes(length=1, byteorder='big', signed=False)",
    "hmac.compare_digest[str]": "hmac.compare_digest(text, text)",
    "int.parse_base": "int(s, base)",
    "int.parse": "int(s)",
    "int.parse_text": "int(text, base=10)",
    "int(time.time)": "int(time.time())",
    "float.to_int": "int(x)",
    "float.round": "round(x)",
    "float.round(2)": "round(x, ndigits)",
    "float.parse": "float(s)",
    "float.parse_text": "float(text)",
    "float.abs": "abs(x)",
    "float.min": "min(x, y)",
    "float.max": "max(x, y)",
    "operator.float_pow": "x ** y",
    "operator.whole": '"%d" % x',
    "struct.unpack": "struct.unpack(format, data)",
    "struct.unpack_from": "struct.unpack_from(format, data, offset=0)",
    "struct.unpack[I]": "struct.unpack(format, data)[i], an integer",
    "struct.unpack[Q]": "struct.unpack(format, data)[i], of 64 bits without a sign",
    "struct.pack[s]": "struct.pack(format, …) of bytes",
    "struct.pack[c]": "struct.pack(format, …) of one byte",
    "hash.digest_size": "h.digest_size",
    "list.del": "del values[index]",
    "variables.get": "r.variables.get(name)",
    "variables.set": "r.variables[name] = value",
    "headers_out.set": "r.headers_out[name] = value",
    "headers_out.del": "del r.headers_out[name]",
    "complex.value": "conf.field.value(r)",
}
"""Operations that are not written as a call of their name."""

_RESULTS = {
    "strings": "list[bytes]",
    "texts": "list[str]",
    "hash": "a hash",
    "pairs": "list[tuple[bytes, bytes]]",
    "bytes?": "bytes | None",
    "none": "None",
}

_RESULTS_OF = {"operator.cmp": "bool", "operator.whole": "str"}
"""What an operation gives whose row is one step of it."""

_SECTIONS = (
    ("Methods of bytes", ("bytes.",)),
    ("Methods of str", ("str.",)),
    ("Operators and builtins", ("operator.", "int.", "list.", "tuple.", "float.")),
    (
        "The standard library",
        (
            "hashlib.",
            "hash.",
            "hmac.",
            "zlib.",
            "struct.",
            "base64.",
            "binascii.",
            "html.",
            "urllib.",
            "int(time",
            "email.",
            "random.",
            "math.",
            "time.",
            "secrets.",
        ),
    ),
    ("The request", ("request.", "headers_", "variables.", "complex.")),
)

_HEAD = """# Operations

What a filter can call, on what, and what comes out: made from the operations table in
`pyngx/ops/`, which the compiler reads too, and checked against it by a test. Results and errors
are CPython's: what bytes and the library do is compared with it on generated arguments, of
`random` and `secrets` the bounds and the lengths. *Memory* says that the result takes memory of
the request. What CPython's own tests say of them is in [cpython-tests.md](cpython-tests.md).

What Python takes by name is taken by name. What is not here is refused, with the place.
"""

_NOTES = """
## How they differ from a whole CPython

* `partition` and `rpartition` give views without taking memory: unpack them at once, or take one:
  `s.partition(b"=")[2]`.
* `split`, `rsplit`, `splitlines` and comprehensions make lists that live as long as the request.
* `join` takes such a list, or, of a constant, values written in place: `b", ".join((a, b))`.
* `encode` and `decode` know UTF-8, ASCII and Latin-1; errors are `strict`, `replace` or `ignore`.
* A `str` is kept in UTF-8 and counts characters as in Python, so that `len`, an index, a slice and
  the position that `find` gives take time in proportion to the text. `for ch in text` makes a list
  of the characters.
* Letters, digits and their cases are those of Unicode 14.0, CPython 3.11's.
* A hash lives as long as the request: made before the loop of a body filter it goes on from buffer
  to buffer. In the loop `hashlib.sha256(data).hexdigest()` and its like take no memory.
* `time.time()` is nginx's clock, which moves once an event loop, in steps of a millisecond.
  `formatdate(time.time(), usegmt=True)` takes it, but no other float.
* `int(x)`, `round(x)`, `math.floor(x)` and their like give integers of 64 bits; of a float that is
  more they are an `OverflowError`.
* `x ** y` of a negative `x` and a `y` with a fraction, a complex number in CPython, is a
  `ValueError`.
* `parsedate_to_datetime(text).timestamp()` takes names and numbers in ASCII, other letters and
  digits are a `ValueError`. A date without a zone is of the machine's one, as in Python.
* The functions of `math` are those of the machine's libm, as CPython's are. A module that uses
  them, or `//`, `%` and `**` of floats, is linked with it.
* The formats of `struct` are constants, of integers, `?`, `c`, `s` and `x`; a `struct.Struct` of
  module level is used with its methods `pack`, `unpack` and `unpack_from`. What is unpacked is a
  tuple whose bytes are views. An integer that is packed and does not fit is a `struct.error`, one
  of 64 bits that is unpacked and does not fit in the language's integers an `OverflowError`.
* `random` is nginx's `random()`; `secrets` reads `/dev/urandom`.
* `zlib.adler32` takes for `value` what it gave before.
"""

_THREE = """
## Adding an operation is three edits

`{name}` is one: a row, a function, a case. The compiler, its messages, prototypes and this page
follow.

1. The row, in `pyngx/ops/`:

```text
{row}
```

2. The function, in `runtime/`:

```c
{function}
```

3. The case: a line of `tests/language/test_expressions.py`, which is run over many values in
   nginx and in CPython:

```text
{case}
```

If it is a function without a request, `tests/runtime/calls.c` names it for a test on thousands of
arguments:

```c
{call}
```
"""


def page() -> str:
    """The text of the page."""
    lines = [_HEAD]
    rows = [row for row in TABLE.all() if not row.name.endswith(("[1]", "[2]"))]
    for title, prefixes in _SECTIONS:
        lines += [
            f"\n## {title}\n",
            "| Operation | Result | Errors | Memory |",
            "|---|---|---|---|",
        ]
        chosen = [row for row in rows if row.name.startswith(prefixes)]
        rows = [row for row in rows if row not in chosen]
        lines += sorted(map(_line, chosen))
    if rows:
        raise ValueError(f"rows of no section: {[row.name for row in rows]}")
    return "\n".join(lines) + "\n" + _NOTES + _example()


def _line(row: Row) -> str:
    result = _RESULTS_OF.get(row.name) or _RESULTS.get(row.result, row.result)
    if row.name.endswith("[0]"):
        result = f"tuple[{result}, {result}, {result}]"
    errors = ", ".join(dict.fromkeys(f"`{failure.exception}`" for failure in row.failures))
    cells = (f"`{spelling(row)}`", f"`{result}`".replace("|", "\\|"), errors)
    return "| " + " | ".join(cells) + f" | {'yes' if row.allocates else ''} |"


def spelling(row: Row) -> str:
    """The operation as an author writes it."""
    if row.name in _OPERATORS:
        return _OPERATORS[row.name]
    if row.name.startswith("hmac.new("):
        hash_, _, method = row.name.removeprefix("hmac.new(").partition(")")
        return f"hmac.new(key, msg=b'', digestmod='{hash_}'){method}{'()' * bool(method)}"
    params = list(_params(row))
    if ")." in row.name:
        maker, _, method = row.name.partition("().")
        return f"{maker}({', '.join(params)}).{method}()"
    receiver, _, method = row.spoken.rpartition(".")
    if receiver in ("bytes", "str", "hash"):
        owner = params.pop(0)
    else:
        owner = {"request": "r"}.get(receiver, receiver)
        owner = f"r.{owner}" if owner.startswith("headers") else owner
    return f"{owner}.{method}({', '.join(params)})"


def _params(row: Row) -> Iterator[str]:
    for name, kind in zip(row.param_names, row.param_types, strict=True):
        default = row.default(name)
        if kind == "true":
            yield f"{name}=True"
        elif kind in UNSAID:
            yield f"{name}=False"
        elif default is None:
            yield name
        else:
            yield f"{name}={_default(kind, default)}"


def _default(kind: str, default: int | bytes | str) -> str:
    if isinstance(default, str):
        return "time.time()"
    if isinstance(default, bytes):
        return repr(default.decode() if kind == "str" else default)
    if kind in ("bytes?", "str?"):
        return "None"
    if kind == "bool":
        return str(bool(default))
    return "len(s)" if default == INT64_MAX else str(default)


def _example() -> str:
    """The three edits as they stand in the sources."""
    assert example_rows.__file__ is not None
    with open(example_rows.__file__) as file:
        source = file.read()
    row = next(
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and ast.unparse(node).startswith(f"Row('bytes.{EXAMPLE}'")
    )
    function = next(i.text for i in items() if i.names == (f"ngx_http_pyngx_bytes_{EXAMPLE}",))
    cases = (REPOSITORY / "tests/language/test_expressions.py").read_text().splitlines()
    calls = (REPOSITORY / "tests/runtime/calls.c").read_text().splitlines()
    return _THREE.format(
        name=f"bytes.{EXAMPLE}",
        row=row.replace("'", '"'),
        function=function,
        case=next(line for line in cases if line.endswith(f".{EXAMPLE}()")),
        call=next(line for line in calls if line.endswith(f"({EXAMPLE})")),
    )


def main() -> int:
    """Write the page."""
    if os.environ.get("CI"):
        print("docs/operations.md is written by its author, not in CI", file=sys.stderr)
        return 1
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
