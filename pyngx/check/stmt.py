"""Statements: from Python's tree to the typed one, with what is known at each point."""

from __future__ import annotations

import ast
import logging
from dataclasses import replace

from pyngx import subrequest
from pyngx.check import hints, sums
from pyngx.check.base import path
from pyngx.check.coerce import BUF, as_bytes, store
from pyngx.check.context import Refused
from pyngx.check.kinds import Kind, is_header_result
from pyngx.check.lists import CHANGING, is_new
from pyngx.check.raising import Raising
from pyngx.check.scope import assigned_if
from pyngx.frontend.spelling import LastCase, SumEnd, Summed, SumStart
from pyngx.source import Span
from pyngx.tree import (
    Append,
    Assign,
    Block,
    Break,
    CallHelper,
    Conditional,
    Const,
    Continue,
    Eval,
    Expr,
    If,
    LeaveInline,
    Local,
    Log,
    Nothing,
    Op,
    Return,
    SendChain,
    Stmt,
    Yield,
    YieldRest,
    YieldSubrequest,
)
from pyngx.types import (
    Body,
    Bool,
    Bytes,
    Enum,
    Headers,
    List,
    NoneType,
    Optional,
    OutChain,
    Range,
    Str,
    describe,
    is_integer,
)

_LOG_LEVELS = {
    "debug": "NGX_LOG_DEBUG",
    "info": "NGX_LOG_INFO",
    "warning": "NGX_LOG_WARN",
    "error": "NGX_LOG_ERR",
    "critical": "NGX_LOG_CRIT",
}


