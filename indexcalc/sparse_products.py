"""Products with convolution tensors and embeddings as steps that skip their zeros.

The convolution tensor C_kij = [k = i + j] has (m+n−1)·m·n entries, of which m·n are
ones. Before a program is compiled, a contraction of it with a factor on i and one on j
becomes a convolution, with factors on k and i a correlation, with one factor a Toeplitz
or Hankel matrix; an embedding among zeros becomes a placing or a window, a product with
a basis vector an entry, and one with a constant matrix of one 1 in every row a choice
of entries. So a convolution of two vectors takes the memory of its result, and an entry
that is infinite spoils no others.

>>> from indexcalc.expr import tensor
>>> from indexcalc.structure_matrices import convolution
>>> h, x = tensor("h", (3,)), tensor("x", ("n",))
>>> c = einsum([(convolution(3, x.shape[0]), [0, 1, 2]), (h, [1]), (x, [2])], [0])
>>> [n.function for n in toposort(without_zeros(c)) if isinstance(n, Call)]
['convolved']
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .expr import call_node, einsum
from .network import is_bundle
from .nodes import Call, Einsum, Node, Operand, Tensor, toposort
from .sizes import Size
from .substitute import rebuilt

CONSTANTS = frozenset({"convolution", "embed", "basis", "tril"})

#: How many entries a choice may list.
MOST_PLACES = 4096


def without_zeros(root: Node) -> Node:
    """The expression with every such product replaced; for evaluation only."""
    order = toposort(root)
    if not any(map(is_sparse, order)):
        return root
    done: dict[Node, Node] = {}
    for node in order:
        new = rebuilt(node, done)
        while isinstance(new, Einsum):
            better = _replaced(new)
            if better is None:
                break
            new = better
        done[node] = new
    return done[root]


def is_sparse(node: Node) -> bool:
    """Whether a constant is mostly zeros, which products with it skip."""
    if isinstance(node, Tensor):
        if node.array is None:
            return False
        return _choice(node) is not None or _lower_axis(node) is not None
    return isinstance(node, Call) and not node.args and node.function in CONSTANTS


@lru_cache(maxsize=256)
def _choice(node: Tensor) -> tuple[int, tuple[int, ...]] | None:
    """Which axis of a constant matrix has one 1 at every place, and where on the other
    axis it stands; None for any other constant."""
    array = node.array
    if array is None or array.ndim != 2 or min(array.shape) < 2 or array.dtype == "O":
        return None
    if np.count_nonzero(array) not in array.shape or np.iscomplexobj(array):
        return None
    if not np.isin(array, (0, 1)).all() or max(array.shape) > MOST_PLACES:
        return None
    for axis in (0, 1):
        if (array.sum(1 - axis) == 1).all():
            places = np.argmax(array, axis=1 - axis)
            return axis, tuple(int(place) for place in places)
    return None


@lru_cache(maxsize=256)
def _lower_axis(node: Tensor) -> int | None:
    """0 for [i ≥ j], 1 for [i ≤ j], None for any other constant."""
    array = node.array
    if array is None or array.ndim != 2 or len(set(array.shape)) > 1:
        return None
    if len(array) < 2 or array[0, -1] == array[-1, 0] or np.iscomplexobj(array):
        return None
    lower = np.tri(len(array))
    return next((k for k, t in enumerate((lower, lower.T)) if (array == t).all()), None)


def _chosen(node: Tensor, legs: Sequence[int]) -> Iterator[_Step]:
    if (axis := _lower_axis(node)) is not None:
        yield from _cumulated(legs[axis], legs[1 - axis])
    found = _choice(node)
    if found is None:
        return
    axis, places = found
    short, long = legs[axis], legs[1 - axis]
    total = node.shape[1 - axis]
    first, step = places[0], places[1] - places[0]
    even = step and places == tuple(range(first, first + step * len(places), step))
    if even:
        yield _Step("strided", (long,), (short,), (first, step, len(places)))
        yield _Step("respaced", (short,), (long,), (first, step, total))
    else:
        yield _Step("taken", (long,), (short,), places)
        yield _Step("scattered", (short,), (long,), (total, *places))


@dataclass(frozen=True, slots=True)
class _Step:
    """A kernel on vectors along `inputs`, giving axes `outputs`."""

    kernel: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    params: tuple[Size, ...] = ()


def _cumulated(i: int, j: int) -> Iterator[_Step]:
    yield _Step("cumulated", (j,), (i,))
    yield _Step("cumulated_back", (i,), (j,))


def _steps(node: Node, legs: Sequence[int]) -> Iterator[_Step]:
    """What a sparse constant may become, the most contracted first."""
    if isinstance(node, Tensor):
        yield from _chosen(node, legs)
    if not isinstance(node, Call):
        return
    if node.function == "tril":
        if node.shape[0] == node.shape[1]:
            yield from _cumulated(*legs)
        return
    if node.function == "embed":
        total, inner = legs
        offset, (whole, part) = node.params[0], node.shape
        yield _Step("placed", (inner,), (total,), (offset, whole))
        yield _Step("window", (total,), (inner,), (offset, part))
        return
    if node.function == "basis":
        yield _Step("entry", (legs[0],), (), (node.params[0],))
        return
    k, i, j = legs
    _, m, n = node.shape
    yield _Step("convolved", (i, j), (k,))
    yield _Step("correlated", (k, i), (j,))
    yield _Step("correlated", (k, j), (i,))
    yield _Step("toeplitz", (i,), (k, j), (n,))
    yield _Step("toeplitz", (j,), (k, i), (m,))
    yield _Step("hankel", (k,), (i, j), (n,))


def _replaced(node: Einsum) -> Node | None:
    """The contraction with one sparse constant less; None where none can go."""
    sparse = [row for row in node.operands if is_sparse(row[0])]
    options = [(row, step) for row in sparse for step in _steps(*row)]
    for row, step in sorted(options, key=lambda option: len(option[1].outputs)):
        groups = _groups(node, row, step)
        if groups is not None:
            return _applied(node, row, step, groups)
    return _masked(node)


def _masked(node: Einsum) -> Node | None:
    """X_ij [i ≥ j] as the lower part of X."""
    for o, (mask, (*legs,)) in enumerate(node.operands):
        if not isinstance(mask, Call) or mask.function != "tril" or mask.args:
            continue
        for k, (e, places) in enumerate(node.operands):
            both = set(legs) <= set(places) and len(set(legs)) == 2
            if k == o or not both or len(set(places)) < len(places) or is_sparse(e):
                continue
            out = [*(i for i in places if i not in legs), *legs]
            turned = einsum([(e, places)], out)
            lower = call_node("lower_part", [turned], turned.shape)
            rows = [r for m, r in enumerate(node.operands) if m not in (o, k)]
            dims = dict(enumerate(node.dims))
            return einsum([*rows, (lower, out)], node.out, dims)
    return None


def _groups(node: Einsum, row: Operand, step: _Step) -> list[list[int]] | None:
    """For each input the operands that carry it: dense ones, and none of the other
    legs."""
    legs = row[1]
    if len(set(legs)) != len(legs):
        return None
    shown = {i for axis in node.out for i in axis}
    found = []
    for i in step.inputs:
        if i in shown:
            return None
        rest = set(legs) - {i}
        group = [o for o, other in enumerate(node.operands) if i in other[1]]
        group.remove(node.operands.index(row))
        group = _with_groupings(node, group) or _beside(node, row, i)
        rows = [node.operands[o] for o in group]
        if not rows or any(is_sparse(e) or rest & set(l) for e, l in rows):
            return None
        found.append(group)
    return found


def _with_groupings(node: Einsum, group: list[int]) -> list[int]:
    """Operands, and where one only groups indices, those that have these."""
    carried = {
        i for o in group if is_bundle(node.operands[o][0]) for i in node.operands[o][1]
    }
    more = [
        o
        for o, (e, legs) in enumerate(node.operands)
        if o not in group and carried & set(legs) and not is_sparse(e)
    ]
    return sorted([*group, *more])


def _beside(node: Einsum, row: Operand, i: int) -> list[int]:
    """All other operands, where an embedding embeds a single entry."""
    if node.dims[i] != 1 or not isinstance(row[0], Call) or row[0].function != "embed":
        return []
    rows = enumerate(node.operands)
    return [o for o, (e, _) in rows if not is_sparse(e)]


def _applied(node: Einsum, row: Operand, step: _Step, groups: list[list[int]]) -> Node:
    taken = {o for group in groups for o in group} | {node.operands.index(row)}
    rest = [r for o, r in enumerate(node.operands) if o not in taken]
    batch = _batch(node, rest, groups, step)
    sizes = dict(enumerate(node.dims))
    args = [
        _vector(node, group, [*batch, i])
        for group, i in zip(groups, step.inputs, strict=True)
    ]
    out = (*batch, *step.outputs)
    shape = tuple(sizes[i] for i in out)
    operands = [*rest, (call_node(step.kernel, args, shape, step.params), out)]
    used = {i for _, legs in operands for i in legs}
    used |= {i for axis in node.out for i in axis}
    carried = {i for _, legs in node.operands for i in legs}
    kept = {i: s for i, s in sizes.items() if i in used or i not in carried}
    return einsum(operands, node.out, kept)


def _batch(
    node: Einsum, rest: Sequence[Operand], groups: list[list[int]], step: _Step
) -> list[int]:
    """The labels of the groups that are needed outside, or by another group."""
    labels = [
        {i for o in group for i in node.operands[o][1]} - set(step.inputs)
        for group in groups
    ]
    outside = {i for _, legs in rest for i in legs}
    outside |= {i for axis in node.out for i in axis}
    everywhere = set().union(*labels)
    shared = {i for i in everywhere if sum(i in found for found in labels) > 1}
    return sorted(everywhere & (outside | shared))


def _vector(node: Einsum, group: Sequence[int], out: Sequence[int]) -> Node:
    """The product of a group's operands with the axes `out`."""
    rows = [node.operands[o] for o in group]
    dims = {i: node.dims[i] for i in out}
    return einsum(rows, out, dims)
