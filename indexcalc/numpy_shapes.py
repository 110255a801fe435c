"""NumPy's functions of shape on nodes: reshape, transpose, moveaxis, squeeze, …

A reshape groups axes and splits groups, which is wiring: an axis of size n·m is split
by an operand that is nothing but the group (i, j) beside i and j.

>>> from indexcalc.expr import tensor
>>> X = tensor("X", ("n", 6))
>>> reshape(X, (-1, 2, 3)).shape == (*X.shape[:1], 2, 3)
True
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

from . import expr, matrix
from .broadcasting import (
    alike,
    as_node,
    axes_of,
    axis_of,
    dropped,
    inserted,
    moved,
    spread_to,
)
from .errors import ShapeError, UnsupportedError
from .nodes import Node
from .sizes import Dim, Shape, Size, parse_shape, shape_text, times

# -- reshape ---------------------------------------------------------------------------


def reshape(a: object, shape: Any, order: str = "C", *, copy: object = None) -> Node:
    """The same entries in another shape; one size may be -1. A symbolic size is kept,
    grouped with others, or split where the products of sizes agree.

    Raises `ShapeError` where the numbers of entries differ.
    """
    node = as_node(a)
    target = _target(node.shape, _sizes(shape))
    if order not in ("C", "A", "F"):
        raise UnsupportedError(
            f"reshape of symbols has no order {order!r}", hint="C or F"
        )
    if order == "F":
        turned = reshape(matrix.transpose(node), target[::-1])
        return matrix.transpose(turned)
    if 0 in target:
        return expr.zero(target)
    return _regrouped(node, target)


def _sizes(shape: Any) -> list[Size]:
    given = shape if isinstance(shape, (list, tuple)) else [shape]
    return [s if isinstance(s, Dim) else _integer(s) for s in given]


def _integer(size: object) -> int:
    try:
        return operator.index(size)  # type: ignore[arg-type]
    except TypeError:
        raise ShapeError(f"{size!r} is not a size", hint="give an integer") from None


def _target(old: Shape, new: list[Size]) -> Shape:
    """The new shape with -1 replaced."""
    open_ = [k for k, size in enumerate(new) if size == -1]
    if len(open_) > 1:
        raise ShapeError("a shape has one -1 at most")
    if open_:
        others = [size for size in new if size != -1]
        new[open_[0]] = _quotient(old, others)
    if times(*old) != times(*new):
        raise ShapeError(
            f"{shape_text(old)} cannot be reshaped to {shape_text(new)}: the numbers "
            "of entries differ"
        )
    return tuple(new)


def _quotient(old: Shape, others: Sequence[Size]) -> Size:
    """The size that makes the products equal; equal symbolic sizes cancel."""
    left, right = [s for s in old if s != 1], []
    for size in others:
        if size in left and isinstance(size, Dim):
            left.remove(size)
        else:
            right.append(size)
    numbers = math.prod(s for s in left if isinstance(s, int))
    symbols = [s for s in left if isinstance(s, Dim)]
    divisor = math.prod(s for s in right if isinstance(s, int))
    if any(isinstance(s, Dim) for s in right) or not divisor or numbers % divisor:
        raise ShapeError(
            f"no size fills up {shape_text(others)} to the entries of {shape_text(old)}"
        )
    return times(numbers // divisor, *symbols)


def _blocks(old: Shape, new: Shape) -> list[tuple[list[int], list[int]]]:
    """The shortest runs of old and new axes with equal products, axes of size 1 left
    out."""
    left = [k for k, size in enumerate(old) if size != 1]
    right = [k for k, size in enumerate(new) if size != 1]
    blocks = []
    i = j = 0
    while i < len(left) or j < len(right):
        p, q = _block(
            [old[k] for k in left[i:]], [new[k] for k in right[j:]], shape_text(old)
        )
        blocks.append((left[i : i + p], right[j : j + q]))
        i, j = i + p, j + q
    return blocks


def _block(old: Sequence[Size], new: Sequence[Size], text: str) -> tuple[int, int]:
    pairs = [(p, q) for p in range(1, len(old) + 1) for q in range(1, len(new) + 1)]
    for p, q in sorted(pairs, key=sum):
        if times(*old[:p]) == times(*new[:q]):
            return p, q
    raise ShapeError(f"{text} cannot be reshaped to {shape_text(new)}")


def _regrouped(node: Node, target: Shape) -> Node:
    legs = list(range(len(node.shape)))
    operands: list[tuple[Node, Sequence[int]]] = [(node, legs)]
    out: list[Any] = [()] * len(target)
    spare = len(legs)
    for old, new in _blocks(node.shape, target):
        if len(new) == 1:
            out[new[0]] = tuple(legs[k] for k in old)
            continue
        if len(old) > 1:
            return _regrouped(_grouped(node, old), target)
        fresh = list(range(spare, spare + len(new)))
        spare += len(new)
        operands.append((splitter([target[k] for k in new]), [legs[old[0]], *fresh]))
        for k, leg in zip(new, fresh, strict=True):
            out[k] = leg
    return expr.einsum(operands, out)


def _grouped(node: Node, axes: Sequence[int]) -> Node:
    """A run of axes made one."""
    legs = range(len(node.shape))
    head, rest = axes[0], axes[1:]
    out = [tuple(axes) if k == head else (k,) for k in legs if k not in rest]
    return expr.einsum([(node, legs)], out)


def splitter(sizes: Sequence[Size]) -> Node:
    """The tensor of axes (i j …), i, j, …: an axis of the product of sizes opened."""
    legs = range(len(sizes))
    return expr.einsum([], [tuple(legs), *legs], dict(enumerate(sizes)))


def ravel(a: object, order: str = "C") -> Node:
    """All entries in one axis."""
    return reshape(a, (-1,), order) if order != "K" else reshape(a, (-1,))


# -- axes ------------------------------------------------------------------------------


def transpose(a: object, axes: Any = None) -> Node:
    """The axes in another order, reversed by default."""
    node = as_node(a)
    if axes is None:
        return matrix.transpose(node)
    return matrix.transpose(node, axes_of(tuple(axes), len(node.shape)))


def matrix_transpose(x: object) -> Node:
    """The last two axes exchanged."""
    node = as_node(x)
    if len(node.shape) < 2:
        raise ShapeError(f"a transpose of {shape_text(node.shape)} needs two axes")
    return expr.swapped(node)


def swapaxes(a: object, axis1: int, axis2: int) -> Node:
    """Two axes exchanged."""
    node = as_node(a)
    order = list(range(len(node.shape)))
    i, j = axis_of(axis1, len(order)), axis_of(axis2, len(order))
    order[i], order[j] = order[j], order[i]
    return matrix.transpose(node, order)


def moveaxis(a: object, source: Any, destination: Any) -> Node:
    """Axes taken to other places."""
    node = as_node(a)
    order = len(node.shape)
    return moved(
        node, axes_of(listed(source), order), axes_of(listed(destination), order)
    )


def rollaxis(a: object, axis: int, start: int = 0) -> Node:
    """An axis taken in front of another."""
    node = as_node(a)
    order = len(node.shape)
    axis = axis_of(axis, order)
    place = order if start == order else axis_of(start, order)
    return moved(node, [axis], [place - (axis < place)])


def listed(axes: Any) -> tuple[Any, ...]:
    return tuple(axes) if isinstance(axes, (list, tuple)) else (axes,)


def squeeze(a: object, axis: Any = None) -> Node:
    """Axes of size 1 left out: all, or those named, which must have size 1."""
    node = as_node(a)
    if axis is None:
        return dropped(node, [k for k, size in enumerate(node.shape) if size == 1])
    axes = axes_of(axis, len(node.shape))
    if any(node.shape[k] != 1 for k in axes):
        raise ShapeError(
            f"only an axis of size 1 can be squeezed out of {shape_text(node.shape)}"
        )
    return dropped(node, axes)


def expand_dims(a: object, axis: Any) -> Node:
    """New axes of size 1."""
    node = as_node(a)
    axes = listed(axis)
    return inserted(node, axes_of(axes, len(node.shape) + len(axes)))


def at_least_axes(order: int, node: Node) -> Node:
    """Axes of size 1 added, as np.atleast_1d and its kin do."""
    missing = order - len(node.shape)
    if missing <= 0:
        return node
    places = {(3, 1): [0, 2], (3, 2): [2]}.get((order, len(node.shape)))
    return inserted(node, places or list(range(missing)))


def at_least(order: int, arrays: Sequence[object]) -> Any:
    """np.atleast_1d, 2d, 3d of one array, or a tuple of several."""
    nodes = [at_least_axes(order, as_node(a)) for a in arrays]
    return nodes[0] if len(nodes) == 1 else tuple(nodes)


def broadcast_to(array: object, shape: Any) -> Node:
    """An array broadcast to a shape."""
    return spread_to(as_node(array), shape_of(shape))


def shape_of(shape: Any) -> Shape:
    """A shape from sizes or one size."""
    return parse_shape(shape if isinstance(shape, (list, tuple)) else (shape,))


def broadcast_arrays(*args: object) -> tuple[Node, ...]:
    """Arrays broadcast to their common shape."""
    return tuple(alike([as_node(a) for a in args]))


# -- like ------------------------------------------------------------------------------


def filled_like(value: object, a: object, shape: Any = None) -> Node:
    """A number in the shape of an array, or in another."""
    target = as_node(a).shape if shape is None else shape_of(shape)
    return spread_to(as_node(value), target)


def size_of(a: object, axis: int | None = None) -> Size:
    """The number of entries, or the size of an axis."""
    shape = as_node(a).shape
    return times(*shape) if axis is None else shape[axis_of(axis, len(shape))]
