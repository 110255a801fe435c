"""NumPy's reductions on nodes: sum, mean, var, prod, max, cumsum, logsumexp, softmax.

A sum leaves an index out of the result; with `keepdims` the axis becomes a group of no
indices. What is no contraction, prod and max, needs literal sizes.

>>> from indexcalc.expr import tensor
>>> X = tensor("X", ("n", "p"))
>>> total(X, axis=0, keepdims=True).shape == (1, X.shape[1])
True
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from . import expr, matrix
from .broadcasting import (
    as_node,
    axes_of,
    axis_of,
    count_of,
    divide,
    elementwise,
    inserted,
    last,
    literal,
    multiply,
    subtract,
)
from .errors import ShapeError, UnsupportedError
from .functions import call
from .functions import power as constant_power
from .nodes import Node
from .numpy_indexing import getitem
from .sizes import shape_text

# -- sums ------------------------------------------------------------------------------


def total(a: object, axis: Any = None, *, keepdims: bool = False) -> Node:
    """Σ along axes, all by default."""
    node = as_node(a)
    axes = axes_of(axis, len(node.shape))
    legs = range(len(node.shape))
    out: list[Any] = [() if k in axes else k for k in legs if keepdims or k not in axes]
    return expr.einsum([(node, legs)], out)


def mean(a: object, axis: Any = None, *, keepdims: bool = False) -> Node:
    """The mean along axes."""
    node = as_node(a)
    count = count_of(node.shape, axes_of(axis, len(node.shape)))
    return divide(total(node, axis, keepdims=keepdims), count)


def average(
    a: object, axis: Any = None, weights: object = None, *, keepdims: bool = False
) -> Node:
    """The mean with weights of a's shape, or of the shape of the axes."""
    node = as_node(a)
    if weights is None:
        return mean(node, axis, keepdims=keepdims)
    weight = as_node(weights)
    if weight.shape != node.shape:
        weight = _along(weight, node, axis)
    weighted = total(multiply(node, weight), axis, keepdims=keepdims)
    return divide(weighted, total(weight, axis, keepdims=keepdims))


def _along(weight: Node, node: Node, axis: Any) -> Node:
    axes = axes_of(axis, len(node.shape))
    if weight.shape != tuple(node.shape[k] for k in axes):
        raise ShapeError(
            f"weights of shape {shape_text(weight.shape)} for an average of "
            f"{shape_text(node.shape)}"
        )
    weight = matrix.transpose(weight, sorted(range(len(axes)), key=axes.__getitem__))
    return inserted(weight, [k for k in range(len(node.shape)) if k not in axes])


def var(
    a: object, axis: Any = None, *, ddof: Any = 0, keepdims: bool = False,
    correction: Any = 0,
) -> Node:  # fmt: skip
    """Σ (x − mean)²/(N − ddof) along axes."""
    node = as_node(a)
    count = count_of(node.shape, axes_of(axis, len(node.shape)))
    away = subtract(node, mean(node, axis, keepdims=True))
    squares = total(constant_power(away, 2), axis, keepdims=keepdims)
    return divide(squares, subtract(count, as_node(ddof or correction)))


def std(
    a: object, axis: Any = None, *, ddof: Any = 0, keepdims: bool = False,
    correction: Any = 0,
) -> Node:  # fmt: skip
    """√var."""
    spread = var(a, axis, ddof=ddof, keepdims=keepdims, correction=correction)
    return matrix.elementwise("sqrt", spread)


def cov(
    m: object,
    y: object = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: Any = None,
) -> Node:
    """The covariance matrix of the rows of m, or of its columns."""
    if y is not None:
        raise UnsupportedError(
            "np.cov of two arrays of symbols", hint="stack them first"
        )
    node = as_node(m)
    if len(node.shape) > 2 or not node.shape:
        raise ShapeError(f"cov takes a matrix, and this is {shape_text(node.shape)}")
    vector = len(node.shape) == 1
    rows = inserted(node, [0]) if vector else node
    if not rowvar and not vector:
        rows = matrix.transpose(rows)
    away = subtract(rows, mean(rows, 1, keepdims=True))
    fewer = ddof if ddof is not None else 0 if bias else 1
    count = subtract(count_of(rows.shape, [1]), as_node(fewer))
    products = expr.einsum([(away, [0, 2]), (away, [1, 2])], [0, 1])
    result = divide(products, count)
    return total(result) if result.shape == (1, 1) else result


