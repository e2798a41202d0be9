"""What a header filter returns.

A result that is computed is checked, for nginx would take any number for a status.
"""

from __future__ import annotations

from dataclasses import replace

from pyngx.backend import cnodes as c
from pyngx.backend.emitter import Ref
from pyngx.backend.stmts import StmtLowering
from pyngx.check.kinds import is_header_result
from pyngx.tree import Conditional, Const, Convert, Expr, Format, Local, Piece, Var
from pyngx.types import INT, Enum, Range, Str

_PAGES = Range(300, 599)


class HeaderLowering(StmtLowering):
    """Lowers a header filter."""

    def result(self, value: Expr) -> None:
        """Return what the frame around the filter knows. No ``except`` of the filter takes what is
        raised here: it has returned."""
        if _is_known(value):
            super().result(value)
            return
        status = Var("status", INT)
        found = self.out.temp("ngx_int_t", 0, "status")
        self.vars.places[status] = found
        self.out.assign(found, self.signed(value))
        around, self.out.handlers = self.out.handlers, []

        def text() -> Ref:
            words = Piece(b"a header filter does not return ")
            number = Piece(value=Local(value.span, INT, status), conversion="d")
            made = Ref(self.out.temp("ngx_str_t", 0, "message"))
            self.string_into(made, Format(value.span, Str(), (words, number)))
            return made

        bad = c.Unary("!", c.Call("ngx_http_pyngx_is_header_result", (found,)))
        place = replace(value.span, line=self.out.line or value.span.line)
        self.out.fail_if(bad, place, "ValueError", "not what a header filter returns", text)
        self.out.handlers = around
        self.out.emit(c.Return(found, line=self.out.line))


def _is_known(value: Expr) -> bool:
    """Whether a header filter certainly may return a value."""
    match value:
        case Const():
            return True
        case Conditional(then=then, orelse=orelse):
            return _is_known(then) and _is_known(orelse)
        case Convert(value=inner, checked=False):
            return _is_known(inner)
        case Expr(type=Enum(cls)):
            return all(is_header_result(int(member.value)) for member in cls)
        case _:
            limits = value.range
            one = limits.lo == limits.hi and is_header_result(limits.lo)
            return one or limits.within(_PAGES)
