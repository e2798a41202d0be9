"""C nodes to text in nginx's style: statements, functions, declarations, files.

Order, columns and blank lines are decided here and nowhere else (expressions are in ``clayout``,
tables in ``ctables``). ``print_unit`` also tells for each C line the Python line it comes from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from pyngx.backend import ctables
from pyngx.backend.cescape import MARGIN, comment_lines
from pyngx.backend.clayout import condition, flat, lay
from pyngx.backend.cnodes import (
    ArrayDef,
    Assign,
    Blank,
    Break,
    Comment,
    ContextDef,
    Continue,
    Decl,
    Define,
    DoWhile,
    EnumDef,
    Expr,
    ExprStmt,
    For,
    Function,
    FunctionItem,
    Goto,
    If,
    Include,
    Label,
    Param,
    Preproc,
    Prototype,
    Return,
    Stmt,
    StructDef,
    Switch,
    TranslationUnit,
    TypeLine,
    VarDef,
    Verbatim,
    While,
)

Line = tuple[str, int | None]

_INDENT = 4
_VOID = " /* void */ }"
_COMPOUND = (If, While, DoWhile, For, Switch)
_JUMPS = (Return, Break, Continue, Goto)


@dataclass(frozen=True)
class Printed:
    """The text of a C file, and for each of its lines the Python line it comes from, if any."""

    text: str
    lines: tuple[int | None, ...]

    def with_line_directives(self, python_path: str, c_path: str) -> str:
        """The text with ``#line`` directives, so that compilers and debuggers show the Python.

        Lines of ours point at ``c_path`` itself: each directive there counts the lines of the
        result, so both files are seen at their true places. None stands inside a comment, where
        the preprocessor would not see it.
        """
        out: list[str] = []
        speaks_python = False
        expected = 0
        in_comment = False
        for text, line in zip(self.text.split("\n"), self.lines, strict=False):
            if in_comment or text.lstrip().startswith("/*"):
                in_comment = "*/" not in text
                out.append(text)
                expected = 0
                continue
            if text.lstrip().startswith(("case ", "default:")):  # "fall through" is to be next
                out.append(text)
                expected = 0
                continue
            if not text:
                out.append(text)
                expected += 1
                continue
            if line is not None and line != expected:
                out.append(f'#line {line} "{_path(python_path)}"')
            elif line is None and speaks_python:
                out.append(f'#line {len(out) + 2} "{_path(c_path)}"')
            out.append(text)
            speaks_python = line is not None
            expected = 0 if line is None else line + 1
        return "\n".join(out) + "\n"


def _path(path: str) -> str:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return "".join(f"\\{ord(c):03o}" if c < " " else c for c in escaped)


def print_unit(unit: TranslationUnit) -> Printed:
    """The whole file."""
    lines = [("", None), *_plain(comment_lines(unit.comment, 0) or ["/* */"])]
    for group in _groups(unit):
        if group:
            lines += [("", None), ("", None), *group]
    return Printed("\n".join(t for t, _ in lines) + "\n", tuple(line for _, line in lines))


def print_function(function: Function) -> str:
    """One function by itself, for dumps and tests."""
    return "\n".join(text for text, _ in _function(function)) + "\n"


def _plain(lines: Iterable[str]) -> list[Line]:
    return [(line, None) for line in lines]


def _groups(unit: TranslationUnit) -> list[list[Line]]:
    """The top-level items that two blank lines stand between."""
    return [
        [line for item in unit.includes for line in _include(item)],
        _defines(unit.defines),
        *_joined([(isinstance(t, Preproc), _type_item(t)) for t in unit.types]),
        _plain([*(line for p in unit.prototypes for line in _prototype(p)), *_own(unit.functions)]),
        *_joined([(isinstance(v, Preproc), _variable(v)) for v in ctables.columns(unit.variables)]),
        *_joined([(isinstance(f, Preproc), _function_item(f)) for f in unit.functions]),
    ]


def _own(functions: Sequence[FunctionItem]) -> list[str]:
    """Prototypes of the static functions, under the same ``#if`` as the functions."""
    lines: list[str] = []
    for item in functions:
        match item:
            case Function(result=result) if result.startswith("static") and "inline" not in result:
                lines += _prototype(Prototype(result, item.name, item.params))
            case Preproc(text="#endif") if lines and lines[-1].startswith("#if"):
                del lines[-1]
            case Preproc(text=text):
                lines.append(text)
            case _:
                pass
    return lines


