"""From parsed headers to the JSON of `NginxModel`: a walk for declarations, one for values.

A macro's value is what clang computes for `static __auto_type x = NAME;`: that follows nginx's own
definitions through every header, where reading their tokens would not.
"""

from typing import Any

from pyngx.build.configure import Configured
from pyngx.headers.libclang import (
    bindings,
    evaluate,
    flags,
    includes,
    messages,
    parse,
    require_clean,
)

_PROBE = "pyngx_probe_"


def extract(tree: Configured) -> dict[str, Any]:
    """Everything that the headers of a configured tree declare. Raises HeadersError."""
    cindex = bindings()
    options = (
        cindex.TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD
        | cindex.TranslationUnit.PARSE_SKIP_FUNCTION_BODIES
    )
    unit = parse(includes(tree), flags(tree), options)
    require_clean(unit)
    return _Extractor(tree, unit.cursor).run()


class _Extractor:
    """One walk over the top level of the unit, filling the tables of the JSON."""

    def __init__(self, tree: Configured, root: Any) -> None:
        self.tree = tree
        self.root = root
        self.kinds = bindings().CursorKind
        self.type_kinds = bindings().TypeKind
        self.own = str(tree.objs.parent)
        self.types: list[list[Any]] = []
        self.type_index: dict[tuple[Any, ...], int] = {}
        self.typedefs: dict[str, int] = {}
        self.structs: dict[str, list[list[Any]]] = {}
        self.functions: dict[str, list[Any]] = {}
        self.integers: dict[str, int] = {}
        self.aliases: dict[str, str] = {}
        self.record_names: dict[str, str] = {}

    def run(self) -> dict[str, Any]:
        cursors = list(self.root.get_children())
        self._name_records(cursors)
        macros: dict[str, bool] = {}
        foreign: set[str] = set()  # a name of the author's must not be one of these either
        for cursor in cursors:
            match cursor.kind:
                case self.kinds.MACRO_DEFINITION:
                    if self._is_own(cursor):
                        macros[cursor.spelling] = self._is_function_like(cursor)
                    elif not self._is_function_like(cursor):
                        foreign.add(cursor.spelling)
                case self.kinds.TYPEDEF_DECL:
                    self.typedefs[cursor.spelling] = self.type_of(cursor.type)
                case self.kinds.STRUCT_DECL | self.kinds.UNION_DECL:
                    if self._is_own(cursor):
                        self.record(cursor, self._record_name(cursor))
                case self.kinds.ENUM_DECL:
                    self._enumerators(cursor)
                case self.kinds.FUNCTION_DECL if self._is_own(cursor):
                    self._function(cursor)
        strings = self._macro_values([name for name, call in macros.items() if not call])
        version = strings["NGINX_VERSION"]
        return {
            "version": version,
            "version_number": self.integers["nginx_version"],
            "types": self.types,
            "typedefs": self.typedefs,
            "structs": self.structs,
            "aliases": self.aliases,
            "functions": self.functions,
            "integers": self.integers,
            "strings": strings,
            "macros": sorted(foreign.union(macros)),
        }

    def _is_own(self, cursor: Any) -> bool:
        file = cursor.location.file
        return file is not None and file.name.startswith(self.own)

    def _is_function_like(self, cursor: Any) -> bool:
        return bool(bindings().conf.lib.clang_Cursor_isMacroFunctionLike(cursor))

    def _name_records(self, cursors: list[Any]) -> None:
        """Give each struct the name of its typedef, which nginx writes everywhere."""
        for cursor in cursors:
            if cursor.kind == self.kinds.TYPEDEF_DECL:
                underlying = cursor.underlying_typedef_type
                if underlying.get_canonical().kind == self.type_kinds.RECORD:
                    declaration = underlying.get_declaration()
                    if declaration.kind != self.kinds.TYPEDEF_DECL:
                        usr = declaration.get_usr()
                        self.record_names.setdefault(usr, cursor.spelling)

    def _record_name(self, cursor: Any) -> str:
        named = self.record_names.get(cursor.get_usr())
        if named is not None:
            return named
        word = "union" if cursor.kind == self.kinds.UNION_DECL else "struct"
        return f"{word} {cursor.spelling}"

    def record(self, cursor: Any, name: str) -> None:
        """Add a record's fields under a name, once; incomplete ones have none."""
        definition = cursor.get_definition()
        if definition is None or name in self.structs:
            return
        fields: list[list[Any]] = []
        self.structs[name] = fields
        self._fields(definition, name, fields)

    def _fields(self, definition: Any, name: str, fields: list[list[Any]]) -> None:
        for field in definition.type.get_fields():
            declaration = self._element(field.type).get_declaration()
            nameless = declaration.is_anonymous()
            if nameless and (not field.spelling or "(" in field.spelling):
                # a member without a name: C reaches its fields as the outer record's own
                self._fields(declaration, name, fields)
                continue
            if not field.spelling:
                continue
            if nameless:
                self.record_names[declaration.get_usr()] = f"{name}.{field.spelling}"
            bits = field.get_bitfield_width() if field.is_bitfield() else None
            fields.append([field.spelling, self.type_of(field.type), bits])

    def _element(self, kind: Any) -> Any:
        """A type without the arrays and pointers around it."""
        while True:
            if kind.kind in (self.type_kinds.CONSTANTARRAY, self.type_kinds.INCOMPLETEARRAY):
                kind = kind.element_type
            elif kind.kind == self.type_kinds.POINTER:
                kind = kind.get_pointee()
            else:
                return kind

    def _enumerators(self, cursor: Any) -> None:
        if self._is_own(cursor):
            for child in cursor.get_children():
                if child.kind == self.kinds.ENUM_CONSTANT_DECL:
                    self.integers[child.spelling] = child.enum_value

    def _function(self, cursor: Any) -> None:
        params = [[p.spelling, self.type_of(p.type)] for p in cursor.get_arguments()]
        variadic = (
            cursor.type.kind == self.type_kinds.FUNCTIONPROTO and cursor.type.is_function_variadic()
        )
        self.functions[cursor.spelling] = [self.type_of(cursor.result_type), params, variadic]

    def type_of(self, kind: Any) -> int:
        """The index of a type in the table of types."""
        kinds = self.type_kinds
        canonical = kind.get_canonical()
        name = _plain(kind.spelling)
        target: int | None = None
        match canonical.kind:
            case kinds.VOID:
                word = "void"
            case kinds.FLOAT | kinds.DOUBLE | kinds.LONGDOUBLE | kinds.FLOAT128:
                word = "float"
            case kinds.ENUM:
                word = "enum"
                self._enumerators(canonical.get_declaration())
                if canonical.get_declaration().is_anonymous() and self._typedef(kind) is None:
                    # clang would name it by its place in a file
                    name = "enum"
            case kinds.POINTER:
                word = "pointer"
                target = self.type_of(self._through(kind, kinds.POINTER).get_pointee())
                name = self._derived(kind, target, " *")
            case kinds.CONSTANTARRAY | kinds.INCOMPLETEARRAY | kinds.VARIABLEARRAY:
                word = "array"
                target = self.type_of(self._through(kind, canonical.kind).element_type)
                count = "" if canonical.kind == kinds.INCOMPLETEARRAY else canonical.element_count
                name = self._derived(kind, target, f"[{count}]")
            case kinds.FUNCTIONPROTO | kinds.FUNCTIONNOPROTO:
                word = "function"
                target = self.type_of(self._through(kind, canonical.kind).get_result())
            case kinds.RECORD:
                word = "record"
                declaration = canonical.get_declaration()
                own_name = self._record_name(declaration)
                self.record(declaration, own_name)
                typedef = self._typedef(kind)
                name = own_name if typedef is None else typedef.spelling
                if name != own_name:
                    self.aliases[name] = own_name
            case _:
                word = "int"
        size = max(kind.get_size(), 0) if word not in ("void", "function") else 0
        signed = word in ("int", "enum") and canonical.kind in self._signed_kinds()
        return self._intern([word, name, size, signed, target])

    def _signed_kinds(self) -> tuple[Any, ...]:
        kinds = self.type_kinds
        return (kinds.CHAR_S, kinds.SCHAR, kinds.SHORT, kinds.INT, kinds.LONG, kinds.LONGLONG)

    def _typedef(self, kind: Any) -> Any:
        """The typedef that a type is written with, if it is."""
        declaration = kind.get_declaration()
        return declaration if declaration.kind == self.kinds.TYPEDEF_DECL else None

    def _through(self, kind: Any, wanted: Any) -> Any:
        """The type that typedefs and elaborations stand for, with the names inside kept."""
        while kind.kind != wanted:
            typedef = self._typedef(kind)
            if typedef is not None:
                kind = typedef.underlying_typedef_type
            elif kind.kind == self.type_kinds.ELABORATED:
                kind = kind.get_named_type()
            else:
                return kind.get_canonical()
        return kind

    def _derived(self, kind: Any, target: int, suffix: str) -> str:
        typedef = self._typedef(kind)
        if typedef is not None:
            return str(typedef.spelling)
        if self.types[target][0] == "function":
            return _plain(kind.spelling)
        name: str = self.types[target][1]
        return name + ("*" if suffix == " *" and name.endswith("*") else suffix)

    def _intern(self, row: list[Any]) -> int:
        key = tuple(row)
        if key not in self.type_index:
            self.type_index[key] = len(self.types)
            self.types.append(row)
        return self.type_index[key]

    def _macro_values(self, names: list[str]) -> dict[str, str]:
        """Evaluate object-like macros; numbers go to `integers`, strings are returned."""
        probes = "".join(f"static __auto_type {_PROBE}{name} = {name};\n" for name in names)
        # most failures are macros that are no values; that is what is asked here
        unit = parse(includes(self.tree) + probes, [*flags(self.tree), "-ferror-limit=0"])
        # clang recovers from some of them with half a value
        failed = {m.line for m in messages(unit) if m.severity in ("error", "fatal")}
        strings: dict[str, str] = {}
        for cursor in unit.cursor.get_children():
            if cursor.kind != self.kinds.VAR_DECL or not cursor.spelling.startswith(_PROBE):
                continue
            if cursor.location.line in failed:
                continue
            name = cursor.spelling.removeprefix(_PROBE)
            match evaluate(cursor):
                case int() as number:
                    self.integers[name] = number
                case bytes() as text:
                    strings[name] = text.decode("latin-1")
        return strings


def _plain(spelling: str) -> str:
    """A type's spelling without qualifiers, and without `struct` before a typedef's name."""
    words = [w for w in spelling.split(" ") if w not in ("const", "volatile", "restrict")]
    return " ".join(words)
