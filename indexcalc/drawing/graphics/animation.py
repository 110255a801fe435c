"""Frames as one animated SVG, which loops by a style sheet alone: no script.

From frame to frame a mark that stays, known by its key or its form, glides to its new
place; one that goes fades first, then one that comes appears. A viewer without
animations, or a reader who prefers no motion, sees the last frame.

>>> from ..scene import Circle
>>> dot = Scene(9, 9, (Circle(4, 4, 3, "dot"),))
>>> "@keyframes" in animated_svg([(dot, "one"), (dot, "two")])
True
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement

from ..faces import harmless
from ..options import positive
from ..scene import Mark, Point, Scene
from ..scenes.alignment import Places, aligned, form_of, places_of
from ..scenes.composed import CAPTION_FONT, MARGIN, NARROWEST, text_lines
from ..scenes.marks import all_moved
from .svg import (
    dark_sheet,
    elements,
    frame_element,
    ground,
    identity,
    number,
    svg_written,
)
from .themes import theme_named

_HERE: Point = (0.0, 0.0)

#: The part of a frame's time in which it turns into the next, and an instant.
_TURN, _INSTANT = 0.36, 0.01


@dataclass(frozen=True, slots=True)
class _Times:
    """When a frame is there, in per cent of the whole loop: it comes from `start` to
    `there` and goes from `leaves` to `gone`."""

    start: float
    there: float
    leaves: float
    gone: float


@dataclass(frozen=True, slots=True)
class _Part:
    """A mark of frame `frame`: whence it comes and whither it goes, from its place;
    None where it appears or disappears."""

    frame: int
    mark: Mark
    come: Point | None
    go: Point | None

    @property
    def way(self) -> str:
        """The class of marks that come and go as it does."""
        stays = (self.come is not None, self.go is not None)
        return f"f{self.frame}{'s' if stays[0] else 'n'}{'s' if stays[1] else 'n'}"

    @property
    def moves(self) -> bool:
        """Whether it is ever elsewhere."""
        steps = (self.come or _HERE, self.go or _HERE)
        return any(abs(part) > 0.3 for step in steps for part in step)


def animated_svg(
    frames: Sequence[tuple[Scene, str]],
    seconds: float = 1.6,
    theme: str = "light",
    background: str | None = None,
) -> str:
    """The frames one after another, each for so many seconds, its caption under it."""
    chosen = theme_named(theme)
    each = positive("seconds", seconds, 1.6)
    shown = captioned(frames)
    width, height = (shown[0].width, shown[0].height) if shown else (1.0, 1.0)
    ident = identity(shown, each, theme, background)
    root = frame_element(width, height, ident, "Derivation in pictures")
    said = harmless(" ".join(caption for _, caption in frames if caption))
    SubElement(root, "desc", {"id": f"{ident}-d"}).text = said
    style = SubElement(root, "style")
    rules = [dark_sheet(chosen, ident)] if chosen.dark else []
    root.extend(ground(chosen, background))
    for k in range(len(shown)):
        drawn, moves = _frame(_parts(shown, k), _times(k, len(shown)), ident, theme)
        root.append(drawn)
        rules += moves if len(shown) > 1 else []
    if len(shown) > 1:
        rules.append(_timing(ident, each * len(shown)))
    style.text = "".join(rules)
    _still(root)
    return svg_written(root)


def captioned(frames: Sequence[tuple[Scene, str]]) -> tuple[Scene, ...]:
    """The scenes of one size, each with its caption under it."""
    scenes = aligned([scene for scene, _ in frames])
    if not scenes:
        return ()
    wide = max(scenes[0].width, NARROWEST + 2 * MARGIN)
    lines = [text_lines([caption], wide - 2 * MARGIN) for _, caption in frames]
    most = max(map(len, lines))
    depth = scenes[0].height + 1.4 * CAPTION_FONT * most + MARGIN
    aside = (wide - scenes[0].width) / 2
    return tuple(
        Scene(
            wide,
            depth,
            (
                *all_moved(scene.marks, aside, 0.0),
                *all_moved(below, wide / 2, scene.height + 0.7 * CAPTION_FONT),
            ),
            scene.title,
            scene.description,
        )
        for scene, below in zip(scenes, lines, strict=True)
    )


def _parts(shown: Sequence[Scene], k: int) -> list[_Part]:
    """The marks of a frame, with where they are in the frames beside it."""
    here = places_of(shown[k].marks)
    before = places_of(shown[k - 1].marks) if k else {}
    after = places_of(shown[k + 1].marks) if k + 1 < len(shown) else {}
    return [
        _Part(k, mark, _step(mark, here, before), _step(mark, here, after))
        for mark in shown[k].marks
    ]


def _step(mark: Mark, here: Places, there: Places) -> Point | None:
    form = form_of(mark)
    if form not in here or form not in there:
        return None
    return (there[form][0] - here[form][0], there[form][1] - here[form][1])


def _frame(
    parts: Sequence[_Part], times: _Times, ident: str, theme: str
) -> tuple[Element, list[str]]:
    """A frame's element, and the rules by which its marks come, go and glide."""
    drawn, rules = Element("g"), {}
    for way, run in groupby(parts, key=lambda part: part.way):
        group = SubElement(drawn, "g", {"class": f"f {way}"})
        for part in run:
            (element,) = elements([part.mark], theme)
            rules[way] = _fading(ident, part, times)
            if part.moves:
                name = f"m{part.frame}-{len(rules)}"
                group.append(_wrapped(element, name))
                rules[name] = _gliding(ident, name, part, times)
            else:
                group.append(element)
    return drawn, list(rules.values())


