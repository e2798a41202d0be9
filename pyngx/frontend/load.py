"""A filter file, read and imported: what is in it, each thing with its source.

The file is parsed with `ast` and then executed once as a module, so that module-level code is
compile-time Python. A `FilterModule` holds both views: the objects, and the trees that made them.
Whatever can be wrong with a file ends as a diagnostic, never as an exception.
"""

from __future__ import annotations

import ast
import types
import typing
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pyngx import (
    BodyFilter,
    Directive,
    HeaderFilter,
    LocConf,
    MainConf,
    ModuleOptions,
    RequestCtx,
    SrvConf,
    Variable,
    ngx,
)
from pyngx.diagnostics import Diagnostics, Label, Severity
from pyngx.frontend import importing, remedies
from pyngx.frontend.comments import Comments, parse, words_of_module
from pyngx.frontend.importing import Parsed
from pyngx.frontend.names import NGINX_FILTERS, check_imports, is_module_name, place_of
from pyngx.source import SourceError, SourceFile, Span

MAX_DEPTH = 200
"""Levels of nesting in a function; every pass recurses, and no code that is read needs as many."""


@dataclass(frozen=True)
class FunctionSource:
    """A function of the user's: the object, and the tree and file it comes from; of a method also
    the class, and whether its first parameter is an object of it (``self``) or the class itself
    (``cls``)."""

    name: str
    node: ast.FunctionDef
    source: SourceFile
    namespace: dict[str, object]
    function: types.FunctionType
    comments: Comments
    owner: type | None = None
    first: str = ""

    @property
    def parameters(self) -> list[ast.arg]:
        """The parameters that are values at run time, which a class is not."""
        return self.node.args.args[self.first == "cls" :]


@dataclass(frozen=True)
class ClassSource:
    """A configuration or state class of the user's; ``hints`` are its evaluated annotations."""

    name: str
    node: ast.ClassDef
    source: SourceFile
    cls: type
    hints: dict[str, object]
    comments: Comments


@dataclass(frozen=True)
class FilterModule:
    """One filter file. ``name`` is safe in C; ``sources`` has the file first, then the local
    modules that it imports."""

    name: str
    options: ModuleOptions
    source: SourceFile
    docstring: str | None
    namespace: dict[str, object]
    header_filter: FunctionSource | None
    body_filter: FunctionSource | None
    body_options: BodyFilter | None
    variables: tuple[tuple[str, FunctionSource], ...]
    variable_directives: tuple[tuple[Directive, FunctionSource], ...]
    loc_conf: ClassSource | None
    srv_conf: ClassSource | None
    main_conf: ClassSource | None
    request_ctx: ClassSource | None
    sources: tuple[SourceFile, ...]
    comments: Comments


def load(path: Path, diags: Diagnostics, model: ngx.Model) -> FilterModule | None:
    """Read and import a filter file. None if it is refused, and ``diags`` then says why; of a file
    with no other errors than those of `BESIDE` the functions can be checked all the same."""
    ngx.use(model)
    with importing.pythons_recursion_limit():
        parsed = _read(path, diags)
        if parsed is None or not check_imports(parsed.tree, parsed.source, model, diags):
            return None
        module = _run(parsed, model, diags)
    if module is None:
        return None
    return _Collector(parsed, module.__dict__, diags).filter_module()


def function_source(function: types.FunctionType) -> FunctionSource | None:
    """The source of a function of the user's, of the filter file or of a module that it imports;
    None for a lambda, a coroutine, or a function of a library."""
    code = function.__code__
    parsed = importing.parsed_file(code.co_filename)
    node = parsed.function(code) if parsed else None
    if parsed is None or node is None:
        return None
    namespace = function.__globals__
    return FunctionSource(node.name, node, parsed.source, namespace, function, parsed.comments)


