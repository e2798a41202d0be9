"""Formatted text: a size that is enough, one allocation, one ``ngx_sprintf``.

Conversions that nginx's own formatter writes as Python does go into its format string; the others
(signs, left alignment, precision) are written by the runtime, piece after piece.
"""

from __future__ import annotations

from typing import Protocol

from pyngx.backend import cnodes as c
from pyngx.backend.emitter import Emitter, Ref
from pyngx.tree import Expr, Field, Local, Piece, StateField
from pyngx.types import Float, Int


class Operands(Protocol):
    """What lowers the values of the pieces."""

    out: Emitter

    def signed(self, expr: Expr) -> c.Expr: ...

    def kept(self, expr: Expr, later: tuple[Expr, ...]) -> c.Expr: ...

    def string(self, expr: Expr, hint: str = "text") -> Ref: ...

    def kept_string(self, expr: Expr, later: tuple[Expr, ...], hint: str) -> Ref: ...


_GROUPS = 128
"""Room for the separators between the digits of any float."""

Argument = tuple[bytes, c.Expr]  # a conversion of ngx_sprintf, and its value


def _is_string(piece: Piece) -> bool:
    return piece.conversion == "s"


def _is_float(piece: Piece) -> bool:
    return piece.value is not None and isinstance(piece.value.type, Float)


def native(piece: Piece) -> bytes | None:
    """nginx's conversion for a piece; None if nginx's formatter does not have it."""
    assert piece.value is not None
    if _is_float(piece):
        return None
    if _is_string(piece):
        return b"%V" if not piece.width and piece.precision < 0 else None
    if piece.precision >= 0 or piece.flags.strip("0") or piece.fill:
        return None
    zero = b"0" if "0" in piece.flags and piece.width else b""
    width = zero + (str(piece.width).encode() if piece.width else b"")
    non_negative = piece.value.range.lo >= 0
    match piece.conversion:
        case "d" if non_negative or not piece.width:
            return b"%" + width + b"i"
        case "x" | "X" if non_negative:
            return b"%" + width + piece.conversion.encode() + b"i"
        case "c" if piece.value.range.lo >= 0 and piece.value.range.hi <= 255 and not width:
            return b"%c"
        case _:
            return None


def escaped(literal: bytes) -> bytes:
    """Literal bytes in a format string."""
    return literal.replace(b"%", b"%%")


def log_arguments(lower: Operands, pieces: tuple[Piece, ...]) -> tuple[bytes, tuple[c.Expr, ...]]:
    """The format string and arguments of a log call."""
    text = b""
    args: list[c.Expr] = []
    for i, piece in enumerate(pieces, 1):
        if piece.value is None:
            text += escaped(piece.literal)
            continue
        if _is_float(piece):
            written = Ref(lower.out.temp("ngx_str_t", 0, "number"))
            format_into(lower, written, (piece,))
            text += b"%V"
            args.append(written.address)
            continue
        text += native(piece) or (b"%V" if _is_string(piece) else b"%i")
        args.append(_argument(lower, piece, pieces[i:]))
    return text, tuple(args)


def _values(pieces: tuple[Piece, ...]) -> tuple[Expr, ...]:
    return tuple(p.value for p in pieces if p.value is not None)


def _argument(lower: Operands, piece: Piece, later: tuple[Piece, ...]) -> c.Expr:
    assert piece.value is not None
    if _is_string(piece):
        return lower.kept_string(piece.value, _values(later), "arg").address
    value = lower.kept(piece.value, _values(later))
    if _is_float(piece):
        return value
    if piece.conversion == "c":
        return c.Cast("int", value)
    if isinstance(value, c.Name | c.Cast) or _is_ngx_int(piece.value):
        return value
    return c.Cast("ngx_int_t", value)


def _is_ngx_int(expr: Expr) -> bool:
    """Whether the C of a stored integer has the type that ``%i`` takes."""
    stored = isinstance(expr, Local | StateField | Field)
    return stored and isinstance(expr.type, Int) and expr.type.c == "ngx_int_t"


def format_into(lower: Operands, target: Ref, pieces: tuple[Piece, ...]) -> None:
    """Allocate and write the text; ``target`` gets it."""
    out = lower.out
    if all(p.value is None for p in pieces):
        literal = b"".join(p.literal for p in pieces)
        out.call("ngx_str_set", target.address, c.Str(literal))
        return
    prepared = _prepare(lower, pieces)
    size = _size(prepared)
    out.assign(target.data, c.Call("ngx_pnalloc", (out.pool, size)))
    out.leave_if(c.Binary("==", target.data, c.Name("NULL")))
    out.blank()
    end = _write(out, target.data, prepared)
    out.assign(target.len, c.Binary("-", end, target.data))


Prepared = list[tuple[Piece, c.Expr | None, Ref | None]]


def format_to_stream(lower: Operands, pieces: tuple[Piece, ...]) -> None:
    """Write the text where it is sent from: into the engine's output buffer."""
    out = lower.out
    prepared = _prepare(lower, pieces)
    start = out.temp("u_char", 1, "p")
    reserve = c.Call("ngx_http_pyngx_stream_reserve", (out.r, c.Name("s"), _size(prepared)))
    out.assign(start, reserve)
    out.leave_if(c.Binary("==", start, c.Name("NULL")))
    out.blank()
    end = _write(out, start, prepared)
    if end != start:
        out.assign(start, end)
    out.call("ngx_http_pyngx_stream_commit", c.Name("s"), start)


