"""A diagram with its geometry: where every box, dot, end and wire lies.

What the layout makes and the writers draw. Coordinates are absolute, x to the right and
y downwards, in the units of the metrics the layout was made with: px, or characters for
the terminal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..diagrams.model import Box, Dot, End, Model, Network, Picture, Wire

Point: TypeAlias = tuple[float, float]
Side: TypeAlias = Literal["left", "right", "top", "bottom"]


@dataclass(frozen=True, slots=True)
class PlacedBox:
    """A box: its rectangle by the upper left corner, and for every port the point where
    its wire starts, on the rectangle's border, and the side of it."""

    box: Box
    x: float
    y: float
    width: float
    height: float
    ports: tuple[tuple[Point, Side], ...]
    contents: tuple[PlacedPicture, ...] = ()


@dataclass(frozen=True, slots=True)
class PlacedDot:
    """A dot by its centre; a dot without wires is the centre of a ring."""

    dot: Dot
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class PlacedEnd:
    """A free end: number `number` of its picture, its tip, the side it points to; for a
    grouped end `wedge` is the point where its wires join."""

    end: End
    number: int
    x: float
    y: float
    side: Side
    wedge: Point | None = None


@dataclass(frozen=True, slots=True)
class PlacedWire:
    """A wire by the points it goes through, from its first place to its second.

    Between points that share an x or a y it is straight, and such corners are rounded
    by who draws them; between others it is an S that leaves and arrives horizontally,
    save at a dot, where it points to the dot.
    """

    wire: Wire
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class PlacedText:
    """A sign, coefficient, "=", comma or name between drawings, centred on a point.

    `role` is one of "sign", "coefficient", "equals", "part", "zero", "comma".
    """

    text: str
    x: float
    y: float
    role: str


@dataclass(frozen=True, slots=True)
class PlacedNetwork:
    """One product."""

    network: Network
    x: float
    y: float
    width: float
    height: float
    boxes: tuple[PlacedBox, ...]
    dots: tuple[PlacedDot, ...]
    ends: tuple[PlacedEnd, ...]
    wires: tuple[PlacedWire, ...]


@dataclass(frozen=True, slots=True)
class PlacedPicture:
    """A sum of products, with what is written between them."""

    picture: Picture
    x: float
    y: float
    width: float
    height: float
    terms: tuple[PlacedNetwork, ...]
    texts: tuple[PlacedText, ...]


@dataclass(frozen=True, slots=True)
class PlacedModel:
    """A whole diagram: the picture, and under it the parts, each after its name."""

    model: Model
    width: float
    height: float
    picture: PlacedPicture
    parts: tuple[PlacedPicture, ...] = ()
    texts: tuple[PlacedText, ...] = ()
