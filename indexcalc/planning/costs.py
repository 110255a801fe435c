"""What expressions cost together: a paired program that grows with every candidate.

All candidates of one choice live in one `Ledger`. Its program is numbered by value, so
what two expressions share is one step; the cost of some roots is the sum over the steps
that they reach. A step costs a call, and the larger of its arithmetic and its traffic.

>>> from indexcalc.expr import einsum, tensor
>>> A, x = tensor("A", (400, 400)), tensor("x", (400,))
>>> Ax = einsum([(A, [0, 1]), (x, [1])], [0])
>>> square = einsum([(Ax, [0]), (Ax, [0])], [])
>>> ledger = Ledger(lambda size: size)
>>> ledger.seconds([Ax, square]) < 1.2 * ledger.seconds([Ax])
True
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

from ..contraction.machine import TYPICAL, product
from ..functions import is_elementwise
from ..nodes import Call, Einsum, Node, toposort
from ..plan import (
    Apply,
    Combine,
    Contract,
    Embed,
    Fill,
    Load,
    Pattern,
    Program,
    Slot,
    Step,
    emit_node,
    inputs_of,
)
from ..sizes import Size
from .orders import quick
from .pairs import Pairing, Row

Lengths = Callable[[Size], int]

#: Bytes an entry takes.
ITEM = 8

#: Seconds an entry of an elementwise function takes beside its traffic.
ENTRYWISE = 1.5e-9
CHEAP = frozenset({"relu", "heaviside", "abs", "sign", "max", "min", "where", "conj"})
CHEAP_POWERS = frozenset({-1, 2, 3, 0.5})

#: Flops of a function of an n × n matrix in multiples of n³, and a square of it beside:
#: a triangular solve of c columns costs 2n²c.
CUBIC = {
    "inv": 2.7,
    "det": 0.7,
    "logdet": 0.7,
    "factorised": 0.7,
    "inverted": 1.4,
    "cofactors": 22.0,
    "expm": 30.0,
    "frechet": 120.0,
}
#: What share of the rate of a matrix product these reach.
DENSE_RATE = 0.4


def traffic(read: float, written: float) -> float:
    """Seconds to read and write so many bytes."""
    moved = read + written
    return moved / TYPICAL.bandwidth(moved) + TYPICAL.writing(written)


def product_seconds(
    rows: Sequence[Sequence[int]], out: Collection[int], sizes: Mapping[int, int]
) -> tuple[float, float]:
    """Seconds and flops of a product of one or two arrays with these labels; an index
    that only one of them has is summed there first."""
    distinct = [tuple(dict.fromkeys(row)) for row in rows]
    seconds, flops = 0.0, 0.0
    kept = []
    for k, row in enumerate(distinct):
        others = {i for other in distinct[:k] + distinct[k + 1 :] for i in other}
        left = tuple(i for i in row if i in out or i in others)
        if left != row or len(distinct) == 1:
            read = float(prod(sizes[i] for i in row))
            written = float(prod(sizes[i] for i in left)) if left != row else 0.0
            seconds += TYPICAL.call + traffic(ITEM * read, ITEM * written)
            flops += read if left != row else 0.0
        kept.append(left)
    if len(kept) == 2:
        cost = product(kept[0], kept[1], set(out), sizes)
        return seconds + cost.seconds, flops + cost.flops
    return seconds, flops


class QuickPairing(Pairing):
    """Pairs in an order that is found fast."""

    def order(
        self, rows: Sequence[Row], out: Sequence[int], sizes: dict[int, Size]
    ) -> Sequence[tuple[int, ...]]:
        inputs = tuple(
            tuple(dict.fromkeys(i for axis in axes for i in axis)) for _, axes in rows
        )
        used = sorted({i for labels in inputs for i in labels})
        return quick(
            inputs, tuple(out), tuple((i, self.length(sizes[i])) for i in used)
        )


@dataclass(slots=True)
class Ledger:
    """The steps of every expression asked about so far, and what each step costs.

    `work` says how much it took to plan them: products and their operands, counted.
    """

    length: Lengths
    program: Program = field(default_factory=Program)
    slots: dict[Node, Slot] = field(default_factory=dict)
    prices: list[tuple[float, float]] = field(default_factory=list)
    work: int = 0
    _pairing: QuickPairing | None = None

    @property
    def pairing(self) -> QuickPairing:
        """The steps in pairs, numbered by value."""
        if self._pairing is None:
            self._pairing = QuickPairing(self.program, self.length)
        return self._pairing

    def add(self, node: Node) -> Slot:
        """The slot of a node in the paired program."""
        for inner in toposort(node, known=self.slots):
            self._emit(inner)
        pairing = self.pairing
        for slot in range(len(pairing.places), len(self.program.steps)):
            pairing.places.append(pairing.step(slot))
        steps, patterns = pairing.paired.steps, pairing.paired.patterns
        for slot in range(len(self.prices), len(steps)):
            self.prices.append(self._price(steps[slot], patterns[slot]))
        return pairing.places[self.slots[node]][0]

    def _emit(self, node: Node) -> None:
        slot = emit_node(self.program, node)
        if isinstance(node, Einsum):
            self.work += len(node.operands) + 4
        self.slots[node] = self.program.slots[node] = slot

    def pattern(self, node: Node) -> Pattern:
        """How the value of a node is laid out."""
        self.add(node)
        return self.program.patterns[self.slots[node]]

    def seconds(
        self, roots: Iterable[Node], instead: Mapping[Node, Node] | None = None
    ) -> float:
        """The time of the program that computes the roots, nodes replaced by others."""
        return self._total(roots, instead or {}, 0)

    def flops(self, roots: Iterable[Node]) -> float:
        """The multiplications and additions of products, and of matrix functions."""
        return self._total(roots, {}, 1)

    def _total(
        self, roots: Iterable[Node], instead: Mapping[Node, Node], which: int
    ) -> float:
        jump = {self.add(old): self.add(new) for old, new in instead.items()}
        steps = self.pairing.paired.steps
        stack = [self.add(root) for root in roots]
        seen: set[Slot] = set()
        total = 0.0
        while stack:
            slot = stack.pop()
            slot = jump.get(slot, slot)
            if slot not in seen:
                seen.add(slot)
                total += self.prices[slot][which]
                stack += inputs_of(steps[slot])
        return total

    # -- steps -------------------------------------------------------------------------

    def _price(self, step: Step, pattern: Pattern) -> tuple[float, float]:
        match step:
            case Load():
                return 0.0, 0.0
            case Fill():
                return TYPICAL.call + traffic(0, self._bytes(pattern)), 0.0
            case Contract():
                return self._contract(step, pattern)
            case Apply():
                return self._apply(step.node)
            case Combine():
                return self._combine(step, pattern)
            case Embed():
                read = self._bytes(self.pairing.paired.patterns[step.slot])
                return 2 * TYPICAL.call + traffic(read, self._bytes(pattern)), 0.0

    def _bytes(self, pattern: Pattern) -> float:
        return ITEM * float(prod(self.length(pattern.sizes[i]) for i in pattern.core))

    def _contract(self, step: Contract, pattern: Pattern) -> tuple[float, float]:
        if not step.operands:
            return TYPICAL.call, 0.0
        sizes = {i: self.length(size) for i, size in step.sizes}
        rows = [[i for axis in axes for i in axis] for _, axes in step.operands]
        return product_seconds(rows, step.out, sizes)

    def _combine(self, step: Combine, pattern: Pattern) -> tuple[float, float]:
        size = self._bytes(pattern)
        scaled = sum(abs(c) != 1 for _, c in step.terms)
        passes = max(len(step.terms) - 1, 0) + scaled
        seconds = passes * (TYPICAL.call + traffic(2 * size, size))
        return seconds, passes * size / ITEM

    def _apply(self, node: Call) -> tuple[float, float]:
        size = ITEM * float(prod(map(self.length, node.shape)))
        shape = [self.length(n) for n in node.args[0].shape]
        if node.function == "solved":
            flops = 2.0 * shape[-2] * size / ITEM
            return 2 * TYPICAL.call + _dense_seconds(flops, node), flops
        if node.function in CUBIC:
            batch = prod(shape[:-2])
            flops = CUBIC[node.function] * batch * shape[-2] ** 3
            return 4 * TYPICAL.call + flops / (DENSE_RATE * TYPICAL.gemm), flops
        if not is_elementwise(node.function):
            return 4 * TYPICAL.call + ENTRYWISE * prod(shape), 0.0
        each = 0.0 if _is_cheap(node) else ENTRYWISE * size / ITEM
        return TYPICAL.call + each + traffic(len(node.args) * size, size), 0.0


def _dense_seconds(flops: float, node: Call) -> float:
    columns = 1 if len(node.shape) < 2 else 8
    return max(
        flops / (DENSE_RATE * TYPICAL.gemm), flops / columns * ITEM / TYPICAL.cached
    )


def _is_cheap(node: Call) -> bool:
    if node.function == "power":
        return node.params[0] in CHEAP_POWERS
    return node.function in CHEAP
