"""How the factors of a part connect its labels: components, identities, restrictions.

Everything here is about maps with one label an axis; see `linear_map.by_positions`.

>>> a, b = np.ones((2, 2)), np.ones((3, 3))
>>> part = Part(((a, (0, 2)), (b, (1, 3))), ((0,), (1,), (2,), (3,)), (2, 3, 2, 3))
>>> components(part)                                                 # A ⊗ B
[frozenset({0, 2}), frozenset({1, 3})]
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from ..pairwise import Array, Labels
from .dense_solves import Solve
from .linear_map import LinearMap
from .parts import Part

#: Positions, counted from 0 on either side.
Group: TypeAlias = tuple[int, ...]


def side_labels(part: Part, rows: int, side: int) -> Labels:
    """The labels of the value's positions (side 0) or the variable's (side 1)."""
    axes = part.axes[rows:] if side else part.axes[:rows]
    return tuple(i for (i,) in axes)


def components(part: Part) -> list[frozenset[int]]:
    """The shown labels in sets that no factor connects with each other, with the
    summed labels that connect them."""
    found: list[frozenset[int]] = [frozenset([i]) for i in part.shown]
    for _, labels in part.factors:
        touched = [group for group in found if group & set(labels)]
        found = [group for group in found if not group & set(labels)]
        if labels:
            found.append(frozenset(labels).union(*touched))
    shown = set(part.shown)
    return sorted((g for g in found if g & shown), key=min)


def is_identity(part: Part, group: Iterable[int], rows: int) -> bool:
    """Whether the part is a multiple of the identity at some positions."""
    left, right = side_labels(part, rows, 0), side_labels(part, rows, 1)
    both = left + right
    return all(
        left[p] == right[p] and left[p] not in part.held and both.count(left[p]) == 2
        for p in group
    )


def only(grid: LinearMap, place: int, group: Group, *, with_numbers: bool) -> LinearMap:
    """One part at some positions alone: the factors that these carry, and, if wanted,
    those that no position carries."""
    part, rows = grid.parts[place], grid.rows
    axes = tuple(part.axes[p] for p in group) + tuple(
        part.axes[rows + p] for p in group
    )
    mine = {i for (i,) in axes}
    labels = frozenset().union(*(c for c in components(part) if c & mine))
    others = frozenset().union(*(c for c in components(part) if not c & mine))
    factors = tuple(
        row
        for row in part.factors
        if set(row[1]) & labels or (with_numbers and not set(row[1]) & others)
    )
    one = (np.ones((), part.dtype), ())
    sub = replace(part, factors=factors or (one,), axes=axes)
    return LinearMap((sub,), sub.shape, len(group), grid.dtype)


def along(solve: Solve, group: Group, b: Array) -> Array:
    """A solution over some positions; all others are columns."""
    order = [*group, *(k for k in range(b.ndim) if k not in group)]
    turned = b.transpose(order)
    lengths = [b.shape[k] for k in group]
    found = solve(turned.reshape([*lengths, -1])).reshape(turned.shape)
    return found.transpose(np.argsort(order))
