"""What may not stand in a function, refused with the place, the reason and what to write instead.

One pass over the tree, before names and types are looked at. It knows *constructs*; what depends
on types (a method that ``bytes`` does not have) is the checker's. A row of `REFUSED` is never in
the language; a row of `NOT_YET` is, and goes away with the version that compiles it. Nothing is
ever dropped silently: a node that is in neither table is spoken, and the checker must take it.

The walk is over the whole function, so that one run reports everything.
"""

from __future__ import annotations

import ast
import builtins
import re
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from pyngx import BodyFilter, HeaderFilter, Variable
from pyngx.diagnostics import Diagnostics
from pyngx.frontend.keys import lambdas, stars
from pyngx.frontend.load import FunctionSource, name_span
from pyngx.frontend.names import attribute
from pyngx.source import Span


@dataclass(frozen=True)
class Refusal:
    """Why a construct is refused: the message, the reason under it, what to write instead."""

    code: str
    message: str
    reason: str
    help: str


_NO_OBJECTS = "a compiled filter has no function objects, only functions"
_KNOWN_AT_COMPILE_TIME = "which names there are is settled when the file is compiled"

REFUSED: Final[dict[type[ast.AST], Refusal]] = {
    ast.AsyncFunctionDef: Refusal(
        "PNX030",
        "'async' is not in the language",
        "nginx's event loop drives the filter; there is no other",
        "write a plain 'def': a body filter waits by itself where it reads and yields",
    ),
    ast.FunctionDef: Refusal(
        "PNX031",
        "a function in a function is not in the language",
        "a closure would need an object with the variables of the outer function",
        "move it to module level and pass what it needs as parameters",
    ),
    ast.Lambda: Refusal(
        "PNX032",
        "'lambda' is not in the language",
        _NO_OBJECTS,
        "write a helper function at module level and call it",
    ),
    ast.ClassDef: Refusal(
        "PNX033",
        "a class in a function is not in the language",
        "types are settled when the file is compiled",
        "move it to module level",
    ),
    ast.Global: Refusal(
        "PNX034",
        "'global' is not in the language",
        "module-level values are constants of the compiled module, and nginx has many workers",
        "keep state of a request in a RequestCtx",
    ),
    ast.Nonlocal: Refusal(
        "PNX034",
        "'nonlocal' is not in the language",
        "there are no nested functions to share variables",
        "keep state of a request in a RequestCtx",
    ),
    ast.Import: Refusal(
        "PNX039",
        "an import in a function is not in the language",
        "modules are imported once, when the file is compiled",
        "move it to the top of the file",
    ),
    ast.ImportFrom: Refusal(
        "PNX039",
        "an import in a function is not in the language",
        "modules are imported once, when the file is compiled",
        "move it to the top of the file",
    ),
    ast.With: Refusal(
        "PNX040",
        "'with' is not in the language",
        "there are no context managers: nginx frees what a request used when the request ends",
        "write the steps one after another",
    ),
    ast.Starred: Refusal(
        "PNX042",
        "a star expression is not in the language",
        "how many values there are has to be known when the file is compiled",
        "write out each value",
    ),
    ast.Set: Refusal(
        "PNX043",
        "a set is not made in a function",
        "a hash table for each request costs more than it gives",
        "make it at module level, or write: x == b'a' or x == b'b'",
    ),
    ast.Dict: Refusal(
        "PNX043",
        "a dict is not made in a function",
        "a hash table for each request costs more than it gives",
        "make it at module level, or use if and elif",
    ),
    ast.SetComp: Refusal(
        "PNX043",
        "a set comprehension is not in the language",
        "a hash table for each request costs more than it gives",
        "make the set at module level",
    ),
    ast.DictComp: Refusal(
        "PNX043",
        "a dict comprehension is not in the language",
        "a hash table for each request costs more than it gives",
        "make the dict at module level",
    ),
}
"""Nodes that are never in the language. `async for`, `async with` and `await` can only stand in an
`async def`, which is refused as a whole."""

