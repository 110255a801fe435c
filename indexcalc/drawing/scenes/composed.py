"""A placed diagram as a scene: the look of everything.

A picture is drawn from the back to the front: frames, wires, boxes, dots, what stands
in the frames, and last the labels, each where there is room. Under the drawing stand a
line that says whose axes are whose, a caption, and, if wanted, a legend of the marks in
use.

>>> from ...diagrams.model import Model, Picture
>>> from ..placed import PlacedEnd, PlacedModel, PlacedPicture, PlacedText
>>> zero = Picture((), ())
>>> text = PlacedText("0", 10, 10, "zero")
>>> placed = PlacedPicture(zero, 0, 0, 20, 20, (), (text,))
>>> [mark.text for mark in scene_of(PlacedModel(Model(zero), 20, 20, placed)).marks]
['0']
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..faces import FRAMES, face_of, fitted, harmless, text_width
from ..options import LABELS, chosen, switch, words
from ..placed import PlacedEnd, PlacedModel, PlacedNetwork, PlacedPicture, PlacedText
from ..scene import Label, Mark, Scene
from .box_marks import box_group, loop_label, loop_marks
from .end_marks import end_marks, group_marks, inner_end_label, stops_within
from .free_space import Wanted, with_room
from .legend import legend_marks
from .marks import all_moved, extent
from .numbers import number_marks
from .strands import Naming, Strand, free_strands, inner_strands, strands_of
from .wire_marks import Wiring, dot_marks, wanted_labels, wire_marks
from .wording import axes_note, description

#: The space round a drawing and between it and the lines under it; their font.
MARGIN, UNDER, CAPTION_FONT = 10.0, 14.0, 13.0

#: Captions are broken to the width of the drawing, or to this where it is narrower.
NARROWEST = 320.0


@dataclass(slots=True)
class _Drawn:
    """A drawing being made: its marks, the labels that have few places to stand in,
    the others, and the indices that a dot names."""

    variables: frozenset[str]
    labels: str
    naming: Naming = field(default_factory=Naming)
    marks: list[Mark] = field(default_factory=list)
    fixed: list[Wanted] = field(default_factory=list)
    wanted: list[Wanted] = field(default_factory=list)
    named: set[str] = field(default_factory=set)


def scene_of(
    placed: PlacedModel,
    *,
    legend: bool = False,
    labels: str = "dots",
    caption: str = "",
) -> Scene:
    """The scene of a placed diagram.

    `labels`: "dots" names every index that no free end names, once; "all" names every
    wire; "none" nothing but the free ends.
    """
    model, said = placed.model, words("caption", caption)
    drawn = _Drawn(
        frozenset(model.variables), chosen("choice of labels", labels, LABELS)
    )
    for picture in (placed.picture, *placed.parts):
        _draw_outermost(drawn, picture)
    for written in placed.texts:
        drawn.marks += _text_marks(written)
    wanted = (*drawn.fixed, *drawn.wanted)
    marks = [*drawn.marks, *with_room(wanted, drawn.marks)]
    below = [line for line in (axes_note(model), said) if line]
    return composed(
        marks,
        below,
        title=said or "Contraction diagram",
        description=description(model),
        legend=switch("legend", legend),
    )


def composed(
    marks: Sequence[Mark],
    below: Iterable[str] = (),
    *,
    title: str = "",
    description: str = "",
    legend: bool = False,
) -> Scene:
    """A scene that fits the marks, with lines of text and a legend under them."""
    left, _, right, _ = extent(marks)
    wide = max(right - left, NARROWEST)
    rows = [marks, text_lines(below, wide), legend_marks(marks, wide) if legend else ()]
    return _stacked([row for row in rows if row], title, description)


def text_lines(below: Iterable[str], wide: float) -> tuple[Mark, ...]:
    """Lines of text, centred on x = 0."""
    lines = [part for line in below for part in broken(line, wide)]
    step = 1.4 * CAPTION_FONT
    return tuple(
        Label(0.0, k * step, line, "caption", CAPTION_FONT)
        for k, line in enumerate(lines)
    )


def _stacked(rows: Sequence[Sequence[Mark]], title: str, description: str) -> Scene:
    """Rows of marks one under another, each in the middle."""
    extents = [extent(row) for row in rows]
    wide = max((right - left for left, _, right, _ in extents), default=0.0)
    found: list[Mark] = []
    depth = MARGIN
    for row, (left, top, right, bottom) in zip(rows, extents, strict=True):
        aside = MARGIN + (wide - (right - left)) / 2 - left
        found += all_moved(row, aside, depth - top)
        depth += bottom - top + UNDER
    height = depth - (UNDER if rows else 0.0) + MARGIN
    width = wide + 2 * MARGIN
    return Scene(round(width, 2), round(height, 2), tuple(found), title, description)


def broken(text: str, width: float, font: float = CAPTION_FONT) -> list[str]:
    """A text in lines of at most a width; longer words are cut.

    >>> broken("a bb ccc", 25.0)
    ['a', 'bb', 'ccc']
    """
    lines: list[str] = []
    for word in harmless(text).split(" "):
        shown = fitted(word, font, width)[0] if word else word
        longer = f"{lines[-1]} {shown}" if lines else shown
        if lines and text_width(longer, font) <= width:
            lines[-1] = longer
        else:
            lines.append(shown)
    return lines


# -- pictures --------------------------------------------------------------------------


def _draw_outermost(drawn: _Drawn, placed: PlacedPicture) -> None:
    outside = free_strands(placed.picture, drawn.naming)
    free = frozenset(strand.index for strand in outside.values())
    ends = [(end, _index_of(end, outside)) for net in placed.terms for end in net.ends]
    for end, index in ends:
        drawn.marks += end_marks(end, index)
    named = frozenset(end.number for end, _ in ends)
    _draw_picture(drawn, placed, outside, free, named)
    for end, index in ends:
        drawn.marks += group_marks(end, index)


def _index_of(end: PlacedEnd, outside: Mapping[tuple[int, int], Strand]) -> str:
    strand = outside.get((end.number, 0))
    return strand.index if strand and len(end.end.names) == 1 else end.end.name


def _draw_picture(
    drawn: _Drawn,
    placed: PlacedPicture,
    outside: Mapping[tuple[int, int], Strand],
    free: frozenset[str],
    named: frozenset[int],
) -> None:
    for written in placed.texts:
        drawn.marks += _text_marks(written)
    for network in placed.terms:
        # The wires of a zero are in its drawing only.
        wires = tuple(wire.wire for wire in network.wires)
        whole = replace(network, network=replace(network.network, wires=wires))
        strands = strands_of(whole.network, outside, drawn.naming)
        ends = placed.picture.ends
        wiring = Wiring(whole, strands, ends, drawn.labels, free, named)
        _draw_network(drawn, wiring)


def _draw_network(drawn: _Drawn, wiring: Wiring) -> None:
    placed = wiring.placed
    framed = [face_of(box.box).form in FRAMES for box in placed.boxes]
    groups = [box_group(box, drawn.variables) for box in placed.boxes]
    pairs = list(zip(groups, framed, strict=True))
    drawn.marks += [group for group, frame in pairs if frame]
    drawn.marks += wire_marks(wiring)
    drawn.marks += [foot for box in placed.boxes for foot in loop_marks(box)]
    drawn.marks += [group for group, frame in pairs if not frame]
    drawn.marks += dot_marks(wiring)
    drawn.fixed += [label for box in placed.boxes for label in loop_label(box)]
    drawn.wanted += wanted_labels(wiring, drawn.named)
    _draw_contents(drawn, placed, wiring)


def _draw_contents(drawn: _Drawn, placed: PlacedNetwork, wiring: Wiring) -> None:
    for number, box in enumerate(placed.boxes):
        if not box.contents:
            continue
        inner = inner_strands(
            box.box, number, wiring.network, wiring.strands, drawn.naming
        )
        for content, outside in zip(box.contents, inner, strict=True):
            ends = [end for network in content.terms for end in network.ends]
            for end in ends:
                index = _index_of(end, outside)
                labels = list(inner_end_label(end, box, index))
                drawn.fixed += labels
                drawn.named.update(index for _ in labels)
            named = frozenset(end.number for end in ends if stops_within(end, box))
            _draw_picture(drawn, content, outside, wiring.free, named)
            for end in ends:
                drawn.marks += group_marks(end, _index_of(end, outside))


def _text_marks(text: PlacedText) -> tuple[Mark, ...]:
    if text.role == "part":
        shown, size = fitted(harmless(text.text))
        return (Label(text.x, text.y, shown, "name", size),)
    return number_marks(harmless(text.text), text.x, text.y)
