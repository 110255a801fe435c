"""Which steps run together on blocks of rows, so that what lies between them stays in
cache.

A region is a set of steps that are cut along one index: an elementwise chain, thin
products (a vector or a few columns), sums. Each step either carries the cut index, and
then its value is needed a block at a time, or sums over it, and then it adds up block
after block. Between the steps of a region nothing large is written to memory, and an
array that several of them read is read once. Products that keep the processor busy
(compute-bound GEMM) never belong to a region: they are best done whole.

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.functions import call
>>> from indexcalc.plan import compile_nodes
>>> from indexcalc.planning.pairs import in_pairs
>>> x, y = tensor("x", (10**6,)), tensor("y", (10**6,))
>>> chain = call("exp", [einsum([(x, [0]), (y, [0])], [0])])
>>> paired = in_pairs(compile_nodes([chain]), lambda size: size)
>>> [region.cut for region in regions(paired, lambda size: size, 8)]
[{2: 0, 3: 0}]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from math import prod
from typing import TypeAlias

from ..functions import is_elementwise
from ..plan import Apply, Combine, Contract, Pattern, Program, Slot, Step, inputs_of
from ..plan import is_view as is_view
from ..sizes import Size

Lengths: TypeAlias = Callable[[Size], int]
Axes: TypeAlias = tuple[tuple[int, ...], ...]

#: Bytes of one array's block, with a few of them in cache: where BLAS works on them,
#: and where ufuncs do.
BLOCK, SMALL_BLOCK = 1 << 21, 1 << 18

#: Where nothing lies between the steps, blocks only share the work among cores.
LONE_BLOCK = 1 << 22

#: Arrays of fewer bytes are left alone.
LARGE = 1 << 20

#: Bytes a second through the memory and through the last cache; beyond which size.
MEMORY, CACHE, CACHED = 25e9, 70e9, 1 << 25

#: Seconds that a step costs once more for every block: a ufunc, and a call of BLAS,
#: whose threads are woken for it.
CALL, WAKING = 2e-6, 8e-6

#: Seconds that it takes to hand half of the work to a second thread.
HANDOVER = 60e-6

#: Rows of fewer entries keep NumPy's inner loop from its speed; longer ones than that
#: gain nothing.
SHORT_ROW, LONG_ROW = 100, 4000

#: A product whose three extents are all at least this is compute-bound.
THICK = 24

#: Programs of more steps are not searched.
MOST_STEPS = 600

#: Bytes that take for ever to move; a float holds no more than about their square.
NEVER = 1 << 500

#: How many places a search begins from, and how many steps all searches may look at.
MOST_SEEDS = 48
MOST_LOOKS = 300_000


@dataclass(frozen=True, slots=True)
class Region:
    """Steps cut along one index: `cut` says which axis of a slot is cut, or None where
    the step sums over the cut index; `loads` the cut axes of what the steps read from
    outside, by step and operand. `rows` of `length` make a block; `seed` is the axis of
    a slot that it was grown from."""

    cut: dict[Slot, int | None]
    loads: dict[tuple[Slot, int], int]
    length: int
    rows: int
    saved: float
    threads: bool
    seed: tuple[Slot, int]

    @property
    def steps(self) -> list[Slot]:
        """The steps in order."""
        return sorted(self.cut)


@dataclass(slots=True)
class Graph:
    """A paired program at given sizes: who reads a slot, how many bytes it has, whether
    its step may be cut; compute-bound products only where `thick` says so."""

    program: Program
    length: Lengths
    itemsize: int
    thick: bool = False
    results: frozenset[Slot] = field(init=False)
    readers: dict[Slot, list[Slot]] = field(default_factory=dict)
    nbytes: list[int] = field(default_factory=list)
    ready: list[bool] = field(default_factory=list)
    inputs: list[tuple[Slot, ...]] = field(default_factory=list)
    _shapes: list[list[int]] = field(default_factory=list)
    _labels: list[list[Axes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.results = frozenset(self.program.results)
        for slot, step in enumerate(self.program.steps):
            self.inputs.append(inputs_of(step))
            for operand in self.inputs[slot]:
                self.readers.setdefault(operand, []).append(slot)
            pattern = self.program.patterns[slot]
            shape = [self.length(pattern.sizes[i]) for i in pattern.core]
            self._shapes.append(shape)
            self._labels.append(self._labelled(slot))
            self.nbytes.append(prod(shape) * self.itemsize)
            self.ready.append(self._can_be_cut(step))

    def shape(self, slot: Slot) -> list[int]:
        """The lengths of a slot's core axes."""
        return self._shapes[slot]

    def _can_be_cut(self, step: Step) -> bool:
        match step:
            case Contract():
                fits = self.thick or not is_thick(step, self.length)
                return bool(step.operands) and fits
            case Apply():
                return is_elementwise(step.node.function)
            case Combine(terms=()):
                return False
            case Combine():
                patterns = [self.program.patterns[slot] for slot, _ in step.terms]
                return step.cores or not any(map(_is_grouped, patterns))
            case _:
                return False

    def labels(self, slot: Slot) -> list[Axes]:
        """For every operand the labels of its axes, as the step names them."""
        return self._labels[slot]

    def _labelled(self, slot: Slot) -> list[Axes]:
        step, patterns = self.program.steps[slot], self.program.patterns
        match step:
            case Contract():
                return [axes for _, axes in step.operands]
            case Combine(cores=False):
                return [_carried(patterns[term]) for term, _ in step.terms]
        return [tuple((k,) for k in range(len(self.shape(o)))) for o in inputs_of(step)]

    def out(self, slot: Slot) -> tuple[int, ...]:
        """The labels of a step's result."""
        step = self.program.steps[slot]
        if isinstance(step, Contract):
            return step.out
        return tuple(range(len(self.shape(slot))))

    def memory(self, slot: Slot) -> tuple[int, ...]:
        """The labels of a step's result in the order that its memory would best have
        them: of an entrywise product that is answered, long rows last."""
        step, out = self.program.steps[slot], self.out(slot)
        if not isinstance(step, Contract) or slot not in self.results:
            return out
        if len(step.operands) != 2 or sums(step):
            return out
        lengths = dict(zip(out, self.shape(slot), strict=True))
        rows = [tuple(i for axis in axes for i in axis) for axes in self.labels(slot)]
        distinct = all(len(set(row)) == len(row) for row in rows)
        if not distinct or _run(out, rows, lengths) >= SHORT_ROW:
            return out
        orders = [out]
        for row in rows:
            alone = [i for i in row if sum(i in other for other in rows) == 1]
            orders.append((*(i for i in out if i not in alone), *alone))
        return max(orders, key=lambda order: min(_run(order, rows, lengths), LONG_ROW))