MATRIX: Final = Refusal(
    "PNX053",
    "matrix multiplication is not in the language",
    "there are no matrices",
    "write loops over the numbers",
)

NOT_YET: Final[dict[type[ast.AST], Refusal]] = {
    ast.TryStar: Refusal(
        "PNX060",
        "'except*'",
        "",
        "write 'except'",
    ),
}
"""Nodes of the language that this version does not compile; what is compiled loses its row."""

_DYNAMIC: Final = frozenset(
    {
        "__import__",
        "compile",
        "delattr",
        "dir",
        "eval",
        "exec",
        "getattr",
        "globals",
        "hasattr",
        "locals",
        "setattr",
        "super",
        "type",
        "vars",
    }
)
_BLOCKING_BUILTINS: Final = frozenset({"breakpoint", "input", "open"})
_BLOCKING_MODULES: Final = frozenset(
    {
        "_socket",
        "_thread",
        "asyncio",
        "http.client",
        "multiprocessing",
        "pathlib",
        "queue",
        "requests",
        "select",
        "shutil",
        "socket",
        "sqlite3",
        "subprocess",
        "threading",
        "urllib.request",
    }
)
_BLOCKING_FUNCTIONS: Final = frozenset({"os.popen", "os.system", "time.sleep"})
_MARKS = (HeaderFilter, BodyFilter, Variable)


def refuse(function: FunctionSource, diags: Diagnostics, *, generator: bool = False) -> None:
    """Report everything in the function that the language, or this version of it, has not;
    ``generator``: a body filter uses it with ``yield from``."""
    _Walk(function, diags, generator).run()


