"""What stays from picture to picture: the ids of boxes and the names of indices.

A box that is copied keeps its id where it stands first; the others derive theirs. An
index keeps its name as long as no other in the same product has it.

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.diagrams.build import model_of
>>> x = tensor("x", (3,))
>>> picture = model_of(einsum([(x, [0])], [0])).picture
>>> (twice,) = with_ids([Picture(picture.ends, picture.terms * 2)])
>>> [network.boxes[0].id for _, network in twice.terms]
['x#1', 'x#1′2']
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from .model import Box, End, Network, Picture, Place, Term
from .reading import indices_of


def boxes_of(*pictures: Picture) -> Iterator[Box]:
    """Every box of the pictures, a frame before what is in it."""
    stack = list(reversed(pictures))
    while stack:
        picture = stack.pop()
        for _, network in picture.terms:
            for box in network.boxes:
                yield box
                stack += reversed(box.contents)


# -- ids -------------------------------------------------------------------------------


def with_ids(pictures: Sequence[Picture]) -> tuple[Picture, ...]:
    """The pictures with an id for every box that no other has; what stands first keeps
    its own."""
    giving = _Ids(set(), {box.id for box in boxes_of(*pictures)})
    return tuple(map(giving.picture, pictures))


@dataclass(slots=True)
class _Ids:
    """`used` are those given so far, `known` those that no new one may be."""

    used: set[str]
    known: set[str]

    def picture(self, picture: Picture) -> Picture:
        terms = tuple((c, self._network(network)) for c, network in picture.terms)
        return replace(picture, terms=terms)

    def _network(self, network: Network) -> Network:
        named = [replace(box, id=self._id(box)) for box in network.boxes]
        boxes = tuple(
            replace(box, contents=tuple(map(self.picture, box.contents)))
            if box.contents
            else box
            for box in named
        )
        return replace(network, boxes=boxes)

    def _id(self, box: Box) -> str:
        chosen = box.id
        if not chosen:
            chosen = self._fresh(f"{box.label or box.kind}#", 1)
        elif chosen in self.used:
            chosen = self._fresh(f"{chosen.partition('′')[0]}′", 2)
        self.used.add(chosen)
        self.known.add(chosen)
        return chosen

    def _fresh(self, base: str, k: int) -> str:
        while f"{base}{k}" in self.known:
            k += 1
        return f"{base}{k}"


# -- names -----------------------------------------------------------------------------


def with_names(picture: Picture, ends: Sequence[End], fresh: Iterator[str]) -> Picture:
    """The picture with these free ends, and names for its indices: wires that meet in a
    dot have one, different indices of a product different ones."""
    taken = {name for end in ends for name in end.names}
    return _named(picture, tuple(ends), taken, fresh)


def _named(
    picture: Picture, ends: tuple[End, ...], taken: set[str], fresh: Iterator[str]
) -> Picture:
    """Every term apart from the others, all of them apart from what is `taken`, which
    learns their names."""
    terms: list[Term] = []
    before = set(taken)
    for c, network in picture.terms:
        inside = set(before)
        terms.append((c, _named_network(network, ends, inside, fresh)))
        taken |= inside
    return Picture(ends, tuple(terms))


def _named_network(
    network: Network, ends: tuple[End, ...], taken: set[str], fresh: Iterator[str]
) -> Network:
    on_wire, on_dot = indices_of(network)
    names = _own_names(network, ends, on_wire)
    carried = [(i, w.name) for i, w in zip(on_wire, network.wires, strict=True)]
    carried += [(i, d.name) for i, d in zip(on_dot, network.dots, strict=True)]
    for i, name in sorted(carried, key=lambda pair: not pair[1]):
        if i not in names:
            names[i] = _unused(name, taken, fresh)
    wires = tuple(
        replace(w, name=names[i]) for i, w in zip(on_wire, network.wires, strict=True)
    )
    dots = tuple(
        replace(d, name=names[i]) for i, d in zip(on_dot, network.dots, strict=True)
    )
    at = {place: wire.name for wire in wires for place in wire.places}
    boxes = tuple(
        _named_box(box, b, at, taken, fresh) if box.contents else box
        for b, box in enumerate(network.boxes)
    )
    return Network(boxes, dots, wires)


def _own_names(
    network: Network, ends: tuple[End, ...], on_wire: Sequence[int]
) -> dict[int, str]:
    """The names of the indices that have free ends: those of the first end."""
    found = sorted(
        (e, k, i)
        for i, wire in zip(on_wire, network.wires, strict=True)
        for kind, e, k in wire.places
        if kind == "end"
    )
    names: dict[int, str] = {}
    for e, k, i in found:
        names.setdefault(i, ends[e].names[k])
    return names


def _unused(name: str, taken: set[str], fresh: Iterator[str]) -> str:
    chosen = name if name and name not in taken else next(fresh)
    taken.add(chosen)
    return chosen


def _named_box(
    box: Box,
    b: int,
    at: Mapping[Place, str],
    taken: set[str],
    fresh: Iterator[str],
) -> Box:
    """A frame whose contents' first ends have the names of the wires passing in."""
    passing = [at["box", b, k] for k in range(box.passing)]
    contents = []
    for content in box.contents:
        own = content.ends[len(passing) :]
        names = [*passing, *(_unused(end.name, taken, fresh) for end in own)]
        ends = tuple(
            replace(end, names=(name,))
            for name, end in zip(names, content.ends, strict=True)
        )
        contents.append(_named(content, ends, taken, fresh))
    return replace(box, contents=tuple(contents))


# -- the names of another picture ------------------------------------------------------


def names_of_same(old: Picture, new: Picture) -> dict[str, str]:
    """Which bound indices of the old picture are which of the new one, by the ids of
    the boxes that they are on: a permutation of names, apart from those of ends."""
    before = _names_at(old)
    ends = {name for end in (*old.ends, *new.ends) for name in end.names}
    names: dict[str, str] = {}
    for place, name in _names_at(new).items():
        own = before.get(place)
        if own is None or ends.intersection((own, name)):
            continue
        if own not in names and name not in names.values():
            names[own] = name
    reached = set(names.values())
    homeless = [name for name in names.values() if name not in names]
    left = [name for name in names if name not in reached]
    return names | dict(zip(homeless, left, strict=True))


def _names_at(root: Picture) -> dict[tuple[str, int], str]:
    """The index at every port of every box."""
    found: dict[tuple[str, int], str] = {}
    stack = [root]
    while stack:
        for _, network in stack.pop().terms:
            for wire in network.wires:
                for kind, b, port in wire.places:
                    if kind == "box":
                        found[network.boxes[b].id, port] = wire.name
            stack += [content for box in network.boxes for content in box.contents]
    return found


def renamed(picture: Picture, names: Mapping[str, str]) -> Picture:
    """The picture with other names for its indices."""

    def new(name: str) -> str:
        return names.get(name, name)

    def network(given: Network) -> Network:
        wires = tuple(replace(w, name=new(w.name)) for w in given.wires)
        dots = tuple(replace(d, name=new(d.name)) for d in given.dots)
        boxes = tuple(
            replace(box, contents=tuple(renamed(c, names) for c in box.contents))
            for box in given.boxes
        )
        return Network(boxes, dots, wires)

    ends = tuple(replace(end, names=tuple(map(new, end.names))) for end in picture.ends)
    return Picture(ends, tuple((c, network(n)) for c, n in picture.terms))
