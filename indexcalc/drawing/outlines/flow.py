"""Which way a network is read: every wire from left to right, for text graph formats.

Graph programs place nodes along the direction of edges. Here the direction is the order
in which one reads: from the ends at the left outwards, nearest first; all other ends
are last. A box has its ports to the left where its wires arrive.

>>> from ...diagrams.model import Box, End, Wire
>>> boxes = (Box("A#1", "part", "A", (2, 2)), Box("B#1", "part", "B", (2, 2)))
>>> i = Wire((("box", 1, 0), ("end", 0, 0)), "i", 2)
>>> k = Wire((("box", 1, 1), ("box", 0, 1)), "k", 2)
>>> j = Wire((("end", 1, 0), ("box", 0, 0)), "j", 2)
>>> flow = flow_of(Network(boxes, (), (i, k, j)), 2, frozenset({0}))
>>> flow.wires[0], flow.arriving, flow.last
((('end', 0, 0), ('box', 1, 0)), {1: (0,), 0: (1,)}, (('box', 0),))
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ...diagrams.model import End, Network, Place

Spot: TypeAlias = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Flow:
    """`wires` are the places of every wire, left one first; `arriving` the ports at the
    left of every box that has any; `first` and `last` the boxes and dots where reading
    starts and ends, one for each connected component."""

    wires: tuple[tuple[Place, Place], ...]
    arriving: Mapping[int, tuple[int, ...]]
    first: tuple[Spot, ...]
    last: tuple[Spot, ...]


def row_ends(ends: Sequence[End]) -> frozenset[int]:
    """The end at the left of a whole diagram: the first axis of the value, or of the
    variable where the value is a number."""
    value = [k for k, end in enumerate(ends) if end.role == "value"]
    return frozenset((value or range(len(ends)))[:1])


def flow_of(network: Network, ends: int, starts: frozenset[int]) -> Flow:
    """The flow of a network with so many ends, from those in `starts`."""
    joined: dict[Spot, list[Spot]] = {}
    for wire in network.wires:
        a, b = (place[:2] for place in wire.places)
        joined.setdefault(a, []).append(b)
        joined.setdefault(b, []).append(a)
    left: list[Spot] = [("end", k) for k in sorted(starts)]
    rank: dict[Spot, int] = {}
    first: list[Spot] = []
    last: list[Spot] = []
    for start in [*left, *_reading_order(network)]:
        if start in rank:
            continue
        found = _spread(start, joined, rank, set(left))
        inner = [spot for spot in found if spot[0] != "end"]
        first += inner[:1]
        last += inner[-1:]
    right: list[Spot] = [("end", k) for k in range(ends) if k not in starts]
    rank |= {spot: len(rank) + k for k, spot in enumerate(right)}
    wires = tuple(_directed(wire.places, rank) for wire in network.wires)
    return Flow(wires, _arriving(wires), tuple(first), tuple(last))


def _arriving(wires: Sequence[tuple[Place, Place]]) -> dict[int, tuple[int, ...]]:
    found: dict[int, list[int]] = {}
    for _, (kind, number, port) in wires:
        if kind == "box":
            found.setdefault(number, []).append(port)
    return {box: tuple(sorted(ports)) for box, ports in found.items()}


def _reading_order(network: Network) -> list[Spot]:
    """Where to start without an end at the left: vectors, other boxes, dots."""
    numbers = range(len(network.boxes))
    ordered = sorted(numbers, key=lambda b: (len(network.boxes[b].ports) != 1, b))
    boxes: list[Spot] = [("box", b) for b in ordered]
    return [*boxes, *(("dot", d) for d in range(len(network.dots)))]


def _spread(
    start: Spot,
    joined: Mapping[Spot, list[Spot]],
    rank: dict[Spot, int],
    left: set[Spot],
) -> list[Spot]:
    """Ranks everything joined to a spot, nearest first, save the ends at the right."""
    found = [start]
    rank[start] = len(rank)
    queue = deque(found)
    while queue:
        for spot in joined.get(queue.popleft(), ()):
            if spot in rank or (spot[0] == "end" and spot not in left):
                continue
            rank[spot] = len(rank)
            found.append(spot)
            queue.append(spot)
    return found


def _directed(
    places: tuple[Place, Place], rank: Mapping[Spot, int]
) -> tuple[Place, Place]:
    a, b = places
    key_a, key_b = (rank[a[:2]], a[2]), (rank[b[:2]], b[2])
    return (a, b) if (key_a <= key_b) != (a[:2] == b[:2]) else (b, a)