class _Walk:
    """One pass over one function."""

    def __init__(self, function: FunctionSource, diags: Diagnostics, generator: bool) -> None:
        self.function = function
        self.generator = generator
        self.source = function.source
        self.node = function.node
        self.diags = diags
        self.mark = getattr(function.function, "__pyngx__", None)
        self.locals = _bound_names(function.node)
        self.statement_yields = {
            id(node.value) for node in ast.walk(function.node) if isinstance(node, ast.Expr)
        }
        self.written_out = lambdas(function.node) | stars(function.node)
        self.calls: dict[type[ast.AST], Callable[..., None]] = {
            ast.arguments: self._arguments,
            ast.AugAssign: self._operator,
            ast.BinOp: self._operator,
            ast.Call: self._call,
            ast.Constant: self._constant,
            ast.Delete: self._delete,
            ast.Yield: self._yield,
            ast.YieldFrom: self._yield,
        }

    def run(self) -> None:
        self._closure()
        self._decorators()
        self._type_comments()
        self._arguments(self.node.args)
        for statement in self.node.body:
            self._visit(statement)

    def _visit(self, node: ast.AST) -> None:
        """Report the node, then what is in it; what is refused as a whole is not entered."""
        kind = type(node)
        if kind in REFUSED and id(node) not in self.written_out:
            self._refused(REFUSED[kind], self._head(node))
            if not isinstance(node, ast.With):
                return
        elif kind in NOT_YET:
            self._not_yet(NOT_YET[kind], self._head(node))
        elif kind in self.calls:
            self.calls[kind](node)
        for child in _code_in(node):
            self._visit(child)

    def _head(self, node: ast.AST) -> Span:
        """The place to point at: a compound statement's first line, else the whole node."""
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            return name_span(self.source, node)
        span = self.source.span(node)
        body = getattr(node, "body", None) or getattr(node, "cases", None)
        if isinstance(node, ast.stmt) and body:
            word = len(type(node).__name__) if isinstance(node, ast.With) else len("try")
            if isinstance(node, ast.AsyncFunctionDef):
                word = len("async def")
            return Span(span.path, span.line, span.col, span.line, span.col + word)
        return span

    def _refused(self, row: Refusal, span: Span, message: str = "") -> None:
        self.diags.error(
            row.code,
            span,
            message or row.message,
            notes=(row.reason,) if row.reason else (),
            help=row.help,
        )

    def _not_yet(self, row: Refusal, span: Span) -> None:
        self.diags.error(
            row.code,
            span,
            f"{row.message} is in the language, but this version does not compile it",
            help=f"for now, {row.help}",
        )

    def _closure(self) -> None:
        names = self.function.function.__code__.co_freevars
        if names:
            self.diags.error(
                "PNX050",
                name_span(self.source, self.node),
                f"'{self.function.name}' is a closure over '{names[0]}'",
                notes=("a compiled function has its parameters and the module's constants only",),
                help="make the function at module level, or keep the value in a module-level name",
            )

    def _decorators(self) -> None:
        for decorator in self.node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            target = self._value(called)
            if getattr(target, "__module__", "") == "pyngx":
                continue
            if self.function.owner is not None and target in (property, staticmethod, classmethod):
                continue
            self.diags.error(
                "PNX038",
                self.source.span(decorator),
                f"the decorator '{ast.unparse(called)}' is not in the language",
                notes=("a decorator replaces the function by an object that only Python can call",),
                help="use header_filter, body_filter or variable of pyngx, or none",
            )

    def _type_comments(self) -> None:
        for line in range(self.node.lineno, (self.node.end_lineno or self.node.lineno) + 1):
            comment = self.function.comments.trailing(line) or ""
            if not re.match(r"type:\s*(?!ignore\b)[\w(]", comment):
                continue
            text = self.source.lines[line - 1].rstrip()
            start = text.rindex("#", 0, len(text) - len(comment)) + 1
            self.diags.error(
                "PNX049",
                Span(self.source.path, line, start, line, len(text) + 1),
                "type comments are not read",
                help="write an annotation: x: int = 0",
            )

    def _arguments(self, args: ast.arguments) -> None:
        for star, sign in ((args.vararg, "*"), (args.kwarg, "**")):
            if star is not None:
                self.diags.error(
                    "PNX035",
                    self.source.span(star),
                    f"'{sign}{star.arg}' is not in the language",
                    notes=("how many arguments there are is settled when the file is compiled",),
                    help="name each parameter",
                )
        for arg in args.kwonlyargs:
            self.diags.error(
                "PNX036",
                self.source.span(arg),
                f"the keyword-only parameter '{arg.arg}' is not in the language",
                help="put it before the '*'",
            )
        for default in (*args.defaults, *(d for d in args.kw_defaults if d is not None)):
            self.diags.error(
                "PNX037",
                self.source.span(default),
                "a parameter has no default value in the language",
                help="pass the value in each call",
            )

    def _call(self, node: ast.Call) -> None:
        target = self._value(node.func)
        span = self.source.span(node.func)
        for keyword in node.keywords:
            if keyword.arg is None:
                self._refused(REFUSED[ast.Starred], self.source.span(keyword))
        if target is print:
            self.diags.error(
                "PNX045",
                span,
                "print() has nowhere to write",
                notes=("an nginx worker has no standard output",),
                help='log it: log = logging.getLogger(__name__) at module level, log.info("…", x)',
            )
            return
        name = _qualified_name(target)
        if name in {f"builtins.{dynamic}" for dynamic in _DYNAMIC}:
            self.diags.error(
                "PNX044",
                span,
                f"{attribute(target, '__name__')}() is not in the language",
                notes=(_KNOWN_AT_COMPILE_TIME,),
                help="write the name or the code itself, or compute the value at module level",
            )
        elif _blocks(name):
            self.diags.error(
                "PNX046",
                span,
                f"{ast.unparse(node.func)}() would block the nginx worker",
                notes=("nothing blocks in nginx: one worker serves all its clients in turn",),
                help=_instead_of_blocking(name),
            )

    def _value(self, node: ast.expr) -> object | None:
        """The module-level or builtin object that an expression names; None if it is none."""
        if isinstance(node, ast.Attribute):
            owner = self._value(node.value)
            if isinstance(owner, types.ModuleType | type):
                return attribute(owner, node.attr)
            return None
        if not isinstance(node, ast.Name) or node.id in self.locals:
            return None
        return self.function.namespace.get(node.id, getattr(builtins, node.id, None))

    def _constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, complex):
            self.diags.error(
                "PNX052",
                self.source.span(node),
                "complex numbers are not in the language",
                help="keep the two parts in a float each",
            )

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if not isinstance(target, ast.Subscript) or isinstance(target.slice, ast.Slice):
                self.diags.error(
                    "PNX041",
                    self.source.span(target),
                    "'del' removes headers only",
                    notes=(
                        "a variable lives until its function ends, a field until the request does",
                    ),
                    help=(
                        f"make a list without them: items = {ast.unparse(target.value)}[:i] "
                        f"+ {ast.unparse(target.value)}[j:]"
                        if isinstance(target, ast.Subscript)
                        else 'write: del r.headers_out["X-Name"]; or assign another value'
                    ),
                )

    def _operator(self, node: ast.BinOp | ast.AugAssign) -> None:
        if isinstance(node.op, ast.MatMult):
            self._refused(MATRIX, self.source.span(node))

    def _yield(self, node: ast.Yield | ast.YieldFrom) -> None:
        span = self.source.span(node)
        if not (self.generator or isinstance(self.mark, BodyFilter)):
            self.diags.error(
                "PNX047",
                span,
                f"'yield' in '{self.function.name}', which is not the body filter",
                notes=("yield sends a part of the body, and only the body filter has it",),
                help=(
                    "return the value, or do it in the body filter"
                    if self.mark is not None
                    else "return the value; or give it '-> Stream' and write "
                    f"'yield from {self.function.name}(…)' in the body filter"
                ),
            )
        elif id(node) not in self.statement_yields:
            self.diags.error(
                "PNX048",
                span,
                "'yield' has no value",
                notes=("nothing sends values into a filter",),
                help="write 'yield' as a statement of its own",
            )
        elif isinstance(node, ast.Yield) and node.value is None:
            self.diags.error(
                "PNX051",
                span,
                "'yield' without a value sends nothing",
                help="write what to send: yield buf",
            )


