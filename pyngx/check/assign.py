"""Assignment: to locals, whose type it decides, and to what a filter may write."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn

from pyngx.check import hints
from pyngx.check.base import path
from pyngx.check.changes import Changes
from pyngx.check.coerce import BUF, store
from pyngx.check.conditions import origin
from pyngx.check.context import ModuleContext, Refused
from pyngx.check.conversions import divided
from pyngx.check.fields import REQUEST_FLAGS
from pyngx.check.kinds import Kind, Widened
from pyngx.check.lists import check_item, is_new, need_list
from pyngx.check.literals import as_value
from pyngx.check.pieces import partition
from pyngx.check.scope import Facts
from pyngx.check.tuples import is_plain
from pyngx.check.unpacking import as_load
from pyngx.frontend.load import FunctionSource
from pyngx.ops.table import TABLE
from pyngx.tree import (
    Assign,
    AssignField,
    Block,
    CallHelper,
    Const,
    Eval,
    Expr,
    Field,
    Local,
    Op,
    SetItem,
    StateField,
    Stmt,
    Var,
)
from pyngx.types import (
    INT,
    Body,
    Bytes,
    Conf,
    Constant,
    Ctx,
    Error,
    Headers,
    Int,
    List,
    Logger,
    NoneType,
    Optional,
    OutChain,
    Part,
    Str,
    Struct,
    Tuple,
    Type,
    Variables,
    describe,
    is_integer,
    joined,
)


class Assignments(Changes):
    """Checks assignments of one function."""

    def __init__(
        self, mod: ModuleContext, function: FunctionSource, kind: Kind, wide: dict[str, Type]
    ) -> None:
        super().__init__(mod, function)
        self.kind = kind
        self.wide = wide
        self.lost: dict[str, Var] = {}  # what the additions of a sum have lost, by its name
        self.result: Type = NoneType()
        self.loops: list[list[Facts]] = []
        self.continues: list[list[Facts]] = []
        self.broken = Facts()  # what holds where a ``break`` of the last loop leads
        self.flags: list[Var | None] = []  # set to false where a ``break`` leaves the loop
        self.rounds: list[Callable[[], tuple[Stmt, ...]]] = []  # what each round begins with

    def declare(self, node: ast.Name, value: Expr) -> Var:
        """The variable that is assigned; its type comes from its first value."""
        self._not_kept(value)
        name = node.id
        wanted = value.type
        if isinstance(wanted, Int | NoneType) or is_integer(wanted):
            wanted = INT if isinstance(wanted, Int) else wanted
        if isinstance(wanted, Constant | Headers | Variables | Logger | Body | Error):
            self.report.refuse(
                "PNX141",
                node,
                f"'{describe(wanted)}' is not assigned to a variable",
                help=(
                    "give it that name once, in a statement outside of any block"
                    if isinstance(wanted, Headers | Variables)
                    else "use it in place; of an exception keep the text, str(e)"
                ),
            )
        if name in self.wide:
            wanted = self.wide[name]
        if name in self.vars:
            wanted = self._widen(node, name, wanted)
            return self.vars[name]
        var = Var(name, wanted, scope=self.scope)
        self.vars[name] = var
        return var

    def _widen(self, node: ast.Name, name: str, wanted: Type) -> Type:
        known = self.vars[name].type
        if isinstance(known, Int) and is_integer(wanted):
            return known
        found = joined(known, wanted)
        if found is None:
            self.poisoned.add(name)
            self.report.refuse(
                "PNX110",
                node,
                f"'{name}' is '{describe(known)}' and cannot become '{describe(wanted)}'",
                help=hints.of_widening(known, wanted),
            )
        if found != known:
            if self.vars[name].parameter or name in self.annotated:
                self.report.refuse(
                    "PNX111",
                    node,
                    f"'{name}' is '{describe(known)}', but the value is '{describe(wanted)}'",
                )
            self.wide[name] = found
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

    def assign(self, node: ast.stmt, target: ast.expr, value_node: ast.expr) -> tuple[Stmt, ...]:
        """``target = value`` for a target of any kind."""
        match target:
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                return self._unpack(node, targets, value_node)
            case ast.Name():
                return (self.assign_name(node, target, self.expr(value_node), value_node),)
            case ast.Attribute():
                before = len(self.pending)
                stored = self._assign_attribute(node, target, value_node)
                needed, self.pending[before:] = self.pending[before:], []
                return (*needed, stored)
            case ast.Subscript():
                return (self._assign_item(node, target, value_node),)
            case _:
                self.report.refuse(
                    "PNX140",
                    target,
                    "this target of an assignment is not compiled",
                    help="assign to a name, a field or a header",
                )

    def assign_all(self, node: ast.Assign) -> tuple[Stmt, ...]:
        """``a = b = value``: the value once, into one name after the other."""
        stmts: list[Stmt] = []
        value_node = node.value
        for target in node.targets:
            if not isinstance(target, ast.Name):
                self.report.refuse(
                    "PNX140",
                    target,
                    "an assignment to several targets is compiled for names only",
                    help="write one assignment a line",
                )
            stmts.extend(self.assign(node, target, value_node))
            if not isinstance(value_node, ast.Constant):
                value_node = ast.copy_location(ast.Name(target.id, ast.Load()), target)
        return tuple(stmts)

    def assign_name(
        self, node: ast.stmt, target: ast.Name, value: Expr, value_node: ast.expr
    ) -> Stmt:
        """``name = value``; the type of a local comes from its first value."""
        value = as_value(value)
        if isinstance(value, CallHelper) and isinstance(value.type, NoneType):
            self.report.refuse(
                "PNX141",
                value_node,
                f"{value.helper}() returns nothing",
                help="call it without an assignment, or let it return a value",
            )
        var = self.declare(target, value)
        stored = store(self.report, value_node, value, var.type, f"'{target.id}'")
        self.assigned(target.id, value)
        self.facts = self.facts.computed(target.id, origin(value))
        read = self.take_read(value, var)
        if read is not None:
            return read
        if is_integer(value.type):
            self.measured(target.id, stored)
        return Assign(self.report.span(node), var, stored)

    def _not_kept(self, value: Expr) -> None:
        """Buffers of a generator, and the outgoing chain, have the one name that they were given
        first."""
        inner = value.type.inner if isinstance(value.type, Optional) else value.type
        if inner == BUF and self.kind is Kind.STREAM and not isinstance(value, Const):
            self.report.diags.error(
                "PNX141",
                value.span,
                "a buffer is not kept in a variable: it is valid until the next one is read",
                help="use the name that the loop gives it",
            )
            raise Refused
        if isinstance(inner, OutChain) and isinstance(value, Local):
            self.report.diags.error(
                "PNX141",
                value.span,
                "the outgoing chain has one name",
                help=f"use '{value.var.name}' everywhere",
            )
            raise Refused

    def _unpack(
        self, node: ast.stmt, targets: list[ast.expr], value_node: ast.expr
    ) -> tuple[Stmt, ...]:
        if isinstance(value_node, ast.Call) and self.compile_time(value_node.func) is divmod:
            kept, results = divided(self, value_node)
            if len(targets) != len(results):
                self.report.refuse(
                    "PNX142",
                    node,
                    f"{len(targets)} targets, but divmod() gives 2 values",
                    help="write 'quotient, rest = divmod(a, b)'",
                )
            for target, result in zip(targets, results, strict=True):
                if not isinstance(target, ast.Name):
                    self._names_only(target)
                kept.append(self.assign_name(node, target, result, value_node))
            return tuple(kept)
        starred = any(isinstance(target, ast.Starred) for target in targets)
        if starred or not isinstance(value_node, ast.Tuple | ast.List):
            found = partition(self, value_node)
            if found is not None:
                return self._unpack_pieces(node, targets, *found)
            return self.unpack_value(node, targets, self.expr(value_node), value_node)
        if len(targets) != len(value_node.elts):
            self.report.refuse(
                "PNX142",
                node,
                f"{len(targets)} targets, but {len(value_node.elts)} values",
                help="give each target one value",
            )
        if not all(isinstance(target, ast.Name) for target in targets):
            return self._unpack_places(node, targets, value_node.elts)
        names = {t.id for t in targets if isinstance(t, ast.Name)}
        stmts: list[Stmt] = []
        values = [self.expr(v) for v in value_node.elts]
        reads = [{n.id for n in ast.walk(v) if isinstance(n, ast.Name)} for v in value_node.elts]
        overlaps = any(names & r for r in reads[1:])
        if self.trying or self.finals:  # where one value fails, no name has got another yet
            overlaps = overlaps or not all(isinstance(v, Const | Local) for v in values[1:])
        pending: list[tuple[ast.Name, Expr, ast.expr]] = []
        for target, value, element in zip(targets, values, value_node.elts, strict=True):
            if not isinstance(target, ast.Name):
                self._names_only(target)
            if overlaps:
                name = target.id + "_"
                while name in self.stores:
                    name += "_"
                temp = ast.copy_location(ast.Name(name, ast.Store()), target)
                stmts.append(self.assign_name(node, temp, value, element))
                self.local_names |= {temp.id}
                pending.append((target, self.name(temp), element))
            else:
                stmts.append(self.assign_name(node, target, value, element))
        for target, value, element in pending:
            stmts.append(self.assign_name(node, target, value, element))
        return tuple(stmts)

    def _annotated(self, node: ast.AnnAssign) -> tuple[Stmt, ...]:
        if not isinstance(node.target, ast.Name):
            self.report.refuse(
                "PNX140",
                node,
                "only a local variable is annotated",
                help=f"write {ast.unparse(node.target)} = …",
            )
        type_ = self.annotation(node.annotation)
        name = node.target.id
        if name in self.vars and self.vars[name].type != type_:
            self.report.refuse(
                "PNX110",
                node,
                f"'{name}' is '{describe(self.vars[name].type)}' already",
                help="a local has one type: give the new value a name of its own",
            )
        self.vars[name] = self.vars.get(name) or Var(name, type_, scope=self.scope)
        if node.value is None:
            return ()
        value = self.expr(node.value)
        stored = store(self.report, node.value, value, type_, f"'{name}'")
        self.assigned(name, value)
        return (Assign(self.report.span(node), self.vars[name], stored),)

    @abstractmethod
    def set_item(self, node: ast.stmt, target: ast.Subscript, buf: Expr, value: ast.expr) -> Stmt:
        """``buf[i] = x`` or ``buf[:] = …``."""

    @abstractmethod
    def set_byte(self, node: ast.stmt, buf: Expr, index: Expr, byte: Expr, checked: bool) -> Stmt:
        """``buf[i] = x`` of checked operands."""

    @abstractmethod
    def leaving(self, loops: int) -> Block:
        """What ``finally`` blocks do when control leaves them for a place ``loops`` loops deep."""

    @abstractmethod
    def annotation(self, node: ast.expr) -> Type:
        """The type that an annotation inside the function says."""

    def augmented(self, node: ast.AugAssign) -> Stmt:
        """``target op= value``."""
        node = self._index_once(node)
        if isinstance(node.target, ast.Attribute):
            fixed = self.fixed_target(node, node.target)
            node = ast.copy_location(ast.AugAssign(fixed, node.op, node.value), node)
        read = as_load(node.target)
        left = self.expr(read)
        if isinstance(left.type, List) and isinstance(node.op, ast.Add):
            self.change(node.target, read)
            other = need_list(self, node.value, "what is added to a list")
            return self.extend(node, read, left, other)
        binop = ast.copy_location(ast.BinOp(read, node.op, node.value), node)
        value = self.expr(binop)
        match node.target:
            case ast.Name():
                return self.assign_name(node, node.target, value, node.value)
            case ast.Attribute(value=owner_node):
                self.same_place(node, self.expr(owner_node), value)
                return self._store_attribute(node, node.target, value, node.value)
            case ast.Subscript(value=owner_node) if isinstance(self.expr(owner_node).type, List):
                return self._augmented_item(node, node.target, value)
            case ast.Subscript(value=owner_node, slice=index) if not isinstance(index, ast.Slice):
                owner = self.expr(owner_node)
                if owner.type == BUF:
                    place = self.need_int(index, "an index")
                    checked = not self.is_index(index, owner_node)
                    return self.set_byte(node, owner, place, value, checked)
            case _:
                pass
        self.report.refuse(
            "PNX140",
            node.target,
            "an augmented assignment to this item is not compiled",
            help="read the item, change it, and assign it",
        )

    def _augmented_item(self, node: ast.AugAssign, target: ast.Subscript, value: Expr) -> Stmt:
        """``values[i] += x`` of the new item."""
        owner = self.expr(target.value)
        self.change(target, target.value)
        assert isinstance(owner.type, List)
        stored = store(self.report, node.value, value, owner.type.item, "the item")
        place = self.need_int(target.slice, "a list index")
        return SetItem(self.report.span(node), owner, place, stored)

    def _index_once(self, node: ast.AugAssign) -> ast.AugAssign:
        """``values[f(x)] += y`` with the index in a hidden variable, for it is needed twice."""
        match node.target:
            case ast.Subscript(value=owner, slice=index) if not isinstance(
                index, ast.Name | ast.Constant | ast.Slice
            ):
                if not isinstance(self.expr(owner).type, List):
                    return node
                name, stmt = self.hidden_name(node, self.need_int(index, "a list index"), index)
                self.pending.append(stmt)
                target = ast.copy_location(ast.Subscript(owner, name, ast.Store()), node.target)
                again = ast.AugAssign(target, node.op, node.value)
                return ast.copy_location(again, node)
            case _:
                return node

    def _assign_attribute(
        self, node: ast.stmt, target: ast.Attribute, value_node: ast.expr
    ) -> Stmt:
        value = self.expr(value_node)
        if not is_plain(value) and any(isinstance(n, ast.Subscript) for n in ast.walk(target)):
            name, stmt = self.hidden_name(node, value, value_node)
            self.pending.append(stmt)
            value = self.expr(name)
        target = self.fixed_target(node, target)
        return self._store_attribute(node, target, value, value_node)

    def _store_attribute(
        self, node: ast.stmt, target: ast.Attribute, value: Expr, value_node: ast.expr
    ) -> Stmt:
        owner = self.expr(target.value)
        if isinstance(owner.type, Tuple):
            return self.change_object(node, target, owner, value, value_node)
        place = self.attribute_of(target, owner)
        what = f"'{ast.unparse(target)}'"
        self._writable(target, owner, place)
        if isinstance(place.type, List) and not (is_new(value_node) or self.own_list(value_node)):
            self.report.refuse(
                "PNX192",
                value_node,
                f"{what} keeps a list that this function has made",
                label="others may see this one",
                help=f"take a copy: list({ast.unparse(value_node)})",
            )
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
            self.facts = replace(self.facts, present=present)
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
                        help="set the header by its name: "
                        f'r.headers_out["{target.attr.replace("_", "-").title()}"] = value',
                    )
                return
            case Constant():
                self.report.refuse(
                    "PNX193",
                    target,
                    f"'{ast.unparse(target.value)}' is of module level, and is not changed",
                    label="all requests would see it",
                    help=f"take a copy: p = replace({ast.unparse(target.value)}), from dataclasses",
                )
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
                self._read_only(node)
            case Variables():
                name = self.need_bytes(target.slice, "a variable name", text=True)
                value = self.need_bytes(value_node, "the value of a variable", text=True)
                return Eval(span, Op(span, NoneType(), TABLE["variables.set"], (name, value)))
            case Struct("ngx_buf_t"):
                return self.set_item(node, target, owner, value_node)
            case List():
                return self.set_list_item(node, target, owner, value_node)
            case Bytes() | Part():
                self.report.refuse(
                    "PNX143",
                    target,
                    "only the buffer of 'for buf in body' is written",
                    label=f"this is '{describe(owner.type)}'",
                    help="yield what is to stand there instead",
                )
            case _:
                self.report.refuse(
                    "PNX140",
                    node,
                    f"an item of '{describe(owner.type)}' cannot be assigned",
                    help="headers and variables can: r.headers_out[name] = value",
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
                self._read_only(target)
            mine = self.of_context(target.value) or self.own_list(target.value)
            if isinstance(owner.type, List) and mine:
                index = self.need_int(target.slice, "a list index")
                return Eval(span, Op(span, NoneType(), TABLE["list.del"], (owner, index)))
        self.report.refuse(
            "PNX041",
            target,
            "'del' removes headers only",
            notes=("and items of a list that this function itself has made by [… for … in …]",),
            help="write: del r.headers_out[b'Name']",
        )

    def widen_list(self, node: ast.expr, value: Expr, item: Type) -> Expr:
        """The list with items of a type; one that was empty until now gets its type."""
        assert isinstance(value.type, List)
        item = INT if isinstance(item, Int) else item
        if not isinstance(value.type.item, NoneType) or isinstance(item, NoneType):
            return value
        check_item(self, node, item)
        if isinstance(value, Local) and not value.var.parameter:
            self.wide[value.var.name] = List(item)
            raise Widened
        return value

    def _read_only(self, node: ast.AST) -> NoReturn:
        self.report.refuse(
            "PNX202",
            node,
            "the request's headers belong to nginx and are read-only",
            help="a response header is written through r.headers_out",
        )
