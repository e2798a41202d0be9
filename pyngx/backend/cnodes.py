"""C as data: what the backend builds, and ``cprint`` turns into text in nginx's style.

Nodes say *what* stands in the C and never how it is spaced: parentheses, columns, line breaks,
blank lines after blocks and the order of declarations belong to the printer. The backend adds
only ``Blank`` between groups of statements, as a paragraph break.

Every statement has ``line``, the line of the Python file it comes from (``None`` for glue that
the author did not write). The printer returns these per C line, so that compiler messages,
debuggers and the annotated view can speak of the Python file.

Text that comes from the user (comments, byte strings) may be anything: the printer makes sure
that it cannot end a comment or a literal. Names, types, operators and ``Raw`` are trusted.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

# Expressions ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Name:
    """An identifier: a variable, a constant, an enumerator."""

    id: str


@dataclass(frozen=True, slots=True)
class Int:
    """An integer literal as it is to be spelled: ``0``, ``0xff``, ``1024``, ``-1``."""

    text: str


@dataclass(frozen=True, slots=True)
class Str:
    """A string literal; ``value`` is what the C array holds, without the closing NUL."""

    value: bytes


@dataclass(frozen=True, slots=True)
class Char:
    """A character constant of the byte 0..255: ``'a'``, ``'\\n'``; bytes above 126 as numbers."""

    value: int


@dataclass(frozen=True, slots=True)
class Call:
    """``func(args)``; a string is the name of a function or of a macro that looks like one."""

    func: Expr | str
    args: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """``obj.name``."""

    obj: Expr
    name: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """``obj->name``."""

    obj: Expr
    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """``obj[index]``."""

    obj: Expr
    index: Expr


@dataclass(frozen=True, slots=True)
class Unary:
    """A prefix operator: ``&`` ``*`` ``!`` ``-`` ``~`` ``++`` ``--``."""

    op: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class Postfix:
    """``operand++`` or ``operand--``."""

    operand: Expr
    op: str


@dataclass(frozen=True, slots=True)
class Binary:
    """Any infix operator but assignment. ``total``: a comparison of which either it or its opposite
    holds, as not of doubles, some of which are no numbers."""

    op: str
    left: Expr
    right: Expr
    total: bool = True


@dataclass(frozen=True, slots=True)
class Ternary:
    """``cond ? then : other``."""

    cond: Expr
    then: Expr
    other: Expr


@dataclass(frozen=True, slots=True)
class Cast:
    """``(ctype) operand``; ``ctype`` with its stars: ``u_char *``."""

    ctype: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class Assign:
    """``target op value``, ``op`` being ``=``, ``+=``, …; also usable inside an expression."""

    target: Expr
    value: Expr
    op: str = "="


@dataclass(frozen=True, slots=True)
class SizeOf:
    """``sizeof(text)`` of a type or of an expression as spelled."""

    text: str


@dataclass(frozen=True, slots=True)
class Braces:
    """An initialiser ``{ a, b }``; only in ``VarDef.init`` and in rows."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Raw:
    """C text that is printed as it is and counts as a primary expression."""

    text: str


Expr = (
    Name
    | Int
    | Str
    | Char
    | Call
    | Member
    | Arrow
    | Index
    | Unary
    | Postfix
    | Binary
    | Ternary
    | Cast
    | Assign
    | SizeOf
    | Braces
    | Raw
)

# Statements -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Statement:
    """``line`` is the line of the Python file, 1-based."""

    line: int | None = None


@dataclass(frozen=True, slots=True)
class ExprStmt(_Statement):
    """``expr;``"""

    expr: Expr


@dataclass(frozen=True, slots=True)
class If(_Statement):
    """``if``; an ``orelse`` of a single ``If`` becomes ``else if``."""

    cond: Expr
    then: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...] = ()


@dataclass(frozen=True, slots=True)
class While(_Statement):
    """``while (cond) { … }``."""

    cond: Expr
    body: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class DoWhile(_Statement):
    """``do { … } while (cond);``."""

    body: tuple[Stmt, ...]
    cond: Expr


@dataclass(frozen=True, slots=True)
class For(_Statement):
    """``for (init; cond; step) { … }``; with three ``None`` the endless ``for ( ;; )``."""

    init: Expr | None
    cond: Expr | None
    step: Expr | None
    body: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class Return(_Statement):
    """``return expr;``"""

    expr: Expr | None = None


@dataclass(frozen=True, slots=True)
class Break(_Statement):
    """``break;``"""


@dataclass(frozen=True, slots=True)
class Continue(_Statement):
    """``continue;``"""


@dataclass(frozen=True, slots=True)
class Goto(_Statement):
    """``goto label;``"""

    label: str


@dataclass(frozen=True, slots=True)
class Label(_Statement):
    """``label:`` at the margin; a statement must follow it."""

    name: str


@dataclass(frozen=True, slots=True)
class Case:
    """One branch of a ``Switch``: its labels (``None`` is ``default``), what stands under them
    (ending in ``break`` and the like by itself; falls through otherwise), and a comment above."""

    labels: tuple[Expr | None, ...]
    body: tuple[Stmt, ...]
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Switch(_Statement):
    """``switch (value) { … }``."""

    value: Expr
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Comment(_Statement):
    """A comment of one or several lines; ``text`` is without any C comment marks."""

    text: str


