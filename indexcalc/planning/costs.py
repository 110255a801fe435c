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

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..nodes import Einsum, Node, toposort
from ..plan import Pattern, Program, Slot, emit_node, inputs_of
from ..sizes import Size
from .orders import quick
from .pairs import Pairing, Row
from .prices import step_price

Lengths = Callable[[Size], int]


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
            self.prices.append(
                step_price(steps[slot], patterns[slot], patterns, self.length)
            )
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
