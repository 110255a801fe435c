"""What a structured map is: diagonal, block diagonal, Kronecker, low rank + diagonal, …

A map whose axes are cut alike on both sides is a few positions, each with a label on
the left and one on the right. The structure is then visible: equal labels at a position
are a diagonal there; labels that no factor connects are a Kronecker product; factors
that touch only one side are an outer product, of as high a rank as the labels between
them are long. Each rule answers a `Form`: its name and how to solve with it.

>>> s = np.array([0.2, 0.3, 0.5])
>>> delta = Part(((s, (0,)),), ((0,), (0,)), (3,))
>>> outer = Part(((-s, (0,)), (s, (1,))), ((0,), (1,)), (3, 3))
>>> kind_of(LinearMap((delta, outer), (3, 3), 1, s.dtype))
'low rank + diagonal'
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from math import prod
from typing import TypeAlias

import numpy as np

from ..pairwise import Array, Labels
from .dense_solves import (
    Solve,
    factorised,
    factorised_blocks,
    require_room,
    singular,
)
from .kronecker_sums import sum_of_kroneckers
from .linear_map import LinearMap, as_matrix, by_positions, diagonal
from .low_rank import halves, rank_of, updated
from .parts import Part, assembled
from .wires import Group, along, components, is_identity, only, side_labels

#: Up to how many positions their orders are tried.
MOST_POSITIONS = 4


@dataclass(frozen=True, slots=True)
class Form:
    """The name of a structure, and the factorisation that it allows: a function from
    arrays (positions, columns) to arrays (positions, columns)."""

    kind: str
    factorise: Callable[[], Solve]


Rule: TypeAlias = Callable[[LinearMap], Form | None]


def kind_of(linear_map: LinearMap) -> str:
    """The name of the structure of any map."""
    if not linear_map.parts:
        return "zero"
    grid = by_positions(linear_map)
    if grid is None:
        return "dense"
    if linear_map.is_square:
        return recognised(grid).kind
    return _rectangular(grid)


def recognised(grid: LinearMap) -> Form:
    """The first rule's answer that fits a square map, "dense" in the end."""
    for rule in RULES:
        form = rule(grid)
        if form is not None:
            return form
    return dense_form(grid)


def _rectangular(grid: LinearMap) -> str:
    rows = grid.rows
    sides = [(side_labels(p, rows, 0), side_labels(p, rows, 1)) for p in grid.parts]
    if all(set(left) & set(right) for left, right in sides):
        return "block diagonal"
    if all(rank_of(part, rows) is not None for part in grid.parts):
        return _outer_kind([rank_of(part, rows) or 1 for part in grid.parts])
    if len(grid.parts) == 1 and len(components(grid.parts[0])) > 1:
        return "Kronecker"
    return "dense"


def _outer_kind(ranks: Sequence[int]) -> str:
    return "outer product" if list(ranks) == [1] else "low rank"


# -- one position at a time ------------------------------------------------------------


def _diagonal(grid: LinearMap) -> Form | None:
    """Every position has one label on both sides: division."""
    if any(_left(p, grid) != _right(p, grid) for p in grid.parts):
        return None
    constant = all(
        is_identity(part, range(grid.rows), grid.rows) for part in grid.parts
    )

    def factorise() -> Solve:
        found = diagonal(grid)
        zeros = int(np.count_nonzero(found == 0))
        if zeros:
            raise singular(f"{zeros} of {found.size} diagonal entries are zero")
        return lambda b: b / found[..., None]

    return Form("identity multiple" if constant else "diagonal", factorise)


def _left(part: Part, grid: LinearMap) -> Labels:
    return side_labels(part, grid.rows, 0)


def _right(part: Part, grid: LinearMap) -> Labels:
    return side_labels(part, grid.rows, 1)


