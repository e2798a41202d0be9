"""Exceptions to C: ``raise``, ``try`` with ``except``, and ``finally``.

What is raised jumps to the handler that takes it, as nginx's functions jump to their ``failed:``.
A helper that is called in a ``try`` leaves its exception where the caller says; see
``runtime/error.c``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from pyngx.backend import cnodes as c
from pyngx.backend.byteloops import ByteLoops
from pyngx.backend.emitter import ERROR_TYPE, Around, Emitter, Ref, Thrown, Variables
from pyngx.backend.format import log_arguments
from pyngx.flow.exceptions import raises_again
from pyngx.flow.walk import read_variables
from pyngx.tree import (
    Assign,
    Block,
    Caught,
    Finally,
    Format,
    Function,
    Handler,
    Raise,
    RaiseAgain,
    Try,
)
from pyngx.types import Str


class Raising(ByteLoops):
    """Lowers what raises and what takes exceptions."""

    def __init__(self, out: Emitter, variables: Variables, function: Function) -> None:
        super().__init__(out, variables)
        self.function = function
        self.read = read_variables(function.body)

    @abstractmethod
    def statements(self, block: Block) -> None:
        """Lower statements into the block under construction."""

    def raise_(self, stmt: Raise) -> None:
        """``raise X("…")``."""
        constant = all(piece.value is None for piece in stmt.pieces)
        taken = self.out.taking(stmt.bases) is not None
        if constant and stmt.exception != "ConfError":
            message = b"".join(piece.literal for piece in stmt.pieces)
            self.out.throw(Thrown(stmt.bases, stmt.span, message))
            return
        if self.out.records(stmt.bases):
            made = Ref(self.out.temp("ngx_str_t", 0, "message"))
            self.string_into(made, Format(stmt.span, Str(), stmt.pieces))
            self.out.throw(Thrown(stmt.bases, stmt.span, made))
            return
        text, args = log_arguments(self, stmt.pieces)
        if taken:  # by one that does not ask for the message, which may fail itself
            self.out.throw(Thrown(stmt.bases, stmt.span))
            return
        if stmt.exception == "ConfError":
            self.out.used_failing = True
            conf = self.vars.places[self.function.params[0]]
            self.out.call(
                "ngx_http_pyngx_conf_error",
                self.out.failing.log,
                c.Unary("&", c.Arrow(conf, "file")),
                c.Arrow(conf, "line"),
                c.Str(text),
                *args,
            )
        else:
            self.out.escaping[stmt.exception] = stmt.bases
            self.out.log_error(stmt.span, stmt.exception, text, args)
        self.out.blank()
        self.out.fail()

    def raise_again(self, stmt: RaiseAgain) -> None:
        """``raise`` in an ``except``."""
        entry = self.handling[-1 - stmt.outer]
        assert entry.record is not None
        self.out.dispatch(entry.record, self.out.reaching[entry.label], certain=True)

    def finally_(self, stmt: Finally, lower: Callable[[Block], None]) -> None:
        """What an exception does on its way to an ``except`` further out, or out of the function:
        then behind a label, as nginx's functions have their ``failed:``."""
        around = list(self.out.handlers)
        label = self.out.names.claim("failed")
        self.out.handlers.append(Around(label=label, final=lambda: self.statements(stmt.final)))
        lower(stmt.body)
        self.out.handlers = around
        if label not in self.out.targets:
            return
        done = self.out.names.claim("done")
        if not _leaves(self.out.stmts):
            self.out.go_to(done)
        self.out.emit(c.Label(label))
        self.out.blank()
        self.statements(stmt.final)
        if not _leaves(self.out.stmts):
            self.out.fail()
        if done in self.out.targets:
            self.out.emit(c.Label(done))

    def try_(self, stmt: Try, lower: Callable[[Block], None]) -> None:
        """``try`` with ``except``. ``lower`` lowers the blocks."""
        labels = [self.out.names.claim("except") for _ in stmt.handlers]
        taken = [
            self._around(handler, label)
            for handler, label in zip(stmt.handlers, labels, strict=True)
        ]
        around = list(self.out.handlers)
        self.out.handlers += reversed(taken)
        lower(stmt.body)
        self.out.handlers = around
        lower(stmt.orelse)
        done = self.out.names.claim("done")
        used = [label for label in labels if label in self.out.targets]
        if not used:
            return
        if not _leaves(self.out.stmts):
            self.out.go_to(done)
        for handler, entry in zip(stmt.handlers, taken, strict=True):
            if entry.label in used:
                self.out.emit(c.Label(entry.label))
                self.out.blank()
                self.handling.append(entry)
                lower(handler.body)
                self.handling.pop()
                if entry.label != used[-1] and not _leaves(self.out.stmts):
                    self.out.go_to(done)
        if done in self.out.targets:
            self.out.emit(c.Label(done))

    def _around(self, handler: Handler, label: str) -> Around:
        """A handler, with a record of what it takes if it asks for that."""
        again = raises_again(handler.body)
        named = False
        match handler.body:
            case (Assign(var=var, value=Caught()), *_):
                named = var in self.read
        record = self.out.temp(ERROR_TYPE, 0, "error") if again or named else None
        return Around(handler.names, label, record=record, again=again)


def _leaves(stmts: list[c.Stmt]) -> bool:
    """Whether control does not reach the end of statements."""
    return bool(stmts) and isinstance(stmts[-1], c.Return | c.Goto | c.Break | c.Continue)
