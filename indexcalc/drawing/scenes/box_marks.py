"""The marks of boxes: a function for each form of face.

Every box is a group of its own that carries the box's id, so that it can be followed
from frame to frame; what stands in a frame is not part of the frame's group.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from math import fsum

from ...diagrams.model import Box
from ..faces import (
    NORMAL,
    Face,
    Form,
    face_of,
    fitted,
    names_on,
    text_width,
)
from ..placed import PlacedBox, Point, Side
from ..scene import Circle, Group, Label, Mark, Path, Rect
from .free_space import Wanted
from .wording import box_title

#: Half the length of the bar at a port that shares its side with others.
_SHORT_BAR = 9.0

#: The rounding of corners, in px, by form.
_CORNERS: dict[Form, float] = {"elementwise": 12.0, "function": 5.0, "bracket": 5.0}

#: The font of the name of a frame, and where it stands in the frame's corner.
_CORNER_FONT, _CORNER_AT = 12.0, (8.0, 10.0)

#: The radius of the hollow dot on a loop, and the loop's rounded corners.
LOOP_DOT, LOOP_CORNER = 4.0, 18.0

#: How far the number of a port stands from its side.
_PORT_INSET = 5.0

#: The steps into a box from each of its sides.
_INWARD: dict[Side, Point] = {
    "left": (1.0, 0.0),
    "right": (-1.0, 0.0),
    "top": (0.0, 1.0),
    "bottom": (0.0, -1.0),
}


@dataclass(frozen=True, slots=True)
class Sight:
    """A box as it is drawn: where it lies, its face, whether it is the variable."""

    placed: PlacedBox
    face: Face
    variable: bool

    @property
    def middle(self) -> Point:
        """Its centre."""
        placed = self.placed
        return (placed.x + placed.width / 2, placed.y + placed.height / 2)


def box_group(placed: PlacedBox, variables: Container[str]) -> Group:
    """The marks of a box, without its contents."""
    box = placed.box
    sight = Sight(placed, face_of(box), is_variable(box, variables))
    marks = _MARKS[sight.face.form](sight)
    return Group(marks, box_title(box), box.id)


def is_variable(box: Box, variables: Container[str]) -> bool:
    """Whether a box shows a variable of differentiation."""
    if box.tensor is not None and box.kind == "tensor":
        return box.tensor.name in variables
    return box.kind == "function" and any(name in variables for name in names_on(box))


def loop_foot(placed: PlacedBox) -> Point:
    """The hollow dot of a loop, where the variable's wires begin."""
    ports = placed.ports[placed.box.passing :]
    xs = [x for (x, _), _ in ports] or [placed.x + placed.width / 2]
    return (fsum(xs) / len(xs), placed.y + placed.height)


# -- tensors ---------------------------------------------------------------------------


def _name(sight: Sight, widest: float = 0.0) -> Label:
    text, size = fitted(sight.face.text, NORMAL, *([widest] if widest else []))
    x, y = sight.middle
    role = "name variable" if sight.variable else "name"
    tex = sight.face.tex if text == sight.face.text else ""
    return Label(x, y, text, role, size, tex=tex, underlined=sight.variable)


def _text(sight: Sight) -> tuple[Mark, ...]:
    return (_name(sight),)


def _vector(sight: Sight) -> tuple[Mark, ...]:
    placed = sight.placed
    if placed.width > placed.height + 1:
        return (_outline(placed, placed.height / 2), _name(sight))
    x, y = sight.middle
    return (Circle(x, y, placed.height / 2, "box"), _name(sight))


def _matrix(sight: Sight) -> tuple[Mark, ...]:
    round_ = 0.0 if sight.face.barred else 10.0
    return (_outline(sight.placed, round_), *_bar(sight), _name(sight))


def _block(sight: Sight) -> tuple[Mark, ...]:
    """The bar says which port is the first; the others have their numbers."""
    numbers = tuple(
        Label(*_inside(point, side), str(k + 1), "port", 7.5, tex=str(k + 1))
        for k, (point, side) in enumerate(sight.placed.ports)
        if k
    )
    return (_outline(sight.placed, 3.0), *_bar(sight), *numbers, _name(sight))


