"""Axes cut alike: vec(X) of one part met by the rows and columns of X of another.

Each side of a map is one long axis, all its axes in C order; a label on it covers a
stride and a length. Where the strides of all parts form a chain of divisors, every
label can be cut at them, so that parts agree position by position. Otherwise they
cannot be compared, and the answer is None.

>>> import numpy as np
>>> v = np.arange(6.0)
>>> whole = Part(((v, (0,)),), ((0,), (0,)), (6,))                   # Diag(v)
>>> pair = Part(((np.ones(2), (0,)),), ((0, 1), (0, 1)), (2, 3))     # I ⊗ I
>>> [part.sizes for part in refined_parts([(p, (0, 0), 1) for p in (whole, pair)])]
[(2, 3), (2, 3)]
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TypeAlias

from .parts import Part, flat

#: A part, the spaces that its value and its variable belong to, its value's axes.
Wires: TypeAlias = tuple[Part, tuple[int, int], int]

#: Where a label lies: the space, and its stride there.
Spot: TypeAlias = tuple[int, int]


def refined_parts(wires: Sequence[Wires]) -> list[Part] | None:
    """The parts with their labels cut where any part of the same space has a cut;
    labels of length 1 are dropped. None where cuts cross, or an axis is empty."""
    if any(0 in part.sizes for part, _, _ in wires):
        return None
    cuts: dict[int, set[int]] = {}
    spots = [_spots(*wire) for wire in wires]
    for part_spots in spots:
        for places in part_spots.values():
            for space, stride in places:
                cuts.setdefault(space, set()).add(stride)
    before = -1
    while before != (before := sum(map(len, cuts.values()))):
        for (part, _, _), part_spots in zip(wires, spots, strict=True):
            if not all(_spread(cuts, p, part.sizes[i]) for i, p in part_spots.items()):
                return None
    if not all(_is_chain(found) for found in cuts.values()):
        return None
    return [
        _cut(part, {i: _lengths(cuts, p, part.sizes[i]) for i, p in part_spots.items()})
        for (part, _, _), part_spots in zip(wires, spots, strict=True)
    ]


def _spots(part: Part, spaces: tuple[int, int], rows: int) -> dict[int, list[Spot]]:
    """The places of every shown label that is longer than 1."""
    found: dict[int, list[Spot]] = {}
    sides = flat(part.axes[:rows]), flat(part.axes[rows:])
    for space, labels in zip(spaces, sides, strict=True):
        stride = 1
        for i in reversed(labels):
            if part.sizes[i] != 1:
                found.setdefault(i, []).append((space, stride))
            stride *= part.sizes[i]
    return found


def _spread(cuts: dict[int, set[int]], places: Sequence[Spot], length: int) -> bool:
    """Cuts a label wherever it lies as it is cut anywhere; False where cuts cross."""
    inner = _inner_cuts(cuts, places, length)
    for space, stride in places if inner is not None else ():
        cuts[space] |= {stride * cut for cut in inner or ()}
    return inner is not None


def _inner_cuts(
    cuts: dict[int, set[int]], places: Iterable[Spot], length: int
) -> set[int] | None:
    """The cuts inside a label, in multiples of its stride; None where one crosses."""
    inner: set[int] = set()
    for space, stride in places:
        for cut in sorted(cuts[space]):
            if stride < cut < stride * length:
                if cut % stride or (stride * length) % cut:
                    return None
                inner.add(cut // stride)
    return inner if _is_chain(inner) else None


def _is_chain(cuts: Iterable[int]) -> bool:
    """Whether each divides the next."""
    return all(b % a == 0 for a, b in pairwise(sorted(cuts)))


def _lengths(
    cuts: dict[int, set[int]], places: Iterable[Spot], length: int
) -> list[int]:
    """The lengths of a label's pieces, the slowest first."""
    inner = _inner_cuts(cuts, places, length) or set()
    marks = [1, *sorted(inner), length]
    return [b // a for a, b in pairwise(marks)][::-1]


def _cut(part: Part, lengths: dict[int, list[int]]) -> Part:
    """The part with labels replaced by their pieces, those of length 1 by none."""
    sizes: list[int] = []
    pieces: dict[int, tuple[int, ...]] = {}
    for i, size in enumerate(part.sizes):
        found = lengths.get(i, [] if size == 1 else [size])
        pieces[i] = tuple(range(len(sizes), len(sizes) + len(found)))
        sizes += found
    factors = []
    for array, labels in part.factors:
        new = flat(pieces[i] for i in labels)
        factors.append((array.reshape([sizes[i] for i in new]), new))
    axes = tuple(flat(pieces[i] for i in axis) for axis in part.axes)
    return Part(tuple(factors), axes, tuple(sizes))