def _joined(items: Sequence[tuple[bool, list[Line]]]) -> list[list[Line]]:
    """Items as groups; (whether it is a preprocessor line, its lines). What such a line opens or
    closes keeps to it at the distance of one blank line."""
    groups: list[list[Line]] = []
    after = ""
    for directive, lines in items:
        here = lines[0][0] if directive else ""
        if groups and ((after and after != "#endif") or (here and not here.startswith("#if"))):
            groups[-1] += [("", None), *lines]
        else:
            groups.append(list(lines))
        after = here
    return groups


def _include(item: Include | Blank) -> list[Line]:
    if isinstance(item, Blank):
        return [("", None)]
    return [(f"#include <{item.path}>" if item.system else f'#include "{item.path}"', None)]


def _defines(items: Sequence[Define | Blank | Preproc]) -> list[Line]:
    names = [len(item.name) for item in items if isinstance(item, Define)]
    width = max(names, default=0)
    lines: list[str] = []
    for item in items:
        match item:
            case Blank():
                lines.append("")
            case Preproc(text=text):
                lines.append(text)
            case Define(name=name, value=value, comment=comment):
                lines += comment_lines(comment, 0)
                text = f"#define {name:<{width}}  {value}".rstrip()
                if len(text) > MARGIN:
                    lines += [f"#define {name}".ljust(MARGIN - 1) + "\\", f"    {value}"]
                else:
                    lines.append(text)
            case _:
                assert_never(item)
    return _plain(lines)


# Types and variables ----------------------------------------------------------------------------


def _type_item(item: StructDef | EnumDef | TypeLine | Verbatim | Preproc) -> list[Line]:
    match item:
        case StructDef():
            return _plain(ctables.struct(item))
        case EnumDef():
            return _plain(ctables.enum(item))
        case TypeLine(text=text) | Preproc(text=text):
            return _plain([text])
        case Verbatim(text=text):
            return _plain(text.strip("\n").split("\n"))


def _variable(
    item: tuple[VarDef, ...] | VarDef | ArrayDef | ContextDef | Verbatim | Preproc,
) -> list[Line]:
    match item:
        case tuple():
            return ctables.variables(item)
        case VarDef():
            return ctables.variables((item,))
        case ArrayDef():
            return ctables.array(item)
        case ContextDef():
            return _plain(ctables.context(item))
        case Preproc(text=text):
            return _plain([text])
        case Verbatim(text=text):
            return _plain(text.strip("\n").split("\n"))


# Functions --------------------------------------------------------------------------------------


def _function_item(item: Function | Verbatim | Preproc) -> list[Line]:
    match item:
        case Function():
            return _function(item)
        case Preproc(text=text):
            return _plain([text])
        case Verbatim(text=text):
            return _plain(text.strip("\n").split("\n"))


def _prototype(item: Prototype) -> list[str]:
    gap = "" if item.result.endswith("*") else " "
    head = f"{item.result}{gap}{item.name}("
    lines = _parameters(head, item.params, ");")
    if max(map(len, lines)) <= MARGIN:
        return lines
    return [item.result, *_parameters(f"    {item.name}(", item.params, ");")]


