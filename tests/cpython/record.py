"""What CPython's own tests call: ``python -m tests.cpython.record FILE`` writes it down.

Runs in a process of its own, whose ``PYTHONHASHSEED`` is 0 so that always the same calls are
sampled. A call is the name of an operation, its arguments, those given by name, and what came out.
"""

from __future__ import annotations

import base64
import binascii
import builtins
import contextlib
import email.utils
import hashlib
import hmac
import html
import importlib
import io
import math
import pickle
import random
import struct
import sys
import unittest
import urllib.parse
import zlib
from collections.abc import Callable, Iterator
from types import BuiltinFunctionType, MethodDescriptorType, ModuleType
from typing import Any

from tests.cpython.rewrite import OPERATORS, load
from tests.cpython.shapes import Call, Group, Outside, signature

MODULES: tuple[ModuleType, ...] = (
    base64,
    binascii,
    email.utils,
    hashlib,
    hmac,
    html,
    math,
    struct,
    urllib.parse,
    zlib,
)
TYPES = (bytes, str, int, float, bool)
BUILTINS = (
    *("abs", "all", "any", "ascii", "bin", "bool", "bytes", "chr", "divmod", "float", "format"),
    *("hex", "int", "len", "max", "min", "oct", "ord", "pow", "repr", "round", "sorted", "str"),
    "sum",
)

SUITES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "test_bytes": (("bytes",), ("BytesTest", "BytesAsStringTest", "AssortedBytesTest")),
    "test_unicode": (("str", "bytes.decode", "chr", "ord", "repr"), ()),
    "test_str": (("str", "bytes.decode", "chr", "ord", "repr"), ()),
    "test_builtin": (("builtin", "int", "float"), ("BuiltinTest", "TestSorted")),
    "test_int": (("int",), ()),
    "test_long": (("int", "builtin"), ()),
    "test_bool": (("int", "bool"), ()),
    "test_float": (("float", "int", "format", "round"), ()),
    "test_format": (("str.__mod__", "bytes.__mod__", "format"), ()),
    "test_types": (("int", "float", "format", "str"), ("TypesTests",)),
    "test_math": (("math",), ()),
    "test_base64": (("base64",), ()),
    "test_binascii": (("binascii",), ()),
    "test_hashlib": (("hashlib",), ()),
    "test_hmac": (("hmac",), ()),
    "test_html": (("html",), ()),
    "test_struct": (("struct",), ()),
    "test_urllib": (("urllib.parse",), ("QuotingTests", "UnquotingTests", "urlencode_Tests")),
    "test_urlparse": (("urllib.parse",), ()),
    "test_zlib": (("zlib",), ("ChecksumTestCase", "ChecksumBigBufferTestCase")),
    "test_email.test_utils": (("email.utils",), ()),
}
"""Test modules of CPython's, the operations that each is a test of, and its classes if they are not
all. A version of Python need not have them all: it has ``test_unicode`` or ``test_str``."""

LEFT_OUT = frozenset(
    {
        "testFsum",
        "testFactorial",
        "test_bit_length",
        "test_correctly_rounded_true_division",
        "test_find_periodic_pattern",
        "test_urlsplit_normalization",
    }
)
"""Tests that take long, of what filters do not have or cannot be asked: large integers, long
patterns."""
MOST = 100
"""Calls of one shape that are kept: more are sampled."""
ENOUGH = 5_000
"""Calls of one operation that are noted of a suite: some try all of a million combinations."""


