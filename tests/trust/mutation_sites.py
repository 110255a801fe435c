"""Where a module can be broken, and how: operators on the syntax tree.

A `Mutant` is one small change of one place of a file: the text that stands there and
the text that takes its place. They are enumerated in the order of the file, the same on
every machine. What cannot change what a program does is no site: docstrings,
annotations, decorators, `__all__`, assertions, what an error says, and strings.

    >>> [m.after for m in mutants("m.py", "def f(x):\\n    return x < 1\\n")]
    ['return None', 'x <= 1', 'x >= 1', '2', '0']
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

Operator = Callable[[ast.AST], Iterator["Change"]]


@dataclass(frozen=True, slots=True)
class Change:
    """What takes a node's place, or that of a part of it."""

    operator: str
    after: ast.AST
    part: ast.expr | None = None


@dataclass(frozen=True, slots=True)
class Mutant:
    """`before` at bytes `start` to `stop` of a file becomes `after`."""

    file: str
    line: int
    function: str
    operator: str
    context: str
    before: str
    after: str
    start: int
    stop: int

    @property
    def key(self) -> str:
        """What names it whatever lines stand before it."""
        function = self.function.split(":")[0]
        return f"{self.file}:{function} | {self.context} | {self.told}"

    @property
    def told(self) -> str:
        """The change in one line."""
        return f"{self.before} -> {self.after or '(nothing)'}"

    def applied(self, source: str) -> str:
        """The file with the change made."""
        data = source.encode()
        return (data[: self.start] + self._text() + data[self.stop :]).decode()

    def _text(self) -> bytes:
        is_statement = self.operator in STATEMENTS
        return (self.after if is_statement else f"({self.after})").encode()


#: Operators whose text is a statement and stands without parentheses.
STATEMENTS = frozenset({"return", "removal", "break", "default", "in place"})

COMPARED: dict[type, tuple[type, ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type, type] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
SWAPPED_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}
#: Functions whose arguments may stand in any order.
COMMUTATIVE = frozenset({*SWAPPED_CALLS, "multiply", "plus", "array_equal"})
UNORDERED = {"sorted": "list", "reversed": "list"}


def mutants(file: str, source: str) -> Iterator[Mutant]:
    """Every mutant of a file, in its order."""
    lines = source.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    for node, function in places(ast.parse(source)):
        for change in changes(node):
            place = change.part or node
            yield Mutant(
                file,
                place.lineno,
                function,
                change.operator,
                " ".join(lines[place.lineno - 1].decode().split()),
                ast.unparse(place),
                ast.unparse(change.after),
                starts[place.lineno - 1] + place.col_offset,
                starts[place.end_lineno - 1] + place.end_col_offset,
            )


def changes(node: ast.AST) -> Iterator[Change]:
    """What may stand in a node's place."""
    table = OPERATORS.get(type(node), ())
    return chain.from_iterable(operator(node) for operator in table)


