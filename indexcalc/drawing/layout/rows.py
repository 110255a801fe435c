"""The components of a network beside and below each other.

Scalars stand at the left. What goes through from left to right has a row of its own;
what has only a left end shares one with what has only a right end. At the two sides the
ends stand in their order from the top; wires that come in another order cross on the
way to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

from ..placed import Point
from .components import Sides
from .drawn import Drawn
from .metrics import Metrics
from .stacking import reaches, shifted, stacked
from .tracing import simplified

#: An index of an end: the number of the end, and of the index in it.
Key = tuple[int, int]


@dataclass(frozen=True)
class Arranged:
    """Components in their places; `line` is the height at which the network stands in a
    sum, and the rest its room."""

    parts: tuple[Drawn, ...]
    line: float
    left: float
    top: float
    right: float
    bottom: float


def arranged(
    drawings: Sequence[Drawn],
    sides: Sides,
    m: Metrics,
    drop: float,
    *,
    bare: bool,
    beside: float = 0.0,
) -> Arranged:
    """The components of a network in their places; `bare` where wires go on from the
    border, so that nothing may stand beside them; `beside` is the room for names at the
    left end."""
    open_rows = _rows([d for d in drawings if d.tips], sides)
    lefts = any(reaches(d, sides, "left") for row in open_rows for d in row)
    margin = m.margin if bare and lefts else 0.0
    open_ones, lines = stacked(open_rows, sides, m, drop, margin)
    line = m.near((lines[0] + lines[-1]) / 2) if lines else 0.0
    inner = _inner_right(open_ones, sides, m, bare=bare)
    left = -_crossing_room(open_ones, sides, "left", m)
    scalars = _sorted_scalars([d for d in drawings if not d.tips])
    start = margin if bare else left - beside
    row = _scalar_row(scalars, open_ones, start, line, m, bare=bare)
    if bare:
        ended = any(reaches(d, sides, "right") for d in open_ones)
        beyond = m.margin if ended else 0.0
        inner = max([inner, *(d.right + beyond for d in row)])
    right = inner + _crossing_room(open_ones, sides, "right", m)
    every = [*open_ones, *row]
    bottom = max((d.bottom for d in every), default=0.0)
    top = min((d.top for d in every), default=0.0)
    goals = {**_goals(open_ones, sides, "left"), **_goals(open_ones, sides, "right")}
    walls = _Walls(left, 0.0, inner, right, bottom)
    out = [_drawn_out(d, goals, walls) for d in open_ones]
    if _is_twist(out, sides):
        out = _twisted(out, sides, m)
        bottom = max(d.bottom for d in out)
    left = min([left if open_ones else 0.0, *(d.left for d in row)])
    right = max([right if open_ones else 0.0, *(d.right for d in row)])
    return Arranged((*out, *row), line, left, top, right, bottom)


def _scalar_row(
    scalars: Sequence[Drawn],
    open_ones: Sequence[Drawn],
    left: float,
    line: float,
    m: Metrics,
    *,
    bare: bool,
) -> list[Drawn]:
    """The scalars beside each other: left of a place, or from there on above where
    wires go on."""
    row: list[Drawn] = []
    x = 0.0
    for d in scalars:
        row.append(shifted(d, m.whole(x - d.left), -d.line))
        x = row[-1].right + 2 * m.space
    if not row or not open_ones:
        return row
    if bare:
        top = min(d.top for d in open_ones)
        up = m.up(max(d.bottom for d in row) + m.row_gap - top)
        return [shifted(d, left, -up) for d in row]
    return [shifted(d, m.whole(left - m.cell - x), line) for d in row]


def _sorted_scalars(scalars: Sequence[Drawn]) -> list[Drawn]:
    """Texts first, then rings, then the others."""
    return sorted(scalars, key=lambda d: (bool(d.wires), bool(d.dots)))


# -- rows ------------------------------------------------------------------------------


def _rows(drawings: Sequence[Drawn], sides: Sides) -> list[list[Drawn]]:
    """The rows from the top, each from the left."""
    rank = _ranks(sides)
    kinds: dict[tuple[bool, bool], list[Drawn]] = {}
    for d in drawings:
        kind = (reaches(d, sides, "left"), reaches(d, sides, "right"))
        kinds.setdefault(kind, []).append(d)
    for group in kinds.values():
        group.sort(key=lambda d: _first_end(d, sides, rank))
    rows = [[d] for d in kinds.get((True, True), [])]
    starts, ends = kinds.get((True, False), []), kinds.get((False, True), [])
    for n in range(max(len(starts), len(ends))):
        rows.append([*starts[n : n + 1], *ends[n : n + 1]])
    rows = _least_crossed(rows, sides, rank)
    below = kinds.get((False, False), [])
    if below and rows and not any(d in kinds.get((True, True), []) for d in rows[-1]):
        ended = [d for d in rows[-1] if reaches(d, sides, "right")]
        begun = [d for d in rows[-1] if d not in ended]
        return [*rows[:-1], [*begun, *below, *ended]]
    return [*rows, below] if below else rows


def _ranks(sides: Sides) -> dict[int, int]:
    """The order of the ends: that in which their sides are told."""
    return {number: n for n, number in enumerate(sides)}


def _first_end(d: Drawn, sides: Sides, rank: Mapping[int, int]) -> Key:
    """The first of its ends at a side, else of all."""
    lateral = [key for key in d.tips if sides[key[0]] != "bottom"]
    return min((rank[n], k) for n, k in lateral or list(d.tips))


def _least_crossed(
    rows: list[list[Drawn]], sides: Sides, rank: Mapping[int, int]
) -> list[list[Drawn]]:
    """The rows in the order in which the fewest wires cross before their ends."""
    rows.sort(key=lambda row: min(_first_end(d, sides, rank) for d in row))
    if len(rows) > 6:
        return rows
    orders = [list(order) for order in permutations(rows)]
    return min(orders, key=lambda order: _crossed(order, sides, rank))


def _crossed(
    rows: Sequence[Sequence[Drawn]], sides: Sides, rank: Mapping[int, int]
) -> int:
    """How many pairs of wires come to the sides in another order than their ends."""
    count = 0
    for side in ("left", "right"):
        met = [
            (rank[number], k)
            for row in rows
            for d in row
            for number, k in _downwards(d)
            if sides[number] == side
        ]
        count += sum(a > b for n, b in enumerate(met) for a in met[:n])
    return count


def _downwards(d: Drawn) -> list[Key]:
    """The ends of a component from the top."""
    return sorted(d.tips, key=lambda key: d.tips[key][1])


# -- borders ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Walls:
    """Where the ends are, and between which places everything else is."""

    left: float
    inner_left: float
    inner_right: float
    right: float
    bottom: float


def _inner_right(
    open_ones: Sequence[Drawn], sides: Sides, m: Metrics, *, bare: bool
) -> float:
    """Where everything ends but the wires that go on to the right."""
    right = max((d.right for d in open_ones), default=0.0)
    if bare and any(reaches(d, sides, "right") for d in open_ones):
        ended = [d for d in open_ones if not reaches(d, sides, "right")]
        right = max([right, *(d.right + m.margin for d in ended)])
    return right


def _crossing_room(
    open_ones: Sequence[Drawn], sides: Sides, side: str, m: Metrics
) -> float:
    tips = {key: p for d in open_ones for key, p in d.tips.items()}
    goals = _goals(open_ones, sides, side)
    bends = [abs(y - tips[key][1]) for key, y in goals.items() if y != tips[key][1]]
    if not bends:
        return 0.0
    if m.cell:
        return len(bends) + 3.0
    return m.channel + min(m.bend * max(bends), m.most_bend)


def _goals(open_ones: Sequence[Drawn], sides: Sides, side: str) -> dict[Key, float]:
    """The height of every index at a side: those that there are, in their order."""
    rank = _ranks(sides)
    found = {
        key: p[1]
        for d in open_ones
        for key, p in d.tips.items()
        if sides[key[0]] == side
    }
    order = sorted(found, key=lambda key: (rank[key[0]], key[1]))
    return dict(zip(order, sorted(found.values()), strict=True))


def _drawn_out(d: Drawn, goals: Mapping[Key, float], walls: _Walls) -> Drawn:
    """A drawing with its wires drawn out to the borders where they end."""
    wires, tips = dict(d.wires), dict(d.tips)
    for w, wire in enumerate(d.component.network.wires):
        for k, place in enumerate(wire.places):
            if w in wires and place[0] == "end":
                key = (place[1], place[2])
                points = wires[w] if k == 1 else wires[w][::-1]
                points = simplified((*points, *_way_out(d, key, goals, walls)))
                wires[w] = points if k == 1 else points[::-1]
                tips[key] = points[-1]
    return replace(d, wires=wires, tips=tips)


def _way_out(
    d: Drawn, key: Key, goals: Mapping[Key, float], walls: _Walls
) -> list[Point]:
    """From the tip of a wire to the border."""
    x, y = d.tips[key]
    match d.component.sides[key[0]]:
        case "left":
            return [(walls.inner_left, y), (walls.left, goals[key])]
        case "right":
            return [(walls.inner_right, y), (walls.right, goals[key])]
        case _:
            return [(x, walls.bottom)]


# -- the twist -------------------------------------------------------------------------


def _is_twist(parts: Sequence[Drawn], sides: Sides) -> bool:
    """Whether there are two bare wires, one from each side, whose ends below come in
    the other order: the derivative of a transpose."""
    if len(parts) != 2 or any(d.boxes or d.dots or len(d.tips) != 2 for d in parts):
        return False
    ends = [sorted(sides[number] for number, _ in d.tips) for d in parts]
    return sorted(ends) == [["bottom", "left"], ["bottom", "right"]] and not (
        _below(parts[0], sides) < _below(parts[1], sides)
    )


def _below(d: Drawn, sides: Sides) -> Key:
    return next(key for key in d.tips if sides[key[0]] == "bottom")


def _twisted(parts: Sequence[Drawn], sides: Sides, m: Metrics) -> list[Drawn]:
    """The two wires crossing on their way down."""
    xs = [d.tips[_below(d, sides)][0] for d in parts]
    return [
        _led_down(d, _below(d, sides), x, m)
        for d, x in zip(parts, reversed(xs), strict=True)
    ]


def _led_down(d: Drawn, key: Key, x: float, m: Metrics) -> Drawn:
    """The one wire of a drawing led on to another place below."""
    ((w, points),) = d.wires.items()
    (_, second) = d.component.network.wires[w].places
    ends_below = second == ("end", *key)
    _, y = d.tips[key]
    on = ((x, y + m.box), (x, y + m.box + m.stub))
    led = (*points, *on) if ends_below else (*reversed(on), *points)
    bottom = on[-1][1]
    return replace(d, wires={w: led}, tips=d.tips | {key: on[-1]}, bottom=bottom)