@dataclass(frozen=True, slots=True)
class Blank(_Statement):
    """A paragraph break. Never doubled, and dropped at the edges of a block."""


@dataclass(frozen=True, slots=True)
class Preproc(_Statement):
    """A preprocessor line at the margin: ``#if (NGX_DEBUG)``, ``#endif``."""

    text: str


Stmt = (
    ExprStmt
    | If
    | While
    | DoWhile
    | For
    | Return
    | Break
    | Continue
    | Goto
    | Label
    | Switch
    | Comment
    | Blank
    | Preproc
)

# Declarations -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Decl:
    """A local variable or a field of a struct.

    ``array`` is what stands in the brackets (``""`` gives ``[]``, ``None`` no brackets); ``bits``
    and ``comment`` are for fields. The stars belong to the name, as nginx writes them. ``init``,
    the name of a parameter, is for the one initialised local that nginx allows itself:
    ``ngx_x_conf_t *prev = parent;``.
    """

    ctype: str
    stars: int
    name: str
    array: str | None = None
    bits: int | None = None
    comment: str = ""
    init: str = ""


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter; an unnamed one (``void``) has an empty name."""

    ctype: str
    stars: int
    name: str


@dataclass(frozen=True, slots=True)
class Function:
    """A definition. ``result`` is the whole of the line above the name: ``static ngx_int_t``.

    ``locals`` may come in any order. ``comment`` stands above the function. ``line`` is the line
    of the ``def``.
    """

    result: str
    name: str
    params: tuple[Param, ...]
    locals: tuple[Decl, ...]
    body: tuple[Stmt, ...]
    comment: Comment | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Prototype:
    """A declaration of a function that is defined elsewhere (those of a unit's own functions are
    made by the printer)."""

    result: str
    name: str
    params: tuple[Param, ...]


@dataclass(frozen=True, slots=True)
class StructDef:
    """``typedef struct { … } name;``; with ``tag``, ``typedef struct tag name;`` comes with the
    struct so that fields may point to it. ``Blank`` separates groups of fields."""

    name: str
    fields: tuple[Decl | Blank, ...]
    tag: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class EnumDef:
    """``typedef enum { a = 0, b } name;``; an item is a name and its value as spelled or ``""``."""

    name: str
    items: tuple[tuple[str, str], ...]
    comment: str = ""


@dataclass(frozen=True, slots=True)
class TypeLine:
    """A type declaration of one line as spelled, with its end: ``typedef struct x_s  x_t;``."""

    text: str


@dataclass(frozen=True, slots=True)
class Define:
    """``#define name  value``."""

    name: str
    value: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Include:
    """``#include <path>`` or, when not ``system``, ``#include "path"``."""

    path: str
    system: bool = True


@dataclass(frozen=True, slots=True)
class VarDef:
    """A file-scope variable; neighbours without an initialiser are printed in columns."""

    ctype: str
    stars: int
    name: str
    init: Expr | None = None
    array: str | None = None
    comment: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of an ``ArrayDef``: ``{ cell, cell }``."""

    cells: tuple[Expr, ...]
    comment: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class ArrayDef:
    """A table. ``apart`` is the form of ``ngx_http_variable_t``: a blank line between rows, ``end``
    (``ngx_http_null_variable``) two further in; ``tall`` that of ``ngx_command_t``, where each cell
    has a line too. Otherwise a row is a line, or fills lines."""

    ctype: str
    name: str
    rows: tuple[Row | Expr, ...]
    end: Row | Expr | None = None
    tall: bool = False
    apart: bool = False
    array: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ContextRow:
    """A value of a ``ContextDef`` and the words in the comment beside it (may be empty)."""

    value: Expr
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ContextDef:
    """A module's context or the module itself: one value a line, comments in a column."""

    ctype: str
    name: str
    rows: tuple[ContextRow | Blank, ...]
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Lines that are printed as they are, as one top-level item."""

    text: str


TypeItem = StructDef | EnumDef | TypeLine | Verbatim | Preproc
VariableItem = VarDef | ArrayDef | ContextDef | Verbatim | Preproc
FunctionItem = Function | Verbatim | Preproc


@dataclass(frozen=True, slots=True)
class TranslationUnit:
    """A C file, in nginx's order: comment, includes, defines, types, prototypes (of ``prototypes``,
    then of every function), variables, functions."""

    comment: str
    includes: tuple[Include | Blank, ...] = ()
    defines: tuple[Define | Blank | Preproc, ...] = ()
    types: tuple[TypeItem, ...] = ()
    prototypes: tuple[Prototype, ...] = ()
    variables: tuple[VariableItem, ...] = ()
    functions: tuple[FunctionItem, ...] = ()


T = TypeVar("T")


def without_lines(node: T) -> T:
    """A node that is not said to come from the Python file, nor is anything in it."""
    if not is_dataclass(node) or isinstance(node, type):
        return node
    changes = {f.name: _part_without_lines(getattr(node, f.name)) for f in fields(node)}
    if "line" in changes:
        changes["line"] = None
    return replace(node, **changes)


def _part_without_lines(value: Any) -> Any:
    """Likewise what a field of a node has: a node, or a tuple of what a field can have."""
    if isinstance(value, tuple):
        return tuple(_part_without_lines(part) for part in value)
    return without_lines(value)
