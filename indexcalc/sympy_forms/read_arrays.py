"""Array expressions out of SymPy: tensor products, contractions, diagonals, axes.

Each is an einsum: a contraction joins axes and sums them, a diagonal joins axes and
keeps one, which comes last.
"""

from __future__ import annotations

from typing import Any

from sympy.tensor.array.expressions import array_expressions as arrays

from .. import matrix, numpy_shapes
from ..expr import zero
from .read_matrices import shape_of
from .reader import Answers, Reader
from .scope import Scope
from .symbols import size_of
from .values import Value, combine, join


def array_symbol(reader: Reader, expr: Any, scope: Scope) -> Value:
    """A variable."""
    return reader.names.leaf(expr.name, shape_of(expr))


def ones(reader: Reader, expr: Any, scope: Scope) -> Value:
    """All entries one."""
    return Value(matrix.ones(*shape_of(expr)))


def zeros(reader: Reader, expr: Any, scope: Scope) -> Value:
    """Zero."""
    return Value(zero(shape_of(expr)))


def tensor_product(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """All axes of the first factor, then all of the next."""
    parts: list[tuple[Value, range]] = []
    total = 0
    for part in expr.args:
        value = yield part, scope
        parts.append((value, range(total, total + len(value.own))))
        total += len(value.own)
    return join(parts, range(total))


def contraction(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """Each group of axes joined and summed."""
    value = yield expr.expr, scope
    legs = list(value.legs)
    gone = set()
    for group in _groups(expr.contraction_indices):
        gone.update(group)
        for axis in group:
            legs[axis] = group[0]
    return join([(value, legs)], [k for k in value.legs if k not in gone])


def diagonal(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """Each group of axes joined; the joined axes come last, in the order given."""
    value = yield expr.expr, scope
    legs = list(value.legs)
    joined = _groups(expr.diagonal_indices)
    gone = {axis for group in joined for axis in group}
    for group in joined:
        for axis in group:
            legs[axis] = group[0]
    rest = [k for k in value.legs if k not in gone]
    return join([(value, legs)], [*rest, *(group[0] for group in joined)])


def _groups(indices: Any) -> list[list[int]]:
    """Groups of axes as integers of ours."""
    return [[int(axis) for axis in group] for group in indices]


def add(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """A sum of arrays of one shape."""
    terms: list[tuple[Value, object]] = []
    for part in expr.args:
        terms.append(((yield part, scope), 1))
    return combine(terms)


def permute(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """Axis k of the result is axis p(k)."""
    value = yield expr.expr, scope
    order = expr.permutation.array_form
    order = [*order, *range(len(order), len(value.own))]
    return join([(value, value.legs)], order)


def reshape(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """The same entries, the last axis fastest, in another shape."""
    value = yield expr.expr, scope
    lead = value.node.shape[: len(value.indices)]
    shape = (*lead, *(size_of(size) for size in expr.shape))
    return Value(numpy_shapes.reshape(value.node, shape), value.indices)


RULES: dict[type, Any] = {
    arrays.ArraySymbol: array_symbol,
    arrays.OneArray: ones,
    arrays.ZeroArray: zeros,
    arrays.ArrayTensorProduct: tensor_product,
    arrays.ArrayContraction: contraction,
    arrays.ArrayDiagonal: diagonal,
    arrays.ArrayAdd: add,
    arrays.PermuteDims: permute,
    arrays.Reshape: reshape,
}
