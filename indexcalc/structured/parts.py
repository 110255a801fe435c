"""One term of a structured result: a product of arrays, and where its entries go.

A `Part` is a contraction that was not carried out: `factors` with labels, and `axes`,
each a group of labels (the first slowest). A label that stands in several axes is a
diagonal, one that no factor carries spreads the entries, one that no axis shows is
summed. Kronecker products, outer products and low rank are nothing but several factors.

>>> s = np.array([1.0, 2.0])
>>> outer = Part(((s, (0,)), (s, (1,))), ((0,), (1,)), (2, 2))        # s sᵀ
>>> outer.core.tolist(), outer.carried
([[1.0, 2.0], [2.0, 4.0]], (0, 1))
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from math import prod
from typing import Any, TypeAlias

import numpy as np

from ..evaluate import entries
from ..pairwise import Array, Labelled, Labels, contract, without_repeats
from ..plan import Pattern
from ..planning.budgets import keep_array_within
from ..unions import Unions

Axes: TypeAlias = tuple[Labels, ...]


@dataclass(frozen=True, eq=False)
class Part:
    """A product of factors, summed over the labels that `axes` does not show; `sizes`
    are the labels' lengths."""

    factors: tuple[Labelled, ...]
    axes: Axes
    sizes: tuple[int, ...]

    @property
    def dtype(self) -> Any:
        """The dtype of the entries."""
        return np.result_type(*(array.dtype for array, _ in self.factors))

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return tuple(prod(self.sizes[i] for i in axis) for axis in self.axes)

    @cached_property
    def shown(self) -> Labels:
        """The labels of the axes, once each, in order."""
        return tuple(dict.fromkeys(i for axis in self.axes for i in axis))

    @cached_property
    def held(self) -> frozenset[int]:
        """The labels of the factors."""
        return frozenset(i for _, labels in self.factors for i in labels)

    @cached_property
    def carried(self) -> Labels:
        """The labels of the core: those shown that a factor carries, in order."""
        return tuple(i for i in self.shown if i in self.held)

    @cached_property
    def core(self) -> Array:
        """The array of the entries that are not zero, one axis a carried label."""
        if len(self.factors) == 1:
            array, labels = self.factors[0]
            if labels == _carried(self.axes, labels):
                return array
        core = np.asarray(contract(self.factors, self.carried))
        core.flags.writeable = False
        return core

    @cached_property
    def pattern(self) -> Pattern:
        """Where the core's entries go."""
        return Pattern(self.axes, self.carried, self.sizes)


@lru_cache(maxsize=1024)
def _carried(axes: Axes, held: Labels) -> Labels:
    """The labels of axes that are held, in order, each once."""
    return tuple(dict.fromkeys(i for axis in axes for i in axis if i in held))


def flat(axes: Iterable[Labels]) -> Labels:
    """The labels of some axes, as if these were one."""
    return tuple(i for axis in axes for i in axis)


def scaled(part: Part, factor: Array) -> Part:
    """The part times a number, given as an array without axes; no factor is copied."""
    first, labels = part.factors[0]
    if labels:
        return replace(part, factors=((factor, ()), *part.factors))
    return replace(part, factors=((first * factor, ()), *part.factors[1:]))


def conjugated(part: Part) -> Part:
    """The conjugate entries."""
    factors = tuple((np.conj(array), labels) for array, labels in part.factors)
    return replace(part, factors=factors)


def joined(part: Part, pairs: Iterable[tuple[int, int]]) -> Part:
    """The part with labels made one: restricted to the entries where they agree."""
    classes = Unions(len(part.sizes))
    for i, j in pairs:
        classes.join(i, j)
    factors = tuple(
        without_repeats(array, tuple(map(classes.find, labels)))
        for array, labels in part.factors
    )
    axes = tuple(tuple(map(classes.find, axis)) for axis in part.axes)
    return replace(part, factors=factors, axes=axes)


def total(part: Part) -> Any:
    """The sum of what the axes show: over all labels, spread ones counted."""
    spread = prod(part.sizes[i] for i in part.shown if i not in part.held)
    return contract(part.factors, ()) * part.dtype.type(spread)


