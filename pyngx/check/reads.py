"""Reading the body: ``read``, ``readline``, ``lines``, ``scan``; and writing into a buffer.

A read may suspend the generator, so it is a statement of the typed tree. One that stands inside an
expression is hoisted: ``while chunk := body.read(3):`` becomes a loop that reads, tests and goes
on. What stands before it in the expression is done before it (`pyngx.frontend.reading`). A read
that a condition reaches only sometimes (the second operand of ``and``) is hoisted into an ``if``;
where ``and`` and ``or`` are values, it is refused.
"""

from __future__ import annotations

import ast
import re
from dataclasses import replace

from pyngx.check.coerce import as_bytes, store_byte
from pyngx.check.constants import constant
from pyngx.check.loops import Loops
from pyngx.tree import (
    Assign,
    Const,
    Expr,
    ForLines,
    ForScan,
    Local,
    ReadInto,
    SetByte,
    SetBytes,
    StateField,
    Stmt,
    Var,
)
from pyngx.types import (
    INT,
    Body,
    Bool,
    Bytes,
    Constant,
    Ctx,
    List,
    Part,
    Range,
    Type,
    describe,
)

_SCAN_LIMIT = 4096


class Reads(Loops):
    """Checks what reads the body."""

    def read(self, node: ast.Call, method: str) -> Expr:
        """``body.read(n)`` and ``body.readline(n)`` as a value; the read itself is hoisted."""
        if method not in ("read", "readline"):
            loop = method in ("lines", "scan")
            self.report.refuse(
                "PNX136",
                node,
                f"body.{method}() is iterated" if loop else f"Body has no method '{method}'",
                help=(
                    f"for … in body.{method}(…):"
                    if loop
                    else "Body has read, readline, lines and scan"
                ),
            )
        if self.sometimes:
            self.report.refuse(
                "PNX170",
                node,
                "this read happens only sometimes",
                label="it is evaluated only if what stands before it says so",
                help="read in a statement of its own, inside an 'if'",
            )
        span = self.report.span(node)
        for stmt in self.pending:  # an expression may be checked twice, and reads once
            if isinstance(stmt, ReadInto) and stmt.span == span:
                return Local(span, Bytes(), stmt.var)
        bound = self._bound_argument(node, f"body.{method}()")
        var = self._temporary("data" if method == "read" else "line", Bytes())
        self.pending.append(ReadInto(span, var, method, bound))
        return Local(span, Bytes(), var)

    def _bound_argument(self, node: ast.Call, what: str) -> Expr:
        if len(node.args) != 1 or node.keywords:
            self.report.refuse(
                "PNX171",
                node,
                f"{what} takes a bound: how many bytes are held at most",
                help=f"{what.removesuffix('()')}(8192)",
            )
        return self._bound_value(node.args[0], f"the bound of {what}")

    def _bound_value(self, node: ast.expr, what: str) -> Expr:
        value = self.need_int(node, what)
        if value.range.hi < 1:
            self.report.refuse(
                "PNX171",
                node,
                f"{what} is at least 1",
                help="write how many bytes are held at most",
            )
        if isinstance(value, Const | Local | StateField):
            return value
        var = self._temporary("bound", INT)
        self.pending.append(Assign(value.span, var, value))
        return Local(value.span, INT, var, range=value.range)

    def _bound_once(self, node: ast.For, bound: Expr) -> Expr:
        """The bound of a loop, evaluated once: its variable may change in the loop."""
        changes = isinstance(bound, StateField) and isinstance(bound.obj.type, Ctx)
        if isinstance(bound, Local):
            stored = {
                n.id
                for n in ast.walk(node)
                if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            }
            changes = bound.var.name in stored
        if not changes:
            return bound
        var = self._temporary("bound", INT)
        self.pending.append(Assign(bound.span, var, bound))
        return Local(bound.span, INT, var, range=bound.range)

    def _temporary(self, hint: str, type_: Type) -> Var:
        """A variable that the author did not write."""
        self.temporaries += 1
        name = f"{hint}{self.temporaries}"
        while name in self.local_names or name in self.vars:
            name += "_"
        self.vars[name] = Var(name, type_, scope=self.scope)
        return self.vars[name]

    def is_read(self, value: Expr) -> bool:
        """Whether a value is what the last read of the statement gave, and nothing else."""
        if not self.pending or not isinstance(value, Local):
            return False
        last = self.pending[-1]
        return isinstance(last, ReadInto) and last.var == value.var

    def take_read(self, value: Expr, var: Var) -> ReadInto | None:
        """The read that made ``value``, now into ``var``: no copy of a copy."""
        if isinstance(var.type, Bytes) and isinstance(value, Local) and self.is_read(value):
            last = self.pending.pop()
            assert isinstance(last, ReadInto)
            del self.vars[value.var.name]
            return replace(last, var=var)
        return None

    # Loops

    def body_loop(self, node: ast.For) -> Stmt | None:
        """``for … in body.lines(…)`` and ``body.scan(…)``; None for any other loop."""
        match node.iter:
            case ast.Call(func=ast.Attribute(value=ast.Name() as owner, attr=method)):
                if owner.id not in self.local_names or self.expr(owner).type != Body():
                    return None
            case _:
                return None
        call = node.iter
        if method == "lines":
            bound = self._bound_once(node, self._bound_argument(call, "body.lines()"))
            var = self.loop_var(node, node.target, Bytes())
            return ForLines(self.report.span(node), var, bound, self.for_body(node, (var,)))
        if method == "scan":
            return self._scan(node, call)
        self.report.refuse(
            "PNX136",
            call,
            f"body.{method}() is not iterated",
            help="for buf in body, for line in body.lines(n), for part in body.scan(…)",
        )

    def _scan(self, node: ast.For, call: ast.Call) -> Stmt:
        given: dict[str, ast.expr] = dict(zip(("pattern", "limit"), call.args, strict=False))
        for keyword in call.keywords:
            if keyword.arg not in ("pattern", "limit", "ignore_case") or keyword.arg in given:
                self.report.refuse(
                    "PNX133",
                    keyword,
                    f"scan() has no argument '{keyword.arg}'",
                    help="body.scan(pattern, limit=4096, ignore_case=False)",
                )
            given[keyword.arg] = keyword.value
        if "pattern" not in given or len(call.args) > 2:
            self.report.refuse(
                "PNX133",
                call,
                "scan() takes a pattern, and a limit",
                help="body.scan(pattern, limit=4096, ignore_case=False)",
            )
        literals = self._literals(given["pattern"])
        span = self.report.span(call)
        default = Const(span, INT, _SCAN_LIMIT, range=Range(_SCAN_LIMIT, _SCAN_LIMIT))
        limit = (
            self._bound_value(given["limit"], "the limit of scan()")
            if "limit" in given
            else default
        )
        ignore = self._ignore_case(given.get("ignore_case"))
        var = self.loop_var(node, node.target, Part())
        body = self.for_body(node, (var,))
        return ForScan(self.report.span(node), var, literals, ignore, limit, body)

    def _ignore_case(self, node: ast.expr | None) -> bool:
        if node is None:
            return False
        value = self.expr(node)
        if not isinstance(value, Const) or not isinstance(value.type, Bool):
            self.report.refuse(
                "PNX172",
                node,
                "ignore_case is True or False",
                help="write a scan for each of the two",
            )
        return bool(value.value)

    def _literals(self, node: ast.expr) -> tuple[Expr, ...]:
        """One literal, several, or a list of them."""
        if isinstance(node, ast.Tuple | ast.List):
            found = tuple(self.need_bytes(e, "a literal of scan()") for e in node.elts)
        else:
            value = self.expr(node)
            match value.type:
                case Constant(tuple() | list() as values):
                    found = tuple(constant(self.report, node, v, self.mod.model) for v in values)
                case Constant(re.Pattern()):
                    self.report.refuse(
                        "PNX172",
                        node,
                        "scan() with a regular expression is in the language, "
                        "but not compiled by this version",
                        help='scan for literals: body.scan((b"…", b"…"))',
                    )
                case List(Bytes()):
                    return (value,)
                case _:
                    found = (self.need_bytes(node, "the pattern of scan()"),)
        if not found:
            self.report.refuse(
                "PNX172", node, "scan() for nothing", help="'yield from body' passes everything"
            )
        for literal in found:
            if not isinstance(literal.type, Bytes):
                self.report.refuse(
                    "PNX172",
                    node,
                    f"a literal of scan() is bytes, not '{describe(literal.type)}'",
                    help='write b"…" for bytes',
                )
            if isinstance(literal, Const) and not literal.value:
                self.report.refuse(
                    "PNX172",
                    node,
                    "an empty literal is found everywhere",
                    help="leave it out, or test for it before the scan",
                )
        return tuple(as_bytes(f) for f in found)

    # Writing into a buffer

    def set_item(self, node: ast.stmt, target: ast.Subscript, buf: Expr, value: ast.expr) -> Stmt:
        """``buf[i] = x`` or ``buf[:] = …``."""
        span = self.report.span(node)
        if not isinstance(buf, Local):
            self.report.refuse(
                "PNX143",
                target,
                "only the buffer of 'for buf in body' is written",
                help="for buf in body: buf[i] = …",
            )
        if isinstance(target.slice, ast.Slice):
            part = target.slice
            if part.lower is not None or part.upper is not None or part.step is not None:
                self.report.refuse(
                    "PNX143", target, "a whole buffer is replaced, or one byte", help="buf[:] = …"
                )
            return SetBytes(span, buf, self.need_bytes(value, "the new content of the buffer"))
        index = self.need_int(target.slice, "an index")
        byte = self.need_int(value, "a byte")
        checked = not self.is_index(target.slice, target.value)
        return self.set_byte(node, buf, index, byte, checked)

    def set_byte(self, node: ast.stmt, buf: Expr, index: Expr, byte: Expr, checked: bool) -> Stmt:
        """``buf[i] = x`` of checked operands."""
        stored = store_byte(self.report, node, byte, "a byte of the buffer")
        return SetByte(self.report.span(node), buf, index, stored, checked)
