"""What nginx writes in columns outside functions: structs, enums, variables, tables, contexts."""

from __future__ import annotations

from collections.abc import Sequence

from pyngx.backend.cescape import MARGIN, comment_lines
from pyngx.backend.clayout import flag_names, flat, lay, lay_assign, table_cell
from pyngx.backend.cnodes import (
    ArrayDef,
    Blank,
    Braces,
    ContextDef,
    ContextRow,
    Decl,
    EnumDef,
    Expr,
    Row,
    StructDef,
    VarDef,
    VariableItem,
)

Line = tuple[str, int | None]

_INDENT = 4
_COMMENT_COLUMN = 43
"""Where the comments beside the values of a module's context stand, unless a value is longer."""


def _stars_and_name(item: Decl | VarDef) -> str:
    array = "" if item.array is None else f"[{item.array}]"
    return "*" * item.stars + item.name + array


# Types ------------------------------------------------------------------------------------------


def struct(item: StructDef) -> list[str]:
    """``typedef struct { … } name;`` with its fields in columns."""
    fields = [f for f in item.fields if isinstance(f, Decl)]
    stars = max((f.stars for f in fields), default=0)
    width = _type_width(fields, stars)
    lines = comment_lines(item.comment, 0)
    if item.tag:
        lines += [f"typedef struct {item.tag}  {item.name};", "", f"struct {item.tag} {{"]
    else:
        lines.append("typedef struct {")
    for entry in item.fields:
        lines += [""] if isinstance(entry, Blank) else _field(entry, _INDENT + width + 2 + stars)
    return [*lines, "};" if item.tag else f"}} {item.name};"]


def _type_width(fields: Sequence[Decl], stars: int) -> int:
    """The width of the column of the types: of the longest that leaves room for all names."""
    widths = sorted({len(f.ctype) for f in fields}, reverse=True) or [0]
    for width in widths:
        names = [len(f.name) for f in fields if len(f.ctype) <= width]
        if _INDENT + width + 2 + stars + max(names, default=0) + len(";") <= MARGIN:
            return width
    return widths[0]


def _field(item: Decl, column: int) -> list[str]:
    bits = "" if item.bits is None else f":{item.bits}"
    ctype = f"    {item.ctype}  "
    text = ctype.ljust(column - item.stars) + f"{_stars_and_name(item)}{bits};"
    beside = comment_lines(item.comment, 0)
    if len(beside) == 1 and len(text) + 2 + len(beside[0]) <= MARGIN:
        return [f"{text}  {beside[0]}"]
    return [*comment_lines(item.comment, _INDENT), text]


def enum(item: EnumDef) -> list[str]:
    """``typedef enum { … } name;``."""
    rows = [f"    {name} = {value}" if value else f"    {name}" for name, value in item.items]
    body = [row + "," for row in rows[:-1]] + rows[-1:]
    return [*comment_lines(item.comment, 0), "typedef enum {", *body, f"}} {item.name};"]


# Variables --------------------------------------------------------------------------------------


def columns(items: Sequence[VariableItem]) -> list[tuple[VarDef, ...] | VariableItem]:
    """Neighbouring variables without initialiser and comment, gathered to stand in columns."""
    out: list[tuple[VarDef, ...] | VariableItem] = []
    for item in items:
        bare = isinstance(item, VarDef) and item.init is None and not item.comment
        if not bare or not isinstance(item, VarDef):
            out.append(item)
        elif out and isinstance(out[-1], tuple):
            out[-1] = (*out[-1], item)
        else:
            out.append((item,))
    return out


def variables(items: Sequence[VarDef]) -> list[Line]:
    """Variables of one group."""
    width = max(len(item.ctype) for item in items)
    stars = max(item.stars for item in items)
    lines: list[Line] = []
    for item in items:
        head = item.ctype.ljust(width + 2 + stars - item.stars) + _stars_and_name(item)
        lines += [(text, item.line) for text in comment_lines(item.comment, 0)]
        lines += [(text, item.line) for text in _initialised(head, item.init)]
    return lines


def _initialised(head: str, init: Expr | None) -> list[str]:
    if init is None:
        return [head + ";"]
    if not isinstance(init, Braces):
        lines = lay_assign(f"{head} =", init, 0, 1, _INDENT)
        return [*lines[:-1], lines[-1] + ";"]
    if len(head) + len(" = ;") + len(flat(init)) <= MARGIN:
        return [f"{head} = {flat(init)};"]
    ctype, gap, name = head.rpartition("  ")
    return [*_opened(ctype.rstrip(), gap.lstrip() + name), *_filled(init.items, _INDENT), "};"]


# Tables -----------------------------------------------------------------------------------------


