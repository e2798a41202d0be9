"""Calls to C: rows of the operations table, mechanically, and helpers."""

from __future__ import annotations

import re
from functools import partial
from typing import assert_never

from pyngx.backend import cnodes as c
from pyngx.backend.conds import CondLowering
from pyngx.backend.emitter import Ref
from pyngx.backend.lowering import address, data_of, is_string, memcmp, owned_by_context
from pyngx.backend.unit import c_type
from pyngx.ops.registry import UNSAID, Form, Passes
from pyngx.tree import (
    CallHelper,
    Const,
    Expr,
    Format,
    Op,
)
from pyngx.types import (
    HASH,
    INT64_MAX,
    Bytes,
    Float,
    Struct,
    is_compound,
    is_integer,
    is_number,
)


class CallLowering(CondLowering):
    """Lowers calls."""

    def _arguments(self, expr: Op) -> list[c.Expr]:
        """The operands of a row's call, each in the form that the C wants."""
        found: list[c.Expr] = []
        for i, (name, kind, arg) in enumerate(
            zip(expr.row.param_names, expr.row.param_types, expr.args, strict=True), 1
        ):
            later = expr.args[i:]
            if kind in UNSAID:
                continue
            if kind in ("int", "time", "bool", "float"):
                found.append(self.kept(arg, later))
            elif kind in ("complex", "list", "strings", "texts", "hash"):
                found.append(self.value(arg))
            elif kind in ("bytes?", "str?") and isinstance(arg, Const) and arg.value is None:
                found.append(c.Name("NULL"))
            else:
                found.append(self._text(expr, arg, later, name).address)
        return found

    def _text(self, expr: Op, arg: Expr, later: tuple[Expr, ...], name: str) -> Ref:
        """A byte string; a copy of it if a piece of it, or nginx, will outlive what it is in."""
        if expr.row.form in (Form.EFFECT, Form.VIEW) and owned_by_context(arg):
            return self._copied(arg, name)
        return self.kept_string(arg, later, name)

    def _copied(self, arg: Expr, name: str) -> Ref:
        """Bytes of the context, safe from what is assigned there."""
        if not self.copies_state:
            return self.string(arg)
        saved = Ref(self.out.temp("ngx_str_t", 0, name))
        self.snapshot(saved, self.string(arg))
        return saved

    def _leading(self, expr: Op) -> list[c.Expr]:
        constant: list[c.Expr] = [c.Name(expr.row.constant)] if expr.row.constant else []
        match expr.row.passes:
            case Passes.NOTHING:
                return constant
            case Passes.POOL:
                return [self.out.pool, *constant]
            case Passes.REQUEST:
                return [self.out.r, *constant]
            case _ as never:
                assert_never(never)

    def _op_value(self, expr: Op) -> c.Expr:
        """A row whose result is an integer, a bool, a list or a hash."""
        inline = self._inline(expr)
        if inline is not None:
            return inline
        operands = self._arguments(expr)
        if expr.row.form is Form.VALUE:
            return c.Call(expr.row.c, (*self._leading(expr), *operands))
        ctype, stars = c_type(self.out.unit, expr.type)
        name = "hash" if expr.type == HASH else "list"
        hint = name if stars else "x" if isinstance(expr.type, Float) else "n"
        result = self.out.temp(ctype, stars, hint)
        self._checked(expr, operands, c.Unary("&", result))
        return result

    def _string_op(self, target: Ref, expr: Op) -> None:
        operands = self._arguments(expr)
        if expr.row.form is Form.VIEW and not expr.row.failures:
            self.out.call(expr.row.c, *self._leading(expr), *operands, target.address)
        elif expr.row.failures and (expr.sure or _fixed_piece(expr)):
            args = (*self._leading(expr), *operands, target.address)
            call = c.Cast("void", c.Call(expr.row.c, args))
            self.out.emit(c.ExprStmt(call, line=self.out.line))
        else:
            self._checked(expr, operands, target.address)

    def effect(self, expr: Op) -> None:
        """A row for its effect, or one whose result is not used."""
        if expr.row.form is Form.EFFECT:
            self._checked(expr, self._arguments(expr))
        elif expr.row.result == "none":
            self.out.call(expr.row.c, *self._leading(expr), *self._arguments(expr))
        elif is_string(expr.type):
            self.string(expr)
        else:
            self._op_value(expr)

    def _checked(self, expr: Op, operands: list[c.Expr], *result: c.Expr) -> None:
        """A call that returns a status; each failure is an exception of its own."""
        call = c.Call(expr.row.c, (*self._leading(expr), *operands, *result))
        if not expr.row.failures or _fixed_header(expr) or _fixed_split(expr):
            self.out.leave_if(c.Binary("!=", call, c.Name("NGX_OK")))
            return
        rc = self.out.temp("ngx_int_t", 0, "rc")
        self.out.assign(rc, call)
        for failure in expr.row.failures:
            status = c.Binary("==", rc, c.Name(failure.status))
            compute = None
            if failure.text:
                compute = partial(self._message, failure.text, self._told(expr, operands))
            self.out.fail_if(status, expr.span, failure.exception, failure.message, compute)
        self.out.leave_if(c.Binary("!=", rc, c.Name("NGX_OK")))

    def _told(self, expr: Op, operands: list[c.Expr]) -> list[c.Expr]:
        """The operands as what makes a message wants them."""
        found: list[c.Expr] = []
        rest = iter(operands)
        for kind, arg in zip(expr.row.param_types, expr.args, strict=True):
            if kind not in UNSAID:
                found.append(next(rest))
            if kind == "text":
                found.append(c.Int(str(int(isinstance(arg.type, Bytes)))))
        return found

    def _message(self, function: str, operands: list[c.Expr]) -> Ref:
        """The text of an exception that speaks of its operands."""
        made = Ref(self.out.temp("ngx_str_t", 0, "message"))
        call = c.Call(function, (self.out.pool, *operands, made.address))
        self.out.leave_if(c.Binary("!=", call, c.Name("NGX_OK")))
        self.out.blank()
        return made

    def _inline(self, expr: Op) -> c.Expr | None:
        """Rows that read better, and run faster, without a call."""
        if expr.row.name not in ("bytes.startswith", "bytes.endswith"):
            return None
        subject, affix, start, end = expr.args
        if not (isinstance(affix, Const) and isinstance(start, Const) and isinstance(end, Const)):
            return None
        if start.value != 0 or end.value != INT64_MAX:
            return None
        data = data_of(affix)
        s = self.string(subject, "s")
        size = c.Int(str(len(data)))
        if not data:
            return c.Int("1")
        long_enough = c.Binary(">=", s.len, size)
        place = s.data
        if expr.row.name == "bytes.endswith":
            place = c.Binary("-", c.Binary("+", s.data, s.len), size)
        same = c.Binary("==", memcmp(place, data), c.Int("0"))
        return c.Binary("&&", long_enough, same)

    def _helper_value(self, expr: CallHelper) -> c.Expr:
        signature = self.out.unit.helpers[expr.helper]
        if not signature.returns_through_pointer:
            return self._call_helper(expr, None)
        ctype, stars = c_type(self.out.unit, expr.type)
        result = self.out.temp(ctype, stars, "result")
        self._call_helper(expr, c.Unary("&", result))
        return result

    def _call_helper(self, expr: CallHelper, result: c.Expr | None) -> c.Expr:
        """The call; with ``result`` (a pointer) or a status it is emitted as a statement."""
        signature = self.out.unit.helpers[expr.helper]
        args: list[c.Expr] = []
        request = Struct("ngx_http_request_t")
        if signature.wants_request:  # which is first, wherever the author has it
            args.append(self.out.r)
        if signature.wants_pool:
            args.append(self.out.pool)
        record = self.out.record_for(signature.raises)
        if signature.wants_error:
            args.append(self.out.own_error if record is None else c.Unary("&", record))
        changed = self.out.unit.changes.get(expr.helper, frozenset())
        for i, arg in enumerate(expr.args, 1):
            if arg.type == request:
                continue
            if i - 1 in changed and is_compound(arg.type):
                args.append(address(self.place(arg)))
            elif is_string(arg.type):
                own = owned_by_context(arg)
                later = expr.args[i:]
                ref = self._copied(arg, "arg") if own else self.kept_string(arg, later, "arg")
                args.append(ref.address)
            elif is_compound(arg.type) and owned_by_context(arg):
                copy = self.out.temp(c_type(self.out.unit, arg.type)[0], 0, "arg")
                self.compound_into(copy, arg)
                args.append(address(copy))
            elif is_compound(arg.type):
                args.append(address(self.kept(arg, expr.args[i:], signed=False)))
            else:
                args.append(self.kept(arg, expr.args[i:], signed=False))
        if result is not None:
            args.append(result)
        call = c.Call(signature.c_name, tuple(args))
        if signature.fails:
            failed = c.Binary("!=", call, c.Name("NGX_OK"))
            if record is None:
                self.out.escaping.update(signature.raises)
                self.out.leave_if(failed)
            else:
                self.out.assign(c.Member(record, "kind"), c.Int("0"))
                self.out.pass_on_if(failed, record, signature.raises)
            return call
        if result is not None:
            self.out.emit(c.ExprStmt(call, line=self.out.line))
        return call

    def call_for_effect(self, expr: CallHelper) -> None:
        """A helper as a statement."""
        signature = self.out.unit.helpers[expr.helper]
        if signature.returns_through_pointer:
            if is_string(expr.type):
                self.string(expr, "unused")
            elif is_compound(expr.type):
                self.place(expr)
            else:
                self._helper_value(expr)
            return
        call = self._call_helper(expr, None)
        if not signature.fails:
            value = c.Cast("void", call) if is_number(expr.type) else call
            self.out.emit(c.ExprStmt(value, line=self.out.line))


