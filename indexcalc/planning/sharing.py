"""Parts that several contractions have in common, or one has twice, computed once.

Two occurrences of an operand are grown together: operands that are the same nodes and
hang on matching indices join. What both then hold is a product of its own, needed once.

>>> from indexcalc.expr import einsum, tensor
>>> A, B, x = (tensor(name, ("n", "n")) for name in "ABx")
>>> rows = [(A, [0, 1]), (B, [1, 2]), (x, [2, 3])]
>>> once = einsum(rows, [0, 3])
>>> twice = einsum([*rows, (x, [4, 3]), (B, [5, 4]), (A, [6, 5])], [0, 6])
>>> max(len(option) for option in shared([twice, once], lambda size: 9))
2
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from ..expr import einsum
from ..nodes import Einsum, Legs, Node
from .matching import Match
from .parts import OPERAND_LIMIT, Lengths, interface, merges, uncarried, volume, without

MOST_SEEDS = 24
MOST_PARTS = 4
#: An index on more operands than this ties a whole network together; growth that is to
#: stay inside one branch does not go along it.
BRANCHING = 3


def shared(products: Sequence[Einsum], length: Lengths) -> Iterator[dict[Node, Node]]:
    """What to put in place of products so that a part of them is computed once."""
    products = [node for node in products if len(node.operands) <= OPERAND_LIMIT]
    tried: set[Node] = set()
    for match in _seeds(products, length):
        for places in _candidates(match, length):
            alive = _alive(match, places)
            rows = [match.left.operands[o] for o in places]
            inner = einsum(rows, alive)
            if inner in tried:
                continue
            tried.add(inner)
            found = _instead(products, match.left, places, alive, inner)
            if found:
                yield found


def _seeds(products: Sequence[Einsum], length: Lengths) -> Iterator[Match]:
    """Pairs of occurrences of one operand, the largest first, each grown."""
    where: dict[Node, list[tuple[Einsum, int]]] = {}
    for product in products:
        for o, (e, _) in enumerate(product.operands):
            where.setdefault(e, []).append((product, o))
    repeated = [(e, rows) for e, rows in where.items() if len(rows) > 1]
    repeated.sort(key=lambda found: -volume(found[0], length))
    covered: set[tuple[Einsum, int, Einsum, int]] = set()
    count = 0
    for _, rows in repeated:
        for left, right in pairwise(rows):
            if (*left, *right) in covered or count >= MOST_SEEDS:
                continue
            count += 1
            for match in _grown(left, right):
                covered.update(
                    (match.left, u, match.right, v) for u, v in match.pairs.items()
                )
                yield match


def _grown(left: tuple[Einsum, int], right: tuple[Einsum, int]) -> Iterator[Match]:
    """The pair grown inside one branch, then along every index."""
    match = Match(left[0], right[0])
    if not match.fits(left[1], right[1]):
        return
    match.join(left[1], right[1])
    counts: dict[int, int] = {}
    for _, legs in left[0].operands:
        for i in set(legs):
            counts[i] = counts.get(i, 0) + 1
    every = range(len(left[0].operands))

    def inside(legs: Legs) -> bool:
        near = [i for i in legs if i in match.names]
        return any(counts[i] <= BRANCHING for i in near) or len(near) == len(legs) > 0

    match.grow(every, inside)
    branch = len(match.pairs)
    if branch > 1:
        yield match
    wide = Match(match.left, match.right, dict(match.pairs))
    wide.names, wide.back = dict(match.names), dict(match.back)
    wide.grow(every, lambda legs: any(i in wide.names for i in legs))
    if len(wide.pairs) > max(branch, 1):
        yield wide


def _candidates(match: Match, length: Lengths) -> list[list[int]]:
    """The matched operands, and the groups among them that are contracted anyway."""
    held = frozenset(match.pairs)
    groups = [g for g in merges(match.left, length) if g <= held]
    groups += [
        frozenset(u for u, v in match.pairs.items() if v in g)
        for g in merges(match.right, length)
        if g <= set(match.pairs.values())
    ]
    groups.sort(key=lambda g: (-len(g), sorted(g)))
    found = dict.fromkeys([held, *groups[:MOST_PARTS]])
    return [sorted(g) for g in found]


def _alive(match: Match, places: Sequence[int]) -> list[int]:
    """The indices of the part that one of its two occurrences needs outside."""
    here = set(interface(match.left, places))
    there = interface(match.right, [match.pairs[o] for o in places])
    return sorted(here | {match.back[i] for i in there})


def _instead(
    products: Sequence[Einsum],
    source: Einsum,
    places: Sequence[int],
    alive: Sequence[int],
    inner: Node,
) -> dict[Node, Node]:
    """The products that hold the part, written with it, if it occurs more than once."""
    found: dict[Node, Node] = {}
    count = 0
    for product in products:
        used: list[int] = []
        rows = []
        for taken, names in _occurrences(source, places, alive, product):
            used += taken
            rows.append((inner, [names[i] for i in alive]))
        count += len(rows)
        if rows:
            rest = without(product, used)
            new = einsum([*rows, *rest], product.out, uncarried(product))
            if new is not product:
                found[product] = new
    return found if count > 1 else {}


def _occurrences(
    source: Einsum, places: Sequence[int], alive: Sequence[int], product: Einsum
) -> Iterator[tuple[list[int], Mapping[int, int]]]:
    """Where a product holds the part: the operands, and its indices there."""
    start = source.operands[places[0]][0]
    used: set[int] = set()
    for v, (e, _) in enumerate(product.operands):
        if e is not start or v in used:
            continue
        match = _within(source, places, product, v, used)
        if match is None:
            continue
        taken = list(match.pairs.values())
        outside = {match.back[i] for i in interface(product, taken)}
        if outside <= set(alive):
            used |= set(taken)
            yield taken, match.names


def _within(
    source: Einsum, places: Sequence[int], product: Einsum, v: int, used: set[int]
) -> Match | None:
    """The part found in a product from operand v on, all of it and none used."""
    if source is product and v == places[0]:
        match = Match(source, product)
        for u in places:
            match.pairs[u] = u
            match.names.update((i, i) for i in source.operands[u][1])
        match.back = dict(match.names)
    else:
        match = Match(source, product)
        if not match.fits(places[0], v):
            return None
        match.join(places[0], v)
        match.grow(places, lambda legs: any(i in match.names for i in legs), whole=True)
    if len(match.pairs) < len(places) or used & set(match.pairs.values()):
        return None
    return match
