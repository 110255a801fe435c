"""The body of a box: its size, where its ports are, how its wires reach its sides.

Everything is relative to the reference point of the body: the middle of its width, at
the height of its first port. A port on the other side than its wire, or at the bottom,
has a detour: points round the box to the side where the wire goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from ...diagrams.model import Box, Picture
from ..faces import FRAMES, Face, compact, face_of
from ..placed import PlacedPicture, PlacedText, Point, Side
from .components import Sides, bottom_ports
from .metrics import Metrics
from .moving import line_of, moved, stretched

#: Lays out the contents of a frame, with their ends on these sides: at the border if
#: the picture is all that the frame holds.
Inner = Callable[[Picture, Sides, bool], PlacedPicture]


@dataclass(frozen=True, slots=True)
class Way:
    """How the wire of a port leaves the body: the port, its side, the side where the
    wire leaves the layer, at which height, and the points in between."""

    port: Point
    side: Side
    leaves: Side
    height: float
    detour: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class Body:
    """`left`, `right`, `up`, `down` is the room round the reference point that it
    takes; the rectangle of the box lies in it."""

    x: float
    y: float
    width: float
    height: float
    ways: dict[int, Way]
    left: float
    right: float
    up: float
    down: float
    contents: tuple[PlacedPicture, ...] = ()

    @property
    def ports(self) -> tuple[tuple[Point, Side], ...]:
        return tuple((self.ways[k].port, self.ways[k].side) for k in sorted(self.ways))


@dataclass(frozen=True, slots=True)
class Legs:
    """The ports whose wires go left, right and straight down, each from the top (or the
    left) on; `hung` is the port of a vector below its dot, `level` the port at the
    right that stands at the height of the one at the left."""

    left: tuple[int, ...] = ()
    right: tuple[int, ...] = ()
    down: tuple[int, ...] = ()
    hung: tuple[int, ...] = ()
    level: int | None = None


def body_of(box: Box, legs: Legs, m: Metrics, inner: Inner, drop: float) -> Body:
    """The body of a box with these legs; `drop` is the distance of ends below."""
    face = face_of(box)
    sides = _port_sides(box, legs, face)
    if face.form in FRAMES and not compact(box):
        body = _frame(box, face, sides, m, inner, drop)
    else:
        body = _solid(face, sides, legs.level, m)
    return _with_detours(body, legs, m)


# -- sides -----------------------------------------------------------------------------


def _port_sides(box: Box, legs: Legs, face: Face) -> dict[Side, list[int]]:
    """The ports on every side of the box, from the top or the left on."""
    below = [k for k in sorted(bottom_ports(box)) if box.contents]
    left = [k for k in legs.left if k not in below]
    right = [k for k in legs.right if k not in below]
    if len(left) + len(right) == 2 and len(left) != 1:
        left, right = [min(left + right)], [max(left + right)]
    if face.form == "wedge" and len(box.ports) > 1:
        others = list(range(1, len(box.ports)))
        back = sum(k in legs.left for k in others) > len(others) / 2
        left, right = (others, [0]) if back else ([0], others)
    return {"left": left, "right": right, "bottom": below, "top": list(legs.hung)}


def _spread(count: int, pitch: float) -> list[float]:
    """Heights or places evenly round 0."""
    return [(k - (count - 1) / 2) * pitch for k in range(count)]


# -- solid boxes -----------------------------------------------------------------------


def _solid(
    face: Face, sides: dict[Side, list[int]], level: int | None, m: Metrics
) -> Body:
    most = max(len(sides["left"]), len(sides["right"]), 1)
    span = (most - 1) * m.port_pitch
    match face.form:
        case "text":
            width, height = m.even(m.measure(face.text)), m.text
        case "vector":
            width, height = m.vector_width(face.text), m.vector
        case "wedge":
            width, height = m.even(m.box / 3), span + 2 * m.port_margin
        case _:
            width, height = m.box_width(face.text), max(m.box, span + 2 * m.port_margin)
            width += 2 * m.number if face.form == "block" else 0.0
    if m.cell:
        height = span + m.cell
    body = _boxed(width, height, _solid_ways(sides, width, height, m), m)
    return body if level is None else _levelled(body, level, m)


def _levelled(body: Body, level: int, m: Metrics) -> Body:
    """A block with a port at the right moved to the height of the one at the left."""
    drop = body.ways[level].height
    ways = {
        k: _shift(way, 0.0, -drop) if way.side == "right" else way
        for k, way in body.ways.items()
    }
    heights = [way.height for way in ways.values()]
    margin = 0.0 if m.cell else m.port_margin
    least = 0.0 if m.cell else m.box / 2
    up = max(least, margin - min(heights))
    down = max(least, margin + max(heights))
    height = up + down + m.cell
    return replace(body, y=-up, height=height, ways=ways, up=up, down=down)


def _solid_ways(
    sides: dict[Side, list[int]], width: float, height: float, m: Metrics
) -> dict[int, Way]:
    left = -m.whole((width - m.cell) / 2)
    right = left + width - m.cell
    top = -(height - m.cell) / 2
    found: dict[int, Way] = {}
    borders: tuple[tuple[Side, float], ...] = (("left", left), ("right", right))
    for side, x in borders:
        heights = _spread(len(sides[side]), m.port_pitch)
        for k, y in zip(sides[side], heights, strict=True):
            found[k] = Way((x, y), side, side, y)
    for k in sides["top"]:
        found[k] = Way((0.0, top), "top", "top", top)
    return found


def _boxed(width: float, height: float, ways: dict[int, Way], m: Metrics) -> Body:
    left = m.whole((width - m.cell) / 2)
    half = (height - m.cell) / 2
    right = width - m.cell - left
    return Body(-left, -half, width, height, ways, left, right, half, half)


# -- frames ----------------------------------------------------------------------------


def _frame(
    box: Box,
    face: Face,
    sides: dict[Side, list[int]],
    m: Metrics,
    inner: Inner,
    drop: float,
) -> Body:
    alone = len(box.contents) == 1 and _plain(box.contents[0])
    given = [_content_sides(c, box, sides, n) for n, c in enumerate(box.contents)]
    pictures = [inner(c, s, alone) for c, s in zip(box.contents, given, strict=True)]
    pictures = _in_row(pictures, m)
    every = _tips(pictures[0]) if alone else {}
    tips = {k: tip for k, tip in every.items() if k < box.passing}
    used = {side for _, side in tips.values()}
    ended = {side for _, side in every.values()} - used
    level = _level(pictures, m)
    wide = pictures[-1].x + pictures[-1].width
    left, right = (_margin(side, used, ended, m) for side in _LATERAL)
    least = _least_width(face, sides["bottom"], tips, m, drop)
    slack = m.even(max(0.0, least - wide - left - right))
    if "right" in used:
        pictures, wide, slack = [stretched(pictures[0], slack)], wide + slack, 0.0
    left, right = _shared(slack, left, right, used)
    high = max(p.y + p.height for p in pictures)
    head = m.margin + (m.name if face.text else 0.0) if not m.cell else m.name + 1
    foot = (m.margin if not m.cell else 1.0) if "bottom" not in used else 0.0
    foot += m.loop_foot if face.form == "loop" else 0.0
    reach = _reach(sides, tips, m)
    head, foot = max(head, reach - level), max(foot, reach - (high - m.cell - level))
    frame = _Frame(
        -left, -head, wide + left + right, high + head + foot, m, drop, level
    )
    ways = _frame_ways(frame, sides, tips)
    return _referred(frame, ways, pictures, m)


def _margin(side: Side, used: set[Side], ended: set[Side], m: Metrics) -> float:
    """The room beside a content: none where wires pass, little where they end."""
    return 0.0 if side in used else m.space if side in ended else m.margin


def _least_width(
    face: Face, below: Sequence[int], tips: _Tips, m: Metrics, drop: float
) -> float:
    """How wide a frame must be for its name and the wires that leave it below."""
    own = [k for k in below if k not in tips]
    taken = [tips[k][0][0] for k in below if k in tips]
    name = m.measure(face.text) + 2 * m.space if face.text else 0.0
    return max(name, max(taken, default=0.0) + (len(own) + 1) * drop if own else 0.0)


def _reach(sides: dict[Side, list[int]], tips: _Tips, m: Metrics) -> float:
    """How far from their middle the ports at a side reach that no content fixes."""
    count = max(sum(k not in tips for k in sides[s]) for s in _LATERAL)
    if not count:
        return -1e9
    return (count - 1) / 2 * m.port_pitch + m.port_margin + m.cell


def _shared(
    slack: float, left: float, right: float, used: set[Side]
) -> tuple[float, float]:
    """Room that a frame has to spare, beside its contents where no wire ends."""
    if "left" in used:
        return left, right + slack
    half = float(int(slack / 2))
    return left + half, right + slack - half


#: Where the ends of the only term of a content are, by number.
_Tips: TypeAlias = dict[int, tuple[Point, Side]]

_LATERAL: tuple[Side, ...] = ("left", "right")


@dataclass(frozen=True, slots=True)
class _Frame:
    x: float
    y: float
    width: float
    height: float
    m: Metrics
    drop: float
    level: float


def _content_sides(
    content: Picture, box: Box, sides: dict[Side, list[int]], number: int
) -> dict[int, Side]:
    """The sides of the ends of a content: those of the ports they pass through; what
    the function consumes ends at the left and at the right, or the other way round
    where the ports that it makes are read so."""
    found: dict[int, Side] = {}
    passing: tuple[Side, ...] = ("left", "right", "bottom")
    for side in passing:
        found |= {k: side for k in sides[side] if k < box.passing}
    rest = [k for k in range(len(content.ends)) if k not in found]
    if box.passing in sides["right"] and box.passing + 1 in sides["left"]:
        rest.reverse()
    for n, k in enumerate(rest):
        found[k] = "left" if n == 0 else "right"
    return found


def _in_row(pictures: Sequence[PlacedPicture], m: Metrics) -> list[PlacedPicture]:
    """The arguments of a function beside each other, with room for a comma."""
    lines = [line_of(p, m) for p in pictures]
    found: list[PlacedPicture] = []
    x = 0.0
    for picture, line in zip(pictures, lines, strict=True):
        placed = moved(picture, x, max(lines) - line)
        x += picture.width + 2 * m.space
        if len(found) < len(pictures) - 1:
            comma = PlacedText(",", m.whole(x - m.space), max(lines), "comma")
            placed = replace(placed, texts=(*placed.texts, comma))
        found.append(placed)
        x += m.space
    return found


def _plain(picture: Picture) -> bool:
    """Whether a picture is one product without a coefficient."""
    return len(picture.terms) == 1 and picture.terms[0][0] == 1


def _level(pictures: Sequence[PlacedPicture], m: Metrics) -> float:
    """The height at which the wires of a frame with several terms meet it: that of the
    terms where they stand in one line."""
    ends = [e for p in pictures for t in p.terms for e in t.ends]
    found = {e.y for e in ends if e.side in ("left", "right")}
    if len(found) == 1:
        return found.pop()
    high = max(p.y + p.height for p in pictures)
    return m.near((high - m.cell) / 2) if not m.cell else m.whole((high - m.cell) / 2)


def _tips(picture: PlacedPicture) -> _Tips:
    """Where the ends of the only term of a picture are."""
    ends = picture.terms[0].ends
    return {end.number: ((end.x, end.y), end.side) for end in ends}


def _frame_ways(
    frame: _Frame, sides: dict[Side, list[int]], tips: _Tips
) -> dict[int, Way]:
    m = frame.m
    right = frame.x + frame.width - m.cell
    bottom = frame.y + frame.height - m.cell
    found: dict[int, Way] = {}
    borders: tuple[tuple[Side, float], ...] = (("left", frame.x), ("right", right))
    for side, x in borders:
        known = [k for k in sides[side] if k in tips and tips[k][1] == side]
        free = [k for k in sides[side] if k not in known]
        heights = [frame.level + h for h in _spread(len(free), m.port_pitch)]
        for k, y in zip(free, heights, strict=True):
            found[k] = Way((x, y), side, side, y)
        for k in known:
            y = tips[k][0][1]
            found[k] = Way((x, y), side, side, y)
    own = [k for k in sides["bottom"] if k not in tips]
    taken = [tips[k][0][0] for k in sides["bottom"] if k in tips]
    places = [m.whole(x) for x in _below(frame, taken, len(own))]
    for k, x in zip(own, places, strict=True):
        found[k] = Way((x, bottom), "bottom", "bottom", bottom)
    for k in sides["bottom"]:
        if k in tips:
            found[k] = Way((tips[k][0][0], bottom), "bottom", "bottom", bottom)
    return found


def _below(frame: _Frame, taken: list[float], count: int) -> list[float]:
    """Where `count` wires leave the bottom of a frame, clear of those that do."""
    centre = frame.x + (frame.width - frame.m.cell) / 2
    spread = _spread(count, frame.drop)
    tries = [
        centre + side * step * frame.drop / 2 for step in range(40) for side in (1, -1)
    ]
    for middle in tries:
        places = [middle + x for x in spread]
        inside = all(frame.x < x < frame.x + frame.width for x in places)
        if inside and all(abs(x - t) >= frame.drop for x in places for t in taken):
            return places
    return [centre + x for x in spread]


def _referred(
    frame: _Frame, ways: dict[int, Way], pictures: Sequence[PlacedPicture], m: Metrics
) -> Body:
    """A frame relative to its middle and the height of its first port at a side."""
    lateral = [k for k in sorted(ways) if ways[k].side in ("left", "right")]
    middle = frame.y + (frame.height - m.cell) / 2
    height = ways[lateral[0]].height if lateral else m.near(middle)
    left = m.whole((frame.width - m.cell) / 2)
    dx, dy = -left - frame.x, -height
    shifted = {k: _shift(way, dx, dy) for k, way in ways.items()}
    top = frame.y + dy
    return Body(
        -left,
        top,
        frame.width,
        frame.height,
        shifted,
        left,
        frame.width - m.cell - left,
        -top,
        top + frame.height - m.cell,
        tuple(moved(p, dx, dy) for p in pictures),
    )


def _shift(way: Way, dx: float, dy: float) -> Way:
    port = (way.port[0] + dx, way.port[1] + dy)
    return replace(way, port=port, height=way.height + dy)


# -- detours ---------------------------------------------------------------------------


def _with_detours(body: Body, legs: Legs, m: Metrics) -> Body:
    """The body with its wires led to the sides where they go on: over the body those
    that lie above a wire of that side, the others under it."""
    both: tuple[tuple[Side, tuple[int, ...]], ...]
    both = (("left", legs.left), ("right", legs.right))
    for side, ports in both:
        own = [n for n, k in enumerate(ports) if body.ways[k].side == side]
        first = own[0] if own else len(ports)
        over = [k for k in ports[:first] if body.ways[k].side != "bottom"]
        under = [k for k in ports if k not in over and body.ways[k].side != side]
        for k in reversed(over):
            body = _led(body, k, side, m, down=False)
        for k in under:
            body = _led(body, k, side, m, down=True)
    return body


def _led(body: Body, port: int, side: Side, m: Metrics, *, down: bool) -> Body:
    """A body with one wire led over it or under it to a side."""
    way = body.ways[port]
    x, y = way.port
    height = m.up(body.down + m.track) if down else -m.up(body.up + m.track)
    out = m.track if m.cell else m.track * 0.75
    edge = x
    if way.side == "right":
        edge = max(x, body.right) + out
    elif way.side == "left":
        edge = min(x, -body.left) - out
    detour = ((x, height),) if edge == x else ((edge, y), (edge, height))
    ways = {**body.ways, port: replace(way, leaves=side, height=height, detour=detour)}
    return replace(
        body,
        ways=ways,
        up=max(body.up, -height),
        down=max(body.down, height),
        left=max(body.left, -edge),
        right=max(body.right, edge),
    )
