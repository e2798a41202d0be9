"""Expressions as text: parentheses by precedence, and line breaks in nginx's style.

``flat`` gives an expression on one line with the fewest parentheses that C's precedence and
``gcc -Wall`` (``-Wparentheses``) allow. ``lay`` breaks what does not fit:

    calls           after a comma, aligned under the first argument, or shifted left until the
                    longest line ends at the margin
    operators       in front of the operator, aligned under the first operand
    strings         into adjacent literals

``lay`` returns lines of which the first starts at column ``col`` (0-based) and the others carry
their indentation. ``tail`` is the room that must stay free after the last line (``;``, ``) {``).
``floor`` is the leftmost column for continuation lines.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from pyngx.backend import cescape
from pyngx.backend.cescape import MARGIN
from pyngx.backend.cnodes import (
    Arrow,
    Assign,
    Binary,
    Braces,
    Call,
    Cast,
    Char,
    Expr,
    Index,
    Int,
    Member,
    Name,
    Postfix,
    Raw,
    SizeOf,
    Str,
    Ternary,
    Unary,
)

_PRIMARY, _POSTFIX, _UNARY, _TERNARY, _ASSIGN = 100, 90, 80, 15, 10

_BINARY = {
    **dict.fromkeys(("*", "/", "%"), 70),
    **dict.fromkeys(("+", "-"), 65),
    **dict.fromkeys(("<<", ">>"), 60),
    **dict.fromkeys(("<", ">", "<=", ">="), 55),
    **dict.fromkeys(("==", "!="), 50),
    "&": 45,
    "^": 40,
    "|": 35,
    "&&": 30,
    "||": 25,
}

_ARITHMETIC = {"+", "-", "*", "/", "%"}
_COMPARISON = {"<", ">", "<=", ">=", "==", "!="}
_LOGICAL = {"&&", "||"}


def _precedence(expr: Expr) -> int:
    match expr:
        case Binary(op=op):
            return _BINARY[op]
        case Unary() | Cast():
            return _UNARY
        case Int(text=text):
            return _UNARY if text.startswith("-") else _PRIMARY
        case Postfix() | Call() | Member() | Arrow() | Index():
            return _POSTFIX
        case Ternary():
            return _TERNARY
        case Assign():
            return _ASSIGN
        case _:
            return _PRIMARY


def _needs_parens(child: Expr, parent: Binary, right: bool) -> bool:
    """Whether an operand of ``parent`` is put in parentheses."""
    if not isinstance(child, Binary):
        negated = isinstance(child, Unary) and child.op == "!"
        if negated and parent.op not in _LOGICAL:
            return True  # -Wlogical-not-parentheses
        return _precedence(child) < _UNARY
    if parent.op in _LOGICAL and child.op == parent.op:
        return False
    if _BINARY[child.op] < _BINARY[parent.op] or (right and _same_level(child, parent)):
        return True
    if parent.op in _LOGICAL:
        return child.op not in _COMPARISON | _ARITHMETIC
    if parent.op in _COMPARISON:
        return child.op not in _ARITHMETIC
    return parent.op not in _ARITHMETIC and child.op != parent.op


def _same_level(child: Binary, parent: Binary) -> bool:
    return _BINARY[child.op] == _BINARY[parent.op]


def flat(expr: Expr) -> str:
    """``expr`` on one line."""
    match expr:
        case Name(id=text) | Int(text=text) | Raw(text=text):
            return text
        case Str(value=value):
            return cescape.literal(value)
        case Char(value=byte):
            return cescape.character(byte)
        case SizeOf(text=text):
            return f"sizeof({text})"
        case Call(args=args):
            return f"{_callee(expr)}({', '.join(flat(a) for a in args)})"
        case Member(obj=obj, name=name):
            return f"{_at_least(obj, _POSTFIX)}.{name}"
        case Arrow(obj=obj, name=name):
            return f"{_at_least(obj, _POSTFIX)}->{name}"
        case Index(obj=obj, index=index):
            return f"{_at_least(obj, _POSTFIX)}[{flat(index)}]"
        case Postfix(operand=operand, op=op):
            return f"{_at_least(operand, _POSTFIX)}{op}"
        case Unary(op=op, operand=operand):
            text = _at_least(operand, _UNARY)
            return f"{op}({text})" if text[0] == op[0] and op in "+-&" else f"{op}{text}"
        case Cast(ctype=ctype, operand=operand):
            return f"({ctype}) {_at_least(operand, _UNARY)}"
        case Binary(op=op, left=left, right=right):
            return f"{_operand(left, expr, False)} {op} {_operand(right, expr, True)}"
        case Ternary(cond=cond, then=then, other=other):
            return f"{_test(cond)} ? {_arm(then)} : {_arm(other)}"
        case Assign(target=target, value=value, op=op):
            return f"{flat(target)} {op} {flat(value)}"
        case Braces(items=items):
            return "{ " + ", ".join(flat(item) for item in items) + " }"


def table_cell(expr: Expr) -> str:
    """``expr`` as it stands in a table: nginx writes flags there as ``A|B`` without spaces."""
    return "|".join(flag_names(expr)) or flat(expr)


def flag_names(expr: Expr) -> list[str]:
    """The names joined in ``A|B|C``; empty if ``expr`` is anything else."""
    match expr:
        case Binary(op="|", left=left, right=Name(id=name)):
            head = [left.id] if isinstance(left, Name) else flag_names(left)
            return [*head, name] if head else []
        case _:
            return []


def condition(expr: Expr) -> Expr:
    """``expr`` as the condition of a statement: an assignment gets parentheses of its own."""
    return Raw(f"({flat(expr)})") if isinstance(expr, Assign) else expr


def _callee(call: Call) -> str:
    return call.func if isinstance(call.func, str) else _at_least(call.func, _POSTFIX)


def _at_least(expr: Expr, level: int) -> str:
    text = flat(expr)
    return text if _precedence(expr) >= level else f"({text})"


def _operand(child: Expr, parent: Binary, right: bool) -> str:
    return f"({flat(child)})" if _needs_parens(child, parent, right) else flat(child)


def _test(cond: Expr) -> str:
    """The condition of ``?:``, which nginx puts in parentheses when it is more than one operand."""
    return _at_least(cond, _UNARY)


def _arm(expr: Expr) -> str:
    return _at_least(expr, _TERNARY + 1)


# Breaking lines -----------------------------------------------------------------------------------


def fits(lines: list[str], col: int, tail: int) -> bool:
    """Whether lines that start at ``col`` keep to the margin with ``tail`` after them."""
    return _width(lines, col, tail) <= MARGIN


def _width(lines: list[str], col: int, tail: int) -> int:
    sizes = [len(line) for line in lines]
    sizes[0] += col
    sizes[-1] += tail
    return max(sizes)


def lay(expr: Expr, col: int, tail: int, floor: int) -> list[str]:
    """``expr`` on as many lines as it takes; see the module's text."""
    return list(_laid(expr, col, tail, floor))


