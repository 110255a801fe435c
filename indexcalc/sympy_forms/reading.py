"""From SymPy: one expression, all of its names, and the axes of the result.

>>> from sympy import MatrixSymbol, symbols
>>> n = symbols("n")
>>> S, x = MatrixSymbol("S", n, n), MatrixSymbol("x", n, 1)
>>> from_sympy(x.T * S * x).shape, from_sympy(S * x).shape
((), (Dim('n'),))
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sympy
from sympy.matrices.expressions.matexpr import MatrixElement, MatrixExpr
from sympy.tensor.array.expressions.array_expressions import ArrayElement

from ..errors import (
    BudgetError,
    IndexCalcError,
    UnknownNameError,
    UnsupportedError,
)
from ..expr import tensor
from ..given import names_of
from ..nodes import Node, variables
from ..sizes import Size
from ..text.declarations import declare
from . import read_arrays, read_indexed, read_matrices, read_scalars
from .reader import Reader
from .scope import Names, Range, Scope
from .symbols import require_sympy, size_of
from .values import Value, join, unnamed

RULES: dict[type, Any] = {
    **read_scalars.RULES,
    **read_indexed.RULES,
    **read_matrices.RULES,
    **read_arrays.RULES,
}

#: What SymPy's objects raise where they are not whole.
_SYMPY = (TypeError, ValueError, AttributeError, NotImplementedError)


def from_sympy(
    expr: Any,
    shapes: Mapping[str, object] | None = None,
    free: str | Sequence[Any] | None = None,
) -> Node:
    """The node of a SymPy expression.

    `shapes` declares variables, as in the text language; `free` says the order of the
    free indices, by name or as symbols, which otherwise is the natural one of names.

    Raises `UnsupportedError` naming the class of what cannot be read, `ShapeError`
    where sizes disagree.
    """
    require_sympy(expr)
    try:
        root = sympy.sympify(expr, strict=True)
        return _node(root, shapes or {}, free)
    except RecursionError:
        raise BudgetError("the SymPy expression is nested too deeply to walk") from None
    except IndexCalcError:
        raise
    except _SYMPY as error:
        raise UnsupportedError(
            f"SymPy's {type(expr).__name__} cannot be read: {error}"
        ) from error


def _node(root: Any, shapes: Mapping[str, object], free: Any) -> Node:
    given = declare(shapes)
    declared = {
        name: tensor(name, found.shape, found.structure)
        for name, found in given.variables.items()
    }
    everything = _subexpressions(root)
    symbols = _size_symbols(everything)
    names = Names(declared, given.sizes | {symbol.name for symbol in symbols})
    for symbol in everything:
        if isinstance(symbol, sympy.Symbol) and symbol in symbols:
            names.claim(symbol)
    ranges = {i: Range(s, sympy.S.Zero) for i, s in _index_sizes(everything).items()}
    ranges |= _ranges_of(free)
    value = Reader(names, RULES).read(root, Scope(ranges))
    node = _closed(root, value, free, ranges)
    variables(node)
    return node


# -- what occurs -----------------------------------------------------------------------


def _subexpressions(root: Any) -> list[Any]:
    """Every subexpression once."""
    seen: dict[Any, None] = {}
    stack = [root]
    while stack:
        expr = stack.pop()
        if expr not in seen:
            seen[expr] = None
            stack += expr.args
    return list(seen)


_SHAPED = (MatrixExpr, sympy.IndexedBase)


def _size_symbols(everything: Iterable[Any]) -> set[Any]:
    """The symbols that occur in a shape or in the range of an index, and those that
    are non-negative integers."""
    found: set[Any] = set()
    for expr in everything:
        if isinstance(expr, sympy.Symbol) and expr.is_integer and expr.is_nonnegative:
            found.add(expr)
        for size in _sizes_of(expr):
            found |= size.free_symbols
    return found


def _sizes_of(expr: Any) -> list[Any]:
    if isinstance(expr, sympy.Idx):
        return [bound for bound in (expr.lower, expr.upper) if bound is not None]
    if isinstance(expr, sympy.Sum):
        return [bound for _, *bounds in expr.limits for bound in bounds]
    if isinstance(expr, _SHAPED) or type(expr) in read_arrays.RULES:
        try:
            return [
                sympy.sympify(s, strict=True) for s in expr.shape or () if s is not None
            ]
        except (AttributeError, NotImplementedError, TypeError):
            return []
    return []


def _index_sizes(everything: Iterable[Any]) -> dict[Any, Size]:
    """The sizes that indices get from the axes they stand on alone; an index that
    stands on axes of different sizes gets none."""
    found: dict[Any, set[Any]] = {}
    for expr in everything:
        for place, size in _places(expr):
            loose = isinstance(place, sympy.Idx) and place.upper is None
            if loose or isinstance(place, sympy.Symbol):
                found.setdefault(place, set()).add(size)
    return {i: size_of(*sizes) for i, sizes in found.items() if len(sizes) == 1}


def _places(expr: Any) -> list[tuple[Any, Any]]:
    if isinstance(expr, MatrixElement):
        return list(zip(expr.indices, expr.parent.shape, strict=True))
    if isinstance(expr, ArrayElement) and hasattr(expr.name, "shape"):
        return list(zip(expr.indices, expr.name.shape, strict=False))
    if isinstance(expr, sympy.Indexed) and isinstance(expr.base, sympy.IndexedBase):
        return list(zip(expr.indices, expr.base.shape or (), strict=False))
    return []


def _ranges_of(free: Any) -> dict[Any, Range]:
    if not isinstance(free, (list, tuple)):
        return {}
    scope = Scope()
    return {i: scope.range_of(i) for i in free if isinstance(i, sympy.Idx)}


# -- the axes of the result ------------------------------------------------------------


def _closed(root: Any, value: Value, free: Any, ranges: Mapping[Any, Range]) -> Node:
    """The free indices in order, then the value's own axes; a column loses its unit
    axis, and so does 1×1."""
    order = _order(value, free)
    sizes = {i: ranges[i].size for i in order if i in ranges and i not in value.indices}
    value = join([(value, value.legs)], value.legs, first=sizes)
    own = list(value.legs)
    if _is_matrix(root) and len(own) == 2 and value.own[1] == 1:
        own = [] if value.own[0] == 1 else own[:1]
    legs = range(len(value.own))
    value = join([(value, legs)], own)
    return unnamed(value, order).node


def _is_matrix(root: Any) -> bool:
    return isinstance(root, (MatrixExpr, sympy.MatrixBase, sympy.Derivative))


def _order(value: Value, free: Any) -> list[Any]:
    if free is None:
        return sorted(value.indices, key=_natural)
    given = list(free) if isinstance(free, (list, tuple)) else names_of(free, "free")
    known = {str(i): i for i in value.indices}
    order = [known.get(str(i), i) for i in given]
    ranged = (*value.indices, *(i for i in order if isinstance(i, sympy.Idx)))
    lost = [str(i) for i in order if i not in ranged]
    lost += [str(i) for i in value.indices if i not in order]
    if lost or len(set(order)) != len(order):
        raise UnknownNameError(
            f"the free indices are {', '.join(sorted(known)) or 'none'}, and free says "
            f"{', '.join(map(str, given)) or 'none'}"
        )
    return order


def _natural(index: Any) -> tuple[str, int]:
    """Indices in the order of their letters, and then of their numbers."""
    match = re.fullmatch(r"(.*?)(\d*)", str(index))
    letters, digits = match.groups() if match else (str(index), "")
    return letters, int(digits or -1)