def trapezoid(y: object, x: object = None, dx: Any = 1.0, axis: int = -1) -> Node:
    """Σ (y_k + y_{k+1})/2 · (x_{k+1} − x_k) along an axis of literal size."""
    node = as_node(y)
    node = last(node, [axis_of(axis, len(node.shape))])
    ends = _at(node, slice(1, None)), _at(node, slice(None, -1))
    middle = expr.linear([(end, 0.5) for end in ends], ends[0].shape)
    widths = as_node(dx) if x is None else diff(x)
    return total(multiply(middle, widths), -1)


# -- running ---------------------------------------------------------------------------


def cumsum(a: object, axis: int | None = None) -> Node:
    """Σ up to each entry along an axis of literal size: a triangle of ones."""
    node = as_node(a)
    if axis is None:
        node, axis = matrix.vec(node, "C"), 0
    place = axis_of(axis, len(node.shape))
    n = literal(node.shape[place], "cumsum")
    legs = list(range(len(node.shape)))
    out = [len(legs) if k == place else k for k in legs]
    triangle = as_node(np.tril(np.ones((n, n))))
    return expr.einsum([(node, legs), (triangle, [len(legs), place])], out)


def diff(a: object, n: int = 1, axis: int = -1) -> Node:
    """The n-th differences x_{k+1} − x_k along an axis of literal size."""
    node = as_node(a)
    place = axis_of(axis, len(node.shape))
    lead = (slice(None),) * place
    for _ in range(n):
        size = literal(node.shape[place], "diff")
        high = getitem(node, (*lead, slice(min(1, size), None)))
        low = getitem(node, (*lead, slice(None, max(size - 1, 0))))
        node = subtract(high, low)
    return node


def _at(node: Node, place: Any) -> Node:
    return getitem(node, (..., place))


# -- products and extremes -------------------------------------------------------------


def _slices(node: Node, axis: int, what: str) -> list[Node]:
    n = literal(node.shape[axis], what)
    lead = (slice(None),) * axis
    return [getitem(node, (*lead, k)) for k in range(n)]


def _folded(
    what: str,
    fold: Callable[[Sequence[Node]], Node],
    a: object,
    axis: Any = None,
    *,
    keepdims: bool = False,
) -> Node:
    """A fold over the slices along each of the axes in turn."""
    node = as_node(a)
    axes = axes_of(axis, len(node.shape))
    for k in sorted(axes, reverse=True):
        parts = _slices(node, k, what)
        rest = node.shape[:k] + node.shape[k + 1 :]
        if not parts and fold is not _multiplied:
            raise ShapeError(f"{what} of an axis without entries has no value")
        node = fold(parts) if parts else matrix.ones(*rest)
    return inserted(node, axes) if keepdims else node


def _multiplied(parts: Sequence[Node]) -> Node:
    return multiply(*parts)


def _halved(name: str, parts: Sequence[Node]) -> Node:
    """A balanced tree of a function of two arguments."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return elementwise(
        name, _halved(name, parts[:middle]), _halved(name, parts[middle:])
    )


prod = partial(_folded, "prod", _multiplied)
largest = partial(_folded, "max", partial(_halved, "max"))
smallest = partial(_folded, "min", partial(_halved, "min"))


def ptp(a: object, axis: Any = None, *, keepdims: bool = False) -> Node:
    """The largest less the smallest entry."""
    high = largest(a, axis, keepdims=keepdims)
    return subtract(high, smallest(a, axis, keepdims=keepdims))


# -- exponentials ----------------------------------------------------------------------


def logsumexp(a: object, axis: Any = None, *, keepdims: bool = False) -> Node:
    """log Σ exp along axes, without overflow."""
    node = as_node(a)
    axes = axes_of(axis, len(node.shape))
    if not axes:
        return node
    turned = last(node, axes)
    split = len(node.shape) - len(axes)
    legs = list(range(len(node.shape)))
    out = [*((k,) for k in legs[:split]), tuple(legs[split:])]
    result = call("lse", [expr.einsum([(turned, legs)], out)])
    return inserted(result, axes) if keepdims else result


def softmax(x: object, axis: Any = -1) -> Node:
    """exp(x)/Σ exp(x) along axes."""
    node = as_node(x)
    if isinstance(axis, (int, np.integer)):
        order = len(node.shape)
        place = axis_of(axis, order)
        turned = matrix.softmax(last(node, [place]))
        lead = list(range(order - 1))
        return matrix.transpose(turned, [*lead[:place], order - 1, *lead[place:]])
    return elementwise("exp", log_softmax(node, axis))


def log_softmax(x: object, axis: Any = -1) -> Node:
    """x − log Σ exp(x) along axes."""
    node = as_node(x)
    return subtract(node, logsumexp(node, axis, keepdims=True))
