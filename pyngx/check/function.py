"""Functions: parameters by annotated type, result, locals, body.

A function is checked with the types that its locals had the last time; when one of them turns out
to hold a wider type (``x = None`` first, bytes later), it is checked again.
"""

from __future__ import annotations

import ast
import typing
from dataclasses import replace
from typing import NoReturn

from pyngx import Stream
from pyngx.check import hints
from pyngx.check.annotations import UnknownAnnotation, from_annotation
from pyngx.check.context import ModuleContext, Refused
from pyngx.check.heads import CHECKS, Heads
from pyngx.check.kinds import Kind, Widened
from pyngx.check.stmt import Statements
from pyngx.diagnostics import Diagnostics
from pyngx.frontend.aliases import spell_out_aliases
from pyngx.frontend.comprehensions import spell_out_loops
from pyngx.frontend.load import FunctionSource, name_span
from pyngx.frontend.match import spell_out
from pyngx.frontend.reading import spell_out_reads
from pyngx.frontend.refuse import refuse
from pyngx.ngx import CScalar
from pyngx.source import Span
from pyngx.tree import Function, Var
from pyngx.types import (
    INT,
    Body,
    Bool,
    Bytes,
    Conf,
    Ctx,
    Enum,
    Float,
    Int,
    List,
    NoneType,
    Optional,
    Place,
    Range,
    Str,
    Struct,
    Tuple,
    Type,
    describe,
)

REQUEST = Struct("ngx_http_request_t")
CHAIN = Struct("ngx_chain_t")

_PARAMETERS: dict[Kind, str] = {
    Kind.HEADER: "ngx_http_request_t, the file's configuration and RequestCtx classes",
    Kind.STREAM: "Body, ngx_http_request_t, the file's configuration and RequestCtx classes",
    Kind.CHAIN: "ngx_chain_t, ngx_http_request_t, the file's configuration and RequestCtx classes",
    Kind.VARIABLE: "ngx_http_request_t, the file's configuration and RequestCtx classes",
}


_LIKELY = {
    Kind.HEADER: "ngx_http_request_t",
    Kind.STREAM: "Body",
    Kind.CHAIN: "ngx_chain_t",
    Kind.VARIABLE: "ngx_http_request_t",
}


