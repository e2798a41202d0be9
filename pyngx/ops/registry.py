"""The operations table: what can be called, on what, with what result, and how it can fail.

A row says everything about an operation that the compiler must know; the checker picks a row by
name and types, the backend emits the call mechanically from it. A new operation is a row, a
function in ``runtime/`` (or of nginx), and a case in the tests; the compiler is not touched.

Types in rows are words, so that a row reads like a stub:

============  ======================================================
``bytes``     an ``ngx_str_t``, passed by address
``byte``      the same; an integer stands for one byte
``text``      the same; a ``str`` is accepted too
``ascii``     the same; a ``str`` must be ASCII
``str``       the same, of a ``str``
``int``       an ``ngx_int_t``
``bool``      an ``ngx_flag_t``
``float``     a ``double``; an integer is converted
``request``   ``ngx_http_request_t *``
``buf``       ``ngx_buf_t *``
``chain``     the chain that a chain-form filter builds
``links``     ``ngx_chain_t *``
``bytes?``    an ``ngx_str_t`` whose ``data`` may be NULL
``str?``      the same, of a ``str``
``strings``   an ``ngx_array_t *`` of ``ngx_str_t``
``texts``     the same, of ``str``
``time``      an ``ngx_int_t``: seconds; ``time.time()`` is taken too
``list``      an ``ngx_array_t *`` of anything
``hash``      what `hashlib` and `hmac` make, ``ngx_http_pyngx_hash_t *``
``pairs``     an ``ngx_array_t *`` of ``ngx_keyval_t``
``mime``      a ``MimeTypes`` field, two arguments: its hash, and what it belongs to
``complex``   ``ngx_http_complex_value_t *``
``true``      no operand of the C: ``True``
``false``     likewise: ``False``
``none``      no result
============  ======================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from importlib import import_module
from typing import TypeAlias

from pyngx.types import FULL, Range

Default: TypeAlias = int | bytes | str
"""The value of an operand that is left out; text names a row without operands."""

UNSAID = ("true", "false")
"""Types of arguments that are checked and not handed to the C."""


class Form(Enum):
    """How the C of a row gives its result and its failure."""

    VALUE = auto()
    """The function's value is the result; it cannot fail."""
    OUT = auto()
    """The function returns a status; the result is stored through its last argument."""
    EFFECT = auto()
    """The function returns a status; there is no result."""
    VIEW = auto()
    """The result, a piece of the first operand, is stored through the last argument. The function
    returns a status if the row has failures, else nothing."""


class Passes(Enum):
    """What the runtime function wants before the operands."""

    NOTHING = auto()
    POOL = auto()
    REQUEST = auto()


@dataclass(frozen=True, slots=True)
class Failure:
    """A status that stands for an exception of Python's. ``text`` is the C function that makes a
    message which speaks of the operands; it gets those of the call, after a pool, each ``text``
    with whether it is bytes. Without it the message is ``message``."""

    status: str
    exception: str
    message: str
    text: str = ""


def said(call: Callable[[], object]) -> str:
    """What CPython says when a call fails: its words change from version to version."""
    try:
        call()
    except Exception as error:
        return str(error)
    raise AssertionError("the call does not fail")


def classes(exception: str) -> tuple[str, ...]:
    """The names of the class of an exception, a builtin or ``module.name``, and of its bases."""
    module, _, name = exception.rpartition(".")
    found: type = getattr(import_module(module or "builtins"), name)
    return tuple(cls.__name__ for cls in found.__mro__)


@dataclass(frozen=True, slots=True)
class Row:
    """One operation. ``params`` are ``name: type`` words; those in ``defaults`` (name → value)
    may be left out. ``mutates`` names what it changes: ``""`` nothing, ``headers`` or ``chain``.
    ``constant``: what the C gets before the operands.
    """

    name: str
    params: tuple[str, ...]
    result: str
    c: str
    form: Form
    passes: Passes = Passes.NOTHING
    defaults: tuple[tuple[str, Default], ...] = ()
    failures: tuple[Failure, ...] = ()
    range: Range = FULL
    mutates: str = ""
    allocates: bool = False
    headers_only: bool = False
    constant: str = ""

    @property
    def spoken(self) -> str:
        """The name as the author writes it, without what tells rows of one name apart."""
        return re.split(r"[(\[]", self.name)[0]

    @property
    def param_names(self) -> tuple[str, ...]:
        """The names of the operands, in order."""
        return tuple(p.split(":")[0].strip() for p in self.params)

    @property
    def param_types(self) -> tuple[str, ...]:
        """The type words of the operands, in order."""
        return tuple(p.split(":")[1].strip() for p in self.params)

    def default(self, name: str) -> Default | None:
        """The value of an operand that was left out; None if it must be given."""
        return dict(self.defaults).get(name)

    @property
    def can_fail(self) -> bool:
        """Whether the C of the call has a status to look at."""
        return self.form in (Form.OUT, Form.EFFECT) or bool(self.failures)


class Registry:
    """All rows by name."""

    def __init__(self, *tables: tuple[Row, ...]) -> None:
        self._rows = {row.name: row for table in tables for row in table}

    def get(self, name: str) -> Row | None:
        """The row called ``name``, as in ``bytes.find``."""
        return self._rows.get(name)

    def __getitem__(self, name: str) -> Row:
        return self._rows[name]

    def methods(self, receiver: str) -> tuple[str, ...]:
        """The method names of a receiver, for suggestions."""
        prefix = receiver + "."
        found = (n.removeprefix(prefix) for n in self._rows if n.startswith(prefix))
        return tuple(dict.fromkeys(n.partition("[")[0] for n in found))

    def all(self) -> tuple[Row, ...]:
        """Every row."""
        return tuple(self._rows.values())
