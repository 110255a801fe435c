"""The plain way of a wire through a sheet of characters: with few corners.

It is for wires that are too many to be searched a way each. Of the ways with two
corners between what a wire joins, the first that is free is taken, and where none is
free the first of all: then a wire may run along another, or behind a box.

>>> from .grid import RIGHT, UNICODE, Sheet
>>> from .routes import draw
>>> sheet = Sheet(UNICODE)
>>> way = plain_way(sheet, {((0, 0), RIGHT)}, {((6, 1), RIGHT)}, Room((0, 0, 8, 2)))
>>> draw(sheet, way, 1, "wire")
>>> print(sheet.text())
──╮
  ╰───
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from .grid import BACK, DOWN, LEFT, RIGHT, UP, Cell, Sheet, beyond
from .routes import Room, Step, crossable, is_solid

#: How many columns, and how many rows, are tried between two places.
LANES = 24


def plain_way(
    sheet: Sheet, starts: AbstractSet[Step], goals: AbstractSet[Step], room: Room
) -> list[Step]:
    """The steps from a start to one of the goals, as those of a way that is searched.
    There has to be a start and a goal."""
    pairs = list(itertools.product(sorted(starts), sorted(goals)))
    ways = (way for start, goal in pairs for way in _ways(start, goal, room))
    free = (way for way in ways if _is_free(sheet, way, room))
    return next(free, None) or next(_ways(*pairs[0], room))


def _ways(start: Step, goal: Step, room: Room) -> Iterator[list[Step]]:
    """The ways over a column, and those over a row, the ones in the middle first."""
    (x, y), (u, v) = beyond(*start), goal[0]
    left, top, right, bottom = room.region
    for column in _outwards(x, u, left, right):
        yield _along(start, [(column, y), (column, v), (u, v)], goal)
    for row in _outwards(y, v, top, bottom):
        yield _along(start, [(x, row), (u, row), (u, v)], goal)


def _outwards(one: int, two: int, first: int, last: int) -> Iterable[int]:
    """The lanes round the middle of two, as many as are tried, within bounds."""
    middle = (one + two) // 2
    found = sorted(
        range(middle - LANES // 2, middle + LANES // 2), key=lambda k: abs(k - middle)
    )
    inside = [k for k in found if first <= k <= last]
    return inside or [middle]


def _along(start: Step, corners: Sequence[Cell], goal: Step) -> list[Step]:
    steps, here = [start], beyond(*start)
    for corner in corners:
        while here != corner:
            way = _way(here, corner)
            steps.append((here, way))
            here = beyond(here, way)
    return [*steps, goal]


def _way(here: Cell, there: Cell) -> int:
    """The way along a row or a column."""
    if here[1] == there[1]:
        return RIGHT if there[0] > here[0] else LEFT
    return DOWN if there[1] > here[1] else UP


def _is_free(sheet: Sheet, way: Sequence[Step], room: Room) -> bool:
    """Whether nothing stands on a way, and it only crosses the lines of others."""
    for (_, came), (cell, on) in itertools.pairwise(way):
        held = sheet.strokes.get(cell, {})
        if on == BACK[came] or is_solid(sheet, cell):
            return False
        foreign = any(net != room.net for net in held)
        if foreign and (on != came or not crossable(held, came, room.net)):
            return False
    return True
