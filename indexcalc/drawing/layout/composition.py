"""Pictures: the terms of a sum in rows, with their signs and coefficients.

All terms stand on one line and have their ends on the same sides. A row that is too
wide goes on below. The contents of frames are pictures too, laid out in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ...coefficients import Number
from ...diagrams.model import End, Network, Picture, Place, Wire
from ..faces import shown_number
from ..placed import (
    PlacedEnd,
    PlacedNetwork,
    PlacedPicture,
    PlacedText,
    PlacedWire,
    Point,
    Side,
)
from .components import Sides
from .metrics import Metrics
from .moving import line_of, moved, moved_network
from .networks import Lined, drop_pitch, label_width, placed_network


def outer_sides(ends: Sequence[End]) -> dict[int, Side]:
    """The sides of the ends of a whole picture: rows left, columns right, variables
    below."""
    value = [n for n, end in enumerate(ends) if end.role == "value"]
    return {
        n: "bottom" if end.role == "variable" else "left" if n == value[0] else "right"
        for n, end in enumerate(ends)
    }


def placed_picture(
    picture: Picture,
    sides: Sides,
    m: Metrics,
    width: float,
    *,
    bare: bool = False,
    named: bool = True,
    kept: Mapping[str, Point] | None = None,
) -> PlacedPicture:
    """A picture with its left upper corner at (0, 0).

    A bare one is all that a frame holds, and its ends lie on its border.
    """

    def inner(content: Picture, given: Sides, alone: bool) -> PlacedPicture:
        return placed_picture(
            content, given, m, width, bare=alone, named=False, kept=kept
        )

    if not picture.terms:
        return _zero(picture, sides, m)
    terms = [
        placed_network(
            term, picture.ends, sides, m, inner, bare=bare, named=named, kept=kept
        )
        for _, term in picture.terms
    ]
    coefficients = [coefficient for coefficient, _ in picture.terms]
    if bare and _signs(coefficients[0], picture.terms[0][1], True) == ():
        (network, _) = terms[0]
        return PlacedPicture(
            picture, 0.0, 0.0, network.width, network.height, (network,), ()
        )
    return _sum(picture, terms, coefficients, m, width)


@dataclass(frozen=True)
class _Chunk:
    """What stands before a term, and the term."""

    texts: tuple[tuple[str, str], ...]
    network: PlacedNetwork
    line: float

    def width(self, m: Metrics) -> float:
        """All of it."""
        return sum(_text_room(t, m) for t, _ in self.texts) + self.network.width


def _text_room(text: str, m: Metrics) -> float:
    return m.even(m.measure(text)) + 2 * m.space


def _sum(
    picture: Picture,
    terms: Sequence[Lined],
    coefficients: Sequence[Number],
    m: Metrics,
    width: float,
) -> PlacedPicture:
    chunks = [
        _Chunk(_signs(c, network.network, n == 0), network, line)
        for n, (c, (network, line)) in enumerate(zip(coefficients, terms, strict=True))
    ]
    placed: list[PlacedNetwork] = []
    texts: list[PlacedText] = []
    top, widest = 0.0, 0.0
    for row in _lines(chunks, m, width):
        line = max(max(c.line for c in row), m.up(m.text / 2) * (1 - m.cell))
        x = 0.0
        for chunk in row:
            for text, role in chunk.texts:
                room = _text_room(text, m)
                texts.append(
                    PlacedText(text, m.whole(x + (room - m.cell) / 2), top + line, role)
                )
                x += room
            placed.append(moved_network(chunk.network, x, top + line - chunk.line))
            x += chunk.network.width + m.space
        placed[-len(row) :] = _ended_level(placed[-len(row) :])
        widest = max(widest, x - m.space)
        top = max(n.y + n.height for n in placed) + m.row_gap
        top = max(top, placed[-1].y + m.text)
    high = max(n.y + n.height for n in placed)
    high = max(high, *(t.y + (m.text + m.cell) / 2 for t in texts)) if texts else high
    return PlacedPicture(picture, 0.0, 0.0, widest, high, tuple(placed), tuple(texts))


def _ended_level(row: Sequence[PlacedNetwork]) -> list[PlacedNetwork]:
    """The terms of a line with the ends below at one height."""
    ends = [e for n in row for e in n.ends if e.side == "bottom"]
    if not ends or any(e.wedge for e in ends):
        return list(row)
    low = max(e.y for e in ends)
    return [_lowered(n, low) for n in row]


def _lowered(network: PlacedNetwork, y: float) -> PlacedNetwork:
    """A network with the ends below at a height."""
    below = {e.number for e in network.ends if e.side == "bottom"}
    old = min((e.y for e in network.ends if e.number in below), default=y)
    wires = []
    for wire in network.wires:
        points = list(wire.points)
        for n, (kind, number, _) in zip((0, -1), wire.wire.places, strict=True):
            if kind == "end" and number in below:
                points[n] = (points[n][0], y)
        wires.append(replace(wire, points=tuple(points)))
    ends = [replace(e, y=y) if e.number in below else e for e in network.ends]
    height = network.height + y - old
    return replace(network, wires=tuple(wires), ends=tuple(ends), height=height)


def _lines(chunks: Sequence[_Chunk], m: Metrics, width: float) -> list[list[_Chunk]]:
    """The terms in lines that are not wider than asked, where that can be."""
    lines: list[list[_Chunk]] = []
    room = 0.0
    for chunk in chunks:
        wide = chunk.width(m) + m.space
        if not lines or room + wide > width:
            lines.append([])
            room = 0.0
        lines[-1].append(chunk)
        room += wide
    return lines


def _signs(
    coefficient: Number, network: Network, first: bool
) -> tuple[tuple[str, str], ...]:
    """The sign and the coefficient before a term."""
    negative = not isinstance(coefficient, complex) and coefficient < 0
    sign = "−" if negative else "" if first else "+"
    size = -coefficient if negative else coefficient
    bare = not (network.boxes or network.dots or network.wires)
    text = shown_number(size) if size != 1 or bare else ""
    if isinstance(size, complex) and not text.startswith("("):
        text = f"({text})"
    pairs = ((sign, "sign"), (text, "coefficient"))
    return tuple((text, role) for text, role in pairs if text)


def _zero(picture: Picture, sides: Sides, m: Metrics) -> PlacedPicture:
    """A 0 with the free ends as short wires beside it."""
    wires: list[PlacedWire] = []
    ends: list[PlacedEnd] = []
    for n, end in enumerate(picture.ends):
        start, tip = _stub(picture, sides, n, m)
        index, size = ("".join(end.names), end.sizes[0] if end.sizes else 1)
        place: Place = ("end", n, 0)
        wires.append(PlacedWire(Wire((place, place), index, size), (start, tip)))
        wedge = start if len(end.names) != 1 else None
        ends.append(PlacedEnd(end, n, *tip, sides[n], wedge))
    network = PlacedNetwork(
        Network((), (), ()), 0.0, 0.0, 0.0, 0.0, (), (), tuple(ends), tuple(wires)
    )
    names = max((label_width(end, m) for end in picture.ends), default=0.0)
    wide = max([m.box / 2, *(abs(end.x) + names + m.space for end in ends)])
    low = max([m.text / 2, *(end.y + 2 * m.label for end in ends)])
    dx, dy = m.whole(wide), m.up(m.text)
    network = moved_network(network, dx, dy)
    width, height = 2 * dx + m.cell, dy + m.whole(low) + m.cell
    network = replace(network, x=0.0, y=0.0, width=width, height=height)
    text = PlacedText("0", dx, dy, "zero")
    return PlacedPicture(picture, 0.0, 0.0, width, height, (network,), (text,))


def _stub(picture: Picture, sides: Sides, n: int, m: Metrics) -> tuple[Point, Point]:
    """The short wire of an end of a 0 at the origin."""
    side = sides[n]
    same = [k for k in range(len(picture.ends)) if sides[k] == side]
    half, place = m.whole(m.box / 2), same.index(n)
    match side:
        case "left" | "right":
            sign = -1 if side == "left" else 1
            y = place * m.up(2 * m.label)
            return (sign * half, y), (sign * (half + m.stub), y)
        case _:
            apart = drop_pitch(picture.ends, m)
            x = m.whole((place - (len(same) - 1) / 2) * apart)
            lateral = [list(sides.values()).count(s) for s in ("left", "right")]
            deep = (max(*lateral, 1) - 1) * m.up(2 * m.label)
            top = deep + (m.cell or m.text / 2)
            return (x, top), (x, top + m.stub)


def below_each_other(
    pictures: Sequence[tuple[str, PlacedPicture]], m: Metrics, top: float
) -> tuple[list[PlacedPicture], list[PlacedText], float]:
    """The parts of a diagram, each after its name, from a height on."""
    found: list[PlacedPicture] = []
    texts: list[PlacedText] = []
    for name, picture in pictures:
        text = f"{name} ="
        room = _text_room(text, m) + m.space
        line = max(line_of(picture, m), m.whole(m.text / 2))
        drop = line - line_of(picture, m)
        high = max(picture.height + drop, m.text)
        found.append(moved(picture, room, top + drop))
        middle = top + line
        texts.append(PlacedText(text, m.whole((room - m.space) / 2), middle, "part"))
        top += high + 2 * m.row_gap
    return found, texts, top