def class_source(cls: type, diags: Diagnostics) -> ClassSource | None:
    """The source of a class of the user's; None if it has none, or an annotation is refused."""
    module = importing.module_of(cls)
    parsed = importing.parsed_file(getattr(module, "__file__", None) or "")
    node = parsed.class_(cls.__name__) if parsed else None
    if parsed is None or node is None:
        return None
    try:
        hints = typing.get_type_hints(cls)
    except Exception as error:
        place = _bad_annotation(node, vars(module), cls)
        diags.error(
            "PNX016",
            parsed.source.span(place),
            f"the annotation cannot be evaluated: {type(error).__name__}: {error}",
            help=remedies.of_exception(error, vars(module), ngx.active_model()),
        )
        return None
    return ClassSource(cls.__name__, node, parsed.source, cls, hints, parsed.comments)


def _bad_annotation(node: ast.ClassDef, namespace: dict[str, object], cls: type) -> ast.AST:
    """The first annotation of the class that cannot be evaluated by itself; else the class."""
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            text = cls.__annotations__.get(statement.target.id)
            try:
                if isinstance(text, str):
                    eval(text, dict(namespace))
            except Exception:
                return statement.annotation
    return node


def _read(path: Path, diags: Diagnostics) -> Parsed | None:
    """Read and parse; every way in which this fails has its message."""
    try:
        source = SourceFile.read(path)
    except SourceError as error:
        span = Span(str(path), error.line, 1, error.line, 1)
        diags.error("PNX001", span, f"{path} {_reason(error.reason)}")
        return None
    try:
        with importing.recorded_warnings() as found:
            tree = parse(source)
            too_deep = _too_deep(tree)
            if too_deep is None:
                compile(tree, source.path, "exec", dont_inherit=True)
    except SyntaxError as error:
        _report_syntax(error, source, diags)
        return None
    except (RecursionError, MemoryError):
        limit = "Python's own compiler gives up on it"
        _report_depth(Span.whole_file(source.path), limit, diags)
        return None
    if too_deep is not None:
        _report_depth(source.span(too_deep), f"a function has at most {MAX_DEPTH} levels", diags)
        return None
    _report_warnings(found, source, diags)
    return Parsed(source, tree)


def _reason(reason: str) -> str:
    """The reason as the end of a sentence that starts with the file's path."""
    return reason if reason.startswith(("is ", "has ")) else f"cannot be read: {reason}"


def _too_deep(tree: ast.AST) -> ast.AST | None:
    """The first node that lies deeper than `MAX_DEPTH` in a function, found without recursion."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        level: list[ast.AST] = [function]
        for _ in range(MAX_DEPTH):
            level = [child for node in level for child in ast.iter_child_nodes(node)]
        placed = (node for node in level if hasattr(node, "lineno"))
        if level:
            return next(placed, function)
    return None


def _report_depth(span: Span, limit: str, diags: Diagnostics) -> None:
    diags.error(
        "PNX004",
        span,
        "the code is nested too deeply",
        notes=(limit, "a chain of operators, of calls or of elif counts a level for each"),
        help="give the inner parts names, or put them into a helper function",
    )


def _report_syntax(error: SyntaxError, source: SourceFile, diags: Diagnostics) -> None:
    line = min(max(error.lineno or 1, 1), len(source.lines))
    col = max(error.offset or 1, 1)
    end_line, end_col = error.end_lineno or line, error.end_offset or 0
    if (end_line, end_col) <= (line, col) or end_line > len(source.lines):
        end_line, end_col = line, col + 1
    text = source.lines[line - 1] if source.lines else ""
    help, place = remedies.of_syntax(error.msg, text)
    if place is not None:
        col, end_line, end_col = place[0] + 1, line, place[1] + 1
    span = Span(source.path, line, col, end_line, end_col)
    diags.error("PNX003", span, f"not valid Python: {error.msg}", help=help)


def _report_warnings(
    found: Iterable[warnings.WarningMessage], source: SourceFile, diags: Diagnostics
) -> None:
    for warning in found:
        diags.warning(
            "PNX021", place_of(source, warning.lineno), f"Python warns: {warning.message}"
        )


def _run(parsed: Parsed, model: ngx.Model, diags: Diagnostics) -> types.ModuleType | None:
    """Import the file; an exception becomes a message at the user's line that raised it."""
    try:
        return importing.execute(parsed)
    except KeyboardInterrupt:
        raise
    except SystemExit as error:
        diags.error(
            "PNX008",
            importing.raised_at(error, parsed),
            f"the file ends the program when it is imported (exit code {error.code!r})",
            label="module-level code runs in the compiler",
            help='put this under: if __name__ == "__main__":',
        )
    except BaseException as error:
        _report_raised(error, parsed, model, diags)
    return None


