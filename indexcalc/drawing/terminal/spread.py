"""From the cells of the layout to those of a sheet with room for more wires.

Columns and rows are put in before given ones, but never inside of a box or text.

>>> spread = Spread(frozenset({3}), {2: 1, 9: 1})
>>> spread((1.0, 0.0)), spread((2.0, 0.4))
((1, 0), (3, 0))
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import floor

from ..placed import PlacedWire, Point
from .grid import Cell


def whole(length: float) -> int:
    """The cell of a coordinate."""
    return floor(length + 0.5)


@dataclass(slots=True)
class Spread:
    """Columns and rows put in before those of the layout; never inside of what is
    `together`: the first and last column of a box or text."""

    together: frozenset[int]
    columns: dict[int, int] = field(default_factory=dict)
    rows: dict[int, int] = field(default_factory=dict)

    def __call__(self, point: Point) -> Cell:
        """The cell of a point of the layout."""
        x, y = whole(point[0]), whole(point[1])
        return (
            x + sum(n for at, n in self.columns.items() if at <= x),
            y + sum(n for at, n in self.rows.items() if at <= y),
        )

    def widen(self, wire: PlacedWire) -> None:
        """Makes room where a wire is to be."""
        xs = [whole(x) for x, _ in wire.points]
        ys = [whole(y) for _, y in wire.points]
        for x in range(min(xs) - 1, max(xs) + 3):
            if x not in self.together:
                self.columns[x] = self.columns.get(x, 0) + 1
        for y in range(min(ys), max(ys) + 2):
            self.rows[y] = self.rows.get(y, 0) + 1
