"""Which loops over blocks keep a program within a limit of memory.

What is too large is cut along one of its indices, products that keep the processor
busy included: first into single rows along the cut that lowers the peak most, again
where that is not enough, then into blocks as long as the limit allows. What a program
holds is asked of whoever writes it and runs it on shadows.

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.functions import call
>>> from indexcalc.plan import compile_nodes
>>> from indexcalc.planning.pairs import in_pairs
>>> X, Y = tensor("X", (4000, 50)), tensor("Y", (4000, 50))
>>> kernel = call("exp", [einsum([(X, [0, 2]), (Y, [1, 2])], [0, 1])])
>>> paired = in_pairs(compile_nodes([einsum([(kernel, [0, 1])], [0])]), lambda n: n)
>>> def held(found):                              # what is large is a block of rows
...     rows = [region.rows for region in found if region.length == 4000]
...     return 8 * 4000 * (1 + min(rows, default=4000))
>>> [region.rows for region in limited(paired, lambda n: n, 8, held, 10**7)]
[256]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from math import fsum

from ..plan import Program, Slot
from ..planning.book import Cut
from .blocks import MOST_SEEDS, Graph, Growth, Lengths, Region, is_view, multiplies
from .blocks import schedule as scheduled

#: What a program holds in bytes when it runs these regions in blocks; None where it
#: cannot be told.
Holds = Callable[[Sequence[Region]], int | None]

#: Arrays smaller than this share of the limit are not cut.
SHARE = 64

#: How many regions are tried one after the other; among how many cuts that fit the
#: one with the longest blocks is looked for.
MOST_REGIONS, CHOICES = 4, 4

#: The most steps of all programs together that are tried for one more region.
MOST_TRIED = 3_000


def limited(
    program: Program,
    length: Lengths,
    itemsize: int,
    holds: Holds,
    limit: int,
    known: Sequence[Cut] | None = None,
) -> list[Region] | None:
    """Regions with which the program stays within the limit; None where none do. Those
    of the cuts that are `known` are taken where they do."""
    graph = Graph(program, length, itemsize, thick=True)
    again = None if known is None else _regrown(graph, known)
    held = None if again is None else holds(again)
    if again is not None and held is not None and held <= limit:
        return again
    if _least(graph) > limit:
        return None
    chosen: list[Region] = []
    peak = holds(chosen)
    while peak is None or peak > limit:
        found = _ranked(graph, chosen, holds, limit)
        if not found or (peak is not None and found[0][0] >= peak):
            return None
        fitting = [region for held, region in found[:CHOICES] if held <= limit]
        if fitting:
            return _longest([[*chosen, region] for region in fitting], holds, limit)
        peak, region = found[0]
        chosen.append(region)
        if len(chosen) > MOST_REGIONS:
            return None
    return chosen


def _least(graph: Graph) -> int:
    """The fewest bytes there are at one time whatever is cut: the largest product, cut
    along its longest axis, for a step is cut along one index."""
    sizes = [
        n // max(graph.shape(slot), default=1)
        for slot, n in enumerate(graph.nbytes)
        if multiplies(graph, slot)
    ]
    return max(sizes, default=0)


def _ranked(
    graph: Graph, chosen: Sequence[Region], holds: Holds, limit: int
) -> list[tuple[int, Region]]:
    """One more region, row by row, and what is then held, the least first."""
    found = []
    most = max(1, MOST_TRIED // len(graph.program.steps))
    for region in islice(_cuts(graph, chosen, limit), most):
        peak = holds([*chosen, region])
        if peak is not None:
            found.append((peak, region))
    return sorted(found, key=lambda row: row[0])


def _longest(ways: Sequence[list[Region]], holds: Holds, limit: int) -> list[Region]:
    """The way that takes the fewest blocks, each as long as it can be."""
    wide = []
    for chosen in ways:
        for k in range(len(chosen)):
            chosen = _widened(chosen, k, holds, limit)
        wide.append(chosen)
    return min(wide, key=lambda way: fsum(r.length / r.rows for r in way))


def _cuts(graph: Graph, chosen: Sequence[Region], limit: int) -> Iterator[Region]:
    """Every region that can be run row by row."""
    seen: set[tuple[tuple[Slot, int | None], ...]] = set()
    for seed in _seeds(graph, limit):
        region = _grown(graph, seed, chosen)
        key = () if region is None else tuple(sorted(region.cut.items()))
        if region is not None and key not in seen:
            seen.add(key)
            yield region


def _grown(
    graph: Graph, seed: tuple[Slot, int], chosen: Sequence[Region]
) -> Region | None:
    """The region that grows from an axis of a slot beside those that are there, row by
    row; None where there is none."""
    growth = Growth(graph, seed, {slot for region in chosen for slot in region.cut})
    growth.grow()
    views = all(is_view(graph.program.steps[s]) for s in growth.cut)
    rows = graph.shape(seed[0])[seed[1]]
    if views or rows < 2:
        return None
    products = any(multiplies(graph, s) for s in growth.cut)
    cut, loads = dict(growth.cut), dict(growth.loads())
    region = Region(cut, loads, rows, 1, 0.0, not products, seed)
    fits = scheduled(graph.program, [*chosen, region]) is not None
    return region if fits else None


def _regrown(graph: Graph, known: Sequence[Cut]) -> list[Region] | None:
    """The regions of cuts that were found before; None where one cannot be made."""
    chosen: list[Region] = []
    for slot, axis, rows in known:
        there = slot < len(graph.nbytes) and axis < len(graph.shape(slot))
        region = _grown(graph, (slot, axis), chosen) if there else None
        if region is None or not 1 <= rows <= region.length:
            return None
        chosen.append(replace(region, rows=rows))
    return chosen


def _seeds(graph: Graph, limit: int) -> list[tuple[Slot, int]]:
    """Arrays large enough to matter, each with its axes, the largest first."""
    large = [s for s, n in enumerate(graph.nbytes) if n * SHARE >= limit]
    large.sort(key=lambda slot: (-graph.nbytes[slot], slot))
    pairs = [(slot, axis) for slot in large for axis in range(len(graph.shape(slot)))]
    return pairs[:MOST_SEEDS]


def _widened(chosen: list[Region], k: int, holds: Holds, limit: int) -> list[Region]:
    """The regions with the k-th in the longest blocks, a power of two, that fit."""
    while 2 * chosen[k].rows < chosen[k].length:
        wider = replace(chosen[k], rows=2 * chosen[k].rows)
        trial = [*chosen[:k], wider, *chosen[k + 1 :]]
        peak = holds(trial)
        if peak is None or peak > limit:
            break
        chosen = trial
    return chosen
