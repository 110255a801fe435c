"""Boxes in characters: ┨A├ with its bar at the first index, (x), frames, loops.

A port is a cell of the box; the wire of it leaves that cell to the side of the port. On
a block, a tensor with more than two axes, every port shows its number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..faces import FRAMES, face_of, harmless
from ..placed import PlacedBox, Point, Side
from .grid import DOWN, LEFT, LEVEL, RIGHT, UP, UPRIGHT, Cell, Sheet, Wall, cut

#: The way of a wire that leaves a side.
WAY: dict[Side, int] = {"left": LEFT, "right": RIGHT, "top": UP, "bottom": DOWN}

#: From a point of the layout to a cell of the sheet.
Where = Callable[[Point], Cell]


@dataclass(frozen=True, slots=True)
class Area:
    """The first and last column and row of a box."""

    left: int
    top: int
    right: int
    bottom: int


def area_of(box: PlacedBox, where: Where) -> Area:
    """The cells that a box covers."""
    left, top = where((box.x, box.y))
    right, bottom = where((box.x + box.width - 1, box.y + box.height - 1))
    return Area(left, top, right, bottom)


def draw_box(sheet: Sheet, box: PlacedBox, where: Where) -> None:
    """Draws a box; what is in a frame is not part of it."""
    area = area_of(box, where)
    form = face_of(box.box).form
    if form in FRAMES and box.contents:
        _frame(sheet, box, area, where)
    elif form == "wedge":
        _wedge(sheet, area)
    else:
        _leaf(sheet, box, area, where)


# -- tensors ---------------------------------------------------------------------------


def _leaf(sheet: Sheet, box: PlacedBox, area: Area, where: Where) -> None:
    face = face_of(box.box)
    middle = (area.top + area.bottom) // 2
    for y in range(area.top, area.bottom + 1):
        sheet.write(area.left, y, " " * (area.right - area.left + 1))
    room = area.right - area.left + 1 - (0 if face.form == "text" else 2)
    text = cut(sheet.writing.spelled(harmless(face.text)), room)
    slack = area.right - area.left + 1 - sheet.width(text)
    sheet.write(area.left + slack // 2, middle, text)
    if face.form == "text":
        return
    _sides(sheet, area, face.form)
    for number, (point, side) in enumerate(box.ports):
        cell = where(point)
        mark = _port(sheet, face.form, number, side, face.barred)
        if mark and (side in ("left", "right") or area.bottom > area.top):
            sheet.marks[cell] = mark


def _sides(sheet: Sheet, area: Area, form: str) -> None:
    """The outline of a tensor, save where it has ports."""
    if form == "block" and area.bottom > area.top:
        for cell, sides in _outline(area):
            sheet.marks[cell] = sheet.writing.walls["block"][sides - 1]
        return
    side = sheet.writing.marks["side"]
    left, right = ("(", ")") if form == "vector" else (side, side)
    for y in range(area.top, area.bottom + 1):
        sheet.marks[area.left, y], sheet.marks[area.right, y] = left, right


def _outline(area: Area) -> Iterator[tuple[Cell, int]]:
    """The cells of a border and the sides along it."""
    for x in range(area.left + 1, area.right):
        yield (x, area.top), LEVEL
        yield (x, area.bottom), LEVEL
    for y in range(area.top + 1, area.bottom):
        yield (area.left, y), UPRIGHT
        yield (area.right, y), UPRIGHT
    yield (area.left, area.top), RIGHT | DOWN
    yield (area.right, area.top), LEFT | DOWN
    yield (area.left, area.bottom), RIGHT | UP
    yield (area.right, area.bottom), LEFT | UP


def _port(sheet: Sheet, form: str, number: int, side: Side, barred: bool) -> str:
    """What stands in the cell of a port: the bar, a joint, or its number."""
    if form == "vector":
        return ""
    if form == "block":
        return str(number + 1)[-1]
    first = "bar " if barred and number == 0 else ""
    return sheet.writing.marks[f"{first}{side}"] if side in ("left", "right") else ""


# -- frames ----------------------------------------------------------------------------


def _frame(sheet: Sheet, box: PlacedBox, area: Area, where: Where) -> None:
    face = face_of(box.box)
    for cell, sides in _outline(area):
        sheet.walls[cell] = Wall(face.form, sides)
    widest = area.right - area.left - 1
    name = cut(sheet.writing.spelled(face.text), widest)
    sheet.write(area.left + 1, area.top, name)
    passing = box.box.passing if face.form == "loop" else len(box.ports)
    for point, side in box.ports[passing:]:
        if side == "bottom":
            sheet.marks[where(point)] = sheet.writing.marks["foot"]


def _wedge(sheet: Sheet, area: Area) -> None:
    """An upright double line that wires join from both sides."""
    for y in range(area.top, area.bottom + 1):
        sides = UP * (y > area.top) | DOWN * (y < area.bottom)
        for x in range(area.left, area.right + 1):
            sheet.walls[x, y] = Wall("wedge", sides or UPRIGHT)
