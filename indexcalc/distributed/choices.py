"""Which grid: the one that reads least among those whose blocks fit a memory limit.

Few axes are cut rather than many. A block's memory is that of its program: sliced
inputs, what is shared by all blocks, intermediates, and the dense block.

>>> from indexcalc.expr import einsum, tensor
>>> X = tensor("X", (5000, 10))
>>> gram = einsum([(X, [0, 1]), (X, [0, 2])], [1, 2])
>>> plan = plan_blocks(gram, {"X": np.dtype(float)}, limit=100_000)
>>> plan.cells, plan.terms                             # a small result: its sum is cut
((1, 1), 8)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import lcm, perm, prod
from typing import Any

import numpy as np

from ..errors import BudgetError, UnsupportedError
from ..nodes import Einsum, Node, Sum, Tensor, toposort
from ..sizes import Size, value_of
from .blocks import Axis, Plan
from .memory import paired, peak_bytes, result_dtype
from .outputs import run_depth
from .restrict import Part, vanishes
from .wholes import entries

#: Blocks of fewer bytes are not made smaller for the sake of more workers.
SMALL = 1 << 22

#: What starting a block costs, in bytes that could be read meanwhile.
BLOCK_PRICE = 1 << 22

#: What a run of entries that lie apart costs to write, in bytes.
RUN_PRICE = 1 << 13

#: More axes than this are cut only where no fewer will do; so many choices are tried.
FEW, MOST_CHOICES = 2, 64

#: The legs of all factors that are planned for, over the choices that are tried.
MOST_LEGS = 12_000


@dataclass(frozen=True, slots=True)
class Choice:
    """The axes of the result that are cut, and the length of a summed index that is."""

    axes: tuple[int, ...]
    summed: int | None

    @property
    def cuts(self) -> int:
        """How many axes and sums it cuts."""
        return len(self.axes) + (self.summed is not None)


def plan_blocks(
    root: Node, dtypes: Mapping[str, Any], limit: int, at_least: int = 1
) -> Plan:
    """The grid for a node of literal sizes; at least so many blocks unless they are
    small.

    Raises `BudgetError` where no grid fits.
    """
    program = paired(root, _literal)
    dtype = result_dtype(program, dtypes)
    units = [unit_of(root, k) for k in range(root.order)]
    fitting: list[tuple[int, Plan]] = []
    least: list[int] = []
    for choice in _choices(root, units):
        if fitting and choice.cuts > FEW:
            break
        found = _fitted(root, dtype, units, choice, limit, at_least)
        if found is not None and found.peak <= limit:
            fitting.append((_cost(found), found))
        elif found is not None:
            least.append(found.peak)
    if not fitting:
        raise _too_large(root, limit, least)
    return min(fitting, key=lambda pair: pair[0])[1]


def _too_large(root: Node, limit: int, least: Sequence[int]) -> BudgetError:
    shape = "×".join(str(n) for n in root.shape) or "1"
    smallest = f"the smallest block needs {min(least):,}" if least else "nothing is cut"
    return BudgetError(
        f"no block of the {shape} result fits in {limit:,} bytes: {smallest}",
        hint="raise memory_limit",
    )


def _literal(size: Size) -> int:
    return value_of(size, {})


def _choices(root: Node, units: Sequence[int]) -> Iterator[Choice]:
    """What may be cut, fewest axes first."""
    axes = [k for k, n in enumerate(root.shape) if entries([n]) > units[k]]
    sums: list[int | None] = [None, *summed_lengths(root)]
    found = [
        Choice(chosen, summed)
        for count in range(len(axes) + 1)
        for chosen in combinations(axes, count)
        for summed in sums
    ]
    found.sort(key=lambda choice: choice.cuts)
    tried = MOST_LEGS // max(_legs(root), 1)
    yield from found[: min(MOST_CHOICES, max(tried, 1))]


def _legs(root: Node) -> int:
    """How many legs all factors of a node's products have."""
    products = (e for e in toposort(root) if isinstance(e, Einsum))
    return sum(len(legs) for e in products for _, legs in e.operands)


def summed_lengths(root: Node) -> list[int]:
    """The lengths of indices that a product, or a term of a sum, sums over."""
    terms = [e for e, _ in root.terms] if isinstance(root, Sum) else [root]
    found: dict[int, None] = {}
    for node in toposort(*terms):
        if isinstance(node, Einsum):
            shown = {i for axis in node.out for i in axis}
            for i, n in enumerate(node.dims):
                if i not in shown and isinstance(n, int) and n > 1:
                    found[n] = None
    return sorted(found, reverse=True)[:3]


def unit_of(root: Node, axis: int) -> int:
    """How many entries of an axis go together: those of a group but its first."""
    terms = [e for e, _ in root.terms] if isinstance(root, Sum) else [root]
    rests = [
        prod(entries([e.dims[i]]) for i in e.out[axis][1:])
        for e in terms
        if isinstance(e, Einsum)
    ]
    unit = lcm(*(rest for rest in rests if rest))
    return unit if unit and entries([root.shape[axis]]) % unit == 0 else 1


