"""A checker of nginx's C style, for generated files and for ``runtime/``.

Each rule looks at every place it speaks of and judges it, so that it can be measured on nginx's
own sources as well as enforced on ours: ``check`` gives the violations, ``judge`` everything.

    python tests/c_style.py FILE...             violations, exit status 1 if there are any
    python tests/c_style.py --fragment FILE...  the same for files of runtime/
    python tests/c_style.py --rates FILE...     how many of the places of each rule conform

A file for ``check`` begins with an empty line and a comment. Rules work on the text with comments
and literals blanked out (``Source.code``), so what a user's string says is never judged.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

MARGIN = 79

_TYPE = r"(?:(?:const|static|volatile|unsigned|signed|struct|union|enum|long) )*\w+"
_DECLARATION = re.compile(rf"^    ({_TYPE}) ( *)(\**\w[^;(]*);\s*$")
_INITIALISED = re.compile(rf"^    {_TYPE} +\**\w+ = (\w+);$")
_NOT_TYPES = {"return", "goto", "else", "case", "delete"}
_CAST_TYPE = (
    r"(?:(?:const|unsigned|signed|struct|volatile) )*"
    r"(?:\w+_t|\w+_pt|u_char|char|int|long|short|void|double|float|unsigned|u_int|ngx_\w+_t)"
)
_ALLOCATION = re.compile(
    r"^\s+([\w.>\[\]-]+) = (?:\([^()]*\) )?"
    r"(?:ngx_(?:p|pn|pc|c|pmem)?alloc|ngx_memalign|ngx_array_(?:create|push|push_n)"
    r"|ngx_list_(?:create|push)|ngx_alloc_chain_link|ngx_create_temp_buf|ngx_(?:c|)alloc_buf"
    r"|ngx_chain_get_free_buf|ngx_pool_cleanup_add|ngx_http_cleanup_add|ngx_create_chain_of_bufs"
    r"|ngx_slab_alloc|ngx_slab_calloc|ngx_slab_alloc_locked)\("
)


@dataclass(frozen=True)
class Violation:
    """A place (1-based line) that breaks a rule."""

    line: int
    rule: str
    message: str


@dataclass(frozen=True)
class Judgement:
    """A place that a rule speaks of; ``message`` is empty where it conforms."""

    line: int
    message: str = ""


@dataclass(frozen=True)
class Definition:
    """A function: lines of its header, its opening brace and its closing brace (0-based)."""

    header: int
    opening: int
    closing: int


@dataclass(frozen=True)
class Statement:
    """``keyword (…)``: where it begins and ends (0-based lines), what follows its parenthesis."""

    keyword: str
    first: int
    last: int
    rest: str


class Source:
    """A C file taken apart just far enough for the rules."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.split("\n")
        if self.lines[-1] == "":
            del self.lines[-1]

    @cached_property
    def code(self) -> list[str]:
        """The lines without comments, literals and preprocessor lines, columns kept."""
        lines = _blanked(self.text).split("\n")
        inside = False
        for i, line in enumerate(lines):
            directive = inside or line.startswith("#")
            inside = directive and line.endswith("\\")
            if directive:
                lines[i] = ""
        return [line.rstrip() for line in lines]

    @cached_property
    def functions(self) -> list[Definition]:
        """The function definitions, in order."""
        found: list[Definition] = []
        for i, line in enumerate(self.code):
            if line != "{":
                continue
            header = i
            while header > 0 and self.code[header - 1] and self.code[header - 1][0] not in "}{":
                header -= 1
            closing = next((j for j in range(i, len(self.code)) if self.code[j] == "}"), None)
            if closing is not None and header < i:
                found.append(Definition(header, i, closing))
        return found

    @cached_property
    def statements(self) -> list[Statement]:
        """``if``, ``for``, ``while`` and ``switch`` with their parentheses."""
        code = "\n".join(self.code)
        found: list[Statement] = []
        for match in re.finditer(r"(?<![\w#])(if|for|while|switch) ?\(", code):
            end = _closing(code, match.end() - 1)
            before = code[code.rfind("\n", 0, match.start()) + 1 : match.start()]
            if end is None or (match[1] == "while" and before.strip() == "}"):
                continue
            first, last = code.count("\n", 0, match.start()), code.count("\n", 0, end)
            if any(
                self.lines[i].startswith("#") for i in range(first, min(last + 2, len(self.lines)))
            ):
                continue  # a condition that depends on the preprocessor
            rest = code[end + 1 :].split("\n", 1)[0]
            found.append(Statement(match[1], first, last, rest))
        return found

    def locals_of(self, function: Definition) -> tuple[list[int], list[int]]:
        """Lines of the locals that begin as a parameter, and of the others; both may be empty."""
        first = self._paragraph(function.opening + 1)
        if not first or not _declares(self.code[first[0]]):
            return [], []
        if not all("=" in self.code[i] for i in first):
            return [], first
        second = self._paragraph(first[-1] + 2)
        return first, second if second and all(_declares(self.code[i]) for i in second) else []

    def _paragraph(self, start: int) -> list[int]:
        end = start
        while end < len(self.lines) and self.lines[end].strip() and self.code[end] != "}":
            end += 1
        return list(range(start, end))


