"""The frames of a derivation as scenes: what stays keeps its place.

A frame is laid out with the positions that its boxes had in the frame before, and then
moved as a whole so that the boxes that both show lie on one another. All frames have
the size of the largest.

>>> from indexcalc.diagrams.spec import model_of_spec
>>> one, two = (model_of_spec(spec, ["A", "x"]) for spec in ("ij,j->i", "ij,k->ijk"))
>>> first, second = film_scenes([one, two])
>>> (first.width, first.height) == (second.width, second.height)
True
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from ..diagrams.model import Model
from .faces import harmless
from .layout import placed
from .marks import all_moved, anchor, extent
from .placed import PlacedBox, PlacedModel, PlacedPicture, Point
from .scene import Group, Label, Mark, Scene
from .scenes import scene_of

#: Space round the frames, and between them in a strip.
MARGIN, BETWEEN, HEADING = 10.0, 26.0, 14.0


def film_scenes(
    models: Sequence[Model], *, width: float = 900.0, **options: Any
) -> list[Scene]:
    """A scene a model, aligned; the options are those of `scene_of`."""
    scenes: list[Scene] = []
    kept: dict[str, Point] = {}
    for model in models:
        layout = placed(model, width=width, kept=kept or None)
        kept = kept | centres(layout)
        scene = scene_of(layout, **options)
        scenes.append(_aligned(scene, scenes[-1]) if scenes else scene)
    return _one_size(scenes)


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


def _centre(box: PlacedBox, x: float, y: float) -> Point:
    return (box.x + box.width / 2 - x, box.y + box.height / 2 - y)


def _aligned(scene: Scene, before: Scene) -> Scene:
    """A scene moved so that what the one before shows too lies where it lay."""
    here, there = _anchors(scene.marks), _anchors(before.marks)
    both = [key for key in here if key in there]
    if not both:
        return scene
    dx = median(there[key][0] - here[key][0] for key in both)
    dy = median(there[key][1] - here[key][1] for key in both)
    return replace(scene, marks=all_moved(scene.marks, dx, dy))


def _anchors(marks: Sequence[Mark]) -> dict[str, Point]:
    """Where every group with a key is."""
    return {group.key: anchor(group) for group in _groups(marks) if group.key}


def _groups(marks: Sequence[Mark]) -> Iterator[Group]:
    for mark in marks:
        if isinstance(mark, Group):
            yield mark
            yield from _groups(mark.marks)


def _one_size(scenes: Sequence[Scene]) -> list[Scene]:
    """The scenes on sheets of one size, moved alike."""
    if not scenes:
        return []
    extents = [extent(scene.marks) for scene in scenes]
    left, top = (min(e[k] for e in extents) - MARGIN for k in (0, 1))
    right, bottom = (max(e[k] for e in extents) + MARGIN for k in (2, 3))
    return [
        replace(
            scene,
            width=right - left,
            height=bottom - top,
            marks=all_moved(scene.marks, -left, -top),
        )
        for scene in scenes
    ]


def stacked(frames: Sequence[tuple[Scene, str]]) -> Scene:
    """The frames one under another, each below its caption."""
    marks: list[Mark] = []
    y = MARGIN
    for scene, caption in frames:
        heading = Label(MARGIN, y + HEADING / 2, harmless(caption), "caption", 13.0)
        marks.append(replace(heading, anchor="start"))
        y += HEADING + MARGIN
        _, top, _, bottom = extent(scene.marks)
        marks += all_moved(scene.marks, MARGIN, y - top)
        y += bottom - top + BETWEEN
    _, _, right, bottom = extent(marks)
    return Scene(
        right + MARGIN,
        bottom + MARGIN,
        tuple(marks),
        "Derivation",
        " ".join(caption for _, caption in frames),
    )