_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_JUDGED = (b"connection", b"keep-alive", b"transfer-encoding", b"content-length")
"""Headers that are nginx's own, or whose value must be a number."""


def _fixed_header(expr: Op) -> bool:
    """Whether a header's name and value are known to be good: there is nothing to check."""
    if expr.row.name not in ("headers_out.set", "headers_out.add"):
        return False
    name, value = expr.args
    if not isinstance(name, Const) or data_of(name).lower() in _JUDGED:
        return False
    return _TOKEN.fullmatch(data_of(name)) is not None and _is_one_line(value)


def _fixed_piece(expr: Op) -> bool:
    """Whether bytes are parted at what is known not to be empty: the one way to fail."""
    return "partition[" in expr.row.name and never_empty(expr.args[-1])


def _fixed_split(expr: Op) -> bool:
    """Whether bytes are split at whitespace, or at what is known not to be empty."""
    if expr.row.name.partition(".")[2] not in ("split", "rsplit"):
        return False
    separator = expr.args[1]
    whitespace = isinstance(separator, Const) and not isinstance(separator.value, bytes | str)
    return whitespace or never_empty(separator)


def never_empty(value: Expr) -> bool:
    """Whether bytes or text are known to have a byte."""
    match value:
        case Const(value=known):
            return bool(known)
        case Format(pieces=pieces):
            return any(piece.value is None and piece.literal for piece in pieces)
        case _:
            return False


def _is_one_line(value: Expr) -> bool:
    """Whether text has no CR, LF or NUL: a constant, or numbers between constants."""
    match value:
        case Const():
            return not re.search(rb"[\r\n\0]", data_of(value))
        case Format(pieces=pieces):
            return all(
                (
                    isinstance(piece.value.type, Float)
                    or (piece.conversion in "dxXo" and is_integer(piece.value.type))
                    if piece.value is not None
                    else not re.search(rb"[\r\n\0]", piece.literal)
                )
                for piece in pieces
            )
        case _:
            return False
