"""Statements to C, one for one; what suspends is the business of `pyngx.backend.generator`.

The author's comments go before the statement that they speak of, and blank lines between their
paragraphs stay.
"""

from __future__ import annotations

from pyngx.backend import cnodes as c
from pyngx.backend import integers
from pyngx.backend.conds import negated
from pyngx.backend.emitter import Emitter, Ref, Variables
from pyngx.backend.format import log_arguments
from pyngx.backend.lowering import is_string
from pyngx.backend.raising import Raising
from pyngx.backend.shapes import augmentation, augmented, needs_statements
from pyngx.backend.unit import c_type
from pyngx.diagnostics import InternalError
from pyngx.flow.lifetimes import run_for_each_buffer
from pyngx.flow.liveness import Liveness, defines
from pyngx.flow.liveness import liveness as analyse
from pyngx.flow.sharing import changes_items
from pyngx.flow.walk import cannot_matter, statements
from pyngx.tree import (
    Assign,
    AssignField,
    Block,
    Break,
    CallHelper,
    Const,
    Continue,
    Eval,
    Expr,
    Field,
    Finally,
    ForBody,
    ForBytes,
    ForChain,
    ForLines,
    ForList,
    ForRange,
    ForScan,
    Function,
    If,
    Item,
    LeaveFinally,
    ListPop,
    Local,
    Log,
    Logic,
    Nothing,
    Op,
    PushItem,
    Raise,
    RaiseAgain,
    ReadInto,
    Return,
    SetByte,
    SetBytes,
    SetItem,
    SetMember,
    StateField,
    Stmt,
    TableItem,
    Try,
    Var,
    While,
    YieldRest,
)
from pyngx.types import INT64_MIN, Bool, Ctx, Headers, List, Tuple, is_compound


