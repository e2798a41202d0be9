"""The C printer: statements, functions and files in nginx's form."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pyngx.backend import cnodes as c
from pyngx.backend.cescape import MARGIN
from pyngx.backend.cprint import Printed, local_columns, print_function, print_unit
from tests import c_style
from tests.c_pieces import ERROR, HR, NULL, OK, A, B, R, X, Y, binary, body_of, function, gcc, unit

# Statements ---------------------------------------------------------------------------------------


def test_if_chain_and_blank_lines() -> None:
    set_a = c.ExprStmt(c.Assign(A, c.Int("1")))
    chain = c.If(X, (set_a,), (c.If(Y, (set_a,), (set_a,)),))
    assert body_of(set_a, chain, set_a, c.Return(OK)) == (
        "a = 1;\n\nif (x) {\n    a = 1;\n\n} else if (y) {\n    a = 1;\n\n"
        "} else {\n    a = 1;\n}\n\na = 1;\n\nreturn NGX_OK;"
    )


def test_an_assignment_and_its_test_stay_together() -> None:
    p = c.Arrow(c.Name("ctx"), "p")
    made = c.ExprStmt(c.Assign(p, c.Call("ngx_palloc", (c.Arrow(R, "pool"), c.Int("8")))))
    test = c.If(binary("==", p, NULL), (c.Return(ERROR),))
    assert body_of(made, test) == (
        "ctx->p = ngx_palloc(r->pool, 8);\nif (ctx->p == NULL) {\n    return NGX_ERROR;\n}"
    )
    assert body_of(c.ExprStmt(c.Assign(c.Name("pp"), B)), test).startswith("pp = b;\n\nif")


def test_loops() -> None:
    step = c.Assign(X, c.Arrow(X, "next"))
    stop = (c.Break(),)
    assert (
        body_of(c.For(c.Assign(X, A), X, step, stop))
        == "for (x = a; x; x = x->next) {\n    break;\n}"
    )
    assert body_of(c.For(None, None, None, stop)) == "for ( ;; ) {\n    break;\n}"
    assert body_of(c.For(None, X, step, stop)).startswith("for ( /* void */ ; x; x = x->next) {")
    assert body_of(c.While(c.Postfix(X, "--"), ())) == "while (x--) { /* void */ }"
    assert body_of(c.DoWhile((c.ExprStmt(step),), X)) == "do {\n    x = x->next;\n} while (x);"
    assert body_of(c.If(c.Assign(A, B), ())) == "if ((a = b)) {\n    /* void */\n}"


def test_switch() -> None:
    cases = (
        c.Case((c.Name("sw_a"),), (c.ExprStmt(c.Call("f")),), "first"),
        c.Case((c.Name("sw_b"), c.Name("sw_c")), (c.Break(),)),
        c.Case((None,), ()),
    )
    assert body_of(c.Switch(X, cases)) == (
        "switch (x) {\n\n/* first */\ncase sw_a:\n    f();\n\n    /* fall through */\n\n"
        "case sw_b:\ncase sw_c:\n    break;\n\ndefault:\n    break;\n}"
    )


def test_labels_and_directives() -> None:
    call = c.ExprStmt(c.Call("f"))
    jump = (call, c.Goto("failed"), c.Label("failed"), call)
    debug = (c.Preproc("#if (NGX_DEBUG)"), call, c.Preproc("#endif"), call)
    assert print_function(function(*jump, *debug)).split("\n")[3:-2] == [
        "    f();", "    goto failed;", "", "failed:", "", "    f();", "",
        "#if (NGX_DEBUG)", "    f();", "#endif", "", "    f();",
    ]  # fmt: skip


def test_locals_in_columns() -> None:
    decls = [
        c.Decl("ngx_chain_t", 2, "ll"),
        c.Decl("u_char", 0, "buf", "8"),
        c.Decl("ngx_chain_t", 1, "cl"),
        c.Decl("x_conf_t", 1, "prev", init="parent"),
        c.Decl("off_t", 0, "n"),
    ]
    expected = [
        "    x_conf_t *prev = parent;",
        "",
        "    off_t         n;",
        "    u_char        buf[8];",
        "    ngx_chain_t  *cl, **ll;",
    ]
    assert local_columns(decls) == expected
    assert local_columns(decls[::-1]) == expected
    many = local_columns([c.Decl("ngx_uint_t", 0, f"number_{i}") for i in range(20)])
    assert len(many) == 4
    assert max(map(len, many)) <= MARGIN


# Files --------------------------------------------------------------------------------------------


def flags(*names: str) -> c.Expr:
    """``A|B|C``."""
    expr: c.Expr = c.Name(names[0])
    for name in names[1:]:
        expr = c.Binary("|", expr, c.Name(name))
    return expr


def directive(text: bytes, *names: str) -> c.Row:
    """A row of the table of directives."""
    rest = (c.Name("ngx_conf_set_flag_slot"), c.Name("NGX_HTTP_LOC_CONF_OFFSET"), c.Int("0"), NULL)
    name = c.Call("ngx_string", (c.Str(text),))
    return c.Row((name, flags("NGX_HTTP_MAIN_CONF", "NGX_HTTP_SRV_CONF", *names), *rest))


def footer() -> c.TranslationUnit:
    """A little of everything at file level."""
    return c.TranslationUnit(
        "footer.py\n\nAppend a text.",
        includes=(c.Include("ngx_config.h"), c.Include("x.h", system=False)),
        defines=(c.Define("FOOTER_MIN", "1"), c.Define("FOOTER_MAXIMUM", "200")),
        types=footer_types(),
        variables=footer_variables(),
        functions=footer_functions(),
    )


def footer_types() -> tuple[c.TypeItem, ...]:
    return (
        c.StructDef(
            "ngx_http_footer_loc_conf_t",
            (
                c.Decl("ngx_flag_t", 0, "enable"),
                c.Blank(),
                c.Decl("ngx_array_t", 1, "types", comment="of types"),
                c.Decl("unsigned", 0, "done", bits=1),
            ),
        ),
        c.EnumDef("ngx_http_footer_e", (("FOOTER_A", "0"), ("FOOTER_B", ""))),
    )


def footer_variables() -> tuple[c.VariableItem, ...]:
    return (
        c.ArrayDef(
            "static ngx_command_t",
            "ngx_http_footer_commands",
            (
                directive(b"footer", "NGX_CONF_FLAG"),
                directive(
                    b"footer_long", "NGX_CONF_FLAG", "NGX_HTTP_LOC_CONF", "NGX_HTTP_LIF_CONF"
                ),
            ),
            end=c.Name("ngx_null_command"),
            tall=True,
        ),
        c.ArrayDef(
            "static ngx_conf_enum_t",
            "ngx_http_footer_names",
            (c.Row((c.Call("ngx_string", (c.Str(b"a"),)), c.Int("0"))),),
            end=c.Row((c.Name("ngx_null_string"), c.Int("0"))),
        ),
        c.ContextDef(
            "static ngx_http_module_t",
            "ngx_http_footer_filter_module_ctx",
            (
                c.ContextRow(NULL, "preconfiguration"),
                c.ContextRow(c.Name("ngx_http_footer_filter_init"), "postconfiguration"),
                c.Blank(),
                c.ContextRow(NULL, "create main configuration"),
            ),
        ),
        c.VarDef("static ngx_str_t", 0, "ngx_http_footer_text", c.Call("ngx_string", (HR,))),
        c.VarDef("static ngx_http_output_header_filter_pt", 0, "ngx_http_next_header_filter"),
        c.VarDef("static ngx_http_output_body_filter_pt", 0, "ngx_http_next_body_filter"),
    )


def footer_functions() -> tuple[c.FunctionItem, ...]:
    merge = c.Function(
        "static char *",
        "ngx_http_footer_merge_loc_conf",
        (
            c.Param("ngx_conf_t", 1, "cf"),
            c.Param("void", 1, "parent"),
            c.Param("void", 1, "child"),
        ),
        (c.Decl("ngx_http_footer_loc_conf_t", 1, "conf", init="child"),),
        (c.Return(NULL),),
        c.Comment("footer.py:3  class Conf"),
        3,
    )
    body = (c.Return(OK, line=9),)
    return merge, c.Function("ngx_int_t", "ngx_http_footer_public", (), (), body, line=8)


FOOTER = """
/*
 * footer.py
 *
 * Append a text.
 */