class FunctionChecker(Statements):
    """Checks one function as a whole."""

    def __init__(
        self, mod: ModuleContext, function: FunctionSource, kind: Kind, wide: dict[str, Type]
    ) -> None:
        super().__init__(mod, function, kind, wide)
        self.hints: dict[str, object] = {}

    def check(self) -> Function:
        """The typed function.

        Raises:
            Refused: its signature is wrong (errors of the body do not raise).
        """
        node = self.function.node
        self._evaluate_hints()
        params, complete = self._params()
        if not complete and self.kind is Kind.CHAIN:
            raise Refused  # it is perhaps meant to be a generator
        self.result = self._result()
        self._names()
        docstring = ast.get_docstring(node)
        statements = node.body[1:] if docstring is not None else node.body
        body = self.block(statements)
        self._falls_off()
        if not complete:
            raise Refused
        return Function(
            node.name,
            self.report.span(node),
            self._header(),
            docstring,
            self._comments(),
            params,
            self.result,
            (*(v for v in self.vars.values() if not v.parameter), *self.inlined),
            body,
        )

    def _comments(self) -> tuple[str, ...]:
        """The author's comments above the function, in its head, and beside its docstring."""
        node, comments = self.function.node, self.function.comments
        head = (*comments.above(node), *_lines(comments.beside(node)))
        if ast.get_docstring(node) is None:
            return head
        docstring = node.body[0]
        return (*head, *comments.above(docstring), *_lines(comments.beside(docstring)))

    def _header(self) -> str:
        args = ", ".join(a.arg for a in self.function.node.args.args)
        node = self.function.node
        return f"{self.function.source.name}:{node.lineno}  def {node.name}({args})"

    def _evaluate_hints(self) -> None:
        node = self.function.node
        try:
            self.hints = typing.get_type_hints(self.function.function)
        except Exception as exc:  # the annotation is the author's code: it may raise anything
            args = [a.annotation for a in node.args.args if a.annotation is not None]
            texts = [a for a in [*args, node.returns] if isinstance(a, ast.Constant)]
            self.report.refuse(
                "PNX160",
                texts[0] if len(texts) == 1 else node.args.args[0] if node.args.args else node,
                f"an annotation cannot be evaluated: {exc}",
                help="import the name, or correct it",
            )

    def annotation(self, node: ast.expr) -> Type:
        """The type that an annotation inside the function says."""
        try:
            code = compile(ast.Expression(node), self.function.source.path, "eval")
            hint = eval(code, dict(self.function.namespace))
            return from_annotation(hint, self.mod.model)
        except UnknownAnnotation as exc:
            self._no_type(node, hint, exc)
        except Exception as exc:  # the annotation is the author's code: it may raise anything
            self.report.refuse(
                "PNX160",
                node,
                f"the annotation cannot be evaluated: {exc}",
                help="import the name, or correct it",
            )

    def _params(self) -> tuple[tuple[Var, ...], bool]:
        """The parameters, and whether these are all; of one that is refused no more is said."""
        params: list[Var] = []
        seen: dict[Type, str] = {}
        failed = False
        for arg in self.function.parameters:
            try:
                var = self._param(arg)
            except Refused:
                failed = True
                self.poisoned.add(arg.arg)
                continue
            unique = self.kind not in (Kind.HELPER, Kind.VALIDATE) and not self.scope
            if unique and var.type in seen:
                self.report.error(
                    "PNX162",
                    arg,
                    f"'{arg.arg}' and '{seen[var.type]}' are both '{describe(var.type)}'",
                    help="each type is passed once",
                )
                failed = True
            seen[var.type] = arg.arg
            params.append(var)
        for var in params:
            self.vars[var.name] = var
            self.facts = self.facts.assign(var.name, not isinstance(var.type, Optional))
        self.state_roots = frozenset(
            v.name for v in params if v.type in (REQUEST, Ctx(), Optional(Ctx()))
        )
        return tuple(params), not failed

    def _param(self, arg: ast.arg) -> Var:
        if self.kind is Kind.VALIDATE:
            return Var(arg.arg, self._self_type, True)
        if self.function.first == "self" and arg is self.function.node.args.args[0]:
            return Var(arg.arg, self._receiver(arg), True)
        if arg.annotation is None:
            self.report.refuse(
                "PNX163",
                arg,
                f"the parameter '{arg.arg}' has no annotation",
                help=f"write '{arg.arg}: {self._likely(arg.arg)}'; or another of: "
                f"{_PARAMETERS.get(self.kind, 'int, bool, str, ngx_http_request_t, …')}",
            )
        type_ = self._known(arg.annotation, self.hints[arg.arg])
        if self.scope:
            same = isinstance(type_, Body | Conf | Ctx) or type_ == REQUEST
            return Var(arg.arg, type_, same, self.scope)
        if self.kind is Kind.HELPER:
            if isinstance(type_, Body):
                self.report.refuse(
                    "PNX164",
                    arg,
                    "a function that reads the body is a generator",
                    help=f"yield what is sent, and write 'yield from {self.function.name}(…)'",
                )
            return Var(arg.arg, type_, True)
        allowed: tuple[Type, ...] = (REQUEST, *(Conf(p) for p in Place), Ctx())
        if self.kind is Kind.VARIABLE:
            allowed = (*allowed, Optional(Ctx()))
        if self.kind is Kind.STREAM:
            allowed = (*allowed, Body())
        if self.kind is Kind.CHAIN:
            allowed = (*allowed, CHAIN)
        if self.kind is Kind.CHAIN and isinstance(type_, Body):
            self.report.refuse(
                "PNX164",
                arg,
                f"'{self.function.name}' takes a Body, but it yields nothing",
                label="a Body is read by a generator",
                help="yield what is sent, as in 'yield from body'; or take an ngx_chain_t",
            )
        if self.kind is Kind.STREAM and type_ == CHAIN:
            self.report.refuse(
                "PNX164",
                arg,
                f"'{self.function.name}' yields, so it reads a Body and not a chain",
                help=f"write '{arg.arg}: Body', or append to a chain of your own and return "
                "ngx_http_next_body_filter(r, out)",
            )
        if type_ not in allowed:
            self.report.refuse(
                "PNX164",
                arg,
                f"a parameter of type '{describe(type_)}' is not passed here",
                help=f"what can be asked for: {_PARAMETERS[self.kind]}",
            )
        return Var(arg.arg, type_, True)

    def _likely(self, name: str) -> str:
        """The type that a parameter without an annotation probably has."""
        confs = [conf.name for conf in self.mod.confs.values()]
        ctx = self.mod.ctx.name if self.mod.ctx is not None else None
        return hints.of_parameter(name, confs, ctx, _LIKELY.get(self.kind, "bytes"))

    def _no_type(self, node: ast.expr, hint: object, reason: UnknownAnnotation) -> NoReturn:
        said, text = str(reason), ast.unparse(node)
        self.report.refuse(
            "PNX161",
            node,
            said if said.startswith(f"'{text}'") else f"'{text}': {said}",
            help=hints.of_class(text, hint)
            or "the types are those of pyngx.ngx, int, bool, bytes, str, and X | None",
        )

    _self_type: Type = Conf(Place.LOC)

    def _receiver(self, arg: ast.arg) -> Type:
        """The type of ``self`` in a method of the author's."""
        try:
            return from_annotation(self.function.owner, self.mod.model)
        except UnknownAnnotation as exc:
            self._no_type(ast.copy_location(ast.Name(arg.arg), arg), self.function.owner, exc)

    def _known(self, node: ast.expr, hint: object) -> Type:
        """The type of an annotation; a configuration or context class must be this file's."""
        if hint is typing.Self:
            hint = self.function.owner
        try:
            type_ = from_annotation(hint, self.mod.model)
        except UnknownAnnotation as exc:
            self._no_type(node, hint, exc)
        inner = type_.inner if isinstance(type_, Optional) else type_
        if isinstance(inner, Conf) and inner.place not in self.mod.confs:
            self.report.refuse(
                "PNX165",
                node,
                f"'{ast.unparse(node)}' is not a class of this file with directives",
                help=f"declare one: class Conf({_CONF_BASES[inner.place]})",
            )
        if inner == Ctx() and self.mod.ctx is None:
            self.report.refuse(
                "PNX165",
                node,
                f"'{ast.unparse(node)}' is not the RequestCtx class of this file",
                help="declare one: class Ctx(RequestCtx)",
            )
        return type_

    def _result(self) -> Type:
        node = self.function.node
        if self.kind is Kind.STREAM:
            return self._stream()
        if node.returns is None:
            self.report.diags.error(
                "PNX166",
                name_span(self.function.source, node),
                f"{node.name}() has no result annotation",
                help=f"write '{_RESULT_HELP[self.kind]}'",
            )
            raise Refused
        type_ = self._known(node.returns, self.hints["return"])
        match self.kind:
            case Kind.HEADER if type_ not in (INT, NoneType()):
                wanted = "ngx_int_t or None"
            case Kind.CHAIN if type_ != INT:
                wanted = "ngx_int_t"
            case Kind.VALIDATE if type_ != NoneType():
                wanted = "None"
            case Kind.VARIABLE if type_ not in _VARIABLE_RESULTS:
                wanted = "bytes, str, bytes | None or str | None"
            case Kind.HELPER if not isinstance(type_, _HELPER_RESULTS):
                wanted = (
                    "None, bool, a number, bytes, str or a tuple of these, or one of these | None"
                )
            case _:
                return type_
        self.report.refuse(
            "PNX166",
            node.returns,
            f"the result is {wanted}, not '{describe(type_)}'",
            help=f"write '{_RESULT_HELP[self.kind]}'",
        )

    def _stream(self) -> Type:
        """A generator gives a `Stream`; how the author spells that is for type checkers."""
        node = self.function.node
        plain = self.hints.get("return", Stream)
        if isinstance(plain, CScalar) or plain in (int, bool, bytes, str, type(None)):
            assert node.returns is not None
            self.report.refuse(
                "PNX166",
                node.returns,
                f"'{node.name}' yields, so its result is a Stream",
                help="write '-> Stream', with Stream from pyngx",
            )
        return NoneType()

    def _names(self) -> None:
        """The local names of the function, and how often each is assigned."""
        params = {a.arg for a in self.function.parameters}
        counts: dict[str, int] = dict.fromkeys(params, 1)
        for inner in ast.walk(self.function.node):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                counts[inner.id] = counts.get(inner.id, 0) + 1
        self.stores = counts
        for name in _counters(self.function.node) - params:
            self.value_ranges[name] = COUNTER
        caught = {
            inner.name
            for inner in ast.walk(self.function.node)
            if isinstance(inner, ast.ExceptHandler) and inner.name is not None
        }
        self.local_names = frozenset(counts) | caught

    def _falls_off(self) -> None:
        if not self.facts.reachable or isinstance(self.result, NoneType):
            return
        if self.kind is Kind.HEADER or self.mod.diags.has_errors:
            return
        self.report.error(
            "PNX167",
            self.function.node.returns or self.function.node,
            f"{self.function.node.name}() may end without a value",
            help=(
                "end with 'return ngx_http_next_body_filter(r, …)'"
                if self.kind is Kind.CHAIN
                else "add a 'return' at the end"
            ),
        )


