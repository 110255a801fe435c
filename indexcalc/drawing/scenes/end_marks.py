"""The marks of free ends: their names and sizes, and the wedges of grouped ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..faces import end_label, fitted, text_width
from ..placed import PlacedBox, PlacedEnd, Side
from ..scene import Anchor, Group, Label, Mark, Path
from .free_space import Wanted
from .wording import end_title

#: The fonts of names, of sizes, of names within a frame; the widest name.
END_FONT, SIZE_FONT, INNER_FONT, WIDEST = 14.0, 10.0, 10.5, 72.0

#: How far a name stands from its tip, and a size from the name.
_BEYOND, _BELOW = 5.0, 13.0

#: How far a size may stand out beyond its name.
_OVERHANG = 6.0

#: Where the middle of the name of an end within a frame may stand from its tip: so
#: far to the right, plus a part of its width; so far down.
_INNER: dict[Side, tuple[tuple[float, float, float], ...]] = {
    "left": (
        (8.0, -0.5, -7.5),
        (0.0, 0.5, -7.5),
        (8.0, -0.5, 7.5),
        (0.0, 0.5, 7.5),
        (-3.0, -0.5, 0.0),
    ),
    "right": (
        (-8.0, 0.5, -7.5),
        (0.0, -0.5, -7.5),
        (-8.0, 0.5, 7.5),
        (0.0, -0.5, 7.5),
        (3.0, 0.5, 0.0),
    ),
    "top": ((4.5, 0.5, 3.0), (-4.5, -0.5, 3.0), (0.0, 0.0, -7.5)),
    "bottom": ((4.5, 0.5, -3.0), (-4.5, -0.5, -3.0), (0.0, 0.0, 7.5)),
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
    marks = [Label(x, y, shown, role, font, anchor, "", index)]
    if size:
        text, small = fitted(size, SIZE_FONT, WIDEST)
        marks.append(_size(marks[0], text, small, u))
    yield Group(tuple(marks), end_title(end))


def _size(name: Label, text: str, font: float, u: float) -> Label:
    """A size under the middle of the name; a wide one at a side begins with it, so as
    not to reach below the wire."""
    wide, own = text_width(text, font), text_width(name.text, name.size)
    at = Label(name.x, name.y + _BELOW, text, "size", font, index=name.index)
    if u and wide - own > 2 * _OVERHANG:
        return replace(at, anchor=name.anchor)
    return replace(at, x=name.x + u * own / 2)


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


def stops_within(placed: PlacedEnd, frame: PlacedBox) -> bool:
    """Whether an end stops short of the border of its frame."""
    left, right = placed.x - frame.x, frame.x + frame.width - placed.x
    above, below = placed.y - frame.y, frame.y + frame.height - placed.y
    return min(left, right, above, below) >= _AT_BORDER


def inner_end_label(
    placed: PlacedEnd, frame: PlacedBox, index: str
) -> Iterator[Wanted]:
    """The small name of an end that stops within a frame, short of its border: over
    the tip of its wire, or under it or beside it."""
    if not stops_within(placed, frame):
        return
    text, font = fitted(end_label(placed.end)[0], INNER_FONT, WIDEST / 2)
    wide, (x, y) = text_width(text, font), (placed.x, placed.y)
    spots = tuple(
        (x + dx + part * wide, y + dy) for dx, part, dy in _INNER[placed.side]
    )
    title = end_title(placed.end)
    yield Wanted(Label(x, y, text, "index", font, index=index, title=title), spots)
