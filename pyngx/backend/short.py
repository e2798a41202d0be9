"""Short spellings of C nodes, for the parts of a module that are the same in every module."""

from __future__ import annotations

from pyngx.backend import cnodes as c

NULL = c.Name("NULL")
NGX_OK = c.Name("NGX_OK")
NGX_ERROR = c.Name("NGX_ERROR")
R = c.Name("r")


def path(text: str) -> c.Expr:
    """``a->b.c`` from its text."""
    first, *rest = text.replace("->", " ->").replace(".", " .").split()
    found: c.Expr = c.Name(first)
    for part in rest:
        arrow = part.startswith("->")
        found = c.Arrow(found, part[2:]) if arrow else c.Member(found, part[1:])
    return found


def call(name: str, *args: c.Expr) -> c.Call:
    """A call."""
    return c.Call(name, args)


def do(name: str, *args: c.Expr) -> c.Stmt:
    """A call as a statement."""
    return c.ExprStmt(c.Call(name, args))


def put(target: str | c.Expr, value: c.Expr, op: str = "=") -> c.Stmt:
    """An assignment."""
    place = path(target) if isinstance(target, str) else target
    return c.ExprStmt(c.Assign(place, value, op))


def when(cond: c.Expr, *then: c.Stmt) -> c.If:
    """``if`` without ``else``."""
    return c.If(cond, then)


def is_null(expr: c.Expr) -> c.Expr:
    """``expr == NULL``."""
    return c.Binary("==", expr, NULL)


def addr(expr: str | c.Expr) -> c.Expr:
    """``&expr``."""
    return c.Unary("&", path(expr) if isinstance(expr, str) else expr)


def ret(expr: c.Expr | None) -> c.Stmt:
    """``return``."""
    return c.Return(expr)


def one(value: int = 1) -> c.Expr:
    """A small integer."""
    return c.Int(str(value))
