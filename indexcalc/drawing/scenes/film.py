"""The frames of a derivation as scenes: what stays keeps its place.

The last frame is laid out first, and each other with the positions that its boxes have
in the frames after it: so a box is where its loop will want it. Who shows the frames
lays them over one another (`alignment`).

>>> from indexcalc.diagrams.spec import model_of_spec
>>> first, second = (model_of_spec(spec, ["A", "x"]) for spec in ("ij,j->i", "ij,k->i"))
>>> len(stacked([(scene, "") for scene in film_scenes([first, second])]).marks) > 4
True
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from ...diagrams.model import Box, Model, networks
from ..faces import harmless
from ..layout.placing import placed
from ..options import only, positive
from ..placed import PlacedBox, PlacedModel, PlacedPicture, Point
from ..scene import Label, Mark, Scene
from .alignment import aligned
from .composed import CAPTION_FONT, MARGIN, scene_of
from .marks import all_moved, extent

#: Space between the frames of a strip, and the height of the caption over each.
BETWEEN, HEADING = 28.0, 28.0


def film_scenes(
    models: Sequence[Model], *, width: float = 900.0, **options: Any
) -> list[Scene]:
    """A scene a model; the options are those of `scene_of`.

    Raises `UnsupportedError` for a width that is no number above 0 and for an option
    that there is not.
    """
    wide = positive("width", width, 900)
    only(options, ("width", "legend", "labels", "caption"), "a film")
    scenes: list[Scene] = []
    kept: dict[str, Point] = {}
    for model in reversed(models):
        known = kept | _frames_kept(model, kept)
        layout = placed(model, width=wide, kept=known or None)
        kept |= centres(layout)
        scenes.append(scene_of(layout, **options))
    return scenes[::-1]


def centres(layout: PlacedModel) -> dict[str, Point]:
    """The centre of every box by its id, from the corner of its network."""
    found: dict[str, Point] = {}
    stack: list[PlacedPicture] = [layout.picture, *layout.parts]
    while stack:
        for term in stack.pop().terms:
            for box in term.boxes:
                found[box.box.id] = _centre(box, term.x, term.y)
                stack += box.contents
    return found


def _frames_kept(model: Model, kept: Mapping[str, Point]) -> dict[str, Point]:
    """Where a new frame goes: to the middle of what it holds."""
    found: dict[str, Point] = {}
    for network in networks(model):
        for box in network.boxes:
            inner = [kept[name] for name in _ids_inside(box) if name in kept]
            if inner and box.id not in kept:
                found[box.id] = (
                    fmean(x for x, _ in inner),
                    fmean(y for _, y in inner),
                )
    return found


def _ids_inside(box: Box) -> list[str]:
    """The ids of all boxes in a frame."""
    stack, found = list(box.contents), []
    while stack:
        for _, network in stack.pop().terms:
            for inner in network.boxes:
                found.append(inner.id)
                stack += inner.contents
    return found


def _centre(box: PlacedBox, x: float, y: float) -> Point:
    return (box.x + box.width / 2 - x, box.y + box.height / 2 - y)


def stacked(frames: Sequence[tuple[Scene, str]]) -> Scene:
    """The frames one under another, each below its caption."""
    marks: list[Mark] = []
    y = MARGIN
    scenes = aligned([scene for scene, _ in frames])
    for scene, (_, caption) in zip(scenes, frames, strict=True):
        heading = Label(MARGIN, y + 8, harmless(caption), "caption", CAPTION_FONT)
        marks.append(replace(heading, anchor="start"))
        _, top, _, bottom = extent(scene.marks)
        marks += all_moved(scene.marks, MARGIN, y + HEADING - top)
        y += HEADING + bottom - top + BETWEEN
    _, _, right, bottom = extent(marks)
    told = " ".join(caption for _, caption in frames)
    size = (round(right + MARGIN, 2), round(bottom + MARGIN, 2))
    return Scene(*size, tuple(marks), "Derivation", told)