def array(item: ArrayDef) -> list[Line]:
    """A table of rows, tall (``ngx_command_t``) or with a row on a line."""
    rows = [*item.rows, *([] if item.end is None else [item.end])]
    apart = item.tall or item.apart
    lines: list[Line] = [(text, None) for text in comment_lines(item.comment, 0)]
    lines += [(text, None) for text in _opened(item.ctype, f"{item.name}[{item.array}]")]
    if apart:
        lines.append(("", None))
    for i, row in enumerate(rows):
        last = i == len(rows) - 1
        here = _row(row, item.tall and not (last and item.end is not None))
        if apart and last and item.end is not None:
            here = ["  " + text for text in here]
        here[-1] += "" if last else ","
        line = row.line if isinstance(row, Row) else None
        lines += [(text, line) for text in here]
        if apart and not last:
            lines.append(("", None))
    return [*lines, ("};", None)]


def _opened(ctype: str, name: str) -> list[str]:
    """The head of a table or a context; a long name stands on a line of its own."""
    head = f"{ctype}  {name} = {{"
    return [head] if len(head) <= MARGIN else [ctype, f"    {name} = {{"]


def _row(row: Row | Expr, tall: bool) -> list[str]:
    if not isinstance(row, Row):
        return _cell(row, _INDENT, 1)
    lines = comment_lines(row.comment, _INDENT)
    if not tall:
        flat_row = "    { " + ", ".join(table_cell(cell) for cell in row.cells) + " }"
        if len(flat_row) + 1 <= MARGIN:
            return [*lines, flat_row]
        body = _filled(row.cells, _INDENT + 2, tail=3)
        body[0] = "    { " + body[0].lstrip()
        return [*lines, *body[:-1], body[-1] + " }"]
    cells: list[str] = []
    for i, cell in enumerate(row.cells):
        here = _cell(cell, _INDENT + 2, 1 if i < len(row.cells) - 1 else 3)
        here[-1] += " }" if i == len(row.cells) - 1 else ","
        cells += here
    return [*lines, "    { " + cells[0].lstrip(), *cells[1:]]


def _cell(expr: Expr, col: int, tail: int) -> list[str]:
    """A cell on lines of its own; flags that are too long go on under the first ``|``."""
    text = table_cell(expr)
    pad = " " * col
    if col + len(text) + tail <= MARGIN:
        return [pad + text]
    names = flag_names(expr)
    if not names:
        lines = lay(expr, col, tail, col + 2)
        return [pad + lines[0], *lines[1:]]
    lines = [pad + names[0]]
    for name in names[1:]:
        if len(lines[-1]) + 1 + len(name) + tail > MARGIN:
            lines.append(pad + " " * len(names[0]))
        lines[-1] += "|" + name
    return lines


def _filled(cells: Sequence[Expr], col: int, tail: int = 1) -> list[str]:
    """Cells separated by commas, as many on a line as fit."""
    lines = [" " * col]
    for i, cell in enumerate(cells):
        end = "," if i < len(cells) - 1 else ""
        room = len(end) or tail
        text = table_cell(cell)
        if lines[-1].strip() and len(lines[-1]) + 1 + len(text) + room > MARGIN:
            lines.append(" " * col)
        if lines[-1].strip():
            lines[-1] += " " + text
        elif col + len(text) + room <= MARGIN:
            lines[-1] += text
        else:
            laid = lay(cell, col, room, col + 2)
            lines[-1] += laid[0]
            lines += laid[1:]
        lines[-1] += end
    return lines


# Contexts ---------------------------------------------------------------------------------------


def context(item: ContextDef) -> list[str]:
    """A module's context: one value a line, the comments in one column, or above a value that is
    too long for that."""
    rows = [row for row in item.rows if isinstance(row, ContextRow)]
    texts = {
        id(row): f"    {flat(row.value)}" + ("," if row is not rows[-1] else "") for row in rows
    }
    comments = {id(row): f"/* {row.comment} */" for row in rows if row.comment}
    ends = [len(texts[key]) + 2 for key in comments]
    widths = zip(ends, comments.values(), strict=True)
    fitting = [end for end, words in widths if end + len(words) <= MARGIN]
    column = max(_COMMENT_COLUMN, *fitting) if fitting else _COMMENT_COLUMN
    lines = [*comment_lines(item.comment, 0), *_opened(item.ctype, item.name)]
    for row in item.rows:
        if isinstance(row, Blank):
            lines.append("")
        elif row.comment:
            line = f"{texts[id(row)]:<{column}}{comments[id(row)]}"
            fits = len(line) <= MARGIN and len(texts[id(row)]) + 2 <= column
            lines += [line] if fits else [f"    {comments[id(row)]}", texts[id(row)]]
        else:
            lines.append(texts[id(row)])
    return [*lines, "};"]
