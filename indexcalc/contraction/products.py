"""One product of two labelled arrays: its groups of labels, its result, its flops.

A label of both operands is `bound` where nothing later needs it, and `batch` where the
result keeps it; a label of one operand alone is a `row` or a `column`. Labels that
only one operand carries and nothing needs are summed away before.

>>> groups((0, 1), (1, 2), keep={0, 2})
Groups(batch=(), rows=(0,), bound=(1,), columns=(2,))
>>> pair_flops((0, 1), (1, 2), {0, 2}, {0: 3, 1: 4, 2: 5})
120
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from math import prod
from typing import NamedTuple, TypeAlias

Labels: TypeAlias = tuple[int, ...]
Sizes: TypeAlias = Mapping[int, int]

#: Orders in which the axes of an array may lie, at choice; none stands for all.
Layouts: TypeAlias = tuple[Labels, ...]


class Groups(NamedTuple):
    """The labels of a pair by what becomes of them, in the order of the operands."""

    batch: Labels
    rows: Labels
    bound: Labels
    columns: Labels

    @property
    def result(self) -> Labels:
        """The labels of the product, in the order that a matrix product leaves."""
        return self.batch + self.rows + self.columns


def groups(left: Labels, right: Labels, keep: Collection[int]) -> Groups:
    """What becomes of each label; both operands hold only labels that are needed.

    >>> groups((0, 1), (0, 1, 2), keep={0, 2}).batch
    (0,)
    """
    shared = [i for i in left if i in right]
    return Groups(
        tuple(i for i in shared if i in keep),
        tuple(i for i in left if i not in right),
        tuple(i for i in shared if i not in keep),
        tuple(i for i in right if i not in left),
    )


def needed(labels: Labels, others: Collection[int]) -> Labels:
    """The labels, once each, without those that no other operand or result needs."""
    return tuple(dict.fromkeys(i for i in labels if i in others))


def entries(labels: Iterable[int], sizes: Sizes) -> int:
    """How many entries an array with these labels has."""
    return prod(sizes[i] for i in labels)


def pair_flops(left: Labels, right: Labels, keep: Collection[int], sizes: Sizes) -> int:
    """Additions and multiplications of a pair: 2∏n over all its labels where a label
    longer than 1 is bound, and ∏n (a multiplication an entry) where none is."""
    bound = [i for i in left if i in right and i not in keep]
    every = entries(set(left).union(right), sizes)
    return every * (2 if any(sizes[i] > 1 for i in bound) else 1)
