"""The layout of a diagram: from the model to a place for everything.

A network is drawn in layers from its left end to its right one; parallel strands stand
above each other, vectors hang from dots, ends of variables go down, a ring is closed by
an arc. No two boxes overlap and no wire crosses a box, by construction, and the same
model has the same layout always.

>>> from indexcalc.diagrams.spec import model_of_spec
>>> layout = placed(model_of_spec("ij,j->i", ["A", "x"]))
>>> [box.box.label for box in layout.picture.terms[0].boxes]
['A', 'x']
"""

from __future__ import annotations

from collections.abc import Mapping

from ...diagrams.model import Model
from ..faces import shown_name
from ..placed import PlacedModel, Point
from .composition import below_each_other, outer_sides, placed_picture
from .metrics import CHARACTERS, PX, Metrics

__all__ = ["CHARACTERS", "PX", "Metrics", "placed"]


def placed(
    model: Model,
    metrics: Metrics = PX,
    *,
    width: float = 900.0,
    kept: Mapping[str, Point] | None = None,
) -> PlacedModel:
    """The diagram with its geometry; sums go on in a new line beyond `width`.

    `kept` are the centres that boxes had in an earlier drawing, from the corner of
    their network: what is still there keeps its order.
    """
    sides = outer_sides(model.picture.ends)
    picture = placed_picture(model.picture, sides, metrics, width, kept=kept)
    parts = [
        (
            shown_name(name),
            placed_picture(part, outer_sides(part.ends), metrics, width, kept=kept),
        )
        for name, part in model.parts
    ]
    top = picture.height + 2 * metrics.row_gap
    found, texts, bottom = below_each_other(parts, metrics, top)
    wide = max([picture.width, *(p.x + p.width for p in found)])
    high = bottom - 2 * metrics.row_gap if parts else picture.height
    return PlacedModel(model, wide, high, picture, tuple(found), tuple(texts))