def _prepare(lower: Operands, pieces: tuple[Piece, ...]) -> Prepared:
    """The values of the pieces, evaluated in order."""
    prepared: Prepared = []
    for i, piece in enumerate(pieces, 1):
        if piece.value is None:
            prepared.append((piece, None, None))
        elif _is_string(piece):
            ref = lower.kept_string(piece.value, _values(pieces[i:]), "arg")
            prepared.append((piece, None, ref))
        else:
            prepared.append((piece, _argument(lower, piece, pieces[i:]), None))
    return prepared


def _size(prepared: Prepared) -> c.Expr:
    fixed = 0
    terms: list[c.Expr] = []
    for piece, _, ref in prepared:
        if piece.value is None:
            fixed += len(piece.literal)
        elif ref is not None:
            fixed += piece.width
            terms.append(ref.len)
        elif _is_float(piece):
            fixed += max(piece.width, 0) + max(piece.precision, 0)
            room = "EXP_LEN" if piece.conversion in "eEgGrn" else "LEN"
            terms.append(c.Name(f"NGX_HTTP_PYNGX_FLOAT_{room}"))
            fixed += _GROUPS if set(piece.flags) & {",", "_"} else 0
        elif piece.conversion == "c":
            fixed += max(1, piece.width)
        elif piece.width or piece.precision >= 0 or piece.flags or piece.conversion in "ob":
            fixed += max(piece.width, 0) + max(piece.precision, 0) + _digits(piece)
        else:
            terms.append(c.Name("NGX_INT64_LEN"))
    total: c.Expr | None = c.Int(str(fixed)) if fixed or not terms else None
    for term in terms:
        total = term if total is None else c.Binary("+", total, term)
    assert total is not None
    return total


def _digits(piece: Piece) -> int:
    """What the runtime needs to write an integer: its sign, prefix and digits, in groups."""
    if piece.conversion == "b":
        return 82
    return 34 if set(piece.flags) & {",", "_"} else 26


def _write(out: Emitter, start: c.Expr, prepared: Prepared) -> c.Expr:
    """The calls that write the pieces; the expression for the end of what was written."""
    if all(p.value is not None and native(p) == b"%c" for p, _, _ in prepared):
        return _write_bytes(out, start, prepared)
    text = b""
    args: list[c.Expr] = []
    several = any(p.value is not None and native(p) is None for p, _, _ in prepared) or any(
        b"\0" in p.literal for p, _, _ in prepared
    )
    if not several:
        for piece, value, ref in prepared:
            conversion = escaped(piece.literal) if piece.value is None else native(piece)
            assert conversion is not None
            text += conversion
            if ref is not None:
                args.append(ref.address)
            elif value is not None:
                args.append(value)
        return c.Call("ngx_sprintf", (start, c.Str(text), *args))
    p = start
    if not isinstance(start, c.Name):
        p = out.temp("u_char", 1, "p")
        out.assign(p, start)
    for piece, value, ref in prepared:
        if piece.value is None:
            size = c.Int(str(len(piece.literal)))
            step = c.Call("ngx_cpymem", (p, c.Str(piece.literal), size))
        elif ref is not None and native(piece) is not None:
            step = c.Call("ngx_cpymem", (p, ref.data, ref.len))
        elif ref is not None:
            step = c.Call(
                "ngx_http_pyngx_format_bytes",
                (p, ref.address, _flags(piece), c.Int(str(piece.width)), _precision(piece)),
            )
        elif native(piece) is not None:
            found = native(piece)
            assert found is not None and value is not None
            step = c.Call("ngx_sprintf", (p, c.Str(found), value))
        else:
            assert value is not None
            step = c.Call(
                "ngx_http_pyngx_format_float" if _is_float(piece) else "ngx_http_pyngx_format_int",
                (
                    p,
                    value,
                    _flags(piece),
                    c.Int(str(piece.width)),
                    _precision(piece),
                    c.Char(ord(piece.conversion)),
                ),
            )
        out.assign(p, step)
    return p


def _write_bytes(out: Emitter, start: c.Expr, prepared: Prepared) -> c.Expr:
    """One byte after the other."""
    p = start
    if not isinstance(start, c.Name):
        p = out.temp("u_char", 1, "p")
        out.assign(p, start)
    for _, value, _ in prepared:
        assert value is not None
        byte = value.operand if isinstance(value, c.Cast) else value
        out.assign(c.Unary("*", c.Postfix(p, "++")), byte)
    return p


_FLAG_NAMES = {
    "-": "LEFT",
    "+": "SIGN",
    " ": "SPACE",
    "#": "ALT",
    "0": "ZERO",
    "^": "CENTER",
    ",": "COMMA",
    "_": "UNDER",
}


def _flags(piece: Piece) -> c.Expr:
    names = [_FLAG_NAMES[f] for f in _FLAG_NAMES if f in piece.flags]
    result: c.Expr = c.Int("0")
    for i, name in enumerate(names):
        flag = c.Name(f"NGX_HTTP_PYNGX_{name}")
        result = flag if i == 0 else c.Binary("|", result, flag)
    if piece.fill:
        fill = c.Binary("<<", c.Char(ord(piece.fill)), c.Int("8"))
        return c.Binary("|", result, fill) if names else fill
    return result


def _precision(piece: Piece) -> c.Expr:
    return c.Int(str(piece.precision))
