"""Surgery on networks: a box replaced by what it stands for, dots fused.

Cut ends are joined pairwise, and a wire that closes on itself is a ring: a dot without
wires, the number that its size is. Nothing here changes what a diagram stands for.

>>> from indexcalc.expr import tensor
>>> x = Box("x#1", "tensor", "x", (3,), tensor=tensor("x", (3,)))
>>> outer, inner = standing(x, ["i"]), standing(x, ["k"])
>>> [wire.name for wire in spliced(outer, 0, inner).wires]
['i']
"""

from __future__ import annotations

from collections import Counter
from collections.abc import (
    Callable,
    Collection,
    Container,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import replace
from typing import TypeAlias

from ..coefficients import multiply
from ..sizes import times
from ..unions import Unions
from .model import Box, Dot, End, Network, Picture, Place, Term, Wire
from .validity import shape_of

#: A place that stays, or the number of a cut.
Spot: TypeAlias = Place | int

#: What a box stands for, or None for a box that stays.
Meaning: TypeAlias = Callable[[Box], "Picture | None"]


def standing(box: Box, names: Sequence[str]) -> Network:
    """A box alone, port k at end k."""
    wires = tuple(
        Wire((("end", k, 0), ("box", 0, k)), name, size)
        for k, (name, size) in enumerate(zip(names, box.ports, strict=True))
    )
    return Network((box,), (), wires)


def bracket_round(picture: Picture, box_id: str = "") -> Box:
    """A picture in brackets, as a box."""
    return Box(box_id, "bracket", "", shape_of(picture), contents=(picture,))


# -- one box replaced ------------------------------------------------------------------


def spliced(outer: Network, b: int, inner: Network) -> Network:
    """The outer network with its box b replaced by the inner network: what port k of
    the box was fastened to is joined to what end k of the inner one is."""
    grown, dots = len(inner.boxes) - 1, len(outer.dots)

    def outside(place: Place) -> Spot:
        kind, number, port = place
        if kind != "box" or number < b:
            return place
        return port if number == b else ("box", number + grown, port)

    def inside(place: Place) -> Spot:
        kind, number, port = place
        if kind == "end":
            return number
        return (kind, number + (b if kind == "box" else dots), port)

    strands = [([outside(p) for p in wire.places], wire) for wire in outer.wires]
    strands += [([inside(p) for p in wire.places], wire) for wire in inner.wires]
    wires, rings = _joined(strands)
    boxes = (*outer.boxes[:b], *inner.boxes, *outer.boxes[b + 1 :])
    return Network(boxes, (*outer.dots, *inner.dots, *rings), wires)


def _joined(
    strands: list[tuple[list[Spot], Wire]],
) -> tuple[tuple[Wire, ...], tuple[Dot, ...]]:
    """The wires after every cut, which two strands share, is closed; and the rings."""
    spots: list[list[Spot] | None] = [list(places) for places, _ in strands]
    holders: dict[int, list[int]] = {}
    for s, (places, _) in enumerate(strands):
        for spot in places:
            if isinstance(spot, int):
                holders.setdefault(spot, []).append(s)
    rings: list[Dot] = []
    for cut in sorted(holders):
        first, second = sorted(holders[cut])
        kept, gone = spots[first], spots[second]
        if first == second:
            rings.append(Dot(strands[first][1].name, strands[first][1].size))
            spots[first] = None
        elif kept is not None and gone is not None:
            gone.remove(cut)
            kept[kept.index(cut)] = gone[0]
            spots[second] = None
            if isinstance(gone[0], int):
                where = holders[gone[0]]
                where[where.index(second)] = first
    wires = []
    for found, (_, wire) in zip(spots, strands, strict=True):
        held: list[Place] = [spot for spot in found or () if not isinstance(spot, int)]
        if held:
            wires.append(replace(wire, places=(held[0], held[1])))
    return tuple(wires), tuple(rings)


def opened(term: Term, b: int, picture: Picture) -> Iterator[Term]:
    """The terms that come of writing a picture in the place of box b."""
    coefficient, network = term
    for c, inner in picture.terms:
        yield multiply(coefficient, c), spliced(network, b, inner)


# -- boxes replaced everywhere ---------------------------------------------------------


def substituted(picture: Picture, meaning: Meaning) -> Picture:
    """A picture with boxes replaced by what they mean, inside frames too: one product
    is spliced in, a sum stands in brackets unless it is all that a frame holds."""
    return replace(
        picture, terms=tuple(_substituted(term, meaning) for term in picture.terms)
    )


def _substituted(term: Term, meaning: Meaning) -> Term:
    coefficient, network = term
    for b in reversed(range(len(network.boxes))):
        box = network.boxes[b]
        found = meaning(box)
        if found is None:
            contents = tuple(_filled(content, meaning) for content in box.contents)
            network = with_box(network, b, replace(box, contents=contents))
        elif len(found.terms) == 1:
            ((coefficient, network),) = opened((coefficient, network), b, found)
        else:
            network = with_box(network, b, bracket_round(found))
    return coefficient, network


def _filled(content: Picture, meaning: Meaning) -> Picture:
    """The content of a frame, where a sum needs no brackets of its own."""
    if len(content.terms) == 1 and content.terms[0][0] == 1:
        network = content.terms[0][1]
        found = meaning(network.boxes[0]) if in_order(network) else None
        if found is not None:
            return replace(content, terms=found.terms)
    return substituted(content, meaning)


def with_box(network: Network, b: int, box: Box) -> Network:
    """The network with another box of the same ports in the place of box b."""
    boxes = (*network.boxes[:b], box, *network.boxes[b + 1 :])
    return replace(network, boxes=boxes)


def in_order(network: Network) -> bool:
    """Whether a network is one box, port k at end k."""
    if len(network.boxes) != 1 or network.dots:
        return False
    ports = range(len(network.boxes[0].ports))
    straight = {frozenset([("box", 0, k), ("end", k, 0)]) for k in ports}
    return {frozenset(wire.places) for wire in network.wires} == straight


# -- ends ------------------------------------------------------------------------------


def ungrouped(picture: Picture) -> Picture:
    """A picture whose ends have one index each: a group's come one after another."""
    first, count = [], 0
    for end in picture.ends:
        first.append(count)
        count += len(end.names)

    def plain(place: Place) -> Place:
        kind, number, k = place
        return ("end", first[number] + k, 0) if kind == "end" else place

    ends = tuple(
        End((name,), (size,))
        for end in picture.ends
        for name, size in zip(end.names, end.sizes, strict=True)
    )
    terms = tuple((c, _moved(network, plain)) for c, network in picture.terms)
    return Picture(ends, terms)


def wedged(picture: Picture, apart: Container[int] = ()) -> Picture:
    """A picture with one index at every end: a wedge joins those of a group, save at
    the ends that are told apart, whose indices come one after another."""
    flat = ungrouped(picture)
    numbers = iter(range(len(flat.ends)))
    ends: list[End] = []
    groups: list[list[int]] = []
    for e, end in enumerate(picture.ends):
        group = [next(numbers) for _ in end.names]
        split = [[f] for f in group] if e in apart else [group]
        groups += split
        ends += [_joint([flat.ends[f] for f in part]) for part in split]
    terms = tuple((c, _wedged(n, flat.ends, ends, groups)) for c, n in flat.terms)
    return Picture(tuple(ends), terms)


def _joint(ends: Sequence[End]) -> End:
    if len(ends) == 1:
        return ends[0]
    name = "".join(end.name for end in ends)
    return End((f"({name})",), (times(*(end.sizes[0] for end in ends)),))


def _wedged(
    network: Network,
    flat: Sequence[End],
    ends: Sequence[End],
    groups: Sequence[Sequence[int]],
) -> Network:
    to: dict[int, Place] = {}
    boxes, wires = list(network.boxes), []
    for e, (end, group) in enumerate(zip(ends, groups, strict=True)):
        if len(group) == 1:
            to[group[0]] = ("end", e, 0)
            continue
        sizes = [flat[f].sizes[0] for f in group]
        here = len(boxes)
        boxes.append(Box("", "wedge", "", (end.sizes[0], *sizes)))
        wires.append(Wire((("end", e, 0), ("box", here, 0)), end.name, end.sizes[0]))
        to |= {f: ("box", here, k + 1) for k, f in enumerate(group)}
    moved = _moved(network, lambda place: _to(place, to))
    return Network(tuple(boxes), network.dots, (*moved.wires, *wires))


def _to(place: Place, to: Mapping[int, Place]) -> Place:
    return to[place[1]] if place[0] == "end" else place


def _moved(network: Network, place: Callable[[Place], Place]) -> Network:
    wires = tuple(
        replace(wire, places=(place(wire.places[0]), place(wire.places[1])))
        for wire in network.wires
    )
    return replace(network, wires=wires)


# -- dots ------------------------------------------------------------------------------


def dots_fused(picture: Picture) -> Picture:
    """A picture in which connected dots are one and a dot with two wires is a wire, in
    frames too."""
    return _networkwise(_fused, picture)


def ones_fused(picture: Picture) -> Picture:
    """A picture in which no ones dot hangs on another dot, in frames too: it is one
    with that."""
    return _networkwise(_ones_fused, picture)


def units_parted(picture: Picture) -> Picture:
    """A picture in which every place of size 1 has a dot of its own, in frames too: no
    index of size 1 joins anything."""
    return _networkwise(_parted, picture)


def _networkwise(change: Callable[[Network], Network], picture: Picture) -> Picture:
    """A picture with every network changed, the innermost first."""

    def changed(network: Network) -> Network:
        boxes = tuple(
            replace(box, contents=tuple(_networkwise(change, c) for c in box.contents))
            for box in network.boxes
        )
        return change(replace(network, boxes=boxes))

    terms = tuple((c, changed(network)) for c, network in picture.terms)
    return replace(picture, terms=terms)


def _fused(network: Network) -> Network:
    every = range(len(network.wires))
    return _merged(network, {w for w in every if _joins_dots(network.wires[w])})


def _ones_fused(network: Network) -> Network:
    hung = _hung(network)
    return _merged(network, hung) if hung else network


def _joins_dots(wire: Wire) -> bool:
    return {kind for kind, _, _ in wire.places} == {"dot"}


def _hung(network: Network) -> set[int]:
    """The wires by which ones dots hang on other dots, those too that become ones dots
    when others are gone."""
    at: dict[int, list[int]] = {}
    for w, wire in enumerate(network.wires):
        for kind, d, _ in wire.places:
            if kind == "dot":
                at.setdefault(d, []).append(w)
    found: set[int] = set()
    waiting = list(at)
    for d in waiting:
        left = [w for w in at[d] if w not in found]
        if len(left) == 1 and _joins_dots(network.wires[left[0]]):
            found.add(left[0])
            waiting += [e for _, e, _ in network.wires[left[0]].places]
    return found


def _merged(network: Network, gone: Collection[int]) -> Network:
    """The network without these wires between dots, each pair of dots that one joined
    now one; a dot with two wires is a wire."""
    classes = _connected(network, gone)
    kept = sorted(set(classes))
    number = {d: k for k, d in enumerate(kept)}
    wires = tuple(
        replace(wire, places=_renumbered(wire, classes, number))
        for w, wire in enumerate(network.wires)
        if w not in gone
    )
    dots = tuple(network.dots[d] for d in kept)
    return _straightened(Network(network.boxes, dots, wires))


def _parted(network: Network) -> Network:
    kept = [d for d, dot in enumerate(network.dots) if dot.size != 1]
    number = {d: k for k, d in enumerate(kept)}
    dots, every = [network.dots[d] for d in kept], range(len(network.dots))
    wires: list[Wire] = []
    for wire in network.wires:
        if wire.size != 1:
            wires.append(replace(wire, places=_renumbered(wire, every, number)))
            continue
        for place in wire.places:
            if place[0] != "dot":
                wires.append(replace(wire, places=(place, ("dot", len(dots), 0))))
                dots.append(Dot(wire.name, 1))
    return Network(network.boxes, tuple(dots), tuple(wires))


def _renumbered(
    wire: Wire, classes: Sequence[int], number: Mapping[int, int]
) -> tuple[Place, Place]:
    def new(place: Place) -> Place:
        kind, d, port = place
        return (kind, number[classes[d]] if kind == "dot" else d, port)

    return new(wire.places[0]), new(wire.places[1])


def _connected(network: Network, by: Iterable[int]) -> list[int]:
    """For every dot the first of those it is joined to by some of the wires."""
    classes = Unions(len(network.dots))
    for w in by:
        (_, d, _), (_, e, _) = network.wires[w].places
        classes.join(d, e)
    return classes.all()


def _straightened(network: Network) -> Network:
    """Dots with two wires become wires."""
    legs = Counter(p[1] for w in network.wires for p in w.places if p[0] == "dot")
    kept = [d for d in range(len(network.dots)) if legs[d] != 2]
    number: dict[int, int] = {d: k for k, d in enumerate(kept)}

    def spot(place: Place) -> Spot:
        kind, d, _ = place
        if kind != "dot":
            return place
        return ("dot", number[d], 0) if d in number else d

    wires, rings = _joined([([*map(spot, w.places)], w) for w in network.wires])
    dots = (*(network.dots[d] for d in kept), *rings)
    return Network(network.boxes, dots, wires)


def wiring(picture: Picture) -> tuple[int, int]:
    """The number of dots and of wires, in frames too: what fusing dots changes."""
    dots = wires = 0
    stack = [picture]
    while stack:
        for _, network in stack.pop().terms:
            dots, wires = dots + len(network.dots), wires + len(network.wires)
            stack += [content for box in network.boxes for content in box.contents]
    return dots, wires
