"""What an order of contraction costs: flops, the largest array, the peak, seconds.

A path is a sequence of positions taken at each step; their product goes to the end.
Flops are counted as 2∏n over all labels of a product that sums over a label longer
than 1, and as ∏n where nothing is summed; a label that one operand alone carries and
nothing needs is summed first, an addition an entry. Sizes of arrays are numbers of
entries, inputs are the caller's and count for nothing.

>>> chain, sizes = ((0, 1), (1, 2), (2, 3)), {0: 2, 1: 30, 2: 2, 3: 30}
>>> flops(chain, (0, 3), sizes, ((0, 1), (0, 1)))
480
>>> largest(chain, (0, 3), sizes, ((1, 2), (0, 1)))
900
>>> peak(chain, (0, 3), sizes, ((1, 2), (0, 1)))
960
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count
from math import fsum
from typing import NamedTuple

from .machine import TYPICAL, Machine, Product, product
from .networks import Path
from .products import Labels, Layouts, Sizes, entries, needed, pair_flops


class Step(NamedTuple):
    """One product of a path: where its operands come from (inputs by position, then the
    results in order), their labels, what must be kept, and what else is alive."""

    sources: tuple[int, int]
    left: Labels
    right: Labels
    keep: frozenset[int]
    others: tuple[tuple[int, Labels], ...]

    @property
    def result(self) -> Labels:
        """The labels of the product."""
        every = dict.fromkeys(self.left + self.right)
        return tuple(i for i in every if i in self.keep)


def steps(inputs: Sequence[Labels], out: Labels, path: Path) -> Iterator[Step]:
    """The products of a path; a step of more than two goes from left to right."""
    rows = [(k, tuple(dict.fromkeys(row))) for k, row in enumerate(inputs)]
    fresh = len(rows)
    carried = Counter(i for _, labels in rows for i in labels)
    carried.update(out)
    for positions in path:
        taken = [rows.pop(k) for k in sorted(positions, reverse=True)][::-1]
        while len(taken) > 1:
            (i, left), (j, right), *rest = taken
            both = Counter((*left, *right))
            keep = frozenset(i for i, count in both.items() if carried[i] > count)
            step = Step((i, j), left, right, keep, (*rows, *rest))
            yield step
            carried.subtract(both)
            carried.update(step.result)
            taken = [(fresh, step.result), *rest]
            fresh += 1
        rows.append(taken[0])


def flops(inputs: Sequence[Labels], out: Labels, sizes: Sizes, path: Path) -> int:
    """Additions and multiplications of the whole path."""
    total = 0
    for step in steps(inputs, out, path):
        left = needed(step.left, step.keep.union(step.right))
        right = needed(step.right, step.keep.union(step.left))
        for before, after in ((step.left, left), (step.right, right)):
            total += entries(before, sizes) if len(before) > len(after) else 0
        total += pair_flops(left, right, step.keep, sizes)
    return total


def largest(inputs: Sequence[Labels], out: Labels, sizes: Sizes, path: Path) -> int:
    """Entries of the largest array that a step makes."""
    made = (entries(step.result, sizes) for step in steps(inputs, out, path))
    return max(made, default=0)


def peak(inputs: Sequence[Labels], out: Labels, sizes: Sizes, path: Path) -> int:
    """Entries of all arrays made and still needed, at the worst moment: during a step
    its operands, sums over their own labels, its result and what waits for later."""
    worst = (alive(step, len(inputs), sizes) for step in steps(inputs, out, path))
    return max(worst, default=0)


def alive(step: Step, count: int, sizes: Sizes) -> int:
    """Entries of the arrays other than the `count` inputs while a step is done."""
    total = entries(step.result, sizes)
    pairs = ((step.left, step.right), (step.right, step.left))
    for source, (labels, other) in zip(step.sources, pairs, strict=True):
        own = needed(labels, step.keep.union(other))
        total += entries(own, sizes) if len(own) < len(labels) else 0
        total += entries(labels, sizes) if source >= count else 0
    waiting = (labels for source, labels in step.others if source >= count)
    return total + sum(entries(labels, sizes) for labels in waiting)


def path_seconds(
    inputs: Sequence[Labels],
    out: Labels,
    sizes: Sizes,
    path: Path,
    *,
    machine: Machine = TYPICAL,
    itemsize: int = 8,
    same: Sequence[int] | None = None,
) -> float:
    """Seconds that the machine needs for a path by its model; operands with one number
    in `same` are one array, and a product that occurs again costs nothing."""
    rows, pricing = priced(inputs, sizes, machine, itemsize, same)
    for step in steps(inputs, out, path):
        i, j = step.sources
        rows.append(pricing.pair(rows[i], rows[j], step.keep))
    total = fsum({row.form: row.cost for row in rows}.values())
    return total + (pricing.turning(rows[-1], out) if path else 0.0)


class Value(NamedTuple):
    """An array of a path: its labels in the order they lie, a number for what is
    computed (equal for equal values up to the names of labels), its own seconds, and
    the layouts it may have."""

    labels: Labels
    form: int
    cost: float
    layouts: Layouts


class Pricing:
    """The seconds of products, each looked up once, and numbers for their forms. Where
    no operand `repeats`, no two products are taken to be equal."""

    def __init__(
        self, sizes: Sizes, machine: Machine, itemsize: int, repeats: bool = False
    ) -> None:
        self.sizes = sizes
        self.machine = machine
        self.itemsize = itemsize
        self.repeats = repeats
        self._made = count()
        self._forms: dict[object, int] = {}
        self._products: dict[object, Product] = {}

    def leaf(self, identity: int, labels: Labels) -> Value:
        """An operand; a repeated label reads its diagonal."""
        places = tuple(labels.index(i) for i in labels)
        form = self._forms.setdefault((identity, places), next(self._made))
        own = tuple(dict.fromkeys(labels))
        return Value(own, form, 0.0, (own,))

    def _form(self, a: Value, b: Value, keep: frozenset[int]) -> int:
        """The number of a product."""
        if not self.repeats:
            return next(self._made)
        key = min(_form(a, b, keep), _form(b, a, keep))
        return self._forms.setdefault(key, next(self._made))

    def pair(self, a: Value, b: Value, keep: frozenset[int]) -> Value:
        """The product of two values; labels that only one of them carries and nothing
        needs are summed away first."""
        left = needed(a.labels, keep.union(b.labels))
        right = needed(b.labels, keep.union(a.labels))
        kept = keep.intersection(left + right)
        ways = (_without(a, left), _without(b, right))
        key = (left, right, kept, ways)
        if key not in self._products:
            self._products[key] = product(
                left, right, kept, self.sizes, self.machine, self.itemsize, ways
            )
        cost = self._products[key]
        time_ = cost.seconds + self._sums(a.labels, left) + self._sums(b.labels, right)
        form = self._form(a, b, kept)
        return Value(cost.labels, form, time_, cost.layouts)

    def turning(self, value: Value, out: Labels) -> float:
        """Seconds for the axes in the order of `out`, where the value cannot be left in
        that order; none for what only has to be summed."""
        order = _long(out, self.sizes)
        ways = [_long(labels, self.sizes) for labels in value.layouts]
        if not ways or order in ways or len(order) < len(ways[0]):
            return 0.0
        bytes_ = 2 * entries(order, self.sizes) * self.itemsize
        return bytes_ / self.machine.bandwidth(bytes_)

    def _sums(self, before: Labels, after: Labels) -> float:
        if len(before) == len(after):
            return 0.0
        bytes_ = entries(before, self.sizes) * self.itemsize
        return bytes_ / self.machine.bandwidth(bytes_) + self.machine.call


def _without(value: Value, labels: Labels) -> Layouts:
    """The first layout of a value when all but these labels are summed away: only the
    last product of all is free to turn its matrices round."""
    if len(labels) == len(value.labels):
        return value.layouts[:1]
    return tuple(tuple(i for i in way if i in labels) for way in value.layouts[:1])


def _long(labels: Labels, sizes: Sizes) -> Labels:
    return tuple(i for i in labels if sizes[i] > 1)


def priced(
    inputs: Sequence[Labels],
    sizes: Sizes,
    machine: Machine,
    itemsize: int,
    same: Sequence[int] | None,
) -> tuple[list[Value], Pricing]:
    """The operands as values, and what prices their products."""
    identities = tuple(range(len(inputs)) if same is None else same)
    repeats = len(set(identities)) < len(identities)
    pricing = Pricing(sizes, machine, itemsize, repeats)
    return list(map(pricing.leaf, identities, inputs)), pricing


def _form(a: Value, b: Value, keep: frozenset[int]) -> tuple[object, ...]:
    """What a product computes, its labels numbered in order of occurrence."""
    labels = tuple(dict.fromkeys(a.labels + b.labels))
    right = tuple(labels.index(i) for i in b.labels)
    kept = tuple(i in keep for i in labels)
    return (a.form, len(a.labels), b.form, right, kept)