def _blanked(text: str) -> str:
    """Comments as spaces, the insides of literals as underscores."""

    def blank(match: re.Match[str]) -> str:
        token = match.group()
        if token.startswith("/"):
            return re.sub(r"[^\n]", " ", token)
        return token[0] + "_" * (len(token) - 2) + token[-1]

    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, blank, text, flags=re.DOTALL)


def _closing(code: str, opening: int) -> int | None:
    depth = 0
    for i in range(opening, len(code)):
        depth += (code[i] == "(") - (code[i] == ")")
        if depth == 0:
            return i
    return None


def _declares(line: str) -> bool:
    match = _DECLARATION.match(line)
    return match is not None and match[1].split()[0] not in _NOT_TYPES


def _judged(line: int, bad: bool, message: str) -> Judgement:
    return Judgement(line + 1, message if bad else "")


# Rules of lines -----------------------------------------------------------------------------------


def first_line(source: Source) -> Iterator[Judgement]:
    """The first line is empty, a comment begins on the second."""
    lines = [*source.lines, "", ""]
    ok = lines[0] == "" and lines[1].startswith("/*")
    yield _judged(0, not ok, "a file begins with an empty line and a comment")


def line_length(source: Source) -> Iterator[Judgement]:
    """At most 79 columns."""
    for i, line in enumerate(source.lines):
        yield _judged(i, len(line) > MARGIN, f"{len(line)} columns")


def white_space(source: Source) -> Iterator[Judgement]:
    """No tab, no space at a line's end, no carriage return."""
    for i, line in enumerate(source.lines):
        bad = "\t" in line or line != line.rstrip()
        yield _judged(i, bad, "a tab, or white space at the end of the line")


def line_comment(source: Source) -> Iterator[Judgement]:
    """No ``//`` comments."""
    stripped = re.sub(
        r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
        lambda m: re.sub(r"[^\n]", "_", m.group()),
        source.text,
        flags=re.DOTALL,
    )
    for i, line in enumerate(stripped.split("\n")):
        yield _judged(i, "//" in line, "a // comment")


def comment_form(source: Source) -> Iterator[Judgement]:
    """``/* text */``, or ``/*`` and ``*/`` alone on their lines with `` * `` between."""
    for match in re.finditer(r"/\*(.*?)\*/", _without_literals(source.text), re.DOTALL):
        line = source.text.count("\n", 0, match.start())
        column = match.start() - source.text.rfind("\n", 0, match.start()) - 1
        yield _judged(line, not _comment_ok(match[1], column), "not nginx's form of a comment")


def _without_literals(text: str) -> str:
    def blank(match: re.Match[str]) -> str:
        token = match.group()
        return token if token.startswith("/*") else "_" * len(token)

    pattern = r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, blank, text, flags=re.DOTALL)


def _comment_ok(inside: str, column: int) -> bool:
    first, *rest = inside.split("\n")
    if not rest:
        return inside.startswith(" ") and inside.endswith(" ")
    star = " " * column + " *"
    middle = all(line == star or line.startswith(star + " ") for line in rest[:-1])
    return first == "" and middle and rest[-1] == " " * column + " "


# Rules of the file's top level --------------------------------------------------------------------


def function_gap(source: Source) -> Iterator[Judgement]:
    """Two blank lines after a function; one before a preprocessor line."""
    for function in source.functions:
        after = source.lines[function.closing + 1 :]
        count = next((i for i, line in enumerate(after) if line), None)
        if count is not None:
            ok = count == 2 or (count == 1 and after[count].startswith("#"))
            yield _judged(function.closing, not ok, f"{count} blank lines after a function")


