"""Statements: from Python's tree to the typed one, with what is known at each point."""

from __future__ import annotations

import ast
import logging
from dataclasses import replace
from enum import Enum, auto

from pyngx.check.coerce import BUF, join, store
from pyngx.check.context import ModuleContext, Refused
from pyngx.check.expr import Expressions, path
from pyngx.check.fields import REQUEST_FLAGS
from pyngx.check.formatting import message
from pyngx.check.scope import Facts
from pyngx.frontend.load import FunctionSource
from pyngx.ops.table import TABLE
from pyngx.tree import (
    Append,
    Assign,
    AssignField,
    Block,
    Break,
    CallHelper,
    Const,
    Continue,
    Eval,
    Expr,
    Field,
    ForBody,
    ForBytes,
    ForChain,
    ForList,
    Format,
    ForRange,
    If,
    Item,
    Local,
    Log,
    Nothing,
    Op,
    Piece,
    Raise,
    Return,
    StateField,
    Stmt,
    Var,
    While,
    Yield,
    YieldRest,
)
from pyngx.types import (
    BYTE,
    INT,
    Body,
    Bytes,
    Conf,
    Constant,
    Ctx,
    Headers,
    Int,
    List,
    Logger,
    NoneType,
    Optional,
    OutChain,
    Range,
    Str,
    Struct,
    Tuple,
    Type,
    Variables,
    describe,
    is_integer,
)


class Kind(Enum):
    """What a function is for; it decides what may stand in it."""

    HEADER = auto()
    STREAM = auto()
    CHAIN = auto()
    VARIABLE = auto()
    VALIDATE = auto()
    HELPER = auto()


class Widened(Exception):
    """A local turned out to hold a wider type: the function is checked again with it."""


_LOG_LEVELS = {
    "debug": "NGX_LOG_DEBUG",
    "info": "NGX_LOG_INFO",
    "warning": "NGX_LOG_WARN",
    "error": "NGX_LOG_ERR",
    "critical": "NGX_LOG_CRIT",
}


