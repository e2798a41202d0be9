"""Expressions in C: parentheses where C or gcc want them, lines broken as nginx breaks them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pyngx.backend import cnodes as c
from pyngx.backend.cescape import MARGIN
from pyngx.backend.clayout import flat
from pyngx.backend.cprint import print_unit
from tests.c_pieces import ERROR, NULL, OK, A, B, R, X, Y, Z, binary, body_of, output_of, unit


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (binary("+", A, binary("*", B, X)), "a + b * x"),
        (binary("*", binary("+", A, B), X), "(a + b) * x"),
        (binary("-", A, binary("-", B, X)), "a - (b - x)"),
        (binary("-", binary("-", A, B), X), "a - b - x"),
        (binary("||", binary("&&", A, B), X), "(a && b) || x"),
        (binary("&&", A, binary("&&", B, X)), "a && b && x"),
        (binary("&&", binary("==", A, B), c.Unary("!", X)), "a == b && !x"),
        (binary("==", binary("&", A, B), X), "(a & b) == x"),
        (binary("&", A, binary("==", B, X)), "a & (b == x)"),
        (binary("&&", binary("&", A, B), X), "(a & b) && x"),
        (binary("|", binary("|", A, B), X), "a | b | x"),
        (binary("|", A, binary("<<", B, X)), "a | (b << x)"),
        (binary("<<", A, binary("+", B, X)), "a << (b + x)"),
        (binary("<", A, binary("+", B, X)), "a < b + x"),
        (binary("==", binary("<", A, B), X), "(a < b) == x"),
        (binary("==", c.Unary("!", A), B), "(!a) == b"),
        (c.Unary("!", binary("==", A, B)), "!(a == b)"),
        (c.Unary("-", c.Unary("-", A)), "-(-a)"),
        (c.Unary("-", c.Int("-1")), "-(-1)"),
        (c.Unary("*", c.Unary("++", A)), "*++a"),
        (c.Unary("*", c.Postfix(A, "++")), "*a++"),
        (c.Postfix(c.Unary("*", A), "++"), "(*a)++"),
        (c.Cast("u_char *", A), "(u_char *) a"),
        (c.Cast("size_t", binary("-", A, B)), "(size_t) (a - b)"),
        (c.Arrow(c.Cast("x_t *", A), "b"), "((x_t *) a)->b"),
        (c.Index(c.Member(c.Arrow(R, "h"), "x"), c.Int("0")), "r->h.x[0]"),
        (c.Ternary(binary("<", A, B), A, c.Ternary(X, Y, Z)), "(a < b) ? a : (x ? y : z)"),
        (c.Assign(A, c.Assign(B, X)), "a = b = x"),
        (binary("!=", c.Assign(A, B), X), "(a = b) != x"),
        (c.Call(c.Arrow(A, "handler"), (R, c.Unary("&", B))), "a->handler(r, &b)"),
        (c.Call(c.Unary("*", A)), "(*a)()"),
        (c.SizeOf("ngx_buf_t"), "sizeof(ngx_buf_t)"),
        (c.Call("f", tuple(map(c.Char, (0x61, 0x27, 0, 0xFF)))), "f('a', '\\'', '\\0', 255)"),
    ],
)  # fmt: skip
def test_fewest_parentheses(expr: c.Expr, text: str) -> None:
    assert flat(expr) == text


OPERATORS = ("+", "-", "*", "/", "%", "<<", ">>", "<", "<=", "==", "!=", "&", "^", "|", "&&", "||")


def random_expr(rng: random.Random, depth: int) -> c.Expr:
    """An expression on a, b, x, y with every operator; divisors are literals."""
    if depth == 0 or rng.random() < 0.1:
        leaves: list[c.Expr] = [A, B, X, Y, c.Int(str(rng.randrange(9)))]
        return rng.choice(leaves)
    kind = rng.random()
    if kind < 0.15:
        return c.Unary(rng.choice("!-"), random_expr(rng, depth - 1))
    if kind < 0.3:
        return c.Ternary(*(random_expr(rng, depth - 1) for _ in range(3)))
    if kind < 0.4:
        return c.Cast("long", random_expr(rng, depth - 1))
    op = rng.choice(OPERATORS)
    left = random_expr(rng, depth - 1)
    if op in ("/", "%", "<<", ">>"):
        return c.Binary(op, left, c.Int(str(rng.randrange(1, 4))))
    return c.Binary(op, left, random_expr(rng, depth - 1))


def fully_parenthesised(expr: c.Expr) -> str:
    """An oracle that needs no precedence."""
    match expr:
        case c.Unary(op=op, operand=operand):
            return f"({op}({fully_parenthesised(operand)}))"
        case c.Binary(op=op, left=left, right=right):
            return f"(({fully_parenthesised(left)}) {op} ({fully_parenthesised(right)}))"
        case c.Ternary(cond=cond, then=then, other=other):
            parts = map(fully_parenthesised, (cond, then, other))
            return "(({}) ? ({}) : ({}))".format(*parts)
        case c.Cast(ctype=ctype, operand=operand):
            return f"(({ctype}) ({fully_parenthesised(operand)}))"
        case _:
            return flat(expr)


def test_random_expressions_mean_what_their_trees_mean(tmp_path: Path) -> None:
    """Printed and fully parenthesised, broken over lines or not, gcc computes the same value and
    misses no parenthesis."""
    rng = random.Random(1)
    functions, checks = [], []
    params = tuple(c.Param("long", 0, name) for name in "abxy")
    for i in range(400):
        expr = random_expr(rng, rng.randrange(2, 7))
        functions.append(c.Function("static long", f"f{i}", params, (), (c.Return(expr),)))
        oracle = fully_parenthesised(expr)
        checks.append(f"bad += f{i}(a, b, x, y) != {oracle};")
    printed = print_unit(unit(*functions)).text
    assert "#" not in printed
    program = (
        "#include <stdio.h>\n"
        + printed
        + "int main(void) { volatile long a = 5, b = -3, x = 0, y = 11; int bad = 0;\n"
        + "#pragma GCC diagnostic ignored \"-Wparentheses\"\n"
        + "\n".join(checks)
        + '\nprintf("%d", bad); return 0; }\n'
    )  # fmt: skip
    quiet = ["-Wno-unused-parameter", "-Wno-bool-operation", "-Wno-int-in-bool-context"]
    quiet += ("-Wno-shift-negative-value", "-Wno-logical-op", "-Wno-bool-compare", "-fwrapv")
    quiet += (
        "-Wno-tautological-compare",
        "-Wno-type-limits",
        "-Wno-overflow",
        "-Wno-logical-not-parentheses",
    )
    assert output_of(program, tmp_path, *quiet) == "0"


def test_long_condition() -> None:
    status = c.Member(c.Arrow(R, "headers_out"), "status")
    one = binary("==", status, c.Name("NGX_HTTP_NOT_MODIFIED"))
    both = binary("&&", binary("==", A, B), c.Unary("!", c.Arrow(R, "header_only")))
    cond = binary("||", binary("||", one, c.Arrow(R, "header_only_and_more")), both)
    stop = (c.Return(OK),)
    assert body_of(c.If(cond, stop)) == (
        "if (r->headers_out.status == NGX_HTTP_NOT_MODIFIED\n"
        "    || r->header_only_and_more\n"
        "    || (a == b && !r->header_only))\n"
        "{\n    return NGX_OK;\n}"
    )
    assert body_of(c.While(cond, stop)).startswith(
        "while (r->headers_out.status == NGX_HTTP_NOT_MODIFIED\n       || r->header_only_and_more\n"
    )


def test_a_call_in_a_long_condition() -> None:
    args = (
        R,
        c.Unary("&", c.Arrow(c.Name("conf"), "before_body")),
        NULL,
        c.Unary("&", c.Name("sr")),
    )
    call = c.Call("ngx_http_subrequest", (*args, NULL, c.Int("0")))
    inner = c.If(binary("!=", call, OK), (c.Return(ERROR),))
    assert body_of(c.If(A, (c.If(B, (inner,)),))).split("\n")[2:5] == [
        "        if (ngx_http_subrequest(r, &conf->before_body, NULL, &sr, NULL, 0)",
        "            != NGX_OK)",
        "        {",
    ]


def test_calls_break_under_the_first_argument_or_shift_left() -> None:
    log = (c.Name("NGX_LOG_DEBUG_HTTP"), c.Name("log"), c.Int("0"))
    text = c.Str(b'pyngx footer: "%V" in the body')
    assert body_of(c.ExprStmt(c.Call("ngx_log_debug", (*log, text, A)))).split("\n") == [
        "ngx_log_debug(NGX_LOG_DEBUG_HTTP, log, 0,",
        '              "pyngx footer: \\"%V\\" in the body", a);',
    ]
    wide = c.Call("ngx_http_footer_find_it", (c.Raw("conf->the_types_of_the_responses"), A))
    lines = body_of(c.Return(c.Call("ngx_http_footer_type", (c.Raw("x" * 40), wide)))).split("\n")
    assert len(lines) == 2
    assert len(lines[1]) + 4 == MARGIN


def test_a_long_cast_breaks_behind_the_type() -> None:
    items = c.Cast(f"ngx_http_{'name' * 10}_t *", c.Arrow(c.Arrow(R, "connections"), "elts"))
    lines = body_of(c.Return(c.Member(c.Index(items, c.Int("0")), "count"))).split("\n")
    assert lines == [
        "return ((ngx_http_namenamenamenamenamenamenamenamenamename_t *)",
        "        r->connections->elts)[0].count;",
    ]


def test_long_strings_become_adjacent_literals() -> None:
    text = c.Str(b"a text that is as long as messages that explain things well tend to be")
    assert body_of(c.ExprStmt(c.Call("ngx_log_error", (A, B, text, X)))).split("\n") == [
        "ngx_log_error(a, b,",
        '              "a text that is as long as messages that explain things "',
        '              "well tend to be",',
        "              x);",
    ]


def test_deep_nesting_is_printed_in_reasonable_work() -> None:
    expr: c.Expr = A
    for _ in range(40):
        expr = c.Call("ngx_min", (expr, c.Name("another_name")))
    assert flat(expr).replace(" ", "") == body_of(c.Return(expr))[7:-1].replace(" ", "").replace(
        "\n", ""
    )
