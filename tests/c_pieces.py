"""Short ways to build pieces of C in tests, and to ask gcc about them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from pyngx.backend import cnodes as c
from pyngx.backend.cprint import print_function

A, B, X, Y, Z = map(c.Name, ("a", "b", "x", "y", "z"))
R = c.Name("r")
HR = c.Str(b"<hr>\n")
OK, ERROR, NULL = c.Name("NGX_OK"), c.Name("NGX_ERROR"), c.Name("NULL")

CFLAGS = ("-std=gnu11", "-W", "-Wall", "-Wextra", "-Werror")


def function(*body: c.Stmt, locals: tuple[c.Decl, ...] = (), line: int | None = None) -> c.Function:
    params = (c.Param("ngx_http_request_t", 1, "r"),)
    return c.Function("static ngx_int_t", "ngx_http_x", params, locals, body, line=line)


def unit(*functions: c.Function) -> c.TranslationUnit:
    return c.TranslationUnit("x.c", functions=functions)


def body_of(*statements: c.Stmt) -> str:
    """The printed body of a function, without its indentation."""
    lines = print_function(function(*statements)).split("\n")[3:-2]
    return "\n".join(line[4:] if line.startswith("    ") else line for line in lines)


def binary(op: str, left: c.Expr, right: c.Expr) -> c.Binary:
    return c.Binary(op, left, right)


def gcc(source: str, folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    path = folder / "x.c"
    path.write_text(source)
    command = ["gcc", *CFLAGS, *flags, str(path), "-o", str(folder / "x")]
    return subprocess.run(command, capture_output=True, text=True)


def output_of(source: str, folder: Path, *flags: str) -> str:
    """What a C program prints."""
    done = gcc(source, folder, *flags)
    assert done.returncode == 0, done.stderr
    return subprocess.run([folder / "x"], capture_output=True, text=True, check=True).stdout
