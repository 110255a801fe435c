"""Operands of one contraction found again in another, or elsewhere in the same.

A match pairs operands that are the same nodes so that their indices correspond one to
one. It grows along indices: what hangs alike on matched indices may join.

>>> from indexcalc.expr import einsum, tensor
>>> A, x, y = (tensor(name, ("n", "n")) for name in "Axy")
>>> one = einsum([(A, [0, 1]), (x, [1, 2])], [0, 2])
>>> two = einsum([(A, [0, 1]), (x, [1, 2]), (y, [2, 3])], [0, 3])
>>> match = Match(one, two)
>>> match.join(0, 0)
>>> match.grow(range(2), lambda legs: True)
>>> match.pairs
{0: 0, 1: 1}
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from ..nodes import Einsum, Legs


@dataclass(slots=True)
class Match:
    """Operands of one contraction paired with operands of another (or the same), and
    the indices that then correspond."""

    left: Einsum
    right: Einsum
    pairs: dict[int, int] = field(default_factory=dict)
    names: dict[int, int] = field(default_factory=dict)
    back: dict[int, int] = field(default_factory=dict)

    def fits(self, u: int, v: int) -> bool:
        """Whether operand u of the left may stand for operand v of the right."""
        (a, one), (b, two) = self.left.operands[u], self.right.operands[v]
        if a is not b or u in self.pairs or v in self.pairs.values():
            return False
        if self.left is self.right and not self._apart(u, v):
            return False
        names, back = dict(self.names), dict(self.back)
        for i, j in zip(one, two, strict=True):
            if names.setdefault(i, j) != j or back.setdefault(j, i) != i:
                return False
        return True

    def _apart(self, u: int, v: int) -> bool:
        return u != v and u not in self.pairs.values() and v not in self.pairs

    def join(self, u: int, v: int) -> None:
        """Pairs two operands that fit."""
        one, two = self.left.operands[u][1], self.right.operands[v][1]
        self.pairs[u] = v
        self.names.update(zip(one, two, strict=True))
        self.back.update(zip(two, one, strict=True))

    def grow(
        self,
        allowed: Collection[int],
        along: Callable[[Legs], bool],
        whole: bool = False,
    ) -> None:
        """Joins operands as long as one hangs on those joined by an index that may be
        followed; `whole` where nothing is wanted unless all of them join. Pairs and
        names only grow, so that what fits nowhere once is not tried again."""
        waiting, moved = sorted(set(allowed) - set(self.pairs)), True
        while moved:
            moved, later = False, []
            for u in waiting:
                if not along(self.left.operands[u][1]):
                    later.append(u)
                elif self._join_any(u):
                    moved = True
                elif whole:
                    return
            waiting = later

    def _join_any(self, u: int) -> bool:
        a, legs = self.left.operands[u]
        bound = [(k, self.names[i]) for k, i in enumerate(legs) if i in self.names]
        for v, (b, there) in enumerate(self.right.operands):
            alike = a is b and all(there[k] == j for k, j in bound)
            if alike and self.fits(u, v):
                self.join(u, v)
                return True
        return False
