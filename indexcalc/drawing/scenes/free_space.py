"""Labels put where there is room: beside their dot or wire, clear of everything else.

Each label comes with the spots it may take, the best first; it gets the first of those
that lie on the fewest other marks. Lines count by their points, areas as a whole.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise, product
from math import fsum, hypot

from ..faces import text_width
from ..scene import Circle, Label, Mark, Path, Point, Rect
from .marks import Extent, measured, plain_marks
from .strokes import on_piece

#: The pitch of the points of a line, the size of a cell, and what an area counts.
_STEP, _CELL, _AREA = 3.0, 40.0, 12

#: About how many points all lines together count by; there are fewer in a line where
#: there are very many lines.
POINT_LIMIT = 200_000

#: Where along a line its name may stand, the best place first.
_PARTS = (0.5, 0.35, 0.65, 0.2, 0.8, 0.1, 0.9)

#: The air round a label, and how far one is from the middle of a dot.
_AIR, _CLEAR = 1.5, 5.5

#: Roles of rectangles of which only the border is drawn.
_HOLLOW = ("frame elementwise", "frame function", "frame bracket", "loop")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A label, still at no particular place, and the middles it may take."""

    label: Label
    spots: tuple[Point, ...]


@dataclass(slots=True)
class _Taken:
    """What is drawn already: points of lines, `step` apart, and areas, by the cells
    they touch."""

    step: float = _STEP
    points: dict[tuple[int, int], list[Point]] = field(default_factory=dict)
    areas: dict[tuple[int, int], list[Extent]] = field(default_factory=dict)

    def add(self, mark: Path | Circle | Rect | Label) -> None:
        if isinstance(mark, Path) or mark.role in _HOLLOW:
            points = LinePoints(_outline(mark), self.step)
            for point in points:
                self.points.setdefault(_cell(point), []).append(point)
            return
        area = measured(mark)
        for cell in _cells(area):
            self.areas.setdefault(cell, []).append(area)

    def cost(self, area: Extent) -> int:
        left, top, right, bottom = area
        cells = list(_cells(area))
        points = (point for cell in cells for point in self.points.get(cell, ()))
        inside = sum(left < x < right and top < y < bottom for x, y in points)
        met = {other for cell in cells for other in self.areas.get(cell, ())}
        return inside + _AREA * sum(_meet(area, other) for other in met)


def with_room(wanted: Sequence[Wanted], drawn: Iterable[Mark]) -> tuple[Label, ...]:
    """The labels, each at the best of its spots."""
    if not wanted:
        return ()
    marks = list(plain_marks(drawn))
    lines = [m for m in marks if isinstance(m, Path) or m.role in _HOLLOW]
    long = fsum(fsum(_lengths(_outline(line))) for line in lines)
    taken = _Taken(max(_STEP, long / POINT_LIMIT))
    for mark in marks:
        taken.add(mark)
    found: list[Label] = []
    for one in wanted:
        label = min(_tried(one), key=lambda tried: taken.cost(_aired(tried)))
        taken.add(label)
        found.append(label)
    return tuple(found)


def around(x: float, y: float, text: str, size: float) -> tuple[Point, ...]:
    """The spots round a point: over it, under it, at its corners, beside it, and the
    same farther off."""
    aside, above = _CLEAR + text_width(text, size) / 2, _CLEAR + 0.5 * size
    corners = [(u, v) for v in (-1, 1) for u in (1, -1)]
    return (
        (x, y - above - 2),
        (x, y + above + 2),
        *((x + u * aside, y + v * above) for u, v in corners),
        (x + aside + 3, y),
        (x - aside - 3, y),
        *((x + u * aside, y + v * (above + 6)) for u, v in corners),
        *((x + 2 * u * aside, y + v * above) for u, v in corners),
    )


def beside(line: Path, text: str, size: float) -> tuple[Point, ...]:
    """The spots beside a line, at its middle first."""
    points = LinePoints(line)
    wide, high = text_width(text, size) / 2 + 3.5, size / 2 + 2.5
    found: list[Point] = []
    for part, turn in product(_PARTS, (1, -1)):
        k = min(max(1, round(part * len(points))), len(points) - 1)
        (a, b), (c, d) = points[k - 1], points[k]
        long = hypot(c - a, d - b) or 1.0
        u, v = turn * (d - b) / long, turn * (a - c) / long
        found.append(((a + c) / 2 + u * wide, (b + d) / 2 + v * high))
    return tuple(found)


class LinePoints:
    """Points along a path, about `step` apart, each computed when it is asked for."""

    __slots__ = ("counts", "mark", "starts")

    def __init__(self, mark: Path, step: float = _STEP) -> None:
        self.mark = mark
        self.counts = [max(1, round(long / step)) for long in _lengths(mark)]
        self.starts = list(accumulate(self.counts, initial=0))

    def __len__(self) -> int:
        return self.starts[-1] + 1

    def __iter__(self) -> Iterator[Point]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, k: int) -> Point:
        if k == 0:
            return self.mark.start
        piece = bisect_left(self.starts, k) - 1
        at = self.mark.pieces[piece - 1][-1] if piece else self.mark.start
        part = (k - self.starts[piece]) / self.counts[piece]
        return on_piece(at, self.mark.pieces[piece], part)


def _lengths(mark: Path) -> Iterator[float]:
    """About how long each piece of a path is."""
    at = mark.start
    for piece in mark.pieces:
        yield fsum(hypot(c - a, d - b) for (a, b), (c, d) in pairwise((at, *piece)))
        at = piece[-1]


def _aired(label: Label) -> Extent:
    """A label with a little air round it."""
    left, top, right, bottom = measured(label)
    return (left - _AIR, top - _AIR, right + _AIR, bottom + _AIR)


def _tried(wanted: Wanted) -> Iterator[Label]:
    for x, y in wanted.spots:
        yield replace(wanted.label, x=x, y=y, anchor="middle")


def _outline(mark: Path | Circle | Rect | Label) -> Path:
    if isinstance(mark, Path):
        return mark
    left, top, right, bottom = measured(mark)
    corners = ((right, top), (right, bottom), (left, bottom), (left, top))
    return Path((left, top), tuple((c,) for c in corners), mark.role)


def _cell(point: Point) -> tuple[int, int]:
    return (int(point[0] // _CELL), int(point[1] // _CELL))


def _cells(area: Extent) -> Iterator[tuple[int, int]]:
    (left, top), (right, bottom) = _cell(area[:2]), _cell(area[2:])
    return product(range(left, right + 1), range(top, bottom + 1))


def _meet(one: Extent, other: Extent) -> bool:
    across = one[0] < other[2] and other[0] < one[2]
    return across and one[1] < other[3] and other[1] < one[3]
