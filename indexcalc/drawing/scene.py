"""A scene: the lines, circles, rectangles and texts of a drawing, in px.

What every graphic writer draws (SVG, PNG, TikZ, HTML), whatever the scene shows: a
contraction diagram, a frame of a derivation, the tree of a plan. A mark has a `role`,
which a theme gives its colour and line; `index` names the index it belongs to, by which
a page lights up all of its places; `title` is what a pointer or a screen reader is
told. `key` stays with a mark from frame to frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Point: TypeAlias = tuple[float, float]
Anchor: TypeAlias = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Path:
    """Pieces from point to point: one more point is a straight line, three more a
    cubic Bézier curve with its two control points first."""

    start: Point
    pieces: tuple[tuple[Point, ...], ...]
    role: str
    index: str = ""
    title: str = ""
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle by its centre."""

    x: float
    y: float
    radius: float
    role: str
    index: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle by its upper left corner, its corners rounded by `radius`."""

    x: float
    y: float
    width: float
    height: float
    role: str
    radius: float = 0.0
    title: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """A line of text: `y` is its middle, `size` that of the font, `tex` the same in
    mathematical LaTeX; `underlined` marks the variable of differentiation."""

    x: float
    y: float
    text: str
    role: str
    size: float = 14.0
    anchor: Anchor = "middle"
    tex: str = ""
    index: str = ""
    title: str = ""
    underlined: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Marks that belong together, such as a box with its bar and its name."""

    marks: tuple[Mark, ...]
    title: str = ""
    key: str = ""


Mark: TypeAlias = Path | Circle | Rect | Label | Group


@dataclass(frozen=True, slots=True)
class Scene:
    """A drawing of a size, and what it shows in words."""

    width: float
    height: float
    marks: tuple[Mark, ...]
    title: str = ""
    description: str = ""


#: What a theme must know, with what it is for.
ROLES: dict[str, str] = {
    "wire": "a wire, solid",
    "wire variable": "a wire of an axis of the variable: amber, dashed",
    "wire double": "the wire of a grouped axis: two lines",
    "dot": "a copy tensor, filled",
    "ring": "a copy tensor without wires: a small open circle",
    "box": "a tensor's outline and ground",
    "bar": "the thick bar at a first axis",
    "frame elementwise": "round the argument of an elementwise function: dotted",
    "frame function": "round the arguments of another function: solid",
    "frame bracket": "round a sum inside a product: thin",
    "loop": "an amber closed curve: a derivative not worked out",
    "loop dot": "a hollow amber dot on that curve",
    "wedge": "where the wires of a grouped axis join",
    "name": "the name of a tensor",
    "name variable": "that of the variable of differentiation: red",
    "name function": "the name of a function, in the corner of its frame",
    "number": "a coefficient, a sign, a size that is a factor",
    "index": "the name of an index at a dot or wire",
    "index value": "the name of a free axis of the value",
    "index variable": "the name of a free axis of the variable: amber",
    "size": "a size beside an index: small, grey",
    "port": "the number of a port: small, grey",
    "caption": "a line of text under the drawing",
    "tree": "an edge of a tree",
    "step": "a box of a tree",
    "input": "a leaf of a tree",
}