def _report_raised(
    error: BaseException, parsed: Parsed, model: ngx.Model, diags: Diagnostics
) -> None:
    span = importing.raised_at(error, parsed)
    helper = importing.parsed_file(span.path)
    if (
        isinstance(error, ImportError)
        and helper is not None
        and not check_imports(helper.tree, helper.source, model, diags)
    ):
        return  # a name of nginx's that a helper module asks for, and a better message
    if isinstance(error, SyntaxError) and error.filename:
        broken = SourceFile(error.filename, error.text or "")
        if Path(error.filename).is_file():
            broken = SourceFile.read(Path(error.filename))
        _report_syntax(error, broken, diags)
        return
    first, *rest = _words(error).splitlines() or [""]
    diags.error(
        "PNX007",
        span,
        f"the file raises when it is imported: {type(error).__name__}" + (first and f": {first}"),
        label="raised here",
        notes=rest,
        help=remedies.of_exception(error, _names(parsed.tree), model),
    )


def _names(tree: ast.Module) -> list[str]:
    """The names that a file imports or defines."""
    names = [
        alias.asname or alias.name
        for n in ast.walk(tree)
        for alias in getattr(n, "names", ())
        if isinstance(alias, ast.alias)
    ]
    defined = [n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    stored = [
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    ]
    return [*names, *defined, *stored]


def _words(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # the user's own __str__
        return ""


BESIDE = frozenset({"PNX002", "PNX010", "PNX011", "PNX015", "PNX019", "PNX020"})
"""Errors beside which the functions are still looked at: names, and one thing too many."""

_CONF_CLASSES: tuple[type, ...] = (LocConf, SrvConf, MainConf, RequestCtx)


@dataclass
class _Collector:
    """Finds the parts of a filter in the namespace of an imported file."""

    parsed: Parsed
    namespace: dict[str, object]
    diags: Diagnostics
    header: FunctionSource | None = None
    body: FunctionSource | None = None
    body_options: BodyFilter | None = None
    variables: dict[str, FunctionSource] = field(default_factory=dict)
    variable_directives: list[tuple[Directive, FunctionSource]] = field(default_factory=list)
    classes: dict[type, ClassSource] = field(default_factory=dict)

    @property
    def source(self) -> SourceFile:
        return self.parsed.source

    def filter_module(self) -> FilterModule | None:
        self._check_redefinitions()
        seen: set[int] = set()
        for value in self.namespace.values():
            if id(value) in seen:
                continue
            seen.add(id(value))
            if isinstance(value, types.FunctionType) and hasattr(value, "__pyngx__"):
                self._add_function(value, value.__pyngx__)
        for base in _CONF_CLASSES:
            self._add_class(base)
        options = self._options()
        name = self._name(options)
        if not self.diags.has_errors:
            self._check_not_empty()
        if any(d.severity is Severity.ERROR and d.code not in BESIDE for d in self.diags.all):
            return None
        sources = [self.source]
        for module in importing.local_modules():
            helper = importing.parsed_file(module.__file__ or "")
            if helper is not None and helper.source not in sources:
                sources.append(helper.source)
        return FilterModule(
            name=name,
            options=options,
            source=self.source,
            docstring=words_of_module(self.parsed.tree, self.parsed.comments),
            namespace=self.namespace,
            header_filter=self.header,
            body_filter=self.body,
            body_options=self.body_options,
            variables=tuple(self.variables.items()),
            variable_directives=tuple(self.variable_directives),
            loc_conf=self.classes.get(LocConf),
            srv_conf=self.classes.get(SrvConf),
            main_conf=self.classes.get(MainConf),
            request_ctx=self.classes.get(RequestCtx),
            sources=tuple(sources),
            comments=self.parsed.comments,
        )

    def _check_redefinitions(self) -> None:
        """A filter or class that a later one of the same name hides would vanish silently."""
        first: dict[str, ast.FunctionDef | ast.ClassDef] = {}
        for node in self.parsed.tree.body:
            if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                continue
            earlier = first.setdefault(node.name, node)
            if earlier is not node:
                self._two(
                    "PNX015",
                    self._name_span(node),
                    self._name_span(earlier),
                    f"'{node.name}' is defined twice; Python keeps only the second",
                    "give one of them another name",
                )

    def _add_function(self, function: types.FunctionType, mark: object) -> None:
        found = function_source(function)
        if found is None:
            self._unreadable(function)
            return
        span = name_span(found.source, found.node)
        match mark:
            case HeaderFilter():
                if self.header is not None:
                    self._second_filter("PNX010", "header filter", span, self.header)
                self.header = self.header or found
            case BodyFilter():
                if self.body is not None:
                    self._second_filter("PNX011", "body filter", span, self.body)
                else:
                    self.body, self.body_options = found, mark
            case Variable(Directive() as named):
                self.variable_directives.append((named, found))
            case Variable(str(name)):
                earlier = self.variables.setdefault(name, found)
                if earlier is not found:
                    self._two(
                        "PNX019",
                        span,
                        name_span(earlier.source, earlier.node),
                        f"two functions give the variable ${name}",
                        "give one of them another variable",
                    )

    def _second_filter(self, code: str, what: str, span: Span, earlier: FunctionSource) -> None:
        self._two(
            code,
            span,
            name_span(earlier.source, earlier.node),
            f"a file has at most one {what}, this is the second",
            "put it into a file of its own: each file becomes one nginx module",
        )

    def _unreadable(self, function: types.FunctionType) -> None:
        code = function.__code__
        line = code.co_firstlineno if code.co_filename == self.source.path else 1
        for node in ast.walk(self.parsed.tree):
            if isinstance(node, ast.AsyncFunctionDef) and node.name == function.__name__:
                place = self.source.span(node)
                end = place.col + len("async def")
                self.diags.error(
                    "PNX030",
                    Span(place.path, place.line, place.col, place.line, end),
                    "'async' is not in the language",
                    notes=("nginx's event loop drives the filter; there is no other",),
                    help="write a plain 'def', and 'for' for 'async for': a body filter waits by "
                    "itself where it reads and yields",
                )
                return
        self.diags.error(
            "PNX017",
            place_of(self.source, line),
            f"'{function.__name__}' is not a plain function, so there is nothing to compile",
            notes=("a filter is made by 'def', not by 'lambda' or a wrapper",),
            help="write it as 'def' with the decorators of pyngx only",
        )

    def _add_class(self, base: type) -> None:
        classes = [
            value
            for value in dict.fromkeys(v for v in self.namespace.values() if isinstance(v, type))
            if issubclass(value, base) and value is not base
        ]
        # a base of another one is there to be inherited from
        last = [c for c in classes if not any(c in d.__mro__[1:] for d in classes)]
        found = [s for s in (class_source(c, self.diags) for c in last) if s is not None]
        if found:
            self.classes[base] = found[0]
        for other in found[1:]:
            self._two(
                "PNX013" if base is RequestCtx else "PNX012",
                name_span(other.source, other.node),
                name_span(found[0].source, found[0].node),
                f"a file has at most one {base.__name__} class, this is the second",
                f"put the fields of '{other.name}' into '{found[0].name}'",
            )

    def _options(self) -> ModuleOptions:
        options = self.namespace.get("__pyngx_module__")
        if not isinstance(options, ModuleOptions):
            return ModuleOptions()
        for key in ("name", "after", "before"):
            value = getattr(options, key)
            if value is not None and not is_module_name(value):
                self.diags.error(
                    "PNX020",
                    place_of(self.source, options.line or 1),
                    f"module({key}={value!r}) is not a name",
                    help="use ASCII letters, digits and '_', and no digit first",
                )
        return options

    def _name(self, options: ModuleOptions) -> str:
        """The module's name, of ``module(name=…)`` or of the file."""
        stem = Path(self.source.path).stem
        name = stem.replace("-", "_") if options.name is None else options.name
        place = place_of(self.source, options.line or 1)
        if options.name is None and not is_module_name(name):
            self.diags.error(
                "PNX002",
                Span.whole_file(self.source.path),
                f"the file name '{Path(self.source.path).name}' gives no name for the module",
                notes=("the name becomes a part of C names: ngx_http_<name>_filter_module",),
                help='rename the file, or write: module(name="my_filter")',
            )
        elif name in NGINX_FILTERS:
            self.diags.warning(
                "PNX009",
                place if options.name is not None else Span.whole_file(self.source.path),
                f"nginx has a module of its own called ngx_http_{name}_filter_module",
                notes=("nginx does not take two modules of one name",),
                help="build nginx without its own, or give this one another: "
                f'module(name="my_{name}")',
            )
        return name

    def _check_not_empty(self) -> None:
        directives = any(
            isinstance(getattr(found.cls, name, None), Directive)
            for found in self.classes.values()
            for name in vars(found.cls)
        )
        variables = self.variables or self.variable_directives
        if self.header or self.body or variables or directives:
            return
        message = "there is nothing to compile: no filter, no variable and no directive"
        for cls in (v for v in self.namespace.values() if isinstance(v, type)):
            for method in vars(cls).values():
                source = function_source(method) if hasattr(method, "__pyngx__") else None
                if source is not None:
                    self.diags.error(
                        "PNX014",
                        name_span(source.source, source.node),
                        message,
                        label="this is a method",
                        help=f"move it out of the class '{cls.__name__}': a filter is a function "
                        "of the file",
                    )
                    return
        self.diags.error(
            "PNX014",
            Span.whole_file(self.source.path),
            message,
            help=self._undecorated()
            or "put @header_filter or @body_filter (from pyngx) before a function",
        )

    def _undecorated(self) -> str:
        """The function that looks as if its decorator were forgotten."""
        for node in self.parsed.tree.body:
            if not isinstance(node, ast.FunctionDef):
                continue
            hints = {ast.unparse(a.annotation) for a in node.args.args if a.annotation}
            if hints & {"Body", "ngx_chain_t"}:
                return f"put @body_filter (from pyngx) before 'def {node.name}'"
            if "ngx_http_request_t" in hints:
                return f"put @header_filter (from pyngx) before 'def {node.name}'"
        return ""

    def _two(self, code: str, second: Span, first: Span, message: str, help: str) -> None:
        self.diags.error(
            code, second, message, secondary=[Label(first, "the first is here")], help=help
        )

    def _name_span(self, node: ast.FunctionDef | ast.ClassDef) -> Span:
        return name_span(self.source, node)


def name_span(source: SourceFile, node: ast.FunctionDef | ast.ClassDef) -> Span:
    """The place of the name in a definition."""
    text = source.lines[node.lineno - 1]
    start = source.column(node.lineno, node.col_offset)
    col = text.find(
        node.name, start + len("def" if isinstance(node, ast.FunctionDef) else "class") - 1
    )
    if col < 0:  # the name is on the next line, behind a backslash
        return place_of(source, node.lineno)
    return Span(source.path, node.lineno, col + 1, node.lineno, col + 1 + len(node.name))
