"""The components of a network beside and below each other.

Scalars stand at the left. What goes through from left to right has a row of its own;
what has only a left end shares one with what has only a right end. Wires that go down
from a row that is not the lowest are led round the rows below it at the right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .components import Sides
from .drawn import Drawn
from .metrics import Metrics
from .placed import Point, Side
from .tracing import simplified


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
    scalars = _sorted_scalars([d for d in drawings if not d.tips])
    open_rows = _rows([d for d in drawings if d.tips], sides)
    strips, lines = _stacked(open_rows, sides, m, drop, m.margin if bare else 0.0)
    open_ones = [d for strip in strips for d in strip]
    line = m.near((lines[0] + lines[-1]) / 2) if lines else 0.0
    row, wide = _beside(scalars, 0.0, 0.0, m, drop)
    if bare and open_ones and row:
        top = min(d.top for d in open_ones)
        up = m.up(max(d.bottom for d in row) + m.row_gap - top)
        row = [shifted(d, m.margin, -up) for d in row]
    elif row:
        left = -wide - (2 * m.space + beside if open_ones else 0.0)
        row = [shifted(d, left, line) for d in row]
    every = [*open_ones, *row]
    right = max((d.right for d in every), default=0.0)
    if bare and open_ones:
        ended = [d for d in every if not _reaches(d, sides, "right")]
        right = max([right, *(d.right + m.margin for d in ended)])
    bottom = max((d.bottom for d in every), default=0.0)
    left = min((d.left for d in every), default=0.0)
    top = min((d.top for d in every), default=0.0)
    out = [_drawn_out(d, 0.0, right, bottom) for d in open_ones]
    return Arranged((*out, *row), line, left, top, right, bottom)


def _sorted_scalars(scalars: Sequence[Drawn]) -> list[Drawn]:
    """Texts first, then rings, then the others."""
    return sorted(scalars, key=lambda d: (bool(d.wires), bool(d.dots)))


def _sides_of(d: Drawn, sides: Sides) -> set[str]:
    return {sides[number] for number, _ in d.tips}


def _rows(drawings: Sequence[Drawn], sides: Sides) -> list[list[Drawn]]:
    """The rows from the top, each from the left."""
    kinds: dict[tuple[bool, bool], list[Drawn]] = {}
    for d in drawings:
        found = _sides_of(d, sides)
        kinds.setdefault(("left" in found, "right" in found), []).append(d)
    for group in kinds.values():
        group.sort(key=lambda d: _first_end(d, sides))
    rows = [[d] for d in kinds.get((True, True), [])]
    starts, ends = kinds.get((True, False), []), kinds.get((False, True), [])
    for n in range(max(len(starts), len(ends))):
        rows.append([*starts[n : n + 1], *ends[n : n + 1]])
    rows.sort(
        key=lambda row: (_falls(row, sides), min(_first_end(d, sides) for d in row))
    )
    below = kinds.get((False, False), [])
    if not below:
        return rows
    last = rows.pop() if rows else []
    starts = [d for d in last if "left" in _sides_of(d, sides)]
    through = [d for d in starts if "right" in _sides_of(d, sides)]
    if through:
        return [*rows, last, below]
    return [*rows, [*starts, *below, *(d for d in last if d not in starts)]]


def _reaches(d: Drawn, sides: Sides, side: Side) -> bool:
    return any(sides[number] == side for number, _ in d.tips)


def _falls(row: Sequence[Drawn], sides: Sides) -> bool:
    return any("bottom" in _sides_of(d, sides) for d in row)


def _first_end(d: Drawn, sides: Sides) -> tuple[int, int]:
    """The first of its ends at a side, else of all."""
    lateral = [key for key in d.tips if sides[key[0]] != "bottom"]
    return min(lateral or list(d.tips))


def _beside(
    row: Sequence[Drawn], x: float, line: float, m: Metrics, drop: float
) -> tuple[list[Drawn], float]:
    """Drawings beside each other from x on, with their spines on a line."""
    found = []
    last = -1e9
    for n, d in enumerate(row):
        x += 2 * m.space if n else 0.0
        falls = [p[0] for p in _down_tips(d)]
        least = last + drop - min(falls) if falls else x - d.left
        dx = m.whole(max(x - d.left, least))
        found.append(shifted(d, dx, line - d.line))
        last = max([last, *(f + dx for f in falls)])
        x = found[-1].right
    return found, x


def _down_tips(d: Drawn) -> list[Point]:
    sides = d.component.sides
    return [p for key, p in d.tips.items() if sides[key[0]] == "bottom"]


def _stacked(
    rows: Sequence[Sequence[Drawn]],
    sides: Sides,
    m: Metrics,
    drop: float,
    margin: float,
) -> tuple[list[list[Drawn]], list[float]]:
    """The rows below each other, with the heights of their spines; those without an end
    at the left start at the margin."""
    strips: list[list[Drawn]] = []
    lines: list[float] = []
    bottom = 0.0
    for row in rows:
        up = max(d.line - d.top for d in row)
        line = m.up(bottom + m.row_gap + up) if strips else 0.0
        start = 0.0 if _reaches(row[0], sides, "left") else margin
        strip, _ = _beside(row, start, line, m, drop)
        strips.append(strip)
        lines.append(line)
        bottom = max(d.bottom for d in strip)
    return _led_round(strips, m, drop), lines


def _led_round(strips: list[list[Drawn]], m: Metrics, drop: float) -> list[list[Drawn]]:
    """Rows whose wires go down past what stands below them."""
    found: list[list[Drawn]] = []
    x = max((d.right for strip in strips for d in strip), default=0.0)
    extra = 0.0
    for n, strip in enumerate(strips):
        strip = [shifted(d, 0.0, extra) for d in strip]
        falls = sorted({p for d in strip for p in _down_tips(d)}, reverse=True)
        if n == len(strips) - 1 or not falls:
            found.append(strip)
            continue
        low = max(d.bottom for d in strip)
        ways: dict[Point, tuple[Point, ...]] = {}
        places = [x + drop * (k + 1) for k in range(len(falls))][::-1]
        for k, (tip, out) in enumerate(zip(falls, places, strict=True)):
            y = low + m.track * k
            ways[tip] = ((tip[0], y), (out, y), (out, y + m.track))
        x += drop * len(falls)
        extra += m.up(m.track * (len(falls) + 1))
        found.append([_extended(d, ways, m) for d in strip])
    return found


def _extended(d: Drawn, ways: dict[Point, tuple[Point, ...]], m: Metrics) -> Drawn:
    wires = dict(d.wires)
    tips = dict(d.tips)
    right = d.right
    for w, key, last in _ended_wires(d):
        tip = d.tips[key]
        if tip in ways and d.component.sides[key[0]] == "bottom":
            points = wires[w] if last else wires[w][::-1]
            points = simplified((*points, *ways[tip]))
            wires[w] = points if last else points[::-1]
            tips[key] = ways[tip][-1]
            right = max(right, ways[tip][-1][0] + m.margin)
    return replace(d, wires=wires, tips=tips, right=right)


def _ended_wires(d: Drawn) -> Iterator[tuple[int, tuple[int, int], bool]]:
    """Every wire with an end: its number, the end, whether it is its second place."""
    for w in d.wires:
        for k, place in enumerate(d.component.network.wires[w].places):
            if place[0] == "end":
                yield w, (place[1], place[2]), k == 1


def _drawn_out(d: Drawn, left: float, right: float, bottom: float) -> Drawn:
    """A drawing with its wires drawn out to the borders where they end."""
    wires, tips = dict(d.wires), dict(d.tips)
    for w, key, last in _ended_wires(d):
        x, y = tips[key]
        match d.component.sides[key[0]]:
            case "left":
                tip = (left, y)
            case "right":
                tip = (right, y)
            case _:
                tip = (x, bottom)
        points = wires[w] if last else wires[w][::-1]
        points = simplified((*points[:-1], points[-1], tip))
        wires[w] = points if last else points[::-1]
        tips[key] = tip
    return replace(d, wires=wires, tips=tips)


def shifted(d: Drawn, dx: float, dy: float) -> Drawn:
    """A drawing moved."""
    from .moving import moved_box

    return replace(
        d,
        boxes={n: moved_box(box, dx, dy) for n, box in d.boxes.items()},
        dots={n: replace(dot, x=dot.x + dx, y=dot.y + dy) for n, dot in d.dots.items()},
        wires={w: tuple((x + dx, y + dy) for x, y in p) for w, p in d.wires.items()},
        tips={k: (x + dx, y + dy) for k, (x, y) in d.tips.items()},
        left=d.left + dx,
        top=d.top + dy,
        right=d.right + dx,
        bottom=d.bottom + dy,
        line=d.line + dy,
    )