class Recorder:
    """The calls of each suite, and how many were of no filter."""

    def __init__(self) -> None:
        self.groups: dict[tuple[object, ...], Group] = {}
        self.outside: dict[str, int] = {}
        self._seen: set[int] = set()
        self._suite = ""
        self._wanted: tuple[str, ...] = ()
        self._names = _functions()
        self._left: dict[str, int] = {}

    def start(self, suite: str) -> None:
        """What follows is called by a test module."""
        self._suite, self._wanted = suite, SUITES[suite][0]
        self._seen = set()
        self._left = {}
        self.outside[suite] = 0

    def call(self, function: Any, /, *args: Any, **named: Any) -> Any:
        """Make a call of a test."""
        name = getattr(function, "__name__", "")
        if name in ("assertRaises", "assertRaisesRegex") and len(args) > 1:
            self._refused(*args[1 + (name == "assertRaisesRegex") :], **named)
        found = self._operation(function)
        if found is None:
            return function(*args, **named)
        operation, before = found
        return self._made(operation, function, before, args, named)

    def _refused(self, function: Any = None, *args: Any, **named: Any) -> None:
        """What assertRaises calls."""
        if callable(function) and self._operation(function) is not None:
            with contextlib.suppress(Exception):
                self.call(function, *args, **named)

    def operate(self, name: str, *operands: Any) -> Any:
        """Compute an operator of a test."""
        left = type(operands[0])
        if left not in TYPES:
            return OPERATORS[name](*operands)
        return self._made(f"{left.__name__}.{name}", OPERATORS[name], (), operands, {})

    def _operation(self, function: Any) -> tuple[str, tuple[Any, ...]] | None:
        """The name of a function, and the object whose method it is, as a first argument."""
        with contextlib.suppress(TypeError):  # what has no hash
            if name := self._names.get(function):
                return name, ()
        owner = getattr(function, "__self__", None)
        if isinstance(function, MethodDescriptorType):
            if function.__objclass__ in TYPES:
                return f"{function.__objclass__.__name__}.{function.__name__}", ()
        elif isinstance(function, BuiltinFunctionType | _WRAPPER):
            if type(owner) in TYPES:
                return f"{type(owner).__name__}.{function.__name__}", (owner,)
            if isinstance(owner, type) and owner in TYPES:
                return f"{owner.__name__}.{function.__name__}", ()
        return None

    def _made(
        self,
        name: str,
        function: Callable[..., Any],
        before: tuple[Any, ...],
        args: tuple[Any, ...],
        named: dict[str, Any],
    ) -> Any:
        left = self._left.get(name)
        if left is None:
            left = ENOUGH if self._judges(name) else 0
        if left == 0:
            self._left[name] = 0
            return function(*args, **named)
        self._left[name] = left - 1
        try:
            result = function(*args, **named)
        except Exception as error:
            self._note(name, (*before, *args), named, error)
            raise
        self._note(name, (*before, *args), named, result)
        return result

    def _judges(self, name: str) -> bool:
        """Whether the suite is a test of an operation."""
        owner = name if "." in name else f"builtin.{name}"
        return any(f"{w}." in f"{owner}." or name == w for w in self._wanted)

    def _note(self, name: str, args: tuple[Any, ...], named: dict[str, Any], result: Any) -> None:
        try:
            if isinstance(result, MemoryError) or _fraction(name, args, result):
                raise Outside
            values = tuple(map(_plain, args))
            pairs = tuple((key, _plain(value)) for key, value in named.items())
            seen = hash((name, _typed(values), _typed(pairs)))
            if seen in self._seen:
                return
            self._seen.add(seen)
            key = signature(name, values, pairs)
        except (Outside, RecursionError):
            self.outside[self._suite] += 1
            return
        group = self.groups.get((self._suite, name, key))
        if group is None:
            group = self.groups[self._suite, name, key] = Group(self._suite, name, key)
        group.calls += 1
        samples = group.samples
        if len(samples) >= 2 * MOST:
            for worst in sorted(samples)[MOST:]:
                del samples[worst]
            group.worst = max(samples)
        if seen < group.worst:
            outcome = (
                ("error", _exception(result))
                if isinstance(result, Exception)
                else ("value", _result(result))
            )
            samples[seen] = Call(values, pairs, outcome)