def _is_grouped(pattern: Pattern) -> bool:
    """Whether a pattern is more than axes in some order."""
    return pattern.diagonal or any(len(axis) != 1 for axis in pattern.axes)


def _carried(pattern: Pattern) -> Axes:
    """Which axis of a sum each core axis of a term lies on; grouped ones cannot be
    cut."""
    places = {axis[0]: k for k, axis in enumerate(pattern.axes) if len(axis) == 1}
    return tuple((places[i],) if i in places else (-1, -2) for i in pattern.core)


def sums(step: Contract) -> bool:
    """Whether an index is summed over."""
    found = {i for _, axes in step.operands for axis in axes for i in axis}
    return bool(found - set(step.out))


def _run(
    order: Sequence[int], rows: Sequence[Sequence[int]], lengths: dict[int, int]
) -> int:
    """How many entries an inner loop has: the trailing labels that lie in one stretch
    in every operand that has them."""
    total = 1
    for count in range(1, len(order) + 1):
        tail = list(order[-count:])
        held = [row for row in rows if set(row) & set(tail)]
        if any(list(row[-count:]) != tail for row in held):
            break
        total *= lengths[tail[0]]
    return total


def is_thick(step: Contract, length: Lengths) -> bool:
    """Whether a product of two is compute-bound."""
    if len(step.operands) < 2:
        return False
    rows, columns, bound, _ = extents(step, length)
    return min(rows, columns, bound) >= THICK


