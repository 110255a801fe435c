"""The points of every wire of a component, from its first place to its second."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..placed import Point
from .bodies import Body
from .columns import Columns
from .layers import Layered
from .metrics import Metrics


@dataclass(frozen=True)
class Traced:
    """What the tracing needs: bodies of boxes by item, places by layer, heights, how
    far above and below its dot a wire comes in, the arc of a ring and the lowest
    point."""

    layers: Layered
    columns: Columns
    bodies: Mapping[int, Body]
    y: Sequence[float]
    fans: Mapping[tuple[int, int], float]
    arc: float
    bottom: float
    m: Metrics

    def x(self, item: int) -> float:
        """The middle of an item."""
        return self.columns.middle[self.layers.items[item].layer]


def traced(t: Traced) -> dict[int, tuple[Point, ...]]:
    """The points of the wires, by their numbers."""
    component = t.layers.component
    found: dict[int, list[Point]] = {}
    for e, edge in enumerate(component.edges):
        arrow = t.layers.oriented.arrows[e]
        if arrow is None:
            continue
        points = _edge_points(t, e)
        points = points if arrow == (edge.tail, edge.head) else points[::-1]
        before = found.setdefault(edge.wire, [])
        if before and t.layers.oriented.reading.cut and _is_cut(t, edge.wire):
            before += [(before[-1][0], t.arc), (points[0][0], t.arc)]
        before += points
    return {w: simplified(points) for w, points in found.items()}


def _is_cut(t: Traced, wire: int) -> bool:
    cut = t.layers.oriented.reading.cut
    return cut is not None and t.layers.component.vertices[cut[0]].number == wire


def _edge_points(t: Traced, e: int) -> list[Point]:
    """The points of an edge from left to right."""
    first, *between, last = t.layers.chains[e]
    left, right = t.columns.left, t.columns.right
    points = _tip(t, e, first, right[t.layers.items[first].layer])
    for item in between:
        layer = t.layers.items[item].layer
        points += [(left[layer], t.y[item]), (right[layer], t.y[item])]
    return points + _tip(t, e, last, left[t.layers.items[last].layer])[::-1]


def _tip(t: Traced, e: int, item: int, border: float) -> list[Point]:
    """A wire from the item at its one end to a border of the item's layer."""
    at = t.layers.items[item]
    y = t.y[item]
    match at.kind:
        case "box":
            way = t.bodies[item].ways[t.layers.component.edges[e].port_at(at.vertex)]
            return [
                *_from_port(t, item, way.port, way.detour),
                (border, y + way.height),
            ]
        case "dot":
            return [(t.x(item), y), *_fan(t, e, item, border)]
        case "turn":
            x = t.columns.turns[item]
            return [(x, t.bottom), (x, y), (border, y)]
        case _:
            return [(t.columns.caps.get(item, t.x(item)), y), (border, y)]


def _fan(t: Traced, e: int, item: int, border: float) -> list[Point]:
    """Where a wire comes into the layer of its dot, if the layer is wide."""
    if abs(border - t.x(item)) <= t.m.dot + 1e-6:
        return []
    return [(border, t.y[item] + t.fans.get((item, e), 0.0))]


def _from_port(
    t: Traced, item: int, port: Point, detour: Iterable[Point]
) -> list[Point]:
    x, y = t.x(item), t.y[item]
    return [(x + px, y + py) for px, py in (port, *detour)]


def simplified(points: Sequence[Point]) -> tuple[Point, ...]:
    """A line without the points that it does not need."""
    found: list[Point] = []
    for point in points:
        if found and _same(found[-1], point):
            continue
        if len(found) > 1 and _between(found[-2], found[-1], point):
            found[-1] = point
        else:
            found.append(point)
    return tuple(found) if len(found) > 1 else (points[0], points[-1])


def _same(a: Point, b: Point) -> bool:
    return abs(a[0] - b[0]) < 1e-6 and abs(a[1] - b[1]) < 1e-6


def _between(a: Point, b: Point, c: Point) -> bool:
    """Whether b lies on the straight way from a to c."""
    for k in (0, 1):
        same = abs(a[k] - b[k]) < 1e-6 and abs(b[k] - c[k]) < 1e-6
        if same and (b[1 - k] - a[1 - k]) * (c[1 - k] - b[1 - k]) >= 0:
            return True
    return False
