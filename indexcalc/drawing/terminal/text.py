"""A diagram in characters, for a terminal.

Boxes, dots and ends stand where the layout has them; wires find their way between them
over the cells. Where one finds none, columns and rows are put in there and all is drawn
again, so a wire is never left out and never runs over another.

>>> from indexcalc.diagrams.build import model_of
>>> from indexcalc.expr import einsum, tensor
>>> A, x = tensor("A", ("m", "n")), tensor("x", ("n",))
>>> print(terminal_text(model_of(einsum([(A, (0, 1)), (x, (1,))], [0]))))
i m ───┨A├─(x)
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Self

from ...diagrams.model import Model, Place
from ...errors import BudgetError
from ..faces import FRAMES, end_label, face_of, harmless, sizes_label
from ..layout.metrics import CHARACTERS, Metrics
from ..layout.placing import placed
from ..placed import (
    PlacedBox,
    PlacedEnd,
    PlacedModel,
    PlacedNetwork,
    PlacedPicture,
    PlacedText,
    PlacedWire,
)
from .boxes import WAY, draw_box
from .grid import (
    ASCII,
    BACK,
    DOWN,
    LEFT,
    LEVEL,
    RIGHT,
    UNICODE,
    UP,
    UPRIGHT,
    WAYS,
    Cell,
    Sheet,
    Wall,
    Writing,
    beyond,
    columns,
    cut,
)
from .names import name_dot, name_stub
from .plain import plain_way
from .routes import Effort, Region, Room, Step, draw, join, routed
from .spread import Spread, whole

#: The longest name that is written in full.
LONGEST = 24

#: How often room is made for wires that find no way, and how many steps are looked at
#: to find them.
TRIES, EFFORT = 12, 150_000

#: The most cells of a drawing in characters.
SHEET_LIMIT = 200_000


def terminal_text(model: Model, *, width: int = 100, unicode: bool = True) -> str:
    """The diagram in lines of a width; without `unicode`, in ASCII.

    Sums are broken between their terms. A product, and what is in a frame, is not, so
    the lines of a long one are longer than the width.

    Raises `BudgetError` for more than `SHEET_LIMIT` characters.
    """
    writing = UNICODE if unicode else ASCII
    drawing = placed(model, metrics_for(writing), width=width)
    if drawing.width * drawing.height > SHEET_LIMIT:
        raise BudgetError(
            f"a drawing of more than {SHEET_LIMIT:,} characters",
            hint="draw it as SVG, or a part of the expression at a time",
        )
    return finished(drawing, writing).sheet.text()


def finished(drawing: PlacedModel, writing: Writing) -> Draft:
    """The sheet on which every wire has found its way; those for which none was found
    with the effort that a drawing is worth go plainly."""
    spread, effort = Spread(_kept_together(drawing, writing)), Effort(EFFORT)
    for attempt in range(TRIES):
        draft = Draft(Sheet(writing), spread, effort)
        stuck = draft.drawn(drawing)
        if not stuck or not effort.left or attempt == TRIES - 1:
            break
        for wire in stuck:
            spread.widen(wire.placed)
    for wire in stuck:
        draft.plainly(wire)
    return draft.dots_named(drawing)


def metrics_for(writing: Writing) -> Metrics:
    """The measures of the layout: names are cut, numbers are not."""

    def measure(text: str) -> float:
        return float(columns(writing.spelled(_short(text))))

    return replace(CHARACTERS, measure=measure, small=measure)


def _short(text: str) -> str:
    return text if text[:1].isdigit() or text[:1] in "(-−" else cut(text, LONGEST)


# -- room for wires --------------------------------------------------------------------


def _kept_together(drawing: PlacedModel, writing: Writing) -> frozenset[int]:
    """The columns before which nothing may be put in."""
    found: set[int] = set()
    for box in (box for net in networks_of(drawing) for box in net.boxes):
        if not _is_frame(box):
            found |= set(range(whole(box.x) + 1, whole(box.x + box.width)))
    for text in texts_of(drawing):
        first, width = _first(text, writing)
        found |= set(range(first + 1, first + width))
    return frozenset(found)


def _is_frame(box: PlacedBox) -> bool:
    return face_of(box.box).form in FRAMES and bool(box.contents)


def _first(text: PlacedText, writing: Writing) -> tuple[int, int]:
    """The first column and the width of a text."""
    width = columns(writing.spelled(harmless(text.text)))
    return whole(text.x - (width - 1) / 2 - 0.01), width


def pictures_of(drawing: PlacedModel) -> Iterator[PlacedPicture]:
    """Every picture, those in frames too."""
    waiting = [drawing.picture, *drawing.parts]
    while waiting:
        picture = waiting.pop(0)
        yield picture
        waiting += [c for n in picture.terms for b in n.boxes for c in b.contents]


def networks_of(drawing: PlacedModel) -> Iterator[PlacedNetwork]:
    """Every product, those in frames last."""
    yield from outermost_of(drawing)
    yield from framed_of(drawing)


def outermost_of(drawing: PlacedModel) -> list[PlacedNetwork]:
    """The products of the picture and of the parts."""
    outermost = (drawing.picture, *drawing.parts)
    return [network for picture in outermost for network in picture.terms]


def framed_of(drawing: PlacedModel) -> Iterator[PlacedNetwork]:
    """The products in frames; ends that reach the border of theirs lie on it."""
    waiting = list(outermost_of(drawing))
    while waiting:
        for box in waiting.pop(0).boxes:
            for picture in box.contents:
                yield from (_on_border(network, box) for network in picture.terms)
                waiting += picture.terms


def _on_border(network: PlacedNetwork, frame: PlacedBox) -> PlacedNetwork:
    ends = tuple(_snapped(end, frame) for end in network.ends)
    return replace(network, ends=ends)


def _snapped(end: PlacedEnd, frame: PlacedBox) -> PlacedEnd:
    """An end on the border of a frame, where it is not further from it than a cell."""
    right, bottom = frame.x + frame.width - 1, frame.y + frame.height - 1
    match end.side:
        case "left" if abs(end.x - frame.x) <= 1:
            return replace(end, x=frame.x)
        case "right" if abs(end.x - right) <= 1:
            return replace(end, x=right)
        case "top" if abs(end.y - frame.y) <= 1:
            return replace(end, y=frame.y)
        case "bottom" if abs(end.y - bottom) <= 1:
            return replace(end, y=bottom)
    return end


def texts_of(drawing: PlacedModel) -> Iterator[PlacedText]:
    """Every sign, coefficient and name."""
    yield from drawing.texts
    for picture in pictures_of(drawing):
        yield from picture.texts


# -- one try ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Run:
    """A wire of a network from one place to the other, and where it may go."""

    network: PlacedNetwork
    placed: PlacedWire
    one: Place
    two: Place
    room: Room


@dataclass(slots=True)
class Draft:
    """A sheet being filled: things first, then wires, each of a net of its own or of
    the dot that it joins."""

    sheet: Sheet
    where: Spread
    effort: Effort
    nets: int = 0

    def drawn(self, drawing: PlacedModel) -> list[Run]:
        """Draws all; the wires that found no way."""
        for text in texts_of(drawing):
            self._text(text)
        for network in networks_of(drawing):
            self._things(network)
        for network in outermost_of(drawing):
            for end in network.ends:
                self._named(end)
        for network in framed_of(drawing):
            self._stubs(network)
        return [run for network in networks_of(drawing) for run in self._wires(network)]

    def dots_named(self, drawing: PlacedModel) -> Self:
        """With a name at every dot of three wires or more, unless an end says it."""
        outermost = outermost_of(drawing)
        free = {name for network in outermost for name in _end_names(network)}
        for network in outermost:
            self._dots_named(network, free)
        for network in framed_of(drawing):
            told = _end_names(network) if len(network.ends) > 1 else set()
            self._dots_named(network, free | told)
        return self

    def _dots_named(self, network: PlacedNetwork, known: Container[str]) -> None:
        legs = Counter(p for w in network.network.wires for p in w.places)
        for number, placed_dot in enumerate(network.dots):
            name = placed_dot.dot.name
            if legs["dot", number, 0] > 2 and name not in known:
                cell = self.where((placed_dot.x, placed_dot.y))
                name_dot(self.sheet, cell, harmless(name))

    def _text(self, text: PlacedText) -> None:
        first, _ = _first(text, self.sheet.writing)
        self.sheet.write(*self.where((first, text.y)), harmless(text.text))

    def _things(self, network: PlacedNetwork) -> None:
        for box in network.boxes:
            draw_box(self.sheet, box, self.where)
        for dot in network.dots:
            self.sheet.dots[self.where((dot.x, dot.y))] = 0
        wired = {p[:2] for wire in network.network.wires for p in wire.places}
        for number, dot in enumerate(network.dots):
            if ("dot", number) not in wired:
                x, y = self.where((dot.x, dot.y))
                self.sheet.write(x + 1, y, sizes_label([dot.dot.size]))
        for end in network.ends:
            if end.wedge is not None:
                self._group(end)

    # -- ends

    def _named(self, end: PlacedEnd) -> None:
        """The name and the size of an end, beyond its tip."""
        tip = self.where((end.x, end.y))
        way = WAY[end.side]
        name, size = (cut(text, LONGEST) for text in end_label(end.end))
        text = self.sheet.writing.spelled(f"{name} {size}" if size else name)
        width = columns(text)
        x, y = tip
        if way & LEVEL:
            first = x + 2 if way == RIGHT else x - 1 - width
            self.sheet.write(first, y, text)
        else:
            below = y + 1 if way == DOWN else y - 1
            self.sheet.write(x - (len(name) - 1) // 2, below, text)

    def _stubs(self, network: PlacedNetwork) -> None:
        """The names of ends that stop within a frame, where there are several."""
        for end in network.ends if len(network.ends) > 1 else ():
            tip = self.where((end.x, end.y))
            if end.wedge is None and tip not in self.sheet.walls:
                name_stub(self.sheet, tip, WAY[end.side], end_label(end.end)[0])

    def _group(self, end: PlacedEnd) -> None:
        """The wedge of a grouped end, and the double wire to its tip; an axis of no
        index, of size 1, is a wire that joins nothing."""
        assert end.wedge is not None
        tip, middle = self.where((end.x, end.y)), self.where(end.wedge)
        way = WAY[end.side]
        along = UPRIGHT if way & LEVEL else LEVEL
        prongs = [cell for cell, _ in self._prongs(end)]
        for cell in _between(min(prongs), max(prongs)) if prongs else ():
            first, last = cell == min(prongs), cell == max(prongs)
            sides = along & ~((UP | LEFT) * first) & ~((DOWN | RIGHT) * last)
            self.sheet.walls[cell] = Wall("wedge", sides or along)
        self.nets += 1
        style = "double" if prongs else "wire"
        join(self.sheet, middle, way, self.nets, style)
        cell = beyond(middle, way)
        while cell != beyond(tip, way) and cell not in self.sheet.walls:
            self.sheet.stroke(cell, self.nets, way | BACK[way], style)
            cell = beyond(cell, way)
        join(self.sheet, cell, BACK[way], self.nets, style)

    def _prongs(self, end: PlacedEnd) -> list[Step]:
        """The cells of a wedge and the ways from which its wires leave, in order."""
        assert end.wedge is not None
        x, y = self.where(end.wedge)
        way = BACK[WAY[end.side]]
        count = len(end.end.names)
        shifts = [2 * k - (count - 1) for k in range(count)]
        return [((x, y + d) if way & LEVEL else (x + d, y), way) for d in shifts]

    def _at_end(self, end: PlacedEnd, port: int) -> Step:
        if end.wedge is not None:
            return self._prongs(end)[port]
        tip = self.where((end.x, end.y))
        way = WAY[end.side]
        taken = tip in self.sheet.walls or tip in self.sheet.marks
        anchor = tip if taken else beyond(tip, way)
        return anchor, BACK[way]

    # -- wires

    def _wires(self, network: PlacedNetwork) -> list[Run]:
        """Draws the wires of a network; those that found no way."""
        first = self.nets + 1
        self.nets += len(network.dots) + len(network.wires)
        lanes = self._lanes(network, first)
        order = sorted(range(len(network.wires)), key=lambda w: _length(network, w))
        runs = [self._run(network, w, first, lanes) for w in order]
        return [run for run in runs if not self._drawn_run(run)]

    def _run(
        self, network: PlacedNetwork, w: int, first: int, lanes: Mapping[Cell, int]
    ) -> Run:
        """A wire from its place that is no dot, where there is one."""
        placed_wire = network.wires[w]
        one, two = sorted(placed_wire.wire.places, key=lambda place: place[0] == "dot")
        dot = (0, 0)
        if two[0] == "dot":
            at = network.dots[two[1]]
            dot = self.where((at.x, at.y))
        net = _net(network, w, first)
        near = self._near(placed_wire)
        room = Room(self._region(network), near, net, dot, lanes, self.effort)
        return Run(network, placed_wire, one, two, room)

    def _drawn_run(self, run: Run) -> bool:
        """Draws a wire; whether it found its way."""
        if run.one == run.two:
            self._stub(run.placed, run.room.net)
            return True
        starts, arriving = (self.steps(run.network, p) for p in (run.one, run.two))
        steps = routed(self.sheet, starts, _reversed(arriving), run.room)
        if steps:
            draw(self.sheet, steps, run.room.net, style_of(run.network, run.placed))
        return bool(steps)

    def plainly(self, run: Run) -> None:
        """Draws a wire on a plain way; at a dot it may join another wire of that."""
        starts, arriving = (self._all_steps(run.network, p) for p in (run.one, run.two))
        steps = plain_way(self.sheet, starts, _reversed(arriving), run.room)
        draw(self.sheet, steps, run.room.net, style_of(run.network, run.placed))

    def _all_steps(self, network: PlacedNetwork, place: Place) -> set[Step]:
        """The steps from a place, those too where a dot has a wire already."""
        kind, number, _ = place
        if kind != "dot":
            return self.steps(network, place)
        dot = network.dots[number]
        return {(self.where((dot.x, dot.y)), way) for way in WAYS}

    def _lanes(self, network: PlacedNetwork, first: int) -> dict[Cell, int]:
        """The cells before the ports and ends of a network, with their nets."""
        found: dict[Cell, int] = {}
        for w, wire in enumerate(network.wires):
            for place in wire.wire.places:
                if place[0] == "dot":
                    continue
                ((cell, way),) = self.steps(network, place)
                near, net = beyond(cell, way), _net(network, w, first)
                found |= {near: net, beyond(near, way): net}
        return found

    def _stub(self, wire: PlacedWire, net: int) -> None:
        """A wire that only shows an end, beside a 0."""
        cells = sorted(self.where(point) for point in wire.points)
        along = LEVEL if cells[0][1] == cells[-1][1] else UPRIGHT
        for cell in _between(cells[0], cells[-1]):
            if cell not in self.sheet.marks:
                self.sheet.stroke(cell, net, along, "wire")

    def steps(self, network: PlacedNetwork, place: Place) -> set[Step]:
        """From where, and which way, a wire may leave a place."""
        kind, number, port = place
        if kind == "box":
            point, side = network.boxes[number].ports[port]
            return {(self.where(point), WAY[side])}
        if kind == "end":
            ends = {end.number: end for end in network.ends}
            return {self._at_end(ends[number], port)}
        dot = network.dots[number]
        cell = self.where((dot.x, dot.y))
        return {(cell, way) for way in WAYS if not self.sheet.dots[cell] & way}

    def _region(self, network: PlacedNetwork) -> Region:
        left, top = self.where((network.x, network.y))
        right, bottom = self.where(
            (network.x + network.width, network.y + network.height)
        )
        return left - 1, top - 1, right + 1, bottom + 1

    def _near(self, wire: PlacedWire) -> frozenset[Cell]:
        """The cells where the layout has a wire."""
        cells = [self.where(point) for point in wire.points]
        found: set[Cell] = set()
        for (x, y), (u, v) in itertools.pairwise(cells):
            across = range(min(x, u), max(x, u) + 1)
            down = range(min(y, v), max(y, v) + 1)
            found |= {(a, b) for a in across for b in down}
        return frozenset(found)


def _end_names(network: PlacedNetwork) -> set[str]:
    return {name for end in network.ends for name in end.end.names}


def _reversed(steps: Iterable[Step]) -> set[Step]:
    """The steps into the cells that others leave."""
    return {(beyond(cell, way), BACK[way]) for cell, way in steps}


def _net(network: PlacedNetwork, w: int, first: int) -> int:
    """The number of the net of a wire: its second dot's, or its own."""
    places = network.wires[w].wire.places
    dots = [number for kind, number, _ in places if kind == "dot"]
    return first + (dots[-1] if dots else len(network.dots) + w)


def _between(one: Cell, two: Cell) -> list[Cell]:
    return [
        (x, y) for x in range(one[0], two[0] + 1) for y in range(one[1], two[1] + 1)
    ]


def _length(network: PlacedNetwork, w: int) -> tuple[bool, float, int]:
    """What orders the wires: straight ones first, then short ones."""
    points = network.wires[w].points
    xs, ys = [x for x, _ in points], [y for _, y in points]
    wide, high = max(xs) - min(xs), max(ys) - min(ys)
    return bool(wide and high), wide + 2 * high, w


def style_of(network: PlacedNetwork, wire: PlacedWire) -> str:
    """A wire of an axis of the variable is dashed, that of a grouped axis double."""
    styles = [_style_at(network, place) for place in wire.wire.places]
    return next((style for style in styles if style != "wire"), "wire")


def _style_at(network: PlacedNetwork, place: Place) -> str:
    kind, number, port = place
    if kind == "end":
        ends = {end.number: end.end for end in network.ends}
        return "variable" if ends[number].role == "variable" else "wire"
    if kind == "box":
        box = network.boxes[number].box
        if box.kind == "loop" and port >= box.passing:
            return "variable"
        return "double" if box.kind == "wedge" and port == 0 else "wire"
    return "wire"
