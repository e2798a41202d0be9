"""What checking an expression rests on: the names of a function and what is known of them.

`Base` declares what the mixins above it call of each other; `pyngx.check.expr` has it all.
"""

from __future__ import annotations

import ast
import builtins
from abc import ABC, abstractmethod
from dataclasses import dataclass

from pyngx.check.annotations import parts
from pyngx.check.coerce import as_bytes, may_be_none, store
from pyngx.check.conditions import implied
from pyngx.check.constants import constant
from pyngx.check.context import ModuleContext, Refused, Reporter
from pyngx.check.floats import as_float, refuse_total
from pyngx.check.heads import Heads
from pyngx.check.scope import Facts
from pyngx.frontend.load import FunctionSource
from pyngx.frontend.names import attribute
from pyngx.frontend.remedies import of_name
from pyngx.tree import (
    Expr,
    Local,
    Stmt,
    Var,
)
from pyngx.types import (
    FULL,
    Bytes,
    Error,
    Float,
    NoneType,
    Optional,
    Range,
    Str,
    Total,
    Tuple,
    Type,
    describe,
    is_integer,
    is_number,
    range_of,
)


def _of_parts(value: object) -> object | None:
    """A value of a table that is a table itself."""
    return value if isinstance(value, dict | list | tuple | set | frozenset) else None


@dataclass(frozen=True)
class Cond:
    """A condition, with the paths that are not None if it holds (``yes``) or not (``no``).
    ``tells``: what was tested, if ``expr`` is the variable that keeps the result."""

    expr: Expr
    yes: frozenset[str] = frozenset()
    no: frozenset[str] = frozenset()
    tells: Expr | None = None

    @property
    def tested(self) -> Expr:
        """The condition as the author wrote it."""
        return self.tells or self.expr

    def holds(self, facts: Facts) -> Facts:
        """What is known where the condition holds."""
        return facts.with_present(self.yes).bounded(implied(self.tested, True))

    def fails(self, facts: Facts) -> Facts:
        """What is known where it does not hold."""
        return facts.with_present(self.no).bounded(implied(self.tested, False))


