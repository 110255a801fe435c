"""The line of a wire: its points joined by straight pieces and curves.

Between points that share an x or a y the line is straight, else an S. Where an S meets
a straight piece it continues it; it starts and ends horizontally otherwise, save at a
dot, to which it points. Writers draw these pieces, and the layout is tested with them.
"""

from __future__ import annotations

from ..placed import PlacedWire, Point

#: A piece: one more point for a straight line, three for a cubic curve.
Piece = tuple[Point, ...]

_CLOSE = 1e-6

#: How far the control point of a curve to a dot lies off its other end.
_AT_DOT = 0.4


def pieces(wire: PlacedWire) -> tuple[Piece, ...]:
    """What follows the first point of a wire.

    >>> from indexcalc.diagrams.model import Wire
    >>> line = Wire((("box", 0, 0), ("box", 1, 0)), "i", 3)
    >>> pieces(PlacedWire(line, ((0, 0), (10, 0), (20, 8))))
    (((10, 0),), ((15.0, 0.0), (15.0, 8.0), (20, 8)))
    """
    points = wire.points
    last = len(points) - 2
    return tuple(
        _piece(
            points,
            k,
            dot_first=k == 0 and wire.wire.places[0][0] == "dot",
            dot_last=k == last and wire.wire.places[1][0] == "dot",
        )
        for k in range(last + 1)
    )


def _piece(
    points: tuple[Point, ...], k: int, *, dot_first: bool, dot_last: bool
) -> Piece:
    start, end = points[k], points[k + 1]
    if straight(start, end):
        return (end,)
    share = _AT_DOT if dot_first or dot_last else 0.5
    after = points[k + 2] if k + 2 < len(points) else None
    upright = k > 0 and _vertical(points[k - 1], start)
    leaving = _control(start, end, share, upright)
    upright = after is not None and _vertical(end, after)
    arriving = _control(end, start, share, upright)
    if dot_first:
        leaving = _toward(start, arriving)
    if dot_last:
        arriving = _toward(end, leaving)
    return (leaving, arriving, end)


def straight(start: Point, end: Point) -> bool:
    """Whether two points share an x or a y."""
    return abs(start[0] - end[0]) < _CLOSE or abs(start[1] - end[1]) < _CLOSE


def _vertical(start: Point, end: Point) -> bool:
    return abs(start[0] - end[0]) < _CLOSE < abs(start[1] - end[1])


def _control(point: Point, other: Point, share: float, upright: bool) -> Point:
    """The control point of an S at one of its ends, a share of the way off."""
    (x, y), (u, v) = point, other
    return (
        (float(x), y + share * (v - y)) if upright else (x + share * (u - x), float(y))
    )


def _toward(dot: Point, control: Point) -> Point:
    """A control point between a dot and the other control point."""
    return (dot[0] + 0.3 * (control[0] - dot[0]), dot[1] + 0.3 * (control[1] - dot[1]))


def path_points(wire: PlacedWire, count: int = 16) -> tuple[Point, ...]:
    """Points along the whole line, `count` on each curve."""
    at = wire.points[0]
    found = [at]
    for piece in pieces(wire):
        found += [_on_piece(at, piece, (n + 1) / count) for n in range(count)]
        at = piece[-1]
    return tuple(found)


def _on_piece(start: Point, piece: Piece, t: float) -> Point:
    if len(piece) == 1:
        (end,) = piece
        return (start[0] + t * (end[0] - start[0]), start[1] + t * (end[1] - start[1]))
    first, second, end = piece
    a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
    return (
        a * start[0] + b * first[0] + c * second[0] + d * end[0],
        a * start[1] + b * first[1] + c * second[1] + d * end[1],
    )
