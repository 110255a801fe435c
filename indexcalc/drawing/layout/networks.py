"""One product with its geometry: its components arranged, its free ends at the borders.

A bare network is the content of a frame: its ends lie on its border, where the wires go
on. Otherwise there is room for the names of the ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import fsum

from ...diagrams.model import End, Network
from ..faces import end_label
from ..placed import PlacedEnd, PlacedNetwork, PlacedWire, Point, Side
from .bodies import Inner
from .components import Sides, components
from .drawn import drawn
from .metrics import Metrics
from .moving import moved_network
from .rows import Arranged, arranged
from .tracing import simplified

#: A placed network from (0, 0) on, and the height at which it stands in a sum.
Lined = tuple[PlacedNetwork, float]


def placed_network(
    network: Network,
    ends: Sequence[End],
    sides: Sides,
    m: Metrics,
    inner: Inner,
    *,
    bare: bool,
    named: bool = True,
    kept: Mapping[str, Point] | None = None,
) -> Lined:
    """A product with its geometry, with room for the names of the ends if `named`."""
    drop = drop_pitch(ends, m)
    parts = [drawn(c, m, inner, drop, kept) for c in components(network, ends, sides)]
    lefts = [e for n, e in enumerate(ends) if sides[n] == "left"] if named else []
    beside = max((label_width(e, m) for e in lefts), default=0.0)
    if any(len(e.names) != 1 for e in lefts):
        beside += 2 * m.channel
    found = arranged(parts, sides, m, drop, bare=bare, beside=beside)
    return _bordered(network, ends, sides, found, m, named)


def drop_pitch(ends: Sequence[End], m: Metrics) -> float:
    """The distance of wires that go down to their ends, by the widest name."""
    below = [e for e in ends if e.role == "variable"]
    widest = max((label_width(e, m) for e in below), default=0.0)
    return m.even(max(m.port_pitch, widest + m.space)) + (m.cell if widest else 0.0)


def label_width(end: End, m: Metrics) -> float:
    """The width of the name of an end and its size, which stands below the name in px
    and after it in characters."""
    name, size = end_label(end)
    if m.cell:
        return m.small(name) + (1 + m.small(size) if size else 0.0)
    return max(m.small(name), 0.75 * m.small(size))


def _bordered(
    network: Network,
    ends: Sequence[End],
    sides: Sides,
    a: Arranged,
    m: Metrics,
    named: bool,
) -> Lined:
    """A network with its ends, moved to the corner of what it takes."""
    tips = {key: tip for part in a.parts for key, tip in part.tips.items()}
    wires = {w: points for part in a.parts for w, points in part.wires.items()}
    placed_ends, extra = _ends(ends, sides, tips, a, m)
    for number, joint in extra.items():
        _joined(network, wires, number, joint, sides[number], m)
    placed = PlacedNetwork(
        network,
        0.0,
        0.0,
        0.0,
        0.0,
        tuple(
            b for _, b in sorted((n, b) for p in a.parts for n, b in p.boxes.items())
        ),
        tuple(d for _, d in sorted((n, d) for p in a.parts for n, d in p.dots.items())),
        tuple(placed_ends),
        tuple(PlacedWire(wire, wires[w]) for w, wire in enumerate(network.wires)),
    )
    room = _room(placed, a, m, named)
    return _cornered(placed, room, a.line, m.cell)


def _ends(
    ends: Sequence[End],
    sides: Sides,
    tips: Mapping[tuple[int, int], Point],
    a: Arranged,
    m: Metrics,
) -> tuple[list[PlacedEnd], dict[int, Point]]:
    """The ends, and the wedge of each that is grouped."""
    grouped = [n for n, end in enumerate(ends) if len(end.names) != 1]
    wide = {sides[n] for n in grouped}
    found: list[PlacedEnd] = []
    wedges: dict[int, Point] = {}
    for n, end in enumerate(ends):
        side = sides[n]
        own = [tips[n, k] for k in range(len(end.names)) if (n, k) in tips]
        at = _middle(own, side, a, m)
        reach = 2 * m.channel if side in wide else 0.0
        out = _outward(at, side, reach)
        if n in grouped:
            wedges[n] = _outward(at, side, m.channel + 4 * (1 - m.cell))
            found.append(PlacedEnd(end, n, *out, side, wedges[n]))
        else:
            found.append(PlacedEnd(end, n, *out, side))
            if reach and own:
                wedges[n] = out
    return found, wedges


def _middle(own: Sequence[Point], side: Side, a: Arranged, m: Metrics) -> Point:
    """Where the wires of an end come together; an end without wires has a place of its
    own at its side."""
    if len(own) == 1:
        return own[0]
    if own:
        x = fsum(p[0] for p in own) / len(own)
        y = fsum(p[1] for p in own) / len(own)
        return (m.whole(x), y) if side == "bottom" else (x, m.near(y))
    taken = [p[1] for part in a.parts for p in part.tips.values()]
    y = a.line
    while any(abs(y - t) < m.label for t in taken):
        y += m.up(m.label)
    match side:
        case "left":
            return (a.left - m.stub if not taken else 0.0, y)
        case "right":
            return (a.right, y)
        case _:
            return (a.right + m.stub, a.bottom)


def _outward(at: Point, side: Side, reach: float) -> Point:
    match side:
        case "left":
            return (at[0] - reach, at[1])
        case "right":
            return (at[0] + reach, at[1])
        case "top":
            return (at[0], at[1] - reach)
        case "bottom":
            return (at[0], at[1] + reach)


def _joined(
    network: Network,
    wires: dict[int, tuple[Point, ...]],
    number: int,
    joint: Point,
    side: Side,
    m: Metrics,
) -> None:
    """Leads the wires of an end on to the point where they join."""
    for w, wire in enumerate(network.wires):
        for k, place in enumerate(wire.places):
            if place[0] == "end" and place[1] == number:
                points = wires[w] if k == 1 else wires[w][::-1]
                near = (joint[0], joint[1] - m.dot / 2) if side == "bottom" else joint
                points = simplified((*points, near, joint))
                wires[w] = points if k == 1 else points[::-1]


def _room(
    placed: PlacedNetwork, a: Arranged, m: Metrics, named: bool
) -> tuple[float, float, float, float]:
    """The corners of what a network takes, with the names of its ends."""
    xs = [a.left, a.right, *(p[0] for w in placed.wires for p in w.points)]
    ys = [a.top, a.bottom, *(p[1] for w in placed.wires for p in w.points)]
    xs += [end.x for end in placed.ends]
    ys += [end.y for end in placed.ends]
    if named:
        for end in placed.ends:
            wide, half = label_width(end.end, m) + m.space, m.label / 2
            match end.side:
                case "left" | "right":
                    sign = -1 if end.side == "left" else 1
                    xs.append(end.x + sign * wide)
                    ys += [end.y - half, end.y + 2 * half] if not m.cell else [end.y]
                case _:
                    xs += [end.x - wide / 2, end.x + wide / 2]
                    ys.append(end.y + (2 * m.label if not m.cell else m.label))
    return min(xs), min(ys), max(xs), max(ys)


def _cornered(
    placed: PlacedNetwork,
    room: tuple[float, float, float, float],
    line: float,
    cell: float,
) -> Lined:
    left, top, right, bottom = room
    at = moved_network(placed, -left, -top)
    at = replace(
        at, x=0.0, y=0.0, width=right - left + cell, height=bottom - top + cell
    )
    return at, line - top