def _parameters(head: str, params: Sequence[Param], close: str) -> list[str]:
    """Parameters filled up to the margin, continued four columns in; after a long name they begin
    there too."""
    texts = [_declared(p.ctype, p.stars, p.name) for p in params] or ["void"]
    lines = [head]
    for i, text in enumerate(texts):
        end = close if i == len(texts) - 1 else ","
        gap = " " if i else ""
        if len(lines[-1]) + len(gap) + len(text) + len(end) > MARGIN:
            lines.append(" " * _INDENT + text + end)
        else:
            lines[-1] += gap + text + end
    return lines


def _declared(ctype: str, stars: int, name: str) -> str:
    return f"{ctype} {'*' * stars}{name}".rstrip()


def _function(item: Function) -> list[Line]:
    out = _Body()
    if item.comment is not None:
        out.put_all(comment_lines(item.comment.text, 0), item.comment.line)
        out.put("", None)
    out.put(item.result, item.line)
    out.put_all(_parameters(f"{item.name}(", item.params, ")"), item.line)
    out.put("{", item.line)
    out.put_all(local_columns(item.locals), None)
    if item.locals and any(not isinstance(s, Blank) for s in item.body):
        out.put("", None)
    out.statements(_last_return_apart(item.body), _INDENT)
    out.put("}", item.line)
    return out.lines


def _last_return_apart(body: Sequence[Stmt]) -> Sequence[Stmt]:
    """A function's last ``return`` has a blank line above it."""
    if len(body) > 1 and isinstance(body[-1], Return):
        return [*body[:-1], Blank(), body[-1]]
    return body


def local_columns(decls: Sequence[Decl]) -> list[str]:
    """Locals in nginx's columns: sorted by the length of the type, then by its name, one line
    for each type; those that start with the value of a parameter come first, in their order."""
    lines = [text for d in decls if d.init for text in _local_with_value(d)]
    plain = [d for d in decls if not d.init]
    if lines and plain:
        lines.append("")
    types = sorted({d.ctype for d in plain}, key=lambda t: (len(t), t))
    groups = [sorted((d for d in plain if d.ctype == t), key=_declarator_key) for t in types]
    longest = max(map(len, types), default=0)
    stars, most, rows = -1, 0, list[list[Decl]]()
    while stars < most:
        stars = most
        rows = [row for group in groups for row in _split_row(group, _INDENT + longest + 2 + stars)]
        most = max((row[0].stars for row in rows), default=0)
    for row in rows:
        first = f"    {row[0].ctype}".ljust(_INDENT + longest + 2 + stars - row[0].stars)
        lines.append(first + ", ".join(map(_declarator, row)) + ";")
    return lines


def _local_with_value(decl: Decl) -> list[str]:
    head, value = f"    {decl.ctype} {'*' * decl.stars}{decl.name} =", f"{decl.init};"
    if len(head) + 1 + len(value) <= MARGIN:
        return [f"{head} {value}"]
    return [head, " " * (MARGIN - len(value)) + value]


def _declarator_key(decl: Decl) -> tuple[int, str]:
    return decl.stars, decl.name


def _declarator(decl: Decl) -> str:
    return "*" * decl.stars + decl.name + ("" if decl.array is None else f"[{decl.array}]")


def _split_row(group: Sequence[Decl], column: int) -> list[list[Decl]]:
    """One type's names as rows that keep to the margin; the first name begins at ``column``."""
    rows: list[list[Decl]] = []
    size = MARGIN
    for decl in group:
        width = len(_declarator(decl))
        if not rows or size + len(", ") + width + len(";") > MARGIN:
            rows.append([decl])
            size = column - decl.stars + width
        else:
            rows[-1].append(decl)
            size += len(", ") + width
    return rows


# Statements -------------------------------------------------------------------------------------


