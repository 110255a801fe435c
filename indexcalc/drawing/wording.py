"""Drawings in words: what a pointer or a screen reader is told of every mark.

>>> from ..diagrams.model import Box
>>> from ..expr import tensor
>>> A = tensor("A", (3, "n"))
>>> box_title(Box("A1", "tensor", "A", A.shape, tensor=A))
'A, 3×n'
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..diagrams.model import Box, Dot, End, Model, Network, Picture, Place, Wire
from ..sizes import Size, size_text
from .faces import face_of, harmless, shown_name


def box_title(box: Box) -> str:
    """A box in words: its name in full, its shape, its structure."""
    parts = [face_of(box).full, shape_words(box.ports)]
    if box.tensor is not None and box.kind == "tensor":
        structure = box.tensor.structure
        parts += [structure_words(structure)] if structure else []
    return ", ".join(part for part in parts if part)


def structure_words(structure: str) -> str:
    """A structure in words.

    >>> structure_words("pd")
    'positive definite'
    """
    return "positive definite" if structure == "pd" else structure


def shape_words(ports: Sequence[Size]) -> str:
    """A shape: 3×n, or nothing for a scalar."""
    return "×".join(map(size_text, ports))


def wire_title(network: Network, wire: Wire, ends: Sequence[End]) -> str:
    """A wire in words: its index, its size, what it joins."""
    joined = " and ".join(place_words(network, place, ends) for place in wire.places)
    return f"index {wire.name}, size {size_text(wire.size)}, joins {joined}"


def dot_title(network: Network, number: int, dot: Dot, ends: Sequence[End]) -> str:
    """A copy tensor in words."""
    fastened = [
        place_words(network, other, ends)
        for wire in network.wires
        for place, other in (wire.places, wire.places[::-1])
        if place[:2] == ("dot", number) and other[:2] != ("dot", number)
    ]
    if not fastened:
        return f"the number {size_text(dot.size)}, the size of index {dot.name}"
    what = f"index {dot.name}, size {size_text(dot.size)}"
    if len(fastened) == 1:
        return f"{what}, summed over at {fastened[0]}: a vector of ones"
    return f"{what}, copied to {listed(fastened)}"


def place_words(network: Network, place: Place, ends: Sequence[End]) -> str:
    """Where a wire is fastened."""
    kind, number, port = place
    if kind == "box":
        return f"{face_of(network.boxes[number]).full or 'a frame'} axis {port + 1}"
    if kind == "dot":
        return f"the dot {network.dots[number].name}"
    return f"the free axis {ends[number].name}"


def end_title(end: End) -> str:
    """A free axis in words."""
    what = "the variable" if end.role == "variable" else "the value"
    size = "·".join(map(size_text, end.sizes)) or "1"
    grouped = ", grouped, the first the slowest" if len(end.names) > 1 else ""
    return f"free axis {end.name} of {what}, size {size}{grouped}"


def listed(words: Sequence[str]) -> str:
    """Words in a list.

    >>> listed(["A", "B", "C"])
    'A, B and C'
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def axes_note(model: Model) -> str:
    """Under a derivative: which axes are the value's and which the variable's."""
    ends = model.picture.ends
    variable = [end.name for end in ends if end.role == "variable"]
    if not variable:
        return ""
    value = " ".join(end.name for end in ends if end.role == "value") or "none"
    names = ", ".join(map(shown_name, dict.fromkeys(model.variables)))
    of = f" of {names}" if names else ""
    first, second = f"{value} of the value", f"{' '.join(variable)}{of}"
    if model.layout == "variable_first":
        return harmless(f"axes: {second}; {first} (variable first)")
    return harmless(f"axes: {first}; {second} (value first)")


def description(model: Model) -> str:
    """The whole diagram in a sentence or two."""
    picture = model.picture
    count = len(picture.terms)
    terms = "zero" if not count else f"{count} terms" if count > 1 else "one product"
    names = list(dict.fromkeys(_names(picture)))
    of = f" of {listed(names[:12])}" if names else ""
    more = " and others" if len(names) > 12 else ""
    ends = "; ".join(map(end_title, picture.ends)) or "no free axes: a number"
    parts = [f"{name} is drawn below" for name, _ in model.parts]
    return ". ".join([f"Contraction diagram: {terms}{of}{more}", ends, *parts]) + "."


def _names(picture: Picture) -> Iterable[str]:
    for _, network in picture.terms:
        for box in network.boxes:
            yield from filter(None, [face_of(box).full])
