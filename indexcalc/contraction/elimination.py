"""An order for networks too dense or too large to be searched: label by label.

The labels that fewest operands carry go first; all that carry one are multiplied, the
smallest first. That takes about as long as the network is to write down.

>>> eliminated(((0, 1), (1, 2), (2, 0), (0, 3)), (3,))
((0, 1), (0, 2), (0, 1))
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from .networks import Path
from .products import Labels


class _Elimination:
    """The operands that are left, by number and so in the order of their places, the
    labels of each, and who carries a label."""

    def __init__(self, inputs: Sequence[Labels], out: Labels) -> None:
        self.live = list(range(len(inputs)))
        self.rows = {k: dict.fromkeys(labels) for k, labels in enumerate(inputs)}
        self.kept = frozenset(out)
        self.carriers: dict[int, dict[int, None]] = {}
        for k, labels in self.rows.items():
            for i in labels:
                self.carriers.setdefault(i, {})[k] = None
        self.steps: list[tuple[int, int]] = []

    def join(self, a: int, b: int) -> int:
        """The product of two operands, which comes last."""
        places = sorted((bisect_left(self.live, a), bisect_left(self.live, b)))
        self.steps.append((places[0], places[1]))
        del self.live[places[1]], self.live[places[0]]
        fresh = len(self.rows)
        self.rows[fresh] = {}
        for i in {**self.rows[a], **self.rows[b]}:
            carriers = self.carriers[i]
            carriers.pop(a, None)
            carriers.pop(b, None)
            if carriers or i in self.kept:
                carriers[fresh] = None
                self.rows[fresh][i] = None
        self.live.append(fresh)
        return fresh

    def join_all(self, operands: Iterable[int]) -> None:
        """The product of several, the smallest first, of equals the last: what stands
        at the end of a long list is taken out of it at no cost."""
        first, *rest = sorted(operands, key=lambda k: (len(self.rows[k]), -k))
        for other in rest:
            first = self.join(first, other)


def eliminated(inputs: Sequence[Labels], out: Labels) -> Path:
    """Positions to take at each step, results appended at the end."""
    work = _Elimination(inputs, out)
    bound = [i for i in work.carriers if i not in work.kept]
    for i in sorted(bound, key=lambda i: len(work.carriers[i])):
        if work.carriers[i]:
            work.join_all(work.carriers[i])
    while len(work.live) > 1:
        work.join(work.live[-2], work.live[-1])
    return tuple(work.steps)