def result_line(source: Source) -> Iterator[Judgement]:
    """The result's type of a definition stands on a line of its own."""
    for function in source.functions:
        head = source.code[function.header]
        bad = "(" in head or not re.match(r"\w+\(", source.code[function.header + 1])
        yield _judged(function.header, bad, "the type belongs on the line above the name")


def prototype(source: Source) -> Iterator[Judgement]:
    """Every static function has a prototype (``ngx_inline`` ones need none)."""
    declared = {name for _, name, _ in _prototypes(source)}
    for function in source.functions:
        head = source.code[function.header]
        match = re.match(r"(\w+)\(", source.code[function.header + 1])
        if match and head.startswith("static ") and "inline" not in head:
            missing = match[1] not in declared
            yield _judged(function.header + 1, missing, f"{match[1]} has no prototype")


def prototype_names(source: Source) -> Iterator[Judgement]:
    """The parameters of a prototype have names."""
    for line, name, params in _prototypes(source):
        parts = [part.strip() for part in params.split(",")]
        named = re.compile(r"void|\.\.\.|.*[\s*]\w+(\[.*\])?|.*\)", re.DOTALL)
        bad = not all(named.fullmatch(part) for part in parts)
        yield _judged(line, bad, f"a parameter of {name} has no name")


def _prototypes(source: Source) -> list[tuple[int, str, str]]:
    """(line, name, parameters) of the prototypes at the top level."""
    code = "\n".join(source.code)
    result, params = r"(?:[A-Za-z]\w*(?: |\n    ))+?\**\s*", r"(?:[^(){};]|\([^()]*\))*"
    pattern = re.compile(rf"^{result}(\w+)\(({params})\);", re.MULTILINE)
    return [
        (code.count("\n", 0, m.start()), m[1], m[2])
        for m in pattern.finditer(code)
        if not m.group().startswith(("return", "typedef"))
    ]


def section_order(source: Source) -> Iterator[Judgement]:
    """No include, type or prototype after the first function."""
    if not source.functions:
        return
    start = source.functions[0].opening
    bad_lines = [line for line, _, _ in _prototypes(source) if line > start]
    for i in range(start, len(source.lines)):
        if re.match(r"#include|typedef\b", source.lines[i]):
            bad_lines.append(i)
    yield _judged(min(bad_lines, default=start), bool(bad_lines), "belongs above the functions")


def variable_gap(source: Source) -> Iterator[Judgement]:
    """Two or more spaces between the type and the name of a file-scope variable."""
    pattern = re.compile(rf"^((?:static )?{_TYPE})( +)\**(\w+)(\[[^\]]*\])*( = .*|;)$")
    for i, line in enumerate(source.code):
        match = pattern.match(line)
        if match and not line.startswith(("typedef", "struct", "extern", "return", "goto")):
            yield _judged(i, len(match[2]) < 2, "two spaces stand in front of a variable's name")


# Rules of locals ----------------------------------------------------------------------------------


def _local_blocks(source: Source) -> Iterator[tuple[int, list[re.Match[str]]]]:
    """Blocks of plain locals that are nothing but declarations: (line, the rows)."""
    for function in source.functions:
        _, rows = source.locals_of(function)
        matches = [_DECLARATION.match(source.code[i]) for i in rows]
        whole = [m for m in matches if m is not None and "=" not in m[3]]
        if rows and len(whole) == len(rows):
            yield rows[0], whole


def _stars(declarator: str) -> int:
    return len(declarator) - len(declarator.lstrip("*"))


def locals_columns(source: Source) -> Iterator[Judgement]:
    """Names begin at ``4 + longest type + 2 + most stars``."""
    for line, rows in _local_blocks(source):
        column = 4 + max(len(m[1]) for m in rows) + 2 + max(_stars(m[3]) for m in rows)
        bad = any(m.start(3) + _stars(m[3]) != column for m in rows)
        yield _judged(line, bad, f"the names of locals begin at column {column}")


def locals_order(source: Source) -> Iterator[Judgement]:
    """Sorted by the length of the type."""
    for line, rows in _local_blocks(source):
        sizes = [len(m[1]) for m in rows]
        yield _judged(line, sizes != sorted(sizes), "locals go by the length of their type")


def locals_merged(source: Source) -> Iterator[Judgement]:
    """Locals of one type share a line where they fit."""
    for line, rows in _local_blocks(source):
        bad = any(
            a[1] == b[1] and len(a.group().rstrip()) + len(", ") + len(b[3].split(",")[0]) <= MARGIN
            for a, b in pairwise(rows)
        )
        yield _judged(line, bad, "locals of one type share a line")


