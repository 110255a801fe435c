"""The order of the items in every layer, from the top, with few crossings.

The start is the order in which a walk from the left meets them, strand after strand in
the order of the product; barycentre sweeps follow, and the best order met is kept.
Turns of wires that go down to their ends stay at the bottom of their layer, and the
ends at the two sides in the order of the picture.

>>> crossings_of([(0, 1), (1, 0)])
1
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence

from .layers import Layered

Order = list[list[int]]


def ordered(layers: Layered, seeds: Mapping[int, float] | None = None) -> Order:
    """The items of every layer from top to bottom.

    `seeds` are heights from an earlier drawing to start from.
    """
    before, after = _neighbours(layers)
    order = _start(layers, before, after)
    if seeds:
        order = [sorted(row, key=lambda i: seeds.get(i, 0.0)) for row in order]
    order = [_settled(layers, row) for row in order]
    best, least = order, _crossings(layers, order)
    for sweep in range(12):
        if least == 0:
            break
        order = _swept(layers, order, before if sweep % 2 == 0 else after, sweep % 2)
        count = _crossings(layers, order)
        if count < least:
            best, least = order, count
    return _exchanged(layers, best, least)


def _neighbours(layers: Layered) -> tuple[list[list[int]], list[list[int]]]:
    before: list[list[int]] = [[] for _ in layers.items]
    after: list[list[int]] = [[] for _ in layers.items]
    for link in layers.links:
        after[link.left].append(link.right)
        before[link.right].append(link.left)
    return before, after


def _start(layers: Layered, before: list[list[int]], after: list[list[int]]) -> Order:
    """The items in the order of a walk: the spine first, then what hangs below it."""
    keys = [_walk_key(layers, i) for i in range(len(layers.items))]
    met: dict[int, int] = {}
    ported = {(k.left, k.right): _port(layers, k.left, k.edge) for k in layers.links}
    roots = [i for i in range(len(layers.items)) if not before[i]]
    falling = _falling(layers)
    stack = sorted(roots, key=lambda i: (layers.items[i].layer, keys[i]), reverse=True)
    while stack:
        item = stack.pop()
        if item in met:
            continue
        met[item] = len(met)
        following = sorted(
            after[item],
            key=lambda j: (
                not _spinal(layers, j, after),
                ported[item, j],
                _falls(layers, j, after, before, falling),
                keys[j],
                j,
            ),
        )
        stack += reversed(following)
    rows: Order = [[] for _ in range(layers.layers)]
    for item in sorted(met, key=met.__getitem__):
        rows[layers.items[item].layer].append(item)
    return rows


def _port(layers: Layered, item: int, edge: int) -> int:
    """The port by which an edge leaves a box of several; 0 elsewhere."""
    at = layers.items[item]
    if at.kind != "box":
        return 0
    return layers.component.edges[edge].port_at(at.vertex)


def _spinal(layers: Layered, item: int, after: list[list[int]]) -> bool:
    """Whether an item, or what its passing wire leads to, belongs to the spine."""
    while layers.items[item].vertex < 0:
        item = after[item][0]
    return layers.main(item)


def _falling(layers: Layered) -> frozenset[int]:
    """The boxes and dots with an end straight below them."""
    component = layers.component
    places = [component.network.wires[w].places for w in component.drops]
    boxes = {p[1] for pair in places for p in pair if p[0] == "box"}
    hung = layers.oriented.reading.hanging.items()
    vertices = {d for v, d in hung if component.vertices[v].kind == "end"}
    vertices |= {
        v for v in component.of_kind("box") if component.vertices[v].number in boxes
    }
    return frozenset(n for n, i in enumerate(layers.items) if i.vertex in vertices)


def _falls(
    layers: Layered,
    item: int,
    after: list[list[int]],
    before: list[list[int]],
    falling: frozenset[int],
) -> bool:
    """Whether something on the strand from an item on has an end below it, so that the
    strand should lie low."""
    while len(before[item]) == 1:
        if item in falling:
            return True
        if len(after[item]) != 1:
            return False
        item = after[item][0]
    return False


def _walk_key(layers: Layered, item: int) -> tuple[int, int]:
    vertex = layers.items[item].vertex
    return layers.component.reads(vertex) if vertex >= 0 else (0, 0)


def _settled(layers: Layered, row: Sequence[int]) -> list[int]:
    """A layer with its turns at the bottom and its side ends in their order."""
    component = layers.component
    turns = [i for i in row if layers.items[i].kind == "turn"]
    ends = [i for i in row if layers.items[i].kind == "end"]
    fixed = iter(sorted(ends, key=lambda i: component.end_key(layers.items[i].vertex)))
    rest = [next(fixed) if i in ends else i for i in row if i not in turns]
    return rest + turns


def _swept(layers: Layered, order: Order, near: list[list[int]], back: int) -> Order:
    place = {item: n for row in order for n, item in enumerate(row)}
    result = list(order)
    numbers = range(layers.layers)
    for n in reversed(numbers) if back else numbers:
        row = sorted(result[n], key=lambda i: _centre(place, near[i], i))
        result[n] = _settled(layers, row)
        place.update({item: k for k, item in enumerate(result[n])})
    return result


def _centre(place: Mapping[int, int], near: Sequence[int], item: int) -> float:
    return sum(place[n] for n in near) / len(near) if near else float(place[item])


def _crossings(layers: Layered, order: Order) -> int:
    place = {item: n for row in order for n, item in enumerate(row)}
    pairs: list[list[tuple[int, int]]] = [[] for _ in range(layers.layers)]
    for link in layers.links:
        layer = layers.items[link.left].layer
        pairs[layer].append((place[link.left], place[link.right]))
    return sum(map(crossings_of, pairs))


def crossings_of(pairs: Sequence[tuple[int, int]]) -> int:
    """How many of the lines between two columns cross."""
    seen: list[int] = []
    count = 0
    for _, right in sorted(pairs):
        count += len(seen) - bisect_right(seen, right)
        insort(seen, right)
    return count


def _exchanged(layers: Layered, order: Order, least: int) -> Order:
    """The order after exchanges of neighbours that save crossings; small drawings
    only."""
    if not least or len(layers.items) > 160:
        return order
    for n, row in enumerate(order):
        for k in range(len(row) - 1):
            changed = [*row[:k], row[k + 1], row[k], *row[k + 2 :]]
            trial = [*order[:n], _settled(layers, changed), *order[n + 1 :]]
            count = _crossings(layers, trial)
            if count < least:
                order, row, least = trial, trial[n], count
    return order
