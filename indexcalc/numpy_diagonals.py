"""NumPy's diagonals, traces and triangles on nodes.

On the main diagonal two axes share one index; an offset needs literal sizes, or embeds;
likewise for triangles, which are masks.

>>> from indexcalc.expr import tensor
>>> x = tensor("x", ("n",))
>>> diagonal(diag(x)) is x
True
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import expr, matrix
from .broadcasting import as_node, axes_of, dropped, last, literal, multiply, spread_to
from .errors import ShapeError
from .nodes import Node
from .numpy_indexing import getitem
from .numpy_shapes import ravel
from .sizes import shape_text
from .structure_matrices import lower_mask

# -- diagonals -------------------------------------------------------------------------


def diag(v: object, k: int = 0) -> Node:
    """A vector on the k-th diagonal of a matrix, or the k-th diagonal of a matrix."""
    node = as_node(v)
    if len(node.shape) == 1:
        return _on_diagonal(node, k)
    if len(node.shape) != 2:
        raise ShapeError(
            f"diag takes a vector or a matrix, and this is {shape_text(node.shape)}"
        )
    return diagonal(node, k)


def diagflat(v: object, k: int = 0) -> Node:
    """All entries on the k-th diagonal of a matrix."""
    return _on_diagonal(ravel(v), k)


def _on_diagonal(x: Node, k: int) -> Node:
    if k == 0:
        return matrix.diagonal_matrix(x)
    n = x.shape[0]
    total = n + abs(k)
    rows = matrix.embed(max(-k, 0), n, total)
    columns = matrix.embed(max(k, 0), n, total)
    return expr.einsum([(x, [0]), (rows, [1, 0]), (columns, [2, 0])], [1, 2])


def diagonal(a: object, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Node:
    """The entries with equal indices (or differing by the offset) on two axes, on a new
    last axis."""
    node = as_node(a)
    if len(node.shape) < 2:
        raise ShapeError(f"a diagonal of {shape_text(node.shape)} needs two axes")
    node = last(node, axes_of((axis1, axis2), len(node.shape)))
    rows, columns = node.shape[-2:]
    if offset or rows != columns:
        m, n = literal(rows, "this diagonal"), literal(columns, "this diagonal")
        i, j = max(-offset, 0), max(offset, 0)
        length = max(min(m - i, n - j), 0)
        if not length:
            return expr.zero((*node.shape[:-2], 0))
        window = (..., slice(i, i + length), slice(j, j + length))
        node = getitem(node, window)
    legs = list(range(len(node.shape) - 1))
    if node.shape[-1] == 1:
        return dropped(node, [len(legs)])
    return expr.einsum([(node, [*legs, legs[-1]])], legs)


def linalg_diagonal(x: object, offset: int = 0) -> Node:
    """The diagonals of the last two axes."""
    return diagonal(x, offset, -2, -1)


def trace(a: object, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Node:
    """The sum of a diagonal."""
    node = diagonal(a, offset, axis1, axis2)
    return matrix.total(node, [len(node.shape) - 1])


def linalg_trace(x: object, offset: int = 0) -> Node:
    """The traces of the last two axes."""
    return trace(x, offset, -2, -1)


def tril(m: object, k: int = 0) -> Node:
    """The entries on and below the k-th diagonal, the others 0."""
    return _triangle(np.tril, as_node(m), k)


def triu(m: object, k: int = 0) -> Node:
    """The entries on and above the k-th diagonal, the others 0."""
    return _triangle(np.triu, as_node(m), k)


def _triangle(cut: Any, node: Node, k: int) -> Node:
    if len(node.shape) == 1:
        node = spread_to(node, (node.shape[0], *node.shape))
    if not node.shape:
        raise ShapeError("a scalar has no triangle")
    rows, columns = node.shape[-2:]
    if k == 0:
        lower = lower_mask(rows, columns)
        upper = expr.swapped(lower_mask(columns, rows))
        return multiply(node, lower if cut is np.tril else upper)
    sizes = [literal(size, "a triangle off the diagonal") for size in (rows, columns)]
    return multiply(node, as_node(cut(np.ones(sizes), k)))
