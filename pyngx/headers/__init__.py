"""nginx's own headers as the source of types: `load_model` reads, `check_c` judges generated C.

The compiler has no table of nginx's fields, types or constants. libclang parses the target's
headers with the flags its configure chose, and the result is kept in the cache as JSON under the
hash of those headers.
"""

from pyngx.headers.libclang import CheckMessage, HeadersError, check_c
from pyngx.headers.model import (
    CType,
    Field,
    Function,
    Kind,
    NginxModel,
    Struct,
    load_model,
)

__all__ = [
    "CType",
    "CheckMessage",
    "Field",
    "Function",
    "HeadersError",
    "Kind",
    "NginxModel",
    "Struct",
    "check_c",
    "load_model",
]
