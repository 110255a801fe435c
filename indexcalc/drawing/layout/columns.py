"""Where every layer stands: layers as wide as their widest item, and between them
channels that are wider where wires bend more.

Wires that turn down beside boxes with ends of their own do so at the left of their
layer, the lowest first, so that they cross nothing; wires that turn back do so each on
a track of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .layers import Layered
from .metrics import Metrics

#: The room of an item to its left and right, and the places beside its middle where
#: wires go straight down.
Room = tuple[float, float, tuple[float, ...]]


@dataclass(frozen=True)
class Columns:
    """The middle of every layer, its left and right border, and where every turn and
    every cap has its vertical piece."""

    middle: tuple[float, ...]
    left: tuple[float, ...]
    right: tuple[float, ...]
    turns: dict[int, float]
    caps: dict[int, float]


def columns_of(
    layers: Layered,
    rooms: Mapping[int, Room],
    y: Sequence[float],
    bends: Sequence[float],
    m: Metrics,
    drop: float,
) -> Columns:
    """The places of the layers. `bends` are the heights that the links overcome."""
    strips = [_strip(layers, n, rooms, y, m, drop) for n in range(layers.layers)]
    gaps = channels(layers, bends, m)
    middle: list[float] = []
    at, last = 0.0, -1e9
    for n, strip in enumerate(strips):
        at += gaps[n - 1] if n else 0.0
        centre = at + strip.left
        falls = [centre + x for x in strip.falls]
        if falls and min(falls) < last + drop:
            centre += last + drop - min(falls)
            falls = [centre + x for x in strip.falls]
        last = max([last, *falls])
        middle.append(m.whole(centre))
        at = middle[-1] + strip.right
    return Columns(
        tuple(middle),
        tuple(c - s.left for c, s in zip(middle, strips, strict=True)),
        tuple(c + s.right for c, s in zip(middle, strips, strict=True)),
        {i: middle[n] + x for n, s in enumerate(strips) for i, x in s.turns.items()},
        {i: middle[n] + x for n, s in enumerate(strips) for i, x in s.caps.items()},
    )


@dataclass(frozen=True)
class _Strip:
    """A layer round its middle."""

    left: float
    right: float
    falls: tuple[float, ...]
    turns: dict[int, float]
    caps: dict[int, float]


def _strip(
    layers: Layered,
    layer: int,
    rooms: Mapping[int, Room],
    y: Sequence[float],
    m: Metrics,
    drop: float,
) -> _Strip:
    items = layers.standing[layer]
    left = max((rooms[i][0] for i in items if i in rooms), default=0.0)
    right = max((rooms[i][1] for i in items if i in rooms), default=0.0)
    falls = [x for i in items if i in rooms for x in rooms[i][2]]
    turning = sorted(
        (i for i in items if layers.items[i].kind == "turn"), key=lambda i: y[i]
    )
    turns: dict[int, float] = {}
    if turning and falls:
        start = min(falls, default=0.0)
        turns = {
            i: m.whole(min(start, -left) - (k + 0.5) * drop)
            for k, i in enumerate(turning)
        }
    elif turning:
        widest = (len(turning) - 1) / 2
        turns = {i: m.whole((widest - k) * drop) for k, i in enumerate(turning)}
    left = max([left, *(-x for x in turns.values())])
    right = max([right, *turns.values()])
    caps = _caps(layers, layer, y, left, right, m)
    left = max([left, *(-x for x in caps.values())])
    right = max([right, *caps.values()])
    return _Strip(left, right, (*falls, *turns.values()), turns, caps)


def _caps(
    layers: Layered,
    layer: int,
    y: Sequence[float],
    left: float,
    right: float,
    m: Metrics,
) -> dict[int, float]:
    """Where the wires of a layer that turn back have their vertical pieces."""
    spans = [
        (abs(y[a] - y[b]), min(y[a], y[b]), max(y[a], y[b]), a, b, side)
        for a, b, side in layers.caps
        if layers.items[a].layer == layer
    ]
    found: dict[int, float] = {}
    placed: list[tuple[float, float, int, int]] = []
    for _, top, bottom, a, b, side in sorted(spans):
        near = [t for u, v, s, t in placed if s == side and u <= bottom and v >= top]
        first = 0 if (right if side > 0 else left) == 0 else 1
        track = max(near, default=first - 1) + 1
        placed.append((top, bottom, side, track))
        border = right if side > 0 else left
        found[a] = found[b] = side * m.whole(border + track * m.track)
    return found


def channels(layers: Layered, bends: Sequence[float], m: Metrics) -> list[float]:
    """The distances between the layers."""
    kinds = [set[str]() for _ in range(layers.layers)]
    for item in layers.items:
        kinds[item.layer].add(item.kind)
    for a, _, _ in layers.caps:
        kinds[layers.items[a].layer].add("dot")
    most = [0.0] * layers.layers
    count = [0] * layers.layers
    for link, bend in zip(layers.links, bends, strict=True):
        layer = layers.items[link.left].layer
        most[layer] = max(most[layer], bend)
        count[layer] += bend > 0
    found = []
    for n in range(layers.layers - 1):
        near = kinds[n] | kinds[n + 1]
        base = m.stub if "end" in near else m.plain_channel
        base = max(base, m.channel) if near & {"dot", "turn"} else base
        if m.cell:
            found.append(base + (count[n] + 1 if count[n] else 0))
        else:
            crowd = max(0, count[n] - 3)
            room = m.most_bend + 2 * m.track * crowd
            found.append(base + min(m.bend * most[n] * (1 + 0.12 * crowd), room))
    return found
