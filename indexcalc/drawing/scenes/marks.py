"""Marks moved and measured.

>>> from ..scene import Circle
>>> extent((Circle(10, 10, 4, "dot"),))
(6, 6, 14, 14)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeAlias

from ..faces import text_width
from ..scene import Circle, Group, Label, Mark, Path, Point, Rect

#: Left, top, right and bottom.
Extent: TypeAlias = tuple[float, float, float, float]

#: Where a label begins, of its width, from its x.
BEGINS = {"start": 0.0, "middle": -0.5, "end": -1.0}


def moved(mark: Mark, dx: float, dy: float) -> Mark:
    """The mark elsewhere."""
    match mark:
        case Path():
            pieces = tuple(_all_moved(piece, dx, dy) for piece in mark.pieces)
            start = (mark.start[0] + dx, mark.start[1] + dy)
            return replace(mark, start=start, pieces=pieces)
        case Group():
            return replace(mark, marks=all_moved(mark.marks, dx, dy))
        case _:
            return replace(mark, x=mark.x + dx, y=mark.y + dy)


def all_moved(marks: Iterable[Mark], dx: float, dy: float) -> tuple[Mark, ...]:
    """The marks elsewhere."""
    return tuple(moved(mark, dx, dy) for mark in marks)


def _all_moved(points: Iterable[Point], dx: float, dy: float) -> tuple[Point, ...]:
    return tuple((x + dx, y + dy) for x, y in points)


def plain_marks(marks: Iterable[Mark]) -> Iterator[Path | Circle | Rect | Label]:
    """The marks, those in groups too, in the order they are drawn."""
    for mark in marks:
        if isinstance(mark, Group):
            yield from plain_marks(mark.marks)
        else:
            yield mark


def extent(marks: Iterable[Mark]) -> Extent:
    """The rectangle that holds the marks; all 0 where there are none."""
    found = [measured(mark) for mark in plain_marks(marks)]
    if not found:
        return (0.0, 0.0, 0.0, 0.0)
    left, top, right, bottom = zip(*found, strict=True)
    return (min(left), min(top), max(right), max(bottom))


def measured(mark: Path | Circle | Rect | Label) -> Extent:
    """The rectangle that holds one mark."""
    match mark:
        case Path():
            points = (mark.start, *(p for piece in mark.pieces for p in piece))
            xs, ys = zip(*points, strict=True)
            return (min(xs), min(ys), max(xs), max(ys))
        case Circle():
            r = mark.radius
            return (mark.x - r, mark.y - r, mark.x + r, mark.y + r)
        case Rect():
            return (mark.x, mark.y, mark.x + mark.width, mark.y + mark.height)
        case Label():
            wide, high = text_width(mark.text, mark.size), 0.5 * mark.size
            left = mark.x + BEGINS[mark.anchor] * wide
            return (left, mark.y - high, left + wide, mark.y + high)


def anchor(group: Group) -> Point:
    """The point by which a group is followed from frame to frame: its middle."""
    left, top, right, bottom = extent(group.marks[:1])
    return ((left + right) / 2, (top + bottom) / 2)