def locals_value(source: Source) -> Iterator[Judgement]:
    """Not initialised where declared, but for ``conf_t *prev = parent;``, a parameter's value."""
    for function in source.functions:
        header = " ".join(source.code[function.header : function.opening])
        first, second = source.locals_of(function)
        for i in [*first, *second]:
            if "=" not in source.code[i]:
                yield Judgement(i + 1)
            elif not source.code[i].lstrip().startswith(("static", "const")):
                match = _INITIALISED.match(source.code[i])
                ok = match is not None and re.search(rf"\b{match[1]}\b", header)
                yield _judged(i, not ok, "a local is not initialised where it is declared")


def locals_blank(source: Source) -> Iterator[Judgement]:
    """A blank line after the locals."""
    for function in source.functions:
        first, second = source.locals_of(function)
        rows = second or first
        if rows:
            code = [source.code[i] for i in rows]
            plain = re.compile(r"    (?:(?:if|for|while|switch|return|goto)\b|[\w.>-]+ [-+|&]?= )")
            yield _judged(rows[0], any(map(plain.match, code)), "no blank line after the locals")


# Rules of statements ------------------------------------------------------------------------------


def keyword_space(source: Source) -> Iterator[Judgement]:
    """One space after ``if``, ``for``, ``while``, ``switch``; none inside the parentheses."""
    for i, line in enumerate(source.code):
        for match in re.finditer(r"(?<!\w)(if|for|while|switch)( *)\((.?)", line):
            endless = match[1] == "for" and re.match(r".*\( +;|.*\( {3,}", line)
            bad = match[2] != " " or (match[3] == " " and not endless)
            yield _judged(i, bad, f"written as ``{match[1]} (…)``")


def endless_loop(source: Source) -> Iterator[Judgement]:
    """``for ( ;; )``."""
    for i, line in enumerate(source.code):
        match = re.search(r"\bfor ?\(\s*;\s*;\s*\)|\bwhile ?\((?:1|true)\)", line)
        if match:
            yield _judged(i, match.group() != "for ( ;; )", "written as ``for ( ;; )``")


def for_declaration(source: Source) -> Iterator[Judgement]:
    """No declaration in ``for (``."""
    for i, line in enumerate(source.code):
        match = re.search(r"\bfor ?\((.*)", line)
        if match:
            bad = re.match(rf"{_CAST_TYPE}\s+\**\w+ =", match[1]) is not None
            yield _judged(i, bad, "a declaration in ``for (``")


def braces(source: Source) -> Iterator[Judgement]:
    """Every body is in braces."""
    for statement in source.statements:
        after = statement.rest.strip() or "".join(
            source.code[statement.last + 1 : statement.last + 2]
        )
        bad = not after.lstrip().startswith("{")
        yield _judged(statement.first, bad, f"the body of ``{statement.keyword}`` needs braces")
    for i, line in enumerate(source.code):
        match = re.search(r"\belse\b(.*)", line)
        if match:
            bad = not re.match(r" \{| if \(", match[1])
            yield _judged(i, bad, "the body of ``else`` needs braces")


def brace_place(source: Source) -> Iterator[Judgement]:
    """``{`` ends the line of a condition; it stands alone after a condition of several lines, and
    where it would pass the margin."""
    for statement in source.statements:
        alone = statement.rest.strip() == ""
        full = alone and len(source.code[statement.last]) + len(" {") > MARGIN
        bad = alone != (statement.first < statement.last or full)
        yield _judged(statement.last, bad, "the brace is in the wrong place")


def operator_first(source: Source) -> Iterator[Judgement]:
    """A condition over several lines has the operators at the beginnings of lines."""
    for statement in source.statements:
        lines = source.code[statement.first : statement.last]
        if lines:
            bad = any(re.search(r"(&&|\|\||[=!<>]=| [-+|&<>*/])$", line) for line in lines)
            yield _judged(statement.first, bad, "the operator begins the next line")


def else_blank(source: Source) -> Iterator[Judgement]:
    """A blank line before ``} else``; none after the brace."""
    for i, line in enumerate(source.code):
        if re.match(r"\s*\} ?else\b", line):
            bad = i > 0 and source.code[i - 1] != ""
            yield _judged(i, bad, "a blank line stands before ``} else``")
        elif re.match(r"\s*else\b", line):
            yield _judged(i, True, "written as ``} else``")


