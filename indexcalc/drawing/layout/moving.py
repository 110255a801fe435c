"""Placed drawings moved as a whole, and the line on which they stand."""

from __future__ import annotations

from dataclasses import replace

from ..placed import (
    PlacedBox,
    PlacedEnd,
    PlacedNetwork,
    PlacedPicture,
    PlacedWire,
    Point,
)
from .metrics import Metrics


def moved(picture: PlacedPicture, dx: float, dy: float) -> PlacedPicture:
    """A picture with everything in it moved."""
    return replace(
        picture,
        x=picture.x + dx,
        y=picture.y + dy,
        terms=tuple(moved_network(term, dx, dy) for term in picture.terms),
        texts=tuple(replace(t, x=t.x + dx, y=t.y + dy) for t in picture.texts),
    )


def moved_network(network: PlacedNetwork, dx: float, dy: float) -> PlacedNetwork:
    """A network with everything in it moved."""
    return replace(
        network,
        x=network.x + dx,
        y=network.y + dy,
        boxes=tuple(moved_box(box, dx, dy) for box in network.boxes),
        dots=tuple(replace(d, x=d.x + dx, y=d.y + dy) for d in network.dots),
        ends=tuple(moved_end(end, dx, dy) for end in network.ends),
        wires=tuple(moved_wire(wire, dx, dy) for wire in network.wires),
    )


def moved_box(box: PlacedBox, dx: float, dy: float) -> PlacedBox:
    """A box with its contents moved."""
    return replace(
        box,
        x=box.x + dx,
        y=box.y + dy,
        ports=tuple((_point(at, dx, dy), side) for at, side in box.ports),
        contents=tuple(moved(content, dx, dy) for content in box.contents),
    )


def moved_end(end: PlacedEnd, dx: float, dy: float) -> PlacedEnd:
    """An end moved."""
    wedge = None if end.wedge is None else _point(end.wedge, dx, dy)
    return replace(end, x=end.x + dx, y=end.y + dy, wedge=wedge)


def moved_wire(wire: PlacedWire, dx: float, dy: float) -> PlacedWire:
    """A wire moved."""
    return replace(wire, points=tuple(_point(p, dx, dy) for p in wire.points))


def _point(point: Point, dx: float, dy: float) -> Point:
    return (point[0] + dx, point[1] + dy)


def stretched(picture: PlacedPicture, dx: float) -> PlacedPicture:
    """A picture of one term with its ends at the right drawn out."""
    (term,) = picture.terms
    right = {end.number for end in term.ends if end.side == "right"}
    wires = []
    for wire in term.wires:
        points = list(wire.points)
        for n, (kind, number, _) in zip((0, -1), wire.wire.places, strict=True):
            if kind == "end" and number in right:
                points[n] = (points[n][0] + dx, points[n][1])
        wires.append(replace(wire, points=tuple(points)))
    ends = [moved_end(e, dx, 0.0) if e.number in right else e for e in term.ends]
    longer = replace(term, wires=tuple(wires), ends=tuple(ends), width=term.width + dx)
    return replace(picture, terms=(longer,), width=picture.width + dx)


def line_of(picture: PlacedPicture, m: Metrics) -> float:
    """The height of the first line of a picture: that of its first end at a side, or
    its first text or box."""
    middle = m.whole((picture.height - m.cell) / 2)
    if not picture.terms:
        return middle
    first = picture.terms[0]
    heights = [e.y for e in first.ends if e.side in ("left", "right")]
    heights += [t.y for t in picture.texts[:1]]
    heights += [b.y + m.whole((b.height - m.cell) / 2) for b in first.boxes[:1]]
    return heights[0] if heights else middle
