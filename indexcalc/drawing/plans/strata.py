"""A directed acyclic graph in layers: everything stands above what uses it.

A vertex is as low as its users allow, and a layer no wider than a bound, except where
one vertex is. Edges of one vertex share a trunk through the layers between and branch
off it one by one, so a value that is used five times is one line with five branches. In
a layer the vertices are ordered to cross few edges, then moved to be under their
neighbours; none overlaps another, and edges curve only between layers.

>>> found = stratified({"A": (40, 20), "B": (40, 20), "AB": (90, 50)},
...                    [("A", "AB"), ("B", "AB")])
>>> found.centres["A"][1] < found.centres["AB"][1], len(found.curves)
(True, 2)
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import fsum
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]
Edge: TypeAlias = tuple[str, str]

#: A vertex, or the trunk of a vertex where it passes a layer.
Stop: TypeAlias = tuple[str, int]
Link: TypeAlias = tuple[Stop, Stop]
Ends: TypeAlias = frozenset[Stop]
Pulls: TypeAlias = Mapping[Stop, float]

#: The most a layer is wide, the room between its vertices, that beside a trunk, half
#: the width of a trunk.
WIDEST, APART, BESIDE, TRUNK = 1500.0, 26.0, 12.0, 2.0

#: The least and the most room between layers, and its growth with what edges span.
NEAR, FAR, GROWTH = 38.0, 120.0, 0.09

#: How often layers are reordered, and moved.
ORDERINGS, MOVES = 12, 17

#: The distance of two edges that end at one vertex.
PORT = 24.0


@dataclass(frozen=True, slots=True)
class Curve:
    """A piece of an edge from the vertex `source`: a start, and straight and cubic
    pieces as a `Path` of a scene has them."""

    source: str
    target: str
    start: Point
    pieces: tuple[tuple[Point, ...], ...]


@dataclass(frozen=True, slots=True)
class Strata:
    """Where the vertices are by their centres, and how their edges run."""

    width: float
    height: float
    centres: Mapping[str, Point]
    curves: tuple[Curve, ...]


def stratified(sizes: Mapping[str, Point], edges: Sequence[Edge]) -> Strata:
    """Places vertices of these widths and heights; an edge runs from its first vertex
    downwards to its second, and may be there several times. Vertices come in an order
    in which edges point forward."""
    ranks = _ranks(sizes, edges)
    links = _links(ranks, edges)
    layers = _ordered(_layers(ranks, links, edges), links)
    xs = _moved(layers, links, sizes)
    return _placed(layers, links, xs, sizes)


# -- layers ----------------------------------------------------------------------------


def _ranks(sizes: Mapping[str, Point], edges: Sequence[Edge]) -> dict[str, int]:
    """The layer of every vertex, 0 at the top: filled from below, the vertices that
    most others wait for first."""
    depth = dict.fromkeys(sizes, 0)
    for source, target in _by_target(sizes, edges):
        depth[target] = max(depth[target], depth[source] + 1)
    before: dict[str, set[str]] = {name: set() for name in sizes}
    for source, target in edges:
        before[target].add(source)
    users = Counter(source for sources in before.values() for source in sources)
    order = {name: (-depth[name], k) for k, name in enumerate(sizes)}
    ready = sorted((v for v in sizes if not users[v]), key=order.__getitem__)
    found: dict[str, int] = {}
    level = 0
    while ready:
        row = _fitting(ready, sizes)
        found |= dict.fromkeys(row, level)
        users.subtract(source for name in row for source in before[name])
        freed = {u for name in row for u in before[name] if not users[u]}
        ready = sorted({*ready[len(row) :], *freed}, key=order.__getitem__)
        level += 1
    return {name: level - 1 - found[name] for name in sizes}


def _by_target(names: Mapping[str, Point], edges: Sequence[Edge]) -> list[Edge]:
    place = {name: k for k, name in enumerate(names)}
    return sorted(edges, key=lambda edge: place[edge[1]])


def _fitting(ready: Sequence[str], sizes: Mapping[str, Point]) -> list[str]:
    """As many as a layer holds, one at least."""
    row: list[str] = []
    width = 0.0
    for name in ready:
        width += sizes[name][0] + APART
        if row and width > WIDEST:
            break
        row.append(name)
    return row


def _links(ranks: Mapping[str, int], edges: Sequence[Edge]) -> list[Link]:
    """Edges cut at the layers they pass; what they share of a trunk is there once."""
    found: dict[Link, int] = {}
    last: list[Link] = []
    for source, target in edges:
        first, until = ranks[source], ranks[target] - 1
        stops = [(source, r) for r in range(first, until + 1)]
        found |= dict.fromkeys(pairwise(stops), 0)
        last.append((stops[-1], (target, ranks[target])))
    return [*found, *last]


def _layers(
    ranks: Mapping[str, int], links: Sequence[Link], edges: Sequence[Edge]
) -> list[list[Stop]]:
    """The stops of every layer, in the order in which one meets them on the way from
    the results to what they are made of."""
    above: dict[Stop, list[Stop]] = {}
    for upper, lower in links:
        above.setdefault(lower, []).append(upper)
    used = {source for source, _ in edges}
    stack = [(name, r) for name, r in ranks.items() if name not in used][::-1]
    seen: dict[Stop, None] = {}
    while stack:
        stop = stack.pop()
        if stop not in seen:
            seen[stop] = None
            stack += reversed(above.get(stop, []))
    layers: list[list[Stop]] = [[] for _ in range(max(ranks.values(), default=-1) + 1)]
    for stop in seen:
        layers[stop[1]].append(stop)
    return layers


# -- order in a layer ------------------------------------------------------------------


def _ordered(layers: list[list[Stop]], links: Sequence[Link]) -> list[list[Stop]]:
    """The order with the fewest crossings that sweeps of barycentres find."""
    best, fewest = layers, _crossings(layers, links)
    for turn in range(ORDERINGS if fewest else 0):
        down = turn % 2 == 0
        layers = _swept(layers, links, down)
        count = _crossings(layers, links)
        if count < fewest:
            best, fewest = layers, count
    return best


def _swept(
    layers: Sequence[list[Stop]], links: Sequence[Link], down: bool
) -> list[list[Stop]]:
    beside = _neighbours(links, down)
    found = list(layers)
    rows = range(1, len(found)) if down else range(len(found) - 2, -1, -1)
    for r in rows:
        fixed = {s: k for k, s in enumerate(found[r - 1 if down else r + 1])}
        keys = {}
        for k, stop in enumerate(found[r]):
            near = [fixed[s] for s in beside.get(stop, ())]
            own = k * len(fixed) / len(found[r])
            keys[stop] = fsum(near) / len(near) if near else own
        found[r] = sorted(found[r], key=lambda stop: keys[stop])
    return found


def _neighbours(links: Sequence[Link], down: bool) -> dict[Stop, list[Stop]]:
    found: dict[Stop, list[Stop]] = {}
    for upper, lower in links:
        here, there = (lower, upper) if down else (upper, lower)
        found.setdefault(here, []).append(there)
    return found


def _crossings(layers: Sequence[Sequence[Stop]], links: Sequence[Link]) -> int:
    place = {stop: k for layer in layers for k, stop in enumerate(layer)}
    rows: dict[int, list[tuple[int, int]]] = {}
    for upper, lower in links:
        rows.setdefault(upper[1], []).append((place[upper], place[lower]))
    return sum(_inversions([low for _, low in sorted(row)]) for row in rows.values())


def _inversions(values: Sequence[int]) -> int:
    """How many pairs stand in the wrong order."""
    seen: list[int] = []
    count = 0
    for value in reversed(values):
        count += bisect_left(seen, value)
        insort(seen, value)
    return count


# -- coordinates -----------------------------------------------------------------------


def _moved(
    layers: Sequence[Sequence[Stop]],
    links: Sequence[Link],
    sizes: Mapping[str, Point],
) -> dict[Stop, float]:
    """The x of every stop: near the mean of its neighbours', trunks straight."""
    ends = _real(links, layers)
    gaps = [[_gap(a, b, sizes, ends) for a, b in pairwise(row)] for row in layers]
    xs: dict[Stop, float] = {}
    for row, gap in zip(layers, gaps, strict=True):
        xs |= dict(
            zip(row, apart([0.0] * len(row), [1.0] * len(row), gap), strict=True)
        )
    near = [_neighbours(links, True), _neighbours(links, False)]
    pulls = _pulls(xs, links, ends)
    for turn in range(MOVES):
        down = turn % 2 == 0
        both = MOVES - 6 <= turn < MOVES - 1
        sides = near if both else near[:1] if down else near[1:]
        order = range(len(layers)) if down else reversed(range(len(layers)))
        for r in order:
            _move_row(layers[r], gaps[r], xs, sides, pulls)
    left = min((xs[s] - _half(s, sizes, ends) for s in xs), default=0.0)
    return {stop: x - left for stop, x in xs.items()}


