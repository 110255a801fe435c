"""Reads a drawing as a person does: boxes, bars, port numbers, wires and labels by
where they lie on the sheet, nothing else.

`read` answers the operands with an index at every axis, and the index at every free
end, of an SVG of one product of plain tensors.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree

SVG = "{http://www.w3.org/2000/svg}"
NEAR = 1.5

Point = tuple[float, float]


@dataclass
class Seen:
    """What lies where: boxes by their corners, bars and wires by their ends, dots, and
    texts with their class."""

    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)
    bars: list[tuple[Point, Point]] = field(default_factory=list)
    wires: list[tuple[Point, Point]] = field(default_factory=list)
    dots: list[Point] = field(default_factory=list)
    texts: list[tuple[Point, str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Reading:
    """Operands as (name, index at every axis), scalars, and the free ends in the order
    they stand: left, then right from top to bottom, as (label, index)."""

    operands: tuple[tuple[str, tuple[int, ...]], ...]
    scalars: tuple[str, ...]
    ends: tuple[tuple[str, int], ...]


def seen(svg: str) -> Seen:
    """The marks of a drawing."""
    found = Seen()
    for element in ElementTree.fromstring(svg).iter():
        kind = element.get("class", "")
        match element.tag.removeprefix(SVG), kind:
            case "rect", "ic-box":
                x, y, w, h = (_at(element, k) for k in ("x", "y", "width", "height"))
                found.boxes.append((x, y, x + w, y + h))
            case "circle", "ic-box":
                x, y, r = (_at(element, k) for k in ("cx", "cy", "r"))
                found.boxes.append((x - r, y - r, x + r, y + r))
            case "circle", "ic-dot":
                found.dots.append((_at(element, "cx"), _at(element, "cy")))
            case "path", "ic-bar":
                found.bars.append(_tips(element))
            case "path", _ if kind.startswith("ic-wire"):
                found.wires.append(_tips(element))
            case "text", _:
                y = _at(element, "y") - 0.33 * _at(element, "font-size")
                text = "".join(element.itertext())
                found.texts.append(((_at(element, "x"), y), text, kind))
    return found


def _at(element: ElementTree.Element, name: str) -> float:
    return float(element.get(name, "0"))


def _tips(element: ElementTree.Element) -> tuple[Point, Point]:
    n = [float(x) for x in re.findall(r"-?\d+\.?\d*", element.get("d", ""))]
    return (n[0], n[1]), (n[-2], n[-1])


def read(svg: str) -> Reading:
    """What a drawing says."""
    sheet = seen(svg)
    parent = list(range(len(sheet.wires) + len(sheet.dots)))
    ports: list[list[tuple[Point, int]]] = [[] for _ in sheet.boxes]
    ends: list[tuple[Point, str, int]] = []
    for w, tips in enumerate(sheet.wires):
        for tip in tips:
            dots, boxes = _touched(sheet, tip)
            assert len(dots) + len(boxes) <= 1, f"a wire ends on several marks at {tip}"
            for d in dots:
                parent[_root(parent, w)] = _root(parent, len(sheet.wires) + d)
            for b in boxes:
                ports[b].append((tip, w))
            if not dots and not boxes:
                ends.append((tip, _end_label(sheet, tip), w))
    operands = []
    for box, own in zip(sheet.boxes, ports, strict=True):
        axes = _axes(sheet, box, own)
        operands.append((_name(sheet, box), tuple(_root(parent, w) for w in axes)))
    inside = [text for box in sheet.boxes for text in _names_in(sheet, box)]
    scalars = [
        t for p, t, kind in sheet.texts if kind == "ic-name" and (p, t) not in inside
    ]
    left = min((tip[0] for tip, _, _ in ends), default=0.0)
    ends.sort(key=lambda end: (end[0][0] > left + NEAR, end[0][1]))
    told = tuple((label, _root(parent, w)) for _, label, w in ends)
    return Reading(tuple(operands), tuple(scalars), told)


def _root(parent: list[int], i: int) -> int:
    while parent[i] != i:
        i = parent[i]
    return i


def _touched(sheet: Seen, tip: Point) -> tuple[list[int], list[int]]:
    """The dots and boxes that a wire's tip touches."""
    dots = [d for d, dot in enumerate(sheet.dots) if math.dist(dot, tip) < NEAR]
    boxes = [b for b, box in enumerate(sheet.boxes) if _on_border(box, tip)]
    return dots, boxes


def _on_border(box: tuple[float, float, float, float], tip: Point) -> bool:
    left, top, right, bottom = box
    x, y = tip
    inside = left - NEAR <= x <= right + NEAR and top - NEAR <= y <= bottom + NEAR
    border = min(abs(x - left), abs(x - right), abs(y - top), abs(y - bottom))
    return inside and border < NEAR


def _end_label(sheet: Seen, tip: Point) -> str:
    labels = [
        (math.dist(at, tip), text)
        for at, text, kind in sheet.texts
        if kind.startswith("ic-index-")
    ]
    return min(labels)[1]


def _names_in(
    sheet: Seen, box: tuple[float, float, float, float]
) -> Iterator[tuple[Point, str]]:
    left, top, right, bottom = box
    for (x, y), text, kind in sheet.texts:
        if kind.startswith("ic-name") and left <= x <= right and top <= y <= bottom:
            yield (x, y), text


def _name(sheet: Seen, box: tuple[float, float, float, float]) -> str:
    names = [text for _, text in _names_in(sheet, box)]
    assert len(names) == 1, f"a box with the names {names}"
    return names[0]


def _axes(
    sheet: Seen,
    box: tuple[float, float, float, float],
    own: list[tuple[Point, int]],
) -> list[int]:
    """The wires of a box by the number of the axis: the first is at the bar, the others
    at their numbers; a matrix needs none."""
    if len(own) < 2:
        return [w for _, w in own]
    bars = [bar for bar in sheet.bars if _on_border(_wider(box), bar[0])]
    assert len(bars) == 1, f"{len(bars)} bars on a box"
    first = min(range(len(own)), key=lambda k: _distance(bars[0], own[k][0]))
    rest = [own[k] for k in range(len(own)) if k != first]
    if len(rest) > 1:
        rest.sort(key=lambda port: _number(sheet, port[0]))
    return [own[first][1], *(w for _, w in rest)]


def _wider(box: tuple[float, float, float, float]) -> tuple[float, ...]:
    """The rectangle in whose border a bar lies."""
    left, top, right, bottom = box
    return left + 1.4, top, right - 1.4, bottom


def _distance(bar: tuple[Point, Point], point: Point) -> float:
    (x0, y0), (x1, y1) = bar
    near = (
        min(max(point[0], min(x0, x1)), max(x0, x1)),
        min(max(point[1], min(y0, y1)), max(y0, y1)),
    )
    return math.dist(near, point)


def _number(sheet: Seen, point: Point) -> int:
    numbers = [
        (math.dist(at, point), text)
        for at, text, kind in sheet.texts
        if kind == "ic-port"
    ]
    return int(min(numbers)[1])