def path(node: ast.expr) -> str | None:
    """The name under which facts about a value are kept; None for a computed value."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.NamedExpr(target=ast.Name(id=name)):
            return name
        case ast.Attribute(value=value, attr=attr):
            base = path(value)
            return None if base is None else f"{base}.{attr}"
        case ast.Subscript(value=value, slice=ast.Constant(value=key)):
            base = path(value)
            return None if base is None else f"{base}[{key!r}]"
        case _:
            return None


class Base(ABC):
    """The state of checking one function, and what asks for a value of some kind."""

    def __init__(self, mod: ModuleContext, function: FunctionSource) -> None:
        self.mod = mod
        self.function = function
        self.report = Reporter(function.source, mod.diags)
        self.facts = Facts()
        self.vars: dict[str, Var] = {}
        self.local_names: frozenset[str] = frozenset()
        self.stores: dict[str, int] = {}
        self.value_ranges: dict[str, Range] = {}
        self.heads = Heads()
        self.poisoned: set[str] = set()
        self.state_roots: frozenset[str] = frozenset()
        self.pending: list[Stmt] = []  # reads that the statement being checked needs first
        self.sometimes = 0  # in operands that are evaluated only sometimes
        self.temporaries = 0
        self.scope = 0
        self.trying = mod.trying  # ``try`` statements with ``except`` around
        self.errors: set[str] = set()  # the names of ``except … as``
        self.handled: list[str | None] = []  # of the ``except`` blocks around, their names
        self.returned: Var | None = None  # the value of a ``return`` while a ``finally`` runs
        # ``finally`` blocks around, by loops, and whether a `Finally` stands for them
        self.finals: list[tuple[int, list[ast.stmt], bool]] = []
        self.inlined: list[Var] = []  # the locals of generators used in this one
        self.indexes: dict[str, str] = {}  # loop variables that are indices of a sequence

    @abstractmethod
    def expr(self, node: ast.expr) -> Expr:
        """The typed expression; an optional value that is known not to be None is unwrapped."""

    @abstractmethod
    def plain(self, node: ast.expr) -> Expr:
        """The typed expression, as declared: not unwrapped."""

    @abstractmethod
    def cond(self, node: ast.expr) -> Cond:
        """The truth of an expression, with what it tells."""

    @abstractmethod
    def arith(self, node: ast.AST, op: str, left: Expr, right: Expr) -> Expr:
        """Integer arithmetic, with the checks that can fail."""

    @abstractmethod
    def compare(self, node: ast.AST, op: str, left: Expr, right: Expr) -> Expr:
        """A comparison of two values of one kind."""

    @abstractmethod
    def once(self, value: Expr, hint: str) -> tuple[Expr, Expr]:
        """A value that is written several times and evaluated once."""

    def need(self, node: ast.expr, to: Type, what: str) -> Expr:
        """The expression as a value of type ``to``."""
        return store(self.report, node, self.expr(node), to, what)

    def number(self, node: ast.expr, what: str, *, total: bool = False) -> Expr:
        """The expression, which must be an integer or a float; ``total``: or a sum of floats, if
        it is all the same which of them that is."""
        value = self.expr(node)
        if isinstance(value.type, Total):
            return as_float(value) if total else refuse_total(self.report, node)
        if not is_number(value.type):
            self.no_none(value, what)
            self.report.refuse(
                "PNX111",
                node,
                f"{what} is a number, but this is '{describe(value.type)}'",
                help="int(b) and float(b) read numbers from bytes",
            )
        return value

    def need_float(self, node: ast.expr, what: str) -> Expr:
        """The expression as a float, where Python's own functions take an integer too."""
        return as_float(self.number(node, what, total=True))

    def need_int(self, node: ast.expr, what: str) -> Expr:
        """The expression, which must be an integer."""
        value = self.expr(node)
        if not is_integer(value.type):
            self.no_none(value, what)
            self.report.refuse(
                "PNX111",
                node,
                f"{what} is an integer, but this is '{describe(value.type)}'",
                help=(
                    "int(x) cuts off what is behind the point, round(x) rounds"
                    if isinstance(value.type, Float)
                    else "int(b) reads a number from bytes, len(b) counts them"
                ),
            )
        return value

    def need_bytes(self, node: ast.expr, what: str, *, text: bool = False) -> Expr:
        """The expression, which must be ``bytes`` (a buffer counts), or ``str`` where text is
        taken."""
        return self.bytes_of(node, self.expr(node), what, text=text)

    def bytes_of(self, node: ast.expr, value: Expr, what: str, *, text: bool = False) -> Expr:
        """Likewise, of an expression that is checked already."""
        value = as_bytes(value)
        if isinstance(value.type, Bytes) or (text and isinstance(value.type, Str)):
            return value
        self.no_none(value, what)
        wanted = "bytes or str" if text else "bytes"
        help_ = f"give {wanted}"
        if isinstance(value.type, Str):
            help_ = 'write b"…" for bytes'
        if is_integer(value.type) and text:
            help_ = 'format it: b"%d" % value'
        self.report.refuse(
            "PNX111", node, f"{what} is {wanted}, but this is '{describe(value.type)}'", help=help_
        )

    def no_none(self, value: Expr, what: str) -> None:
        """Refuse a value that may be None; ``what`` names it."""
        if isinstance(value.type, Optional | NoneType):
            may_be_none(self.report, value, what)

    def name(self, node: ast.Name) -> Expr:
        """A local, or a module-level value."""
        name = node.id
        span = self.report.span(node)
        if name in self.poisoned:
            raise Refused
        if name in self.local_names:
            if name not in self.facts.assigned or name not in self.vars:
                if name in self.function.namespace and name not in self.facts.assigned:
                    self.report.refuse(
                        "PNX101",
                        node,
                        f"'{name}' has no value yet: the function assigns it, so it is a local",
                        help="read the module's value under another name; "
                        "keep state of a request in a RequestCtx",
                    )
                if name in self.errors:
                    self.report.refuse(
                        "PNX101",
                        node,
                        f"'{name}' has no value here: Python unbinds it after the 'except'",
                        help=f"keep its text in the 'except': text = str({name})",
                    )
                self.report.refuse(
                    "PNX101",
                    node,
                    f"'{name}' may have no value here",
                    help=f"assign '{name}' on every path that leads here",
                )
            var = self.vars[name]
            if name in self.errors:
                return Local(span, Error(), var)
            limits = self.value_ranges.get(name, range_of(var.type))
            known = self.facts.bound(name)
            if known is not None:
                limits = limits.meet(known)
            return Local(span, var.type, var, range=limits)
        return constant(self.report, node, self.global_value(node), self.mod.model, name)

    def hidden(self, hint: str, type_: Type, *, single: bool = False) -> Var:
        """A variable that the author does not see."""
        name = hint
        while name in self.local_names or name in self.vars:
            name += "_"
        var = self.vars[name] = Var(name, type_, scope=self.scope, single=single)
        return var

    def global_value(self, node: ast.Name) -> object:
        """The object that a name of module level or of builtins stands for."""
        name = node.id
        if name in self.function.namespace:
            return self.function.namespace[name]
        if hasattr(builtins, name):
            return getattr(builtins, name)
        if any(
            isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name == name
            for n in ast.walk(self.function.node)
        ):
            raise Refused  # it is refused where it is defined
        self.poisoned.add(name)  # said once
        known = [*self.local_names, *(n for n in self.function.namespace if n[:2] != "__")]
        self.report.refuse(
            "PNX100",
            node,
            f"there is no name '{name}'",
            help=of_name(name, known, self.mod.model)
            or "assign it first, import it, or define it above",
        )

    def compile_time(self, node: ast.expr) -> object | None:
        """The object of ``module.attr.attr`` if it is reachable from module level; else None."""
        match node:
            case ast.Name(id=name) if name not in self.local_names:
                if name in self.function.namespace:
                    return self.function.namespace[name]
                return getattr(builtins, name, None)
            case ast.Attribute(value=value, attr=attr):
                base = self.compile_time(value)
                if base is None or isinstance(base, int | bytes | str):
                    return None
                return attribute(base, attr)
            case ast.Subscript(value=value, slice=ast.Constant(value=key)):
                owner = self.compile_time(value)
                if isinstance(owner, dict) and key in owner:
                    return _of_parts(owner[key])
                if isinstance(owner, tuple | list) and isinstance(key, int):
                    return _of_parts(owner[key]) if -len(owner) <= key < len(owner) else None
                return None
            case _:
                return None

    def without_stores(self, facts: Facts, nodes: list[ast.stmt]) -> Facts:
        """What still holds where statements may have been run any number of times, or in part."""
        stored = {
            inner.id
            for part in nodes
            for inner in ast.walk(part)
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
        }
        for name in stored:
            facts = facts.unknown(name)
        return facts.forget(self.state_roots | self.objects)

    @property
    def objects(self) -> frozenset[str]:
        """The names of objects, whose fields others may assign."""
        return frozenset(
            name
            for name, var in self.vars.items()
            if any(isinstance(t, Tuple) and t.is_object for t in parts(var.type))
        )

    def is_index(self, index: ast.expr, sequence: ast.expr) -> bool:
        """Whether an index is a loop variable over the sequence's length."""
        return (
            isinstance(index, ast.Name)
            and isinstance(sequence, ast.Name)
            and self.indexes.get(index.id) == sequence.id
        )

    @abstractmethod
    def read(self, node: ast.Call, method: str) -> Expr:
        """A read of the body as a value."""

    @abstractmethod
    def is_read(self, value: Expr) -> bool:
        """Whether a value is what the last read of the statement gave, and nothing else."""

    @abstractmethod
    def take_read(self, value: Expr, var: Var) -> Stmt | None:
        """The read that made ``value``, now into ``var``; None for any other value."""

    @abstractmethod
    def declare(self, node: ast.Name, value: Expr) -> Var:
        """The variable that is assigned; its type comes from its first value."""

    def measured(self, name: str, value: Expr) -> None:
        """Record the values that an integer variable has got."""
        if self.stores.get(name) == 1:
            self.value_ranges[name] = value.range
        elif value.range != FULL:
            self.facts = self.facts.bounded({name: value.range})

    def assigned(self, name: str, value: Expr) -> None:
        """Record that a variable got a value."""
        present = not isinstance(value.type, Optional | NoneType)
        self.facts = self.facts.assign(name, present)