def _move_row(
    row: Sequence[Stop],
    gap: Sequence[float],
    xs: dict[Stop, float],
    sides: Sequence[Mapping[Stop, Sequence[Stop]]],
    pull: Mapping[Stop, float],
) -> None:
    wanted, weights = [], []
    for stop in row:
        near = [s for side in sides for s in side.get(stop, ())]
        weight = [pull[stop] * pull[s] for s in near]
        moment = fsum(w * xs[s] for w, s in zip(weight, near, strict=True))
        wanted.append(moment / fsum(weight) if near else xs[stop])
        weights.append(fsum(weight) or 0.01)
    xs |= dict(zip(row, apart(wanted, weights, gap), strict=True))


def _pulls(xs: Mapping[Stop, float], links: Sequence[Link], ends: Ends) -> Pulls:
    """How strongly a stop holds its neighbours: a trunk is to be straight, and what is
    made of others more than what is given."""
    made = {lower for _, lower in links}
    return {s: 3.0 if s not in ends else 2.5 if s in made else 1.0 for s in xs}


def apart(
    wanted: Sequence[float], weights: Sequence[float], gaps: Sequence[float]
) -> list[float]:
    """The positions nearest to the wanted ones, by weighted squares, that keep their
    order and the gaps between them: neighbours that push each other move as one.

    >>> apart([0.0, 1.0, 9.0], [1.0, 1.0, 1.0], [3.0, 3.0])
    [-1.0, 2.0, 9.0]
    """
    shifts = [0.0, *accumulate(gaps)]
    blocks: list[tuple[float, float, int]] = []
    for x, weight, shift in zip(wanted, weights, shifts, strict=True):
        mean, total, count = x - shift, weight, 1
        while blocks and blocks[-1][0] >= mean:
            before, heavy, more = blocks.pop()
            mean = (before * heavy + mean * total) / (heavy + total)
            total, count = heavy + total, count + more
        blocks.append((mean, total, count))
    means = [mean for mean, _, count in blocks for _ in range(count)]
    return [mean + shift for mean, shift in zip(means, shifts, strict=True)]


