"""Outer products: parts whose factors touch only one side, and Woodbury's identity.

A part U C Vᵀ, with U on the value's side and V on the variable's, has at most the rank
that the labels between them are long. Woodbury:
(M + U Vᵀ)⁻¹ = M⁻¹ − M⁻¹U (I + VᵀM⁻¹U)⁻¹ VᵀM⁻¹,
for an M that is easy to solve with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import prod

import numpy as np

from ..pairwise import Array, Labelled
from .dense_solves import SingularError, Solve, inverses, singular
from .parts import Part, assembled
from .wires import side_labels


def rank_of(part: Part, rows: int) -> int | None:
    """A bound on the rank of a part that is an outer product; None for others.

    >>> u = np.ones((5, 2))
    >>> rank_of(Part(((u, (0, 2)), (u, (1, 2))), ((0,), (1,)), (5, 5, 2)), 1)
    2
    """
    cut = _cut(part, rows)
    return None if cut is None else prod(part.sizes[i] for i in cut[2])


def halves(part: Part, rows: int) -> tuple[Array, Array]:
    """U and V, one column for every value of the labels between the sides."""
    cut = _cut(part, rows)
    if cut is None:
        raise singular("a part is not an outer product")
    left, right, between = cut
    inner = tuple((i,) for i in between)
    found = []
    for factors, axes in ((left, part.axes[:rows]), (right, part.axes[rows:])):
        one = (np.ones((), part.dtype), ())
        half = Part((*factors, one), axes + inner, part.sizes)
        whole = assembled([half], half.shape, part.dtype)
        found.append(whole.reshape(prod(half.shape[: len(axes)]), -1))
    return found[0], found[1]


def _cut(
    part: Part, rows: int
) -> tuple[list[Labelled], list[Labelled], list[int]] | None:
    """The factors of either side, and the labels between them; those in the middle go
    to the side where fewer labels are cut."""
    left, right = (set(side_labels(part, rows, side)) for side in (0, 1))
    if left & right:
        return None
    touch = [(bool(left & set(i)), bool(right & set(i))) for _, i in part.factors]
    if (True, True) in touch:
        return None
    found = []
    for here in (True, False):
        mine = [l or (here and not r) for l, r in touch]
        first = [f for f, is_mine in zip(part.factors, mine, strict=True) if is_mine]
        rest = [f for f, is_mine in zip(part.factors, mine, strict=True) if not is_mine]
        found.append((first, rest, sorted(_labels(first) & _labels(rest))))
    return min(found, key=lambda cut: prod(part.sizes[i] for i in cut[2]))


def _labels(factors: Iterable[Labelled]) -> set[int]:
    return {i for _, labels in factors for i in labels}


def updated(
    base: Callable[[], Solve], left: Array, right: Array, shape: tuple[int, ...]
) -> Solve | None:
    """Solutions with M + U Vᵀ, by solutions with M; None where M alone is singular.

    Raises `SingularError` where the small system I + VᵀM⁻¹U is singular.
    """
    try:
        solve = base()
    except SingularError:
        return None
    size, rank = left.shape
    inner = solve(left.reshape(*shape, rank)).reshape(size, rank)
    small = np.eye(rank, dtype=inner.dtype) + right.T @ inner
    back = inverses(small)
    scale = 1 + np.max(np.abs(right).T @ np.abs(inner), initial=0)
    reach = scale * np.max(np.abs(back), initial=0)
    if not reach * np.finfo(inner.dtype).eps * 16 < 1:
        raise singular("the low rank cancels what it is added to")

    def solved(b: Array) -> Array:
        first = solve(b).reshape(size, -1)
        rest = inner @ (back @ (right.T @ first))
        return (first - rest).reshape(b.shape)

    return solved
