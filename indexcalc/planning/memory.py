"""What a written program holds: its text run on shadows, every array counted.

Nothing is computed. Inputs and what they are views of are the caller's; the workspace
is what the program keeps between calls; results are counted while they are made, and
a result that would be a view of an input is copied, as it is when the program runs.

>>> text = "def f(x, y):\\n    return (x @ y).sum(0) + y @ y[0]\\n"
>>> held = memory_of(text, "f", [(1000, 500), (500, 500)], "d")
>>> held.inputs, held.results, held.peak - held.inputs
(6000000, 4000, 4004000)
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from ..pairwise import Array
from .layouts import Layout, in_order
from .shadow_numpy import ShadowNumpy, is_shadow, visited
from .shadow_scipy import lent
from .shadows import Memory as Held
from .shadows import Meter, NoShadowError, Shadow

#: The name that a program's operators are called by.
MODULE = "_shadow"


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes: of the inputs, of the results, of the workspace that is kept between
    calls, of everything at the worst moment, of the largest array made."""

    inputs: int
    results: int
    workspace: int
    peak: int
    largest: int


@dataclass(frozen=True, slots=True)
class Given:
    """What a program is given beside its arrays: constants by name, bytes of each array
    of its workspace, further arguments (sizes, and functions of entries); and which of
    its results are copied afterwards, by default those that are views of an input; how
    its arrays lie, in C order where nothing is told."""

    constants: Mapping[str, Array]
    workspace: tuple[int, ...] = ()
    more: Mapping[str, Any] | None = None
    copies: tuple[bool, ...] = ()
    layouts: Sequence[Layout] = ()


NOTHING = Given({})


def memory_of(
    text: str,
    name: str,
    shapes: Sequence[tuple[int, ...]],
    kinds: str | Sequence[str],
    given: Given = NOTHING,
) -> Memory:
    """What the function of a text holds on arrays of these shapes in C order; `kinds`
    are their dtypes, or the one that all have.

    Raises `NoShadowError` for what depends on entries, or calls what is not known here.
    """
    meter = Meter()
    listed = [kinds] * len(shapes) if isinstance(kinds, str) else list(kinds)
    scope = _scope(text, name, meter, given)
    layouts = given.layouts or [in_order(shape) for shape in shapes]
    arrays = [
        Shadow(meter, layout, np.dtype(kind), None)
        for layout, kind in zip(layouts, listed, strict=True)
    ]
    more = {k: _entrywise(v) for k, v in (given.more or {}).items()}
    kept = [Held(meter, nbytes) for nbytes in given.workspace]
    if given.workspace:
        more["space"] = _space(meter, kept)
    try:
        answer = scope[name](*arrays, **more)
    except (TypeError, ValueError, AttributeError, LookupError) as error:
        raise NoShadowError(f"{name}: {error}") from error
    results = list(answer) if isinstance(answer, tuple) else [answer]
    del answer
    copies: Sequence[bool | None] = given.copies or (None,) * len(results)
    owned = [_own(meter, *pair) for pair in zip(results, copies, strict=True)]
    inputs = sum(array.nbytes for array in arrays)
    inputs += sum(array.nbytes for array in given.constants.values())
    return Memory(
        inputs,
        sum(result.nbytes for result in owned),
        sum(given.workspace),
        inputs + meter.peak,
        meter.largest,
    )


def _own(meter: Meter, result: Any, copied: bool | None) -> Shadow:
    """The result as an array of its own."""
    shadow = ShadowNumpy(meter).array_of(result)
    if copied is None:
        copied = shadow.memory is None
    return shadow.copy() if copied or shadow.steady else shadow


def _entrywise(value: Any) -> Any:
    """A further argument; a function of entries answers an array like its first."""
    return (lambda x, *_: x.copy()) if callable(value) else value


def _space(meter: Meter, kept: list[Held]) -> Callable[..., Shadow]:
    """The workspace, in which arrays take no memory of their own."""

    def space(number: int, shape: tuple[int, ...], dtype: Any) -> Shadow:
        return Shadow(meter, in_order(shape), np.dtype(dtype), kept[number])

    return space


