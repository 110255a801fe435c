"""NumPy's joining, parting and rearranging of arrays on nodes.

Joining places every part by an embedding among zeros; parting and rearranging are
subscripts. Repeating is wiring: a group with an index that no operand carries.

>>> from indexcalc.expr import tensor
>>> x = tensor("x", ("n",))
>>> concatenate([x, x]).shape == (x.shape[0] + x.shape[0],)
True
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import expr, matrix
from .broadcasting import as_node, axes_of, axis_of, inserted, literal
from .broadcasting import stack as stack_nodes
from .errors import ShapeError, UnsupportedError
from .nodes import Node
from .numpy_indexing import getitem
from .numpy_shapes import at_least_axes, listed, ravel, reshape, swapaxes
from .sizes import as_size, shape_text

# -- joining and parting ---------------------------------------------------------------


def concatenate(arrays: Any, axis: int | None = 0) -> Node:
    """Arrays end to end along an axis; along their only axis, ravelled, for None."""
    nodes = [as_node(a) for a in arrays]
    if not nodes:
        raise ShapeError("there is nothing to concatenate")
    if axis is None:
        nodes, axis = [ravel(node) for node in nodes], 0
    if not nodes[0].shape:
        raise ShapeError("scalars cannot be concatenated", hint="use np.stack")
    orders = {len(node.shape) for node in nodes}
    if len(orders) > 1:
        shapes = " and ".join(shape_text(node.shape) for node in nodes)
        raise ShapeError(f"arrays of shapes {shapes} cannot be concatenated")
    place = axis_of(axis, orders.pop())
    solid = [node for node in nodes if node.shape[place] != 0]
    rest = {node.shape[:place] + node.shape[place + 1 :] for node in nodes}
    return matrix.stacked(solid if solid and len(rest) == 1 else nodes, place)


def append(arr: object, values: object, axis: int | None = None) -> Node:
    """Two arrays end to end."""
    return concatenate([arr, values], axis)


def stack(arrays: Any, axis: int = 0) -> Node:
    """Arrays of one shape along a new axis."""
    nodes = [as_node(a) for a in arrays]
    shapes = {node.shape for node in nodes}
    if len(shapes) != 1:
        text = " and ".join(map(shape_text, dict.fromkeys(n.shape for n in nodes)))
        raise ShapeError(f"arrays of shapes {text or 'none'} cannot be stacked")
    return stack_nodes(nodes, axis_of(axis, len(nodes[0].shape) + 1))


def vstack(tup: Any) -> Node:
    """Rows on top of each other."""
    return concatenate([at_least_axes(2, as_node(a)) for a in tup], 0)


def hstack(tup: Any) -> Node:
    """Columns beside each other; vectors end to end."""
    nodes = [at_least_axes(1, as_node(a)) for a in tup]
    return concatenate(nodes, 0 if nodes and len(nodes[0].shape) == 1 else 1)


def dstack(tup: Any) -> Node:
    """Matrices behind each other."""
    return concatenate([at_least_axes(3, as_node(a)) for a in tup], 2)


def column_stack(tup: Any) -> Node:
    """Vectors as the columns of a matrix."""
    nodes = [as_node(a) for a in tup]
    columns = [
        matrix.transpose(at_least_axes(2, n)) if len(n.shape) < 2 else n for n in nodes
    ]
    return concatenate(columns, 1)


def block(arrays: Any) -> Node:
    """Nested lists of blocks: the innermost lists along the last axis."""
    depth = _depth(arrays)
    leaves = list(_leaves(arrays))
    order = max([depth, *(len(leaf.shape) for leaf in leaves)])
    return _assembled(arrays, depth, order)


def _depth(arrays: Any) -> int:
    if not isinstance(arrays, list):
        return 0
    depths = {_depth(part) for part in arrays}
    if len(depths) != 1:
        raise ShapeError("the lists of a block matrix must be nested alike")
    return 1 + depths.pop()


def _leaves(arrays: Any) -> list[Node]:
    if not isinstance(arrays, list):
        return [as_node(arrays)]
    return [leaf for part in arrays for leaf in _leaves(part)]


def _assembled(arrays: Any, depth: int, order: int) -> Node:
    if not depth:
        node = as_node(arrays)
        return inserted(node, list(range(order - len(node.shape))))
    parts = [_assembled(part, depth - 1, order) for part in arrays]
    return concatenate(parts, order - depth)


def split(ary: object, indices_or_sections: Any, axis: int = 0) -> list[Node]:
    """An axis of literal size cut into equal parts, or at places."""
    node = as_node(ary)
    n = literal(node.shape[axis_of(axis, len(node.shape))], "split")
    if isinstance(indices_or_sections, int) and n % (indices_or_sections or 1):
        raise ShapeError(
            f"an axis of size {n} has no {indices_or_sections} equal parts"
        )
    return array_split(node, indices_or_sections, axis)


def array_split(ary: object, indices_or_sections: Any, axis: int = 0) -> list[Node]:
    """An axis of literal size cut into parts as equal as can be, or at places."""
    node = as_node(ary)
    place = axis_of(axis, len(node.shape))
    entries = np.arange(literal(node.shape[place], "split"))
    pieces = np.array_split(entries, indices_or_sections)
    lead = (slice(None),) * place
    starts = [int(piece[0]) if piece.size else 0 for piece in pieces]
    return [
        getitem(node, (*lead, slice(start, start + len(piece))))
        for start, piece in zip(starts, pieces, strict=True)
    ]


def unstack(x: object, axis: int = 0) -> tuple[Node, ...]:
    """The slices along an axis of literal size."""
    node = as_node(x)
    place = axis_of(axis, len(node.shape))
    lead = (slice(None),) * place
    n = literal(node.shape[place], "unstack")
    return tuple(getitem(node, (*lead, k)) for k in range(n))


# -- rearranging -----------------------------------------------------------------------


def _at(node: Node, axis: int, place: Any) -> Node:
    """A subscript on one axis."""
    return getitem(node, (*(slice(None),) * axis, place))


def flip(m: object, axis: Any = None) -> Node:
    """Axes of literal size in reverse."""
    node = as_node(m)
    for k in axes_of(axis, len(node.shape)):
        node = _at(node, k, slice(None, None, -1))
    return node


def rot90(m: object, k: int = 1, axes: Any = (0, 1)) -> Node:
    """Two axes turned by k quarter turns."""
    node = as_node(m)
    first, second = axes_of(tuple(axes), len(node.shape))
    if k % 4 == 2:
        return flip(node, (first, second))
    if k % 4 == 1:
        return swapaxes(flip(node, second), first, second)
    return flip(swapaxes(node, first, second), second) if k % 4 else node


def roll(a: object, shift: Any, axis: Any = None) -> Node:
    """Entries moved along axes of literal size, round the end."""
    node = as_node(a)
    if axis is None:
        return reshape(roll(ravel(node), shift, 0), node.shape)
    axes, shifts = listed(axis), listed(shift)
    count = max(len(axes), len(shifts))
    axes, shifts = (part * count if len(part) == 1 else part for part in (axes, shifts))
    for k, by in zip(axes, shifts, strict=True):
        place = axis_of(k, len(node.shape))
        n = literal(node.shape[place], "roll")
        if n and by % n:
            node = _at(node, place, np.roll(np.arange(n), by))
    return node


def take(a: object, indices: Any, axis: int | None = None) -> Node:
    """Entries by their indices along an axis, or of the ravelled array."""
    node = as_node(a) if axis is not None else ravel(a)
    place = 0 if axis is None else axis_of(axis, len(node.shape))
    chosen = np.asarray(indices)
    if chosen.dtype.kind == "f" and not np.isfinite(chosen).all():
        raise ShapeError("an index that is not finite", hint="indices are integers")
    return _at(node, place, chosen if chosen.ndim else int(chosen))


def delete(arr: object, obj: Any, axis: int | None = None) -> Node:
    """An axis of literal size without some entries."""
    node = as_node(arr) if axis is not None else ravel(arr)
    place = 0 if axis is None else axis_of(axis, len(node.shape))
    kept = np.delete(np.arange(literal(node.shape[place], "delete")), obj)
    return _at(node, place, kept)


def repeat(a: object, repeats: Any, axis: int | None = None) -> Node:
    """Every entry along an axis several times: all alike, or each its own number."""
    node = as_node(a) if axis is not None else ravel(a)
    place = 0 if axis is None else axis_of(axis, len(node.shape))
    counts = np.asarray(repeats)
    if counts.size != 1:
        n = literal(node.shape[place], "repeat")
        return _at(node, place, np.repeat(np.arange(n), counts))
    legs = list(range(len(node.shape)))
    out: list[Any] = list(legs)
    out[place] = (place, len(legs))
    return expr.einsum([(node, legs)], out, {len(legs): as_size(counts.item())})


def tile(A: object, reps: Any) -> Node:
    """The array several times along each axis."""
    node = as_node(A)
    counts = [as_size(r) for r in listed(reps)]
    order = max(len(counts), len(node.shape))
    node = inserted(node, list(range(order - len(node.shape))))
    counts = [*[1] * (order - len(counts)), *counts]
    out = [(order + k, k) for k in range(order)]
    dims = dict(enumerate(counts, order))
    return expr.einsum([(node, range(order))], out, dims)


def pad(
    array: object, pad_width: Any, mode: str = "constant", constant_values: Any = 0
) -> Node:
    """Zeros round an array, before and after each axis as `pad_width` says."""
    node = as_node(array)
    if mode != "constant" or np.any(constant_values):
        raise UnsupportedError(
            "np.pad of symbols only pads with zeros",
            hint="concatenate what is to be there",
        )
    order = len(node.shape)
    widths = np.broadcast_to(np.asarray(pad_width), (order, 2)).tolist()
    legs = list(range(order))
    operands: list[tuple[Node, Sequence[int]]] = [(node, legs)]
    out = list(legs)
    for k, (before, after) in enumerate(widths):
        size = node.shape[k]
        if size != 0 and (before or after):
            place = matrix.embed(before, size, size + (before + after))
            operands.append((place, [order + k, k]))
            out[k] = order + k
    if 0 in node.shape:
        return expr.zero(
            size + (before + after)
            for size, (before, after) in zip(node.shape, widths, strict=True)
        )
    return expr.einsum(operands, out)


def hsplit(ary: object, indices_or_sections: Any) -> list[Node]:
    """Columns parted; entries of a vector."""
    node = as_node(ary)
    return split(node, indices_or_sections, 0 if len(node.shape) == 1 else 1)