def _real(links: Sequence[Link], layers: Sequence[Sequence[Stop]]) -> Ends:
    """The stops that are vertices: the first of every name."""
    first: dict[str, Stop] = {}
    for row in layers:
        for stop in row:
            first.setdefault(stop[0], stop)
    return frozenset(first.values())


def _half(stop: Stop, sizes: Mapping[str, Point], ends: Ends) -> float:
    return sizes[stop[0]][0] / 2 if stop in ends else TRUNK


def _gap(one: Stop, two: Stop, sizes: Mapping[str, Point], ends: Ends) -> float:
    """How far apart the centres of neighbours are at least."""
    between = APART if one in ends and two in ends else BESIDE
    return _half(one, sizes, ends) + between + _half(two, sizes, ends)


def _placed(
    layers: Sequence[Sequence[Stop]],
    links: Sequence[Link],
    xs: Mapping[Stop, float],
    sizes: Mapping[str, Point],
) -> Strata:
    ends = _real(links, layers)
    tops, y = [], 0.0
    spans = _spans(layers, links, xs)
    for row, span in zip(layers, spans, strict=True):
        high = max(sizes[name][1] for name, _ in row if (name, _) in ends)
        tops.append((y, y + high))
        y += high + min(FAR, max(NEAR, GROWTH * span))
    centres = {}
    for (name, r), x in xs.items():
        if (name, r) in ends:
            half = sizes[name][1] / 2
            used = any(upper == (name, r) for upper, _ in links)
            centres[name] = (x, tops[r][1] - half if used else tops[r][0] + half)
    width = max((xs[s] + _half(s, sizes, ends) for s in xs), default=0.0)
    curves = _curves(links, xs, tops, sizes, centres, ends)
    return Strata(width, tops[-1][1] if tops else 0.0, centres, curves)


def _spans(
    layers: Sequence[Sequence[Stop]],
    links: Sequence[Link],
    xs: Mapping[Stop, float],
) -> list[float]:
    """How far edges go sideways under every layer."""
    found = [0.0] * len(layers)
    for upper, lower in links:
        found[upper[1]] = max(found[upper[1]], abs(xs[upper] - xs[lower]))
    return found


def _curves(
    links: Sequence[Link],
    xs: Mapping[Stop, float],
    rows: Sequence[Point],
    sizes: Mapping[str, Point],
    centres: Mapping[str, Point],
    ends: Ends,
) -> tuple[Curve, ...]:
    arriving: dict[Stop, list[int]] = {}
    for k, (_, lower) in enumerate(links):
        arriving.setdefault(lower, []).append(k)
    offsets = dict.fromkeys(range(len(links)), 0.0)
    for lower, listed in arriving.items():
        step = min(PORT, (sizes[lower[0]][0] - 16) / len(listed))
        in_order = sorted(listed, key=lambda k: xs[links[k][0]])
        for n, k in enumerate(in_order if lower in ends else ()):
            offsets[k] = step * (n - (len(listed) - 1) / 2)
    found = []
    for k, (upper, lower) in enumerate(links):
        below = rows[lower[1]]
        start = (xs[upper], rows[upper[1]][1])
        end = (xs[lower] + offsets[k], below[0])
        middle = (start[1] + end[1]) / 2
        bend = ((start[0], middle), (end[0], middle), end)
        if lower in ends:
            top = centres[lower[0]][1] - sizes[lower[0]][1] / 2
            on = ((end[0], top),) if top > end[1] + 0.01 else ()
        else:
            on = ((end[0], below[1]),)
        pieces = (bend, on) if on else (bend,)
        found.append(Curve(upper[0], lower[0], start, pieces))
    return tuple(found)
