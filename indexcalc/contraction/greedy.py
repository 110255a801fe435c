"""Trees built from the bottom: always the pair whose product grows least.

The pair of a and b is worth |ab| − α(|a| + |b|); with a temperature a bit of noise is
added to the logarithm of that, from a generator with a fixed seed, so that different
runs see different trees and the same run the same.

>>> web = Web(((0, 1), (1, 2), (2, 3)), (0, 3), {0: 2, 1: 30, 2: 2, 3: 30})
>>> greedy_tree(web, alpha=1.0)
{3: (1, 2), 7: (4, 3)}
"""

from __future__ import annotations

from heapq import heappop, heappush
from math import copysign, log, log1p
from random import Random

from .networks import Mask, Part, Web, bits


class Heap:
    """The parts that are left, and their pairs in the order of their worth."""

    def __init__(self, web: Web, alpha: float, temperature: float, seed: int) -> None:
        self.web = web
        self.alpha = alpha
        self.temperature = temperature
        self.random = Random(seed).random
        self.queue: list[tuple[float, Part, Part, Mask]] = []
        self.legs: dict[Part, Mask] = {}
        self.holders: dict[int, list[Part]] = {i: [] for i in range(len(web.sizes))}
        self.ends = list(web.ends)
        self.last = web.plain

    def worth(self, a: Mask, b: Mask, product: Mask) -> float:
        """How much the product of two parts grows; the least is taken first."""
        size = self.web.size
        value = size(product) - self.alpha * (size(a) + size(b))
        if not self.temperature:
            return value
        noise = -log(-log(self.random() or 0.5))
        return copysign(log1p(abs(value)), value) - self.temperature * noise

    def add(self, part: Part, labels: Mask) -> None:
        """One more part, with its pairs."""
        near: dict[Part, None] = {}
        for i in bits(labels):
            near.update(dict.fromkeys(self.holders[i]))
            self.holders[i].append(part)
        for other in near:
            mask = self.legs[other]
            product = (labels | mask) & ~(labels & mask & self.last)
            value = self.worth(labels, mask, product)
            heappush(self.queue, (value, other, part, product))
        self.legs[part] = labels

    def take(self, left: Part, right: Part) -> Mask:
        """Removes two parts; answers the legs of their product."""
        a, b = self.legs.pop(left), self.legs.pop(right)
        for part, mask in ((left, a), (right, b)):
            for i in bits(mask):
                self.holders[i].remove(part)
        both = a & b
        product = (a | b) & ~(both & self.last)
        for i in bits(both & product):
            self.ends[i] -= 1
            if self.ends[i] == 2 and not self.web.out >> i & 1:
                self.last |= 1 << i
        return product


def greedy_tree(
    web: Web, alpha: float = 1.0, temperature: float = 0.0, seed: int = 0
) -> dict[Part, tuple[Part, Part]]:
    """A tree over all operands of the network."""
    heap = Heap(web, alpha, temperature, seed)
    tree: dict[Part, tuple[Part, Part]] = {}
    for k, leaf in enumerate(web.leaves):
        heap.add(1 << k, leaf)
    while heap.queue:
        _, left, right, _ = heappop(heap.queue)
        if left in heap.legs and right in heap.legs:
            tree[left | right] = (left, right)
            heap.add(left | right, heap.take(left, right))
    rest = sorted(heap.legs, key=lambda part: (web.size(heap.legs[part]), part))
    while len(rest) > 1:
        left, right = rest.pop(0), rest.pop(0)
        tree[left | right] = (left, right)
        rest.append(left | right)
    return tree
