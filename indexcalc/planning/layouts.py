"""How arrays lie in memory: shapes and strides, and what becomes of them, as in NumPy.

A `Layout` says which entry lies where, in entries from the first one. Views are new
layouts of the same memory; a reshaping that no strides can say is None.

>>> matrix = in_order((3, 4))
>>> matrix.strides, turned(matrix, (1, 0)).strides
((4, 1), (1, 4))
>>> reshaped(turned(matrix, (1, 0)), (12,)) is None
True
>>> cut(matrix, (slice(0, 2), None)).shape
(2, 1, 4)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import prod
from typing import Any, NamedTuple

Shape = tuple[int, ...]


class Layout(NamedTuple):
    """Lengths of axes, and how many entries of memory a step along each axis is."""

    shape: Shape
    strides: Shape

    @property
    def size(self) -> int:
        """The number of entries."""
        return prod(self.shape)

    @property
    def contiguous(self) -> bool:
        """Whether the entries lie one after the other in C order."""
        wanted = in_order(self.shape).strides
        rows = zip(self.shape, self.strides, wanted, strict=True)
        return all(n == 1 or stride == want for n, stride, want in rows)


def in_order(shape: Sequence[int], order: Sequence[int] | None = None) -> Layout:
    """A new array whose axes lie in an order, the outermost first.

    >>> in_order((2, 3), (1, 0)).strides
    (1, 2)
    """
    strides, step = [0] * len(shape), 1
    for axis in reversed(order if order is not None else range(len(shape))):
        strides[axis] = step
        step *= shape[axis]
    return Layout(tuple(shape), tuple(strides))


def turned(layout: Layout, order: Sequence[int]) -> Layout:
    """The axes in another order."""
    axes = [k % len(layout.shape) for k in order]
    return Layout(
        tuple(layout.shape[k] for k in axes), tuple(layout.strides[k] for k in axes)
    )


def spread(layout: Layout, shape: Sequence[int]) -> Layout:
    """The array broadcast to a shape."""
    missing = len(shape) - len(layout.shape)
    lengths = (1,) * missing + layout.shape
    strides = (0,) * missing + layout.strides
    return Layout(
        tuple(shape),
        tuple(
            0 if n == 1 and n != m else s
            for n, m, s in zip(lengths, shape, strides, strict=True)
        ),
    )


def cut(layout: Layout, key: tuple[Any, ...]) -> Layout:
    """The view that whole numbers, slices, None and an ellipsis read.

    >>> cut(in_order((3, 4, 5)), (..., 0)).strides
    (20, 5)
    """
    given = sum(k is not None and k is not Ellipsis for k in key)
    rest = (slice(None),) * (len(layout.shape) - given)
    place = next((i for i, k in enumerate(key) if k is Ellipsis), len(key))
    axes = iter(zip(layout.shape, layout.strides, strict=True))
    shape, strides = [], []
    for item in (*key[:place], *rest, *key[place + 1 :]):
        if item is None:
            shape.append(1)
            strides.append(0)
            continue
        length, stride = next(axes)
        if isinstance(item, slice):
            shape.append(len(range(*item.indices(length))))
            strides.append(stride * (item.step or 1))
    return Layout(tuple(shape), tuple(strides))


def diagonal(layout: Layout, labels: Sequence[object]) -> Layout:
    """One axis for every distinct label; a repeated one runs along the diagonal."""
    kept = list(dict.fromkeys(labels))
    rows = list(zip(labels, layout.shape, layout.strides, strict=True))
    return Layout(
        tuple(next(n for i, n, _ in rows if i == label) for label in kept),
        tuple(sum(s for i, _, s in rows if i == label) for label in kept),
    )


def reshaped(layout: Layout, shape: Sequence[int]) -> Layout | None:
    """The same memory in another shape; None where the entries must be copied.

    Axes that merge must follow one another without a gap.

    >>> reshaped(in_order((2, 3, 4)), (6, 4)).strides
    (4, 1)
    """
    if layout.size == 0:
        return in_order(shape)
    old = [(n, s) for n, s in zip(layout.shape, layout.strides, strict=True) if n != 1]
    strides: list[int] = []
    remaining = list(old)
    pending = [n for n in shape if n != 1]
    while pending:
        wide, taken = _group(pending, remaining)
        merged = _merged(remaining[:taken])
        if merged is None:
            return None
        group, pending, remaining = pending[:wide], pending[wide:], remaining[taken:]
        strides += [merged * prod(group[k + 1 :]) for k in range(len(group))]
    found = iter(strides)
    return Layout(tuple(shape), tuple(0 if n == 1 else next(found) for n in shape))


def _group(new: Sequence[int], old: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """How many leading axes of each side hold the same number of entries."""
    i, j, left, right = 1, 1, new[0], old[0][0]
    while left != right:
        if left < right:
            left, i = left * new[i], i + 1
        else:
            right, j = right * old[j][0], j + 1
    return i, j


def _merged(axes: Sequence[tuple[int, int]]) -> int | None:
    """The stride of some axes read as one."""
    for (_, outer), (length, inner) in pairwise(axes):
        if outer != length * inner:
            return None
    return axes[-1][1]


def together(layouts: Iterable[Layout]) -> Shape:
    """The shape that arrays broadcast to.

    >>> together([in_order((3, 1)), in_order((4,))])
    (3, 4)
    """
    shapes = [layout.shape for layout in layouts]
    ndim = max(map(len, shapes), default=0)
    padded = [(1,) * (ndim - len(shape)) + shape for shape in shapes]
    return tuple(
        next((n for n in axis if n != 1), 1) for axis in zip(*padded, strict=True)
    )


def alike(layouts: Sequence[Layout], shape: Shape) -> Layout:
    """A new array that lies as those which an entrywise function reads: an axis stands
    inside another where some of them say so and none the contrary.

    >>> alike([turned(in_order((3, 4)), (1, 0))], (4, 3)).strides
    (1, 4)
    """
    rows = [
        [0 if n == 1 else s for n, s in zip(*spread(layout, shape), strict=True)]
        for layout in layouts
    ]
    inner: list[int] = []
    for axis in reversed(range(len(shape))):
        place = len(inner)
        for k in reversed(range(len(inner))):
            said = _inside(rows, axis, inner[k])
            if said is False:
                break
            place = k if said else place
        inner.insert(place, axis)
    return in_order(shape, inner[::-1])


def _inside(rows: Sequence[Sequence[int]], axis: int, other: int) -> bool | None:
    """Whether an outer axis should lie inside a later one; None where nothing says."""
    pairs = [(row[axis], row[other]) for row in rows if row[axis] and row[other]]
    return all(a < b for a, b in pairs) if pairs else None
