"""Cutting a contraction into blocks that fit in memory.

A label that is sliced runs over one block of its values at a time. The blocks of the
result's labels fill parts of the result, those of a summed label are added up. Each
block is the same path with shorter labels; what does not carry a sliced label is
computed again for every block, and so the labels are chosen that add few flops.

>>> product = (((0, 1), (1, 2), (2, 3)), (0, 3), dict.fromkeys(range(4), 1000))
>>> cut = sliced(*product, ((0, 1), (0, 1)), 12_000_000)
>>> cut.blocks, cut.count, cut.peak * 8 <= 12_000_000
({0: 250}, 4, True)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product as grid
from math import ceil, prod

from ..errors import BudgetError
from .costs import alive, flops, steps
from .networks import Path
from .products import Labels, Sizes, entries

#: What a summed label weighs against one of the result, whose blocks need no adding up.
SUMMED = 1.5


@dataclass(frozen=True, slots=True)
class Slicing:
    """The labels that are cut with the lengths of their blocks, how many blocks that
    makes, the flops of all of them, and the entries alive at the worst moment."""

    blocks: Mapping[int, int]
    count: int
    flops: int
    peak: int


def sliced(
    inputs: Sequence[Labels],
    out: Labels,
    sizes: Sizes,
    path: Path,
    limit: int,
    *,
    itemsize: int = 8,
    resident: bool = True,
) -> Slicing:
    """Blocks for which the arrays that a path makes stay within `limit` bytes at every
    moment. The whole result counts where it is `resident`; inputs do not.

    Raises `BudgetError` where not even blocks of one value fit.
    """
    task = _Task(inputs, out, sizes, path, resident)
    room = limit // itemsize
    if resident and entries(out, sizes) > room:
        raise BudgetError(
            f"the result takes {entries(out, sizes) * itemsize:,} bytes and the limit "
            f"is {limit:,}",
            hint="raise memory_limit, or write the result in blocks",
        )
    current = task.slicing({})
    while current.peak > room:
        better = list(task.halved(current))
        if not better:
            raise BudgetError(
                f"the smallest blocks take {current.peak * itemsize:,} bytes and the "
                f"limit is {limit:,}",
                hint="raise memory_limit",
            )
        current = min(better, key=lambda cut: task.weight(cut, room))
    return current


def blocks(cut: Slicing, sizes: Sizes) -> Iterator[dict[int, slice]]:
    """The ranges of the sliced labels, block after block, the last label fastest.

    >>> list(blocks(Slicing({0: 2}, 2, 0, 0), {0: 3}))
    [{0: slice(0, 2, None)}, {0: slice(2, 3, None)}]
    """
    ranges = [
        [slice(at, min(at + length, sizes[i])) for at in range(0, sizes[i], length)]
        for i, length in cut.blocks.items()
    ]
    for chosen in grid(*ranges):
        yield dict(zip(cut.blocks, chosen, strict=True))


@dataclass(frozen=True, slots=True)
class _Task:
    """A path over a network that is to be cut."""

    inputs: Sequence[Labels]
    out: Labels
    sizes: Sizes
    path: Path
    resident: bool

    def slicing(self, lengths: Mapping[int, int]) -> Slicing:
        """What it costs to work in blocks of these lengths."""
        block = {**self.sizes, **lengths}
        count = prod(ceil(self.sizes[i] / n) for i, n in lengths.items())
        work = flops(self.inputs, self.out, block, self.path) * count
        peak = max((n for n, _ in self._moments(block)), default=0)
        whole = entries(self.out, self.sizes) if self.resident and count > 1 else 0
        return Slicing(dict(sorted(lengths.items())), count, work, peak + whole)

    def _moments(self, block: Sizes) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Entries alive at each step, and the labels of the arrays that are."""
        count = len(self.inputs)
        for step in steps(self.inputs, self.out, self.path):
            labels = dict.fromkeys(step.left + step.right)
            for _, row in step.others:
                labels |= dict.fromkeys(row)
            yield alive(step, count, block), tuple(labels)

    def halved(self, cut: Slicing) -> Iterator[Slicing]:
        """The slicings with one more label cut, or one cut twice as fine, of those that
        arrays carry at the worst moment."""
        block = {**self.sizes, **cut.blocks}
        _, labels = max(self._moments(block), key=lambda moment: moment[0])
        for i in sorted(labels):
            if block[i] > 1:
                yield self.slicing({**cut.blocks, i: ceil(block[i] / 2)})

    def weight(self, cut: Slicing, room: int) -> tuple[float, float]:
        """Flops with what does not fit yet; labels of the result before summed ones."""
        summed = sum(1 for i in cut.blocks if i not in self.out)
        excess = max(cut.peak / max(room, 1), 1.0)
        return cut.flops * SUMMED**summed * excess**2, cut.peak
