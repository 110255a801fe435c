"""What a pen draws for a wire: its line with rounded corners, and lines beside a line.

>>> [len(piece) for piece in rounded(((0, 0), (((40, 0),), ((40, 60),))))[1]]
[1, 3, 1]
>>> shifted(((0, 0), (((40, 0),),)), 2.0)
((0.0, 2.0), (((40.0, 2.0),),))
"""

from __future__ import annotations

from itertools import pairwise
from math import hypot
from typing import TypeAlias

from ..layout.curves import Piece, pieces
from ..placed import PlacedWire, Point

#: A line by its start and its pieces.
Line: TypeAlias = tuple[Point, tuple[Piece, ...]]

#: How far corners are rounded, in px, and the control distance of a quarter circle.
RADIUS, QUARTER = 16.0, 0.5523

_CLOSE = 0.01


def stroke(wire: PlacedWire) -> Line:
    """The line of a wire, its corners rounded."""
    return rounded((wire.points[0], pieces(wire)))


def rounded(line: Line, radius: float = RADIUS) -> Line:
    """The line with a quarter circle where two straight pieces meet."""
    start, found = line
    tips = [start, *(piece[-1] for piece in found)]
    cuts = _cuts(tips, [len(piece) == 1 for piece in found], radius)
    drawn: list[Piece] = []
    for k, piece in enumerate(found):
        drawn += _between(tips[k], piece, cuts[k], cuts[k + 1])
        if cuts[k + 1]:
            drawn.append(_corner(tips[k], tips[k + 1], tips[k + 2], cuts[k + 1]))
    return start, tuple(drawn)


def shifted(line: Line, by: float) -> Line:
    """The line beside a line, `by` to the right of its way."""
    at, found = line
    begun: Point | None = None
    moved: list[Piece] = []
    for piece in found:
        first, last = _normal(at, piece[0]), _normal(*(at, *piece)[-2:])
        begun = begun or _moved(at, first, by)
        normals = (last,) if len(piece) == 1 else (first, last, last)
        pairs = zip(piece, normals, strict=True)
        moved.append(tuple(_moved(point, normal, by) for point, normal in pairs))
        at = piece[-1]
    return begun or at, tuple(moved)


def on_piece(at: Point, piece: Piece, t: float) -> Point:
    """The point of a piece that begins at `at`, at a parameter from 0 to 1.

    >>> on_piece((0, 0), ((4, 8),), 0.25)
    (1.0, 2.0)
    """
    points = [at, *piece]
    while len(points) > 1:
        points = [
            (a + t * (c - a), b + t * (d - b)) for (a, b), (c, d) in pairwise(points)
        ]
    return points[0]


def _cuts(tips: list[Point], lines: list[bool], radius: float) -> list[float]:
    """How much of the pieces at each point its rounded corner takes."""
    long = [hypot(c - a, d - b) for (a, b), (c, d) in pairwise(tips)]
    last = len(long) - 1
    corners = [
        0 < k <= last and lines[k - 1] and lines[k] and _turns(*tips[k - 1 : k + 2])
        for k in range(len(tips))
    ]
    cuts = [0.0] * len(tips)
    for k in (k for k, corner in enumerate(corners) if corner):
        before = long[k - 1] / (2 if corners[k - 1] else 1)
        after = long[k] / (2 if corners[k + 1] else 1)
        cuts[k] = min(radius, before, after)
    return cuts


def _turns(a: Point, b: Point, c: Point) -> bool:
    ahead = (b[0] - a[0]) * (c[0] - b[0]) + (b[1] - a[1]) * (c[1] - b[1])
    aside = (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])
    return abs(aside) > _CLOSE and abs(ahead) < _CLOSE * max(1.0, abs(aside))


def _between(start: Point, piece: Piece, before: float, after: float) -> list[Piece]:
    """A piece without what its corners take."""
    if not before and not after:
        return [piece]
    end = piece[-1]
    if before + after > hypot(end[0] - start[0], end[1] - start[1]) - _CLOSE:
        return []
    return [(_along(end, start, after),)]


def _corner(a: Point, b: Point, c: Point, cut: float) -> Piece:
    inner = cut * (1 - QUARTER)
    return (_along(b, a, inner), _along(b, c, inner), _along(b, c, cut))


def _along(a: Point, b: Point, far: float) -> Point:
    u, v = _normal(b, a)
    return (a[0] - v * far, a[1] + u * far)


def _normal(a: Point, b: Point) -> Point:
    long = hypot(b[0] - a[0], b[1] - a[1]) or 1.0
    return ((a[1] - b[1]) / long, (b[0] - a[0]) / long)


def _moved(point: Point, normal: Point, by: float) -> Point:
    return (point[0] + by * normal[0], point[1] + by * normal[1])