def _fitted(
    root: Node,
    dtype: np.dtype[Any],
    units: Sequence[int],
    choice: Choice,
    limit: int,
    at_least: int,
) -> Plan | None:
    """The coarsest grid of a choice that fits, by halving; its finest where none does;
    None where the choice cannot be cut."""
    counts = {k: entries([root.shape[k]]) // units[k] for k in choice.axes}
    steps = {("x", n): n for n in counts.values()}
    if choice.summed is not None:
        steps["s", choice.summed] = choice.summed
    plan = Plan(root, dtype, (None,) * root.order, None)
    while True:
        plan.axes = tuple(
            Axis(counts[k], units[k], steps["x", counts[k]]) if k in counts else None
            for k in range(root.order)
        )
        if choice.summed is not None:
            plan.summed = Axis(choice.summed, 1, steps["s", choice.summed])
        try:
            plan.peak = block_peak(plan)
        except UnsupportedError:
            return None
        blocks = prod(plan.cells) * plan.terms
        if plan.peak <= limit and (blocks >= at_least or plan.peak <= SMALL):
            return plan
        longest = max(steps, key=lambda key: steps[key], default=None)
        if longest is None or steps[longest] == 1:
            return plan
        steps[longest] = -(-steps[longest] // 2)


# -- what a block holds ----------------------------------------------------------------


def block_peak(plan: Plan) -> int:
    """The bytes of the largest block, and of what is computed before."""
    return max(_part_peak(plan, part, cell) for part, cell in _samples(plan))


def _samples(plan: Plan) -> list[tuple[Part, tuple[int, ...]]]:
    """The blocks at the start: with equal ranges wherever they can be, and with
    unequal ones."""
    equal = (0,) * len(plan.axes)
    unequal = tuple(min(k, n - 1) for k, n in enumerate(plan.cells))
    cells = dict.fromkeys((equal, unequal))
    return [(plan.part(plan.form(cell)), cell) for cell in cells]


def _lengths(plan: Plan, cell: tuple[int, ...]) -> Any:
    """Sizes as numbers, every range as long as the first of its axis."""
    names: dict[str, int] = {}
    for name, (start, _) in plan.places(cell).items():
        axis = plan.summed if name == "s" else plan.axes[int(name[1:])]
        names[f"at_{name}"] = start
        names[f"len_{name}"] = axis.step if axis else 0
    return lambda size: value_of(size, names)


def _part_peak(plan: Plan, part: Part, cell: tuple[int, ...]) -> int:
    itemsize = plan.dtype.itemsize
    length = _lengths(plan, cell)
    stages = plan.wholes.stages(part.origins)
    held = {name: entries(node.shape) * itemsize for name, node in stages}
    largest = 0
    for _, node in stages:
        own = peak_bytes(paired(node, _literal), _literal, itemsize)
        loaded = {e.name for e in toposort(node) if isinstance(e, Tensor)}
        beside = sum(size for name, size in held.items() if name not in loaded)
        largest = max(largest, own + beside)
    uncut = {s.origin for s in part.sources if not any(s.cuts)}
    beside = sum(size for name, size in held.items() if name not in uncut)
    own = peak_bytes(paired(part.node, length), length, itemsize)
    terms = itemsize * prod(map(length, part.node.shape)) if plan.terms > 1 else 0
    return max(largest, own + beside + terms)


def _cost(plan: Plan) -> int:
    """What all blocks that are not zero read and write, and the price of each."""
    itemsize = plan.dtype.itemsize
    written = prod(plan.lengths) * (2 if plan.terms > 1 else 1)
    runs = prod(plan.lengths[: run_depth(plan.lengths, plan.shape)])
    total = 0
    for cell, count in _forms(plan):
        part, length = plan.part(plan.form(cell)), _lengths(plan, cell)
        if vanishes(part):
            continue
        shapes = {e.name: e.shape for e in toposort(part.node) if isinstance(e, Tensor)}
        reading = sum(prod(map(length, shapes[s.name])) for s in part.sources)
        each = (written + reading) * itemsize + BLOCK_PRICE + runs * RUN_PRICE
        total += count * plan.terms * each
    return total


def _forms(plan: Plan) -> list[tuple[tuple[int, ...], int]]:
    """A cell of every form, and how many cells have it."""
    counts = [axis.count if axis else 0 for axis in plan.axes]
    few = [min(n, counts.count(c)) for n, c in zip(plan.cells, counts, strict=True)]
    found: dict[tuple[int, ...], tuple[int, ...]] = {}
    for cell in product(*map(range, few)):
        found.setdefault(plan.form(cell), cell)
    return [(cell, _multiplicity(plan, cell)) for cell in found.values()]


def _multiplicity(plan: Plan, cell: tuple[int, ...]) -> int:
    """How many cells have different ranges where this one has."""
    chosen: dict[int, set[int]] = {}
    ranges: dict[int, int] = {}
    for axis, c in zip(plan.axes, cell, strict=True):
        if axis:
            chosen.setdefault(axis.count, set()).add(c)
            ranges[axis.count] = axis.cells
    return prod(perm(ranges[n], len(cells)) for n, cells in chosen.items())
