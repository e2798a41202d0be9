"""The whole operations table."""

from __future__ import annotations

from pyngx.ops import bytes as bytes_rows
from pyngx.ops import floats, library, lists, strings
from pyngx.ops import request as request_rows
from pyngx.ops import text as text_rows
from pyngx.ops.registry import Registry

TABLE = Registry(
    bytes_rows.ROWS,
    text_rows.ROWS,
    strings.ROWS,
    library.ROWS,
    library.HASH_ROWS,
    library.STRUCT_ROWS,
    request_rows.ROWS,
    lists.ROWS,
    floats.ROWS,
)
