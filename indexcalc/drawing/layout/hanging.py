"""A dot with what hangs from it: vectors on short wires, and ends further down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum

from ...diagrams.model import Picture
from ..placed import PlacedPicture
from .bodies import Body, Legs, body_of
from .components import Component, Sides
from .metrics import Metrics


@dataclass(frozen=True, slots=True)
class Bunch:
    """What hangs from a dot: (vertex, place beside the dot, body of a vector or None
    for an end), and the room of it all round the dot. The top of a vector lies `reach`
    below the dot."""

    hung: tuple[tuple[int, float, Body | None], ...]
    left: float
    right: float
    up: float
    down: float
    reach: float


def bunch_of(
    component: Component,
    vertices: Sequence[int],
    m: Metrics,
    drop: float,
    lateral: tuple[int, int] = (1, 1),
) -> Bunch:
    """What hangs from a dot, side by side: ends in the middle, vectors beside them.

    Where many more of its `lateral` wires, to the left and to the right, leave to one
    side, the vectors hang at the other."""
    vectors = [v for v in vertices if component.vertices[v].kind == "box"]
    ends = [v for v in vertices if component.vertices[v].kind == "end"]
    bodies: Mapping[int, Body] = {v: _vector(component, v, m) for v in vectors}
    lean = _lean(len(vectors), lateral)
    half = {0: (len(vectors) + 1) // 2, -1: len(vectors), 1: 0}[lean]
    row = [*vectors[:half], *ends, *vectors[half:]]
    widths = [bodies[v].width + m.gap / 2 if v in bodies else drop for v in row]
    starts = [sum(widths[:n]) for n in range(len(row))]
    centres = [m.whole(s + w / 2) for s, w in zip(starts, widths, strict=True)]
    middle = _middle(row, centres, set(ends))
    if lean and not ends:
        middle = starts[-1] + widths[-1] if lean < 0 else 0.0
    places = [m.whole(x - middle) for x in centres]
    reach = m.hang if len(row) < 2 else m.hang + m.up(m.gap) / 2
    reach = m.hang if m.cell else reach
    down = reach + m.vector if vectors else m.dot if not ends else m.hang
    if m.cell:
        down = m.hang + m.text - m.cell if vectors else 0.0
    up = m.label
    if m.cell:
        up = 0.0
    elif max(lateral) > 1:
        up, down = m.label + m.grid, max(down, m.label)
    sides = [
        w / 2 if v in bodies or len(row) > 1 else m.dot
        for v, w in zip(row, widths, strict=True)
    ]
    return Bunch(
        tuple((v, x, bodies.get(v)) for v, x in zip(row, places, strict=True)),
        m.even(max((s - x for s, x in zip(sides, places, strict=True)), default=m.dot)),
        m.even(max((s + x for s, x in zip(sides, places, strict=True)), default=m.dot)),
        up,
        down,
        reach,
    )


def _lean(vectors: int, lateral: tuple[int, int]) -> int:
    """−1 where vectors hang at the left, 1 at the right, 0 in the middle."""
    left, right = lateral
    if not vectors:
        return 0
    return -1 if right > 1 >= left else 1 if left > 1 >= right else 0


def _middle(row: Sequence[int], centres: Sequence[float], ends: set[int]) -> float:
    """What comes straight below the dot: the middle of the ends, else of everything."""
    chosen = [x for v, x in zip(row, centres, strict=True) if v in ends] or centres
    return fsum(chosen) / len(chosen) if chosen else 0.0


def _vector(component: Component, vertex: int, m: Metrics) -> Body:
    return body_of(component.box(vertex), Legs(hung=(0,)), m, _nothing, 0.0)


def _nothing(picture: Picture, sides: Sides, alone: bool) -> PlacedPicture:
    return PlacedPicture(picture, 0.0, 0.0, 0.0, 0.0, (), ())
