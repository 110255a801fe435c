"""Sums of Kronecker products of few matrices: A ⊗ I + I ⊗ B, A ⊗ B + λ I, …

Where every group of positions sees one matrix only, and these are Hermitian, their
eigenvectors diagonalise the whole: Σ_k c_k ⊗_g Q_g Λ_g Q_gᴴ. Other pairs of matrices,
as in Sylvester's equation, are brought to triangular form, by SciPy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from ..pairwise import Array, contract
from .dense_solves import Solve, is_hermitian, require_room, singular
from .linear_map import LinearMap, as_matrix
from .parts import Part
from .wires import Group, components, is_identity, only, side_labels

#: A coefficient, and the matrix at each group of positions that is not the identity.
KroneckerTerm = tuple[Any, dict[int, LinearMap]]


@dataclass(frozen=True, slots=True)
class KroneckerSum:
    """Terms over common groups of positions; at each group one matrix, or none. `pure`
    where no term has two matrices."""

    grid: LinearMap
    groups: tuple[Group, ...]
    terms: tuple[KroneckerTerm, ...]
    pure: bool

    def factorise(self) -> Solve | None:
        """By eigenvectors, or by triangular forms; None where neither fits."""
        matrices = _matrices(self)
        if all(is_hermitian(matrix) for matrix in matrices.values()):
            return self._on_groups(_by_eigenvectors(self, matrices))
        if len(matrices) == len(self.groups) == 2:
            solve = _by_triangles(self, matrices)
            return None if solve is None else self._on_groups(solve)
        return None

    def lengths(self) -> list[int]:
        """The number of entries of each group."""
        return [prod(self.grid.shape[p] for p in group) for group in self.groups]

    def _on_groups(self, solve: Solve) -> Solve:
        """On arrays (positions, columns), from a solution on (groups, columns)."""
        order = [p for group in self.groups for p in group]

        def solved(b: Array) -> Array:
            turned = b.transpose([*order, b.ndim - 1])
            found = solve(turned.reshape([*self.lengths(), b.shape[-1]]))
            back = np.argsort([*order, b.ndim - 1])
            return found.reshape(turned.shape).transpose(back)

        return solved


def sum_of_kroneckers(grid: LinearMap) -> KroneckerSum | None:
    """The map as a sum of Kronecker products; None where it is none of few matrices."""
    found = _common_groups(grid)
    if len(found) < 2:
        return None
    terms = [_term(grid, place, found) for place in range(len(grid.parts))]
    pure = all(len(matrices) < 2 for _, matrices in terms)
    if not pure and not _one_matrix_each(terms):
        return None
    return KroneckerSum(grid, tuple(found), tuple(terms), pure)


def _common_groups(grid: LinearMap) -> list[Group]:
    """The finest groups of positions that every part's factors stay within."""
    found: list[set[int]] = [{p} for p in range(grid.rows)]
    for part in grid.parts:
        left, right = (side_labels(part, grid.rows, side) for side in (0, 1))
        for labels in components(part):
            both = zip(left, right, strict=True)
            met = {p for p, pair in enumerate(both) if labels & set(pair)}
            touched = [group for group in found if group & met]
            found = [group for group in found if not group & met]
            found.append(set().union(*touched))
    return sorted(tuple(sorted(group)) for group in found)


def _term(grid: LinearMap, place: int, found: Sequence[Group]) -> KroneckerTerm:
    part = grid.parts[place]
    shown = frozenset().union(*components(part))
    numbers = [row for row in part.factors if not set(row[1]) & shown]
    coefficient = contract(numbers, ()) if numbers else part.dtype.type(1)
    matrices = {
        g: only(grid, place, group, with_numbers=False)
        for g, group in enumerate(found)
        if not is_identity(part, group, grid.rows)
    }
    return coefficient, matrices


def _one_matrix_each(terms: Sequence[KroneckerTerm]) -> bool:
    """Whether a group sees the same matrix in every term."""
    seen: dict[int, object] = {}
    return all(
        seen.setdefault(g, _likeness(matrix)) == _likeness(matrix)
        for _, matrices in terms
        for g, matrix in matrices.items()
    )


def _likeness(matrix: LinearMap) -> object:
    """Equal for the same arrays wired alike."""
    part: Part = matrix.parts[0]
    names: dict[int, int] = {}
    axes = [tuple(names.setdefault(i, len(names)) for i in a) for a in part.axes]
    rows = []
    for array, labels in part.factors:
        where = array.__array_interface__["data"][0], array.shape, array.strides
        rows.append((where, tuple(names.setdefault(i, len(names)) for i in labels)))
    return axes, rows