#include <ngx_config.h>
#include "x.h"


#define FOOTER_MIN      1
#define FOOTER_MAXIMUM  200


typedef struct {
    ngx_flag_t    enable;

    ngx_array_t  *types;  /* of types */
    unsigned      done:1;
} ngx_http_footer_loc_conf_t;


typedef enum {
    FOOTER_A = 0,
    FOOTER_B
} ngx_http_footer_e;


static char *ngx_http_footer_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);


static ngx_command_t  ngx_http_footer_commands[] = {

    { ngx_string("footer"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("footer_long"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_CONF_FLAG|NGX_HTTP_LOC_CONF
                        |NGX_HTTP_LIF_CONF,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_conf_enum_t  ngx_http_footer_names[] = {
    { ngx_string("a"), 0 },
    { ngx_null_string, 0 }
};


static ngx_http_module_t  ngx_http_footer_filter_module_ctx = {
    NULL,                                  /* preconfiguration */
    ngx_http_footer_filter_init,           /* postconfiguration */

    NULL                                   /* create main configuration */
};


static ngx_str_t  ngx_http_footer_text = ngx_string("<hr>\\n");


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


/* footer.py:3  class Conf */

static char *
ngx_http_footer_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_footer_loc_conf_t *conf = child;

    return NULL;
}


ngx_int_t
ngx_http_footer_public(void)
{
    return NGX_OK;
}
"""


def test_a_whole_file() -> None:
    printed = print_unit(footer())
    assert printed.text == FOOTER
    assert c_style.check(printed.text, "x.c") == []


def test_lines_of_the_python() -> None:
    printed = print_unit(footer())
    lines = printed.text.split("\n")
    assert len(printed.lines) == len(lines) - 1
    assert printed.lines[lines.index("    return NGX_OK;")] == 9
    assert printed.lines[lines.index("ngx_http_footer_public(void)")] == 8
    assert printed.lines[1] is None


def test_gcc_speaks_of_the_python_line(tmp_path: Path) -> None:
    statements = (
        c.Return(c.Name("unknown_one"), line=12),
        c.Return(c.Name("unknown_glue")),
        c.Return(c.Name("unknown_two"), line=14),
    )
    made = c.Function("int", "main", (), (), statements, line=11)
    text = print_unit(unit(made)).with_line_directives("/site/footer.py", "made.c")
    stderr = gcc(text, tmp_path).stderr
    glue = text.split("\n").index("    return unknown_glue;") + 1
    assert "/site/footer.py:12:12: error: " in stderr
    assert "/site/footer.py:14:12: error: " in stderr
    assert f"made.c:{glue}:12: error: " in stderr


def test_blocks_belong_to_their_line() -> None:
    stop = (c.Break(line=3),)
    chain = c.If(A, stop, (c.If(B, (c.Break(),), (c.Break(line=7),), line=5),), line=2)
    loop = c.While(A, (chain, c.Blank(), c.ExprStmt(X, line=9)), line=1)
    printed = print_unit(unit(function(loop)))
    start = printed.text.split("\n").index("    while (a) {")
    assert printed.lines[start:-1] == (1, 2, 3, None, 5, None, None, 5, 7, 5, None, 9, 1)


def test_functions_under_a_condition() -> None:
    made = function(c.Return(OK))
    functions = (c.Preproc("#if (NGX_DEBUG)"), made, c.Preproc("#endif"), c.Verbatim("\nint  i;\n"))
    text = print_unit(c.TranslationUnit("x.c", functions=functions)).text
    assert text == (
        "\n/* x.c */\n\n\n"
        "#if (NGX_DEBUG)\nstatic ngx_int_t ngx_http_x(ngx_http_request_t *r);\n#endif\n\n\n"
        "#if (NGX_DEBUG)\n\nstatic ngx_int_t\nngx_http_x(ngx_http_request_t *r)\n{\n"
        "    return NGX_OK;\n}\n\n#endif\n\n\nint  i;\n"
    )
    public = (functions[0], c.Verbatim("int  i;"), functions[2])
    text = print_unit(c.TranslationUnit("x.c", functions=public)).text
    assert text == "\n/* x.c */\n\n\n#if (NGX_DEBUG)\n\nint  i;\n\n#endif\n"


def test_tables_of_numbers_and_long_rows() -> None:
    numbers = c.Braces(tuple(c.Int(str(i)) for i in range(300)))
    row = c.Row(tuple(c.Name(f"ngx_http_footer_variable_{i}") for i in range(4)))
    items = (
        c.VarDef("static u_char", 0, "t", numbers, array=""),
        c.ArrayDef("static x_t", "rows", (row,)),
    )
    text = print_unit(c.TranslationUnit("x.c", variables=items)).text
    assert c_style.check(text, "x.c") == []
    assert text.count("\n") < 40
    assert text.endswith(
        "static x_t  rows[] = {\n"
        "    { ngx_http_footer_variable_0, ngx_http_footer_variable_1,\n"
        "      ngx_http_footer_variable_2, ngx_http_footer_variable_3 }\n};\n"
    )


def test_directives_change_nothing_where_there_is_no_python() -> None:
    printed = Printed("a\nb\n", (None, None))
    assert printed.with_line_directives("x.py", "x.c") == "a\nb\n"


# Everything at once -------------------------------------------------------------------------------


def random_name(rng: random.Random) -> c.Expr:
    names = (
        "rc",
        "ctx->busy",
        "r->headers_out.content_length_n",
        "conf->before_body.len",
        "NGX_OK",
    )
    return c.Raw(rng.choice(names))


def random_wide(rng: random.Random, depth: int) -> c.Expr:
    """Expressions of nginx's sort: long names, calls in calls, long strings."""
    if depth == 0:
        return random_name(rng)
    kind = rng.randrange(6)
    inner = [random_wide(rng, depth - 1) for _ in range(rng.randrange(1, 6))]
    if kind <= 1:
        name = rng.choice(("ngx_min", "ngx_http_subrequest", "ngx_http_set_content_type_key"))
        return c.Call(name, (*inner, c.Str(b'text "%V" ' * rng.randrange(9))))
    if kind == 2:
        return c.Ternary(inner[0], inner[-1], random_name(rng))
    if kind == 3:
        return c.Cast("u_char *", inner[0])
    expr = inner[0]
    op = rng.choice(("&&", "||", "+", "-", "==", "<", "|"))
    for operand in inner[1:]:
        expr = c.Binary(op, expr, operand)
    return expr


def random_statement(rng: random.Random, depth: int) -> c.Stmt:
    line = rng.choice((None, rng.randrange(1, 100)))
    kind = rng.randrange(9 if depth else 4)
    expr = random_wide(rng, rng.randrange(3))
    body = tuple(random_statement(rng, depth - 1) for _ in range(rng.randrange(4))) if depth else ()
    match kind:
        case 0:
            return c.ExprStmt(c.Assign(random_name(rng), expr), line=line)
        case 1:
            return c.Return(expr, line=line)
        case 2:
            return c.Comment("words " * rng.randrange(30), line=line)
        case 3:
            return c.Blank()
        case 4:
            return c.While(expr, body, line=line)
        case 5:
            return c.For(c.Assign(A, expr), B, expr, body, line=line)
        case 6:
            cases = (c.Case((A, B), body), c.Case((None,), body, "words " * 3))
            return c.Switch(random_name(rng), cases, line=line)
        case _:
            return c.If(expr, body, body[::-1], line=line)


@pytest.mark.parametrize("seed", range(60))
def test_random_code_is_in_nginx_style(seed: int) -> None:
    rng = random.Random(seed)
    body = tuple(random_statement(rng, 3) for _ in range(8))
    types = ("ngx_int_t", "u_char", "off_t", "ngx_http_request_t")
    decls = tuple(
        c.Decl(rng.choice(types), rng.randrange(3), f"v{i}") for i in range(rng.randrange(30))
    )
    printed = print_unit(unit(function(*body, locals=decls, line=1)))
    assert c_style.check(printed.text, "x.c") == []
    assert len(printed.lines) == printed.text.count("\n")