_WRAPPER = type(b"".__add__)
_EXCEPTIONS: tuple[tuple[type[Exception], str], ...] = (
    (UnicodeDecodeError, "UnicodeDecodeError"),
    (UnicodeEncodeError, "UnicodeEncodeError"),
    (binascii.Error, "binascii.Error"),
    (struct.error, "struct.error"),
    (ValueError, "ValueError"),
    (ZeroDivisionError, "ZeroDivisionError"),
    (OverflowError, "OverflowError"),
    (IndexError, "IndexError"),
    (TypeError, "TypeError"),
)


def _exception(error: Exception) -> str:
    """The name that a filter has for the class of an error."""
    return next((name for cls, name in _EXCEPTIONS if isinstance(error, cls)), "Exception")


def _functions() -> dict[Any, str]:
    """The library's functions, and the builtins, by themselves."""
    found: dict[Any, str] = {getattr(builtins, name): name for name in BUILTINS}
    for module in MODULES:
        for name, value in vars(module).items():
            if callable(value) and not name.startswith("_") and not isinstance(value, type):
                found.setdefault(value, f"{module.__name__}.{name}")
    return found


def _fraction(name: str, args: tuple[Any, ...], result: Any) -> bool:
    """Whether an integer is raised to a negative power, in the language a ValueError."""
    return name in ("int.__pow__", "pow") and isinstance(result, float) and type(args[0]) is int


def _plain(value: Any) -> Any:
    """An argument, if it is of a type that filters have; of subclasses they have none."""
    if value is None or type(value) in (bytes, str, int, float, bool):
        return value
    if type(value) is slice:
        return ("slice", *map(_plain, (value.start, value.stop, value.step)))
    if type(value) is list:
        return ("list", *map(_plain, value))
    if type(value) is tuple:
        return ("tuple", *map(_plain, value))
    if isinstance(value, BuiltinFunctionType) and value.__name__.startswith("openssl_"):
        return value.__name__.removeprefix("openssl_")
    raise Outside


def _typed(value: Any) -> Any:
    """A value by which True and 1, or 0.0 and -0.0, are told apart."""
    if type(value) is tuple:
        return tuple(map(_typed, value))
    return (type(value).__name__, repr(value) if type(value) in (float, type(None)) else value)


def _result(value: Any) -> Any:
    """What came out, as plain values; None if it is of no type that filters have."""
    if hasattr(value, "hexdigest"):
        with contextlib.suppress(TypeError):  # of a length that is to be given
            return value.hexdigest()
    if hasattr(value, "timestamp"):
        return value.timestamp()
    try:
        return _plain(value)
    except Outside:
        return None


def _cases(recorder: Recorder) -> Iterator[unittest.TestCase]:
    load("string_tests", recorder.call, recorder.operate)
    loader = unittest.defaultTestLoader
    for name, (_, classes) in SUITES.items():
        try:
            module = load(name, recorder.call, recorder.operate)
        except unittest.SkipTest:
            continue
        if module is None:
            continue
        recorder.start(name)
        for value in list(vars(module).values()):
            if isinstance(value, type) and issubclass(value, unittest.TestCase):
                if value.__module__ == module.__name__ and value.__name__ in (
                    classes or (value.__name__,)
                ):
                    names = loader.getTestCaseNames(value)
                    yield from (value(name) for name in names if name not in LEFT_OUT)


def record() -> Recorder:
    """Run the tests; what they have called."""
    vars(importlib.import_module("test.support"))["use_resources"] = []
    recorder = Recorder()
    result = unittest.TestResult()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        for case in _cases(recorder):
            random.seed(0)
            case.run(result)
    return recorder


def main() -> int:
    """Write the groups of calls to a file."""
    recorder = record()
    for group in recorder.groups.values():
        group.samples = dict(sorted(group.samples.items())[:MOST])
    with open(sys.argv[1], "wb") as file:
        pickle.dump((list(recorder.groups.values()), recorder.outside), file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
