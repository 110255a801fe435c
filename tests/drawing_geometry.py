"""What must hold of a placed diagram: sentences that say where it does not.

Boxes of one level do not overlap, contents lie in their frames, no wire passes through
a box or over a dot that it is not fastened to, no two wires run on one another, ends
are on their sides in their order, the wires of a frame stand outside as they do inside,
wires start and end at their places, and everything is inside the drawing.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

from indexcalc.drawing.layout.composition import outer_sides
from indexcalc.drawing.layout.curves import path_points
from indexcalc.drawing.placed import (
    PlacedBox,
    PlacedModel,
    PlacedNetwork,
    PlacedPicture,
    PlacedWire,
    Point,
)

#: How finely wires are sampled, how near a common dot they may meet, and for how long
#: they may run together elsewhere, in px: a flat crossing is no more.
STEP, NEAR_DOT, TOGETHER = 2.0, 16.0, 24.0


def faults(layout: PlacedModel) -> list[str]:
    """Everything that is wrong with a layout in px."""
    found: list[str] = []
    for placed in (layout.picture, *layout.parts):
        sides = outer_sides(placed.picture.ends)
        for term in placed.terms:
            found += [
                f"end {e.number} at the {e.side}"
                for e in term.ends
                if e.side != sides[e.number]
            ]
            found += [*_end_faults(term), *_order_faults(term)]
    stack = [layout.picture, *layout.parts]
    texts = [*layout.texts]
    while stack:
        picture = stack.pop()
        texts += picture.texts
        found += _overlaps(
            [(t.x, t.y, t.width, t.height, "term") for t in picture.terms]
        )
        for term in picture.terms:
            found += [*_box_faults(term), *_wire_faults(term), *_content_faults(term)]
            found += _port_faults(term)
            found += _outside(layout, term)
            stack += [c for box in term.boxes for c in box.contents]
    return found


def _end_faults(term: PlacedNetwork) -> Iterator[str]:
    """Ends at the outside of everything else."""
    xs = [x for b in term.boxes for x in (b.x, b.x + b.width)] + [
        d.x for d in term.dots
    ]
    ys = [b.y + b.height for b in term.boxes] + [d.y for d in term.dots]
    for end in term.ends:
        if end.side == "right" and end.x < max(xs, default=end.x) - 0.01:
            yield f"end {end.number} is not right of everything"
        if end.side == "bottom" and end.y < max(ys, default=end.y) - 0.01:
            yield f"end {end.number} is not below everything"


def _overlaps(rects: list[tuple[float, float, float, float, str]]) -> Iterator[str]:
    for n, (x, y, w, h, a) in enumerate(rects):
        for u, v, p, q, b in rects[:n]:
            if (
                x < u + p - 0.01
                and u < x + w - 0.01
                and y < v + q - 0.01
                and v < y + h - 0.01
            ):
                yield f"{a} overlaps {b}"


def _box_faults(term: PlacedNetwork) -> Iterator[str]:
    yield from _overlaps([(b.x, b.y, b.width, b.height, b.box.id) for b in term.boxes])
    for box in term.boxes:
        for (x, y), side in box.ports:
            border = {"left": box.x, "right": box.x + box.width}.get(side, x)
            level = {"top": box.y, "bottom": box.y + box.height}.get(side, y)
            inside = box.x - 0.01 <= x <= box.x + box.width + 0.01
            if abs(border - x) + abs(level - y) > 0.05 or not inside:
                yield f"a port of {box.box.id} is not on its side"


def _content_faults(term: PlacedNetwork) -> Iterator[str]:
    for box in term.boxes:
        for picture in box.contents:
            right, bottom = picture.x + picture.width, picture.y + picture.height
            inside = box.x <= picture.x + 0.01 and box.y <= picture.y + 0.01
            inside &= right <= box.x + box.width + 0.01
            inside &= bottom <= box.y + box.height + 0.01
            if not inside:
                yield f"the contents of {box.box.id} stand out"


def _outside(layout: PlacedModel, term: PlacedNetwork) -> Iterator[str]:
    points = [p for wire in term.wires for p in path_points(wire)]
    points += [(b.x, b.y) for b in term.boxes]
    points += [(b.x + b.width, b.y + b.height) for b in term.boxes]
    points += [(d.x, d.y) for d in term.dots]
    for x, y in points:
        if not (math.isfinite(x) and math.isfinite(y)):
            yield "a coordinate is not finite"
        elif not (-0.1 <= x <= layout.width + 0.1 and -0.1 <= y <= layout.height + 0.1):
            yield f"({x:.1f}, {y:.1f}) is outside"
            return


def _wire_faults(term: PlacedNetwork) -> Iterator[str]:
    lines = [_dense(path_points(wire)) for wire in term.wires]
    for wire, line in zip(term.wires, lines, strict=True):
        yield from _ends_of_wire(term, wire)
        for box in term.boxes:
            if _passes(line, box, 1.0):
                yield f"wire {wire.wire.name} passes through {box.box.id}"
    yield from _shared(term, lines)
    yield from _foreign_dots(term, lines)


def _dense(points: tuple[Point, ...], step: float = STEP) -> list[Point]:
    found = [points[0]]
    for a, b in itertools.pairwise(points):
        count = max(1, math.ceil(math.dist(a, b) / step))
        found += [
            (a[0] + (b[0] - a[0]) * k / count, a[1] + (b[1] - a[1]) * k / count)
            for k in range(1, count + 1)
        ]
    return found


def _passes(line: list[Point], box: PlacedBox, margin: float) -> bool:
    left, right = box.x + margin, box.x + box.width - margin
    top, bottom = box.y + margin, box.y + box.height - margin
    return any(left < x < right and top < y < bottom for x, y in line)


def _ends_of_wire(term: PlacedNetwork, wire: PlacedWire) -> Iterator[str]:
    for place, point in zip(
        wire.wire.places, (wire.points[0], wire.points[-1]), strict=True
    ):
        kind, number, port = place
        if kind == "box":
            goal = term.boxes[number].ports[port][0]
        elif kind == "dot":
            goal = (term.dots[number].x, term.dots[number].y)
        else:
            end = next(e for e in term.ends if e.number == number)
            goal = end.wedge or (end.x, end.y)
        if math.dist(goal, point) > 0.05 and term.network.wires:
            yield f"wire {wire.wire.name} is not fastened at {place}"


def _shared(term: PlacedNetwork, lines: list[list[Point]]) -> Iterator[str]:
    """Pairs of wires that run on one another, away from a dot or wedge of both."""
    grids = [_grid(line) for line in lines]
    ends = [_common(term, wire) for wire in term.wires]
    for n, line in enumerate(lines):
        for k in range(n):
            if not grids[n].keys() & grids[k].keys():
                continue
            both = ends[n] & ends[k]
            free = [p for p in line if all(math.dist(p, c) >= NEAR_DOT for c in both)]
            if _longest_run(free, grids[k]) * STEP > TOGETHER:
                yield f"wires {n} and {k} run on one another"


#: The cells of a coarse grid with the points of a line in them.
Grid = dict[tuple[int, int], list[Point]]


def _grid(line: list[Point]) -> Grid:
    found: Grid = {}
    for x, y in line:
        found.setdefault((int(x // 8), int(y // 8)), []).append((x, y))
    return found


def _longest_run(line: list[Point], other: Grid) -> int:
    """How many points in a row lie on another line."""
    best = run = 0
    for p in line:
        run = run + 1 if _touches(p, other) else 0
        best = max(best, run)
    return best


def _touches(p: Point, other: Grid) -> bool:
    u, v = int(p[0] // 8), int(p[1] // 8)
    return any(
        math.dist(p, q) < 1.5
        for du in (-1, 0, 1)
        for dv in (-1, 0, 1)
        for q in other.get((u + du, v + dv), ())
    )


def _common(term: PlacedNetwork, wire: PlacedWire) -> set[Point]:
    """The dots and wedges of a wire."""
    found: set[Point] = set()
    for kind, n, _ in wire.wire.places:
        if kind == "dot":
            found.add((term.dots[n].x, term.dots[n].y))
        if kind == "end":
            found |= {e.wedge for e in term.ends if e.number == n and e.wedge}
    return found


# -- order -----------------------------------------------------------------------------


def _port_faults(term: PlacedNetwork) -> Iterator[str]:
    """Ports apart; the wires of a frame in the same order outside and inside."""
    for box in term.boxes:
        points = [point for point, _ in box.ports]
        for n, point in enumerate(points):
            if any(math.dist(point, other) < 6 for other in points[:n]):
                yield f"two ports of {box.box.id} at one place"
        for picture in box.contents:
            for inner in picture.terms:
                yield from _frame_order(box, inner)


def _frame_order(box: PlacedBox, inner: PlacedNetwork) -> Iterator[str]:
    passing = range(box.box.passing)
    for side, axis in (("left", 1), ("right", 1), ("bottom", 0)):
        ends = [e for e in inner.ends if e.side == side and e.number in passing]
        inside = [e.number for e in sorted(ends, key=lambda e: (e.x, e.y)[axis])]
        ports = [k for k in passing if box.ports[k][1] == side]
        outside = sorted(ports, key=lambda k: box.ports[k][0][axis])
        if inside != outside:
            yield f"{box.box.id} has {outside} at the {side}, inside {inside}"


def _order_faults(term: PlacedNetwork) -> Iterator[str]:
    """The ends at the right in the order of the axes; at wedges the slow index on
    top."""
    right = [e for e in term.ends if e.side == "right"]
    if sorted(right, key=lambda e: e.y) != right:
        yield "ends at the right are not in their order"
    for end in term.ends:
        if end.wedge and end.side != "bottom":
            heights = _at_wedge(term, end.number)
            if heights != sorted(heights):
                yield f"the wires of end {end.number} are not in their order"


def _at_wedge(term: PlacedNetwork, number: int) -> list[float]:
    found: dict[int, float] = {}
    for wire in term.wires:
        for k, place in enumerate(wire.wire.places):
            if place[:2] == ("end", number):
                found[place[2]] = (wire.points[::-1], wire.points)[1 - k][1][1]
    return [found[k] for k in sorted(found)]


def _foreign_dots(term: PlacedNetwork, lines: list[list[Point]]) -> Iterator[str]:
    """Wires that pass over a dot or close to a box that is not theirs."""
    for wire, line in zip(term.wires, lines, strict=True):
        own = {place[:2] for place in wire.wire.places}
        for n, dot in enumerate(term.dots):
            near = any(math.dist(p, (dot.x, dot.y)) < 5.5 for p in line)
            if near and ("dot", n) not in own:
                yield f"wire {wire.wire.name} passes over dot {n}"
        for n, box in enumerate(term.boxes):
            if ("box", n) not in own and _passes(line, box, -2.0):
                yield f"wire {wire.wire.name} comes close to {box.box.id}"


def every_picture(layout: PlacedModel) -> Iterator[PlacedPicture]:
    """All pictures of a layout, those in frames too."""
    stack = [layout.picture, *layout.parts]
    while stack:
        picture = stack.pop()
        yield picture
        stack += [c for t in picture.terms for b in t.boxes for c in b.contents]