def _scope(text: str, name: str, meter: Meter, given: Given) -> dict[str, Any]:
    """What the text defines, with NumPy on shadows."""
    module = ShadowNumpy(meter)
    scope: dict[str, Any] = {
        label: Shadow(meter, in_order(array.shape), array.dtype, None)
        for label, array in given.constants.items()
    }
    scope[MODULE] = Operations(module)
    exec(_rewritten(text), scope)
    scope |= {"np": module, "range": visited, "sum": _total}
    if "shares" in scope:
        scope["shares"] = _shares(meter)
    return scope


def _total(parts: Iterable[Any]) -> Any:
    """The sum of numbers, or of arrays into new ones."""
    listed = list(parts)
    if not is_shadow(*listed):
        return sum(listed)
    total = listed[0].copy()
    for _ in listed[1:]:
        total = total.copy()
    return total


def _shares(meter: Meter) -> Callable[..., list[Any]]:
    """Parts of the work side by side: each holds what the first holds."""

    def shares(work: Callable[..., Any], length: int, parts: int) -> list[Any]:
        ends = [length * k // parts for k in range(parts + 1)]
        before, peak = meter.now, meter.peak
        meter.peak = before
        found = [work(0, ends[1])]
        each = meter.peak - before
        found += [work(a, b) for a, b in pairwise(ends[1:])]
        meter.peak = max(peak, meter.peak, before + parts * each)
        return found

    return shares


class Operations:
    """What a rewritten text calls: operators, and functions of SciPy."""

    def __init__(self, module: ShadowNumpy) -> None:
        self.module = module
        self.binary, self.unary = module.binary, module.unary
        self.updated = module.updated

    def lent(self, name: str, found: Any) -> Any:
        """A function that the text imports."""
        return lent(self.module, name, found)


# -- operators as calls ----------------------------------------------------------------


@lru_cache(maxsize=64)
def _rewritten(text: str) -> Any:
    """The text with its operators as calls that know which operands are held, and with
    what it imports on shadows."""
    changed = ast.fix_missing_locations(_Operators().visit(ast.parse(text)))
    return compile(changed, "<shadows>", "exec")


_SIGNS: dict[type, str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


class _Operators(ast.NodeTransformer):
    """Operators, comparisons and updates as calls of `ShadowNumpy`."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> Any:
        if (node.module or "").partition(".")[0] != "scipy":
            return node
        lines: list[ast.stmt] = [node]
        for found in node.names:
            name = found.asname or found.name
            call = _call("lent", ast.Constant(found.name), ast.Name(name, ast.Load()))
            lines.append(ast.Assign([ast.Name(name, ast.Store())], call))
        return lines

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        return self._binary(node.op, node.left, node.right)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        if len(node.ops) > 1 or type(node.ops[0]) not in _SIGNS:
            self.generic_visit(node)
            return node
        return self._binary(node.ops[0], node.left, node.comparators[0])

    def _binary(
        self, op: ast.operator | ast.cmpop, left: ast.expr, right: ast.expr
    ) -> ast.Call:
        free = [ast.Constant(_is_free(side)) for side in (left, right)]
        sides = [self.visit(side) for side in (left, right)]
        return _call("binary", ast.Constant(_SIGNS[type(op)]), *sides, *free)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        if not isinstance(node.op, ast.USub) or isinstance(node.operand, ast.Constant):
            self.generic_visit(node)
            return node
        free = ast.Constant(_is_free(node.operand))
        return _call("unary", ast.Constant("-"), self.visit(node.operand), free)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        target, value = node.target, self.visit(node.value)
        sign = ast.Constant(_SIGNS[type(node.op)])
        read = self.visit(ast.parse(ast.unparse(target), mode="eval").body)
        call = _call("updated", sign, read, value)
        if isinstance(target, ast.Name):
            return ast.Assign([target], call)
        return ast.Expr(call)


def _is_free(node: ast.expr) -> bool:
    """Whether an expression's value is nobody else's."""
    return not isinstance(node, (ast.Name, ast.Attribute, ast.Constant))


def _call(name: str, *args: ast.expr) -> ast.Call:
    function = ast.Attribute(ast.Name(MODULE, ast.Load()), name, ast.Load())
    return ast.Call(function, list(args), [])


__all__ = ["Given", "Memory", "NoShadowError", "memory_of"]