def _kronecker(grid: LinearMap) -> Form | None:
    """One part whose factors do not connect all positions: one system after another."""
    if len(grid.parts) != 1:
        return None
    found = _groups(grid)
    if found is None or len(found) < 2:
        return None
    maps = [only(grid, 0, group, with_numbers=k == 0) for k, group in enumerate(found)]
    forms = [recognised(sub) for sub in maps]
    full = sum(form.kind not in ("diagonal", "identity multiple") for form in forms)

    def factorise() -> Solve:
        solves = [form.factorise() for form in forms]
        return lambda b: _one_by_one(solves, found, b)

    return Form("Kronecker" if full > 1 else "block diagonal", factorise)


def _groups(grid: LinearMap) -> list[Group] | None:
    """The positions that one part's factors connect; None where a group has not the
    same positions on both sides."""
    part, rows = grid.parts[0], grid.rows
    found: list[Group] = []
    for labels in components(part):
        left = [p for p, i in enumerate(_left(part, grid)) if i in labels]
        right = [p for p, i in enumerate(_right(part, grid)) if i in labels]
        if left != right:
            return None
        found.append(tuple(left))
    return sorted(found) if rows else None


def _one_by_one(solves: Sequence[Solve], found: Sequence[Group], b: Array) -> Array:
    for solve, group in zip(solves, found, strict=True):
        b = along(solve, group, b)
    return b


# -- blocks ----------------------------------------------------------------------------


def _free_positions(grid: LinearMap) -> tuple[Group, Group]:
    """The positions where all parts are diagonal, and those among them that no factor
    knows of."""
    same = tuple(
        p for p in range(grid.rows) if all(_alone(e, p, grid) for e in grid.parts)
    )
    unheld = tuple(
        p for p in same if all(_left(e, grid)[p] not in e.held for e in grid.parts)
    )
    return same, unheld


def _alone(part: Part, p: int, grid: LinearMap) -> bool:
    left, right = _left(part, grid), _right(part, grid)
    return left[p] == right[p] and (left + right).count(left[p]) == 2


def _copies(grid: LinearMap) -> Form | None:
    """I ⊗ M: one system with more columns."""
    _, unheld = _free_positions(grid)
    if not unheld or len(unheld) == grid.rows:
        return None
    rest = tuple(p for p in range(grid.rows) if p not in unheld)
    parts = [only(grid, k, rest, with_numbers=True) for k in range(len(grid.parts))]
    inner = replace(parts[0], parts=tuple(sub.parts[0] for sub in parts))
    form = recognised(inner)
    kind = form.kind if form.kind.startswith("Kronecker") else "block diagonal"

    def factorise() -> Solve:
        solve = form.factorise()
        return lambda b: along(solve, rest, b)

    return Form(kind, factorise)


def _blocks(grid: LinearMap) -> Form | None:
    """A stack of blocks along the positions that are diagonal in all parts."""
    same, _ = _free_positions(grid)
    if not same or len(same) == grid.rows:
        return None
    rest = tuple(p for p in range(grid.rows) if p not in same)
    batch = [grid.shape[p] for p in same]
    width = prod(grid.shape[p] for p in rest)

    def factorise() -> Solve:
        require_room(prod(batch) * width**2, "the blocks")
        kept = [*same, *rest, *(grid.rows + p for p in rest)]
        parts = [replace(p, axes=tuple(p.axes[k] for k in kept)) for p in grid.parts]
        shape = tuple(grid.shape[k] for k in kept)
        blocks = assembled(parts, shape, grid.dtype)
        solve = factorised_blocks(blocks.reshape(*batch, width, width))
        return lambda b: _stacked(solve, same + rest, len(same), b)

    return Form("block diagonal", factorise)


def _stacked(solve: Solve, order: Group, batch: int, b: Array) -> Array:
    """Solutions with a stack of matrices on its first positions."""
    turned = b.transpose([*order, b.ndim - 1])
    columns = b.shape[-1]
    flat = turned.reshape([*turned.shape[:batch], -1, columns])
    found = solve(flat).reshape(turned.shape)
    return found.transpose(np.argsort([*order, b.ndim - 1]))


