"""The way of a wire through a sheet of characters.

The cheapest way counts cells, turns and crossings, and keeps near where the layout has
the wire. It may cross another wire straight, join what its own dot has already drawn,
and touch nothing else; so no piece of a line ever belongs to two nets.

>>> from .terminal_grid import RIGHT, UNICODE, Sheet
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
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import TypeAlias

from .terminal_grid import BACK, LEVEL, UPRIGHT, WAYS, Cell, Sheet, beyond

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


@dataclass(frozen=True, slots=True)
class Room:
    """Where a wire may go: the region, the cells of the layout's way, the net that it
    may join and the dot of that; `lanes` are the cells before places, with the nets of
    the wires that leave there."""

    region: Region
    near: AbstractSet[Cell]
    net: int
    dot: Cell = (0, 0)
    lanes: Mapping[Cell, int] = field(default_factory=dict)


def routed(
    sheet: Sheet, starts: AbstractSet[Step], goals: AbstractSet[Step], room: Room
) -> list[Step]:
    """The steps from a start to one of the goals, or to a line of the same net: each a
    cell that is left and the way; the last leads into the goal. Nothing where there is
    no way."""
    best: dict[Step, int] = dict.fromkeys(starts, 0)
    before: dict[Step, Step] = {}
    targets = sorted({cell for cell, _ in goals})
    queue = [(_least(start, targets), 0, start) for start in sorted(starts)]
    heapify(queue)
    while queue:
        _, cost, step = heappop(queue)
        if best[step] < cost:
            continue
        if step == END:
            return _steps(before, step)[:-1]
        if step in goals:
            return _steps(before, step)
        for following, price in _following(sheet, step, room):
            total = cost + price
            if total < best.get(following, total + 1):
                best[following] = total
                before[following] = step
                least = total + _least(following, targets)
                heappush(queue, (least, total, following))
    return []


def _least(step: Step, targets: Sequence[Cell]) -> int:
    """What is still to be paid at least."""
    if step == END:
        return 0
    x, y = step[0]
    return CELL * min((abs(x - u) + abs(y - v) for u, v in targets), default=0)


def _steps(before: Mapping[Step, Step], last: Step) -> list[Step]:
    found = [last]
    while found[-1] in before:
        found.append(before[found[-1]])
    return found[::-1]


def _following(sheet: Sheet, step: Step, room: Room) -> Iterable[tuple[Step, int]]:
    """The steps from the cell that a step leads to, with their prices."""
    came = step[1]
    cell = beyond(*step)
    x, y = cell
    left, top, right, bottom = room.region
    if _joins(sheet, step, room):
        yield END, JOINT + AWAY * (abs(x - room.dot[0]) + abs(y - room.dot[1]))
    if not (left <= x <= right and top <= y <= bottom):
        return
    if cell in sheet.marks or cell in sheet.walls or cell in sheet.dots:
        return
    held = sheet.strokes.get(cell)
    price = CELL + OFF * (cell not in room.near)
    price += LANE * (room.lanes.get(cell, room.net) != room.net)
    if held:
        if _crossable(held, came, room.net):
            yield (cell, came), price + CROSSING
        return
    for way in WAYS:
        if way != BACK[came]:
            turn = TURN if way != came else 0
            yield (cell, way), price + turn + BESIDE * _beside(sheet, cell, way)


def _crossable(held: Mapping[int, object], came: int, net: int) -> bool:
    """Whether the one line in a cell is another's and runs straight across."""
    across = UPRIGHT if came & LEVEL else LEVEL
    return (
        len(held) == 1
        and net not in held
        and all(getattr(stroke, "sides", 0) == across for stroke in held.values())
    )


def _beside(sheet: Sheet, cell: Cell, way: int) -> int:
    """How many lines or texts run right along a cell."""
    x, y = cell
    sides = ((x, y - 1), (x, y + 1)) if way & LEVEL else ((x - 1, y), (x + 1, y))
    return sum(
        side in sheet.strokes or side in sheet.marks or side in sheet.walls
        for side in sides
    )


def _joins(sheet: Sheet, step: Step, room: Room) -> bool:
    """Whether a step leads onto a line of its own net, in a cell that is only its own
    and where three ways meet at most."""
    held = sheet.strokes.get(beyond(*step), {})
    if set(held) != {room.net}:
        return False
    sides = held[room.net].sides
    return not sides & BACK[step[1]] and sides.bit_count() == 2


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