def entries_at(part: Part, places: Sequence[Array]) -> Array:
    """The entries at places given by one array of indices an axis."""
    digit: dict[int, Array] = {}
    agree = np.ones(places[0].shape, bool)
    for axis, place in zip(part.axes, places, strict=True):
        rest = place
        for i in reversed(axis):
            rest, here = np.divmod(rest, max(part.sizes[i], 1))
            agree &= digit.setdefault(i, here) == here
    point = len(part.sizes)
    rows = [_gathered(array, labels, digit, point) for array, labels in part.factors]
    rows.append((agree.astype(part.dtype), (point,)))
    return contract(rows, (point,))


def _gathered(
    array: Array, labels: Labels, digit: dict[int, Array], point: int
) -> Labelled:
    """A factor at the digits of its shown labels: one axis for the places, then its
    summed labels."""
    shown = [k for k, i in enumerate(labels) if i in digit]
    summed = [k for k, i in enumerate(labels) if i not in digit]
    if not shown:
        return array, labels
    at = tuple(digit[labels[k]] for k in shown)
    found = array.transpose(shown + summed)[at]
    return found, (point, *(labels[k] for k in summed))


# -- writing out -----------------------------------------------------------------------


#: What needs no dense array.
INSTEAD = "products, diagonal, solve and to_sparse need no dense array"


def assembled(
    parts: Sequence[Part],
    shape: tuple[int, ...],
    dtype: Any,
    out: Array | None = None,
) -> Array:
    """The sum of parts as a dense array, in `out` if it is given: deltas are written
    as diagonals by strides, zeros only where nothing fills everything."""
    if out is None:
        keep_array_within(shape, np.dtype(dtype).itemsize, "the dense array", INSTEAD)
    parts = sorted(parts, key=lambda part: part.pattern.diagonal)
    full = bool(parts) and not parts[0].pattern.diagonal
    if out is None and len(parts) == 1 and _is_dense(parts[0], dtype):
        return contract(parts[0].factors, parts[0].carried).reshape(shape)
    make = np.empty if full else np.zeros
    dense = make(shape, dtype) if out is None else out
    if out is not None and not full:
        dense[...] = 0
    views = [_whole_view(part) for part in parts[:2]]
    both = [view for view in views if view is not None]
    if len(both) == 2:
        np.add(both[0], both[1], out=dense, casting="same_kind")
        parts = parts[2:]
    for k, part in enumerate(parts):
        _write(dense, part, first=k == 0 and len(both) < 2)
    return dense


def _whole_view(part: Part) -> Array | None:
    """The core spread over all axes, where each is one label of its own."""
    labels = flat(part.axes)
    if part.pattern.diagonal or len(labels) != len(part.axes):
        return None
    order = [part.carried.index(i) for i in labels if i in part.held]
    missing = tuple(k for k, i in enumerate(labels) if i not in part.held)
    return np.expand_dims(part.core.transpose(order), missing)


def _is_dense(part: Part, dtype: Any) -> bool:
    """Whether contracting the part gives a new array that is the value."""
    fresh = len([1 for _, labels in part.factors if labels]) > 1
    return fresh and part.pattern.dense and part.dtype == dtype


def _write(dense: Array, part: Part, first: bool) -> None:
    """Adds the part's entries, or, as the first, puts them there."""
    if first and len(part.factors) == 2 and part.held <= set(part.shown):
        _write_product(dense, part)
        return
    target, source = entries(dense, part.core, part.pattern, part.sizes)
    if first:
        target[...] = source
    else:
        target += source


def _write_product(dense: Array, part: Part) -> None:
    """A product of two factors over which nothing is summed, straight into place."""
    (first, left), (second, right) = part.factors
    pattern = Pattern(part.axes, left, part.sizes)
    target, a = entries(dense, first, pattern, part.sizes)
    _, b = entries(dense, second, Pattern(part.axes, right, part.sizes), part.sizes)
    np.multiply(a, b, out=target, casting="same_kind")
