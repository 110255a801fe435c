"""A linear map as a sum of parts: what it does to arrays, from the factors alone.

The first `rows` axes are the value's, the others the variable's. Every product with an
array is a contraction of the factors with it, in the best order; nothing of the map's
size is formed unless `dense` is asked for.

>>> s = np.array([0.25, 0.75])
>>> delta = Part(((s, (0,)),), ((0,), (0,)), (2,))
>>> outer = Part(((-s, (0,)), (s, (1,))), ((0,), (1,)), (2, 2))
>>> softmax = LinearMap((delta, outer), (2, 2), 1, s.dtype)         # Diag(s) − s sᵀ
>>> applied(softmax, np.ones(2), (1,), (0,)).tolist()
[0.0, 0.0]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..pairwise import Array, Labels, contract
from .grouping import groups, kept_labels
from .parts import Part, assembled, entries_at, flat, joined, total
from .refinement import Wires, refined_parts


@dataclass(frozen=True, eq=False)
class LinearMap:
    """A sum of parts of one shape; the first `rows` axes are the value's."""

    parts: tuple[Part, ...]
    shape: tuple[int, ...]
    rows: int
    dtype: Any

    @property
    def value_shape(self) -> tuple[int, ...]:
        """The shape of what the map gives."""
        return self.shape[: self.rows]

    @property
    def variable_shape(self) -> tuple[int, ...]:
        """The shape of what the map takes."""
        return self.shape[self.rows :]

    @property
    def matrix_shape(self) -> tuple[int, int]:
        """The shape as a matrix: value entries × variable entries."""
        return prod(self.value_shape), prod(self.variable_shape)

    @property
    def is_square(self) -> bool:
        """Whether the matrix is square."""
        height, width = self.matrix_shape
        return height == width


def dense(linear_map: LinearMap, out: Array | None = None) -> Array:
    """The whole array, one axis an axis of value and variable."""
    return assembled(linear_map.parts, linear_map.shape, linear_map.dtype, out)


def as_matrix(linear_map: LinearMap) -> Array:
    """The whole array as a matrix."""
    return dense(linear_map).reshape(linear_map.matrix_shape)


def applied(
    linear_map: LinearMap,
    array: Array,
    given: Sequence[int],
    kept: Sequence[int],
    columns: bool = False,
) -> Array:
    """The map contracted with an array over the `given` axes; the `kept` ones stay.
    With `columns` the array has one more axis, which comes last in the result."""
    shape = tuple(linear_map.shape[k] for k in kept)
    width = array.shape[-1:] if columns else ()
    dtype = np.result_type(linear_map.dtype, array.dtype)
    found = [_contracted(p, array, given, kept, width) for p in linear_map.parts]
    if len(found) == 1 and found[0].pattern.dense and found[0].dtype == dtype:
        return found[0].core.reshape(shape + width)
    return assembled(found, shape + width, dtype)


def _contracted(
    part: Part,
    array: Array,
    given: Sequence[int],
    kept: Sequence[int],
    width: tuple[int, ...],
) -> Part:
    """One part contracted with an array, as a part with a single factor."""
    column = (len(part.sizes),) if width else ()
    taken = flat(part.axes[k] for k in given)
    vector = array.reshape([part.sizes[i] for i in taken] + list(width))
    axes = (*(part.axes[k] for k in kept), *((i,) for i in column))
    held = part.held.union(taken, column)
    out = tuple(dict.fromkeys(i for i in flat(axes) if i in held))
    core = contract([*part.factors, (vector, taken + column)], out)
    return Part(((core, out),), axes, part.sizes + width)


# -- diagonals -------------------------------------------------------------------------


def diagonal(linear_map: LinearMap) -> Array:
    """The diagonal of a map from a shape to the same shape, in that shape.

    Raises `ShapeError` for other maps.
    """
    if linear_map.value_shape != linear_map.variable_shape:
        raise ShapeError(
            f"a diagonal of the map {linear_map.matrix_shape} is not defined",
            hint="value and variable have one shape",
        )
    parts = [_diagonal_part(part, linear_map.rows) for part in _aligned(linear_map)]
    return assembled(parts, linear_map.value_shape, linear_map.dtype)


def trace(linear_map: LinearMap) -> Any:
    """The sum of the diagonal of a square map, without the diagonal.

    Raises `ShapeError` for other maps.
    """
    if linear_map.value_shape != linear_map.variable_shape:
        return diagonal(linear_map)
    parts = [_diagonal_part(part, linear_map.rows) for part in _aligned(linear_map)]
    return sum((total(part) for part in parts), linear_map.dtype.type(0))


def _aligned(linear_map: LinearMap) -> Iterator[Part]:
    """The parts with their axes split alike on both sides, or of one label each."""
    rows = linear_map.rows
    if all(_splits_alike(part, rows) for part in linear_map.parts):
        yield from linear_map.parts
        return
    split = refined_parts([(p, (0, 0), rows) for p in linear_map.parts])
    yield from linear_map.parts if split is None else split


def _splits_alike(part: Part, rows: int) -> bool:
    left, right = flat(part.axes[:rows]), flat(part.axes[rows:])
    return [part.sizes[i] for i in left] == [part.sizes[i] for i in right]