class StmtLowering(Raising):
    """Lowers the statements of one function."""

    def __init__(
        self, out: Emitter, variables: Variables, function: Function, liveness: Liveness | None
    ) -> None:
        super().__init__(out, variables, function)
        self.liveness = liveness
        self.after = liveness if liveness is not None else analyse(function.body)
        each_buffer = run_for_each_buffer(out.unit.program)
        self.copies_state = not any(f is function for f in each_buffer)

    # Blocks and comments

    def block(self, block: Block) -> tuple[c.Stmt, ...]:
        """The C of a nested block."""
        with self.out.block() as found:
            self.statements(block)
        return tuple(found)

    def loop_block(self, stmt: While) -> tuple[c.Stmt, ...]:
        """The C of the body of a loop."""
        with self.out.looping(stmt):
            return self.block(stmt.body)

    def statements(self, block: Block) -> None:
        """Lower statements into the block under construction."""
        previous: Stmt | None = None
        around = list(self.out.handlers)
        for stmt in block:
            if isinstance(stmt, LeaveFinally):
                self.out.leave_finally()
                continue
            self.prologue(stmt, previous)
            with self.out.temporaries():
                self.stmt(stmt)
            previous = stmt
        self.out.handlers = around
        self.end_label()

    def end_label(self) -> None:
        """A label stands before a statement, also at the end of a block."""
        if self.out.stmts and isinstance(self.out.stmts[-1], c.Label):
            self.out.emit(c.ExprStmt(c.Raw("/* void */")))

    def prologue(self, stmt: Stmt, previous: Stmt | None) -> None:
        """What stands before a statement: a paragraph break, the author's comments."""
        if previous is not None:
            first = stmt.span.line - len(stmt.comments)
            if first - previous.span.end_line > 1:
                self.out.blank()
        comments = [*stmt.comments, *([stmt.trailing] if stmt.trailing else [])]
        text = "\n".join(line.strip() for line in comments).strip()
        if text:
            self.out.emit(c.Comment(text, line=stmt.span.line))
        self.out.at(stmt.span)

    # Statements

    def stmt(self, stmt: Stmt) -> None:
        """Lower one statement."""
        match stmt:
            case Nothing():
                return
            case Assign(var=var, value=value) if var not in self.read:
                self._discard(value)
            case Assign(var=var, value=value):
                self._assign(self.vars.places[var], value)
            case AssignField():
                self._assign_field(stmt)
            case Eval(value=value):
                self._eval(value)
            case Log():
                self._log(stmt)
            case Raise():
                self.raise_(stmt)
            case RaiseAgain():
                self.raise_again(stmt)
            case If():
                self.if_(stmt)
            case Try():
                self.try_(stmt, self.statements)
            case Finally():
                self.finally_(stmt, self.statements)
            case While() | ForRange() | ForBytes() | ForList() | ForChain():
                self._loop(stmt)
            case PushItem():
                self.push_item(stmt)
            case SetItem():
                self.set_item(stmt)
            case SetMember(target=place, value=value):
                self._set_member(place, value)
            case SetByte():
                self.set_byte(stmt)
            case SetBytes():
                self.set_bytes(stmt)
            case Break():
                self.out.emit(c.Break(line=self.out.line))
            case Continue():
                self.out.emit(c.Continue(line=self.out.line))
            case Return():
                self.return_(stmt)
            case ForBody() | ForLines() | ForScan() | ReadInto() | YieldRest():
                raise InternalError("a suspension outside of a generator", stmt.span)
            case _:
                raise InternalError(f"no C for {type(stmt).__name__}", stmt.span)

    def _discard(self, value: Expr) -> None:
        """A value that is not used: what is left of it is that it may fail or have effects."""
        if cannot_matter(value):
            return
        if isinstance(value, CallHelper):
            self.call_for_effect(value)
        elif isinstance(value, TableItem) and not value.checked:
            self._discard(value.index)
        elif is_compound(value.type):
            self.place(value)
        elif is_string(value.type):
            if not isinstance(value, Const):
                self.string(value, "unused")
        else:
            left = self.value(value)
            if isinstance(left, c.Call | c.Name | c.Ternary | c.Binary) and not isinstance(
                value, Const
            ):
                self.out.emit(c.ExprStmt(c.Cast("void", left), line=self.out.line))

    def set_loop_variable(self, var: Var, value: c.Expr) -> None:
        """Give a loop's variable its value, if it is asked for."""
        if var in self.read:
            self.out.assign(self.vars.places[var], value)

    def _assign(self, target: c.Expr, value: Expr) -> None:
        if isinstance(value, Local) and self.vars.places.get(value.var) == target:
            return  # what it is already
        simple = augmentation(target, value, self.vars)
        if simple is not None:
            op, operand = simple
            self.out.emit(
                c.ExprStmt(augmented(target, self.value(operand), op), line=self.out.line)
            )
            return
        self.store(target, value)

    def _set_member(self, target: Item, value: Expr) -> None:
        """A field of the caller's object: the value is computed before it is stored."""
        ctype, stars = c_type(self.out.unit, target.type)
        new = self.out.temp(ctype, stars, "new")
        self.store(new, value)
        self.out.assign(self.item(target), new)

    def _assign_field(self, stmt: AssignField) -> None:
        target = stmt.target
        if isinstance(target, StateField) and isinstance(target.obj.type, Ctx):
            self._assign_state(target, stmt.value)
            return
        if isinstance(target, Field) and isinstance(target.obj.type, Headers):
            self._assign_header_field(target, stmt.value)
            return
        self._assign(self.value(target), stmt.value)

    def _assign_state(self, target: StateField, value: Expr) -> None:
        """A context field; a byte string owns its storage."""
        place = self.value(target)
        if is_compound(target.type):
            self.keep_compound(place, value)
            return
        if not is_string(target.type):
            self._assign(place, value)
            return
        source = self.string(value, "value")
        storage = c.Arrow(self.value(target.obj), f"{target.name}_storage")
        store = c.Call(
            "ngx_http_pyngx_keep",
            (
                c.Arrow(self.out.r, "pool"),
                c.Unary("&", place),
                c.Unary("&", storage),
                source.address,
            ),
        )
        self.out.leave_if(c.Binary("!=", store, c.Name("NGX_OK")))

    def _assign_header_field(self, target: Field, value: Expr) -> None:
        """A field of ``headers_out``, with what nginx keeps beside it."""
        if target.name == "content_length_n":
            length = self.value(value)
            self.out.call("ngx_http_clear_content_length", self.out.r)
            self.out.assign(self.value(target), length)
            return
        if target.name in ("last_modified_time", "date_time"):
            when = self.value(value)
            header = "Last-Modified" if target.name == "last_modified_time" else "Date"
            name = Ref(self.out.temp("ngx_str_t", 0, "name"))
            self.out.call("ngx_str_set", name.address, c.Str(header.encode()))
            call = c.Call("ngx_http_pyngx_header_out_del", (self.out.r, name.address))
            self.out.leave_if(c.Binary("!=", call, c.Name("NGX_OK")))
            self.out.assign(self.value(target), when)
            return
        self._assign(self.value(target), value)
        if target.name == "status":
            line = c.Member(self.value(target.obj), "status_line")
            self.out.assign(c.Member(line, "len"), c.Int("0"))

    def _eval(self, value: Expr) -> None:
        match value:
            case Op():
                self.effect(value)
            case CallHelper():
                self.call_for_effect(value)
            case ListPop():
                self.list_pop(value)
            case _:
                raise InternalError("an expression without effect", value.span)

    def _log(self, stmt: Log) -> None:
        text, args = log_arguments(self, stmt.pieces)
        log = c.Arrow(c.Arrow(self.out.r, "connection"), "log")
        self.out.call("ngx_log_error", c.Name(stmt.level), log, c.Int("0"), c.Str(text), *args)

    # Control flow

    def _loop(self, stmt: While | ForRange | ForBytes | ForList | ForChain) -> None:
        match stmt:
            case While():
                self._while(stmt)
            case ForRange():
                self._for_range(stmt)
            case ForBytes():
                self._for_bytes(stmt)
            case ForList():
                self._for_list(stmt)
            case ForChain():
                self._for_chain(stmt)

    def if_(self, stmt: If) -> None:
        """``if``; conjunctions whose later operands need statements are nested."""
        if not stmt.orelse and self._needs_nesting(stmt.cond):
            if self.store_either(stmt):
                return
            assert isinstance(stmt.cond, Logic)
            first, rest = stmt.cond.values[0], stmt.cond.values[1:]
            second = rest[0] if len(rest) == 1 else Logic(stmt.cond.span, Bool(), "and", rest)
            inner = If(stmt.span, second, stmt.then, ())
            test = self.cond(first)
            with self.out.block() as then, self.out.temporaries():
                self.stmt(inner)
            self.out.emit(c.If(test, tuple(then), line=self.out.line))
            return
        line = self.out.line
        if self.store_either(stmt):
            return
        cond = self.cond(stmt.cond)
        then_block = self.block(stmt.then)
        orelse = self.block(stmt.orelse)
        if not then_block and orelse:
            then_block, orelse, cond = orelse, (), negated(cond)
        self.out.emit(c.If(cond, then_block, orelse, line=line))

    def _needs_nesting(self, cond: Expr) -> bool:
        """Whether an operand after the first of an ``and`` needs statements of its own."""
        if not (isinstance(cond, Logic) and cond.op == "and"):
            return False
        return any(needs_statements(v) for v in cond.values[1:])

    def _while(self, stmt: While) -> None:
        line = self.out.line
        with self.out.looping(stmt), self.out.block() as before:
            cond = self.cond(stmt.cond)
        if not before:
            body = self.loop_block(stmt)
            endless = isinstance(stmt.cond, Const) and stmt.cond.value is True
            loop: c.Stmt = (
                c.For(None, None, None, body, line=line)
                if endless
                else c.While(cond, body, line=line)
            )
            self.out.emit(loop)
            return
        leave = c.If(negated(cond), (c.Break(line=line),), line=line)
        body = (*before, leave, *self.loop_block(stmt))
        self.out.emit(c.For(None, None, None, body, line=line))

    def bound(self, expr: Expr, hint: str) -> c.Expr:
        """An integer that stays what it is while a loop runs."""
        value = self.signed(expr)
        if isinstance(expr, Const):
            return value
        temp = self.out.temp("ngx_int_t", 0, hint)
        self.out.assign(temp, value)
        return temp

    def _for_range(self, stmt: ForRange) -> None:
        """The author's variable counts if only the loop sets it and nothing reads it after; else
        the counter is hidden, for the variable may be changed, and keeps its last value."""
        with self.tight(stmt) as body:
            self._count_range(stmt, body)

    def _count_range(self, stmt: ForRange, block: Block) -> None:
        line = self.out.line
        step = stmt.step
        assert isinstance(step, Const) and isinstance(step.value, int)
        place = self.vars.places.get(stmt.var)
        own = isinstance(place, c.Name) and self._only_counts(stmt)
        counter = place if own and place else self.out.temp("ngx_int_t", 0, "i")
        start = self.signed(stmt.start)
        if not isinstance(stmt.start, Const):
            self.out.assign(counter, start)
            start = counter
        stop = self.bound(stmt.stop, "stop")
        init = None if start == counter else c.Assign(counter, start)
        cond = c.Binary("<" if step.value > 0 else ">", counter, stop)
        with self.out.looping(stmt), self.out.block() as body:
            if not own:
                self.set_loop_variable(stmt.var, counter)
                self.out.blank()
            self.statements(block)
        self.out.emit(c.For(init, cond, _advance(counter, step.value), tuple(body), line=line))

    def _only_counts(self, stmt: ForRange) -> bool:
        """Whether nothing but the loop sets its variable, which is not read after it."""
        if stmt.var in self.after.live_after(stmt) or stmt.var not in self.read:
            return False
        sets = sum(stmt.var in defines(s) for s in statements(self.function.body))
        return sets == 1

    def _for_bytes(self, stmt: ForBytes) -> None:
        with self.tight(stmt) as body:
            self._count_bytes(stmt, body)

    def _count_bytes(self, stmt: ForBytes, block: Block) -> None:
        line = self.out.line
        data = Ref(self.out.temp("ngx_str_t", 0, "bytes"))
        self.string_into(data, stmt.value)
        counter = self.out.temp("size_t", 0, "k")
        with self.out.looping(stmt), self.out.block() as body:
            self.set_loop_variable(stmt.var, c.Index(data.data, counter))
            self.out.blank()
            self.statements(block)
        init = c.Assign(counter, c.Int("0"))
        cond = c.Binary("<", counter, data.len)
        step = c.Postfix(counter, "++")
        self.out.emit(c.For(init, cond, step, tuple(body), line=line))

    def _for_list(self, stmt: ForList) -> None:
        line = self.out.line
        list_type = stmt.value.type
        assert isinstance(list_type, List)
        ctype, _ = c_type(self.out.unit, list_type.item)
        array = self.value(stmt.value)
        if not (isinstance(array, c.Name) and isinstance(stmt.value, Op)):
            found = self.out.temp("ngx_array_t", 1, "list")
            self.out.assign(found, array)
            array = found
        items: c.Expr = c.Cast(f"{ctype} *", c.Arrow(array, "elts"))
        if not self.out.unit.meanwhile.grows_in(stmt.body):
            items = self.out.temp(ctype, 1, "items")
            self.out.assign(items, c.Arrow(array, "elts"))
        counter = self.out.temp("ngx_uint_t", 0, "k")
        item = c.Index(items, counter)
        with self.out.looping(stmt), self.out.block() as body:
            outside = self.vars.places.get(stmt.vars[0])
            if changes_items(stmt, self.out.unit.changes):
                self.vars.places[stmt.vars[0]] = item
            else:
                self.take_item(stmt, item)
            self.out.blank()
            self.statements(stmt.body)
            if outside is not None:
                self.vars.places[stmt.vars[0]] = outside
        init = c.Assign(counter, c.Int("0"))
        cond = c.Binary("<", counter, c.Arrow(array, "nelts"))
        self.out.emit(c.For(init, cond, c.Postfix(counter, "++"), tuple(body), line=line))

    def take_item(self, stmt: ForList, item: c.Expr) -> None:
        """Give the loop's variables an item of its list."""
        assert isinstance(stmt.value.type, List)
        item_type = stmt.value.type.item
        if isinstance(item_type, Tuple) and len(stmt.vars) > 1:
            names = self.out.unit.member_names(item_type)
            for var, name in zip(stmt.vars, names, strict=True):
                self.set_loop_variable(var, c.Member(item, name))
        else:
            self.set_loop_variable(stmt.vars[0], item)

    def _for_chain(self, stmt: ForChain) -> None:
        line = self.out.line
        link = self.out.temp("ngx_chain_t", 1, "cl")
        with self.out.looping(stmt), self.out.block() as body:
            self.set_loop_variable(stmt.var, c.Arrow(link, "buf"))
            self.out.blank()
            self.statements(stmt.body)
        init = c.Assign(link, self.value(stmt.chain))
        step = c.Assign(link, c.Arrow(link, "next"))
        self.out.emit(c.For(init, link, step, tuple(body), line=line))

    def return_(self, stmt: Return) -> None:
        """``return``; a result that is not an integer goes through the last argument."""
        if stmt.value is None:
            self.out.emit(self.leave_normally())
        else:
            self.result(stmt.value)

    def leave_normally(self) -> c.Stmt:
        """The ``return`` at the end of a function without a result."""
        return c.Return(c.Name("NGX_OK"), line=self.out.line)

    def result(self, value: Expr) -> None:
        """Return a value; overridden by kinds of functions that give it in another way."""
        self.out.emit(c.Return(self.signed(value), line=self.out.line))


def _advance(counter: c.Expr, step: int) -> c.Expr:
    if step in (1, -1):
        return c.Postfix(counter, "++" if step > 0 else "--")
    if step > 0 or step == INT64_MIN:  # which has no positive counterpart
        return c.Assign(counter, integers.literal(step), "+=")
    return c.Assign(counter, integers.literal(-step), "-=")