def _matrices(found: KroneckerSum) -> dict[int, Array]:
    """The dense matrix of every group that has one: the sum of its terms' where no
    term has two, with coefficients; else the one that all share."""
    matrices: dict[int, Array] = {}
    for coefficient, here in found.terms:
        for g, matrix in here.items():
            require_room(prod(matrix.shape), "a Kronecker factor")
            if found.pure:
                matrices[g] = matrices.get(g, 0) + coefficient * as_matrix(matrix)
            elif g not in matrices:
                matrices[g] = as_matrix(matrix)
    return matrices


def _constant(found: KroneckerSum) -> Any:
    """What multiplies the identity alone."""
    return sum((c for c, here in found.terms if not here), found.grid.dtype.type(0))


def _by_eigenvectors(found: KroneckerSum, matrices: dict[int, Array]) -> Solve:
    pairs = {g: np.linalg.eigh(matrix) for g, matrix in matrices.items()}
    count = len(found.groups)
    values = {g: w.reshape(_along(count, g)) for g, (w, _) in pairs.items()}
    total = np.asarray(_constant(found)).reshape([1] * count)
    if found.pure:
        for value in values.values():
            total = total + value
    else:
        for c, here in found.terms:
            total = total + (c * prod(values[g] for g in here) if here else 0)
    _require_apart(total)

    def solve(b: Array) -> Array:
        for g, (_, vectors) in pairs.items():
            b = _times(np.conj(vectors).T, b, g)
        b = b / total[..., None]
        for g, (_, vectors) in pairs.items():
            b = _times(vectors, b, g)
        return b

    return solve


def _along(count: int, g: int) -> list[int]:
    return [-1 if k == g else 1 for k in range(count)]


def _times(matrix: Array, b: Array, g: int) -> Array:
    return np.moveaxis(np.tensordot(matrix, b, (1, g)), 0, g)


def _require_apart(values: Array) -> None:
    """Raises `SingularError` where an eigenvalue of the whole vanishes."""
    sizes = np.abs(values)
    if sizes.min() <= np.finfo(values.dtype).eps * sizes.max():
        raise singular("two of its eigenvalues cancel")


def _by_triangles(found: KroneckerSum, matrices: dict[int, Array]) -> Solve | None:
    """Two groups, by their matrices' Schur forms: with A = P S Pᴴ and B = Q T Qᴴ the
    system is triangular in S and T, one column of T after another. None where SciPy is
    missing."""
    try:
        from scipy.linalg import schur
    except ImportError:
        return None
    (s, p), (t, q) = (schur(matrices[g], output="complex") for g in (0, 1))
    weights = _weights(found)
    left, right = np.diagonal(s)[:, None], np.diagonal(t)
    both, first, second, none = weights
    _require_apart(both * left * right + first * left + second * right + none)
    is_real = not np.iscomplexobj(matrices[0]) and not np.iscomplexobj(matrices[1])

    def solve(b: Array) -> Array:
        inner = _times(np.conj(q).T, _times(np.conj(p).T, b, 0), 1)
        x = _times(q, _times(p, _back_substituted(s, t, weights, inner), 0), 1)
        return x.real if is_real and b.dtype.kind != "c" else x

    return solve


def _weights(found: KroneckerSum) -> tuple[Any, Any, Any, Any]:
    """The coefficients of A ⊗ B, A ⊗ I, I ⊗ B and I ⊗ I."""
    zero = found.grid.dtype.type(0)
    if found.pure:
        return zero, zero + 1, zero + 1, _constant(found)
    total = dict.fromkeys([(0, 1), (0,), (1,), ()], zero)
    for c, here in found.terms:
        total[tuple(sorted(here))] += c
    return total[0, 1], total[0,], total[1,], total[()]


def _back_substituted(
    s: Array, t: Array, weights: tuple[Any, Any, Any, Any], b: Array
) -> Array:
    """Y with (c₁₁ S⊗T + c₁₀ S⊗I + c₀₁ I⊗T + c₀₀) Y = b: Y_i from Y_j with j > i, since
    row i of the upper triangular T meets them only."""
    from scipy.linalg import solve_triangular

    both, first, second, none = weights
    eye = np.eye(len(s))
    y = np.zeros_like(b)
    for i in reversed(range(len(t))):
        later = np.tensordot(t[i, i + 1 :], y[:, i + 1 :], (0, 1))
        known = b[:, i] - both * (s @ later) - second * later
        matrix = (both * t[i, i] + first) * s + (second * t[i, i] + none) * eye
        y[:, i] = solve_triangular(matrix, known)
    return y