# -- sums ------------------------------------------------------------------------------


def _kronecker_sum(grid: LinearMap) -> Form | None:
    """A ⊗ I + I ⊗ B and the like: by eigenvectors or triangular forms."""
    found = sum_of_kroneckers(grid)
    if found is None:
        return None

    def factorise() -> Solve:
        solve = found.factorise()
        return dense_form(grid).factorise() if solve is None else solve

    return Form("Kronecker sum", factorise)


def _low_rank(grid: LinearMap) -> Form | None:
    """A structured map and a few outer products: Woodbury's identity."""
    ranks = [rank_of(part, grid.rows) for part in grid.parts]
    size = prod(grid.value_shape)
    thin = [p for p, r in zip(grid.parts, ranks, strict=True) if r is not None]
    total = sum(r for r in ranks if r is not None)
    rest = tuple(p for p, r in zip(grid.parts, ranks, strict=True) if r is None)
    if not thin or 2 * total > max(size, 2):
        return None
    if not rest:
        return Form(
            _outer_kind([r for r in ranks if r]), lambda: _deficient(total, size)
        )
    base = recognised(replace(grid, parts=rest))
    if base.kind == "dense":
        return None
    name = "diagonal" if base.kind == "identity multiple" else base.kind

    def factorise() -> Solve:
        pairs = [halves(part, grid.rows) for part in thin]
        left = np.concatenate([u for u, _ in pairs], axis=1)
        right = np.concatenate([v for _, v in pairs], axis=1)
        solve = updated(base.factorise, left, right, grid.value_shape)
        return dense_form(grid).factorise() if solve is None else solve

    return Form(f"low rank + {name}", factorise)


def _deficient(rank: int, size: int) -> Solve:
    if rank >= size:
        raise singular("it is an outer product")
    raise singular(f"its rank is at most {rank}, and it is {size}×{size}")


# -- orders of positions, and nothing --------------------------------------------------


def _permuted(grid: LinearMap) -> Form | None:
    """A map that is structured once the variable's positions change their order."""
    count = grid.rows
    if not 1 < count <= MOST_POSITIONS:
        return None
    for order in list(permutations(range(count)))[1:]:
        if any(grid.shape[order[p]] != grid.shape[p] for p in range(count)):
            continue
        form = _first(
            _reordered(grid, order), (_diagonal, _kronecker, _copies, _blocks)
        )
        if form is not None:
            return Form(f"permuted {form.kind}", _unpermuted(form, order))
    return None


def _first(grid: LinearMap, rules: Iterable[Rule]) -> Form | None:
    return next((form for rule in rules if (form := rule(grid)) is not None), None)


def _reordered(grid: LinearMap, order: Sequence[int]) -> LinearMap:
    """With the variable's position order[p] at place p."""
    rows = grid.rows
    parts = tuple(
        replace(p, axes=p.axes[:rows] + tuple(p.axes[rows + k] for k in order))
        for p in grid.parts
    )
    return replace(grid, parts=parts)


def _unpermuted(form: Form, order: Sequence[int]) -> Callable[[], Solve]:
    back = [int(k) for k in np.argsort(order)]

    def factorise() -> Solve:
        solve = form.factorise()
        return lambda b: solve(b).transpose([*back, b.ndim - 1])

    return factorise


def dense_form(grid: LinearMap) -> Form:
    """Nothing recognised: the dense matrix, if it is small enough."""

    def factorise() -> Solve:
        size = prod(grid.value_shape)
        require_room(size**2, f"a dense matrix {size}×{size}")
        solve = factorised(as_matrix(grid))
        return lambda b: solve(b.reshape(size, -1)).reshape(b.shape)

    return Form("dense", factorise)


RULES: tuple[Rule, ...] = (
    _diagonal,
    _kronecker,
    _copies,
    _blocks,
    _kronecker_sum,
    _low_rank,
    _permuted,
)
