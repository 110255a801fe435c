"""The measures of a layout: one for px, one for the characters of a terminal.

Heights and offsets that a wire can meet are multiples of `grid`, so that a wire is
either exactly straight or clearly bent. In characters a point is a cell, and the right
border of a box is its last cell: `cell` is 1 there and 0 in px.

>>> PX.box_width("A"), CHARACTERS.box_width("A")
(34.0, 3.0)
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from ..faces import NORMAL, fitted, text_width


@dataclass(frozen=True, slots=True)
class Metrics:
    """Lengths; see the two instances for what each is in px and in characters."""

    measure: Callable[[str], float]
    small: Callable[[str], float]
    grid: float
    box: float
    padding: float
    vector: float
    vector_padding: float
    text: float
    port_pitch: float
    port_margin: float
    number: float
    gap: float
    dot_gap: float
    wire_gap: float
    dot: float
    label: float
    hang: float
    channel: float
    plain_channel: float
    bend: float
    most_bend: float
    track: float
    fan: float
    stub: float
    margin: float
    name: float
    loop_foot: float
    row_gap: float
    space: float
    cell: float = 0.0

    def box_width(self, text: str) -> float:
        """Of a matrix with this text on it."""
        return self.even(max(self.box, self.measure(text) + self.padding))

    def vector_width(self, text: str) -> float:
        """Of a vector with this text on it."""
        return self.even(max(self.vector, self.measure(text) + self.vector_padding))

    def up(self, length: float) -> float:
        """The next multiple of the grid."""
        return math.ceil(length / self.grid - 1e-6) * self.grid

    def near(self, length: float) -> float:
        """The nearest multiple of the grid."""
        return math.floor(length / self.grid + 0.5 + 1e-6) * self.grid

    def whole(self, length: float) -> float:
        """A coordinate that can be used: a cell, or any in px to two decimals."""
        return math.floor(length + 0.5) if self.cell else round(length, 2)

    def even(self, length: float) -> float:
        """A width: whole cells in characters."""
        return float(math.ceil(length)) if self.cell else length


def _px(text: str) -> float:
    shown, size = fitted(text)
    return text_width(shown, size)


def _small_px(text: str) -> float:
    shown, size = fitted(text, 0.86 * NORMAL)
    return text_width(shown, size)


def columns(text: str) -> float:
    """How many columns of a terminal a text takes.

    >>> columns("Aé"), columns("漢")
    (2.0, 2.0)
    """
    return float(sum(map(_column, text)))


def _column(c: str) -> int:
    if unicodedata.combining(c):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


PX = Metrics(
    measure=_px,
    small=_small_px,
    grid=12.0,
    box=34.0,
    padding=16.0,
    vector=30.0,
    vector_padding=14.0,
    text=24.0,
    port_pitch=24.0,
    port_margin=12.0,
    number=11.0,
    gap=14.0,
    dot_gap=2.0,
    wire_gap=10.0,
    dot=4.0,
    label=18.0,
    hang=18.0,
    channel=20.0,
    plain_channel=12.0,
    bend=0.42,
    most_bend=60.0,
    track=12.0,
    fan=8.0,
    stub=18.0,
    margin=16.0,
    name=18.0,
    loop_foot=12.0,
    row_gap=16.0,
    space=9.0,
)

CHARACTERS = Metrics(
    measure=columns,
    small=columns,
    grid=1.0,
    box=3.0,
    padding=2.0,
    vector=3.0,
    vector_padding=2.0,
    text=1.0,
    port_pitch=2.0,
    port_margin=0.0,
    number=1.0,
    gap=2.0,
    dot_gap=2.0,
    wire_gap=2.0,
    dot=0.0,
    label=1.0,
    hang=2.0,
    channel=2.0,
    plain_channel=1.0,
    bend=0.0,
    most_bend=0.0,
    track=2.0,
    fan=0.0,
    stub=2.0,
    margin=2.0,
    name=1.0,
    loop_foot=0.0,
    row_gap=1.0,
    space=1.0,
    cell=1.0,
)