def _diagonal_part(part: Part, rows: int) -> Part:
    """The part restricted to equal value and variable axes: labels joined pairwise, or
    entry by entry where the axes are not split alike."""
    if not _splits_alike(part, rows):
        shape = part.shape[:rows]
        places = [k.ravel() for k in np.indices(shape)]
        found = entries_at(part, places * 2).reshape(shape)
        labels = tuple(range(rows))
        return Part(((found, labels),), tuple((i,) for i in labels), shape)
    left, right = flat(part.axes[:rows]), flat(part.axes[rows:])
    both = joined(part, zip(left, right, strict=True))
    return replace(both, axes=both.axes[:rows])


# -- new maps --------------------------------------------------------------------------


def transposed(linear_map: LinearMap, of: Callable[[Part], Part]) -> LinearMap:
    """The map from values to variables; `of` is done to every part on the way."""
    rows = linear_map.rows
    parts = tuple(
        replace(part, axes=part.axes[rows:] + part.axes[:rows])
        for part in map(of, linear_map.parts)
    )
    shape = linear_map.variable_shape + linear_map.value_shape
    return replace(
        linear_map, parts=parts, shape=shape, rows=len(linear_map.variable_shape)
    )


def composed(left: LinearMap, right: LinearMap) -> tuple[Part, ...]:
    """The parts of left ∘ right, whose factors are contracted where that makes them
    fewer entries.

    Raises `ShapeError` where the shapes between them differ.
    """
    if left.matrix_shape[1] != right.matrix_shape[0]:
        raise ShapeError(
            f"the maps {left.matrix_shape} and {right.matrix_shape} do not compose"
        )
    wires: list[Wires] = [(p, (0, 1), left.rows) for p in left.parts]
    wires += [(p, (1, 2), right.rows) for p in right.parts]
    split = refined_parts(wires)
    if split is None:
        product = applied(left, as_matrix(right), *_sides(left), columns=True).reshape(
            left.value_shape + right.variable_shape
        )
        labels = tuple(range(product.ndim))
        return (Part(((product, labels),), tuple((i,) for i in labels), product.shape),)
    first, second = split[: len(left.parts)], split[len(left.parts) :]
    return tuple(_product(a, left.rows, b, right.rows) for a in first for b in second)


def _sides(linear_map: LinearMap) -> tuple[range, range]:
    """The axes of the variable, and those of the value."""
    return range(linear_map.rows, len(linear_map.shape)), range(linear_map.rows)


def _product(a: Part, a_rows: int, b: Part, b_rows: int) -> Part:
    """One part after another: the labels between them joined, and summed."""
    shift = len(a.sizes)
    moved = tuple(tuple(i + shift for i in axis) for axis in b.axes)
    factors = tuple(
        (array, tuple(i + shift for i in labels)) for array, labels in b.factors
    )
    middle = flat(a.axes[a_rows:]), flat(moved[:b_rows])
    whole = Part(a.factors + factors, a.axes + moved, a.sizes + b.sizes)
    both = joined(whole, zip(*middle, strict=True))
    count = len(a.axes)
    axes = both.axes[:a_rows] + both.axes[count + b_rows :]
    inner = flat(both.axes[a_rows : count + b_rows])
    return reduced(_counted(replace(both, axes=axes), inner))


def _counted(part: Part, inner: Labels) -> Part:
    """With the number of values of summed labels that nothing carries as a factor."""
    lone = set(inner) - part.held - set(part.shown)
    if not lone:
        return part
    factor = np.asarray(prod(part.sizes[i] for i in lone), part.dtype)
    return replace(part, factors=((factor, ()), *part.factors))


def reduced(part: Part) -> Part:
    """The part with its factors contracted as far as that makes them smaller."""
    labels = [row for _, row in part.factors]
    sizes = dict(enumerate(part.sizes))
    factors = []
    for group in groups(labels, part.shown, sizes):
        kept = kept_labels(group, labels, part.shown)
        rows = [part.factors[k] for k in group]
        whole = len(rows) == 1 and rows[0][1] == kept
        factors.append((rows[0][0] if whole else contract(rows, kept), kept))
    return replace(part, factors=tuple(factors))


def by_positions(linear_map: LinearMap) -> LinearMap | None:
    """The same map with an axis for every label, cut alike in all parts, and on both
    sides if it is square; None where cuts cross."""
    if linear_map.parts and _is_cut(linear_map):
        return linear_map
    spaces = (0, 0) if linear_map.is_square else (0, 1)
    rows = linear_map.rows
    split = refined_parts([(p, spaces, rows) for p in linear_map.parts])
    if not split:
        return None
    count = len(flat(split[0].axes[:rows]))
    parts = tuple(
        replace(part, axes=tuple((i,) for i in flat(part.axes))) for part in split
    )
    return LinearMap(parts, parts[0].shape, count, linear_map.dtype)


def _is_cut(linear_map: LinearMap) -> bool:
    """Whether every axis is one label already, the same lengths on both sides."""
    sides = linear_map.value_shape, linear_map.variable_shape
    alike = sides[0] == sides[1] or not linear_map.is_square
    long = all(n > 1 for n in linear_map.shape)
    axes = (axis for part in linear_map.parts for axis in part.axes)
    return alike and long and all(len(axis) == 1 for axis in axes)