@lru_cache(maxsize=1 << 14)
def _laid(expr: Expr, col: int, tail: int, floor: int) -> tuple[str, ...]:
    """``lay``, remembered: calls in calls would else be tried again in each form of the outer."""
    return tuple(_lay(expr, col, tail, floor))


def _lay(expr: Expr, col: int, tail: int, floor: int) -> list[str]:
    text = flat(expr)
    if col + len(text) + tail <= MARGIN:
        return [text]
    match expr:
        case Call(args=args) if args:
            return _lay_call(expr, col, tail, floor)
        case Binary(op=op) if op in _ARITHMETIC | _LOGICAL | {"|", "&", "^"}:
            return _lay_chain(expr, col, tail, floor)
        case Binary():
            return _lay_pair(expr, col, tail, floor)
        case Ternary():
            return _lay_ternary(expr, col, tail, floor)
        case Assign(target=target, value=value, op=op):
            *above, last = lay(target, col, 1 + len(op), floor)
            at = len(last) - len(last.lstrip()) if above else col
            rest = lay_assign(f"{last.lstrip()} {op}", value, at, tail, floor)
            return [*above, " " * at + rest[0], *rest[1:]] if above else rest
        case Cast(ctype=ctype, operand=operand):
            return _lay_cast(f"({ctype})", operand, col, tail, floor)
        case Member(obj=obj, name=name):
            return _lay_place(obj, f".{name}", col, tail, floor)
        case Arrow(obj=obj, name=name):
            return _lay_place(obj, f"->{name}", col, tail, floor)
        case Index(obj=obj, index=index):
            return _lay_place(obj, f"[{flat(index)}]", col, tail, floor)
        case Unary(op=op, operand=operand):
            return _lay_prefixed(op, operand, col, tail, floor)
        case Str(value=value):
            pieces = cescape.literals(value, max(MARGIN - col - tail, 12))
            return [pieces[0], *(" " * col + piece for piece in pieces[1:])]
        case _:
            return [text]


