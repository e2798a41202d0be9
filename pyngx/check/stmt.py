"""Statements: from Python's tree to the typed one, with what is known at each point."""

from __future__ import annotations

import ast
import logging
from dataclasses import replace

from pyngx import subrequest
from pyngx.check.coerce import BUF, as_bytes, store
from pyngx.check.context import Refused
from pyngx.check.formatting import message
from pyngx.check.generators import Generators
from pyngx.check.kinds import Kind
from pyngx.check.lists import CHANGING, is_new
from pyngx.check.scope import assigned_if
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
    Finally,
    ForBody,
    Format,
    Handler,
    If,
    LeaveInline,
    Local,
    Log,
    Not,
    Nothing,
    Op,
    Piece,
    Raise,
    ReadInto,
    Return,
    Stmt,
    Try,
    Yield,
    YieldRest,
    YieldSubrequest,
)
from pyngx.types import (
    BIT,
    Body,
    Bool,
    Bytes,
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


_HEADER_RESULTS = (0, -1, -5, 201, 204)
"""NGX_OK, NGX_ERROR, NGX_DECLINED, and the statuses below 300 that have a page of their own."""


class Statements(Generators):
    """Checks the statements of one function."""

    def block(self, nodes: list[ast.stmt]) -> Block:
        """The statements in order; a refused one does not hide the errors of the others."""
        found: list[Stmt] = []
        for node in nodes:
            if not self.facts.reachable:
                break
            outer, self.pending = self.pending, []
            self.named.clear()
            try:
                stmts = self._stmt(node)
                found.extend(self._commented(node, (*self.pending, *stmts)))
            except Refused:
                self._poison(node)
            finally:
                self.pending = outer
        return (*found, *self._last_words(nodes[-1])) if nodes else ()

    def _poison(self, node: ast.stmt) -> None:
        """After a refused statement nothing is said of the names that it would have assigned."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                if inner.id not in self.vars:
                    self.poisoned.add(inner.id)
                self.facts = self.facts.assign(inner.id, True)

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
                return (self._augmented(node),)
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
                if self.finals and node.value is not None:
                    self.report.refuse(
                        "PNX173",
                        node,
                        "a value is returned out of 'try' … 'finally'",
                        help="assign the value in the 'try', and return it after the 'finally'",
                    )
                last = self.leaving(0)
                return (*last, self._return(node))
            case ast.Try(handlers=[], orelse=[]):
                return self._finally(node, node.body)
            case ast.Try(finalbody=[]):
                return (self._try(node),)
            case ast.Try():
                inner = ast.Try(node.body, node.handlers, node.orelse, [])
                return self._finally(node, [ast.copy_location(inner, node)])
            case ast.Assert():
                return (self._assert(node),)
            case ast.Raise():
                return (self._raise(node),)
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

    def _try(self, node: ast.Try) -> Stmt:
        """``try`` with ``except``: what the statements of this function raise is taken here."""
        before = self.facts
        self.trying += 1
        body = self.block(node.body)
        self.trying -= 1
        orelse = self.block(node.orelse)
        after = self.facts
        interrupted = self.without_stores(before, node.body)
        handlers = []
        for handler in node.handlers:
            self.facts = interrupted
            names = self._caught(handler)
            caught = self.block(handler.body)
            handlers.append(Handler(self.report.span(handler), names, caught))
            after = after.join(self.facts)
        self.facts = after
        return Try(self.report.span(node), body, tuple(handlers), orelse)

    def _caught(self, handler: ast.ExceptHandler) -> tuple[str, ...]:
        """The names of the classes that an ``except`` takes."""
        if handler.name is not None:
            self.report.refuse(
                "PNX174",
                handler,
                "the exception as a value is not compiled by this version",
                help=f"leave 'as {handler.name}' out",
            )
        match handler.type:
            case None:
                return ("BaseException",)
            case ast.Tuple(elts=nodes):
                found = nodes
            case single:
                found = [single]
        names = []
        for node in found:
            cls = self.compile_time(node)
            if not (isinstance(cls, type) and issubclass(cls, BaseException)):
                self.report.refuse(
                    "PNX174",
                    node,
                    f"'{ast.unparse(node)}' is not an exception",
                    help="except ValueError:",
                )
            names.append(cls.__name__)
        return tuple(names)

    def _assert(self, node: ast.Assert) -> Stmt:
        """``assert``: an AssertionError if the condition does not hold."""
        span = self.report.span(node)
        cond = self.cond(node.test)
        pieces: tuple[Piece, ...] = ()
        if node.msg is not None:
            pieces = self._message(node, [node.msg], [])
        self.facts = cond.holds(self.facts).with_assigned(assigned_if(node.test, True))
        failed = Not(span, Bool(), cond.expr, range=BIT)
        bases = tuple(c.__name__ for c in AssertionError.__mro__)
        return If(span, failed, (Raise(span, "AssertionError", pieces, bases),), ())

    def _finally(self, node: ast.Try, body: list[ast.stmt]) -> tuple[Stmt, ...]:
        """``try: … finally: …``: the end is compiled for every way out. On the way of a run-time
        error that nothing takes there is no input to read and nobody to send to."""
        before, final = self.facts, node.finalbody
        self.finals.append((len(self.loops), final))
        done = self.block(body)
        self.finals.pop()
        if self.trying or not any(
            _for_the_body(inner) for part in final for inner in ast.walk(part)
        ):
            after = self.facts
            self.facts = self.without_stores(before, body)
            on_the_way = self.block(final)
            self.facts = after
            if any(isinstance(s, ReadInto | ForBody | YieldRest) for s in on_the_way):
                self.report.refuse(
                    "PNX174",
                    final[0],
                    "a 'finally' inside a 'try' with 'except' does not read the body",
                    help="read after the whole 'try'",
                )
            done = (Finally(self.report.span(node), done, on_the_way),)
        return (*done, *(self.block(final) if self.facts.reachable else ()))

    def leaving(self, loops: int) -> Block:
        """What ``finally`` blocks do when control leaves them for a place ``loops`` loops deep."""
        found: list[Stmt] = []
        outer = self.finals
        for i in range(len(outer) - 1, -1, -1):
            depth, final = outer[i]
            if depth < loops:
                break
            self.finals = outer[:i]
            found += self.block(final)
        self.finals = outer
        return tuple(found)

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
                if attr == "add" and self.kind in (Kind.STREAM, Kind.CHAIN, Kind.VARIABLE):
                    owner = self.expr(receiver)
                    if isinstance(owner.type, Headers):
                        self._headers_only(node)
            case _:
                pass
        value = self.expr(node)
        if not isinstance(value, Op | CallHelper):
            self.report.refuse(
                "PNX145", node, "this expression has no effect", help="assign it, or remove it"
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
        return Log(self.report.span(node), name, self._message(node, node.args, node.keywords))

    def _message(
        self, node: ast.AST, args: list[ast.expr], keywords: list[ast.keyword]
    ) -> tuple[Piece, ...]:
        if keywords or not args:
            self.report.refuse(
                "PNX147",
                node,
                "a message is a text, then the values for its %s and %d",
                help='log.warning("… %s", value)',
            )
        template = self.expr(args[0])
        if isinstance(template, Format) and len(args) == 1:
            return template.pieces
        if not isinstance(template, Const) or not isinstance(template.value, str | bytes):
            self.report.refuse(
                "PNX147",
                args[0],
                "the message is a constant text",
                help='log.warning("… %s", value)',
            )
        values = [(a, self.expr(a)) for a in args[1:]]
        if not values:
            data = template.value
            literal = data.encode() if isinstance(data, str) else data
            return (Piece(literal),) if literal else ()
        return message(self.report, node, template, values)

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

    def _header_result(self, value: Expr) -> None:
        """A constant that a header filter returns is a status that nginx takes from it."""
        match value:
            case Conditional(then=then, orelse=orelse):
                self._header_result(then)
                self._header_result(orelse)
            case Const(value=int(code)) if code not in _HEADER_RESULTS and not 300 <= code <= 599:
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

    def _raise(self, node: ast.Raise) -> Stmt:
        span = self.report.span(node)
        match node.exc:
            case ast.Call(func=ast.Name(id=name) as func, args=args, keywords=keywords):
                exception = self.global_value(func)
                pieces = self._message(node, args, keywords) if args else ()
            case ast.Name(id=name) as func:
                exception = self.global_value(func)
                pieces = ()
            case _:
                self.report.refuse(
                    "PNX154",
                    node,
                    "an exception is raised by its name",
                    help='write raise ValueError("…")',
                )
        if not (isinstance(exception, type) and issubclass(exception, BaseException)):
            self.report.refuse(
                "PNX154",
                node,
                f"'{name}' is not an exception",
                help='write raise ValueError("…")',
            )
        if (name == "ConfError") != (self.kind is Kind.VALIDATE):
            where = "validate()" if name == "ConfError" else "code that serves requests"
            self.report.refuse(
                "PNX154",
                node,
                f"{name} is raised in {where} only",
                help=(
                    "return NGX_ERROR or an HTTP status from a header filter, or log the case"
                    if name == "ConfError"
                    else 'raise ConfError("…") stops nginx'
                ),
            )
        self.facts = self.facts.unreachable()
        bases = tuple(c.__name__ for c in exception.__mro__)
        return Raise(span, exception.__name__, pieces, bases)

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


def _for_the_body(node: ast.AST) -> bool:
    """Whether this reads or sends."""
    if isinstance(node, ast.Yield | ast.YieldFrom):
        return True
    return isinstance(node, ast.Attribute) and node.attr in ("read", "readline", "lines", "scan")