_RESULT_HELP = {
    Kind.HEADER: "-> ngx_int_t', or '-> None",
    Kind.CHAIN: "-> ngx_int_t",
    Kind.VARIABLE: "-> bytes | None",
    Kind.VALIDATE: "-> None",
    Kind.HELPER: "-> int', or '-> bytes', or '-> None",
}
_CONF_BASES = {Place.LOC: "LocConf", Place.SRV: "SrvConf", Place.MAIN: "MainConf"}
_VARIABLE_RESULTS: tuple[Type, ...] = (Bytes(), Str(), Optional(Bytes()), Optional(Str()))
_HELPER_RESULTS = (Int, Bool, Float, Bytes, Str, NoneType, Optional, Enum, Tuple, List)


def _lines(text: str | None) -> tuple[str, ...]:
    return tuple(text.split("\n")) if text else ()


def check_function(
    mod: ModuleContext,
    function: FunctionSource,
    kind: Kind,
    self_type: Type | None = None,
    scope: int = 0,
) -> Function | None:
    """The typed function; None if its signature is refused. Errors go to ``mod.diags``.

    Constructs that are not in the language are refused first; what the types say of them, or of
    what contains nothing else, would only repeat it.
    """
    constructs = Diagnostics()
    refuse(function, constructs, generator=scope > 0)
    spell_out_aliases(function)
    spell_out(function, constructs)
    spell_out_reads(function, constructs)
    spell_out_loops(function, constructs)
    mod.diags.extend(constructs)
    if any(found.code in _SIGNATURE for found in constructs.all):
        return None
    wide: dict[str, Type] = {}
    heads, checks = Heads(), 0
    while True:
        attempt = replace(mod, diags=Diagnostics())
        checker = FunctionChecker(attempt, function, kind, wide)
        checker.scope = scope
        checker.heads = heads
        if self_type is not None:
            checker._self_type = self_type
        try:
            result = checker.check()
        except Widened:
            heads = Heads()
            continue
        except Refused:
            result = None
        if heads.dropped:
            heads = Heads(lost=heads.lost | heads.dropped)
            continue
        checks += 1
        if result is not None and checks < CHECKS and heads.news:
            if not attempt.diags.has_errors:
                heads = Heads(heads.known | heads.news, heads.lost)
                continue
        for found in attempt.diags.all:
            if not any(_follows(found.span, other.span) for other in constructs.all):
                mod.diags.add(found)
        return result