def _code_in(node: ast.AST) -> Iterator[ast.AST]:
    """The children of a node that are code to run: not annotations, which are types."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child


def _bound_names(function: ast.FunctionDef) -> frozenset[str]:
    """The names that are local in a function: its parameters and what it assigns."""
    names = {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    return frozenset(names | {a.arg for a in ast.walk(function.args) if isinstance(a, ast.arg)})


def _qualified_name(target: object | None) -> str:
    module = attribute(target, "__module__")
    name = attribute(target, "__qualname__")
    return f"{module}.{name}" if isinstance(module, str) and isinstance(name, str) else ""


def _instead_of_blocking(name: str) -> str:
    """What nginx has for a call that waits."""
    if name.endswith("sleep"):
        return "leave it out: nginx slows responses with limit_rate and limit_req"
    if name.startswith(("urllib.request", "http.client", "requests", "socket", "_socket")):
        return (
            "let nginx ask: yield subrequest(uri) in the body filter, to a location with proxy_pass"
        )
    return "read what is constant at module level, while the file is compiled"


def _blocks(name: str) -> bool:
    """Whether a function of that qualified name waits for something outside of nginx."""
    module, _, function = name.rpartition(".")
    if function in _BLOCKING_BUILTINS and module in ("builtins", "io", "_io"):
        return True
    if name.replace("posix.", "os.") in _BLOCKING_FUNCTIONS:
        return True
    parts = module.split(".")
    prefixes = {".".join(parts[:n]) for n in range(1, len(parts) + 1)}
    return bool(prefixes & _BLOCKING_MODULES)
