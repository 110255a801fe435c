"""Ranges of an axis, and what a part of a value asks of every axis.

A cut axis is read in units, so that an axis that stands for a group of indices is cut
along the first of them only. The length and the place of a range are sizes with names
of their own: one expression serves all blocks of a form. Two ranges of one grid are
equal or disjoint.

>>> r = Range("x0", (4, "x"), 3)
>>> r.size, r.offset, r.narrowed(3).size
(Dim('3*len_x0'), Dim('3*at_x0'), Dim('len_x0'))
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from ..sizes import Size, dim, times


@dataclass(frozen=True, slots=True)
class Range:
    """A range of a grid of so many units and of a kind: `name` tells it from others of
    the grid; `unit` is how many entries one of them spans here."""

    name: str
    grid: tuple[int, str]
    unit: int

    @property
    def size(self) -> Size:
        """How many entries it has."""
        return times(dim(f"len_{self.name}"), self.unit)

    @property
    def offset(self) -> Size:
        """Where it starts."""
        return times(dim(f"at_{self.name}"), self.unit)

    def narrowed(self, rest: int) -> Range:
        """The range of the first index of a group whose others have `rest` entries."""
        return replace(self, unit=self.unit // rest)

    def entries(self, places: Places) -> slice:
        """The entries of the axis, once its place is known."""
        start, count = places[self.name]
        return slice(start * self.unit, (start + count) * self.unit)


#: Where the named ranges lie, in units: the start and the count.
Places: TypeAlias = dict[str, tuple[int, int]]

#: For every axis of a node the range that is wanted, None for all of it.
Cuts: TypeAlias = tuple[Range | None, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A part of a node: ranges of its axes, and perhaps a range of an index that it
    sums over; `first` where what carries no such index is to be counted."""

    cuts: Cuts
    summed: Range | None = None
    first: bool = True

    @property
    def whole(self) -> bool:
        """Whether all of the node is wanted."""
        return self.summed is None and not any(self.cuts)


def everything(order: int) -> Wanted:
    """All of a node with that many axes."""
    return Wanted((None,) * order)
