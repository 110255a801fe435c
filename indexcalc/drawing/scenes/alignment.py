"""Frames laid over one another so that what stays in a drawing stays in its place.

Groups carry keys; each frame is put where its groups lie, in the middle, as they lie in
the frame before. All frames come out of one size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median
from typing import TypeAlias

from ..scene import Circle, Group, Label, Mark, Path, Point, Rect, Scene
from .marks import all_moved, anchor

#: How far a frame may drift from the middle, as a part of the widest frame.
_DRIFT = 0.5


def aligned(scenes: Sequence[Scene]) -> tuple[Scene, ...]:
    """The scenes, moved and of one size.

    >>> from ..scene import Circle
    >>> small = Scene(10, 10, (Group((Circle(5, 5, 2, "dot"),), key="a"),))
    >>> large = Scene(30, 20, (Group((Circle(20, 10, 2, "dot"),), key="a"),))
    >>> [(s.width, s.marks[0].marks[0].x) for s in aligned((small, large))]
    [(30.0, 20.0), (30.0, 20.0)]
    """
    if not scenes:
        return ()
    offsets = [(0.0, 0.0)]
    for before, after in pairwise(scenes):
        x, y = offsets[-1]
        dx, dy = _step(before, after)
        offsets.append((x + dx, y + dy))
    left, top = (min(offset[axis] for offset in offsets) for axis in (0, 1))
    placed = [(x - left, y - top) for x, y in offsets]
    width = max(s.width + x for s, (x, _) in zip(scenes, placed, strict=True))
    height = max(s.height + y for s, (_, y) in zip(scenes, placed, strict=True))
    return tuple(
        replace(scene, width=width, height=height, marks=all_moved(scene.marks, x, y))
        for scene, (x, y) in zip(scenes, placed, strict=True)
    )


def keyed(marks: Iterable[Mark]) -> dict[str, Point]:
    """Where the groups with a key lie."""
    groups = (mark for mark in marks if isinstance(mark, Group))
    return {group.key: anchor(group) for group in groups if group.key}


#: Where marks lie, by their form.
Form: TypeAlias = tuple[object, ...]
Places: TypeAlias = dict[Form, Point]


def form_of(mark: Mark) -> Form:
    """By what a mark is known in another frame: its key, or all but its place."""
    match mark:
        case Group(key=str(key)) if key:
            return ("key", key)
        case Group():
            return ("group", mark.title, *map(form_of, mark.marks))
        case Path():
            points = [p for piece in mark.pieces for p in piece]
            x, y = mark.start
            drawn = [(round(a - x, 1), round(b - y, 1)) for a, b in points]
            return ("path", mark.role, mark.title, *drawn)
        case Circle():
            return ("circle", mark.role, mark.title, mark.radius)
        case Rect():
            return ("rect", mark.role, mark.title, mark.width, mark.height)
        case Label():
            return ("label", mark.role, mark.text, mark.size)


def places_of(marks: Sequence[Mark]) -> Places:
    """Where the marks lie whose form no other has."""
    counted = Counter(map(form_of, marks))
    return {
        form_of(mark): _place(mark) for mark in marks if counted[form_of(mark)] == 1
    }


def _place(mark: Mark) -> Point:
    match mark:
        case Group():
            return anchor(mark)
        case Path():
            return mark.start
        case _:
            return (mark.x, mark.y)


def _step(before: Scene, after: Scene) -> Point:
    """How far to move a scene for its groups to lie as they did."""
    old, new = keyed(before.marks), keyed(after.marks)
    shared = [key for key in new if key in old]
    if not shared:
        return ((before.width - after.width) / 2, (before.height - after.height) / 2)
    dx = median([old[key][0] - new[key][0] for key in shared])
    dy = median([old[key][1] - new[key][1] for key in shared])
    return (_bounded(dx, before, after), _bounded(dy, before, after))


def _bounded(step: float, before: Scene, after: Scene) -> float:
    most = _DRIFT * max(before.width, after.width)
    return max(-most, min(most, step))
