"""One connected component with its geometry.

Its tips lie on its border: those at the left at its least x, those at the right at its
greatest, those below at its lowest y.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ...diagrams.model import Box
from ..faces import sizes_label
from ..placed import PlacedBox, PlacedDot, Point
from .bodies import Body, Inner, Legs, body_of
from .columns import channels, columns_of
from .components import Component, Edge, Vertex
from .fans import fans_of
from .hanging import Bunch, bunch_of
from .heights import heights
from .layers import Layered, layered
from .metrics import Metrics
from .moving import moved
from .ordering import Order, ordered
from .orientation import Oriented, oriented
from .tracing import Traced, simplified, traced


@dataclass(frozen=True)
class Drawn:
    """Boxes, dots and the points of wires by number, the tips of the ends by number of
    the end and of its index; `line` is the height of the spine."""

    component: Component
    boxes: dict[int, PlacedBox]
    dots: dict[int, PlacedDot]
    wires: dict[int, tuple[Point, ...]]
    tips: dict[tuple[int, int], Point]
    left: float
    top: float
    right: float
    bottom: float
    line: float


#: How often ends below are led another way until none meets what stands below it.
_TRIES = 6


def drawn(
    component: Component,
    m: Metrics,
    inner: Inner,
    drop: float,
    kept: Mapping[str, Point] | None = None,
) -> Drawn:
    """A component drawn; `drop` is the distance of ends below."""
    if not component.edges and not component.drops:
        return _lonely(component, m, inner, drop)
    layers = layered(oriented(component))
    order = ordered(layers, _seeds(layers, kept))
    for _ in range(_TRIES):
        blocked = _blocked(layers, order)
        if not blocked:
            break
        layers = layered(_turned_away(layers.oriented, blocked))
        order = ordered(layers, _seeds(layers, kept))
    return _assembled(layers, order, m, inner, drop)


def _seeds(
    layers: Layered, kept: Mapping[str, Point] | None
) -> dict[int, float] | None:
    """The heights of an earlier drawing, where it had every box of this one."""
    component = layers.component
    boxes = component.of_kind("box")
    if not kept or not all(component.box(v).id in kept for v in boxes):
        return None
    known = {
        n: kept[component.box(item.vertex).id][1]
        for n, item in enumerate(layers.items)
        if item.kind == "box"
    }
    for _ in range(4):
        for link in layers.links:
            for a, b in ((link.left, link.right), (link.right, link.left)):
                if a in known and b not in known:
                    known[b] = known[a]
    return known


# -- ends below whose way down is barred -----------------------------------------------


def _blocked(layers: Layered, order: Order) -> list[tuple[str, int]]:
    """What has ends straight below it and something else in between: ("dot", the
    vertex of the end) or ("box", the vertex of the box)."""
    component = layers.component
    falling = {
        d for v, d in layers.oriented.reading.hanging.items() if _end(component, v)
    }
    dropping = {component.network.wires[w].places for w in component.drops}
    boxes = {p[1] for places in dropping for p in places if p[0] == "box"}
    found: list[tuple[str, int]] = []
    for row in order:
        solid = [i for i in row if layers.items[i].kind in ("box", "dot")]
        for item in solid[:-1]:
            at = layers.items[item]
            if at.kind == "dot" and at.vertex in falling:
                hung = layers.oriented.reading.hanging
                found += [
                    ("dot", v)
                    for v, d in hung.items()
                    if d == at.vertex and _end(component, v)
                ]
            if at.kind == "box" and component.vertices[at.vertex].number in boxes:
                found.append(("box", at.vertex))
    return found


def _end(component: Component, vertex: int) -> bool:
    return component.vertices[vertex].kind == "end"


def _turned_away(o: Oriented, blocked: Sequence[tuple[str, int]]) -> Oriented:
    """The same with these ends reached by wires that go on to the right."""
    for kind, vertex in blocked:
        o = _end_aside(o, vertex) if kind == "dot" else _drops_aside(o, vertex)
    return o


def _end_aside(o: Oriented, end: int) -> Oriented:
    hanging = {v: d for v, d in o.reading.hanging.items() if v != end}
    edge = o.component.at[end][0]
    arrows = list(o.arrows)
    arrows[edge] = (o.reading.hanging[end], end)
    return replace(o, reading=replace(o.reading, hanging=hanging), arrows=tuple(arrows))


def _drops_aside(o: Oriented, box: int) -> Oriented:
    component = o.component
    number = component.vertices[box].number
    vertices, edges, arrows = (
        list(component.vertices),
        list(component.edges),
        list(o.arrows),
    )
    kept = []
    for w in component.drops:
        places = component.network.wires[w].places
        at, end = places if places[0][0] == "box" else places[::-1]
        if at[1] != number:
            kept.append(w)
            continue
        new = len(vertices)
        vertices.append(Vertex("end", end[1], end[2]))
        arrows.append((box, new))
        forward = places[0][0] == "box"
        edges.append(
            Edge(box, new, w, (at[2], -1))
            if forward
            else Edge(new, box, w, (-1, at[2]))
        )
    changed = replace(
        component, vertices=tuple(vertices), edges=tuple(edges), drops=tuple(kept)
    )
    reading = replace(o.reading, component=changed)
    return replace(o, reading=reading, arrows=tuple(arrows))


# -- bodies ----------------------------------------------------------------------------


def _legs(layers: Layered, item: int, place: Mapping[int, int]) -> Legs:
    """The ports of a box by side, each in the order of the wires in the next layer."""
    component = layers.component
    vertex = layers.items[item].vertex
    found: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
    for other, edge, right in layers.near[item]:
        found[right].append((place[other], component.edges[edge].port_at(vertex)))
    number = component.vertices[vertex].number
    places = [component.network.wires[w].places for w in component.drops]
    down = sorted(
        p[2] for pair in places for p in pair if p[0] == "box" and p[1] == number
    )
    turn = -1 if len(component.box(vertex).ports) == 2 else 1
    sides = {
        side: tuple(p for _, p in sorted(ports, key=lambda at: (at[0], turn * at[1])))
        for side, ports in found.items()
    }
    on = layers.through(item)
    level = None if on is None else component.edges[on].port_at(vertex)
    return Legs(sides[False], sides[True], tuple(down), level=level)


@dataclass(frozen=True)
class _Solids:
    bodies: dict[int, Body]
    bunches: dict[int, Bunch]

    def extent(self, item: int) -> tuple[float, float]:
        """The room above and below an item."""
        body = self.bodies.get(item) or self.bunches.get(item)
        return (body.up, body.down) if body else (0.0, 0.0)

    def room(self, item: int) -> tuple[float, float, tuple[float, ...]]:
        """The room beside an item, and where wires leave it downwards."""
        if item in self.bodies:
            body = self.bodies[item]
            ways = [w for w in body.ways.values() if w.leaves == "bottom"]
            return body.left, body.right, tuple(w.port[0] for w in ways)
        bunch = self.bunches[item]
        return bunch.left, bunch.right, tuple(x for _, x, b in bunch.hung if b is None)


def _solids(
    layers: Layered, order: Order, m: Metrics, inner: Inner, drop: float
) -> _Solids:
    component = layers.component
    place = {item: n for row in order for n, item in enumerate(row)}
    hanging = layers.oriented.reading.hanging
    bodies: dict[int, Body] = {}
    bunches: dict[int, Bunch] = {}
    for n, item in enumerate(layers.items):
        if item.kind == "box":
            legs = _legs(layers, n, place)
            bodies[n] = body_of(component.box(item.vertex), legs, m, inner, drop)
        elif item.kind == "dot":
            hung = [v for v, d in hanging.items() if d == item.vertex]
            right = sum(right for _, _, right in layers.near[n])
            lateral = (len(layers.near[n]) - right, right)
            bunches[n] = bunch_of(component, hung, m, drop, lateral)
    return _Solids(bodies, bunches)


def _lonely(component: Component, m: Metrics, inner: Inner, drop: float) -> Drawn:
    """A box without wires, or a ring."""
    if component.of_kind("box"):
        number = component.vertices[0].number
        body = body_of(component.network.boxes[number], Legs(), m, inner, drop)
        box = _placed_box(component.network.boxes[number], body, 0.0, 0.0)
        left, right = -body.left, body.right
        return Drawn(
            component, {number: box}, {}, {}, {}, left, -body.up, right, body.down, 0.0
        )
    number = component.vertices[0].number
    dot = component.network.dots[number]
    half = m.whole(m.measure(sizes_label((dot.size,))) / 2 + m.label / 2)
    placed = {number: PlacedDot(dot, 0.0, 0.0)}
    low = 0.0 if m.cell else m.label / 2
    return Drawn(component, {}, placed, {}, {}, -half, -m.label, half, low, 0.0)


# -- assembly --------------------------------------------------------------------------


def _meets(layers: Layered, solids: _Solids) -> list[tuple[float, float]]:
    """The heights at which every link meets its two items."""
    found = []
    for link in layers.links:
        pair = [0.0, 0.0]
        for k, item in enumerate((link.left, link.right)):
            if item in solids.bodies:
                vertex = layers.items[item].vertex
                port = layers.component.edges[link.edge].port_at(vertex)
                pair[k] = solids.bodies[item].ways[port].height
        found.append((pair[0], pair[1]))
    return found


def _extent(
    layers: Layered, solids: _Solids, item: int, m: Metrics
) -> tuple[float, float]:
    """The room above and below an item; an end has a name."""
    if layers.items[item].kind == "end" and not m.cell:
        return m.label / 2, m.label / 2
    return solids.extent(item)


def _assembled(
    layers: Layered, order: Order, m: Metrics, inner: Inner, drop: float
) -> Drawn:
    solids = _solids(layers, order, m, inner, drop)
    meets = _meets(layers, solids)
    extents = [_extent(layers, solids, i, m) for i in range(len(layers.items))]
    y = heights(layers, order, extents, meets, m)
    bends = [
        abs(y[k.left] + a - y[k.right] - b)
        for k, (a, b) in zip(layers.links, meets, strict=True)
    ]
    fans = fans_of(layers, y, meets, channels(layers, bends, m), m)
    rooms = {i: solids.room(i) for i in (*solids.bodies, *solids.bunches)}
    for i, (left, right) in fans.rooms.items():
        before = rooms[i]
        rooms[i] = (max(left, before[0]), max(right, before[1]), before[2])
    columns = columns_of(layers, rooms, y, bends, m, drop)
    top = min(h - e[0] for h, e in zip(y, extents, strict=True))
    low = max(h + e[1] for h, e in zip(y, extents, strict=True))
    arc = 0.0
    if layers.oriented.reading.cut:
        top = arc = top - m.gap + (1.0 if m.cell else 0.0)
    falls = _has_falls(layers)
    bottom = low + (m.stub if falls else 0.0)
    t = Traced(layers, columns, solids.bodies, y, fans.offsets, arc, bottom, m)
    return _collected(t, solids, top, bottom)


def _has_falls(layers: Layered) -> bool:
    component = layers.component
    below = any(_end(component, v) for v in layers.oriented.reading.hanging)
    return below or bool(component.drops) or any(i.kind == "turn" for i in layers.items)


def _placed_box(box: Box, body: Body, x: float, y: float) -> PlacedBox:
    return PlacedBox(
        box,
        x + body.x,
        y + body.y,
        body.width,
        body.height,
        tuple(((x + p[0], y + p[1]), side) for p, side in body.ports),
        tuple(moved(content, x, y) for content in body.contents),
    )


def _collected(t: Traced, solids: _Solids, top: float, bottom: float) -> Drawn:
    layers, component = t.layers, t.layers.component
    boxes: dict[int, PlacedBox] = {}
    dots: dict[int, PlacedDot] = {}
    wires = traced(t)
    for n, body in solids.bodies.items():
        number = component.vertices[layers.items[n].vertex].number
        box = component.network.boxes[number]
        boxes[number] = _placed_box(box, body, t.x(n), t.y[n])
    for n, bunch in solids.bunches.items():
        number = component.vertices[layers.items[n].vertex].number
        dots[number] = PlacedDot(component.network.dots[number], t.x(n), t.y[n])
        for vertex, dx, vector in bunch.hung:
            edge = component.edges[component.at[vertex][0]]
            x, y = t.x(n), t.y[n]
            if vector is None:
                points = _hung_wire(
                    (x, y), (x + dx, y + bunch.reach), (x + dx, bottom), t.m
                )
            else:
                number = component.vertices[vertex].number
                box = component.network.boxes[number]
                centre = y + bunch.reach + vector.up
                boxes[number] = _placed_box(box, vector, x + dx, centre)
                port = boxes[number].ports[0][0]
                points = _hung_wire((x, y), (port[0], port[1] - t.m.dot / 2), port, t.m)
            at_dot = component.vertices[edge.tail].kind == "dot"
            wires[edge.wire] = points if at_dot else points[::-1]
    for w in component.drops:
        wires[w] = _drop_wire(component, w, boxes, bottom)
    return _bounded(t, boxes, dots, wires, top, bottom)


def _hung_wire(dot: Point, near: Point, end: Point, m: Metrics) -> tuple[Point, ...]:
    if m.cell and abs(dot[0] - end[0]) > 0:
        near = (end[0], dot[1] + 1)
    return simplified((dot, near, end))


def _drop_wire(
    component: Component, wire: int, boxes: Mapping[int, PlacedBox], bottom: float
) -> tuple[Point, ...]:
    places = component.network.wires[wire].places
    box = next(p for p in places if p[0] == "box")
    start = boxes[box[1]].ports[box[2]][0]
    points = (start, (start[0], bottom))
    return points if places[0][0] == "box" else points[::-1]


def _bounded(
    t: Traced,
    boxes: dict[int, PlacedBox],
    dots: dict[int, PlacedDot],
    wires: dict[int, tuple[Point, ...]],
    top: float,
    bottom: float,
) -> Drawn:
    component = t.layers.component
    tips: dict[tuple[int, int], Point] = {}
    for w, points in wires.items():
        for place, point in zip(
            component.network.wires[w].places, (points[0], points[-1]), strict=True
        ):
            if place[0] == "end":
                tips[place[1], place[2]] = point
    xs = [p[0] for points in wires.values() for p in points]
    left = min([*t.columns.left, *xs])
    right = max([*t.columns.right, *xs])
    return Drawn(
        component, boxes, dots, wires, tips, left, top, right, bottom, _line(t)
    )


def _line(t: Traced) -> float:
    """The height of the spine: that of its first item."""
    starts = t.layers.oriented.reading.sources
    own = [i for i, item in enumerate(t.layers.items) if item.vertex in starts]
    return min((t.y[i] for i in own), default=0.0)