class Statements(Raising):
    """Checks the statements of one function."""

    def block(self, nodes: list[ast.stmt]) -> Block:
        """The statements in order; a refused one does not hide the errors of the others."""
        found: list[Stmt] = []
        for node in nodes:
            if not self.facts.reachable:
                break
            outer, self.pending = self.pending, []
            try:
                stmts = self._stmt(node)
                found.extend(self._commented(node, (*self.pending, *stmts)))
            except Refused:
                self.sometimes = 0  # it may have been in the middle of an operand
                self._poison(node)
                self._inside(node)
            finally:
                self.pending = outer
        return (*found, *self._last_words(nodes[-1])) if nodes else ()

    def _poison(self, node: ast.stmt) -> None:
        """After a refused statement nothing is said of the names that it would have assigned, nor
        of the lists to which it would have given their first items."""
        for inner in ast.walk(node):
            match inner:
                case ast.Name(id=name, ctx=ast.Store()):
                    if name not in self.vars or isinstance(self.vars[name].type, NoneType):
                        self.poisoned.add(name)
                    self.facts = self.facts.assign(name, True)
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)):
                    untold = name in self.vars and self.vars[name].type == List(NoneType())
                    if untold and attr in CHANGING:
                        self.poisoned.add(name)
                case _:
                    pass

    def _inside(self, node: ast.stmt) -> None:
        """The errors in the blocks of a statement whose head is refused; what the head speaks of
        is not None in them, whatever it says of it."""
        span = self.report.span(node)
        line = self.function.source.lines[span.line - 1][span.col - 1 :]
        if not isinstance(node, ast.If) or not line.startswith(("if", "elif")):
            return  # what a pattern refuses its block takes apart
        before = self.facts
        named = {path(inner) for inner in ast.walk(node.test) if isinstance(inner, ast.expr)}
        self.facts = before.with_present(frozenset(name for name in named if name is not None))
        for block in (node.body, node.orelse):
            inner = self.facts
            self.block(block)
            self.facts = inner
        self.facts = before

    def _commented(self, node: ast.stmt, stmts: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
        above = self.function.comments.above(node)
        beside = self.function.comments.beside(node)
        if not above and beside is None:
            return stmts
        first, *others = stmts or (Nothing(self.report.span(node)),)
        return (replace(first, comments=above, trailing=beside), *others)

    def _last_words(self, node: ast.stmt) -> tuple[Stmt, ...]:
        """The comments below the last statement of a block."""
        below = self.function.comments.below(node)
        span = self.report.span(node)
        line = span.end_line + len(below)
        place = replace(span, line=line, end_line=line)
        return (Nothing(place, comments=below),) if below else ()

    def _stmt(self, node: ast.stmt) -> tuple[Stmt, ...]:
        span = self.report.span(node)
        match node:
            case SumStart():
                return sums.start(self, node)
            case Summed():
                return sums.add(self, node)
            case SumEnd():
                return sums.end(self, node)
            case ast.Pass():
                return (Nothing(span),)
            case ast.Expr(value=ast.Constant()):
                return ()
            case ast.Expr(value=ast.Yield() as value):
                return (self._yield(value),)
            case ast.Expr(value=ast.YieldFrom() as value_from):
                return (self._yield_from(value_from),)
            case ast.Expr(value=value):
                return (self._eval(value),)
            case ast.Assign(targets=[target]):
                return self.assign(node, target, node.value)
            case ast.Assign():
                return self.assign_all(node)
            case ast.AnnAssign():
                return self._annotated(node)
            case ast.AugAssign():
                return (self.augmented(node),)
            case LastCase(test=ast.Compare(left=ast.Name() as subject)) | LastCase(
                test=ast.BoolOp(values=[ast.Compare(left=ast.Name() as subject), *_])
            ) if node.members and self.expr(subject).type == Enum(node.members):
                return self.block(node.body)
            case ast.If():
                return (self._if(node),)
            case ast.While() | ast.For():
                return self.loop(node)
            case ast.Break():
                last = self.leaving(len(self.loops))
                self.loops[-1].append(self.facts)
                self.facts = self.facts.unreachable()
                return (*last, *self._not_completed(span), Break(span))
            case ast.Continue():
                last = self.leaving(len(self.loops))
                self.continues[-1].append(self.facts)
                self.facts = self.facts.unreachable()
                return (*last, Continue(span))
            case ast.Return():
                return self._return_through(node) if self.finals else (self._return(node),)
            case ast.Try():
                return self.try_statement(node)
            case ast.Assert():
                return (self.assertion(node),)
            case ast.Raise():
                return (self.raising(node),)
            case ast.Delete(targets=targets):
                return tuple(self._delete(t) for t in targets)
            case _:
                self.report.refuse(
                    "PNX102",
                    node,
                    f"'{type(node).__name__}' is not compiled by this version",
                    help="write it with if, while and for",
                )

    def _not_completed(self, span: Span) -> tuple[Stmt, ...]:
        """What tells the ``else`` of the loop that a ``break`` left it."""
        flag = self.flags[-1]
        false = Const(span, Bool(), False, range=Range(0, 0))
        return () if flag is None else (Assign(span, flag, false),)

    def _eval(self, node: ast.expr) -> Stmt:
        span = self.report.span(node)
        match node:
            case ast.Call(func=ast.Attribute(value=receiver, attr=attr) as func):
                found = self.compile_time(receiver)
                if isinstance(found, logging.Logger):
                    return self._log(node, attr)
                if isinstance(receiver, ast.Name) and receiver.id in self.local_names:
                    owner = self.expr(receiver)
                    if isinstance(owner.type, List) and attr in CHANGING:
                        return self.list_method(node, func, owner)
                    if isinstance(owner.type, OutChain) and attr == "append":
                        return self._append(node)
                if attr in CHANGING and isinstance(receiver, ast.Attribute):
                    owner = self.expr(receiver)
                    if isinstance(owner.type, List):
                        return self.list_method(node, func, owner)
                if attr == "add" and self.kind in (Kind.STREAM, Kind.CHAIN, Kind.VARIABLE):
                    owner = self.expr(receiver)
                    if isinstance(owner.type, Headers):
                        self._headers_only(node)
            case _:
                pass
        value = self.expr(node)
        if self.is_read(value):
            return Nothing(span)  # what it gives is skipped
        if not isinstance(value, Op | CallHelper):
            self.report.refuse(
                "PNX145", node, "this expression has no effect", help=hints.of_statement(node)
            )
        return Eval(span, value)

    def _append(self, node: ast.Call) -> Stmt:
        if len(node.args) != 1 or node.keywords:
            self.report.refuse(
                "PNX133",
                node,
                "append() takes one argument",
                help="call it once for each: out.append(buf)",
            )
        value = self.expr(node.args[0])
        if value.type != BUF:
            value = self._constant_text(node.args[0], value, "appended")
        return Append(self.report.span(node), value)

    def _constant_text(self, node: ast.expr, value: Expr, how: str) -> Expr:
        """Text for the body: bytes or str."""
        if isinstance(value.type, Optional):
            self.no_none(value, "what is " + how)
        value = as_bytes(value)
        if isinstance(value.type, Bytes | Str):
            return value
        help_ = 'format it: b"%d" % value' if is_integer(value.type) else ""
        self.report.refuse(
            "PNX146",
            node,
            f"bytes, str or a buffer is {how}, not '{describe(value.type)}'",
            help=help_,
        )

    def _log(self, node: ast.Call, level: str) -> Stmt:
        name = _LOG_LEVELS.get(level)
        if name is None:
            self.report.refuse(
                "PNX147",
                node,
                f"log.{level}() is not compiled",
                help=f"the levels are {', '.join(_LOG_LEVELS)}",
            )
        if self.kind is Kind.VALIDATE:
            self.report.refuse(
                "PNX147",
                node,
                "there is no request to log for in validate()",
                help='raise ConfError("…") stops nginx with a message',
            )
        return Log(self.report.span(node), name, self.message(node, node.args, node.keywords))

    def _if(self, node: ast.If) -> Stmt:
        cond = self.cond(node.test)
        before = self.facts
        self.facts = cond.holds(before).with_assigned(assigned_if(node.test, True))
        then = self.block(node.body)
        after_then = self.facts
        self.facts = cond.fails(before).with_assigned(assigned_if(node.test, False))
        orelse = self.block(node.orelse)
        self.facts = after_then.join(self.facts)
        return If(self.report.span(node), cond.expr, then, orelse)

    def _return(self, node: ast.Return) -> Stmt:
        span = self.report.span(node)
        if self.kind is Kind.STREAM:
            if self.scope and node.value is None:
                self.facts = self.facts.unreachable()
                return LeaveInline(span)
            if node.value is not None:
                self.report.refuse(
                    "PNX153", node, "a generator returns nothing", help="yield the value first"
                )
            self.facts = self.facts.unreachable()
            return Return(span, None)
        if node.value is None or (
            isinstance(node.value, ast.Constant)
            and node.value.value is None
            and isinstance(self.result, NoneType)
        ):
            if not isinstance(self.result, NoneType | Optional):
                self.report.refuse(
                    "PNX153",
                    node,
                    f"this returns no value, but the result is '{describe(self.result)}'",
                    help="return NGX_OK" if self.kind is Kind.HEADER else "return a value",
                )
            self.facts = self.facts.unreachable()
            value: Expr | None = None
            if isinstance(self.result, Optional):
                value = Const(span, self.result, None)
            return Return(span, value)
        if isinstance(self.result, NoneType):
            self.report.refuse(
                "PNX153",
                node,
                "the function is annotated '-> None', but returns a value",
                help=(
                    "annotate '-> ngx_int_t'"
                    if self.kind is Kind.HEADER
                    else "annotate the type of the value"
                ),
            )
        value = self.expr(node.value)
        if isinstance(value.type, List) and not (is_new(node.value) or self.own_list(node.value)):
            self.report.refuse(
                "PNX192",
                node.value,
                "a list that this function has not made is not its result",
                help=f"return a copy: list({ast.unparse(node.value)})",
            )
        stored = store(self.report, node.value, value, self.result, "the result")
        if self.kind is Kind.HEADER:
            self._header_result(value)
        self.facts = self.facts.unreachable()
        return Return(span, stored)

    def _return_through(self, node: ast.Return) -> tuple[Stmt, ...]:
        """``return`` in a ``try`` with ``finally``: the value is computed first."""
        last = self._return(node)
        kept: tuple[Stmt, ...] = ()
        if isinstance(last, Return) and isinstance(last.value, SendChain):
            self.report.refuse(
                "PNX173",
                node,
                "the chain is sent before the 'finally' would run",
                help="send it after the whole 'try'",
            )
        if isinstance(last, Return) and not isinstance(last.value, Const | None):
            value = last.value
            var = self.returned or self.hidden("result", self.result)
            self.returned = var
            kept = (Assign(value.span, var, value),)
            last = replace(last, value=Local(value.span, self.result, var, range=value.range))
        self.facts = replace(self.facts, reachable=True)
        finals = self.leaving(0)
        end = (last,) if self.facts.reachable else ()
        self.facts = self.facts.unreachable()
        return (*kept, *finals, *end)

    def _header_result(self, value: Expr) -> None:
        """A constant that a header filter returns is a status that nginx takes from it."""
        match value:
            case Conditional(then=then, orelse=orelse):
                self._header_result(then)
                self._header_result(orelse)
            case Const(value=int(code)) if not is_header_result(code):
                name = value.c_name or str(code)
                self.report.diags.error(
                    "PNX156",
                    value.span,
                    f"a header filter does not return {name}",
                    notes=(
                        "it returns NGX_OK, NGX_DECLINED, NGX_ERROR, or the status of the page "
                        "that replaces the response: 201, 204, or 300 to 599",
                    ),
                    help="return NGX_OK to let the response pass",
                )
            case _:
                return

    def _yield(self, node: ast.Yield) -> Stmt:
        if node.value is None:
            self.report.refuse("PNX146", node, "a 'yield' sends something", help='yield b"…"')
        if isinstance(node.value, ast.Call) and self.compile_time(node.value.func) is subrequest:
            return self._subrequest(node.value)
        value = self.expr(node.value)
        if value.type == BUF:
            if not isinstance(value, Local):
                self.report.refuse("PNX146", node.value, "only the buffer of a loop is sent")
            return Yield(self.report.span(node), value)
        value = self._constant_text(node.value, value, "yielded")
        return Yield(self.report.span(node), value)

    def _subrequest(self, node: ast.Call) -> Stmt:
        """``yield subrequest(uri, args)``."""
        given = dict(zip(("uri", "args"), node.args, strict=False))
        given |= {k.arg: k.value for k in node.keywords if k.arg is not None}
        if "uri" not in given or set(given) - {"uri", "args"} or len(node.args) > 2:
            self.report.refuse("PNX133", node, "subrequest() takes a uri, and arguments")
        span = self.report.span(node)
        uri = self.need_bytes(given["uri"], "the uri of a subrequest", text=True)
        args: Expr = Const(span, Bytes(), b"")
        if "args" in given:
            args = self.need_bytes(given["args"], "the arguments of a subrequest", text=True)
        return YieldSubrequest(span, uri, args)

    def _yield_from(self, node: ast.YieldFrom) -> Stmt:
        generator = self.generator(node.value)
        if generator is not None:
            return generator
        value = self.expr(node.value)
        if value.type != Body():
            self.report.refuse(
                "PNX155",
                node.value,
                f"'yield from' of '{describe(value.type)}' is not compiled by this version",
                help="'yield from body' passes what is left of the body",
            )
        return YieldRest(self.report.span(node))
