"""The marks of free ends: their names and sizes, and the wedges of grouped ones."""

from __future__ import annotations

from collections.abc import Iterator

from .faces import end_label, fitted, text_width
from .placed import PlacedBox, PlacedEnd, Side
from .scene import Anchor, Group, Label, Mark, Path
from .wording import end_title

#: The fonts of names, of sizes, of names within a frame; the widest name.
END_FONT, SIZE_FONT, INNER_FONT, WIDEST = 14.0, 10.0, 10.5, 72.0

#: How far a name stands from its tip, and a size from the name.
_BEYOND, _BELOW = 5.0, 13.0

#: Where the name of an end within a frame stands from its tip.
_INNER: dict[Side, tuple[tuple[float, float], Anchor]] = {
    "left": ((8.0, -7.5), "end"),
    "right": ((-8.0, -7.5), "start"),
    "top": ((4.5, 3.0), "start"),
    "bottom": ((4.5, -3.0), "start"),
}

#: What is this near to the border of a frame ends at it.
_AT_BORDER = 2.0

#: The steps out of a drawing at each side, and where text begins there.
_OUTWARD: dict[Side, tuple[float, float]] = {
    "left": (-1.0, 0.0),
    "right": (1.0, 0.0),
    "top": (0.0, -1.0),
    "bottom": (0.0, 1.0),
}
_ANCHORS: dict[Side, Anchor] = {
    "left": "end",
    "right": "start",
    "top": "middle",
    "bottom": "middle",
}


def end_marks(placed: PlacedEnd, index: str) -> Iterator[Mark]:
    """The name and the size of a free end."""
    end = placed.end
    u, v = _OUTWARD[placed.side]
    name, size = end_label(end)
    shown, font = fitted(name, END_FONT, WIDEST)
    role = f"index {end.role}"
    x, y = placed.x + _BEYOND * u, placed.y + (_BEYOND + 0.5 * font) * v
    anchor = _ANCHORS[placed.side]
    marks: list[Mark] = [Label(x, y, shown, role, font, anchor, "", index)]
    if size:
        text, small = fitted(size, SIZE_FONT, WIDEST)
        at = _size_place(x, y, u, shown, font)
        marks.append(Label(*at, text, "size", small, "middle", "", index))
    yield Group(tuple(marks), end_title(end))


def _size_place(
    x: float, y: float, u: float, name: str, font: float
) -> tuple[float, float]:
    """Under the middle of the name."""
    return (x + u * text_width(name, font) / 2, y + _BELOW)


def group_marks(placed: PlacedEnd, index: str) -> Iterator[Mark]:
    """The wedge where the wires of a grouped end join, and its double wire."""
    if placed.wedge is None:
        return
    at, title = placed.wedge, end_title(placed.end)
    u, v = _OUTWARD[placed.side]
    tip = (at[0] + 7 * u, at[1] + 7 * v)
    back = [(at[0] - 2 * u + s * 5 * v, at[1] - 2 * v + s * 5 * u) for s in (1, -1)]
    out = ((placed.x, placed.y),)
    yield Path(tip, (out,), "wire double", index, title)
    yield Path(tip, ((back[0],), (back[1],)), "wedge", index, title, closed=True)


def inner_end_marks(placed: PlacedEnd, frame: PlacedBox, index: str) -> Iterator[Mark]:
    """The small name of an end that stops within a frame, short of its border: over
    the tip of its wire, or beside it."""
    left, right = placed.x - frame.x, frame.x + frame.width - placed.x
    above, below = placed.y - frame.y, frame.y + frame.height - placed.y
    if min(left, right, above, below) < _AT_BORDER:
        return
    text, font = fitted(end_label(placed.end)[0], INNER_FONT, WIDEST / 2)
    (dx, dy), anchor = _INNER[placed.side]
    x, y, title = placed.x + dx, placed.y + dy, end_title(placed.end)
    yield Label(x, y, text, "index", font, anchor, "", index, title)