def extents(step: Contract, length: Lengths) -> tuple[int, int, int, int]:
    """Rows, columns, summed length and batch of a product of two."""
    sizes = {i: length(size) for i, size in step.sizes}
    left, right = ({i for axis in axes for i in axis} for _, axes in step.operands)
    out = set(step.out)
    rows, columns = prod(sizes[i] for i in left - right), 1
    columns = prod(sizes[i] for i in right - left)
    bound = prod(sizes[i] for i in (left & right) - out)
    return rows, columns, bound, prod(sizes[i] for i in left & right & out)


# -- growing a region ------------------------------------------------------------------


def regions(program: Program, length: Lengths, itemsize: int) -> list[Region]:
    """The regions worth their blocks, the best first; no step is in two of them."""
    if len(program.steps) > MOST_STEPS:
        return []
    graph = Graph(program, length, itemsize)
    blas = {s for s in range(len(program.steps)) if multiplies(graph, s)}
    found: list[Region] = []
    taken: set[Slot] = set()
    rounds = MOST_LOOKS // (2 * MOST_SEEDS * max(len(program.steps), 1))
    for _ in range(max(rounds, 1)):
        grown = [
            region
            for way in (taken, taken | blas)
            for region in _grown_apart(graph, taken, way)
            if region.saved > 0
        ]
        grown.sort(key=lambda region: -region.saved)
        fitting = (r for r in grown if schedule(program, [*found, r]) is not None)
        best = next(fitting, None)
        if best is None:
            break
        found.append(best)
        taken |= set(best.cut)
    return found


def _grown_apart(graph: Graph, taken: set[Slot], way: set[Slot]) -> Iterator[Region]:
    """The regions that grow from every seed, those within an earlier one left out."""
    known: set[tuple[Slot, int | None]] = set()
    for seed in _seeds(graph, taken):
        region = None if seed in known else _grown(graph, seed, way)
        if region is not None:
            known.update(region.cut.items())
            known.update((_operand(graph, k), axis) for k, axis in region.loads.items())
            yield region


def _seeds(graph: Graph, taken: set[Slot]) -> list[tuple[Slot, int]]:
    """Large arrays that steps of a region could share, with each of their axes."""
    found = []
    for slot, size in enumerate(graph.nbytes):
        readers = [r for r in graph.readers.get(slot, []) if graph.ready[r]]
        made = graph.ready[slot] and slot not in taken
        if size >= LARGE and (made or len(readers) > 1):
            found.append((size, slot))
    found.sort(key=lambda item: (-item[0], item[1]))
    pairs = [(s, k) for _, s in found for k in range(len(graph.shape(s)))]
    return pairs[:MOST_SEEDS]


