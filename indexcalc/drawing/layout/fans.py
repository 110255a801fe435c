"""How the wires of a dot come together where they would else run on one another.

In a layer that is wider than its dots, and at a dot from which several wires go in
nearly one direction, every wire has a height of its own at a short distance from the
dot; elsewhere wires run straight to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import atan2

from .layers import Layered
from .metrics import Metrics

#: Wires whose directions differ by less, in radians, are kept apart.
_NARROW = 0.16


@dataclass(frozen=True)
class Fans:
    """For (dot, edge) the height at which the wire comes in, relative to the dot; for
    dots how much room the wires need to the left and right to come together."""

    offsets: dict[tuple[int, int], float]
    rooms: dict[int, tuple[float, float]]


def fans_of(
    layers: Layered,
    y: Sequence[float],
    meets: Sequence[tuple[float, float]],
    gaps: Sequence[float],
    m: Metrics,
) -> Fans:
    """The fans of all dots; `meets` are the heights at which links meet their items,
    `gaps` the distances between the layers."""
    sides: dict[tuple[int, bool], list[tuple[float, int]]] = {}
    for link, (left, right) in zip(layers.links, meets, strict=True):
        if layers.items[link.left].kind == "dot":
            far = y[link.right] + right - y[link.left]
            sides.setdefault((link.left, True), []).append((far, link.edge))
        if layers.items[link.right].kind == "dot":
            far = y[link.left] + left - y[link.right]
            sides.setdefault((link.right, False), []).append((far, link.edge))
    offsets: dict[tuple[int, int], float] = {}
    rooms: dict[int, tuple[float, float]] = {}
    for (item, right), wires in sides.items():
        wires.sort()
        for k, (_, edge) in enumerate(wires):
            offsets[item, edge] = (k - (len(wires) - 1) / 2) * m.fan
        gap = gaps[layers.items[item].layer - (not right)]
        if m.fan and _crowded([far for far, _ in wires], gap):
            reach = m.fan * (1.5 + len(wires) / 4)
            before = rooms.get(item, (0.0, 0.0))
            rooms[item] = (before[0], reach) if right else (reach, before[1])
    return Fans(offsets, rooms)


def _crowded(heights: Sequence[float], gap: float) -> bool:
    """Whether two of the wires to these heights leave in nearly one direction."""
    angles = [atan2(height, 0.6 * gap) for height in heights]
    return any(b - a < _NARROW for a, b in pairwise(angles))