def places(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """The nodes that may be broken with the function they lie in, in file order."""
    waiting: list[tuple[ast.AST, str, str]] = [(tree, "", "<module>")]
    while waiting:
        node, prefix, function = waiting.pop()
        if hasattr(node, "lineno"):
            yield node, function
        inside = prefix, function
        match node:
            case ast.ClassDef(name=name):
                inside = f"{prefix}{name}.", function
            case ast.FunctionDef(name=name) if function == "<module>":
                inside = prefix, f"{prefix}{name}"
            case ast.Lambda(lineno=line) if function == "<module>":
                inside = prefix, f"<lambda>:{line}"
        waiting += [(child, *inside) for child in reversed(list(children(node)))]


def children(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node that may be broken."""
    match node:
        case ast.Raise() | ast.Assert() | ast.JoinedStr() | ast.match_case(guard=None):
            parts = node.body if isinstance(node, ast.match_case) else []
        case ast.match_case(guard=guard, body=body):
            parts = [guard, *body]
        case ast.FunctionDef(args=arguments, body=body):
            defaults = [d for d in arguments.kw_defaults if d is not None]
            parts = [*arguments.defaults, *defaults, *body]
        case ast.ClassDef(body=parts):
            pass
        case ast.AnnAssign(value=value):
            parts = [] if value is None else [value]
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            parts = []
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            parts = []
        case ast.If() if guards_a_bug(node):
            parts = []
        case ast.Call() if is_silent(node):
            parts = []
        case ast.Call(func=function, args=arguments, keywords=keywords):
            told = [k.value for k in keywords if k.arg not in {"hint", "message"}]
            parts = [function, *arguments, *told]
        case _:
            parts = list(ast.iter_child_nodes(node))
    return (part for part in parts if not isinstance(part, ast.expr_context))


def is_silent(call: ast.Call) -> bool:
    """Whether a call only says something to a reader or to the type checker."""
    name = called(call)
    return name.endswith("Error") or name in {"cast", "TypeVar", "NewType"}


def called(call: ast.AST) -> str:
    """The bare name of what is called; empty for anything else."""
    match call:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name
    return ""


def comparison(node: ast.AST) -> Iterator[Change]:
    """`a < b` as `a <= b` and as `a >= b`."""
    assert isinstance(node, ast.Compare)
    for at, operator in enumerate(node.ops):
        for other in COMPARED[type(operator)]:
            ops = [*node.ops[:at], other(), *node.ops[at + 1 :]]
            yield Change("comparison", ast.Compare(node.left, ops, node.comparators))


def arithmetic(node: ast.AST) -> Iterator[Change]:
    """`a + b` as `a - b`; text is left alone."""
    assert isinstance(node, ast.BinOp)
    sides = node.left, node.right
    if not any(is_text(side) or is_type(side) for side in sides):
        other = ARITHMETIC[type(node.op)]()
        yield Change("arithmetic", ast.BinOp(node.left, other, node.right))


def is_text(node: ast.AST) -> bool:
    """Whether an operand is written as a string."""
    is_string = isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
    return is_string or isinstance(node, ast.JoinedStr)


def is_type(node: ast.AST) -> bool:
    """Whether an operand of | is a type: `int | None`."""
    match node:
        case (
            ast.Constant(value=None) | ast.Name(id="int" | "float" | "complex" | "str")
        ):
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name[0].isupper() and not name.isupper()
    return False


def in_place(node: ast.AST) -> Iterator[Change]:
    """`a += b` as `a -= b`."""
    assert isinstance(node, ast.AugAssign)
    if not is_text(node.value):
        other = ARITHMETIC[type(node.op)]()
        yield Change("in place", ast.AugAssign(node.target, other, node.value))


def constant(node: ast.AST) -> Iterator[Change]:
    """A number one more and one less; a truth as its opposite."""
    assert isinstance(node, ast.Constant)
    match node.value:
        case bool():
            yield Change("constant", ast.Constant(not node.value))
        case int() | float():
            yield Change("constant", ast.Constant(node.value + 1))
            yield Change("constant", ast.Constant(node.value - 1))


def connective(node: ast.AST) -> Iterator[Change]:
    """`a and b` as `a or b`, and with one operand left out."""
    assert isinstance(node, ast.BoolOp)
    other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    yield Change("and/or", ast.BoolOp(other, node.values))
    for at in range(len(node.values)):
        left = [*node.values[:at], *node.values[at + 1 :]]
        yield Change("and/or", left[0] if len(left) == 1 else ast.BoolOp(node.op, left))


def sign(node: ast.AST) -> Iterator[Change]:
    """`not a` and `-a` as `a`."""
    assert isinstance(node, ast.UnaryOp)
    if isinstance(node.op, ast.Not | ast.USub | ast.Invert):
        yield Change("not", node.operand)


def returned(node: ast.AST) -> Iterator[Change]:
    """Another value is returned: nothing, or a truth's opposite."""
    assert isinstance(node, ast.Return)
    match node.value:
        case None | ast.Constant(value=None | bool()):
            return
        case _:
            yield Change("return", ast.Return(ast.Constant(None)))


def removed(node: ast.AST) -> Iterator[Change]:
    """A statement that is left out."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Raise(exc=None):
            return
        case ast.Raise(exc=ast.Call() as error) if called(error) == "InternalError":
            return
        case ast.Expr(value=ast.Call() as call) if called(call) == "assert_never":
            return
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            if not any(
                isinstance(n, ast.Name) and n.id == name for n in ast.walk(value)
            ):
                return
        case ast.Assign(targets=[ast.Tuple()]):
            return
    yield Change("removal", ast.Pass())


def jump(node: ast.AST) -> Iterator[Change]:
    """`break` as `continue` and the other way round."""
    yield Change(
        "break", ast.Continue() if isinstance(node, ast.Break) else ast.Break()
    )


def call(node: ast.AST) -> Iterator[Change]:
    """Two arguments swapped; `min` as `max`; an order that is not made."""
    assert isinstance(node, ast.Call)
    if is_silent(node):
        return
    args = node.args
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    for at in range(0 if called(node) in COMMUTATIVE else min(len(args) - 1, 2)):
        pair = args[at : at + 2]
        if not any(isinstance(a, ast.Starred) for a in pair):
            new = [*args[:at], *reversed(pair), *args[at + 2 :]]
            yield Change("arguments", ast.Call(node.func, new, node.keywords))
    if name in SWAPPED_CALLS:
        other = ast.Name(SWAPPED_CALLS[name])
        yield Change("function", ast.Call(other, args, node.keywords))
    if name in UNORDERED:
        yield Change("order", ast.Call(ast.Name(UNORDERED[name]), args, []))


def bounds(node: ast.AST) -> Iterator[Change]:
    """`x[a:b]` as `x[a:]` and as `x[:b]`."""
    assert isinstance(node, ast.Subscript)
    match node.slice:
        case ast.Slice(lower=lower, upper=upper, step=step):
            shorter = [ast.Slice(None, upper, step)] if lower else []
            shorter += [ast.Slice(lower, None, step)] if upper else []
            for other in shorter:
                yield Change("bounds", ast.Subscript(node.value, other, node.ctx))


def entries(node: ast.AST) -> Iterator[Change]:
    """A dictionary without one of its entries."""
    assert isinstance(node, ast.Dict)
    for at in range(len(node.keys)):
        keys = [*node.keys[:at], *node.keys[at + 1 :]]
        yield Change(
            "entry", ast.Dict(keys, [*node.values[:at], *node.values[at + 1 :]])
        )


def choice(node: ast.AST) -> Iterator[Change]:
    """One of two values whatever the condition says."""
    assert isinstance(node, ast.IfExp)
    yield Change("choice", node.body)
    yield Change("choice", node.orelse)


def forced(node: ast.AST) -> Iterator[Change]:
    """A condition that always holds, or never."""
    assert isinstance(node, ast.If | ast.While)
    if not guards_a_bug(node):
        for truth in (True, False) if isinstance(node, ast.If) else (False,):
            yield Change("condition", ast.Constant(truth), node.test)


def guards_a_bug(node: ast.If | ast.While) -> bool:
    """Whether all that a branch does is to say that it cannot be reached."""
    match node:
        case ast.If(body=[ast.Raise(exc=ast.Call() as error)], orelse=[]):
            return called(error) in {"InternalError", "AssertionError"}
    return False


def filters(node: ast.AST) -> Iterator[Change]:
    """A comprehension that leaves nothing out."""
    for part in getattr(node, "generators", ()):
        for test in part.ifs:
            yield Change("condition", ast.Constant(True), test)


def guards(node: ast.AST) -> Iterator[Change]:
    """A guarded case that always matches, or never."""
    assert isinstance(node, ast.Match)
    for case in node.cases:
        for truth in (True, False) if case.guard else ():
            yield Change("condition", ast.Constant(truth), case.guard)


OPERATORS: dict[type, tuple[Operator, ...]] = {
    ast.Compare: (comparison,),
    ast.BinOp: (arithmetic,),
    ast.AugAssign: (removed, in_place),
    ast.Constant: (constant,),
    ast.BoolOp: (connective,),
    ast.UnaryOp: (sign,),
    ast.Return: (returned,),
    ast.Expr: (removed,),
    ast.Assign: (removed,),
    ast.Delete: (removed,),
    ast.Raise: (removed,),
    ast.Break: (removed, jump),
    ast.Continue: (removed, jump),
    ast.Call: (call,),
    ast.Subscript: (bounds,),
    ast.Dict: (entries,),
    ast.IfExp: (choice,),
    ast.If: (forced,),
    ast.While: (forced,),
    ast.Match: (guards,),
    ast.ListComp: (filters,),
    ast.SetComp: (filters,),
    ast.DictComp: (filters,),
    ast.GeneratorExp: (filters,),
}
