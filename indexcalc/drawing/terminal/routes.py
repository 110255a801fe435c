"""The way of a wire through a sheet of characters.

The cheapest way counts cells, turns and crossings, and keeps near where the layout has
the wire. It may cross another wire straight, join what its own dot has already drawn,
and touch nothing else; so no piece of a line ever belongs to two nets.

>>> from .grid import RIGHT, UNICODE, Sheet
>>> sheet = Sheet(UNICODE)
>>> room = Room((0, 0, 8, 2), frozenset({(1, 0), (2, 0), (2, 1)}), 1)
>>> route = routed(sheet, {((0, 0), RIGHT)}, {((4, 1), RIGHT)}, room)
>>> draw(sheet, route, 1, "wire")
>>> print(sheet.text())
─╮
 ╰──
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import TypeAlias

from .grid import BACK, LEVEL, UPRIGHT, WAYS, Cell, Sheet, Stroke, beyond

#: A cell, and the way in which it is left.
Step: TypeAlias = tuple[Cell, int]

#: The step after that which joins a line.
END: Step = ((0, 0), 0)

#: The first and last column and row that a wire may use.
Region: TypeAlias = tuple[int, int, int, int]

#: What a cell costs, one off the layout's way, one beside another line, a turn, a
#: crossing.
CELL, OFF, BESIDE, TURN, CROSSING = 2, 2, 1, 5, 9

#: What it costs to stand right before the place of another wire.
LANE = 6

#: What it costs to join the line of another wire, and that at a distance from the dot.
JOINT, AWAY = 4, 3

#: What a cell on the way to the goal is taken to cost: between one on the layout's way
#: and one off it, so that the search does not spread.
AHEAD = 3


@dataclass(slots=True)
class Effort:
    """How many steps may still be looked at, in all the wires of a drawing."""

    left: int


@dataclass(frozen=True, slots=True)
class Room:
    """Where a wire may go: the region, the cells of the layout's way, the net that it
    may join and the dot of that; `lanes` are the cells before places, with the nets of
    the wires that leave there."""

    region: Region
    near: AbstractSet[Cell] = frozenset()
    net: int = 0
    dot: Cell = (0, 0)
    lanes: Mapping[Cell, int] = field(default_factory=dict)
    effort: Effort = field(default_factory=lambda: Effort(1_000_000))


def routed(
    sheet: Sheet, starts: AbstractSet[Step], goals: AbstractSet[Step], room: Room
) -> list[Step]:
    """The steps from a start to one of the goals, or to a line of the same net: each a
    cell that is left and the way; the last leads into the goal. Nothing where there is
    no way, or none was found with the effort that is left."""
    best: dict[Step, int] = dict.fromkeys(starts, 0)
    before: dict[Step, Step] = {}
    targets = sorted({cell for cell, _ in goals})
    queue = [(_ahead(start[0], targets), 0, start) for start in sorted(starts)]
    heapify(queue)
    while queue and room.effort.left > 0:
        _, cost, step = heappop(queue)
        if best[step] < cost:
            continue
        if step == END:
            return _steps(before, step)[:-1]
        if step in goals:
            return _steps(before, step)
        room.effort.left -= 1
        for following, price in _following(sheet, step, room):
            total = cost + price
            if total < best.get(following, total + 1):
                best[following] = total
                before[following] = step
                ahead = 0 if following == END else _ahead(following[0], targets)
                heappush(queue, (total + ahead, total, following))
    return []


def _ahead(cell: Cell, targets: Sequence[Cell]) -> int:
    """About what is still to be paid."""
    x, y = cell
    if len(targets) == 1:
        u, v = targets[0]
        return AHEAD * (abs(x - u) + abs(y - v))
    return AHEAD * min((abs(x - u) + abs(y - v) for u, v in targets), default=0)


def _steps(before: Mapping[Step, Step], last: Step) -> list[Step]:
    found = [last]
    while found[-1] in before:
        found.append(before[found[-1]])
    return found[::-1]


def _following(sheet: Sheet, step: Step, room: Room) -> list[tuple[Step, int]]:
    """The steps from the cell that a step leads to, with their prices."""
    came = step[1]
    cell = beyond(*step)
    x, y = cell
    left, top, right, bottom = room.region
    held = sheet.strokes.get(cell)
    if held and _joins(held, came, room.net):
        away = abs(x - room.dot[0]) + abs(y - room.dot[1])
        return [(END, JOINT + AWAY * away)]
    if not (left <= x <= right and top <= y <= bottom):
        return []
    if is_solid(sheet, cell):
        return []
    price = CELL if cell in room.near else CELL + OFF
    if room.lanes.get(cell, room.net) != room.net:
        price += LANE
    if held:
        crosses = crossable(held, came, room.net)
        return [((cell, came), price + CROSSING)] if crosses else []
    upright = _beside(sheet, (x - 1, y), (x + 1, y))
    level = _beside(sheet, (x, y - 1), (x, y + 1))
    return [
        ((cell, way), price + (level if way & LEVEL else upright) + turn)
        for way, turn in TURNS[came]
    ]


#: The ways on by the way in which one came, with the price of the turn.
TURNS: Mapping[int, tuple[tuple[int, int], ...]] = {
    came: tuple((w, 0 if w == came else TURN) for w in WAYS if w != BACK[came])
    for came in WAYS
}


def is_solid(sheet: Sheet, cell: Cell) -> bool:
    """Whether a text, a wall or a dot is in a cell."""
    return cell in sheet.marks or cell in sheet.walls or cell in sheet.dots


def crossable(held: Mapping[int, Stroke], came: int, net: int) -> bool:
    """Whether the one line in a cell is another's and runs straight across."""
    if len(held) > 1 or net in held:
        return False
    (stroke,) = held.values()
    return stroke.sides == (UPRIGHT if came & LEVEL else LEVEL)


def _beside(sheet: Sheet, one: Cell, two: Cell) -> int:
    """How many of two cells hold lines, walls or texts."""
    return BESIDE * sum(
        (
            one in sheet.strokes or one in sheet.marks or one in sheet.walls,
            two in sheet.strokes or two in sheet.marks or two in sheet.walls,
        )
    )


def _joins(held: Mapping[int, Stroke], came: int, net: int) -> bool:
    """Whether the lines in a cell are only of one's own net, where one may join: three
    ways meet at most."""
    if len(held) > 1 or net not in held:
        return False
    sides = held[net].sides
    return not sides & BACK[came] and sides.bit_count() == 2


def draw(sheet: Sheet, steps: list[Step], net: int, style: str) -> None:
    """Draws a wire, joins it to the walls, dots and lines at its two places."""
    for (_, came), (cell, way) in itertools.pairwise(steps):
        sheet.stroke(cell, net, BACK[came] | way, style)
    first, way = steps[0]
    join(sheet, first, way, net, style)
    last, way = steps[-1]
    join(sheet, beyond(last, way), BACK[way], net, style)


def join(sheet: Sheet, cell: Cell, side: int, net: int, style: str) -> None:
    """Joins a wire that arrives at a side of a cell to what is there."""
    if cell in sheet.dots:
        sheet.dots[cell] |= side
    elif cell in sheet.walls:
        sheet.walls[cell].joined |= side
        sheet.walls[cell].double |= side if style == "double" else 0
    elif net in sheet.strokes.get(cell, {}):
        sheet.stroke(cell, net, side, style)
