"""Contracting NumPy arrays two at a time, without NumPy's einsum loop.

Arrays carry index labels. A pair becomes one of: an elementwise product, a matrix
product, or a batched matrix product over the indices that both carry and the result
keeps. Repeated labels of one array are read as a diagonal view. Paths come from
`contraction`.

>>> a, b = np.ones((2, 3)), np.ones((3, 4))
>>> contract([(a, (0, 1)), (b, (1, 2))], (0, 2)).tolist()
[[3.0, 3.0, 3.0, 3.0], [3.0, 3.0, 3.0, 3.0]]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import prod
from typing import Any, TypeAlias

import numpy as np

from . import contraction
from .errors import BudgetError

Array: TypeAlias = np.ndarray[Any, Any]
Labels: TypeAlias = tuple[int, ...]
Labelled: TypeAlias = tuple[Array, Labels]
Known: TypeAlias = dict[Any, tuple[Array, Labels, tuple[Array, Array]]]


#: The most indices of one product of two arrays: an array has no more axes.
MOST_LABELS = 52


def require_labels(count: int) -> None:
    """Raises `BudgetError` for a product of more indices than arrays have axes."""
    if count > MOST_LABELS:
        raise BudgetError(
            f"{count} indices meet in one product of the best order that was found, "
            f"and the limit is {MOST_LABELS}",
            hint="the operands hang together too closely; evaluate a part at a time",
        )


def contract(
    operands: Sequence[Labelled],
    out: Labels,
    most: int | None = None,
    *,
    brief: bool = False,
) -> Array:
    """The product of the operands summed over every label that is not in `out`.

    Each label of `out` must be carried by an operand, and occur once in `out`. A pair
    that occurs again with other labels, as the two AX of AX∘AX, is computed once.
    With `brief` a good order is searched briefly. Raises `BudgetError` for a product on
    the way of more than `most` entries.
    """
    rows = [without_repeats(array, labels) for array, labels in operands]
    pairs = [zip(labels, array.shape, strict=True) for array, labels in rows]
    sizes = {i: n for pair in pairs for i, n in pair}
    inputs = tuple(labels for _, labels in rows)
    steps = path(inputs, out, tuple(sorted(sizes.items())), brief)
    arrays = [id(array) for array, _ in operands]
    known: Known | None = {} if len(set(arrays)) < len(arrays) else None
    carried = dict.fromkeys(out, 1)
    for _, labels in rows:
        for i in labels:
            carried[i] = carried.get(i, 0) + 1
    for step in steps:
        taken = [rows.pop(k) for k in sorted(step, reverse=True)][::-1]
        own = [i for _, labels in taken for i in labels]
        if len(own) > MOST_LABELS:
            require_labels(len(set(own)))
        for i in own:
            carried[i] -= 1
        if most is not None:
            _require_entries(prod(sizes[i] for i in set(own) if carried[i]), most)
        rows.append(_joined(taken, {i for i in own if carried[i]}, known))
        for i in rows[-1][1]:
            carried[i] += 1
    array, labels = rows[0]
    return arranged(array, labels, out)


def _require_entries(count: int, most: int) -> None:
    if count > most:
        raise BudgetError(
            f"a product of {count} entries on the way is over {most}",
            hint="ask of a part of the expression",
        )


def _joined(
    taken: Sequence[Labelled], alive: set[int], known: Known | None
) -> Labelled:
    """The taken operands contracted in their order, keeping the labels alive."""
    result = taken[0]
    for k, other in enumerate(taken[1:], 1):
        later = alive.union(*(labels for _, labels in taken[k + 1 :]))
        if known is None:
            result = pair_product(result, other, later)
        else:
            result = _once(result, other, later, known)
    return result


def _once(a: Labelled, b: Labelled, alive: set[int], known: Known) -> Labelled:
    """The product of a pair, or that of an earlier pair of the same form relabelled.

    The operands are kept beside the result, so that an `id` is never used again.
    """
    labels = list(dict.fromkeys(a[1] + b[1]))
    place = {i: k for k, i in enumerate(labels)}
    form = (
        (id(a[0]), tuple(place[i] for i in a[1])),
        (id(b[0]), tuple(place[i] for i in b[1])),
        tuple(i in alive for i in labels),
    )
    if form not in known:
        array, found = pair_product(a, b, alive)
        known[form] = array, tuple(place[i] for i in found), (a[0], b[0])
    array, places, _ = known[form]
    return array, tuple(labels[k] for k in places)


@lru_cache(maxsize=4096)
def path(
    inputs: tuple[Labels, ...],
    out: Labels,
    sizes: tuple[tuple[int, int], ...],
    brief: bool = False,
) -> tuple[tuple[int, ...], ...]:
    """The order of contraction: positions to take at each step, results at the end.

    The fastest by the model of a typical machine (`contraction.path`).
    """
    return contraction.path(inputs, out, dict(sizes), brief=brief)


def without_repeats(array: Array, labels: Labels) -> Labelled:
    """A view whose labels are distinct: a repeated label reads the diagonal."""
    if len(set(labels)) == len(labels):
        return array, labels
    unique = tuple(dict.fromkeys(labels))
    strides = [
        sum(s for s, j in zip(array.strides, labels, strict=True) if j == i)
        for i in unique
    ]
    shape = [array.shape[labels.index(i)] for i in unique]
    view = np.lib.stride_tricks.as_strided(array, shape, strides, writeable=False)
    return view, unique


def arranged(array: Array, labels: Labels, out: Labels) -> Array:
    """The axes in the order of `out`; labels that are not in it are summed."""
    array, labels = _summed(array, labels, set(out))
    return array.transpose([labels.index(i) for i in out])


def _summed(array: Array, labels: Labels, keep: set[int]) -> Labelled:
    gone = tuple(k for k, i in enumerate(labels) if i not in keep)
    if not gone:
        return array, labels
    return array.sum(axis=gone), tuple(i for i in labels if i in keep)


def pair_product(a: Labelled, b: Labelled, alive: set[int]) -> Labelled:
    """Two labelled arrays contracted over the labels that are not alive."""
    first, left = _summed(*a, alive | set(b[1]))
    second, right = _summed(*b, alive | set(left))
    shared = [i for i in left if i in right]
    bound = [i for i in shared if i not in alive]
    if not bound:
        return _broadcast_product(first, left, second, right)
    batch = [i for i in shared if i in alive]
    rows = [i for i in left if i not in shared]
    columns = [i for i in right if i not in shared]
    sizes = dict(zip(left, first.shape, strict=True))
    sizes.update(zip(right, second.shape, strict=True))
    x = _as_matrix(first, left, (batch, rows, bound), sizes)
    y = _as_matrix(second, right, (batch, bound, columns), sizes)
    result = np.matmul(x, y)
    labels = (*batch, *rows, *columns)
    return result.reshape([sizes[i] for i in labels]), labels


def _as_matrix(
    array: Array,
    labels: Labels,
    groups: tuple[list[int], list[int], list[int]],
    sizes: Mapping[int, int],
) -> Array:
    order = [labels.index(i) for group in groups for i in group]
    shape = [prod(sizes[i] for i in group) for group in groups[1:]]
    lead = [sizes[i] for i in groups[0]]
    return array.transpose(order).reshape(lead + shape)


def _broadcast_product(
    first: Array, left: Labels, second: Array, right: Labels
) -> Labelled:
    labels = left + tuple(i for i in right if i not in left)
    return _spread(first, left, labels) * _spread(second, right, labels), labels


def _spread(array: Array, labels: Labels, target: Labels) -> Array:
    """A view with one axis for every label of the target, of length 1 where it is
    new."""
    if labels == target:
        return array
    order = [labels.index(i) for i in target if i in labels]
    sizes = dict(zip(labels, array.shape, strict=True))
    return array.transpose(order).reshape([sizes.get(i, 1) for i in target])
