"""Exceptions: ``raise``, ``assert``, ``try`` with ``except``, and ``finally``."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from inspect import isfunction

from pyngx.check.coerce import as_text
from pyngx.check.formatting import message
from pyngx.check.generators import Generators
from pyngx.check.kinds import Kind
from pyngx.check.scope import assigned_if
from pyngx.tree import (
    Assign,
    Block,
    Caught,
    Const,
    Expr,
    Finally,
    ForBody,
    ForLines,
    Format,
    ForScan,
    Handler,
    If,
    LeaveFinally,
    Not,
    Piece,
    Raise,
    RaiseAgain,
    ReadInto,
    Stmt,
    Try,
    Var,
    YieldRest,
)
from pyngx.types import BIT, Bool, Bytes, Enum, Int, Str, describe


class Raising(Generators):
    """Checks what raises and what takes exceptions."""

    def try_statement(self, node: ast.Try) -> tuple[Stmt, ...]:
        """``try`` with ``except``, with ``finally``, or with both."""
        if not node.finalbody:
            return (self._try(node),)
        if not node.handlers:
            return self._finally(node, node.body)
        inner = ast.Try(node.body, node.handlers, node.orelse, [])
        return self._finally(node, [ast.copy_location(inner, node)])

    def _try(self, node: ast.Try) -> Stmt:
        """``try`` with ``except``: what is raised in it, here or in a helper, is taken here."""
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
            handlers.append(Handler(self.report.span(handler), names, self._handling(handler)))
            after = after.join(self.facts)
        self.facts = after
        return Try(self.report.span(node), body, tuple(handlers), orelse)

    def _handling(self, node: ast.ExceptHandler) -> Block:
        """The block of an ``except``. Its name is a variable that has the message and is unbound
        at the end."""
        span = self.report.span(node)
        var = None if node.name is None else self._error_name(node, node.name)
        self.handled.append(node.name)
        body = self.block(node.body)
        self.handled.pop()
        if var is None:
            return body
        unbound = self.facts.assigned - {var.name}
        self.facts = replace(self.facts.unknown(var.name), assigned=unbound)
        if not any(isinstance(n, ast.Name) and n.id == var.name for n in _walk(node.body)):
            return body
        return (Assign(span, var, Caught(span, Str())), *body)

    def _error_name(self, node: ast.ExceptHandler, name: str) -> Var:
        """The variable behind ``as name``."""
        if self.stores.get(name):
            self.report.refuse(
                "PNX195",
                node,
                f"'{name}' names an exception here and something else in this function",
                help="give the exception a name of its own",
            )
        var = self.vars.setdefault(name, Var(name, Str(), scope=self.scope))
        self.errors.add(name)
        self.facts = self.facts.assign(name, True)
        return var

    def _caught(self, handler: ast.ExceptHandler) -> tuple[str, ...]:
        """The names of the classes that an ``except`` takes."""
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

    def assertion(self, node: ast.Assert) -> Stmt:
        """``assert``: an AssertionError if the condition does not hold."""
        span = self.report.span(node)
        cond = self.cond(node.test)
        pieces: tuple[Piece, ...] = ()
        self.facts, before = cond.fails(self.facts), self.facts
        if node.msg is not None:
            pieces = self._text_of(AssertionError, [node.msg], node)
        self.facts = cond.holds(before).with_assigned(assigned_if(node.test, True))
        failed = Not(span, Bool(), cond.expr, range=BIT)
        bases = tuple(c.__name__ for c in AssertionError.__mro__)
        return If(span, failed, (Raise(span, "AssertionError", pieces, bases),), ())

    def _finally(self, node: ast.Try, body: list[ast.stmt]) -> tuple[Stmt, ...]:
        """``try: … finally: …``: the end is compiled for every way out. On the way of a run-time
        error that nothing takes there is no input to read and nobody to send to."""
        before, final = self.facts, node.finalbody
        for jump in _jumps(final, in_loop=False):
            self.report.refuse(
                "PNX173",
                jump,
                "a 'finally' is not left by a jump: that would drop an exception on its way",
                help="let it end, and jump after the whole 'try'",
            )
        silent = not any(_for_the_body(inner) for part in final for inner in ast.walk(part))
        runs = self.trying > 0 or silent
        self.finals.append((len(self.loops), final, runs or bool(node.handlers)))
        done = self.block(body)
        self.finals.pop()
        if runs:
            after = self.facts
            self.facts = self.without_stores(before, body)
            on_the_way = self.block(final)
            self.facts = after
            if _reads(on_the_way):
                self.report.refuse(
                    "PNX174",
                    next(_reading(final), final[0]),
                    "a 'finally' inside a 'try' with 'except' does not read the body",
                    help="read after the whole 'try'",
                )
            done = (Finally(self.report.span(node), done, on_the_way),)
        elif node.handlers:
            done = (Finally(self.report.span(node), done, ()),)
        return (*done, *(self.block(final) if self.facts.reachable else ()))

    def leaving(self, loops: int) -> Block:
        """What ``finally`` blocks do when control leaves them for a place ``loops`` loops deep."""
        found: list[Stmt] = []
        outer = self.finals
        for i in range(len(outer) - 1, -1, -1):
            depth, final, marked = outer[i]
            if depth < loops:
                break
            self.finals = outer[:i]
            if marked:
                found.append(LeaveFinally(self.report.span(final[0])))
            found += self.block(final)
        self.finals = outer
        return tuple(found)

    def raising(self, node: ast.Raise) -> Stmt:
        """``raise X("…")``, also ``from`` another one, and ``raise`` alone."""
        again = self._again(node)
        if again is not None:
            return again
        span = self.report.span(node)
        args: list[ast.expr] = []
        match node.exc:
            case ast.Call(func=ast.Name() | ast.Attribute() as func, args=args, keywords=[]):
                pass
            case ast.Name() | ast.Attribute() as func:
                pass
            case _:
                self.report.refuse(
                    "PNX154",
                    node,
                    "an exception is raised by its name",
                    help='write raise ValueError("…")',
                )
        name = ast.unparse(func)
        exception = self._class(func)
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
        pieces = self._text_of(exception, args, node)
        self._cause(node)
        self.facts = self.facts.unreachable()
        bases = tuple(c.__name__ for c in exception.__mro__)
        return Raise(span, exception.__name__, pieces, bases)

    def _class(self, func: ast.Name | ast.Attribute) -> object:
        if isinstance(func, ast.Attribute) or func.id in self.errors:
            return self.compile_time(func)
        return self.global_value(func)

    def _cause(self, node: ast.Raise) -> None:
        """``from e``: only a traceback would show it, so that nothing is done for it."""
        match node.cause:
            case None | ast.Constant(value=None):
                return
            case ast.Name(id=name) if name in self.handled:
                return
            case cause:
                self.report.refuse(
                    "PNX154",
                    cause,
                    "the cause of an exception is the one that was taken, or None",
                    help="write 'raise … from e' in 'except … as e', or 'from None'",
                )

    def _again(self, node: ast.Raise) -> Stmt | None:
        """``raise`` alone, or of what an ``except`` around has named: what was taken goes on."""
        match node.exc:
            case None:
                name = self.handled[-1] if self.handled else None
            case ast.Name(id=name) if name in self.handled:
                pass
            case _:
                return None
        if not self.handled or self.kind is Kind.VALIDATE:
            self.report.refuse(
                "PNX154",
                node,
                "there is nothing to raise again here",
                help='raise an exception by its name: raise ValueError("…")',
            )
        self._cause(node)
        outer = 0 if node.exc is None else self.handled[::-1].index(name)
        self.facts = self.facts.unreachable()
        return RaiseAgain(self.report.span(node), outer)

    def message(
        self, node: ast.AST, args: list[ast.expr], keywords: list[ast.keyword]
    ) -> tuple[Piece, ...]:
        """The text of a log message, as ``logging`` makes it of a format and its values."""
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

    def _text_of(
        self, cls: type[BaseException], args: list[ast.expr], node: ast.AST
    ) -> tuple[Piece, ...]:
        """What ``str`` gives of an exception made with these arguments."""
        values = [as_text(self.expr(arg)) for arg in args]
        plain = [v for v in values if isinstance(v, Const) and not isinstance(v.type, Enum)]
        if len(plain) == len(values):
            try:
                text = str(cls(*(const.value for const in plain)))
            except Exception as exc:  # the class may be the author's
                self.report.refuse(
                    "PNX154",
                    node,
                    f"this exception cannot be made: {exc}",
                    help="give the arguments that its class takes",
                )
            return (Piece(text.encode()),) if text else ()
        usual = cls.__str__ is BaseException.__str__ and not isfunction(cls.__init__)
        own = usual and not isfunction(cls.__new__)
        if not own or len(values) > 1:
            what = f"{cls.__name__} makes its message of its arguments by itself"
            self.report.refuse(
                "PNX196",
                node,
                "an exception has one argument here, its text" if own else what,
                help='format it: raise ValueError(f"… {value}")' if own else "give a constant",
            )
        (value,) = values
        match value:
            case Format(type=Str(), pieces=pieces):
                return pieces
            case Expr(type=Str()):
                return (Piece(value=value),)
            case Expr(type=Int()):
                return (Piece(value=value, conversion="d"),)
            case _:
                help_ = "decode it: value.decode()" if isinstance(value.type, Bytes) else ""
                self.report.refuse(
                    "PNX196",
                    args[0],
                    f"the text of an exception is a str, not '{describe(value.type)}'",
                    help=help_ or 'format it: raise ValueError(f"… {value}")',
                )


def _reading(nodes: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    """What the author writes to read the body, but for a loop over it."""
    for part in nodes:
        for node in ast.walk(part):
            match node:
                case ast.YieldFrom() | ast.Call(
                    func=ast.Attribute(attr="read" | "readline" | "lines" | "scan")
                ):
                    yield node


def _reads(node: object) -> bool:
    """Whether statements wait for input somewhere."""
    match node:
        case ReadInto() | ForBody() | ForLines() | ForScan() | YieldRest():
            return True
        case tuple():
            return any(map(_reads, node))
        case Stmt() | Handler():
            return any(_reads(getattr(node, field.name)) for field in fields(node))
        case _:
            return False


def _jumps(nodes: Sequence[ast.AST], *, in_loop: bool) -> Iterator[ast.AST]:
    """The statements that leave a block for somewhere else than its end."""
    for node in nodes:
        match node:
            case ast.Return():
                yield node
            case ast.Break() | ast.Continue() if not in_loop:
                yield node
            case ast.For() | ast.While():
                yield from _jumps(node.body, in_loop=True)
                yield from _jumps(node.orelse, in_loop=in_loop)
            case ast.stmt() | ast.excepthandler() | ast.match_case():
                yield from _jumps([*ast.iter_child_nodes(node)], in_loop=in_loop)


def _walk(nodes: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    for node in nodes:
        yield from ast.walk(node)


def _for_the_body(node: ast.AST) -> bool:
    """Whether this reads or sends."""
    if isinstance(node, ast.Yield | ast.YieldFrom):
        return True
    return isinstance(node, ast.Attribute) and node.attr in ("read", "readline", "lines", "scan")
