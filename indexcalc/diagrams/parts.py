"""The parts of diagrams of one derivation: one name for one thing in all frames.

>>> from indexcalc.expr import tensor
>>> from indexcalc.diagrams.build import model_of
>>> model = model_of(tensor("x", (3,)))
>>> labelled_like(model, model) == model
True
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ..index_walk import naming_for
from ..nodes import Node, Tensor
from .keeping import boxes_of, with_ids
from .likeness import Drawn, with_ids_of
from .model import Box, Model, Picture, pictures
from .reading import picture_node

Part = tuple[str, Picture]


def part_nodes(parts: Sequence[Part]) -> dict[str, Node]:
    """What parts stand for."""
    nodes: dict[str, Node] = {}
    for name, picture in parts:
        nodes[name] = picture_node(picture, nodes)
    return nodes


def parts_used(picture: Picture, parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts that a picture needs, those of its parts too."""
    needed = {box.label for box in boxes_of(picture) if box.kind == "part"}
    for name, part in reversed(parts):
        if name in needed:
            needed |= {box.label for box in boxes_of(part) if box.kind == "part"}
    return tuple(part for part in parts if part[0] in needed)


def identified(model: Model, old: Model) -> Model:
    """The model with the ids that the same boxes have in the old one."""
    mine, theirs = part_nodes(model.parts), part_nodes(old.parts)
    before = dict(old.parts)
    empty = Picture((), ())
    found = [
        with_ids_of(Drawn(part, mine), Drawn(before.get(name, empty), theirs))
        for name, part in model.parts
    ]
    picture = with_ids_of(Drawn(model.picture, mine), Drawn(old.picture, theirs))
    *named, whole = with_ids([*found, picture])
    parts = [(name, part) for (name, _), part in zip(model.parts, named, strict=True)]
    return replace(model, picture=whole, parts=tuple(parts))


# -- names -----------------------------------------------------------------------------


def fresh_names(node: Node, *models: Model, taken: Sequence[str] = ()) -> Iterator[str]:
    """Names for indices that are not taken and stand in none of the models."""
    used = {*taken} | {
        name
        for model in models
        for picture in pictures(model)
        for name in _names_in(picture)
    }
    return (name for name in naming_for(node).fresh if name not in used)


def _names_in(picture: Picture) -> Iterator[str]:
    for end in picture.ends:
        yield from end.names
    for _, network in picture.terms:
        for wire in network.wires:
            yield wire.name
        for dot in network.dots:
            yield dot.name


def labelled_like(model: Model, other: Model) -> Model:
    """The model with the other's names for the parts and the nameless constants that
    both have, and with none of its names for anything else."""
    labels = _labels(other)
    taken = {*labels.values(), *_variables(model), *_variables(other)}
    chosen: dict[str, str] = {}
    for thing, name in _labels(model).items():
        chosen[name] = labels.get(thing) or _unlike(name, taken)
        taken.add(chosen[name])
    parts = tuple(
        (chosen[name], _relabelled(part, chosen)) for name, part in model.parts
    )
    return replace(model, picture=_relabelled(model.picture, chosen), parts=parts)


def _labels(model: Model) -> dict[Node, str]:
    """The names made for parts and for constants without a name."""
    found = {node: name for name, node in part_nodes(model.parts).items()}
    return found | {
        box.tensor: box.label
        for box in boxes_of(*(part for _, part in model.parts), model.picture)
        if box.tensor is not None and not box.tensor.name
    }


def _variables(model: Model) -> set[str]:
    boxes = boxes_of(*(part for _, part in model.parts), model.picture)
    return {box.tensor.name for box in boxes if box.tensor is not None}


def _unlike(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "′"
    return name


def _relabelled(picture: Picture, labels: Mapping[str, str]) -> Picture:
    terms = tuple(
        (
            c,
            replace(
                network, boxes=tuple(_relabelled_box(b, labels) for b in network.boxes)
            ),
        )
        for c, network in picture.terms
    )
    return replace(picture, terms=terms)


def _relabelled_box(box: Box, labels: Mapping[str, str]) -> Box:
    made = box.kind == "part" or (
        isinstance(box.tensor, Tensor) and not box.tensor.name
    )
    label = labels[box.label] if made else box.label
    contents = tuple(_relabelled(content, labels) for content in box.contents)
    return replace(box, label=label, contents=contents)