@dataclass(slots=True)
class Growth:
    """A region while it grows from a seed; `banned` steps had two cut labels."""

    graph: Graph
    seed: tuple[Slot, int]
    taken: set[Slot]
    cut: dict[Slot, int | None] = field(default_factory=dict)
    banned: set[Slot] = field(default_factory=set)

    def grow(self) -> None:
        """Takes in readers and makers until nothing changes."""
        slot, axis = self.seed
        if self.graph.ready[slot] and slot not in self.taken:
            self.cut[slot] = axis
        for _ in range(2 * len(self.graph.nbytes)):
            before = dict(self.cut), set(self.banned)
            self._forwards()
            self._backwards()
            if before == (self.cut, self.banned):
                return
        self.cut.clear()

    def _forwards(self) -> None:
        """Steps that read a cut array are cut, unless they need a finished sum."""
        late: set[Slot] = set()
        for slot, operands in enumerate(self.graph.inputs):
            waits = any(
                o in late or (o in self.cut and self.cut[o] is None) for o in operands
            )
            label = None if waits else self.label(slot, operands)
            if label is None:
                self.cut.pop(slot, None)
                if waits or any(o in self.cut for o in operands):
                    late.add(slot)
                continue
            out = self.graph.out(slot)
            self.cut[slot] = out.index(label) if label in out else None

    def label(self, slot: Slot, operands: Sequence[Slot]) -> int | None:
        """The one label along which a step is cut; None where it cannot be."""
        if not self.graph.ready[slot] or slot in self.taken or slot in self.banned:
            return None
        labels = set(self._wanted(slot, operands))
        if len(labels) > 1:
            self.banned.add(slot)
        if len(labels) != 1:
            return None
        (label,) = labels
        rows = self.graph.labels(slot)
        whole = all(
            axes.count((label,)) == sum(axis.count(label) for axis in axes) <= 1
            for axes in rows
        )
        if not whole:
            self.banned.add(slot)
        return label if whole else None

    def _wanted(self, slot: Slot, operands: Sequence[Slot]) -> Iterator[int]:
        """The labels that the cut operands and the cut result ask for."""
        for axes, operand in zip(self.graph.labels(slot), operands, strict=True):
            axis = self.cut.get(operand)
            if operand == self.seed[0] and operand not in self.cut:
                axis = self.seed[1]
            if axis is not None:
                yield from axes[axis]
        wanted = self.cut.get(slot)
        if wanted is not None:
            yield self.graph.out(slot)[wanted]

    def _backwards(self) -> None:
        """What only feeds cut steps is made block by block too."""
        for slot in reversed(range(len(self.graph.inputs))):
            if slot not in self.cut:
                continue
            operands = self.graph.inputs[slot]
            label = self.label(slot, operands)
            for axes, operand in zip(self.graph.labels(slot), operands, strict=True):
                free = operand not in self.cut and operand not in self.taken
                free = free and operand not in self.banned
                if label is None or not (free and self.graph.ready[operand]):
                    continue
                if (label,) in axes:
                    self.cut[operand] = axes.index((label,))

    def loads(self) -> Iterator[tuple[tuple[Slot, int], int]]:
        """What the steps read from outside along the cut."""
        for slot in sorted(self.cut):
            operands = self.graph.inputs[slot]
            label = self.label(slot, operands)
            rows = zip(self.graph.labels(slot), operands, strict=True)
            for k, (axes, operand) in enumerate(rows):
                if operand not in self.cut and label is not None and (label,) in axes:
                    yield (slot, k), axes.index((label,))


