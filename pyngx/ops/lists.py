"""Operations of lists that a function has made; rows only."""

from __future__ import annotations

from pyngx.ops.registry import Failure, Form, Passes, Row

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


def _made(name: str, params: tuple[str, ...]) -> Row:
    """An operation that gives a new list."""
    return Row(
        f"operator.list_{name}",
        ("values: list", *params),
        "list",
        _P + name,
        Form.OUT,
        Passes.POOL,
        allocates=True,
    )


ROWS = (
    _change("del", ("index: int",), "list assignment index out of range"),
    _change("clear"),
    _change("reverse"),
    _change("sort_numbers", ("reverse: bool",)),
    _change("sort_bytes", ("reverse: bool",)),
    Row(
        "list.extend",
        ("values: list", "iterable: list"),
        "none",
        _P + "extend",
        Form.EFFECT,
        allocates=True,
    ),
    _made("slice", ("start: int", "stop: int")),
    _made("sorted_numbers", ("reverse: bool",)),
    _made("sorted_bytes", ("reverse: bool",)),
    _made("concat", ("other: list",)),
    Row(
        "operator.in_numbers",
        ("item: int", "values: list"),
        "bool",
        _P + "has_number",
        Form.VALUE,
    ),
)
