"""The best tree over few operands: all subsets, all ways to split them, outer products
included.

For a set S of leaves let T(S) be the product of the sizes of the labels that S touches,
and E(S) that of the labels it encloses, which no other leaf and no result needs. Then
the value of S has T(S)/E(S) entries, and the product of the disjoint A and B, with
S = A ∪ B, runs over T(S)/(E(A)E(B)) index values: labels touched by S, without those
already summed. So the price of a split needs three table look-ups, and all subsets of
one cardinality are done at once by NumPy: 3^k splits in 2k array operations.

>>> legs = (0b0011, 0b0110, 0b1100)                       # ab, bc, cd -> ad
>>> round(best_splits(legs, 0b1001, [2.0, 30.0, 2.0, 30.0], FLOPS).cost)
480
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np

from .networks import Mask, Part, bits, lifted

Array: TypeAlias = np.ndarray[Any, Any]

#: Exponents are cut here, so that the largest product of tables is still a float.
LARGEST = 300.0


@dataclass(frozen=True, slots=True)
class Price:
    """What a tree costs, a sum over its products: `flop` for each flop of a product
    that sums, `item` for each entry of each product, `batch` for each matrix of a
    batched product, `multiply` for each flop of one that does not sum; products of more
    than `room` entries pay `spilt` an entry instead."""

    flop: float
    multiply: float
    item: float = 0.0
    batch: float = 0.0
    room: float = float("inf")
    spilt: float = 0.0


FLOPS = Price(1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Splits:
    """The least cost, and for every set of leaves the part of it to compute apart."""

    cost: float
    left: Array


@lru_cache(maxsize=16)
def _layers(count: int) -> tuple[tuple[Array, Array, Array], ...]:
    """For 2, 3, … leaves: the sets, and a column for each of them with its subsets that
    hold the lowest leaf, and their complements."""
    layers = []
    for p in range(2, count + 1):
        places = np.array(list(combinations(range(count), p)), np.int64)
        powers = 1 << places
        chosen = np.arange(1 << (p - 1), dtype=np.int64)[:-1] * 2 + 1
        picks = (chosen[:, None] >> np.arange(p)) & 1
        sets = powers.sum(axis=1)
        parts = (picks.astype(np.float64) @ powers.T.astype(np.float64)).astype(np.intp)
        layers.append((sets, parts, sets - parts))
    return tuple(layers)


def _tables(
    legs: Sequence[Mask], open_: Mask, sizes: Sequence[float]
) -> tuple[Array, Array]:
    """T and E of all sets of leaves."""
    touched: dict[int, float] = {}
    enclosed: dict[int, float] = {}
    every = 0
    for mask in legs:
        every |= mask
    for i in bits(every):
        bit = 1 << i
        holders = sum(1 << k for k, mask in enumerate(legs) if mask & bit)
        weight = float(np.log(sizes[i]))
        touched[holders] = touched.get(holders, 0.0) + weight
        if not open_ & bit:
            enclosed[holders] = enclosed.get(holders, 0.0) + weight
    sets = np.arange(1 << len(legs), dtype=np.int64)[:, None]
    held = np.array(list(touched), np.int64)
    inner = np.array(list(enclosed), np.int64)
    t = ((sets & held) != 0) @ np.array(list(touched.values()), float)
    e = ((sets & inner) == inner) @ np.array(list(enclosed.values()), float)
    return np.exp(np.minimum(t, LARGEST)), np.exp(np.minimum(e, LARGEST))


def best_splits(
    legs: Sequence[Mask], open_: Mask, sizes: Sequence[float], price: Price
) -> Splits:
    """The cheapest tree over the leaves with these legs; `open_` are the labels needed
    outside, `sizes` those of all labels."""
    t, e = _tables(legs, open_, sizes)
    inverse = 1.0 / e
    spread, gathered = t * e, inverse / t
    items = t * inverse
    best = np.where(items > price.room, price.spilt, price.item) * items
    best[1 << np.arange(len(legs))] = 0.0
    left = np.zeros(len(t), np.intp)
    for sets, one, other in _layers(len(legs)):
        merged = inverse[one] * inverse[other]
        bound = merged * e[sets] > 1.0 + 1e-9
        cost = merged * t[sets] * np.where(bound, 2 * price.flop, price.multiply)
        if price.batch:
            batch = spread[one] * spread[other] * gathered[sets]
            cost += np.where(bound & (batch > 1.5), batch * price.batch, 0.0)
        cost += best[one] + best[other]
        choice = cost.argmin(axis=0)
        columns = np.arange(len(sets))
        left[sets] = one[choice, columns]
        best[sets] += cost[choice, columns]
    return Splits(float(best[-1]), left)


def splits_tree(
    splits: Splits, leaves: Sequence[Part]
) -> dict[Part, tuple[Part, Part]]:
    """The products of the cheapest tree, its leaves being parts of a larger network."""
    tree: dict[Part, tuple[Part, Part]] = {}
    stack = [(1 << len(leaves)) - 1]
    while stack:
        chosen = stack.pop()
        if chosen & (chosen - 1):
            one = int(splits.left[chosen])
            tree[chosen] = (one, chosen ^ one)
            stack += tree[chosen]
    return lifted(tree, leaves)
