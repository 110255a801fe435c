"""A contraction as bits: labels and operands are positions in integers.

A *part* is a set of operands; its legs are the labels that it carries and that some
other operand or the result needs. An order of contraction is a `Tree`: each part that
is computed, with the two parts it is the product of.

>>> web = Web(((0, 1), (1, 2), (2, 3)), (0, 3), {0: 2, 1: 3, 2: 4, 3: 5})
>>> web.size(web.legs(0b011))
8.0
>>> tree_path({0b011: (0b001, 0b010), 0b111: (0b011, 0b100)}, 3)
((0, 1), (0, 1))
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import fsum
from typing import TypeAlias

from .products import Labels, Sizes

Part: TypeAlias = int
Mask: TypeAlias = int
Tree: TypeAlias = Mapping[Part, tuple[Part, Part]]
Path: TypeAlias = tuple[tuple[int, ...], ...]


def bits(mask: int) -> Iterator[int]:
    """The positions of the ones, upwards."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


class Web:
    """A network of operands. Labels of size 1 connect nothing and are left out, and so
    are those that one operand alone carries and the result does not."""

    def __init__(self, inputs: Iterable[Labels], out: Labels, sizes: Sizes) -> None:
        rows = list(inputs)
        count: dict[int, int] = dict.fromkeys(out, 1)
        for row in rows:
            for i in dict.fromkeys(row):
                count[i] = count.get(i, 0) + 1
        kept = [i for i, n in count.items() if n > 1 and sizes[i] > 1]
        place = {i: k for k, i in enumerate(kept)}
        self.sizes = [float(sizes[i]) for i in kept]
        self.out = sum(1 << place[i] for i in dict.fromkeys(out) if i in place)
        self.leaves = [
            sum(1 << place[i] for i in dict.fromkeys(row) if i in place) for row in rows
        ]
        self.carriers = [0] * len(kept)
        for k, row in enumerate(rows):
            for i in dict.fromkeys(row):
                if i in place:
                    self.carriers[place[i]] |= 1 << k
        ends = [part.bit_count() for part in self.carriers]
        self.ends = ends
        self.plain = sum(1 << i for i, n in enumerate(ends) if n == 2) & ~self.out
        self._size: dict[Mask, float] = {0: 1.0}
        self._legs: dict[Part, Mask] = {1 << k: m for k, m in enumerate(self.leaves)}

    def size(self, labels: Mask) -> float:
        """The product of the sizes of some labels."""
        known = self._size.get(labels)
        if known is None:
            low = labels & -labels
            known = self.sizes[low.bit_length() - 1] * self.size(labels ^ low)
            self._size[labels] = known
        return known

    def legs(self, part: Part) -> Mask:
        """The labels of the product of a part."""
        known = self._legs.get(part)
        if known is None:
            known = 0
            for k in bits(part):
                known |= self.leaves[k]
            known ^= self.closed(known, part)
            self._legs[part] = known
        return known

    def closed(self, labels: Mask, part: Part) -> Mask:
        """Those of the labels that nothing outside the part needs."""
        outside = ~part
        gone = 0
        for i in bits(labels & ~self.out):
            if not self.carriers[i] & outside:
                gone |= 1 << i
        return gone

    def flops(self, left: Part, right: Part) -> float:
        """Additions and multiplications of one product of parts."""
        a, b = self.legs(left), self.legs(right)
        bound = a & b & ~self.legs(left | right)
        return self.size(a | b) * (2.0 if bound else 1.0)


def tree_flops(web: Web, tree: Tree) -> float:
    """Additions and multiplications of all products of a tree."""
    return fsum(web.flops(a, b) for a, b in tree.values())


def tree_path(tree: Tree, count: int) -> Path:
    """The tree as positions to take at each step, results appended at the end.

    The parts are computed depth first, the larger branch earlier, which keeps few
    intermediate results alive at a time.
    """
    row: list[Part] = [1 << k for k in range(count)]
    steps = []
    for part in execution_order(tree, (1 << count) - 1):
        left, right = tree[part]
        i, j = sorted((row.index(left), row.index(right)))
        steps.append((i, j))
        del row[j], row[i]
        row.append(part)
    return tuple(steps)


def union(chosen: int, parts: Sequence[Part]) -> Part:
    """The union of the chosen parts.

    >>> union(0b101, (0b01, 0b10, 0b1100)) == 0b1101
    True
    """
    whole = 0
    for k in bits(chosen):
        whole |= parts[k]
    return whole


def lifted(tree: Tree, parts: Sequence[Part]) -> dict[Part, tuple[Part, Part]]:
    """A tree over parts as a tree over the operands that they consist of."""
    return {
        union(whole, parts): (union(left, parts), union(right, parts))
        for whole, (left, right) in tree.items()
    }


def execution_order(tree: Tree, root: Part) -> list[Part]:
    """The products of a tree, each after those it needs."""
    order: list[Part] = []
    stack = [root]
    while stack:
        part = stack.pop()
        if part not in tree:
            continue
        order.append(part)
        stack += sorted(tree[part], key=lambda p: (p.bit_count(), p))
    return order[::-1]
