"""Drawings in words: what a pointer or a screen reader is told of every mark.

>>> from ...diagrams.model import Box
>>> from ...expr import tensor
>>> A = tensor("A", (3, "n"))
>>> box_title(Box("A1", "tensor", "A", A.shape, tensor=A))
'A, 3×n'
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...diagrams.model import Box, Dot, End, Model, Network, Picture, Place, Wire
from ...sizes import Size, size_text
from ..faces import face_of, harmless, shown_name


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
        return _port_words(network.boxes[number], port)
    if kind == "dot":
        return f"the dot {network.dots[number].name}"
    return f"the free axis {ends[number].name}"


def _port_words(box: Box, port: int) -> str:
    match box.kind:
        case "loop" if port >= box.passing:
            return f"axis {port - box.passing + 1} of the variable {box.label}"
        case "wedge":
            return f"part {port} of a group" if port else "a group"
        case "loop" | "bracket":
            what = "loop" if box.kind == "loop" else "bracket"
            return f"axis {port + 1} of the {what}"
        case _:
            return f"{face_of(box).full} axis {port + 1}"


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
    """Under a derivative: which axes are the value's and which a variable's, in order.

    >>> ends = (End(("i",), (3,)), End(("k",), ("n",), "variable", "x"))
    >>> axes_note(Model(Picture(ends, ()), (), ("x",)))
    'axes: i of the value; k of x (value first)'
    """
    ends = model.picture.ends
    if all(end.role == "value" for end in ends):
        return ""
    parts = [f"{' '.join(names)}{of}" for of, names in _shares(model)]
    if all(end.role == "variable" for end in ends):
        return harmless(f"axes: {', '.join(parts)}")
    first = model.layout.replace("_", " ")
    return harmless(f"axes: {'; '.join(parts)} ({first})")


def _shares(model: Model) -> list[tuple[str, list[str]]]:
    """The axes of the value and of each variable, as they stand: whose, and names."""
    ends, variables = model.picture.ends, model.variables
    of = [_whose(end, variables) for end in ends]
    found: list[tuple[str, list[str]]] = []
    for end, whose in zip(ends, of, strict=True):
        # A variable of a second derivative has its axes twice.
        most = of.count(whose) // max(1, variables.count(whose)) if whose else len(of)
        said = _of_words(end, whose)
        if found and found[-1][0] == said and len(found[-1][1]) < max(1, most):
            found[-1][1].append(end.name)
        else:
            found.append((said, [end.name]))
    return found


def _of_words(end: End, whose: str) -> str:
    if end.role == "value":
        return " of the value"
    return f" of {shown_name(whose)}" if whose else ""


def _whose(end: End, variables: Sequence[str]) -> str:
    if end.role == "value":
        return ""
    return end.of or (variables[0] if len(set(variables)) == 1 else "")


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
