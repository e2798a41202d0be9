"""The chain form of a body filter: what is appended, and the chain that is sent.

The function runs from start to end each time nginx calls it. What it computes lies in the engine's
scratch memory until the next call, so bytes that do not last are copied when they are appended.
"""

from __future__ import annotations

from pyngx.backend import cnodes as c
from pyngx.backend.emitter import Emitter, Variables
from pyngx.backend.format import format_to_stream
from pyngx.backend.lowering import is_string
from pyngx.backend.stmts import StmtLowering
from pyngx.flow.lifetimes import Memory
from pyngx.tree import (
    Append,
    Assign,
    Expr,
    Format,
    Function,
    Local,
    NewChain,
    Return,
    SendChain,
    Stmt,
)

STREAM = c.Name("s")


class ChainLowering(StmtLowering):
    """Lowers the body filter of the chain form; ``chain`` is the parameter with what came."""

    def __init__(
        self, out: Emitter, variables: Variables, function: Function, memory: Memory, chain: str
    ) -> None:
        super().__init__(out, variables, function, None)
        self.memory = memory
        self.chain = c.Name(chain)
        out.scratch = True
        out.loops = 1  # nginx calls the function again and again

    def stmt(self, stmt: Stmt) -> None:
        """What is done with chains; all else is a statement like any other."""
        match stmt:
            case Assign(value=NewChain()):
                self.out.call("ngx_http_pyngx_chain_new", STREAM)
            case Append(value=value):
                self._append(value)
            case Return(value=SendChain(chain=chain)):
                self._send(chain)
            case _:
                super().stmt(stmt)

    def _append(self, value: Expr) -> None:
        """A buffer goes on itself; what lasts is pointed at; what is formatted is written where it
        is sent from; the rest is copied."""
        if isinstance(value, Format) and any(p.value is not None for p in value.pieces):
            format_to_stream(self, value.pieces)
            return
        if is_string(value.type):
            name = "stream_text" if self.memory.lasts(value, True) else "stream_write"
            arg = self.string(value, "text").address
        else:
            name = "chain_append_buf"
            arg = self.value(value)
        call = c.Call(f"ngx_http_pyngx_{name}", (self.out.r, STREAM, arg))
        self.out.leave_if(c.Binary("!=", call, c.Name("NGX_OK")))

    def _send(self, chain: Expr) -> None:
        assert isinstance(chain, Local)
        name = "chain_pass" if chain.var.parameter else "chain_send"
        call = c.Call(f"ngx_http_pyngx_{name}", (self.out.r, STREAM, self.chain))
        self.out.emit(c.Return(call, line=self.out.line))