def check_generator(mod: ModuleContext, function: FunctionSource, scope: int) -> Function | None:
    """A generator of the author's that stands in another one, with locals of its own scope."""
    return check_function(replace(mod, diags=mod.helper_diags), function, Kind.STREAM, None, scope)


_SIGNATURE = frozenset({"PNX034", "PNX035", "PNX036", "PNX037", "PNX047", "PNX050"})
"""Constructs that leave nothing to check: the parameters, or the kind of function, are wrong."""


def _follows(found: Span, construct: Span) -> bool:
    """Whether a message of the types is about what a refused construct has to do with."""
    same_line = (found.path, found.line) == (construct.path, construct.line)
    return same_line or found.overlaps(construct)


def check_helper(mod: ModuleContext, function: FunctionSource) -> Function | None:
    """A function without a role, called by the others."""
    whole = replace(mod, diags=mod.helper_diags, trying=0)
    return check_function(whole, function, Kind.HELPER)


COUNTER = Range(-(2**62), 2**62)
"""The values of a local that only counts in small steps: no request lasts long enough for more."""

_STEP = 16


def _counters(node: ast.FunctionDef) -> set[str]:
    """Locals that are only set to constants and moved from there by small constants."""
    steps: dict[str, int] = {}
    stores: dict[str, int] = {}
    for inner in ast.walk(node):
        match inner:
            case ast.Name(id=name, ctx=ast.Store()):
                stores[name] = stores.get(name, 0) + 1
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=int(value))):
                small = not isinstance(value, bool) and abs(value) <= COUNTER.hi // 2
                steps[name] = steps.get(name, 0) + small
            case ast.AugAssign(
                target=ast.Name(id=name),
                op=ast.Add() | ast.Sub(),
                value=ast.Constant(value=int(value)),
            ):
                steps[name] = steps.get(name, 0) + (abs(value) <= _STEP)
            case _:
                continue
    return {name for name, count in steps.items() if count == stores[name]}


def has_yield(function: FunctionSource) -> bool:
    """Whether the function is a generator."""
    return any(isinstance(n, ast.Yield | ast.YieldFrom) for n in ast.walk(function.node))
