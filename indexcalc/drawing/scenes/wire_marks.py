"""The marks of wires, copy tensors and free ends, and the labels they ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...diagrams.model import End, Network, Place
from ..faces import fitted, harmless, sizes_label, text_width
from ..placed import PlacedNetwork, PlacedWire, Point
from ..scene import Circle, Label, Mark, Path
from .box_marks import loop_foot
from .free_space import Wanted, around, beside
from .strands import Strand, Strands
from .strokes import Line, stroke
from .wording import dot_title, wire_title

#: The radii of a copy tensor and of a ring.
DOT, RING = 3.6, 7.0

#: The font of indices at dots and wires, and the widest name.
INDEX_FONT, WIDEST = 12.0, 72.0

#: How far down the wires of a loop have spread.
_SPREAD = 16.0


@dataclass(frozen=True, slots=True)
class Wiring:
    """A network, what its wires carry, and which labels are wanted: "dots", "all" or
    "none"; `free` are the indices that are named at a free end of the diagram, `named`
    the ends of this network that have their name."""

    placed: PlacedNetwork
    strands: Strands
    ends: tuple[End, ...]
    labels: str
    free: frozenset[str]
    named: frozenset[int]

    @property
    def network(self) -> Network:
        """The network without its geometry."""
        return self.placed.network

    def at_dot(self, number: int) -> list[int]:
        """The numbers of the wires on a dot."""
        wires = enumerate(self.network.wires)
        return [w for w, wire in wires if _touches(wire.places, "dot", number)]


# -- wires -----------------------------------------------------------------------------


def wire_marks(of: Wiring) -> Iterator[Mark]:
    """The wires of a network."""
    for placed, strand in zip(of.placed.wires, of.strands, strict=True):
        start, pieces = _line(of, placed)
        title = wire_title(of.network, placed.wire, of.ends)
        yield Path(start, pieces, _role(of, placed, strand), strand.index, title)


def _role(of: Wiring, placed: PlacedWire, strand: Strand) -> str:
    if any(_is_grouped(of.network, place) for place in placed.wire.places):
        return "wire double"
    return "wire variable" if strand.variable else "wire"


def _is_grouped(network: Network, place: Place) -> bool:
    kind, number, port = place
    return kind == "box" and network.boxes[number].kind == "wedge" and port == 0


def _line(of: Wiring, placed: PlacedWire) -> Line:
    """The line of a wire; from a loop it begins at the loop's hollow dot."""
    line = stroke(placed)
    first, last = placed.wire.places
    if _is_loops(of.network, first):
        return _fanned(loop_foot(of.placed.boxes[first[1]]), line)
    if _is_loops(of.network, last):
        turned = _fanned(loop_foot(of.placed.boxes[last[1]]), _turned(line))
        return _turned(turned)
    return line


def _is_loops(network: Network, place: Place) -> bool:
    kind, number, port = place
    if kind != "box":
        return False
    box = network.boxes[number]
    return box.kind == "loop" and port >= box.passing


def _fanned(foot: Point, line: Line) -> Line:
    """The line from the foot, which runs into the old one a little below."""
    (x, y), (first, *rest) = line
    to_x, to_y = first[-1]
    if len(first) == 3 or abs(to_x - x) > 0.5 or to_y - y < 6:
        return foot, (first, *rest)
    low = min(y + _SPREAD, y + 0.7 * (to_y - y))
    away = (foot[0] + 0.45 * (x - foot[0]), foot[1] + 0.35 * (low - foot[1]))
    bend = (away, (x, low - 0.5 * (low - y)), (x, low))
    return foot, (bend, first, *rest)


def _turned(line: Line) -> Line:
    """The line from its other end."""
    points = [line[0], *(point for piece in line[1] for point in piece)][::-1]
    found, at = [], 1
    for piece in reversed(line[1]):
        found.append(tuple(points[at : at + len(piece)]))
        at += len(piece)
    return points[0], tuple(found)


# -- dots ------------------------------------------------------------------------------


def dot_marks(of: Wiring) -> Iterator[Mark]:
    """The copy tensors of a network; a ring where there are no wires."""
    for number, placed in enumerate(of.placed.dots):
        wires = of.at_dot(number)
        title = dot_title(of.network, number, placed.dot, of.ends)
        if wires:
            index = of.strands[wires[0]].index
            yield Circle(placed.x, placed.y, DOT, "dot", index, title)
        else:
            yield Circle(placed.x, placed.y, RING, "ring", "", title)


def wanted_labels(of: Wiring, known: set[str]) -> Iterator[Wanted]:
    """The labels at the dots, rings and wires of a network: every wire has one, or its
    dot has one for all of its wires. `known` are the indices that a dot names; those
    of this network join them."""
    if of.labels == "none":
        return
    named: set[int] = set()
    mixed: list[int] = []
    for number, placed in enumerate(of.placed.dots):
        wires = of.at_dot(number)
        names = {of.network.wires[w].name for w in wires}
        if not wires:
            yield _ring_label(placed.x, placed.y, sizes_label((placed.dot.size,)))
        elif len(names) > 1:
            mixed += wires
        else:
            index = of.strands[wires[0]].index
            if any(_named_at_end(of, w) for w in wires):
                named.update(wires)
            elif of.labels == "all" or index not in of.free | known:
                yield _at(placed.x, placed.y, names.pop(), index)
                named.update(wires)
            known.add(index)
    rest = range(len(of.network.wires)) if of.labels == "all" else sorted(set(mixed))
    yield from _wire_labels(of, [w for w in rest if w not in named])


def _ring_label(x: float, y: float, text: str) -> Wanted:
    shown, size = fitted(text, INDEX_FONT, WIDEST)
    aside, above = RING + 4 + text_width(shown, size) / 2, RING + 3 + size / 2
    spots = ((x + aside, y), (x - aside, y), (x, y - above), (x, y + above))
    return Wanted(Label(x, y, shown, "number", size), spots)


def _at(x: float, y: float, name: str, index: str) -> Wanted:
    label = _index_label(name, index)
    return Wanted(label, around(x, y, label.text, label.size))


def _index_label(name: str, index: str) -> Label:
    full = harmless(name)
    shown, size = fitted(full, INDEX_FONT, WIDEST)
    return Label(0.0, 0.0, shown, "index", size, index=index, title=_cut(full, shown))


def _cut(full: str, shown: str) -> str:
    return full if shown != full else ""


def _wire_labels(of: Wiring, wires: Sequence[int]) -> Iterator[Wanted]:
    for w in wires:
        wire = of.network.wires[w]
        if _named_at_end(of, w) or (of.labels == "all" and _goes_on(of, w)):
            continue
        label = _index_label(wire.name, of.strands[w].index)
        line = Path(*stroke(of.placed.wires[w]), "wire")
        yield Wanted(label, beside(line, label.text, label.size))


def _named_at_end(of: Wiring, w: int) -> bool:
    """Whether an end says the name of a wire already."""
    wire = of.network.wires[w]
    ends = [n for kind, n, _ in wire.places if kind == "end"]
    return any(n in of.named and wire.name in of.ends[n].names for n in ends)


def _goes_on(of: Wiring, w: int) -> bool:
    """Whether a wire goes on outside its frame, where it has its name."""
    places = of.network.wires[w].places
    return any(kind == "end" and n not in of.named for kind, n, _ in places)


def _touches(places: Sequence[Place], kind: str, number: int) -> bool:
    return any(place[:2] == (kind, number) for place in places)
