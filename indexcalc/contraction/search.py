"""Trees for many operands: greedy starts, then windows of a tree made optimal.

A window is a product of the tree with those under it, down to a few parts drawn at
random; the best tree over these parts is found by `exact`. Everything is counted in
windows and trees, never in seconds, and random choices come from a fixed seed, so that
the answer is the same everywhere.

>>> from indexcalc.contraction.exact import FLOPS
>>> rows = tuple((k, k + 1) for k in range(20))
>>> web = Web(rows, (0, 20), {k: k % 3 + 2 for k in range(21)})
>>> tree = Smith(web, FLOPS).reduced(greedy_tree(web), 8, 20)
>>> tree_flops(web, tree) <= tree_flops(web, greedy_tree(web))
True
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import fsum
from random import Random

from .exact import Price, best_splits, splits_tree
from .greedy import greedy_tree
from .machine import Machine
from .networks import Part, Tree, Web, tree_flops

#: After how many starts that end at the same least cost the search is over.
ALIKE = 3

#: Trees up to this multiple of the least cost may yet be the fastest.
NEAR = 1.3

#: Windows that take less than this share of the whole are left as they are.
NEGLIGIBLE = 1e-3

#: Up to how many operands the best tree is found outright.
EXACT = 12


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is tried: `starts` greedy trees, of which `improved` are, each in
    `rounds` of up to `windows` windows of `leaves` parts; the best of them then in
    `last_rounds` of windows of `last_leaves`."""

    starts: int = 24
    improved: int = 8
    rounds: int = 2
    leaves: int = 8
    windows: int = 60
    last_rounds: int = 4
    last_leaves: int = 10


def best_trees(
    web: Web, price: Price, effort: Effort | None = None, starts: Sequence[Tree] = ()
) -> list[Tree]:
    """The best tree there is for few operands; else the best found, from greedy trees
    and the starts given, and after it others that are nearly as good."""
    leaves = [1 << k for k in range(len(web.leaves))]
    if len(leaves) <= EXACT:
        return [exact_tree(web, leaves, price)]
    effort = effort or Effort()
    trees = [*starts, *greedy_trees(web, effort.starts)]
    trees.sort(key=lambda tree: tree_flops(web, tree))
    return improved(web, trees, price, effort)


def model_price(machine: Machine, itemsize: int) -> Price:
    """The price of a tree in seconds, without layouts: each entry made is written and
    read once, at the speed of the cache or of memory and fresh pages."""
    return Price(
        flop=itemsize / 8 / machine.gemm,
        multiply=0.0,
        item=2 * itemsize / machine.cached,
        batch=machine.matrix,
        room=machine.cache / itemsize,
        spilt=itemsize / machine.memory + itemsize / machine.fresh,
    )


def improved(
    web: Web, starts: Sequence[Tree], price: Price, effort: Effort
) -> list[Tree]:
    """The best tree found from some starts, the promising ones first, and the others
    that came near; the search is over early when several of them end alike."""
    smith = Smith(web, price)
    distinct = list({frozenset(tree): tree for tree in starts}.values())
    ends: list[Tree] = []
    for tree in distinct[: effort.improved]:
        for _ in range(effort.rounds):
            tree = smith.reduced(tree, effort.leaves, effort.windows)
        ends.append(tree)
        if _alike(list(map(smith.cost, ends))):
            break
    ends.sort(key=smith.cost)
    best = ends[0]
    for _ in range(1 if _alike(list(map(smith.cost, ends))) else effort.last_rounds):
        best = smith.reduced(best, effort.last_leaves, effort.windows)
    near = NEAR * smith.cost(best)
    every = {frozenset(tree): tree for tree in (best, *ends)}
    return [tree for tree in every.values() if smith.cost(tree) <= near]


def _alike(costs: Sequence[float]) -> bool:
    """Whether the least of the costs has come up often enough."""
    least = min(costs)
    return sum(cost <= least * (1 + 1e-6) for cost in costs) >= ALIKE


def exact_tree(
    web: Web, leaves: list[Part], price: Price
) -> dict[Part, tuple[Part, Part]]:
    """The cheapest tree over parts that make up a part of the network."""
    whole = sum(leaves)
    legs = [web.legs(part) for part in leaves]
    splits = best_splits(legs, web.legs(whole), web.sizes, price)
    return splits_tree(splits, leaves)