def _inside(point: Point, side: Side) -> Point:
    u, v = _INWARD[side]
    return (point[0] + _PORT_INSET * u, point[1] + _PORT_INSET * v)


def _outline(placed: PlacedBox, radius: float, role: str = "box") -> Rect:
    return Rect(placed.x, placed.y, placed.width, placed.height, role, radius)


def _bar(sight: Sight) -> tuple[Mark, ...]:
    """The thick bar at the first port: along its whole side where no other port is."""
    if not sight.face.barred:
        return ()
    placed = sight.placed
    point, side = placed.ports[0]
    alone = [s for _, s in placed.ports].count(side) == 1
    upright = side in ("left", "right")
    low, high = (
        (placed.y, placed.y + placed.height)
        if upright
        else (placed.x, placed.x + placed.width)
    )
    if not alone:
        along = point[1] if upright else point[0]
        low, high = max(low, along - _SHORT_BAR), min(high, along + _SHORT_BAR)
    u, v = _INWARD[side]
    x, y = point[0] + 1.4 * u, point[1] + 1.4 * v
    first, last = ((x, low), (x, high)) if upright else ((low, y), (high, y))
    return (Path(first, ((last,),), "bar"),)


# -- frames ----------------------------------------------------------------------------


def _frame(sight: Sight) -> tuple[Mark, ...]:
    form = sight.face.form
    outline = _outline(sight.placed, _CORNERS[form], f"frame {form}")
    return (outline, *_corner_name(sight))


def _corner_name(sight: Sight) -> tuple[Mark, ...]:
    if not sight.face.text:
        return ()
    placed, (dx, dy) = sight.placed, _CORNER_AT
    text, size = fitted(sight.face.text, _CORNER_FONT, placed.width - 2 * dx)
    tex = sight.face.tex if text == sight.face.text else ""
    at = (placed.x + dx, placed.y + dy)
    return (Label(*at, text, "name function", size, "start", tex),)


def _loop(sight: Sight) -> tuple[Mark, ...]:
    return (_outline(sight.placed, LOOP_CORNER, "loop"),)


def loop_marks(placed: PlacedBox) -> Iterator[Group]:
    """The hollow dot of a loop, to lie over its wires."""
    if placed.box.kind == "loop":
        dot = Circle(*loop_foot(placed), LOOP_DOT, "loop dot")
        yield Group((dot,), box_title(placed.box), f"{placed.box.id} foot")


def loop_label(placed: PlacedBox) -> Iterator[Wanted]:
    """What a loop differentiates by, beside its hollow dot."""
    if placed.box.kind != "loop":
        return
    face = face_of(placed.box)
    x, y = loop_foot(placed)
    text, size = fitted(face.text, _CORNER_FONT + 1)
    tex = face.tex if text == face.text else ""
    half, within = text_width(text, size) / 2, 4.0 + size / 2
    spots = (
        (x + 9.0 + half, y - within),
        (x - 9.0 - half, y - within),
        (placed.x + placed.width + 5.0 + half, y - within),
        (placed.x - 5.0 - half, y - within),
        (x + 9.0 + half, y + within),
        (x - 9.0 - half, y + within),
    )
    yield Wanted(Label(x, y, text, "index variable", size, tex=tex), spots)


def _wedge(sight: Sight) -> tuple[Mark, ...]:
    """A triangle: its tip at the grouped port, its base along the others."""
    placed = sight.placed
    tip, side = placed.ports[0]
    left, top = placed.x, placed.y
    right, bottom = placed.x + placed.width, placed.y + placed.height
    corners: dict[Side, tuple[Point, Point]] = {
        "left": ((right, top), (right, bottom)),
        "right": ((left, top), (left, bottom)),
        "top": ((left, bottom), (right, bottom)),
        "bottom": ((left, top), (right, top)),
    }
    pieces = tuple((corner,) for corner in corners[side])
    return (Path(tip, pieces, "wedge", closed=True),)


_MARKS: dict[Form, Callable[[Sight], tuple[Mark, ...]]] = {
    "text": _text,
    "vector": _vector,
    "matrix": _matrix,
    "block": _block,
    "elementwise": _frame,
    "function": _frame,
    "bracket": _frame,
    "loop": _loop,
    "wedge": _wedge,
}