def _wrapped(element: Element, name: str) -> Element:
    found = Element("g", {"class": f"m {name}"})
    found.append(element)
    return found


def _still(root: Element) -> None:
    """All frames but the last hidden, where there are no style sheets."""
    frames = [child for child in root if child.tag == "g"]
    for frame in frames[:-1]:
        for group in frame:
            group.set("opacity", "0")


# -- rules -----------------------------------------------------------------------------


def _times(k: int, count: int) -> _Times:
    each = 100 / count
    turn = _TURN * each
    return _Times(k * each, k * each + turn, (k + 1) * each, (k + 1) * each + turn)


def _fading(ident: str, part: _Part, times: _Times) -> str:
    """What stays is there until its successor has its place."""
    half = (times.there - times.start) / 2
    begin = times.start + half if part.come is None else times.there - _INSTANT
    end = times.leaves + half if part.go is None else times.gone + _INSTANT
    stays = times.leaves if part.go is None else times.gone
    if times.gone > 100:
        stops = {0.0: 1, half: 0, begin: 0, times.there: 1, 100.0: 1}
    else:
        stops = {0.0: 0, begin: 0, times.there: 1, stays: 1, end: 0, 100.0: 0}
    return _keyframes(
        ident, part.way, {at: f"opacity:{value}" for at, value in stops.items()}
    )


def _gliding(ident: str, name: str, part: _Part, times: _Times) -> str:
    come, go = part.come or _HERE, part.go or _HERE
    stops = {times.start: come, times.there: _HERE, times.leaves: _HERE}
    if times.gone > 100:
        # Where the loop begins again the last frame fades in its place.
        faded = times.gone - 100
        stops = {0.0: _HERE, faded: _HERE, faded + _INSTANT: come} | stops
    else:
        stops = {0.0: come} | stops | {times.gone: go, 100.0: go}
    moves = {
        at: f"transform:translate({number(x)}px,{number(y)}px)"
        for at, (x, y) in stops.items()
    }
    return _keyframes(ident, name, moves)


def _keyframes(ident: str, name: str, stops: Mapping[float, str]) -> str:
    body = "".join(f"{number(at)}%{{{look}}}" for at, look in sorted(stops.items()))
    full = f"{ident}-{name}"
    return f"@keyframes {full}{{{body}}}#{ident} .{name}{{animation-name:{full}}}"


def _timing(ident: str, seconds: float) -> str:
    long = number(max(0.1, seconds))
    look = f"animation-duration:{long}s;animation-iteration-count:infinite"
    still = f"#{ident} .f,#{ident} .m{{animation:none}}"
    return (
        f"#{ident} .f,#{ident} .m{{{look};animation-timing-function:ease-in-out}}"
        f"@media (prefers-reduced-motion:reduce){{{still}}}"
        f"@media print{{{still}}}"
    )
