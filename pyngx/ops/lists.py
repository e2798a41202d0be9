"""Operations of lists that a function has made; rows only."""

from __future__ import annotations

from pyngx.ops.registry import Failure, Form, Passes, Row, said
from pyngx.types import INT64_MAX, LENGTH, Range

_P = "ngx_http_pyngx_list_"


def _change(name: str, params: tuple[str, ...] = (), failure: str = "") -> Row:
    """A method that changes the list in place."""
    failures = (Failure("NGX_DECLINED", "IndexError", failure),) if failure else ()
    return Row(
        f"list.{name}",
        ("values: list", *params),
        "none",
        _P + name,
        Form.EFFECT,
        failures=failures,
    )


def _search(kind: str, item: str) -> tuple[Row, ...]:
    """Operations that look for an item."""
    text = "ngx_http_pyngx_message_absent" + ("_number" if item == "int" else "")
    absent = (Failure("NGX_DECLINED", "ValueError", "the item is not in list", text),)
    outside = (Failure("NGX_DECLINED", "ValueError", said(lambda: (2,).index(1))),)
    unremoved = (Failure("NGX_DECLINED", "ValueError", said(lambda: [2].remove(1))),)
    operands = ("values: list", f"value: {item}")
    c = f"{_P}index_{kind}"
    return (
        Row(f"list.count_{kind}", operands, "int", f"{_P}count_{kind}", Form.VALUE, range=LENGTH),
        Row(f"list.index_{kind}", operands, "int", c, Form.OUT, failures=absent, range=LENGTH),
        Row(f"tuple.index_{kind}", operands, "int", c, Form.OUT, failures=outside, range=LENGTH),
        Row(
            f"list.remove_{kind}",
            operands,
            "none",
            f"{_P}remove_{kind}",
            Form.EFFECT,
            failures=unremoved,
        ),
        Row(
            f"operator.list_cmp_{kind}",
            ("a: list", "b: list"),
            "int",
            f"{_P}cmp_{kind}",
            Form.VALUE,
            range=Range(-1, 1),
        ),
    )


def _made(name: str, params: tuple[str, ...], *failures: tuple[str, str, str]) -> Row:
    """An operation that gives a new list."""
    return Row(
        f"operator.list_{name}",
        ("values: list", *params),
        "list",
        _P + name,
        Form.OUT,
        Passes.POOL,
        allocates=True,
        failures=tuple(Failure(*found) for found in failures),
    )


ROWS = (
    _change("del", ("index: int",), "list assignment index out of range"),
    _change("clear"),
    _change("reverse"),
    _change("sort_numbers", ("reverse: bool",)),
    _change("sort_bytes", ("reverse: bool",)),
    Row(
        "list.sort_floats",
        ("values: list", "reverse: bool"),
        "none",
        _P + "sort_floats",
        Form.EFFECT,
        allocates=True,
    ),
    Row(
        "list.extend",
        ("values: list", "iterable: list"),
        "none",
        _P + "extend",
        Form.EFFECT,
        allocates=True,
    ),
    _made("slice", ("start: int", "stop: int")),
    _made("slice_step", ("start: int", "stop: int", "step: int")),
    _made(
        "slice_by",
        ("start: int", "stop: int", "step: int", "left_out: int"),
        ("NGX_DECLINED", "ValueError", "slice step cannot be zero"),
    ),
    _made("sorted_numbers", ("reverse: bool",)),
    _made("sorted_bytes", ("reverse: bool",)),
    _made("sorted_floats", ("reverse: bool",)),
    _made("indices", ()),
    _made("order_numbers", ("keys: list", "reverse: bool")),
    _made("order_bytes", ("keys: list", "reverse: bool")),
    _made("order_floats", ("keys: list", "reverse: bool")),
    _made("pick", ("order: list",)),
    _made("concat", ("other: list",)),
    _made("repeat", ("n: int",), ("NGX_DECLINED", "MemoryError", "")),
    *_search("numbers", "int"),
    *_search("bytes", "text"),
    Row(
        "operator.list_of_bytes",
        ("s: bytes",),
        "list",
        _P + "of_bytes",
        Form.OUT,
        Passes.POOL,
        allocates=True,
    ),
    Row(
        "operator.range_count",
        ("start: int", "stop: int", "step: int"),
        "int",
        "ngx_http_pyngx_range_count",
        Form.OUT,
        failures=(Failure("NGX_DECLINED", "ValueError", "range() arg 3 must not be zero"),),
        range=Range(0, INT64_MAX),
    ),
    Row(
        "operator.range_item",
        ("start: int", "index: int", "step: int"),
        "int",
        "ngx_http_pyngx_range_item",
        Form.VALUE,
    ),
    Row(
        "operator.in_numbers",
        ("item: int", "values: list"),
        "bool",
        _P + "has_number",
        Form.VALUE,
    ),
)