def lay_assign(head: str, value: Expr, col: int, tail: int, floor: int) -> list[str]:
    """``head value`` where head ends in its operator; the value moves to the next line as a last
    resort, as far to the right as it fits."""
    same = _join(head + " ", lay(value, col + len(head) + 1, tail, floor))
    if fits(same, col, tail) and not same[0].endswith("("):
        return same
    right = max(MARGIN - len(flat(value)) - tail, floor)
    return _best(
        lambda: [head, *_indented(lay(value, right, tail, floor), right)],
        lambda: [head, *_indented(lay(value, floor, tail, floor), floor)],
        lambda: same,
        col=col,
        tail=tail,
    )


def _best(*layouts: Callable[[], list[str]], col: int, tail: int) -> list[str]:
    """The first layout that fits, else the one that passes the margin least."""
    best: list[str] = []
    for layout in layouts:
        lines = layout()
        if fits(lines, col, tail):
            return lines
        if not best or _width(lines, col, tail) < _width(best, col, tail):
            best = lines
    return best


def _lay_prefixed(head: str, operand: Expr, col: int, tail: int, floor: int) -> list[str]:
    joins = head in ("+", "-", "&") and flat(operand)[0] == head  # - -x is not --x
    simple = _precedence(operand) >= _UNARY and not joins
    return _join(head, (lay if simple else _parenthesised)(operand, col + len(head), tail, floor))


def _lay_cast(head: str, operand: Expr, col: int, tail: int, floor: int) -> list[str]:
    """The type and what is of it; this on a line of its own if nothing else helps."""
    same = _lay_prefixed(head + " ", operand, col, tail, floor)
    if fits(same, col, tail):
        return same
    whole = _precedence(operand) >= _UNARY
    below = _indented((lay if whole else _parenthesised)(operand, col, tail, floor), col)
    return _best(lambda: [head, *below], lambda: same, col=col, tail=tail)


def _lay_place(obj: Expr, suffix: str, col: int, tail: int, floor: int) -> list[str]:
    """A member or an item; what it is of is broken."""
    whole = _precedence(obj) >= _POSTFIX
    lines = (lay if whole else _parenthesised)(obj, col, tail + len(suffix), floor)
    return [*lines[:-1], lines[-1] + suffix]


def _join(head: str, lines: list[str]) -> list[str]:
    return [head + lines[0], *lines[1:]]


def _indented(lines: list[str], col: int) -> list[str]:
    return [" " * col + lines[0], *lines[1:]]


def _parenthesised(expr: Expr, col: int, tail: int, floor: int) -> list[str]:
    lines = _join("(", lay(expr, col + 1, tail + 1, floor))
    lines[-1] += ")"
    return lines


def _lay_call(call: Call, col: int, tail: int, floor: int) -> list[str]:
    """Under the first argument, or shifted left until the widest argument ends at the margin;
    with the first argument on the next line if nothing else helps."""
    head = _callee(call) + "("
    under = col + len(head)
    ends = [*([1] * (len(call.args) - 1)), 1 + tail]
    widths = [
        len(flat(arg)) + end
        for arg, end in zip(call.args, ends, strict=True)
        if not isinstance(arg, Str)
    ]
    shifted = min(under, MARGIN - max(widths, default=0))
    start = shifted if shifted >= floor else max(under, floor)
    return _best(
        lambda: _fill(head, call.args, ")", col, start, tail, floor),
        lambda: _fill(head, call.args, ")", col, floor, tail, floor),
        lambda: [head, *_indented(_fill("", call.args, ")", floor, floor, tail, floor), floor)],
        col=col,
        tail=tail,
    )