def greedy_trees(web: Web, count: int) -> list[dict[Part, tuple[Part, Part]]]:
    """Different greedy trees, the plain ones first."""
    trees = []
    for k in range(count):
        alpha = (1.0, 0.5, 2.0, 0.0)[k % 4]
        temperature = (0.0, 0.1, 0.3, 0.6, 1.0)[min(k // 4, 4)]
        trees.append(greedy_tree(web, alpha, temperature, k))
    return trees


def pair_price(web: Web, pair: tuple[Part, Part], price: Price) -> float:
    """The cost of one product, as `exact` counts it within a window."""
    left, right = pair
    a, b, product = web.legs(left), web.legs(right), web.legs(left | right)
    items, every = web.size(product), web.size(a | b)
    cost = items * (price.spilt if items > price.room else price.item)
    if not a & b & ~product:
        return cost + every * price.multiply
    batch = web.size(a & b & product)
    cost += batch * price.batch if batch > 1.5 else 0.0
    return cost + 2 * every * price.flop


def window(web: Web, tree: Tree, root: Part, count: int, random: Random) -> list[Part]:
    """The parts below a product, opened at random until there are `count`."""
    leaves = list(tree[root])
    inner = [part for part in leaves if part in tree]
    while inner and len(leaves) < count:
        chosen = inner.pop(random.randrange(len(inner)))
        leaves.remove(chosen)
        leaves += tree[chosen]
        inner += [part for part in tree[chosen] if part in tree]
    return sorted(leaves)


@dataclass(slots=True)
class Smith:
    """Makes windows of trees optimal, and remembers windows and prices."""

    web: Web
    price: Price
    random: Random = field(default_factory=lambda: Random(1))
    solved: dict[tuple[Part, ...], Tree] = field(default_factory=dict)
    prices: dict[tuple[Part, Part], float] = field(default_factory=dict)

    def paid(self, pair: tuple[Part, Part]) -> float:
        """The price of one product."""
        if pair not in self.prices:
            self.prices[pair] = pair_price(self.web, pair, self.price)
        return self.prices[pair]

    def cost(self, tree: Tree) -> float:
        """The price of all products of a tree."""
        return fsum(map(self.paid, tree.values()))

    def reduced(
        self, tree: Tree, count: int, limit: int
    ) -> dict[Part, tuple[Part, Part]]:
        """The tree with windows of `count` parts made optimal, from the costliest
        product on, until a pass changes nothing or `limit` windows are done."""
        current = dict(tree)
        changed = True
        while changed and limit > 0:
            changed = False
            costs = {part: self.paid(pair) for part, pair in current.items()}
            worth = NEGLIGIBLE * fsum(costs.values())
            for root in sorted(costs, key=lambda part: (-costs[part], part)):
                if root in current and limit > 0:
                    leaves = window(self.web, current, root, count, self.random)
                    tried, better = self._improve(current, root, leaves, worth)
                    changed |= better
                    limit -= tried
        return current

    def _improve(
        self,
        tree: dict[Part, tuple[Part, Part]],
        root: Part,
        leaves: list[Part],
        worth: float,
    ) -> tuple[bool, bool]:
        """Replaces the products of a window where that is cheaper; whether that was
        tried, and whether it was."""
        inner = _inner(tree, root, set(leaves))
        before = fsum(self.paid(tree[part]) for part in inner)
        if before <= worth or len(leaves) < 3:
            return False, False
        key = tuple(leaves)
        if key not in self.solved:
            self.solved[key] = exact_tree(self.web, leaves, self.price)
        found = self.solved[key]
        if self.cost(found) >= before * (1 - 1e-9):
            return True, False
        for part in inner:
            del tree[part]
        tree.update(found)
        return True, True


def _inner(tree: Tree, root: Part, leaves: set[Part]) -> list[Part]:
    """The products of a window."""
    found, stack = [], [root]
    while stack:
        part = stack.pop()
        if part not in leaves:
            found.append(part)
            stack += tree[part]
    return found
