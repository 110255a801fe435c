"""The height of every item: wires as straight as the room that items need allows.

Items joined by the only wire to one side, the spine first, form strands that lie at one
height. The strands minimise the squared bends of the other wires under minimal
distances (a quadratic programme, by accelerated projected gradient on its dual), and
are rounded to the grid, which keeps the distances because they are multiples of it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

import numpy as np

from .layers import Layered
from .metrics import Metrics
from .ordering import Order

Extents = Sequence[tuple[float, float]]
Heights = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class _Strands:
    """The strand of every item and its height in it."""

    of: list[int]
    offset: list[float]
    count: int


def heights(
    layers: Layered, order: Order, extents: Extents, meets: Heights, m: Metrics
) -> list[float]:
    """The heights of the items, on the grid, from 0 on.

    `extents` is the room above and below every item; `meets` the heights, relative to
    its two items, at which every link meets them.
    """
    strands = _strands(layers, order, meets)
    limits = _limits(order, extents, strands, layers, m)
    found = _solved(_springs(layers, meets, strands), limits, strands.count)
    found = _rounded(found, limits, m)
    found = _bent_once(layers, order, meets, extents, strands, found, m)
    result = [found[s] + d for s, d in zip(strands.of, strands.offset, strict=True)]
    top = min(result, default=0.0)
    return [y - top for y in result]


# -- strands ---------------------------------------------------------------------------


def _strands(layers: Layered, order: Order, meets: Heights) -> _Strands:
    count = len(layers.items)
    joined: list[tuple[int, float] | None] = [None] * count
    for n in _aligned(layers, order):
        link = layers.links[n]
        joined[link.right] = (link.left, meets[n][0] - meets[n][1])
    of, offset, total = [-1] * count, [0.0] * count, 0
    for row in order:
        for item in row:
            before = joined[item]
            if before is None:
                of[item], total = total, total + 1
            else:
                of[item] = of[before[0]]
                offset[item] = offset[before[0]] + before[1]
    return _Strands(of, offset, total)


def _aligned(layers: Layered, order: Order) -> list[int]:
    """The links that are straight: those without a rival at both items, none of which
    cross."""
    out: list[list[int]] = [[] for _ in layers.items]
    into: list[list[int]] = [[] for _ in layers.items]
    for n, link in enumerate(layers.links):
        out[link.left].append(n)
        into[link.right].append(n)
    place = {item: n for row in order for n, item in enumerate(row)}
    wanted = [
        n
        for n, link in enumerate(layers.links)
        if _alone(layers, out[link.left], n) and _alone(layers, into[link.right], n)
    ]
    wanted.sort(key=lambda n: (-_weight(layers, n), n))
    chosen: dict[int, list[tuple[int, int]]] = {}
    kept = []
    for n in wanted:
        link = layers.links[n]
        pair = (place[link.left], place[link.right])
        others = chosen.setdefault(layers.items[link.left].layer, [])
        if all((pair[0] - a) * (pair[1] - b) > 0 for a, b in others):
            others.append(pair)
            kept.append(n)
    return kept


def _alone(layers: Layered, links: list[int], n: int) -> bool:
    """Whether a link is the only one of its item at a side, or along the spine, or the
    one by which a box is read on."""
    link = layers.links[n]
    if links == [n] or [k for k in links if _main(layers, k)] == [n]:
        return True
    return n in links and layers.through(link.left) == link.edge and _out(layers, links)


def _out(layers: Layered, links: list[int]) -> bool:
    """Whether links are those that leave one item to the right."""
    return len({layers.links[k].left for k in links}) == 1


def _main(layers: Layered, n: int) -> bool:
    """Whether a link belongs to an edge of the spine."""
    arrow = layers.oriented.arrows[layers.links[n].edge]
    return arrow is not None and set(arrow) <= layers.oriented.spine


def _weight(layers: Layered, n: int) -> float:
    link = layers.links[n]
    passing = [layers.items[i].vertex < 0 for i in (link.left, link.right)]
    return (2.0 if _main(layers, n) else 0.5) * (1 + fsum(passing))


# -- the quadratic programme -----------------------------------------------------------


def _bent_once(
    layers: Layered,
    order: Order,
    meets: Heights,
    extents: Extents,
    strands: _Strands,
    found: Sequence[float],
    m: Metrics,
) -> list[float]:
    """Heights where a wire that bends at both sides of what it passes bends at one."""
    result = list(found)
    ends: dict[int, list[float]] = {}
    members: dict[int, list[int]] = {}
    for item, s in enumerate(strands.of):
        members.setdefault(s, []).append(item)
    plain = {
        s
        for s, items in members.items()
        if all(layers.items[i].kind == "wire" for i in items)
    }
    for n, link in enumerate(layers.links):
        a, b = strands.of[link.left], strands.of[link.right]
        if a == b:
            continue
        for s, own, other, at, to in (
            (a, link.left, link.right, *meets[n]),
            (b, link.right, link.left, *meets[n][::-1]),
        ):
            if s in plain:
                height = result[strands.of[other]] + strands.offset[other] + to
                ends.setdefault(s, []).append(height - at - strands.offset[own])
    limits = _limits(order, extents, strands, layers, m)
    for s, heights in sorted(ends.items()):
        if len(heights) == 2 and result[s] not in heights:
            free = [y for y in heights if _fits(s, y, result, limits)]
            result[s] = free[0] if free else result[s]
    return result


def _fits(
    strand: int,
    y: float,
    found: Sequence[float],
    limits: dict[tuple[int, int], float],
) -> bool:
    """Whether a strand may stand at a height while the others stay."""
    return all(
        (y if b == strand else found[b]) - (y if a == strand else found[a]) >= least
        for (a, b), least in limits.items()
        if strand in (a, b)
    )


def _springs(
    layers: Layered, meets: Heights, strands: _Strands
) -> list[tuple[int, int, float, float]]:
    """For every bent link: its two strands, the distance at which it would be straight,
    and its weight."""
    found = []
    for n, link in enumerate(layers.links):
        a, b = strands.of[link.left], strands.of[link.right]
        if a != b:
            at = strands.offset[link.left] + meets[n][0]
            to = strands.offset[link.right] + meets[n][1]
            found.append((a, b, at - to, _weight(layers, n)))
    return found


def _limits(
    order: Order,
    extents: Extents,
    strands: _Strands,
    layers: Layered,
    m: Metrics,
) -> dict[tuple[int, int], float]:
    """The least distance of one strand below another."""
    found: dict[tuple[int, int], float] = {}
    for row in order:
        for a, b in itertools.pairwise(row):
            kinds = {layers.items[a].kind, layers.items[b].kind}
            gap = m.gap if "box" in kinds else m.dot_gap
            gap = m.wire_gap if kinds & {"wire", "turn"} else gap
            apart = m.up(extents[a][1] + extents[b][0] + gap)
            apart += strands.offset[a] - strands.offset[b]
            pair = (strands.of[a], strands.of[b])
            found[pair] = max(found.get(pair, apart), apart)
    return found


def _solved(
    springs: Sequence[tuple[int, int, float, float]],
    limits: dict[tuple[int, int], float],
    count: int,
) -> list[float]:
    matrix = 1e-3 * np.eye(count) + 1e-6
    wish = np.zeros(count)
    for a, b, apart, weight in springs:
        matrix[a, a] += weight
        matrix[b, b] += weight
        matrix[a, b] -= weight
        matrix[b, a] -= weight
        wish[b] += weight * apart
        wish[a] -= weight * apart
    inverse = np.linalg.inv(matrix)
    free = inverse @ wish
    if not limits:
        return [float(y) for y in free]
    rows = np.zeros((len(limits), count))
    for n, (a, b) in enumerate(limits):
        rows[n, a] -= 1
        rows[n, b] += 1
    least = np.array(list(limits.values()))
    push = inverse @ rows.T
    pressed = _pressures(rows @ push, least - rows @ free)
    return [float(y) for y in free + push @ pressed]


def _pressures(matrix: np.ndarray, lacking: np.ndarray, steps: int = 400) -> np.ndarray:
    """λ ≥ 0 that minimises ½ λᵀMλ − λᵀ lacking."""
    scale = np.sqrt(np.maximum(np.diag(matrix), 1e-9))
    matrix = matrix / np.outer(scale, scale)
    lacking = lacking / scale
    bound = float(np.abs(matrix).sum(axis=1).max())
    at = ahead = np.zeros(len(lacking))
    momentum = 1.0
    for _ in range(steps):
        new = np.maximum(ahead + (lacking - matrix @ ahead) / bound, 0.0)
        if float(np.abs(new - at).max()) < 1e-7:
            return new / scale
        after = (1 + (1 + 4 * momentum * momentum) ** 0.5) / 2
        restart = float((ahead - new) @ (new - at)) > 0
        momentum = 1.0 if restart else after
        ahead = new if restart else new + (momentum - 1) / after * (new - at)
        at = new
    return at / scale


def _rounded(
    found: Sequence[float], limits: dict[tuple[int, int], float], m: Metrics
) -> list[float]:
    """Heights on the grid, pushed down where two would be too close."""
    after: dict[int, list[tuple[int, float]]] = {}
    waiting = [0] * len(found)
    for (a, b), least in limits.items():
        if a != b:
            after.setdefault(a, []).append((b, least))
            waiting[b] += 1
    result = [m.near(round(y, 2)) for y in found]
    ready = [s for s, n in enumerate(waiting) if n == 0]
    for a in ready:
        for b, least in after.get(a, ()):
            result[b] = max(result[b], result[a] + m.up(least))
            waiting[b] -= 1
            if waiting[b] == 0:
                ready.append(b)
    return result