@dataclass
class _Body:
    """The lines of a function as they are made."""

    lines: list[Line] = field(default_factory=list)

    def put(self, text: str, line: int | None) -> None:
        self.lines.append((text, line))

    def put_all(self, texts: Iterable[str], line: int | None) -> None:
        self.lines += [(text, line) for text in texts]

    def blank(self) -> None:
        """A blank line, unless there is one."""
        if self.lines and self.lines[-1][0]:
            self.put("", None)

    def statements(self, stmts: Sequence[Stmt], indent: int) -> None:
        """A block's inside."""
        previous: Stmt | None = None
        gap = False
        for stmt in stmts:
            if isinstance(stmt, Blank):
                gap = True
                continue
            if previous is not None and (gap or _apart(previous, stmt)):
                self.blank()
            self.statement(stmt, indent)
            previous, gap = stmt, False

    def statement(self, stmt: Stmt, indent: int) -> None:
        pad = " " * indent
        match stmt:
            case ExprStmt(expr=expr):
                self.expression("", expr, ";", stmt.line, indent)
            case Return(expr=None):
                self.put(pad + "return;", stmt.line)
            case Return(expr=expr) if expr is not None:
                self.expression("return ", expr, ";", stmt.line, indent)
            case Break():
                self.put(pad + "break;", stmt.line)
            case Continue():
                self.put(pad + "continue;", stmt.line)
            case Goto(label=label):
                self.put(f"{pad}goto {label};", stmt.line)
            case Label(name=name):
                self.put(f"{name}:", stmt.line)
            case Preproc(text=text):
                self.put(text, stmt.line)
            case Comment(text=text):
                self.put_all(comment_lines(text, indent), stmt.line)
            case If():
                self.if_chain(stmt, indent)
            case While(cond=cond, body=body):
                self.header("while (", cond, stmt.line, indent)
                self.loop(body, indent, stmt.line)
            case DoWhile(body=body, cond=cond):
                self.put(f"{pad}do {{", stmt.line)
                self.statements(body, indent + _INDENT)
                self.expression("} while (", condition(cond), ");", stmt.line, indent)
            case For():
                self.for_header(stmt, indent)
                self.loop(stmt.body, indent, stmt.line)
            case Switch():
                self.switch(stmt, indent)
            case Blank():
                self.blank()

    def expression(self, head: str, expr: Expr, end: str, line: int | None, indent: int) -> None:
        """``head expr end`` as one statement on as many lines as it takes."""
        col = indent + len(head)
        lines = lay(expr, col, len(end), indent + _INDENT)
        lines = [" " * indent + head + lines[0], *lines[1:]]
        lines[-1] += end
        self.put_all(lines, line)

    def header(self, head: str, cond: Expr, line: int | None, indent: int) -> None:
        """``if (cond) {``; the brace on a line of its own after a condition of several lines."""
        col = indent + len(head)
        cond = condition(cond)
        one = flat(cond)
        first = " " * indent + head
        if col + len(one) + len(") {") <= MARGIN:
            self.put(f"{first}{one}) {{", line)
        else:
            lines = lay(cond, col, len(")"), indent + _INDENT)
            lines = [first + lines[0], *lines[1:]]
            self.put_all([*lines[:-1], lines[-1] + ")", " " * indent + "{"], line)

    def loop(self, body: Sequence[Stmt], indent: int, line: int | None) -> None:
        """The body of a loop and its brace; an empty one is said to be so behind its header."""
        text = self.lines[-1][0]
        if all(isinstance(s, Blank) for s in body) and len(text) + len(_VOID) <= MARGIN:
            self.lines[-1] = (text + _VOID, line)
            return
        self.block(body, indent)
        self.put(" " * indent + "}", line)

    def block(self, body: Sequence[Stmt], indent: int) -> None:
        """A block's inside; ``/* void */`` if there is none."""
        if all(isinstance(s, Blank) for s in body):
            body = (Comment("void"),)
        self.statements(body, indent + _INDENT)

    def if_chain(self, stmt: If, indent: int) -> None:
        head = "if ("
        while True:
            self.header(head, stmt.cond, stmt.line, indent)
            self.block(stmt.then, indent)
            rest = [s for s in stmt.orelse if not isinstance(s, Blank)]
            if not rest:
                break
            self.blank()
            if len(rest) == 1 and isinstance(rest[0], If):
                stmt, head = rest[0], "} else if ("
                continue
            self.put(" " * indent + "} else {", stmt.line)
            self.statements(rest if len(rest) == 1 else stmt.orelse, indent + _INDENT)
            break
        self.put(" " * indent + "}", stmt.line)

    def for_header(self, stmt: For, indent: int) -> None:
        pad = " " * indent
        parts = (stmt.init, stmt.cond, stmt.step)
        if parts == (None, None, None):
            self.put(f"{pad}for ( ;; ) {{", stmt.line)
        else:
            init = " /* void */ " if stmt.init is None else flat(stmt.init)
            cond = " /* void */ " if stmt.cond is None else " " + flat(condition(stmt.cond))
            step = " /* void */ " if stmt.step is None else " " + flat(stmt.step)
            text = f"{pad}for ({init};{cond};{step})"
            if len(text) + 2 <= MARGIN:
                self.put(text + " {", stmt.line)
            else:
                self.put_all(self._tall_for(parts, indent), stmt.line)

    def _tall_for(self, parts: Sequence[Expr | None], indent: int) -> list[str]:
        """The three parts of a ``for`` on lines of their own."""
        col = indent + len("for (")
        lines: list[str] = []
        for part, end in zip(parts, (";", ";", ")"), strict=True):
            here = ["/* void */ "] if part is None else lay(part, col, 1, col)
            lines += [" " * col + here[0], *here[1:]]
            lines[-1] += end
        lines[0] = " " * indent + "for (" + lines[0].lstrip()
        return [*lines, " " * indent + "{"]

    def switch(self, stmt: Switch, indent: int) -> None:
        pad = " " * indent
        self.header("switch (", stmt.value, stmt.line, indent)
        for i, case in enumerate(stmt.cases):
            self.blank()
            self.put_all(comment_lines(case.comment, indent), None)
            for label in case.labels:
                self.put(
                    f"{pad}default:" if label is None else f"{pad}case {flat(label)}:", stmt.line
                )
            self.statements(case.body, indent + _INDENT)
            if i < len(stmt.cases) - 1 and case.body and not _leaves(case.body):
                self.blank()
                self.put(pad + " " * _INDENT + "/* fall through */", None)
        if stmt.cases and not stmt.cases[-1].body:
            self.put(pad + " " * _INDENT + "break;", stmt.line)
        self.put(pad + "}", stmt.line)


