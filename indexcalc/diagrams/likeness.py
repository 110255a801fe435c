"""Pictures that are the same drawing, and the boxes that are the same in both.

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.diagrams.build import model_of
>>> A, x = tensor("A", (3, 3)), tensor("x", (3,))
>>> rows, columns = (
...     model_of(einsum([(A, legs), (x, (1,))], [0])).picture
...     for legs in [(0, 1), (1, 0)]
... )
>>> likeness(rows, {}) == likeness(columns, {})
False
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..nodes import Node, digest_of, shape_key
from .model import Box, Network, Picture, Place, Term

#: How far from a box its surroundings are compared.
ROUNDS = 4


def likeness(picture: Picture, parts: Mapping[str, Node]) -> bytes:
    """What a picture looks like, whatever its boxes and indices are called: equal for
    pictures that are the same drawing."""
    terms = sorted(digest_of(repr(c), look_of(n, parts)) for c, n in picture.terms)
    ends = [(end.role, *shape_key(end.sizes)) for end in picture.ends]
    return digest_of(ends, terms)


def look_of(network: Network, parts: Mapping[str, Node]) -> bytes:
    """The likeness of one network."""
    boxes, dots = colours(network, parts)
    wires = sorted(
        sorted(_seen(place, boxes, dots) for place in wire.places)
        for wire in network.wires
    )
    return digest_of(sorted(boxes), sorted(dots), wires)


def colours(
    network: Network, parts: Mapping[str, Node]
) -> tuple[list[bytes], list[bytes]]:
    """For every box and dot what it is and what it hangs together with."""
    boxes = [kind_of(box, parts) for box in network.boxes]
    dots = [digest_of("dot", shape_key([dot.size])) for dot in network.dots]
    for _ in range(ROUNDS):
        around_boxes: list[list[object]] = [[] for _ in boxes]
        around_dots: list[list[bytes]] = [[] for _ in dots]
        for wire in network.wires:
            for here, there in (wire.places, wire.places[::-1]):
                kind, number, port = here
                seen = _seen(there, boxes, dots)
                if kind == "box":
                    around_boxes[number].append((port, seen))
                if kind == "dot":
                    around_dots[number].append(seen)
        boxes = [
            digest_of(own, sorted(around, key=repr))
            for own, around in zip(boxes, around_boxes, strict=True)
        ]
        dots = [
            digest_of(own, sorted(around))
            for own, around in zip(dots, around_dots, strict=True)
        ]
    return boxes, dots


def _seen(place: Place, boxes: Sequence[bytes], dots: Sequence[bytes]) -> bytes:
    kind, number, port = place
    if kind == "end":
        return digest_of("end", number, port)
    own = boxes[number] if kind == "box" else dots[number]
    return digest_of(kind, own, port)


def kind_of(box: Box, parts: Mapping[str, Node]) -> bytes:
    """What a box is by itself."""
    own: object = box.tensor.digest if box.tensor is not None else box.label
    if box.kind == "part":
        own = parts[box.label].digest
    inside = [likeness(content, parts) for content in box.contents]
    told = (own, box.function, repr(box.params), shape_key(box.ports))
    return digest_of(box.kind, *told, inside)


# -- the same boxes in another picture -------------------------------------------------


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture, and what the parts in it stand for."""

    picture: Picture
    parts: Mapping[str, Node] = field(default_factory=dict)


def with_ids_of(new: Drawn, old: Drawn) -> Picture:
    """The new picture with the ids that the same boxes have in the old one; an id that
    the old one does not give is left empty, and one may be given twice."""
    left = list(old.picture.terms)
    looks = [look_of(network, old.parts) for _, network in left]
    terms: list[Term] = []
    for c, network in new.picture.terms:
        chosen = _most_alike(network, look_of(network, new.parts), left, looks)
        model = left[chosen][1] if chosen is not None else Network((), (), ())
        terms.append((c, _identified(network, new.parts, model, old.parts)))
        if chosen is not None:
            del left[chosen], looks[chosen]
    return replace(new.picture, terms=tuple(terms))


def _most_alike(
    network: Network, look: bytes, among: Sequence[Term], looks: Sequence[bytes]
) -> int | None:
    """The number of the term that looks the same, or shares the most boxes."""
    if look in looks:
        return looks.index(look)
    labels = {(box.kind, box.label) for box in network.boxes}
    shared = [
        len(labels & {(box.kind, box.label) for box in other.boxes})
        for _, other in among
    ]
    return shared.index(max(shared)) if shared else None


def _identified(
    network: Network,
    parts: Mapping[str, Node],
    model: Network,
    model_parts: Mapping[str, Node],
) -> Network:
    """The network with ids from the boxes of the model: first those that stand alike,
    then those that are alike, then those of one label."""
    pairs: dict[int, int] = {}
    keys = [
        (colours(network, parts)[0], colours(model, model_parts)[0]),
        (
            [kind_of(box, parts) for box in network.boxes],
            [kind_of(box, model_parts) for box in model.boxes],
        ),
        (
            [digest_of(box.kind, box.label) for box in network.boxes],
            [digest_of(box.kind, box.label) for box in model.boxes],
        ),
    ]
    for mine, theirs in keys:
        _paired(pairs, mine, theirs)
    boxes = []
    for b, box in enumerate(network.boxes):
        found = model.boxes[pairs[b]] if b in pairs else None
        boxes.append(_like(box, parts, found, model_parts))
    return replace(network, boxes=tuple(boxes))


def _paired(
    pairs: dict[int, int], mine: Sequence[bytes], theirs: Sequence[bytes]
) -> None:
    """Adds pairs of places with one key, in order, each place once."""
    used = set(pairs.values())
    for b, key in enumerate(mine):
        if b in pairs:
            continue
        free = (m for m, other in enumerate(theirs) if other == key and m not in used)
        found = next(free, None)
        if found is not None:
            pairs[b] = found
            used.add(found)


def _like(
    box: Box,
    parts: Mapping[str, Node],
    model: Box | None,
    model_parts: Mapping[str, Node],
) -> Box:
    theirs = model.contents if model is not None else ()
    contents = tuple(
        with_ids_of(
            Drawn(content, parts),
            Drawn(theirs[k] if k < len(theirs) else Picture((), ()), model_parts),
        )
        for k, content in enumerate(box.contents)
    )
    return replace(box, id=model.id if model is not None else "", contents=contents)