def block_gap(source: Source) -> Iterator[Judgement]:
    """A blank line after a block, unless something closes, or a label follows."""
    for i, line in enumerate(source.code[:-1]):
        if re.match(r" +\}$", line) and source.lines[i].strip() == "}":
            after = source.lines[i + 1]
            ok = after == "" or re.match(r"\s*\}|#|\s*case\b|\s*default:", after)
            yield _judged(i, not ok, "a blank line follows a block")


def allocation_test(source: Source) -> Iterator[Judgement]:
    """``if (p == NULL)`` on the line after ``p = ngx_palloc(…);``."""
    for i, line in enumerate(source.code):
        match = _ALLOCATION.match(line)
        if match:
            end = next((j for j in range(i, len(source.code)) if source.code[j].endswith(";")), i)
            after = source.code[end + 1].strip() if end + 1 < len(source.code) else ""
            ok = after.startswith((f"if ({match[1]} == NULL", f"return {match[1]};"))
            yield _judged(i, not ok, f"{match[1]} is compared with NULL on the next line")


def cast_space(source: Source) -> Iterator[Judgement]:
    """``(u_char *) p``: a space before the star and after the parenthesis."""
    pattern = re.compile(rf"(?<![\w)])\(({_CAST_TYPE})( *)(\**)\)( *)(?=([\w(&*\"'-]?))")
    for i, line in enumerate(source.code):
        for match in pattern.finditer(line):
            _, gap, stars, space, operand = match.groups()
            if not operand or (match[1] == "void" and not stars and not space):
                continue
            bad = space != " " or gap != (" " if stars else "")
            yield _judged(i, bad, "a cast is written as ``(u_char *) p``")


def star_place(source: Source) -> Iterator[Judgement]:
    """The star of a declaration stands at the name."""
    pattern = re.compile(
        r"(?:^|[(,]) *((?:static |const )*(?:\w+_t|u_char|char|void))(\*| *\* +)(?=\w)"
    )
    good = re.compile(r"(?:^|[(,]) *((?:static |const )*(?:\w+_t|u_char|char|void)) +\*+\w")
    for i, line in enumerate(source.code):
        bad = pattern.search(line) is not None
        if bad or good.search(line):
            yield _judged(i, bad, "the star of a pointer stands at the name")


Rule = Callable[[Source], Iterable[Judgement]]

RULES: dict[str, Rule] = {
    rule.__name__.replace("_", "-"): rule
    for rule in (
        first_line,
        line_length,
        white_space,
        line_comment,
        comment_form,
        function_gap,
        result_line,
        prototype,
        prototype_names,
        section_order,
        variable_gap,
        locals_columns,
        locals_order,
        locals_merged,
        locals_value,
        locals_blank,
        keyword_space,
        endless_loop,
        for_declaration,
        braces,
        brace_place,
        operator_first,
        else_blank,
        block_gap,
        allocation_test,
        cast_space,
        star_place,
    )
}


def judge(text: str) -> dict[str, list[Judgement]]:
    """Every place of every rule in a file."""
    source = Source(text)
    return {name: list(rule(source)) for name, rule in RULES.items()}


def check(text: str, path: str, *, fragment: bool = False) -> list[Violation]:
    """What is wrong in a file, in the order of its lines; ``path`` is for the messages.

    A fragment is a file of ``runtime/``: its functions are copied into generated files, and the
    prototypes are made there.
    """
    found = [
        Violation(place.line, name, f"{path}:{place.line}: {name}: {place.message}")
        for name, places in judge(text).items()
        for place in places
        if place.message and not (fragment and name == "prototype")
    ]
    return sorted(found, key=lambda v: (v.line, v.rule))


def rates(texts: Iterable[str]) -> dict[str, tuple[int, int]]:
    """For each rule how many places conform, of how many."""
    good: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for text in texts:
        for name, places in judge(text).items():
            total[name] += len(places)
            good[name] += sum(not place.message for place in places)
    return {name: (good[name], total[name]) for name in RULES}


def main(argv: Sequence[str]) -> int:
    """The command."""
    paths = [arg for arg in argv if not arg.startswith("--")]
    fragment = "--fragment" in argv
    texts = {path: Path(path).read_text() for path in paths}
    if "--rates" in argv:
        for name, (good, total) in rates(texts.values()).items():
            share = 100 * good / total if total else 100.0
            print(f"{name:<18} {share:7.2f}%  {good} of {total}")
        return 0
    found = [v for path, text in texts.items() for v in check(text, path, fragment=fragment)]
    for violation in found:
        print(violation.message)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
