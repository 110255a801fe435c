"""Signs, coefficients and commas between drawings; fractions as one writes them.

>>> [mark.text for mark in number_marks("1/2", 0, 0)[1:]]
['1', '2']
"""

from __future__ import annotations

import re

from ..faces import fitted, text_width
from ..scene import Label, Mark, Path

_FRACTION = re.compile(r"(\d{1,6})/(\d{1,6})")

#: The font of a number, of one stacked on another, and how far these stand apart.
_FONT, _STACKED, _APART = 17.0, 12.0, 8.5


def number_marks(text: str, x: float, y: float) -> tuple[Mark, ...]:
    """The marks of a number or sign, centred on a point; fractions are stacked."""
    stacked = _FRACTION.fullmatch(text)
    if stacked:
        return _fraction(x, y, *stacked.groups())
    shown, size = fitted(text.replace("-", "−"), _FONT)
    return (Label(x, y, shown, "number", size),)


def _fraction(x: float, y: float, above: str, below: str) -> tuple[Mark, ...]:
    half = max(text_width(t, _STACKED) for t in (above, below)) / 2 + 1.5
    return (
        Path((x - half, y), (((x + half, y),),), "number"),
        Label(x, y - _APART, above, "number", _STACKED, tex=above),
        Label(x, y + _APART, below, "number", _STACKED, tex=below),
    )
