"""Operations of floats, and the functions of ``math``; rows only.

``math.log(2)`` is the row of two operands, as the arguments are not part of a name.
"""

from __future__ import annotations

import math

from pyngx.ops.registry import Failure, Form, Row, said

_P = "ngx_http_pyngx_"
_NAN = Failure("NGX_DECLINED", "ValueError", said(lambda: int(math.nan)))
_INFINITE = Failure("NGX_DONE", "OverflowError", said(lambda: int(math.inf)))
_LARGE = Failure("NGX_BUSY", "OverflowError", "integer does not fit in 64 bits")
_DOMAIN = Failure("NGX_DECLINED", "ValueError", "math domain error")
_POLE = Failure("NGX_BUSY", "ValueError", "math domain error")
_RANGE = Failure("NGX_BUSY", "OverflowError", "math range error")


def _value(name: str, params: tuple[str, ...], c: str, result: str = "float") -> Row:
    """An operation that cannot fail."""
    return Row(name, params, result, c, Form.VALUE)


def _whole(name: str, c: str) -> Row:
    """An operation whose result is an integer."""
    return Row(name, ("x: float",), "int", _P + c, Form.OUT, failures=(_NAN, _INFINITE, _LARGE))


def _parsed(name: str, param: str, c: str) -> Row:
    """What is read from text."""
    text = f"{_P}message_{c}"
    failure = Failure("NGX_DECLINED", "ValueError", "could not convert string to float", text)
    return Row(name, (param,), "float", _P + c, Form.OUT, failures=(failure,))


def _function(name: str, *infinite: Failure) -> Row:
    """A function of libm; ``infinite``: what its being infinite means, if it can be."""
    return Row(
        f"math.{name}",
        ("x: float",),
        "float",
        _P + "math_call",
        Form.OUT,
        failures=(_DOMAIN, *infinite),
        constant=name,
    )


def _of_two(name: str, params: tuple[str, ...]) -> Row:
    return Row(
        f"math.{name}",
        params,
        "float",
        _P + "math_call2",
        Form.OUT,
        failures=(_DOMAIN, _RANGE),
        constant=name,
    )


MATH = (
    *(_function(name, _POLE) for name in ("log", "log2", "log10", "log1p")),
    *(_function(name, _RANGE) for name in ("exp", "expm1", "sinh", "cosh")),
    *map(_function, ("sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "tanh")),
    *(_of_two(name, params) for name, params in (("fmod", ("x: float", "y: float")),)),
    _of_two("atan2", ("y: float", "x: float")),
    Row(
        "math.pow",
        ("x: float", "y: float"),
        "float",
        _P + "math_power",
        Form.OUT,
        failures=(_DOMAIN, _RANGE),
    ),
    _value("math.fabs", ("x: float",), "__builtin_fabs"),
    _value("math.copysign", ("x: float", "y: float"), "__builtin_copysign"),
    _value("math.isnan", ("x: float",), _P + "float_isnan", "bool"),
    _value("math.isinf", ("x: float",), _P + "float_isinf", "bool"),
    _value("math.isfinite", ("x: float",), _P + "float_isfinite", "bool"),
    _whole("math.floor", "float_floor"),
    _whole("math.ceil", "float_ceil"),
    _whole("math.trunc", "float_trunc"),
)
"""The functions of ``math`` under their own names."""

LIBRARY = (
    *MATH,
    _value("time.time", (), _P + "float_time"),
    _value("random.random", (), _P + "float_random"),
    _value("random.uniform", ("a: float", "b: float"), _P + "float_uniform"),
)
"""What the library has that gives floats, or takes them."""

ROWS = (
    *LIBRARY,
    Row(
        "math.log(2)",
        ("x: float", "base: float"),
        "float",
        _P + "math_log",
        Form.OUT,
        failures=(_DOMAIN, Failure("NGX_DONE", "ZeroDivisionError", said(lambda: math.log(2, 1)))),
    ),
    _whole("float.to_int", "float_trunc"),
    _whole("float.round", "float_round"),
    Row(
        "float.round(2)",
        ("x: float", "ndigits: int"),
        "float",
        _P + "float_round_to",
        Form.OUT,
        failures=(Failure("NGX_BUSY", "OverflowError", said(lambda: round(1.7e308, -308))),),
    ),
    _parsed("float.parse", "s: bytes", "float_parse"),
    _parsed("float.parse_text", "s: str", "float_parse_text"),
    _value("float.lost", ("total: float", "x: float"), _P + "float_lost"),
    _value("float.summed", ("total: float", "lost: float"), _P + "float_summed"),
    _value("float.abs", ("x: float",), "__builtin_fabs"),
    _value("float.min", ("a: float", "b: float"), _P + "float_min"),
    _value("float.max", ("a: float", "b: float"), _P + "float_max"),
    Row(
        "operator.float_pow",
        ("a: float", "b: float"),
        "float",
        _P + "math_pow",
        Form.OUT,
        failures=(
            Failure("NGX_DONE", "ZeroDivisionError", said(lambda: 0.0**-1.0)),
            Failure("NGX_DECLINED", "ValueError", "a complex number is no float"),
            Failure("NGX_BUSY", "OverflowError", said(lambda: 1e300**2.0)),
        ),
    ),
    Row(
        "operator.whole",
        ("x: float",),
        "float",
        _P + "float_whole",
        Form.OUT,
        failures=(
            _NAN,
            Failure("NGX_BUSY", "OverflowError", said(lambda: int(math.inf))),
        ),
    ),
)