def _apart(previous: Stmt, stmt: Stmt) -> bool:
    """Whether nginx has a blank line between two neighbours.

    Around a block it has one, but not between an assignment and the test of what was assigned.
    """
    if isinstance(previous, Preproc) or isinstance(stmt, Preproc):
        closed = isinstance(previous, Preproc) and previous.text.startswith("#endif")
        opens = isinstance(stmt, Preproc) and stmt.text.startswith("#if")
        return closed or opens or isinstance(previous, _COMPOUND)
    if isinstance(previous, (*_COMPOUND, Label, Comment)) or isinstance(stmt, (Comment, Label)):
        return True
    return isinstance(stmt, _COMPOUND) and not _tests(stmt, previous)


def _tests(stmt: Stmt, previous: Stmt) -> bool:
    match stmt, previous:
        case (If(cond=tested) | Switch(value=tested)), ExprStmt(expr=Assign(target=target)):
            return (
                re.search(rf"(?<![\w>.]){re.escape(flat(target))}(?!\w)", flat(tested)) is not None
            )
        case _:
            return False


def _leaves(body: Sequence[Stmt]) -> bool:
    """Whether a block surely does not run off its end."""
    last = next((s for s in reversed(body) if not isinstance(s, Blank)), None)
    match last:
        case If(then=then, orelse=orelse):
            return _leaves(then) and _leaves(orelse)
        case _:
            return isinstance(last, _JUMPS)