def _grown(graph: Graph, seed: tuple[Slot, int], taken: set[Slot]) -> Region | None:
    growth = Growth(graph, seed, taken)
    growth.grow()
    cut = growth.cut
    if not cut:
        return None
    loads = dict(growth.loads())
    length = graph.shape(seed[0])[seed[1]]
    inside = [graph.nbytes[s] for s, axis in cut.items() if axis is not None]
    outside = [graph.nbytes[_operand(graph, key)] for key in loads]
    products = any(multiplies(graph, slot) for slot in cut)
    block = BLOCK if products else SMALL_BLOCK
    if not products and not any(_is_inner(graph, cut, slot) for slot in cut):
        block = LONE_BLOCK
    rows = max(1, min(length, length * block // max(1, *inside, *outside)))
    if rows >= length or all(is_view(graph.program.steps[slot]) for slot in cut):
        return None
    waking = sum(multiplies(graph, slot) for slot in cut)
    calls = -(-length // rows) * (len(cut) * CALL + waking * WAKING)
    saved = _saved(graph, cut, loads, products) - calls
    return Region(cut, loads, length, rows, saved, not products, seed)


def _operand(graph: Graph, key: tuple[Slot, int]) -> Slot:
    return graph.inputs[key[0]][key[1]]


def multiplies(graph: Graph, slot: Slot) -> bool:
    """Whether a step calls BLAS, which has threads of its own."""
    step = graph.program.steps[slot]
    if not isinstance(step, Contract) or len(step.operands) < 2:
        return False
    rows, columns, bound, _ = extents(step, graph.length)
    return bound > 1 and max(rows, columns) > 1


def _saved(
    graph: Graph,
    cut: dict[Slot, int | None],
    loads: dict[tuple[Slot, int], int],
    products: bool,
) -> float:
    """Seconds that the blocks spare: passes over memory, and a second core."""
    total = 0.0
    for slot in cut:
        if _is_inner(graph, cut, slot):
            total += 2 * _seconds(graph.nbytes[slot])
    seen: set[tuple[Slot, int]] = set()
    for key, axis in loads.items():
        operand = _operand(graph, key)
        if (operand, axis) in seen:
            total += _seconds(graph.nbytes[operand])
        seen.add((operand, axis))
    if not products:
        moved = sum(graph.nbytes[s] for s, axis in cut.items() if axis is not None)
        moved += sum(graph.nbytes[o] for o, _ in seen)
        total += _seconds(moved) / 3 - HANDOVER
    axes = [(_operand(graph, key), axis) for key, axis in loads.items()]
    axes += [(slot, axis) for slot, axis in cut.items() if axis is not None]
    return total * min(_along(graph, slot, axis) for slot, axis in axes)


def _is_inner(graph: Graph, cut: dict[Slot, int | None], slot: Slot) -> bool:
    """Whether a value lies between steps of the region, and is never whole."""
    if graph.nbytes[slot] < LARGE // 4 or cut[slot] is None:
        return False
    inside = all(reader in cut for reader in graph.readers.get(slot, []))
    lasting = slot in graph.results
    return inside and not lasting and not is_view(graph.program.steps[slot])


def _along(graph: Graph, slot: Slot, axis: int) -> float:
    """How well blocks along an axis read: whole rows best, parts of every row worst."""
    last = len(graph.shape(slot)) - 1
    place = graph.memory(slot).index(graph.out(slot)[axis])
    return 1.0 if place == 0 else 0.2 if place == last else 0.6


def _seconds(nbytes: int) -> float:
    if nbytes < LARGE // 4:
        return 0.0
    rate = MEMORY if nbytes > CACHED else CACHE
    return min(nbytes, NEVER) / rate


# -- an order of steps and regions -----------------------------------------------------


def schedule(program: Program, found: Sequence[Region]) -> list[Slot | Region] | None:
    """Steps and regions in an order in which all that they read is there; None where
    two regions wait for each other."""
    home = {slot: -1 - k for k, region in enumerate(found) for slot in region.cut}
    waiting: dict[int, set[int]] = {}
    readers: dict[int, list[int]] = {}
    for slot, step in enumerate(program.steps):
        unit = home.get(slot, slot)
        needs = {home.get(o, o) for o in inputs_of(step)} - {unit}
        waiting.setdefault(unit, set()).update(needs)
        for need in needs:
            readers.setdefault(need, []).append(unit)
    rank = {unit: k for k, unit in enumerate(waiting)}
    free = [(rank[unit], unit) for unit, needs in waiting.items() if not needs]
    heapify(free)
    order: list[Slot | Region] = []
    while free:
        _, first = heappop(free)
        order.append(found[-1 - first] if first < 0 else first)
        for reader in readers.get(first, []):
            if first in waiting[reader]:
                waiting[reader].remove(first)
                if not waiting[reader]:
                    heappush(free, (rank[reader], reader))
    return order if len(order) == len(waiting) else None