class Statements(Expressions):
    """Checks the statements of one function."""

    def __init__(
        self, mod: ModuleContext, function: FunctionSource, kind: Kind, wide: dict[str, Type]
    ) -> None:
        super().__init__(mod, function)
        self.kind = kind
        self.wide = wide
        self.result: Type = NoneType()
        self.loops: list[list[Facts]] = []
        self.continues: list[list[Facts]] = []
        self.buffer_loops = 0

    def block(self, nodes: list[ast.stmt]) -> Block:
        """The statements in order; a refused one does not hide the errors of the others."""
        found: list[Stmt] = []
        for node in nodes:
            if not self.facts.reachable:
                break
            try:
                found.extend(self._commented(node, self._stmt(node)))
            except Refused:
                self._poison(node)
        return tuple(found)

    def _poison(self, node: ast.stmt) -> None:
        """After a refused statement nothing is said of the names that it would have assigned."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                if inner.id not in self.vars:
                    self.poisoned.add(inner.id)
                self.facts = self.facts.assign(inner.id, True)

    def _commented(self, node: ast.stmt, stmts: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
        before = self.function.comments.before(node.lineno)
        trailing = self.function.comments.trailing(node.lineno)
        if not stmts or (not before and trailing is None):
            return stmts
        first = replace(stmts[0], comments=tuple(before), trailing=trailing)
        return (first, *stmts[1:])

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
                return self._assign(node, target, node.value)
            case ast.Assign():
                self.report.refuse(
                    "PNX140",
                    node,
                    "one assignment to several targets is not compiled",
                    help="write one assignment a line",
                )
            case ast.AnnAssign():
                return self._annotated(node)
            case ast.AugAssign():
                return (self._augmented(node),)
            case ast.If():
                return (self._if(node),)
            case ast.While():
                return (self._while(node),)
            case ast.For():
                return (self._for(node),)
            case ast.Break():
                self.loops[-1].append(self.facts)
                self.facts = self.facts.unreachable()
                return (Break(span),)
            case ast.Continue():
                self.continues[-1].append(self.facts)
                self.facts = self.facts.unreachable()
                return (Continue(span),)
            case ast.Return():
                return (self._return(node),)
            case ast.Raise():
                return (self._raise(node),)
            case ast.Delete(targets=targets):
                return tuple(self._delete(t) for t in targets)
            case _:
                self.report.refuse(
                    "PNX102", node, f"'{type(node).__name__}' is not compiled by this version"
                )

    # Assignment

    def declare(self, node: ast.Name, value: Expr) -> Var:
        """The variable that is assigned; its type comes from its first value."""
        name = node.id
        wanted = value.type
        if isinstance(wanted, Int | NoneType) or is_integer(wanted):
            wanted = INT if isinstance(wanted, Int) else wanted
        if isinstance(wanted, Constant | Headers | Variables | Logger | Body):
            self.report.refuse(
                "PNX141",
                node,
                f"'{describe(wanted)}' is not assigned to a variable",
                help="use it in place",
            )
        if name in self.wide:
            wanted = self.wide[name]
        if name in self.vars:
            wanted = self._widen(node, name, wanted)
            return self.vars[name]
        var = Var(name, wanted)
        self.vars[name] = var
        return var

    def _widen(self, node: ast.Name, name: str, wanted: Type) -> Type:
        known = self.vars[name].type
        if isinstance(known, Int) and is_integer(wanted):
            return known
        joined = join(known, wanted)
        if joined is None:
            self.report.refuse(
                "PNX110",
                node,
                f"'{name}' is '{describe(known)}' and cannot become '{describe(wanted)}'",
                help="a local has one type: give the new value a name of its own",
            )
        if joined != known:
            if self.vars[name].parameter or name in self.annotated:
                self.report.refuse(
                    "PNX111",
                    node,
                    f"'{name}' is '{describe(known)}', but the value is '{describe(wanted)}'",
                )
            self.wide[name] = joined
            raise Widened
        return known

    @property
    def annotated(self) -> frozenset[str]:
        """The locals whose type the author wrote."""
        return frozenset(
            n.target.id
            for n in ast.walk(self.function.node)
            if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)
        )

    def _assign(self, node: ast.stmt, target: ast.expr, value_node: ast.expr) -> tuple[Stmt, ...]:
        match target:
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                return self._unpack(node, targets, value_node)
            case ast.Name():
                return (self._assign_name(node, target, self.expr(value_node), value_node),)
            case ast.Attribute():
                return (self._assign_attribute(node, target, value_node),)
            case ast.Subscript():
                return (self._assign_item(node, target, value_node),)
            case _:
                self.report.refuse("PNX140", target, "this target of an assignment is not compiled")

    def _assign_name(
        self, node: ast.stmt, target: ast.Name, value: Expr, value_node: ast.expr
    ) -> Stmt:
        if isinstance(value, CallHelper) and isinstance(value.type, NoneType):
            self.report.refuse("PNX141", value_node, "this function returns nothing")
        var = self.declare(target, value)
        stored = store(self.report, value_node, value, var.type, f"'{target.id}'")
        self.assigned(target.id, value)
        if self.stores.get(target.id) == 1 and is_integer(value.type):
            self.value_ranges[target.id] = stored.range
        return Assign(self.report.span(node), var, stored)

    def _unpack(
        self, node: ast.stmt, targets: list[ast.expr], value_node: ast.expr
    ) -> tuple[Stmt, ...]:
        if not isinstance(value_node, ast.Tuple | ast.List):
            value = self.expr(value_node)
            if isinstance(value, Local) and isinstance(value.type, Tuple):
                return self._unpack_tuple(node, targets, value)
            self.report.refuse(
                "PNX140",
                value_node,
                "only a tuple is unpacked",
                help="assign the parts one by one",
            )
        if len(targets) != len(value_node.elts):
            self.report.refuse(
                "PNX142",
                node,
                f"{len(targets)} targets, but {len(value_node.elts)} values",
            )
        names = {t.id for t in targets if isinstance(t, ast.Name)}
        stmts: list[Stmt] = []
        values = [self.expr(v) for v in value_node.elts]
        reads = [{n.id for n in ast.walk(v) if isinstance(n, ast.Name)} for v in value_node.elts]
        overlaps = any(names & r for r in reads[1:])
        pending: list[tuple[ast.Name, Expr, ast.expr]] = []
        for target, value, element in zip(targets, values, value_node.elts, strict=True):
            if not isinstance(target, ast.Name):
                self.report.refuse("PNX140", target, "unpacking assigns to names only")
            if overlaps:
                temp = ast.copy_location(ast.Name(f"{target.id}_", ast.Store()), target)
                stmts.append(self._assign_name(node, temp, value, element))
                self.local_names |= {temp.id}
                pending.append((target, self.name(temp), element))
            else:
                stmts.append(self._assign_name(node, target, value, element))
        for target, value, element in pending:
            stmts.append(self._assign_name(node, target, value, element))
        return tuple(stmts)

    def _unpack_tuple(
        self, node: ast.stmt, targets: list[ast.expr], value: Local
    ) -> tuple[Stmt, ...]:
        assert isinstance(value.type, Tuple)
        if len(targets) != len(value.type.items):
            self.report.refuse(
                "PNX142", node, f"{len(targets)} targets, but {len(value.type.items)} values"
            )
        stmts: list[Stmt] = []
        for i, (target, type_) in enumerate(zip(targets, value.type.items, strict=True)):
            if not isinstance(target, ast.Name):
                self.report.refuse("PNX140", target, "unpacking assigns to names only")
            item = Item(value.span, type_, value, i)
            stmts.append(self._assign_name(node, target, item, target))
        return tuple(stmts)

    def _annotated(self, node: ast.AnnAssign) -> tuple[Stmt, ...]:
        if not isinstance(node.target, ast.Name):
            self.report.refuse("PNX140", node, "only a local variable is annotated")
        type_ = self.annotation(node.annotation)
        name = node.target.id
        if name in self.vars and self.vars[name].type != type_:
            self.report.refuse(
                "PNX110", node, f"'{name}' is '{describe(self.vars[name].type)}' already"
            )
        self.vars[name] = self.vars.get(name) or Var(name, type_)
        if node.value is None:
            return ()
        value = self.expr(node.value)
        stored = store(self.report, node.value, value, type_, f"'{name}'")
        self.assigned(name, value)
        return (Assign(self.report.span(node), self.vars[name], stored),)

    def annotation(self, node: ast.expr) -> Type:
        """The type that an annotation inside the function says."""
        raise NotImplementedError

    def _augmented(self, node: ast.AugAssign) -> Stmt:
        read = _as_load(node.target)
        left = self.expr(read)
        binop = ast.copy_location(ast.BinOp(read, node.op, node.value), node)
        del left
        value = self.expr(binop)
        match node.target:
            case ast.Name():
                return self._assign_name(node, node.target, value, node.value)
            case ast.Attribute():
                return self._store_attribute(node, node.target, value, node.value)
            case _:
                self.report.refuse(
                    "PNX140", node.target, "an augmented assignment to an item is not compiled"
                )

    def _assign_attribute(
        self, node: ast.stmt, target: ast.Attribute, value_node: ast.expr
    ) -> Stmt:
        return self._store_attribute(node, target, self.expr(value_node), value_node)

    def _store_attribute(
        self, node: ast.stmt, target: ast.Attribute, value: Expr, value_node: ast.expr
    ) -> Stmt:
        owner = self.expr(target.value)
        place = self.attribute_of(target, owner)
        what = f"'{ast.unparse(target)}'"
        self._writable(target, owner, place)
        where = path(target)
        if isinstance(place, Field) and isinstance(place.obj.type, Headers):
            self._headers_only(node)
            if isinstance(value.type, Str) and isinstance(place.type, Bytes):
                stored = value
            elif place.name == "content_type":
                stored = self._text(value_node, value, what)
            else:
                stored = store(self.report, value_node, value, place.type, what)
            if place.name == "content_type":
                name = Const(place.span, Bytes(), b"Content-Type")
                row = TABLE["headers_out.set"]
                return Eval(self.report.span(node), Op(place.span, NoneType(), row, (name, stored)))
        else:
            stored = store(self.report, value_node, value, place.type, what)
        if where is not None:
            present = self.facts.present - {where}
            if not isinstance(value.type, Optional | NoneType):
                present |= {where}
            self.facts = Facts(self.facts.assigned, present, self.facts.reachable)
        assert isinstance(place, Field | StateField)
        return AssignField(self.report.span(node), place, stored)

    def _writable(self, target: ast.Attribute, owner: Expr, place: Expr) -> None:
        match owner.type:
            case Ctx():
                return
            case Conf():
                self.report.refuse(
                    "PNX203",
                    target,
                    "the configuration is shared by all requests and is read-only",
                    help="keep what changes in a RequestCtx",
                )
            case Headers("out"):
                assert isinstance(place, Field)
                if isinstance(place.type, Optional):
                    self.report.refuse(
                        "PNX204",
                        target,
                        f"'{target.attr}' is a pointer that nginx keeps",
                        help='set the header by its name: r.headers_out["…"] = value',
                    )
                return
            case Struct("ngx_http_request_t") if target.attr in REQUEST_FLAGS:
                return
            case _:
                self.report.refuse(
                    "PNX205",
                    target,
                    f"'{ast.unparse(target)}' belongs to nginx and is read-only",
                    help="a filter writes to r.headers_out, the request's filter flags, "
                    "and its own state",
                )

    def _headers_only(self, node: ast.AST) -> None:
        if self.kind in (Kind.STREAM, Kind.CHAIN):
            self.report.refuse(
                "PNX206",
                node,
                "headers are not written from a body filter: they are sent already",
                help="do it in the header filter",
            )
        if self.kind in (Kind.VARIABLE,):
            self.report.refuse(
                "PNX206",
                node,
                "headers are not written by a variable: it may be read after they are sent",
                help="do it in the header filter",
            )

    def _text(self, node: ast.expr, value: Expr, what: str) -> Expr:
        if isinstance(value.type, Bytes | Str):
            return value
        return self.need_bytes(node, what, text=True)

    def _assign_item(self, node: ast.stmt, target: ast.Subscript, value_node: ast.expr) -> Stmt:
        owner = self.expr(target.value)
        span = self.report.span(node)
        match owner.type:
            case Headers("out"):
                self._headers_only(node)
                name = self.need_bytes(target.slice, "a header name", text=True)
                value = self.need_bytes(value_node, "a header value", text=True)
                self.facts = self.facts.forget(self.state_roots)
                row = TABLE["headers_out.set"]
                return Eval(span, Op(span, NoneType(), row, (name, value)))
            case Headers("in"):
                self.report.refuse(
                    "PNX202", node, "the request's headers belong to nginx and are read-only"
                )
            case Variables():
                name = self.need_bytes(target.slice, "a variable name", text=True)
                value = self.need_bytes(value_node, "the value of a variable", text=True)
                return Eval(span, Op(span, NoneType(), TABLE["variables.set"], (name, value)))
            case Struct("ngx_buf_t"):
                self.report.refuse(
                    "PNX143",
                    node,
                    "writing into a buffer is in the language, but not compiled by this version",
                )
            case _:
                self.report.refuse(
                    "PNX140", node, f"an item of '{describe(owner.type)}' cannot be assigned"
                )

    def _delete(self, target: ast.expr) -> Stmt:
        if isinstance(target, ast.Subscript):
            owner = self.expr(target.value)
            span = self.report.span(target)
            if owner.type == Headers("out"):
                self._headers_only(target)
                name = self.need_bytes(target.slice, "a header name", text=True)
                self.facts = self.facts.forget(self.state_roots)
                return Eval(span, Op(span, NoneType(), TABLE["headers_out.del"], (name,)))
            if owner.type == Headers("in"):
                self.report.refuse(
                    "PNX202", target, "the request's headers belong to nginx and are read-only"
                )
        self.report.refuse("PNX144", target, "'del' removes a header of r.headers_out only")

    # Expressions as statements

    def _eval(self, node: ast.expr) -> Stmt:
        span = self.report.span(node)
        match node:
            case ast.Call(func=ast.Attribute(value=receiver, attr=attr)):
                found = self.compile_time(receiver)
                if isinstance(found, logging.Logger):
                    return self._log(node, attr)
                if isinstance(receiver, ast.Name) and receiver.id in self.local_names:
                    owner = self.expr(receiver)
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
            self.report.refuse("PNX133", node, "append() takes one argument")
        value = self.expr(node.args[0])
        if value.type != BUF:
            value = self._constant_text(node.args[0], value, "appended")
        return Append(self.report.span(node), value)

    def _constant_text(self, node: ast.expr, value: Expr, how: str) -> Expr:
        """Text for the body: bytes or str."""
        if isinstance(value.type, Optional):
            self._no_none(node, value, "what is " + how)
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
            self.report.refuse("PNX147", node, "there is no request to log for in validate()")
        return Log(self.report.span(node), name, self._message(node, node.args, node.keywords))

    def _message(
        self, node: ast.AST, args: list[ast.expr], keywords: list[ast.keyword]
    ) -> tuple[Piece, ...]:
        if keywords or not args:
            self.report.refuse("PNX147", node, "a message, then the values for its %s and %d")
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

    # Control flow

    def _if(self, node: ast.If) -> Stmt:
        cond = self.cond(node.test)
        before = self.facts
        self.facts = before.with_present(cond.yes)
        then = self.block(node.body)
        after_then = self.facts
        self.facts = before.with_present(cond.no)
        orelse = self.block(node.orelse)
        self.facts = after_then.join(self.facts)
        return If(self.report.span(node), cond.expr, then, orelse)

    def _loop_body(self, node: ast.While | ast.For, entry: Facts) -> tuple[Block, Facts]:
        """The body of a loop; and what holds after the loop was left by ``break``."""
        self.loops.append([])
        self.continues.append([])
        self.facts = entry
        body = self.block(node.body)
        self.continues.pop()
        breaks = self.loops.pop()
        out = Facts(reachable=False)
        for facts in breaks:
            out = out.join(facts)
        return body, out

    def _loop_entry(self, node: ast.While | ast.For) -> None:
        """Forget what the loop's body may change, for it holds on the first round only."""
        if node.orelse:
            self.report.refuse(
                "PNX148", node.orelse[0], "'else' of a loop is not compiled by this version"
            )
        changed = {
            n.id
            for part in node.body
            for n in ast.walk(part)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        }
        facts = self.facts
        for name in changed:
            kept = frozenset(
                p for p in facts.present if p != name and not p.startswith((name + ".", name + "["))
            )
            facts = Facts(facts.assigned, kept, facts.reachable)
        self.facts = facts.forget(self.state_roots)

    def _while(self, node: ast.While) -> Stmt:
        self._loop_entry(node)
        cond = self.cond(node.test)
        exit_facts = self.facts.with_present(cond.no)
        always = isinstance(cond.expr, Const) and cond.expr.value is True
        body, broken = self._loop_body(node, self.facts.with_present(cond.yes))
        self.facts = broken if always else broken.join(exit_facts)
        return While(self.report.span(node), cond.expr, body)

    def _for(self, node: ast.For) -> Stmt:
        match node.iter:
            case ast.Call(func=ast.Name(id="range")) if "range" not in self.local_names:
                return self._for_range(node, node.iter)
            case ast.Call(func=ast.Attribute(value=value, attr=attr)):
                owner = self.compile_time(value) is None and self.expr(value).type
                if owner == Body():
                    self.report.refuse(
                        "PNX136",
                        node.iter,
                        f"body.{attr}() is in the language, but not compiled by this version",
                        help="'for buf in body' gives whole buffers",
                    )
            case _:
                pass
        return self._for_value(node)

    def _for_range(self, node: ast.For, call: ast.Call) -> Stmt:
        if call.keywords or not 1 <= len(call.args) <= 3:
            self.report.refuse("PNX133", call, "range() takes 1 to 3 arguments")
        bounds = [self.need_int(a, "an argument of range()") for a in call.args]
        span = self.report.span(node)
        zero = Const(span, INT, 0, range=Range(0, 0))
        one = Const(span, INT, 1, range=Range(1, 1))
        start, stop = (bounds[0], bounds[1]) if len(bounds) > 1 else (zero, bounds[0])
        step = bounds[2] if len(bounds) > 2 else one
        if not isinstance(step, Const):
            self.report.refuse(
                "PNX149", call.args[2], "the step of range() is a constant in this version"
            )
        assert isinstance(step.value, int)
        if step.value == 0:
            self.report.refuse("PNX108", call.args[2], "the step of range() is zero")
        var = self._loop_var(node, node.target, INT)
        if self.stores.get(var.name) == 1:
            lo, hi = start.range.lo, stop.range.hi - 1
            if step.value < 0:
                lo, hi = stop.range.lo + 1, start.range.hi
            self.value_ranges[var.name] = Range(min(lo, hi), max(lo, hi))
        body = self._for_body(node, (var,))
        return ForRange(span, var, start, stop, step, body)

    def _loop_var(self, node: ast.For, target: ast.expr, type_: Type) -> Var:
        if not isinstance(target, ast.Name):
            self.report.refuse("PNX150", target, "the target of this loop is one name")
        value = Const(self.report.span(target), type_, None)
        return self.declare(target, value)

    def _for_body(self, node: ast.For, vars_: tuple[Var, ...]) -> Block:
        self._loop_entry(node)
        before = self.facts
        entry = before
        for var in vars_:
            entry = entry.assign(var.name, not isinstance(var.type, Optional))
        body, broken = self._loop_body(node, entry)
        self.facts = before.join(broken) if broken.reachable else before
        return body

    def _for_value(self, node: ast.For) -> Stmt:
        span = self.report.span(node)
        value = self.expr(node.iter)
        match value.type:
            case Body():
                if self.kind is not Kind.STREAM:
                    self.report.refuse("PNX151", node.iter, "a Body is read by a body filter only")
                var = self._loop_var(node, node.target, BUF)
                self.buffer_loops += 1
                body = self._for_body(node, (var,))
                self.buffer_loops -= 1
                return ForBody(span, var, body)
            case Struct("ngx_chain_t"):
                var = self._loop_var(node, node.target, BUF)
                return ForChain(span, var, value, self._for_body(node, (var,)))
            case Bytes() | Struct("ngx_buf_t"):
                data = self.need_bytes(node.iter, "what is iterated")
                var = self._loop_var(node, node.target, INT)
                if self.stores.get(var.name) == 1:
                    self.value_ranges[var.name] = BYTE
                return ForBytes(span, var, data, self._for_body(node, (var,)))
            case List(item):
                return self._for_list(node, value, item)
            case Constant(tuple() | list() as values):
                self.report.refuse(
                    "PNX152",
                    node.iter,
                    "a loop over a constant of module level is not compiled by this version",
                    label=f"{len(values)} items",
                    help="write the steps one after the other",
                )
            case Headers():
                self.report.refuse(
                    "PNX152", node.iter, "headers are iterated with .items() or .get_all(name)"
                )
            case _:
                self._no_none(node.iter, value, "what is iterated")
                self.report.refuse("PNX152", node.iter, f"'{describe(value.type)}' is not iterated")

    def _for_list(self, node: ast.For, value: Expr, item: Type) -> Stmt:
        span = self.report.span(node)
        if isinstance(node.target, ast.Tuple):
            if not isinstance(item, Tuple) or len(item.items) != len(node.target.elts):
                self.report.refuse("PNX142", node.target, f"the items are '{describe(item)}'")
            vars_ = tuple(
                self._loop_var(node, t, i)
                for t, i in zip(node.target.elts, item.items, strict=True)
            )
        else:
            vars_ = (self._loop_var(node, node.target, item),)
        return ForList(span, vars_, value, self._for_body(node, vars_))

    # Leaving

    def _return(self, node: ast.Return) -> Stmt:
        span = self.report.span(node)
        if self.kind is Kind.STREAM:
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
                    "PNX153", node, f"a value of type '{describe(self.result)}' is returned"
                )
            self.facts = self.facts.unreachable()
            value: Expr | None = None
            if isinstance(self.result, Optional):
                value = Const(span, self.result, None)
            return Return(span, value)
        if isinstance(self.result, NoneType):
            self.report.refuse(
                "PNX153", node, "the function is annotated '-> None', but returns a value"
            )
        value = self.expr(node.value)
        stored = store(self.report, node.value, value, self.result, "the result")
        self.facts = self.facts.unreachable()
        return Return(span, stored)

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
                self.report.refuse("PNX154", node, 'write raise ValueError("…")')
        if not (isinstance(exception, type) and issubclass(exception, BaseException)):
            self.report.refuse("PNX154", node, f"'{name}' is not an exception")
        if (name == "ConfError") != (self.kind is Kind.VALIDATE):
            where = "validate()" if name == "ConfError" else "code that serves requests"
            self.report.refuse(
                "PNX154",
                node,
                f"{name} is raised in {where} only",
                help="" if name == "ConfError" else 'raise ConfError("…") stops nginx',
            )
        self.facts = self.facts.unreachable()
        return Raise(span, exception.__name__, pieces)

    # Yielding

    def _yield(self, node: ast.Yield) -> Stmt:
        if node.value is None:
            self.report.refuse("PNX146", node, "a 'yield' sends something", help='yield b"…"')
        value = self.expr(node.value)
        if value.type == BUF:
            if not isinstance(value, Local):
                self.report.refuse("PNX146", node.value, "only the buffer of a loop is sent")
            return Yield(self.report.span(node), value)
        value = self._constant_text(node.value, value, "yielded")
        return Yield(self.report.span(node), value)

    def _yield_from(self, node: ast.YieldFrom) -> Stmt:
        value = self.expr(node.value)
        if value.type != Body():
            self.report.refuse(
                "PNX155",
                node.value,
                f"'yield from' of '{describe(value.type)}' is not compiled by this version",
                help="'yield from body' passes what is left of the body",
            )
        return YieldRest(self.report.span(node))


def _as_load(node: ast.expr) -> ast.expr:
    """The target of an augmented assignment, to be read."""
    match node:
        case ast.Name(id=name):
            return ast.copy_location(ast.Name(name, ast.Load()), node)
        case ast.Attribute(value=value, attr=attr):
            return ast.copy_location(ast.Attribute(value, attr, ast.Load()), node)
        case ast.Subscript(value=value, slice=index):
            return ast.copy_location(ast.Subscript(value, index, ast.Load()), node)
        case _:
            return node