def _fill(
    head: str, items: tuple[Expr, ...], close: str, col: int, start: int, tail: int, floor: int
) -> list[str]:
    """Items separated by commas, as many on a line as fit and none after an item that was
    broken itself; continuation lines at ``start``."""
    lines = [" " * col + head]
    broken = False
    for i, item in enumerate(items):
        last = i == len(items) - 1
        end = close if last else ","
        room = len(end) + (tail if last else 0)
        text = flat(item)
        gap = "" if i == 0 else " "
        if not broken and len(lines[-1]) + len(gap) + len(text) + room <= MARGIN:
            lines[-1] += gap + text + end
            continue
        if i > 0:
            lines.append(" " * start)
        here = lay(item, len(lines[-1]), room, min(floor, start))
        broken = len(here) > 1
        lines[-1] += here[0]
        lines += here[1:]
        lines[-1] += end
    lines[0] = lines[0][col:]
    return lines


def _terms(expr: Expr, level: int) -> list[tuple[str, Expr, Binary | None]]:
    """A chain of operators of one level as (operator, operand, its parent)."""
    if not isinstance(expr, Binary) or _BINARY[expr.op] != level:
        return [("", expr, None)]
    left = _terms(expr.left, level)
    if expr.op not in _LOGICAL:
        return [*left, (expr.op, expr.right, expr)]
    (_, first, parent), *rest = _terms(expr.right, level)
    return [*left, (expr.op, first, parent or expr), *rest]


def _lay_chain(expr: Binary, col: int, tail: int, floor: int) -> list[str]:
    """Every operand of ``&&`` and ``||`` on a line of its own; others fill the lines."""
    terms = _terms(expr, _BINARY[expr.op])
    lines = [" " * col]
    for i, (op, operand, parent) in enumerate(terms):
        room = tail if i == len(terms) - 1 else 0
        parens = _chain_parens(operand, parent, expr)
        text = f"({flat(operand)})" if parens else flat(operand)
        piece = f"{op} {text}" if op else text
        if op and expr.op not in _LOGICAL and len(lines[-1]) + 1 + len(piece) + room <= MARGIN:
            lines[-1] += " " + piece
            continue
        if op:
            lines.append(" " * col + op + " ")
        place = len(lines[-1])
        here = (_parenthesised if parens else lay)(operand, place, room, floor)
        lines[-1] += here[0]
        lines += here[1:]
    lines[0] = lines[0][col:]
    return lines


def _chain_parens(operand: Expr, parent: Binary | None, whole: Binary) -> bool:
    return _needs_parens(operand, parent or whole, parent is not None)


def _lay_pair(expr: Binary, col: int, tail: int, floor: int) -> list[str]:
    """``left`` newline ``op right``: the operator under the first operand."""
    left_parens = _needs_parens(expr.left, expr, False)
    right_parens = _needs_parens(expr.right, expr, True)
    lines = (_parenthesised if left_parens else lay)(expr.left, col, 0, floor)
    head = " " * col + expr.op + " "
    right = (_parenthesised if right_parens else lay)(expr.right, len(head), tail, floor)
    return [*lines, head + right[0], *right[1:]]


def _lay_ternary(expr: Ternary, col: int, tail: int, floor: int) -> list[str]:
    """``cond ? then`` newline ``: other``, the colon under the question mark where it fits."""
    test, then, other = _test(expr.cond), _arm(expr.then), _arm(expr.other)
    mark, pad = " " * (col + len(test) + 1), " " * (col + 4)
    return _best(
        lambda: [f"{test} ? {then}", f"{mark}: {other}"],
        lambda: [test, f"{pad}? {then}", f"{pad}: {other}"],
        lambda: _ternary_arms(expr, col, tail, floor),
        col=col,
        tail=tail,
    )


def _ternary_arms(expr: Ternary, col: int, tail: int, floor: int) -> list[str]:
    """The last resort: condition and both arms broken by themselves."""
    mark = " " * (col + 4)
    arms = (("? ", expr.then, 0), (": ", expr.other, tail))
    whole = _precedence(expr.cond) >= _UNARY
    lines = (lay if whole else _parenthesised)(expr.cond, col, 0, floor)
    for sign, arm, room in arms:
        simple = _precedence(arm) > _TERNARY
        here = (lay if simple else _parenthesised)(arm, len(mark) + 2, room, floor)
        lines = [*lines, mark + sign + here[0], *here[1:]]
    return lines
